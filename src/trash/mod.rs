//! What a removal leaves behind: what is due, how large it is, emptying it. Only `prune` deletes for good.

mod empty;

pub use empty::{CommonDirs, empty, finish_emptying, keepers};

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::model::clock::Moment;
use crate::model::path::AbsPath;
use crate::model::trash::TrashEntry;

/// Whether an entry is past the time that it is kept; with `older_than` (seconds), whether it is older than that.
/// An entry without a readable manifest never is.
#[must_use]
pub fn is_due(entry: &TrashEntry, now: &Moment, older_than: Option<u64>) -> bool {
    entry.manifest.as_ref().is_some_and(|manifest| manifest.is_due(now, older_than))
}

/// The bytes on disk that deleting a directory frees, as far as they can be counted. Symbolic links are not followed.
#[must_use]
pub fn size(path: &AbsPath) -> u64 {
    of_tree(path.as_path())
}

fn of_tree(path: &Path) -> u64 {
    let Ok(found) = path.symlink_metadata() else { return 0 };
    let own = found.blocks() * 512;
    if !found.is_dir() {
        return if found.nlink() > 1 { 0 } else { own };
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    own + entries.map(|entry| of_tree(&entry.path())).sum::<u64>()
}
