//! How an entry comes back, as a value: all that apply has to know.

use std::collections::BTreeMap;

use super::Fate;
use crate::model::address::Address;
use crate::model::desired::Shape;
use crate::model::mark::{BuilderMark, CheckoutMark, WrittenFile};
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::{AbsPath, RelPath};
use crate::model::trash::{Manifest, TrashEntry};
use crate::plan::Blocker;

/// How an entry comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The entry.
    pub entry: TrashEntry,
    /// What comes back.
    pub address: Address,
    /// The builder that it comes back as, or to.
    pub builder: BuilderName,
    /// The builder's directory.
    pub builder_path: AbsPath,
    /// Whether it is the builder itself.
    pub whole: bool,
    /// What is renamed.
    pub from: AbsPath,
    /// To where.
    pub to: AbsPath,
    /// Whether an empty directory is there, which is used.
    pub empty: bool,
    /// Whether it is there already: only what a killed restore left is cleared away.
    pub finish: bool,
    /// What makes the builder's layout work.
    pub shape: Shape,
    /// The mark of a builder as it shall be.
    pub mark: Option<BuilderMark>,
    /// The managed files in a checkout that its builder's mark knows again.
    pub files: BTreeMap<RelPath, WrittenFile>,
    /// The text of `<builders_dir>/.ignore`, where it has to be written.
    pub ignore: Option<String>,
    /// The checkouts that come back.
    pub checkouts: Vec<RestoredCheckout>,
    /// The manifest of what stays in the entry, if something does.
    pub rest: Option<Manifest>,
    /// Facts worth a line.
    pub details: Vec<String>,
    /// Why it cannot come back; empty: it can.
    pub blockers: Vec<Blocker>,
}

/// A checkout that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredCheckout {
    /// Its repository.
    pub name: RepoName,
    /// The repository's main worktree.
    pub repository: AbsPath,
    /// The repository's common directory.
    pub common_dir: AbsPath,
    /// Where its admin directory is.
    pub admin: AbsPath,
    /// Where that will be.
    pub registration: AbsPath,
    /// Where its worktree is.
    pub tree: AbsPath,
    /// Where that will be.
    pub worktree: AbsPath,
    /// Its path in the builder.
    pub path: RelPath,
    /// What was kept of a branch that the removal deleted; may not be there.
    pub kept: AbsPath,
    /// The ref that holds its objects.
    pub keeper: String,
    /// What becomes of its branch.
    pub fate: Fate,
    /// Its mark as it shall be.
    pub mark: Option<CheckoutMark>,
}

impl Restore {
    /// Whether it cannot come back.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.blockers.is_empty()
    }
}
