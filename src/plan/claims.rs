//! Who has a branch, who has to give it up first, and what cannot be made because nobody does.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::model::actual::{Head, Link, Operation, Registration, Repository};
use crate::model::address::Address;
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::name::{BranchName, RepoName};

use super::anchor::{creation, will_exist};
use super::blockers::{blocked_root, branch_collides, branch_in_use, branch_left_out, branch_of_a_lost_worktree};
use super::draft::{Draft, Drafts};
use super::input::Input;
use super::members::present;
use super::{Action, Blocker, copied};

/// Who has a branch: a registration, or the main worktree.
struct Holder<'a> {
    registration: Option<&'a Registration>,
    /// What will go back to the branch, where HEAD is not on it.
    operation: Option<&'a Operation>,
}

/// The branches that drafts claim: who has them, and which draft gives them up.
pub(super) struct Claims<'a> {
    input: &'a Input<'a>,
    drafts: &'a Drafts,
    holders: BTreeMap<(&'a RepoName, &'a BranchName), Vec<Holder<'a>>>,
    /// By repository and admin directory: the first draft that is not blocked and leaves the branch it has there.
    freers: BTreeMap<(&'a RepoName, &'a OsStr), usize>,
    /// The branches that drafts which are not blocked make or take.
    taken: BTreeMap<(&'a RepoName, &'a str), &'a BranchName>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(input: &'a Input<'a>, drafts: &'a Drafts) -> Self {
        let (freers, taken) = (BTreeMap::new(), BTreeMap::new());
        let mut claims = Claims { input, drafts, holders: holders(input), freers, taken };
        for (index, draft) in drafts.list.iter().enumerate().filter(|(_, draft)| !draft.change.is_blocked()) {
            for (name, admin) in &draft.frees {
                claims.freers.entry((name, admin)).or_insert(index);
            }
            claims.taken.extend(draft.claim.iter().map(|(name, branch)| ((name, branch.as_str()), branch)));
        }
        claims
    }

    /// Who has the branch that a draft claims. A draft that both takes and gives up (a switch, a replacement) does
    /// not stand in its own way.
    fn holders<'b>(&'b self, draft: &'b Draft) -> impl Iterator<Item = &'b Holder<'a>> {
        let claim = draft.claim.as_ref();
        let own = claim.and_then(|(name, _)| draft.frees.iter().find(|(repo, _)| repo == name)).map(|(_, admin)| admin);
        let holders = claim.and_then(|(name, branch)| self.holders.get(&(name, branch))).into_iter().flatten();
        holders.filter(move |holder| own.is_none() || holder.registration.map(|found| &found.admin_name) != own)
    }

    /// The drafts, by index, that give up the branch which `draft` claims; none: it is free.
    /// An error where somebody keeps it.
    pub(super) fn freers(&self, draft: &Draft) -> Result<Vec<usize>, Blocker> {
        let Some((name, branch)) = &draft.claim else { return Ok(vec![]) };
        let Some(repository) = self.input.repository(name) else { return Ok(vec![]) };
        let freer = |holder: &Holder<'_>| self.freers.get(&(name, holder.registration?.admin_name.as_os_str())).copied();
        let refused = |holder: &Holder<'_>| self.left_out(draft, holder).unwrap_or_else(|| refusal(repository, branch, holder));
        let freers = self.holders(draft).map(|holder| freer(holder).ok_or_else(|| refused(holder)));
        freers.collect()
    }

    /// The change that would give up the branch was not asked for.
    fn left_out(&self, draft: &Draft, holder: &Holder<'_>) -> Option<Blocker> {
        let (name, branch) = draft.claim.as_ref()?;
        let registration = holder.registration?;
        let frees = |other: &&Draft| other.frees.iter().any(|(repo, admin)| repo == name && *admin == registration.admin_name);
        let other = self.drafts.left_out.iter().filter(|other| !other.change.is_blocked()).find(frees)?;
        Some(branch_left_out(branch, registration.worktree.as_ref(), &other.change.address, &draft.change.address))
    }

    /// Another draft of this plan makes a branch beside which this one cannot be.
    fn collision(&self, draft: &Draft) -> Option<Blocker> {
        let (name, branch) = draft.claim.as_ref()?;
        let mut above = branch.as_str().match_indices('/').map(|(end, _)| &branch.as_str()[..end]);
        let other = above.find_map(|above| self.taken.get(&(name, above)))?;
        Some(branch_collides(self.input.repository(name)?, branch, other))
    }

    /// Nothing is made inside a nested builder whose root is not there and will not be.
    fn rootless(&self, draft: &Draft) -> Option<Blocker> {
        let Address::Checkout(name, repository) = &draft.change.address else { return None };
        let builder = self.input.desired.builders.get(name).filter(|builder| builder.shape == Shape::Nested)?;
        let inner = !repository.is_root() && creation(self.drafts, builder, repository).is_some();
        (inner && !self.has_root(builder)).then(|| blocked_root(builder))
    }

    fn has_root(&self, builder: &DesiredBuilder) -> bool {
        let root = RepoName::root();
        present(self.input, &builder.name).contains(&root) || will_exist(self.drafts, builder, &root)
    }

    /// Every draft that cannot be made as things stand, and why.
    fn refusals(&self) -> Vec<(usize, Blocker)> {
        let live = self.drafts.list.iter().enumerate().filter(|(_, draft)| !draft.change.is_blocked());
        let refusal = |draft: &Draft| {
            let kept = self.freers(draft).err();
            kept.or_else(|| self.collision(draft)).or_else(|| self.rootless(draft))
        };
        live.filter_map(|(index, draft)| Some((index, refusal(draft)?))).collect()
    }

    /// Drafts that wait for each other in a ring where nobody can leave its branch first. A switch can: it is parked.
    fn stuck(&self) -> Vec<(usize, Blocker)> {
        let list = &self.drafts.list;
        let waits = |draft: &Draft| {
            if draft.change.is_blocked() { vec![] } else { self.freers(draft).unwrap_or_default() }
        };
        let waits: Vec<Vec<usize>> = list.iter().map(waits).collect();
        let parks = |index: usize| matches!(list[index].change.action, Action::Switch { .. });
        let mut goes: Vec<bool> = waits.iter().map(Vec::is_empty).collect();
        // Each round lets go whoever waits for nobody any more, until a round changes nothing.
        loop {
            let before = goes.clone();
            for index in 0..list.len() {
                goes[index] = goes[index] || waits[index].iter().all(|&first| goes[first] || parks(first));
            }
            if goes == before {
                break;
            }
        }
        let refused = |index: usize| {
            let (name, branch) = list[index].claim.as_ref()?;
            let repository = self.input.repository(name)?;
            self.holders(&list[index]).next().map(|holder| (index, refusal(repository, branch, holder)))
        };
        (0..list.len()).filter(|&index| !goes[index]).filter_map(refused).collect()
    }
}

/// Who has each branch: the main worktree first, then the registrations.
fn holders<'a>(input: &Input<'a>) -> BTreeMap<(&'a RepoName, &'a BranchName), Vec<Holder<'a>>> {
    let mut found: BTreeMap<_, Vec<Holder<'a>>> = BTreeMap::new();
    let mut note = |name, registration, head: &'a Head, operation: Option<&'a Operation>| {
        let now = head.branch();
        if let Some(branch) = now {
            found.entry((name, branch)).or_default().push(Holder { registration, operation: None });
        }
        let kept = operation.iter().flat_map(|operation| &operation.holds).filter(|branch| Some(*branch) != now);
        for branch in kept {
            found.entry((name, branch)).or_default().push(Holder { registration, operation });
        }
    };
    for (name, state) in &input.actual.repositories {
        if let Some(repository) = state.repository().filter(|repository| !repository.bare) {
            note(name, None, &repository.head, repository.operation.as_ref());
        }
    }
    for (name, _, registration) in input.registrations() {
        note(name, Some(registration), &registration.head, registration.operation.as_ref());
    }
    found
}

fn refusal(repository: &Repository, branch: &BranchName, holder: &Holder<'_>) -> Blocker {
    match holder.registration {
        None => branch_in_use(branch, &repository.path, holder.operation),
        Some(registration) => {
            let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
            if let Link::NamesAnother(other) = &registration.link {
                return copied::registration(branch.as_str(), path, other, &registration.admin_dir);
            }
            if registration.link != Link::Whole {
                return branch_of_a_lost_worktree(branch, path, &registration.admin_dir);
            }
            branch_in_use(branch, path, holder.operation)
        }
    }
}

/// Blocks every draft whose branch nobody gives up, and what waits for those, until nothing changes any more.
pub(super) fn settle(input: &Input<'_>, drafts: &mut Drafts) {
    loop {
        let claims = Claims::new(input, drafts);
        let mut refusals = claims.refusals();
        if refusals.is_empty() {
            refusals = claims.stuck();
        }
        if refusals.is_empty() {
            return;
        }
        for (index, blocker) in refusals {
            drafts.list[index].change.blockers.push(blocker);
        }
    }
}
