//! From the file to a plan: what several commands begin with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::globals::Globals;
use super::options::known;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::git::{Door, GitDoor, Locks, Unheld};
use crate::model::actual::{Actual, Repository, RepositoryState};
use crate::model::address::{Address, quoted};
use crate::model::desired::{Desired, DesiredBuilder};
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::{AbsPath, shell};
use crate::plan::{Options, Plan, plan, plan_unless_asked};
use crate::{actual, agent, config, desired, trash, view};

/// Finds, reads and checks the file.
pub(super) fn load(globals: &Globals) -> Result<Desired> {
    let found = config::find(&Globals::cwd()?, globals.file.as_deref())?;
    if let Some(note) = found.note.filter(|_| !globals.quiet()) {
        view::narrate(&format!("{note}\n"));
    }
    declared(&found.file)
}

/// Reads and checks one file.
pub(super) fn declared(file: &AbsPath) -> Result<Desired> {
    wish(&config::load(file)?)
}

/// What a file asks for, with the builders where they are now.
///
/// # Errors
/// [`crate::diagnostic::Faults`]: it is not valid.
pub(super) fn wish(config: &Config) -> Result<Desired> {
    let facts = config::facts(config)?;
    Ok(actual::at_home(desired::desired(config, &facts)?))
}

/// What the file would make of a builder that only names its repositories; `None` where it would refuse it.
pub(super) fn undeclared(desired: &Desired, builder: &BuilderName, repositories: &[&RepoName]) -> Option<DesiredBuilder> {
    let names = repositories.iter().filter(|name| !name.is_root()).map(|name| quoted(name.as_str()));
    let names = names.collect::<Vec<_>>().join(", ");
    let root = repositories.iter().any(|name| name.is_root());
    let address = Address::Builder(builder.clone());
    let text = &desired.sources.main().text;
    let text = format!("{text}\n[{address}]\nrepos = [{names}]\ninclude_root = {root}\n");
    wish(&config::parse(&desired.file, &text).ok()?).ok()?.builders.remove(builder)
}

/// Reads the disk and plans.
///
/// # Errors
/// A target means nothing that is there.
pub(super) fn refresh(desired: &Desired, options: &Options) -> Result<(Actual, Plan)> {
    let (actual, plan) = look(desired, options)?;
    known(desired, &actual, options)?;
    Ok((actual, plan))
}

/// The same, whatever the targets are. The disk is read as far as the plan asks.
///
/// # Errors
/// There is something to do, and no usable git to do it with.
pub(super) fn look(desired: &Desired, options: &Options) -> Result<(Actual, Plan)> {
    let mut actual = actual::read(desired)?;
    actual::without_leftovers(&mut actual);
    agent::look(&mut actual, desired);
    let plan = plan_unless_asked(desired, &actual, options).unwrap_or_else(|questions| {
        actual::examine(&mut actual, desired, &questions.into_iter().collect::<Vec<_>>());
        plan(desired, &actual, options)
    });
    actual::git::usable(!plan.changes.is_empty())?;
    Ok((actual, plan))
}

/// Fetches every declared repository that is there and has a remote, under the locks, several at a time. One that
/// cannot be fetched is a warning, which is told and returned: the plan goes by what was fetched before.
pub(super) fn fetch(globals: &Globals, desired: &Desired) -> Result<Vec<String>> {
    let mut actual = actual::read(desired)?;
    let mut needed: Vec<AbsPath> = common_dirs(&actual).into_values().collect();
    let locks = loop {
        if let Some(locks) = take_there(globals, desired, &needed)? {
            break locks;
        }
        if let Some(desired) = actual::moved_meanwhile(desired) {
            return fetch(globals, &desired);
        }
        actual = actual::read(desired)?;
        needed = found_elsewhere(&needed, common_dirs(&actual).into_values().collect())?;
    };
    let door = GitDoor::of(desired, false)?.holding(&locks)?;
    let all: Vec<_> = present(&actual).filter(|(_, repository)| !repository.remotes.is_empty()).collect();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some((name, repository)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = door.fetch(&repository.path, &|_, _| {}) {
                let warning = format!("{} could not be fetched: {error:#}", Address::Repository((*name).clone()));
                let next = error.downcast_ref::<Diagnostic>().map(|diagnostic| diagnostic.next.clone());
                let next = next.unwrap_or_else(|| format!("git -C {} remote -v", shell(&repository.path)));
                view::narrate(&format!("warning: {warning}\n  → {next}\n"));
                failed.lock().unwrap_or_else(PoisonError::into_inner).insert(*name, warning);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..globals.jobs().min(all.len()) {
            scope.spawn(work);
        }
    });
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
}

fn present(actual: &Actual) -> impl Iterator<Item = (&RepoName, &Repository)> {
    actual.repositories.iter().filter_map(|(name, state)| Some((name, RepositoryState::repository(state)?)))
}

/// Where the repositories that are there keep their refs.
pub(super) fn common_dirs(actual: &Actual) -> BTreeMap<RepoName, AbsPath> {
    present(actual).map(|(name, repository)| (name.clone(), repository.common_dir.clone())).collect()
}

/// Takes the lock of the workspace and of the repositories that are written to.
pub(super) fn lock(globals: &Globals, desired: &Desired, actual: &Actual, written: impl Fn(&RepoName) -> bool) -> Result<Locks> {
    let common: Vec<AbsPath> =
        present(actual).filter(|(name, _)| written(name)).map(|(_, repository)| repository.common_dir.clone()).collect();
    take(globals, desired, &common)
}

/// Looks at the locks of the workspace and of the declared repositories, before the disk is read.
pub(super) fn unheld(desired: &Desired) -> Unheld {
    Unheld::look(&desired.builders_dir, desired.repositories.values().map(|declared| &declared.path))
}

/// Takes the locks of everything that a plan writes to, and plans again under them. Where that plan writes to more, all of
/// them are given back first: locks are waited for in their order alone. Where a repository was moved meanwhile, its lock is
/// looked for again. `None`: `builders_dir` was moved. No new plan: nobody had these locks since `unheld`, and what was
/// seen and planned since then is as good.
pub(super) fn plan_locked(
    globals: &Globals,
    desired: &Desired,
    options: &Options,
    (seen, planned): (&Actual, &Plan),
    unheld: Option<&Unheld>,
) -> Result<Option<Locked>> {
    let mut needed: Vec<AbsPath> = written(seen, planned).collect();
    let mut unheld = unheld;
    loop {
        let taken = take_there(globals, desired, &needed)?;
        let Some(locks) = taken else {
            if actual::moved_meanwhile(desired).is_some() {
                return Ok(None);
            }
            let (now, plan) = refresh(desired, options)?;
            needed = found_elsewhere(&needed, written(&now, &plan).collect())?;
            unheld = None;
            continue;
        };
        if unheld.take().is_some_and(|unheld| locks.were_unheld_since(unheld)) {
            return Ok(Some((locks, None)));
        }
        let (now, plan) = refresh(desired, options)?;
        let more: Vec<AbsPath> = written(&now, &plan).filter(|common_dir| !locks.holds(common_dir)).collect();
        if more.is_empty() {
            return Ok(Some((locks, Some((now, plan)))));
        }
        needed.extend(more);
    }
}

/// The locks, and what was planned under them where that was needed.
type Locked = (Locks, Option<(Actual, Plan)>);

/// The common directories of what a plan writes to.
fn written(actual: &Actual, plan: &Plan) -> impl Iterator<Item = AbsPath> {
    let written = |name: &RepoName| plan.steps.iter().any(|step| step.writes.contains(name));
    present(actual).filter(move |(name, _)| written(name)).map(|(_, repository)| repository.common_dir.clone())
}

/// Takes the lock of the workspace and of every repository that is declared, or that a removal left a keeper in.
pub(super) fn lock_all(globals: &Globals, desired: &Desired, actual: &Actual) -> Result<Locks> {
    let repositories = common_dirs(actual);
    let entries = actual.trash.iter().chain(actual.gone.iter().map(|gone| &gone.entry));
    let keepers = entries.flat_map(|entry| trash::keepers(entry, &repositories)).map(|(common_dir, _)| common_dir);
    let all: Vec<AbsPath> = repositories.values().chain(keepers).cloned().collect();
    take(globals, desired, &all)
}

/// Takes the lock of the workspace and of the repositories with these common directories.
pub(super) fn take(globals: &Globals, desired: &Desired, common_dirs: &[AbsPath]) -> Result<Locks> {
    take_there(globals, desired, common_dirs)?.ok_or_else(|| moved().into())
}

/// The same; `None`: one of them was moved by whoever held its lock.
pub(super) fn take_there(globals: &Globals, desired: &Desired, common_dirs: &[AbsPath]) -> Result<Option<Locks>> {
    let told = |text: &str| view::narrate(&format!("waiting: {text}\n"));
    // Asked before as well, so that nothing is made anew in its old place.
    if actual::moved_meanwhile(desired).is_some() {
        return Ok(None);
    }
    let locks = Locks::take(&desired.builders_dir, common_dirs, globals.lock_timeout, &told)?;
    Ok(locks.filter(|_| actual::moved_meanwhile(desired).is_none()))
}

/// Where the locks are by now that were not where they had been.
///
/// # Errors
/// They are still said to be there.
pub(super) fn found_elsewhere(before: &[AbsPath], now: Vec<AbsPath>) -> Result<Vec<AbsPath>> {
    if before == now { Err(moved().into()) } else { Ok(now) }
}

fn moved() -> Diagnostic {
    Diagnostic::new("another wsctl moved what this one waited for", "wsctl plan")
}
