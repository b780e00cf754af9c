//! What differs and is left alone.

use wsctl::model::actual::{Head, Link, Place};
use wsctl::model::builder::Occupant;
use wsctl::model::mark::Marked;
use wsctl::model::work::Finding;
use wsctl::plan::{Question, questions};
use wsctl::view::{Style, Verbosity, plan_text};

use super::values::{abs, branch, id, rebase, repo};
use super::world::admin_name;
use super::{World, expect, planned};

fn created() -> World {
    World::new().repo("api").builder("slack", &["api"]).created()
}

#[test]
fn somebody_switched_renamed_or_detached_the_branch() {
    let switched = created().head("slack", "api", "mine");
    let made = expect(&switched, &["drift builders.slack.api | on branch mine, declared is builder/slack"]);
    assert_eq!(made.drift[0].next.as_deref(), Some("wsctl apply --replace builders.slack.api"));
    let detached = created().registration("slack", "api", |found| found.head = Head::Detached(id("b")));
    expect(&detached, &["drift builders.slack.api | HEAD is detached, declared is branch builder/slack"]);
    let alone = detached.found("slack", "api", vec![Finding::Unreferenced(vec![id("b"), id("a")])]);
    let made = expect(
        &alone,
        &["drift builders.slack.api | HEAD is detached at commits on no branch or tag, declared is branch builder/slack"],
    );
    let next = "git -C /ws/.builders/slack/api branch NAME bbbbbbbbbb\nwsctl apply --replace builders.slack.api";
    assert_eq!(made.drift[0].next.as_deref(), Some(next));
    let unborn = created().registration("slack", "api", |found| found.head = Head::Unborn(branch("empty")));
    expect(&unborn, &["drift builders.slack.api | has no commit at HEAD"]);
}

#[test]
fn who_is_detached_at_the_tip_of_a_branch_is_not_looked_at() {
    let asked = |at: &str, branches: &[&str]| {
        let world = created().registration("slack", "api", |found| {
            found.head = Head::Detached(id(at));
            found.work = None;
        });
        let world = world.repository("api", |repository| {
            repository.remote_branches.clear();
            repository.branches = branches.iter().map(|tip| (branch(&format!("at-{tip}")), id(tip))).collect();
        });
        let asked = questions(&world.desired, &world.actual, &world.options);
        asked.contains(&Question::Work(repo("api"), admin_name("slack", "api")))
    };
    assert!(!asked("b", &["a", "b"]), "all that is behind it is on a branch");
    assert!(asked("b", &["a"]), "commits on no branch have to be told");
    let parked = created().registration("slack", "api", |found| {
        found.head = Head::Detached(id("b"));
        let Marked::Yes(mark) = &mut found.mark else { panic!("no mark") };
        mark.parked = Some(id("b"));
    });
    let parked = parked.repository("api", |repository| _ = repository.branches.insert(branch("other"), id("b")));
    assert!(!questions(&parked.desired, &parked.actual, &parked.options).is_empty(), "it will be switched back");
}

#[test]
fn commits_and_a_moved_base_are_no_drift() {
    let world = created().registration("slack", "api", |found| found.head = Head::Branch(branch("builder/slack"), id("b")));
    let world = world.repository("api", |repository| {
        repository.remote_branches.clear();
        repository.remote_heads.clear();
    });
    expect(&world, &[]);
}

#[test]
fn an_operation_in_progress_is_left_alone() {
    let world = created().registration("slack", "api", |found| {
        found.head = Head::Detached(id("b"));
        found.operation = Some(rebase("builder/slack"));
    });
    let made = expect(&world, &["drift builders.slack.api | rebase in progress"]);
    assert_eq!(made.drift[0].next, None, "no switch in the middle of a rebase");
}

#[test]
fn moved_with_git_is_registered_elsewhere() {
    let world = created()
        .occupied("slack", "api", Occupant::Nothing)
        .registration("slack", "api", |found| found.worktree = Some(abs("/else/api")));
    expect(
        &world,
        &[
            "+ builders.slack.api | create | blocked: registered-elsewhere",
            "drift builders.slack.api | lies at /else/api, not where it is declared",
        ],
    );
}

#[test]
fn moved_by_hand_is_never_made_again() {
    let admin = abs("/ws/repos/api/.git/worktrees/slack-api");
    let world = created().gone("slack", "api").occupied("slack", "stray", Occupant::Worktree(admin));
    let made = expect(
        &world,
        &[
            "-/+ builders.slack.api | its directory is gone: drop the registration, then on branch builder/slack | blocked: moved-by-hand",
            "drift builders.slack.api | was moved by hand to /ws/.builders/slack/stray",
            "unmanaged /ws/.builders/slack/stray | a git work tree that the file does not declare",
        ],
    );
    assert_eq!(made.changes[0].blockers[0].next, "mv /ws/.builders/slack/stray /ws/.builders/slack/api");
}

#[test]
fn a_builder_that_was_renamed_by_hand_is_never_made_again() {
    let world = created().gone("slack", "api").with(|world| {
        let mut directory = world.actual.builders.remove(std::ffi::OsStr::new("slack")).unwrap();
        directory.path = abs("/ws/.builders/renamed");
        let admin = abs("/ws/repos/api/.git/worktrees/slack-api");
        directory.places.insert(super::values::rel("api"), Occupant::Worktree(admin));
        world.actual.builders.insert("renamed".into(), directory);
    });
    let made = expect(
        &world,
        &[
            "+ builders.slack | create | blocked: moved-by-hand",
            "unmanaged /ws/.builders/renamed | its mark says that it is builder slack: renamed or copied by hand",
        ],
    );
    assert_eq!(made.changes[0].blockers[0].next, "mv /ws/.builders/renamed /ws/.builders/slack");
}

#[test]
fn a_copy_does_not_stand_for_a_builder_that_is_gone() {
    let world = created().gone("slack", "api").with(|world| {
        let mut copy = world.actual.builders.remove(std::ffi::OsStr::new("slack")).unwrap();
        (copy.path, copy.identity) = (abs("/ws/.builders/copy"), (1, 3));
        world.actual.builders.insert("copy".into(), copy);
    });
    assert_eq!(planned(&world).changes[0].reason, "new builder with 1 checkout");
}

#[test]
fn lost_from_its_old_place_is_told_and_kept() {
    let world = created().occupied("slack", "api", Occupant::Nothing).registration("slack", "api", |found| {
        found.worktree = Some(abs("/else/api"));
        found.link = Link::DirectoryGone;
    });
    let made = planned(&world);
    let last = made.changes.last().unwrap();
    assert_eq!(last.blockers[0].kind, "registered-elsewhere");
    assert_eq!(made.drift[0].fact, "is registered at /else/api and is not there");
}

/// The same volume at another mount point: every registration names a path that is not here.
fn mounted_elsewhere() -> World {
    created().with(|world| world.actual.place = Place::Elsewhere(abs("/host/builders.toml"))).registration(
        "slack",
        "api",
        |found| {
            found.worktree = Some(abs("/host/.builders/slack/api"));
            found.link = Link::DirectoryGone;
        },
    )
}

#[test]
fn mounted_elsewhere_nothing_is_made_or_dropped() {
    expect(
        &mounted_elsewhere(),
        &[
            "+ builders.slack.api | create | blocked: mounted-elsewhere",
            "drift builders.slack.api | it is registered at /host/.builders/slack/api: the same workspace is known under another path; nothing of it is dropped or made again",
            "warning this workspace is known as that of /host/builders.toml; nothing of it is repaired or dropped from here",
        ],
    );
}

#[test]
fn what_a_refusal_says_is_not_said_as_drift_too() {
    let text = plan_text(&planned(&mounted_elsewhere()), Verbosity::Normal, &Style::plain());
    assert_eq!(text.matches("it is registered at /host/.builders/slack/api").count(), 1, "{text}");
    assert!(!text.contains("Drift"), "{text}");
}

#[test]
fn mounted_elsewhere_nothing_is_removed() {
    let made = planned(&mounted_elsewhere().undeclared("slack"));
    assert_eq!(made.pending().count(), 0, "{:?}", super::text::lines(&made));
    assert!(made.changes.iter().all(|change| change.blockers.iter().any(|blocker| blocker.kind == "mounted-elsewhere")));
}

#[test]
fn the_git_file_of_another_mount_is_seen_without_any_other_sign() {
    let world = created().registration("slack", "api", |found| {
        found.worktree = Some(abs("/host/.builders/slack/api"));
        found.link = Link::DirectoryGone;
    });
    let made = planned(&world);
    assert_eq!(made.changes.last().unwrap().blockers[0].kind, "mounted-elsewhere");
}

#[test]
fn a_copy_claims_nothing() {
    let world = created().with(|world| {
        let mut copy = world.actual.builders[std::ffi::OsStr::new("slack")].clone();
        copy.path = abs("/ws/.builders/copy");
        world.actual.builders.insert("copy".into(), copy);
    });
    let fact = "its mark says that it is builder slack: renamed or copied by hand";
    expect(&world, &[&format!("unmanaged /ws/.builders/copy | {fact}")]);
    let declared = world.builder("copy", &["api"]);
    expect(&declared, &["+ builders.copy | create | blocked: another-builder"]);
}

#[test]
fn another_workspaces_builder_is_never_touched() {
    let world = created().undeclared("slack").mark("slack", |mark| mark.workspace = super::values::other_id());
    let world = world.registration("slack", "api", |found| found.mark = Marked::No);
    expect(&world, &["unmanaged /ws/.builders/slack | a builder of another workspace (/ws/builders.toml)"]);
    let declared = world.builder("slack", &["api"]);
    expect(&declared, &["+ builders.slack | create | blocked: another-workspace"]);
}

#[test]
fn a_workspace_whose_mark_cannot_be_read_is_not_marked_afresh() {
    let world = created().builder("new", &["api"]).with(|world| world.actual.workspace = Marked::Unreadable("no json".into()));
    let made = planned(&world);
    assert_eq!(made.pending().count(), 0, "{:?}", super::text::lines(&made));
}

#[test]
fn nothing_is_made_through_a_builders_dir_that_is_no_directory() {
    let world = World::new().repo("api").builder("slack", &["api"]).with(|world| {
        world.actual.builders_dir = wsctl::model::actual::Directory::Unusable("is a symbolic link".into());
    });
    let made = planned(&world);
    assert_eq!(made.pending().count(), 0, "{:?}", super::text::lines(&made));
}
