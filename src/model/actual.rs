//! What is on the disk: repositories and the worktrees they know of.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::address::Address;
use super::builder::BuilderDirectory;
use super::desired::Url;
use super::journal::Unfinished;
use super::lfs::Unready;
use super::mark::{Marked, WorkspaceMark};
use super::name::{BranchName, ObjectId, RepoName};
use super::obstacle::Obstacle;
use super::path::{AbsPath, RelPath};
use super::session::Sessions;
use super::trash::{GoneEntry, TrashEntry};
use super::trust::Command;

pub use super::registration::{Link, Lock, Registration};
use super::work::Findings;
pub use super::work::Operation;

/// One read of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actual {
    /// Who owns `builders_dir`; `No` on the first run.
    pub workspace: Marked<WorkspaceMark>,
    /// The journal of a run that is at work, or was cut short.
    pub unfinished: Option<Unfinished>,
    /// Whether the workspace is where it was when it was marked.
    pub place: Place,
    /// `builders_dir` itself.
    pub builders_dir: Directory,
    /// `<builders_dir>/.gitignore`; `None` where there is none.
    pub gitignore: Option<Vec<u8>>,
    /// `<builders_dir>/.ignore`; `None` where there is none.
    pub ignore: Option<Vec<u8>>,
    /// Every declared repository.
    pub repositories: BTreeMap<RepoName, RepositoryState>,
    /// The repositories that shall have the content of git-lfs, and cannot.
    pub unready: BTreeMap<RepoName, Unready>,
    /// What commits track where an inner checkout or a managed file shall lie.
    pub tracked: BTreeSet<Tracked>,
    /// Git repositories directly below `repos_dir` (or one level down, as `main`) that nobody declared.
    pub unmanaged_repositories: Vec<AbsPath>,
    /// Everything directly below `builders_dir` but our own directory, and every declared builder.
    pub builders: BTreeMap<OsString, BuilderDirectory>,
    /// The sources of managed files.
    pub sources: BTreeMap<AbsPath, Source>,
    /// Ports on which somebody listens, where builders get ports.
    pub listening: BTreeSet<u16>,
    /// The commands of the file that the user trusts.
    pub trusted: BTreeSet<Command>,
    /// The hooks that still run, though who began them has ended.
    pub hooks_running: BTreeSet<Address>,
    /// What the agents' server says; asked only where it matters.
    pub sessions: Sessions,
    /// What the trash holds, oldest first.
    pub trash: Vec<TrashEntry>,
    /// What is left of entries that are, or were, deleted for good.
    pub gone: Vec<GoneEntry>,
}

/// A path that a commit tracks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tracked {
    /// Whose commit it is.
    pub repository: RepoName,
    /// The commit.
    pub commit: ObjectId,
    /// The path in it.
    pub path: RelPath,
}

/// Whether the workspace is where it was when it was marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is, or it was never marked.
    Same,
    /// Its directory was moved from where this file was: links may be repaired.
    Moved(AbsPath),
    /// `builders_dir` was moved from there, with the file where it was: links may be repaired.
    Relocated(AbsPath),
    /// The same directory of the same file system, seen under another mount point, or nobody can tell: this file is
    /// where it was. Nothing may be repaired or dropped.
    Elsewhere(AbsPath),
    /// Another file, which still exists, declared this `builders_dir`.
    AnotherFile(AbsPath),
    /// The workspace is a copy of that of this file, which still exists.
    Copied(AbsPath),
}

/// What lies at a path that should be a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directory {
    /// Nothing.
    Missing,
    /// A directory, reached without a symbolic link at its end.
    Present,
    /// Something else, or a directory that cannot be read: what.
    Unusable(String),
}

/// A managed file's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A regular file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
        /// Whether nobody else may read it.
        private: bool,
        /// Whether git keeps it: the index of the main worktree that it lies in has it.
        kept: bool,
    },
    /// A directory: fit for a symbolic link.
    Directory,
    /// Nothing.
    Missing,
    /// Something stranger, or not readable: what.
    Unusable(String),
}

/// What lies at a declared repository's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryState {
    /// Nothing, or an empty directory.
    Missing,
    /// Something that is no repository: what.
    Occupied(String),
    /// A repository that cannot be used: the fact, and the next command to type.
    Unusable {
        /// Why.
        fact: String,
        /// What to type.
        next: String,
    },
    /// A repository.
    Present(Box<Repository>),
}

impl RepositoryState {
    /// The repository, where there is one.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            RepositoryState::Present(repository) => Some(repository),
            RepositoryState::Missing | RepositoryState::Occupied(_) | RepositoryState::Unusable { .. } => None,
        }
    }
}

/// The hash of a repository's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectFormat {
    /// 40 digits.
    Sha1,
    /// 64 digits.
    Sha256,
}

/// How a repository keeps its refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefFormat {
    /// Loose files and `packed-refs`.
    Files,
    /// reftable: read by the git command only.
    Reftable,
}

/// What HEAD says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch with commits.
    Branch(BranchName, ObjectId),
    /// On a branch without a commit.
    Unborn(BranchName),
    /// On a commit.
    Detached(ObjectId),
    /// Cannot be read: why.
    Unreadable(String),
}

impl Head {
    /// The branch, born or not.
    #[must_use]
    pub fn branch(&self) -> Option<&BranchName> {
        match self {
            Head::Branch(branch, _) | Head::Unborn(branch) => Some(branch),
            Head::Detached(_) | Head::Unreadable(_) => None,
        }
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> Option<&ObjectId> {
        match self {
            Head::Branch(_, id) | Head::Detached(id) => Some(id),
            Head::Unborn(_) | Head::Unreadable(_) => None,
        }
    }
}

/// A repository and everything it knows of its worktrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The declared path: the main worktree or the bare repository.
    pub path: AbsPath,
    /// The common git directory, as a real path.
    pub common_dir: AbsPath,
    /// The hash of its objects.
    pub format: ObjectFormat,
    /// How it keeps refs.
    pub refs: RefFormat,
    /// Without a main worktree.
    pub bare: bool,
    /// HEAD of the main worktree.
    pub head: Head,
    /// What waits in the main worktree.
    pub operation: Option<Operation>,
    /// Where it was when it was last applied, if that is another place and nothing is there any more: moved by hand.
    pub was: Option<AbsPath>,
    /// Remotes and their fetch urls; `None` without a url.
    pub remotes: BTreeMap<String, Option<Url>>,
    /// Each remote's HEAD that resolves: remote → short name such as `origin/main`.
    pub remote_heads: BTreeMap<String, String>,
    /// Local branches.
    pub branches: BTreeMap<BranchName, ObjectId>,
    /// Those that this workspace made, and from which base, where a checkout that is to come may need to know.
    pub made: BTreeMap<BranchName, Option<String>>,
    /// Remote branches without `refs/remotes/`: `origin/main`. Remote HEADs are left out.
    pub remote_branches: BTreeMap<String, RemoteBranch>,
    /// Every revision that a declaration names as a base or as a reference.
    pub bases: BTreeMap<String, Base>,
    /// Fetch refspecs that write over `refs/heads` or `refs/wsctl`, each behind its remote.
    pub mirror_refspecs: Vec<(String, String)>,
    /// The filter that it was cloned with.
    pub filter: Option<String>,
    /// Why one rename does not bring it to where it is declared, if that is another place.
    pub obstacle: Option<Obstacle>,
    /// Read only where a move depends on it (`actual::examine`): what holds the main worktree where it is.
    pub held: Option<Findings>,
    /// Whether worktrees may have a configuration of their own: `extensions.worktreeConfig`.
    pub worktree_config: bool,
    /// The linked worktrees, by the name of their admin directory.
    pub registrations: BTreeMap<OsString, Registration>,
}

impl Repository {
    /// The remote that counts where nothing names one: `origin`, else the first.
    #[must_use]
    pub fn remote(&self) -> Option<&str> {
        let origin = self.remotes.get_key_value("origin").map(|(name, _)| name);
        origin.or_else(|| self.remotes.keys().next()).map(String::as_str)
    }
}

/// A remote branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBranch {
    /// The branch on that remote.
    pub branch: BranchName,
    /// The commit that it was on at the last fetch.
    pub id: ObjectId,
}

/// A revision that a declaration names, looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// A commit.
    Commit(ObjectId),
    /// Nothing of that name; near names.
    Missing(Vec<String>),
    /// Several refs of that name.
    Ambiguous(Vec<String>),
}
