//! What lies around after a run that was cut short: lock files of its gits, temporaries, registrations that git had
//! only just begun.

use std::os::unix::fs::MetadataExt as _;

use anyhow::Result;

use super::recover::{Recovery, repository_at};
use crate::actual;
use crate::git::between;
use crate::model::actual::{Actual, Link, Repository, RepositoryState};
use crate::model::journal::Intent;
use crate::model::mark::{OWN_DIRECTORY, OurLock, REPLACED};
use crate::model::name::BranchName;
use crate::model::path::AbsPath;
use crate::plan::Stale;
use crate::regular;

/// Removes the lock files that gits of the run can have left, where nobody can be holding them. Returns the intents whose
/// locks a live git may hold: the next recovery looks at them again.
pub(super) fn locks(recovery: &Recovery<'_>, actual: &Actual) -> Vec<Intent> {
    let since = recovery.journal.header.started;
    let mut in_use = Vec::new();
    for intent in &recovery.journal.open {
        for (lock, inside) in of_intent(intent, actual) {
            let fresh = lock.as_path().symlink_metadata().is_ok_and(|found| found.is_file() && found.mtime() >= since);
            if !fresh {
                continue;
            }
            match actual::users(&lock, &inside) {
                Some(users) if users.is_empty() => {
                    if let Err(error) = recovery.door.break_lock(&lock, since) {
                        (recovery.tell)(&format!("{error:#}"));
                    }
                }
                Some(users) => {
                    (recovery.tell)(&format!("{lock} is in use by {}", users.join(", ")));
                    in_use.push(intent.clone());
                }
                None => (recovery.tell)(&format!("{lock} was left by a git that was killed, if no git is at work there")),
            }
        }
    }
    in_use
}

/// Where a git can be at work that holds a lock of a repository: itself and all its worktrees.
fn places(repository: &Repository) -> Vec<AbsPath> {
    let worktrees = repository.registrations.values().filter_map(|found| found.worktree.clone());
    [repository.common_dir.clone(), repository.path.clone()].into_iter().chain(worktrees).collect()
}

/// The locks that an intent's gits take, and the directories where no git may be at work while they are broken.
fn of_intent(intent: &Intent, actual: &Actual) -> Vec<(AbsPath, Vec<AbsPath>)> {
    let of_branch = |main: &AbsPath, branch: Option<&BranchName>| {
        let Some(found) = repository_at(actual, main) else { return vec![] };
        let around = places(found);
        let lock = |name: &str| (found.common_dir.join(name), around.clone());
        let own = branch.map(|branch| lock(&format!("{}.lock", branch.full())));
        let keepers = actual::keeper_locks(&found.common_dir).into_iter().map(|lock| (lock, around.clone()));
        let shared = ["config.lock", "packed-refs.new", "packed-refs.lock"].map(lock);
        own.into_iter().chain(shared).chain(keepers).collect::<Vec<_>>()
    };
    let of_anchor = |builder: &AbsPath| {
        let locks = actual::anchor_locks(builder).into_iter();
        locks.map(|lock| (lock, vec![builder.clone()])).collect::<Vec<_>>()
    };
    match intent {
        Intent::Clone { .. } | Intent::Relocate(_) => vec![],
        Intent::Builder { path, .. } | Intent::File { builder: path, .. } => of_anchor(path),
        Intent::Checkout { main, branch, path, .. } => {
            let builder = actual.builders.values().find(|directory| directory.path.contains(path));
            let anchor = builder.map(|directory| of_anchor(&directory.path)).unwrap_or_default();
            let own = repository_at(actual, main).into_iter().flat_map(|found| found.registrations.values());
            let own = own.filter(|found| found.worktree.as_ref() == Some(path));
            let own = own.flat_map(|found| inside(actual, main, &found.admin_dir, path));
            of_branch(main, branch.as_ref()).into_iter().chain(anchor).chain(own).collect()
        }
        Intent::Switch { main, branch, admin_dir, path, .. } => {
            of_branch(main, branch.as_ref()).into_iter().chain(inside(actual, main, admin_dir, path)).collect()
        }
        Intent::Touch { main, checkout, .. } => {
            let own = checkout.iter().flat_map(|(admin_dir, path)| inside(actual, main, admin_dir, path));
            of_branch(main, None).into_iter().chain(own).collect()
        }
        Intent::Rename { main, from, to, admin_dir, .. } => {
            let around = repository_at(actual, main).map(places).unwrap_or_default();
            let heads = [admin_dir.join("HEAD.lock"), main.join(".git/HEAD.lock")];
            let names = between(from, to).into_iter().chain([from.clone(), to.clone()]);
            let refs = names.flat_map(|name| of_branch(main, Some(&name))).collect::<Vec<_>>();
            refs.into_iter().chain(heads.map(|lock| (lock, around.clone()))).collect()
        }
        Intent::Remove { checkouts, .. } => {
            let of = |leaving: &crate::model::journal::Leaving| {
                of_branch(&leaving.main, leaving.branch.as_ref().map(|(branch, _)| branch))
            };
            checkouts.iter().flat_map(of).collect()
        }
        Intent::Restore { makes, .. } => makes.iter().flat_map(|(main, branch, _)| of_branch(main, Some(branch))).collect(),
    }
}

/// The locks of one worktree, that of what it is limited to among them, and of its submodules.
fn inside(actual: &Actual, main: &AbsPath, admin_dir: &AbsPath, path: &AbsPath) -> Vec<(AbsPath, Vec<AbsPath>)> {
    let around = repository_at(actual, main).map(places).unwrap_or_default();
    let around: Vec<AbsPath> = around.into_iter().chain([admin_dir.clone(), path.clone()]).collect();
    let names = ["index.lock", "HEAD.lock", "config.worktree.lock", "info/sparse-checkout.lock"];
    let own = names.map(|name| admin_dir.join(name)).into_iter();
    own.chain(actual::module_locks(admin_dir)).map(|lock| (lock, around.clone())).collect()
}

/// Drops registrations that a git of ours had begun and that name no worktree yet.
pub(super) fn registrations(recovery: &Recovery<'_>, repository: &Repository) -> Result<()> {
    let header = &recovery.journal.header;
    for found in repository.registrations.values() {
        if !matches!(found.link, Link::NoGitdir(_)) {
            continue;
        }
        let reason = regular::read_text(found.admin_dir.join("locked")).unwrap_or_default();
        let ours = OurLock::parse(&reason).is_some_and(|lock| lock.workspace == header.workspace);
        let meta = found.admin_dir.as_path().symlink_metadata()?;
        let empty = std::fs::read_dir(&found.admin_dir)?.next().is_none();
        if ours && found.begun_by().is_some() {
            recovery.door.drop_registration(&Stale::of(repository, found))?;
        } else if empty && meta.mtime() >= header.started {
            recovery.door.remove_empty(&found.admin_dir)?;
        }
    }
    Ok(())
}

/// Unlinks every temporary of the run, wherever one can be.
pub(super) fn sweep(recovery: &Recovery<'_>, actual: &Actual) -> Result<()> {
    let builders_dir = &recovery.desired.builders_dir;
    let own = builders_dir.join(OWN_DIRECTORY);
    let mut directories = vec![builders_dir.clone(), own.clone(), own.join("builders"), own.join("trash"), own.join(REPLACED)];
    directories.extend(actual.trash.iter().map(|entry| entry.path.clone()));
    for repository in actual.repositories.values().filter_map(RepositoryState::repository) {
        directories.push(repository.common_dir.clone());
        for found in repository.registrations.values() {
            directories.push(found.admin_dir.clone());
            directories.extend(found.worktree.clone().filter(|path| builders_dir.contains(path)));
        }
    }
    directories.extend(actual.builders.values().map(|builder| builder.path.join(".git")));
    let mut first = Ok(());
    for directory in directories {
        let swept = recovery.door.sweep(&directory, &recovery.journal.header.tokens);
        first = first.and(swept);
    }
    first
}
