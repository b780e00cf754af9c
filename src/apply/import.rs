//! Marks for worktrees that somebody made by hand: nothing else of them is touched.

use anyhow::{Context as _, Result};

use crate::diagnostic::Diagnostic;
use crate::git::{Door, Lasts, names};
use crate::model::mark::{CHECKOUT_MARK, CheckoutMark};
use crate::model::path::AbsPath;
use crate::regular;

/// Marks one worktree as ours, while it still is the one that was found and nobody's. Again is nothing.
///
/// # Errors
/// It is another worktree by now, or somebody marked it.
pub fn take_over(door: &dyn Door, worktree: &AbsPath, admin_dir: &AbsPath, mark: &CheckoutMark) -> Result<()> {
    if !names(worktree, admin_dir)? {
        return Err(Diagnostic::new(format!("{worktree} is another worktree since it was looked at"), "wsctl import").into());
    }
    let place = admin_dir.join(CHECKOUT_MARK);
    match regular::read(&place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{place} cannot be read")),
        Ok(bytes) => {
            let known: Option<CheckoutMark> = serde_json::from_slice(&bytes).ok();
            let same = known.is_some_and(|known| CheckoutMark { created: mark.created, ..known } == *mark);
            let taken = || Diagnostic::new(format!("{worktree} has a mark since it was looked at"), "wsctl import");
            return if same { Ok(()) } else { Err(taken().into()) };
        }
    }
    door.write_own(&place, &serde_json::to_vec_pretty(mark).context("a checkout's mark")?, Lasts::Now)
}
