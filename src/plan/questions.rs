//! What plan has to know about files before it can decide: only what an action depends on.

use std::collections::BTreeSet;

use crate::model::actual::{Actual, Head, Link, Repository};
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::mark::CheckoutMark;

use super::branch::is_on;
use super::builders_dir;
use super::contents;
use super::input::Input;
use super::members::owned;
use super::moves::Moves;
use super::{Options, Question};

/// The checkouts and directories whose files `actual::examine` has to look at.
#[must_use]
pub fn questions(desired: &Desired, actual: &Actual, options: &Options) -> BTreeSet<Question> {
    let input = Input::new(desired, actual, options);
    let moves = Moves::find(&input);
    all(&input, &moves)
}

/// The same, where it is known what moves.
pub(super) fn all(input: &Input<'_>, moves: &Moves) -> BTreeSet<Question> {
    let (desired, actual) = (input.desired, input.actual);
    let becomes = moves.becomes();
    let mut questions = BTreeSet::new();
    for (name, directory) in &actual.builders {
        let now = becomes.get(name.as_os_str()).map(|builder| builder.as_str());
        let declared = now.or_else(|| name.to_str()).and_then(|name| desired.builders.get(name));
        let owned = owned(input, name, directory);
        if owned.is_some() && declared.is_none() {
            questions.insert(Question::Strays(name.clone()));
        }
        for (repository, known, registration) in input.registered_in(&directory.path) {
            if registration.link != Link::Whole {
                continue;
            }
            let checkout = declared.and_then(|declared| declared.checkouts.get(repository));
            let settled = checkout.is_some_and(|checkout| is_on(known, &checkout.goal, &registration.head));
            if let Some(checkout) = checkout.filter(|_| settled) {
                questions.extend(contents::questions(checkout, registration));
            }
            let Some(builder) = &owned else { continue };
            let mark = registration.mark.mark();
            let switched = checkout
                .is_some_and(|checkout| mark.is_some_and(|mark| mark.goal != checkout.goal || mark.sparse != checkout.sparse));
            let half_made = registration.begun_by().is_some() && mark.is_none();
            // What is on no branch must be told before somebody follows the hint to switch away from it.
            let detached = matches!(registration.head, Head::Detached(_))
                && registration.operation.is_none()
                && !settled
                && !mark.is_some_and(|mark| is_held(known, &registration.head, mark));
            let builder = declared.map_or(builder, |declared| &declared.name);
            let address = Address::Checkout(builder.clone(), repository.clone());
            let strayed = checkout.is_some() && input.replaces(&address);
            if checkout.is_none() || switched || half_made || detached || strayed {
                questions.insert(Question::Work(repository.clone(), registration.admin_name.clone()));
            }
        }
    }
    questions.extend(builders_dir::questions(input));
    questions.extend(moves.questions(input));
    questions
}

/// Whether somebody detached a checkout of a branch at a commit that is the tip of one: nothing behind it can be lost, and
/// of its files nothing is asked.
fn is_held(known: &Repository, head: &Head, mark: &CheckoutMark) -> bool {
    let Head::Detached(at) = head else { return false };
    let remote = known.remote_branches.values().map(|remote| &remote.id);
    mark.goal.branch().is_some() && mark.parked.is_none() && known.branches.values().chain(remote).any(|tip| tip == at)
}
