//! Renames a branch in steps that the next run can see and go on from: `git branch -m` that is killed loses both names.

use std::path::PathBuf;

use anyhow::Result;

use super::command::Git;
use super::native::Natives;
use super::{Pointed, branch, homecoming};
use crate::diagnostic::Diagnostic;
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::plan::shell_word;

/// What the reflog of a branch says that had none under its old name.
const MESSAGE: &str = "wsctl: rename";

/// Renames a branch; see `Door::rename_branch`.
pub(super) fn rename(git: &Git, repository: &AbsPath, names: (&BranchName, &BranchName), expect: &ObjectId) -> Result<()> {
    let renaming = Renaming { git, repository, common: branch::common_dir(git, repository)?, expect };
    renaming.whole(names)
}

/// Goes on with a rename that was cut short; see `Door::settle_rename`.
pub(super) fn settle(git: &Git, repository: &AbsPath, names: (&BranchName, &BranchName), expect: &ObjectId) -> Result<()> {
    let renaming = Renaming { git, repository, common: branch::common_dir(git, repository)?, expect };
    let (from, to) = names;
    let mut made = vec![to.clone()];
    made.extend(between(from, to));
    made.retain(|name| renaming.at(name).is_ok_and(|at| !at.is_empty()));
    let old = renaming.at(from)?;
    if made.is_empty() {
        return Ok(());
    }
    if old.is_empty() || old == expect.as_str() {
        return renaming.whole(names);
    }
    // Somebody went on under the old name: the new one, where nobody is on it, was for nothing.
    for name in made {
        if renaming.at(&name)? == expect.as_str() && renaming.heads_on(&name)?.is_empty() {
            branch::delete((git, &Natives::none()), repository, &name, expect, None)?;
        }
    }
    Ok(())
}

/// A name on the way between two of which one is a directory of the other; `None`: both can be there at once.
#[must_use]
pub fn between(from: &BranchName, to: &BranchName) -> Option<BranchName> {
    let name = || BranchName::new(&format!("{}.wsctl-rename", from.as_str().replace('/', "-"))).ok();
    if from.excludes(to) { name() } else { None }
}

struct Renaming<'a> {
    git: &'a Git,
    repository: &'a AbsPath,
    common: PathBuf,
    expect: &'a ObjectId,
}

impl Renaming<'_> {
    fn whole(&self, (from, to): (&BranchName, &BranchName)) -> Result<()> {
        let Some(between) = between(from, to) else { return self.step(from, to) };
        if self.at(from)?.is_empty() && self.at(&between)?.is_empty() {
            self.step(from, to)?;
            return self.step(&between, to);
        }
        self.step(from, &between)?;
        self.step(&between, to)
    }

    /// The new name with its reflog and its configuration, then each HEAD, then the old name goes.
    fn step(&self, from: &BranchName, to: &BranchName) -> Result<()> {
        let (old, new) = (self.at(from)?, self.at(to)?);
        if old.is_empty() && !new.is_empty() && self.holds(&new)? {
            return branch::forget(self.git, self.repository, from);
        }
        if old != self.expect.as_str() {
            return Err(moved_on(from, self.expect));
        }
        let heads = self.heads_on(from)?;
        if !new.is_empty() && !(self.is_begun(from, to)? && (new == old || heads.is_empty() && self.holds(&new)?)) {
            let next = format!("git -C {} branch -m {to} ANOTHER-NAME", shell_word(&self.repository.to_string()));
            return Err(Diagnostic::new(format!("branch {to} is there already"), next).into());
        }
        branch::refuse_awaited(&self.common, from)?;
        if new.is_empty() || new == old {
            let kept = homecoming::Kept {
                reflog: branch::reflog(self.git, self.repository, &self.common, from)?,
                config: branch::configuration(self.git, self.repository, from)?,
            };
            homecoming::make(self.git, self.repository, (to, self.expect.as_str()), &kept, MESSAGE)?;
        }
        // A commit since then is on the old name only: it stays.
        if self.at(from)? != self.expect.as_str() {
            return Err(moved_on(from, self.expect));
        }
        let common_dir = &AbsPath::new(&self.common)?;
        for admin_dir in &heads {
            homecoming::point(self.git, &Pointed { admin_dir, common_dir, rebase: false }, to)?;
        }
        branch::delete((self.git, &Natives::none()), self.repository, from, self.expect, None)
    }

    /// Where a branch is; empty: nowhere.
    fn at(&self, name: &BranchName) -> Result<String> {
        let now = self.git.at(self.repository)?.args(["rev-parse", "--verify", "--quiet", &name.full()]).answer()?;
        Ok(String::from_utf8_lossy(&now.stdout).trim().to_owned())
    }

    /// Whether a commit has the expected one in its history.
    fn holds(&self, commit: &str) -> Result<bool> {
        let asked = self.git.at(self.repository)?.args(["merge-base", "--is-ancestor", self.expect.as_str(), commit]).answer()?;
        Ok(asked.status.success())
    }

    /// Whether the new name is from a rename that was cut short: its reflog goes on from that of the old one.
    fn is_begun(&self, from: &BranchName, to: &BranchName) -> Result<bool> {
        let log = |name| branch::reflog(self.git, self.repository, &self.common, name);
        let (old, new) = (log(from)?, log(to)?);
        let ours = new.split(|byte| *byte == b'\n').any(|line| line.ends_with(MESSAGE.as_bytes()));
        let goes_on = new.starts_with(&old) || new.ends_with(&old);
        Ok(new.is_empty() || ours || !old.is_empty() && goes_on)
    }

    /// The admin directories, that of the main worktree too, whose HEAD is on a branch.
    fn heads_on(&self, name: &BranchName) -> Result<Vec<AbsPath>> {
        let mut on = Vec::new();
        for admin_dir in branch::admin_dirs(&self.common)? {
            let call = self.git.inside(&admin_dir).variable("GIT_COMMON_DIR", &self.common);
            let head = call.args(["symbolic-ref", "--quiet", "HEAD"]).answer()?;
            if head.stdout.trim_ascii_end() == name.full().as_bytes() {
                on.push(AbsPath::new(admin_dir)?);
            }
        }
        Ok(on)
    }
}

fn moved_on(branch: &BranchName, expect: &ObjectId) -> anyhow::Error {
    Diagnostic::new(format!("branch {branch} is no longer at {}", expect.short()), "wsctl plan").into()
}
