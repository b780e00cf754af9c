//! Answers what plan has to know about files before it can decide.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::compare::Opened;
use super::processes::Processes;
use super::{held, lfs, parallel, populated, strays, work};
use crate::model::actual::{Actual, Link, Registration, Repository, RepositoryState};
use crate::model::desired::Desired;
use crate::model::lfs::Pointers;
use crate::model::mark::WrittenFile;
use crate::model::name::RepoName;
use crate::model::path::RelPath;
use crate::model::sparse::{Cone, Sparse};
use crate::model::submodule::Submodules;
use crate::model::work::{Findings, Work};
use crate::plan::Question;

enum Answer {
    Work(Work),
    Strays(Findings),
    Held(Findings),
    Submodules(Submodules),
    Pointers(Pointers),
}

/// Fills in `work`, `strays`, `held`, `submodules` and `pointers` where a question asks for them. What cannot be told is a finding.
pub fn examine(actual: &mut Actual, desired: &Desired, questions: &[Question]) {
    if questions.is_empty() {
        return;
    }
    let processes = Processes::recent();
    let seen: &Actual = actual;
    let opened = opened(seen, questions);
    let answers = parallel::map(questions, |question| answer(seen, desired, question, (&processes, &opened)));
    for (question, answer) in questions.iter().zip(answers) {
        match (question, answer) {
            (Question::Work(repository, admin_name), Some(Answer::Work(work))) => {
                if let Some(registration) = registration(actual, repository, admin_name) {
                    registration.work = Some(work);
                }
            }
            (Question::Strays(name), Some(Answer::Strays(findings))) => {
                if let Some(builder) = actual.builders.get_mut(name) {
                    builder.strays = Some(findings);
                }
            }
            (Question::Held(name, admin_name), Some(Answer::Held(findings))) => {
                if let Some(held) = place_of_held(actual, name, admin_name.as_deref()) {
                    *held = Some(findings);
                }
            }
            (Question::Submodules(repository, admin_name), Some(Answer::Submodules(submodules))) => {
                if let Some(registration) = registration(actual, repository, admin_name) {
                    registration.submodules = Some(submodules);
                }
            }
            (Question::Pointers(repository, admin_name), Some(Answer::Pointers(pointers))) => {
                if let Some(registration) = registration(actual, repository, admin_name) {
                    registration.pointers = Some(pointers);
                }
            }
            (
                Question::Work(..) | Question::Strays(_) | Question::Held(..) | Question::Submodules(..) | Question::Pointers(..),
                Some(_) | None,
            ) => {}
        }
    }
}

/// The repositories whose checkouts are looked into, each opened once.
fn opened<'a>(actual: &'a Actual, questions: &[Question]) -> BTreeMap<&'a RepoName, Opened> {
    let asked = |name: &RepoName| questions.iter().any(|question| matches!(question, Question::Work(of, _) if of == name));
    let present = actual.repositories.iter().filter(|(name, _)| asked(name));
    let opened = present.filter_map(|(name, state)| Some((name, Opened::new(state.repository()?)?)));
    opened.collect()
}

/// Where the answer belongs: to the repository, or to one of its registrations.
fn place_of_held<'a>(actual: &'a mut Actual, name: &RepoName, admin_name: Option<&OsStr>) -> Option<&'a mut Option<Findings>> {
    if let Some(admin_name) = admin_name {
        return registration(actual, name, admin_name).map(|registration| &mut registration.held);
    }
    match actual.repositories.get_mut(name) {
        Some(RepositoryState::Present(repository)) => Some(&mut repository.held),
        Some(RepositoryState::Missing | RepositoryState::Occupied(_) | RepositoryState::Unusable { .. }) | None => None,
    }
}

fn registration<'a>(actual: &'a mut Actual, name: &RepoName, admin_name: &OsStr) -> Option<&'a mut Registration> {
    match actual.repositories.get_mut(name) {
        Some(RepositoryState::Present(repository)) => repository.registrations.get_mut(admin_name),
        Some(RepositoryState::Missing | RepositoryState::Occupied(_) | RepositoryState::Unusable { .. }) | None => None,
    }
}

fn answer(
    actual: &Actual,
    desired: &Desired,
    question: &Question,
    (processes, opened): (&Processes, &BTreeMap<&RepoName, Opened>),
) -> Option<Answer> {
    match question {
        Question::Work(repository, admin_name) => {
            let opened = opened.get(repository);
            let repository = actual.repositories.get(repository)?.repository()?;
            let registration = repository.registrations.get(admin_name)?;
            let managed = managed(actual, desired, registration);
            let inner = inner(actual, desired, registration);
            let disposable = disposable(actual, desired, registration);
            let cone = cone(desired, registration);
            let known = work::Known { managed: &managed, inner: &inner, disposable, cone, opened };
            Some(Answer::Work(work::look(repository, registration, &known, processes)))
        }
        Question::Submodules(repository, admin_name) => {
            let registration = actual.repositories.get(repository)?.repository()?.registrations.get(admin_name)?;
            Some(Answer::Submodules(populated::submodules(registration.worktree.as_ref()?)))
        }
        Question::Pointers(repository, admin_name) => {
            let registration = actual.repositories.get(repository)?.repository()?.registrations.get(admin_name)?;
            Some(Answer::Pointers(lfs::pointers(registration.worktree.as_ref()?)))
        }
        Question::Held(name, admin_name) => {
            let repository = actual.repositories.get(name)?.repository()?;
            let Some(admin_name) = admin_name else {
                return Some(Answer::Held(held::look(&repository.path, &repository.common_dir, processes)));
            };
            let registration = repository.registrations.get(admin_name)?;
            let worktree = registration.worktree.as_ref()?;
            let inner: Vec<_> =
                inner(actual, desired, registration).iter().map(|at| at.under(worktree).as_path().into()).collect();
            Some(Answer::Held(held::inside(worktree, &registration.admin_dir, &inner, processes)))
        }
        Question::Strays(name) => Some(Answer::Strays(strays::look(actual.builders.get(name)?, processes))),
    }
}

/// The directories that a checkout shall have, where it does not have just these.
fn cone<'a>(desired: &'a Desired, registration: &Registration) -> Option<&'a Cone> {
    let (builder, at) = place(desired, registration)?;
    let mut checkouts = desired.builders.get(builder.to_str()?)?.checkouts.values();
    let cone = checkouts.find(|checkout| checkout.path == at)?.sparse.as_ref()?;
    (registration.sparse != Some(Sparse::Cone(cone.clone()))).then_some(cone)
}

/// What the mark of a checkout's builder lets a removal delete.
fn disposable<'a>(actual: &'a Actual, desired: &Desired, registration: &Registration) -> &'a [String] {
    let mark = place(desired, registration).and_then(|(builder, _)| actual.builders.get(&builder)?.mark.mark());
    mark.map_or(&[], |mark| &mark.policy.disposable)
}

/// The managed files that lie in a checkout, by their path in it.
fn managed(actual: &Actual, desired: &Desired, registration: &Registration) -> BTreeMap<RelPath, WrittenFile> {
    let Some((builder, at)) = place(desired, registration) else {
        return BTreeMap::new();
    };
    let written = actual.builders.get(&builder).and_then(|builder| builder.mark.mark());
    let files = written.into_iter().flat_map(|mark| &mark.files);
    let below = |path: &RelPath| match (at.contains(path), at.is_here()) {
        (true, true) => Some(path.clone()),
        (true, false) => RelPath::new(path.as_str().get(at.as_str().len() + 1..)?).ok(),
        (false, _) => None,
    };
    files.filter_map(|(path, written)| Some((below(path)?, written.clone()))).collect()
}

/// The builder's directory name and the path in it that a worktree takes.
fn place(desired: &Desired, registration: &Registration) -> Option<(std::ffi::OsString, RelPath)> {
    let worktree = registration.worktree.as_ref()?;
    let inside = worktree.as_path().strip_prefix(super::disk::real(&desired.builders_dir).as_path()).ok()?;
    let name = inside.components().next()?.as_os_str().to_owned();
    let at = RelPath::new(inside.strip_prefix(&name).ok()?.to_str()?).ok()?;
    Some((name, at))
}

/// The checkouts inside a worktree that have a look of their own: linked both ways, marked or declared there.
fn inner(actual: &Actual, desired: &Desired, outer: &Registration) -> Vec<RelPath> {
    let Some(top) = &outer.worktree else { return Vec::new() };
    let repositories = actual.repositories.iter().filter_map(|(name, state)| Some((name, state.repository()?)));
    let all = repositories
        .flat_map(|(name, repository): (_, &Repository)| repository.registrations.values().map(move |found| (name, found)));
    // The way to `builders_dir` is looked up for those alone that lie in it: else each would be for each.
    let below = all.filter(|(_, found)| found.worktree.as_ref().is_some_and(|path| path != top && top.contains(path)));
    let known = below.filter(|(name, found)| {
        let declared = place(desired, found).and_then(|(builder, at)| {
            let checkout = desired.builders.get(builder.to_str()?)?.checkouts.get(*name)?;
            Some(checkout.path == at)
        });
        found.link == Link::Whole && (found.mark.mark().is_some() || declared == Some(true))
    });
    let paths = known.filter_map(|(_, found)| found.worktree.as_ref());
    paths.filter_map(|path| RelPath::new(path.relative_to(top).to_str()?).ok()).collect()
}
