//! The steps of a plan in an order that is safe: clones, then what is made, then what is taken away; whoever frees
//! a branch before whoever takes it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::Address;
use crate::model::desired::Shape;
use crate::model::name::{BuilderName, RepoName};

use super::claims::Claims;
use super::draft::{Draft, Drafts};
use super::input::Input;
use super::{Action, Part, Step, Symbol};

/// One step per change that is not blocked, plus one for each swap of branches that has to be untied.
pub(super) fn steps(input: &Input<'_>, drafts: &Drafts) -> Vec<Step> {
    let claims = Claims::new(input, drafts);
    let list = &drafts.list;
    let live: Vec<usize> = (0..list.len()).filter(|&change| !list[change].change.is_blocked()).collect();
    let of_change: BTreeMap<usize, usize> = live.iter().enumerate().map(|(step, &change)| (change, step)).collect();
    let step_of = |address: &Address| drafts.position(address).and_then(|change| of_change.get(&change)).copied();
    let mut steps: Vec<Step> = live
        .iter()
        .map(|&change| {
            let draft = &list[change];
            let mut needs: Vec<usize> = needed(input, draft).iter().filter_map(&step_of).collect();
            let first = claims.freers(draft).unwrap_or_default();
            needs.extend(first.iter().filter_map(|change| of_change.get(change)));
            let after = awaited(draft).iter().filter_map(&step_of).collect();
            Step { change, part: Part::Whole, needs, after, writes: writes(draft) }
        })
        .collect();
    untie(list, &mut steps);
    removals_last(list, &mut steps);
    steps
}

/// What must have succeeded before a change.
fn needed(input: &Input<'_>, draft: &Draft) -> Vec<Address> {
    let builder_of = |name: &BuilderName| Address::Builder(name.clone());
    let nested = |name: &BuilderName| input.desired.builders.get(name).is_some_and(|builder| builder.shape == Shape::Nested);
    let root_of = |name: &BuilderName| Address::Checkout(name.clone(), RepoName::root());
    match &draft.change.address {
        Address::Builder(name) if nested(name) && draft.change.action.symbol() != Symbol::Remove => vec![root_of(name)],
        Address::Repository(_) | Address::Builder(_) => vec![],
        Address::Checkout(..) if draft.change.action.symbol() == Symbol::Remove => vec![],
        Address::Checkout(name, repository) => {
            let mut all = vec![Address::Repository(repository.clone())];
            if !nested(name) {
                all.push(builder_of(name));
            } else if !repository.is_root() {
                all.extend([root_of(name), builder_of(name)]);
            }
            all
        }
        Address::File(name, to) => {
            let checkouts = input.desired.builders.get(name).map(|builder| &builder.checkouts);
            let inside = checkouts.into_iter().flatten().filter(|(_, checkout)| checkout.path.contains(to));
            let mut all: Vec<_> = inside.map(|(repository, _)| Address::Checkout(name.clone(), repository.clone())).collect();
            all.push(builder_of(name));
            all
        }
    }
}

/// What must have ended before a change, whatever came of it: an anchor records commits of repositories being cloned.
fn awaited(draft: &Draft) -> Vec<Address> {
    let Some(write) = draft.change.action.builds() else { return vec![] };
    let links = write.anchor.iter().flat_map(|anchor| &anchor.gitlinks);
    links.map(|link| Address::Repository(link.repository.clone())).collect()
}

fn writes(draft: &Draft) -> Vec<RepoName> {
    match &draft.change.action {
        Action::RemoveBuilder(removal) | Action::RemoveCheckout(removal) => {
            let mut names: Vec<_> = removal.checkouts.iter().map(|checkout| checkout.name.clone()).collect();
            names.sort();
            names.dedup();
            names
        }
        Action::Clone { .. }
        | Action::CreateCheckout(_)
        | Action::ReplaceCheckout { .. }
        | Action::ResumeCheckout { .. }
        | Action::AdoptCheckout(_)
        | Action::MarkCheckout(_)
        | Action::Switch { .. }
        | Action::Repair { .. }
        | Action::FinishRemoval { .. }
        | Action::Prune(_) => draft.change.address.repository().cloned().into_iter().collect(),
        Action::CreateBuilder(_)
        | Action::UpdateBuilder(_)
        | Action::AdoptBuilder(_)
        | Action::WriteFile(_)
        | Action::AdoptFile(_)
        | Action::RemoveFile { .. }
        | Action::Nothing(_) => vec![],
    }
}

/// Where switches wait for each other in a ring, one of them leaves its branch first.
fn untie(list: &[Draft], steps: &mut Vec<Step>) {
    while let Some(ring) = ring(steps) {
        let Some(&parked) = ring.iter().find(|&&step| matches!(list[steps[step].change].change.action, Action::Switch { .. }))
        else {
            return;
        };
        let park = steps.len();
        let waits = steps[parked].needs.iter().copied().filter(|need| !ring.contains(need)).collect();
        steps.push(Step {
            change: steps[parked].change,
            part: Part::Park,
            needs: waits,
            after: vec![],
            writes: steps[parked].writes.clone(),
        });
        for &step in &ring {
            if let Some(need) = steps[step].needs.iter_mut().find(|need| **need == parked) {
                *need = park;
            }
        }
        steps[parked].needs.push(park);
    }
}

/// The steps of one ring of needs, if there is one.
fn ring(steps: &[Step]) -> Option<Vec<usize>> {
    let mut state = vec![0_u8; steps.len()];
    let mut path = Vec::new();
    (0..steps.len()).find_map(|start| visit(steps, start, &mut state, &mut path))
}

fn visit(steps: &[Step], step: usize, state: &mut [u8], path: &mut Vec<usize>) -> Option<Vec<usize>> {
    match state[step] {
        2 => return None,
        1 => return path.iter().position(|&seen| seen == step).map(|start| path[start..].to_vec()),
        _ => {}
    }
    state[step] = 1;
    path.push(step);
    let found = steps[step].needs.iter().find_map(|&need| visit(steps, need, state, path));
    path.pop();
    state[step] = 2;
    found
}

/// Removals wait for everything else, but for what needs the branch that they free.
fn removals_last(list: &[Draft], steps: &mut [Step]) {
    let removal = |step: &Step| {
        list[step.change].change.action.symbol() == Symbol::Remove
            && !matches!(list[step.change].change.address, Address::File(..))
    };
    let early: BTreeSet<usize> = steps.iter().flat_map(|step| step.needs.iter().copied()).collect();
    let others: Vec<usize> = (0..steps.len()).filter(|&step| !removal(&steps[step])).collect();
    for (index, step) in steps.iter_mut().enumerate() {
        if removal(step) && !early.contains(&index) {
            step.after.extend(&others);
        }
    }
}
