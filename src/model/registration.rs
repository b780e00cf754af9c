//! One linked worktree as its repository knows it.

use std::ffi::OsString;

use super::actual::{Head, Operation};
use super::lfs::Pointers;
use super::mark::{BuilderMark, CheckoutMark, Deed, Marked, OurLock};
use super::name::WorkspaceId;
use super::path::AbsPath;
use super::sparse::Sparse;
use super::submodule::Submodules;
use super::work::{Findings, Work};

/// One entry of a repository's `worktrees/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The name of the admin directory.
    pub admin_name: OsString,
    /// The admin directory.
    pub admin_dir: AbsPath,
    /// The worktree that `gitdir` names, as a real path where it exists; `None` without a `gitdir`.
    pub worktree: Option<AbsPath>,
    /// Whether the worktree names this entry back.
    pub link: Link,
    /// HEAD of the worktree.
    pub head: Head,
    /// The `locked` file.
    pub lock: Option<Lock>,
    /// What waits there.
    pub operation: Option<Operation>,
    /// The directories that it is limited to by its own configuration.
    pub sparse: Option<Sparse>,
    /// Read only where they are asked for (`actual::examine`): the submodules that are not as the index says.
    pub submodules: Option<Submodules>,
    /// Read only where they are asked for: the files of git-lfs whose content is not there.
    pub pointers: Option<Pointers>,
    /// Our mark.
    pub mark: Marked<CheckoutMark>,
    /// A nested builder's mark lies beside its root's.
    pub builder_mark: Marked<BuilderMark>,
    /// Read only where [`Link::DirectoryGone`]: what of value only this entry holds. Empty: nothing.
    pub remains: Vec<String>,
    /// Read only where a removal or a switch depends on it (`actual::examine`).
    pub work: Option<Work>,
    /// Read only where a move depends on it: what holds the worktree where it is.
    pub held: Option<Findings>,
}

impl Registration {
    /// The workspace whose run began to make this worktree and has not finished.
    #[must_use]
    pub fn begun_by(&self) -> Option<&WorkspaceId> {
        match &self.lock {
            Some(Lock::Ours(OurLock { workspace, deed: Deed::Creating { .. } })) => Some(workspace),
            Some(Lock::Ours(OurLock { deed: Deed::Removing { .. } | Deed::Holding, .. }) | Lock::Foreign(_)) | None => None,
        }
    }
}

/// Whether the two ends of a worktree name each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// They do.
    Whole,
    /// There is nothing at the path.
    DirectoryGone,
    /// The directory is there, its `.git` is not.
    GitFileGone,
    /// The `.git` there is a file that names something else: the path it names.
    NamesAnother(AbsPath),
    /// The `.git` there is a directory, or cannot be read: what.
    NotALink(String),
    /// The admin directory has no readable `gitdir`: why.
    NoGitdir(String),
}

/// Who locked a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// A run of ours.
    Ours(OurLock),
    /// Somebody else, with this reason (may be empty).
    Foreign(String),
}
