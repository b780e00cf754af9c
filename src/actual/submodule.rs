//! Populated submodules of a checkout: their files, and commits that are on none of their remotes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::content::{self, Changes};
use super::walk::{self, Into};
use super::{disk, git};
use crate::model::actual::ObjectFormat;
use crate::model::path::AbsPath;

/// The submodules that hold work, with those below them.
pub(super) fn findings(worktree: &Path, changes: &Changes, format: ObjectFormat) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = changes.moved.iter().map(|path| worktree.join(path)).collect();
    for link in &changes.gitlinks {
        let path = worktree.join(link);
        let Some(git) = disk::look(&path.join(".git"))? else { continue };
        let whole = AbsPath::new(&path)?;
        let git_dir = if git.is_file() { disk::git_file(&whole)? } else { whole.join(".git") };
        let named = || format!("submodule {}", link.display());
        let inside = content::changes(&path, git_dir.as_path(), format).with_context(named)?;
        let mut unpushed = git::in_git_dir(git_dir.as_path());
        unpushed.args(["rev-list", "--max-count=1", "--all", "--not", "--remotes"]);
        let unpushed = !git::finish(&mut unpushed).with_context(named)?.is_empty();
        if inside.any() || unpushed || holds_repository(&path, &inside)? {
            found.push(path.clone());
        }
        found.extend(findings(&path, &inside, format)?);
    }
    Ok(found)
}

/// A repository hidden in an ignored directory of the submodule.
fn holds_repository(top: &Path, changes: &Changes) -> Result<bool> {
    let mut found = false;
    let mut mounts = Vec::new();
    walk::walk(top, &mut mounts, &mut |path, entry| {
        if !entry.is_dir() || path == top.join(".git") {
            return Ok(Into::Skip);
        }
        if !walk::has_git(path)? {
            return Ok(Into::Descend);
        }
        found |= !changes.gitlinks.contains(path.strip_prefix(top).unwrap_or(path));
        Ok(Into::Skip)
    })?;
    Ok(found || !mounts.is_empty())
}
