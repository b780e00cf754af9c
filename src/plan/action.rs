//! What a change does: all that apply has to know, and the sign that stands before it.

use crate::model::desired::{Cloning, Url};
use crate::model::name::BranchName;
use crate::model::path::{AbsPath, RelPath};

use super::Relocation;
use super::removal::{Removal, Stale};
use super::run::{HookRun, SessionOpening};
use super::write::{BranchPlan, BuilderWrite, CheckoutTouch, CheckoutWrite, FileWrite, RepositoryWrite};

/// The sign of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Symbol {
    /// `+`
    Create,
    /// `~`
    Update,
    /// `>`
    Adopt,
    /// `-/+`
    Replace,
    /// `-`
    Remove,
}

/// What a change does; all that apply has to know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Action {
    /// Clone a repository.
    Clone {
        /// From where.
        url: Url,
        /// To where.
        path: AbsPath,
        /// What is left out.
        cloning: Cloning,
    },
    /// Move `builders_dir` with everything in it, once all else is done.
    MoveBuildersDir(Box<Relocation>),
    /// Move a repository, or let its remote have another url.
    UpdateRepository(Box<RepositoryWrite>),
    /// Make a builder's directory with its anchor and mark.
    CreateBuilder(Box<BuilderWrite>),
    /// Bring anchor, helper files or mark to what is declared.
    UpdateBuilder(Box<BuilderWrite>),
    /// Mark a directory as ours that already is what is declared.
    AdoptBuilder(Box<BuilderWrite>),
    /// Make a checkout.
    CreateCheckout(Box<CheckoutWrite>),
    /// Drop a registration that holds nothing, then make the checkout.
    ReplaceCheckout {
        /// The registration to drop.
        stale: Stale,
        /// The checkout to make.
        write: Box<CheckoutWrite>,
    },
    /// Move what a killed creation of ours left to the trash, then make the checkout.
    ResumeCheckout {
        /// What was left.
        removal: Box<Removal>,
        /// The checkout to make.
        write: Box<CheckoutWrite>,
    },
    /// Mark a checkout as ours that already is what is declared.
    AdoptCheckout(Box<CheckoutTouch>),
    /// Write the checkout's mark again: its declaration changed, its files did not.
    MarkCheckout(Box<CheckoutTouch>),
    /// Rename the branch that a checkout is on; its files, and what waits in it, stay as they are.
    RenameBranch {
        /// Which checkout, and the mark to write.
        touch: Box<CheckoutTouch>,
        /// The branch as it is called before.
        from: BranchName,
    },
    /// Put a clean checkout on its declared branch.
    Switch {
        /// Which checkout, and the mark to write.
        touch: Box<CheckoutTouch>,
        /// How the branch comes about.
        branch: BranchPlan,
        /// The branch that it is on now; `None` when detached.
        from: Option<BranchName>,
    },
    /// Write both link files again after the workspace moved.
    Repair {
        /// Which checkout, and the mark to write.
        touch: Box<CheckoutTouch>,
        /// The worktree that the registration names now.
        old_worktree: AbsPath,
        /// The admin directory that the worktree names now.
        old_admin_dir: AbsPath,
    },
    /// Write a managed file that is not there, or is as last written.
    WriteFile(Box<FileWrite>),
    /// Take over a managed file that already is what is declared.
    AdoptFile(Box<FileWrite>),
    /// Remove a managed file that is as last written.
    RemoveFile {
        /// The builder's directory.
        builder: AbsPath,
        /// The path in it.
        to: RelPath,
        /// The hash that it must still have; `None`: it is gone or stays, and only the mark forgets it.
        expect: Option<String>,
    },
    /// Run a hook that is outstanding.
    RunHook(Box<HookRun>),
    /// Ask the agents' server for a session.
    OpenSession(Box<SessionOpening>),
    /// Move a whole builder to the trash.
    RemoveBuilder(Box<Removal>),
    /// Move one checkout of a builder that stays to the trash.
    RemoveCheckout(Box<Removal>),
    /// Finish a removal that a killed run began: the directory is in the trash, the registration is not.
    FinishRemoval {
        /// The name of the trash entry.
        entry: String,
        /// The registration.
        stale: Stale,
    },
    /// Drop a registration of ours whose directory is gone and that holds nothing.
    Prune(Stale),
    /// Nothing could be done even if nothing blocked it, e.g. a missing repository without a url.
    Nothing(Symbol),
}

impl Action {
    /// Every [`Action::word`].
    pub const WORDS: [&str; 14] = [
        "clone", "create", "move", "update", "adopt", "replace", "resume", "rename", "switch", "repair", "remove", "prune",
        "run", "none",
    ];

    /// The builder that it makes or changes, if it does.
    #[must_use]
    pub fn builds(&self) -> Option<&BuilderWrite> {
        let (Action::CreateBuilder(write) | Action::UpdateBuilder(write) | Action::AdoptBuilder(write)) = self else {
            return None;
        };
        Some(write)
    }

    /// The checkout that it makes, if it makes one.
    #[must_use]
    pub fn creates(&self) -> Option<&CheckoutWrite> {
        let (Action::CreateCheckout(write) | Action::ReplaceCheckout { write, .. } | Action::ResumeCheckout { write, .. }) = self
        else {
            return None;
        };
        Some(write)
    }

    /// The sign that stands before the change.
    #[must_use]
    pub fn symbol(&self) -> Symbol {
        match self {
            Action::Clone { .. } | Action::CreateBuilder(_) | Action::CreateCheckout(_) | Action::OpenSession(_) => {
                Symbol::Create
            }
            Action::WriteFile(write) if write.expect.is_none() => Symbol::Create,
            Action::MoveBuildersDir(_)
            | Action::UpdateRepository(_)
            | Action::UpdateBuilder(_)
            | Action::ResumeCheckout { .. }
            | Action::MarkCheckout(_)
            | Action::RenameBranch { .. }
            | Action::Switch { .. }
            | Action::Repair { .. }
            | Action::WriteFile(_)
            | Action::RunHook(_) => Symbol::Update,
            Action::AdoptBuilder(_) | Action::AdoptCheckout(_) | Action::AdoptFile(_) => Symbol::Adopt,
            Action::ReplaceCheckout { .. } => Symbol::Replace,
            Action::RemoveFile { .. }
            | Action::RemoveBuilder(_)
            | Action::RemoveCheckout(_)
            | Action::FinishRemoval { .. }
            | Action::Prune(_) => Symbol::Remove,
            Action::Nothing(symbol) => *symbol,
        }
    }

    /// What is done, in one word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Action::Clone { .. } => "clone",
            Action::MoveBuildersDir(_) => "move",
            Action::UpdateRepository(write) if write.relocation.is_some() => "move",
            Action::CreateBuilder(_) | Action::CreateCheckout(_) | Action::OpenSession(_) => "create",
            Action::RunHook(_) => "run",
            Action::UpdateBuilder(write) if write.relocation.is_some() => "move",
            Action::WriteFile(write) if write.expect.is_none() => "create",
            Action::UpdateRepository(_) | Action::UpdateBuilder(_) | Action::MarkCheckout(_) | Action::WriteFile(_) => "update",
            Action::AdoptBuilder(_) | Action::AdoptCheckout(_) | Action::AdoptFile(_) => "adopt",
            Action::ReplaceCheckout { .. } => "replace",
            Action::ResumeCheckout { .. } | Action::FinishRemoval { .. } => "resume",
            Action::RenameBranch { .. } => "rename",
            Action::Switch { .. } => "switch",
            Action::Repair { .. } => "repair",
            Action::RemoveFile { .. } | Action::RemoveBuilder(_) | Action::RemoveCheckout(_) => "remove",
            Action::Prune(_) => "prune",
            Action::Nothing(_) => "none",
        }
    }
}
