//! What nobody declared: reported, never touched.

use std::collections::BTreeSet;

use crate::model::actual::{Actual, Directory, Link, Lock, Place, Registration};
use crate::model::builder::{BuilderDirectory, Occupant};
use crate::model::desired::Desired;
use crate::model::journal::Unfinished;
use crate::model::mark::Marked;
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};

use super::draft::Drafts;
use super::input::Input;
use super::members::owned;
use super::{Note, Options};

/// What git writes into `locked` while it adds a worktree.
const INITIALIZING: &str = "initializing";

pub(super) fn note(input: &Input<'_>, drafts: &mut Drafts) {
    drafts.unmanaged.extend(all(input).into_iter().map(|(path, fact)| Note {
        subject: path.to_string(),
        address: None,
        fact,
        next: None,
    }));
    place(input, drafts);
}

/// Where there is something that a plan tells of as unmanaged.
#[must_use]
pub fn unmanaged(desired: &Desired, actual: &Actual, options: &Options) -> Vec<AbsPath> {
    let found = all(&Input::new(desired, actual, options)).into_iter().map(|(path, _)| path);
    found.collect::<BTreeSet<AbsPath>>().into_iter().collect()
}

fn all(input: &Input<'_>) -> Vec<(AbsPath, String)> {
    let mut found = Vec::new();
    let mut add = |path: &AbsPath, fact: String| found.push((path.clone(), fact));
    for path in &input.actual.unmanaged_repositories {
        add(path, "a repository that the file does not declare".into());
    }
    for (name, directory) in &input.actual.builders {
        let declared =
            name.to_str().and_then(|name| BuilderName::new(name).ok()).filter(|name| input.desired.builders.contains_key(name));
        if declared.is_none() && owned(input, name, directory).is_none() {
            if directory.occupant != Occupant::Nothing {
                add(&directory.path, what(input, directory));
            }
            continue;
        }
        let Some(builder) = declared.and_then(|name| input.desired.builders.get(&name)) else { continue };
        let ours: BTreeSet<AbsPath> = input
            .registered_in(&directory.path)
            .into_iter()
            .filter(|(_, _, registration)| input.our_mark(registration).is_some() || registration.begun_by().is_some())
            .filter_map(|(_, _, registration)| registration.worktree.clone())
            .collect();
        let places: BTreeSet<&RelPath> = builder.checkouts.values().map(|checkout| &checkout.path).collect();
        for (path, occupant) in &directory.places {
            let here = path.under(&directory.path);
            let git = matches!(occupant, Occupant::Worktree(_) | Occupant::Repository);
            if git && !path.is_here() && !places.contains(path) && !ours.contains(&here) {
                add(&here, "a git work tree that the file does not declare".into());
            }
        }
    }
    for (_, _, registration) in input.registrations() {
        if let Some(fact) = unfinished(input, registration) {
            add(&registration.admin_dir, fact);
        }
    }
    found
}

/// A registration of somebody else that leads nowhere, or that a git was killed over.
fn unfinished(input: &Input<'_>, registration: &Registration) -> Option<String> {
    match (&registration.link, &registration.lock) {
        _ if input.our_mark(registration).is_some() => None,
        (Link::NoGitdir(what), _) => Some(format!("a registration of a worktree that leads nowhere: {what}")),
        (_, Some(Lock::Foreign(reason))) if reason == INITIALIZING => Some("a worktree that git never finished adding".into()),
        (
            Link::Whole | Link::DirectoryGone | Link::GitFileGone | Link::NamesAnother(_) | Link::NotALink(_),
            None | Some(Lock::Ours(_) | Lock::Foreign(_)),
        ) => None,
    }
}

fn what(input: &Input<'_>, directory: &BuilderDirectory) -> String {
    match &directory.mark {
        Marked::Yes(mark) if Some(&mark.workspace) != input.id() => format!("a builder of another workspace ({})", mark.file),
        Marked::Yes(mark) => format!("its mark says that it is builder {}: renamed or copied by hand", mark.builder),
        Marked::Unreadable(why) => format!("its mark cannot be read: {why}"),
        Marked::No => "not ours".into(),
    }
}

/// What a reader must know of the workspace as a whole.
fn place(input: &Input<'_>, drafts: &mut Drafts) {
    let warning = match &input.actual.place {
        Place::Same => None,
        Place::Relocated(was) => Some(format!("builders_dir was moved here from {was}")),
        Place::Moved(was) => Some(format!("the workspace was moved; it was declared by {was}")),
        Place::Elsewhere(was) => {
            Some(format!("this workspace is known as that of {was}; nothing of it is repaired or dropped from here"))
        }
        Place::Copied(of) => Some(format!("this workspace is a copy of that of {of}; its builders are that one's")),
        Place::AnotherFile(other) => {
            Some(format!("{other} declares builders in the same builders_dir; `--take-over` makes them this file's"))
        }
    };
    drafts.warnings.extend(warning);
    drafts.warnings.extend(journal(input));
    if let Directory::Unusable(what) = &input.actual.builders_dir {
        drafts.warnings.push(format!("{} cannot be used: {what}", input.desired.builders_dir));
    }
    if let Marked::Unreadable(why) = &input.actual.workspace {
        drafts.warnings.push(format!("the mark of {} cannot be read: {why}", input.desired.builders_dir));
    }
}

/// A run that is at work, or that was cut short.
fn journal(input: &Input<'_>) -> Option<String> {
    Some(match input.actual.unfinished.as_ref()? {
        Unfinished::Running(header) => format!("an apply is at work (pid {}): what is shown may be changing", header.pid),
        Unfinished::CutShort(journal) => {
            let pid = journal.header.pid;
            format!("an apply was cut short (pid {pid}); before anything else the next one finishes or undoes what it left")
        }
        Unfinished::Unreadable(why) => format!("the journal of an earlier apply is of no use: {why}; the next one sets it aside"),
    })
}
