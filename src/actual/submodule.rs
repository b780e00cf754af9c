//! Submodules of a checkout: the files of populated ones, and of all that it ever had the commits that are on none of
//! their remotes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::content::{self, Changes};
use super::walk::{self, Into};
use super::{disk, git};
use crate::model::actual::ObjectFormat;
use crate::model::path::AbsPath;

/// Submodules that are not as their checkout has them, with those below them.
#[derive(Default)]
pub(super) struct Found {
    /// Hold work; of one that is not populated any more its repository in the admin directory.
    pub(super) work: Vec<PathBuf>,
    /// Hold none, and are on another commit than is recorded.
    pub(super) moved: Vec<PathBuf>,
}

/// Looks at all of them.
pub(super) fn findings(worktree: &Path, admin_dir: &AbsPath, changes: &Changes, format: ObjectFormat) -> Result<Found> {
    let (mut seen, mut found) = (BTreeSet::new(), Found::default());
    populated(worktree, changes, format, (&mut seen, &mut found))?;
    for git_dir in modules(admin_dir)?.into_iter().filter(|git_dir| !seen.contains(&disk::real(git_dir))) {
        if unpushed(&git_dir).with_context(|| format!("the submodule in {git_dir}"))? {
            found.work.push(git_dir.as_path().to_path_buf());
        }
    }
    Ok(found)
}

/// The populated ones; their git directories are added to `seen`.
fn populated(
    worktree: &Path,
    changes: &Changes,
    format: ObjectFormat,
    (seen, found): (&mut BTreeSet<AbsPath>, &mut Found),
) -> Result<()> {
    let mut moved = changes.moved.clone();
    for link in &changes.gitlinks {
        let path = worktree.join(link);
        let Some(git) = disk::look(&path.join(".git"))? else { continue };
        let whole = AbsPath::new(&path)?;
        let git_dir = if git.is_file() { disk::git_file(&whole)? } else { whole.join(".git") };
        let named = || format!("submodule {}", link.display());
        let inside = content::changes(&path, git_dir.as_path(), format).with_context(named)?;
        if inside.any() || unpushed(&git_dir).with_context(named)? || holds_repository(&path, &inside)? {
            moved.remove(link);
            found.work.push(path.clone());
        }
        seen.insert(disk::real(&git_dir));
        populated(&path, &inside, format, (&mut *seen, &mut *found))?;
    }
    found.moved.extend(moved.iter().map(|path| worktree.join(path)));
    Ok(())
}

/// The repositories below a git directory's `modules`, with those below them.
fn modules(git_dir: &AbsPath) -> Result<Vec<AbsPath>> {
    let (mut found, mut mounts) = (Vec::new(), Vec::new());
    walk::walk(git_dir.join("modules").as_path(), &mut mounts, &mut |path, entry| {
        // A submodule's name may be a path.
        if entry.is_dir() && !disk::is_git_dir(path) {
            return Ok(Into::Descend);
        }
        found.extend(entry.is_dir().then(|| git_dir.join(path)));
        Ok(Into::Skip)
    })?;
    ensure!(mounts.is_empty(), "a mount point is among the submodules of {git_dir}");
    let below: Vec<AbsPath> = found.iter().map(modules).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    Ok([found, below].concat())
}

/// Whether a ref, HEAD or a stash has commits that no remote-tracking ref has.
fn unpushed(git_dir: &AbsPath) -> Result<bool> {
    let mut command = git::in_git_dir(git_dir.as_path());
    // The work tree that its configuration names may be gone.
    command.env("GIT_WORK_TREE", git_dir.as_path()).args(["rev-list", "--max-count=1", "--all", "--not", "--remotes"]);
    Ok(!git::finish(&mut command)?.is_empty())
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
