//! What becomes of a checkout's branch: nobody's branch is ever moved, and none is checked out twice.

use crate::model::actual::{Head, Operation, Repository};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::model::stored::StoredCheckout;
use crate::model::trash::TrashedCheckout;
use crate::plan::branch::beside;

/// What HEAD, or the rebase that waits, will be on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// What becomes of it.
    pub kind: FateKind,
    /// Whether it is the branch that a rebase goes back to; else HEAD's.
    pub rebase: bool,
}

/// What becomes of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FateKind {
    /// On no branch, as it was.
    Detached(ObjectId),
    /// On a branch without a commit, as it was.
    Unborn(BranchName),
    /// The branch is there, where it was.
    AsItWas(BranchName, ObjectId),
    /// The branch is gone and is made again.
    MadeAgain(BranchName, ObjectId),
    /// The branch is somebody else's by now: another one, made where this one was (`None`: nowhere).
    Another {
        /// The branch that it was on.
        was: BranchName,
        /// The branch that it will be on.
        branch: BranchName,
        /// Where that is made.
        commit: Option<ObjectId>,
        /// Why; a lowercase fragment.
        why: String,
    },
}

impl Fate {
    /// The branch that has to be there, and the commit that it has to be at.
    #[must_use]
    pub fn branch(&self) -> Option<(&BranchName, &ObjectId)> {
        match &self.kind {
            FateKind::Detached(_) | FateKind::Unborn(_) => None,
            FateKind::AsItWas(branch, commit) | FateKind::MadeAgain(branch, commit) => Some((branch, commit)),
            FateKind::Another { branch, commit, .. } => Some((branch, commit.as_ref()?)),
        }
    }

    /// The branch that is made.
    #[must_use]
    pub fn makes(&self) -> Option<(&BranchName, &ObjectId)> {
        match &self.kind {
            FateKind::MadeAgain(..) | FateKind::Another { .. } => self.branch(),
            FateKind::Detached(_) | FateKind::Unborn(_) | FateKind::AsItWas(..) => None,
        }
    }

    /// The branch that it comes back on, where that is another one than before.
    #[must_use]
    pub fn instead(&self) -> Option<&BranchName> {
        match &self.kind {
            FateKind::Another { branch, .. } => Some(branch),
            FateKind::Detached(_) | FateKind::Unborn(_) | FateKind::AsItWas(..) | FateKind::MadeAgain(..) => None,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let back = if self.rebase { ", for its rebase to go back to" } else { "" };
        match &self.kind {
            FateKind::Detached(commit) => format!("detached at {}, as it was", commit.short()),
            FateKind::Unborn(branch) => format!("branch {branch} without a commit, as it was"),
            FateKind::AsItWas(branch, _) => format!("branch {branch} as it was{back}"),
            FateKind::MadeAgain(branch, commit) => format!("branch {branch} made again at {}{back}", commit.short()),
            FateKind::Another { branch, commit: Some(commit), why, .. } => {
                format!("new branch {branch} at {}{back}, because {why}", commit.short())
            }
            FateKind::Another { branch, commit: None, why, .. } => format!("branch {branch} without a commit, because {why}"),
        }
    }
}

/// The repository as a checkout comes back to it.
pub(super) struct Scene<'a> {
    pub(super) repository: &'a Repository,
    /// The admin directory of the checkout itself, where it is registered already.
    pub(super) own: Option<&'a AbsPath>,
    /// What a killed restore of the same entry made.
    pub(super) made: &'a [(AbsPath, BranchName, ObjectId)],
}

/// What becomes of the branch; an error: why HEAD says nothing.
pub(super) fn fate(scene: &Scene<'_>, trashed: &TrashedCheckout, stored: &StoredCheckout) -> Result<Fate, String> {
    let head = |kind| Ok(Fate { kind, rebase: false });
    let branch = match &stored.head {
        Head::Unreadable(why) => return Err(why.clone()),
        Head::Detached(id) => {
            return match &stored.rebased {
                Some((branch, commit)) => Ok(Fate { kind: scene.kind(branch, Some(commit), None, stored.forgets), rebase: true }),
                None => head(FateKind::Detached(id.clone())),
            };
        }
        Head::Branch(branch, _) | Head::Unborn(branch) => branch,
    };
    if trashed.branch.as_ref() == Some(branch) {
        return head(scene.kind(branch, trashed.head.as_ref(), stored.logged.as_ref(), stored.forgets));
    }
    // HEAD was moved while it lay in the trash: by somebody, or by a restore that did not come to its end.
    match (&stored.head, &trashed.branch) {
        (Head::Branch(_, at), _) if scene.holder(branch).is_none() => head(FateKind::AsItWas(branch.clone(), at.clone())),
        (Head::Branch(..) | Head::Unborn(_) | Head::Detached(_) | Head::Unreadable(_), was) => {
            head(scene.kind(was.as_ref().unwrap_or(branch), trashed.head.as_ref(), stored.logged.as_ref(), stored.forgets))
        }
    }
}

impl Scene<'_> {
    /// `logged` is where HEAD was last, if somebody worked on in the trash; a branch that `forgets` was made again since.
    fn kind(&self, branch: &BranchName, commit: Option<&ObjectId>, logged: Option<&ObjectId>, forgets: bool) -> FateKind {
        let at = self.repository.branches.get(branch);
        let another = |why: String| FateKind::Another {
            was: branch.clone(),
            branch: self.free(branch, commit),
            commit: commit.cloned(),
            why,
        };
        if let (Some(_), Some(place)) = (at.or(commit), self.holder(branch)) {
            return another(format!("{branch} is checked out at {place}"));
        }
        match (at, commit) {
            (Some(_), Some(_)) if forgets => another(format!("{branch} was made again, without commits that its old reflog has")),
            (Some(at), Some(commit)) if at == commit || Some(at) == logged => FateKind::AsItWas(branch.clone(), at.clone()),
            (Some(at), Some(_)) => another(format!("{branch} is at {} now", at.short())),
            (Some(at), None) => another(format!("{branch} has commits now, at {}", at.short())),
            (None, Some(commit)) => match beside(self.repository, branch) {
                Some(other) => another(format!("{branch} cannot exist beside {other}")),
                None => FateKind::MadeAgain(branch.clone(), commit.clone()),
            },
            (None, None) => FateKind::Unborn(branch.clone()),
        }
    }

    /// The worktree, another than this one, that is on the branch or will go back to it.
    fn holder(&self, branch: &BranchName) -> Option<&AbsPath> {
        let holds = |head: &Head, operation: Option<&Operation>| {
            head.branch() == Some(branch) || operation.is_some_and(|operation| operation.holds.contains(branch))
        };
        let repository = self.repository;
        if !repository.bare && holds(&repository.head, repository.operation.as_ref()) {
            return Some(&repository.path);
        }
        let mut others = repository.registrations.values().filter(|found| Some(&found.admin_dir) != self.own);
        let found = others.find(|found| holds(&found.head, found.operation.as_ref()))?;
        Some(found.worktree.as_ref().unwrap_or(&found.admin_dir))
    }

    /// `<branch>-restored`, numbered where that is taken; without slashes where no branch can lie beside the old one.
    fn free(&self, branch: &BranchName, commit: Option<&ObjectId>) -> BranchName {
        let ours = |name: &BranchName| {
            let known = |(path, made, at): &(AbsPath, BranchName, ObjectId)| {
                *path == self.repository.path && made == name && Some(at) == commit
            };
            self.made.iter().any(known) && self.repository.branches.get(name) == commit && self.holder(name).is_none()
        };
        let free = |name: &BranchName| is_free(self.repository, name) || ours(name);
        restored(branch).find(free).unwrap_or_else(|| BranchName::from_disk(format!("{branch}-restored").as_bytes()))
    }
}

/// A branch for the file to declare where another one has this one: no branch of that name is there.
pub(super) fn beside_the(branch: &BranchName, repository: &Repository) -> BranchName {
    restored(branch).find(|name| is_free(repository, name)).unwrap_or_else(|| branch.clone())
}

fn is_free(repository: &Repository, name: &BranchName) -> bool {
    !repository.branches.contains_key(name) && beside(repository, name).is_none()
}

/// `<branch>-restored`, numbered from the second on, then the same without slashes.
fn restored(branch: &BranchName) -> impl Iterator<Item = BranchName> {
    let stems = [branch.to_string(), branch.as_str().replace('/', "-")];
    let numbered = stems.into_iter().flat_map(|stem| {
        (1..100).map(move |number| match number {
            1 => format!("{stem}-restored"),
            number => format!("{stem}-restored-{number}"),
        })
    });
    numbered.map(|name| BranchName::from_disk(name.as_bytes()))
}
