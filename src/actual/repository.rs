//! One declared repository: its refs, remotes and registrations.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use anyhow::Result;

use super::git_dir::GitDir;
use super::open::{self, Found, Opened};
use super::real::Real;
use super::refs::Refs;
use super::{head, registration};
use crate::model::actual::{Repository, RepositoryState};
use crate::model::address::{Address, quoted};
use crate::model::desired::{Desired, DesiredRepository, Url};
use crate::model::name::RepoName;
use crate::model::path::{AbsPath, shell};

/// Every revision that a checkout of a repository names as its base, or as what it is detached at.
#[must_use]
pub fn bases(desired: &Desired, repository: &RepoName) -> BTreeSet<String> {
    let checkouts = desired.builders.values().filter_map(|builder| builder.checkouts.get(repository));
    checkouts.flat_map(|checkout| checkout.base.iter().chain(checkout.goal.reference())).cloned().collect()
}

/// Reads what lies at a declared repository's path.
#[must_use]
pub fn repository(desired: &DesiredRepository, bases: &BTreeSet<String>) -> RepositoryState {
    repository_in(desired, bases, &Real::default(), None)
}

/// The same as a part of one reading, with all of its registrations or only those of these names.
pub(super) fn repository_in(
    desired: &DesiredRepository,
    bases: &BTreeSet<String>,
    real: &Real,
    only: Option<&BTreeSet<OsString>>,
) -> RepositoryState {
    match open::open(&desired.path) {
        Found::Missing => RepositoryState::Missing,
        Found::Occupied(what) => RepositoryState::Occupied(what),
        Found::Unusable(fact, next) => RepositoryState::Unusable { fact, next },
        Found::Belongs(fact, next, path) => {
            let own = || format!("[{}]: path", Address::Repository(desired.name.clone()));
            let key = if desired.name.is_root() { "[workspace]: root".into() } else { own() };
            let next = format!("{next}in builders.toml, below {key} = {}", quoted(&path));
            RepositoryState::Unusable { fact, next }
        }
        Found::Open(opened) => match read(&desired.path, &opened, bases, (real, only)) {
            Ok(repository) => RepositoryState::Present(Box::new(repository)),
            Err(error) => RepositoryState::Unusable {
                fact: format!("cannot be read: {error:#}"),
                next: format!("git -C {} fsck", shell(&desired.path)),
            },
        },
    }
}

fn read(
    path: &AbsPath,
    opened: &Opened,
    bases: &BTreeSet<String>,
    (real, only): (&Real, Option<&BTreeSet<OsString>>),
) -> Result<Repository> {
    let refs = Refs::read(opened)?;
    let git_dir = GitDir::list(&opened.git_dir);
    let (remotes, mirror_refspecs) = remotes(&opened.gix);
    let names: Vec<&str> = remotes.keys().map(String::as_str).collect();
    Ok(Repository {
        path: path.clone(),
        common_dir: opened.git_dir.clone(),
        format: opened.format,
        refs: opened.refs,
        bare: opened.bare,
        head: head::head(&git_dir, &refs, opened.refs),
        operation: head::operation(&git_dir),
        remote_heads: refs.remote_heads(),
        branches: refs.branches(),
        made: BTreeMap::new(),
        was: None,
        obstacle: None,
        held: None,
        remote_branches: refs.remote_branches(&names),
        bases: bases.iter().map(|base| (base.clone(), refs.base(base, &opened.gix))).collect(),
        filter: filter(&opened.gix),
        worktree_config: opened.gix.config_snapshot().boolean("extensions.worktreeConfig").unwrap_or(false),
        registrations: registration::registrations(opened, &refs, real, only)?,
        remotes,
        mirror_refspecs,
    })
}

/// The filter of the first remote that objects may be missing from.
fn filter(repository: &gix::Repository) -> Option<String> {
    let config = repository.config_snapshot();
    let mut sections = config.plumbing().sections_by_name("remote")?;
    sections.find_map(|section| Some(section.value("partialclonefilter")?.to_string()))
}

/// By remote: its url.
type Remotes = BTreeMap<String, Option<Url>>;

/// Remotes as configured, and the refspecs that would write over branches or keepers.
fn remotes(repository: &gix::Repository) -> (Remotes, Vec<(String, String)>) {
    let mut remotes = Remotes::new();
    let mut mirrors = Vec::new();
    let config = repository.config_snapshot();
    for section in config.plumbing().sections_by_name("remote").into_iter().flatten() {
        let Some(name) = section.header().subsection_name() else { continue };
        let url = remotes.entry(name.to_string()).or_default();
        if url.is_none() {
            *url = section.values("url").first().map(|text| Url::new(text.to_string()));
        }
        let refspecs = section.values("fetch").into_iter().map(|spec| spec.to_string());
        mirrors.extend(refspecs.filter(|spec| mirrors_branches(spec)).map(|spec| (name.to_string(), spec)));
    }
    (remotes, mirrors)
}

fn mirrors_branches(spec: &str) -> bool {
    let Some((_, target)) = spec.split_once(':').filter(|_| !spec.starts_with('^')) else {
        return false;
    };
    ["refs/heads/", "refs/wsctl/"].iter().any(|ours| match target.split_once('*') {
        Some((prefix, _)) => ours.starts_with(prefix) || prefix.starts_with(ours),
        None => target.starts_with(ours),
    })
}

#[cfg(test)]
mod tests {
    use super::mirrors_branches;

    #[test]
    fn a_refspec_that_covers_branches_is_found() {
        for spec in ["+refs/*:refs/*", "+refs/heads/*:refs/heads/*", "refs/heads/main:refs/heads/main", "+refs/x/*:refs/wsctl/*"]
        {
            assert!(mirrors_branches(spec), "{spec}");
        }
        for spec in ["+refs/heads/*:refs/remotes/origin/*", "refs/heads/main", "^refs/heads/x"] {
            assert!(!mirrors_branches(spec), "{spec}");
        }
    }
}
