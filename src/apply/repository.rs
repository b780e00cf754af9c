//! Moves a repository, and lets its remote have another url.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Result;

use crate::diagnostic::Diagnostic;
use crate::model::path::shell;
use crate::plan::{Relocation, RepositoryWrite};

use super::Shared;
use super::relocate::{carry_out, relocating};

pub(super) fn update(shared: &Shared<'_>, write: &RepositoryWrite) -> Result<()> {
    let Shared { run, .. } = shared;
    if let Some(relocation) = &write.relocation {
        idle(relocation)?;
        carry_out(run.door, run.desired, &relocating(None, relocation))?;
    }
    match &write.remote {
        Some((remote, old, new)) => run.door.set_url(&write.path, remote, old, new),
        None => Ok(()),
    }
}

/// Refuses while a git is at work in the repository, and where one rename does not do.
fn idle(relocation: &Relocation) -> Result<()> {
    let to = relocation.hops.last().map_or(&relocation.from, |hop| &hop.to);
    let device = |path: &Path| Some(path.symlink_metadata().ok()?.dev());
    if to.as_path().ancestors().find_map(device) != device(relocation.from.as_path()) {
        let fact = format!("{to} is on another file system");
        let next = format!("mv {} {}\nwsctl apply", shell(&relocation.from), shell(to));
        return Err(Diagnostic::new(fact, next).into());
    }
    let git = relocation.from.join(".git");
    let git = if git.as_path().is_dir() { git } else { relocation.from.clone() };
    let lock = git.join("index.lock");
    if lock.as_path().symlink_metadata().is_err() {
        return Ok(());
    }
    let next = format!("ls -l {}\nthen wsctl apply", shell(&lock));
    Err(Diagnostic::new(format!("a git is at work in {}, or died there: {lock}", relocation.from), next).into())
}
