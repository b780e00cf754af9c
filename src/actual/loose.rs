//! The refs of a files backend: the loose ones, then the packed ones that no loose one replaces. git moves them the other way.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};
use rustix::fs::{CWD, FileType, OFlags};

use super::directory;
use super::disk;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;
use crate::regular;

/// What a ref holds.
pub(super) enum Target {
    Object(ObjectId),
    Symbolic(Vec<u8>),
}

/// Every ref of a git directory by its full name. A broken one is left out, as git does.
///
/// # Errors
/// Something is not as git writes it.
pub(super) fn refs(git_dir: &AbsPath) -> Result<BTreeMap<Vec<u8>, Target>> {
    let mut found = BTreeMap::new();
    walk(CWD, git_dir.join("refs").as_path().as_os_str(), b"refs/", &mut found)?;
    let packed = disk::read(git_dir.join("packed-refs").as_path())?.unwrap_or_default();
    for line in packed.split(|byte| *byte == b'\n') {
        if line.is_empty() || matches!(line[0], b'#' | b'^') {
            continue;
        }
        let space = line.iter().position(|byte| *byte == b' ').context("packed-refs has a line that is none")?;
        let id = object(&line[..space]).context("packed-refs has an id that is none")?;
        found.entry(line[space + 1..].to_vec()).or_insert(Some(Target::Object(id)));
    }
    Ok(found.into_iter().filter_map(|(name, target)| Some((name, target?))).collect())
}

/// Reads the refs in one directory; `None` for one that is broken.
fn walk(above: impl AsFd, at: &OsStr, prefix: &[u8], found: &mut BTreeMap<Vec<u8>, Option<Target>>) -> Result<()> {
    let Some((directory, entries)) = disk::absent(directory::list(above, at))? else { return Ok(()) };
    for (name, kind) in entries {
        let full = [prefix, name.as_bytes()].concat();
        match kind {
            FileType::Directory => walk(&directory, &name, &[&full, &b"/"[..]].concat(), found)?,
            FileType::RegularFile if is_name(&full) => {
                let bytes = disk::absent(regular::read_listed(&directory, name.as_ref(), OFlags::NOFOLLOW))?;
                if let Some(bytes) = bytes {
                    found.insert(full, target(&bytes));
                }
            }
            FileType::RegularFile => {}
            _ => return Err(io::Error::other(format!("{} is no file", full.escape_ascii())).into()),
        }
    }
    Ok(())
}

/// Not a lock, nor anything else that cannot be a ref.
fn is_name(full: &[u8]) -> bool {
    gix::validate::reference::name(full.into()).is_ok()
}

fn target(bytes: &[u8]) -> Option<Target> {
    match bytes.strip_prefix(b"ref:") {
        Some(name) => Some(Target::Symbolic(name.trim_ascii().to_vec())),
        None => object(bytes.split(u8::is_ascii_whitespace).next()?).map(Target::Object),
    }
}

fn object(hex: &[u8]) -> Option<ObjectId> {
    ObjectId::new(std::str::from_utf8(hex).ok()?).ok()
}
