//! Ignored files that a removal may delete at once: those that match `disposable`, in gitignore's syntax.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use gix::bstr::BStr;
use gix::glob::pattern::Case;
use gix::ignore::Search;
use gix::ignore::search::Ignore;

use super::disk;

/// The ignored paths of a checkout, relative to its top, that a pattern covers and none takes back.
pub(super) fn of(patterns: &[String], ignored: &[PathBuf], top: &Path) -> Vec<PathBuf> {
    if patterns.is_empty() {
        return Vec::new();
    }
    let search = Search::from_overrides(patterns, Ignore { support_precious: false });
    let covered = |path: &&PathBuf| {
        let is_dir = matches!(disk::look(&top.join(path)), Ok(Some(found)) if found.is_dir());
        let bytes = path.as_os_str().as_bytes();
        let bytes = bytes.strip_suffix(b"/").unwrap_or(bytes);
        let found = search.pattern_matching_relative_path(BStr::new(bytes), Some(is_dir), Case::Sensitive);
        found.is_some_and(|found| !found.pattern.is_negative())
    };
    ignored.iter().filter(covered).cloned().collect()
}
