//! What lies at the places of a builder. No symbolic link is followed below `builders_dir`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::Metadata;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dev, FileType};

use super::{directory, disk};
use crate::model::builder::Occupant;
use crate::model::path::{AbsPath, RelPath};

/// How deep the deepest layout puts a checkout.
const DEPTH: usize = 3;

/// What lies at a path in a builder.
pub(super) fn occupant(builder: &AbsPath, at: &RelPath) -> Occupant {
    let mut path = builder.clone();
    let mut parts = at.as_str().split('/').filter(|part| *part != ".").peekable();
    loop {
        let found = match disk::look(path.as_path()) {
            Ok(Some(found)) => found,
            Ok(None) => return Occupant::Nothing,
            Err(error) => return Occupant::Unreadable(error.to_string()),
        };
        if found.is_symlink() {
            return Occupant::Symlink;
        }
        let Some(part) = parts.next() else {
            return at_end(&path, &found);
        };
        if !found.is_dir() {
            return Occupant::File;
        }
        path = path.join(part);
    }
}

fn at_end(path: &AbsPath, found: &Metadata) -> Occupant {
    if is_mount(path.as_path(), found) {
        return Occupant::Mount;
    }
    if !found.is_dir() {
        return Occupant::File;
    }
    match disk::look(path.join(".git").as_path()) {
        Ok(Some(git)) if git.is_file() => match disk::git_file(path) {
            Ok(git_dir) => Occupant::Worktree(git_dir),
            Err(error) => Occupant::Unreadable(error.to_string()),
        },
        Ok(Some(git)) if git.is_dir() => Occupant::Repository,
        Ok(Some(_)) => Occupant::Unreadable("its .git is neither a file nor a directory".into()),
        Ok(None) if disk::is_git_dir(path.as_path()) => Occupant::Repository,
        Ok(None) => match disk::list(path.as_path()) {
            Ok(entries) if entries.is_empty() => Occupant::Empty,
            Ok(_) => Occupant::Directory,
            Err(error) => Occupant::Unreadable(error.to_string()),
        },
        Err(error) => Occupant::Unreadable(error.to_string()),
    }
}

/// Whether a path lies on another device than the directory that holds it.
pub(super) fn is_mount(path: &Path, found: &Metadata) -> bool {
    let parent = path.parent().and_then(|parent| disk::look(parent).ok().flatten());
    parent.is_some_and(|parent| parent.dev() != found.dev())
}

/// Every known place, and every directory with a `.git` down to [`DEPTH`]. `whole` tells of a worktree that was read already.
pub(super) fn places<'a>(
    builder: &AbsPath,
    known: &BTreeSet<RelPath>,
    reachable: bool,
    whole: &dyn Fn(&RelPath) -> Option<&'a AbsPath>,
) -> BTreeMap<RelPath, Occupant> {
    let mut found = BTreeMap::new();
    if reachable {
        let here = RelPath::here();
        if let worktree @ Occupant::Worktree(_) = occupant(builder, &here) {
            found.insert(here.clone(), worktree);
        }
        if let Ok(listed) = directory::list(CWD, builder.as_path().as_os_str()) {
            let device = rustix::fs::fstat(&listed.0).ok().map(|found| found.st_dev);
            Scan { builder, whole, device, found: &mut found }.scan(listed, builder, DEPTH);
        }
    }
    for at in known {
        found.entry(at.clone()).or_insert_with(|| occupant(builder, at));
    }
    found
}

/// A walk over directories that lie on one device and are no symbolic links.
struct Scan<'a, 'b> {
    builder: &'a AbsPath,
    whole: &'a dyn Fn(&RelPath) -> Option<&'b AbsPath>,
    device: Option<Dev>,
    found: &'a mut BTreeMap<RelPath, Occupant>,
}

impl Scan<'_, '_> {
    fn scan(&mut self, (directory, entries): (OwnedFd, Vec<(OsString, FileType)>), path: &AbsPath, depth: usize) {
        for (name, kind) in entries {
            if name == ".git" || kind != FileType::Directory {
                continue;
            }
            let Ok(there) = rustix::fs::statat(&directory, &name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if FileType::from_raw_mode(there.st_mode) != FileType::Directory || Some(there.st_dev) != self.device {
                continue;
            }
            let path = path.join(&name);
            // A place whose name is not UTF-8 cannot be declared; strays report it.
            let at = path.relative_to(self.builder).to_str().and_then(|at| RelPath::new(at).ok());
            if let Some((at, admin_dir)) = at.as_ref().and_then(|at| Some((at, (self.whole)(at)?))) {
                self.found.insert(at.clone(), Occupant::Worktree(admin_dir.clone()));
                continue;
            }
            let has_git = matches!(disk::look(path.join(".git").as_path()), Ok(Some(_)) | Err(_));
            match (has_git, at) {
                (true, Some(at)) => {
                    let what = occupant(self.builder, &at);
                    self.found.insert(at, what);
                }
                (false, _) if depth > 1 => {
                    if let Ok(listed) = directory::list(&directory, &name) {
                        self.scan(listed, &path, depth - 1);
                    }
                }
                (true, None) | (false, _) => {}
            }
        }
    }
}
