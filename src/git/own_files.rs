//! Files and directories of our own, written whole or not at all, and never through a symbolic link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::Lasts;
use crate::diagnostic::Diagnostic;
use crate::model::mark::{HOOKS, OWN_DIRECTORY, REPLACED};
use crate::model::path::AbsPath;

/// What every temporary of this process is called first: `.wsctl-`, the token, a dash. The journal names the token, so
/// that the next run knows them.
pub(super) fn temporary(token: &str) -> String {
    format!(".wsctl-{token}-")
}

/// What the names of this process's temporaries hold, for the journal: random, sixteen digits.
///
/// # Errors
/// The system has no random numbers.
pub fn token() -> Result<&'static str> {
    static TOKEN: OnceLock<String> = OnceLock::new();
    if let Some(token) = TOKEN.get() {
        return Ok(token);
    }
    let made = format!("{:016x}", getrandom::u64().map_err(|error| anyhow::anyhow!("no random numbers to be had: {error}"))?);
    Ok(TOKEN.get_or_init(|| made))
}

/// Makes a directory with its parents. Below `base` no component may be a symbolic link. It is on the disk with the first
/// file in it that is: a file system with a journal writes the names above a file along with it.
pub(super) fn make_directory(base: &AbsPath, path: &AbsPath) -> Result<()> {
    let kind = path.as_path().symlink_metadata().map(|found| found.file_type());
    match kind {
        Ok(kind) if kind.is_dir() => return refuse_links(base, path),
        Ok(kind) if kind.is_symlink() => bail!("{path} is a symbolic link"),
        Ok(_) => bail!("{path} is not a directory"),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{path} cannot be read")),
    }
    refuse_links(base, &path.parent())?;
    fs::create_dir_all(path).with_context(|| format!("{path} cannot be made"))
}

/// Refuses a symbolic link anywhere between `base` and `path`, `path` included.
pub(super) fn refuse_links(base: &AbsPath, path: &AbsPath) -> Result<()> {
    let mut at = path.clone();
    while base.contains(&at) && at != *base {
        if at.as_path().symlink_metadata().is_ok_and(|found| found.is_symlink()) {
            bail!("{at} is a symbolic link");
        }
        at = at.parent();
    }
    Ok(())
}

/// Refuses anything but nothing or an empty directory.
pub(super) fn refuse_occupied(path: &AbsPath) -> Result<()> {
    let free = match path.as_path().symlink_metadata() {
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        Ok(found) => found.is_dir() && std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()),
    };
    if free { Ok(()) } else { Err(Diagnostic::new(format!("{path} is in the way"), "wsctl plan").into()) }
}

/// Writes a file through a temporary one beside it, and waits for the disk.
pub(super) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace(path, bytes, mode, true)?;
    sync_directory(path.parent().unwrap_or(path))
}

/// The same, where a power cut may leave the old file until the next flush, never a part of the new one.
pub(super) fn write_soon(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace(path, bytes, mode, true)
}

/// The same, where a power cut may also leave an empty file until then: nothing may depend on it before.
pub(super) fn write_unsynced(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace(path, bytes, mode, false)
}

fn replace(path: &Path, bytes: &[u8], mode: u32, sync: bool) -> Result<()> {
    let file = draft(path, bytes, mode, sync)?;
    file.persist(path).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(())
}

/// Writes a file that nobody has yet, and waits for the disk: never over what another put there meanwhile.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let file = draft(path, bytes, mode, true)?;
    file.persist_noclobber(path).with_context(|| format!("{} cannot be written", path.display()))?;
    sync_directory(path.parent().unwrap_or(path))
}

/// What a file will hold, under a temporary name beside it.
fn draft(path: &Path, bytes: &[u8], mode: u32, sync: bool) -> Result<tempfile::NamedTempFile> {
    let shown = path.display();
    if let Ok(found) = path.symlink_metadata()
        && !found.is_file()
    {
        bail!("{shown} is not a regular file");
    }
    let directory = path.parent().with_context(|| format!("{shown} has no directory"))?;
    let mut file = tempfile::Builder::new()
        .prefix(&temporary(token()?))
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(directory)
        .with_context(|| format!("{shown} cannot be written"))?;
    file.write_all(bytes).with_context(|| format!("{shown} cannot be written"))?;
    if sync {
        file.as_file().sync_all().with_context(|| format!("{shown} cannot be written"))?;
    }
    Ok(file)
}

/// Writes a file of our own that must not be a link, below `base` without links above it.
pub(super) fn write_own(base: &AbsPath, path: &AbsPath, bytes: &[u8], lasts: Lasts) -> Result<()> {
    refuse_links(base, path)?;
    // What somebody wrote, and what hooks say, may hold secrets.
    let among = |name: &str| path.as_path().ancestors().any(|above| above.ends_with(Path::new(OWN_DIRECTORY).join(name)));
    let mode = if among(REPLACED) || among(HOOKS) { 0o600 } else { 0o666 };
    match lasts {
        Lasts::Now if among(REPLACED) => write_new(path.as_path(), bytes, mode),
        Lasts::Now => write_whole(path.as_path(), bytes, mode),
        Lasts::Soon => write_soon(path.as_path(), bytes, mode),
    }
}

/// Appends to a file of our own, without waiting for the disk.
pub(super) fn append_own(base: &AbsPath, path: &AbsPath, bytes: &[u8]) -> Result<()> {
    refuse_links(base, path)?;
    let append = || File::options().append(true).open(path)?.write_all(bytes);
    append().with_context(|| format!("{path} cannot be written"))
}

/// Removes a file of our own; gone is gone.
pub(super) fn remove_own(base: &AbsPath, path: &AbsPath) -> Result<()> {
    refuse_links(base, &path.parent())?;
    match fs::remove_file(path) {
        Ok(()) => sync_directory(path.parent().as_path()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{path} cannot be removed")),
    }
}

/// The first path in a directory of this name with a number that is free.
pub(super) fn numbered(directory: &AbsPath, name: &str) -> Result<AbsPath> {
    let mut all = (1..1000).map(|number| directory.join(format!("{name}-{number}")));
    let free = all.find(|path| path.as_path().symlink_metadata().is_err());
    free.with_context(|| format!("{directory} is full of files named {name}"))
}

/// Removes an empty directory; gone is gone.
pub(super) fn remove_empty(path: &AbsPath) -> Result<()> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.with_context(|| format!("{path} cannot be removed")),
    }
}

/// Renames, never over something.
pub(super) fn rename(from: &AbsPath, to: &AbsPath) -> Result<()> {
    rename_new(from.as_path(), to.as_path()).with_context(|| format!("{from} cannot be renamed to {to}"))?;
    sync_directory(from.parent().as_path())?;
    sync_directory(to.parent().as_path())
}

/// Renames where nothing is; where the file system cannot promise that, looks first.
pub(super) fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => rename_looking(from, to),
        Err(error) => Err(error.into()),
    }
}

fn rename_looking(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.symlink_metadata()?.is_dir() {
        if to.symlink_metadata().is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        return fs::rename(from, to);
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Makes durable what was written to the file systems of these places, by whomever: once for each file system.
pub(super) fn flush<'a>(places: impl IntoIterator<Item = &'a AbsPath>) -> Result<()> {
    let mut synced = BTreeSet::new();
    for place in places {
        let found = place.as_path().metadata().with_context(|| format!("{place} cannot be read"))?;
        if synced.insert(found.dev()) {
            sync_file_system(place)?;
        }
    }
    Ok(())
}

/// The same of one directory's.
pub(super) fn sync_file_system(directory: &AbsPath) -> Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let synced = File::open(directory).and_then(|file| rustix::fs::syncfs(file).map_err(Into::into));
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let synced: std::io::Result<()> = Ok(rustix::fs::sync());
    synced.with_context(|| format!("{directory} cannot be written to the disk"))
}

/// Waits until the names in a directory are on the disk.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    let sync = || File::open(path)?.sync_all();
    sync().with_context(|| format!("{} cannot be written to the disk", path.display()))
}
