//! Finishes or undoes what a run left that was cut short, by its journal; touches nothing that the journal does not
//! prove to be ours. Doing it twice is doing it once.

use std::io::ErrorKind;

use anyhow::{Result, bail};

use super::rounds::{repositories, rounds};
use super::{contents, entries, leftover, outage, relocate, submodules, written};
use crate::actual;
use crate::git::Door;
use crate::model::actual::{Actual, Repository, RepositoryState};
use crate::model::clock::Boot;
use crate::model::desired::{Desired, DesiredBuilder};
use crate::model::journal::{Intent, Journal};
use crate::model::mark::{Deed, OurLock};
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;

/// What a recovery works with.
pub(super) struct Recovery<'a> {
    pub(super) door: &'a dyn Door,
    pub(super) desired: &'a Desired,
    pub(super) journal: &'a Journal,
    /// Is told, in one line, what a reader should know.
    pub(super) tell: &'a dyn Fn(&str),
}

/// Cleans up after a run that was cut short. The locks of the workspace and of its repositories are held, so that no git
/// of that run is at work any more. `boot` is today's. Returns the intents that could not be settled, each of which was told.
///
/// # Errors
/// The disk cannot be read at all.
pub fn recover(
    door: &dyn Door,
    desired: &Desired,
    journal: &Journal,
    boot: Option<&Boot>,
    tell: &dyn Fn(&str),
) -> Result<Vec<Intent>> {
    let mut left = Vec::new();
    for (desired, journal) in &rounds(desired, journal) {
        let recovery = Recovery { door, desired, journal, tell };
        if let Some(boot) = boot.filter(|boot| !journal.header.is_of(Some(boot))) {
            outage::settle(&recovery, boot)?;
        }
        let in_use = leftover::locks(&recovery, &actual::read(desired)?);
        left.append(&mut settle(&recovery)?);
        for intent in in_use {
            if !left.contains(&intent) {
                left.push(intent);
            }
        }
    }
    Ok(left)
}

/// The repository whose main worktree this is.
pub(super) fn repository_at<'a>(actual: &'a Actual, main: &AbsPath) -> Option<&'a Repository> {
    actual.repositories.values().filter_map(RepositoryState::repository).find(|repository| repository.path == *main)
}

/// The same within a run, after changes that failed: a git that ended has removed its lock files, those that are there
/// are somebody else's.
pub(super) fn settle(recovery: &Recovery<'_>) -> Result<Vec<Intent>> {
    let Recovery { desired, journal, tell, .. } = *recovery;
    let actual = actual::read(desired)?;
    let mut left = Vec::new();
    for intent in &journal.open {
        if let Err(error) = recovery.settle(intent) {
            tell(&format!("what a run left that was cut short stays for now: {error:#}"));
            left.push(intent.clone());
        }
    }
    written::remember(recovery, &mut left);
    if !journal.open.is_empty()
        && let Err(error) = contents::settle(recovery, &actual)
    {
        tell(&format!("content of git-lfs that came is not known to the index: {error:#}"));
    }
    leftover::sweep(recovery, &actual)?;
    Ok(left)
}

impl Recovery<'_> {
    fn settle(&self, intent: &Intent) -> Result<()> {
        self.sees(intent)?;
        match intent {
            Intent::Clone { path } => {
                if let Some(moved) = self.door.forget_clone(path, &self.journal.header.tokens)? {
                    (self.tell)(&format!("somebody worked in a clone of {path} that was cut short: it is {moved} now"));
                }
                Ok(())
            }
            // Marks, anchors, helper files and directories are compared with the declaration again.
            Intent::Builder { .. } | Intent::Touch { .. } => Ok(()),
            Intent::Checkout { .. } => self.checkout(intent),
            Intent::Switch { admin_dir, path, from, to, opened, .. } => {
                if let Some(to) = to {
                    self.switch(admin_dir, path, (from, to), opened.unwrap_or(self.journal.header.opened))?;
                }
                self.branch(intent)
            }
            Intent::Rename { main, from, to, commit, .. } => self.door.settle_rename(main, from, to, commit),
            Intent::File { .. } => written::settle(self, intent),
            Intent::Remove { stem, path, checkouts, own_files } => entries::removal(self, stem, path, checkouts, own_files),
            Intent::Relocate(relocating) => relocate::settle(self.door, self.desired, relocating),
            Intent::Restore { entry, makes, .. } => entries::restored(self, entry, makes),
        }
    }

    /// Refuses where a repository is there, or may be, and cannot be read: what is not seen is not settled.
    fn sees(&self, intent: &Intent) -> Result<()> {
        let mut mains: Vec<&AbsPath> = repositories(intent).into_iter().map(|(_, main)| main).collect();
        if let Intent::Restore { makes, .. } = intent {
            let declared = |main: &&AbsPath| self.desired.repositories.values().any(|repository| repository.path == **main);
            mains.extend(makes.iter().map(|(main, ..)| main).filter(declared));
        }
        mains.retain(|main| !main.as_path().symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound));
        if mains.is_empty() {
            return Ok(());
        }
        let actual = actual::read(self.desired)?;
        match mains.into_iter().find(|main| repository_at(&actual, main).is_none()) {
            Some(main) => bail!("{main} cannot be read"),
            None => Ok(()),
        }
    }

    /// What git left of a worktree before it could be told whose it is, entries of failed attempts, the branch.
    fn checkout(&self, intent: &Intent) -> Result<()> {
        let Intent::Checkout { main, path, stem, makes, start, .. } = intent else { return Ok(()) };
        let actual = actual::read(self.desired)?;
        let Some(state) = repository_at(&actual, main) else { return Ok(()) };
        leftover::registrations(self, state)?;
        entries::attempts(self, stem, |found| {
            let ours = found.worktree.as_ref() == Some(path);
            let start = start.as_ref().or(found.head.commit()).filter(|_| ours)?.clone();
            Some(OurLock {
                workspace: self.journal.header.workspace.clone(),
                deed: Deed::Creating { made_branch: *makes, start },
            })
        })?;
        self.branch(intent)
    }

    /// Deletes the branch that an intent made, if nothing uses it.
    fn branch(&self, intent: &Intent) -> Result<()> {
        let actual = actual::read(self.desired)?;
        for repository in actual.repositories.values().filter_map(RepositoryState::repository) {
            if let Some((branch, at)) = actual::made(intent, repository, &self.journal.header.workspace) {
                self.door.delete_branch(&repository.path, &branch, &at, None)?;
            }
        }
        Ok(())
    }

    /// A checkout between two branches goes back to the first; the plan switches it again. The submodules of one that has
    /// arrived follow it.
    fn switch(&self, admin_dir: &AbsPath, path: &AbsPath, (from, to): (&ObjectId, &ObjectId), since: i64) -> Result<()> {
        let actual = actual::read(self.desired)?;
        let all = actual.repositories.values().filter_map(RepositoryState::repository);
        let mut all = all.flat_map(|repository| repository.registrations.values());
        let Some(found) = all.find(|found| found.admin_dir == *admin_dir) else { return Ok(()) };
        if from == to || found.worktree.as_ref() != Some(path) {
            return Ok(());
        }
        if found.head.commit() == Some(to) && self.has_submodules(path) {
            return submodules::follow(self.door, path, from);
        }
        if found.head.commit() == Some(from) { self.door.undo_switch(path, from, to, since) } else { Ok(()) }
    }

    /// Whether the checkout that is declared there shall have its submodules.
    fn has_submodules(&self, path: &AbsPath) -> bool {
        let there = |builder: &DesiredBuilder| {
            builder.checkouts.values().any(|it| it.contents.submodules && it.path.under(&builder.path) == *path)
        };
        self.desired.builders.values().any(there)
    }
}
