//! What holds back removals that are too many, or the last ones (SPEC, 6.8).

use std::collections::BTreeSet;

use crate::model::name::BuilderName;

use super::blockers::plain;
use super::draft::{Drafts, Input};
use super::removals::owned;
use super::{Action, Blocker};

/// How long a removal counts against the limit.
const DAY: i64 = 24 * 3600;

pub(super) fn hold(input: &Input<'_>, drafts: &mut Drafts) {
    if input.options.allow_removals {
        return;
    }
    let removals = |action: &Action| matches!(action, Action::RemoveBuilder(_) | Action::RemoveCheckout(_));
    let pending = drafts.list.iter().filter(|draft| !draft.change.is_blocked() && removals(&draft.change.action)).count();
    if pending == 0 {
        return;
    }
    let owned: BTreeSet<BuilderName> =
        input.actual.builders.iter().filter_map(|(name, directory)| owned(input, name, directory)).collect();
    let recent = recently_removed(input);
    let limit = input.desired.max_removals.limit(owned.len() + recent);
    let blocker = if pending + recent > limit {
        too_many(pending, recent, limit)
    } else if input.desired.builders.is_empty() && leaves_none(drafts, owned.len()) {
        plain("last-builder", "it is the last builder, and the file declares none", "wsctl apply --allow-removals")
    } else {
        return;
    };
    for draft in drafts.list.iter_mut().filter(|draft| removals(&draft.change.action) && !draft.change.is_blocked()) {
        draft.change.blockers.push(blocker.clone());
    }
}

fn recently_removed(input: &Input<'_>) -> usize {
    let manifests = input.actual.trash.iter().filter_map(|entry| entry.manifest.as_ref());
    let ours = manifests.filter(|manifest| Some(&manifest.workspace) == input.id());
    ours.filter(|manifest| manifest.counts && manifest.removed > input.options.now - DAY).count()
}

fn too_many(pending: usize, recent: usize, limit: usize) -> Blocker {
    let day = if recent > 0 { format!(" and {recent} in the last 24 hours") } else { String::new() };
    let fact = format!("{pending} removal{}{day}, max_removals allows {limit}", if pending == 1 { "" } else { "s" });
    plain("max-removals", fact, "wsctl apply --allow-removals")
}

fn leaves_none(drafts: &Drafts, owned: usize) -> bool {
    let whole = |action: &Action| matches!(action, Action::RemoveBuilder(_));
    drafts.list.iter().filter(|draft| whole(&draft.change.action) && !draft.change.is_blocked()).count() == owned
}
