//! Checkouts that came along when the workspace was moved, and whose links still name where it was.

use crate::model::actual::{Link, Place};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::{Contents, DesiredCheckout};
use crate::model::mark::CheckoutMark;
use crate::model::path::AbsPath;

use super::blockers::{at, shell, word};
use super::draft::Drafts;
use super::input::Input;
use super::members::Member;
use super::{Action, Blocker, CheckoutTouch};

/// One of them.
pub(super) struct Stranded<'a> {
    member: Member<'a>,
    mark: &'a CheckoutMark,
    /// Where it is by its registration.
    old_worktree: &'a AbsPath,
    /// Where it lies.
    pub(super) now: AbsPath,
    /// The registration that it names.
    old_admin_dir: &'a AbsPath,
}

/// Whether a registration whose directory is gone is that of a checkout which lies where its mark says.
pub(super) fn of<'a>(input: &Input<'a>, member: Member<'a>) -> Option<Stranded<'a>> {
    let (_, _, registration) = member;
    let mark = input.our_mark(registration).filter(|_| registration.link == Link::DirectoryGone)?;
    let old_worktree = registration.worktree.as_ref()?;
    let Occupant::Worktree(named) = input.occupant(&mark.builder, &mark.path) else { return None };
    let now = mark.path.under(&input.directory(&mark.builder)?.path);
    let itself = named.as_path().file_name() == Some(&registration.admin_name) && named.parent().as_path().ends_with("worktrees");
    let strange = matches!(input.actual.place, Place::Relocated(_)) || *named != registration.admin_dir;
    (itself && strange && now != *old_worktree).then_some(Stranded { member, mark, old_worktree, now, old_admin_dir: named })
}

/// All of them.
pub(super) fn all<'a>(input: &Input<'a>) -> impl Iterator<Item = Stranded<'a>> {
    input.registrations().filter_map(|member| of(input, member))
}

/// Whether some of them are left after this plan: then what is known of the move is still needed.
pub(super) fn is_left(input: &Input<'_>, drafts: &Drafts) -> bool {
    let repaired = |found: &Stranded<'_>| {
        drafts.list.iter().filter(|draft| !draft.change.is_blocked()).any(
            |draft| matches!(&draft.change.action, Action::Repair { touch, .. } if touch.admin_dir == found.member.2.admin_dir),
        )
    };
    input.moved() && all(input).any(|found| !repaired(&found))
}

/// The name of the blocker of what waits until links are repaired.
pub(super) const WAITS: &str = "workspace-moved";

/// What waits until the links in a directory are repaired.
pub(super) fn waits(directory: &AbsPath) -> Blocker {
    let fact = "the workspace was moved: its links are repaired first, and this comes with the next apply";
    at(WAITS, directory, fact, "wsctl apply")
}

/// Repairs the links of one that is not declared, so that it can be removed, or renamed, with its work; never drops it.
pub(super) fn plan(input: &Input<'_>, address: Address, found: &Stranded<'_>, drafts: &mut Drafts) {
    let (_, _, registration) = found.member;
    let reason = format!("repair its links: the workspace was moved, they name {}", found.old_worktree);
    if let Some(touch) = touch(input, found).filter(|_| input.moved()) {
        let (old_worktree, old_admin_dir) = (found.old_worktree.clone(), found.old_admin_dir.clone());
        drafts.add(address, Action::Repair { touch, old_worktree, old_admin_dir }, reason);
        return;
    }
    let fact = format!("its directory lies at {}, and both name where the other was", found.now);
    let end = |line: String, file: AbsPath| format!("echo {} > {}", word(&line), shell(&file));
    let git_file = end(format!("gitdir: {}", registration.admin_dir), found.now.join(".git"));
    let gitdir = end(found.now.join(".git").to_string(), registration.admin_dir.join("gitdir"));
    let blocker = at("moved-by-hand", &found.now, fact, format!("{git_file}\n{gitdir}"));
    drafts.refuse(address, Action::Nothing(super::Symbol::Update), reason, vec![blocker]);
}

fn touch(input: &Input<'_>, found: &Stranded<'_>) -> Option<Box<CheckoutTouch>> {
    let ((_, repository, registration), mark) = (found.member, found.mark);
    Some(Box::new(CheckoutTouch {
        made_branch: mark.made_branch,
        made_from: mark.base.clone(),
        builder: mark.builder.clone(),
        builder_path: input.directory(&mark.builder)?.path.clone(),
        path: found.now.clone(),
        repository: repository.path.clone(),
        admin_dir: registration.admin_dir.clone(),
        desired: DesiredCheckout {
            repository: mark.repository.clone(),
            path: mark.path.clone(),
            goal: mark.goal.clone(),
            base: mark.base.clone(),
            sparse: mark.sparse.clone(),
            contents: Contents::default(),
            seed: vec![],
            hooks: mark.hooks.declared(),
        },
        previous: Some(mark.clone()),
        head: registration.head.commit()?.clone(),
        on: registration.head.branch().cloned(),
        reshape: false,
        start: mark.start.clone(),
    }))
}
