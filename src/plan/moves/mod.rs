//! What was renamed or is declared at another place: found, and the disk as it will be once all of it has moved. The rest
//! of the plan is made for that.

mod after;
mod builder;
mod hops;
mod renamed;
pub(super) mod repository;
mod sources;
mod targets;
mod today;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::{OsStr, OsString};

use crate::model::actual::{Actual, Place};
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;

use super::blockers::{place_kept, plain};
use super::input::Input;
use super::{Blocker, Options, Question, Relocated, Relocation, stranded};
use repository::RepositoryMove;
pub(super) use today::Today;

/// Everything that moves.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// By the name that is declared.
    repositories: BTreeMap<RepoName, RepositoryMove>,
    /// By the name that is declared.
    builders: BTreeMap<BuilderName, Moving>,
    /// Directories that cannot move, because their new place is taken: they are not removed either.
    stuck: BTreeMap<OsString, Blocker>,
    /// Checkouts whose marks still have names of before, by their admin directories.
    renamed: BTreeMap<AbsPath, Renamed>,
}

/// A checkout whose mark still has a name of before.
#[derive(Debug)]
struct Renamed {
    /// Its address by that mark.
    was: Address,
    /// Its builder by now.
    builder: BuilderName,
    /// Its repository by now.
    repository: RepoName,
}

/// One builder on its way.
#[derive(Debug)]
pub(super) struct Moving {
    /// The name of the directory that it is.
    source: OsString,
    /// What is done.
    pub(super) relocation: Relocation,
    /// Why; a lowercase fragment.
    pub(super) reason: String,
    /// What goes where, one line each.
    pub(super) details: Vec<String>,
    /// Why it cannot be.
    pub(super) blockers: Vec<Blocker>,
}

/// Asks about the disk as it will be once everything has moved.
pub(super) fn moved<T>(desired: &Desired, actual: &Actual, options: &Options, ask: impl FnOnce(&Input<'_>) -> T) -> T {
    let found = Input::new(desired, actual, options);
    Moves::find(&found).moved(&found, ask)
}

impl Moves {
    /// The same, of what was found.
    pub(super) fn moved<T>(&self, found: &Input<'_>, ask: impl FnOnce(&Input<'_>) -> T) -> T {
        if self.is_empty() {
            return ask(found);
        }
        let after = self.after(found);
        ask(&Input::new(found.desired, &after, found.options).after(self))
    }

    /// Looks for what has to move. Nothing does while the workspace is not ours, or was moved and has links to repair: what
    /// was renamed waits for them.
    pub(super) fn find(input: &Input<'_>) -> Self {
        let here = match &input.actual.place {
            Place::Same => true,
            Place::Moved(_) | Place::Relocated(_) => stranded::all(input).next().is_none(),
            Place::Elsewhere(_) | Place::AnotherFile(_) | Place::Copied(_) => false,
        };
        if input.lost().is_some() || input.options.destroy || input.actual.workspace.mark().is_none() {
            return Moves::default();
        }
        if !here {
            return Moves::of_renamed(input);
        }
        let mut repositories = repository::moving(input);
        let unasked = |name: &RepoName| input.selected.as_ref().is_some_and(|it| !it.has(&Address::Repository(name.clone())));
        repositories.iter_mut().filter(|(name, _)| unasked(name)).for_each(|(_, moving)| moving.blockers.push(not_asked()));
        if repositories.is_empty() {
            return Moves::of_builders(input);
        }
        let mut after = input.actual.clone();
        repository::after(&mut after, &repositories);
        Moves { repositories, ..Moves::of_builders(&Input::new(input.desired, &after, input.options)) }
    }

    /// The builders that were renamed, held where they are, so that nothing is made in their new places.
    fn of_renamed(input: &Input<'_>) -> Self {
        let mut moves = Moves::default();
        for (name, source) in sources::sources(input).of {
            let renamed = input.desired.builders.get(&name).filter(|_| input.moved() && source.key != *name.as_str());
            if let Some(builder) = renamed {
                let blocker = stranded::waits(&input.desired.builders_dir.join(&source.key));
                moves.builders.insert(name, builder::stuck(builder, source.key, blocker));
            }
        }
        moves
    }

    fn of_builders(input: &Input<'_>) -> Self {
        let found = sources::sources(input);
        let mut moves = Moves { stuck: found.stuck, ..Moves::default() };
        for builder in input.desired.builders.values() {
            let source = found.of.get(&builder.name);
            if let Some(mut moving) = builder::moving(input, builder, source, &found.leaving) {
                let address = Address::Builder(builder.name.clone());
                if input.selected.as_ref().is_some_and(|selected| !selected.has(&address)) {
                    moving.blockers.push(not_asked());
                }
                moves.builders.insert(builder.name.clone(), moving);
            }
        }
        moves.renamed = renamed::renamed(input, &found.of);
        for builder in input.desired.builders.values() {
            // It is declared itself: what is stuck there is not what is declared.
            if let Some((source, blocker)) = moves.stuck.remove_entry(OsStr::new(builder.name.as_str())) {
                moves.builders.insert(builder.name.clone(), builder::stuck(builder, source, blocker));
            }
        }
        moves.keep_places(input);
        moves
    }

    /// What cannot go keeps its place: what would come there, or be made there anew, is held as well, and so on.
    fn keep_places(&mut self, input: &Input<'_>) {
        let goes = |(name, moving): &(&BuilderName, &Moving)| !moving.blockers.is_empty() && moving.source != *name.as_str();
        let mut staying: Vec<BuilderName> = self.builders.iter().filter(goes).map(|(name, _)| name.clone()).collect();
        while let Some(other) = staying.pop() {
            let Some(moving) = self.builders.get(&other) else { continue };
            let Some(builder) = moving.source.to_str().and_then(|source| input.desired.builders.get(source)) else { continue };
            let left_out = !input.selects(&Address::Builder(other.clone()));
            let (blocker, source) = (place_kept(builder, &other, left_out), moving.source.clone());
            match self.builders.entry(builder.name.clone()) {
                Entry::Vacant(entry) => drop(entry.insert(builder::stuck(builder, source, blocker))),
                Entry::Occupied(mut entry) if entry.get().blockers.is_empty() => {
                    entry.get_mut().blockers.push(blocker);
                    staying.push(builder.name.clone());
                }
                // It says already why it stays.
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Whether nothing moves.
    pub(super) fn is_empty(&self) -> bool {
        self.repositories.is_empty() && self.builders.is_empty() && self.stuck.is_empty() && self.renamed.is_empty()
    }

    /// The disk as it will be.
    pub(super) fn after(&self, input: &Input<'_>) -> Actual {
        let mut actual = input.actual.clone();
        repository::after(&mut actual, &self.repositories);
        after::repositories(self, &mut actual);
        after::builders(input, self, &mut actual);
        actual
    }

    /// What the moves need to know of what lies there, and of who is at work in it.
    pub(super) fn questions(&self, input: &Input<'_>) -> Vec<Question> {
        let mut questions = repository::questions(&self.repositories, input.actual);
        for moving in self.builders.values() {
            questions.push(Question::Strays(moving.source.clone()));
            let named =
                |checkout: &Relocated| Some((checkout.name.clone(), checkout.admin_dir.as_path().file_name()?.to_owned()));
            let checkouts = moving.relocation.checkouts.iter().filter_map(named);
            questions.extend(checkouts.map(|(name, admin_name)| Question::Held(name, Some(admin_name))));
        }
        questions
    }

    /// Which builder each directory that moves will be, by the name that it has.
    pub(super) fn becomes(&self) -> BTreeMap<&OsStr, &BuilderName> {
        self.builders.iter().map(|(name, moving)| (moving.source.as_os_str(), name)).collect()
    }

    /// The repository's move, whether it can be made or not.
    pub(super) fn repository(&self, name: &RepoName) -> Option<&RepositoryMove> {
        self.repositories.get(name)
    }

    /// The builder's move, if it can be made.
    pub(super) fn of(&self, builder: &BuilderName) -> Option<&Moving> {
        self.builders.get(builder).filter(|moving| moving.blockers.is_empty())
    }

    /// The builder's move, if it cannot be made: then nothing of the builder is touched.
    pub(super) fn held(&self, builder: &BuilderName) -> Option<&Moving> {
        self.builders.get(builder).filter(|moving| !moving.blockers.is_empty())
    }

    /// The name of the directory that a builder is until it moves, where it cannot.
    pub(super) fn held_at(&self, builder: &BuilderName) -> Option<&OsStr> {
        self.held(builder).map(|moving| moving.source.as_os_str())
    }

    /// Whether a directory waits for its move, under the name that it has.
    pub(super) fn waits(&self, name: &OsStr) -> bool {
        self.builders.values().any(|moving| !moving.blockers.is_empty() && moving.source == name)
    }

    /// Why a directory that shall move cannot, since another has its place.
    pub(super) fn stuck(&self, name: &OsStr) -> Option<&Blocker> {
        self.stuck.get(name)
    }

    /// Why the mark of a checkout does not say what is declared.
    pub(super) fn reason(&self, admin_dir: &AbsPath) -> Option<String> {
        self.renamed.get(admin_dir).map(|renamed| format!("was {}", renamed.was))
    }
}

/// It is not shown, and nothing of it is touched.
fn not_asked() -> Blocker {
    plain("not-selected", "it was not asked for", "wsctl plan")
}
