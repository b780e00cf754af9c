//! What differs between the index and the tree of HEAD.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use gix::index::State;
use gix::index::entry::Flags;

/// Whether the index says of itself that it is a tree: whoever changes an entry takes that back.
pub(super) fn is_tree(index: &State, tree: gix::ObjectId) -> bool {
    let count = u32::try_from(index.entries().len()).ok();
    index.tree().is_some_and(|found| found.id == tree && count.is_some() && found.num_entries == count)
}

/// The paths that differ, without unmerged ones. What is only intended to be added is not there yet.
pub(super) fn staged(index: &State, tree: &State) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut there = tree.entries().iter().map(|entry| (entry.path(tree), entry)).peekable();
    let mut here = index.entries().iter().map(|entry| (entry.path(index), entry)).peekable();
    let mut push = |path: &[u8]| found.push(PathBuf::from(OsStr::from_bytes(path)));
    loop {
        let order = match (here.peek(), there.peek()) {
            (Some((ours, _)), Some((theirs, _))) => ours.cmp(theirs),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return found,
        };
        let theirs = if order.is_ge() { there.next() } else { None };
        let Some((path, ours)) = (if order.is_le() { here.next() } else { None }) else {
            if let Some((path, _)) = theirs {
                push(path);
            }
            continue;
        };
        if ours.flags.stage_raw() != 0 {
            while here.next_if(|(next, _)| *next == path).is_some() {}
            continue;
        }
        let ours = Some(ours).filter(|entry| !entry.flags.contains(Flags::INTENT_TO_ADD)).map(|entry| (entry.mode, entry.id));
        if ours != theirs.map(|(_, entry)| (entry.mode, entry.id)) {
            push(path);
        }
    }
}
