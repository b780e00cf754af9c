//! The entries of a repository's `worktrees/`, also the broken ones.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Result;

use super::open::Opened;
use super::refs::Refs;
use super::{disk, head, remains};
use crate::model::actual::{Link, Lock, Registration};
use crate::model::mark::{BUILDER_MARK, CHECKOUT_MARK, OurLock};
use crate::model::path::AbsPath;
use crate::model::sparse::Sparse;

/// Reads every entry.
pub(super) fn registrations(opened: &Opened, refs: &Refs) -> Result<BTreeMap<OsString, Registration>> {
    let mut found = BTreeMap::new();
    for path in disk::list(opened.git_dir.join("worktrees").as_path())? {
        if let Some(name) = path.file_name()
            && fs::symlink_metadata(&path).is_ok_and(|entry| entry.is_dir())
        {
            found.insert(name.to_owned(), registration(opened, refs, opened.git_dir.join(&path), name));
        }
    }
    Ok(found)
}

fn registration(opened: &Opened, refs: &Refs, admin_dir: AbsPath, name: &OsStr) -> Registration {
    let (worktree, link) = link(&admin_dir);
    let mut registration = Registration {
        admin_name: name.to_owned(),
        worktree,
        link,
        head: head::head(&admin_dir, refs, opened.refs),
        lock: lock(&admin_dir),
        operation: head::operation(&admin_dir),
        sparse: sparse(&admin_dir),
        mark: disk::mark(admin_dir.join(CHECKOUT_MARK).as_path()),
        builder_mark: disk::mark(admin_dir.join(BUILDER_MARK).as_path()),
        submodules: None,
        pointers: None,
        remains: Vec::new(),
        work: None,
        held: None,
        admin_dir,
    };
    if registration.link == Link::DirectoryGone {
        registration.remains = remains::remains(opened, refs, &registration);
    }
    registration
}

/// The directories that a worktree is limited to, where its own configuration says that it is.
fn sparse(admin_dir: &AbsPath) -> Option<Sparse> {
    let patterns = disk::read(admin_dir.join("info/sparse-checkout").as_path()).ok().flatten()?;
    let config = disk::read(admin_dir.join("config.worktree").as_path()).ok().flatten()?;
    let config = gix::config::File::try_from(std::str::from_utf8(&config).ok()?).ok()?;
    let on = matches!(config.boolean("core.sparseCheckout"), Ok(Some(true)));
    on.then(|| Sparse::read(&String::from_utf8_lossy(&patterns)))
}

/// The worktree that an admin directory names, and whether it names it back.
pub(super) fn link(admin_dir: &AbsPath) -> (Option<AbsPath>, Link) {
    let bytes = match disk::read(admin_dir.join("gitdir").as_path()) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return (None, Link::NoGitdir("it has no gitdir file".into())),
        Err(error) => return (None, Link::NoGitdir(format!("its gitdir file cannot be read: {error}"))),
    };
    let named = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if named.is_empty() {
        return (None, Link::NoGitdir("its gitdir file is empty".into()));
    }
    // A relative path is relative to the admin directory (extensions.relativeWorktrees).
    let named = admin_dir.join(Path::new(OsStr::from_bytes(named)));
    let worktree = if named.as_path().file_name() == Some(OsStr::new(".git")) { named.parent() } else { named };
    let worktree = disk::real(&worktree);
    let link = back(&worktree, admin_dir);
    (Some(worktree), link)
}

fn back(worktree: &AbsPath, admin_dir: &AbsPath) -> Link {
    match disk::look(worktree.as_path()) {
        Ok(None) => return Link::DirectoryGone,
        Ok(Some(found)) if !found.is_dir() => return Link::NotALink("a file lies where the worktree was".into()),
        Ok(Some(_)) => {}
        Err(error) => return Link::NotALink(format!("it cannot be read: {error}")),
    }
    match disk::look(worktree.join(".git").as_path()) {
        Ok(None) => Link::GitFileGone,
        Ok(Some(found)) if found.is_dir() => Link::NotALink("its .git is a directory".into()),
        Ok(Some(found)) if !found.is_file() => Link::NotALink("its .git is no regular file".into()),
        Ok(Some(_)) => match disk::git_file(worktree) {
            Ok(named) if named == disk::real(admin_dir) => Link::Whole,
            Ok(named) => Link::NamesAnother(named),
            Err(error) => Link::NotALink(error.to_string()),
        },
        Err(error) => Link::NotALink(format!("its .git cannot be read: {error}")),
    }
}

/// The `locked` file of an admin directory.
pub(super) fn lock(admin_dir: &AbsPath) -> Option<Lock> {
    match disk::read(admin_dir.join("locked").as_path()) {
        Ok(None) => None,
        Ok(Some(bytes)) => {
            let reason = String::from_utf8_lossy(&bytes);
            Some(OurLock::parse(&reason).map_or_else(|| Lock::Foreign(reason.trim_end().to_owned()), Lock::Ours))
        }
        Err(error) => Some(Lock::Foreign(format!("its reason cannot be read: {error}"))),
    }
}
