//! Files of the user's that a command edits: replaced whole, and only while they are as they were read.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::fs::{CWD, Gid, RenameFlags, Uid, renameat_with};
use rustix::io::Errno;

use super::managed::content_hash;
use super::own_files::{rename_new, sync_directory};
use crate::diagnostic::Diagnostic;
use crate::model::path::AbsPath;
use crate::plan::FileContent;
use crate::regular;

/// Writes a file that only its owner may read, whole or not at all. `expect`: the bytes that it has; `None`: there is none.
///
/// # Errors
/// It has other bytes by now, or cannot be written.
pub fn write_private(file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>) -> Result<()> {
    put(file, bytes, expect, Some(0o600)).map(drop)
}

/// Replaces a file; see `Door::replace_file`.
pub(super) fn replace(file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>) -> Result<Vec<AbsPath>> {
    let directory = file.parent();
    if expect.is_none() {
        fs::create_dir_all(&directory).with_context(|| format!("{directory} cannot be made"))?;
    }
    put(file, bytes, expect, None)
}

/// The same in a directory that is there, with this mode where one is given.
fn put(file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>, mode: Option<u32>) -> Result<Vec<AbsPath>> {
    let directory = file.parent();
    let current = read(file)?;
    if current.as_deref() != expect {
        return Err(changed(file));
    }
    let left = leftovers(file)?;
    let (old, new) = (short_hash(expect.unwrap_or_default())?, short_hash(bytes)?);
    let random = getrandom::u64()?;
    let draft = directory.join(format!("{}{random:016x}", prefix(file, DRAFT)));
    if let Err(error) = write(file, &draft, bytes, mode) {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    let whole = directory.join(format!("{}{old}-{new}-{random:016x}", prefix(file, WHOLE)));
    rename_new(draft.as_path(), whole.as_path()).with_context(|| format!("{file} cannot be written"))?;
    let published = publish(file, &whole, expect, bytes);
    if published.is_err() && read(&whole).ok().flatten().as_deref() == Some(bytes) {
        let _ = fs::remove_file(&whole);
    }
    published?;
    sync_directory(directory.as_path())?;
    Ok(left)
}

/// What is being written is called so: nobody else's.
const DRAFT: &str = "draft";
/// What is about to be exchanged with the file, or was: it may be what somebody saved in that moment.
const WHOLE: &str = "edit";

/// What the temporaries of a file are called first.
fn prefix(file: &AbsPath, kind: &str) -> String {
    format!(".wsctl-{kind}-{}-", file.as_path().file_name().unwrap_or_default().to_string_lossy())
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

/// The first digits of a text's hash, for the names of temporaries.
fn short_hash(bytes: &[u8]) -> Result<String> {
    let mut hash = content_hash(&FileContent::Bytes { bytes: bytes.to_vec(), executable: false, private: false })?;
    hash.truncate(32);
    Ok(hash)
}

/// Unlinks what earlier edits left that were cut short. What somebody else saved in that moment is returned and stays.
fn leftovers(file: &AbsPath) -> Result<Vec<AbsPath>> {
    let (directory, drafts, wholes) = (file.parent(), prefix(file, DRAFT), prefix(file, WHOLE));
    let mut left = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("{directory} cannot be read"))? {
        let name = entry.with_context(|| format!("{directory} cannot be read"))?.file_name();
        let (text, path) = (name.to_string_lossy(), directory.join(&name));
        let ours = match text.strip_prefix(&wholes) {
            Some(hashes) => is_known(&path, hashes),
            None if text.starts_with(&drafts) => true,
            None => continue,
        };
        if ours {
            fs::remove_file(&path).with_context(|| format!("{path} cannot be removed"))?;
        } else {
            left.push(path);
        }
    }
    left.sort();
    Ok(left)
}

/// Whether a file is the text that an edit read, or the one that it wrote, as its name tells.
fn is_known(path: &AbsPath, hashes: &str) -> bool {
    let found = read(path).ok().flatten().and_then(|bytes| short_hash(&bytes).ok());
    found.is_some_and(|found| hashes.split('-').take(2).any(|hash| hash == found))
}

/// Writes the draft, with the mode and as far as may be the owner of the file.
fn write(file: &AbsPath, draft: &AbsPath, bytes: &[u8], mode: Option<u32>) -> Result<()> {
    let failed = || format!("{file} cannot be written");
    let found = fs::metadata(file).ok();
    let mut options = File::options();
    let mode = mode.unwrap_or_else(|| found.as_ref().map_or(0o666, |found| found.mode() & 0o7777));
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
fn publish(file: &AbsPath, draft: &AbsPath, expect: Option<&[u8]>, bytes: &[u8]) -> Result<()> {
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
        if read(draft).ok().flatten().as_deref() != Some(bytes) {
            // Saved once more in between: the later save belongs in its place, the earlier one stays beside it.
            exchange(draft.as_path(), file.as_path()).with_context(failed)?;
        }
        return Err(changed(file));
    }
    fs::remove_file(draft).with_context(failed)
}

fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}
