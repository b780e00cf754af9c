//! One builder: which of its checkouts lie elsewhere than declared, and what speaks against moving them.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::model::actual::Link;
use crate::model::address::segment;
use crate::model::builder::{AnchorState, BuilderDirectory, DiskFile, Occupant};
use crate::model::desired::DesiredBuilder;
use crate::model::mark::{CheckoutMark, OWN_DIRECTORY};
use crate::model::path::{AbsPath, RelPath, printable};
use crate::model::work::Finding;

use super::super::blockers::{at, shell};
use super::super::input::Input;
use super::super::members::Member;
use super::super::unregistered::unregistered;
use super::super::unsaved::{finding, trash_may_hold};
use super::super::{Blocker, Relocated, Relocation, refusals_of_move};
use super::Moving;
use super::hops::{Item, hops, shifted};
use super::renamed::names;
use super::sources::Source;
use super::targets::targets;

/// A checkout that is declared, and the registration that it is.
pub(super) struct Known<'a> {
    pub(super) member: Member<'a>,
    pub(super) from: AbsPath,
    pub(super) to: AbsPath,
    /// Whether it lies in the builder's directory.
    pub(super) inside: bool,
}

/// The move of a builder; `None` where everything is where it is declared, or nothing is there yet.
pub(super) fn moving(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    source: Option<&Source>,
    leaving: &BTreeSet<OsString>,
) -> Option<Moving> {
    let own = OsString::from(builder.name.as_str());
    let key = source.map_or_else(|| own.clone(), |source| source.key.clone());
    if source.is_none() && leaving.contains(&own) {
        return None;
    }
    let there =
        |found: &&BuilderDirectory| matches!(found.occupant, Occupant::Directory | Occupant::Repository | Occupant::Worktree(_));
    let directory = input.actual.builders.get(&key).filter(there);
    let from = input.desired.builders_dir.join(&key);
    let known = known(input, builder, source, directory);
    let renames = source.is_some();
    if !renames && known.iter().all(|known| known.from == known.to) {
        return None;
    }
    let others = directory.map(|directory| others(input, directory, &known)).unwrap_or_default();
    let root = known.iter().find(|known| known.inside && known.from == from);
    let place = |path: &AbsPath| match root {
        Some(root) => shifted(path, &from, &root.to),
        None => shifted(path, &from, &builder.path),
    };
    let others: Vec<(Member<'_>, AbsPath, AbsPath)> =
        others.into_iter().map(|(member, path)| (member, path.clone(), place(&path))).collect();
    let items = items(&known, &others, root.is_some());
    let stage = input.desired.builders_dir.join(OWN_DIRECTORY).join("moving").join(builder.name.as_str());
    let relocated = |(name, repository, registration): &Member<'_>, from: &AbsPath, to: &AbsPath| Relocated {
        name: (*name).clone(),
        admin_dir: registration.admin_dir.clone(),
        old_admin_dir: registration.admin_dir.clone(),
        common_dir: repository.common_dir.clone(),
        from: from.clone(),
        to: to.clone(),
    };
    let hops = hops(&from, &builder.path, &stage, &items);
    // What lies in a directory that is renamed is looked at, also where it comes back to its place.
    let whole = hops.iter().any(|hop| hop.origin == from);
    let checkouts: Vec<Relocated> = known
        .iter()
        .map(|known| relocated(&known.member, &known.from, &known.to))
        .chain(others.iter().map(|(member, from, to)| relocated(member, from, to)))
        .filter(|checkout| checkout.from != checkout.to || (whole && from.contains(&checkout.from)))
        .collect();
    let empties = empties(&checkouts, &from, &builder.path, root.map(|root| &root.to));
    let mut blockers = directory.map(|directory| of_directory(input, builder, directory, &items)).unwrap_or_default();
    let inside = known.iter().map(|known| known.member).chain(others.iter().map(|(member, ..)| *member));
    let moves = |(_, _, found): &Member<'_>| checkouts.iter().any(|checkout| checkout.admin_dir == found.admin_dir);
    blockers.extend(inside.filter(moves).flat_map(of_checkout));
    blockers.extend(directory.iter().flat_map(|directory| targets(builder, directory, &known, &others)));
    let was = source.map(|source| source.was.clone());
    let mut details: Vec<String> = known.iter().filter_map(|known| detail(known, &from, builder)).collect();
    details.extend(directory.and_then(|directory| put_aside(builder, directory, &items)));
    let reason = reason(builder, source, &known);
    let relocation = Relocation { was, from, stage, hops, checkouts, empties };
    Some(Moving { source: key, relocation, reason, details, blockers })
}

/// A builder whose place is taken by one that cannot go.
pub(super) fn stuck(builder: &DesiredBuilder, source: OsString, blocker: Blocker) -> Moving {
    let (from, stage) = (builder.path.clone(), builder.path.clone());
    let relocation = Relocation { was: None, from, stage, hops: vec![], checkouts: vec![], empties: vec![] };
    Moving { source, relocation, reason: "as [[moved]] says".into(), details: vec![], blockers: vec![blocker] }
}

/// The declared checkouts that lie where their marks say.
fn known<'a>(
    input: &Input<'a>,
    builder: &DesiredBuilder,
    source: Option<&Source>,
    directory: Option<&'a BuilderDirectory>,
) -> Vec<Known<'a>> {
    let names = names(input, &builder.name, source.map(|source| &source.was));
    let mut marked: Vec<_> = names.into_iter().flat_map(|name| input.of_builder(name)).collect();
    marked.sort_by_key(|((_, _, found), _)| &found.admin_name);
    let mut known = Vec::new();
    for (name, checkout) in &builder.checkouts {
        let of_repository = |mark: &CheckoutMark| input.desired.moved.names_of(name).any(|name| *name == mark.repository);
        let placed = marked.iter().find_map(|(member, mark)| {
            let (repository, _, found) = *member;
            let worktree = found.worktree.as_ref()?;
            let home = directory.map(|directory| mark.path.under(&directory.path));
            let is_there = home.as_ref() == Some(worktree) || mark.at.as_ref() == Some(worktree);
            let whole = repository == name && found.link == Link::Whole;
            (whole && is_there && of_repository(mark)).then(|| Known {
                member: *member,
                from: worktree.clone(),
                to: checkout.path.under(&builder.path),
                inside: directory.is_some_and(|directory| directory.path.contains(worktree)),
            })
        });
        known.extend(placed);
    }
    known
}

/// What else is registered in the directory.
fn others<'a>(input: &Input<'a>, directory: &BuilderDirectory, known: &[Known<'_>]) -> Vec<(Member<'a>, AbsPath)> {
    let inside = input.registered_in(&directory.path).into_iter();
    let whole = inside.filter(|(_, _, found)| found.link == Link::Whole);
    let other = whole.filter(|(_, _, found)| !known.iter().any(|known| known.member.2.admin_dir == found.admin_dir));
    other.filter_map(|member| Some((member, member.2.worktree.clone()?))).collect()
}

/// What has to be renamed by itself: what is not declared goes along with what it lies in.
fn items(known: &[Known<'_>], others: &[(Member<'_>, AbsPath, AbsPath)], was_nested: bool) -> Vec<Item> {
    let mut items: Vec<Item> = known.iter().map(|known| Item { from: known.from.clone(), to: known.to.clone() }).collect();
    let apart = others.iter().filter(|_| !was_nested).map(|(_, from, to)| Item { from: from.clone(), to: to.clone() });
    items.extend(apart);
    items
}

/// The directories between a builder and the checkouts that leave them.
fn empties(checkouts: &[Relocated], from: &AbsPath, to: &AbsPath, root: Option<&AbsPath>) -> Vec<AbsPath> {
    let top = root.unwrap_or(to);
    let mut found = BTreeSet::new();
    for checkout in checkouts.iter().filter(|checkout| from.contains(&checkout.from) && checkout.from != *from) {
        let mut at = shifted(&checkout.from, from, top);
        if at == checkout.to {
            continue;
        }
        loop {
            at = at.parent();
            if at == *top || !top.contains(&at) {
                break;
            }
            found.insert(at.clone());
        }
    }
    found.into_iter().rev().collect()
}

fn of_directory(input: &Input<'_>, builder: &DesiredBuilder, directory: &BuilderDirectory, items: &[Item]) -> Vec<Blocker> {
    let mut blockers = unregistered(input, &builder.name, directory);
    let becomes_root = becomes_root(builder, directory, items);
    match &directory.strays {
        Some(findings) => {
            let held = |found: &&Finding| {
                let stays = becomes_root && matches!(found, Finding::Stray(_) | Finding::EditedManaged(_));
                stays || !trash_may_hold(found)
            };
            blockers.extend(findings.iter().filter(held).map(|found| finding(&directory.path, found)));
        }
        None => blockers.push(at("unknown", &directory.path, "what lies beside its checkouts was not looked at", "wsctl plan")),
    }
    blockers
}

/// Only what a rename would break, or what somebody is at, keeps a checkout where it is, declared or not.
fn of_checkout((_, _, found): Member<'_>) -> Vec<Blocker> {
    let path = found.worktree.as_ref().unwrap_or(&found.admin_dir);
    match &found.held {
        Some(held) => refusals_of_move(path, held),
        None => vec![at("unknown", path, "who is at work there was not looked at", "wsctl plan")],
    }
}

/// `ai-dev → repos/ai-dev`, where the path below the builder's directory, which is this so far, changes.
fn detail(known: &Known<'_>, directory: &AbsPath, builder: &DesiredBuilder) -> Option<String> {
    let now = known.to.relative_to(&builder.path);
    let was = known.from.relative_to(directory);
    let was = if known.inside { printable(was.as_os_str()) } else { shell(&known.from) };
    let now = printable(now.as_os_str());
    (was != now).then(|| format!("{was} → {now}"))
}

/// What the directory has of ours, where a checkout takes its place.
fn put_aside(builder: &DesiredBuilder, directory: &BuilderDirectory, items: &[Item]) -> Option<String> {
    if !becomes_root(builder, directory, items) {
        return None;
    }
    let anchor = match &directory.anchor {
        AnchorState::Ours(_) | AnchorState::Damaged(_) => Some("its anchor".to_owned()),
        AnchorState::Missing | AnchorState::Foreign(_) => None,
    };
    let stays = |to: &&RelPath| {
        let place = to.under(&directory.path);
        let there = directory.files.get(*to).is_some_and(|found| *found != DiskFile::Missing);
        there && !items.iter().any(|item| item.from.contains(&place))
    };
    let files = directory.mark.mark().into_iter().flat_map(|mark| mark.files.keys()).filter(stays).map(ToString::to_string);
    let aside: Vec<String> = anchor.into_iter().chain(files).collect();
    (!aside.is_empty()).then(|| format!("{} → {OWN_DIRECTORY}/replaced", aside.join(", ")))
}

/// Whether a checkout that lies in the directory becomes the builder itself.
fn becomes_root(builder: &DesiredBuilder, directory: &BuilderDirectory, items: &[Item]) -> bool {
    items.iter().any(|item| item.to == builder.path && item.from != directory.path)
}

fn reason(builder: &DesiredBuilder, source: Option<&Source>, known: &[Known<'_>]) -> String {
    match source {
        Some(source) if source.key == *builder.name.as_str() => {
            format!("finish the move from builders.{}", segment(source.was.as_str()))
        }
        Some(source) => format!("move from builders.{}", segment(source.was.as_str())),
        None if known.iter().any(|known| !known.inside && known.from != known.to) => "move what was taken over into it".into(),
        None => "move its checkouts to where they are declared".into(),
    }
}
