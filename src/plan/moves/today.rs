//! Where things are until everything has moved: the plan is made for the disk after that, and what it says is read before.

use std::collections::BTreeMap;

use crate::model::desired::Desired;
use crate::model::path::AbsPath;

use super::super::Relocation;
use super::super::draft::Drafts;
use super::Moves;
use super::hops::shifted;

/// Places after the moves, and where what will be there is today.
pub(in super::super) struct Today(BTreeMap<String, AbsPath>);

impl Today {
    /// Of everything that goes; what is refused stays where it is.
    pub(in super::super) fn new(moves: Option<&Moves>, desired: &Desired) -> Self {
        let mut places = BTreeMap::new();
        let Some(moves) = moves else { return Today(places) };
        let mut add = |to: &AbsPath, from: &AbsPath| {
            if to != from {
                places.insert(to.as_path().display().to_string(), from.clone());
            }
        };
        for repository in moves.repositories.values().filter(|it| it.blockers.is_empty()) {
            let Relocation { hops, from, .. } = &repository.relocation;
            if let Some(hop) = hops.last() {
                add(&hop.to, from);
            }
        }
        for (name, moving) in moves.builders.iter().filter(|(_, it)| it.blockers.is_empty()) {
            if let Some(builder) = desired.builders.get(name) {
                add(&builder.path, &moving.relocation.from);
            }
            for checkout in &moving.relocation.checkouts {
                add(&checkout.to, &checkout.from);
            }
        }
        Today(places)
    }

    /// The path of today.
    fn path(&self, path: &AbsPath) -> AbsPath {
        let mut above = std::iter::successors(Some(path.clone()), |at| Some(at.parent()).filter(|parent| parent != at));
        let known = above.find_map(|at| Some((self.0.get(&at.as_path().display().to_string())?, at)));
        known.map_or_else(|| path.clone(), |(from, to)| shifted(path, &to, from))
    }

    /// The same words with the paths of today.
    pub(in super::super) fn text(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let ends = |c: char| c.is_whitespace() || "'\",;:()/=".contains(c);
        let (mut out, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
        while let Some(next) = rest.chars().next() {
            let begins = next == '/' && before.is_none_or(|c| c != '/' && ends(c));
            let stops = rest.char_indices().skip(1).filter(|(_, c)| ends(*c)).map(|(index, _)| index).chain([rest.len()]);
            let stops: Vec<usize> = if begins { stops.collect() } else { vec![] };
            let known = stops.into_iter().rev().find_map(|stop| Some((stop, self.0.get(&rest[..stop])?)));
            let taken = known.map_or(next.len_utf8(), |(stop, _)| stop);
            match known {
                Some((_, from)) => out.push_str(&from.as_path().display().to_string()),
                None => out.push(next),
            }
            before = rest[..taken].chars().next_back();
            rest = &rest[taken..];
        }
        out
    }

    /// What is refused and what drifted, where it is today.
    pub(in super::super) fn tell(&self, drafts: &mut Drafts) {
        for blocker in drafts.list.iter_mut().flat_map(|draft| &mut draft.change.blockers) {
            blocker.path = blocker.path.as_ref().map(|path| self.path(path));
            blocker.fact = self.text(&blocker.fact);
            blocker.next = self.text(&blocker.next);
        }
        for note in &mut drafts.drift {
            note.fact = self.text(&note.fact);
            note.next = note.next.as_ref().map(|next| self.text(next));
        }
    }
}
