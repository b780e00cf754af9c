//! The one read: repositories first, each on its own thread, then the builders that their registrations explain.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use anyhow::Result;

use super::real::Real;
use super::{
    builders, destination, disk, files, hooks, journal, lfs, listening, parallel, place, repository, tracked, trash, trust,
};
use crate::model::actual::{Actual, Directory, RepositoryState};
use crate::model::desired::{Desired, DesiredRepository};
use crate::model::journal::Unfinished;
use crate::model::mark::{Marked, OWN_DIRECTORY, WORKSPACE_MARK, WorkspaceMark};
use crate::model::name::RepoName;
use crate::model::obstacle::Obstacle;
use crate::model::path::AbsPath;
use crate::model::session::Sessions;

/// Reads everything that plan decides by, except the files in checkouts (see [`super::examine()`]).
///
/// # Errors
/// The disk cannot be read at all. What is wrong with one thing on it is part of the answer.
pub fn read(desired: &Desired) -> Result<Actual> {
    let own = desired.builders_dir.join(OWN_DIRECTORY);
    let workspace: Marked<WorkspaceMark> = disk::mark(own.join(WORKSPACE_MARK).as_path());
    let declared: Vec<_> = desired.repositories.values().collect();
    let real = Real::default();
    let states = parallel::map(&declared, |declared| {
        let mut state = state(desired, workspace.mark(), declared, &real);
        if let (RepositoryState::Present(repository), Some(mark)) = (&mut state, workspace.mark()) {
            repository.made = journal::origins(desired, &mark.id, &declared.name, repository);
        }
        state
    });
    let repositories = declared.iter().map(|declared| declared.name.clone()).zip(states).collect();
    let unfinished = journal::journal(desired);
    let builders_dir = builders::directory(&desired.builders_dir);
    let usable = matches!(builders_dir, Directory::Present | Directory::Missing);
    let text = |name: &str| disk::read(desired.builders_dir.join(name).as_path()).ok().flatten();
    Ok(Actual {
        place: place::place(desired, &workspace),
        gitignore: text(".gitignore"),
        ignore: text(".ignore"),
        unmanaged_repositories: unmanaged(desired, &repositories, unfinished.as_ref()),
        builders: if usable { builders::builders(desired, &repositories) } else { BTreeMap::new() },
        sources: files::sources(desired),
        listening: listening::listening(desired),
        trusted: trust::trusted(&desired.file),
        hooks_running: hooks::running(desired),
        sessions: Sessions::None,
        trash: trash::trash(desired),
        gone: trash::gone(desired, workspace.mark().map(|mark| &mark.id)),
        unready: lfs::unready(desired, &repositories)?,
        tracked: tracked::tracked(desired, &repositories),
        workspace,
        repositories,
        builders_dir,
        unfinished,
    })
}

/// Reads one builder again, with these registrations of its checkouts and nothing else: what was decided about it before
/// is to be looked at once more.
///
/// # Errors
/// No usable git.
#[must_use]
pub fn read_builder(desired: &Desired, name: &OsStr, only: &BTreeMap<RepoName, BTreeSet<OsString>>) -> Actual {
    let real = Real::default();
    let declared: Vec<_> = desired.repositories.values().filter(|declared| only.contains_key(&declared.name)).collect();
    let state =
        |declared: &&DesiredRepository| repository::repository_in(declared, &BTreeSet::new(), &real, only.get(&declared.name));
    let states = parallel::map(&declared, state);
    let repositories = declared.iter().map(|declared| declared.name.clone()).zip(states).collect();
    let workspace = disk::mark(desired.builders_dir.join(OWN_DIRECTORY).join(WORKSPACE_MARK).as_path());
    Actual {
        place: place::place(desired, &workspace),
        builders: builders::named(desired, &repositories, vec![name.to_owned()]),
        builders_dir: builders::directory(&desired.builders_dir),
        workspace,
        repositories,
        gitignore: None,
        ignore: None,
        unmanaged_repositories: Vec::new(),
        sources: BTreeMap::new(),
        listening: BTreeSet::new(),
        trusted: BTreeSet::new(),
        hooks_running: BTreeSet::new(),
        sessions: Sessions::None,
        trash: Vec::new(),
        gone: Vec::new(),
        unready: BTreeMap::new(),
        tracked: BTreeSet::new(),
        unfinished: None,
    }
}

/// One declared repository, wherever it is.
fn state(desired: &Desired, mark: Option<&WorkspaceMark>, declared: &DesiredRepository, real: &Real) -> RepositoryState {
    let bases = repository::bases(desired, &declared.name);
    if let Some(found) = waiting(desired, mark, declared, &bases) {
        return found;
    }
    match repository::repository_in(declared, &bases, real, None) {
        state @ (RepositoryState::Missing | RepositoryState::Occupied(_)) => {
            before(desired, mark, declared, &bases).unwrap_or(state)
        }
        RepositoryState::Present(mut found) => {
            found.was = moved_by_hand(desired, mark, declared);
            RepositoryState::Present(found)
        }
        state @ RepositoryState::Unusable { .. } => state,
    }
}

/// A repository that is not where it is declared, where it was when it was last applied, also under a name of before.
fn before(
    desired: &Desired,
    mark: Option<&WorkspaceMark>,
    declared: &DesiredRepository,
    bases: &BTreeSet<String>,
) -> Option<RepositoryState> {
    let names = desired.moved.names_of(&declared.name);
    let places = names.filter_map(|name| Some(mark?.repositories.get(name)?.path.clone()));
    let waits = |other: &DesiredRepository| holder(desired, mark, other).is_some_and(|holder| holder == declared.name);
    let others = |path: &AbsPath| desired.repositories.values().any(|other| other.path == *path && !waits(other));
    let free = |path: &AbsPath| !others(path) && is_only(&declared.path, path);
    let mut found = places.filter(free).map(|path| {
        let there = DesiredRepository { path, ..declared.clone() };
        repository::repository(&there, bases)
    });
    found.find_map(|state| match state {
        RepositoryState::Present(mut found) => {
            found.obstacle = destination::obstacle(&found.path, &declared.path);
            Some(RepositoryState::Present(found))
        }
        RepositoryState::Missing | RepositoryState::Occupied(_) | RepositoryState::Unusable { .. } => None,
    })
}

/// A repository that is where it was last applied, since another one is still where it is declared.
fn waiting(
    desired: &Desired,
    mark: Option<&WorkspaceMark>,
    declared: &DesiredRepository,
    bases: &BTreeSet<String>,
) -> Option<RepositoryState> {
    let holder = holder(desired, mark, declared)?;
    let path = mark?.repositories.get(&declared.name)?.path.clone();
    let mut found = repository::repository(&DesiredRepository { path, ..declared.clone() }, bases);
    if let RepositoryState::Present(found) = &mut found {
        found.obstacle = Some(Obstacle::TakenBy(holder));
    }
    Some(found)
}

/// Which repository has the place that another one is declared at by now: both are where they were last applied.
fn holder(desired: &Desired, mark: Option<&WorkspaceMark>, declared: &DesiredRepository) -> Option<RepoName> {
    let renamed = |name: &RepoName| desired.moved.repositories.get(name).is_some_and(|names| !names.is_empty());
    let applied = &mark?.repositories;
    let (own, place) = (&applied.get(&declared.name)?.path, &declared.path);
    let (holder, _) = applied.iter().find(|(name, other)| **name != declared.name && other.path == *place)?;
    let leaves = desired.repositories.get(holder).is_some_and(|holder| holder.path != *place);
    let there = |path: &AbsPath| is_work_tree(path) || disk::is_git_dir(path.as_path());
    let both = own != place && there(own) && there(place);
    (leaves && both && !renamed(&declared.name) && !renamed(holder)).then(|| holder.clone())
}

fn is_work_tree(path: &AbsPath) -> bool {
    matches!(disk::look(path.join(".git").as_path()), Ok(Some(_)))
}

/// The repositories that nobody declared: not those that are about to move.
fn unmanaged(desired: &Desired, repositories: &builders::Repositories, unfinished: Option<&Unfinished>) -> Vec<AbsPath> {
    let mut found = builders::unmanaged_repositories(desired, &journal::clones(unfinished));
    found.retain(|path| !repositories.values().filter_map(RepositoryState::repository).any(|known| known.path == *path));
    found
}

/// Whether a directory is not there or empty, or holds nothing but the way to a path in it.
fn is_only(directory: &AbsPath, path: &AbsPath) -> bool {
    match disk::list(directory.as_path()) {
        Ok(entries) => entries.iter().all(|entry| directory.contains(path) && path.as_path().starts_with(directory.join(entry))),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Where a repository was that is where it is declared, and nothing is left there; also under a name of before.
fn moved_by_hand(desired: &Desired, mark: Option<&WorkspaceMark>, declared: &DesiredRepository) -> Option<AbsPath> {
    let mut names = desired.moved.names_of(&declared.name);
    let was = &names.find_map(|name| mark?.repositories.get(name))?.path;
    (*was != declared.path && matches!(disk::look(was.as_path()), Ok(None))).then(|| was.clone())
}
