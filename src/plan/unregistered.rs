//! Checkouts in a builder that no registration of a declared repository names: what they hold is not looked at.

use std::collections::BTreeSet;

use crate::model::actual::Place;
use crate::model::address::{Address, quoted, segment};
use crate::model::builder::{BuilderDirectory, Occupant};
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::model::work::{Finding, Findings};

use super::blockers::{at, shell};
use super::input::Input;
use super::{Blocker, stranded};

/// Copies, and checkouts of repositories that the file does not declare: what they hold is not looked at, and nothing
/// would keep it.
pub(super) fn unregistered<'a>(input: &Input<'a>, builder: &'a BuilderName, directory: &'a BuilderDirectory) -> Vec<Blocker> {
    let known: BTreeSet<_> = input.registered_in(&directory.path).iter().filter_map(|(_, _, it)| it.worktree.as_ref()).collect();
    let worktree = |(path, occupant): (&'a RelPath, &'a Occupant)| match occupant {
        Occupant::Worktree(admin) => Some((path, admin)),
        Occupant::Nothing
        | Occupant::Empty
        | Occupant::Directory
        | Occupant::File
        | Occupant::Symlink
        | Occupant::Repository
        | Occupant::Mount
        | Occupant::Unreadable(_) => None,
    };
    let strange = directory.places.iter().filter_map(worktree).filter(|(path, _)| !known.contains(&path.under(&directory.path)));
    let blocker = |(place, admin): (&RelPath, &AbsPath)| {
        let path = place.under(&directory.path);
        if let Some(named) = directory.one_sided.get(place) {
            return one_sided(input, builder, &path, admin, named.as_ref());
        }
        let common = admin.parent().parent();
        let repository = if common.as_path().ends_with(".git") { common.parent() } else { common };
        let name = repository.as_path().file_name().unwrap_or_default().to_string_lossy();
        let name = name.trim_end_matches(".git");
        let section = if input.desired.repositories.contains_key(name) { "NAME".into() } else { segment(name) };
        let declared = quoted(&repository.to_string());
        let next = format!("declare it: [repos.{section}] with `path = {declared}`, until builders.{builder} is gone");
        at("undeclared-repository", &path, format!("it is a checkout of {repository}, which the file does not declare"), next)
    };
    strange.map(blocker).collect()
}

/// No declaration makes it a checkout of the repository that it names.
fn one_sided(input: &Input<'_>, builder: &BuilderName, path: &AbsPath, admin: &AbsPath, named: Option<&AbsPath>) -> Blocker {
    if input.moved() && stranded::all(input).any(|found| found.now == *path) {
        let fact = "its links name where the workspace was: they are repaired first, and this comes with the next apply";
        return at(ONE_SIDED, path, fact, "wsctl apply");
    }
    let fact = match named {
        Some(named) => format!("it is a copy of a checkout: its .git file names the registration of {named}"),
        None => format!("its .git file names {admin}, which is no registration"),
    };
    let was_moved = named.is_none() && matches!(input.actual.place, Place::Moved(_) | Place::Elsewhere(_));
    let next = if was_moved {
        format!("put [{}] back, `wsctl apply`, then take it out again", Address::Builder(builder.clone()))
    } else {
        format!("mv {} SOMEWHERE", shell(path))
    };
    at(ONE_SIDED, path, fact, next)
}

/// The name of that blocker for programs.
const ONE_SIDED: &str = "copied";

/// What tells of a worktree inside better than that there is one.
const TELL: [&str; 3] = [ONE_SIDED, "undeclared-repository", "not-ours"];

/// What lies beside the checkouts, but for what was told already: once, and with the way out that fits.
pub(super) fn untold(directory: &BuilderDirectory, findings: &[Finding], told: &[Blocker]) -> Findings {
    let is_told = |inside: &String| {
        let path = directory.path.join(inside);
        told.iter().any(|blocker| TELL.contains(&blocker.kind) && blocker.path.as_ref() == Some(&path))
    };
    let all_told = |finding: &Finding| matches!(finding, Finding::Nested(inside) if inside.total == inside.paths.len() && inside.paths.iter().all(is_told));
    findings.iter().filter(|finding| !all_told(finding)).cloned().collect()
}
