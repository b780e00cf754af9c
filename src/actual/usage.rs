//! What directories take on the disk.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::parallel;
use crate::model::path::AbsPath;

/// The size of a block as `stat` counts them, in bytes.
const BLOCK: u64 = 512;

/// The bytes that each of these takes, with all in it: what has several names counts once, what is mounted in it and where a
/// symbolic link leads does not. What cannot be read counts nothing.
#[must_use]
pub fn usage(directories: &[&AbsPath]) -> Vec<u64> {
    parallel::map(directories, |directory| {
        let Ok(found) = directory.as_path().symlink_metadata() else { return 0 };
        let mut seen = HashSet::new();
        found.blocks() * BLOCK + below(directory.as_path(), found.dev(), &mut seen)
    })
}

fn below(directory: &Path, device: u64, seen: &mut HashSet<u64>) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let mut sum = 0;
    for entry in entries.flatten() {
        let Ok(found) = entry.metadata() else { continue };
        if found.dev() != device || (!found.is_dir() && found.nlink() > 1 && !seen.insert(found.ino())) {
            continue;
        }
        sum += found.blocks() * BLOCK;
        if found.is_dir() {
            sum += below(&entry.path(), device, seen);
        }
    }
    sum
}
