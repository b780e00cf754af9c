//! The marks, written as declarations are applied. One thread at a time reads, changes and writes back.

use std::sync::{MutexGuard, PoisonError};

use anyhow::{Context as _, Result};

use crate::git::{Door, Lasts, admin_dir_of};
use crate::model::desired::Desired;
use crate::model::journal::{Followed, Relocating};
use crate::model::mark::{BUILDER_MARK, BuilderMark, CHECKOUT_MARK, CheckoutMark, OWN_DIRECTORY, WORKSPACE_MARK, WorkspaceMark};
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::regular;

use super::Shared;

impl Shared<'_> {
    /// Takes the turn to change marks and anchors.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write_checkout_mark(&self, admin_dir: &AbsPath, mark: &CheckoutMark) -> Result<()> {
        let text = serde_json::to_vec_pretty(mark).context("a checkout's mark")?;
        self.run.door.write_own(&admin_dir.join(CHECKOUT_MARK), &text, Lasts::Soon)
    }

    pub(super) fn write_builder_mark(&self, path: &AbsPath, mark: &BuilderMark) -> Result<()> {
        let text = serde_json::to_vec_pretty(mark).context("a builder's mark")?;
        self.run.door.write_own(path, &text, Lasts::Soon)
    }

    /// Where the mark of a builder that exists lies: in its anchor, in the admin directory of its root, or with us.
    pub(super) fn builder_mark_path(&self, builder: &BuilderName, path: &AbsPath) -> AbsPath {
        place(self.run.desired, builder, path)
    }

    /// Reads a builder's mark, changes it, writes it back if that changed anything. The caller holds the turn.
    pub(super) fn change_builder_mark(
        &self,
        builder: &BuilderName,
        path: &AbsPath,
        by: impl FnOnce(&mut BuilderMark),
    ) -> Result<()> {
        change(self.run.door, self.run.desired, builder, path, by)
    }
}

/// Lets the mark of the workspace say where a repository is that has moved: a run that is cut short after it must find it,
/// also for a file that names a third place by then. One at a time.
pub(super) fn note_place(door: &dyn Door, desired: &Desired, relocating: &Relocating) -> Result<()> {
    let place = desired.builders_dir.join(OWN_DIRECTORY).join(WORKSPACE_MARK);
    let (Some(first), Some(last)) = (relocating.leaps.first(), relocating.leaps.last()) else { return Ok(()) };
    let context = || format!("the mark of the workspace, {place}");
    let text = regular::read(&place).with_context(context)?;
    let mut mark: WorkspaceMark = serde_json::from_slice(&text).with_context(context)?;
    let Some(applied) = mark.repositories.values_mut().find(|applied| applied.path == first.from) else { return Ok(()) };
    applied.path = last.to.clone();
    door.write_own(&place, &serde_json::to_vec_pretty(&mark).with_context(context)?, Lasts::Now)
}

/// The same of a builder's checkouts: their marks say where in it they are by now. What has no mark of ours has none after.
pub(super) fn note_places(door: &dyn Door, builder: &AbsPath, checkouts: &[Followed]) -> Result<()> {
    for Followed { admin_dir, to, .. } in checkouts {
        let place = admin_dir.join(CHECKOUT_MARK);
        let mark = regular::read(&place).ok().and_then(|text| serde_json::from_slice::<CheckoutMark>(&text).ok());
        let inside = builder.contains(to).then(|| RelPath::new(to.relative_to(builder).to_str()?).ok()).flatten();
        let (Some(mark), Some(path)) = (mark, inside) else { continue };
        if mark.path != path {
            let text = serde_json::to_vec_pretty(&CheckoutMark { path, ..mark }).context("a checkout's mark")?;
            door.write_own(&place, &text, Lasts::Now)?;
        }
    }
    Ok(())
}

fn place(desired: &Desired, builder: &BuilderName, path: &AbsPath) -> AbsPath {
    let git = path.join(".git");
    if git.as_path().is_dir() {
        return git.join(BUILDER_MARK);
    }
    match admin_dir_of(path) {
        Ok(admin) => admin.join(BUILDER_MARK),
        Err(_) => desired.builders_dir.join(OWN_DIRECTORY).join("builders").join(format!("{builder}.json")),
    }
}

/// Reads a builder's mark.
pub(super) fn read(desired: &Desired, builder: &BuilderName, path: &AbsPath) -> Result<BuilderMark> {
    let place = place(desired, builder, path);
    let context = || format!("the mark of builder {builder}, {place}");
    serde_json::from_slice(&regular::read(&place).with_context(context)?).with_context(context)
}

/// Reads a builder's mark, changes it, writes it back if that changed anything. One at a time.
pub(super) fn change(
    door: &dyn Door,
    desired: &Desired,
    builder: &BuilderName,
    path: &AbsPath,
    change: impl FnOnce(&mut BuilderMark),
) -> Result<()> {
    let old = read(desired, builder, path)?;
    let mut new = old.clone();
    change(&mut new);
    if new == old {
        return Ok(());
    }
    door.write_own(&place(desired, builder, path), &serde_json::to_vec_pretty(&new).context("a builder's mark")?, Lasts::Soon)
}
