//! Takes a registration into the trash, with everything that somebody did in its worktree until that moment.

use anyhow::Result;

use crate::actual;
use crate::git::{Door, Keep};
use crate::model::path::AbsPath;
use crate::plan::Stale;

/// Keeps what the worktree alone holds and takes its registration. A tree that was renamed can still be worked in until
/// its registration is gone: what was written meanwhile is kept too. What is kept is on the disk before the registration
/// goes; `flushed`: it is since before, unless there is more by now.
pub(super) fn deregister(door: &dyn Door, keep: Keep<'_>, stale: &Stale, into: &AbsPath, flushed: bool) -> Result<()> {
    let before = actual::seen(stale.admin_dir.as_path()).ok();
    let places = [keep.common_dir.clone(), into.parent().parent()];
    if door.keep(&keep)? || !flushed {
        door.flush(&places)?;
    }
    // Between two file systems it is copied: a kill may leave both, and the one that is registered is the living one.
    door.unlink(into)?;
    door.take_registration(stale, into)?;
    // A copy on another file system is another file: then it is kept once more.
    if before.is_some() && actual::seen(into.as_path()).ok() == before {
        return Ok(());
    }
    if door.keep(&Keep { admin_dir: into, ..keep })? {
        door.flush(&places)?;
    }
    Ok(())
}
