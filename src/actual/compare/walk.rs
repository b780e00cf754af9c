//! Goes through the directories of a worktree, each opened from the one above it, beside the entries of its index.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::objs::Kind;
use rustix::fs::{AtFlags, FileType, OFlags, Stat};
use rustix::io::Errno;

use super::hashes::{Content, Seen};
use super::index::Entry;
use super::others::Patterns;
use super::repository::Settings;
use super::{Compared, path};
use crate::actual::directory;
use crate::regular;

/// How a file is compared with its entry.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// By what the index remembers of it; the index was written then: seconds and nanoseconds.
    Times(i64, i64),
    /// By its bytes.
    Content,
}

impl By {
    pub(super) fn times(index: &Metadata) -> Self {
        By::Times(index.mtime(), index.mtime_nsec())
    }
}

pub(super) struct Walk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) by: By,
    /// Whether contents may be converted between objects and files.
    pub(super) converts: bool,
    pub(super) hash: gix::hash::Kind,
    pub(super) patterns: Patterns<'a>,
    pub(super) compared: &'a mut Compared,
    /// The device that the worktree lies on.
    pub(super) device: rustix::fs::Dev,
}

const GITLINK: u32 = 0o160_000;
const LINK: u32 = 0o120_000;
const EXECUTABLE: u32 = 0o100;

impl Walk<'_> {
    /// Compares a whole worktree. `None`: something is there that is out of the ordinary.
    pub(super) fn begin(mut self, above: impl AsFd, worktree: &Path, entries: &[Entry<'_>]) -> Option<()> {
        let (directory, listed) = directory::list(above, worktree.as_os_str()).ok()?;
        self.device = rustix::fs::fstat(&directory).ok()?.st_dev;
        self.directory(&directory, listed, b"", entries)
    }

    /// The entries are those whose paths begin with `prefix`.
    fn directory(
        &mut self,
        directory: &OwnedFd,
        listed: Vec<(OsString, FileType)>,
        prefix: &[u8],
        entries: &[Entry<'_>],
    ) -> Option<()> {
        let mut tracked: Vec<(&[u8], bool)> = Vec::new();
        let mut rest = entries;
        while let Some(entry) = rest.first() {
            let tail = &entry.path[prefix.len()..];
            let Some(end) = tail.iter().position(|byte| *byte == b'/') else {
                self.entry(directory, entry, OsStr::from_bytes(tail))?;
                // Where a directory is in the place of a submodule, what is in it is the submodule's.
                tracked.push((tail, entry.mode() == GITLINK));
                rest = &rest[1..];
                continue;
            };
            let below = &entry.path[..=prefix.len() + end];
            let count = rest.iter().position(|other| !other.path.starts_with(below)).unwrap_or(rest.len());
            let (inside, behind) = rest.split_at(count);
            self.subdirectory(directory, OsStr::from_bytes(&tail[..end]), below, inside)?;
            tracked.push((&tail[..end], true));
            rest = behind;
        }
        tracked.sort_unstable();
        if is_bare(&listed) {
            return None;
        }
        for (name, kind) in listed {
            let name = name.as_bytes();
            let known = tracked.binary_search_by(|(known, _)| known.cmp(&name)).ok().map(|at| tracked[at].1);
            // A directory where a file is known, or the other way round, is not what is known.
            if known != Some(kind == FileType::Directory) && name != b".git" {
                self.other(directory, &[prefix, name].concat(), name, kind)?;
            } else if name == b".git" && !prefix.is_empty() {
                return None;
            }
        }
        Some(())
    }

    fn subdirectory(&mut self, above: &OwnedFd, name: &OsStr, prefix: &[u8], entries: &[Entry<'_>]) -> Option<()> {
        match directory::list(above, name) {
            Ok((directory, listed)) => self.directory(&directory, listed, prefix, entries),
            Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP)) => {
                entries.iter().filter(|entry| !entry.assumed || matches!(self.by, By::Content)).for_each(|entry| {
                    self.compared.edited.push(path(entry.path));
                    self.compared.assumed.extend(entry.assumed.then(|| path(entry.path)));
                });
                Some(())
            }
            Err(_) => None,
        }
    }

    fn entry(&mut self, directory: &OwnedFd, entry: &Entry<'_>, name: &OsStr) -> Option<()> {
        if entry.mode() == GITLINK {
            self.compared.gitlinks.push(path(entry.path));
        } else if entry.assumed && matches!(self.by, By::Times(..)) {
            return Some(());
        }
        let found = match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Some(found),
            Err(Errno::NOENT | Errno::NOTDIR) => None,
            Err(_) => return None,
        };
        let differs = match found {
            None => true,
            Some(found) if found.st_dev != self.device => return None,
            Some(found) => self.differs(directory, entry, name, &found)?,
        };
        if differs {
            self.compared.edited.push(path(entry.path));
            self.compared.assumed.extend(entry.assumed.then(|| path(entry.path)));
        }
        Some(())
    }

    fn differs(&self, directory: &OwnedFd, entry: &Entry<'_>, name: &OsStr, found: &Stat) -> Option<bool> {
        let (mode, kind) = (entry.mode(), FileType::from_raw_mode(found.st_mode));
        let expected = match mode {
            GITLINK => FileType::Directory,
            LINK => FileType::Symlink,
            _ => FileType::RegularFile,
        };
        if kind != expected {
            return Some(true);
        }
        if mode == GITLINK {
            // One that is there has a state of its own.
            return rustix::fs::statat(directory, Path::new(name).join(".git"), AtFlags::SYMLINK_NOFOLLOW)
                .is_err()
                .then_some(false);
        }
        let executable = |mode: u32| mode & EXECUTABLE != 0;
        if mode != LINK && self.settings.file_mode && executable(mode) != executable(found.st_mode) {
            return Some(true);
        }
        match self.by {
            By::Times(..) if self.is_unchanged(entry, found) => Some(false),
            By::Times(..) | By::Content => self.has_other_content(directory, entry, name, found),
        }
    }

    /// Whether the index remembers the file as it is, and was written later than the file.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index has room for 32 bits of each")]
    fn is_unchanged(&self, entry: &Entry<'_>, found: &Stat) -> bool {
        let By::Times(seconds, nanoseconds) = self.by else { return false };
        let changed = !self.settings.trust_ctime
            || (entry.number(0) == found.st_ctime as u32 && entry.number(1) == found.st_ctime_nsec as u32);
        let same = changed
            && entry.number(2) == found.st_mtime as u32
            && entry.number(3) == found.st_mtime_nsec as u32
            && entry.number(5) == found.st_ino as u32
            && entry.number(7) == found.st_uid
            && entry.number(8) == found.st_gid
            && entry.number(9) == found.st_size as u32;
        // What was written in the same moment may have been written again in it.
        same && (found.st_mtime, i64::try_from(found.st_mtime_nsec).unwrap_or(i64::MAX)) < (seconds, nanoseconds)
    }

    fn has_other_content(&self, directory: &OwnedFd, entry: &Entry<'_>, name: &OsStr, found: &Stat) -> Option<bool> {
        let seen = Seen::of(found);
        let known = seen.and_then(|seen| seen.content());
        let content = known.or_else(|| self.content(directory, name, found))?;
        if let Some(seen) = seen.filter(|_| known.is_none()) {
            seen.remember(content);
        }
        let same = content.id.as_bytes() == entry.id;
        let may_convert = self.converts && entry.mode() != LINK;
        if may_convert && (!same || content.crlf) { None } else { Some(!same) }
    }

    fn content(&self, directory: &OwnedFd, name: &OsStr, found: &Stat) -> Option<Content> {
        let bytes = if FileType::from_raw_mode(found.st_mode) == FileType::Symlink {
            rustix::fs::readlinkat(directory, name, Vec::new()).ok()?.into_bytes()
        } else {
            regular::read_at(directory, Path::new(name), OFlags::NOFOLLOW).ok()?
        };
        let id = gix::objs::compute_hash(self.hash, Kind::Blob, &bytes).ok()?;
        Some(Content { id, crlf: bytes.contains_str("\r\n") })
    }

    fn is_mounted(&self, directory: &OwnedFd) -> Option<bool> {
        Some(rustix::fs::fstat(directory).ok()?.st_dev != self.device)
    }

    /// What the index does not know.
    fn other(&mut self, above: &OwnedFd, at: &[u8], name: &[u8], kind: FileType) -> Option<()> {
        let is_directory = kind == FileType::Directory;
        if !is_directory && !matches!(kind, FileType::RegularFile | FileType::Symlink) {
            return Some(());
        }
        if name == b".gitattributes" && !self.converts {
            return None;
        }
        if self.patterns.ignore(at, is_directory)? {
            self.compared.ignored.push(path(at));
            return Some(());
        }
        if !is_directory {
            self.compared.untracked.push(path(at));
            return Some(());
        }
        let (directory, listed) = directory::list(above, OsStr::from_bytes(name)).ok()?;
        if is_bare(&listed) || listed.iter().any(|(name, _)| name == ".git") || self.is_mounted(&directory)? {
            return None;
        }
        listed.into_iter().try_for_each(|(name, kind)| {
            let name = name.as_bytes();
            self.other(&directory, &[at, b"/", name].concat(), name, kind)
        })
    }
}

/// Whether a directory looks like a repository without a worktree.
fn is_bare(listed: &[(OsString, FileType)]) -> bool {
    ["HEAD", "objects", "refs"].iter().all(|part| listed.iter().any(|(name, _)| name == part))
}
