//! Brings the submodules of a checkout to what its index names.

use anyhow::{Result, bail};

use crate::actual;
use crate::git::{Door, On};
use crate::model::desired::DesiredCheckout;
use crate::model::name::ObjectId;
use crate::model::path::{AbsPath, RelPath};

use super::Shared;

/// Brings those that are missing, where they are declared. Each round shows those that lie in the ones before.
pub(super) fn fill(shared: &Shared<'_>, desired: &DesiredCheckout, repository: &AbsPath, checkout: &AbsPath) -> Result<()> {
    let mut before: Vec<RelPath> = Vec::new();
    if !desired.contents.submodules {
        return Ok(());
    }
    loop {
        let found = actual::submodules(checkout);
        if let Some(why) = found.unknown {
            bail!("the submodules of {checkout} could not be looked at: {why}");
        }
        if found.missing.is_empty() {
            return Ok(());
        }
        if let Some(again) = found.missing.iter().find(|path| before.contains(path)) {
            bail!("submodule {again} of {checkout} is still missing");
        }
        shared.run.door.fill_submodules(repository, checkout, &found.missing)?;
        before.extend(found.missing);
    }
}

/// Lets them follow a checkout that has been switched from this commit: those that are where it has them. Any other was moved
/// by somebody, and stays.
pub(super) fn follow(door: &dyn Door, checkout: &AbsPath, from: &ObjectId) -> Result<()> {
    let mut before: Vec<RelPath> = Vec::new();
    loop {
        let strayed = actual::submodules(checkout).strayed;
        let Some(next) = strayed.into_iter().find(|strayed| !before.contains(&strayed.path)) else { return Ok(()) };
        before.push(next.path.clone());
        if actual::recorded(checkout, from, &next.path)?.as_ref() != Some(&next.at) {
            continue;
        }
        let place = next.path.under(checkout);
        if door.switch(&place, On::Commit(&next.recorded)).is_err() {
            // The commit may not have arrived yet.
            door.fetch(&place, &|_, _| {})?;
            door.switch(&place, On::Commit(&next.recorded))?;
        }
    }
}
