//! The steps of a plan in an order that is safe: clones, then what is made, then what is taken away; whoever frees
//! a branch before whoever takes it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::Address;
use crate::model::desired::{Contents, Shape};
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;

use super::claims::Claims;
use super::draft::{Draft, Drafts};
use super::input::Input;
use super::{Action, CheckoutWrite, Part, Step, Symbol};

/// One step per change that is not blocked, plus one for each swap of branches that has to be untied.
pub(super) fn steps(input: &Input<'_>, drafts: &Drafts) -> Vec<Step> {
    let claims = Claims::new(input, drafts);
    let list = &drafts.list;
    let live: Vec<usize> =
        (0..list.len()).filter(|&change| !list[change].change.is_blocked() && !is_last(&list[change])).collect();
    let of_change: BTreeMap<usize, usize> = live.iter().enumerate().map(|(step, &change)| (change, step)).collect();
    let step_of = |address: &Address| drafts.position(address).and_then(|change| of_change.get(&change)).copied();
    let way = makes_way(list, &live);
    let mut steps: Vec<Step> = live
        .iter()
        .map(|&change| {
            let draft = &list[change];
            let mut needs: Vec<usize> = needed(input, drafts, draft).iter().chain(&draft.behind).filter_map(&step_of).collect();
            let first = claims.freers(draft).unwrap_or_default();
            needs.extend(first.iter().filter_map(|change| of_change.get(change)));
            let after = awaited(draft).iter().filter_map(&step_of).collect();
            let first = taken(draft).and_then(|(builder, path)| way.get(path).filter(|(other, _)| *other != builder));
            needs.extend(first.map(|(_, step)| step));
            Step { change, part: Part::Whole, needs, after, writes: writes(draft), beside: beside(&draft.change.action) }
        })
        .collect();
    behind_repositories(list, &mut steps);
    untie(list, &mut steps);
    removals_last(list, &mut steps);
    steps
}

/// Whether a change has no step: it is made when all of them have ended.
fn is_last(draft: &Draft) -> bool {
    matches!(draft.change.action, Action::MoveBuildersDir(_))
}

/// What writes to a repository that moves waits until it is in its place.
fn behind_repositories(list: &[Draft], steps: &mut [Step]) {
    let moves = |step: &Step| {
        let action = &list[step.change].change.action;
        matches!(action, Action::UpdateRepository(write) if write.relocation.is_some())
    };
    let first: Vec<(usize, Vec<RepoName>)> =
        steps.iter().enumerate().filter(|(_, step)| moves(step)).map(|(index, step)| (index, step.writes.clone())).collect();
    for (index, step) in steps.iter_mut().enumerate() {
        let awaited =
            first.iter().filter(|(mover, names)| *mover != index && step.writes.iter().any(|name| names.contains(name)));
        step.needs.extend(awaited.map(|(mover, _)| *mover));
    }
}

/// The places that builders leave: who, and by which step.
fn makes_way<'a>(list: &'a [Draft], live: &[usize]) -> BTreeMap<&'a AbsPath, (&'a BuilderName, usize)> {
    let builds = live.iter().enumerate().filter_map(|(step, &change)| Some((step, list[change].change.action.builds()?)));
    builds.filter_map(|(step, write)| Some((&write.relocation.as_ref()?.from, (&write.builder, step)))).collect()
}

/// The builder's place that a change takes: that of one which comes there, or is new, or of its root.
fn taken(draft: &Draft) -> Option<(&BuilderName, &AbsPath)> {
    let action = &draft.change.action;
    let root = || action.creates().filter(|write| write.desired.path.is_here());
    let builder = action.builds().map(|write| (&write.builder, &write.path));
    builder.or_else(|| root().map(|write| (&write.builder, &write.builder_path)))
}

/// The relocation of the builder that a change lies in, if it has one.
fn relocated(drafts: &Drafts, name: &BuilderName) -> bool {
    let draft = drafts.find(&Address::Builder(name.clone()));
    draft.is_some_and(|draft| draft.change.action.builds().is_some_and(|write| write.relocation.is_some()))
}

/// What must have succeeded before a change.
fn needed(input: &Input<'_>, drafts: &Drafts, draft: &Draft) -> Vec<Address> {
    let builder_of = |name: &BuilderName| Address::Builder(name.clone());
    let nested = |name: &BuilderName| input.desired.builders.get(name).is_some_and(|builder| builder.shape == Shape::Nested);
    let root_of = |name: &BuilderName| Address::Checkout(name.clone(), RepoName::root());
    match &draft.change.address {
        Address::Builder(name) if nested(name) && !relocated(drafts, name) && draft.change.action.symbol() != Symbol::Remove => {
            vec![root_of(name)]
        }
        Address::BuildersDir | Address::Repository(_) | Address::Builder(_) => vec![],
        Address::Hook(name, spot) => before_hook(drafts, name, spot.as_ref()),
        Address::Session(name) => {
            let mut all = vec![builder_of(name)];
            all.extend(nested(name).then(|| root_of(name)));
            all
        }
        Address::Checkout(name, _) if draft.change.action.symbol() == Symbol::Remove => {
            if relocated(drafts, name) {
                vec![builder_of(name)]
            } else {
                vec![]
            }
        }
        Address::Checkout(name, repository) => {
            let mut all = vec![Address::Repository(repository.clone())];
            if !nested(name) || (relocated(drafts, name) && repository.is_root()) {
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

/// Everything of a builder, or of one checkout of it, that is to be there before its hook runs.
fn before_hook(drafts: &Drafts, name: &BuilderName, spot: Option<&RepoName>) -> Vec<Address> {
    let at = |address: &Address| match address {
        Address::Checkout(builder, repository) => builder == name && spot.is_none_or(|spot| spot == repository),
        // Those of other checkouts are no harm to wait for.
        Address::File(builder, _) | Address::Builder(builder) => builder == name,
        Address::Hook(builder, inner) => builder == name && spot.is_none() && inner.is_some(),
        Address::BuildersDir | Address::Repository(_) | Address::Session(_) => false,
    };
    let removal = |draft: &&Draft| draft.change.action.symbol() != Symbol::Remove;
    drafts.list.iter().filter(removal).map(|draft| &draft.change.address).filter(|address| at(address)).cloned().collect()
}

/// What must have ended before a change, whatever came of it: an anchor records commits of repositories being cloned.
fn awaited(draft: &Draft) -> Vec<Address> {
    let Some(write) = draft.change.action.builds() else { return vec![] };
    let links = write.anchor.iter().flat_map(|anchor| &anchor.gitlinks);
    links.filter_map(|link| link.repository.clone()).map(Address::Repository).collect()
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
        | Action::UpdateRepository(_)
        | Action::CreateCheckout(_)
        | Action::ReplaceCheckout { .. }
        | Action::ResumeCheckout { .. }
        | Action::AdoptCheckout(_)
        | Action::MarkCheckout(_)
        | Action::RenameBranch { .. }
        | Action::Switch { .. }
        | Action::Repair { .. }
        | Action::FinishRemoval { .. }
        | Action::Prune(_) => draft.change.address.repository().cloned().into_iter().collect(),
        Action::CreateBuilder(write) | Action::UpdateBuilder(write) | Action::AdoptBuilder(write) => {
            let names: BTreeSet<&RepoName> =
                write.relocation.iter().flat_map(|it| &it.checkouts).map(|checkout| &checkout.name).collect();
            names.into_iter().cloned().collect()
        }
        Action::MoveBuildersDir(_)
        | Action::WriteFile(_)
        | Action::AdoptFile(_)
        | Action::RemoveFile { .. }
        | Action::RunHook(_)
        | Action::OpenSession(_)
        | Action::Nothing(_) => vec![],
    }
}

/// Whether a step may write to a repository beside others: what comes with a checkout from elsewhere may not.
fn beside(action: &Action) -> bool {
    let plain = |write: &CheckoutWrite| write.desired.contents == Contents::default();
    matches!(action, Action::RemoveBuilder(_) | Action::RemoveCheckout(_)) || action.creates().is_some_and(plain)
}

/// Where switches wait for each other in a ring, one of them leaves its branch first.
fn untie(list: &[Draft], steps: &mut Vec<Step>) {
    while let Some(ring) = ring(steps) {
        let parks = |action: &Action| {
            let moves = action.builds().is_some_and(|write| write.relocation.is_some());
            moves || matches!(action, Action::Switch { .. })
        };
        let Some(&parked) = ring.iter().find(|&&step| parks(&list[steps[step].change].change.action)) else {
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
            beside: false,
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
