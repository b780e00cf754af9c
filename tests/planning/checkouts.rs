//! `builders.B` and `builders.B.R`: what is made, taken up again, adopted, switched, or in the way.

use wsctl::model::actual::{Head, Link, Lock, Place};
use wsctl::model::builder::Occupant;
use wsctl::model::desired::Goal;
use wsctl::model::journal::{Header, Unfinished};
use wsctl::model::mark::{Deed, Marked, OurLock};
use wsctl::model::work::Finding;
use wsctl::plan::Action;

use super::values::{NOW, abs, branch, evidence, id, immovable_findings, on, other_id, our_id, rebase, trashed, work_findings};
use super::{World, expect, planned};

fn declared() -> World {
    World::new().repo("api").builder("slack", &["api"])
}

fn created() -> World {
    declared().created()
}

#[test]
fn as_applied_there_is_nothing_to_do() {
    expect(&created(), &[]);
}

#[test]
fn a_missing_builder_and_a_missing_checkout_are_made() {
    expect(
        &declared(),
        &["+ builders.slack | new builder with 1 checkout", "+ builders.slack.api | new branch builder/slack from origin/main"],
    );
    let more = created().repo("ui").with(|world| {
        let other = World::new().repo("ui").builder("slack", &["ui"]).desired.builders["slack"].checkouts["ui"].clone();
        world.desired.builders.get_mut("slack").unwrap().checkouts.insert(other.repository.clone(), other);
    });
    expect(&more, &["+ builders.slack.ui | new branch builder/slack from origin/main"]);
}

#[test]
fn an_empty_directory_is_used() {
    let world = declared().occupied("slack", "", Occupant::Empty);
    assert_eq!(planned(&world).blocked().count(), 0);
    let inner = created().repo("ui").occupied("slack", "ui", Occupant::Empty);
    let world = inner.declared("slack", |builder| {
        let mut checkout = builder.checkouts["api"].clone();
        (checkout.repository, checkout.path) = (super::values::repo("ui"), super::values::rel("ui"));
        builder.checkouts.insert(checkout.repository.clone(), checkout);
    });
    expect(&world, &["+ builders.slack.ui | new branch builder/slack from origin/main"]);
}

#[test]
fn one_of_that_name_in_the_trash_is_told() {
    let world =
        declared().with(|world| world.actual.trash = vec![trashed("slack", None, NOW), trashed("slack", Some("api"), NOW)]);
    let made = planned(&world);
    assert_eq!(made.changes[0].details, ["one of that name is in the trash: `wsctl restore slack`"]);
    assert_eq!(made.changes[1].details, ["one of that name is in the trash: `wsctl restore slack/api`"]);
    let other = declared().with(|world| world.actual.trash = vec![trashed("other", None, NOW)]);
    assert!(planned(&other).changes.iter().all(|change| change.details.is_empty()));
}

#[test]
fn registered_and_gone_without_value_is_replaced() {
    expect(
        &created().gone("slack", "api"),
        &["-/+ builders.slack.api | its directory is gone: drop the registration, then on branch builder/slack"],
    );
}

#[test]
fn registered_and_gone_with_value_is_kept() {
    let world = created().gone("slack", "api").registration("slack", "api", |registration| {
        registration.remains = vec!["staged files".into(), "2 detached commits".into()];
    });
    let made = planned(&world);
    let kinds: Vec<_> = made.changes.last().unwrap().blockers.iter().map(|blocker| blocker.kind).collect();
    assert_eq!(kinds, ["registration-of-value", "registration-of-value"]);
}

#[test]
fn registered_and_gone_and_locked_is_kept() {
    let locked = |lock: Lock| created().gone("slack", "api").registration("slack", "api", |found| found.lock = Some(lock));
    let kinds = |world: &World| planned(world).changes.last().unwrap().blockers.iter().map(|b| b.kind).collect::<Vec<_>>();
    let foreign = locked(Lock::Foreign("on a stick".into()));
    assert_eq!(kinds(&foreign), ["locked"]);
    assert!(planned(&foreign).changes.last().unwrap().blockers[0].fact.ends_with("on a stick"));
    let deed = Deed::Creating { made_branch: true, start: id("a") };
    assert_eq!(kinds(&locked(Lock::Ours(OurLock { workspace: other_id(), deed: deed.clone() }))), ["locked"]);
    assert!(kinds(&locked(Lock::Ours(OurLock { workspace: our_id(), deed }))).is_empty());
}

#[test]
fn a_workspace_that_moved_is_repaired() {
    let world = created()
        .with(|world| world.actual.place = Place::Moved(abs("/old/builders.toml")))
        .mark("slack", |mark| mark.file = abs("/old/builders.toml"))
        .occupied("slack", "api", Occupant::Worktree(abs("/old/repos/api/.git/worktrees/slack-api")))
        .registration("slack", "api", |registration| {
            registration.link = Link::DirectoryGone;
            registration.worktree = Some(abs("/old/.builders/slack/api"));
        });
    let switched = planned(
        &world.clone().checkout_mark("slack", "api", |mark| mark.goal = Goal::Branch(branch("old"))).head("slack", "api", "old"),
    );
    let kept = switched.changes.iter().find_map(|change| match &change.action {
        Action::Repair { touch, .. } => Some(touch.desired.goal.to_string()),
        _ => None,
    });
    assert_eq!(kept.as_deref(), Some("old"), "the switch is still to come");
    expect(
        &world,
        &[
            "~ builders.slack | the workspace was moved; declared by /old/builders.toml",
            "~ builders.slack.api | repair its links: the workspace was moved, they name /old/.builders/slack/api",
            "warning the workspace was moved; it was declared by /old/builders.toml",
        ],
    );
}

#[test]
fn a_moved_repository_alone_is_no_moved_workspace() {
    let world = created().with(|world| world.actual.place = Place::Moved(abs("/old/builders.toml"))).registration(
        "slack",
        "api",
        |registration| {
            registration.link = Link::DirectoryGone;
            registration.worktree = Some(abs("/old/.builders/slack/api"));
        },
    );
    let made = planned(&world);
    assert_eq!(made.changes.last().unwrap().blockers[0].kind, "mounted-elsewhere");
}

#[test]
fn half_made_by_a_killed_run_is_resumed() {
    let killed = |workspace| {
        created().registration("slack", "api", |registration| {
            let deed = Deed::Creating { made_branch: true, start: id("a") };
            registration.lock = Some(Lock::Ours(OurLock { workspace, deed }));
            registration.mark = Marked::No;
        })
    };
    expect(&killed(our_id()), &["~ builders.slack.api | resume: an earlier run was cut short; on branch builder/slack"]);
    let busy = killed(our_id()).found("slack", "api", vec![Finding::Process { pid: 1, name: "vi".into(), caller: false }]);
    assert_eq!(planned(&busy).changes[0].blockers[0].kind, "process");
    let work = killed(our_id()).found("slack", "api", vec![Finding::Untracked(evidence("a")), Finding::IndexLock("x".into())]);
    assert_eq!(planned(&work).blocked().count(), 0, "what it left moves to the trash, nothing is lost");
    expect(&killed(other_id()), &["> builders.slack.api | adopt: already on branch builder/slack"]);
}

#[test]
fn a_lock_of_a_cut_run_is_taken_off_a_finished_checkout() {
    let locked = |deed| {
        created().registration("slack", "api", |registration| {
            registration.lock = Some(Lock::Ours(OurLock { workspace: our_id(), deed }));
        })
    };
    let creating = locked(Deed::Creating { made_branch: true, start: id("a") });
    expect(&creating, &["~ builders.slack.api | finish: an earlier run was cut short"]);
    expect(&locked(Deed::Removing { entry: "x".into() }), &["~ builders.slack.api | call off a removal that was cut short"]);
    expect(&locked(Deed::Holding), &["~ builders.slack.api | unlock: it holds no other checkouts any more"]);
}

#[test]
fn the_right_branch_at_the_right_place_is_adopted() {
    let world = created().registration("slack", "api", |registration| registration.mark = Marked::No);
    expect(&world, &["> builders.slack.api | adopt: already on branch builder/slack"]);
    let whole = world.directory("slack", |directory| {
        directory.mark = Marked::No;
        directory.anchor = wsctl::model::builder::AnchorState::Missing;
        directory.occupant = Occupant::Directory;
    });
    expect(
        &whole,
        &[
            "> builders.slack | adopt: its checkouts are in their places",
            "> builders.slack.api | adopt: already on branch builder/slack",
        ],
    );
}

#[test]
fn another_branch_that_is_not_ours_is_blocked() {
    let unmarked = created().registration("slack", "api", |registration| registration.mark = Marked::No);
    for head in [on("other"), Head::Detached(id("a")), Head::Unborn(super::values::branch("builder/slack"))] {
        let world = unmarked.clone().registration("slack", "api", |registration| registration.head = head);
        let made = planned(&world);
        assert_eq!(made.changes.last().unwrap().blockers[0].kind, "another-branch");
    }
}

#[test]
fn a_mark_of_somebody_else_is_never_ours() {
    let not_ours = |world: World| {
        let made = planned(&world);
        let last = made.changes.last().unwrap();
        assert_eq!(last.blockers[0].kind, "not-ours");
    };
    not_ours(created().checkout_mark("slack", "api", |mark| mark.workspace = other_id()));
    not_ours(created().checkout_mark("slack", "api", |mark| mark.builder = super::values::builder("other")));
    not_ours(created().registration("slack", "api", |found| found.mark = Marked::Unreadable("no json".into())));
}

#[test]
fn what_lies_in_the_way_of_a_checkout_is_named() {
    let cases = [
        (Occupant::Directory, "in-the-way"),
        (Occupant::File, "in-the-way"),
        (Occupant::Repository, "in-the-way"),
        (Occupant::Symlink, "symlink"),
        (Occupant::Worktree(abs("/else/.git/worktrees/api")), "another-repository"),
        (Occupant::Mount, "mount-point"),
        (Occupant::Unreadable("denied".into()), "unreadable"),
    ];
    for (occupant, kind) in cases {
        let world =
            created().repository("api", |repository| repository.registrations.clear()).occupied("slack", "api", occupant.clone());
        let made = planned(&world);
        assert_eq!(made.changes.last().unwrap().blockers[0].kind, kind, "{occupant:?}");
        let cloned = created()
            .with(|world| {
                let other = World::new().missing("api", Some(super::values::url("api")));
                world.desired.repositories = other.desired.repositories;
                world.actual.repositories = other.actual.repositories;
            })
            .occupied("slack", "api", occupant.clone());
        let made = planned(&cloned);
        assert_eq!(made.changes.last().unwrap().blockers[0].kind, kind, "before its clone: {occupant:?}");
    }
}

#[test]
fn what_lies_in_the_way_of_a_builder_is_named() {
    let cases = [
        (Occupant::Directory, "in-the-way"),
        (Occupant::File, "in-the-way"),
        (Occupant::Symlink, "symlink"),
        (Occupant::Mount, "mount-point"),
        (Occupant::Unreadable("denied".into()), "unreadable"),
    ];
    for (occupant, kind) in cases {
        let world = declared().occupied("slack", "", occupant.clone());
        expect(&world, &[&format!("+ builders.slack | create | blocked: {kind}")]);
    }
}

#[test]
fn a_link_that_was_broken_by_hand_is_left_alone() {
    let links = [
        Link::GitFileGone,
        Link::NamesAnother(abs("/else")),
        Link::NotALink("its .git is a directory".into()),
        Link::NoGitdir("it has no gitdir file".into()),
    ];
    for link in links {
        let world = created().registration("slack", "api", |registration| registration.link = link.clone());
        let made = planned(&world);
        let last = made.changes.last().unwrap();
        assert_eq!(last.blockers[0].kind, "broken-link", "{link:?}");
    }
}

#[test]
fn a_changed_branch_is_switched_to_when_clean() {
    let world = created().wants("slack", "api", "fix");
    expect(&world, &["~ builders.slack.api | switch from builder/slack to new branch fix from origin/main"]);
    expect(&world.clone().branch("api", "fix"), &["~ builders.slack.api | switch from builder/slack to branch fix"]);
    let unknown = world.registration("slack", "api", |registration| registration.work = None);
    assert_eq!(planned(&unknown).changes[0].blockers[0].kind, "unknown", "what was not looked at is not clean");
}

#[test]
fn any_unsaved_work_blocks_a_switch_also_where_a_removal_may_trash_it() {
    for found in work_findings().into_iter().chain(immovable_findings()) {
        // A stash belongs to the repository: a switch takes nothing from it.
        let held = usize::from(!matches!(found, Finding::Stashed(_)));
        let world = created()
            .wants("slack", "api", "fix")
            .found("slack", "api", vec![found.clone()])
            .options(|options| options.unsaved = Some(wsctl::model::policy::OnUnsaved::Trash));
        assert_eq!(planned(&world).blocked().count(), held, "{found:?}");
    }
}

#[test]
fn a_switch_never_leaves_a_third_branch() {
    let third = created().wants("slack", "api", "fix").head("slack", "api", "mine");
    assert_eq!(planned(&third).changes[0].blockers[0].kind, "another-branch");
    let rebasing = created()
        .wants("slack", "api", "fix")
        .found("slack", "api", vec![Finding::InProgress(rebase("builder/slack"))])
        .registration("slack", "api", |registration| registration.head = Head::Detached(id("a")));
    let kinds: Vec<_> = planned(&rebasing).changes[0].blockers.iter().map(|blocker| blocker.kind).collect();
    assert_eq!(kinds, ["another-branch", "in-progress"]);
    let done = created().wants("slack", "api", "fix").head("slack", "api", "fix");
    expect(&done, &["~ builders.slack.api | already on branch fix"]);
}

#[test]
fn a_changed_base_is_written_down() {
    let world = created().checkout("slack", "api", |checkout| checkout.base = Some("origin/next".into()));
    expect(&world, &["~ builders.slack.api | base origin/main → origin/next"]);
}

/// What a running apply has half made looks like somebody's, which nobody shall move away meanwhile.
#[test]
fn while_an_apply_is_at_work_every_next_command_is_to_wait() {
    let header = Header {
        version: 1,
        workspace: our_id(),
        file: abs("/ws/builders.toml"),
        builders_dir: abs("/ws/.builders"),
        tokens: vec![],
        pid: 4711,
        boot: None,
        started: 0,
        opened: 0,
        intents: 0,
    };
    let held = created().wants("slack", "api", "fix").head("slack", "api", "mine");
    assert!(planned(&held).changes[0].blockers[0].next.contains("--replace"));
    let running = held.with(|world| world.actual.unfinished = Some(Unfinished::Running(header)));
    let next = "wait for the apply that is at work (pid 4711)\nwsctl plan";
    assert_eq!(planned(&running).changes[0].blockers[0].next, next);
}
