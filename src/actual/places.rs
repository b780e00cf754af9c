//! What lies at the places of a builder. No symbolic link is followed below `builders_dir`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::disk;
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

/// Every known place, and every directory with a `.git` down to [`DEPTH`].
pub(super) fn places(builder: &AbsPath, known: &BTreeSet<RelPath>, reachable: bool) -> BTreeMap<RelPath, Occupant> {
    let mut found: BTreeMap<RelPath, Occupant> = known.iter().map(|at| (at.clone(), occupant(builder, at))).collect();
    if reachable {
        let here = RelPath::here();
        if let worktree @ Occupant::Worktree(_) = occupant(builder, &here) {
            found.insert(here.clone(), worktree);
        }
        scan(builder, builder, DEPTH, &mut found);
    }
    found
}

fn scan(builder: &AbsPath, directory: &AbsPath, depth: usize, found: &mut BTreeMap<RelPath, Occupant>) {
    for path in disk::list(directory.as_path()).unwrap_or_default() {
        let Ok(Some(entry)) = disk::look(&path) else { continue };
        if !entry.is_dir() || path.file_name().is_some_and(|name| name == ".git") || is_mount(&path, &entry) {
            continue;
        }
        let path = directory.join(path);
        let has_git = matches!(disk::look(path.join(".git").as_path()), Ok(Some(_)) | Err(_));
        // A place whose name is not UTF-8 cannot be declared; strays report it.
        let at = path.relative_to(builder).to_str().and_then(|at| RelPath::new(at).ok());
        match (has_git, at) {
            (true, Some(at)) => {
                let what = occupant(builder, &at);
                found.insert(at, what);
            }
            (false, _) if depth > 1 => scan(builder, &path, depth - 1, found),
            (true, None) | (false, _) => {}
        }
    }
}
