//! What a switch would write over where git does not look: in a sparse checkout it takes files that nobody tracks for
//! files of its own, ignored or not, and says so only afterwards.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};

use super::On;
use super::command::Git;
use crate::diagnostic::Diagnostic;
use crate::model::path::AbsPath;
use crate::plan::shell_word;

/// Refuses a switch of a sparse checkout to where there is a path at which something lies that is not tracked.
pub(super) fn refuse(git: &Git, checkout: &AbsPath, on: On<'_>) -> Result<()> {
    let (to, what) = match on {
        On::Branch(branch) => (branch.full(), format!("branch {branch}")),
        On::Commit(commit) => (commit.to_string(), format!("commit {}", commit.short())),
    };
    let sparse = git.at(checkout)?.args(["config", "--type=bool", "--get", "core.sparseCheckout"]).answer()?;
    if sparse.stdout.trim_ascii_end() != b"true" {
        return Ok(());
    }
    let added = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", "HEAD", &to, "--"];
    let added = git.at(checkout)?.args(added).run()?;
    let tracked = git.at(checkout)?.args(["ls-files", "-z"]).run()?;
    let tracked: BTreeSet<&[u8]> = tracked.split(|byte| *byte == 0).collect();
    for path in added.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
        if let Some(found) = in_the_way(checkout, path, &tracked)? {
            let fact = format!("{found} is not tracked, and {what} has something at that place");
            return Err(Diagnostic::new(fact, format!("ls -ld {}", shell_word(&found.to_string()))).into());
        }
    }
    Ok(())
}

/// What is not tracked and lies at a path, below it, or where one of its directories goes.
fn in_the_way(checkout: &AbsPath, path: &[u8], tracked: &BTreeSet<&[u8]>) -> Result<Option<AbsPath>> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    for end in ends.chain([path.len()]) {
        let at = checkout.join(OsStr::from_bytes(&path[..end]));
        let found = match at.as_path().symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.with_context(|| format!("{at} cannot be read"))?,
        };
        if !found.is_dir() {
            return Ok((!tracked.contains(&path[..end])).then_some(at));
        }
    }
    untracked_below(checkout, path, tracked)
}

fn untracked_below(checkout: &AbsPath, below: &[u8], tracked: &BTreeSet<&[u8]>) -> Result<Option<AbsPath>> {
    let directory = checkout.join(OsStr::from_bytes(below));
    let failed = || format!("{directory} cannot be read");
    for entry in fs::read_dir(&directory).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let path = [below, b"/", entry.file_name().as_bytes()].concat();
        if entry.file_type().with_context(failed)?.is_dir() {
            if let Some(found) = untracked_below(checkout, &path, tracked)? {
                return Ok(Some(found));
            }
        } else if !tracked.contains(path.as_slice()) {
            return Ok(Some(checkout.join(OsStr::from_bytes(&path))));
        }
    }
    Ok(None)
}
