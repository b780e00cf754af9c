//! Lock files that git may have left in an anchor or in submodules, and refs of our own.

use std::path::Path;

use anyhow::Result;

use super::{disk, git};
use crate::model::path::AbsPath;

/// Every `.lock` file in the anchor of a builder: HEAD's, the index's, those of branches.
#[must_use]
pub fn anchor_locks(builder: &AbsPath) -> Vec<AbsPath> {
    let git_dir = builder.join(".git");
    let mut found = Vec::new();
    if disk::look(git_dir.as_path()).ok().flatten().is_some_and(|found| found.is_dir()) {
        gather(git_dir.as_path(), false, &mut found);
        gather(git_dir.join("refs").as_path(), true, &mut found);
    }
    found
}

/// Every `.lock` file beside the keepers of a repository: only wsctl writes there.
#[must_use]
pub fn keeper_locks(common_dir: &AbsPath) -> Vec<AbsPath> {
    let mut found = Vec::new();
    gather(common_dir.join("refs/wsctl").as_path(), true, &mut found);
    found
}

/// Every `.lock` file in the repositories of a worktree's submodules.
#[must_use]
pub fn module_locks(admin_dir: &AbsPath) -> Vec<AbsPath> {
    let mut found = Vec::new();
    gather(admin_dir.join("modules").as_path(), true, &mut found);
    found
}

fn gather(directory: &Path, deep: bool, found: &mut Vec<AbsPath>) {
    for path in disk::list(directory).unwrap_or_default() {
        let kind = disk::look(&path).ok().flatten().map(|meta| meta.file_type());
        // What git keeps there has no lock files, and is much.
        let objects = path.ends_with("objects") && path.with_file_name("HEAD").exists();
        if deep && kind.is_some_and(|kind| kind.is_dir() && !objects) {
            gather(&path, deep, found);
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            found.extend(AbsPath::new(path));
        }
    }
}

/// The full names of the refs below a prefix.
///
/// # Errors
/// git's own reason.
pub fn refs_below(common_dir: &AbsPath, prefix: &str) -> Result<Vec<String>> {
    let output = git::finish(git::in_git_dir(common_dir.as_path()).args(["for-each-ref", "--format=%(refname)", prefix]))?;
    Ok(String::from_utf8_lossy(&output).lines().map(str::to_owned).collect())
}
