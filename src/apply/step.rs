//! One step: which piece does which action.

use anyhow::{Context as _, Result};

use crate::plan::{Action, Change, Part};

use super::event::Event;
use super::file::Unremembered;
use super::{Shared, again, builder, checkout, file, hook, relocate, removal, repository, session};

/// Does a step. `begin` is called before its first write: at once, or behind the second look where there is one. A managed
/// file is only put at its place, and comes back to be remembered.
pub(super) fn perform<'a>(
    shared: &Shared<'_>,
    change: &'a Change,
    part: Part,
    begin: &dyn Fn() -> Result<()>,
) -> Result<Option<Unremembered<'a>>> {
    let door = shared.run.door;
    let relocation = change.action.builds().and_then(|write| Some((write, write.relocation.as_ref()?)));
    if let Some((_, relocation)) = relocation {
        again::still_movable(relocation)?;
    }
    let looks = |action: &Action| {
        matches!(
            action,
            Action::Switch { .. } | Action::RenameBranch { .. } | Action::RemoveBuilder(_) | Action::RemoveCheckout(_)
        )
    };
    if !looks(&change.action) {
        begin()?;
    }
    if let (Part::Park, Some((write, relocation))) = (part, relocation) {
        return relocate::park(door, &relocate::relocating(Some(&write.builder), relocation)).map(|()| None);
    }
    let done = match &change.action {
        Action::Clone { url, path, cloning } => {
            let progress = |stage: &str, percent| {
                shared.run.listener.event(&Event::Progress { address: &change.address, stage, percent });
            };
            door.clone_repository((url, cloning), path, &shared.run.desired.root, &progress)
        }
        Action::UpdateRepository(write) => repository::update(shared, write),
        Action::CreateBuilder(write) => builder::create(shared, write).and_then(|()| builder::settle(shared, write)),
        Action::UpdateBuilder(write) => builder::update(shared, write).and_then(|()| builder::settle(shared, write)),
        Action::AdoptBuilder(write) => builder::adopt(shared, write).and_then(|()| builder::settle(shared, write)),
        Action::CreateCheckout(write) => checkout::create(shared, change, write),
        Action::ReplaceCheckout { stale, write } => {
            removal::drop_stale(shared, &write.desired.repository, stale)?;
            checkout::create(shared, change, write)
        }
        Action::ResumeCheckout { removal, write } => {
            removal::half_made(shared, removal)?;
            checkout::create(shared, change, write)
        }
        Action::AdoptCheckout(touch) | Action::MarkCheckout(touch) => checkout::mark(shared, touch),
        Action::RenameBranch { touch, from } => checkout::rename(shared, touch, from, begin),
        Action::Switch { touch, branch, .. } => match part {
            Part::Park => checkout::park(shared, touch, begin),
            Part::Whole => checkout::switch(shared, touch, branch, begin),
        },
        Action::Repair { touch, old_worktree, old_admin_dir } => checkout::repair(shared, touch, old_worktree, old_admin_dir),
        Action::WriteFile(write) => return file::write(shared, change, write).map(Some),
        Action::AdoptFile(write) => return file::adopt(change, write).map(Some),
        Action::RemoveFile { builder, to, expect } => {
            return file::remove(shared, change, (builder, to), expect.as_deref()).map(Some);
        }
        Action::RunHook(run) => hook::post_create(shared, change, run),
        Action::OpenSession(opening) => session::open(shared, opening),
        Action::RemoveBuilder(removal) | Action::RemoveCheckout(removal) => removal::remove(shared, change, removal, begin),
        Action::FinishRemoval { entry, stale } => {
            let name = change.address.repository().context("a removal without a repository")?;
            removal::finish(shared, entry, name, stale)
        }
        Action::Prune(stale) => door.drop_registration(stale),
        // Made when every step has ended.
        Action::MoveBuildersDir(_) | Action::Nothing(_) => Ok(()),
    };
    done.map(|()| None)
}
