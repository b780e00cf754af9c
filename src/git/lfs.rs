//! Brings the content of files of which git has pointers, by the filter of git-lfs: beside the checkout first, then each in its
//! place by one rename, so that no half of a file ever stands there, and nothing is written through a link.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context as _, Result};

use super::command::Git;
use super::own_files::{refuse_links, sync_file_system, temporary, token};
use crate::model::lfs::is_pointer;
use crate::model::path::{AbsPath, RelPath};
use crate::regular;

/// Fetches, then writes; `own` is a directory of ours on the same file system. See `Door::bring_content`.
pub(super) fn bring(git: &Git, own: &AbsPath, checkout: &AbsPath, paths: &[RelPath]) -> Result<()> {
    if paths.is_empty() {
        return settle(git, checkout);
    }
    git.at(checkout)?.network().args(["lfs", "fetch"]).run()?;
    let draft = tempfile::Builder::new().prefix(&temporary(token()?)).tempdir_in(own);
    let draft = draft.with_context(|| format!("{own} cannot be written"))?;
    let drafted = AbsPath::new(draft.path())?;
    let mut prefix = OsString::from("--prefix=");
    prefix.push(drafted.as_path());
    prefix.push("/");
    let filter = unskipped(git, checkout)?;
    let call = git.at(checkout)?.network().args(filter.iter().flat_map(|setting| ["-c", setting]));
    call.args(["checkout-index", "-z", "--stdin"]).arg(prefix).fed(&listed(paths))?;
    sync_file_system(&drafted)?;
    let mut brought = Vec::new();
    for path in paths {
        let (new, place) = (path.under(&drafted), path.under(checkout));
        refuse_links(checkout, &place)?;
        // What somebody wrote there since stays.
        if regular::read(&place).is_ok_and(|bytes| is_pointer(&bytes)) {
            fs::rename(&new, &place).with_context(|| format!("{place} cannot be written"))?;
            brought.push(path);
        }
    }
    git.at(checkout)?.args(["update-index", "-z", "--stdin"]).fed(&listed(brought)).map(drop)
}

/// Lets the index know of content that came and that it was not told of: its size is not that of the pointer, which git takes
/// for an edit without a look. What is an edit stays one.
fn settle(git: &Git, checkout: &AbsPath) -> Result<()> {
    let differ =
        git.at(checkout)?.args(["diff-files", "--raw", "--no-abbrev", "-z", "--diff-filter=M", "--", ":(attr:filter=lfs)"]);
    let text = differ.run()?;
    let mut fields = text.split(|byte| *byte == 0);
    let mut recorded = Vec::new();
    while let (Some(entry), Some(path)) = (fields.next().filter(|entry| !entry.is_empty()), fields.next()) {
        let id = entry.split(|byte| *byte == b' ').nth(2).unwrap_or_default();
        if !path.contains(&b'\n') {
            recorded.push((id, path));
        }
    }
    if recorded.is_empty() {
        return Ok(());
    }
    let lines: Vec<u8> = recorded.iter().flat_map(|(_, path)| path.iter().copied().chain([b'\n'])).collect();
    let found = git.at(checkout)?.args(["hash-object", "--stdin-paths"]).fed(&lines)?;
    let same = recorded.iter().zip(found.split(|byte| *byte == b'\n')).filter(|((id, _), found)| id == found);
    let list: Vec<u8> = same.flat_map(|((_, path), _)| path.iter().copied().chain([0])).collect();
    git.at(checkout)?.args(["update-index", "-z", "--stdin"]).fed(&list).map(drop)
}

fn listed<'a>(paths: impl IntoIterator<Item = &'a RelPath>) -> Vec<u8> {
    paths.into_iter().flat_map(|path| path.as_str().bytes().chain([0])).collect()
}

/// The settings of a filter that was set up to leave content out (`git lfs install --skip-smudge`), without that.
fn unskipped(git: &Git, checkout: &AbsPath) -> Result<Vec<String>> {
    let mut settings = Vec::new();
    for key in ["filter.lfs.process", "filter.lfs.smudge"] {
        let answer = git.at(checkout)?.args(["config", "--get", key]).answer()?;
        let command = String::from_utf8_lossy(&answer.stdout);
        if answer.status.success() && command.contains(" --skip") {
            settings.push(format!("{key}={}", command.trim_end().replace(" --skip", "")));
        }
    }
    Ok(settings)
}
