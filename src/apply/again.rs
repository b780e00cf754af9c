//! The second look, right before files are moved: what plan saw must still be so.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::actual;
use crate::diagnostic::Diagnostic;
use crate::model::actual::{Link, Registration, RepositoryState};
use crate::model::name::{BranchName, RepoName};
use crate::model::path::AbsPath;
use crate::model::stamp::SeenFiles;
use crate::model::work::Work;
use crate::plan::{Blocker, CheckoutTouch, Question, Relocation, Removal, RemovedCheckout};
use crate::plan::{refusals, refusals_of, refusals_of_move, refusals_of_switch};

use super::Shared;

/// Refuses a switch where the checkout is not clean any more.
pub(super) fn still_clean(shared: &Shared<'_>, touch: &CheckoutTouch) -> Result<()> {
    let desired = shared.run.desired;
    let mut now = actual::read(desired)?;
    let name = &touch.desired.repository;
    let Some(admin_name) = touch.admin_dir.as_path().file_name() else { bail!("{} has no name", touch.admin_dir) };
    actual::examine(&mut now, desired, &[Question::Work(name.clone(), admin_name.to_owned())]);
    let found = now.repositories.get(name).and_then(|state| state.repository()?.registrations.get(admin_name));
    let mut blockers = checkout(found, &touch.path, |_, work| refusals_of_switch(&touch.path, work));
    let parked = |found: &Registration| found.mark.mark().is_some_and(|mark| mark.parked.as_ref() == Some(&touch.head));
    let as_planned = |found: &Registration| {
        let on = found.head.branch();
        found.head.commit() == Some(&touch.head) && (on == touch.on.as_ref() || on.is_none() && parked(found))
    };
    blockers.extend((!found.is_some_and(as_planned)).then(|| moved(&touch.path)));
    refuse(blockers)
}

/// Refuses a rename where the new name was taken meanwhile: from here on, a branch of that name is ours.
pub(super) fn still_free(shared: &Shared<'_>, repository: &RepoName, to: &BranchName) -> Result<()> {
    let now = actual::read(shared.run.desired)?;
    let found = now.repositories.get(repository).and_then(RepositoryState::repository);
    if found.is_some_and(|found| !found.branches.contains_key(to)) {
        return Ok(());
    }
    Err(Diagnostic::new(format!("changed since the plan was made: branch {to} is there already"), "wsctl plan").into())
}

/// Refuses a removal where anything speaks against it that plan did not see. Returns what plan and this look found
/// disposable, one list for each checkout, with the files that it consisted of before the look.
pub(super) fn still_removable(shared: &Shared<'_>, removal: &Removal) -> Result<Vec<Vec<(PathBuf, SeenFiles)>>> {
    let desired = shared.run.desired;
    let top = |checkout: &RemovedCheckout| checkout.path.under(&removal.builder_path);
    let files = |checkout: &RemovedCheckout| {
        let all = checkout.dispose.iter().map(|path| Ok((path.clone(), actual::seen(top(checkout).join(path).as_path())?)));
        all.collect::<Result<Vec<_>>>()
    };
    let mut before = removal.checkouts.iter().map(files).collect::<Result<Vec<_>>>()?;
    let mut only: BTreeMap<RepoName, BTreeSet<OsString>> = BTreeMap::new();
    for checkout in &removal.checkouts {
        only.entry(checkout.name.clone()).or_default().insert(checkout.stale.admin_name.clone());
    }
    let name = removal.builder_path.as_path().file_name().unwrap_or_default().to_owned();
    let mut now = actual::read_builder(desired, &name, &only);
    let work = |checkout: &RemovedCheckout| Question::Work(checkout.name.clone(), checkout.stale.admin_name.clone());
    let mut questions: Vec<Question> = removal.checkouts.iter().map(work).collect();
    if removal.checkout.is_none() {
        questions.push(Question::Strays(name.clone()));
    }
    actual::examine(&mut now, desired, &questions);
    let mut blockers = Vec::new();
    for (item, before) in removal.checkouts.iter().zip(&mut before) {
        let found =
            now.repositories.get(&item.name).and_then(|state| state.repository()?.registrations.get(&item.stale.admin_name));
        let path = top(item);
        blockers.extend(checkout(found, &path, |found, work| refusals_of(found, &path, work, removal.unsaved)));
        let work = found.and_then(|found| found.work.as_ref());
        before.retain(|(path, _)| work.is_some_and(|work| work.disposable.contains(path)));
        let as_planned =
            |found: &Registration| found.head.commit() == item.head.as_ref() && found.head.branch() == item.branch.as_ref();
        blockers.extend((!found.is_some_and(as_planned)).then(|| moved(&path)));
    }
    if let Some(strays) = now.builders.get(&name).and_then(|directory| directory.strays.as_ref()) {
        blockers.extend(refusals(&removal.builder_path, strays, removal.unsaved));
    }
    refuse(blockers).map(|()| before)
}

/// Refuses a move where anything speaks against it that plan did not see.
pub(super) fn still_movable(relocation: &Relocation) -> Result<()> {
    if relocation.stage.as_path().is_dir() {
        // It waits for its place already, and was looked at before that.
        return Ok(());
    }
    let checkouts: Vec<_> = relocation.checkouts.iter().map(|it| (&it.from, &it.admin_dir)).collect();
    let mut blockers = Vec::new();
    for ((path, _), held) in checkouts.iter().zip(actual::movable(&checkouts)) {
        blockers.extend(held.map_or_else(|| vec![not_as_seen(path)], |held| refusals_of_move(path, &held)));
    }
    let places: Vec<_> = checkouts.iter().map(|(path, _)| *path).collect();
    blockers.extend(refusals_of_move(&relocation.from, &actual::beside(&relocation.from, &places)));
    refuse(blockers)
}

fn moved(path: &AbsPath) -> Blocker {
    let fact = "HEAD moved since the plan was made".into();
    Blocker { kind: "moved", fact, path: Some(path.clone()), next: "wsctl plan".into() }
}

fn checkout(
    found: Option<&Registration>,
    path: &AbsPath,
    refusals: impl Fn(&Registration, &Work) -> Vec<Blocker>,
) -> Vec<Blocker> {
    let whole = found.filter(|found| found.link == Link::Whole && found.worktree.as_ref() == Some(path));
    match whole.and_then(|found| Some((found, found.work.as_ref()?))) {
        Some((found, work)) => refusals(found, work),
        None => vec![not_as_seen(path)],
    }
}

fn not_as_seen(path: &AbsPath) -> Blocker {
    let fact = "it is no longer as seen".into();
    Blocker { kind: "unknown", fact, path: Some(path.clone()), next: "wsctl plan".into() }
}

/// The first of them as an error.
pub(super) fn refuse(blockers: Vec<Blocker>) -> Result<()> {
    let Some(first) = blockers.into_iter().next() else { return Ok(()) };
    let place = first.path.map(|path| format!("{path}: ")).unwrap_or_default();
    Err(Diagnostic::new(format!("changed since the plan was made: {place}{}", first.fact), first.next).into())
}
