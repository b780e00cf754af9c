//! What a plan is made of: the two values and the options, and where in them a thing is found. Everything that is
//! looked up once per checkout is looked up here, so that ten thousand checkouts cost ten thousand look-ups.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;

use crate::model::actual::{Actual, Place, Registration, Repository};
use crate::model::address::Address;
use crate::model::builder::{BuilderDirectory, Occupant};
use crate::model::desired::Desired;
use crate::model::mark::{BuilderMark, CheckoutMark};
use crate::model::name::{BranchName, BuilderName, RepoName, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};

use super::Options;
use super::lost::Lost;
use super::members::Member;
use super::moves::Moves;
use super::ports;
use super::selection::Selected;

/// What a plan is made of.
pub(super) struct Input<'a> {
    pub(super) desired: &'a Desired,
    pub(super) actual: &'a Actual,
    pub(super) options: &'a Options,
    /// Registrations by the worktree that they name. Paths are ordered by component: what lies in a directory is
    /// one range.
    worktrees: BTreeMap<&'a AbsPath, Vec<Member<'a>>>,
    /// Those in the directory of each builder, as `registered_in` gives them.
    inside: HashMap<&'a AbsPath, Vec<Member<'a>>>,
    /// Checkouts of ours by repository and builder, as their marks say.
    marked: HashMap<(&'a RepoName, &'a BuilderName), (&'a Registration, &'a CheckoutMark)>,
    /// Every checkout of ours by the builder that its mark names, by repository and admin directory.
    of_builders: HashMap<&'a BuilderName, Vec<(Member<'a>, &'a CheckoutMark)>>,
    /// Where below `builders_dir` a worktree lies, by the admin directory that its `.git` names.
    places: HashMap<&'a AbsPath, (&'a BuilderDirectory, Option<&'a RelPath>)>,
    /// The branches of declared checkouts.
    wanted: HashSet<(&'a RepoName, &'a BranchName)>,
    /// What is registered in `builders_dir`, where that is another one.
    lost: Option<Lost>,
    /// The port of each builder.
    ports: BTreeMap<BuilderName, u16>,
    /// What is asked for; `None`: everything.
    pub(super) selected: Option<Selected<'a>>,
    /// What moves, where `actual` is the disk after it.
    moves: Option<&'a Moves>,
}

impl<'a> Input<'a> {
    pub(super) fn new(desired: &'a Desired, actual: &'a Actual, options: &'a Options) -> Self {
        let checkouts = desired.builders.values().flat_map(|builder| builder.checkouts.values());
        let wanted = checkouts.filter_map(|checkout| Some((&checkout.repository, checkout.goal.branch()?))).collect();
        let (worktrees, of_builders) = (BTreeMap::new(), HashMap::with_capacity(desired.builders.len()));
        let marked = HashMap::with_capacity(actual.repositories.len() * desired.builders.len());
        let selection = Some(&options.selection).filter(|selection| !selection.is_everything());
        let selected = selection.map(|selection| Selected::new(desired, selection));
        let places = places(actual);
        let (lost, moves, ports) = (None, None, BTreeMap::new());
        let inside = HashMap::new();
        let mut input = Input {
            desired,
            actual,
            options,
            worktrees,
            inside,
            marked,
            of_builders,
            places,
            wanted,
            lost,
            ports,
            selected,
            moves,
        };
        input.lost = Lost::look(desired, &actual.workspace, input.registrations());
        for member in input.registrations() {
            let (name, _, registration) = member;
            if let Some(worktree) = &registration.worktree {
                input.worktrees.entry(worktree).or_default().push(member);
            }
            let Some(mark) = input.our_mark(registration) else { continue };
            input.of_builders.entry(&mark.builder).or_default().push((member, mark));
            if mark.repository == *name {
                input.marked.entry((name, &mark.builder)).or_insert((registration, mark));
            }
        }
        let directories = actual.builders.values().map(|directory| &directory.path);
        input.inside = directories.map(|directory| (directory, input.look_in(directory))).collect();
        input.ports = ports::ports(&input);
        input
    }

    /// The same, of a disk on which everything has moved.
    pub(super) fn after(self, moves: &'a Moves) -> Self {
        Input { moves: Some(moves), ..self }
    }

    /// What moves, if anything does.
    pub(super) fn moves(&self) -> Option<&'a Moves> {
        self.moves
    }

    /// The workspace; one whose mark is gone is named by its checkouts, once the user says that they are this one's.
    pub(super) fn id(&self) -> Option<&WorkspaceId> {
        let known = self.actual.workspace.mark().map(|mark| &mark.id);
        known.or_else(|| self.lost.as_ref().filter(|_| self.options.take_over).map(Lost::id))
    }

    /// What is registered in `builders_dir` and is not there, unless the user says to go on all the same.
    pub(super) fn lost(&self) -> Option<&Lost> {
        self.lost.as_ref().filter(|_| !self.options.take_over)
    }

    /// Whether the mark of the workspace is gone and has to be made again.
    pub(super) fn remarks(&self) -> bool {
        self.lost.is_some() && self.options.take_over && self.actual.workspace.mark().is_none()
    }

    /// The port that a builder has, or gets.
    pub(super) fn port(&self, builder: &BuilderName) -> Option<u16> {
        self.ports.get(builder).copied()
    }

    /// Whether a change of this address is asked for.
    pub(super) fn selects(&self, address: &Address) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.has(address))
    }

    /// Whether `--replace` names it.
    pub(super) fn replaces(&self, address: &Address) -> bool {
        self.options.replace.iter().any(|pattern| pattern.covers(address))
    }

    /// Whether links of before may be repaired: the workspace was moved, or the user says so.
    pub(super) fn moved(&self) -> bool {
        match &self.actual.place {
            Place::Moved(_) | Place::Relocated(_) => true,
            Place::Elsewhere(_) => self.options.take_over,
            Place::Same | Place::AnotherFile(_) | Place::Copied(_) => false,
        }
    }

    /// Whether the mark of the workspace shall name this file.
    pub(super) fn claims(&self) -> bool {
        match &self.actual.place {
            Place::Same | Place::Moved(_) | Place::Relocated(_) => true,
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
    pub(super) fn registrations(&self) -> impl Iterator<Item = Member<'a>> + use<'a> {
        let repositories = &self.actual.repositories;
        repositories.iter().filter_map(|(name, state)| Some((name, state.repository()?))).flat_map(|(name, repository)| {
            repository.registrations.values().map(move |registration| (name, repository, registration))
        })
    }

    /// The registrations whose worktree is this directory or lies in it, by repository.
    pub(super) fn registered_in(&self, directory: &AbsPath) -> Vec<Member<'a>> {
        self.inside.get(directory).map_or_else(|| self.look_in(directory), Clone::clone)
    }

    fn look_in(&self, directory: &AbsPath) -> Vec<Member<'a>> {
        let inside = self.worktrees.range::<AbsPath, _>(directory..).take_while(|(worktree, _)| directory.contains(worktree));
        let mut members: Vec<Member<'a>> = inside.flat_map(|(_, members)| members).copied().collect();
        members.sort_by_key(|(name, _, registration)| (*name, &registration.admin_name));
        members
    }

    /// The registrations of a repository whose worktree is at this path.
    pub(super) fn registered_at(&self, repository: &RepoName, path: &AbsPath) -> impl Iterator<Item = &'a Registration> {
        let members = self.worktrees.get(path).into_iter().flatten();
        members.filter(move |(name, _, _)| *name == repository).map(|(_, _, registration)| *registration)
    }

    /// The checkout of ours that a builder has of a repository by its mark, wherever it lies.
    pub(super) fn marked(&self, builder: &BuilderName, repository: &RepoName) -> Option<(&'a Registration, &'a CheckoutMark)> {
        self.marked.get(&(repository, builder)).copied()
    }

    /// The checkouts of ours whose marks name this builder.
    pub(super) fn of_builder(&self, builder: &BuilderName) -> &[(Member<'a>, &'a CheckoutMark)] {
        self.of_builders.get(builder).map_or(&[], Vec::as_slice)
    }

    /// Where the worktree that names this admin directory lies now, as far as `builders_dir` goes: also after a `mv`.
    pub(super) fn place_of(&self, admin_dir: &AbsPath) -> Option<AbsPath> {
        let (directory, path) = self.places.get(admin_dir)?;
        Some(path.map_or_else(|| directory.path.clone(), |path| path.under(&directory.path)))
    }

    /// Whether some declared checkout of the repository is to be on this branch.
    pub(super) fn is_wanted(&self, repository: &RepoName, branch: &BranchName) -> bool {
        self.wanted.contains(&(repository, branch))
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

/// Every worktree below `builders_dir`, the first of those that name the same admin directory.
fn places(actual: &Actual) -> HashMap<&AbsPath, (&BuilderDirectory, Option<&RelPath>)> {
    let mut found = HashMap::new();
    for directory in actual.builders.values() {
        let inside = directory.places.iter().map(|(path, occupant)| (Some(path), occupant));
        for (path, occupant) in inside.chain([(None, &directory.occupant)]) {
            if let Occupant::Worktree(admin_dir) = occupant {
                found.entry(admin_dir).or_insert((directory, path));
            }
        }
    }
    found
}
