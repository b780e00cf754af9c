//! What a change takes away: registrations to drop, directories on their way to the trash.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::model::actual::{Registration, Repository};
use crate::model::desired::DesiredCheckout;
use crate::model::escaped;
use crate::model::mark::{BuilderMark, CheckoutMark};
use crate::model::name::{BranchName, BuilderName, ObjectId, RepoName};
use crate::model::path::{AbsPath, RelPath};

use super::run::HookRun;

/// A registration to drop; it must still be as seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stale {
    /// The main worktree of its repository.
    pub repository: AbsPath,
    /// The common directory of its repository.
    pub common_dir: AbsPath,
    /// The admin directory.
    pub admin_dir: AbsPath,
    /// Its name.
    #[serde(with = "escaped")]
    pub admin_name: OsString,
    /// The worktree that it names, where it names one.
    pub worktree: Option<AbsPath>,
}

impl Stale {
    /// A registration as seen.
    #[must_use]
    pub fn of(repository: &Repository, registration: &Registration) -> Self {
        Stale {
            repository: repository.path.clone(),
            common_dir: repository.common_dir.clone(),
            admin_dir: registration.admin_dir.clone(),
            admin_name: registration.admin_name.clone(),
            worktree: registration.worktree.clone(),
        }
    }
}

/// A directory on its way to the trash.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Removal {
    /// The builder.
    pub builder: BuilderName,
    /// The builder's directory.
    pub builder_path: AbsPath,
    /// What is renamed: the builder, or one checkout in it (this path).
    pub checkout: Option<RelPath>,
    /// The builder's mark.
    pub mark: Option<BuilderMark>,
    /// The checkouts in what is renamed.
    pub checkouts: Vec<RemovedCheckout>,
    /// Whether `<builders_dir>/.ignore` goes with it: it was ours, and no nested builder is left to need it.
    pub drop_ignore: bool,
    /// Whether unsaved work moves along instead of blocking.
    pub unsaved: bool,
    /// How long the trash keeps it, in seconds.
    pub keep: u64,
    /// What runs before it goes.
    #[serde(default)]
    pub hooks: Vec<HookRun>,
    /// Whether it counts against `max_removals`: what a killed creation left does not.
    pub counts: bool,
}

impl Removal {
    /// What is deleted for good once it is in the trash.
    #[must_use]
    pub fn disposed(&self) -> Vec<AbsPath> {
        let of = |checkout: &RemovedCheckout| {
            let at = checkout.path.under(&self.builder_path);
            checkout.dispose.iter().map(|path| at.join(path)).collect::<Vec<_>>()
        };
        self.checkouts.iter().flat_map(of).collect()
    }
}

/// One checkout on its way to the trash.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemovedCheckout {
    /// Its repository's name.
    pub name: RepoName,
    /// Its registration, as seen.
    pub stale: Stale,
    /// Its path in the builder.
    pub path: RelPath,
    /// Its mark.
    pub mark: Option<CheckoutMark>,
    /// HEAD's branch as seen.
    pub branch: Option<BranchName>,
    /// HEAD's commit as seen.
    pub head: Option<ObjectId>,
    /// Ignored files that are deleted once the checkout is in the trash, by path in it.
    #[serde(with = "escaped::list")]
    pub dispose: Vec<PathBuf>,
    /// Whether the branch goes afterwards, if it is still at `head`: we made it and its base or upstream holds it.
    pub delete_branch: bool,
}

impl RemovedCheckout {
    /// What a creation left that was killed or failed: nothing of it is deleted.
    #[must_use]
    pub fn half_made(checkout: &DesiredCheckout, repository: &Repository, registration: &Registration) -> Self {
        RemovedCheckout {
            name: checkout.repository.clone(),
            stale: Stale::of(repository, registration),
            path: checkout.path.clone(),
            mark: None,
            branch: registration.head.branch().cloned(),
            head: registration.head.commit().cloned(),
            dispose: vec![],
            delete_branch: false,
        }
    }
}
