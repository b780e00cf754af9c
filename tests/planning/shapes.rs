//! Nested and plain builders, and the helper files of `builders_dir`.

use wsctl::model::actual::{Link, Lock};
use wsctl::model::builder::{AnchorState, Occupant};
use wsctl::model::desired::Shape;
use wsctl::plan::Action;

use super::text::steps;
use super::values::{abs, on};
use super::{World, expect, planned};

fn declared() -> World {
    World::new().repo(".").repo("api").nested("slack", &[".", "api"])
}

#[test]
fn a_nested_builder_is_its_root_then_the_rest() {
    let made = expect(
        &declared(),
        &[
            "+ builders.slack | new builder with 2 checkouts",
            "+ builders.slack.\".\" | new branch builder/slack from origin/main",
            "+ builders.slack.api | new branch builder/slack from origin/main",
        ],
    );
    assert_eq!(
        steps(&made),
        "create builders.slack.\".\"\n\
         create builders.slack <- create builders.slack.\".\"\n\
         create builders.slack.api <- create builders.slack, create builders.slack.\".\"\n"
    );
    let Action::CreateBuilder(write) = &made.changes[0].action else { panic!("no creation") };
    assert_eq!(write.ignore.as_deref(), Some("!/*/repos/\n!/*/repos/*\n"));
    assert_eq!(write.anchor, None);
    let Action::CreateCheckout(write) = &made.changes[1].action else { panic!("no creation") };
    assert!(write.holds, "git worktree remove would delete the inner checkouts");
    expect(&declared().created(), &[]);
}

#[test]
fn nothing_is_made_inside_a_nested_builder_whose_root_is_blocked() {
    let world = declared().branch(".", "builder/slack").repository(".", |repository| repository.head = on("builder/slack"));
    let made = expect(
        &world,
        &[
            "+ builders.slack | new builder with 2 checkouts | blocked: blocked-root",
            "+ builders.slack.\".\" | on branch builder/slack | blocked: branch-in-use",
            "+ builders.slack.api | new branch builder/slack from origin/main | blocked: blocked-root",
        ],
    );
    assert_eq!(made.changes[0].blockers[0].next, "wsctl plan --target 'builders.slack.\".\"'");
    let occupied = declared().occupied("slack", "", Occupant::Worktree(abs("/else/.git/worktrees/x")));
    expect(
        &occupied,
        &[
            "+ builders.slack.\".\" | create | blocked: another-repository",
            "+ builders.slack.api | new branch builder/slack from origin/main | blocked: blocked-root",
        ],
    );
}

#[test]
fn a_nested_builder_that_is_no_worktree_any_more_is_never_made_again() {
    let lost = declared().created().registration("slack", ".", |found| found.link = Link::GitFileGone);
    let world = lost.occupied("slack", "", Occupant::Directory);
    expect(&world, &["+ builders.slack | create | blocked: in-the-way"]);
}

#[test]
fn our_lock_on_a_nested_root_is_kept_up() {
    let world = declared().created().registration("slack", ".", |found| found.lock = None);
    expect(&world, &["~ builders.slack.\".\" | lock: it holds other checkouts"]);
    let alone = World::new().repo(".").nested("keep", &["."]).created();
    let alone = alone.registration("keep", ".", |found| found.lock = None);
    expect(&alone, &["~ builders.keep.\".\" | lock: it is all of the builder"]);
    let theirs = declared().created().registration("slack", ".", |found| found.lock = Some(Lock::Foreign("mine".into())));
    expect(&theirs, &[]);
}

#[test]
fn a_nested_builder_is_removed_as_one() {
    let world = declared().created().nested("keep", &["."]).created().undeclared("slack");
    let made = expect(&world, &["- builders.slack | no longer declared: move to the trash"]);
    let Action::RemoveBuilder(removal) = &made.changes[0].action else { panic!("no removal") };
    let paths: Vec<_> = removal.checkouts.iter().map(|checkout| checkout.path.as_str()).collect();
    assert_eq!(paths, [".", "repos/api"]);
}

#[test]
fn a_plain_builder_has_a_mark_and_no_anchor() {
    let declared = World::new().repo("api").plain("slack", &["api"]);
    let made = planned(&declared);
    let Action::CreateBuilder(write) = &made.changes[0].action else { panic!("no creation") };
    assert_eq!((write.anchor.as_ref(), write.shape), (None, Shape::Plain));
    expect(&declared.created(), &[]);
}

#[test]
fn an_anchor_where_none_is_declared_is_drift() {
    let world = World::new().repo("api").builder("slack", &["api"]).created();
    let world = world.declared("slack", |builder| builder.shape = Shape::Plain);
    expect(&world, &["drift builders.slack | has an anchor, though `anchor = false`"]);
}

#[test]
fn an_anchor_that_is_declared_later_is_made() {
    let world = World::new().repo("api").plain("slack", &["api"]).created();
    let world = world.declared("slack", |builder| builder.shape = Shape::Anchored);
    expect(&world, &["~ builders.slack | its anchor is missing"]);
}

#[test]
fn the_helper_files_are_kept_by_the_first_builder_that_can() {
    let two = World::new().repo(".").repo("api").nested("a", &[".", "api"]).nested("b", &[".", "api"]).created();
    let lost = two.with(|world| (world.actual.gitignore, world.actual.ignore) = (None, Some(b"else".to_vec())));
    expect(
        &lost,
        &["~ builders.a | builders_dir no longer ignores itself (.gitignore); the helper file .ignore is missing or different"],
    );
    let blocked = lost.clone().occupied("a", "", Occupant::File);
    let made = planned(&blocked);
    let pending: Vec<_> = made.pending().map(|change| change.address.to_string()).collect();
    assert_eq!(pending, ["builders.b"], "{:?}", super::text::lines(&made));
    let lone_root = World::new().repo(".").repo("api").nested("a", &["."]).nested("b", &[".", "api"]).created();
    let lost = lone_root.with(|world| world.actual.ignore = None);
    expect(&lost, &["~ builders.b | the helper file .ignore is missing or different"]);
}

#[test]
fn a_sibling_builder_needs_no_helper_file() {
    let world = World::new().repo("api").builder("slack", &["api"]).created();
    assert_eq!(world.actual.ignore, None);
    expect(&world, &[]);
}

#[test]
fn a_builder_without_its_mark_gets_it_again() {
    let unmarked = World::new().repo("api").builder("slack", &["api"]).created().directory("slack", |directory| {
        directory.mark = wsctl::model::mark::Marked::No;
        directory.anchor = AnchorState::Missing;
        directory.occupant = Occupant::Directory;
    });
    expect(&unmarked, &["~ builders.slack | it has no mark: write it"]);
}

#[test]
fn what_the_mark_says_of_the_builder_is_kept_up() {
    let world = World::new().repo("api").builder("slack", &["api"]).created().declared("slack", |builder| {
        builder.protect = true;
        builder.policy.trash_keep = 1;
        builder.labels.insert("ticket".into(), "TEC-25".into());
    });
    expect(&world, &["~ builders.slack | protect false → true; its policy changed; its labels changed"]);
}
