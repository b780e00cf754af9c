//! A checkout of ours in its place: its branch, its declaration, its lock.

use crate::model::actual::{Base, Head, Lock, RefFormat, Registration};
use crate::model::desired::{Goal, Shape};
use crate::model::mark::{CheckoutMark, Deed};
use crate::model::name::{BranchName, ObjectId};
use crate::model::work::Finding;

use super::blockers::{at, branch_collides, replace, shell, word};
use super::branch::{beside_but, choose, describe, is_as_applied, is_on, place, words};
use super::checkouts::{Case, claim, touch};
use super::contents::{Filling, filling};
use super::draft::Drafts;
use super::input::Input;
use super::lfs::unready;
use super::sparse::{Shaping, details, left_out, shaping};
use super::{Action, Blocker, BranchPlan, CheckoutTouch, refusals_of_switch};

/// A whole worktree with our mark.
pub(super) fn ours(input: &Input<'_>, case: &Case<'_>, registration: &Registration, mark: &CheckoutMark, drafts: &mut Drafts) {
    let wanted = &case.checkout.goal;
    let Some(mut touch) = touch(case, registration, Some(mark)) else {
        no_commit(case, registration, drafts);
        return;
    };
    let there = is_on(case.repository, wanted, &registration.head);
    let replaced = input.replaces(&case.address);
    let changed = mark.goal != *wanted || is_parked(registration, mark) || has_moved(case, registration, mark);
    let shaping = shaping(input, case, registration, mark, drafts);
    touch.reshape = shaping.change;
    if let Some(from) = renamed(input, case, registration, mark).filter(|_| !there) {
        return rename(input, case, registration, (touch, from), (shaping, drafts));
    }
    if !there && (changed || replaced) {
        return switch(input, case, (registration, mark), touch, (replaced, shaping, drafts));
    }
    if !there {
        drift(case, registration, mark, drafts);
    }
    let mut reasons = stale_mark(input, case, registration, mark);
    reasons.extend(shaping.reason.clone());
    let filling = if there { filling(input, case, registration, drafts) } else { Filling::default() };
    reasons.extend(filling.reasons);
    if reasons.is_empty() {
        return;
    }
    let details = shaping.change.then(|| details(case.checkout, Some(case.repository)));
    let draft = drafts.add(case.address.clone(), Action::MarkCheckout(touch), reasons.join("; "));
    draft.change.details.extend(details.into_iter().flatten());
    draft.change.blockers.extend(filling.blockers);
    draft.change.blockers.extend(against_shaping(input, case, registration, shaping));
}

/// What speaks against other directories than it has, where it shall have others.
fn against_shaping(input: &Input<'_>, case: &Case<'_>, registration: &Registration, shaping: Shaping) -> Vec<Blocker> {
    if !shaping.change {
        return vec![];
    }
    let mut blockers: Vec<Blocker> = shaping.blocker.into_iter().chain(left_out(case, registration)).collect();
    blockers.extend(unclean(case, registration));
    blockers.extend(unready(input, &case.checkout.repository, &case.path));
    blockers
}

/// What a change of something else says of the directories that come with it.
fn told_of_shaping(case: &Case<'_>, shaping: &Shaping) -> Vec<String> {
    let details = shaping.change.then(|| details(case.checkout, Some(case.repository)));
    shaping.reason.iter().cloned().chain(details.into_iter().flatten()).collect()
}

/// What speaks against touching the files of a checkout.
fn unclean(case: &Case<'_>, registration: &Registration) -> Vec<Blocker> {
    match &registration.work {
        Some(work) => refusals_of_switch(&case.path, work),
        None => vec![at("unknown", &case.path, "its files were not looked at", "wsctl plan")],
    }
}

/// The branch that a `[[moved]]` renames to the declared one, if the checkout is on it as it was applied.
fn renamed(input: &Input<'_>, case: &Case<'_>, registration: &Registration, mark: &CheckoutMark) -> Option<BranchName> {
    let before = input.desired.moved.branches.get(case.checkout.goal.branch()?)?;
    let on = registration.head.branch().filter(|on| mark.goal.branch() == Some(*on))?;
    before.contains(on).then(|| on.clone())
}

/// The branch of the last apply that a `[[moved]]` would rename to the declared one, were the checkout on it: a new one in its
/// place would leave the commits behind unsaid.
fn unreached<'a>(input: &Input<'_>, case: &Case<'_>, mark: &'a CheckoutMark) -> Option<&'a BranchName> {
    let (wanted, old) = (case.checkout.goal.branch()?, mark.goal.branch()?);
    let branches = &case.repository.branches;
    let renames = input.desired.moved.branches.get(wanted).is_some_and(|before| before.contains(old));
    (renames && branches.contains_key(old) && !branches.contains_key(wanted)).then_some(old)
}

/// The other directories that it shall have come with its new name.
fn rename(
    input: &Input<'_>,
    case: &Case<'_>,
    registration: &Registration,
    (touch, from): (Box<CheckoutTouch>, BranchName),
    (shaping, drafts): (Shaping, &mut Drafts),
) {
    let Some(to) = case.checkout.goal.branch() else { return };
    let reason = format!("rename branch {from} to {to}");
    let taken = case.repository.branches.contains_key(to);
    let other = beside_but(case.repository, to, Some(&from)).map(|other| branch_collides(case.repository, to, other));
    let draft = drafts.add(case.address.clone(), Action::RenameBranch { touch, from }, reason);
    draft.frees.push((case.checkout.repository.clone(), registration.admin_name.clone()));
    draft.change.details.extend(told_of_shaping(case, &shaping));
    let reason = shaping.reason.clone();
    draft.change.blockers = against_shaping(input, case, registration, shaping);
    // A name alone needs no clean checkout.
    if let (Some(first), Some(reason)) = (draft.change.blockers.first_mut(), reason) {
        first.fact = format!("{reason}; {}", first.fact);
    }
    if taken {
        let next = format!("git -C {} branch -m {} ANOTHER-NAME", shell(&case.repository.path), word(to.as_str()));
        let fact = format!("branch {to} is there already");
        draft.change.blockers.push(at("branch-in-use", &case.repository.path, fact, next));
    } else if let Some(collides) = other {
        draft.change.blockers.push(collides);
    } else {
        draft.claim = claim(case);
    }
}

/// Whether a reference is where the last apply put it, and its revision names another commit by now.
fn has_moved(case: &Case<'_>, registration: &Registration, mark: &CheckoutMark) -> bool {
    let known = case.checkout.goal.reference().and_then(|reference| case.repository.bases.get(reference));
    matches!(known, Some(Base::Commit(_))) && is_as_applied(mark, &registration.head)
}

/// It is not on what is declared, and nobody asked for that in the file.
fn drift(case: &Case<'_>, registration: &Registration, mark: &CheckoutMark, drafts: &mut Drafts) {
    let wanted = &case.checkout.goal;
    let declared = words(wanted);
    let mut next = replace(&case.address);
    let mut fact = match (&registration.operation, &registration.head) {
        (Some(operation), _) => format!("{} in progress", operation.name),
        (None, Head::Branch(branch, _) | Head::Unborn(branch)) => match wanted {
            Goal::Branch(wanted) => format!("on branch {branch}, declared is {wanted}"),
            Goal::Ref(_) => format!("on branch {branch}, declared is {declared}"),
        },
        (None, Head::Detached(at)) => match wanted {
            Goal::Branch(_) => format!("HEAD is detached, declared is {declared}"),
            Goal::Ref(_) if is_as_applied(mark, &registration.head) => return lost_reference(case, drafts),
            Goal::Ref(_) => format!("HEAD is at {}, declared is {declared}", at.short()),
        },
        (None, Head::Unreadable(_)) => format!("HEAD cannot be read, declared is {declared}"),
    };
    if let Some(commit) = unreferenced(registration) {
        fact = format!("HEAD is detached at commits on no branch or tag, declared is {declared}");
        next = format!("git -C {} branch NAME {}\n{next}", shell(&case.path), commit.short());
    }
    drafts.drift(&case.address, fact, Some(next).filter(|_| registration.operation.is_none()));
}

/// The revision of a reference is gone, or ambiguous by now: it stays where it is.
fn lost_reference(case: &Case<'_>, drafts: &mut Drafts) {
    let Err(blocker) = choose(case.repository, case.checkout) else { return };
    drafts.drift(&case.address, format!("stays where it is: {}", blocker.fact), Some(blocker.next));
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
    let repository = shell(&case.repository.path);
    let own = case.checkout.goal.branch().filter(|wanted| registration.head == Head::Unborn((*wanted).clone()));
    let (fact, next) = if let Some(wanted) = own.filter(|_| case.repository.refs == RefFormat::Files) {
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
    let there = is_on(case.repository, &case.checkout.goal, &registration.head);
    match &case.checkout.goal {
        Goal::Branch(branch) if mark.goal != case.checkout.goal => reasons.push(format!("already on branch {branch}")),
        Goal::Ref(reference) if there && (mark.goal != case.checkout.goal || !is_as_applied(mark, &registration.head)) => {
            reasons.push(format!("already detached at {reference}"));
        }
        Goal::Branch(_) | Goal::Ref(_) => {}
    }
    if mark.path != case.checkout.path {
        let moves = input.moves().and_then(|moves| moves.of(&case.builder.name));
        let moves = moves.is_some_and(|moving| moving.relocation.takes(&registration.admin_dir));
        reasons.push(match (moves, case.checkout.path.is_here()) {
            (true, true) => "become the builder itself".into(),
            (true, false) => format!("move to {}", case.checkout.path),
            (false, _) => format!("declared at {}", case.checkout.path),
        });
    }
    if let Some(at) = &mark.at {
        reasons.push(format!("was taken over at {at}"));
    }
    if let (Some(base), old) = (&case.checkout.base, &mark.base)
        && old.as_ref() != Some(base)
    {
        reasons.push(format!("base {} → {base}", old.as_deref().unwrap_or("none")));
    }
    if mark.hooks.pre_remove != case.checkout.hooks.pre_remove {
        reasons.push("its pre_remove hook changed".into());
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
        None if holds && case.builder.checkouts.len() == 1 => reasons.push("lock: it is all of the builder".into()),
        None if holds => reasons.push("lock: it holds other checkouts".into()),
        None | Some(Lock::Foreign(_)) => {}
    }
    reasons
}

/// What is declared changed since it was last applied, or the commit of a reference did, or whoever left it is to be
/// brought back.
fn switch(
    input: &Input<'_>,
    case: &Case<'_>,
    (registration, mark): (&Registration, &CheckoutMark),
    touch: Box<CheckoutTouch>,
    (replaced, shaping, drafts): (bool, Shaping, &mut Drafts),
) {
    let wanted = &case.checkout.goal;
    let from = registration.head.branch().cloned();
    let mut blockers = Vec::new();
    let branch = choose(case.repository, case.checkout).unwrap_or_else(|blocker| {
        blockers.push(blocker);
        BranchPlan::AfterClone
    });
    let strayed = !is_as_applied(mark, &registration.head) && !is_parked(registration, mark);
    let now = place(&registration.head);
    if let Some(old) = unreached(input, case, mark).filter(|_| strayed) {
        let fact = format!("it is on {now}, so that [[moved]] cannot rename branch {old}");
        let next = format!("git -C {} switch {}\nthen wsctl apply", shell(&case.path), word(old.as_str()));
        blockers.push(at("another-branch", &case.path, fact, next));
    } else if strayed && !replaced {
        let fact = format!("it is on {now}, neither on {} as last applied nor on {wanted}", mark.goal);
        blockers.push(at("another-branch", &case.path, fact, replace(&case.address)));
    }
    let told = told_of_shaping(case, &shaping);
    blockers.extend(shaping.blocker);
    blockers.extend(left_out(case, registration).filter(|_| shaping.change));
    blockers.extend(unclean(case, registration));
    blockers.extend(unready(input, &case.checkout.repository, &case.path));
    let left = match &mark.goal {
        Goal::Branch(branch) => branch.to_string(),
        Goal::Ref(reference) => format!("{reference} ({})", mark.start.short()),
    };
    let to = describe(wanted, &branch);
    let to = to.trim_start_matches("on ");
    let reason = if strayed && replaced {
        format!("replace: switch back from {now} to {to}")
    } else {
        format!("switch from {left} to {to}")
    };
    let draft = drafts.add(case.address.clone(), Action::Switch { touch, branch, from }, reason);
    draft.claim = claim(case);
    draft.frees.push((case.checkout.repository.clone(), registration.admin_name.clone()));
    draft.change.details.extend(told);
    draft.change.blockers = blockers;
}
