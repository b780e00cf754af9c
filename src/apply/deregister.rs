//! Takes a registration into the trash, with everything that somebody did in its worktree until that moment.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::git::{Door, Keep};
use crate::model::path::AbsPath;
use crate::plan::Stale;

/// Keeps what the worktree alone holds and takes its registration. A tree that was renamed can still be worked in until
/// its registration is gone: what was written meanwhile is kept too.
pub(super) fn deregister(door: &dyn Door, keep: Keep<'_>, stale: &Stale, into: &AbsPath) -> Result<()> {
    let before = Look::at(&stale.admin_dir);
    door.keep(&keep)?;
    // Between two file systems it is copied: a kill may leave both, and the one that is registered is the living one.
    door.unlink(into)?;
    door.take_registration(stale, into)?;
    if before.is_some() && Look::at(into) == before {
        return Ok(());
    }
    door.keep(&Keep { admin_dir: into, ..keep })
}

/// What shows that git wrote to a registration: all its files, by length and time.
#[derive(PartialEq, Eq)]
struct Look(BTreeMap<PathBuf, (u64, i64, i64)>);

impl Look {
    fn at(admin_dir: &AbsPath) -> Option<Self> {
        let mut files = BTreeMap::new();
        Self::directory(admin_dir.as_path(), Path::new(""), &mut files).ok()?;
        Some(Look(files))
    }

    fn directory(top: &Path, below: &Path, files: &mut BTreeMap<PathBuf, (u64, i64, i64)>) -> std::io::Result<()> {
        for entry in fs::read_dir(top.join(below))? {
            let entry = entry?;
            let (path, found) = (below.join(entry.file_name()), entry.metadata()?);
            if !found.is_dir() {
                files.insert(path, (found.len(), found.mtime(), found.mtime_nsec()));
            } else if path != Path::new("modules") {
                // A submodule's objects move along with its own directory.
                Self::directory(top, &path, files)?;
            }
        }
        Ok(())
    }
}
