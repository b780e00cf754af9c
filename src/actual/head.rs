//! HEAD of a worktree, and the operation that waits there: read from files of its git directory.

use std::os::unix::ffi::OsStrExt as _;

use anyhow::Result;

use super::git_dir::GitDir;
use super::refs::Refs;
use super::{git, tables};
use std::collections::BTreeSet;

use crate::model::actual::{Head, Operation, RefFormat};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;

/// Reads HEAD of a git directory whose branches are `refs`.
pub(super) fn head(git_dir: &GitDir<'_>, refs: &Refs, format: RefFormat) -> Head {
    let text = match format {
        RefFormat::Files => head_file(git_dir),
        RefFormat::Reftable => ask(git_dir.path),
    };
    match text {
        Ok(text) => parse(&text, refs),
        Err(error) => Head::Unreadable(format!("{error:#}")),
    }
}

fn head_file(git_dir: &GitDir<'_>) -> Result<Vec<u8>> {
    git_dir.read_here("HEAD").or_else(|error| match std::fs::read_link(git_dir.path.join("HEAD").as_path()) {
        // The oldest repositories keep HEAD as a symbolic link.
        Ok(target) => Ok([b"ref: ", target.as_os_str().as_bytes()].concat()),
        Err(_) => Err(error.into()),
    })
}

/// A reftable's HEAD file says `refs/heads/.invalid`: only git knows.
fn ask(git_dir: &AbsPath) -> Result<Vec<u8>> {
    let output = git::in_git_dir(git_dir.as_path()).args(["symbolic-ref", "-q", "HEAD"]).output()?;
    if output.status.success() {
        return Ok([b"ref: ", output.stdout.as_slice()].concat());
    }
    git::finish(git::in_git_dir(git_dir.as_path()).args(["rev-parse", "--verify", "-q", "HEAD"]))
}

fn parse(text: &[u8], refs: &Refs) -> Head {
    let text = text.trim_ascii_end();
    if let Some(name) = text.strip_prefix(b"ref:").map(<[u8]>::trim_ascii_start) {
        let Some(branch) = name.strip_prefix(b"refs/heads/") else {
            return Head::Unreadable(format!("HEAD names {}, which is no branch", name.escape_ascii()));
        };
        let branch = BranchName::from_disk(branch);
        return match refs.resolve(name) {
            Some(id) => Head::Branch(branch, id.clone()),
            None => Head::Unborn(branch),
        };
    }
    match std::str::from_utf8(text).ok().and_then(|hex| ObjectId::new(hex).ok()) {
        Some(id) => Head::Detached(id),
        None => Head::Unreadable(format!("HEAD holds \"{}\"", text.escape_ascii())),
    }
}

/// Reads the markers that git leaves while something waits for its end.
pub(super) fn operation(git_dir: &GitDir<'_>) -> Option<Operation> {
    // Where git itself cannot read the table, HEAD is unreadable too.
    let heads = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"];
    let in_table = git_dir.may_hold("reftable") && tables::holds(git_dir.path);
    let table = if in_table { tables::beside_head(git_dir.path, &heads).unwrap_or_default() } else { Vec::new() };
    let there = |name: &str| git_dir.holds(name) || table.iter().any(|(found, _)| found == name);
    let sequencer = || match git_dir.read("sequencer/todo") {
        Ok(Some(todo)) if todo.starts_with(b"revert") => "revert",
        Ok(_) | Err(_) => "cherry-pick",
    };
    let name = if there("rebase-merge") || (there("rebase-apply") && !there("rebase-apply/applying")) {
        "rebase"
    } else if there("rebase-apply") {
        "am"
    } else if there("MERGE_HEAD") {
        "merge"
    } else if there("CHERRY_PICK_HEAD") {
        "cherry-pick"
    } else if there("REVERT_HEAD") {
        "revert"
    } else if there("sequencer/todo") {
        sequencer()
    } else if there("BISECT_LOG") || there("BISECT_START") {
        "bisect"
    } else {
        return None;
    };
    let abort = match name {
        "rebase" => "git rebase --abort",
        "am" => "git am --abort",
        "merge" => "git merge --abort",
        "cherry-pick" => "git cherry-pick --abort",
        "revert" => "git revert --abort",
        _ => "git bisect reset",
    };
    Some(Operation { name, holds: held(git_dir), abort })
}

/// The branches that count as in use though HEAD is detached: what is rebased or bisected, and every branch that a
/// rebase will update.
fn held(git_dir: &GitDir<'_>) -> BTreeSet<BranchName> {
    let lines = |name: &str| {
        let bytes = git_dir.read(name).ok().flatten().unwrap_or_default();
        bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let branch = |line: &Vec<u8>| line.strip_prefix(b"refs/heads/").map(BranchName::from_disk);
    let mut held = BTreeSet::new();
    for name in ["rebase-merge/head-name", "rebase-apply/head-name"] {
        held.extend(lines(name).first().and_then(branch));
    }
    // Three lines each: the ref, its commit before, its commit after.
    held.extend(lines("rebase-merge/update-refs").iter().step_by(3).filter_map(branch));
    // BISECT_START holds the short name, or the commit that HEAD was detached at.
    if let Some(start) = lines("BISECT_START").first() {
        let start = start.strip_prefix(b"refs/heads/").unwrap_or(start);
        let text = std::str::from_utf8(start).unwrap_or_default();
        if !start.is_empty() && ObjectId::new(text).is_err() {
            held.insert(BranchName::from_disk(start));
        }
    }
    held
}
