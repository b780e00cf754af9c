//! What holds back removals that are too many, or the last ones.

use std::collections::BTreeSet;

use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::trash::Manifest;

use super::blockers::plain;
use super::draft::Drafts;
use super::input::Input;
use super::members::owned;
use super::{Action, Blocker};

pub(super) fn hold(input: &Input<'_>, drafts: &mut Drafts) {
    if input.options.allow_removals {
        return;
    }
    let pending = drafts.list.iter().filter(|draft| !draft.change.is_blocked() && removals(&draft.change.action)).count();
    if pending == 0 {
        return;
    }
    let owned: BTreeSet<BuilderName> =
        input.actual.builders.iter().filter_map(|(name, directory)| owned(input, name, directory)).collect();
    let recent = recently_removed(input);
    let builders = recent.iter().filter(|manifest| manifest.checkout.is_none()).count();
    let (recent, limit) = (recent.len(), input.desired.max_removals.limit(owned.len() + builders));
    let blocker = if pending + recent > limit {
        too_many(pending, recent, limit)
    } else if let Some((was, is)) = other_branch(input) {
        let fact = format!("the workspace root is on {is}; it was on {was} when builders.toml was last applied");
        plain("root-branch", fact, "wsctl apply --allow-removals")
    } else if input.desired.builders.is_empty() {
        let last = if owned.len() == 1 { "it is the last builder" } else { "these are the last builders" };
        plain("last-builder", format!("{last}, and the file declares none"), "wsctl apply --allow-removals")
    } else {
        return;
    };
    for draft in drafts.list.iter_mut().filter(|draft| removals(&draft.change.action) && !draft.change.is_blocked()) {
        draft.change.blockers.push(blocker.clone());
    }
}

fn removals(action: &Action) -> bool {
    matches!(action, Action::RemoveBuilder(_) | Action::RemoveCheckout(_))
}

/// The branch of the root at the last apply and now, where the two differ: its builders.toml may be another one.
fn other_branch(input: &Input<'_>) -> Option<(BranchName, String)> {
    let was = input.actual.workspace.mark()?.root_branch.clone()?;
    let head = &input.repository(&RepoName::root())?.head;
    let is = head.branch().map_or("a detached HEAD".into(), |branch| format!("branch {branch}"));
    (head.branch() != Some(&was)).then_some((was, is))
}

/// The branch that the mark of the workspace shall name: that of the root, unless removals wait for a word about it.
pub(super) fn root_branch(input: &Input<'_>, drafts: &Drafts) -> Option<BranchName> {
    let was = input.actual.workspace.mark().and_then(|mark| mark.root_branch.clone());
    let is = || input.repository(&RepoName::root())?.head.branch().cloned();
    let wait = !input.options.allow_removals && drafts.list.iter().any(|draft| removals(&draft.change.action));
    if wait && was.is_some() { was } else { is().or(was) }
}

/// What was removed within a day, also where the trash was emptied since.
fn recently_removed<'a>(input: &Input<'a>) -> Vec<&'a Manifest> {
    let actual = input.actual;
    let entries = actual.trash.iter().chain(actual.gone.iter().map(|gone| &gone.entry));
    let ours = entries.filter_map(|entry| entry.manifest.as_ref()).filter(|it| Some(&it.workspace) == input.id());
    let now = input.options.moment();
    ours.filter(|manifest| manifest.counts_today(&now)).collect()
}

fn too_many(pending: usize, recent: usize, limit: usize) -> Blocker {
    let day = if recent > 0 { format!(" and {recent} in the last 24 hours") } else { String::new() };
    let fact = format!("{pending} removal{}{day}, max_removals allows {limit}", if pending == 1 { "" } else { "s" });
    plain("max-removals", fact, "wsctl apply --allow-removals")
}
