//! What holds back removals that are too many, or the last ones.

use std::collections::BTreeSet;

use crate::model::name::{BranchName, BuilderName, RepoName};

use super::blockers::plain;
use super::draft::Drafts;
use super::input::Input;
use super::members::owned;
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
    } else if let Some((was, is)) = other_branch(input) {
        let fact = format!("the workspace root is on {is}; it was on {was} when builders.toml was last applied");
        plain("root-branch", fact, "wsctl apply --allow-removals")
    } else if input.desired.builders.is_empty() && leaves_none(drafts, owned.len()) {
        plain("last-builder", "it is the last builder, and the file declares none", "wsctl apply --allow-removals")
    } else {
        return;
    };
    for draft in drafts.list.iter_mut().filter(|draft| removals(&draft.change.action) && !draft.change.is_blocked()) {
        draft.change.blockers.push(blocker.clone());
    }
}

/// The branch of the root at the last apply and now, where the two differ: its builders.toml may be another one.
fn other_branch(input: &Input<'_>) -> Option<(BranchName, String)> {
    let was = input.actual.workspace.mark()?.root_branch.clone()?;
    let head = &input.repository(&RepoName::root())?.head;
    let is = head.branch().map_or("a detached HEAD".into(), |branch| format!("branch {branch}"));
    (head.branch() != Some(&was)).then_some((was, is))
}

/// The branch that the mark of the workspace shall name: that of the root, unless removals wait for a word about it.
pub(super) fn root_branch(input: &Input<'_>) -> Option<BranchName> {
    let was = input.actual.workspace.mark().and_then(|mark| mark.root_branch.clone());
    let is = || input.repository(&RepoName::root())?.head.branch().cloned();
    if input.options.allow_removals { is() } else { was.or_else(is) }
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
