//! A workspace that is a copy: nothing of the original may be touched from it, and how it becomes one of its own.

use crate::model::actual::{Link, Place, Registration, Repository};
use crate::model::address::Address;
use crate::model::builder::BuilderDirectory;
use crate::model::path::AbsPath;

use super::Blocker;
use super::blockers::{at, see_to, shell};
use super::input::Input;

/// The one thing to say of a builder that was copied with its workspace.
pub(super) fn copied(input: &Input<'_>, directory: &BuilderDirectory) -> Option<Blocker> {
    let Place::Copied(of) = &input.actual.place else { return None };
    let fact = format!("it is a copy: its checkouts belong to the workspace of {of}");
    // Once is enough: the way out is the same for all of them.
    let here = |found: &&BuilderDirectory| found.mark.mark().is_some_and(|mark| Some(&mark.workspace) == input.id());
    let first = input.actual.builders.values().find(here).filter(|first| first.path != directory.path);
    let next = first.and_then(|first| first.mark.mark()).map(|mark| see_to(&Address::Builder(mark.builder.clone())));
    Some(at("copied", &directory.path, fact, next.unwrap_or_else(|| own_ways(input))))
}

/// What a registration that was copied with its repository stands in the way of.
pub(super) fn registration(branch: &str, path: &AbsPath, other: &AbsPath, admin_dir: &AbsPath) -> Blocker {
    let fact = format!("branch {branch} is registered as checked out at {path}, and that names {other} instead");
    let next = format!("if this repository is a copy, the registration is one too:\nmv {} SOMEWHERE", shell(admin_dir));
    at("branch-in-use", admin_dir, fact, next)
}

/// Aside with what was copied of builders and registrations: both lead to the original.
fn own_ways(input: &Input<'_>) -> String {
    let mut lines = vec![format!("mv {} SOMEWHERE", shell(&input.desired.builders_dir))];
    for repository in input.actual.repositories.values().filter_map(|state| state.repository()) {
        lines.extend(registrations(input, repository));
    }
    lines.push("then `wsctl apply` makes builders of this workspace's own".into());
    lines.join("\n")
}

fn registrations(input: &Input<'_>, repository: &Repository) -> Option<String> {
    let is_copy = |found: &&Registration| found.link != Link::Whole && input.our_mark(found).is_some();
    let copies: Vec<&Registration> = repository.registrations.values().filter(is_copy).collect();
    if copies.is_empty() {
        return None;
    }
    if copies.len() == repository.registrations.len() {
        return Some(format!("mv {0} {0}.original", shell(&repository.common_dir.join("worktrees"))));
    }
    let paths: Vec<String> = copies.iter().map(|found| shell(&found.admin_dir)).collect();
    Some(format!("mv {} SOMEWHERE", paths.join(" ")))
}
