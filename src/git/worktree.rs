//! Adds worktrees and moves them between branches. Judged by what is on the disk, not by git's exit code alone:
//! a hook that fails leaves a whole worktree behind.

use anyhow::{Context as _, Result, bail};

use super::command::{Call, Git};
use super::{Added, link, overwrites, own_files};
use crate::diagnostic::Diagnostic;
use crate::model::mark::OurLock;
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;

/// Adds a worktree; see `Door::add_worktree`.
pub(super) fn add(git: &Git, repository: &AbsPath, path: &AbsPath, branch: &BranchName, lock: &OurLock) -> Result<Added> {
    own_files::refuse_occupied(path)?;
    // Without the branch git would take a tag of that name, or guess.
    require_branch(git.at(repository)?, branch)?;
    let add = git.at(repository)?.args(["worktree", "add", "--lock", "--reason"]).arg(lock.to_string());
    let add = add.args(["--no-guess-remote", "--"]).arg(path).arg(branch.as_str());
    let answer = add.answer()?;
    let reason = (!answer.status.success()).then(|| answer.reason());
    match (whole(git, path, branch), reason) {
        (Ok(admin_dir), None) => Ok(Added { admin_dir, warning: None }),
        (Ok(admin_dir), Some(_)) if answer.status.code().is_some() => {
            let warning = format!("the post-checkout hook failed in {path} ({})", answer.status);
            Ok(Added { admin_dir, warning: Some(warning) })
        }
        (_, Some(reason)) => bail!("{reason}"),
        (Err(error), None) => Err(error),
    }
}

/// The admin directory of a worktree that is complete and on this branch.
fn whole(git: &Git, path: &AbsPath, branch: &BranchName) -> Result<AbsPath> {
    let admin_dir = link::admin_dir_of(path)?;
    let admin = admin_dir.as_path();
    if !link::same(&link::worktree_of(&admin_dir)?, path) {
        bail!("the registration of {path} names another worktree");
    }
    if !admin.join("index").is_file() || admin.join("index.lock").symlink_metadata().is_ok() {
        bail!("the checkout of {path} is not complete");
    }
    if on_branch(git, path)?.as_deref() != Some(&branch.full()) {
        bail!("{path} is not on {branch}");
    }
    Ok(admin_dir)
}

fn require_branch(call: Call<'_>, branch: &BranchName) -> Result<()> {
    if call.args(["show-ref", "--verify", "--quiet", &branch.full()]).answer()?.status.success() {
        return Ok(());
    }
    Err(Diagnostic::new(format!("there is no branch {branch}"), "wsctl plan").into())
}

/// The full name of the branch that a checkout is on; `None` when detached.
fn on_branch(git: &Git, checkout: &AbsPath) -> Result<Option<String>> {
    let answer = git.at(checkout)?.args(["symbolic-ref", "--quiet", "HEAD"]).answer()?;
    match answer.status.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&answer.stdout).trim_end().to_owned())),
        Some(1) => Ok(None),
        _ => bail!("{}", answer.reason()),
    }
}

/// Puts a checkout on a branch; see `Door::switch`.
pub(super) fn switch(git: &Git, checkout: &AbsPath, branch: &BranchName) -> Result<()> {
    require_branch(git.at(checkout)?, branch)?;
    overwrites::refuse(git, checkout, branch)?;
    let call = git.at(checkout)?.args(["switch", "--quiet", "--no-overwrite-ignore", "--no-guess"]);
    let answer = call.args(["--no-recurse-submodules", branch.as_str()]).answer()?;
    // git's own exit code is 1 or 128 before HEAD moves; a failing hook runs after it.
    if answer.status.success() || on_branch(git, checkout)?.as_deref() == Some(&branch.full()) {
        return Ok(());
    }
    bail!("{}", answer.reason())
}

/// Detaches HEAD where it is; see `Door::park`.
pub(super) fn park(git: &Git, checkout: &AbsPath, expect: &ObjectId) -> Result<()> {
    let head = || git.at(checkout)?.args(["rev-parse", "--verify", "--quiet", "HEAD"]).line();
    if head().with_context(|| format!("HEAD of {checkout} cannot be read"))? != expect.as_str() {
        return Err(Diagnostic::new(format!("HEAD of {checkout} is no longer at {}", expect.short()), "wsctl plan").into());
    }
    let answer = git.at(checkout)?.args(["switch", "--quiet", "--detach", "--no-recurse-submodules"]).answer()?;
    if answer.status.success() || on_branch(git, checkout)?.is_none() { Ok(()) } else { bail!("{}", answer.reason()) }
}
