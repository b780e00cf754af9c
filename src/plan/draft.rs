//! A plan in the making: changes that still can turn out blocked, and what they say of branches.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::model::address::Address;
use crate::model::desired::DesiredBuilder;
use crate::model::name::{BranchName, RepoName};
use crate::model::path::AbsPath;

use super::{Action, Blocker, Change, Note};

/// The refusals that tell what somebody changed on the disk.
const BY_HAND: [&str; 5] = ["another-branch", "another-sparse", "edited-managed-file", "moved-by-hand", "registered-elsewhere"];

/// Everything planned so far.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) list: Vec<Draft>,
    /// What was not asked for.
    pub(super) left_out: Vec<Draft>,
    /// The first draft of each address, by its index in the list.
    index: BTreeMap<Address, usize>,
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
    /// What has to be out of its way before it.
    pub(super) behind: Vec<Address>,
}

impl Drafts {
    /// Adds a change that takes and frees no branch.
    pub(super) fn add(&mut self, address: Address, action: Action, reason: impl Into<String>) -> &mut Draft {
        self.index.entry(address.clone()).or_insert(self.list.len());
        self.list.push(Draft {
            change: Change { address, action, reason: reason.into(), details: vec![], diff: None, blockers: vec![] },
            claim: None,
            frees: vec![],
            behind: vec![],
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Adds a change that cannot be made.
    pub(super) fn refuse(&mut self, address: Address, action: Action, reason: impl Into<String>, blockers: Vec<Blocker>) {
        self.add(address, action, reason).change.blockers = blockers;
    }

    /// Puts aside the changes that are not asked for.
    pub(super) fn keep(&mut self, asked: impl Fn(&Draft) -> bool) {
        let (kept, left_out): (Vec<_>, Vec<_>) = std::mem::take(&mut self.list).into_iter().partition(asked);
        self.list = kept;
        self.left_out.extend(left_out);
        self.count();
    }

    /// Puts every change aside. What a refusal says somebody changed on the disk is drift then, unless it is told already.
    pub(super) fn keep_drift(&mut self) {
        let told: BTreeSet<Address> = self.drift.iter().filter_map(|note| note.address.clone()).collect();
        for change in self.list.iter().map(|draft| &draft.change).filter(|change| !told.contains(&change.address)) {
            let notes = change.blockers.iter().filter(|blocker| BY_HAND.contains(&blocker.kind)).map(|blocker| Note {
                subject: change.address.to_string(),
                address: Some(change.address.clone()),
                fact: blocker.fact.clone(),
                next: Some(blocker.next.clone()),
            });
            self.drift.extend(notes);
        }
        self.keep(|_| false);
    }

    pub(super) fn find(&self, address: &Address) -> Option<&Draft> {
        Some(&self.list[self.position(address)?])
    }

    /// Where in the list the draft of an address is.
    pub(super) fn position(&self, address: &Address) -> Option<usize> {
        self.index.get(address).copied()
    }

    pub(super) fn drift(&mut self, address: &Address, fact: impl Into<String>, next: Option<String>) {
        self.drift.push(Note { subject: address.to_string(), address: Some(address.clone()), fact: fact.into(), next });
    }

    /// Puts the changes in the order of their addresses.
    pub(super) fn sort(&mut self) {
        self.list.sort_by(|a, b| a.change.address.rank().cmp(&b.change.address.rank()));
        self.drift.sort_by(|a, b| a.subject.cmp(&b.subject));
        self.count();
    }

    /// Finds the first draft of each address again.
    fn count(&mut self) {
        self.index.clear();
        for (index, draft) in self.list.iter().enumerate() {
            self.index.entry(draft.change.address.clone()).or_insert(index);
        }
    }
}

/// Where a checkout of a declared builder shall be.
pub(super) fn place(builder: &DesiredBuilder, repository: &RepoName) -> Option<AbsPath> {
    builder.checkouts.get(repository).map(|checkout| checkout.path.under(&builder.path))
}
