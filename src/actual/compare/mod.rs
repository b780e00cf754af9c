//! Compares HEAD, index and files of a worktree as git does, by reading each once. What this does not know for certain is an
//! error inside and nothing outside: then others ask, who know it.

mod attributes;
mod blob;
mod children;
#[cfg(test)]
mod corpus;
mod entry;
mod hashes;
mod ignored;
mod repository;
mod settings;
mod staged;
#[cfg(test)]
mod tests;
mod walk;

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use gix::index::State;
use gix::index::entry::Flags;

pub(super) use repository::Opened;
use walk::Walk;

use super::content::Changes;
use super::index;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;
use crate::regular;

/// What shows that a file is as the index has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Its times, size and inode, as for git's own status; what the user hides stays hidden, what is ignored is not told.
    Times,
    /// Its content.
    Content,
}

/// A linked worktree, and the commit that its HEAD is at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) worktree: &'a AbsPath,
    pub(super) admin_dir: &'a AbsPath,
    pub(super) head: &'a ObjectId,
}

/// Compares as `git status` does: what the index says of a file is believed while the file has not changed since. What is
/// ignored is not told.
pub(super) fn by_times(opened: &Opened, place: Place<'_>) -> Option<Changes> {
    compare(opened, place, Sight::Times).ok()
}

/// Compares every byte, whatever the index says.
pub(super) fn by_content(opened: &Opened, place: Place<'_>) -> Option<Changes> {
    compare(opened, place, Sight::Content).ok()
}

fn compare(opened: &Opened, place: Place<'_>, sight: Sight) -> Result<Changes> {
    let gix = opened.gix();
    let settings = opened.settings(&gix, place.admin_dir)?;
    let index = read_index(&gix, place, sight)?;
    let mut changes = Changes::default();
    let tree = opened.tree(&gix, place.head).context("the tree of HEAD cannot be read")?;
    if sight == Sight::Content || !staged::is_tree(&index.state, tree) {
        let tree = Opened::flat(&gix, tree)?;
        changes.staged = staged::staged(&index.state, &tree);
    }
    Walk::new((place, &index), &settings, sight, &mut changes).run()?;
    let Changes { edited, staged, conflicts, untracked, ignored, hidden: _, gitlinks: _, moved: _, alone: _ } = &mut changes;
    for paths in [edited, staged, conflicts, untracked, ignored] {
        paths.sort_unstable_by(|one: &PathBuf, other| one.as_os_str().as_bytes().cmp(other.as_os_str().as_bytes()));
    }
    Ok(changes)
}

/// An index, and when it was written: seconds and nanoseconds.
struct Index {
    state: State,
    written: (i64, i64),
}

fn read_index(gix: &gix::Repository, place: Place<'_>, sight: Sight) -> Result<Index> {
    let owner = std::fs::symlink_metadata(place.admin_dir)?.uid();
    // git refuses what is somebody else's, and knows exceptions.
    ensure!(owner == rustix::process::geteuid().as_raw(), "{} is another user's", place.admin_dir);
    let path = place.admin_dir.join("index");
    // Before it is read: what is written meanwhile counts as written later than it was.
    let found = std::fs::symlink_metadata(&path)?;
    ensure!(found.is_file(), "the index is no regular file");
    let (kind, options) = (gix.object_hash(), index::OPTIONS);
    let of_times = match sight {
        Sight::Times => Some(State::from_bytes(&regular::read_here(&path)?, State::new(kind).timestamp(), kind, options)?.0),
        Sight::Content => None,
    };
    let state = match of_times.filter(|state| state.link().is_none()) {
        Some(state) => state,
        // With its other half, or with its checksum, which git does not look at.
        None => index::open_with(place.admin_dir.as_path(), kind)?.context("there is no index")?.into_parts().0,
    };
    ensure!(!state.is_sparse(), "the index is sparse");
    if sight == Sight::Content {
        let odd = |flags: Flags| flags.contains(Flags::INTENT_TO_ADD) || flags.stage_raw() != 0;
        ensure!(!state.entries().iter().any(|entry| odd(entry.flags)), "an entry of the index is no file yet, or unmerged");
    }
    Ok(Index { state, written: (found.mtime(), found.mtime_nsec()) })
}
