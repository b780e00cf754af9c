//! What a checkout holds beside the files of its own commits: submodules, and the files of git-lfs.

use crate::model::actual::Registration;
use crate::model::desired::DesiredCheckout;
use crate::model::lfs::Lfs;

use super::checkouts::Case;
use super::draft::Drafts;
use super::input::Input;
use super::{Blocker, Question, lfs, submodules};

/// What becomes of it in a checkout that is where it is declared.
#[derive(Default)]
pub(super) struct Filling {
    /// What comes.
    pub(super) reasons: Vec<String>,
    /// Why it cannot.
    pub(super) blockers: Vec<Blocker>,
}

/// What has to be known of a checkout that is where it is declared.
pub(super) fn questions(checkout: &DesiredCheckout, registration: &Registration) -> Vec<Question> {
    let ask = |question: fn(_, _) -> Question| question(checkout.repository.clone(), registration.admin_name.clone());
    let submodules = checkout.contents.submodules.then(|| ask(Question::Submodules));
    let pointers = (checkout.contents.lfs == Lfs::Content).then(|| ask(Question::Pointers));
    submodules.into_iter().chain(pointers).collect()
}

/// Compares what is declared with what is there. While something is in progress it is left alone.
pub(super) fn filling(input: &Input<'_>, case: &Case<'_>, registration: &Registration, drafts: &mut Drafts) -> Filling {
    let mut filling = Filling::default();
    if registration.operation.is_none() {
        submodules::fill(case, registration, &mut filling, drafts);
        lfs::fill(input, case, registration, &mut filling);
    }
    filling
}

/// What a creation says of it.
pub(super) fn details(checkout: &DesiredCheckout) -> Vec<String> {
    submodules::details(checkout).into_iter().chain(lfs::details(checkout)).collect()
}
