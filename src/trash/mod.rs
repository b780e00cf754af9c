//! What a removal leaves behind: what is due, how large it is, emptying it. Only `prune` deletes for good.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Result;

use crate::git::Door;
use crate::model::path::AbsPath;
use crate::model::trash::TrashEntry;

/// Whether an entry is past the time that it is kept; with `older_than` (seconds), whether it is older than that.
/// An entry without a readable manifest never is.
#[must_use]
pub fn is_due(entry: &TrashEntry, now: i64, older_than: Option<u64>) -> bool {
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

/// Deletes an entry for good: its files first, then the refs that kept its objects, its manifest last, so that what
/// a kill leaves is still an entry.
///
/// # Errors
/// Something cannot be unlinked, or a ref cannot be deleted.
pub fn empty(door: &dyn Door, entry: &TrashEntry) -> Result<()> {
    for part in ["tree", "admin", "branch"] {
        let path = entry.path.join(part);
        if path.as_path().symlink_metadata().is_ok() {
            door.unlink(&path)?;
        }
    }
    // A copy of the workspace has the same manifests; the refs that they name hold what is in the original's trash.
    for checkout in entry.manifest.iter().filter(|_| entry.own).flat_map(|manifest| &manifest.checkouts) {
        if checkout.common_dir.as_path().is_dir() {
            door.drop_keeper(&checkout.common_dir, &checkout.keeper)?;
        }
    }
    door.unlink(&entry.path)
}
