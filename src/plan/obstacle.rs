//! Why nothing can be made in a builder's directory at all.

use crate::model::actual::{Directory, Place};
use crate::model::builder::{AnchorState, BuilderDirectory, Occupant};
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::mark::{BuilderMark, Marked, OWN_DIRECTORY, WORKSPACE_MARK};
use crate::model::path::AbsPath;

use super::Blocker;
use super::blockers::{at, occupied, shell};
use super::copied::copied;
use super::draft::place;
use super::input::Input;
use super::members::owned;

/// Why nothing can be made in this builder's directory at all.
pub(super) fn obstacle(input: &Input<'_>, builder: &DesiredBuilder) -> Option<Blocker> {
    if let Some(blocker) = nowhere(input) {
        return Some(blocker);
    }
    if let Some(moving) = input.moves().and_then(|moves| moves.held(&builder.name)) {
        return moving.blockers.first().cloned();
    }
    if let Some(now) = renamed(input, builder) {
        let next = format!("mv {} {}", shell(now), shell(&builder.path));
        return Some(at("moved-by-hand", &builder.path, format!("it was moved by hand to {now}"), next));
    }
    let directory = input.directory(&builder.name)?;
    let here = &directory.path;
    match (builder.shape, &directory.occupant) {
        (_, other @ (Occupant::File | Occupant::Symlink | Occupant::Mount | Occupant::Unreadable(_))) => {
            return Some(occupied(here, other));
        }
        (_, Occupant::Nothing | Occupant::Empty) => return None,
        (Shape::Nested, Occupant::Worktree(_)) => return another_place(input, directory, input.builder_mark(&builder.name)?),
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
        return another_place(input, directory, mark);
    }
    let known = owned(input, std::ffi::OsStr::new(builder.name.as_str()), directory).is_some();
    let known = known || came_along(input, builder, directory);
    (!known && !holds_a_checkout(input, builder, directory)).then(|| occupied(here, &Occupant::Directory))
}

/// The builder is ours, and this workspace is not the one that made it, or not where it was.
fn another_place(input: &Input<'_>, directory: &BuilderDirectory, mark: &BuilderMark) -> Option<Blocker> {
    let here = &directory.path;
    if mark.file == input.desired.file {
        return None;
    }
    match &input.actual.place {
        Place::Moved(_) | Place::Relocated(_) => None,
        Place::Same | Place::Elsewhere(_) | Place::AnotherFile(_) if input.options.take_over => None,
        Place::Elsewhere(was) => {
            let fact = format!("this workspace is known as that of {was}; nothing of it is repaired or dropped from here");
            Some(at(
                "mounted-elsewhere",
                here,
                fact,
                "run wsctl there; if the workspace was moved, or its file renamed:\nwsctl apply --take-over",
            ))
        }
        Place::Same | Place::AnotherFile(_) => {
            Some(at("another-file", here, format!("it was declared by another file, {}", mark.file), "wsctl apply --take-over"))
        }
        Place::Copied(_) => copied(input, directory),
    }
}

/// Why nothing can be made in `builders_dir` at all.
fn nowhere(input: &Input<'_>) -> Option<Blocker> {
    let here = &input.desired.builders_dir;
    if let Directory::Unusable(what) = &input.actual.builders_dir {
        let next = format!("ls -la {}", shell(here));
        return Some(at("unusable-builders-dir", here, format!("builders_dir cannot be used: {what}"), next));
    }
    if let Some(lost) = input.lost() {
        return Some(lost.blocker(input));
    }
    let Marked::Unreadable(why) = &input.actual.workspace else { return None };
    let mark = here.join(OWN_DIRECTORY).join(WORKSPACE_MARK);
    let fact = format!("the workspace's mark cannot be read: {why}; without it nothing here is known to be ours");
    let aside = format!("mv {0} {0}.torn\nwsctl apply --take-over", shell(&mark));
    Some(at("unreadable-mark", &mark, fact, aside))
}

/// Where a missing builder lies under another name. Device and inode tell a renamed directory from a copy.
fn renamed<'a>(input: &Input<'a>, builder: &DesiredBuilder) -> Option<&'a AbsPath> {
    let missing = |directory: &BuilderDirectory| matches!(directory.occupant, Occupant::Nothing | Occupant::Empty);
    if !input.directory(&builder.name).is_none_or(missing) {
        return None;
    }
    let is_it = |directory: &&BuilderDirectory| {
        let mark = directory.mark.mark().filter(|mark| Some(&mark.workspace) == input.id() && mark.builder == builder.name);
        directory.path != builder.path && mark.is_some_and(|mark| mark.identity == Some(directory.identity))
    };
    input.actual.builders.values().find(is_it).map(|directory| &directory.path)
}

/// Whether a directory came here with `builders_dir` and holds a checkout of the builder: on another file system it has
/// another inode than the mark of a plain one says.
fn came_along(input: &Input<'_>, builder: &DesiredBuilder, directory: &BuilderDirectory) -> bool {
    let ours = |admin_dir: &AbsPath| {
        let mut found = input.registrations().filter(|(_, _, registration)| registration.admin_dir == *admin_dir);
        found.any(|(_, _, registration)| input.our_mark(registration).is_some_and(|mark| mark.builder == builder.name))
    };
    let holds = |occupant: &Occupant| matches!(occupant, Occupant::Worktree(admin_dir) if ours(admin_dir));
    matches!(input.actual.place, Place::Relocated(_)) && directory.places.values().any(holds)
}

/// Whether a directory that is not ours holds at least one declared checkout in its place.
fn holds_a_checkout(input: &Input<'_>, builder: &DesiredBuilder, directory: &BuilderDirectory) -> bool {
    let members = input.registered_in(&directory.path);
    members.iter().any(|(name, _, registration)| registration.worktree == place(builder, name))
}
