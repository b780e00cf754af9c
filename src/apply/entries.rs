//! Entries of the trash that a run was making, or bringing back, when it was cut short.

use std::ffi::OsStr;

use anyhow::{Context as _, Result};

use super::deregister::deregister;
use super::recover::{Recovery, repository_at};
use super::removal::{admin, forget_own, keeper};
use crate::actual;
use crate::git::{Keep, Lasts, Record};
use crate::model::actual::{Link, Lock, Registration, Repository, RepositoryState};
use crate::model::journal::Leaving;
use crate::model::mark::{Deed, OWN_DIRECTORY, OurLock};
use crate::model::name::{BranchName, ObjectId, RepoName};
use crate::model::path::AbsPath;
use crate::model::trash::{MANIFEST, Manifest, part};
use crate::plan::Stale;
use crate::regular;

/// A removal: finished where its directory is in the trash, else called off.
pub(super) fn removal(
    recovery: &Recovery<'_>,
    stem: &str,
    path: &AbsPath,
    checkouts: &[Leaving],
    own_files: &[AbsPath],
) -> Result<()> {
    for entry in named(recovery, stem)? {
        let lock_before = |found: &Registration| {
            let leaving = checkouts.iter().find(|leaving| leaving.admin_dir == found.admin_dir)?;
            OurLock::parse(leaving.lock.as_ref()?)
        };
        if !settle(recovery, &entry, lock_before)? {
            continue;
        }
        for leaving in checkouts {
            delete_branch(recovery, &entry, leaving)?;
        }
        if path.as_path().symlink_metadata().is_err() {
            for file in own_files {
                forget_own(recovery.door, file)?;
            }
        }
    }
    Ok(())
}

/// Entries of a creation that failed and was being taken back.
pub(super) fn attempts(recovery: &Recovery<'_>, stem: &str, lock: impl Fn(&Registration) -> Option<OurLock>) -> Result<()> {
    for entry in named(recovery, stem)? {
        settle(recovery, &entry, &lock)?;
    }
    Ok(())
}

/// A restore: finished for what is back at its place, taken back for what is not, with the branches made for it.
pub(super) fn restored(recovery: &Recovery<'_>, entry: &str, makes: &[(AbsPath, BranchName, ObjectId)]) -> Result<()> {
    let place = trash(recovery).join(entry);
    if place.as_path().symlink_metadata().is_err() {
        // All is back; the emptied entry was on its way out.
        return recovery.door.unlink(&recovery.desired.builders_dir.join(OWN_DIRECTORY).join("new").join(entry));
    }
    let holding = |found: &Registration| {
        let root = found.mark.mark().is_some_and(|mark| mark.path.is_here());
        root.then(|| OurLock { workspace: recovery.journal.header.workspace.clone(), deed: Deed::Holding })
    };
    came_back(recovery, &place, entry)?;
    settle(recovery, &place, holding)?;
    let actual = actual::read(recovery.desired)?;
    for repository in actual.repositories.values().filter_map(RepositoryState::repository) {
        let on = |branch: &BranchName| repository.registrations.values().any(|found| found.head.branch() == Some(branch));
        let unused = makes
            .iter()
            .filter(|(main, branch, at)| *main == repository.path && repository.branches.get(branch) == Some(at) && !on(branch));
        for (main, branch, at) in unused {
            recovery.door.delete_branch(main, branch, at, None)?;
        }
    }
    Ok(())
}

/// What remembers a checkout that is back at its place: the anchor again, the entry no more. Its lock is settled last,
/// so that a kill before that does all of this once more.
fn came_back(recovery: &Recovery<'_>, entry: &AbsPath, name: &str) -> Result<()> {
    let actual = actual::read(recovery.desired)?;
    for (repository, state) in actual.repositories.iter().filter_map(|(name, state)| Some((name, state.repository()?))) {
        let back =
            |found: &&Registration| found.link == Link::Whole && removing(recovery, found).is_some_and(|waits| waits == name);
        for mark in state.registrations.values().filter(back).filter_map(|found| found.mark.mark()) {
            let builder = recovery.desired.builders_dir.join(mark.builder.as_str());
            if !mark.path.is_here() && builder.join(".git").as_path().is_dir() {
                recovery.door.record(&builder, &[(mark.path.clone(), Some(Record::Checkout(mark.start.clone())))].into())?;
            }
            if entry.join("tree").as_path().symlink_metadata().is_ok() {
                forget_one(recovery, entry, repository)?;
            }
        }
    }
    Ok(())
}

/// Takes one checkout out of an entry that still holds others.
fn forget_one(recovery: &Recovery<'_>, entry: &AbsPath, repository: &RepoName) -> Result<()> {
    let path = entry.join(MANIFEST);
    let bytes = regular::read(&path).with_context(|| format!("{path} cannot be read"))?;
    let mut manifest: Manifest = serde_json::from_slice(&bytes).with_context(|| format!("{path} cannot be read"))?;
    let (gone, left): (Vec<_>, Vec<_>) = manifest.checkouts.into_iter().partition(|checkout| checkout.repository == *repository);
    manifest.checkouts = left;
    for checkout in gone {
        recovery.door.drop_keeper(&checkout.common_dir, &checkout.keeper)?;
    }
    for kind in ["admin", "branch"] {
        recovery.door.unlink(&entry.join(kind).join(part(repository)))?;
    }
    recovery.door.write_own(&path, &serde_json::to_vec_pretty(&manifest)?, Lasts::Now)
}

fn trash(recovery: &Recovery<'_>) -> AbsPath {
    recovery.desired.builders_dir.join(OWN_DIRECTORY).join("trash")
}

/// The entries of that stem, with or without a number.
fn named(recovery: &Recovery<'_>, stem: &str) -> Result<Vec<AbsPath>> {
    let trash = trash(recovery);
    let entries = match std::fs::read_dir(&trash) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        other => other.with_context(|| format!("{trash} cannot be read"))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.with_context(|| format!("{trash} cannot be read"))?.file_name();
        let text = name.to_string_lossy();
        let rest = text.strip_prefix(stem);
        let number = |rest: &str| rest.strip_prefix('-').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if rest.is_some_and(|rest| rest.is_empty() || number(rest)) {
            found.push(trash.join(&name));
        }
    }
    found.sort();
    Ok(found)
}

/// Takes every registration that waits for this entry into it, where its directory is in it; else gives it the lock
/// that it had. Removes an entry that holds nothing. Whether the entry holds a directory.
fn settle(recovery: &Recovery<'_>, entry: &AbsPath, lock_before: impl Fn(&Registration) -> Option<OurLock>) -> Result<bool> {
    let name = entry.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let actual = actual::read(recovery.desired)?;
    let holds = entry.join("tree").as_path().symlink_metadata().is_ok();
    let repositories = actual.repositories.iter().filter_map(|(name, state)| Some((name, RepositoryState::repository(state)?)));
    for (repository, state, found) in repositories.flat_map(|(name, state)| waiting(name, state)) {
        if removing(recovery, found).as_ref() != Some(&name) {
            continue;
        }
        // What is at its place was not moved yet, or is back already.
        if holds && found.link != Link::Whole {
            take(recovery, entry, &name, (repository, state, found))?;
        } else {
            match lock_before(found) {
                Some(lock) => recovery.door.lock_worktree(&found.admin_dir, &lock)?,
                None => recovery.door.unlock_worktree(&found.admin_dir)?,
            }
        }
    }
    if !holds {
        let repositories = actual.repositories.iter();
        let all = repositories.filter_map(|(name, state)| Some((name, RepositoryState::repository(state)?)));
        forget(recovery, entry, &name, &all.collect::<Vec<_>>())?;
    }
    Ok(holds)
}

fn waiting<'a>(
    name: &'a RepoName,
    state: &'a Repository,
) -> impl Iterator<Item = (&'a RepoName, &'a Repository, &'a Registration)> {
    state.registrations.values().map(move |found| (name, state, found))
}

/// The entry that a registration of ours waits for.
fn removing(recovery: &Recovery<'_>, found: &Registration) -> Option<String> {
    match &found.lock {
        Some(Lock::Ours(OurLock { workspace, deed: Deed::Removing { entry } })) => {
            (*workspace == recovery.journal.header.workspace).then(|| entry.clone())
        }
        Some(Lock::Ours(_) | Lock::Foreign(_)) | None => None,
    }
}

fn take(
    recovery: &Recovery<'_>,
    entry: &AbsPath,
    name: &str,
    (repository, state, found): (&RepoName, &Repository, &Registration),
) -> Result<()> {
    let keeper = keeper(&recovery.journal.header.workspace, name, repository);
    let keep = Keep { common_dir: &state.common_dir, admin_dir: &found.admin_dir, branch: None, save: None, name: &keeper };
    deregister(recovery.door, keep, &Stale::of(state, found), &admin(entry, repository), false)
}

/// Removes an entry that holds nothing, and its keepers.
fn forget(recovery: &Recovery<'_>, entry: &AbsPath, name: &str, repositories: &[(&RepoName, &Repository)]) -> Result<()> {
    let admins = std::fs::read_dir(entry.join("admin"));
    if admins.is_ok_and(|mut admins| admins.next().is_some()) {
        return Ok(());
    }
    let manifest: Option<Manifest> =
        regular::read(entry.join(MANIFEST)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    for trashed in manifest.iter().flat_map(|manifest| &manifest.checkouts) {
        if trashed.common_dir.as_path().is_dir() {
            recovery.door.drop_keeper(&trashed.common_dir, &trashed.keeper)?;
        }
    }
    if manifest.is_none() {
        let prefix = format!("refs/wsctl/{}/{name}/", recovery.journal.header.workspace);
        for (repository, state) in repositories {
            for keeper in actual::refs_below(&state.common_dir, &prefix)? {
                recovery.door.drop_keeper(&state.common_dir, &keeper)?;
            }
            // One that a power cut left empty is not listed.
            recovery.door.drop_keeper(&state.common_dir, &keeper(&recovery.journal.header.workspace, name, repository))?;
        }
    }
    let ours = |name: &OsStr| {
        [MANIFEST, "admin", "branch"].iter().any(|ours| name == *ours) || name.to_string_lossy().starts_with(".wsctl-")
    };
    let mut left = std::fs::read_dir(entry).with_context(|| format!("{entry} cannot be read"))?.flatten();
    if left.any(|found| !ours(&found.file_name())) {
        // Somebody laid something beside the manifest: that stays.
        return recovery.door.remove_own(&entry.join(MANIFEST));
    }
    recovery.door.unlink(entry)
}

/// Deletes the branch that policy let go, where the registration went and nothing moved it since.
fn delete_branch(recovery: &Recovery<'_>, entry: &AbsPath, leaving: &Leaving) -> Result<()> {
    let Some((branch, at)) = &leaving.branch else { return Ok(()) };
    let taken = admin(entry, &leaving.repository).as_path().is_dir();
    let actual = actual::read(recovery.desired)?;
    let there = repository_at(&actual, &leaving.main).and_then(|state| state.branches.get(branch)) == Some(at);
    if !taken || !there {
        return Ok(());
    }
    let kept = entry.join("branch").join(part(&leaving.repository));
    recovery.door.make_directory(&kept)?;
    if let Err(error) = recovery.door.delete_branch(&leaving.main, branch, at, Some(&kept)) {
        (recovery.tell)(&format!("branch {branch} stays: {error:#}"));
    }
    Ok(())
}
