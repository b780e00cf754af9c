//! A picture of a whole tree, `.git` included: nothing on disk may differ without showing here.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What one path was: its kind, its content, its mode, when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    kind: &'static str,
    content: u64,
    mode: u32,
    written: (i64, i64),
}

/// Every path below a directory, and the directory itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, Entry>);

/// Takes the picture.
pub fn snapshot(directory: impl AsRef<Path>) -> Snapshot {
    let mut entries = BTreeMap::new();
    look(directory.as_ref(), Path::new(""), &mut entries);
    Snapshot(entries)
}

fn look(top: &Path, tail: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    // Joined with nothing, a path would end in a slash, which leads through a symbolic link.
    let path = if tail.as_os_str().is_empty() { top.to_owned() } else { top.join(tail) };
    let metadata = path.symlink_metadata().unwrap();
    let mut hasher = DefaultHasher::new();
    let kind = if metadata.is_dir() {
        for child in std::fs::read_dir(&path).unwrap() {
            look(top, &tail.join(child.unwrap().file_name()), entries);
        }
        "directory"
    } else if metadata.is_symlink() {
        std::fs::read_link(&path).unwrap().as_os_str().as_bytes().hash(&mut hasher);
        "link"
    } else if metadata.is_file() {
        std::fs::read(&path).unwrap().hash(&mut hasher);
        "file"
    } else {
        "other"
    };
    let written = (metadata.mtime(), metadata.mtime_nsec());
    let entry = Entry { kind, content: hasher.finish(), mode: metadata.mode(), written };
    entries.insert(tail.to_owned(), entry);
}

impl Snapshot {
    /// The paths that differ.
    pub fn differences(&self, later: &Snapshot) -> Vec<PathBuf> {
        let paths = self.0.keys().chain(later.0.keys());
        let mut paths: Vec<_> = paths.filter(|path| self.0.get(*path) != later.0.get(*path)).cloned().collect();
        paths.sort();
        paths.dedup();
        paths
    }

    #[track_caller]
    pub fn assert_same(&self, later: &Snapshot) {
        assert_eq!(self.differences(later), Vec::<PathBuf>::new());
    }

    /// The same without what lies below these names, at any depth.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|path, _| !path.iter().any(|part| names.iter().any(|name| part == *name)));
        self
    }
}
