//! Where repositories and builders lie, and that they do not lie on top of each other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Repositories;
use crate::config::fault::{fault, related};
use crate::config::{Config, Facts, Spanned};
use crate::diagnostic::Fault;
use crate::model::desired::{Cloning, DesiredRepository};
use crate::model::lfs::Lfs;
use crate::model::name::RepoName;
use crate::model::path::AbsPath;

/// `repos_dir`, and `builders_dir` as a real path.
pub(super) fn directories(config: &Config, facts: &Facts, faults: &mut Vec<Fault>) -> (AbsPath, AbsPath) {
    let mut known = |path: Option<AbsPath>, text: Option<&Spanned<String>>| {
        path.unwrap_or_else(|| {
            homeless(text.map_or(0..0, |text| text.span.clone()), faults);
            facts.root.clone()
        })
    };
    let repos_dir = known(facts.repos_dir(config), config.workspace.repos_dir.as_ref());
    let builders_dir = known(facts.builders_dir(config), config.workspace.builders_dir.as_ref());
    let real = facts.real(&builders_dir).clone();
    (repos_dir, real)
}

fn homeless(span: Range<usize>, faults: &mut Vec<Fault>) {
    faults.push(fault(&span, "`~` stands for HOME, which is not set", "", "write the whole path"));
}

/// Every declared repository with its path, and the root's.
pub(super) fn repositories(config: &Config, facts: &Facts, repos_dir: &AbsPath, faults: &mut Vec<Fault>) -> Repositories {
    let mut repositories = BTreeMap::new();
    let mut taken: BTreeMap<AbsPath, Option<(&RepoName, Range<usize>)>> = BTreeMap::new();
    if facts.root_is_repository {
        let (name, path) = (RepoName::root(), facts.root.clone());
        let root = DesiredRepository { name, url: None, path, cloning: Cloning::default(), lfs: Lfs::default() };
        repositories.insert(RepoName::root(), root);
    }
    taken.insert(facts.root.clone(), None);
    let mut declared: Vec<_> = config.repos.values().collect();
    declared.sort_by_key(|repo| repo.name.span.start);
    for repo in declared {
        let name = &repo.name.value;
        let path = match &repo.path {
            Some(text) => facts.resolve(&text.value).unwrap_or_else(|| {
                homeless(text.span.clone(), faults);
                repos_dir.join(name.as_str())
            }),
            None => facts.main_worktree(config, name).unwrap_or_else(|| repos_dir.join(name.as_str())),
        };
        let span = repo.path.as_ref().map_or(&repo.name.span, |path| &path.span);
        match taken.get(facts.real(&path)) {
            Some(None) => {
                let message = format!("repository `{name}` lies at the workspace root");
                faults.push(fault(
                    span,
                    message,
                    "",
                    "the root is repository \".\" by itself when git knows it; give this one a path below it",
                ));
            }
            Some(Some((first, at))) => {
                let message = format!("repositories `{first}` and `{name}` have the same path, {path}");
                faults.push(related(fault(span, message, "", "give each its own `path`"), at, format!("`{first}` is there")));
            }
            None => {
                taken.insert(facts.real(&path).clone(), Some((name, span.clone())));
            }
        }
        let url = repo.url.as_ref().map(|url| url.value.clone());
        let (cloning, lfs) = (repo.cloning.clone(), repo.contents.lfs);
        repositories.insert(name.clone(), DesiredRepository { name: name.clone(), url, path, cloning, lfs });
    }
    repositories
}

/// Reports a `builders_dir` that could take something with it; the first reason that applies.
pub(super) fn check_builders_dir(
    config: &Config,
    facts: &Facts,
    repos_dir: &AbsPath,
    builders_dir: &AbsPath,
    repositories: &Repositories,
    faults: &mut Vec<Fault>,
) {
    let repos_dir = facts.real(repos_dir);
    let in_git = builders_dir.as_path().components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    let mut others = repositories.values().filter(|r| *facts.real(&r.path) != facts.root);
    let around = others.clone().find(|r| facts.real(&r.path).contains(builders_dir));
    let inside = others.find(|r| builders_dir.contains(facts.real(&r.path)));
    let why = if builders_dir.as_path().parent().is_none() {
        "is the root of the file system".to_owned()
    } else if *builders_dir == facts.root {
        "is the workspace root itself".into()
    } else if builders_dir.contains(&facts.root) {
        "holds the workspace root".into()
    } else if facts.home.as_ref() == Some(builders_dir) {
        "is HOME".into()
    } else if facts.home.as_ref().is_some_and(|home| builders_dir.contains(home)) {
        "holds HOME".into()
    } else if in_git {
        "reaches into a `.git`".into()
    } else if let Some(repository) = around {
        format!("lies in repository `{}`", repository.name)
    } else if builders_dir == repos_dir {
        "is `repos_dir`".into()
    } else if builders_dir.contains(repos_dir) {
        "holds `repos_dir`".into()
    } else if let Some(repository) = inside {
        format!("holds repository `{}`", repository.name)
    } else if let Some(repository) = &facts.inside_repository {
        format!("lies in the git repository {repository}")
    } else {
        return;
    };
    let span = config.workspace.builders_dir.as_ref().map_or(&config.workspace.span, |text| &text.span);
    let hint = "builders need a directory of their own, e.g. `.builders`; only the root's repository may be around it";
    faults.push(fault(span, format!("builders_dir {builders_dir} {why}"), "", hint));
}
