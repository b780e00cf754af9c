//! A declared checkout whose registration is there and whose directory is not.

use crate::model::actual::{Place, Registration};

use super::blockers::{at, shell};
use super::branch::{choose, describe};
use super::checkouts::{Case, claim, write};
use super::draft::Drafts;
use super::input::Input;
use super::stale::{cut_short, of_value, their_lock};
use super::{Action, BranchPlan, Stale};

pub(super) fn directory_gone(input: &Input<'_>, case: &Case<'_>, registration: &Registration, drafts: &mut Drafts) {
    if let Some(entry) = cut_short(input, registration) {
        // What the registration holds belongs to the trash: it is never dropped for a new checkout.
        let action = Action::FinishRemoval { entry, stale: Stale::of(case.repository, registration) };
        let reason = "finish a removal that was cut short; the next apply makes it again";
        let draft = drafts.add(case.address.clone(), action, reason);
        draft.frees.push((case.checkout.repository.clone(), registration.admin_name.clone()));
        return;
    }
    let path = &case.path;
    let repository = shell(&case.repository.path);
    let mut blockers = Vec::new();
    if let Some(reason) = their_lock(input, registration) {
        let next = format!("git -C {repository} worktree unlock {}", shell(path));
        blockers.push(at("locked", path, format!("it is registered, gone, and locked: {reason}"), next));
    }
    if let Some(now) = input.place_of(&registration.admin_dir) {
        let next = format!("mv {} {}", shell(&now), shell(path));
        drafts.drift(&case.address, format!("was moved by hand to {now}"), Some(next.clone()));
        blockers.push(at("moved-by-hand", path, format!("it was moved by hand to {now}"), next));
    }
    if let Some(mark) = registration.mark.mark().filter(|mark| Some(&mark.workspace) != input.id() && !input.options.take_over) {
        let fact = format!("its directory is gone, and it belongs to another workspace ({})", mark.file);
        blockers.push(at("another-workspace", path, fact, "wsctl apply --take-over"));
    }
    if matches!(input.actual.place, Place::Elsewhere(_)) && !input.moved() {
        blockers.push(at("mounted-elsewhere", path, "the workspace is known under another path", "run wsctl there"));
    }
    blockers.extend(of_value(input, registration, path));
    let plan = match choose(case.repository, case.checkout) {
        Ok(plan) => plan,
        Err(blocker) => {
            blockers.push(blocker);
            BranchPlan::AfterClone
        }
    };
    let reason = format!("its directory is gone: drop the registration, then {}", describe(&case.checkout.goal, &plan));
    let action = Action::ReplaceCheckout {
        stale: Stale::of(case.repository, registration),
        write: Box::new(write(case, plan, Some(registration))),
    };
    let draft = drafts.add(case.address.clone(), action, reason);
    draft.claim = claim(case);
    draft.frees.push((case.checkout.repository.clone(), registration.admin_name.clone()));
    draft.change.blockers = blockers;
}
