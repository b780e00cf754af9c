//! What holds a worktree where it is: a process inside, a git at work, a mount point. Its files are not looked at.

use super::processes::Processes;
use super::{disk, place};
use crate::model::path::{AbsPath, printable};
use crate::model::work::{Evidence, Finding, Findings};

/// Looks at each of these worktrees, which have their `index` in the directory behind them, as they are now.
#[must_use]
pub fn held(worktrees: &[(&AbsPath, &AbsPath)]) -> Vec<Findings> {
    let processes = Processes::read();
    worktrees.iter().map(|(worktree, git_dir)| look(worktree, git_dir, &processes)).collect()
}

/// The same of one, with processes that were read before.
pub(super) fn look(worktree: &AbsPath, git_dir: &AbsPath, processes: &Processes) -> Findings {
    let mut findings = processes.inside(disk::real(worktree).as_path(), &[]);
    let lock = git_dir.join("index.lock");
    if !matches!(disk::look(lock.as_path()), Ok(None)) {
        findings.push(Finding::IndexLock(lock.to_string()));
    }
    let top = worktree.as_path();
    let shown = |path: &std::path::PathBuf| printable(path.strip_prefix(top).unwrap_or(path).as_os_str());
    let mounts = Evidence::of(place::mounts_below(worktree).iter().map(shown).collect());
    findings.extend((!mounts.is_empty()).then_some(Finding::Mount(mounts)));
    findings
}
