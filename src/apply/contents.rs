//! Brings what a checkout holds beside the files of its own commits.

use anyhow::{Result, bail};

use crate::actual;
use crate::model::actual::{Actual, Link, RepositoryState};
use crate::model::desired::{DesiredBuilder, DesiredCheckout};
use crate::model::lfs::{Lfs, Pointers};
use crate::model::path::AbsPath;

use super::recover::Recovery;
use super::{Shared, submodules};

/// Brings what is declared and missing.
pub(super) fn fill(shared: &Shared<'_>, desired: &DesiredCheckout, repository: &AbsPath, checkout: &AbsPath) -> Result<()> {
    submodules::fill(shared, desired, repository, checkout)?;
    match desired.contents.lfs {
        Lfs::Content => content(shared, checkout),
        Lfs::AsConfigured | Lfs::Pointers => Ok(()),
    }
}

/// Brings the content of files that are pointers: git brings it itself, but not where it was told to leave it out.
fn content(shared: &Shared<'_>, checkout: &AbsPath) -> Result<()> {
    let look = || match actual::pointers(checkout) {
        Pointers { paths, unknown: None } => Ok(paths),
        Pointers { unknown: Some(why), .. } => bail!("the files of git-lfs in {checkout} could not be looked at: {why}"),
    };
    let missing = look()?;
    if missing.is_empty() {
        return Ok(());
    }
    shared.run.door.bring_content(checkout, &missing)?;
    match look()?.first() {
        Some(first) => bail!("{} is a pointer still: git-lfs did not bring its content", first.under(checkout)),
        None => Ok(()),
    }
}

/// Finishes what was cut short while content came: in the index, for each checkout that shall have it.
pub(super) fn settle(recovery: &Recovery<'_>, actual: &Actual) -> Result<()> {
    let mut first = Ok(());
    for repository in actual.repositories.values().filter_map(RepositoryState::repository) {
        for found in repository.registrations.values().filter(|found| found.link == Link::Whole) {
            let Some(place) = &found.worktree else { continue };
            let wants = |builder: &DesiredBuilder| {
                let mut checkouts = builder.checkouts.values();
                checkouts.any(|it| it.contents.lfs == Lfs::Content && it.path.under(&builder.path) == *place)
            };
            if recovery.desired.builders.values().any(wants) {
                first = first.and(recovery.door.bring_content(place, &[]));
            }
        }
    }
    first
}
