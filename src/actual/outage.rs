//! What a loss of power leaves of files that were written and not flushed: they are there, and empty.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Result;
use gix::index::entry::Mode;

use super::walk::{Into, walk};
use super::{disk, index};
use crate::model::actual::{ObjectFormat, Repository};
use crate::model::mark::{BUILDER_MARK, CHECKOUT_MARK};
use crate::model::name::BranchName;
use crate::model::path::AbsPath;
use crate::regular;

/// Files of an admin directory that are never empty, but for what the power took.
const NEVER_EMPTY: [&str; 7] = ["HEAD", "commondir", "gitdir", "index", "locked", CHECKOUT_MARK, BUILDER_MARK];

/// Whether a file is there and empty.
#[must_use]
pub fn is_hollow(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == 0)
}

/// Files and directories of an anchor in which no file is ever empty.
const OF_ANCHOR: [&str; 7] = ["HEAD", "config", "index", BUILDER_MARK, "hooks", "objects", "refs"];

/// Whether an anchor has files that are empty and cannot be.
#[must_use]
pub fn is_torn_anchor(git_dir: &AbsPath) -> bool {
    OF_ANCHOR.iter().any(|name| holds_hollow(git_dir.join(name).as_path()))
}

fn holds_hollow(path: &Path) -> bool {
    // A lock file is empty while somebody holds it.
    let is_lock = path.extension().is_some_and(|extension| extension == "lock");
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => disk::list(path).is_ok_and(|all| all.iter().any(|path| holds_hollow(path))),
        Ok(_) => !is_lock && is_hollow(path),
        Err(_) => false,
    }
}

/// Whether the file of a branch, or of its reflog, is empty.
#[must_use]
pub fn is_torn_branch(repository: &Repository, branch: &BranchName) -> bool {
    let file = repository.common_dir.join(branch.full());
    is_hollow(file.as_path()) || is_hollow(repository.common_dir.join("logs").join(branch.full()).as_path())
}

/// The admin directory of the worktree at a path, if it was made since then (seconds since 1970) and files are empty in it,
/// in the worktree or of its branch that cannot be. Where neither names the other any more, one is taken that is called as this one's
/// would be and names nothing, if `guess` is given: those that something names have to be settled before.
///
/// # Errors
/// The directory of them cannot be read.
pub fn torn(
    repository: &Repository,
    (worktree, branch): (&AbsPath, Option<&BranchName>),
    since: i64,
    guess: bool,
) -> Result<Option<AbsPath>> {
    let worktrees = repository.common_dir.join("worktrees");
    let all = disk::absent(disk::list(worktrees.as_path()))?.unwrap_or_default();
    let all: Vec<AbsPath> = all.into_iter().filter_map(|path| AbsPath::new(path).ok()).collect();
    let named = disk::git_file(worktree).ok();
    let of = |admin_dir: &&AbsPath| match &named {
        Some(named) => disk::real(named) == disk::real(admin_dir),
        None => names(admin_dir, worktree) || guess && names_nothing(admin_dir) && is_called_as(admin_dir, worktree),
    };
    let found = all.iter().filter(of).find(|admin_dir| is_since(admin_dir, since));
    let branch = branch.is_some_and(|branch| is_torn_branch(repository, branch));
    Ok(found.filter(|admin_dir| branch || is_torn(admin_dir, worktree, repository.format)).cloned())
}

fn names(admin_dir: &AbsPath, worktree: &AbsPath) -> bool {
    let named = regular::read_text(admin_dir.join("gitdir")).ok();
    let named = named.and_then(|text| AbsPath::new(text.trim_end_matches('\n')).ok());
    named.is_some_and(|named| disk::real(&named.parent()) == disk::real(worktree))
}

fn names_nothing(admin_dir: &AbsPath) -> bool {
    is_hollow(admin_dir.join("gitdir").as_path())
}

/// Whether the names are the same, but for the number that git puts behind one that is taken.
fn is_called_as(admin_dir: &AbsPath, worktree: &AbsPath) -> bool {
    let stem = |path: &AbsPath| {
        let name = path.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
    };
    stem(admin_dir) == stem(worktree)
}

/// Files that a recovery writes itself, so that they tell nothing of people.
const WRITTEN_AGAIN: [&str; 4] = ["HEAD", "commondir", "gitdir", "locked"];

/// Whether anything in a worktree or its admin directory changed after a time, in seconds since 1970, by the times of the
/// inodes, which nobody can set. What cannot be read counts.
#[must_use]
pub fn is_worked_in(admin_dir: &AbsPath, worktree: &AbsPath, since: i64) -> bool {
    changed_since(admin_dir, since, &WRITTEN_AGAIN) || changed_since(worktree, since, &[".git"])
}

fn changed_since(directory: &AbsPath, since: i64, without: &[&str]) -> bool {
    let mut changed = false;
    let mut visit = |path: &Path, found: &Metadata| {
        let left_out = without.iter().any(|name| *directory.join(name).as_path() == *path);
        changed |= !left_out && found.ctime() > since;
        Ok(if left_out { Into::Skip } else { Into::Descend })
    };
    let walked = walk(directory.as_path(), &mut Vec::new(), &mut visit);
    changed || walked.is_err()
}

/// By the file that nobody writes again.
fn is_since(admin_dir: &AbsPath, since: i64) -> bool {
    fs::symlink_metadata(admin_dir.join("commondir")).is_ok_and(|found| found.mtime() >= since)
}

fn is_torn(admin_dir: &AbsPath, worktree: &AbsPath, format: ObjectFormat) -> bool {
    let hollow = |path: AbsPath| is_hollow(path.as_path());
    NEVER_EMPTY.iter().any(|name| hollow(admin_dir.join(name)))
        || hollow(worktree.join(".git"))
        || has_lost_content(admin_dir, worktree, format)
}

/// Whether a file is empty that had something in it when the index was written, at the very time that it has.
fn has_lost_content(admin_dir: &AbsPath, worktree: &AbsPath, format: ObjectFormat) -> bool {
    let index = match index::open(admin_dir.as_path(), format) {
        Ok(Some(index)) => index,
        Ok(None) => return false,
        Err(_) => return true,
    };
    let is_lost = |entry: &gix::index::Entry| {
        let path = worktree.join(OsStr::from_bytes(entry.path(&index)));
        let as_written = |found: &Metadata| {
            let (seconds, nanoseconds) = (i64::from(entry.stat.mtime.secs), i64::from(entry.stat.mtime.nsecs));
            (found.mtime(), found.mtime_nsec()) == (seconds, nanoseconds)
        };
        is_hollow(path.as_path()) && fs::symlink_metadata(&path).is_ok_and(|found| as_written(&found))
    };
    let files = index.entries().iter().filter(|entry| matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE));
    files.filter(|entry| entry.stat.size != 0).any(is_lost)
}
