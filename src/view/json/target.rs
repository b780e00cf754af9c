//! What an action is about, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::desired::{FileMode, Goal};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::plan::{Action, BranchPlan, CheckoutWrite, FileWrite};

/// What an action is about; only what applies is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The directory or file that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<AbsPath>,
    /// From where a repository is cloned, without what may be a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The branch that the change leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    /// The revision that the change leaves detached: a checkout of that is to be read.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The revision that a new branch starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The remote branch that a new branch starts from and tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// The commit that the branch or the revision is at, where plan knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<ObjectId>,
    /// The branch that a switch leaves; missing when detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BranchName>,
    /// Where a repaired checkout was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<AbsPath>,
    /// How a managed file is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<FileMode>,
    /// The trash entry of a removal that is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash_entry: Option<String>,
    /// What a removal deletes for good because the policy calls it disposable: ignored files and directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deletes: Vec<AbsPath>,
}

impl From<&Action> for Target {
    fn from(action: &Action) -> Self {
        let at = |path: &AbsPath| Target { path: Some(path.clone()), ..Target::default() };
        match action {
            Action::Clone { url, path, cloning: _ } => Target { url: Some(url.to_string()), ..at(path) },
            Action::MoveBuildersDir(relocation) => {
                let to = relocation.hops.last().map(|hop| hop.to.clone());
                Target { path: to, old_path: Some(relocation.from.clone()), ..Target::default() }
            }
            Action::UpdateRepository(write) => Target {
                url: write.remote.as_ref().map(|(_, _, url)| url.to_string()),
                old_path: write.relocation.as_ref().map(|relocation| relocation.from.clone()),
                ..at(&write.path)
            },
            Action::CreateBuilder(write) | Action::UpdateBuilder(write) | Action::AdoptBuilder(write) => {
                let moved = write.relocation.as_ref().filter(|relocation| relocation.from != write.path);
                let old_path = moved.map(|relocation| relocation.from.clone());
                Target { branch: Some(write.mark.branch.clone()), old_path, ..at(&write.path) }
            }
            Action::CreateCheckout(write) | Action::ReplaceCheckout { write, .. } | Action::ResumeCheckout { write, .. } => {
                Target::from(write.as_ref())
            }
            Action::AdoptCheckout(touch) | Action::MarkCheckout(touch) => {
                Target { commit: Some(touch.head.clone()), ..at(&touch.path) }.on(&touch.desired.goal)
            }
            Action::RenameBranch { touch, from } => {
                let branch = touch.desired.goal.branch().cloned();
                Target { branch, from: Some(from.clone()), commit: Some(touch.head.clone()), ..at(&touch.path) }
            }
            Action::Switch { touch, branch, from } => {
                let target = Target { from: from.clone(), ..at(&touch.path) };
                target.on(&touch.desired.goal).starting(branch)
            }
            Action::Repair { touch, old_worktree, .. } => {
                let (commit, old_path) = (Some(touch.head.clone()), Some(old_worktree.clone()));
                Target { commit, old_path, ..at(&touch.path) }.on(&touch.desired.goal)
            }
            Action::WriteFile(write) | Action::AdoptFile(write) => Target::from(write.as_ref()),
            Action::RunHook(run) => at(run.directory()),
            Action::OpenSession(opening) => Target { url: Some(opening.server.to_string()), ..at(&opening.path) },
            Action::RemoveFile { builder, to, .. } => at(&to.under(builder)),
            Action::RemoveBuilder(removal) | Action::RemoveCheckout(removal) => {
                let here =
                    removal.checkout.as_ref().map_or_else(|| removal.builder_path.clone(), |it| it.under(&removal.builder_path));
                Target { deletes: removal.disposed(), ..at(&here) }
            }
            Action::FinishRemoval { entry, stale } => {
                Target { path: stale.worktree.clone(), trash_entry: Some(entry.clone()), ..Target::default() }
            }
            Action::Prune(stale) => Target { path: stale.worktree.clone(), ..Target::default() },
            Action::Nothing(_) => Target::default(),
        }
    }
}

impl From<&CheckoutWrite> for Target {
    fn from(write: &CheckoutWrite) -> Self {
        let path = Some(write.desired.path.under(&write.builder_path));
        Target { path, ..Target::default() }.on(&write.desired.goal).starting(&write.branch)
    }
}

impl From<&FileWrite> for Target {
    fn from(write: &FileWrite) -> Self {
        Target { path: Some(write.to.under(&write.builder)), mode: Some(write.mode), ..Target::default() }
    }
}

impl Target {
    fn on(self, goal: &Goal) -> Self {
        Target { branch: goal.branch().cloned(), reference: goal.reference().cloned(), ..self }
    }

    fn starting(self, plan: &BranchPlan) -> Self {
        let commit = plan.commit().cloned();
        match plan {
            BranchPlan::Existing(_) | BranchPlan::Detached { .. } | BranchPlan::AfterClone => Target { commit, ..self },
            BranchPlan::Track { upstream, .. } => Target { upstream: Some(upstream.clone()), commit, ..self },
            BranchPlan::New { base, .. } => Target { base: Some(base.clone()), commit, ..self },
        }
    }
}
