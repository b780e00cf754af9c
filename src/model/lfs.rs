//! The files of a checkout that git-lfs keeps: git has a pointer to each, and git-lfs the content.

use super::path::RelPath;

/// What the checkouts of a repository have of such files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Lfs {
    /// What git gives them, as it is configured.
    #[default]
    AsConfigured,
    /// Their content.
    Content,
    /// Pointers, wherever wsctl makes files.
    Pointers,
}

/// The files that have a pointer where their content could be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pointers {
    /// Relative to the checkout; without what somebody changed.
    pub paths: Vec<RelPath>,
    /// What could not be told: why.
    pub unknown: Option<String>,
}

/// Why git cannot bring content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// There is no git-lfs.
    NotInstalled,
    /// git's configuration has no filter for it.
    NotSetUp,
}

/// A pointer has fewer bytes than this, as git-lfs itself has it.
pub const LONGEST: u64 = 1024;

/// Whether the bytes of a file are a pointer: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
#[must_use]
pub fn is_pointer(bytes: &[u8]) -> bool {
    (bytes.len() as u64) < LONGEST && bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\n")
}
