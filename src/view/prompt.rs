//! The questions; who asks reads the answer.

use super::text::{clean, entries, size};

/// The one answer that is a yes.
pub const YES: &str = "yes";

/// Before apply.
pub const APPLY: &str = "Do you want to apply these changes? Only 'yes' will be accepted: ";

/// Before a change of the file that is applied at once.
pub const EDIT: &str = "Do you want to write this and apply these changes? Only 'yes' will be accepted: ";

/// Before worktrees are taken over.
pub const IMPORT: &str = "Do you want to take these over? Only 'yes' will be accepted: ";

/// Before commands of the file are trusted.
pub const TRUST: &str = "They run as you. Do you want to trust them? Only 'yes' will be accepted: ";

/// Before restore.
pub const RESTORE: &str = "Do you want to bring it back? Only 'yes' will be accepted: ";

/// Before destroy: the answer must be the workspace's name.
#[must_use]
pub fn destroy(workspace: &str) -> String {
    let workspace = clean(workspace);
    format!("Do you want to move all that to the trash? Type the workspace's name, '{workspace}', to do so: ")
}

/// Before prune: how many entries go, and their bytes.
#[must_use]
pub fn prune(number: usize, bytes: u64) -> String {
    let what = entries(number);
    format!("Do you want to delete {what} ({}) for good? Only 'yes' will be accepted: ", size(bytes))
}

/// Where destroy finds no builder of ours.
pub const NOTHING_TO_DESTROY: &str = "No changes. There is no builder to destroy.\n";
