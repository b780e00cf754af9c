//! The id that a file's content has as a blob, and whether git might make something else of it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;

use anyhow::{Result, bail, ensure};
use gix::bstr::ByteSlice as _;
use gix::hash::Kind;
use rustix::fs::{Mode, OFlags, Stat};

use super::attributes::Attributes;
use super::hashes::{Content, Seen};

/// What is read of a file at once.
const ROOM: usize = 1 << 16;

/// Reads files, with one buffer for all.
pub(super) struct Blobs {
    kind: Kind,
    room: Vec<u8>,
}

impl Blobs {
    pub(super) fn new(kind: Kind) -> Self {
        Blobs { kind, room: Vec::new() }
    }

    /// Whether a regular file is the blob of an id, by what attributes may make of it.
    ///
    /// # Errors
    /// It cannot be read, it changes meanwhile, or only git can tell.
    pub(super) fn is_file(
        &mut self,
        (directory, name): (&OwnedFd, &OsStr),
        found: &Stat,
        id: &gix::oid,
        attributes: Attributes,
    ) -> Result<bool> {
        ensure!(!attributes.filter, "a file may be filtered");
        let seen = Seen::of(found);
        let known = seen.and_then(|seen| seen.content());
        let content = match known {
            Some(content) => content,
            None => self.read(directory, name, u64::try_from(found.st_size)?)?,
        };
        if let (Some(seen), None) = (seen, known) {
            seen.remember(content);
        }
        ensure!(!(attributes.ident && content.dollar), "a file may hold its own id");
        let is_same = content.id.as_ref() == id;
        // Line ends of what looks like text are left as they are where the index has them too.
        let converts = content.crlf && (attributes.text || (attributes.auto && !is_same));
        ensure!(!converts, "the line ends of a file may be changed");
        Ok(is_same)
    }

    fn read(&mut self, directory: &OwnedFd, name: &OsStr, size: u64) -> Result<Content> {
        self.room.resize(ROOM, 0);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let mut file = File::from(rustix::fs::openat(directory, name, flags, Mode::empty())?);
        let mut hasher = gix::hash::hasher(self.kind);
        hasher.update(format!("blob {size}\0").as_bytes());
        let (mut left, mut crlf, mut dollar, mut last) = (size, false, false, 0);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(ROOM).min(ROOM);
            let count = match file.read(&mut self.room[..most]) {
                Ok(0) => bail!("a file becomes shorter while it is read"),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let read = &self.room[..count];
            crlf |= (last == b'\r' && read[0] == b'\n') || read.contains_str("\r\n");
            dollar |= read.contains(&b'$');
            last = read[count - 1];
            hasher.update(read);
            left -= count as u64;
        }
        Ok(Content { id: hasher.try_finalize()?, crlf, dollar })
    }

    /// Whether a symbolic link is the blob of an id.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn is_link(&self, (directory, name): (&OwnedFd, &OsStr), id: &gix::oid) -> Result<bool> {
        let target = rustix::fs::readlinkat(directory, name, Vec::new())?;
        Ok(gix::objs::compute_hash(self.kind, gix::objs::Kind::Blob, target.as_bytes())?.as_ref() == id)
    }
}
