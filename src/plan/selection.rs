//! Which changes are asked for: `--target` and `--exclude`, what a target brings and what an exclusion takes along.

use std::collections::BTreeSet;

use crate::model::actual::Actual;
use crate::model::address::Address;
use crate::model::desired::{Desired, Shape};
use crate::model::name::RepoName;
use crate::model::pattern::Pattern;

use super::draft::{Draft, Drafts};
use super::input::Input;
use super::members::owned;
use super::{Action, Options, Plan};

/// What `--target` and `--exclude` say; empty: everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Selection {
    /// Only these, and what they depend on.
    pub targets: Vec<Pattern>,
    /// Not these, nor what depends on them.
    pub excludes: Vec<Pattern>,
}

impl Selection {
    /// Only these addresses.
    #[must_use]
    pub fn of<'a>(targets: impl IntoIterator<Item = &'a Address>) -> Self {
        Selection { targets: targets.into_iter().map(Pattern::from).collect(), excludes: vec![] }
    }

    /// Whether it leaves out nothing.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.targets.is_empty() && self.excludes.is_empty()
    }

    /// The options that say the same, each with its address.
    pub fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        let targets = self.targets.iter().map(|target| ("--target", target.to_string()));
        targets.chain(self.excludes.iter().map(|exclude| ("--exclude", exclude.to_string())))
    }
}

/// That a plan is not the whole one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Narrowed {
    /// What was asked for.
    pub selection: Selection,
    /// The changes that the whole plan has beside it, in their order.
    pub left_out: Vec<Address>,
}

/// A selection with what its targets bring.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    desired: &'a Desired,
    selection: &'a Selection,
    brought: BTreeSet<Address>,
}

impl<'a> Selected<'a> {
    pub(super) fn new(desired: &'a Desired, selection: &'a Selection) -> Self {
        let mut brought = BTreeSet::new();
        if !selection.targets.is_empty() {
            for address in declared(desired).filter(|address| meant(&selection.targets, address)) {
                bring(desired, &address, &mut brought);
            }
        }
        Selected { desired, selection, brought }
    }

    /// Whether a change of this address is asked for.
    pub(super) fn has(&self, address: &Address) -> bool {
        let targets = &self.selection.targets;
        let asked = targets.is_empty() || meant(targets, address) || self.brought.contains(address);
        asked && !self.excludes(address)
    }

    /// Whether the address, or anything that it depends on, is excluded.
    fn excludes(&self, address: &Address) -> bool {
        if self.selection.excludes.is_empty() {
            return false;
        }
        let mut all = BTreeSet::new();
        bring(self.desired, address, &mut all);
        all.iter().any(|address| meant(&self.selection.excludes, address))
    }

    /// The same of a change: a builder does not go where a checkout in it is excluded.
    fn has_change(&self, draft: &Draft) -> bool {
        let address = &draft.change.address;
        let inside = match (&draft.change.action, address.builder()) {
            (Action::RemoveBuilder(removal), Some(builder)) => {
                removal.checkouts.iter().any(|checkout| self.excludes(&Address::Checkout(builder.clone(), checkout.name.clone())))
            }
            (_, _) => false,
        };
        self.has(address) && !inside
    }
}

fn meant(patterns: &[Pattern], address: &Address) -> bool {
    patterns.iter().any(|pattern| pattern.covers(address))
}

/// Everything that the file declares.
pub(super) fn declared(desired: &Desired) -> impl Iterator<Item = Address> {
    let repositories = desired.repositories.keys().cloned().map(Address::Repository);
    let inside = desired.builders.values().flat_map(|builder| {
        let checkouts = builder.checkouts.keys().map(|name| Address::Checkout(builder.name.clone(), name.clone()));
        let files = builder.files.keys().map(|to| Address::File(builder.name.clone(), to.clone()));
        let hooked = builder.checkouts.values().filter(|checkout| checkout.hooks.post_create.is_some());
        let hooked = hooked.map(|checkout| Some(checkout.repository.clone()));
        let hooked = hooked.chain(builder.hooks.post_create.is_some().then_some(None));
        let hooks = hooked.map(|spot| Address::Hook(builder.name.clone(), spot));
        [Address::Builder(builder.name.clone())].into_iter().chain(checkouts).chain(files).chain(hooks)
    });
    repositories.chain(inside)
}

/// Adds an address with everything that it depends on.
fn bring(desired: &Desired, address: &Address, all: &mut BTreeSet<Address>) {
    if all.insert(address.clone()) {
        for needed in depends_on(desired, address) {
            bring(desired, &needed, all);
        }
    }
}

/// What an address is nothing without: its repository, its builder, the root of a nested one, the checkout it lies in.
pub(super) fn depends_on(desired: &Desired, address: &Address) -> Vec<Address> {
    let declared = address.builder().and_then(|name| desired.builders.get(name));
    let root = declared.filter(|builder| builder.shape == Shape::Nested);
    let root = root.map(|builder| Address::Checkout(builder.name.clone(), RepoName::root()));
    let builder = declared.map(|builder| Address::Builder(builder.name.clone()));
    match address {
        Address::BuildersDir | Address::Repository(_) => vec![],
        Address::Builder(_) => root.into_iter().collect(),
        Address::Checkout(_, repository) => {
            let needed = [Some(Address::Repository(repository.clone())), builder, root];
            needed.into_iter().flatten().collect()
        }
        Address::Hook(name, repository) => {
            let checkout = repository.clone().map(|repository| Address::Checkout(name.clone(), repository));
            checkout.into_iter().chain(builder).chain(root).collect()
        }
        Address::Session(_) => builder.into_iter().chain(root).collect(),
        Address::File(name, to) => {
            let checkouts = declared.into_iter().flat_map(|builder| &builder.checkouts);
            let around = checkouts.filter(|(_, checkout)| checkout.path.contains(to));
            let around = around.map(|(repository, _)| Address::Checkout(name.clone(), repository.clone()));
            around.chain(builder).collect()
        }
    }
}

/// Puts aside what was not asked for, so that nothing planned after this knows of it.
pub(super) fn narrow(input: &Input<'_>, drafts: &mut Drafts) {
    let Some(selected) = &input.selected else { return };
    drafts.keep(|draft| selected.has_change(draft));
    drafts.drift.retain(|note| note.address.as_ref().is_some_and(|address| selected.has(address)));
    drafts.unmanaged.clear();
}

/// What a narrowed plan leaves out of the whole one.
pub(super) fn narrowed(selection: &Selection, whole: &Plan, narrow: &Drafts) -> Narrowed {
    let left_out = whole.changes.iter().map(|change| &change.address).filter(|address| narrow.find(address).is_none());
    Narrowed { selection: selection.clone(), left_out: left_out.cloned().collect() }
}

/// Everything that a target can mean: what the file declares, and what of ours is on the disk.
#[must_use]
pub fn addresses(desired: &Desired, actual: &Actual, options: &Options) -> BTreeSet<Address> {
    let whole = Options { selection: Selection::default(), ..options.clone() };
    let input = Input::new(desired, actual, &whole);
    let mut all: BTreeSet<Address> = declared(desired).collect();
    for (name, directory) in &actual.builders {
        let Some(builder) = owned(&input, name, directory) else { continue };
        let members = input.registered_in(&directory.path).into_iter();
        all.extend(members.map(|(repository, _, _)| Address::Checkout(builder.clone(), repository.clone())));
        let files = directory.mark.mark().into_iter().flat_map(|mark| mark.files.keys());
        all.extend(files.map(|to| Address::File(builder.clone(), to.clone())));
        all.insert(Address::Builder(builder));
    }
    let changes = super::plan(desired, actual, &whole).changes;
    all.extend(changes.into_iter().map(|change| change.address));
    all
}
