//! Which directories a checkout has: declared, last applied, on the disk.

use crate::model::actual::{Registration, Repository};
use crate::model::desired::DesiredCheckout;
use crate::model::mark::CheckoutMark;
use crate::model::path::printable;
use crate::model::sparse::{Cone, Sparse, shown};

use super::Blocker;
use super::blockers::{at, replace, shell, word};
use super::checkouts::Case;
use super::draft::Drafts;
use super::input::Input;

/// What becomes of the directories of a checkout of ours.
#[derive(Default)]
pub(super) struct Shaping {
    /// Whether they change.
    pub(super) change: bool,
    /// What changes, in words: of the directories, or only of the mark.
    pub(super) reason: Option<String>,
    /// Why they cannot.
    pub(super) blocker: Option<Blocker>,
}

/// Compares what is declared with what was last applied and what is there; what nobody asked for is drift.
pub(super) fn shaping(
    input: &Input<'_>,
    case: &Case<'_>,
    registration: &Registration,
    mark: &CheckoutMark,
    drafts: &mut Drafts,
) -> Shaping {
    let declared = case.checkout.sparse.as_ref();
    let there = is_as(declared, registration) && (declared.is_some() || registration.sparse.is_none());
    if there {
        let reason = (mark.sparse.as_ref() != declared).then(|| format!("already has {}", shown(declared)));
        return Shaping { reason, ..Shaping::default() };
    }
    let replaced = input.replaces(&case.address);
    let as_applied = mark.sparse.is_some() == registration.sparse.is_some() && is_as(mark.sparse.as_ref(), registration);
    if mark.sparse.as_ref() == declared && !replaced {
        if declared.is_some() {
            let fact = format!("has {}, declared is {}", now(registration), shown(declared));
            drafts.drift(&case.address, fact, Some(replace(&case.address)));
        }
        return Shaping::default();
    }
    if declared.is_none() && mark.sparse.is_none() {
        return Shaping::default();
    }
    let reason = Some(format!("has {}, declared is {}", now(registration), shown(declared)));
    let blocker = (!as_applied && !replaced).then(|| other(case, registration));
    Shaping { change: true, reason, blocker }
}

/// Whether a worktree is limited as declared; where nothing is declared, it may be as it likes.
pub(super) fn is_as(declared: Option<&Cone>, registration: &Registration) -> bool {
    match (declared, &registration.sparse) {
        (None, _) => true,
        (Some(declared), Some(Sparse::Cone(now))) => declared == now,
        (Some(_), Some(Sparse::Patterns) | None) => false,
    }
}

fn now(registration: &Registration) -> String {
    match &registration.sparse {
        None => shown(None),
        Some(Sparse::Cone(cone)) => shown(Some(cone)),
        Some(Sparse::Patterns) => "what patterns of its own say".into(),
    }
}

/// Somebody limited it otherwise.
pub(super) fn other(case: &Case<'_>, registration: &Registration) -> Blocker {
    let here = shell(&case.path);
    let next = case.checkout.sparse.as_ref().map_or_else(
        || format!("git -C {here} sparse-checkout disable"),
        |cone| {
            let names: Vec<String> = cone.iter().map(|path| word(path.as_str())).collect();
            format!("git -C {here} sparse-checkout set --cone -- {}", names.join(" "))
        },
    );
    let fact = format!("it has {}, neither as last applied nor as declared", now(registration));
    at("another-sparse", &case.path, fact, next)
}

/// Ignored files in directories that would go: git deletes them without a word.
pub(super) fn left_out(case: &Case<'_>, registration: &Registration) -> Option<Blocker> {
    let paths = &registration.work.as_ref()?.left_out;
    let first = paths.first()?;
    let (place, name) = (case.path.join(first), printable(first.as_os_str()));
    let fact = match paths.len() - 1 {
        0 => format!("{name} is not tracked, and its directory would be left out"),
        more => format!("{name} and {more} more are not tracked, and their directories would be left out"),
    };
    let next = format!("git -C {} clean -ndX\nthen mv {} SOMEWHERE", shell(&case.path), shell(&place));
    Some(at("ignored", &place, fact, next))
}

/// What a creation says of its directories; the repository, where it is there.
pub(super) fn details(checkout: &DesiredCheckout, repository: Option<&Repository>) -> Vec<String> {
    if checkout.sparse.is_none() {
        return vec![];
    }
    let mut lines = vec![format!("only {}, and the files above", shown(checkout.sparse.as_ref()))];
    if repository.is_none_or(|repository| !repository.worktree_config) {
        let name = &checkout.repository;
        lines.push(format!("switches extensions.worktreeConfig on in repository {name}, for what is of one worktree only"));
    }
    lines
}
