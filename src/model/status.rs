//! What `wsctl status` answers: builders, checkouts, and the files that changed in them.

use super::name::{BranchName, BuilderName, RepoName};
use super::path::AbsPath;

/// The state of what is as declared.
pub const OK: &str = "ok";

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The workspace root.
    pub root: AbsPath,
    /// The file.
    pub file: AbsPath,
    /// Every declared or marked builder, by name.
    pub builders: Vec<BuilderStatus>,
    /// Directories below `builders_dir` that are not ours.
    pub unmanaged: Vec<AbsPath>,
}

/// One builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderStatus {
    /// Its name.
    pub name: BuilderName,
    /// Its directory.
    pub path: AbsPath,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
    /// What plan would say of the builder itself and of its files, e.g. `ok`, `missing`, `undeclared`, `blocked`.
    pub state: String,
    /// Its checkouts by repository.
    pub checkouts: Vec<CheckoutStatus>,
}

impl BuilderStatus {
    /// Whether something is to be said of the builder beside its checkouts.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.state == OK
    }

    /// `ok` only where its checkouts are as well, else what is not: of itself, else of each of them.
    #[must_use]
    pub fn whole_state(&self) -> String {
        let amiss: Vec<String> =
            self.checkouts.iter().filter(|checkout| checkout.state != OK).map(CheckoutStatus::named).collect();
        if self.is_ok() && !amiss.is_empty() { amiss.join("; ") } else { self.state.clone() }
    }
}

impl CheckoutStatus {
    /// `api: missing`
    fn named(&self) -> String {
        format!("{}: {}", self.repository, self.state)
    }
}

/// One checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutStatus {
    /// Its repository.
    pub repository: RepoName,
    /// Its directory.
    pub path: AbsPath,
    /// The branch it is on; `None` when detached or missing.
    pub branch: Option<BranchName>,
    /// The revision that it is detached at, as declared and last applied.
    pub reference: Option<String>,
    /// HEAD's commit, abbreviated.
    pub commit: Option<String>,
    /// What ahead and behind count against: the upstream, else the base, else nothing.
    pub against: Option<String>,
    /// Commits that `against` lacks, and that it has more.
    pub ahead_behind: Option<(usize, usize)>,
    /// Tracked files that changed, staged or not; `None` where it could not be told.
    pub changed: Option<usize>,
    /// Files that git does not know and does not ignore.
    pub untracked: Option<usize>,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
    /// What plan would say of it, e.g. `ok`, `rebase in progress`, `on another branch`.
    pub state: String,
}
