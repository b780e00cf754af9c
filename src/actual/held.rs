//! What holds a worktree where it is: a process inside, a git at work, a mount point, and what a rename would break. The
//! content of its files is not looked at.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::git_dir::GitDir;
use super::processes::Processes;
use super::walk::{self, Into};
use super::{content, disk, place, registration};
use crate::model::actual::{Link, Lock};
use crate::model::path::{AbsPath, printable};
use crate::model::work::{Evidence, Finding, Findings};

/// Looks at each of these worktrees, which have their `index` in the directory behind them, as they are now.
#[must_use]
pub fn held(worktrees: &[(&AbsPath, &AbsPath)]) -> Vec<Findings> {
    let processes = Processes::read();
    worktrees.iter().map(|(worktree, git_dir)| look(worktree, git_dir, &processes)).collect()
}

/// Looks at linked worktrees that are to be moved themselves, each with its admin directory, as they are now. `None`: the two
/// do not name each other any more.
#[must_use]
pub fn movable(worktrees: &[(&AbsPath, &AbsPath)]) -> Vec<Option<Findings>> {
    let processes = Processes::read();
    let inner = |top: &AbsPath| {
        let others = worktrees.iter().map(|(other, _)| other.as_path());
        others.filter(|other| *other != top.as_path() && other.starts_with(top)).map(Path::to_path_buf).collect::<Vec<_>>()
    };
    let look = |(worktree, admin_dir): &(&AbsPath, &AbsPath)| {
        let linked = registration::link(admin_dir) == (Some((*worktree).clone()), Link::Whole);
        linked.then(|| inside(worktree, admin_dir, &inner(worktree), &processes))
    };
    worktrees.iter().map(look).collect()
}

/// The same of one, with processes that were read before.
pub(super) fn look(worktree: &AbsPath, git_dir: &AbsPath, processes: &Processes) -> Findings {
    let mut findings = at_work(worktree, git_dir, &[], processes);
    findings.extend(mounted(worktree, &place::mounts_below(worktree)));
    findings
}

/// The same of a linked worktree, with its lock and what in it has a repository of its own. `inner` are checkouts in it that
/// have a look of their own.
pub(super) fn inside(worktree: &AbsPath, admin_dir: &AbsPath, inner: &[PathBuf], processes: &Processes) -> Findings {
    let mut findings = Findings::new();
    if let Some(Lock::Foreign(reason)) = registration::lock(&GitDir::list(admin_dir)) {
        findings.push(Finding::Locked(reason));
    }
    findings.extend(at_work(worktree, admin_dir, inner, processes));
    match nested(worktree, admin_dir, inner) {
        Ok((nested, mounts)) => {
            let nested = shown(worktree, &nested);
            findings.extend((!nested.is_empty()).then_some(Finding::Nested(nested)));
            findings.extend(mounted(worktree, &mounts));
        }
        Err(error) => findings.push(Finding::Unknown(format!("{error:#}"))),
    }
    findings
}

fn at_work(worktree: &AbsPath, git_dir: &AbsPath, inner: &[PathBuf], processes: &Processes) -> Findings {
    let mut findings = processes.inside(disk::real(worktree).as_path(), inner);
    let lock = git_dir.join("index.lock");
    if !matches!(disk::look(lock.as_path()), Ok(None)) {
        findings.push(Finding::IndexLock(lock.to_string()));
    }
    findings
}

fn mounted(worktree: &AbsPath, mounts: &[PathBuf]) -> Option<Finding> {
    let mounts = shown(worktree, mounts);
    (!mounts.is_empty()).then_some(Finding::Mount(mounts))
}

fn shown(worktree: &AbsPath, paths: &[PathBuf]) -> Evidence {
    let shown = |path: &PathBuf| printable(path.strip_prefix(worktree).unwrap_or(path).as_os_str());
    Evidence::of(paths.iter().map(shown).collect())
}

/// Repositories in it that are neither checkouts of ours nor submodules, and mount points.
fn nested(worktree: &AbsPath, admin_dir: &AbsPath, inner: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut nested, mounts) = repositories(worktree, inner)?;
    if !nested.is_empty() {
        let submodules = content::gitlinks(admin_dir.as_path())?;
        nested.retain(|path| !submodules.contains(path.strip_prefix(worktree).unwrap_or(path)));
    }
    Ok((nested, mounts))
}

/// Repositories in a worktree, submodules among them, and mount points.
pub(super) fn repositories(worktree: &AbsPath, inner: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut found, mut mounts) = (Vec::new(), place::mounts_below(worktree));
    walk::walk(worktree.as_path(), &mut mounts, &mut |path, entry| visit(path, entry, inner, &mut found))?;
    Ok((found, mounts))
}

/// The same where only these paths in it can be repositories, or hold some.
pub(super) fn repositories_in(worktree: &AbsPath, paths: &[PathBuf], inner: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut found, mut mounts) = (Vec::new(), place::mounts_below(worktree));
    for path in paths.iter().map(|path| worktree.as_path().join(path)) {
        let Some(entry) = disk::look(&path)? else { continue };
        if matches!(visit(&path, &entry, inner, &mut found)?, Into::Descend) {
            walk::walk(&path, &mut mounts, &mut |path, entry| visit(path, entry, inner, &mut found))?;
        }
    }
    Ok((found, mounts))
}

fn visit(path: &Path, entry: &Metadata, inner: &[PathBuf], found: &mut Vec<PathBuf>) -> std::io::Result<Into> {
    if !entry.is_dir() || inner.iter().any(|inner| inner == path) {
        return Ok(Into::Skip);
    }
    if !walk::has_git(path)? {
        return Ok(Into::Descend);
    }
    found.push(path.to_path_buf());
    Ok(Into::Skip)
}
