//! Builders and checkouts that are there, each with its directory.

use super::address::Address;
use super::name::{BranchName, BuilderName, RepoName};
use super::path::AbsPath;

/// A builder that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedBuilder {
    /// Its name.
    pub name: BuilderName,
    /// Its directory.
    pub path: AbsPath,
    /// Its own branch name, as last applied, else as declared.
    pub branch: Option<BranchName>,
    /// Its port.
    pub port: Option<u16>,
    /// Its checkouts that are there, by repository.
    pub checkouts: Vec<LocatedCheckout>,
}

/// A checkout that is there: a worktree that its repository knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedCheckout {
    /// Its repository.
    pub repository: RepoName,
    /// Its directory.
    pub path: AbsPath,
    /// The branch that it is on; `None`: detached.
    pub branch: Option<BranchName>,
}

impl LocatedBuilder {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::Builder(self.name.clone())
    }

    /// The address of one of its checkouts.
    #[must_use]
    pub fn address_of(&self, checkout: &LocatedCheckout) -> Address {
        Address::Checkout(self.name.clone(), checkout.repository.clone())
    }

    /// The checkout of a repository.
    #[must_use]
    pub fn checkout(&self, repository: &RepoName) -> Option<&LocatedCheckout> {
        self.checkouts.iter().find(|checkout| checkout.repository == *repository)
    }
}
