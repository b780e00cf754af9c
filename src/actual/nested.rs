//! Nested builders: whether the root's own files take the place of an inner checkout.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::open;
use crate::model::actual::{Base, Repository, RepositoryState};
use crate::model::desired::{Desired, DesiredBuilder, Shape};
use crate::model::name::{ObjectId, RepoName};
use crate::model::path::RelPath;

/// The inner places that a commit tracks on which a nested root is, or may be put.
pub(super) fn tracked(desired: &Desired, repositories: &BTreeMap<RepoName, RepositoryState>) -> BTreeSet<(ObjectId, RelPath)> {
    let nested: Vec<_> = desired.builders.values().filter(|builder| builder.shape == Shape::Nested).collect();
    let Some(root) = repositories.get(&RepoName::root()).and_then(RepositoryState::repository) else { return BTreeSet::new() };
    if nested.is_empty() {
        return BTreeSet::new();
    }
    nested.into_iter().flat_map(|builder| of_builder(builder, root).unwrap_or_default()).collect()
}

fn of_builder(builder: &DesiredBuilder, root: &Repository) -> Result<Vec<(ObjectId, RelPath)>> {
    let objects = open::gix(root.common_dir.as_path(), &[])?;
    let mut found = Vec::new();
    for commit in commits(builder, root) {
        let tree = objects.find_commit(gix::ObjectId::from_hex(commit.as_str().as_bytes())?)?.tree()?;
        for checkout in builder.checkouts.values().filter(|checkout| !checkout.path.is_here()) {
            if tree.lookup_entry_by_path(checkout.path.as_str())?.is_some() {
                found.push((commit.clone(), checkout.path.clone()));
            }
        }
    }
    Ok(found)
}

/// Where the root of a builder is, and where it may be put.
fn commits(builder: &DesiredBuilder, root: &Repository) -> BTreeSet<ObjectId> {
    let here = root.registrations.values().filter(|found| found.worktree.as_ref() == Some(&builder.path));
    let mut commits: BTreeSet<ObjectId> = here.filter_map(|found| found.head.commit().cloned()).collect();
    let Some(checkout) = builder.checkouts.get(&RepoName::root()) else { return commits };
    commits.extend(root.branches.get(&checkout.branch).cloned());
    let remote = root.remote_branches.iter();
    let wanted =
        remote.filter(|(name, remote)| remote.branch == checkout.branch || root.remote_heads.values().any(|head| head == *name));
    commits.extend(wanted.map(|(_, remote)| remote.id.clone()));
    if let Some(Base::Commit(commit)) = checkout.base.as_ref().and_then(|base| root.bases.get(base)) {
        commits.insert(commit.clone());
    }
    commits.extend(root.head.commit().cloned());
    commits
}
