//! What is on the disk: one directory below `builders_dir`.

use std::collections::BTreeMap;

use super::actual::{Head, ObjectFormat};
use super::mark::{BuilderMark, Marked};
use super::name::ObjectId;
use super::path::{AbsPath, RelPath};
use super::work::Findings;

/// One entry of `builders_dir`, or the place where a declared builder shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderDirectory {
    /// `<builders_dir>/<name>`.
    pub path: AbsPath,
    /// What lies there.
    pub occupant: Occupant,
    /// Device and inode of the directory; zeros where there is none.
    pub identity: (u64, u64),
    /// `.git` in it.
    pub anchor: AnchorState,
    /// The builder's mark: from the anchor, from our own directory (only where device and inode agree), or, for a
    /// nested builder, from the root's admin directory.
    pub mark: Marked<BuilderMark>,
    /// Every place that a declared or marked checkout takes, and every directory with a `.git` down to the depth
    /// of the deepest layout, by path in the builder.
    pub places: BTreeMap<RelPath, Occupant>,
    /// Those of them whose registration does not name them: what it names, `None` where there is none. A copy, mostly.
    pub one_sided: BTreeMap<RelPath, Option<AbsPath>>,
    /// Managed files, declared or marked, by path in the builder.
    pub files: BTreeMap<RelPath, DiskFile>,
    /// Read only where a removal depends on it (`actual::examine`): what lies beside the checkouts.
    pub strays: Option<Findings>,
}

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupant {
    /// Nothing; the parents, where they exist, are directories and no symbolic links.
    Nothing,
    /// An empty directory.
    Empty,
    /// A directory with something in it, no git there.
    Directory,
    /// A file or something stranger.
    File,
    /// A symbolic link at its end or above it, below the builder.
    Symlink,
    /// A repository of its own (`.git` is a directory, or it is a bare one).
    Repository,
    /// A linked worktree (or submodule): the git directory that its `.git` file names, real where it exists.
    Worktree(AbsPath),
    /// A mount point.
    Mount,
    /// Cannot be read: why.
    Unreadable(String),
}

/// What `.git` in a builder's directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnchorState {
    /// Nothing.
    Missing,
    /// A repository that carries our builder's mark.
    Ours(Box<Anchor>),
    /// Carries our mark and cannot be read: why.
    Damaged(String),
    /// Not ours: a file that makes B a worktree, or another repository.
    Foreign(String),
}

/// The committer's address of every commit that wsctl makes.
pub const WSCTL_EMAIL: &str = "wsctl@localhost";

/// The anchor repository of a builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The hash of its objects.
    pub format: ObjectFormat,
    /// Its HEAD.
    pub head: Head,
    /// Whether wsctl made HEAD's commit (its committer is [`WSCTL_EMAIL`]); anybody else's is kept.
    pub by_wsctl: bool,
    /// HEAD's tree, whole: path → what is recorded there.
    pub entries: BTreeMap<RelPath, AnchorEntry>,
    /// The local configuration keys that the anchor must have and that are missing or have another value.
    pub wrong_keys: Vec<&'static str>,
    /// Whether the pre-commit hook is ours and may be executed.
    pub hook: bool,
    /// Whether it has an index.
    pub index: bool,
    /// The remotes that are configured; there should be none.
    pub remotes: Vec<String>,
}

/// One entry of the anchor's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnchorEntry {
    /// A gitlink: the commit a checkout had when created.
    Gitlink(ObjectId),
    /// A managed file: its blob, and whether it may be executed; a symbolic link's target is a blob too.
    Blob {
        /// The blob.
        id: ObjectId,
        /// 0o100644, 0o100755 or 0o120000.
        mode: u32,
    },
}

/// A managed file on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskFile {
    /// Nothing there (nor a symbolic link above it).
    Missing,
    /// A regular file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// sha256 as git hashes a blob.
        hash: String,
        /// Whether it may be executed.
        executable: bool,
        /// Whether nobody but its owner may read it.
        private: bool,
        /// Tracked by the checkout that it lies in.
        tracked: bool,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points to.
        target: std::path::PathBuf,
        /// sha256 of the target, as git hashes a blob.
        hash: String,
        /// Tracked by the checkout that it lies in.
        tracked: bool,
    },
    /// A directory, a socket, a symbolic link above it, or not readable.
    Unusable {
        /// What is wrong, in words.
        what: String,
        /// Where: the path itself, or one above it.
        at: RelPath,
        /// Of a directory that holds nothing but files and symbolic links, at any depth: these.
        holds: Vec<RelPath>,
    },
}
