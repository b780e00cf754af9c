//! How a checkout's branch comes about, or the commit of a reference.

use std::ops::Bound;

use crate::model::actual::{Base, Head, Repository};
use crate::model::address::segment;
use crate::model::desired::{DesiredCheckout, Goal};
use crate::model::mark::CheckoutMark;
use crate::model::name::{BranchName, ObjectId};

use super::blockers::{at, branch_collides, shell, word};
use super::{Blocker, BranchPlan};

/// The local branch if there is one, else the one remote branch of that name, else a new one from the base; of a
/// reference, its commit.
///
/// # Errors
/// Why there is no such branch to be had.
pub fn choose(repository: &Repository, checkout: &DesiredCheckout) -> Result<BranchPlan, Blocker> {
    let branch = match &checkout.goal {
        Goal::Branch(branch) => branch,
        Goal::Ref(reference) => return detached(repository, reference),
    };
    let here = shell(&repository.path);
    if let Some((remote, refspec)) = repository.mirror_refspecs.first() {
        let fact = format!("the fetch refspec {refspec} of {remote} overwrites local branches");
        let key = word(&format!("remote.{remote}.fetch"));
        let better = word(&format!("+refs/heads/*:refs/remotes/{remote}/*"));
        // The remote may have other refspecs: only this one goes.
        let next = format!("git -C {here} config --replace-all --fixed-value {key} {better} {}", word(refspec));
        return Err(at("mirror", &repository.path, fact, next));
    }
    if let Some(commit) = repository.branches.get(branch) {
        return Ok(BranchPlan::Existing(commit.clone()));
    }
    if let Some(other) = beside(repository, branch) {
        return Err(branch_collides(repository, branch, other));
    }
    let remote: Vec<_> = repository.remote_branches.iter().filter(|(_, remote)| remote.branch == *branch).collect();
    match remote.as_slice() {
        [] => from_base(repository, checkout),
        [(upstream, remote)] => Ok(BranchPlan::Track { upstream: (*upstream).clone(), commit: remote.id.clone() }),
        several => {
            let names: Vec<_> = several.iter().map(|(name, _)| name.as_str()).collect();
            let fact = format!("branch {branch} exists on several remotes: {}", names.join(", "));
            let next = format!("git -C {here} branch --track {} {}", word(branch.as_str()), word(names[0]));
            Err(at("ambiguous-branch", &repository.path, fact, next))
        }
    }
}

/// The commit of a revision.
fn detached(repository: &Repository, reference: &str) -> Result<BranchPlan, Blocker> {
    let (kind, fact, next) = match repository.bases.get(reference) {
        Some(Base::Commit(commit)) => {
            return Ok(BranchPlan::Detached { reference: reference.to_owned(), commit: commit.clone() });
        }
        Some(Base::Ambiguous(names)) => {
            let fact = format!("ref {reference} is ambiguous: {}", names.join(", "));
            ("ambiguous-ref", fact, "name one of them in full as `ref` in builders.toml".to_owned())
        }
        Some(Base::Missing(near)) => {
            let near = if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) };
            let next = format!("git -C {} fetch --all --tags\nor set `ref` in builders.toml", shell(&repository.path));
            ("missing-ref", format!("ref {reference} does not exist{near}"), next)
        }
        None => ("missing-ref", format!("ref {reference} was not looked up"), "wsctl plan".to_owned()),
    };
    Err(at(kind, &repository.path, fact, next))
}

/// Whether a HEAD is on what is declared.
pub(super) fn is_on(repository: &Repository, goal: &Goal, head: &Head) -> bool {
    match (goal, head) {
        (Goal::Branch(branch), head) => head.branch() == Some(branch),
        (Goal::Ref(reference), Head::Detached(at)) => repository.bases.get(reference) == Some(&Base::Commit(at.clone())),
        (Goal::Ref(_), Head::Branch(..) | Head::Unborn(_) | Head::Unreadable(_)) => false,
    }
}

/// Whether a HEAD is where the last apply put it.
pub(super) fn is_as_applied(mark: &CheckoutMark, head: &Head) -> bool {
    match (&mark.goal, head) {
        (Goal::Branch(branch), head) => head.branch() == Some(branch),
        (Goal::Ref(_), Head::Detached(at)) => mark.start == *at,
        (Goal::Ref(_), Head::Branch(..) | Head::Unborn(_) | Head::Unreadable(_)) => false,
    }
}

/// Where a HEAD is, for people.
pub(super) fn place(head: &Head) -> String {
    match head {
        Head::Branch(branch, _) | Head::Unborn(branch) => format!("branch {branch}"),
        Head::Detached(_) | Head::Unreadable(_) => "a detached HEAD".into(),
    }
}

/// What is declared, for people: `branch x`, `v1.2`.
pub(super) fn words(goal: &Goal) -> String {
    match goal {
        Goal::Branch(branch) => format!("branch {branch}"),
        Goal::Ref(reference) => format!("detached at {reference}"),
    }
}

/// A branch of the repository that cannot exist beside this one: `a` beside `a/b`, or the other way round.
pub(super) fn beside<'a>(repository: &'a Repository, branch: &BranchName) -> Option<&'a BranchName> {
    beside_but(repository, branch, None)
}

/// The same, without one that goes.
pub(super) fn beside_but<'a>(
    repository: &'a Repository,
    branch: &BranchName,
    gone: Option<&BranchName>,
) -> Option<&'a BranchName> {
    let text = branch.as_str();
    let above = text.match_indices('/').filter_map(|(end, _)| repository.branches.get_key_value(&text[..end]));
    let below = format!("{text}/");
    let below = repository
        .branches
        .range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded))
        .take_while(|(other, _)| other.excludes(branch));
    above.chain(below).map(|(other, _)| other).find(|other| Some(*other) != gone)
}

fn from_base(repository: &Repository, checkout: &DesiredCheckout) -> Result<BranchPlan, Blocker> {
    let here = shell(&repository.path);
    let unborn = repository.branches.is_empty() && repository.remote_branches.is_empty();
    if unborn && repository.head.commit().is_none() {
        return Err(at(
            "unborn",
            &repository.path,
            "the repository has no commit yet",
            format!("git -C {here} commit --allow-empty -m first"),
        ));
    }
    let Some(base) = &checkout.base else {
        return default_base(repository).map(|(base, commit)| BranchPlan::New { base, commit });
    };
    match repository.bases.get(base) {
        Some(Base::Commit(commit)) => Ok(BranchPlan::New { base: base.clone(), commit: commit.clone() }),
        Some(Base::Ambiguous(names)) => {
            let fact = format!("base {base} is ambiguous: {}", names.join(", "));
            Err(at("ambiguous-base", &repository.path, fact, "name one of them in full as `base` in builders.toml"))
        }
        Some(Base::Missing(near)) => {
            let near = if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) };
            let (why, first) = if repository.remotes.is_empty() {
                (", and the repository has no remote", "remote add origin URL")
            } else {
                ("", "fetch --all")
            };
            let place = format!("[builders.NAME.checkout.{}]", segment(checkout.repository.as_str()));
            let next = format!("git -C {here} {first}\nor set `base` in builders.toml, for it alone in {place}");
            Err(at("missing-base", &repository.path, format!("base {base} does not exist{why}{near}"), next))
        }
        None => Err(at("missing-base", &repository.path, format!("base {base} was not looked up"), "wsctl plan")),
    }
}

/// The remote's HEAD if it resolves; for a repository without a remote, its main worktree's branch. Never a guess.
pub(super) fn default_base(repository: &Repository) -> Result<(String, ObjectId), Blocker> {
    let here = shell(&repository.path);
    let Some(remote) = repository.remote() else {
        return match &repository.head {
            Head::Branch(branch, commit) => Ok((branch.to_string(), commit.clone())),
            Head::Unborn(_) | Head::Detached(_) | Head::Unreadable(_) => Err(at(
                "no-base",
                &repository.path,
                "there is no remote, and the main worktree is on no branch with a commit",
                "set `base` in builders.toml",
            )),
        };
    };
    let only = repository.remotes.len() == 1 || remote == "origin";
    let head = repository.remote_heads.get(remote).filter(|_| only);
    match head.and_then(|name| Some((name, repository.remote_branches.get(name)?))) {
        Some((base, tip)) => Ok((base.clone(), tip.id.clone())),
        None => Err(at(
            "no-base",
            &repository.path,
            format!("the HEAD of remote {remote} is not known, and no `base` is set"),
            format!("git -C {here} remote set-head {} --auto", word(remote)),
        )),
    }
}

/// How a checkout comes to be on its goal, in words: `new branch x from origin/main`, `detached at v1.2 (1a2b3c4)`.
pub(super) fn describe(goal: &Goal, plan: &BranchPlan) -> String {
    match (goal, plan) {
        (_, BranchPlan::Detached { reference, commit }) => format!("detached at {reference} ({})", commit.short()),
        (Goal::Ref(reference), _) => format!("detached at {reference}, once it is cloned"),
        (Goal::Branch(branch), BranchPlan::Existing(_)) => format!("on branch {branch}"),
        (Goal::Branch(branch), BranchPlan::Track { upstream, .. }) => format!("on branch {branch}, tracking {upstream}"),
        (Goal::Branch(branch), BranchPlan::New { base, .. }) => format!("new branch {branch} from {base}"),
        (Goal::Branch(branch), BranchPlan::AfterClone) => format!("on branch {branch}, once it is cloned"),
    }
}
