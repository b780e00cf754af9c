//! Makes a branch as git's files backend does: a lock file, the reflog, one rename.

use anyhow::{Result, bail};
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};

use super::Native;
use crate::model::name::{BranchName, ObjectId};

impl Native {
    /// Makes a branch that must not exist.
    ///
    /// # Errors
    /// It exists, another is in its way, or another git holds its lock.
    pub(in crate::git) fn create_branch(&self, branch: &BranchName, commit: &ObjectId, message: &str) -> Result<()> {
        let repository = self.repository.to_thread_local();
        let id = gix::ObjectId::from_hex(commit.as_str().as_bytes())?;
        if !repository.find_header(id).is_ok_and(|header| header.kind() == gix::objs::Kind::Commit) {
            bail!("{commit} is no commit here");
        }
        let change = Change::Update {
            log: LogChange { mode: RefLog::AndReference, force_create_reflog: true, message: message.into() },
            expected: PreviousValue::MustNotExist,
            new: Target::Object(id),
        };
        let edits = self.edit(&branch.full(), change, || refuse_neighbours(&repository, branch))?;
        // Where it was at that commit already, gix is content.
        if edits.iter().any(was_there) {
            bail!("'{}' already exists", branch.full());
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

/// Refuses a branch that is there, and one beside one that it would be a directory of, or that would be one of its own: those that are packed
/// are in nobody's way on the disk.
fn refuse_neighbours(repository: &gix::Repository, branch: &BranchName) -> Result<()> {
    let parts: Vec<&str> = branch.as_str().split('/').collect();
    for end in 1..=parts.len() {
        let name = format!("refs/heads/{}", parts[..end].join("/"));
        if repository.try_find_reference(name.as_str())?.is_some() {
            bail!("'{name}' already exists; cannot create '{}'", branch.full());
        }
    }
    let below = format!("{}/", branch.full());
    let references = repository.references()?;
    // gix looks below no name that Windows has not, such as `con` or `a<b`: then below all of them.
    let (all, narrow) = match references.prefixed(below.as_str()) {
        Ok(all) => (all, true),
        Err(_) => (references.prefixed("refs/heads/")?, false),
    };
    let mut names = all.filter_map(|found| match found {
        Ok(found) => Some(found.name().as_bstr().to_string()),
        Err(_) => narrow.then(|| below.clone()),
    });
    if let Some(name) = names.find(|name| name.starts_with(&below)) {
        bail!("'{name}' exists; cannot create '{}'", branch.full());
    }
    Ok(())
}
