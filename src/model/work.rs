//! Work in a checkout that a removal or a switch could lose.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::name::{BranchName, ObjectId};

/// What was found in a checkout by a look at contents, not at times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Work {
    /// What speaks against touching the checkout. Empty only if every check was made and found nothing.
    pub findings: Findings,
    /// Whether git has written an index and nobody is at work on it: a checkout that was being made is whole.
    pub indexed: bool,
    /// Ignored files: how many, and their bytes. They do not block.
    pub ignored: Ignored,
    /// The part of them that matches `disposable`, by path in the checkout: what a removal may delete at once.
    pub disposable: Vec<PathBuf>,
    /// How much that is.
    pub disposed: Ignored,
    /// Ignored files that would go with the directories that the declaration leaves out, by path in the checkout.
    pub left_out: Vec<PathBuf>,
    /// Commits of HEAD that neither the recorded base nor the upstream of its branch holds; `None`: it cannot be told.
    pub unmerged: Option<usize>,
}

/// Facts that block a removal.
pub type Findings = Vec<Finding>;

/// Ignored files of a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ignored {
    /// How many files.
    pub files: u64,
    /// Their apparent size in bytes.
    pub bytes: u64,
}

/// A git operation that waits for its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// git's word: `rebase`, `merge`, `cherry-pick`, `revert`, `bisect`, `am`.
    pub name: &'static str,
    /// The branches that it holds: they count as in use though HEAD is detached.
    pub holds: BTreeSet<BranchName>,
    /// The command that ends it without its result, e.g. `git rebase --abort`.
    pub abort: &'static str,
}

/// What keeps git from looking at a tracked file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HiddenBy {
    /// `git update-index --assume-unchanged`
    AssumeUnchanged,
    /// `git update-index --skip-worktree`
    SkipWorktree,
}

impl HiddenBy {
    /// git's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            HiddenBy::AssumeUnchanged => "assume-unchanged",
            HiddenBy::SkipWorktree => "skip-worktree",
        }
    }
}

/// One fact that speaks against a removal. Paths are for people, sorted, at most [`EVIDENCE`] of them; `total`
/// counts all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Tracked files that differ from the index, or are gone.
    Edited(Evidence),
    /// The same, where git does not look because of a bit in the index: `assume-unchanged` or `skip-worktree`.
    Hidden(HiddenBy, Evidence),
    /// Index entries that differ from HEAD.
    Staged(Evidence),
    /// Unmerged paths.
    Conflicts(Evidence),
    /// Files that git does not know and does not ignore.
    Untracked(Evidence),
    /// Commits that no branch, tag or remote branch holds.
    Unreferenced(Vec<ObjectId>),
    /// Stash entries that were made on the branch. They belong to the repository, and outlive the checkout.
    Stashed(Evidence),
    /// An operation that waits for its end.
    InProgress(Operation),
    /// `git worktree lock` by somebody else, with this reason.
    Locked(String),
    /// `index.lock` is held: the path.
    IndexLock(String),
    /// A repository or worktree inside that nobody declared.
    Nested(Evidence),
    /// A populated submodule with changes or commits of its own.
    Submodule(Evidence),
    /// A submodule on another commit than is recorded. All that it has is on its remotes.
    MovedSubmodule(Evidence),
    /// A mount point inside.
    Mount(Evidence),
    /// A process with its working directory or an open file inside.
    Process {
        /// Its id.
        pid: u32,
        /// Its command name.
        name: String,
        /// Whether it is what this wsctl was started from: the user's own shell, mostly.
        caller: bool,
    },
    /// Files beside the checkouts.
    Stray(Evidence),
    /// A managed file that was edited.
    EditedManaged(Evidence),
    /// A check could not be made: unknown is blocked.
    Unknown(String),
}

/// How many paths a finding shows.
pub const EVIDENCE: usize = 5;

/// Some paths of a finding, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The first paths, printable.
    pub paths: Vec<String>,
    /// How many there are.
    pub total: usize,
}

impl Evidence {
    /// Sorts the paths and keeps the first ones.
    #[must_use]
    pub fn of(mut paths: Vec<String>) -> Self {
        paths.sort();
        paths.dedup();
        let total = paths.len();
        paths.truncate(EVIDENCE);
        Evidence { paths, total }
    }

    /// Nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}
