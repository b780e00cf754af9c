//! Unlinks directory trees of our own. Never follows a symbolic link, never crosses a mount point.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::own_files;
use crate::model::mark::OWN_DIRECTORY;
use crate::model::path::AbsPath;
use crate::model::stamp::{SeenFiles, Stamp};

/// Unlinks a tree below `<builders_dir>/.wsctl/`; see `Door::unlink`.
pub(super) fn own(builders_dir: &AbsPath, path: &AbsPath) -> Result<()> {
    refuse_foreign(builders_dir, path)?;
    tree(path)
}

fn refuse_foreign(builders_dir: &AbsPath, path: &AbsPath) -> Result<()> {
    let own = builders_dir.join(OWN_DIRECTORY);
    if !own.contains(path) || own == *path {
        bail!("{path} does not lie below {own}");
    }
    own_files::refuse_links(builders_dir, &path.parent())?;
    let is_directory = path.as_path().symlink_metadata().is_ok_and(|found| found.is_dir());
    if is_directory && mount(path.as_path())? != mount(own.as_path())? {
        bail!("{path} is a mount point, or lies in one");
    }
    Ok(())
}

/// Unlinks the files of a tree that are still as seen; see `Door::unlink_seen`.
pub(super) fn seen(builders_dir: &AbsPath, path: &AbsPath, files: &SeenFiles) -> Result<usize> {
    refuse_foreign(builders_dir, path)?;
    let failed = || format!("{path} cannot be removed");
    let found = match path.as_path().symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        other => other.with_context(failed)?,
    };
    if !found.is_dir() {
        let same = files.get(Path::new("")) == Some(&Stamp::of(&found));
        return if same { fs::remove_file(path).with_context(failed).map(|()| 0) } else { Ok(1) };
    }
    open_up(path.as_path(), mount(path.as_path())?)?;
    // Everything is compared first: two names of one file change each other's times.
    let mut tree = Tree::default();
    tree.compare(path.as_path(), Path::new(""), files).with_context(failed)?;
    for file in &tree.same {
        fs::remove_file(path.join(file)).with_context(failed)?;
    }
    for directory in tree.directories.iter().rev() {
        // What is not empty holds what stays.
        let _ = fs::remove_dir(path.join(directory));
    }
    Ok(tree.others)
}

/// What a tree consists of.
#[derive(Default)]
struct Tree {
    /// Files that are as seen.
    same: Vec<PathBuf>,
    /// Directories, the outer ones first.
    directories: Vec<PathBuf>,
    /// How many files are not.
    others: usize,
}

impl Tree {
    fn compare(&mut self, top: &Path, below: &Path, files: &SeenFiles) -> std::io::Result<()> {
        self.directories.push(below.to_path_buf());
        for entry in fs::read_dir(top.join(below))? {
            let entry = entry?;
            let (path, found) = (below.join(entry.file_name()), entry.metadata()?);
            if found.is_dir() {
                self.compare(top, &path, files)?;
            } else if files.get(&path) == Some(&Stamp::of(&found)) {
                self.same.push(path);
            } else {
                self.others += 1;
            }
        }
        Ok(())
    }
}

/// Unlinks whatever is at a path; gone is gone.
pub(super) fn tree(path: &AbsPath) -> Result<()> {
    let found = match path.as_path().symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{path} cannot be read")),
    };
    if !found.is_dir() {
        return fs::remove_file(path).with_context(|| format!("{path} cannot be removed"));
    }
    open_up(path.as_path(), mount(path.as_path())?)?;
    fs::remove_dir_all(path).with_context(|| format!("{path} cannot be removed"))
}

/// Makes read-only directories writable, and refuses a tree with a mount point in it.
fn open_up(directory: &Path, within: (u64, u64)) -> Result<()> {
    let failed = || format!("{} cannot be removed", directory.display());
    let found = directory.symlink_metadata().with_context(failed)?;
    if mount(directory)? != within {
        bail!("{} is a mount point", directory.display());
    }
    if found.mode() & 0o700 != 0o700 {
        fs::set_permissions(directory, Permissions::from_mode(found.mode() | 0o700)).with_context(failed)?;
    }
    for entry in fs::read_dir(directory).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        if entry.file_type().with_context(failed)?.is_dir() {
            open_up(&entry.path(), within)?;
        }
    }
    Ok(())
}

/// The file system that a directory lies on and where that is mounted: a bind mount shows the same one once more.
fn mount(directory: &Path) -> Result<(u64, u64)> {
    let failed = || format!("{} cannot be read", directory.display());
    let device = directory.symlink_metadata().with_context(failed)?.dev();
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
        match statx(CWD, directory, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID) {
            Ok(found) => return Ok((device, found.stx_mnt_id)),
            Err(rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error).with_context(failed),
        }
    }
    Ok((device, 0))
}
