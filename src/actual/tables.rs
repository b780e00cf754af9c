//! What only one worktree has in a reftable, which is not text: git is asked. A git that reads reftables knows all of
//! these options.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::git;
use crate::model::name::ObjectId;
use crate::model::own_refs::before_oldest;
use crate::model::path::AbsPath;

/// Whether the refs of a git directory lie in a reftable.
pub(super) fn holds(git_dir: &AbsPath) -> bool {
    git_dir.join("reftable").as_path().is_dir()
}

/// The names beside HEAD, or those of them that are `wanted`, as far as they are no files: what they name.
pub(super) fn beside_head(git_dir: &AbsPath, wanted: &[&str]) -> Result<Vec<(String, ObjectId)>> {
    let mut command = git::in_git_dir(git_dir.as_path());
    command.args(["for-each-ref", "--include-root-refs", "--format=%(refname) %(objectname)"]).args(wanted);
    let text = git::finish(&mut command)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let rows = text.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name != "HEAD" && !name.contains('/'));
    rows.map(|(name, id)| Ok((name.to_owned(), ObjectId::new(id).context("git for-each-ref")?))).collect()
}

/// HEAD's own log: lines that begin with an id, the last with what HEAD was before all of it.
pub(super) fn log(git_dir: &AbsPath, common_dir: &AbsPath) -> Result<Vec<u8>> {
    let ask = |arguments: &[&str]| git::in_git_dir(git_dir.as_path()).args(arguments).output();
    if !ask(&["reflog", "exists", "HEAD"])?.status.success() {
        return Ok(Vec::new());
    }
    let shown = ask(&["log", "--walk-reflogs", "--format=%H %gd", "HEAD", "--"])?;
    if !shown.status.success() {
        return log_without_commit(git_dir, common_dir);
    }
    let mut text = shown.stdout;
    if let Some(before) = before_oldest("HEAD", &text) {
        text.extend(ask(&["rev-parse", "--verify", "--quiet", &before])?.stdout);
    }
    Ok(text)
}

/// A HEAD without a commit has a log all the same, which git shows only together with those that all worktrees share: what
/// is in none of them.
fn log_without_commit(git_dir: &AbsPath, common_dir: &AbsPath) -> Result<Vec<u8>> {
    // Where there is no log at all, a git without the glob asks what it shall list.
    let arguments = ["rev-list", "--no-walk", "--single-worktree", "--reflog", "--glob=refs/nothing"];
    let ask = |git_dir: &AbsPath| git::finish(git::in_git_dir(git_dir.as_path()).args(arguments));
    let (all, shared) = (ask(git_dir)?, ask(common_dir)?);
    let shared: BTreeSet<&[u8]> = shared.split(|byte| *byte == b'\n').collect();
    let own = all.split(|byte| *byte == b'\n').filter(|id| !shared.contains(id));
    Ok(own.collect::<Vec<_>>().join(&b'\n'))
}
