//! What the index has in one directory: its entries are sorted by their whole paths.

use std::ops::Range;

use anyhow::{Result, ensure};
use gix::index::State;

/// One name in a directory, by where its entries are.
pub(super) enum Child {
    /// A file or gitlink: one entry, or one for each stage.
    Entries(Range<usize>),
    /// A directory.
    Below(Range<usize>),
}

/// The children of a directory whose entries are in `range`, with paths that go on after so many bytes; by name.
///
/// # Errors
/// A name is a file and a directory.
pub(super) fn children(index: &State, range: Range<usize>, prefix: usize) -> Result<Vec<(&[u8], Child)>> {
    let path = |at: usize| -> &[u8] { index.entry(at).path(index) };
    let mut found: Vec<(&[u8], Child)> = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let whole = path(at);
        let rest = &whole[prefix..];
        let slash = rest.iter().position(|byte| *byte == b'/');
        let same = &whole[..prefix + slash.map_or(rest.len(), |slash| slash + 1)];
        let belongs = |other: &[u8]| if slash.is_some() { other.starts_with(same) } else { other == same };
        let end = (at + 1..range.end).find(|next| !belongs(path(*next))).unwrap_or(range.end);
        found.push(match slash {
            Some(slash) => (&rest[..slash], Child::Below(at..end)),
            None => (rest, Child::Entries(at..end)),
        });
        at = end;
    }
    found.sort_unstable_by_key(|(name, _)| *name);
    ensure!(found.windows(2).all(|pair| pair[0].0 != pair[1].0), "a name is a file and a directory in the index");
    Ok(found)
}
