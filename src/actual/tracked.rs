//! What commits track where something else shall lie: an inner checkout of a nested builder, or a managed file of a
//! checkout that is still to be made.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::open;
use crate::model::actual::{Base, Repository, RepositoryState, Tracked};
use crate::model::desired::{Desired, DesiredBuilder, DesiredCheckout};
use crate::model::name::{ObjectId, RepoName};
use crate::model::path::RelPath;

/// The places that a commit tracks on which a checkout is, or may be put.
pub(super) fn tracked(desired: &Desired, repositories: &BTreeMap<RepoName, RepositoryState>) -> BTreeSet<Tracked> {
    let mut found = BTreeSet::new();
    for builder in desired.builders.values() {
        for (name, checkout) in &builder.checkouts {
            let places = places(builder, checkout);
            if let (false, Some(repository)) = (places.is_empty(), repositories.get(name).and_then(RepositoryState::repository)) {
                // What cannot be read here is found when it is checked out.
                found.extend(of_checkout(builder, checkout, repository, &places).unwrap_or_default());
            }
        }
    }
    found
}

/// What shall lie in a checkout and is not its own, by path in it.
fn places(builder: &DesiredBuilder, checkout: &DesiredCheckout) -> Vec<RelPath> {
    let files = builder.files.values().filter(|file| file.checkout.as_ref() == Some(&checkout.repository)).map(|file| &file.to);
    let inner = builder.checkouts.values().map(|inner| &inner.path).filter(|inner| *inner != &checkout.path);
    files.chain(inner).filter_map(|path| path.below(&checkout.path)).collect()
}

fn of_checkout(
    builder: &DesiredBuilder,
    checkout: &DesiredCheckout,
    repository: &Repository,
    places: &[RelPath],
) -> Result<Vec<Tracked>> {
    let objects = open::gix(repository.common_dir.as_path(), &[])?;
    let mut found = Vec::new();
    for commit in commits(builder, checkout, repository) {
        let tree = objects.find_commit(gix::ObjectId::from_hex(commit.as_str().as_bytes())?)?.tree()?;
        for path in places {
            if tree.lookup_entry_by_path(path.as_str())?.is_some() {
                let (repository, commit, path) = (checkout.repository.clone(), commit.clone(), path.clone());
                found.push(Tracked { repository, commit, path });
            }
        }
    }
    Ok(found)
}

/// Where a checkout is, and where it may be put.
fn commits(builder: &DesiredBuilder, checkout: &DesiredCheckout, repository: &Repository) -> BTreeSet<ObjectId> {
    let path = checkout.path.under(&builder.path);
    let here = repository.registrations.values().filter(|found| found.worktree.as_ref() == Some(&path));
    let mut commits: BTreeSet<ObjectId> = here.filter_map(|found| found.head.commit().cloned()).collect();
    let branch = checkout.goal.branch();
    commits.extend(branch.and_then(|branch| repository.branches.get(branch)).cloned());
    let heads: BTreeSet<&String> = repository.remote_heads.values().collect();
    let remote =
        repository.remote_branches.iter().filter(|(name, remote)| Some(&remote.branch) == branch || heads.contains(name));
    commits.extend(remote.map(|(_, remote)| remote.id.clone()));
    let revisions = checkout.base.iter().chain(checkout.goal.reference());
    commits.extend(revisions.filter_map(|revision| match repository.bases.get(revision) {
        Some(Base::Commit(commit)) => Some(commit.clone()),
        Some(Base::Missing(_) | Base::Ambiguous(_)) | None => None,
    }));
    commits.extend(repository.head.commit().cloned());
    commits
}
