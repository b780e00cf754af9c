//! `builders.B`: the directory, its anchor or helper file, its mark.

use crate::model::actual::Place;
use crate::model::address::Address;
use crate::model::builder::{AnchorState, BuilderDirectory, Occupant};
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::mark::BuilderMark;
use crate::model::path::RelPath;

use super::blockers::{at, occupied, shell};
use super::draft::{Drafts, Input};
use super::removals::{owned, present};
use super::{Action, Blocker, BuilderWrite, MarkWrite, anchor};

/// What `<builders_dir>/.gitignore` holds: `builders_dir` ignores itself.
pub const GITIGNORE: &str = "*\n";

/// Why nothing can be made in this builder's directory at all.
pub(super) fn obstacle(input: &Input<'_>, builder: &DesiredBuilder) -> Option<Blocker> {
    let directory = input.directory(&builder.name)?;
    let here = &directory.path;
    match (builder.shape, &directory.occupant) {
        (_, other @ (Occupant::File | Occupant::Symlink | Occupant::Mount | Occupant::Unreadable(_))) => {
            return Some(occupied(here, other));
        }
        (_, Occupant::Nothing | Occupant::Empty) | (Shape::Nested, Occupant::Worktree(_)) => return None,
        (Shape::Nested, other @ (Occupant::Directory | Occupant::Repository)) => return Some(occupied(here, other)),
        (Shape::Anchored | Shape::Plain, Occupant::Directory | Occupant::Repository | Occupant::Worktree(_)) => {}
    }
    match &directory.anchor {
        AnchorState::Foreign(what) => {
            return Some(at(
                "foreign-anchor",
                here,
                format!("its .git is not ours: {what}"),
                format!("mv {} SOMEWHERE", shell(here)),
            ));
        }
        AnchorState::Missing | AnchorState::Ours(_) | AnchorState::Damaged(_) => {}
    }
    if let Some(mark) = directory.mark.mark() {
        if Some(&mark.workspace) != input.id() {
            let fact = format!("it belongs to another workspace ({})", mark.file);
            return Some(at("another-workspace", here, fact, format!("mv {} SOMEWHERE", shell(here))));
        }
        if mark.builder != builder.name {
            let fact = format!("its mark says that it is builder {}", mark.builder);
            return Some(at(
                "another-builder",
                here,
                fact,
                format!("mv {} {}", shell(here), shell(&here.parent().join(mark.builder.as_str()))),
            ));
        }
        return None;
    }
    let known = owned(input, std::ffi::OsStr::new(builder.name.as_str()), directory).is_some();
    (!known && !holds_a_checkout(input, builder, directory)).then(|| occupied(here, &Occupant::Directory))
}

/// Whether a directory that is not ours holds at least one declared checkout in its place.
fn holds_a_checkout(input: &Input<'_>, builder: &DesiredBuilder, directory: &BuilderDirectory) -> bool {
    input.registrations().any(|(name, _, registration)| {
        let path = super::draft::place(builder, name);
        path.is_some() && registration.worktree == path && directory.path.contains(path.as_ref().unwrap_or(&directory.path))
    })
}

pub(super) fn plan(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    let address = Address::Builder(builder.name.clone());
    let previous = input.builder_mark(&builder.name);
    let mut write = BuilderWrite {
        builder: builder.name.clone(),
        path: builder.path.clone(),
        shape: builder.shape,
        anchor: None,
        mark: MarkWrite {
            branch: builder.branch.clone(),
            protect: builder.protect,
            policy: builder.policy.clone(),
            previous: previous.cloned(),
        },
        gitignore: input.actual.gitignore.as_deref() != Some(GITIGNORE.as_bytes()),
        ignore: wanted_ignore(input, builder),
    };
    if let Some(blocker) = obstacle(input, builder) {
        drafts.refuse(address, Action::CreateBuilder(Box::new(write)), "create", vec![blocker]);
        return;
    }
    let directory =
        input.directory(&builder.name).filter(|directory| !matches!(directory.occupant, Occupant::Nothing | Occupant::Empty));
    let rewritable = builder.shape == Shape::Anchored && !anchor::is_foreign(input, builder);
    write.anchor = rewritable.then(|| anchor::write(input, builder, drafts));
    let Some(directory) = directory else {
        let root_fails =
            builder.shape == Shape::Nested && !anchor::will_exist(drafts, builder, &crate::model::name::RepoName::root());
        let empty = !builder.checkouts.keys().any(|name| anchor::will_exist(drafts, builder, name));
        let reason = format!("new builder with {}", counted(builder.checkouts.len()));
        let draft = drafts.add(address, Action::CreateBuilder(Box::new(write)), reason);
        if root_fails {
            draft.change.blockers.push(at(
                "blocked-root",
                &builder.path,
                "the checkout of . that it consists of is blocked",
                "wsctl plan",
            ));
        } else if empty {
            // Made all the same, it would stand in the way of a builder that was moved and is to come back.
            let fact = "none of its checkouts can be made";
            draft.change.blockers.push(at("blocked-checkouts", &builder.path, fact, "wsctl plan"));
        }
        if let Some(entry) = in_trash(input, builder) {
            draft.change.details.push(format!("the trash holds a builder of that name: {entry}; look there for what it held"));
        }
        return;
    };
    existing(input, builder, directory, previous, write, drafts);
}

fn counted(checkouts: usize) -> String {
    if checkouts == 1 { "1 checkout".into() } else { format!("{checkouts} checkouts") }
}

fn in_trash(input: &Input<'_>, builder: &DesiredBuilder) -> Option<String> {
    let mut entries = input.actual.trash.iter().rev();
    let of_it = |manifest: &crate::model::trash::Manifest| manifest.builder == builder.name && manifest.checkout.is_none();
    entries.find(|entry| entry.manifest.as_ref().is_some_and(of_it)).map(|entry| entry.path.to_string())
}

/// A directory that is there: ours, or about to be.
fn existing(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    directory: &BuilderDirectory,
    previous: Option<&BuilderMark>,
    write: BuilderWrite,
    drafts: &mut Drafts,
) {
    let address = Address::Builder(builder.name.clone());
    let Some(mark) = previous else {
        let ours = !present(input, &builder.name).is_empty();
        let nested_half =
            builder.shape == Shape::Nested && !anchor::will_exist(drafts, builder, &crate::model::name::RepoName::root());
        if nested_half && !ours {
            return;
        }
        let (action, reason): (Action, &str) = if ours {
            (Action::UpdateBuilder(Box::new(write)), "its mark is missing: make it again")
        } else {
            (Action::AdoptBuilder(Box::new(write)), "adopt: its checkouts are in their places")
        };
        drafts.add(address, action, reason);
        return;
    };
    let mut reasons = mark_reasons(input, builder, mark);
    if write.gitignore && first_declared(input, builder) {
        reasons.push("builders_dir no longer ignores itself (.gitignore)".into());
    }
    if write.ignore.is_some() && first_nested(input, builder) {
        reasons.push("the helper file .ignore is missing or different".into());
    }
    match &directory.anchor {
        AnchorState::Ours(found) if builder.shape == Shape::Anchored => {
            reasons.extend(anchor::differences(input, builder, found, drafts));
        }
        AnchorState::Ours(_) if builder.shape == Shape::Plain => {
            let next = Some(format!("mv {0}/.git {0}/.git.away", shell(&directory.path)));
            drafts.drift(&address, "has an anchor, though `anchor = false`", next);
        }
        AnchorState::Missing if builder.shape == Shape::Anchored => reasons.push("its anchor is missing".into()),
        AnchorState::Damaged(why) => reasons.push(format!("its anchor is damaged: {why}")),
        AnchorState::Ours(_) | AnchorState::Missing | AnchorState::Foreign(_) => {}
    }
    if !reasons.is_empty() {
        drafts.add(address, Action::UpdateBuilder(Box::new(write)), reasons.join("; "));
    }
}

/// What the declaration says of the builder itself, against its mark.
fn mark_reasons(input: &Input<'_>, builder: &DesiredBuilder, mark: &BuilderMark) -> Vec<String> {
    let mut reasons = Vec::new();
    if mark.protect != builder.protect {
        reasons.push(format!("protect {} → {}", mark.protect, builder.protect));
    }
    if mark.branch != builder.branch {
        reasons.push(format!("branch {} → {}", mark.branch, builder.branch));
    }
    if mark.policy != builder.policy {
        reasons.push("its policy changed".into());
    }
    if mark.file != input.desired.file {
        match &input.actual.place {
            Place::Moved(_) => reasons.push(format!("the workspace was moved; declared by {}", mark.file)),
            Place::Same | Place::Elsewhere(_) | Place::AnotherFile(_) if input.options.take_over => {
                reasons.push(format!("take over from {}", mark.file));
            }
            Place::Same | Place::Elsewhere(_) | Place::AnotherFile(_) => {}
        }
    }
    reasons
}

fn first_declared(input: &Input<'_>, builder: &DesiredBuilder) -> bool {
    input.desired.builders.values().next().is_some_and(|first| first.name == builder.name)
}

fn first_nested(input: &Input<'_>, builder: &DesiredBuilder) -> bool {
    let mut nested = input.desired.builders.values().filter(|builder| builder.shape == Shape::Nested);
    nested.next().is_some_and(|first| first.name == builder.name)
}

/// The text of `<builders_dir>/.ignore`, where a nested builder needs it and it is not there.
fn wanted_ignore(input: &Input<'_>, builder: &DesiredBuilder) -> Option<String> {
    if builder.shape != Shape::Nested {
        return None;
    }
    let text = ignore_text(builder)?;
    (input.actual.ignore.as_deref() != Some(text.as_bytes())).then_some(text)
}

/// `!/*/repos/` and `!/*/repos/*`, from the directories that hold the inner checkouts.
fn ignore_text(builder: &DesiredBuilder) -> Option<String> {
    let inner = builder.checkouts.values().filter(|checkout| !checkout.path.is_here());
    let parent = |path: &RelPath| path.as_str().rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let mut parents: Vec<String> = inner.filter_map(|checkout| parent(&checkout.path)).collect();
    parents.sort();
    parents.dedup();
    let lines = |dir: &String| {
        let mut text = String::new();
        let mut above = String::new();
        for part in dir.split('/') {
            above = format!("{above}/{part}");
            text.extend(["!/*", &above, "/\n"]);
        }
        text + &format!("!/*/{dir}/*\n")
    };
    Some(parents.iter().map(lines).collect::<String>()).filter(|text| !text.is_empty())
}
