//! The anchor's HEAD and branch, moved by compare-and-swap.

use anyhow::{Context as _, Result};

use crate::diagnostic::Diagnostic;
use crate::git::command::Git;
use crate::git::objects::Objects;
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::regular;

/// The commit that HEAD names; `None` where there is none, or the repository is too damaged to tell.
pub(super) fn head(git: &Git, git_dir: &AbsPath) -> Result<Option<ObjectId>> {
    // git waits for whoever writes to a pipe.
    if regular::open(git_dir.join("HEAD")).is_err() {
        return Ok(None);
    }
    if let Some(commit) = loose_head(git_dir) {
        return Ok(Some(commit));
    }
    named(git, git_dir, "HEAD")
}

/// The same where HEAD is on a branch that is a file of its own, as we leave it.
fn loose_head(git_dir: &AbsPath) -> Option<ObjectId> {
    loose(git_dir, &loose_branch(git_dir)?)
}

/// The branch that HEAD is on, where its file says so.
fn loose_branch(git_dir: &AbsPath) -> Option<BranchName> {
    let head = regular::read_text(git_dir.join("HEAD")).ok()?;
    BranchName::new(head.trim_end().strip_prefix("ref: refs/heads/")?).ok()
}

/// The commit of a branch that is a file of its own.
fn loose(git_dir: &AbsPath, branch: &BranchName) -> Option<ObjectId> {
    ObjectId::new(regular::read_text(git_dir.join(branch.full())).ok()?.trim_end()).ok()
}

/// The full name of the branch that HEAD is on; empty where it is on none.
pub(super) fn on(git: &Git, git_dir: &AbsPath) -> Result<String> {
    if let Some(branch) = loose_branch(git_dir) {
        return Ok(branch.full());
    }
    let answer = git.inside(git_dir).args(["symbolic-ref", "--quiet", "HEAD"]).answer()?;
    Ok(String::from_utf8_lossy(&answer.stdout).trim_end().to_owned())
}

fn named(git: &Git, git_dir: &AbsPath, name: &str) -> Result<Option<ObjectId>> {
    let answer = git.inside(git_dir).args(["rev-parse", "--verify", "--quiet", name]).answer()?;
    Ok(ObjectId::new(String::from_utf8_lossy(&answer.stdout).trim_end()).ok())
}

/// Puts HEAD on the branch and the branch on the commit; `old` is where HEAD was.
pub(super) fn move_to(
    git: &Git,
    git_dir: &AbsPath,
    branch: &BranchName,
    commit: gix::ObjectId,
    old: Option<gix::ObjectId>,
    objects: &Objects,
) -> Result<()> {
    let full = branch.full();
    let on = on(git, git_dir)?;
    if on == full && old == Some(commit) {
        return Ok(());
    }
    let there = match loose(git_dir, branch) {
        Some(there) => Some(there),
        None => named(git, git_dir, &full)?,
    };
    if let Some(there) = &there
        && on != full
        && objects.id(there)? != commit
        && Some(objects.id(there)?) != old
    {
        let fact = format!("{git_dir} has a branch {branch} that wsctl did not make");
        return Err(Diagnostic::new(fact, "git branch -m in the builder gives it another name").into());
    }
    let null = objects.hash.null().to_string();
    let before = there.map_or(null, |there| there.to_string());
    let commit = commit.to_string();
    let left = (on != full).then(|| on.strip_prefix("refs/heads/")).flatten().filter(|_| old.is_some());
    let leave = |old: gix::ObjectId| git.inside(git_dir).args(["update-ref", "-d", &on, &old.to_string()]).patiently().map(drop);
    let head = || git.inside(git_dir).args(["symbolic-ref", "-m", "wsctl: branch", "HEAD", &full]).patiently();
    let update = || git.inside(git_dir).args(["update-ref", "-m", "wsctl: declaration", &full, &commit, &before]).patiently();
    let in_the_way = left.is_some_and(|left| BranchName::from_disk(left.as_bytes()).excludes(branch));
    match old {
        // `a` has to go before `a/b` can be.
        Some(old) if in_the_way => {
            head()?;
            leave(old)?;
            update().with_context(|| format!("the anchor {git_dir} cannot record it"))?;
        }
        Some(old) if left.is_some() => {
            update()?;
            head()?;
            leave(old)?;
        }
        Some(_) | None => {
            update().with_context(|| format!("the anchor {git_dir} cannot record it"))?;
            if on != full {
                head()?;
            }
        }
    }
    Ok(())
}
