//! Compares HEAD, index and files of a worktree as git does, by reading each once. Where anything is out of the ordinary
//! nothing is answered: then others ask, who know it.

mod hashes;
mod index;
mod others;
mod repository;
mod walk;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::CWD;

use crate::model::name::ObjectId;
use crate::regular;
use index::Index;
pub(super) use repository::Opened;
use walk::{By, Walk};

/// What differs, by paths in the worktree.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Differ from the index, or are gone.
    pub(super) edited: Vec<PathBuf>,
    /// Those of them that git was told to take for unchanged.
    pub(super) assumed: Vec<PathBuf>,
    /// Differ between index and HEAD.
    pub(super) staged: Vec<PathBuf>,
    /// Neither known nor ignored.
    pub(super) untracked: Vec<PathBuf>,
    /// Ignored files and directories.
    pub(super) ignored: Vec<PathBuf>,
    /// Submodules, none of which is there.
    pub(super) gitlinks: Vec<PathBuf>,
}

/// Compares as `git status` does: what the index says of a file is believed while the file has not changed since.
pub(super) fn by_times(opened: &Opened, worktree: &Path, admin_dir: &Path, head: &ObjectId) -> Option<Compared> {
    let place = admin_dir.join("index");
    let written = std::fs::symlink_metadata(&place).ok()?;
    compare(opened, worktree, &regular::read(&place).ok()?, head, By::times(&written))
}

/// Compares every byte, whatever the index says.
pub(super) fn by_content(opened: &Opened, worktree: &Path, admin_dir: &Path, head: &ObjectId) -> Option<Compared> {
    compare(opened, worktree, &regular::read(admin_dir.join("index")).ok()?, head, By::Content)
}

fn compare(opened: &Opened, worktree: &Path, index: &[u8], head: &ObjectId, by: By) -> Option<Compared> {
    let settings = opened.settings.as_ref()?;
    let gix = opened.gix();
    let index = Index::parse(index, gix.object_hash().len_in_bytes())?;
    let mut compared = Compared::default();
    let tree = opened.tree(&gix, head)?;
    if index.tree != Some(tree.as_bytes()) {
        compared.staged = staged(&gix, &index, tree)?;
    }
    let attributes = |entry: &index::Entry<'_>| entry.path == b".gitattributes" || entry.path.ends_with(b"/.gitattributes");
    let converts = settings.converts || index.entries.iter().any(attributes);
    let walk = Walk {
        settings,
        by,
        converts,
        hash: gix.object_hash(),
        patterns: others::Patterns::new(worktree, &gix, settings.excludes_file.as_ref()),
        compared: &mut compared,
        device: 0,
    };
    walk.begin(CWD, worktree, &index.entries)?;
    let Compared { edited, assumed, staged, untracked, ignored, gitlinks: _ } = &mut compared;
    for paths in [edited, assumed, staged, untracked, ignored] {
        paths.sort_by(|one, other| one.as_os_str().as_bytes().cmp(other.as_os_str().as_bytes()));
    }
    Some(compared)
}

/// The paths at which an index is not a tree.
fn staged(gix: &gix::Repository, index: &Index<'_>, tree: gix::ObjectId) -> Option<Vec<PathBuf>> {
    let known = gix.index_from_tree(&tree).ok()?;
    let mut before = known.entries().iter().peekable();
    let mut staged = Vec::new();
    for entry in &index.entries {
        while let Some(gone) = before.next_if(|found| found.path(&known) < entry.path) {
            staged.push(path(gone.path(&known)));
        }
        let same = before.next_if(|found| found.path(&known) == entry.path);
        if !same.is_some_and(|found| found.id.as_bytes() == entry.id && found.mode.bits() == entry.mode()) {
            staged.push(path(entry.path));
        }
    }
    staged.extend(before.map(|gone| path(gone.path(&known))));
    Some(staged)
}

fn path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}
