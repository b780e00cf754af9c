//! Managed files: written and removed only while they are as last seen, never through a symbolic link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::{Unsettled, own_files};
use crate::diagnostic::Diagnostic;
use crate::model::path::{AbsPath, RelPath};
use crate::plan::FileContent;

/// Writes a managed file; see `Door::write_managed`.
pub(super) fn write(builder: &AbsPath, to: &RelPath, content: &FileContent, expect: Option<&str>) -> Result<()> {
    let place = Place::open(builder, to, true)?;
    place.expect(expect)?;
    let draft = temporary_name(place.name)?;
    let forget = || rustix::fs::unlinkat(&place.directory, &*draft, AtFlags::empty());
    if let Err(error) = place.draft(&draft, content) {
        let _ = forget();
        return Err(error);
    }
    if let Err(error) = place.publish(&draft, expect) {
        // What was exchanged and could not be put back is somebody's: it stays under that name until it is settled.
        if place.hash(&draft).ok().flatten() == Some(content_hash(content)?) {
            let _ = forget();
        }
        return Err(error);
    }
    place.sync()
}

/// Removes a managed file and the parents that this leaves empty; see `Door::remove_managed`.
pub(super) fn remove(builder: &AbsPath, to: &RelPath, expect: &str) -> Result<()> {
    let place = Place::open(builder, to, false)?;
    place.expect(Some(expect))?;
    let aside = temporary_name(place.name)?;
    place.rename(place.name, &aside, RenameFlags::NOREPLACE)?;
    // What was renamed is looked at again: an editor may have saved in between.
    if place.hash(&aside)?.as_deref() != Some(expect) {
        place.rename(&aside, place.name, RenameFlags::NOREPLACE)?;
        return Err(place.changed());
    }
    rustix::fs::unlinkat(&place.directory, &*aside, AtFlags::empty()).with_context(|| format!("{to} cannot be removed"))?;
    place.sync()?;
    let mut at = Path::new(to.as_str()).parent();
    while let Some(parent) = at.filter(|parent| !parent.as_os_str().is_empty()) {
        if std::fs::remove_dir(builder.join(parent)).is_err() {
            break;
        }
        at = parent.parent();
    }
    Ok(())
}

/// Settles what a write or a removal left when it was cut short; see `Door::settle_managed`.
pub(super) fn settle(file: &Unsettled<'_>) -> Result<Option<AbsPath>> {
    // Nothing was ever written behind a link, or what is no directory.
    let above = Path::new(file.to.as_str()).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let blocked = |above: &Path| file.builder.join(above).as_path().symlink_metadata().is_ok_and(|found| !found.is_dir());
    if above.into_iter().any(blocked) {
        return Ok(None);
    }
    let place = match Place::open(file.builder, file.to, false) {
        Ok(place) => place,
        // Without its directory there is no temporary either.
        Err(error) if error.downcast_ref::<Errno>() == Some(&Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error),
    };
    let parent = file.to.under(file.builder).parent();
    let its: Vec<String> = file.tokens.iter().map(|token| temporary(token, place.name)).collect::<Result<_>>()?;
    let mut moved = None;
    for entry in std::fs::read_dir(&parent).with_context(|| format!("{parent} cannot be read"))? {
        let name = entry.with_context(|| format!("{parent} cannot be read"))?.file_name();
        let text = name.to_string_lossy();
        if !its.iter().any(|first| text.starts_with(first)) {
            continue;
        }
        let now = place.hash(place.name)?;
        let left = place.hash(&name)?;
        let left = left.as_deref();
        if now.is_none() && file.new.is_none() && left != file.old {
            // It was edited while it was being removed: back to its place.
            place.rename(&name, place.name, RenameFlags::NOREPLACE)?;
        } else if left == file.old || left == file.new || (file.new.is_some() && now.as_deref() == file.old) {
            // The last: nothing was exchanged yet, so it is a draft of ours.
            rustix::fs::unlinkat(&place.directory, &*name, AtFlags::empty()).with_context(|| format!("{text} in {parent}"))?;
        } else {
            let free = own_files::numbered(file.aside, &place.name.to_string_lossy())?;
            own_files::rename(&parent.join(&name), &free)?;
            moved = Some(free);
        }
    }
    place.sync()?;
    Ok(moved)
}

/// The hash that a mark keeps of a managed file.
///
/// # Errors
/// None that can be expected; the hash function itself may refuse.
pub fn content_hash(content: &FileContent) -> Result<String> {
    match content {
        FileContent::Bytes { bytes, .. } => blob_hash(bytes),
        FileContent::Link(target) => blob_hash(target.as_os_str().as_encoded_bytes()),
    }
}

/// sha256 as git hashes a blob: what marks keep.
fn blob_hash(bytes: &[u8]) -> Result<String> {
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha256, gix::objs::Kind::Blob, bytes);
    Ok(id.map_err(|error| anyhow::anyhow!("{error}"))?.to_string())
}

/// What the temporaries of a managed file are called first: not like those of our own files, since what was exchanged
/// or moved away under such a name may be somebody's work; and not like those of the file beside it.
fn temporary(token: &str, name: &OsStr) -> Result<String> {
    Ok(format!("{}{MANAGED}{:.16}", own_files::temporary(token), blob_hash(name.as_encoded_bytes())?))
}

/// What tells the temporaries of managed files from those of our own files.
pub(super) const MANAGED: &str = "file-";

fn temporary_name(name: &OsStr) -> Result<OsString> {
    Ok(format!("{}-{:016x}", temporary(own_files::token()?, name)?, getrandom::u64()?).into())
}

/// A name in a directory that was reached without a symbolic link.
struct Place<'a> {
    directory: OwnedFd,
    name: &'a OsStr,
    to: &'a RelPath,
}

impl<'a> Place<'a> {
    fn open(builder: &AbsPath, to: &'a RelPath, make: bool) -> Result<Self> {
        let path = Path::new(to.as_str());
        let name = path.file_name().with_context(|| format!("{to} is no file name"))?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let mut directory = rustix::fs::open(builder.as_path(), flags, Mode::empty())
            .with_context(|| format!("{builder} is not a directory that can be opened"))?;
        for part in path.parent().unwrap_or(Path::new("")) {
            if make {
                match rustix::fs::mkdirat(&directory, part, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error).with_context(|| format!("the directory of {to} cannot be made")),
                }
            }
            directory = match rustix::fs::openat(&directory, part, flags, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    let fact = format!("{to} cannot be reached: {} is a file or a symbolic link", part.display());
                    return Err(Diagnostic::new(fact, "wsctl plan").into());
                }
                Err(error) => return Err(error).with_context(|| format!("{to} cannot be reached")),
            };
        }
        Ok(Place { directory, name, to })
    }

    /// The hash of what is at a name; `None`: nothing.
    fn hash(&self, name: &OsStr) -> Result<Option<String>> {
        let found = match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", self.to)),
        };
        let bytes = match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let file = rustix::fs::openat(&self.directory, name, flags, Mode::empty())
                    .with_context(|| format!("{} cannot be read", self.to))?;
                let mut bytes = Vec::new();
                File::from(file).read_to_end(&mut bytes).with_context(|| format!("{} cannot be read", self.to))?;
                bytes
            }
            FileType::Symlink => rustix::fs::readlinkat(&self.directory, name, Vec::new())
                .with_context(|| format!("{} cannot be read", self.to))?
                .into_bytes(),
            _ => bail!("{} is neither a file nor a symbolic link", self.to),
        };
        blob_hash(&bytes).map(Some)
    }

    fn expect(&self, expect: Option<&str>) -> Result<()> {
        if self.hash(self.name)?.as_deref() == expect { Ok(()) } else { Err(self.changed()) }
    }

    fn changed(&self) -> anyhow::Error {
        Diagnostic::new(format!("{} changed since the plan was made", self.to), "wsctl plan").into()
    }

    fn draft(&self, name: &OsStr, content: &FileContent) -> Result<()> {
        let failed = || format!("{} cannot be written", self.to);
        match content {
            FileContent::Link(target) => rustix::fs::symlinkat(target.as_os_str(), &self.directory, name).with_context(failed),
            FileContent::Bytes { bytes, executable, private } => {
                let all = if *executable { 0o777 } else { 0o666 };
                let mode = if *private { all & 0o700 } else { all };
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = rustix::fs::openat(&self.directory, name, flags, Mode::from_raw_mode(mode)).with_context(failed)?;
                let mut file = File::from(file);
                file.write_all(bytes).with_context(failed)?;
                file.sync_all().with_context(failed)
            }
        }
    }

    /// Puts a draft in place: where there was nothing by a rename that replaces nothing, else by an exchange, so
    /// that what was there can be looked at once more and be put back.
    fn publish(&self, draft: &OsStr, expect: Option<&str>) -> Result<()> {
        if expect.is_none() {
            return self.rename(draft, self.name, RenameFlags::NOREPLACE);
        }
        match rustix::fs::renameat_with(&self.directory, draft, &self.directory, self.name, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Err(self.changed()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                self.expect(expect)?;
                return self.rename(draft, self.name, RenameFlags::empty());
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be written", self.to)),
        }
        if self.hash(draft).ok().flatten().as_deref() != expect {
            self.rename(draft, self.name, RenameFlags::EXCHANGE)?;
            return Err(self.changed());
        }
        rustix::fs::unlinkat(&self.directory, draft, AtFlags::empty()).with_context(|| format!("{} cannot be written", self.to))
    }

    fn rename(&self, from: &OsStr, to: &OsStr, flags: RenameFlags) -> Result<()> {
        let result = match rustix::fs::renameat_with(&self.directory, from, &self.directory, to, flags) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if flags == RenameFlags::NOREPLACE => {
                rustix::fs::linkat(&self.directory, from, &self.directory, to, AtFlags::empty())
                    .and_then(|()| rustix::fs::unlinkat(&self.directory, from, AtFlags::empty()))
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if flags.is_empty() => {
                rustix::fs::renameat(&self.directory, from, &self.directory, to)
            }
            other => other,
        };
        match result {
            Ok(()) => Ok(()),
            Err(Errno::EXIST | Errno::NOENT) => Err(self.changed()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be renamed", self.to)),
        }
    }

    fn sync(&self) -> Result<()> {
        rustix::fs::fsync(&self.directory).with_context(|| format!("{} cannot be written to the disk", self.to))
    }
}
