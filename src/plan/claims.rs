//! Who has a branch, who has to give it up first, and what cannot be made because nobody does.

use std::ffi::OsStr;

use crate::model::actual::{Head, Link, Operation, Registration, Repository};
use crate::model::address::Address;
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::name::{BranchName, RepoName};

use super::anchor::{creation, will_exist};
use super::blockers::{blocked_root, branch_collides, branch_in_use, branch_of_a_lost_worktree};
use super::draft::{Draft, Drafts, Input};
use super::members::present;
use super::{Action, Blocker};

/// Who has a branch: a registration, or the main worktree.
struct Holder<'a> {
    registration: Option<&'a Registration>,
    operation: Option<&'a Operation>,
}

fn holders<'a>(repository: &'a Repository, branch: &BranchName, except: Option<&OsStr>) -> Vec<Holder<'a>> {
    let holder = |registration: Option<&'a Registration>, head: &Head, operation: Option<&'a Operation>| {
        let on_it = head.branch() == Some(branch);
        let kept = operation.filter(|operation| operation.holds.contains(branch));
        (on_it || kept.is_some()).then_some(Holder { registration, operation: kept.filter(|_| !on_it) })
    };
    let main = if repository.bare { None } else { holder(None, &repository.head, repository.operation.as_ref()) };
    let others = repository.registrations.values().filter(|other| Some(other.admin_name.as_os_str()) != except);
    main.into_iter().chain(others.filter_map(|other| holder(Some(other), &other.head, other.operation.as_ref()))).collect()
}

fn refusal(repository: &Repository, branch: &BranchName, holder: &Holder<'_>) -> Blocker {
    match holder.registration {
        None => branch_in_use(branch, &repository.path, holder.operation),
        Some(registration) => {
            let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
            if registration.link != Link::Whole {
                return branch_of_a_lost_worktree(branch, path, &registration.admin_dir);
            }
            branch_in_use(branch, path, holder.operation)
        }
    }
}

/// The drafts, by index, that give up the branch which `draft` claims; none: it is free.
/// An error where somebody keeps it.
pub(super) fn freers(input: &Input<'_>, list: &[Draft], draft: &Draft) -> Result<Vec<usize>, Blocker> {
    let Some((name, branch)) = &draft.claim else { return Ok(vec![]) };
    let Some(repository) = input.repository(name) else { return Ok(vec![]) };
    let freer = |holder: &Holder<'_>| {
        let admin_name = &holder.registration?.admin_name;
        let frees = |other: &Draft| other.frees.iter().any(|(repo, admin)| repo == name && admin == admin_name);
        list.iter().position(|other| !other.change.is_blocked() && frees(other))
    };
    let holders = holders(repository, branch, own_registration(draft, name));
    holders.iter().map(|holder| freer(holder).ok_or_else(|| refusal(repository, branch, holder))).collect()
}

/// A draft that both takes and gives up (a switch, a replacement) does not stand in its own way.
fn own_registration<'a>(draft: &'a Draft, name: &RepoName) -> Option<&'a OsStr> {
    draft.frees.iter().find(|(repo, _)| repo == name).map(|(_, admin)| admin.as_os_str())
}

/// Blocks every draft whose branch nobody gives up, and what waits for those, until nothing changes any more.
pub(super) fn settle(input: &Input<'_>, drafts: &mut Drafts) {
    loop {
        let mut refusals = Vec::new();
        for (index, draft) in drafts.list.iter().enumerate().filter(|(_, draft)| !draft.change.is_blocked()) {
            let refusal = freers(input, &drafts.list, draft).err();
            let refusal = refusal.or_else(|| collision(input, &drafts.list, draft));
            refusals.extend(refusal.or_else(|| rootless(input, drafts, draft)).map(|blocker| (index, blocker)));
        }
        if refusals.is_empty() {
            refusals = stuck(input, &drafts.list);
        }
        if refusals.is_empty() {
            return;
        }
        for (index, blocker) in refusals {
            drafts.list[index].change.blockers.push(blocker);
        }
    }
}

/// Another draft of this plan makes a branch beside which this one cannot be.
fn collision(input: &Input<'_>, list: &[Draft], draft: &Draft) -> Option<Blocker> {
    let (name, branch) = draft.claim.as_ref()?;
    let repository = input.repository(name)?;
    let other = list.iter().filter(|other| !other.change.is_blocked()).filter_map(|other| other.claim.as_ref());
    let (_, other) = other.filter(|(repo, other)| repo == name && other.excludes(branch)).min_by_key(|(_, other)| other)?;
    (other < branch).then(|| branch_collides(repository, branch, other))
}

/// Nothing is made inside a nested builder whose root is not there and will not be.
fn rootless(input: &Input<'_>, drafts: &Drafts, draft: &Draft) -> Option<Blocker> {
    let Address::Checkout(name, repository) = &draft.change.address else { return None };
    let builder = input.desired.builders.get(name).filter(|builder| builder.shape == Shape::Nested)?;
    let inner = !repository.is_root() && creation(drafts, builder, repository).is_some();
    (inner && !has_root(input, drafts, builder)).then(|| blocked_root(&builder.path))
}

fn has_root(input: &Input<'_>, drafts: &Drafts, builder: &DesiredBuilder) -> bool {
    let root = RepoName::root();
    present(input, &builder.name).contains(&root) || will_exist(drafts, builder, &root)
}

/// Drafts that wait for each other in a ring where nobody can leave its branch first. A switch can: it is parked.
fn stuck(input: &Input<'_>, list: &[Draft]) -> Vec<(usize, Blocker)> {
    let waits = |draft: &Draft| {
        if draft.change.is_blocked() { vec![] } else { freers(input, list, draft).unwrap_or_default() }
    };
    let waits: Vec<Vec<usize>> = list.iter().map(waits).collect();
    let parks = |index: usize| matches!(list[index].change.action, Action::Switch { .. });
    let mut goes: Vec<bool> = waits.iter().map(Vec::is_empty).collect();
    let next = |goes: &[bool]| {
        (0..list.len()).find(|&index| !goes[index] && waits[index].iter().all(|&first| goes[first] || parks(first)))
    };
    while let Some(index) = next(&goes) {
        goes[index] = true;
    }
    let refused = |index: usize| {
        let (name, branch) = list[index].claim.as_ref()?;
        let repository = input.repository(name)?;
        let holders = holders(repository, branch, own_registration(&list[index], name));
        holders.first().map(|holder| (index, refusal(repository, branch, holder)))
    };
    (0..list.len()).filter(|&index| !goes[index]).filter_map(refused).collect()
}
