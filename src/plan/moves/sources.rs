//! Which directory each declared builder is: its own, or that of a name which it had before.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use crate::model::builder::Occupant;
use crate::model::desired::Shape;
use crate::model::mark::BuilderMark;
use crate::model::name::BuilderName;

use super::super::Blocker;
use super::super::blockers::at;
use super::super::input::Input;
use super::super::members::owned;

/// The directory of a builder that was renamed.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name on the disk; that of the builder where only the marks are still those of before.
    pub(super) key: OsString,
    /// The name before.
    pub(super) was: BuilderName,
}

/// What was found of all renames.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// By the declared name.
    pub(super) of: BTreeMap<BuilderName, Source>,
    /// Names of directories that will be free.
    pub(super) leaving: BTreeSet<OsString>,
    /// Directories whose new place is taken.
    pub(super) stuck: BTreeMap<OsString, Blocker>,
}

pub(super) fn sources(input: &Input<'_>) -> Sources {
    let mut sources = Sources::default();
    for (to, names) in &input.desired.moved.builders {
        if input.desired.builders.contains_key(to)
            && let Some(source) = names.iter().find_map(|was| source(input, to, was).or_else(|| half_way(input, names, was)))
        {
            sources.of.insert(to.clone(), source);
        }
    }
    // A place that is taken by one which does not leave it keeps the next one where it is, and so on.
    loop {
        sources.leaving = sources.of.iter().filter(|(to, source)| source.key != key(to)).map(|(_, it)| it.key.clone()).collect();
        let taken = |(to, source): (&BuilderName, &Source)| {
            let stays = source.key != key(to) && !sources.leaving.contains(&key(to));
            (stays && is_there(input, to)).then(|| (to.clone(), source.clone()))
        };
        let Some((to, source)) = sources.of.iter().find_map(taken) else { break };
        sources.of.remove(&to);
        let path = input.desired.builders_dir.join(&source.key);
        let fact = format!("[[moved]] makes it builders.{to}, and that is there already");
        let next = format!("take the entry out of builders.toml, or move builders.{to} first");
        sources.stuck.insert(source.key, at("moved-onto-another", &path, fact, next));
    }
    hold_plain_rings(input, &mut sources);
    sources
}

/// Plain builders are known by their names alone: those that exchange them would be taken for each other half-way.
fn hold_plain_rings(input: &Input<'_>, sources: &mut Sources) {
    let plain = |name: &BuilderName| input.desired.builders.get(name).is_some_and(|builder| builder.shape == Shape::Plain);
    let in_ring = |name: &&BuilderName| {
        let next = |at: &BuilderName| sources.of.get(at).filter(|source| source.key != key(at)).map(|source| &source.was);
        std::iter::successors(next(name), |at| next(at)).take(sources.of.len()).any(|at| at == *name)
    };
    let held: Vec<BuilderName> = sources.of.keys().filter(|name| plain(name)).filter(in_ring).cloned().collect();
    for name in held {
        let Some(source) = sources.of.remove(&name) else { continue };
        let path = input.desired.builders_dir.join(&source.key);
        let fact = "plain builders cannot exchange their names at once";
        let next = "let one of them have a third name first, and apply";
        sources.stuck.insert(source.key, at("moved-onto-another", &path, fact, next));
    }
    sources.leaving = sources.of.iter().filter(|(to, source)| source.key != key(to)).map(|(_, it)| it.key.clone()).collect();
}

fn source(input: &Input<'_>, to: &BuilderName, was: &BuilderName) -> Option<Source> {
    if is_done(input, to, was) && !begins_again(input, to, was) {
        return None;
    }
    // Renamed by a run that was cut short before it wrote the marks.
    if renamed_only(input, to, was) {
        return Some(Source { key: key(to), was: was.clone() });
    }
    is_ours(input, was).then(|| Source { key: key(was), was: was.clone() })
}

/// The directory of a name on the way, whose marks still have one from before it: a run was cut short, and the file says a
/// further name by now.
fn half_way(input: &Input<'_>, names: &[BuilderName], on_the_way: &BuilderName) -> Option<Source> {
    let declared = input.desired.builders.contains_key(on_the_way);
    let mut older = names.iter().filter(|was| *was != on_the_way && !declared);
    let was = older.find(|was| renamed_only(input, on_the_way, was))?;
    Some(Source { key: key(on_the_way), was: was.clone() })
}

fn is_done(input: &Input<'_>, to: &BuilderName, was: &BuilderName) -> bool {
    input.builder_mark(to).is_some_and(|mark| mark.moved_from.as_ref() == Some(was))
}

/// Whether what was done is from before, and part of an exchange of names by now: what shall have the name `was` comes from
/// `to` at last, and has not come yet.
fn begins_again(input: &Input<'_>, to: &BuilderName, was: &BuilderName) -> bool {
    let entries = &input.desired.moved.builders;
    let before = |name: &BuilderName| entries.get(name).and_then(|names| names.first());
    let mut ring = std::iter::successors(before(was), |name| before(name)).take(entries.len());
    let comes = before(was).is_some_and(|first| !is_done(input, was, first) && !renamed_only(input, was, first));
    comes && ring.any(|name| name == to)
}

fn key(name: &BuilderName) -> OsString {
    OsString::from(name.as_str())
}

fn is_there(input: &Input<'_>, name: &BuilderName) -> bool {
    input.directory(name).is_some_and(|directory| !matches!(directory.occupant, Occupant::Nothing | Occupant::Empty))
}

fn is_ours(input: &Input<'_>, name: &BuilderName) -> bool {
    let directory = input.directory(name).filter(|_| is_there(input, name));
    directory.is_some_and(|directory| owned(input, OsStr::new(name.as_str()), directory).is_some())
}

/// Whether the directory of the new name holds the builder of the old one.
fn renamed_only(input: &Input<'_>, to: &BuilderName, was: &BuilderName) -> bool {
    let Some(directory) = input.directory(to) else { return false };
    let ours = |mark: &&BuilderMark| Some(&mark.workspace) == input.id();
    if let Some(mark) = directory.mark.mark().filter(ours) {
        return mark.builder == *was && mark.identity.is_none_or(|identity| identity == directory.identity);
    }
    let inside = input.registered_in(&directory.path);
    inside.iter().any(|(_, _, found)| input.our_mark(found).is_some_and(|mark| mark.builder == *was))
}
