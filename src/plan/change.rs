//! The plan as a value: changes with their reasons and blockers, drift, and the steps that apply walks.

use std::ffi::OsString;

use crate::model::actual::{ObjectFormat, Operation};
use crate::model::address::Address;
use crate::model::desired::{DesiredCheckout, FileMode, Shape, Url};
use crate::model::mark::{BuilderMark, CheckoutMark};
use crate::model::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};

/// Everything that plan has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The file.
    pub file: AbsPath,
    /// The workspace root.
    pub root: AbsPath,
    /// Where builders live.
    pub builders_dir: AbsPath,
    /// The id of the workspace; `None` before the first apply.
    pub workspace: Option<WorkspaceId>,
    /// How many builders the file declares.
    pub declared: usize,
    /// Changes in the order of their addresses; at most one per address.
    pub changes: Vec<Change>,
    /// What differs from the declaration and is left alone.
    pub drift: Vec<Note>,
    /// What nobody declared, below `builders_dir` and `repos_dir`.
    pub unmanaged: Vec<Note>,
    /// What a reader should know and nobody has to act on (a base that moved, a mixed builder).
    pub warnings: Vec<String>,
    /// What apply does, in an order that is safe; steps refer to each other by index.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The changes that apply would make.
    pub fn pending(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !change.is_blocked())
    }

    /// The changes that are refused.
    pub fn blocked(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.is_blocked())
    }

    /// Counts the changes, each once.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for change in &self.changes {
            let count = match (change.is_blocked(), change.action.symbol()) {
                (true, _) => &mut summary.blocked,
                (false, Symbol::Create) => &mut summary.create,
                (false, Symbol::Update | Symbol::Adopt) => &mut summary.update,
                (false, Symbol::Replace) => &mut summary.replace,
                (false, Symbol::Remove) => &mut summary.remove,
            };
            *count += 1;
        }
        summary
    }
}

/// How many changes of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// `+`
    pub create: usize,
    /// `~` and `>`
    pub update: usize,
    /// `-/+`
    pub replace: usize,
    /// `-`
    pub remove: usize,
    /// Refused.
    pub blocked: usize,
}

/// A fact about a place, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The address, or the path of what has none.
    pub subject: String,
    /// The fact; a lowercase fragment.
    pub fact: String,
    /// The command that would change it, where there is one.
    pub next: Option<String>,
}

/// One change of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What changes.
    pub address: Address,
    /// What will be done, or would be done if nothing blocked it.
    pub action: Action,
    /// Why; a lowercase fragment, for display only.
    pub reason: String,
    /// Facts worth a line under the change (a branch that goes or stays, ignored files that move to the trash).
    pub details: Vec<String>,
    /// A managed file's old and new text.
    pub diff: Option<TextChange>,
    /// Why it is refused; empty: it is not.
    pub blockers: Vec<Blocker>,
}

impl Change {
    /// Whether the change is refused.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.blockers.is_empty()
    }
}

/// The old and new bytes of a managed file; drawn as a unified diff where both are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    /// The path in the builder.
    pub path: RelPath,
    /// What is there.
    pub old: Vec<u8>,
    /// What shall be there.
    pub new: Vec<u8>,
}

/// A refusal: the fact, where, and the next command to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// Its name for programs, in kebab-case.
    pub kind: &'static str,
    /// The fact; a lowercase fragment.
    pub fact: String,
    /// Where.
    pub path: Option<AbsPath>,
    /// What to type, or to edit, to go on.
    pub next: String,
}

/// The sign of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Clone a repository.
    Clone {
        /// From where.
        url: Url,
        /// To where.
        path: AbsPath,
    },
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
        /// The hash that it must still have; `None`: it is already gone, and only the mark forgets it.
        expect: Option<String>,
    },
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
    /// Drop empty leftovers of a builder of ours: its directory holds nothing but what wsctl made.
    PruneBuilder {
        /// The builder's directory.
        path: AbsPath,
    },
    /// Nothing could be done even if nothing blocked it, e.g. a missing repository without a url.
    Nothing(Symbol),
}

impl Action {
    /// The sign that stands before the change.
    #[must_use]
    pub fn symbol(&self) -> Symbol {
        match self {
            Action::Clone { .. } | Action::CreateBuilder(_) | Action::CreateCheckout(_) => Symbol::Create,
            Action::WriteFile(write) if write.expect.is_none() => Symbol::Create,
            Action::UpdateBuilder(_)
            | Action::ResumeCheckout { .. }
            | Action::MarkCheckout(_)
            | Action::Switch { .. }
            | Action::Repair { .. }
            | Action::WriteFile(_) => Symbol::Update,
            Action::AdoptBuilder(_) | Action::AdoptCheckout(_) | Action::AdoptFile(_) => Symbol::Adopt,
            Action::ReplaceCheckout { .. } => Symbol::Replace,
            Action::RemoveFile { .. }
            | Action::RemoveBuilder(_)
            | Action::RemoveCheckout(_)
            | Action::FinishRemoval { .. }
            | Action::Prune(_)
            | Action::PruneBuilder { .. } => Symbol::Remove,
            Action::Nothing(symbol) => *symbol,
        }
    }

    /// What is done, in one word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Action::Clone { .. } => "clone",
            Action::CreateBuilder(_) | Action::CreateCheckout(_) => "create",
            Action::WriteFile(write) if write.expect.is_none() => "create",
            Action::UpdateBuilder(_) | Action::MarkCheckout(_) | Action::WriteFile(_) => "update",
            Action::AdoptBuilder(_) | Action::AdoptCheckout(_) | Action::AdoptFile(_) => "adopt",
            Action::ReplaceCheckout { .. } => "replace",
            Action::ResumeCheckout { .. } | Action::FinishRemoval { .. } => "resume",
            Action::Switch { .. } => "switch",
            Action::Repair { .. } => "repair",
            Action::RemoveFile { .. } | Action::RemoveBuilder(_) | Action::RemoveCheckout(_) => "remove",
            Action::Prune(_) | Action::PruneBuilder { .. } => "prune",
            Action::Nothing(_) => "none",
        }
    }
}

/// A builder's directory, anchor and mark as they shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderWrite {
    /// The builder.
    pub builder: BuilderName,
    /// Its directory.
    pub path: AbsPath,
    /// What makes the layout work.
    pub shape: Shape,
    /// The anchor, for [`Shape::Anchored`].
    pub anchor: Option<AnchorWrite>,
    /// The mark to write; its `anchor`, `identity` and (when new) `workspace` are filled in by who writes.
    pub mark: MarkWrite,
    /// Whether `<builders_dir>/.gitignore` has to be written.
    pub gitignore: bool,
    /// The text of `<builders_dir>/.ignore`, where it has to be written.
    pub ignore: Option<String>,
}

/// The parts of a builder's mark that plan knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkWrite {
    /// The builder's branch name.
    pub branch: BranchName,
    /// Never to be removed.
    pub protect: bool,
    /// What a removal may do.
    pub policy: crate::model::policy::BuilderPolicy,
    /// The mark as it was; its files, creation time and anchor are kept.
    pub previous: Option<BuilderMark>,
}

/// The anchor repository as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorWrite {
    /// The hash of its objects.
    pub format: ObjectFormat,
    /// The branch it is on.
    pub branch: BranchName,
    /// The commit that HEAD must still be at; `None`: there is no anchor.
    pub expect: Option<ObjectId>,
    /// The checkouts to record.
    pub gitlinks: Vec<Gitlink>,
    /// The managed files to record, outside checkouts.
    pub files: Vec<(RelPath, FileContent)>,
    /// Checkouts of another object format: excluded, not recorded.
    pub excluded: Vec<RelPath>,
}

/// One checkout in the anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gitlink {
    /// Its path in the builder.
    pub path: RelPath,
    /// Its repository.
    pub repository: RepoName,
    /// The commit to record, where plan knows it; else it is looked up as [`CheckoutWrite`] does.
    pub commit: Option<ObjectId>,
    /// How it comes about, where it does not exist yet.
    pub write: Option<CheckoutWrite>,
}

/// A checkout to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutWrite {
    /// Its builder.
    pub builder: BuilderName,
    /// The builder's directory.
    pub builder_path: AbsPath,
    /// The main worktree of its repository.
    pub repository: AbsPath,
    /// The declaration.
    pub desired: DesiredCheckout,
    /// How the branch comes about.
    pub branch: BranchPlan,
    /// Whether the checkout is the root of a nested builder: locked for good, and the builder's mark lies beside its own.
    pub holds: bool,
}

/// How a checkout's branch comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchPlan {
    /// The local branch exists, at this commit.
    Existing(ObjectId),
    /// A new branch at a remote branch of the same name, tracking it.
    Track {
        /// The remote branch, `origin/x`.
        upstream: String,
        /// Its commit.
        commit: ObjectId,
    },
    /// A new branch from a base, without upstream.
    New {
        /// The base as a revision.
        base: String,
        /// Its commit.
        commit: ObjectId,
    },
    /// Not known before the repository is cloned; then [`super::branch::choose`] decides.
    AfterClone,
}

impl BranchPlan {
    /// The commit that the checkout starts at, where it is known.
    #[must_use]
    pub fn commit(&self) -> Option<&ObjectId> {
        match self {
            BranchPlan::Existing(commit) | BranchPlan::Track { commit, .. } | BranchPlan::New { commit, .. } => Some(commit),
            BranchPlan::AfterClone => None,
        }
    }
}

/// An existing checkout whose mark is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutTouch {
    /// Its builder's directory.
    pub builder_path: AbsPath,
    /// The checkout's directory.
    pub path: AbsPath,
    /// The main worktree of its repository.
    pub repository: AbsPath,
    /// Its admin directory.
    pub admin_dir: AbsPath,
    /// The declaration.
    pub desired: DesiredCheckout,
    /// The mark that it has; `None`: it is adopted.
    pub previous: Option<CheckoutMark>,
    /// The builder.
    pub builder: BuilderName,
    /// HEAD's commit as read.
    pub head: ObjectId,
}

/// A managed file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWrite {
    /// The builder's directory.
    pub builder: AbsPath,
    /// The path in it.
    pub to: RelPath,
    /// How it is made, for the mark.
    pub mode: FileMode,
    /// What shall be there.
    pub content: FileContent,
    /// The hash that the file must still have; `None`: there must be nothing.
    pub expect: Option<String>,
}

/// What a managed file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// A regular file.
    Bytes {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link to this target.
    Link(std::path::PathBuf),
}

/// A registration to drop; it must still be as seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The main worktree of its repository.
    pub repository: AbsPath,
    /// The common directory of its repository.
    pub common_dir: AbsPath,
    /// The admin directory.
    pub admin_dir: AbsPath,
    /// Its name.
    pub admin_name: OsString,
    /// The worktree that it names, where it names one.
    pub worktree: Option<AbsPath>,
}

/// A directory on its way to the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Managed files in what is renamed, with the hash each must still have.
    pub files: Vec<(RelPath, String)>,
    /// Whether unsaved work moves along instead of blocking.
    pub unsaved: bool,
    /// How long the trash keeps it, in seconds.
    pub keep: u64,
}

/// One checkout on its way to the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedCheckout {
    /// Its repository's name.
    pub name: RepoName,
    /// Its registration, as seen.
    pub stale: Stale,
    /// Its path in the builder.
    pub path: RelPath,
    /// Its mark.
    pub mark: Option<CheckoutMark>,
    /// The branch to delete afterwards and the commit that it must still be at.
    pub delete_branch: Option<(BranchName, ObjectId)>,
    /// The revisions of which one must hold all commits of that branch.
    pub merged_into: Vec<String>,
    /// The operation in progress, where there is one.
    pub operation: Option<Operation>,
}

/// One step of apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change, by its index in [`Plan::changes`].
    pub change: usize,
    /// Which part of it.
    pub part: Part,
    /// Steps that must have succeeded.
    pub needs: Vec<usize>,
    /// Steps that must have ended, whatever came of them.
    pub after: Vec<usize>,
    /// The repositories that it writes to: one writer each.
    pub writes: Vec<RepoName>,
}

/// Which part of a change a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Leave the branch by detaching HEAD, so that another checkout of a swap can take it.
    Park,
}
