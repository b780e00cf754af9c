//! One git directory, mostly that of a linked worktree: it is listed once, and what it holds is read from there.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, FileType, OFlags};
use serde::de::DeserializeOwned;

use super::{directory, disk};
use crate::model::mark::Marked;
use crate::model::path::AbsPath;
use crate::regular;

/// What was there when it was listed, and the way to it.
pub(super) struct GitDir<'a> {
    pub(super) path: &'a AbsPath,
    /// `None` where it cannot be listed: then everything may be there.
    listed: Option<(OwnedFd, Vec<(OsString, FileType)>)>,
}

impl<'a> GitDir<'a> {
    /// Lists it.
    pub(super) fn list(path: &'a AbsPath) -> Self {
        let listed = directory::list(CWD, path.as_path().as_os_str()).ok();
        GitDir { path, listed }
    }

    /// Whether a path in it may be there.
    pub(super) fn may_hold(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or(path);
        self.listed.as_ref().is_none_or(|(_, names)| names.iter().any(|(name, _)| name == first))
    }

    /// Whether something is there; what cannot be told counts as something.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.may_hold(path) && !matches!(disk::look(self.path.join(path).as_path()), Ok(None))
    }

    /// A file's bytes; `None` where there is nothing.
    pub(super) fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        if self.may_hold(path) { disk::absent(self.read_with(path, OFlags::empty())) } else { Ok(None) }
    }

    /// A file's bytes, where it is no symbolic link.
    pub(super) fn read_here(&self, path: &str) -> io::Result<Vec<u8>> {
        self.read_with(path, OFlags::NOFOLLOW)
    }

    /// A mark, read from its file.
    pub(super) fn mark<M: DeserializeOwned>(&self, name: &str) -> Marked<M> {
        disk::parse_mark(self.read(name), self.path.join(name).as_path())
    }

    fn read_with(&self, path: &str, flags: OFlags) -> io::Result<Vec<u8>> {
        match &self.listed {
            Some((directory, names)) if names.iter().any(|(name, kind)| name == path && *kind == FileType::RegularFile) => {
                regular::read_listed(directory, path.as_ref(), flags)
            }
            Some((directory, _)) => regular::read_at(directory, path.as_ref(), flags),
            None => regular::read_at(CWD, self.path.join(path).as_path(), flags),
        }
    }
}
