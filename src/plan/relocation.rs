//! Directories that go to another place, with everything in them.

use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;

/// A builder whose directory, or whose checkouts, go to another place, or a repository.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Relocation {
    /// The name that it had before, where that changes.
    pub was: Option<BuilderName>,
    /// Where its directory is.
    pub from: AbsPath,
    /// A place of our own where something can wait until its place is free.
    pub stage: AbsPath,
    /// The renames, in their order.
    pub hops: Vec<Hop>,
    /// The checkouts whose links are written again once everything is in its place.
    pub checkouts: Vec<Relocated>,
    /// Directories that go if nothing is left in them, the deepest first.
    pub empties: Vec<AbsPath>,
}

impl Relocation {
    /// Whether the worktree with this admin directory ends up elsewhere.
    #[must_use]
    pub fn takes(&self, admin_dir: &AbsPath) -> bool {
        self.checkouts.iter().any(|checkout| checkout.admin_dir == *admin_dir && checkout.from != checkout.to)
    }
}

/// One rename.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hop {
    /// Where the directory was before the first of all renames.
    pub origin: AbsPath,
    /// Where it is before this one.
    pub from: AbsPath,
    /// Where it is after it.
    pub to: AbsPath,
}

/// A checkout that ends up elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Relocated {
    /// Its repository.
    pub name: RepoName,
    /// Its admin directory, as it will be.
    pub admin_dir: AbsPath,
    /// The same as it is.
    pub old_admin_dir: AbsPath,
    /// The repository's common directory.
    pub common_dir: AbsPath,
    /// Where its files are.
    pub from: AbsPath,
    /// Where they will be.
    pub to: AbsPath,
}
