//! What differs in a worktree, by content: git compares against an index of our own that knows no times and no
//! assume-unchanged or skip-worktree bits. That index lies outside the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use gix::bstr::ByteSlice as _;
use gix::index::entry::Flags;

use super::{disk, git, index, open};
use crate::model::actual::ObjectFormat;
#[cfg(test)]
use crate::model::name::ObjectId;
use crate::model::work::HiddenBy;

/// Paths relative to the worktree, as bytes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Differ from the index, or are gone.
    pub(super) edited: Vec<PathBuf>,
    /// Those of them that git does not show, and why.
    pub(super) hidden: BTreeMap<PathBuf, HiddenBy>,
    /// Differ between index and HEAD.
    pub(super) staged: Vec<PathBuf>,
    /// Unmerged.
    pub(super) conflicts: Vec<PathBuf>,
    /// Neither known nor ignored; a repository inside stands as one path.
    pub(super) untracked: Vec<PathBuf>,
    /// Ignored files and directories.
    pub(super) ignored: Vec<PathBuf>,
    /// Gitlinks of the index.
    pub(super) gitlinks: BTreeSet<PathBuf>,
    /// Gitlinks whose submodule is on another commit.
    pub(super) moved: BTreeSet<PathBuf>,
    /// Whether there certainly is no repository inside but in what is ignored.
    pub(super) alone: bool,
}

impl Changes {
    /// Whether there is work of somebody's, submodules apart.
    pub(super) fn any(&self) -> bool {
        ![&self.edited, &self.staged, &self.conflicts, &self.untracked].iter().all(|paths| paths.is_empty())
    }
}

/// Compares HEAD, index and files of a worktree.
pub(super) fn changes(worktree: &Path, git_dir: &Path, format: ObjectFormat) -> Result<Changes> {
    let directory = tempfile::Builder::new().prefix("wsctl-index-").tempdir().context("no temporary directory")?;
    let git = || {
        let mut command = git::command(worktree);
        command.args(["-c", "index.sparse=false"]);
        let mut dirs = [OsString::from("--git-dir="), OsString::from("--work-tree=")];
        dirs[0].push(git_dir);
        dirs[1].push(worktree);
        command.args(dirs).env("GIT_INDEX_FILE", directory.path().join("index"));
        command
    };
    let listed = list(git_dir, format)?;
    git::feed(git().args(["update-index", "-z", "--index-info"]), &listed.text)?;
    let mut changes = Changes { gitlinks: listed.gitlinks, ..Changes::default() };
    let text = git::finish(status(&mut git()))?;
    parse(&text, &mut changes)?;
    // What a sparse checkout leaves out is no edit; what lies there all the same is compared.
    let hidden = &listed.hidden;
    let left_out = |path: &PathBuf| {
        hidden.get(path) == Some(&HiddenBy::SkipWorktree) && matches!(disk::look(&worktree.join(path)), Ok(None))
    };
    changes.edited.retain(|path| !left_out(path));
    changes.hidden = changes.edited.iter().filter_map(|path| Some((path.clone(), *hidden.get(path)?))).collect();
    if changes.hidden.values().any(|by| *by == HiddenBy::SkipWorktree) && is_sparse(git_dir)? {
        changes.hidden.retain(|_, by| *by != HiddenBy::SkipWorktree);
    }
    Ok(changes)
}

/// The gitlinks of the index of a worktree.
pub(super) fn gitlinks(git_dir: &Path) -> Result<BTreeSet<PathBuf>> {
    let format = open::format(&open::gix(git_dir, &[])?);
    Ok(list(git_dir, format)?.gitlinks)
}

/// In a sparse checkout git shows what lies there against the patterns.
fn is_sparse(git_dir: &Path) -> Result<bool> {
    let mut command = git::in_git_dir(git_dir);
    let output = command.args(["config", "--type=bool", "--get", "core.sparseCheckout"]).output()?;
    Ok(output.stdout.trim_ascii_end() == b"true")
}

fn status(command: &mut Command) -> &mut Command {
    command.args([
        "-c",
        "status.renames=false",
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--ignored=matching",
        // Their own files are compared by us, one by one: a git below git would trust times.
        "--ignore-submodules=dirty",
    ])
}

/// The index as `update-index --index-info` takes it.
#[derive(Default)]
struct Listed {
    text: Vec<u8>,
    hidden: BTreeMap<PathBuf, HiddenBy>,
    gitlinks: BTreeSet<PathBuf>,
}

impl Listed {
    fn push(&mut self, mode: u32, id: &str, stage: u32, path: &[u8], hidden: Option<HiddenBy>) {
        self.text.extend(format!("{mode:o} {id} {stage}\t").bytes());
        self.text.extend(path);
        self.text.push(0);
        if let Some(hidden) = hidden {
            self.hidden.insert(as_path(path), hidden);
        }
        if mode == 0o160_000 {
            self.gitlinks.insert(as_path(path));
        }
    }
}

fn as_path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

fn list(git_dir: &Path, format: ObjectFormat) -> Result<Listed> {
    let mut listed = Listed::default();
    let Some(index) = index::open(git_dir, format)? else {
        return Ok(listed);
    };
    // git itself would write tree objects while it expands a sparse index.
    let objects = if index.is_sparse() { Some(open::gix(git_dir, &[])?) } else { None };
    for entry in index.entries() {
        if let Some(objects) = objects.as_ref().filter(|_| entry.mode.is_sparse()) {
            let below = objects.index_from_tree(&entry.id)?;
            for leaf in below.entries() {
                let path = [entry.path(&index).as_bytes(), leaf.path(&below).as_bytes()].concat();
                listed.push(leaf.mode.bits(), &leaf.id.to_string(), 0, &path, Some(HiddenBy::SkipWorktree));
            }
            continue;
        }
        let hidden = if entry.flags.contains(Flags::SKIP_WORKTREE) {
            Some(HiddenBy::SkipWorktree)
        } else {
            entry.flags.contains(Flags::ASSUME_VALID).then_some(HiddenBy::AssumeUnchanged)
        };
        listed.push(entry.mode.bits(), &entry.id.to_string(), entry.stage_raw(), entry.path(&index), hidden);
    }
    Ok(listed)
}

fn parse(text: &[u8], changes: &mut Changes) -> Result<()> {
    for row in text.split(|byte| *byte == 0).filter(|row| !row.is_empty()) {
        let fields = match row[0] {
            b'1' => 9,
            b'u' => 11,
            b'?' | b'!' => 2,
            // Headers: of stashes, branches, and whatever a later git has to tell.
            b'#' => continue,
            other => anyhow::bail!("git status prints a row of the unknown kind {:?}", char::from(other)),
        };
        let fields: Vec<&[u8]> = row.splitn(fields, |byte| *byte == b' ').collect();
        let path = fields.last().copied().unwrap_or_default();
        let path = as_path(path.strip_suffix(b"/").unwrap_or(path));
        match row[0] {
            b'?' => changes.untracked.push(path),
            b'!' => changes.ignored.push(path),
            b'u' => changes.conflicts.push(path),
            _ => {
                let (xy, submodule) = (fields[1], fields[2]);
                ensure!(xy.len() == 2, "git status prints a row without a state");
                if xy[0] != b'.' {
                    changes.staged.push(path.clone());
                }
                if xy[1] == b'M' && submodule.starts_with(b"S") {
                    changes.moved.insert(path);
                } else if xy[1] != b'.' {
                    changes.edited.push(path);
                }
            }
        }
    }
    Ok(())
}

/// The same as git tells it of a worktree by its own index.
#[cfg(test)]
pub(super) fn git_status(worktree: &Path) -> Changes {
    let mut changes = Changes::default();
    let mut command = git::command(worktree);
    command.args(["-c", "status.renames=false", "status", "--porcelain=v2", "-z", "--untracked-files=all"]);
    let text = git::finish(&mut command);
    parse(&text.expect("git has a status"), &mut changes).expect("it is understood");
    changes
}

/// The commit of a worktree's HEAD.
#[cfg(test)]
pub(super) fn git_head(git_dir: &Path) -> ObjectId {
    let hex = git::finish(git::in_git_dir(git_dir).args(["rev-parse", "HEAD"])).expect("HEAD has a commit");
    ObjectId::new(&String::from_utf8_lossy(hex.trim_ascii_end())).expect("it is an id")
}
