//! Build caches of a main worktree in a new checkout: every file shares its blocks with the one it comes from, so that nothing is
//! written again. What cannot be shared is not copied.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rustix::fs::{CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::unlink;
use crate::model::path::{AbsPath, RelPath};

/// What came of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seeded {
    /// It is there.
    Done,
    /// There is nothing to take, or something in its place already.
    Nothing,
    /// This file system shares no blocks between files, or the two are on different ones: nothing was copied.
    NotShared,
}

/// Brings a path of a main worktree into a checkout, whole or not at all; see `Door::seed`.
pub(super) fn seed(own: &AbsPath, main: &AbsPath, checkout: &AbsPath, path: &RelPath) -> Result<Seeded> {
    let (from, to) = (path.under(main), path.under(checkout));
    let there = |path: &AbsPath| path.as_path().symlink_metadata().is_ok();
    let Ok(found) = from.as_path().symlink_metadata() else { return Ok(Seeded::Nothing) };
    let inside = || {
        let (main, from) = (main.as_path().canonicalize().ok()?, from.as_path().canonicalize().ok()?);
        Some(from.starts_with(main))
    };
    if there(&to) || !(found.is_dir() || found.is_file()) || inside() != Some(true) {
        return Ok(Seeded::Nothing);
    }
    let draft = own.join("new").join(format!("seed-{:016x}", getrandom::u64()?));
    fs::create_dir_all(draft.parent()).with_context(|| format!("{} cannot be made", draft.parent()))?;
    let copied = copy(from.as_path(), draft.as_path(), &found);
    let placed = match copied {
        Ok(()) => place(draft.as_path(), checkout, path).map(|()| Seeded::Done),
        Err(error) if is_not_shared(&error) => Ok(Seeded::NotShared),
        Err(error) => Err(error).with_context(|| format!("{from} cannot be copied")),
    };
    if there(&draft) {
        unlink::tree(&draft)?;
    }
    placed
}

fn is_not_shared(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| matches!(errno, Errno::OPNOTSUPP | Errno::NOTTY | Errno::XDEV | Errno::INVAL | Errno::NOSYS))
}

/// Copies a tree; its times stay, since builds go by them. What is neither a file nor a link is left out.
fn copy(from: &Path, to: &Path, found: &Metadata) -> io::Result<()> {
    if found.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if found.is_file() {
        return share(from, to, found);
    }
    if !found.is_dir() {
        return Ok(());
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let name: OsString = entry?.file_name();
        // A repository in it would be nobody's, and in the way of a removal.
        if name == ".git" {
            continue;
        }
        let at = from.join(&name);
        match at.symlink_metadata() {
            Ok(found) => copy(&at, &to.join(&name), &found)?,
            // A build goes on there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    fs::set_permissions(to, fs::Permissions::from_mode(found.permissions().mode()))?;
    File::open(to)?.set_times(times(found)?)
}

fn times(found: &Metadata) -> io::Result<fs::FileTimes> {
    Ok(fs::FileTimes::new().set_modified(found.modified()?))
}

#[cfg(target_os = "linux")]
fn share(from: &Path, to: &Path, found: &Metadata) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = rustix::fs::open(from, flags, Mode::empty())?;
    let target = File::options().write(true).create_new(true).open(to)?;
    rustix::fs::ioctl_ficlone(&target, &source)?;
    target.set_permissions(fs::Permissions::from_mode(found.permissions().mode() & 0o777))?;
    target.set_times(times(found)?)
}

#[cfg(target_os = "macos")]
fn share(from: &Path, to: &Path, found: &Metadata) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = rustix::fs::open(from, flags, Mode::empty())?;
    rustix::fs::fclonefileat(&source, CWD, to, rustix::fs::CloneFlags::empty())?;
    File::open(to)?.set_times(times(found)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn share(_: &Path, _: &Path, _: &Metadata) -> io::Result<()> {
    Err(Errno::OPNOTSUPP.into())
}

/// Moves a draft to its place, never over something, and through no symbolic link.
fn place(draft: &Path, checkout: &AbsPath, path: &RelPath) -> Result<()> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let open = |at: &OwnedFd, part: &str| rustix::fs::openat(at, part, flags, Mode::empty());
    let mut directory = rustix::fs::open(checkout.as_path(), flags, Mode::empty())
        .with_context(|| format!("{checkout} is not a directory that can be opened"))?;
    let (above, name) = path.as_str().rsplit_once('/').map_or((None, path.as_str()), |(above, name)| (Some(above), name));
    for part in above.into_iter().flat_map(|above| above.split('/')) {
        match rustix::fs::mkdirat(&directory, part, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error).with_context(|| format!("the directory of {path} cannot be made")),
        }
        directory = match open(&directory, part) {
            Ok(next) => next,
            Err(Errno::LOOP | Errno::NOTDIR) => bail!("{path} cannot be reached: {part} is a file or a symbolic link"),
            Err(error) => return Err(error).with_context(|| format!("{path} cannot be reached")),
        };
    }
    let moved = rustix::fs::renameat_with(CWD, draft, &directory, name, RenameFlags::NOREPLACE);
    moved.with_context(|| format!("{path} cannot be put in its place"))
}
