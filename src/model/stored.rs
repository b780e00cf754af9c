//! What an entry of the trash holds, looked at closely: what bringing it back is decided by.

use super::actual::{Directory, Head, Link};
use super::builder::Occupant;
use super::desired::Shape;
use super::name::{BranchName, BuilderName, ObjectId, RepoName};
use super::path::AbsPath;

/// Where an entry would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The builder.
    pub builder: BuilderName,
    /// The one checkout of a whole builder's entry that is asked for.
    pub only: Option<RepoName>,
}

/// An entry, and the place where it would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// `tree` in the entry.
    pub tree: Directory,
    /// What a whole builder's tree is by its `.git`.
    pub shape: Shape,
    /// What lies where the tree, or the one checkout, would go.
    pub occupant: Occupant,
    /// Its checkouts, in the order of the manifest.
    pub checkouts: Vec<StoredCheckout>,
    /// Whether the file that declared it is gone: then the workspace was moved or renamed since.
    pub file_gone: bool,
    /// Branches that a killed restore of this entry made: the main worktree, the branch, the commit.
    pub made: Vec<(AbsPath, BranchName, ObjectId)>,
    /// What another run has left that was cut short.
    pub unfinished: Option<Unfinished>,
}

/// A run that was cut short, and that nothing may be begun after before it is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfinished {
    /// An apply.
    Apply,
    /// A restore of another entry: its name.
    Restore(String),
}

/// One checkout of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckout {
    /// Its repository.
    pub repository: RepoName,
    /// Where its admin directory is by now.
    pub admin: StoredAdmin,
    /// Whether its `.git` in the tree is a file that names a git directory.
    pub linked: bool,
    /// HEAD as its admin directory has it.
    pub head: Head,
    /// The last commit of HEAD's reflog, where that is a file.
    pub logged: Option<ObjectId>,
    /// The branch that a rebase goes back to, and the commit that it was on.
    pub rebased: Option<(BranchName, ObjectId)>,
    /// Whether the declared repository of that name has the ref that keeps its objects; `None`: there is none to ask.
    pub kept: Option<bool>,
    /// Whether the manifest's commit is there.
    pub has_head: bool,
    /// Whether the reflog that was kept of its branch names commits that by now neither a ref nor that branch's reflog has.
    pub forgets: bool,
}

/// Where an admin directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredAdmin {
    /// In the entry.
    Here,
    /// Registered: its removal, or a restore, was cut short. Its lock names the entry.
    Registered {
        /// The admin directory.
        admin_dir: AbsPath,
        /// The worktree that it names.
        worktree: Option<AbsPath>,
        /// Whether that is there.
        link: Link,
    },
    /// Neither: it was brought back, or somebody took it.
    Gone,
}
