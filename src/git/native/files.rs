//! Writes the files of a tree into a new directory, and the index that knows them. Every component is made or opened
//! from the directory above it: no symbolic link is ever followed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::num::NonZero;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};
use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryKind;
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::contents::convert;
use super::template::{STAT, Template};

/// From how many files on one checkout has several threads.
const MANY: usize = 2000;

/// A directory of the checkout that is being written to, and how long the path of what is in it begins.
struct Open {
    directory: OwnedFd,
    prefix: usize,
}

/// Writes all files, links and directories of submodules. Returns the index, without its checksum.
///
/// # Errors
/// Something is in the way, an object is missing, or the disk is full. What was written is unlinked then, but for what
/// somebody changed meanwhile.
pub(super) fn write(repository: &gix::Repository, template: &Template, root: &OwnedFd) -> Result<Vec<u8>> {
    let mut index = template.index.clone();
    let written = write_all(repository, template, root, &mut index);
    if written.is_err() {
        take_back(template, root, &index);
    }
    written.map(|()| index)
}

fn write_all(repository: &gix::Repository, template: &Template, root: &OwnedFd, index: &mut [u8]) -> Result<()> {
    let threads = if template.entries.len() < MANY { 1 } else { std::thread::available_parallelism().map_or(1, NonZero::get) };
    let keep = template.begin();
    let size = template.entries.len().div_ceil(threads).max(1);
    let mut parts = Vec::new();
    let (mut rest, mut start) = (index, 0);
    for first in (0..template.entries.len()).step_by(size) {
        let last = (first + size).min(template.entries.len());
        let (_, tail) = rest.split_at_mut(template.at(first) - start);
        let (part, tail) = tail.split_at_mut(template.at(last) - template.at(first));
        (rest, start) = (tail, template.at(last));
        parts.push((first..last, part));
    }
    if threads == 1 {
        return parts.into_iter().try_for_each(|(range, part)| write_part(repository, (template, keep), root, range, part));
    }
    let shared = repository.clone().into_sync();
    std::thread::scope(|scope| {
        let work = |(range, part)| {
            let shared = &shared;
            scope.spawn(move || write_part(&shared.to_thread_local(), (template, keep), root, range, part))
        };
        let workers: Vec<_> = parts.into_iter().map(work).collect();
        let ends = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ends.collect::<Vec<_>>().into_iter().collect()
    })
}

/// Unlinks what an index says was written, each only if it is still as it was written, and the directories that this
/// leaves empty.
pub(super) fn take_back(template: &Template, root: &OwnedFd, index: &[u8]) {
    let mut directories = BTreeSet::new();
    for (number, entry) in template.entries.iter().enumerate() {
        let path = template.path(entry);
        let mut above = path.len();
        while let Some(end) = path[..above].rfind_byte(b'/') {
            directories.insert(&path[..end]);
            above = end;
        }
        let written = &index[template.at(number)..template.at(number) + STAT];
        let Some((directory, name)) = open_above(root, path) else { continue };
        let Ok(found) = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        let mut now = written.to_vec();
        put(&found, &mut now);
        if entry.kind == EntryKind::Commit {
            let _ = rustix::fs::unlinkat(&directory, name, AtFlags::REMOVEDIR);
        } else if now == written {
            let _ = rustix::fs::unlinkat(&directory, name, AtFlags::empty());
        }
    }
    // What is inside a directory sorts behind it.
    for (above, name) in directories.into_iter().rev().filter_map(|path| open_above(root, path)) {
        let _ = rustix::fs::unlinkat(&above, name, AtFlags::REMOVEDIR);
    }
}

/// The directory that a path lies in, and its name there; `None` where that is not to be had without a symbolic link.
fn open_above<'a>(root: &OwnedFd, path: &'a [u8]) -> Option<(OwnedFd, &'a OsStr)> {
    let mut parts = path.split(|byte| *byte == b'/').map(OsStr::from_bytes);
    let name = parts.next_back()?;
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let mut directory = root.try_clone().ok()?;
    for part in parts {
        directory = rustix::fs::openat(&directory, part, flags, Mode::empty()).ok()?;
    }
    Some((directory, name))
}

/// The same for some of the entries; `index` is their part of it.
fn write_part(
    repository: &gix::Repository,
    (template, keep): (&Template, bool),
    root: &OwnedFd,
    range: std::ops::Range<usize>,
    index: &mut [u8],
) -> Result<()> {
    let mut pipeline = template.conversion.pipeline(repository)?;
    let start = template.at(range.start);
    let mut opened: Vec<Open> = Vec::new();
    let mut before: &[u8] = b"";
    for (number, entry) in template.entries[range.clone()].iter().enumerate() {
        let path = template.path(entry);
        let failed = || format!("{} cannot be written", path.as_bstr());
        opened.retain(|open| path.get(..open.prefix) == before.get(..open.prefix));
        descend(root, &mut opened, path).with_context(failed)?;
        before = path;
        let (directory, prefix) = opened.last().map_or((root, 0), |open| (&open.directory, open.prefix));
        let name = OsStr::from_bytes(&path[prefix..]);
        let told = match entry.kind {
            EntryKind::Commit | EntryKind::Tree => {
                make_directory(directory, name).with_context(failed)?;
                rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).with_context(failed)?
            }
            EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link => {
                let content = entry.content(repository, keep, &mut |bytes| convert(pipeline.as_mut(), path, bytes))?;
                write_entry(directory, name, entry.kind, &content).with_context(failed)?
            }
        };
        put(&told, &mut index[template.at(range.start + number) - start..]);
    }
    Ok(())
}

/// Opens the directory that a path lies in, and makes what of it is missing.
fn descend(root: &OwnedFd, opened: &mut Vec<Open>, path: &[u8]) -> Result<()> {
    loop {
        let (above, prefix) = opened.last().map_or((root, 0), |open| (&open.directory, open.prefix));
        let Some(length) = path[prefix..].find_byte(b'/') else { return Ok(()) };
        let name = OsStr::from_bytes(&path[prefix..prefix + length]);
        make_directory(above, name)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let directory = rustix::fs::openat(above, name, flags, Mode::empty())?;
        opened.push(Open { directory, prefix: prefix + length + 1 });
    }
}

fn make_directory(above: &OwnedFd, name: &OsStr) -> Result<()> {
    match rustix::fs::mkdirat(above, name, Mode::from_raw_mode(0o777)) {
        // By another thread, or for an entry before.
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn write_entry(directory: &OwnedFd, name: &OsStr, kind: EntryKind, content: &[u8]) -> Result<Stat> {
    if kind == EntryKind::Link {
        rustix::fs::symlinkat(OsStr::from_bytes(content), directory, name)?;
        return Ok(rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?);
    }
    let mode = if kind == EntryKind::BlobExecutable { 0o777 } else { 0o666 };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(mode))?);
    let written = file.write_all(content);
    if written.is_err() {
        let _ = rustix::fs::unlinkat(directory, name, AtFlags::empty());
    }
    written?;
    Ok(rustix::fs::fstat(file.as_fd())?)
}

/// What the index remembers of a file: ten numbers, of which the mode is there already.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index has room for 32 bits of each")]
fn put(stat: &Stat, index: &mut [u8]) {
    let numbers = [
        (0, stat.st_ctime as u32),
        (1, stat.st_ctime_nsec as u32),
        (2, stat.st_mtime as u32),
        (3, stat.st_mtime_nsec as u32),
        (4, stat.st_dev as u32),
        (5, stat.st_ino as u32),
        (7, stat.st_uid),
        (8, stat.st_gid),
        (9, stat.st_size as u32),
    ];
    for (place, number) in numbers {
        index[place * 4..place * 4 + 4].copy_from_slice(&number.to_be_bytes());
    }
}
