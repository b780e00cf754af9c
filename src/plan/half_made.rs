//! What a killed creation of ours left at a declared path: made anew, or finished where somebody has worked in it.

use crate::model::actual::{Lock, Registration, Repository};
use crate::model::desired::{DesiredBuilder, DesiredCheckout};
use crate::model::mark::Deed;
use crate::model::name::ObjectId;
use crate::model::work::Finding;

use super::checkouts::{Case, touch};
use super::input::Input;
use super::{CheckoutTouch, Removal, RemovedCheckout};

/// What is left of the creation, on its way to the trash: nothing of it is deleted.
pub(super) fn removal(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    checkout: &DesiredCheckout,
    repository: &Repository,
    registration: &Registration,
) -> Removal {
    Removal {
        builder: builder.name.clone(),
        builder_path: builder.path.clone(),
        checkout: Some(checkout.path.clone()),
        mark: input.builder_mark(&builder.name).cloned(),
        checkouts: vec![RemovedCheckout::half_made(checkout, repository, registration)],
        drop_ignore: false,
        unsaved: true,
        keep: builder.policy.trash_keep,
        hooks: vec![],
        counts: false,
    }
}

/// A checkout that git had finished, and that is no longer as git left it: only its mark is missing. One that is as git
/// left it is made anew, since its hook may not have run.
pub(super) fn worked_in(case: &Case<'_>, registration: &Registration) -> Option<Box<CheckoutTouch>> {
    let work = registration.work.as_ref().filter(|work| work.indexed)?;
    let (made_branch, start) = begun(registration)?;
    // Stash entries belong to the branch, and may be older than this checkout.
    let as_left = work.findings.iter().all(|found| matches!(found, Finding::Stashed(_)))
        && work.ignored.files == 0
        && registration.head.branch() == case.checkout.goal.branch()
        && registration.head.commit() == Some(start);
    if as_left {
        return None;
    }
    let mut touch = touch(case, registration, None)?;
    touch.made_branch |= made_branch;
    touch.start = start.clone();
    Some(touch)
}

/// What the lock of the creation says: whether it made the branch, and from which commit.
fn begun(registration: &Registration) -> Option<(bool, &ObjectId)> {
    let Some(Lock::Ours(lock)) = &registration.lock else { return None };
    match &lock.deed {
        Deed::Creating { made_branch, start } => Some((*made_branch, start)),
        Deed::Removing { .. } | Deed::Holding => None,
    }
}
