//! What was found where a checkout shall be: one name for every case.

use crate::model::actual::{Link, Place, Registration, Repository};
use crate::model::builder::Occupant;
use crate::model::desired::{DesiredBuilder, DesiredCheckout};
use crate::model::mark::{CheckoutMark, Marked};
use crate::model::path::AbsPath;

use super::input::Input;

/// The state of one declared checkout on the disk.
pub(super) enum Found<'a> {
    /// Nothing, and nobody knows of it.
    Nothing,
    /// Something that is no worktree of the repository.
    InTheWay(&'a Occupant),
    /// A whole worktree with our mark for it.
    Ours(&'a Registration, &'a CheckoutMark),
    /// A whole worktree without any mark.
    Unmarked(&'a Registration),
    /// A whole worktree with a mark of somebody else, or one that cannot be read: what.
    MarkedOtherwise(String),
    /// What a killed creation of ours left.
    HalfMade(&'a Registration),
    /// Registered at the declared path; the directory is gone.
    DirectoryGone(&'a Registration),
    /// Registered at the declared path, or where it was declared before; what is there is not that worktree: what.
    BrokenLink(&'a Registration, String),
    /// Ours at the declared path, and its registration does not name it any more: what.
    Unnamed(&'a Registration, String),
    /// The workspace was moved: the worktree and the admin directory that the two ends still name.
    WorkspaceMoved {
        registration: &'a Registration,
        mark: &'a CheckoutMark,
        old_worktree: &'a AbsPath,
        old_admin_dir: &'a AbsPath,
    },
    /// The same checkout, seen under another mount point.
    MountedElsewhere(&'a Registration),
    /// Our checkout is registered, and lies, somewhere else.
    Elsewhere(AbsPath),
    /// Our checkout is registered somewhere else, and is not there either.
    Lost(&'a Registration),
}

/// Finds the checkout.
pub(super) fn find<'a>(input: &Input<'a>, builder: &DesiredBuilder, checkout: &DesiredCheckout) -> Found<'a> {
    let path = checkout.path.under(&builder.path);
    let occupant = input.occupant(&builder.name, &checkout.path);
    if matches!(occupant, Occupant::Symlink) {
        return Found::InTheWay(occupant);
    }
    let here = || input.registered_at(&checkout.repository, &path);
    if let Some(registration) = here().find(|registration| registration.link == Link::Whole).or_else(|| here().next()) {
        return at_its_path(input, builder, checkout, registration);
    }
    match input.marked(&builder.name, &checkout.repository) {
        Some((registration, mark)) => away(input, checkout, occupant, registration, mark),
        None if matches!(occupant, Occupant::Nothing | Occupant::Empty) => Found::Nothing,
        None => Found::InTheWay(occupant),
    }
}

fn at_its_path<'a>(
    input: &Input<'a>,
    builder: &DesiredBuilder,
    checkout: &DesiredCheckout,
    registration: &'a Registration,
) -> Found<'a> {
    let was_there = |found: &Repository| names_the_old_place(found, registration);
    match &registration.link {
        Link::Whole => {}
        Link::DirectoryGone => return Found::DirectoryGone(registration),
        Link::NamesAnother(other) if input.repository(&checkout.repository).is_some_and(was_there) => {
            return moved_repository(input, builder, checkout, registration, other);
        }
        broken @ (Link::GitFileGone | Link::NamesAnother(_) | Link::NotALink(_) | Link::NoGitdir(_)) => {
            return Found::BrokenLink(registration, broken_link(broken));
        }
    }
    let creating = registration.begun_by().is_some_and(|workspace| Some(workspace) == input.id());
    match &registration.mark {
        Marked::No if creating => Found::HalfMade(registration),
        Marked::No => Found::Unmarked(registration),
        Marked::Unreadable(why) => Found::MarkedOtherwise(format!("its mark cannot be read: {why}")),
        Marked::Yes(mark) if Some(&mark.workspace) != input.id() => {
            Found::MarkedOtherwise(format!("it belongs to another workspace ({})", mark.file))
        }
        Marked::Yes(mark) if mark.builder != builder.name || mark.repository != checkout.repository => {
            Found::MarkedOtherwise(format!("its mark says builder {}, repository {}", mark.builder, mark.repository))
        }
        Marked::Yes(mark) => Found::Ours(registration, mark),
    }
}

/// The registration names another path than the declared one.
fn away<'a>(
    input: &Input<'a>,
    checkout: &DesiredCheckout,
    occupant: &'a Occupant,
    registration: &'a Registration,
    mark: &'a CheckoutMark,
) -> Found<'a> {
    if let (Occupant::Worktree(named), Some(old_worktree)) = (occupant, &registration.worktree)
        && named.as_path().file_name() == Some(&registration.admin_name)
        && named.parent().as_path().ends_with("worktrees")
        && registration.link == Link::DirectoryGone
    {
        let relocated = matches!(input.actual.place, Place::Relocated(_));
        return if relocated || (input.moved() && *named != registration.admin_dir) {
            Found::WorkspaceMoved { registration, mark, old_worktree, old_admin_dir: named }
        } else {
            Found::MountedElsewhere(registration)
        };
    }
    if let (Link::NoGitdir(what), Occupant::Worktree(named)) = (&registration.link, occupant)
        && *named == registration.admin_dir
    {
        return Found::Unnamed(registration, what.clone());
    }
    if let (Link::Whole, Some(worktree)) = (&registration.link, &registration.worktree) {
        return Found::Elsewhere(worktree.clone());
    }
    let there = matches!(registration.link, Link::GitFileGone | Link::NamesAnother(_) | Link::NotALink(_));
    if there && input.place_of(&registration.admin_dir).is_none() {
        let moved = |found: &Repository| found.was.clone().filter(|_| names_the_old_place(found, registration));
        let fact = match input.repository(&checkout.repository).and_then(moved) {
            Some(was) => format!("its repository was moved by hand from {was}, and the link to it comes before anything else"),
            None => broken_link(&registration.link),
        };
        return Found::BrokenLink(registration, fact);
    }
    Found::Lost(registration)
}

/// What a link that is not whole is; a lowercase fragment.
fn broken_link(link: &Link) -> String {
    match link {
        Link::Whole => "is whole".into(),
        Link::DirectoryGone => "its directory is gone".into(),
        Link::GitFileGone => "its .git file is gone".into(),
        Link::NamesAnother(other) => format!("its .git file names {other}"),
        Link::NotALink(what) | Link::NoGitdir(what) => what.clone(),
    }
}

/// Whether a worktree names its registration where the repository was before somebody moved it.
fn names_the_old_place(found: &Repository, registration: &Registration) -> bool {
    let old = |was: &AbsPath| Link::NamesAnother(was.join(registration.admin_dir.relative_to(&found.path)));
    found.was.as_ref().map(old).as_ref() == Some(&registration.link)
}

/// A checkout of ours whose repository was moved by hand.
fn moved_repository<'a>(
    input: &Input<'a>,
    builder: &DesiredBuilder,
    checkout: &DesiredCheckout,
    registration: &'a Registration,
    old_admin_dir: &'a AbsPath,
) -> Found<'a> {
    let ours = input.our_mark(registration);
    match (ours.filter(|mark| mark.builder == builder.name && mark.repository == checkout.repository), &registration.worktree) {
        (Some(mark), Some(old_worktree)) => Found::WorkspaceMoved { registration, mark, old_worktree, old_admin_dir },
        (_, _) => Found::BrokenLink(registration, format!("its .git file names {old_admin_dir}")),
    }
}
