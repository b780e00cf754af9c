//! Files of the user's that a command edits: replaced whole, and only while they are as they were read.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::fs::{CWD, Gid, RenameFlags, Uid, renameat_with};
use rustix::io::Errno;

use super::own_files::{rename_new, sync_directory};
use crate::diagnostic::Diagnostic;
use crate::model::path::AbsPath;
use crate::regular;

/// Replaces a file; see `Door::replace_file`.
pub(super) fn replace(file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>) -> Result<Vec<AbsPath>> {
    let directory = file.parent();
    if expect.is_none() {
        fs::create_dir_all(&directory).with_context(|| format!("{directory} cannot be made"))?;
    }
    let current = read(file)?;
    if current.as_deref() != expect {
        return Err(changed(file));
    }
    let left = leftovers(file, [expect.unwrap_or_default(), bytes])?;
    let draft = directory.join(format!("{}{:016x}", prefix(file), getrandom::u64()?));
    let published = write(file, &draft, bytes).and_then(|()| publish(file, &draft, expect));
    if published.is_err() && read(&draft).ok().flatten().as_deref() == Some(bytes) {
        let _ = fs::remove_file(&draft);
    }
    published?;
    sync_directory(directory.as_path())?;
    Ok(left)
}

/// What the drafts of a file are called first.
fn prefix(file: &AbsPath) -> String {
    format!(".wsctl-edit-{}-", file.as_path().file_name().unwrap_or_default().to_string_lossy())
}

fn changed(file: &AbsPath) -> anyhow::Error {
    Diagnostic::new(format!("{file} changed while it was being edited; nothing was written"), "wsctl plan").into()
}

/// A file's bytes; `None`: there is none.
fn read(file: &AbsPath) -> Result<Option<Vec<u8>>> {
    match regular::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{file} cannot be read")),
    }
}

/// Unlinks what earlier edits left that were cut short, where it is one of these texts; returns the others.
fn leftovers(file: &AbsPath, known: [&[u8]; 2]) -> Result<Vec<AbsPath>> {
    let (directory, prefix) = (file.parent(), prefix(file));
    let mut left = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("{directory} cannot be read"))? {
        let name = entry.with_context(|| format!("{directory} cannot be read"))?.file_name();
        if !name.to_string_lossy().starts_with(&prefix) {
            continue;
        }
        let path = directory.join(&name);
        match read(&path) {
            Ok(Some(bytes)) if known.contains(&bytes.as_slice()) => {
                fs::remove_file(&path).with_context(|| format!("{path} cannot be removed"))?;
            }
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => left.push(path),
        }
    }
    left.sort();
    Ok(left)
}

/// Writes the draft, with the mode and as far as may be the owner of the file.
fn write(file: &AbsPath, draft: &AbsPath, bytes: &[u8]) -> Result<()> {
    let failed = || format!("{file} cannot be written");
    let found = fs::metadata(file).ok();
    let mut options = File::options();
    let mode = found.as_ref().map_or(0o666, |found| found.mode() & 0o7777);
    let mut out = options.write(true).create_new(true).mode(mode).open(draft).with_context(failed)?;
    if let Some(found) = found {
        // Only root may give files away; anybody else's stay their own.
        let _ = rustix::fs::fchown(&out, Some(Uid::from_raw(found.uid())), Some(Gid::from_raw(found.gid())));
        out.set_permissions(fs::Permissions::from_mode(mode)).with_context(failed)?;
    }
    out.write_all(bytes).with_context(failed)?;
    out.sync_all().with_context(failed)
}

/// Puts the draft in place: by an exchange, so that what was there can be looked at once more and be put back.
fn publish(file: &AbsPath, draft: &AbsPath, expect: Option<&[u8]>) -> Result<()> {
    let failed = || format!("{file} cannot be written");
    let Some(expect) = expect else {
        return match rename_new(draft.as_path(), file.as_path()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(changed(file)),
            other => other.with_context(failed),
        };
    };
    match exchange(draft.as_path(), file.as_path()) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Err(changed(file)),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if read(file)?.as_deref() != Some(expect) {
                return Err(changed(file));
            }
            return fs::rename(draft, file).with_context(failed);
        }
        Err(error) => return Err(error).with_context(failed),
    }
    if read(draft).ok().flatten().as_deref() != Some(expect) {
        exchange(draft.as_path(), file.as_path()).with_context(failed)?;
        return Err(changed(file));
    }
    fs::remove_file(draft).with_context(failed)
}

fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}
