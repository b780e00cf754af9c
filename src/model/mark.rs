//! The marks that make a thing ours: the last applied declaration, kept beside what it describes.
//! A checkout's lies in git's admin directory of the worktree, a builder's in its anchor.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::desired::{FileMode, Goal};
use super::hook::HookMark;
use super::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use super::path::{AbsPath, RelPath};
use super::policy::BuilderPolicy;
use super::session::Session;
use super::sparse::Cone;

/// The name of a checkout's mark in the admin directory of its worktree.
pub const CHECKOUT_MARK: &str = "wsctl.json";
/// The name of a builder's mark in the anchor's `.git`, or in the root's admin directory for nested.
pub const BUILDER_MARK: &str = "wsctl-builder.json";
/// wsctl's own directory below `builders_dir`.
pub const OWN_DIRECTORY: &str = ".wsctl";
/// The directory in [`OWN_DIRECTORY`] that keeps what was in a managed file's way.
pub const REPLACED: &str = "replaced";
/// The directory in [`OWN_DIRECTORY`] that keeps what hooks said.
pub const HOOKS: &str = "hooks";
/// The lock's name in the workspace's own directory.
pub const WORKSPACE_LOCK: &str = "lock";
/// The lock's name in a repository's common directory.
pub const REPOSITORY_LOCK: &str = "wsctl.lock";
/// The file in [`OWN_DIRECTORY`] that names the workspace; see [`WorkspaceMark`].
pub const WORKSPACE_MARK: &str = "workspace.json";

/// What `<builders_dir>/.wsctl/workspace.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceMark {
    /// Always 1.
    pub version: u32,
    /// The random name of this `builders_dir`.
    pub id: WorkspaceId,
    /// The file that made it.
    pub file: AbsPath,
    /// The path of `builders_dir` inside its file system (mount root and the path below it), where that can be told:
    /// equal at another mount point, different after a move.
    #[serde(default)]
    pub inner_path: Option<AbsPath>,
    /// Device and inode of `builders_dir`.
    #[serde(default)]
    pub identity: Option<(u64, u64)>,
    /// The branch that the workspace root was on at the last apply whose removals it did not hold back.
    #[serde(default)]
    pub root_branch: Option<BranchName>,
    /// Where `builders_dir` was when it was last applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builders_dir: Option<AbsPath>,
    /// The repositories as they were last applied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub repositories: BTreeMap<RepoName, AppliedRepository>,
}

/// What was last applied of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedRepository {
    /// Where it was.
    pub path: AbsPath,
    /// Its url, without what may be a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The last applied declaration of one checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutMark {
    /// Always 1.
    pub version: u32,
    /// Which `builders_dir` it belongs to.
    pub workspace: WorkspaceId,
    /// The file that declared it.
    pub file: AbsPath,
    /// Its builder.
    pub builder: BuilderName,
    /// Its repository's name in the file.
    pub repository: RepoName,
    /// Its path in the builder.
    pub path: RelPath,
    /// Where it lies, if that is not its path in the builder's directory: it was taken over there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<AbsPath>,
    /// What it was put on.
    #[serde(flatten)]
    pub goal: Goal,
    /// Whether wsctl made that branch.
    pub made_branch: bool,
    /// What the branch was started from, as resolved: a revision such as `origin/main`.
    pub base: Option<String>,
    /// The commit it was on when created, of a reference the one it was put at last; the anchor's gitlink.
    pub start: ObjectId,
    /// The directories that it has; `None`: as git made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sparse: Option<Cone>,
    /// Where HEAD was detached by ourselves, in the middle of a swap of branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<ObjectId>,
    /// What it knows of hooks.
    #[serde(default, skip_serializing_if = "HookMark::is_empty")]
    pub hooks: HookMark,
    /// When it was created, in seconds since 1970.
    pub created: i64,
}

/// The reflog's first line of a branch that this workspace made from a base.
#[must_use]
pub fn made_from(base: &str, workspace: &WorkspaceId) -> String {
    format!("branch: Created from {base} (wsctl {workspace})")
}

/// The same of a branch that tracks a remote branch: that one is its measure, not a base.
#[must_use]
pub fn made_for(upstream: &str, workspace: &WorkspaceId) -> String {
    format!("branch: Created for {upstream} (wsctl {workspace})")
}

/// Reads the message of a reflog's first line back: the base, if there is one. `None` for anybody else's branch.
#[must_use]
pub fn made_by(message: &str, workspace: &WorkspaceId) -> Option<Option<String>> {
    let text = message.strip_prefix("branch: Created ")?.strip_suffix(&format!(" (wsctl {workspace})"))?;
    text.strip_prefix("from ").map(|base| Some(base.to_owned())).or_else(|| text.starts_with("for ").then_some(None))
}

/// The last applied declaration of one builder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuilderMark {
    /// Always 1.
    pub version: u32,
    /// Which `builders_dir` it belongs to.
    pub workspace: WorkspaceId,
    /// The file that declared it.
    pub file: AbsPath,
    /// Its name.
    pub builder: BuilderName,
    /// The builder's own branch name.
    pub branch: BranchName,
    /// Never to be removed.
    pub protect: bool,
    /// What a removal may do.
    pub policy: BuilderPolicy,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The managed files as last written, by path in the builder.
    #[serde(default)]
    pub files: BTreeMap<RelPath, WrittenFile>,
    /// Its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it knows of hooks.
    #[serde(default, skip_serializing_if = "HookMark::is_empty")]
    pub hooks: HookMark,
    /// The session of its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// Device and inode of the builder's directory: what makes the mark of a plain builder valid.
    #[serde(default)]
    pub identity: Option<(u64, u64)>,
    /// The name that it had before a `[[moved]]` that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<BuilderName>,
    /// When it was created, in seconds since 1970.
    pub created: i64,
}

/// A managed file as it was last written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// How it was made.
    pub mode: FileMode,
    /// sha256 of its bytes (of a symbolic link: of its target), as git hashes a blob.
    pub hash: String,
    /// Whether it may be executed.
    pub executable: bool,
    /// Whether it was there before wsctl, as declared: then it is somebody's, and never deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Whether it was made of a file of a main worktree, which git may not keep: this is perhaps all that is left of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sole: bool,
}

/// What was found where a mark may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked<M> {
    /// No mark.
    No,
    /// A mark that could be read.
    Yes(M),
    /// A mark that could not be read, and why. Unknown is never ours.
    Unreadable(String),
}

impl<M> Marked<M> {
    /// The mark, where one could be read.
    #[must_use]
    pub fn mark(&self) -> Option<&M> {
        match self {
            Marked::Yes(mark) => Some(mark),
            Marked::No | Marked::Unreadable(_) => None,
        }
    }
}

/// The reason that wsctl writes into a worktree's `locked` file: whose it is, and what a killed run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurLock {
    /// Whose lock it is.
    pub workspace: WorkspaceId,
    /// What was going on.
    pub deed: Deed,
}

/// What a run of ours was doing when it took the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// `git worktree add` has not finished.
    Creating {
        /// Whether the branch was made for it.
        made_branch: bool,
        /// The commit that it starts from.
        start: ObjectId,
    },
    /// A removal to the trash has not finished.
    Removing {
        /// The name of the trash entry.
        entry: String,
    },
    /// A nested builder holds other checkouts: `git worktree remove` would delete them.
    Holding,
}

impl fmt::Display for OurLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wsctl {}: ", self.workspace)?;
        match &self.deed {
            Deed::Creating { made_branch, start } => {
                let branch = if *made_branch { "new" } else { "old" };
                write!(f, "creating on {branch} branch from {start}")
            }
            Deed::Removing { entry } => write!(f, "removing to trash as {entry}"),
            Deed::Holding => f.write_str("holds other checkouts; `wsctl apply` removes it"),
        }
    }
}

impl OurLock {
    /// Reads the reason back; `None` for anybody else's.
    #[must_use]
    pub fn parse(reason: &str) -> Option<Self> {
        let rest = reason.trim_end().strip_prefix("wsctl ")?;
        let (id, deed) = rest.split_once(": ")?;
        let workspace = WorkspaceId::new(id).ok()?;
        let deed = if let Some(rest) = deed.strip_prefix("creating on ") {
            let (branch, start) = rest.split_once(" branch from ")?;
            Deed::Creating { made_branch: branch == "new", start: ObjectId::new(start).ok()? }
        } else if let Some(entry) = deed.strip_prefix("removing to trash as ") {
            if entry.contains('/') || entry.starts_with('.') {
                return None;
            }
            Deed::Removing { entry: entry.into() }
        } else if deed.starts_with("holds other checkouts") {
            Deed::Holding
        } else {
            return None;
        };
        Some(OurLock { workspace, deed })
    }
}
