//! Lock files that git may have left in an anchor, and refs of our own.

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

fn gather(directory: &Path, deep: bool, found: &mut Vec<AbsPath>) {
    for path in disk::list(directory).unwrap_or_default() {
        let kind = disk::look(&path).ok().flatten().map(|meta| meta.file_type());
        if deep && kind.is_some_and(|kind| kind.is_dir()) {
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
