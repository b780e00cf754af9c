//! What the file asks for, with every default filled in.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::hook::Hooks;
use super::lfs::Lfs;
use super::moved::Moved;
use super::name::{BranchName, BuilderName, RepoName};
use super::obstacle::Obstacle;
use super::path::{AbsPath, RelPath};
use super::policy::{BuilderPolicy, MaxRemovals};
use super::ports::Ports;
use super::session::Opener;
use super::source::Sources;
use super::sparse::Cone;

pub use super::managed::{DesiredFile, FileMode, Origin};
pub use super::url::Url;

/// The whole wish: the value of `builders.toml` for one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The file itself, as a real path.
    pub file: AbsPath,
    /// What this was read from: the file and what it includes, with their texts.
    pub sources: Sources,
    /// The workspace root, as a real path.
    pub root: AbsPath,
    /// Where base clones live.
    pub repos_dir: AbsPath,
    /// Where builders live: each at `<builders_dir>/<name>`.
    pub builders_dir: AbsPath,
    /// Where `builders_dir` shall be, if that is not where it is.
    pub goes_to: Option<Destination>,
    /// Every declared repository, and `.` when the root is the top of a git work tree.
    pub repositories: BTreeMap<RepoName, DesiredRepository>,
    /// Every declared builder.
    pub builders: BTreeMap<BuilderName, DesiredBuilder>,
    /// What declared things were called before.
    pub moved: Moved,
    /// How many removals one run may do.
    pub max_removals: MaxRemovals,
    /// The policy of `[policy]`: for what no builder says otherwise, and for the trash as a whole.
    pub policy: BuilderPolicy,
    /// Whether plan and apply fetch first.
    pub fetch: bool,
    /// The ports that builders get one of; `None`: they get none.
    pub ports: Option<Ports>,
    /// The agents' server, where each builder has a session; `None`: there are no sessions.
    pub opencode: Option<Url>,
    /// How `wsctl open` starts an agent.
    pub open: Opener,
}

impl Desired {
    /// The same with `builders_dir` at another place.
    #[must_use]
    pub fn with_builders_dir(mut self, builders_dir: AbsPath, goes_to: Option<Destination>) -> Self {
        for builder in self.builders.values_mut() {
            builder.path = builders_dir.join(builder.name.as_str());
        }
        Desired { builders_dir, goes_to, ..self }
    }

    /// The same once `builders_dir` is where it shall be.
    #[must_use]
    pub fn arrived(self) -> Self {
        match &self.goes_to {
            Some(destination) => {
                let path = destination.path.clone();
                self.with_builders_dir(path, None)
            }
            None => self,
        }
    }
}

/// Where a directory shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The path.
    pub path: AbsPath,
    /// Why one rename does not bring it there.
    pub obstacle: Option<Obstacle>,
}

/// A repository with its base clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredRepository {
    /// Its name in the file.
    pub name: RepoName,
    /// Where it is cloned from when missing.
    pub url: Option<Url>,
    /// The main worktree, or the bare repository.
    pub path: AbsPath,
    /// What a clone of it leaves out.
    pub cloning: Cloning,
    /// What it and its checkouts have of the files of git-lfs.
    pub lfs: Lfs,
}

/// What a clone leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cloning {
    /// History behind so many commits of each branch.
    pub depth: Option<u32>,
    /// Objects that are fetched only when they are needed: git's `--filter`.
    pub filter: Option<String>,
}

impl fmt::Display for Cloning {
    /// Empty, or e.g. `, depth 1, filter blob:none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.depth.iter().try_for_each(|depth| write!(f, ", depth {depth}"))?;
        self.filter.iter().try_for_each(|filter| write!(f, ", filter {filter}"))
    }
}

/// How the agent's project is made of the builder's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Shape {
    /// A plain directory with an anchor repository in it.
    Anchored,
    /// A plain directory.
    Plain,
    /// The builder is the worktree of `.`.
    Nested,
}

/// One builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredBuilder {
    /// Its name.
    pub name: BuilderName,
    /// `<builders_dir>/<name>`.
    pub path: AbsPath,
    /// What makes the layout work.
    pub shape: Shape,
    /// The builder's own branch name, on which the anchor is.
    pub branch: BranchName,
    /// Whether it may never be removed.
    pub protect: bool,
    /// What a removal may do.
    pub policy: BuilderPolicy,
    /// What somebody says of it, for templates and lists.
    pub labels: BTreeMap<String, String>,
    /// Its hooks.
    pub hooks: Hooks,
    /// One per repository.
    pub checkouts: BTreeMap<RepoName, DesiredCheckout>,
    /// Managed files by their path in the builder; `{repo}` already expanded.
    pub files: BTreeMap<RelPath, DesiredFile>,
}

/// One repository's worktree in a builder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DesiredCheckout {
    /// Whose worktree it is.
    pub repository: RepoName,
    /// Where in the builder; the empty path for the root of a nested builder.
    pub path: RelPath,
    /// What to be on.
    pub goal: Goal,
    /// What a new branch starts from, where the file says so.
    pub base: Option<String>,
    /// The directories that it has; `None`: all.
    pub sparse: Option<Cone>,
    /// What it holds beside the files of its own commits.
    #[serde(default)]
    pub contents: Contents,
    /// What it gets from the main worktree when it is made.
    #[serde(default)]
    pub seed: Vec<RelPath>,
    /// Its hooks.
    #[serde(default)]
    pub hooks: Hooks,
}

/// What the checkouts of a repository hold beside the files of its own commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contents {
    /// The submodules that its commits name, and those below them.
    pub submodules: bool,
    /// What of the files of git-lfs.
    #[serde(default)]
    pub lfs: Lfs,
}

/// What a checkout is on. In a mark: `"branch": "x"`, or `"ref": "v1.2"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Goal {
    /// On this branch, to be worked in.
    #[serde(rename = "branch")]
    Branch(BranchName),
    /// On no branch, at the commit of this revision, to be read.
    #[serde(rename = "ref")]
    Ref(String),
}

impl Goal {
    /// The branch.
    #[must_use]
    pub fn branch(&self) -> Option<&BranchName> {
        match self {
            Goal::Branch(branch) => Some(branch),
            Goal::Ref(_) => None,
        }
    }

    /// The revision of a reference.
    #[must_use]
    pub fn reference(&self) -> Option<&String> {
        match self {
            Goal::Branch(_) => None,
            Goal::Ref(revision) => Some(revision),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Branch(branch) => write!(f, "{branch}"),
            Goal::Ref(revision) => f.write_str(revision),
        }
    }
}
