//! What `wsctl status` counts: changed and untracked files, commits ahead and behind.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;

use anyhow::Result;

use super::compare::Opened;
use super::{count, disk, parallel};
use crate::model::actual::{Actual, Head, Link, Registration, Repository, RepositoryState};
use crate::model::address::{Address, quoted};
use crate::model::builder::{AnchorState, BuilderDirectory};
use crate::model::desired::{Desired, DesiredBuilder};
use crate::model::mark::WorkspaceMark;
use crate::model::name::{BuilderName, RepoName, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};
use crate::model::session::Sessions;
use crate::model::status::{BuilderStatus, CheckoutStatus, OK, SessionState, SessionStatus, Status};

/// Counts what differs in every checkout. `states` is what plan says of an address; without it a thing is `ok` or
/// `missing`. `unmanaged` is what plan says is.
#[must_use]
pub fn status(actual: &Actual, desired: &Desired, states: &BTreeMap<Address, String>, unmanaged: Vec<AbsPath>) -> Status {
    let workspace = actual.workspace.mark().map(|mark: &WorkspaceMark| &mark.id);
    let names = builder_names(actual, desired, workspace);
    let rows: Vec<Row<'_>> = names.iter().flat_map(|name| rows(actual, desired, workspace, name)).collect();
    let opened = opened(actual, &rows);
    let mut counted = parallel::map(&rows, |row| row.count(opened.get(&row.name), states)).into_iter().zip(&rows).peekable();
    let mut builders = Vec::new();
    for name in &names {
        let mut checkouts = Vec::new();
        while let Some((checkout, _)) = counted.next_if(|(_, row)| *row.builder == *name) {
            checkouts.push(checkout);
        }
        let path = desired.builders_dir.join(name.as_str());
        let directory = actual.builders.get(OsStr::new(name.as_str()));
        let there = matches!(disk::look(path.as_path()), Ok(Some(found)) if found.is_dir());
        let mark = directory.and_then(|directory| directory.mark.mark());
        let declared = desired.builders.get(name);
        builders.push(BuilderStatus {
            created: mark.map(|mark| mark.created),
            branch: mark.map(|mark| &mark.branch).or(declared.map(|builder| &builder.branch)).cloned(),
            labels: declared.map(|builder| builder.labels.clone()).unwrap_or_default(),
            port: mark.and_then(|mark| mark.port),
            session: session(actual, desired, name),
            active: checkouts.iter().filter_map(|checkout| checkout.active).max(),
            disk: None,
            state: own_state(name, there, states),
            name: name.clone(),
            path,
            checkouts,
        });
    }
    Status { root: desired.root.clone(), file: desired.file.clone(), builders, narrowed: false, unmanaged }
}

/// The repositories of the rows, each opened once.
fn opened<'a>(actual: &'a Actual, rows: &[Row<'_>]) -> BTreeMap<&'a RepoName, Opened> {
    let names: BTreeSet<&RepoName> = rows.iter().map(|row| &row.name).collect();
    let present = actual.repositories.iter().filter(|(name, _)| names.contains(name));
    let present: Vec<_> = present.filter_map(|(name, state)| Some((name, state.repository()?))).collect();
    let opened = parallel::map(&present, |(name, repository)| Some((*name, Opened::new(repository)?)));
    opened.into_iter().flatten().collect()
}

/// What is said of the builder itself, else of its managed files.
fn own_state(builder: &BuilderName, there: bool, states: &BTreeMap<Address, String>) -> String {
    if let Some(state) = states.get(&Address::Builder(builder.clone())) {
        return state.clone();
    }
    let of_file = |(address, state): (&Address, &String)| match address {
        Address::File(of, to) if of == builder => Some(format!("files.{}: {state}", quoted(to.as_str()))),
        Address::Hook(of, repository) if of == builder => {
            Some(format!("{}post_create: {state}", repository.as_ref().map(|name| format!("{name}: ")).unwrap_or_default()))
        }
        Address::Hook(..)
        | Address::Session(_)
        | Address::File(..)
        | Address::BuildersDir
        | Address::Repository(_)
        | Address::Builder(_)
        | Address::Checkout(..) => None,
    };
    let files: Vec<String> = states.iter().filter_map(of_file).collect();
    match (files.is_empty(), there) {
        (false, _) => files.join("; "),
        (true, true) => OK.into(),
        (true, false) => "missing".into(),
    }
}

/// Declared builders, and those that carry our mark.
pub(super) fn builder_names(actual: &Actual, desired: &Desired, workspace: Option<&WorkspaceId>) -> Vec<BuilderName> {
    let ours = |directory: &&BuilderDirectory| directory.mark.mark().is_some_and(|mark| Some(&mark.workspace) == workspace);
    let marked = actual.builders.values().filter(ours).filter_map(|directory| {
        let name = BuilderName::new(directory.path.as_path().file_name()?.to_str()?).ok()?;
        Some(name)
    });
    let names: BTreeSet<BuilderName> = desired.builders.keys().cloned().chain(marked).collect();
    names.into_iter().collect()
}

/// The session of a builder, with what the server says of it.
fn session(actual: &Actual, desired: &Desired, name: &BuilderName) -> Option<SessionStatus> {
    let mark = actual.builders.get(OsStr::new(name.as_str()))?.mark.mark()?;
    let session = mark.session.as_ref()?;
    let asked = desired.opencode.as_ref().is_some_and(|url| url.to_string() == session.server);
    let state = match &actual.sessions {
        Sessions::Known(known) if asked => known.get(name).copied().unwrap_or(SessionState::Gone),
        Sessions::Known(_) | Sessions::Down(_) | Sessions::None => SessionState::Unknown,
    };
    Some(SessionStatus { server: session.server.clone(), id: session.id.clone(), state })
}

/// When HEAD of a checkout last moved.
fn moved(found: &Registration) -> Option<i64> {
    Some(disk::look(found.admin_dir.join("logs/HEAD").as_path()).ok()??.mtime())
}

/// One line of the table before anything was counted.
struct Row<'a> {
    builder: &'a BuilderName,
    name: RepoName,
    path: AbsPath,
    repository: Option<&'a Repository>,
    registration: Option<&'a Registration>,
    base: Option<String>,
    /// The anchor cannot record it: its ids are of another length.
    unrecorded: bool,
}

fn rows<'a>(actual: &'a Actual, desired: &Desired, workspace: Option<&WorkspaceId>, builder: &'a BuilderName) -> Vec<Row<'a>> {
    let directory = desired.builders_dir.join(builder.as_str());
    let declared: Option<&DesiredBuilder> = desired.builders.get(builder);
    let mut places: BTreeMap<RepoName, (RelPath, Option<String>)> = BTreeMap::new();
    for (name, state) in &actual.repositories {
        let marks = state.repository().into_iter().flat_map(|repository| repository.registrations.values());
        let marks = marks.filter_map(|found| found.mark.mark());
        for mark in marks.filter(|mark| mark.builder == *builder && Some(&mark.workspace) == workspace) {
            places.insert(name.clone(), (mark.path.clone(), mark.base.clone()));
        }
    }
    for (name, checkout) in declared.into_iter().flat_map(|builder| &builder.checkouts) {
        let recorded = places.remove(name).and_then(|(_, base)| base);
        places.insert(name.clone(), (checkout.path.clone(), recorded.or_else(|| checkout.base.clone())));
    }
    let anchor = match actual.builders.get(OsStr::new(builder.as_str())).map(|directory| &directory.anchor) {
        Some(AnchorState::Ours(anchor)) => Some(anchor),
        Some(AnchorState::Missing | AnchorState::Damaged(_) | AnchorState::Foreign(_)) | None => None,
    };
    let row = |(name, (at, base)): (RepoName, (RelPath, Option<String>))| {
        let path = at.under(&directory);
        let repository = actual.repositories.get(&name).and_then(RepositoryState::repository);
        let real = disk::real(&path);
        let here = |found: &&Registration| found.worktree.as_ref() == Some(&real);
        let registration = repository.and_then(|repository| repository.registrations.values().find(here));
        let unrecorded = repository.zip(anchor).is_some_and(|(repository, anchor)| repository.format != anchor.format);
        Row { builder, name, path, repository, registration, base, unrecorded }
    };
    places.into_iter().map(row).collect()
}

/// The revision of a reference that is where it was put.
fn reference(found: &Registration) -> Option<String> {
    let mark = found.mark.mark().filter(|mark| found.head == Head::Detached(mark.start.clone()))?;
    mark.goal.reference().cloned()
}

impl Row<'_> {
    fn count(&self, opened: Option<&Opened>, states: &BTreeMap<Address, String>) -> CheckoutStatus {
        let whole = self.registration.filter(|found| found.link == Link::Whole);
        let files: Option<Result<count::Files>> =
            self.repository.zip(whole).map(|(repository, found)| count::files(opened, repository, found));
        let files = files.and_then(Result::ok);
        let both = self.repository.zip(self.registration);
        let base = self.base.as_deref();
        let against = self.repository.zip(self.registration).and_then(|(repository, found)| {
            let head = found.head.commit()?;
            let (name, other) = count::against(opened, repository, found.head.branch(), self.base.as_deref())?;
            Some((name, opened.and_then(|opened| opened.ahead_behind(head, &other))))
        });
        let mark = self.registration.and_then(|found| found.mark.mark());
        let state = || match (whole, self.unrecorded) {
            (Some(found), false) => {
                let lost = |repository| count::lost(opened, repository, found.head.branch(), self.base.as_deref());
                let waits = found.operation.as_ref().map(|operation| format!("{} in progress", operation.name));
                waits.or_else(|| self.repository.and_then(lost)).unwrap_or_else(|| OK.into())
            }
            (Some(_), true) => "not in the anchor: another object format".into(),
            (None, _) => "missing".into(),
        };
        let address = Address::Checkout(self.builder.clone(), self.name.clone());
        let (against, ahead_behind) = against.map_or((None, None), |(name, counts)| (Some(name), counts));
        CheckoutStatus {
            repository: self.name.clone(),
            path: self.path.clone(),
            branch: self.registration.and_then(|found| found.head.branch()).cloned(),
            reference: self.registration.and_then(reference),
            commit: self.registration.and_then(|found| found.head.commit()).map(|id| id.short().to_owned()),
            against,
            ahead_behind,
            changed: files.map(|files| files.changed),
            untracked: files.map(|files| files.untracked),
            unpushed: both.and_then(|(repository, found)| count::unpushed(opened, repository, &found.head, base)),
            merged: both.and_then(|(repository, found)| count::merged(opened, repository, found, base)),
            author: self.registration.and_then(|found| count::author(opened, found)),
            active: whole.and_then(|found| moved(found).max(files.and_then(|files| files.newest))),
            base: both.and_then(|(repository, _)| count::base_commit(repository, base?).cloned()),
            files: None,
            committed: None,
            diff: None,
            created: mark.map(|mark| mark.created),
            state: states.get(&address).cloned().unwrap_or_else(state),
        }
    }
}
