//! What lies in `<builders_dir>/.wsctl/trash/`: one directory per removal, with a manifest.

use serde::{Deserialize, Serialize};

use super::mark::{BuilderMark, CheckoutMark};
use super::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use super::path::{AbsPath, RelPath};

/// The manifest's name in an entry; `tree` beside it is what was renamed, `admin/<repository>` the admin directories.
pub const MANIFEST: &str = "manifest.json";

/// One entry of the trash, as plan and prune see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashEntry {
    /// The entry's directory name.
    pub name: String,
    /// The entry.
    pub path: AbsPath,
    /// The manifest; `None` where it is missing or cannot be read.
    pub manifest: Option<Manifest>,
    /// Whether the manifest speaks of the entry that it lies in, and of a `builders_dir` that is this one or gone: the
    /// trash of a copied workspace speaks of the original's repositories.
    pub own: bool,
}

/// What an entry holds; enough to bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always 1.
    pub version: u32,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The builder.
    pub builder: BuilderName,
    /// Whole builder, or one checkout of it that lay at this path.
    pub checkout: Option<RelPath>,
    /// Where the tree was.
    pub path: AbsPath,
    /// When it was removed, in seconds since 1970.
    pub removed: i64,
    /// How long it is kept, in seconds.
    pub keep: u64,
    /// Whether it counts as a removal: what a killed creation left does not.
    pub counts: bool,
    /// The builder's mark at that time.
    pub mark: Option<BuilderMark>,
    /// Its checkouts.
    pub checkouts: Vec<TrashedCheckout>,
}

/// One checkout of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashedCheckout {
    /// Its repository.
    pub repository: RepoName,
    /// The repository's common directory.
    pub common_dir: AbsPath,
    /// Its path in the builder.
    pub path: RelPath,
    /// The name of its admin directory, escaped as paths are.
    pub admin_name: String,
    /// The ref that holds its objects.
    pub keeper: String,
    /// Its HEAD's commit.
    pub head: Option<ObjectId>,
    /// Its branch.
    pub branch: Option<BranchName>,
    /// Whether policy lets the branch go when merged.
    pub delete_branch: bool,
    /// Its mark.
    pub mark: Option<CheckoutMark>,
}

/// What a checkout's things are called in an entry and below its keepers: no repository can be named like the root's.
#[must_use]
pub fn part(repository: &RepoName) -> &str {
    if repository.is_root() { "@root" } else { repository.as_str() }
}

impl Manifest {
    /// Whether the entry is past the time that it is kept; with `older_than` (seconds), whether it is older than that.
    #[must_use]
    pub fn is_due(&self, now: i64, older_than: Option<u64>) -> bool {
        let keep = i64::try_from(older_than.unwrap_or(self.keep)).unwrap_or(i64::MAX);
        self.removed.saturating_add(keep) <= now
    }
}
