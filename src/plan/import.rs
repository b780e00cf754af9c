//! Worktrees made by hand that could be taken over: which builder each would belong to, and what cannot be.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::actual::{Actual, Link, Registration, Repository};
use crate::model::builder::{AnchorState, Occupant};
use crate::model::desired::Desired;
use crate::model::mark::{Marked, OWN_DIRECTORY};
use crate::model::name::{BranchName, BuilderName, ObjectId, RepoName};
use crate::model::path::AbsPath;

use super::blockers::shell;

/// What can be taken over, and what cannot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finds {
    /// Builders, by name.
    pub builders: Vec<Find>,
    /// What stays as it is.
    pub left: Vec<Left>,
}

/// One builder, or what would be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// Its name.
    pub builder: BuilderName,
    /// Whether it lies below `builders_dir`.
    pub inside: bool,
    /// Its checkouts, by repository.
    pub checkouts: Vec<FoundCheckout>,
}

/// A worktree that nobody declared, or that nobody marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCheckout {
    /// Whose it is.
    pub repository: RepoName,
    /// Where it lies.
    pub worktree: AbsPath,
    /// Its admin directory.
    pub admin_dir: AbsPath,
    /// The common directory of its repository.
    pub common_dir: AbsPath,
    /// The branch that it, or the operation that waits there, is on; `None`: a detached HEAD.
    pub branch: Option<BranchName>,
    /// Whether HEAD is on that branch.
    pub attached: bool,
    /// The commit at HEAD.
    pub head: ObjectId,
    /// What waits there, in git's word.
    pub operation: Option<&'static str>,
}

/// Something that is left as it is: where, why, and what would change that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where.
    pub path: AbsPath,
    /// Why; a lowercase fragment.
    pub why: String,
    /// What to type; may be empty.
    pub next: String,
}

/// Looks at every registration of the declared repositories, and at what lies below `builders_dir`.
#[must_use]
pub fn finds(desired: &Desired, actual: &Actual) -> Finds {
    let mut finds = Finds::default();
    let mut groups: BTreeMap<AbsPath, Vec<FoundCheckout>> = BTreeMap::new();
    let mut outside: BTreeMap<AbsPath, Vec<FoundCheckout>> = BTreeMap::new();
    for (name, repository, registration) in registrations(actual) {
        let found = match look(actual, name, repository, registration) {
            Look::Takeable(found) => found,
            Look::Left(left) => {
                finds.left.push(left);
                continue;
            }
            Look::Nothing => continue,
        };
        match top(desired, &found.worktree) {
            Some(directory) => groups.entry(directory).or_default().push(found),
            None => outside.entry(found.worktree.parent()).or_default().push(found),
        }
    }
    for (parent, found) in outside {
        let repositories: BTreeSet<&RepoName> = found.iter().map(|found| &found.repository).collect();
        let together = found.len() > 1 && repositories.len() == found.len() && !parent.contains(&desired.root);
        if together && parent != desired.repos_dir {
            groups.entry(parent).or_default().extend(found);
        } else {
            for found in found {
                groups.entry(found.worktree.clone()).or_default().push(found);
            }
        }
    }
    let mut taken = BTreeSet::new();
    let ours = ours(actual);
    // Those in builders_dir have the first right to their names.
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(directory, _)| !desired.builders_dir.contains(directory));
    for (directory, found) in groups {
        group(desired, &directory, found, (&ours, &mut taken), &mut finds);
    }
    clones(desired, actual, &mut finds);
    finds.builders.sort_by(|a, b| a.builder.cmp(&b.builder));
    finds.left.sort_by(|a, b| a.path.cmp(&b.path));
    finds
}

/// The common directories of repositories that nobody declared and whose worktrees lie below `builders_dir`.
#[must_use]
pub fn strangers(actual: &Actual) -> BTreeSet<AbsPath> {
    let known: BTreeSet<&AbsPath> = present(actual).map(|(_, repository)| &repository.common_dir).collect();
    let places = actual.builders.values().flat_map(|directory| directory.places.values());
    let admins = places.filter_map(|occupant| match occupant {
        Occupant::Worktree(admin_dir) => Some(admin_dir),
        Occupant::Nothing
        | Occupant::Empty
        | Occupant::Directory
        | Occupant::File
        | Occupant::Symlink
        | Occupant::Repository
        | Occupant::Mount
        | Occupant::Unreadable(_) => None,
    });
    let linked = admins.map(AbsPath::parent).filter(|worktrees| worktrees.as_path().ends_with("worktrees"));
    linked.map(|worktrees| worktrees.parent()).filter(|common_dir| !known.contains(common_dir)).collect()
}

fn present(actual: &Actual) -> impl Iterator<Item = (&RepoName, &Repository)> {
    actual.repositories.iter().filter_map(|(name, state)| Some((name, state.repository()?)))
}

fn registrations(actual: &Actual) -> impl Iterator<Item = (&RepoName, &Repository, &Registration)> {
    present(actual).flat_map(|(name, repository)| repository.registrations.values().map(move |found| (name, repository, found)))
}

/// The checkouts that are ours: which builder has which of a repository, and where.
type Ours<'a> = BTreeMap<(&'a BuilderName, &'a RepoName), &'a AbsPath>;

fn ours(actual: &Actual) -> Ours<'_> {
    let id = actual.workspace.mark().map(|mark| &mark.id);
    let marks = registrations(actual).filter_map(|(name, _, found)| Some((name, found.mark.mark()?, found.worktree.as_ref()?)));
    marks.filter(|(_, mark, _)| Some(&mark.workspace) == id).map(|(name, mark, path)| ((&mark.builder, name), path)).collect()
}

enum Look {
    Takeable(FoundCheckout),
    Left(Left),
    /// Ours already, or nothing that is there.
    Nothing,
}

fn look(actual: &Actual, name: &RepoName, repository: &Repository, registration: &Registration) -> Look {
    let (Some(worktree), Link::Whole) = (&registration.worktree, &registration.link) else { return Look::Nothing };
    let left = |why: String, next: String| Look::Left(Left { path: worktree.clone(), why, next });
    match &registration.mark {
        Marked::No if registration.begun_by().is_some() => return Look::Nothing,
        Marked::No => {}
        Marked::Yes(mark) if actual.workspace.mark().is_some_and(|ours| ours.id == mark.workspace) => return Look::Nothing,
        Marked::Yes(mark) => return left(format!("it belongs to another workspace ({})", mark.file), String::new()),
        Marked::Unreadable(why) => return left(format!("its mark cannot be read: {why}"), String::new()),
    }
    let Some(head) = registration.head.commit() else {
        return left("it has no commit at HEAD".into(), format!("git -C {} status", shell(worktree)));
    };
    let operation = registration.operation.as_ref();
    let waiting = operation.map(|operation| &operation.holds).filter(|holds| holds.len() == 1).and_then(|holds| holds.first());
    Look::Takeable(FoundCheckout {
        repository: name.clone(),
        worktree: worktree.clone(),
        admin_dir: registration.admin_dir.clone(),
        common_dir: repository.common_dir.clone(),
        branch: registration.head.branch().or(waiting).cloned(),
        attached: registration.head.branch().is_some(),
        head: head.clone(),
        operation: operation.map(|operation| operation.name),
    })
}

/// The directory directly below `builders_dir` that a path lies in; `None`: it lies elsewhere.
fn top(desired: &Desired, path: &AbsPath) -> Option<AbsPath> {
    let tail = path.as_path().strip_prefix(&desired.builders_dir).ok()?;
    let first = tail.components().next()?;
    Some(desired.builders_dir.join(first)).filter(|directory| !directory.as_path().ends_with(OWN_DIRECTORY))
}

/// One builder of what lies together.
fn group(
    desired: &Desired,
    directory: &AbsPath,
    mut found: Vec<FoundCheckout>,
    (ours, taken): (&Ours<'_>, &mut BTreeSet<BuilderName>),
    finds: &mut Finds,
) {
    let written = directory.as_path().file_name().unwrap_or_default();
    let Some(written) = written.to_str() else {
        let why = "a name of a builder is UTF-8, and this is not".into();
        finds.left.push(Left { path: directory.clone(), why, next: String::new() });
        return;
    };
    let inside = desired.builders_dir.contains(directory);
    let name = match BuilderName::new(written) {
        Ok(name) if !taken.contains(&name) && (inside || !desired.builders.contains_key(&name)) => name,
        Ok(name) => {
            let why = format!("there is another builder {name}");
            finds.left.extend(found.into_iter().map(|found| Left {
                path: found.worktree,
                why: why.clone(),
                next: String::new(),
            }));
            return;
        }
        Err(why) => {
            let why = format!("`{written}` is no name of a builder: it {why}");
            finds.left.push(Left { path: directory.clone(), why, next: String::new() });
            return;
        }
    };
    let declared = desired.builders.get(&name);
    let home = |found: &FoundCheckout| {
        let checkout = declared.and_then(|builder| builder.checkouts.get(&found.repository));
        checkout.zip(declared).is_some_and(|(checkout, builder)| checkout.path.under(&builder.path) == found.worktree)
    };
    // Of two worktrees of a repository the one that lies where it is declared, else the first.
    found.sort_by(|a, b| (&a.repository, !home(a), &a.worktree).cmp(&(&b.repository, !home(b), &b.worktree)));
    let mut checkouts: Vec<FoundCheckout> = Vec::new();
    for found in found {
        let known = ours.get(&(&name, &found.repository)).copied();
        let first = checkouts.last().filter(|last| last.repository == found.repository).map(|last| &last.worktree);
        if let Some(first) = known.or(first) {
            let why = format!("a builder has one checkout of a repository, and that of {} is {first}", found.repository);
            finds.left.push(Left { path: found.worktree, why, next: String::new() });
        } else {
            checkouts.push(found);
        }
    }
    if !checkouts.is_empty() {
        taken.insert(name.clone());
        finds.builders.push(Find { builder: name, inside, checkouts });
    }
}

/// Clones below `builders_dir`.
fn clones(desired: &Desired, actual: &Actual, finds: &mut Finds) {
    for directory in actual.builders.values() {
        let places = directory.places.iter().filter(|(_, occupant)| **occupant == Occupant::Repository);
        let mut paths: Vec<AbsPath> = places.map(|(path, _)| path.under(&directory.path)).collect();
        let foreign = matches!(directory.anchor, AnchorState::Foreign(_)) && directory.occupant == Occupant::Repository;
        paths.extend(foreign.then(|| directory.path.clone()));
        paths.retain(|path| desired.repositories.values().all(|repository| repository.path != *path));
        let left = |path| Left { path, why: "a repository of its own, not a worktree of one".into(), next: String::new() };
        finds.left.extend(paths.into_iter().map(left));
    }
}
