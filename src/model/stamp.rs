//! A file as it was when it was looked at.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// What tells a file from another one, and from itself after a change: device, inode, length, times in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp([i64; 7]);

impl Stamp {
    /// Of what `lstat` told.
    #[must_use]
    pub fn of(found: &Metadata) -> Self {
        let [dev, ino, size] = [found.dev(), found.ino(), found.len()].map(u64::cast_signed);
        Stamp([dev, ino, size, found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()])
    }
}

/// The files at and below a path, by their path below it; a file by itself has the empty one. No directories.
pub type SeenFiles = BTreeMap<PathBuf, Stamp>;
