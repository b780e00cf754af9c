//! Adds worktrees and moves them between branches. Judged by what is on the disk, not by git's exit code alone:
//! a hook that fails leaves a whole worktree behind.

use anyhow::{Context as _, Result, bail};

use super::command::Git;
use super::native::Natives;
use super::{Added, NewWorktree, On, link, overwrites, own_files, sparse};
use crate::diagnostic::Diagnostic;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;

/// Adds a worktree; see `Door::add_worktree`.
pub(super) fn add((git, natives): (&Git, &Natives), new: &NewWorktree<'_>) -> Result<Added> {
    let NewWorktree { repository, path, sparse, .. } = *new;
    own_files::refuse_occupied(path)?;
    if let Some(native) = natives.of(git, repository).filter(|_| sparse.is_none())
        && let Some(added) = native.add(git, new)?
    {
        return Ok(added);
    }
    natives.in_turn(repository, || add_by_git(git, new))
}

fn add_by_git(git: &Git, new: &NewWorktree<'_>) -> Result<Added> {
    let NewWorktree { repository, path, on, sparse: cone, lock } = *new;
    require(git, repository, on)?;
    let add = git.at(repository)?.args(["worktree", "add", "--lock", "--reason"]).arg(lock.to_string());
    let add = add.arg("--no-guess-remote").args(cone.map(|_| "--no-checkout"));
    let add = match on {
        On::Branch(branch) => add.arg("--").arg(path).arg(branch.as_str()),
        On::Commit(commit) => add.args(["--detach", "--"]).arg(path).arg(commit.as_str()),
    };
    let mut answer = add.answer()?;
    if let Some(cone) = cone.filter(|_| answer.status.success()) {
        // The files come last: what is left out is never written.
        sparse::write(git, path, cone)?;
        answer = git.at(path)?.args(["checkout", "--quiet", "--no-recurse-submodules"]).answer()?;
    }
    let reason = (!answer.status.success()).then(|| answer.reason());
    match (whole(git, path, on), reason) {
        (Ok(admin_dir), None) => Ok(Added { admin_dir, warning: None }),
        (Ok(admin_dir), Some(_)) if answer.status.code().is_some() => {
            let warning = format!("the post-checkout hook failed in {path} ({})", answer.status);
            Ok(Added { admin_dir, warning: Some(warning) })
        }
        (_, Some(reason)) => bail!("{reason}"),
        (Err(error), None) => Err(error),
    }
}

/// The admin directory of a worktree that is complete and where it shall be.
fn whole(git: &Git, path: &AbsPath, on: On<'_>) -> Result<AbsPath> {
    let admin_dir = link::admin_dir_of(path)?;
    let admin = admin_dir.as_path();
    if !link::same(&link::worktree_of(&admin_dir)?, path) {
        bail!("the registration of {path} names another worktree");
    }
    if !admin.join("index").is_file() || admin.join("index.lock").symlink_metadata().is_ok() {
        bail!("the checkout of {path} is not complete");
    }
    if !is_on(git, path, on)? {
        bail!("{path} is not on {}", shown(on));
    }
    Ok(admin_dir)
}

fn shown(on: On<'_>) -> String {
    match on {
        On::Branch(branch) => branch.to_string(),
        On::Commit(commit) => commit.short().to_owned(),
    }
}

/// Refuses a branch that is not there: git would take a tag of that name, or guess; and a commit that is not there.
fn require(git: &Git, directory: &AbsPath, on: On<'_>) -> Result<()> {
    let (found, what) = match on {
        On::Branch(branch) => {
            let there = git.at(directory)?.args(["show-ref", "--verify", "--quiet", &branch.full()]).answer()?;
            (there.status.success(), format!("branch {branch}"))
        }
        On::Commit(commit) => {
            let there = git.at(directory)?.args(["cat-file", "-e", &format!("{commit}^{{commit}}")]).answer()?;
            (there.status.success(), format!("commit {commit}"))
        }
    };
    if found { Ok(()) } else { Err(Diagnostic::new(format!("there is no {what}"), "wsctl plan").into()) }
}

/// Whether a checkout is there.
fn is_on(git: &Git, checkout: &AbsPath, on: On<'_>) -> Result<bool> {
    let now = on_branch(git, checkout)?;
    match on {
        On::Branch(branch) => Ok(now.as_deref() == Some(&branch.full())),
        On::Commit(commit) => Ok(now.is_none() && head(git, checkout)? == commit.as_str()),
    }
}

/// The commit of HEAD.
fn head(git: &Git, checkout: &AbsPath) -> Result<String> {
    let read = git.at(checkout)?.args(["rev-parse", "--verify", "--quiet", "HEAD"]).line();
    read.with_context(|| format!("HEAD of {checkout} cannot be read"))
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

/// Puts a checkout on a branch or a commit; see `Door::switch`.
pub(super) fn switch(git: &Git, checkout: &AbsPath, on: On<'_>) -> Result<()> {
    require(git, checkout, on)?;
    overwrites::refuse(git, checkout, on)?;
    let call = git.at(checkout)?.args(["switch", "--quiet", "--no-overwrite-ignore", "--no-guess", "--no-recurse-submodules"]);
    let call = match on {
        On::Branch(branch) => call.arg(branch.as_str()),
        On::Commit(commit) => call.arg("--detach").arg(commit.as_str()),
    };
    let answer = call.answer()?;
    // git's own exit code is 1 or 128 before HEAD moves; a failing hook runs after it.
    if answer.status.success() || is_on(git, checkout, on)? {
        return Ok(());
    }
    bail!("{}", answer.reason())
}

/// Detaches HEAD where it is; see `Door::park`.
pub(super) fn park(git: &Git, checkout: &AbsPath, expect: &ObjectId) -> Result<()> {
    if head(git, checkout)? != expect.as_str() {
        return Err(Diagnostic::new(format!("HEAD of {checkout} is no longer at {}", expect.short()), "wsctl plan").into());
    }
    let answer = git.at(checkout)?.args(["switch", "--quiet", "--detach", "--no-recurse-submodules"]).answer()?;
    if answer.status.success() || on_branch(git, checkout)?.is_none() { Ok(()) } else { bail!("{}", answer.reason()) }
}
