//! A worktree without our mark where a checkout is declared: adopted where it is as declared.

use crate::model::actual::Registration;
use crate::model::desired::Goal;

use super::blockers::at;
use super::branch::{is_on, place};
use super::checkouts::{Case, refuse, switch_to, touch};
use super::contents::filling;
use super::draft::Drafts;
use super::input::Input;
use super::{Action, sparse};

/// Adopts it, or says what it is on instead.
pub(super) fn unmarked(input: &Input<'_>, case: &Case<'_>, registration: &Registration, drafts: &mut Drafts) {
    let wanted = &case.checkout.goal;
    let now = place(&registration.head);
    match touch(case, registration, None) {
        Some(touch)
            if is_on(case.repository, wanted, &registration.head)
                && !sparse::is_as(case.checkout.sparse.as_ref(), registration) =>
        {
            let blocker = sparse::other(case, registration);
            drafts.refuse(case.address.clone(), Action::AdoptCheckout(touch), "adopt", vec![blocker]);
        }
        Some(touch) if is_on(case.repository, wanted, &registration.head) => {
            let already = match wanted {
                Goal::Branch(branch) => format!("on branch {branch}"),
                Goal::Ref(reference) => format!("detached at {reference} ({})", touch.head.short()),
            };
            let filling = filling(input, case, registration, drafts);
            let reasons = [format!("adopt: already {already}")].into_iter().chain(filling.reasons);
            let reason = reasons.collect::<Vec<_>>().join("; ");
            let draft = drafts.add(case.address.clone(), Action::AdoptCheckout(touch), reason);
            draft.change.blockers.extend(filling.blockers);
        }
        Some(_) | None => {
            let next = switch_to(case, wanted);
            let fact = format!("a worktree that is not ours is here, on {now} instead of {wanted}");
            refuse(case, drafts, at("another-branch", &case.path, fact, next));
        }
    }
}
