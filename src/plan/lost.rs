//! A `builders_dir` that is not the one its checkouts are registered in: not mounted, replaced, or without its mark.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::actual::{Actual, Directory, Link, Registration};
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::mark::{CheckoutMark, Marked, WorkspaceMark};
use crate::model::name::{BuilderName, WorkspaceId};

use super::blockers::at;
use super::draft::Drafts;
use super::input::Input;
use super::members::Member;
use super::{Action, Blocker, Options, Symbol, again};

/// What the repositories know of checkouts below `builders_dir` that what lies there does not.
#[derive(Debug)]
pub(super) struct Lost {
    /// How many checkouts are registered there.
    registered: usize,
    /// How many of them are in their places.
    here: usize,
    /// Their builders.
    builders: BTreeSet<BuilderName>,
    /// The workspace that most of them name.
    id: WorkspaceId,
}

impl Lost {
    /// Compares the registrations with the mark of the workspace; `None`: they agree.
    pub(super) fn look<'a>(
        desired: &Desired,
        workspace: &Marked<WorkspaceMark>,
        members: impl Iterator<Item = Member<'a>>,
    ) -> Option<Self> {
        let marked = |registration: &'a Registration| Some((registration, registration.mark.mark()?));
        let inside = |found: &Registration| found.worktree.as_ref().is_some_and(|path| desired.builders_dir.contains(path));
        let below: Vec<(&Registration, &CheckoutMark)> =
            members.filter(|(_, _, found)| inside(found)).filter_map(|(_, _, found)| marked(found)).collect();
        match workspace {
            Marked::No => {}
            // One that cannot be read is a refusal of its own.
            Marked::Unreadable(_) => return None,
            Marked::Yes(mark) => {
                let strange =
                    |(found, own): &(&Registration, &CheckoutMark)| own.workspace != mark.id && found.link != Link::Whole;
                if below.iter().any(|(_, own)| own.workspace == mark.id) || !below.iter().any(strange) {
                    return None;
                }
            }
        }
        let mut ids: BTreeMap<&WorkspaceId, usize> = BTreeMap::new();
        for (_, mark) in &below {
            *ids.entry(&mark.workspace).or_default() += 1;
        }
        let (id, _) = ids.into_iter().max_by_key(|(_, count)| *count)?;
        Some(Lost {
            registered: below.len(),
            here: below.iter().filter(|(found, _)| found.link == Link::Whole).count(),
            builders: below.iter().map(|(_, mark)| mark.builder.clone()).collect(),
            id: id.clone(),
        })
    }

    /// The workspace that most of the checkouts name.
    pub(super) fn id(&self) -> &WorkspaceId {
        &self.id
    }

    /// Why nothing is done here.
    pub(super) fn blocker(&self, input: &Input<'_>) -> Blocker {
        let here = &input.desired.builders_dir;
        let (count, s) = (self.registered, if self.registered == 1 { " is" } else { "s are" });
        let whole = self.here == self.registered && input.actual.workspace.mark().is_none();
        let what = match (&input.actual.workspace, &input.actual.builders_dir) {
            (Marked::Yes(mark), _) => format!("it holds the workspace of {} instead", mark.file),
            (Marked::No | Marked::Unreadable(_), Directory::Missing) => "it is not there".into(),
            (Marked::No | Marked::Unreadable(_), Directory::Present | Directory::Unusable(_)) if self.here > 0 => {
                let all = if whole { "in place".into() } else { format!("{} of them in place", self.here) };
                format!("{all}, but its .wsctl/workspace.json is gone")
            }
            (Marked::No | Marked::Unreadable(_), Directory::Present | Directory::Unusable(_)) => {
                "it holds none of them, nor .wsctl/workspace.json".into()
            }
        };
        let why = if whole { "" } else { ": not mounted, or replaced" };
        let fact = format!("{count} checkout{s} registered in builders_dir, and {what}{why}");
        let next = if self.here > 0 { "if it is the right directory:" } else { "mount it; if what was there is lost for good:" };
        at("builders-dir-replaced", here, fact, format!("{next}\nwsctl apply --take-over"))
    }
}

/// Why nothing of what lies in `builders_dir` may be touched: it is not the one that the repositories know of.
#[must_use]
pub fn misplaced(desired: &Desired, actual: &Actual, options: &Options) -> Option<Blocker> {
    let input = Input::new(desired, actual, options);
    let mut blocker = input.lost()?.blocker(&input);
    blocker.next = again(&blocker.next, options);
    Some(blocker)
}

/// Refuses everything, as long as nobody said that it is so for good.
pub(super) fn hold(input: &Input<'_>, drafts: &mut Drafts) {
    let Some(lost) = input.lost() else { return };
    let blocker = lost.blocker(input);
    for draft in drafts.list.iter_mut().filter(|draft| !draft.change.is_blocked()) {
        draft.change.blockers.push(blocker.clone());
    }
    for builder in lost.builders.iter().filter(|name| !input.desired.builders.contains_key(*name)) {
        let address = Address::Builder(builder.clone());
        drafts.refuse(address, Action::Nothing(Symbol::Remove), "no longer declared", vec![blocker.clone()]);
    }
}
