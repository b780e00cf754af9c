//! What is there to go to: builders of ours with their directories and checkouts.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;

use super::disk;
use super::status::builder_names;
use crate::model::actual::{Actual, Link, Registration};
use crate::model::desired::Desired;
use crate::model::located::{LocatedBuilder, LocatedCheckout};
use crate::model::mark::WorkspaceMark;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;

/// Every builder that is declared, or carries our mark, and is there; by name.
#[must_use]
pub fn located(actual: &Actual, desired: &Desired) -> Vec<LocatedBuilder> {
    let workspace = actual.workspace.mark().map(|mark: &WorkspaceMark| &mark.id);
    let mut marked: BTreeMap<&BuilderName, BTreeMap<&RepoName, &Registration>> = BTreeMap::new();
    let mut at: HashMap<(&RepoName, &AbsPath), &Registration> = HashMap::new();
    for (repository, state) in &actual.repositories {
        let known = state.repository().into_iter().flat_map(|repository| repository.registrations.values());
        for found in known.filter(|found| found.link == Link::Whole) {
            if let Some(mark) = found.mark.mark().filter(|mark| Some(&mark.workspace) == workspace) {
                marked.entry(&mark.builder).or_default().insert(repository, found);
            }
            at.extend(found.worktree.as_ref().map(|worktree| ((repository, worktree), found)));
        }
    }
    let mut all = Vec::new();
    for name in builder_names(actual, desired, workspace) {
        let path = desired.builders_dir.join(name.as_str());
        if !disk::look(path.as_path()).is_ok_and(|found| found.is_some_and(|found| found.is_dir())) {
            continue;
        }
        let mut checkouts = marked.remove(&name).unwrap_or_default();
        let declared = desired.builders.get(&name);
        let real = disk::real(&path);
        for (repository, checkout) in declared.into_iter().flat_map(|builder| &builder.checkouts) {
            if let Some(found) = at.get(&(repository, &checkout.path.under(&real))) {
                checkouts.entry(repository).or_insert(found);
            }
        }
        let mark = actual.builders.get(OsStr::new(name.as_str())).and_then(|directory| directory.mark.mark());
        let branch = mark.map(|mark| &mark.branch).or(declared.map(|builder| &builder.branch)).cloned();
        let port = mark.and_then(|mark| mark.port);
        let checkouts = checkouts.into_iter().filter_map(|(repository, found)| checkout(repository, found)).collect();
        all.push(LocatedBuilder { name, path, branch, port, checkouts });
    }
    all
}

fn checkout(repository: &RepoName, found: &Registration) -> Option<LocatedCheckout> {
    let path = found.worktree.clone()?;
    Some(LocatedCheckout { repository: repository.clone(), path, branch: found.head.branch().cloned() })
}
