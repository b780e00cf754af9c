//! Registrations without a directory: dropped, finished or kept, one by one. Never `git worktree prune`.

use crate::model::actual::{Link, Lock, Place, Registration};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::mark::Deed;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;

use super::blockers::{at, shell, word};
use super::draft::Drafts;
use super::input::Input;
use super::members::Member;
use super::{Action, Blocker, Stale, stranded};

/// The trash entry of a removal of ours that a kill cut short, once its directory is gone.
pub(super) fn cut_short(input: &Input<'_>, registration: &Registration) -> Option<String> {
    let Some(Lock::Ours(lock)) = &registration.lock else { return None };
    match &lock.deed {
        Deed::Removing { entry } => {
            let trashed = input.actual.trash.iter().any(|trashed| trashed.name == *entry);
            (trashed && Some(&lock.workspace) == input.id()).then(|| entry.clone())
        }
        Deed::Creating { .. } | Deed::Holding => None,
    }
}

/// The reason of a lock that is not this workspace's.
pub(super) fn their_lock(input: &Input<'_>, registration: &Registration) -> Option<String> {
    match registration.lock.as_ref()? {
        Lock::Foreign(reason) => Some(reason.clone()),
        Lock::Ours(lock) => (Some(&lock.workspace) != input.id()).then(|| lock.to_string()),
    }
}

/// Registrations of ours whose directory is gone and that no declared checkout takes up again.
pub(super) fn plan(input: &Input<'_>, drafts: &mut Drafts) {
    for (name, repository, registration) in input.registrations() {
        if registration.link != Link::DirectoryGone {
            continue;
        }
        if let Some((builder, repo)) = whose(input, name, registration) {
            let address = Address::Checkout(builder, repo);
            if drafts.find(&address).is_none() && !declared(input, &address) {
                gone(input, address, (name, repository, registration), drafts);
            }
        }
    }
}

/// The builder and repository that a registration of ours was for.
fn whose(input: &Input<'_>, name: &RepoName, registration: &Registration) -> Option<(BuilderName, RepoName)> {
    if let Some(mark) = input.our_mark(registration) {
        return Some((mark.builder.clone(), mark.repository.clone()));
    }
    let Some(Lock::Ours(lock)) = &registration.lock else { return None };
    let tail = registration.worktree.as_ref()?.relative_to(&input.desired.builders_dir);
    let builder = BuilderName::new(tail.iter().next()?.to_str()?).ok()?;
    (Some(&lock.workspace) == input.id()).then(|| (builder, name.clone()))
}

fn declared(input: &Input<'_>, address: &Address) -> bool {
    let (Some(builder), Some(repository)) = (address.builder(), address.repository()) else { return false };
    input.desired.builders.get(builder).is_some_and(|builder| builder.checkouts.contains_key(repository))
}

fn gone(input: &Input<'_>, address: Address, (name, repository, registration): Member<'_>, drafts: &mut Drafts) {
    let stale = Stale::of(repository, registration);
    let frees = (name.clone(), registration.admin_name.clone());
    if let Some(entry) = cut_short(input, registration) {
        let draft = drafts.add(address, Action::FinishRemoval { entry, stale }, "finish a removal that was cut short");
        draft.frees.push(frees);
        return;
    }
    if let Some(found) = stranded::of(input, (name, repository, registration)) {
        return stranded::plan(input, address, &found, drafts);
    }
    let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
    let mut blockers = Vec::new();
    if let Some(now) = input.place_of(&registration.admin_dir) {
        let next = way_back(input, &now, path);
        blockers.push(at("moved-by-hand", path, format!("it was moved by hand to {now}"), next));
    }
    if let Some(reason) = their_lock(input, registration) {
        let next = format!("git -C {} worktree unlock {}", shell(&repository.path), shell(path));
        blockers.push(at("locked", path, locked(&reason), next));
    }
    if let Place::Copied(of) = &input.actual.place {
        let fact = format!("it was registered by the workspace of {of}, of which this one is a copy");
        blockers.push(at("copied", path, fact, format!("mv {} SOMEWHERE", shell(&registration.admin_dir))));
    } else if !matches!(input.actual.place, Place::Same) {
        blockers.push(at("mounted-elsewhere", path, "the workspace is known under another path", "run wsctl there"));
    }
    blockers.extend(of_value(input, registration, path));
    let draft = drafts.add(address, Action::Prune(stale), "prune: its directory is gone, its registration holds nothing");
    draft.change.blockers = blockers;
    draft.frees.push(frees);
}

/// What of value a registration holds whose directory is gone. The way out is a directory again, with the files as they are in
/// the index; from there on it is a checkout like any other.
pub(super) fn of_value(input: &Input<'_>, registration: &Registration, path: &AbsPath) -> Vec<Blocker> {
    let (directory, link) = (shell(path), shell(&path.join(".git")));
    let next = if let Some(now) = input.place_of(&registration.admin_dir) {
        way_back(input, &now, path)
    } else {
        let named = word(&format!("gitdir: {}", registration.admin_dir));
        format!("mkdir -p {directory} && echo {named} > {link} && git -C {directory} checkout-index --all")
    };
    let fact = |held: &String| format!("its directory is gone, its registration still holds {held}");
    registration.remains.iter().map(|held| at("registration-of-value", path, fact(held), next.clone())).collect()
}

fn locked(reason: &str) -> String {
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("its directory is gone, and it is locked{colon}{reason}")
}

/// The move that brings a checkout back: of the whole builder, where that was moved.
fn way_back(input: &Input<'_>, now: &AbsPath, path: &AbsPath) -> String {
    let builder = |path: &AbsPath| {
        let tail = path.relative_to(&input.desired.builders_dir);
        let name = tail.iter().next().filter(|_| !tail.is_absolute())?.to_owned();
        Some((input.desired.builders_dir.join(&name), tail.strip_prefix(&name).ok()?.to_path_buf(), name))
    };
    if let (Some((from, here, _)), Some((to, there, name))) = (builder(now), builder(path))
        && here == there
        && !input.actual.builders.get(&name).is_some_and(|directory| directory.occupant != Occupant::Nothing)
    {
        return format!("mv {} {}", shell(&from), shell(&to));
    }
    format!("mv {} {}", shell(now), shell(path))
}
