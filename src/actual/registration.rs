//! The entries of a repository's `worktrees/`, also the broken ones.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Result;

use super::git_dir::GitDir;
use super::open::Opened;
use super::real::Real;
use super::refs::Refs;
use super::{disk, head, parallel, remains};
use crate::model::actual::{Link, Lock, RefFormat, Registration};
use crate::model::mark::{BUILDER_MARK, CHECKOUT_MARK, OurLock};
use crate::model::path::AbsPath;
use crate::model::sparse::Sparse;
use crate::regular;

/// Reads every entry, or those of these names.
pub(super) fn registrations(
    opened: &Opened,
    refs: &Refs,
    real: &Real,
    only: Option<&BTreeSet<OsString>>,
) -> Result<BTreeMap<OsString, Registration>> {
    let worktrees = opened.git_dir.join("worktrees");
    let Some(entries) = disk::absent(fs::read_dir(worktrees.as_path()))? else { return Ok(BTreeMap::new()) };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if only.is_none_or(|only| only.contains(&name)) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.push(name);
        }
    }
    let format = opened.refs;
    let one = |name: &OsString| registration(&worktrees.join(name), name, (refs, format), real);
    let found = parallel::map(&names, one);
    let mut found: BTreeMap<_, _> = names.into_iter().zip(found).collect();
    for registration in found.values_mut().filter(|registration| registration.link == Link::DirectoryGone) {
        registration.remains = remains::remains(opened, refs, registration);
    }
    Ok(found)
}

fn registration(admin_dir: &AbsPath, name: &OsStr, (refs, format): (&Refs, RefFormat), real: &Real) -> Registration {
    let admin = GitDir::list(admin_dir);
    let (worktree, link) = link_in(&admin, real);
    let mut registration = Registration {
        admin_name: name.to_owned(),
        worktree,
        link,
        head: head::head(&admin, refs, format),
        lock: lock(&admin),
        operation: head::operation(&admin),
        sparse: sparse(&admin),
        mark: admin.mark(CHECKOUT_MARK),
        builder_mark: admin.mark(BUILDER_MARK),
        submodules: None,
        pointers: None,
        remains: Vec::new(),
        work: None,
        held: None,
        admin_dir: admin_dir.clone(),
    };
    // A creation of ours that was cut short right after it made the directory: there is nothing yet.
    if registration.link == Link::GitFileGone && registration.begun_by().is_some() && is_empty(registration.worktree.as_ref()) {
        registration.link = Link::DirectoryGone;
    }
    registration
}

fn is_empty(worktree: Option<&AbsPath>) -> bool {
    worktree.is_some_and(|path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()))
}

/// The directories that a worktree is limited to, where its own configuration says that it is.
fn sparse(admin_dir: &GitDir<'_>) -> Option<Sparse> {
    let config = admin_dir.read("config.worktree").ok().flatten()?;
    let patterns = admin_dir.read("info/sparse-checkout").ok().flatten()?;
    let config = gix::config::File::try_from(std::str::from_utf8(&config).ok()?).ok()?;
    let on = matches!(config.boolean("core.sparseCheckout"), Ok(Some(true)));
    on.then(|| Sparse::read(&String::from_utf8_lossy(&patterns)))
}

/// The worktree that an admin directory names, and whether it names it back.
pub(super) fn link(admin_dir: &AbsPath) -> (Option<AbsPath>, Link) {
    link_in(&GitDir::list(admin_dir), &Real::default())
}

fn link_in(admin: &GitDir<'_>, real: &Real) -> (Option<AbsPath>, Link) {
    let admin_dir = admin.path;
    let bytes = match admin.read("gitdir") {
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
    let (worktree, found) = real.end(&worktree);
    let link = back(&worktree, found, admin_dir, real);
    (Some(worktree), link)
}

fn back(worktree: &AbsPath, found: io::Result<Option<Metadata>>, admin_dir: &AbsPath, real: &Real) -> Link {
    match found {
        Ok(None) => return Link::DirectoryGone,
        Ok(Some(found)) if !found.is_dir() => return Link::NotALink("a file lies where the worktree was".into()),
        Ok(Some(_)) => {}
        Err(error) => return Link::NotALink(format!("it cannot be read: {error}")),
    }
    let file = worktree.join(".git");
    let unreadable = match regular::read_here(&file).map(|bytes| disk::git_dir_in(worktree, &bytes)) {
        Ok(Ok(named)) if named == *admin_dir => return Link::Whole,
        Ok(Ok(named)) => {
            let named = real.of(&named);
            return if named == real.of(admin_dir) { Link::Whole } else { Link::NamesAnother(named) };
        }
        Ok(Err(error)) => return Link::NotALink(error.to_string()),
        Err(error) => error,
    };
    match disk::look(file.as_path()) {
        Ok(None) => Link::GitFileGone,
        Ok(Some(found)) if found.is_dir() => Link::NotALink("its .git is a directory".into()),
        Ok(Some(found)) if !found.is_file() => Link::NotALink("its .git is no regular file".into()),
        Ok(Some(_)) => Link::NotALink(unreadable.to_string()),
        Err(error) => Link::NotALink(format!("its .git cannot be read: {error}")),
    }
}

/// The `locked` file of an admin directory.
pub(super) fn lock(admin_dir: &GitDir<'_>) -> Option<Lock> {
    match admin_dir.read("locked") {
        Ok(None) => None,
        Ok(Some(bytes)) => {
            let reason = String::from_utf8_lossy(&bytes);
            Some(OurLock::parse(&reason).map_or_else(|| Lock::Foreign(reason.trim_end().to_owned()), Lock::Ours))
        }
        Err(error) => Some(Lock::Foreign(format!("its reason cannot be read: {error}"))),
    }
}
