//! The `locked` file of a worktree: written and removed by ourselves, and only where nobody else holds it.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result};

use super::own_files;
use crate::diagnostic::Diagnostic;
use crate::model::mark::OurLock;
use crate::model::path::AbsPath;
use crate::regular;

/// Locks; see `Door::lock_worktree`. Its text is on the disk before its name is, which comes with the next flush: a power
/// cut may leave the old state, which is what a kill before it leaves.
pub(super) fn lock(admin_dir: &AbsPath, lock: &OurLock) -> Result<()> {
    let text = format!("{lock}\n");
    let path = admin_dir.join("locked");
    match held(admin_dir)? {
        Some(ours) if ours.workspace != lock.workspace => Err(foreign(admin_dir, &ours.to_string())),
        Some(ours) if ours == *lock => Ok(()),
        Some(_) => own_files::write_soon(path.as_path(), text.as_bytes(), 0o666),
        None => {
            // Written aside, then renamed over nothing: two lockers cannot both succeed.
            let aside = admin_dir.join(format!("{}locked", own_files::temporary(own_files::token()?)));
            own_files::write_soon(aside.as_path(), text.as_bytes(), 0o666)?;
            if let Err(error) = own_files::rename_new(aside.as_path(), path.as_path()) {
                let _ = fs::remove_file(&aside);
                return Err(error).with_context(|| format!("{admin_dir} cannot be locked"));
            }
            Ok(())
        }
    }
}

/// Unlocks; see `Door::unlock_worktree`.
pub(super) fn unlock(admin_dir: &AbsPath) -> Result<()> {
    if held(admin_dir)?.is_none() {
        return Ok(());
    }
    fs::remove_file(admin_dir.join("locked")).with_context(|| format!("{admin_dir} cannot be unlocked"))
}

/// Our lock, or none; somebody else's is an error.
pub(super) fn held(admin_dir: &AbsPath) -> Result<Option<OurLock>> {
    let path = admin_dir.join("locked");
    match regular::read(&path) {
        Ok(bytes) => {
            let reason = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            OurLock::parse(&reason).map(Some).ok_or_else(|| foreign(admin_dir, &reason))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{path} cannot be read")),
    }
}

fn foreign(admin_dir: &AbsPath, reason: &str) -> anyhow::Error {
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    Diagnostic::new(format!("the worktree of {admin_dir} is locked by somebody else{why}"), "git worktree unlock <worktree>")
        .into()
}
