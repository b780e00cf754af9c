//! What was compared: the facts of the disk that a plan of an address depends on, in words. For whoever wants to know why,
//! and for whoever must know whether anything changed since.

mod explained;
mod ran;
mod words;

pub use explained::{Explained, explained};

use std::collections::BTreeSet;

use crate::model::actual::{Actual, Base, Link, Lock, Registration, Repository, RepositoryState, Source};
use crate::model::address::Address;
use crate::model::builder::{AnchorState, BuilderDirectory, DiskFile};
use crate::model::desired::{Desired, DesiredCheckout, Goal};
use crate::model::mark::Marked;
use crate::model::name::{BuilderName, ObjectId, RepoName};
use crate::model::path::{AbsPath, RelPath};
use crate::model::work::{Finding, Work};

use super::branch::{self, is_on};
use super::draft::place;
use super::input::Input;
use super::moves::{Today, moved};
use super::unsaved::finding;
use super::{Options, Plan};
use words::{at, builder_mark, checkout_mark, lies, on, short};

/// One thing that was looked at, and what it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fact {
    /// What was looked at.
    pub what: String,
    /// What it was.
    pub is: String,
}

/// The facts of one address.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Compared {
    /// The address; the workspace itself has none.
    pub address: Option<Address>,
    /// Its facts, in the order in which they are looked at.
    pub facts: Vec<Fact>,
}

/// What the changes of a plan depend on that are not refused: the workspace first, then address by address.
#[must_use]
pub fn depended_on(desired: &Desired, actual: &Actual, options: &Options, plan: &Plan) -> Vec<Compared> {
    if plan.pending().next().is_none() {
        return vec![];
    }
    let mut all = BTreeSet::new();
    for change in plan.pending() {
        all.insert(change.address.clone());
        // What a checkout starts from, and whether there is a repository at all.
        all.extend(change.address.repository().cloned().map(Address::Repository));
    }
    let all = [None].into_iter().chain(all.into_iter().map(Some)).collect();
    moved(desired, actual, options, |input| looked_at(input, all))
}

/// The same facts, as they are by now.
#[must_use]
pub fn once_more(desired: &Desired, actual: &Actual, options: &Options, old: &[Compared]) -> Vec<Compared> {
    let all = old.iter().map(|old| old.address.clone()).collect();
    moved(desired, actual, options, |input| looked_at(input, all))
}

/// The facts of addresses, with the paths of today; `None` is the workspace.
fn looked_at(input: &Input<'_>, addresses: Vec<Option<Address>>) -> Vec<Compared> {
    let today = Today::new(input.moves(), input.desired);
    let facts = |address: Option<Address>| {
        let found = address.as_ref().map(|address| compared(input, &today, address));
        found.unwrap_or_else(|| Compared { address: None, facts: workspace(input) })
    };
    addresses.into_iter().map(facts).collect()
}

fn compared(input: &Input<'_>, today: &Today, address: &Address) -> Compared {
    let mut facts = Facts(Vec::new());
    match address {
        Address::BuildersDir => {
            let goes = input.desired.goes_to.as_ref().map_or(&input.desired.builders_dir, |destination| &destination.path);
            facts.add("directory", format!("{}, declared is {goes}", input.desired.builders_dir));
        }
        Address::Repository(name) => repository(input, name, &mut facts),
        Address::Builder(name) => builder(input, name, &mut facts),
        Address::Checkout(name, repository) => checkout(input, name, repository, &mut facts),
        Address::File(name, to) => file(input, name, to, &mut facts),
        Address::Hook(name, repository) => ran::hook(input, name, repository.as_ref(), &mut facts),
        Address::Session(name) => ran::session(input, name, &mut facts),
    }
    facts.0.iter_mut().for_each(|fact| fact.is = today.text(&fact.is));
    Compared { address: Some(address.clone()), facts: facts.0 }
}

struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, what: impl Into<String>, is: impl Into<String>) {
        self.0.push(Fact { what: what.into(), is: is.into() });
    }
}

fn workspace(input: &Input<'_>) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    let mark = match &input.actual.workspace {
        Marked::Yes(mark) => format!("id {}, of {}", mark.id, mark.file),
        Marked::No => "none".into(),
        Marked::Unreadable(why) => format!("cannot be read: {why}"),
    };
    facts.add("mark", mark);
    if let Some(root) = input.repository(&RepoName::root()) {
        facts.add("branch of the root", on(&root.head));
    }
    facts.0
}

fn repository(input: &Input<'_>, name: &RepoName, facts: &mut Facts) {
    let declared = input.desired.repositories.get(name);
    let path = declared.map(|declared| declared.path.to_string()).unwrap_or_default();
    match input.actual.repositories.get(name) {
        None | Some(RepositoryState::Missing) => facts.add("path", format!("{path}: nothing there")),
        Some(RepositoryState::Occupied(what)) => facts.add("path", format!("{path}: what is there {what}")),
        Some(RepositoryState::Unusable { fact, .. }) => facts.add("path", format!("{path}: {fact}")),
        Some(RepositoryState::Present(found)) => {
            facts.add("path", format!("{path}: a {}repository", if found.bare { "bare " } else { "" }));
            let remote = |(name, url): (&String, &Option<_>)| match url {
                Some(url) => format!("{name} {url}"),
                None => name.clone(),
            };
            let remotes: Vec<String> = found.remotes.iter().map(remote).collect();
            facts.add("remotes", if remotes.is_empty() { "none".into() } else { remotes.join(", ") });
        }
    }
}

fn builder(input: &Input<'_>, name: &BuilderName, facts: &mut Facts) {
    let waits = || input.actual.builders.get(input.moves()?.held_at(name)?);
    let Some(directory) = input.directory(name).or_else(waits) else { return facts.add("directory", "nothing there") };
    facts.add("directory", format!("{}: {}", directory.path, lies(&directory.occupant)));
    facts.add("mark", builder_mark(&directory.mark));
    match &directory.anchor {
        AnchorState::Missing => {}
        AnchorState::Ours(anchor) => {
            let recorded: Vec<String> = anchor.entries.keys().map(ToString::to_string).collect();
            facts.add("anchor", format!("{}, records {}", at(&anchor.head), recorded.join(", ")));
        }
        AnchorState::Damaged(why) => facts.add("anchor", format!("damaged: {why}")),
        AnchorState::Foreign(what) => facts.add("anchor", format!("not ours: {what}")),
    }
    if !input.desired.builders.contains_key(name) {
        leaving(input, directory, facts);
    }
}

/// What a removal of a whole builder depends on.
fn leaving(input: &Input<'_>, directory: &BuilderDirectory, facts: &mut Facts) {
    for (name, _, registration) in input.registered_in(&directory.path) {
        let mut inside = Facts(Vec::new());
        found(registration, &mut inside);
        facts.0.extend(inside.0.into_iter().map(|fact| Fact { what: format!("{name}, {}", fact.what), ..fact }));
    }
    if let Some(strays) = &directory.strays {
        facts.add("beside the checkouts", findings(&directory.path, strays));
    }
}

fn checkout(input: &Input<'_>, name: &BuilderName, repository: &RepoName, facts: &mut Facts) {
    let builder = input.desired.builders.get(name);
    let declared = builder.and_then(|builder| builder.checkouts.get(repository));
    let here = builder.and_then(|builder| place(builder, repository));
    if let (Some(here), Some(declared)) = (&here, declared) {
        facts.add("directory", format!("{here}: {}", lies(input.occupant(name, &declared.path))));
    }
    let registered = here.and_then(|here| input.registered_at(repository, &here).next());
    let registered = registered.or_else(|| input.marked(name, repository).map(|(registration, _)| registration));
    match registered {
        Some(registration) => found(registration, facts),
        None => facts.add("registration", "none"),
    }
    if let (Some(declared), Some(repository)) = (declared, input.repository(repository))
        && registered.is_none_or(|found| !is_on(repository, &declared.goal, &found.head))
    {
        starts(repository, declared, facts);
    }
}

/// What a branch that is to be checked out comes from.
fn starts(repository: &Repository, declared: &DesiredCheckout, facts: &mut Facts) {
    let commit = |id: Option<&ObjectId>| id.map_or("none".into(), |id| id.short().to_owned());
    let branch = match &declared.goal {
        Goal::Branch(branch) => branch,
        Goal::Ref(reference) => return facts.add(format!("ref {reference}"), base(repository.bases.get(reference))),
    };
    facts.add(format!("branch {branch}"), commit(repository.branches.get(branch)));
    for (name, remote) in repository.remote_branches.iter().filter(|(_, remote)| remote.branch == *branch) {
        facts.add(format!("branch {name}"), remote.id.short());
    }
    let (name, found) = declared
        .base
        .as_ref()
        .map_or_else(|| default_base(repository), |base| (base.clone(), repository.bases.get(base).cloned()));
    facts.add(format!("base {name}"), base(found.as_ref()));
}

/// What a branch starts from where the file does not say.
fn default_base(repository: &Repository) -> (String, Option<Base>) {
    match branch::default_base(repository) {
        Ok((base, commit)) => (base, Some(Base::Commit(commit))),
        Err(_) => ("none".into(), None),
    }
}

fn base(found: Option<&Base>) -> String {
    match found {
        Some(Base::Commit(id)) => id.short().into(),
        Some(Base::Missing(_)) | None => "not there".into(),
        Some(Base::Ambiguous(names)) => format!("ambiguous: {}", names.join(", ")),
    }
}

/// A registration, its HEAD, its mark and what was seen of its files.
fn found(registration: &Registration, facts: &mut Facts) {
    let link = match &registration.link {
        Link::Whole => "whole".into(),
        Link::DirectoryGone => "its directory is gone".into(),
        Link::GitFileGone => "its .git file is gone".into(),
        Link::NamesAnother(other) => format!("its .git file names {other}"),
        Link::NotALink(what) | Link::NoGitdir(what) => what.clone(),
    };
    facts.add("registration", format!("{}, {link}", registration.admin_dir));
    facts.add("HEAD", at(&registration.head));
    if let Some(operation) = &registration.operation {
        facts.add("in progress", operation.name);
    }
    match &registration.lock {
        None => {}
        Some(Lock::Ours(lock)) => facts.add("lock", lock.to_string()),
        Some(Lock::Foreign(reason)) => facts.add("lock", format!("not ours: {reason}")),
    }
    facts.add("mark", checkout_mark(&registration.mark));
    if !registration.remains.is_empty() {
        facts.add("holds", registration.remains.join(", "));
    }
    if let Some(held) = &registration.held {
        let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
        facts.add("held", if held.is_empty() { "no".into() } else { findings(path, held) });
    }
    if let Some(work) = &registration.work {
        let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
        facts.add("files", files(path, work));
    }
}

fn files(path: &AbsPath, work: &Work) -> String {
    let ignored = match work.ignored.files {
        0 => String::new(),
        1 => ", 1 ignored file".into(),
        many => format!(", {many} ignored files"),
    };
    let unmerged = match work.unmerged {
        None | Some(0) => String::new(),
        Some(1) => ", 1 commit not in its base or upstream".into(),
        Some(many) => format!(", {many} commits not in its base or upstream"),
    };
    findings(path, &work.findings) + &ignored + &unmerged
}

fn findings(path: &AbsPath, findings: &[Finding]) -> String {
    let facts: Vec<String> = findings.iter().map(|found| finding(path, found).fact).collect();
    if facts.is_empty() { "clean".into() } else { facts.join(", ") }
}

fn file(input: &Input<'_>, name: &BuilderName, to: &RelPath, facts: &mut Facts) {
    let declared = input.desired.builders.get(name).and_then(|builder| builder.files.get(to));
    if let Some(from) = declared.and_then(|declared| declared.from.as_ref()) {
        let source = match input.actual.sources.get(&from.path) {
            Some(Source::File { bytes, .. }) => format!("{} bytes", bytes.len()),
            Some(Source::Directory) => "a directory".into(),
            Some(Source::Missing) => "nothing there".into(),
            Some(Source::Unusable(what)) => what.clone(),
            None => "not read".into(),
        };
        facts.add("source", format!("{}, {source}", from.path));
    }
    let directory = input.directory(name);
    let disk = match directory.and_then(|directory| directory.files.get(to)) {
        None | Some(DiskFile::Missing) => "nothing there".into(),
        Some(DiskFile::File { hash, .. }) => format!("sha256 {}", short(hash)),
        Some(DiskFile::Symlink { target, hash, .. }) => format!("link to {}, sha256 {}", target.display(), short(hash)),
        Some(DiskFile::Unusable { what, .. }) => what.clone(),
    };
    facts.add("on the disk", disk);
    let written = directory.and_then(|directory| directory.mark.mark()).and_then(|mark| mark.files.get(to));
    let written = written.map(|written| format!("{}, sha256 {}", written.mode.as_str(), short(&written.hash)));
    facts.add("as last written", written.unwrap_or_else(|| "never".into()));
}
