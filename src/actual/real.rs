//! Real paths in one reading of the disk: each directory on the way to many others is looked at once.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::sync::{Mutex, PoisonError};

use super::disk;
use crate::model::path::AbsPath;

/// What was looked at so far. Only for as long as a reading takes: directories move.
#[derive(Default)]
pub(super) struct Real(Mutex<HashMap<AbsPath, AbsPath>>);

impl Real {
    /// As [`disk::real`].
    pub(super) fn of(&self, path: &AbsPath) -> AbsPath {
        if let Some(real) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return real.clone();
        }
        let (real, _) = self.end(path);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), real.clone());
        real
    }

    /// The same for a path that few ask for, and what lies there.
    pub(super) fn end(&self, path: &AbsPath) -> (AbsPath, io::Result<Option<Metadata>>) {
        let Some(name) = path.as_path().file_name() else {
            return (path.clone(), disk::look(path.as_path()));
        };
        let here = self.of(&path.parent()).join(name);
        match disk::look(here.as_path()) {
            Ok(Some(found)) if found.is_symlink() => {
                let real = disk::real(&here);
                let found = disk::look(real.as_path());
                (real, found)
            }
            found => (here, found),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn it_says_what_the_slow_way_says() {
        let there = tempfile::tempdir().unwrap();
        let at = AbsPath::new(there.path()).unwrap();
        let file = at.join("a/b/file");
        std::fs::create_dir_all(at.join("a/b/c")).unwrap();
        std::fs::write(&file, "x").unwrap();
        symlink("a/b", at.join("link")).unwrap();
        symlink(at.join("link"), at.join("again")).unwrap();
        symlink("nowhere/x", at.join("dangling")).unwrap();
        symlink("loop", at.join("loop")).unwrap();
        let real = Real::default();
        for path in
            ["", "a", "a/b/c", "link", "link/c", "again/c/x", "a/b/file/x/y", "dangling", "dangling/x", "loop", "loop/x", "x/y"]
        {
            let path = at.join(path);
            assert_eq!(real.of(&path), disk::real(&path), "{path}");
            assert_eq!(real.of(&path), disk::real(&path), "{path} again");
        }
    }
}
