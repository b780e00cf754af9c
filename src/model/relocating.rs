//! What the journal says of a builder that goes to another place: enough to finish it from wherever it was left.

use serde::{Deserialize, Serialize};

use super::name::BuilderName;
use super::path::AbsPath;

/// A builder whose directory, or whose checkouts, go to another place, or a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relocating {
    /// Its name by now; `None`: it is a repository.
    pub builder: Option<BuilderName>,
    /// Where something can wait for its place.
    pub stage: AbsPath,
    /// The renames, in their order.
    pub leaps: Vec<Leap>,
    /// The checkouts whose links are written again after them.
    pub checkouts: Vec<Followed>,
    /// Directories that go if nothing is left in them.
    pub empties: Vec<AbsPath>,
}

/// One rename.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leap {
    /// Where it is.
    pub from: AbsPath,
    /// Where it will be.
    pub to: AbsPath,
    /// Device and inode of what is renamed: anything else that is there stays.
    pub identity: (u64, u64),
}

/// A checkout that ends up elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Its admin directory, as it will be.
    pub admin_dir: AbsPath,
    /// The same as it was.
    pub old_admin_dir: AbsPath,
    /// The repository's common directory.
    pub common_dir: AbsPath,
    /// Where its files were.
    pub from: AbsPath,
    /// Where they will be.
    pub to: AbsPath,
}
