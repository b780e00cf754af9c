//! What the disk has to say before a declaration can be understood. Reads, never writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use super::fault::fault;
use super::schema::Config;
use super::trees::{Tree, Written};
use crate::model::name::RepoName;
use crate::model::path::AbsPath;

/// Facts of the disk that [`crate::desired::desired`] needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The workspace root, as a real path.
    pub root: AbsPath,
    /// Whether it is the top of a git work tree.
    pub root_is_repository: bool,
    /// Repositories whose clone is at `<repos_dir>/<name>/main`.
    pub main_clones: BTreeSet<RepoName>,
    /// HOME, as a real path.
    pub home: Option<AbsPath>,
    /// The innermost git repository around `builders_dir`, where that is not the root.
    pub inside_repository: Option<AbsPath>,
    /// Declared paths that a symbolic link leads elsewhere: declared → real.
    pub real_paths: BTreeMap<AbsPath, AbsPath>,
    /// The files behind every source that is a directory or a pattern.
    pub trees: BTreeMap<Written, Tree>,
}

impl Facts {
    /// Facts of a root where nothing else is.
    #[must_use]
    pub fn plain(root: AbsPath) -> Self {
        Facts {
            root,
            root_is_repository: false,
            main_clones: BTreeSet::new(),
            home: None,
            inside_repository: None,
            real_paths: BTreeMap::new(),
            trees: BTreeMap::new(),
        }
    }

    /// A declared path, relative to the root; `~/` is HOME. `None`: there is no HOME.
    #[must_use]
    pub fn resolve(&self, text: &str) -> Option<AbsPath> {
        resolve(&self.root, text, self.home.as_ref())
    }

    /// The real path of a declared one.
    #[must_use]
    pub fn real<'a>(&'a self, path: &'a AbsPath) -> &'a AbsPath {
        self.real_paths.get(path).unwrap_or(path)
    }

    /// The main worktree of a repository, as declared.
    pub(crate) fn main_worktree(&self, config: &Config, name: &RepoName) -> Option<AbsPath> {
        let path = config.repos.get(name).and_then(|repo| repo.path.as_ref());
        match path {
            Some(text) => self.resolve(&text.value),
            None if name.is_root() => Some(self.root.clone()),
            None if self.main_clones.contains(name) => Some(self.repos_dir(config)?.join(name.as_str()).join("main")),
            None => Some(self.repos_dir(config)?.join(name.as_str())),
        }
    }

    /// Where base clones live.
    pub(crate) fn repos_dir(&self, config: &Config) -> Option<AbsPath> {
        self.resolve(config.workspace.repos_dir.as_ref().map_or("repos", |text| &text.value))
    }

    /// Where builders live, as declared.
    pub(crate) fn builders_dir(&self, config: &Config) -> Option<AbsPath> {
        self.resolve(config.workspace.builders_dir.as_ref().map_or(".builders", |text| &text.value))
    }
}

/// Reads the facts that a declaration needs.
///
/// # Errors
/// [`crate::diagnostic::Faults`] when the root is no directory, together with what else is wrong with the text.
pub fn facts(config: &Config) -> Result<Facts> {
    let home = std::env::var_os("HOME").and_then(|home| AbsPath::new(home).ok()).map(|home| real_path(&home));
    let mut facts = Facts { home, ..Facts::plain(root(config)?) };
    facts.root_is_repository = is_work_tree(facts.root.as_path());
    let Some(repos_dir) = facts.repos_dir(config) else { return Ok(facts) };
    let mut declared = vec![repos_dir.clone()];
    for (name, repo) in &config.repos {
        let path = if let Some(path) = &repo.path {
            facts.resolve(&path.value)
        } else {
            let path = repos_dir.join(name.as_str());
            if !is_repository(path.as_path()) && is_repository(path.join("main").as_path()) {
                facts.main_clones.insert(name.clone());
            }
            Some(path)
        };
        declared.extend(path);
    }
    if let Some(builders_dir) = facts.builders_dir(config) {
        facts.inside_repository = repository_around(&real_path(&builders_dir), &facts.root);
        declared.push(builders_dir);
    }
    facts.trees = super::trees::trees(config, &facts);
    facts.real_paths =
        declared.into_iter().map(|path| (path.clone(), real_path(&path))).filter(|(path, real)| path != real).collect();
    Ok(facts)
}

fn root(config: &Config) -> Result<AbsPath> {
    let declared = config.workspace.root.as_ref();
    let home = std::env::var_os("HOME").and_then(|home| AbsPath::new(home).ok());
    let text = declared.map_or(".", |root| &root.value);
    let path = resolve(&config.file().parent(), text, home.as_ref()).unwrap_or_else(|| config.file().parent());
    let real = path.as_path().canonicalize().ok().filter(|real| real.is_dir()).and_then(|real| AbsPath::new(real).ok());
    real.ok_or_else(|| {
        let mut refused = config.clone();
        let span = declared.map_or(0..0, |root| root.span.clone());
        let hint = "it is relative to this file; `.` is the file's own directory";
        refused.faults.push(fault(&span, format!("the workspace root {path} is no directory"), "", hint));
        refused.refusal().into()
    })
}

/// A declared path below `base`; `~/` is HOME.
pub(super) fn resolve(base: &AbsPath, text: &str, home: Option<&AbsPath>) -> Option<AbsPath> {
    match text.strip_prefix('~') {
        Some("") => home.cloned(),
        Some(tail) if tail.starts_with('/') => Some(home?.join(tail.trim_start_matches('/'))),
        Some(_) | None => Some(base.join(text)),
    }
}

/// The path with every symbolic link resolved, as far as it exists.
pub(super) fn real_path(path: &AbsPath) -> AbsPath {
    if let Some(real) = path.as_path().canonicalize().ok().and_then(|real| AbsPath::new(real).ok()) {
        return real;
    }
    match path.as_path().file_name() {
        Some(name) => real_path(&path.parent()).join(name),
        None => path.clone(),
    }
}

/// The innermost repository at or around a path; `None` where it is the root, or there is none.
fn repository_around(path: &AbsPath, root: &AbsPath) -> Option<AbsPath> {
    let around = path.as_path().ancestors().find(|directory| is_repository(directory))?;
    (around != root.as_path()).then(|| AbsPath::new(around).ok()).flatten()
}

/// Whether a directory is the top of a git work tree.
pub(super) fn is_work_tree(path: &Path) -> bool {
    let git = path.join(".git");
    git.join("HEAD").symlink_metadata().is_ok() || git.is_file()
}

/// Whether a directory is a repository with or without a work tree.
pub(super) fn is_repository(path: &Path) -> bool {
    is_work_tree(path) || (path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir())
}
