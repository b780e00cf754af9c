//! Repositories that lie where they were declared before: at another path, or under another name.

use std::collections::BTreeMap;

use crate::model::actual::{Actual, Link, Lock, Registration, Repository, RepositoryState};
use crate::model::builder::{BuilderDirectory, Occupant};
use crate::model::desired::DesiredRepository;
use crate::model::mark::Deed;
use crate::model::name::RepoName;
use crate::model::path::AbsPath;
use crate::model::work::{Finding, Findings};

use super::super::blockers::{at, immovable, shell};
use super::super::input::Input;
use super::super::{Blocker, Hop, Question, Relocated, Relocation, refusals_of_move};
use super::hops::shifted;

/// One repository on its way.
#[derive(Debug)]
pub(in super::super) struct RepositoryMove {
    /// What is done.
    pub(in super::super) relocation: Relocation,
    /// Why it cannot be.
    pub(in super::super) blockers: Vec<Blocker>,
}

/// The repositories that were read where they are, and are declared elsewhere.
pub(super) fn moving(input: &Input<'_>) -> BTreeMap<RepoName, RepositoryMove> {
    let mut moving = BTreeMap::new();
    for declared in input.desired.repositories.values() {
        let found = input.repository(&declared.name).filter(|found| found.path != declared.path);
        moving.extend(found.map(|found| (declared.name.clone(), repository(input, declared, found))));
    }
    moving
}

fn repository(input: &Input<'_>, declared: &DesiredRepository, found: &Repository) -> RepositoryMove {
    let (from, to) = (&found.path, &declared.path);
    let outer = if from.contains(to) { from } else { to };
    let stage = outer.parent().join(format!(".wsctl-moving-{}", declared.name));
    let hop = |from: &AbsPath, to: &AbsPath| Hop { origin: found.path.clone(), from: from.clone(), to: to.clone() };
    let overlap = from.contains(to) || to.contains(from);
    let hops = if overlap { vec![hop(from, &stage), hop(&stage, to)] } else { vec![hop(from, to)] };
    let whole = found.registrations.values().filter(|registration| registration.link == Link::Whole);
    let relocated = |registration: &Registration| {
        let worktree = registration.worktree.clone()?;
        Some(Relocated {
            name: declared.name.clone(),
            admin_dir: shifted(&registration.admin_dir, from, to),
            old_admin_dir: registration.admin_dir.clone(),
            common_dir: shifted(&found.common_dir, from, to),
            to: shifted(&worktree, from, to),
            from: worktree,
        })
    };
    let checkouts = whole.filter_map(relocated).collect();
    let empties = empties(from, to);
    let mut blockers: Vec<Blocker> = found.obstacle.iter().map(|obstacle| immovable(obstacle, from, to)).collect();
    blockers.extend(at_work(found));
    blockers.extend(found.registrations.values().filter_map(|registration| away(input, found, registration)));
    RepositoryMove { relocation: Relocation { was: None, from: from.clone(), stage, hops, checkouts, empties }, blockers }
}

/// The directories that hold nothing any more once it has gone: where it was, or those between it and its new place around it.
fn empties(from: &AbsPath, to: &AbsPath) -> Vec<AbsPath> {
    if from.contains(to) {
        return vec![];
    }
    if !to.contains(from) {
        return vec![from.parent()];
    }
    let between = from.as_path().ancestors().skip(1).take_while(|above| *above != to.as_path());
    between.filter_map(|above| AbsPath::new(above).ok()).collect()
}

/// Who is at work in the repository, or in a worktree whose link is written again: git would lose the way to its files.
fn at_work(found: &Repository) -> Vec<Blocker> {
    let unknown = |path: &AbsPath| vec![at("unknown", path, "who is at work there was not looked at", "wsctl plan")];
    let of = |path: &AbsPath, held: Option<&Findings>| held.map_or_else(|| unknown(path), |held| refusals_of_move(path, held));
    let mut blockers = of(&found.path, found.held.as_ref());
    for registration in found.registrations.values().filter(|registration| registration.link == Link::Whole) {
        let Some(worktree) = &registration.worktree else { continue };
        // What is mounted or cloned in one that stays where it is stays too.
        let held = registration.held.as_ref().map(|held| only_at_work(held));
        blockers.extend(of(worktree, held.as_ref()));
    }
    blockers
}

fn only_at_work(held: &[Finding]) -> Findings {
    held.iter().filter(|found| matches!(found, Finding::Process { .. } | Finding::IndexLock(_))).cloned().collect()
}

/// What has to be known of those that move.
pub(super) fn questions(moves: &BTreeMap<RepoName, RepositoryMove>, actual: &Actual) -> Vec<Question> {
    let found = moves.keys().filter_map(|name| Some((name, actual.repositories.get(name)?.repository()?)));
    let of = |(name, found): (&RepoName, &Repository)| {
        let whole = found.registrations.values().filter(|registration| registration.link == Link::Whole);
        let linked = whole.map(|registration| Question::Held(name.clone(), Some(registration.admin_name.clone())));
        linked.chain([Question::Held(name.clone(), None)]).collect::<Vec<_>>()
    };
    found.flat_map(of).collect()
}

/// A worktree whose link cannot be written, since it is not where it is registered: somebody moved it or took it out, and its
/// `.git` may still name the repository where that is now.
fn away(input: &Input<'_>, repository: &Repository, registration: &Registration) -> Option<Blocker> {
    let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
    let unfinished = match &registration.lock {
        Some(Lock::Ours(lock)) => matches!(lock.deed, Deed::Creating { .. } | Deed::Removing { .. }),
        Some(Lock::Foreign(_)) | None => false,
    };
    let what = match &registration.link {
        Link::Whole | Link::GitFileGone => return None,
        // The next apply finishes what a run of ours left before it moves anything.
        Link::DirectoryGone | Link::NamesAnother(_) | Link::NotALink(_) | Link::NoGitdir(_) if unfinished => return None,
        Link::DirectoryGone => "is not there".into(),
        Link::NamesAnother(other) => format!("names {other}"),
        Link::NotALink(what) => format!("is no worktree by now: {what}"),
        Link::NoGitdir(what) => format!("leads nowhere: {what}"),
    };
    if let Some(Lock::Foreign(reason)) = &registration.lock {
        let colon = if reason.is_empty() { "" } else { ": " };
        let fact = format!("its locked worktree {path} {what}{colon}{reason}");
        let next = format!("git -C {} worktree unlock {}", shell(&repository.path), shell(path));
        return Some(at("locked", path, fact, next));
    }
    let now = input.place_of(&registration.admin_dir).filter(|now| now != path);
    let (found, place) = match now {
        Some(now) => (format!("; it is {now}"), shell(&now)),
        None => (String::new(), "WHERE-IT-IS-NOW".into()),
    };
    let fact = format!("a worktree of it that is registered there {what}{found}: a move would cut it off");
    let drop = format!("or drop the registration: mv {} SOMEWHERE", shell(&registration.admin_dir));
    Some(at("worktree-away", path, fact, format!("mv {place} {}\n{drop}", shell(path))))
}

/// The disk once they have moved.
pub(super) fn after(actual: &mut Actual, moves: &BTreeMap<RepoName, RepositoryMove>) {
    let live: Vec<(&RepoName, &Relocation)> =
        moves.iter().filter(|(_, it)| it.blockers.is_empty()).map(|(name, it)| (name, &it.relocation)).collect();
    for (name, relocation) in &live {
        let Some(RepositoryState::Present(repository)) = actual.repositories.get_mut(*name) else { continue };
        let to = relocation.hops.last().map_or(&relocation.from, |hop| &hop.to);
        let now = |path: &AbsPath| shifted(path, &relocation.from, to);
        repository.path = now(&repository.path);
        repository.common_dir = now(&repository.common_dir);
        for registration in repository.registrations.values_mut() {
            registration.admin_dir = now(&registration.admin_dir);
            registration.worktree = registration.worktree.as_ref().map(now);
        }
        for directory in actual.builders.values_mut() {
            rename_admin(directory, &now);
        }
    }
}

/// What the `.git` files of a builder name.
fn rename_admin(directory: &mut BuilderDirectory, now: &dyn Fn(&AbsPath) -> AbsPath) {
    let occupants = directory.places.values_mut().chain([&mut directory.occupant]);
    for occupant in occupants {
        if let Occupant::Worktree(admin) = occupant {
            *admin = now(admin);
        }
    }
}
