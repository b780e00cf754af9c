//! A plan in the making: changes that still can turn out blocked, and what they say of branches.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::model::actual::{Actual, Place, Registration, Repository};
use crate::model::address::Address;
use crate::model::builder::{BuilderDirectory, Occupant};
use crate::model::desired::{Desired, DesiredBuilder};
use crate::model::mark::{BuilderMark, CheckoutMark};
use crate::model::name::{BranchName, BuilderName, RepoName, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};

use super::{Action, Blocker, Change, Note, Options};

/// What a plan is made of.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) desired: &'a Desired,
    pub(super) actual: &'a Actual,
    pub(super) options: &'a Options,
}

impl<'a> Input<'a> {
    pub(super) fn id(&self) -> Option<&'a WorkspaceId> {
        self.actual.workspace.mark().map(|mark| &mark.id)
    }

    /// Whether links of before may be repaired: the workspace was moved, or the user says so.
    pub(super) fn moved(&self) -> bool {
        match &self.actual.place {
            Place::Moved(_) => true,
            Place::Elsewhere(_) => self.options.take_over,
            Place::Same | Place::AnotherFile(_) | Place::Copied(_) => false,
        }
    }

    /// Whether the mark of the workspace shall name this file.
    pub(super) fn claims(&self) -> bool {
        match &self.actual.place {
            Place::Same | Place::Moved(_) => true,
            Place::Elsewhere(_) | Place::AnotherFile(_) => self.options.take_over,
            Place::Copied(_) => false,
        }
    }

    pub(super) fn repository(&self, name: &RepoName) -> Option<&'a Repository> {
        self.actual.repositories.get(name).and_then(|state| state.repository())
    }

    pub(super) fn directory(&self, builder: &BuilderName) -> Option<&'a BuilderDirectory> {
        self.actual.builders.get(&OsString::from(builder.as_str()))
    }

    /// What lies at a place of a builder.
    pub(super) fn occupant(&self, builder: &BuilderName, path: &RelPath) -> &'a Occupant {
        let Some(directory) = self.directory(builder) else { return &Occupant::Nothing };
        if path.is_here() {
            return &directory.occupant;
        }
        match (&directory.occupant, directory.places.get(path)) {
            (_, Some(occupant)) => occupant,
            (outer @ (Occupant::Symlink | Occupant::File | Occupant::Unreadable(_)), None) => outer,
            (_, None) => &Occupant::Nothing,
        }
    }

    /// Every registration of every repository that can be read.
    pub(super) fn registrations(&self) -> impl Iterator<Item = (&'a RepoName, &'a Repository, &'a Registration)> + use<'a> {
        let repositories = &self.actual.repositories;
        repositories.iter().filter_map(|(name, state)| Some((name, state.repository()?))).flat_map(|(name, repository)| {
            repository.registrations.values().map(move |registration| (name, repository, registration))
        })
    }

    /// The mark, if it is one of this workspace.
    pub(super) fn our_mark(&self, registration: &'a Registration) -> Option<&'a CheckoutMark> {
        registration.mark.mark().filter(|mark| Some(&mark.workspace) == self.id())
    }

    /// The builder's mark, if it is one of this workspace and names this builder.
    pub(super) fn builder_mark(&self, builder: &BuilderName) -> Option<&'a BuilderMark> {
        let mark = self.directory(builder)?.mark.mark()?;
        (Some(&mark.workspace) == self.id() && mark.builder == *builder).then_some(mark)
    }
}

/// Everything planned so far.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) list: Vec<Draft>,
    pub(super) drift: Vec<Note>,
    pub(super) unmanaged: Vec<Note>,
    pub(super) warnings: Vec<String>,
}

/// A change, and which branches it takes and gives up.
pub(super) struct Draft {
    pub(super) change: Change,
    /// The branch that must be free before it.
    pub(super) claim: Option<(RepoName, BranchName)>,
    /// The registrations whose branch is free after it.
    pub(super) frees: Vec<(RepoName, OsString)>,
}

impl Drafts {
    /// Adds a change that takes and frees no branch.
    pub(super) fn add(&mut self, address: Address, action: Action, reason: impl Into<String>) -> &mut Draft {
        self.list.push(Draft {
            change: Change { address, action, reason: reason.into(), details: vec![], diff: None, blockers: vec![] },
            claim: None,
            frees: vec![],
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Adds a change that cannot be made.
    pub(super) fn refuse(&mut self, address: Address, action: Action, reason: impl Into<String>, blockers: Vec<Blocker>) {
        self.add(address, action, reason).change.blockers = blockers;
    }

    pub(super) fn find(&self, address: &Address) -> Option<&Draft> {
        self.list.iter().find(|draft| draft.change.address == *address)
    }

    pub(super) fn drift(&mut self, address: &Address, fact: impl Into<String>, next: Option<String>) {
        self.drift.push(Note { subject: address.to_string(), address: Some(address.clone()), fact: fact.into(), next });
    }

    /// Puts the changes in the order of their addresses.
    pub(super) fn sort(&mut self) {
        self.list.sort_by(|a, b| a.change.address.rank().cmp(&b.change.address.rank()));
        self.drift.sort_by(|a, b| a.subject.cmp(&b.subject));
    }

    /// The index of each address, once the order stands.
    pub(super) fn index(&self) -> BTreeMap<&Address, usize> {
        self.list.iter().enumerate().map(|(index, draft)| (&draft.change.address, index)).collect()
    }
}

/// Where a checkout of a declared builder shall be.
pub(super) fn place(builder: &DesiredBuilder, repository: &RepoName) -> Option<AbsPath> {
    builder.checkouts.get(repository).map(|checkout| checkout.path.under(&builder.path))
}
