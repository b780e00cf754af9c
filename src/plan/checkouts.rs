//! `builders.B.R`: one case for every state that a declared checkout can be in.

use crate::model::actual::{Lock, Registration, Repository};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::{DesiredBuilder, DesiredCheckout, Goal};
use crate::model::mark::{CheckoutMark, Deed};
use crate::model::name::{BranchName, RepoName};
use crate::model::path::AbsPath;
use crate::model::work::Finding;

use super::blockers::{at, occupied, see_to, shell, word};
use super::branch::{choose, describe, is_on};
use super::draft::Drafts;
use super::found::{Found, find};
use super::gone::directory_gone;
use super::half_made;
use super::input::Input;
use super::ours::ours;
use super::tracked::tracked_by_root;
use super::unmarked::unmarked;
use super::unsaved::{finding, trash_may_hold};
use super::{Action, Blocker, BranchPlan, CheckoutTouch, CheckoutWrite, Symbol, contents, lfs, restore, sparse};

/// One declared checkout in its place.
pub(super) struct Case<'a> {
    pub(super) builder: &'a DesiredBuilder,
    pub(super) checkout: &'a DesiredCheckout,
    pub(super) repository: &'a Repository,
    pub(super) path: AbsPath,
    pub(super) address: Address,
}

pub(super) fn plan(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    for checkout in builder.checkouts.values() {
        let address = Address::Checkout(builder.name.clone(), checkout.repository.clone());
        match input.repository(&checkout.repository) {
            Some(repository) => {
                let path = checkout.path.under(&builder.path);
                plan_one(input, &Case { builder, checkout, repository, path, address }, drafts);
            }
            None => without_repository(input, builder, checkout, address, drafts),
        }
    }
}

/// The repository is not there: after its clone, or not at all.
fn without_repository(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    checkout: &DesiredCheckout,
    address: Address,
    drafts: &mut Drafts,
) {
    let repository = Address::Repository(checkout.repository.clone());
    let cloned = drafts
        .find(&repository)
        .is_some_and(|draft| !draft.change.is_blocked() && matches!(draft.change.action, Action::Clone { .. }));
    let occupant = input.occupant(&builder.name, &checkout.path);
    let free = matches!(occupant, Occupant::Nothing | Occupant::Empty);
    if !cloned {
        let path = checkout.path.under(&builder.path);
        let blocker = at("blocked-repository", &path, format!("{repository} cannot be used"), see_to(&repository));
        drafts.refuse(address, Action::Nothing(Symbol::Create), "create", vec![blocker]);
        return;
    }
    let Some(declared) = input.desired.repositories.get(&checkout.repository) else { return };
    let write = CheckoutWrite {
        builder: builder.name.clone(),
        builder_path: builder.path.clone(),
        repository: declared.path.clone(),
        desired: checkout.clone(),
        branch: BranchPlan::AfterClone,
        made_branch: false,
        made_from: None,
        holds: checkout.path.is_here(),
    };
    let reason = describe(&checkout.goal, &write.branch);
    let tracked = tracked_by_root(input, builder, checkout, drafts);
    let draft = drafts.add(address, Action::CreateCheckout(Box::new(write)), reason);
    draft.change.blockers.extend(tracked);
    draft.change.details.extend(sparse::details(checkout, None));
    draft.change.details.extend(contents::details(checkout));
    if !free {
        draft.change.blockers.push(occupied(&checkout.path.under(&builder.path), occupant));
    }
}

fn plan_one(input: &Input<'_>, case: &Case<'_>, drafts: &mut Drafts) {
    let path = &case.path;
    let here = shell(path);
    match find(input, case.builder, case.checkout) {
        Found::Nothing => create(input, case, drafts, None),
        Found::InTheWay(occupant) => refuse(case, drafts, occupied(path, occupant)),
        Found::Ours(registration, mark) => ours(input, case, registration, mark, drafts),
        Found::Unmarked(registration) => unmarked(input, case, registration, drafts),
        Found::MarkedOtherwise(fact) => {
            refuse(
                case,
                drafts,
                at("not-ours", path, fact, format!("git -C {} worktree move {here} SOMEWHERE", shell(&case.repository.path))),
            );
        }
        Found::HalfMade(registration) => match half_made::worked_in(case, registration) {
            Some(touch) => {
                let reason = "finish: an earlier run was cut short, and what was done there since then stays";
                drafts.add(case.address.clone(), Action::MarkCheckout(touch), reason);
            }
            None => create(input, case, drafts, Some(registration)),
        },
        Found::DirectoryGone(registration) => directory_gone(input, case, registration, drafts),
        Found::BrokenLink(registration, fact) => {
            let (path, line) =
                (registration.worktree.as_ref().unwrap_or(path), word(&format!("gitdir: {}", registration.admin_dir)));
            let next = format!("echo {line} > {}", shell(&path.join(".git")));
            refuse(case, drafts, at("broken-link", path, format!("{fact}; its files stay as they are"), next));
        }
        Found::Unnamed(registration, what) => {
            let (line, gitdir) = (shell(&path.join(".git")), shell(&registration.admin_dir.join("gitdir")));
            refuse(case, drafts, at("broken-link", path, format!("its registration: {what}"), format!("echo {line} > {gitdir}")));
        }
        Found::WorkspaceMoved { registration, mark, old_worktree, old_admin_dir } => {
            let Some(mut touch) = touch(case, registration, Some(mark)) else { return };
            if !is_on(case.repository, &case.checkout.goal, &registration.head) {
                // A switch that is still to come: a mark of the new goal would make it drift.
                touch.desired.goal = mark.goal.clone();
            }
            touch.desired.sparse.clone_from(&mark.sparse);
            let (old_worktree, old_admin_dir) = (old_worktree.clone(), old_admin_dir.clone());
            let reason = match &case.repository.was {
                Some(was) => format!("repair its links: the repository was moved from {was}"),
                None => format!("repair its links: the workspace was moved, they name {old_worktree}"),
            };
            drafts.add(case.address.clone(), Action::Repair { touch, old_worktree, old_admin_dir }, reason);
        }
        Found::MountedElsewhere(registration) => elsewhere_mounted(input, case, registration, drafts),
        Found::Elsewhere(now) => {
            let next = format!("git -C {} worktree move {} {here}", shell(&case.repository.path), shell(&now));
            drafts.drift(&case.address, format!("lies at {now}, not where it is declared"), Some(next.clone()));
            refuse(case, drafts, at("registered-elsewhere", path, format!("it is registered at {now}"), next));
        }
        Found::Lost(registration) => {
            let was = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
            let (fact, next) = match input.place_of(&registration.admin_dir) {
                Some(now) => (format!("was moved by hand to {now}"), format!("mv {} {}", shell(&now), shell(was))),
                None => (format!("is registered at {was} and is not there"), format!("mv WHERE-IT-IS-NOW {}", shell(was))),
            };
            drafts.drift(&case.address, &fact, Some(next.clone()));
            refuse(case, drafts, at("registered-elsewhere", path, fact, next));
        }
    }
}

pub(super) fn refuse(case: &Case<'_>, drafts: &mut Drafts, blocker: Blocker) {
    drafts.refuse(case.address.clone(), Action::Nothing(Symbol::Create), "create", vec![blocker]);
}

fn elsewhere_mounted(input: &Input<'_>, case: &Case<'_>, registration: &Registration, drafts: &mut Drafts) {
    let was = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
    let why = if input.moved() { "its two ends do not agree" } else { "the same workspace is known under another path" };
    let fact = format!("it is registered at {was}: {why}; nothing of it is dropped or made again");
    drafts.drift(&case.address, &fact, None);
    refuse(case, drafts, at("mounted-elsewhere", &case.path, fact, format!("run wsctl where {was} exists")));
}

/// Makes the checkout; `left` is what a killed creation left there.
fn create(input: &Input<'_>, case: &Case<'_>, drafts: &mut Drafts, left: Option<&Registration>) {
    let path = &case.path;
    let plan = match choose(case.repository, case.checkout) {
        Ok(plan) => plan,
        Err(blocker) => return refuse(case, drafts, blocker),
    };
    let mut reason = describe(&case.checkout.goal, &plan);
    let write = Box::new(write(case, plan, left));
    let action = match left {
        None => Action::CreateCheckout(write),
        Some(registration) => {
            reason = format!("resume: an earlier run was cut short; {reason}");
            let removal = Box::new(half_made::removal(input, case.builder, case.checkout, case.repository, registration));
            Action::ResumeCheckout { removal, write }
        }
    };
    let tracked = tracked_by_root(input, case.builder, case.checkout, drafts);
    let unfinished = left.and_then(|registration| registration.work.as_ref());
    let draft = drafts.add(case.address.clone(), action, reason);
    draft.claim = claim(case);
    draft.change.details.extend(sparse::details(case.checkout, Some(case.repository)));
    draft.change.details.extend(contents::details(case.checkout));
    draft.change.blockers.extend(lfs::unready(input, &case.checkout.repository, path));
    if let Some(registration) = left {
        draft.frees.push((case.checkout.repository.clone(), registration.admin_name.clone()));
        let busy = unfinished.into_iter().flat_map(|work| &work.findings).filter(|found| !trash_may_hold(found));
        let held = busy.filter(|found| !matches!(found, Finding::IndexLock(_) | Finding::Unknown(_)));
        draft.change.blockers.extend(held.map(|found| finding(path, found)));
    }
    draft.change.blockers.extend(tracked);
    if in_trash(input, case) {
        draft.change.details.push(restore::instead(&case.builder.name, Some(&case.checkout.repository)));
    }
}

fn in_trash(input: &Input<'_>, case: &Case<'_>) -> bool {
    let path = &case.checkout.path;
    restore::offered(input.actual)
        .any(|(_, manifest)| manifest.builder == case.builder.name && manifest.checkout.as_ref() == Some(path))
}

/// The branch that a checkout needs for itself.
pub(super) fn claim(case: &Case<'_>) -> Option<(RepoName, BranchName)> {
    Some((case.checkout.repository.clone(), case.checkout.goal.branch()?.clone()))
}

/// What an earlier run of ours made the declared branch from, if it made it.
fn made<'a>(case: &Case<'a>) -> Option<&'a Option<String>> {
    case.repository.made.get(case.checkout.goal.branch()?)
}

pub(super) fn write(case: &Case<'_>, branch: BranchPlan, left: Option<&Registration>) -> CheckoutWrite {
    let made = made(case);
    let mark = left.and_then(|left| left.mark.mark()).filter(|mark| mark.goal == case.checkout.goal);
    CheckoutWrite {
        made_branch: made.is_some() || left.is_some_and(|left| made_its_branch(case, left)),
        made_from: mark.and_then(|mark| mark.base.clone()).or_else(|| made.cloned().flatten()),
        builder: case.builder.name.clone(),
        builder_path: case.builder.path.clone(),
        repository: case.repository.path.clone(),
        desired: case.checkout.clone(),
        branch,
        holds: case.checkout.path.is_here(),
    }
}

/// Whether an earlier run made the branch for a checkout of which only the registration is left.
fn made_its_branch(case: &Case<'_>, left: &Registration) -> bool {
    match (left.mark.mark(), &left.lock) {
        (Some(mark), _) => mark.made_branch && mark.goal == case.checkout.goal,
        (None, Some(Lock::Ours(lock))) => matches!(lock.deed, Deed::Creating { made_branch: true, .. }),
        (None, Some(Lock::Foreign(_)) | None) => false,
    }
}

pub(super) fn touch(case: &Case<'_>, registration: &Registration, previous: Option<&CheckoutMark>) -> Option<Box<CheckoutTouch>> {
    let made = made(case);
    let head = registration.head.commit()?;
    // A reference is where the last apply put it, until it is seen where it is declared.
    let moved = previous.filter(|_| !is_on(case.repository, &case.checkout.goal, &registration.head));
    Some(Box::new(CheckoutTouch {
        made_branch: made.is_some(),
        made_from: made.cloned().flatten(),
        builder: case.builder.name.clone(),
        builder_path: case.builder.path.clone(),
        path: case.path.clone(),
        repository: case.repository.path.clone(),
        admin_dir: registration.admin_dir.clone(),
        desired: case.checkout.clone(),
        previous: previous.cloned(),
        head: head.clone(),
        on: registration.head.branch().cloned(),
        reshape: false,
        start: moved.map_or(head, |mark| &mark.start).clone(),
    }))
}

/// The command that puts a checkout on its goal; it makes the branch where there is none yet.
pub(super) fn switch_to(case: &Case<'_>, goal: &Goal) -> String {
    let repository = case.repository;
    let branch = match goal {
        Goal::Branch(branch) => branch,
        Goal::Ref(reference) => return format!("git -C {} switch --detach {}", shell(&case.path), word(reference)),
    };
    let known =
        repository.branches.contains_key(branch) || repository.remote_branches.values().any(|remote| remote.branch == *branch);
    let create = if known { "" } else { "-c " };
    format!("git -C {} switch {create}{}", shell(&case.path), word(branch.as_str()))
}
