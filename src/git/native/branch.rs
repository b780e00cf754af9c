//! Makes a branch as git's files backend does: a lock file, the reflog, one rename.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};

use super::Native;
use crate::diagnostic::Diagnostic;
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::{AbsPath, shell};

/// How often a lock that somebody holds is tried again, and how long between.
pub(super) const TRIES: u32 = 10;
pub(super) const PAUSE: Duration = Duration::from_millis(200);

impl Native {
    /// Makes a branch that must not exist.
    ///
    /// # Errors
    /// It exists, another is in its way, or another git holds its lock.
    pub(in crate::git) fn create_branch(&self, branch: &BranchName, commit: &ObjectId, message: &str) -> Result<()> {
        let repository = self.repository.to_thread_local();
        let full = branch.full();
        let name = FullName::try_from(full.as_str()).map_err(|error| anyhow!("{error}"))?;
        let id = gix::ObjectId::from_hex(commit.as_str().as_bytes())?;
        if !repository.find_header(id).is_ok_and(|header| header.kind() == gix::objs::Kind::Commit) {
            bail!("{commit} is no commit here");
        }
        let lock = self.common_dir.join(format!("{full}.lock"));
        let committer = self.committer_now()?;
        let signature = gix::actor::SignatureRef::from_bytes(committer.as_bytes()).map_err(|error| anyhow!("{error}"))?;
        let edit = RefEdit {
            change: Change::Update {
                log: LogChange { mode: RefLog::AndReference, force_create_reflog: true, message: message.into() },
                expected: PreviousValue::MustNotExist,
                new: Target::Object(id),
            },
            name,
            deref: false,
        };
        for tried in 1.. {
            refuse_neighbours(&repository, branch)?;
            match repository.edit_references_as([edit.clone()], Some(signature)) {
                // Where it was at that commit already, gix is content.
                Ok(edits) if edits.iter().any(was_there) => bail!("'{full}' already exists"),
                Ok(_) => break,
                Err(_) if lock.as_path().exists() && tried < TRIES => std::thread::sleep(PAUSE),
                Err(error) if lock.as_path().exists() => return Err(locked(&lock, &error)),
                Err(error) => bail!("{error}"),
            }
        }
        self.remember(branch);
        Ok(())
    }
}

/// Whether an edit that was made found the ref there.
fn was_there(edit: &RefEdit) -> bool {
    match &edit.change {
        Change::Update { expected, .. } => !matches!(expected, PreviousValue::MustNotExist),
        Change::Delete { .. } => true,
    }
}

pub(super) fn locked(lock: &AbsPath, error: &gix::Error) -> anyhow::Error {
    let fact = format!("another git holds {lock}, or died with it: {error}");
    Diagnostic::new(fact, format!("ls -l {}\nthen wsctl apply", shell(lock))).into()
}

/// Refuses a branch that is there, and one beside one that it would be a directory of, or that would be one of its own: those that are packed
/// are in nobody's way on the disk.
fn refuse_neighbours(repository: &gix::Repository, branch: &BranchName) -> Result<()> {
    let parts: Vec<&str> = branch.as_str().split('/').collect();
    for end in 1..=parts.len() {
        let name = format!("refs/heads/{}", parts[..end].join("/"));
        if repository.try_find_reference(name.as_str()).map_err(|error| anyhow!("{error}"))?.is_some() {
            bail!("'{name}' already exists; cannot create '{}'", branch.full());
        }
    }
    let below = format!("{}/", branch.full());
    let references = repository.references().map_err(|error| anyhow!("{error}"))?;
    let found = references.prefixed(below.as_str()).map_err(|error| anyhow!("{error}"))?.next();
    if let Some(found) = found {
        let name = found.map(|found| found.name().as_bstr().to_string()).unwrap_or(below);
        bail!("'{name}' exists; cannot create '{}'", branch.full());
    }
    Ok(())
}
