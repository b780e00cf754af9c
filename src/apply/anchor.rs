//! The commits that an anchor records, also of checkouts that are only about to be made.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use crate::actual;
use crate::diagnostic::Diagnostic;
use crate::git::Records;
use crate::model::actual::ObjectFormat;
use crate::model::name::ObjectId;
use crate::model::path::{AbsPath, RelPath};
use crate::plan::{AnchorWrite, BranchPlan, CheckoutWrite, branch};

use super::Shared;

/// Every gitlink whose commit is known or can be looked up, and the paths of those of another object format.
pub(super) fn gitlinks(shared: &Shared<'_>, anchor: &AnchorWrite) -> (Vec<(RelPath, ObjectId)>, Vec<RelPath>) {
    let digits = match anchor.format {
        ObjectFormat::Sha1 => 40,
        ObjectFormat::Sha256 => 64,
    };
    let mut links = Vec::new();
    let mut other_format = Vec::new();
    for link in &anchor.gitlinks {
        let looked_up = || resolve(shared, link.write.as_ref()?).ok()?.commit().cloned();
        match link.commit.clone().or_else(looked_up) {
            Some(commit) if commit.as_str().len() == digits => links.push((link.path.clone(), commit)),
            Some(_) => other_format.push(link.path.clone()),
            None => {}
        }
    }
    (links, other_format)
}

/// How a checkout's branch comes about, once its repository is there.
pub(super) fn resolve(shared: &Shared<'_>, write: &CheckoutWrite) -> Result<BranchPlan> {
    if write.branch != BranchPlan::AfterClone {
        return Ok(write.branch.clone());
    }
    let desired = shared.run.desired;
    let name = &write.desired.repository;
    let declared = desired.repositories.get(name).with_context(|| format!("repository {name} is not declared"))?;
    let bases: BTreeSet<String> = actual::bases(desired, name);
    let state = actual::repository(declared, &bases);
    let repository = state.repository().with_context(|| format!("repository {name} cannot be read after its clone"))?;
    branch::choose(repository, &write.desired).map_err(|blocker| Diagnostic::new(blocker.fact, blocker.next).into())
}

/// Records checkouts or files of a builder that has an anchor, or forgets them.
pub(super) fn record(shared: &Shared<'_>, builder: &AbsPath, entries: &Records) -> Result<()> {
    if entries.is_empty() || !builder.join(".git").as_path().is_dir() {
        return Ok(());
    }
    let _turn = shared.turn();
    shared.run.door.record(builder, entries)
}
