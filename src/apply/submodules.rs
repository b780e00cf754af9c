//! Brings the submodules of a checkout to what its index names.

use anyhow::{Result, bail};

use crate::actual;
use crate::git::On;
use crate::model::desired::DesiredCheckout;
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

/// Lets them follow a checkout that was clean and has been switched: they are where the commit before had them.
pub(super) fn follow(shared: &Shared<'_>, desired: &DesiredCheckout, checkout: &AbsPath) -> Result<()> {
    let mut before: Vec<RelPath> = Vec::new();
    if !desired.contents.submodules {
        return Ok(());
    }
    loop {
        let strayed = actual::submodules(checkout).strayed;
        let Some(next) = strayed.into_iter().find(|strayed| !before.contains(&strayed.path)) else { return Ok(()) };
        let place = next.path.under(checkout);
        if shared.run.door.switch(&place, On::Commit(&next.recorded)).is_err() {
            // The commit may not have arrived yet.
            shared.run.door.fetch(&place, &|_, _| {})?;
            shared.run.door.switch(&place, On::Commit(&next.recorded))?;
        }
        before.push(next.path);
    }
}
