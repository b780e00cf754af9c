//! A worktree's index, read without refreshing it. git itself would touch the shared half of a split index.

use std::path::Path;

use anyhow::Result;
use gix::index::File;
use gix::index::decode::Options;

use super::disk;
use crate::model::actual::ObjectFormat;

/// The hash of a format, as gix names it.
pub(super) fn hash(format: ObjectFormat) -> gix::hash::Kind {
    match format {
        ObjectFormat::Sha1 => gix::hash::Kind::Sha1,
        ObjectFormat::Sha256 => gix::hash::Kind::Sha256,
    }
}

/// Reads the index of a git directory; `None` where there is none.
pub(super) fn open(git_dir: &Path, format: ObjectFormat) -> Result<Option<File>> {
    open_with(git_dir, hash(format))
}

/// Others are at work on every core.
pub(super) const OPTIONS: Options = Options {
    thread_limit: Some(1),
    min_extension_block_in_bytes_for_threading: 0,
    expected_checksum: None,
    alloc_limit_bytes: None,
};

/// The same where the hash is known.
pub(super) fn open_with(git_dir: &Path, hash: gix::hash::Kind) -> Result<Option<File>> {
    let path = git_dir.join("index");
    if disk::look(&path)?.is_none() {
        return Ok(None);
    }
    Ok(Some(File::at(path, hash, false, OPTIONS)?))
}

/// Whether the index holds a path, itself or inside a directory that a sparse index keeps whole.
pub(super) fn holds(index: &File, path: &[u8]) -> bool {
    index.entry_by_path(path.into()).is_some()
        || (index.is_sparse()
            && index.entries().iter().any(|entry| entry.mode.is_sparse() && path.starts_with(entry.path(index).as_ref())))
}
