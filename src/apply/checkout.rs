//! Makes, switches, marks and repairs one checkout.

use anyhow::{Context as _, Result};

use crate::diagnostic::Diagnostic;
use crate::git::{NewWorktree, On, Record, Relink, names};
use crate::model::desired::{DesiredCheckout, Goal};
use crate::model::hook::HookMark;
use crate::model::mark::{BUILDER_MARK, CheckoutMark, Deed, OurLock};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::plan::{BranchPlan, Change, CheckoutTouch, CheckoutWrite};
use crate::regular;

use super::anchor::{record, resolve};
use super::event::Event;
use super::{Shared, again, contents, removal, seeds, submodules};

pub(super) fn create(shared: &Shared<'_>, change: &Change, write: &CheckoutWrite) -> Result<()> {
    let door = shared.run.door;
    let branch = resolve(shared, write)?;
    let start = branch.commit().context("the commit to start from is not known")?.clone();
    let path = write.desired.path.under(&write.builder_path);
    let name = write.desired.goal.branch();
    if !write.desired.path.is_here() {
        door.make_directory(&path.parent())?;
    }
    if let Some(name) = name {
        door.create_branch(&write.repository, name, &branch, shared.run.workspace)?;
    }
    let made_branch = branch.makes() || write.made_branch;
    let lock = OurLock { workspace: shared.run.workspace.clone(), deed: Deed::Creating { made_branch, start: start.clone() } };
    let on = name.map_or(On::Commit(&start), On::Branch);
    let sparse = write.desired.sparse.as_ref();
    let added = match door.add_worktree(&NewWorktree { repository: &write.repository, path: &path, on, sparse, lock: &lock }) {
        Ok(added) => added,
        Err(error) => {
            let left = removal::undo_creation(shared, write);
            if let (Some(name), true, Ok(())) = (name, branch.makes(), left) {
                let _ = door.delete_branch(&write.repository, name, &start, None);
            }
            return Err(error);
        }
    };
    // Without them it is a checkout all the same: the next apply goes on.
    let filled = contents::fill(shared, &write.desired, &write.repository, &path);
    seeds::sow(shared, change, write, &path);
    if let Some(warning) = &added.warning {
        shared.run.listener.event(&Event::Warning { address: Some(&change.address), message: warning });
    }
    let mark = CheckoutMark {
        version: 1,
        workspace: shared.run.workspace.clone(),
        file: shared.run.desired.file.clone(),
        builder: write.builder.clone(),
        repository: write.desired.repository.clone(),
        path: write.desired.path.clone(),
        goal: write.desired.goal.clone(),
        made_branch,
        base: base(&branch, write.desired.base.as_ref()).or_else(|| write.made_from.clone()),
        start: start.clone(),
        sparse: write.desired.sparse.clone(),
        parked: None,
        at: None,
        hooks: HookMark::new(&write.desired.hooks),
        created: shared.run.now,
    };
    shared.write_checkout_mark(&added.admin_dir, &mark)?;
    settle_lock(shared, &added.admin_dir, write.holds)?;
    record_checkout(shared, &write.builder_path, &write.desired, start)?;
    filled
}

/// The base that a mark remembers: the declared one, else the one that was found.
fn base(branch: &BranchPlan, declared: Option<&String>) -> Option<String> {
    let found = match branch {
        BranchPlan::New { base, .. } => Some(base),
        BranchPlan::Track { .. } | BranchPlan::Existing(_) | BranchPlan::Detached { .. } | BranchPlan::AfterClone => None,
    };
    declared.or(found).cloned()
}

/// A nested root stays locked, since it holds other checkouts; any other checkout is unlocked.
fn settle_lock(shared: &Shared<'_>, admin_dir: &AbsPath, holds: bool) -> Result<()> {
    if holds {
        let lock = OurLock { workspace: shared.run.workspace.clone(), deed: Deed::Holding };
        return shared.run.door.lock_worktree(admin_dir, &lock);
    }
    shared.run.door.unlock_worktree(admin_dir)
}

fn record_checkout(shared: &Shared<'_>, builder: &AbsPath, desired: &DesiredCheckout, start: ObjectId) -> Result<()> {
    let entry = match desired.goal {
        Goal::Branch(_) => Record::Checkout(start),
        Goal::Ref(_) => Record::Reference(start),
    };
    if desired.path.is_here() { Ok(()) } else { record(shared, builder, &[(desired.path.clone(), Some(entry))].into()) }
}

/// Writes the mark of a checkout whose files stay as they are: adopted, or declared differently.
pub(super) fn mark(shared: &Shared<'_>, touch: &CheckoutTouch) -> Result<()> {
    still_linked(touch)?;
    if touch.reshape {
        again::still_clean(shared, touch)?;
    }
    reshape(shared, touch)?;
    let mark = touched(shared, touch, None);
    let start = mark.start.clone();
    shared.write_checkout_mark(&touch.admin_dir, &mark)?;
    // Of a root that was a nested builder and is none any more; the builder has its mark elsewhere by now.
    let old = touch.admin_dir.join(BUILDER_MARK);
    if !touch.desired.path.is_here() && old.as_path().symlink_metadata().is_ok() {
        shared.run.door.remove_own(&old)?;
    }
    if our_lock(&touch.admin_dir) || touch.desired.path.is_here() {
        settle_lock(shared, &touch.admin_dir, touch.desired.path.is_here())?;
    }
    record_checkout(shared, &touch.builder_path, &touch.desired, start)?;
    contents::fill(shared, &touch.desired, &touch.repository, &touch.path)
}

fn our_lock(admin_dir: &AbsPath) -> bool {
    regular::read_text(admin_dir.join("locked")).is_ok_and(|reason| OurLock::parse(&reason).is_some())
}

/// The mark after a touch; `branch` is the plan of a branch that it was switched to.
fn touched(shared: &Shared<'_>, touch: &CheckoutTouch, branch: Option<&BranchPlan>) -> CheckoutMark {
    let previous = touch.previous.as_ref();
    let kept = previous.filter(|mark| mark.goal == touch.desired.goal);
    let makes = branch.is_some_and(BranchPlan::makes);
    let made_branch = makes || kept.map_or(touch.made_branch, |mark| mark.made_branch);
    // A branch is measured from where its checkout began; a reference is where it is put.
    let start = match touch.desired.goal {
        Goal::Branch(_) => previous.map_or(&touch.start, |mark| &mark.start),
        Goal::Ref(_) => branch.and_then(BranchPlan::commit).unwrap_or(&touch.start),
    };
    let found = branch.and_then(|plan| base(plan, None));
    let found = found.or_else(|| kept.map_or_else(|| touch.made_from.clone(), |mark| mark.base.clone()));
    CheckoutMark {
        version: 1,
        workspace: shared.run.workspace.clone(),
        file: shared.run.desired.file.clone(),
        builder: touch.builder.clone(),
        repository: touch.desired.repository.clone(),
        path: touch.desired.path.clone(),
        goal: touch.desired.goal.clone(),
        made_branch,
        base: touch.desired.base.clone().or(found),
        start: start.clone(),
        sparse: touch.desired.sparse.clone(),
        parked: None,
        at: None,
        hooks: HookMark::kept(previous.map(|mark| &mark.hooks), &touch.desired.hooks),
        created: previous.map_or(shared.run.now, |mark| mark.created),
    }
}

fn still_linked(touch: &CheckoutTouch) -> Result<()> {
    if names(&touch.path, &touch.admin_dir)? {
        return Ok(());
    }
    Err(Diagnostic::new(format!("{} is another worktree since the plan was made", touch.path), "wsctl plan").into())
}

pub(super) fn park(shared: &Shared<'_>, touch: &CheckoutTouch, begin: &dyn Fn() -> Result<()>) -> Result<()> {
    again::still_clean(shared, touch)?;
    begin()?;
    // Noted first: HEAD that is detached where the mark says so was detached by us.
    if let Some(previous) = &touch.previous {
        let mark = CheckoutMark { parked: Some(touch.head.clone()), ..previous.clone() };
        shared.write_checkout_mark(&touch.admin_dir, &mark)?;
    }
    shared.run.door.park(&touch.path, &touch.head)
}

/// Renames the branch and writes the mark: what wsctl made is still what it made.
pub(super) fn rename(
    shared: &Shared<'_>,
    touch: &CheckoutTouch,
    from: &BranchName,
    begin: &dyn Fn() -> Result<()>,
) -> Result<()> {
    still_linked(touch)?;
    let to = touch.desired.goal.branch().context("a reference has no branch to rename")?;
    again::still_free(shared, &touch.desired.repository, to)?;
    if touch.reshape {
        again::still_clean(shared, touch)?;
    }
    begin()?;
    shared.run.door.rename_branch(&touch.repository, from, to, &touch.head)?;
    let previous = touch.previous.clone().map(|mark| CheckoutMark { goal: touch.desired.goal.clone(), ..mark });
    mark(shared, &CheckoutTouch { previous, on: Some(to.clone()), ..touch.clone() })
}

pub(super) fn switch(
    shared: &Shared<'_>,
    touch: &CheckoutTouch,
    branch: &BranchPlan,
    begin: &dyn Fn() -> Result<()>,
) -> Result<()> {
    still_linked(touch)?;
    again::still_clean(shared, touch)?;
    begin()?;
    let mark = touched(shared, touch, Some(branch));
    if let Some(name) = touch.desired.goal.branch() {
        shared.run.door.create_branch(&touch.repository, name, branch, shared.run.workspace)?;
        shared.run.door.switch(&touch.path, On::Branch(name))?;
    } else {
        shared.run.door.switch(&touch.path, On::Commit(&mark.start))?;
    }
    reshape(shared, touch)?;
    shared.write_checkout_mark(&touch.admin_dir, &mark)?;
    if touch.desired.goal.reference().is_some() {
        record_checkout(shared, &touch.builder_path, &touch.desired, mark.start)?;
    }
    if touch.desired.contents.submodules {
        submodules::follow(shared.run.door, &touch.path, &touch.head)?;
    }
    contents::fill(shared, &touch.desired, &touch.repository, &touch.path)
}

/// Lets a checkout have the directories that are declared, where these change.
fn reshape(shared: &Shared<'_>, touch: &CheckoutTouch) -> Result<()> {
    if touch.reshape { shared.run.door.set_sparse(&touch.path, touch.desired.sparse.as_ref()) } else { Ok(()) }
}

pub(super) fn repair(shared: &Shared<'_>, touch: &CheckoutTouch, old_worktree: &AbsPath, old_admin_dir: &AbsPath) -> Result<()> {
    let common_dir = &touch.admin_dir.parent().parent();
    let link = Relink { admin_dir: &touch.admin_dir, common_dir, worktree: &touch.path, old_worktree, old_admin_dir };
    shared.run.door.relink(&link)?;
    mark(shared, touch)
}
