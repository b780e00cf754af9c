//! What a change writes: builders, anchors, checkouts, managed files.

use std::collections::BTreeMap;

use crate::model::actual::ObjectFormat;
use crate::model::desired::{DesiredCheckout, FileMode, Shape, Url};
use crate::model::escaped;
use crate::model::hook::HookMark;
use crate::model::mark::{BuilderMark, CheckoutMark};
use crate::model::name::{BranchName, BuilderName, ObjectId, RepoName};
use crate::model::path::{AbsPath, RelPath};
use crate::model::policy::BuilderPolicy;

use super::Relocation;

/// A repository as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RepositoryWrite {
    /// Where it will be.
    pub path: AbsPath,
    /// What goes to another place.
    pub relocation: Option<Relocation>,
    /// The remote whose url changes, what it must still be, and what it shall be.
    pub remote: Option<(String, Url, Url)>,
}

/// A builder's directory, anchor and mark as they shall be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BuilderWrite {
    /// The builder.
    pub builder: BuilderName,
    /// Its directory.
    pub path: AbsPath,
    /// What makes the layout work.
    pub shape: Shape,
    /// The anchor, for [`Shape::Anchored`].
    pub anchor: Option<AnchorWrite>,
    /// The mark to write, as far as plan knows it.
    pub mark: MarkWrite,
    /// Whether `<builders_dir>/.gitignore` has to be written.
    pub gitignore: bool,
    /// The text of `<builders_dir>/.ignore`, where it has to be written.
    pub ignore: Option<String>,
    /// Whether that file goes once no nested builder is left: it is ours, and no declared one needs it.
    pub drop_ignore: bool,
    /// What goes to another place before the rest.
    pub relocation: Option<Relocation>,
}

/// The parts of a builder's mark that plan knows; workspace, file and identity are filled in by who writes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MarkWrite {
    /// The builder's branch name.
    pub branch: BranchName,
    /// Never to be removed.
    pub protect: bool,
    /// What a removal may do.
    pub policy: BuilderPolicy,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its port.
    pub port: Option<u16>,
    /// What it knows of hooks.
    pub hooks: HookMark,
    /// The mark as it was; its files and creation time are kept.
    pub previous: Option<BuilderMark>,
}

/// The anchor repository as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AnchorWrite {
    /// The hash of its objects.
    pub format: ObjectFormat,
    /// The branch it is on.
    pub branch: BranchName,
    /// The commit that HEAD must still be at; `None`: there is no anchor.
    pub expect: Option<ObjectId>,
    /// The checkouts to record.
    pub gitlinks: Vec<Gitlink>,
    /// The managed files to record, outside checkouts.
    pub files: Vec<(RelPath, FileContent)>,
    /// Checkouts of another object format: excluded, not recorded.
    pub excluded: Vec<RelPath>,
}

/// One checkout in the anchor.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Gitlink {
    /// Its path in the builder.
    pub path: RelPath,
    /// Its repository; `None`: it is not declared, and stays as it was recorded.
    pub repository: Option<RepoName>,
    /// The commit to record, where plan knows it; else it is looked up as [`CheckoutWrite`] does.
    pub commit: Option<ObjectId>,
    /// How it comes about, where it does not exist yet.
    pub write: Option<CheckoutWrite>,
}

/// A checkout to make.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CheckoutWrite {
    /// Its builder.
    pub builder: BuilderName,
    /// The builder's directory.
    pub builder_path: AbsPath,
    /// The main worktree of its repository.
    pub repository: AbsPath,
    /// The declaration.
    pub desired: DesiredCheckout,
    /// How the branch comes about.
    pub branch: BranchPlan,
    /// Whether an earlier run of ours made the branch that exists.
    pub made_branch: bool,
    /// What that run made it from, as a revision.
    pub made_from: Option<String>,
    /// Whether the checkout is the root of a nested builder: locked for good, and the builder's mark lies beside its own.
    pub holds: bool,
}

/// How a checkout's branch comes about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum BranchPlan {
    /// The local branch exists, at this commit.
    Existing(ObjectId),
    /// A new branch at a remote branch of the same name, tracking it.
    Track {
        /// The remote branch, `origin/x`.
        upstream: String,
        /// Its commit.
        commit: ObjectId,
    },
    /// A new branch from a base, without upstream.
    New {
        /// The base as a revision.
        base: String,
        /// Its commit.
        commit: ObjectId,
    },
    /// No branch: detached at the commit of a revision.
    Detached {
        /// The revision.
        reference: String,
        /// Its commit.
        commit: ObjectId,
    },
    /// Not known before the repository is cloned; then `plan::branch::choose` decides.
    AfterClone,
}

impl BranchPlan {
    /// The commit that the checkout starts at, where it is known.
    #[must_use]
    pub fn commit(&self) -> Option<&ObjectId> {
        match self {
            BranchPlan::Existing(commit)
            | BranchPlan::Track { commit, .. }
            | BranchPlan::New { commit, .. }
            | BranchPlan::Detached { commit, .. } => Some(commit),
            BranchPlan::AfterClone => None,
        }
    }

    /// Whether a branch is made, as far as plan knows.
    #[must_use]
    pub fn makes(&self) -> bool {
        match self {
            BranchPlan::Track { .. } | BranchPlan::New { .. } | BranchPlan::AfterClone => true,
            BranchPlan::Existing(_) | BranchPlan::Detached { .. } => false,
        }
    }
}

/// An existing checkout whose mark is written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CheckoutTouch {
    /// Its builder's directory.
    pub builder_path: AbsPath,
    /// The checkout's directory.
    pub path: AbsPath,
    /// The main worktree of its repository.
    pub repository: AbsPath,
    /// Its admin directory.
    pub admin_dir: AbsPath,
    /// The declaration.
    pub desired: DesiredCheckout,
    /// The mark that it has; `None`: it is adopted.
    pub previous: Option<CheckoutMark>,
    /// The builder.
    pub builder: BuilderName,
    /// HEAD's commit as read.
    pub head: ObjectId,
    /// The branch that HEAD was on; `None`: detached.
    pub on: Option<BranchName>,
    /// Whether its directories become those that are declared.
    pub reshape: bool,
    /// The commit that it started from, where no mark tells.
    pub start: ObjectId,
    /// Whether an earlier run of ours made the declared branch, where no mark tells.
    pub made_branch: bool,
    /// What that run made it from, as a revision.
    pub made_from: Option<String>,
}

/// A managed file to write.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileWrite {
    /// The builder's directory.
    pub builder: AbsPath,
    /// The path in it.
    pub to: RelPath,
    /// How it is made, for the mark.
    pub mode: FileMode,
    /// What shall be there.
    pub content: FileContent,
    /// The hash that the file must still have; `None`: there must be nothing.
    pub expect: Option<String>,
    /// Whether the file that is there was there before wsctl.
    pub adopted: bool,
    /// Whether what is there is set aside before another is written.
    pub keep: Aside,
    /// Whether its source lies in a main worktree; for the mark.
    pub sole: bool,
}

/// Whether what is there is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Aside {
    /// Git keeps what it is a copy of.
    No,
    /// It may be all that is left of a source that git does not keep; nobody has to be told of every change of one.
    Quietly,
    /// It is somebody's.
    Told,
}

/// What a managed file holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum FileContent {
    /// A regular file.
    Bytes {
        /// Its bytes.
        #[serde(with = "escaped")]
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
        /// Whether nobody else may read it, as nobody may read its source.
        #[serde(default)]
        private: bool,
    },
    /// A symbolic link to this target.
    Link(#[serde(with = "escaped")] std::path::PathBuf),
}
