//! `workspace.builders_dir`: the directory of all builders, where the file has another place for it.

use crate::model::actual::{Link, Place};
use crate::model::address::Address;
use crate::model::builder::BuilderDirectory;
use crate::model::desired::Destination;
use crate::model::path::{AbsPath, printable};

use super::blockers::immovable;
use super::draft::Drafts;
use super::input::Input;
use super::{Action, Blocker, Hop, Question, Relocated, Relocation, refusals_of_move};

pub(super) fn plan(input: &Input<'_>, drafts: &mut Drafts) {
    let Some(destination) = input.desired.goes_to.as_ref().filter(|_| wanted(input)) else { return };
    let (from, to) = (&input.desired.builders_dir, &destination.path);
    let members = input.registered_in(from);
    let whole = members.iter().filter(|(_, _, registration)| registration.link == Link::Whole);
    let relocated = whole.filter_map(|(name, repository, registration)| {
        let worktree = registration.worktree.clone()?;
        Some(Relocated {
            name: (*name).clone(),
            admin_dir: registration.admin_dir.clone(),
            old_admin_dir: registration.admin_dir.clone(),
            common_dir: repository.common_dir.clone(),
            to: to.join(worktree.relative_to(from)),
            from: worktree,
        })
    });
    let checkouts: Vec<Relocated> = relocated.collect();
    let stage = to.parent().join(".wsctl-moving-builders");
    let hops = vec![Hop { origin: from.clone(), from: from.clone(), to: to.clone() }];
    let count = checkouts.len();
    let relocation = Relocation { was: None, from: from.clone(), stage, hops, checkouts, empties: vec![] };
    let reason = format!("move from {}", printable(from.relative_to(&input.desired.root).as_os_str()));
    let blockers = blockers(input, destination);
    let draft = drafts.add(Address::BuildersDir, Action::MoveBuildersDir(Box::new(relocation)), reason);
    let s = if count == 1 { "" } else { "s" };
    draft.change.details.push(format!("last of all, with everything in it; the links of {count} worktree{s} are written again"));
    draft.change.blockers = blockers;
}

/// Not while the workspace itself is not where it was, nor where everything goes.
fn wanted(input: &Input<'_>) -> bool {
    matches!(input.actual.place, Place::Same) && input.lost().is_none() && !input.options.destroy
}

/// Where it goes, if it can, and if that is asked for.
pub(super) fn arrives<'a>(input: &Input<'a>) -> Option<&'a AbsPath> {
    let destination = input.desired.goes_to.as_ref().filter(|_| wanted(input) && input.selects(&Address::BuildersDir))?;
    blockers(input, destination).is_empty().then_some(&destination.path)
}

/// What plan has to know of the files in it.
pub(super) fn questions(input: &Input<'_>) -> Vec<Question> {
    if input.desired.goes_to.is_none() || !wanted(input) {
        return vec![];
    }
    let inside = input.registered_in(&input.desired.builders_dir).into_iter();
    let whole = inside.filter(|(_, _, registration)| registration.link == Link::Whole);
    let held = whole.map(|(name, _, registration)| Question::Held(name.clone(), Some(registration.admin_name.clone())));
    held.chain(input.actual.builders.keys().cloned().map(Question::Strays)).collect()
}

fn blockers(input: &Input<'_>, destination: &Destination) -> Vec<Blocker> {
    let from = &input.desired.builders_dir;
    let mut blockers: Vec<Blocker> = destination.obstacle.iter().map(|it| immovable(it, from, &destination.path)).collect();
    for (_, _, registration) in input.registered_in(from) {
        if let (Some(held), Some(worktree)) = (&registration.held, &registration.worktree) {
            blockers.extend(refusals_of_move(worktree, held));
        }
    }
    let strays =
        |directory: &BuilderDirectory| refusals_of_move(&directory.path, directory.strays.as_deref().unwrap_or_default());
    blockers.extend(input.actual.builders.values().flat_map(strays));
    blockers
}
