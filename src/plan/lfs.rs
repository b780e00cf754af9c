//! The files of a checkout that git-lfs keeps.

use crate::model::actual::Registration;
use crate::model::desired::DesiredCheckout;
use crate::model::lfs::{Lfs, Unready};
use crate::model::name::RepoName;
use crate::model::path::AbsPath;

use super::Blocker;
use super::blockers::{at, shell};
use super::checkouts::Case;
use super::contents::Filling;
use super::input::Input;

/// Compares what is declared with the pointers that are there.
pub(super) fn fill(input: &Input<'_>, case: &Case<'_>, registration: &Registration, filling: &mut Filling) {
    let Some(pointers) = &registration.pointers else { return };
    if let Some(why) = &pointers.unknown {
        let next = format!("git -C {} lfs ls-files", shell(&case.path));
        filling.reasons.push("look at its files of git-lfs".into());
        filling.blockers.push(at("unknown", &case.path, format!("its files of git-lfs could not be looked at: {why}"), next));
    }
    if let [first, more @ ..] = pointers.paths.as_slice() {
        filling.reasons.push(match more.len() {
            0 => format!("the content of {first} is not there"),
            more => format!("the content of {first} and of {more} more files of git-lfs is not there"),
        });
        filling.blockers.extend(unready(input, &case.checkout.repository, &case.path));
    }
}

/// Why git cannot bring content to a repository that shall have it.
pub(super) fn unready(input: &Input<'_>, repository: &RepoName, path: &AbsPath) -> Option<Blocker> {
    let (fact, next) = match input.actual.unready.get(repository)? {
        Unready::NotInstalled => ("git-lfs is not installed", "install git-lfs: https://git-lfs.com\nthen git lfs install"),
        Unready::NotSetUp => ("git-lfs is not set up", "git lfs install"),
    };
    Some(at("no-lfs", path, format!("repository {repository} has `lfs = true`, and {fact}"), next))
}

/// What a creation says of them.
pub(super) fn details(checkout: &DesiredCheckout) -> Option<String> {
    match checkout.contents.lfs {
        Lfs::AsConfigured => None,
        Lfs::Content => Some("with the content of its files of git-lfs, if it has any".into()),
        Lfs::Pointers => Some("its files of git-lfs are pointers, if it has any".into()),
    }
}
