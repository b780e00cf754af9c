//! After a loss of power: of what a run had written, some files may be empty. A creation that is left so is made to look
//! like one that was cut short, which recovery and plan know: it goes to the trash, and is made again. One that somebody
//! has worked in since is left as it is.

use std::iter::repeat;

use anyhow::Result;

use super::prepare::put_aside;
use super::recover::{Recovery, repository_at};
use crate::actual::{self, is_hollow};
use crate::git::Lasts;
use crate::model::actual::Repository;
use crate::model::clock::Boot;
use crate::model::journal::Intent;
use crate::model::mark::{BUILDER_MARK, CHECKOUT_MARK, Deed, OWN_DIRECTORY, OurLock};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::{AbsPath, shell};

/// Settles what a run made that was cut short by the end of a boot.
///
/// # Errors
/// What is there cannot be read or written.
pub(super) fn settle(recovery: &Recovery<'_>, boot: &Boot) -> Result<()> {
    let started = jiff::Timestamp::now().as_second() - i64::try_from(boot.uptime).unwrap_or_default();
    for intent in &recovery.journal.open {
        if let Intent::Builder { builder, path } = intent {
            let git_dir = path.join(".git");
            if actual::is_torn_anchor(&git_dir) {
                put_aside(recovery.door, recovery.desired, &git_dir)?;
            }
            let own = recovery.desired.builders_dir.join(OWN_DIRECTORY).join("builders");
            drop_hollow(recovery, &own.join(format!("{builder}.json")))?;
        }
    }
    for (intent, guess) in [false, true].into_iter().flat_map(|guess| recovery.journal.open.iter().zip(repeat(guess))) {
        if let Intent::Checkout { main, path, branch, makes, start, .. } = intent {
            let actual = actual::read(recovery.desired)?;
            let Some(repository) = repository_at(&actual, main) else { continue };
            let branch = branch.as_ref();
            let (new, since) = (branch.filter(|_| *makes), recovery.journal.header.opened / 1000);
            match actual::torn(repository, (path, new), since, guess)? {
                Some(admin_dir) if actual::is_worked_in(&admin_dir, path, started) => {
                    let text = "was not wholly on the disk when the power was cut, and somebody has worked there since: it stays";
                    (recovery.tell)(&format!("{path} {text}; `git -C {} status` shows what is empty", shell(path)));
                    continue;
                }
                Some(admin_dir) => {
                    let Some(start) = start else { continue };
                    (recovery.tell)(&format!("the power was cut before {path} was on the disk: it is made again"));
                    Made { admin_dir, path, branch, makes: *makes, start }.begin_again(recovery)?;
                }
                None if branch.is_some_and(|branch| uses(repository, branch)) => continue,
                None => {}
            }
            if let Some(branch) = new {
                forget(recovery, repository, branch, start.as_ref())?;
            }
        }
    }
    Ok(())
}

/// Whether a worktree is on a branch.
fn uses(repository: &Repository, branch: &BranchName) -> bool {
    repository.registrations.values().any(|found| found.head.branch() == Some(branch))
}

/// A branch that the run made, and whose file names nothing any more, or whose reflog does not tell that it did: both go.
fn forget(recovery: &Recovery<'_>, repository: &Repository, branch: &BranchName, start: Option<&ObjectId>) -> Result<()> {
    let file = repository.common_dir.join(branch.full());
    let is_unmoved = || start.is_some() && repository.branches.get(branch) == start;
    if is_hollow(file.as_path()) || actual::is_torn_branch(repository, branch) && is_unmoved() {
        recovery.door.remove_own(&repository.common_dir.join("logs").join(branch.full()))?;
        recovery.door.remove_own(&file)?;
    }
    Ok(())
}

fn drop_hollow(recovery: &Recovery<'_>, file: &AbsPath) -> Result<()> {
    if is_hollow(file.as_path()) { recovery.door.remove_own(file) } else { Ok(()) }
}

/// A worktree that the run made.
struct Made<'a> {
    admin_dir: AbsPath,
    path: &'a AbsPath,
    branch: Option<&'a BranchName>,
    makes: bool,
    start: &'a ObjectId,
}

impl Made<'_> {
    /// What git needs to know it as a worktree is written again where it is empty, and what would make it pass for a whole
    /// one is removed. The lock that says so comes first.
    fn begin_again(&self, recovery: &Recovery<'_>) -> Result<()> {
        let start = self.start;
        let lock = OurLock {
            workspace: recovery.journal.header.workspace.clone(),
            deed: Deed::Creating { made_branch: self.makes, start: start.clone() },
        };
        drop_hollow(recovery, &self.admin_dir.join("locked"))?;
        recovery.door.lock_worktree(&self.admin_dir, &lock)?;
        let head = self.branch.map_or_else(|| format!("{start}\n"), |branch| format!("ref: {}\n", branch.full()));
        let files = [
            (self.admin_dir.join("HEAD"), head.into_bytes()),
            (self.admin_dir.join("commondir"), b"../..\n".to_vec()),
            (self.admin_dir.join("gitdir"), line("", &self.path.join(".git"))),
            (self.path.join(".git"), line("gitdir: ", &self.admin_dir)),
        ];
        for (file, bytes) in files {
            if is_hollow(file.as_path()) {
                recovery.door.write_own(&file, &bytes, Lasts::Now)?;
            }
        }
        for name in ["index", BUILDER_MARK, CHECKOUT_MARK] {
            recovery.door.remove_own(&self.admin_dir.join(name))?;
        }
        Ok(())
    }
}

/// A line of a link file.
fn line(before: &str, path: &AbsPath) -> Vec<u8> {
    [before.as_bytes(), path.as_path().as_os_str().as_encoded_bytes(), b"\n"].concat()
}
