//! Places that a checkout's own files take.

use crate::model::actual::Tracked;
use crate::model::address::Address;
use crate::model::desired::{DesiredBuilder, DesiredCheckout, Shape};
use crate::model::name::RepoName;
use crate::model::path::RelPath;

use super::Blocker;
use super::blockers::{at, shell};
use super::draft::Drafts;
use super::input::Input;

/// An inner checkout of a nested builder lies where the root's branch has files of its own.
pub(super) fn tracked_by_root(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    checkout: &DesiredCheckout,
    drafts: &Drafts,
) -> Option<Blocker> {
    if builder.shape != Shape::Nested || checkout.path.is_here() {
        return None;
    }
    tracks(input, builder, &RepoName::root(), &checkout.path, drafts).then(|| {
        let path = &checkout.path;
        let fact = format!("the branch of the workspace root tracks {path} itself");
        let next = format!("git -C {} rm -r --cached {path}, and commit", shell(&input.desired.root));
        at("tracked-by-root", &path.under(&builder.path), fact, next)
    })
}

/// Whether a checkout, as it is or as this plan makes it, tracks a path of the builder.
pub(super) fn tracks(input: &Input<'_>, builder: &DesiredBuilder, name: &RepoName, path: &RelPath, drafts: &Drafts) -> bool {
    let Some(checkout) = builder.checkouts.get(name) else { return false };
    let planned = drafts.find(&Address::Checkout(builder.name.clone(), name.clone()));
    let planned = planned.and_then(|draft| draft.change.action.creates()?.branch.commit());
    let here = || input.registered_at(name, &checkout.path.under(&builder.path)).next()?.head.commit();
    let (Some(commit), Some(path)) = (planned.or_else(here), path.below(&checkout.path)) else { return false };
    input.actual.tracked.contains(&Tracked { repository: name.clone(), commit: commit.clone(), path })
}
