//! What `builders.toml` holds, with the place of everything that a later check may complain about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use super::managed::ManagedFile;
use crate::diagnostic::Fault;
use crate::model::address::segment;
use crate::model::desired::{Cloning, Contents, Url};
use crate::model::hook::Hooks;
use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::path::{AbsPath, RelPath};
use crate::model::policy::{BuilderPolicy, DeleteBranch, MaxRemovals, OnUnsaved};
use crate::model::ports::Ports;
use crate::model::session::Opener;
use crate::model::source::Sources;
use crate::model::sparse::Cone;

/// A value and where it stands, in bytes; see [`Sources`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

/// The file as it was read. What has a fault is left out, so that the rest can still be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file, what it includes, and their texts.
    pub sources: Sources,
    /// What is wrong with it so far; [`crate::desired::desired`] adds its own and refuses.
    pub faults: Vec<Fault>,
    /// Whether the text is no TOML: nothing more can be said about it.
    pub broken: bool,
    /// `[workspace]`
    pub workspace: Workspace,
    /// `[defaults]`
    pub defaults: Defaults,
    /// `[repos.…]`
    pub repos: BTreeMap<RepoName, Repo>,
    /// Every key of `[repos]`, also those that are no names; `None`: it is no table.
    pub repo_keys: Option<BTreeSet<String>>,
    /// `[builders.…]`
    pub builders: BTreeMap<BuilderName, Builder>,
    /// `url` of `[opencode]`
    pub opencode: Option<Spanned<Url>>,
    /// `[session]`
    pub open: Option<Opener>,
    /// `[hooks]`
    pub hooks: Hooks,
    /// `[[files]]`
    pub files: Vec<ManagedFile>,
    /// `[[moved]]`
    pub moved: Vec<Moved>,
    /// `[policy]`
    pub policy: PolicyKeys,
    /// `max_removals` of `[policy]`.
    pub max_removals: Option<MaxRemovals>,
}

impl Config {
    /// The file itself: the one that marks name.
    #[must_use]
    pub fn file(&self) -> &AbsPath {
        &self.sources.main().file
    }

    /// The file that declares a builder: this one, or one that it includes.
    #[must_use]
    pub fn file_of_builder(&self, name: &BuilderName) -> Option<&AbsPath> {
        Some(&self.sources.at(&self.builders.get(name)?.name.span).0.file)
    }

    /// The file that declares a repository; see [`Config::file_of_builder`].
    #[must_use]
    pub fn file_of_repository(&self, name: &RepoName) -> Option<&AbsPath> {
        Some(&self.sources.at(&self.repos.get(name)?.name.span).0.file)
    }
}

/// `[workspace]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workspace {
    /// Its header.
    pub span: Range<usize>,
    /// The root, relative to the file.
    pub root: Option<Spanned<String>>,
    /// Where base clones live, relative to the root.
    pub repos_dir: Option<Spanned<String>>,
    /// Where builders live, relative to the root.
    pub builders_dir: Option<Spanned<String>>,
    /// Where a builder's checkouts lie.
    pub layout: Option<Spanned<Layout>>,
    /// Whether plain builders get an anchor.
    pub anchor: Option<bool>,
    /// The template of branch names.
    pub branch: Option<Spanned<String>>,
    /// What new branches start from.
    pub base: Option<Spanned<String>>,
    /// Whether plan and apply fetch first.
    pub fetch: Option<bool>,
    /// The ports that builders get one of.
    pub ports: Option<Ports>,
}

/// `[defaults]`: what a builder has unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults {
    /// Its repositories as written.
    pub repos: Option<Vec<Spanned<String>>>,
    /// The template of its branch name.
    pub branch: Option<Spanned<String>>,
    /// What new branches start from.
    pub base: Option<Spanned<String>>,
    /// Whether it may never be removed.
    pub protect: Option<bool>,
    /// Whether the workspace root joins by itself.
    pub include_root: Option<Spanned<bool>>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its policy keys.
    pub policy: PolicyKeys,
}

/// Where a builder's checkouts lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// `workspace-root`, `<repo>`
    Sibling,
    /// `workspace`, `repos/<repo>`
    Split,
    /// `.`, `<repos_dir>/<repo>`
    Nested,
    /// As the file says.
    Custom {
        /// The root's checkout.
        root: RelPath,
        /// Any other checkout, with `{repo}` in it.
        repo: String,
    },
}

/// `[repos.R]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// Its name.
    pub name: Spanned<RepoName>,
    /// Where it is cloned from.
    pub url: Option<Spanned<Url>>,
    /// Where it lies, relative to the root.
    pub path: Option<Spanned<String>>,
    /// What new branches start from.
    pub base: Option<Spanned<String>>,
    /// What a clone leaves out.
    pub cloning: Cloning,
    /// What its checkouts hold beside the files of its own commits.
    pub contents: Contents,
    /// `[[repos.R.files]]`
    pub files: Vec<ManagedFile>,
    /// What new checkouts get from the main worktree.
    pub seed: Vec<RelPath>,
    /// `[repos.R.hooks]`
    pub hooks: Hooks,
}

/// `[builders.B]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    /// Its name.
    pub name: Spanned<BuilderName>,
    /// Its repositories as written; `None`: those of `[defaults]`.
    pub repos: Option<Vec<Spanned<String>>>,
    /// Whether `repos` could be read whole.
    pub repos_whole: bool,
    /// The template of its branch name.
    pub branch: Option<Spanned<String>>,
    /// What new branches start from.
    pub base: Option<Spanned<String>>,
    /// Whether it may never be removed.
    pub protect: Option<bool>,
    /// Whether the workspace root joins by itself.
    pub include_root: Option<Spanned<bool>>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// `[builders.B.checkout.R]`
    pub checkouts: Vec<Checkout>,
    /// `[builders.B.hooks]`
    pub hooks: Hooks,
    /// `[[builders.B.files]]`
    pub files: Vec<ManagedFile>,
    /// Its own policy keys.
    pub policy: PolicyKeys,
}

/// `[builders.B.checkout.R]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The repository as written.
    pub repository: Spanned<String>,
    /// The template of its branch name.
    pub branch: Option<Spanned<String>>,
    /// What a new branch starts from.
    pub base: Option<Spanned<String>>,
    /// `ref`: the revision that it is detached at.
    pub reference: Option<Spanned<String>>,
    /// The directories that it has.
    pub sparse: Option<Cone>,
}

/// One rename of `[[moved]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The name before.
    pub from: Spanned<Named>,
    /// The name by now, of the same kind.
    pub to: Spanned<Named>,
}

/// What can be renamed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// `builders.B`
    Builder(BuilderName),
    /// `repos.R`
    Repository(RepoName),
    /// A branch, in every repository where a checkout of ours is on it.
    Branch(BranchName),
}

impl Named {
    /// Its kind in a word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Named::Builder(_) => "builder",
            Named::Repository(_) => "repository",
            Named::Branch(_) => "branch",
        }
    }

    /// The builder, if it is one.
    #[must_use]
    pub fn builder(&self) -> Option<&BuilderName> {
        if let Named::Builder(name) = self { Some(name) } else { None }
    }

    /// The repository, if it is one.
    #[must_use]
    pub fn repository(&self) -> Option<&RepoName> {
        if let Named::Repository(name) = self { Some(name) } else { None }
    }

    /// The branch, if it is one.
    #[must_use]
    pub fn branch(&self) -> Option<&BranchName> {
        if let Named::Branch(name) = self { Some(name) } else { None }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Named::Builder(name) => write!(f, "builders.{}", segment(name.as_str())),
            Named::Repository(name) => write!(f, "repos.{}", segment(name.as_str())),
            Named::Branch(name) => write!(f, "{name}"),
        }
    }
}

/// Policy keys as far as a table has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyKeys {
    /// `delete_branch`
    pub delete_branch: Option<DeleteBranch>,
    /// `on_unsaved`
    pub on_unsaved: Option<OnUnsaved>,
    /// `disposable`
    pub disposable: Option<Vec<String>>,
    /// `trash_keep`, in seconds
    pub trash_keep: Option<u64>,
    /// `auto_prune`
    pub auto_prune: Option<bool>,
}

impl PolicyKeys {
    /// These keys where they are set, else `policy`.
    #[must_use]
    pub fn over(&self, policy: &BuilderPolicy) -> BuilderPolicy {
        BuilderPolicy {
            delete_branch: self.delete_branch.unwrap_or(policy.delete_branch),
            on_unsaved: self.on_unsaved.unwrap_or(policy.on_unsaved),
            disposable: self.disposable.clone().unwrap_or_else(|| policy.disposable.clone()),
            trash_keep: self.trash_keep.unwrap_or(policy.trash_keep),
            auto_prune: self.auto_prune.unwrap_or(policy.auto_prune),
        }
    }
}
