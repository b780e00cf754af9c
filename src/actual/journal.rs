//! The journal, and whether its run is at work.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::TryLockError;
use std::path::Path;

use super::{clock, disk};
use crate::model::actual::{Actual, Registration, Repository, RepositoryState};
use crate::model::desired::Desired;
use crate::model::journal::{Intent, JOURNAL, Journal, Unfinished};
use crate::model::mark::{OWN_DIRECTORY, WORKSPACE_LOCK, made_by};
use crate::model::name::{BranchName, ObjectId, RepoName, WorkspaceId};
use crate::regular;

/// Reads the journal; `None` where there is none: no run is at work, and none was cut short.
#[must_use]
pub fn journal(desired: &Desired) -> Option<Unfinished> {
    let own = desired.builders_dir.join(OWN_DIRECTORY);
    let bytes = match disk::read(own.join(JOURNAL).as_path()) {
        Ok(bytes) => bytes?,
        Err(error) => return Some(Unfinished::Unreadable(error.to_string())),
    };
    let journal = Journal::parse(&bytes, clock::boot().as_ref());
    Some(match journal {
        Some(journal) if disk::real(&journal.header.builders_dir) != disk::real(&desired.builders_dir) => {
            Unfinished::Unreadable(format!("it was written in {}", journal.header.builders_dir))
        }
        Some(journal) if is_locked(own.join(WORKSPACE_LOCK).as_path()) => Unfinished::Running(journal.header),
        Some(journal) => Unfinished::CutShort(journal),
        None => Unfinished::Unreadable("it is cut short or damaged".into()),
    })
}

/// Whether another process holds a lock.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = regular::open(path) else { return false };
    let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let ours = || regular::read_text(path).is_ok_and(|text| text.split(' ').next() == Some(&std::process::id().to_string()));
    held && !ours()
}

/// What the names of clones begin with that a run was making.
pub(super) fn clones(unfinished: Option<&Unfinished>) -> Vec<String> {
    let tokens = match unfinished {
        Some(Unfinished::Running(header)) => &header.tokens[..],
        Some(Unfinished::CutShort(journal)) => &journal.header.tokens,
        Some(Unfinished::Unreadable(_)) | None => &[],
    };
    tokens.iter().map(|token| format!(".wsctl-{token}-clone-")).collect()
}

/// Takes the branches out that a run made which was cut short before anything used them: the next apply deletes them
/// before it plans. What is read so is for planning only.
pub fn without_leftovers(actual: &mut Actual) {
    let Some(Unfinished::CutShort(journal)) = &actual.unfinished else { return };
    for state in actual.repositories.values_mut() {
        let RepositoryState::Present(repository) = state else { continue };
        for intent in &journal.open {
            if let Some((branch, _)) = made(intent, repository, &journal.header.workspace) {
                repository.branches.remove(&branch);
                repository.made.remove(&branch);
            }
        }
    }
}

/// The branch that an intent made and that nothing uses: at the commit that it was made at, and by its reflog ours.
#[must_use]
pub fn made(intent: &Intent, repository: &Repository, workspace: &WorkspaceId) -> Option<(BranchName, ObjectId)> {
    let (main, branch, start) = match intent {
        Intent::Checkout { main, branch: Some(branch), makes: true, start, .. } => (main, branch, start.as_ref()),
        Intent::Switch { main, branch: Some(branch), makes: true, to, .. } => (main, branch, to.as_ref()),
        Intent::Clone { .. }
        | Intent::Builder { .. }
        | Intent::Checkout { .. }
        | Intent::Switch { .. }
        | Intent::Rename { .. }
        | Intent::Touch { .. }
        | Intent::File { .. }
        | Intent::Remove { .. }
        | Intent::Relocate(_)
        | Intent::Restore { .. } => return None,
    };
    let at = repository.branches.get(branch).filter(|_| repository.path == *main)?;
    let used = repository.registrations.values().any(|found| {
        found.head.branch() == Some(branch) || found.operation.as_ref().is_some_and(|waiting| waiting.holds.contains(branch))
    });
    let unmoved = start.is_none_or(|start| start == at);
    let ours = log_of(repository, branch).is_some_and(|(first, only)| only && made_by(&first, workspace).is_some());
    (unmoved && ours && !used && repository.head.branch() != Some(branch)).then(|| (branch.clone(), at.clone()))
}

/// Which branches of a repository this workspace made, and from which base: of those that are declared and whose checkout's
/// mark does not tell.
pub(super) fn origins(
    desired: &Desired,
    workspace: &WorkspaceId,
    name: &RepoName,
    repository: &Repository,
) -> BTreeMap<BranchName, Option<String>> {
    let told = |found: &Registration| {
        let mark = found.mark.mark()?;
        let declared = desired.builders.get(&mark.builder)?.checkouts.get(name)?.goal.branch()?;
        (mark.goal.branch() == Some(declared) && found.head.branch() == Some(declared)).then_some(declared)
    };
    let told: HashSet<&BranchName> = repository.registrations.values().filter_map(told).collect();
    let wanted = desired.builders.values().filter_map(|builder| builder.checkouts.get(name)?.goal.branch());
    let free: BTreeSet<&BranchName> = wanted.filter(|branch| !told.contains(branch)).collect();
    let origin = |branch: &BranchName| made_by(&log_of(repository, branch)?.0, workspace);
    let here = free.into_iter().filter(|branch| repository.branches.contains_key(*branch));
    here.filter_map(|branch| Some((branch.clone(), origin(branch)?))).collect()
}

/// The message of the first entry in a branch's reflog, and whether there is no other.
pub(super) fn log_of(repository: &Repository, branch: &BranchName) -> Option<(String, bool)> {
    let log = disk::read(repository.common_dir.join("logs").join(branch.full()).as_path()).ok().flatten()?;
    let text = String::from_utf8_lossy(&log);
    let (first, rest) = text.split_once('\n')?;
    Some((first.split_once('\t')?.1.to_owned(), rest.is_empty()))
}
