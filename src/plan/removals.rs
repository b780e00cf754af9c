//! Builders and checkouts that are ours and no longer declared: to the trash, or blocked.
//! Everything that is read here is the mark, never the file.

use crate::model::actual::{Link, Place};
use crate::model::address::Address;
use crate::model::builder::{BuilderDirectory, Occupant};
use crate::model::desired::Shape;
use crate::model::mark::BuilderMark;
use crate::model::name::BuilderName;
use crate::model::path::RelPath;
use crate::model::policy::{DeleteBranch, OnUnsaved};

use super::blockers::{at, shell};
use super::copied::copied;
use super::draft::Drafts;
use super::fate::{carried, fate};
use super::hooks::{before_removal, told};
use super::input::Input;
use super::members::{Member, belongs, owned};
use super::unregistered::{unregistered, untold};
use super::{Action, Blocker, Removal, RemovedCheckout, Stale, Symbol, refusals, refusals_of};

pub(super) fn plan(input: &Input<'_>, drafts: &mut Drafts) {
    for (name, directory) in &input.actual.builders {
        let Some(builder) = owned(input, name, directory) else { continue };
        if let Some(stuck) = input.moves().and_then(|moves| moves.stuck(name)) {
            let address = Address::Builder(builder);
            drafts.refuse(address, Action::Nothing(Symbol::Remove), "no longer declared", vec![stuck.clone()]);
            continue;
        }
        if input.moves().is_some_and(|moves| moves.waits(name)) {
            continue;
        }
        if input.desired.builders.contains_key(&builder) {
            checkouts(input, &builder, directory, drafts);
        } else {
            whole(input, &builder, directory, drafts);
        }
    }
}

/// A builder that is no longer declared.
fn whole(input: &Input<'_>, builder: &BuilderName, directory: &BuilderDirectory, drafts: &mut Drafts) {
    let mark = input.builder_mark(builder);
    if let Some(blocker) = copied(input, directory) {
        let reason = "no longer declared";
        drafts.refuse(Address::Builder(builder.clone()), Action::Nothing(Symbol::Remove), reason, vec![blocker]);
        return;
    }
    let members = input.registered_in(&directory.path);
    let (ours, others): (Vec<Member<'_>>, Vec<Member<'_>>) = members
        .into_iter()
        .filter(|(_, _, registration)| registration.link != Link::DirectoryGone)
        .partition(|(_, _, r)| belongs(input, builder, r));
    let unsaved = unsaved(input, mark);
    let mut blockers = of_builder(input, builder, directory, mark);
    for (_, repository, registration) in &others {
        let path = registration.worktree.as_ref().unwrap_or(&directory.path);
        let next = format!("git -C {} worktree move {} SOMEWHERE", shell(&repository.path), shell(path));
        blockers.push(at("not-ours", path, "a worktree in it is not ours", next));
    }
    blockers.extend(unregistered(input, builder, directory));
    let mut details = Vec::new();
    match &directory.strays {
        Some(_) | None if directory.occupant == Occupant::Symlink => {}
        Some(findings) => {
            let findings = &untold(directory, findings, &blockers);
            blockers.extend(refusals(&directory.path, findings, unsaved));
            details.extend(carried(&directory.path, findings, unsaved));
        }
        None => blockers.push(at("unknown", &directory.path, "what lies beside its checkouts was not looked at", "wsctl plan")),
    }
    let mut removed = Vec::new();
    for member in &ours {
        blockers.extend(of_checkout(member, unsaved));
        let checkout = removed_checkout(input, directory, member, mark);
        details.extend(fate(input, &checkout, member.2.work.as_ref(), unsaved));
        removed.push(checkout);
    }
    let (hooks, refused) = before_removal(input, builder, &directory.path, &ours, true);
    details.extend(told(&hooks));
    blockers.extend(refused);
    let frees = ours.iter().map(|(name, _, registration)| ((*name).clone(), registration.admin_name.clone())).collect();
    let removal = Removal {
        builder: builder.clone(),
        builder_path: directory.path.clone(),
        checkout: None,
        mark: mark.cloned(),
        checkouts: removed,
        drop_ignore: last_nested(input),
        unsaved,
        keep: keep(input, mark),
        hooks,
        counts: true,
    };
    let draft = drafts.add(
        Address::Builder(builder.clone()),
        Action::RemoveBuilder(Box::new(removal)),
        if input.options.destroy { "destroy: move to the trash" } else { "no longer declared: move to the trash" },
    );
    draft.change.details = details;
    draft.change.blockers = blockers;
    draft.frees = frees;
}

/// Checkouts that a declared builder no longer has.
fn checkouts(input: &Input<'_>, builder: &BuilderName, directory: &BuilderDirectory, drafts: &mut Drafts) {
    let Some(declared) = input.desired.builders.get(builder) else { return };
    let mark = input.builder_mark(builder);
    for member in input.registered_in(&directory.path) {
        let (name, _, registration) = member;
        let undeclared = !declared.checkouts.contains_key(name);
        if !undeclared || !belongs(input, builder, registration) || registration.link == Link::DirectoryGone {
            continue;
        }
        // What is declared is what the mark of a builder that stays says after the same apply.
        let unsaved = input.options.unsaved.unwrap_or(declared.policy.on_unsaved) == OnUnsaved::Trash;
        let mut blockers = Vec::new();
        if mark.is_some_and(|mark| mark.protect) || declared.protect {
            blockers.push(protected(input, builder, directory));
        }
        blockers.extend(another_file(input, directory, mark));
        blockers.extend(elsewhere(input, directory));
        blockers.extend(of_checkout(&member, unsaved));
        let checkout = removed_checkout(input, directory, &member, mark);
        let mut details = fate(input, &checkout, registration.work.as_ref(), unsaved);
        let (hooks, refused) = before_removal(input, builder, &directory.path, &[member], false);
        details.extend(told(&hooks));
        blockers.extend(refused);
        let removal = Removal {
            builder: builder.clone(),
            builder_path: directory.path.clone(),
            checkout: Some(checkout.path.clone()),
            mark: mark.cloned(),
            checkouts: vec![checkout],
            drop_ignore: false,
            unsaved,
            keep: declared.policy.trash_keep,
            hooks,
            counts: true,
        };
        let address = Address::Checkout(builder.clone(), name.clone());
        let draft = drafts.add(address, Action::RemoveCheckout(Box::new(removal)), "no longer in the builder: move to the trash");
        draft.change.details = details;
        draft.change.blockers = blockers;
        draft.frees.push((name.clone(), registration.admin_name.clone()));
    }
}

/// Whether unsaved work goes to the trash: as the command says, else as the mark does; without a mark it blocks.
fn unsaved(input: &Input<'_>, mark: Option<&BuilderMark>) -> bool {
    input.options.unsaved.or(mark.map(|mark| mark.policy.on_unsaved)) == Some(OnUnsaved::Trash)
}

/// How many seconds the trash keeps it, as the mark says.
fn keep(input: &Input<'_>, mark: Option<&BuilderMark>) -> u64 {
    mark.map_or(input.desired.policy.trash_keep, |mark| mark.policy.trash_keep)
}

/// Whether the helper file of nested builders is ours, and no declared builder needs it.
pub(super) fn last_nested(input: &Input<'_>) -> bool {
    let ours = input.actual.ignore.as_deref().is_some_and(is_our_ignore);
    ours && !input.desired.builders.values().any(|builder| builder.shape == Shape::Nested)
}

/// Whether the text of a helper file of nested builders is all wsctl's.
#[must_use]
pub fn is_our_ignore(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').all(|line| line.is_empty() || line.starts_with(b"!/*/"))
}

/// What speaks against removing a builder as such.
fn of_builder(
    input: &Input<'_>,
    builder: &BuilderName,
    directory: &BuilderDirectory,
    mark: Option<&BuilderMark>,
) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    if directory.occupant == Occupant::Symlink {
        let next = format!("ls -l {}", shell(&directory.path));
        return vec![at("symlink", &directory.path, "a symbolic link stands where the builder was; it is not followed", next)];
    }
    let Some(mark) = mark else {
        let next = format!("declare [builders.{builder}] again, `wsctl apply`, then remove it");
        return vec![at("no-mark", &directory.path, "its mark is gone: what it may lose is not known", next)];
    };
    if mark.protect || input.options.protected.contains(builder) {
        blockers.push(protected(input, builder, directory));
    }
    blockers.extend(another_file(input, directory, Some(mark)));
    blockers.extend(elsewhere(input, directory));
    blockers
}

/// Seen from another mount point, checkouts look as if they were gone.
fn elsewhere(input: &Input<'_>, directory: &BuilderDirectory) -> Option<Blocker> {
    let Place::Elsewhere(was) = &input.actual.place else { return None };
    let fact = format!("the workspace is known as that of {was}, under another path");
    Some(at("mounted-elsewhere", &directory.path, fact, format!("run wsctl where {was} exists")))
}

fn protected(input: &Input<'_>, builder: &BuilderName, directory: &BuilderDirectory) -> Blocker {
    let block = Address::Builder(builder.clone());
    let next = if input.options.destroy || input.desired.builders.contains_key(builder) {
        format!("set `protect = false` in [{block}], `wsctl apply`, then remove it")
    } else {
        format!("put [{block}] back with `protect = false`, `wsctl apply`, then take it out again")
    };
    at("protected", &directory.path, "it is protected", next)
}

pub(super) fn another_file(input: &Input<'_>, directory: &BuilderDirectory, mark: Option<&BuilderMark>) -> Option<Blocker> {
    let mark = mark?;
    let other = mark.file != input.desired.file && !input.options.take_over;
    let fact = match &input.actual.place {
        Place::Moved(_) | Place::Elsewhere(_) => format!("it was declared by {}, where the workspace was", mark.file),
        Place::Same | Place::Relocated(_) | Place::AnotherFile(_) | Place::Copied(_) => {
            format!("it was declared by another file, {}", mark.file)
        }
    };
    other.then(|| at("another-file", &directory.path, fact, "wsctl apply --take-over"))
}

/// What speaks against removing one checkout.
fn of_checkout(member: &Member<'_>, unsaved: bool) -> Vec<Blocker> {
    let (_, repository, registration) = member;
    let path = registration.worktree.as_ref().unwrap_or(&registration.admin_dir);
    match &registration.link {
        Link::Whole => {}
        Link::DirectoryGone | Link::GitFileGone | Link::NamesAnother(_) | Link::NotALink(_) | Link::NoGitdir(_) => {
            let next = format!("git -C {} worktree list", shell(&repository.path));
            return vec![at("broken-link", path, "its .git file and its registration do not name each other", next)];
        }
    }
    match &registration.work {
        Some(work) => refusals_of(registration, path, work, unsaved),
        None => vec![at("unknown", path, "its files were not looked at", "wsctl plan")],
    }
}

fn removed_checkout(
    input: &Input<'_>,
    directory: &BuilderDirectory,
    member: &Member<'_>,
    mark: Option<&BuilderMark>,
) -> RemovedCheckout {
    let (name, repository, registration) = member;
    let own = registration.mark.mark();
    let path = registration.worktree.as_ref().map(|path| path.relative_to(&directory.path));
    let path = path.and_then(|path| RelPath::new(path.to_str()?).ok()).or_else(|| own.map(|mark| mark.path.clone()));
    let policy = input.options.delete_branch.unwrap_or(mark.map_or(DeleteBranch::Never, |mark| mark.policy.delete_branch));
    let merged = registration.work.as_ref().is_some_and(|work| work.unmerged == Some(0));
    let made = own.is_some_and(|own| own.made_branch && registration.head.branch() == own.goal.branch());
    let free = !registration.head.branch().is_some_and(|branch| input.is_wanted(name, branch));
    RemovedCheckout {
        name: (*name).clone(),
        stale: Stale::of(repository, registration),
        path: path.unwrap_or_else(RelPath::here),
        mark: own.cloned(),
        branch: registration.head.branch().cloned(),
        head: registration.head.commit().cloned(),
        dispose: registration.work.as_ref().map(|work| work.disposable.clone()).unwrap_or_default(),
        delete_branch: made && merged && free && policy == DeleteBranch::Merged,
    }
}
