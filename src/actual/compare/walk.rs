//! One pass over the directories of a worktree, each beside its part of the index.

use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use gix::index::State;
use gix::index::entry::{Flags, Mode};
use rustix::fs::{AtFlags, CWD, FileType};
use rustix::io::Errno;

use super::blob::Blobs;
use super::children::{Child, children};
use super::entry::{self, Glance};
use super::ignored::{Level, Levels, is_git};
use super::settings::Settings;
use super::{Index, Place, Sight};
use crate::actual::content::Changes;
use crate::actual::{directory, disk};
use crate::model::path::AbsPath;
use crate::model::work::HiddenBy;
use crate::regular;

/// Names in a directory, and what each is.
type Names = Vec<(OsString, FileType)>;

pub(super) struct Walk<'a> {
    place: Place<'a>,
    index: &'a State,
    written: (i64, i64),
    settings: &'a Settings,
    sight: Sight,
    changes: &'a mut Changes,
    levels: Levels<'a>,
    blobs: Blobs,
    empty: gix::ObjectId,
    /// The device that the worktree lies on.
    device: Option<rustix::fs::Dev>,
    /// Where it is, with a slash at the end below the top.
    path: Vec<u8>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        (place, index): (Place<'a>, &'a Index),
        settings: &'a Settings,
        sight: Sight,
        changes: &'a mut Changes,
    ) -> Self {
        let Index { state: index, written } = index;
        let (kind, written) = (index.object_hash(), *written);
        let empty = gix::ObjectId::empty_blob(kind);
        let (levels, blobs) = (Levels::new(settings), Blobs::new(kind));
        Walk { place, index, written, settings, sight, changes, levels, blobs, empty, device: None, path: Vec::new() }
    }

    /// Walks through everything.
    pub(super) fn run(mut self) -> Result<()> {
        let top = directory::list(CWD, self.place.worktree.as_path().as_os_str())?;
        let all = 0..self.index.entries().len();
        let found = rustix::fs::fstat(&top.0)?;
        ensure!(found.st_uid == rustix::process::geteuid().as_raw(), "{} is another user's", self.place.worktree);
        self.device = Some(found.st_dev);
        self.changes.alone = true;
        self.directory(top, all)
    }

    /// A directory that was listed, whose entries are in `range`.
    fn directory(&mut self, (directory, names): (OwnedFd, Names), range: Range<usize>) -> Result<()> {
        self.meet(&directory, &names)?;
        let index = self.index;
        let children = children(index, range, self.path.len())?;
        let find = |name: &[u8]| children.binary_search_by_key(&name, |(name, _)| *name).ok();
        let tracked = |name: &str| match &children[find(name.as_bytes())?].1 {
            Child::Entries(range) => Some(index.entry(range.start).flags.contains(Flags::SKIP_WORKTREE)),
            Child::Below(_) => None,
        };
        self.levels.all.push(Level::new(directory, self.path.len(), &names, tracked));
        let mut seen = vec![false; children.len()];
        for (name, kind) in names.iter().filter(|(name, _)| !is_git(name)) {
            let Some(at) = find(name.as_bytes()) else {
                self.other(name, *kind)?;
                continue;
            };
            seen[at] = true;
            match &children[at].1 {
                Child::Entries(range) => self.entries(range, name, *kind)?,
                Child::Below(range) if *kind == FileType::Directory => self.enter(name, range.clone())?,
                Child::Below(range) => {
                    range.clone().for_each(|at| self.gone(at));
                    self.other(name, *kind)?;
                }
            }
        }
        for ((name, child), _) in children.iter().zip(seen).filter(|(_, seen)| !seen) {
            // Names may be listed otherwise than they are asked for.
            ensure!(self.look(OsStr::from_bytes(name))?.is_none(), "a file is not listed where it is");
            let (Child::Entries(range) | Child::Below(range)) = child;
            range.clone().for_each(|at| self.gone(at));
        }
        self.levels.all.pop();
        Ok(())
    }

    /// Finds out whether a directory is something of its own: a repository, or a mount point.
    fn meet(&mut self, directory: &OwnedFd, names: &Names) -> Result<()> {
        if self.sight == Sight::Times {
            return Ok(());
        }
        let has = |name: &str| names.iter().any(|(found, _)| found == name);
        let is_repository = (!self.path.is_empty() && has(".git")) || (has("HEAD") && has("objects") && has("refs"));
        let is_mounted = Some(rustix::fs::fstat(directory)?.st_dev) != self.device;
        self.changes.alone &= !is_repository && !is_mounted;
        Ok(())
    }

    /// The directory where the walk is.
    fn here(&self) -> Result<&OwnedFd> {
        match self.levels.all.last() {
            Some(level) => Ok(&level.directory),
            None => bail!("the walk is nowhere"),
        }
    }

    fn look(&self, name: &OsStr) -> Result<Option<rustix::fs::Stat>> {
        match rustix::fs::statat(self.here()?, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn enter(&mut self, name: &OsStr, range: Range<usize>) -> Result<()> {
        let listed = directory::list(self.here()?, name)?;
        // Of an untracked directory, which may be a repository.
        if range.is_empty() && listed.1.iter().any(|(name, _)| is_git(name)) {
            let path = self.at(name);
            ensure!(
                is_repository(&self.place.worktree.join(&path)),
                "it is not clear whether {} is a repository",
                path.display()
            );
            self.changes.untracked.push(path);
            self.changes.alone = false;
            return Ok(());
        }
        let length = self.path.len();
        self.path.extend(name.as_bytes());
        self.path.push(b'/');
        self.directory(listed, range)?;
        self.path.truncate(length);
        Ok(())
    }

    /// What the index does not have.
    fn other(&mut self, name: &OsStr, kind: FileType) -> Result<()> {
        // git tells of nothing else.
        if !matches!(kind, FileType::RegularFile | FileType::Symlink | FileType::Directory) {
            return Ok(());
        }
        let is_dir = kind == FileType::Directory;
        let length = self.path.len();
        self.path.extend(name.as_bytes());
        let excluded = self.levels.excludes(&self.path, is_dir);
        self.path.truncate(length);
        match (excluded?, self.sight) {
            (true, Sight::Times) => {}
            (true, Sight::Content) => self.changes.ignored.push(self.at(name)),
            (false, _) if is_dir => self.enter(name, 0..0)?,
            (false, _) => self.changes.untracked.push(self.at(name)),
        }
        Ok(())
    }

    /// What the index has, and lies there.
    fn entries(&mut self, range: &Range<usize>, name: &OsStr, kind: FileType) -> Result<()> {
        let entry = self.index.entry(range.start);
        if entry.mode == Mode::COMMIT {
            return self.gitlink(name, kind);
        }
        if entry.flags.stage_raw() != 0 {
            self.changes.conflicts.push(self.at(name));
        } else if entry.flags.contains(Flags::INTENT_TO_ADD)
            || !(self.is_hidden(range.start) || self.is_same(range.start, name)?)
        {
            self.edited(range.start);
        }
        if kind == FileType::Directory {
            ensure!(self.look(&Path::new(name).join(".git").into_os_string())?.is_none(), "a repository is where a file was");
            self.other(name, kind)?;
        }
        Ok(())
    }

    /// A submodule that is not populated is as it was recorded.
    fn gitlink(&mut self, name: &OsStr, kind: FileType) -> Result<()> {
        ensure!(kind == FileType::Directory, "something else is where a submodule was");
        ensure!(self.look(&Path::new(name).join(".git").into_os_string())?.is_none(), "a submodule is populated");
        self.changes.gitlinks.insert(self.at(name));
        // What is in it is not looked at.
        self.changes.alone = false;
        Ok(())
    }

    /// What the index has, and does not lie there.
    fn gone(&mut self, at: usize) {
        let entry = self.index.entry(at);
        let path = path(entry.path(self.index));
        if entry.mode == Mode::COMMIT {
            self.changes.gitlinks.insert(path.clone());
        }
        if entry.flags.stage_raw() != 0 {
            if self.changes.conflicts.last() != Some(&path) {
                self.changes.conflicts.push(path);
            }
        } else if !self.is_hidden(at) && !entry.flags.contains(Flags::SKIP_WORKTREE) {
            self.edited(at);
        }
    }

    /// Whether the user told git not to look.
    fn is_hidden(&self, at: usize) -> bool {
        let flags = self.index.entry(at).flags;
        self.sight == Sight::Times && flags.intersects(Flags::ASSUME_VALID | Flags::SKIP_WORKTREE)
    }

    fn edited(&mut self, at: usize) {
        let entry = self.index.entry(at);
        let path = path(entry.path(self.index));
        let hidden = if entry.flags.contains(Flags::SKIP_WORKTREE) {
            Some(HiddenBy::SkipWorktree)
        } else {
            entry.flags.contains(Flags::ASSUME_VALID).then_some(HiddenBy::AssumeUnchanged)
        };
        if let (Some(hidden), Sight::Content) = (hidden, self.sight) {
            self.changes.hidden.insert(path.clone(), hidden);
        }
        self.changes.edited.push(path);
    }

    fn is_same(&mut self, at: usize, name: &OsStr) -> Result<bool> {
        let entry = self.index.entry(at);
        let Some(found) = self.look(name)? else { return Ok(false) };
        self.changes.alone &= Some(found.st_dev) == self.device;
        if !entry::is_kind(entry.mode, &found, self.settings.executable) {
            return Ok(false);
        }
        if self.sight == Sight::Times {
            let racy = entry::is_racy(&entry.stat, self.written, self.settings.stat);
            let empty = entry.id == self.empty;
            match entry::glance(&entry.stat, racy, &entry::stat(&found), self.settings.stat, empty) {
                Glance::Same => return Ok(true),
                Glance::Differs => return Ok(false),
                Glance::Unknown => {}
            }
        }
        if entry.mode == Mode::SYMLINK {
            return self.blobs.is_link((self.here()?, name), &entry.id);
        }
        let attributes = self.levels.attributes()?;
        let Some(level) = self.levels.all.last() else { bail!("the walk is nowhere") };
        self.blobs.is_file((&level.directory, name), &found, &entry.id, attributes)
    }

    fn at(&self, name: &OsStr) -> PathBuf {
        path(&[&self.path, name.as_bytes()].concat())
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

/// Whether git takes what lies in a directory as `.git` for that of a repository, beyond doubt.
fn is_repository(top: &AbsPath) -> bool {
    let dot_git = top.join(".git");
    let git_dir = match disk::look(dot_git.as_path()) {
        Ok(Some(found)) if found.is_file() => disk::git_file(top).ok(),
        Ok(Some(found)) if found.is_dir() => Some(dot_git),
        Ok(_) | Err(_) => None,
    };
    git_dir.is_some_and(|git_dir| {
        let head = regular::read(git_dir.join("HEAD")).unwrap_or_default();
        let common = git_dir.join("commondir").as_path().is_file();
        let named =
            head.starts_with(b"ref: refs/") || (head.len() >= 40 && head.trim_ascii_end().iter().all(u8::is_ascii_hexdigit));
        named && (common || disk::is_git_dir(git_dir.as_path()))
    })
}
