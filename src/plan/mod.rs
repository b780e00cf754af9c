//! (Desired, Actual) → Plan: a pure function. No gix, no file system, no clock, no environment, no view.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod action;
mod again;
mod anchor;
mod blockers;
mod brakes;
pub mod branch;
mod builders;
mod builders_dir;
pub mod change;
mod checkouts;
mod claims;
mod compared;
mod contents;
mod copied;
mod draft;
mod emptying;
mod fate;
mod files;
mod found;
mod gone;
mod half_made;
mod hooks;
pub mod import;
mod input;
mod lfs;
mod lost;
mod members;
mod moves;
mod obstacle;
mod order;
mod ours;
mod ports;
mod questions;
mod relocation;
pub mod removal;
mod removals;
mod repositories;
pub mod restore;
mod run;
mod selection;
mod sessions;
mod sparse;
mod stale;
pub mod step;
mod stranded;
mod submodules;
mod tracked;
mod unmanaged;
mod unmarked;
mod unregistered;
mod unsaved;
pub mod write;

pub use action::{Action, Symbol};
pub use again::again;
pub use blockers::{immovable, word as shell_word};
pub use builders::GITIGNORE;
pub use change::{Blocker, Change, Note, Plan, Summary, TextChange};
pub use compared::{Compared, Explained, Fact, depended_on, explained, once_more};
pub use emptying::Deletion;
pub use lost::misplaced;
pub use questions::questions;
pub use relocation::{Hop, Relocated, Relocation};
pub use removal::{Removal, RemovedCheckout, Stale};
pub use removals::is_our_ignore;
pub use run::{HookRun, HookSpot, SessionOpening};
pub use selection::{Narrowed, Selection, addresses};
pub use step::{Part, Step};
pub use unmanaged::unmanaged;
pub use write::{
    AnchorWrite, Aside, BranchPlan, BuilderWrite, CheckoutTouch, CheckoutWrite, FileContent, FileWrite, Gitlink, MarkWrite,
    RepositoryWrite,
};

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::model::actual::{Actual, Registration};
use crate::model::clock::{Boot, Moment};
use crate::model::desired::Desired;
use crate::model::mark::Marked;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;
use crate::model::pattern::Pattern;
use crate::model::policy::{DeleteBranch, OnUnsaved};
use crate::model::work::{Finding, Work};

use draft::Drafts;
use input::Input;
use moves::{Moves, Today};

/// What the caller asked for beside the file.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The same by the machine's uptime, where the system tells it.
    pub boot: Option<Boot>,
    /// `--unsaved`: overrides every builder's `on_unsaved`.
    pub unsaved: Option<OnUnsaved>,
    /// `--keep-branch`, `--delete-branch`: overrides every builder's `delete_branch`.
    pub delete_branch: Option<DeleteBranch>,
    /// `--allow-removals`: the brakes on removals are off.
    pub allow_removals: bool,
    /// `--take-over`: builders that another file declared may be removed.
    pub take_over: bool,
    /// `wsctl destroy`: every builder goes, though the file declares it.
    pub destroy: bool,
    /// Builders that the file protects, for `destroy`: no apply may have told their marks yet.
    pub protected: BTreeSet<BuilderName>,
    /// `--target` and `--exclude`: what is planned at all.
    pub selection: Selection,
    /// `--replace`: checkouts that go back to their branch, managed files that are written over what was edited.
    pub replace: Vec<Pattern>,
    /// `--skip-hooks`: no hook runs, and none is waited for.
    pub skip_hooks: bool,
    /// `--refresh-only`: drift is told, and nothing else is planned.
    pub refresh_only: bool,
    /// The options that say where wsctl works (`-C DIR`, `-f FILE`), for the commands that blockers name.
    pub place: Vec<String>,
}

impl Options {
    /// Whether all is planned that there is to plan.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.selection.is_everything() && !self.refresh_only
    }

    /// Nothing but the options that say where.
    #[must_use]
    pub fn at(place: Vec<String>) -> Self {
        Options { place, ..Options::default() }
    }

    /// The time, by clock and uptime.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment { seconds: self.now, boot: self.boot.clone() }
    }
}

/// The findings of a second look, right before a removal or a switch, that still speak against it.
///
/// `unsaved`: work may move to the trash.
#[must_use]
pub fn refusals(path: &AbsPath, findings: &[Finding], unsaved: bool) -> Vec<Blocker> {
    let held = findings.iter().filter(|found| !unsaved || !unsaved::trash_may_hold(found));
    let refusal = |found: &Finding| {
        let mut blocker = unsaved::finding(path, found);
        if unsaved::trash_may_hold(found) {
            blocker.next.push_str("\nwsctl apply --unsaved=trash");
        }
        blocker
    };
    held.map(refusal).collect()
}

/// The same of a checkout. In one that a run of ours had not finished nothing is looked at but what a rename would break:
/// its index is locked or not there yet, and nothing of it is anybody's work.
#[must_use]
pub fn refusals_of(found: &Registration, path: &AbsPath, work: &Work, unsaved: bool) -> Vec<Blocker> {
    if found.begun_by().is_none() || found.mark != Marked::No {
        return refusals(path, &work.findings, unsaved);
    }
    let breaks =
        |found: &&Finding| !unsaved::trash_may_hold(found) && !matches!(found, Finding::IndexLock(_) | Finding::Unknown(_));
    work.findings.iter().filter(breaks).map(|found| unsaved::finding(path, found)).collect()
}

/// What speaks against putting a checkout on another branch. A stash stays where it is.
#[must_use]
pub fn refusals_of_switch(path: &AbsPath, work: &Work) -> Vec<Blocker> {
    let held = work.findings.iter().filter(|found| !matches!(found, Finding::Stashed(_)));
    held.map(|found| unsaved::finding(path, found)).collect()
}

/// What speaks against moving a directory: only what a rename would break, or what somebody is at.
#[must_use]
pub fn refusals_of_move(path: &AbsPath, findings: &[Finding]) -> Vec<Blocker> {
    findings.iter().filter(|found| !unsaved::trash_may_hold(found)).map(|found| unsaved::finding(path, found)).collect()
}

/// What plan has to know about files before it can decide; the answers go into `Actual`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The work in a checkout: its repository and the name of its admin directory.
    Work(RepoName, OsString),
    /// What lies beside the checkouts of a builder: the name of its directory.
    Strays(OsString),
    /// Who is at work in a worktree of a repository, the main one or that of the name of an admin directory.
    Held(RepoName, Option<OsString>),
    /// Whether the submodules of a checkout are there: its repository and the name of its admin directory.
    Submodules(RepoName, OsString),
    /// Which files of git-lfs are pointers in a checkout: its repository and the name of its admin directory.
    Pointers(RepoName, OsString),
}

/// What to do about the difference between the file and the disk.
///
/// `actual` must hold the answers to [`questions()`]; where one is missing, the item is blocked.
#[must_use]
pub fn plan(desired: &Desired, actual: &Actual, options: &Options) -> Plan {
    moves::moved(desired, actual, options, |input| on(input, actual))
}

/// The plan, where nothing has to be known about files for it.
///
/// # Errors
/// What has to be known about files: `actual` does not tell it yet.
pub fn plan_unless_asked(desired: &Desired, actual: &Actual, options: &Options) -> Result<Plan, BTreeSet<Question>> {
    let found = Input::new(desired, actual, options);
    let moves = Moves::find(&found);
    let questions = questions::all(&found, &moves);
    if questions.is_empty() { Ok(moves.moved(&found, |input| on(input, actual))) } else { Err(questions) }
}

/// The plan for the disk as it will be once everything has moved; `actual` is as it is.
fn on(input: &Input<'_>, actual: &Actual) -> Plan {
    let (desired, options) = (input.desired, input.options);
    let mut drafts = Drafts::default();
    repositories::plan(input, &mut drafts);
    for builder in desired.builders.values() {
        if obstacle::obstacle(input, builder).is_none() {
            checkouts::plan(input, builder, &mut drafts);
        }
    }
    removals::plan(input, &mut drafts);
    stale::plan(input, &mut drafts);
    selection::narrow(input, &mut drafts);
    brakes::hold(input, &mut drafts);
    claims::settle(input, &mut drafts);
    for builder in desired.builders.values() {
        builders::plan(input, builder, &mut drafts);
        files::plan(input, builder, &mut drafts);
    }
    builders_dir::plan(input, &mut drafts);
    lost::hold(input, &mut drafts);
    for builder in desired.builders.values() {
        hooks::plan(input, builder, &mut drafts);
        sessions::plan(input, builder, &mut drafts);
    }
    sessions::warn(input, &mut drafts);
    unmanaged::note(input, &mut drafts);
    selection::narrow(input, &mut drafts);
    if options.refresh_only {
        drafts.keep_drift();
    }
    drafts.sort();
    Today::new(input.moves(), desired).tell(&mut drafts);
    again::hints(input, &mut drafts);
    let steps = order::steps(input, &drafts);
    let narrowed = input.selected.as_ref().map(|_| {
        let whole = Options { selection: Selection::default(), ..options.clone() };
        selection::narrowed(&options.selection, &plan(desired, actual, &whole), &drafts)
    });
    // What is left out must still find the workspace as it was: links to repair, removals that wait for a word.
    let all = narrowed.as_ref().is_none_or(|narrowed| narrowed.left_out.is_empty());
    let blockers = || drafts.list.iter().flat_map(|draft| &draft.change.blockers);
    let waits = blockers().any(|blocker| blocker.kind == stranded::WAITS);
    Plan {
        file: desired.file.clone(),
        root: desired.root.clone(),
        builders_dir: desired.builders_dir.clone(),
        workspace: input.id().cloned(),
        claims: input.claims() && all && !waits && !stranded::is_left(input, &drafts),
        root_branch: brakes::root_branch(input, &drafts),
        declared: desired.builders.len(),
        refresh_only: options.refresh_only,
        deletions: emptying::deletions(input),
        changes: drafts.list.into_iter().map(|draft| draft.change).collect(),
        narrowed,
        drift: drafts.drift,
        unmanaged: drafts.unmanaged,
        warnings: drafts.warnings,
        steps,
    }
}
