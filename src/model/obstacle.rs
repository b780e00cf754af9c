//! Why one rename does not bring a directory to another place.

use super::name::RepoName;
use super::path::AbsPath;

/// Why one rename does not bring a directory to another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Something is there already.
    Taken,
    /// The repository of this name is there, which is declared elsewhere itself.
    TakenBy(RepoName),
    /// It lies there already, and something else beside it.
    Beside,
    /// One of the two places lies in the other.
    Overlap,
    /// The directory that it would lie in is reached through this symbolic link.
    Link(AbsPath),
    /// This is on the way, and is no directory.
    NoDirectory(AbsPath),
    /// It is a mount point itself.
    Mounted,
    /// The place is on another file system, and is like this.
    OtherFileSystem(Ground),
    /// What is there cannot be read: why.
    Unreadable(String),
}

/// What is at a place where nothing is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Nothing, in a directory that is there.
    Free,
    /// An empty directory.
    Empty,
    /// Nothing, nor the directory that it lies in.
    Nowhere,
}
