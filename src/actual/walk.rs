//! A walk through a directory that follows no symbolic link and crosses no mount point.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::disk;
use crate::model::stamp::{SeenFiles, Stamp};
use crate::model::work::Ignored;

/// What a walk shall do with a directory.
pub(super) enum Into {
    /// Look inside.
    Descend,
    /// Leave it alone.
    Skip,
}

/// Visits everything below a directory, sorted; what is met at a mount point goes to `mounts` and is not entered.
pub(super) fn walk(
    directory: &Path,
    mounts: &mut Vec<PathBuf>,
    visit: &mut dyn FnMut(&Path, &Metadata) -> io::Result<Into>,
) -> io::Result<()> {
    let device = disk::look(directory)?.map(|found| found.dev());
    for path in disk::list(directory)? {
        // What vanishes while we look is no longer there to lose.
        let Some(found) = disk::look(&path)? else { continue };
        if Some(found.dev()) != device {
            mounts.push(path);
            continue;
        }
        if matches!(visit(&path, &found)?, Into::Descend) && found.is_dir() {
            walk(&path, mounts, visit)?;
        }
    }
    Ok(())
}

/// Whether a directory is the top of a repository or worktree.
pub(super) fn has_git(directory: &Path) -> io::Result<bool> {
    Ok(disk::look(&directory.join(".git"))?.is_some() || disk::is_git_dir(directory))
}

/// The files at and below a path. What lies at a mount point is not among them.
///
/// # Errors
/// Something cannot be read.
pub fn seen(path: &Path) -> io::Result<SeenFiles> {
    let mut files = SeenFiles::new();
    let mut add = |at: &Path, found: &Metadata| {
        if !found.is_dir() {
            files.insert(at.strip_prefix(path).unwrap_or(at).to_path_buf(), Stamp::of(found));
        }
        Ok(Into::Descend)
    };
    let found = disk::look(path)?;
    if let Some(found) = &found {
        add(path, found)?;
    }
    if found.is_some_and(|found| found.is_dir()) {
        walk(path, &mut Vec::new(), &mut add)?;
    }
    Ok(files)
}

/// Counts the files at and below a path, without those for which `leave_out` holds.
pub(super) fn count(path: &Path, leave_out: &dyn Fn(&Path) -> bool) -> io::Result<Ignored> {
    let mut ignored = Ignored::default();
    let mut add = |path: &Path, found: &Metadata| {
        if leave_out(path) {
            return Ok(Into::Skip);
        }
        if !found.is_dir() {
            ignored.files += 1;
            ignored.bytes += found.len();
        }
        Ok(Into::Descend)
    };
    let mut mounts = Vec::new();
    if let Some(found) = disk::look(path)?
        && matches!(add(path, &found)?, Into::Descend)
        && found.is_dir()
    {
        walk(path, &mut mounts, &mut add)?;
    }
    Ok(ignored)
}
