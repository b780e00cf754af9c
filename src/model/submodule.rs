//! The submodules of a checkout, as far as they are not what its index says.

use super::name::ObjectId;
use super::path::RelPath;

/// Paths are relative to the checkout, also those of submodules in submodules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submodules {
    /// Nothing, an empty directory, or a link to a repository that has not been checked out.
    pub missing: Vec<RelPath>,
    /// Something else lies there.
    pub in_the_way: Vec<RelPath>,
    /// On no branch, and not at the commit that is recorded.
    pub strayed: Vec<Strayed>,
    /// What could not be told: why.
    pub unknown: Option<String>,
}

/// A submodule at another commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strayed {
    /// Where it lies.
    pub path: RelPath,
    /// The commit of its HEAD.
    pub at: ObjectId,
    /// The commit that is recorded.
    pub recorded: ObjectId,
}
