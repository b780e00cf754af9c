//! A checkout of ours in its place: its branch, its declaration, its lock.

use crate::model::actual::{Head, Lock, RefFormat, Registration};
use crate::model::desired::Shape;
use crate::model::mark::{CheckoutMark, Deed};
use crate::model::name::ObjectId;
use crate::model::work::Finding;

use super::blockers::{at, replace, shell, word};
use super::branch::{choose, describe};
use super::checkouts::{Case, touch};
use super::draft::Drafts;
use super::input::Input;
use super::{Action, BranchPlan, CheckoutTouch, refusals_of_switch};

/// A whole worktree with our mark.
pub(super) fn ours(input: &Input<'_>, case: &Case<'_>, registration: &Registration, mark: &CheckoutMark, drafts: &mut Drafts) {
    let wanted = &case.checkout.branch;
    let now = registration.head.branch();
    let Some(touch) = touch(case, registration, Some(mark)) else {
        no_commit(case, registration, drafts);
        return;
    };
    let parked = is_parked(registration, mark);
    let replaced = input.replaces(&case.address);
    if (mark.branch != *wanted || parked || replaced) && now != Some(wanted) {
        return switch(case, registration, mark, touch, (replaced, drafts));
    }
    if mark.branch == *wanted && now != Some(wanted) {
        let mut fact = match (&registration.operation, now) {
            (Some(operation), _) => format!("{} in progress", operation.name),
            (None, Some(branch)) => format!("on branch {branch}, declared is {wanted}"),
            (None, None) => format!("HEAD is detached, declared is branch {wanted}"),
        };
        let mut next = replace(&case.address);
        if let Some(commit) = unreferenced(registration) {
            fact = format!("HEAD is detached at commits on no branch or tag, declared is branch {wanted}");
            next = format!("git -C {} branch NAME {}\n{next}", shell(&case.path), commit.short());
        }
        drafts.drift(&case.address, fact, Some(next).filter(|_| registration.operation.is_none()));
    }
    let reasons = stale_mark(input, case, registration, mark);
    if !reasons.is_empty() {
        drafts.add(case.address.clone(), Action::MarkCheckout(touch), reasons.join("; "));
    }
}

/// The newest of the commits that only a detached HEAD holds.
fn unreferenced(registration: &Registration) -> Option<&ObjectId> {
    let findings = registration.work.iter().flat_map(|work| &work.findings);
    let mut commits =
        findings.filter_map(|found| if let Finding::Unreferenced(commits) = found { commits.first() } else { None });
    commits.next().filter(|_| registration.operation.is_none())
}

/// Whether a swap of branches of ours was cut short while HEAD was detached.
fn is_parked(registration: &Registration, mark: &CheckoutMark) -> bool {
    let Head::Detached(at) = &registration.head else { return false };
    registration.operation.is_none() && mark.parked.as_ref() == Some(at)
}

/// HEAD names a branch that was deleted, or never had a commit.
fn no_commit(case: &Case<'_>, registration: &Registration, drafts: &mut Drafts) {
    let wanted = &case.checkout.branch;
    let repository = shell(&case.repository.path);
    let (fact, next) = if registration.head == Head::Unborn(wanted.clone()) && case.repository.refs == RefFormat::Files {
        // The reflog of HEAD is in the admin directory, where deleting the branch did not reach.
        let log = shell(&registration.admin_dir.join("logs/HEAD"));
        let last = format!("\"$(tail -n 1 {log} | cut -d ' ' -f 2)\"");
        (format!("its branch {wanted} is gone"), format!("git -C {repository} branch {} {last}", word(wanted.as_str())))
    } else {
        ("has no commit at HEAD".into(), format!("git -C {} status", shell(&case.path)))
    };
    drafts.drift(&case.address, fact, Some(next));
}

/// Why the mark, or our lock, no longer says what is declared.
fn stale_mark(input: &Input<'_>, case: &Case<'_>, registration: &Registration, mark: &CheckoutMark) -> Vec<String> {
    let mut reasons: Vec<String> = input.moves().and_then(|moves| moves.reason(&registration.admin_dir)).into_iter().collect();
    if mark.branch != case.checkout.branch {
        reasons.push(format!("already on branch {}", case.checkout.branch));
    }
    if mark.path != case.checkout.path {
        reasons.push(format!("declared at {}", case.checkout.path));
    }
    if let Some(at) = &mark.at {
        reasons.push(format!("was taken over at {at}"));
    }
    if let (Some(base), old) = (&case.checkout.base, &mark.base)
        && old.as_ref() != Some(base)
    {
        reasons.push(format!("base {} → {base}", old.as_deref().unwrap_or("none")));
    }
    if mark.file != input.desired.file && input.moved() {
        reasons.push("the workspace was moved".into());
    }
    let holds = case.builder.shape == Shape::Nested && case.checkout.path.is_here();
    match &registration.lock {
        Some(Lock::Ours(lock)) => match lock.deed {
            Deed::Creating { .. } => reasons.push("finish: an earlier run was cut short".into()),
            Deed::Removing { .. } => reasons.push("call off a removal that was cut short".into()),
            Deed::Holding if holds => {}
            Deed::Holding => reasons.push("unlock: it holds no other checkouts any more".into()),
        },
        None if holds => reasons.push("lock: it holds other checkouts".into()),
        None | Some(Lock::Foreign(_)) => {}
    }
    reasons
}

/// The declared branch changed since it was last applied, or whoever left it is to be brought back.
fn switch(
    case: &Case<'_>,
    registration: &Registration,
    mark: &CheckoutMark,
    touch: Box<CheckoutTouch>,
    (replaced, drafts): (bool, &mut Drafts),
) {
    let wanted = &case.checkout.branch;
    let from = registration.head.branch().cloned();
    let mut blockers = Vec::new();
    let branch = choose(case.repository, case.checkout).unwrap_or_else(|blocker| {
        blockers.push(blocker);
        BranchPlan::AfterClone
    });
    let strayed = from.as_ref() != Some(&mark.branch) && !is_parked(registration, mark);
    let now = from.as_ref().map_or("a detached HEAD".into(), |branch| format!("branch {branch}"));
    if strayed && !replaced {
        let fact = format!("it is on {now}, neither on {} as last applied nor on {wanted}", mark.branch);
        blockers.push(at("another-branch", &case.path, fact, replace(&case.address)));
    }
    match &registration.work {
        Some(work) => blockers.extend(refusals_of_switch(&case.path, work)),
        None => blockers.push(at("unknown", &case.path, "its files were not looked at", "wsctl plan")),
    }
    let to = describe(wanted, &branch);
    let to = to.trim_start_matches("on ");
    let reason = if strayed && replaced {
        format!("replace: switch back from {now} to {to}")
    } else {
        format!("switch from {} to {to}", mark.branch)
    };
    let draft = drafts.add(case.address.clone(), Action::Switch { touch, branch, from }, reason);
    draft.claim = Some((case.checkout.repository.clone(), wanted.clone()));
    draft.frees.push((case.checkout.repository.clone(), registration.admin_name.clone()));
    draft.change.blockers = blockers;
}
