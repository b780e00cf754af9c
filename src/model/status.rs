//! What `wsctl status` answers: builders, checkouts, and the files that changed in them.

use std::collections::BTreeMap;

use super::name::{BranchName, BuilderName, ObjectId, RepoName};
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
    /// Whether builders were left out that nobody asked for.
    pub narrowed: bool,
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
    /// Its own branch name.
    pub branch: Option<BranchName>,
    /// What is said of it.
    pub labels: BTreeMap<String, String>,
    /// Its port.
    pub port: Option<u16>,
    /// The session of its agent.
    pub session: Option<SessionStatus>,
    /// When somebody last worked in it, in seconds since 1970: the newest of its checkouts'.
    pub active: Option<i64>,
    /// What it takes on the disk, in bytes; only where that was asked for.
    pub disk: Option<u64>,
    /// Its checkouts by repository.
    pub checkouts: Vec<CheckoutStatus>,
}

impl BuilderStatus {
    /// The branch that says most of it: its own, or the one that all its checkouts are on where none is on that.
    #[must_use]
    pub fn branch_shown(&self) -> Option<&BranchName> {
        let mut on = self.checkouts.iter().filter_map(|checkout| checkout.branch.as_ref());
        let first = on.next().filter(|first| on.all(|other| other == *first));
        first.or(self.branch.as_ref())
    }

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

/// The session of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStatus {
    /// The server, without what may be a secret.
    pub server: String,
    /// The server's name for it.
    pub id: String,
    /// What the server says of it.
    pub state: SessionState,
}

/// What a server says of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Its agent works.
    Busy,
    /// It is there.
    Idle,
    /// It is gone.
    Gone,
    /// The server does not answer.
    Unknown,
}

impl SessionState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SessionState::Busy => "busy",
            SessionState::Idle => "idle",
            SessionState::Gone => "gone",
            SessionState::Unknown => "unknown",
        }
    }
}

/// A file that differs, in the words of `git status --short`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// Two letters: index against HEAD, file against index; `??` where git does not know it.
    pub letters: String,
    /// The path in the checkout.
    pub path: String,
    /// The path before a rename.
    pub from: Option<String>,
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
    /// Commits that no remote has, as far as it is known here; `None`: there is no remote.
    pub unpushed: Option<usize>,
    /// Whether its commits are all in its base; `None`: it has none of its own.
    pub merged: Option<bool>,
    /// Who made HEAD's commit, where it is one of the checkout's own.
    pub author: Option<String>,
    /// When somebody last worked in it, in seconds since 1970: the last move of HEAD, the newest of the files that changed.
    pub active: Option<i64>,
    /// The commit of its base, for what differs since.
    pub base: Option<ObjectId>,
    /// Its files that differ from HEAD; only where they were asked for.
    pub files: Option<Vec<FileStatus>>,
    /// The files that its own commits changed, since they left the base; only where they were asked for.
    pub committed: Option<Vec<FileStatus>>,
    /// What differs in all of these, as git shows it; only where that was asked for.
    pub diff: Option<String>,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
    /// What plan would say of it, e.g. `ok`, `rebase in progress`, `on another branch`.
    pub state: String,
}
