//! Who comes first: clones, creations, removals; whoever frees a branch before whoever takes it.

use wsctl::model::actual::Link;
use wsctl::model::work::Finding;
use wsctl::plan::Part;

use super::text::steps;
use super::values::{evidence, url};
use super::{World, expect, planned};

fn three() -> World {
    let names = ["a", "b", "c"];
    names.iter().fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created()
}

#[test]
fn clones_then_creations_then_removals() {
    let world = World::new().repo("ui").builder("old", &["ui"]).created().undeclared("old").missing("api", Some(url("api")));
    let world = world.builder("slack", &["api", "ui"]).file("slack", "Taskfile.yaml", "x").file("slack", "api/.env", "y");
    assert_eq!(
        steps(&planned(&world)),
        "clone repos.api\n\
         create builders.slack after clone repos.api\n\
         create builders.slack.api <- clone repos.api, create builders.slack\n\
         create builders.slack.ui <- create builders.slack\n\
         create builders.slack.files.\"Taskfile.yaml\" <- create builders.slack\n\
         create builders.slack.files.\"api/.env\" <- create builders.slack, create builders.slack.api\n\
         remove builders.old after clone repos.api, create builders.slack, create builders.slack.api, \
         create builders.slack.files.\"Taskfile.yaml\", create builders.slack.files.\"api/.env\", create builders.slack.ui\n"
    );
}

#[test]
fn a_removal_frees_the_branch_that_a_creation_takes() {
    let world = three().undeclared("a").builder("new", &["api"]).wants("new", "api", "builder/a");
    assert_eq!(
        steps(&planned(&world)),
        "remove builders.a\n\
         create builders.new\n\
         create builders.new.api <- create builders.new, remove builders.a\n"
    );
}

#[test]
fn a_switch_frees_the_branch_that_a_switch_takes() {
    let world = three().wants("a", "api", "fresh").wants("b", "api", "builder/a");
    assert_eq!(
        steps(&planned(&world)),
        "switch builders.a.api\n\
         switch builders.b.api <- switch builders.a.api\n"
    );
}

#[test]
fn a_swap_of_two_is_parked() {
    let world = three().wants("a", "api", "builder/b").wants("b", "api", "builder/a");
    assert_eq!(
        steps(&planned(&world)),
        "park builders.a.api\n\
         switch builders.b.api <- park builders.a.api\n\
         switch builders.a.api <- park builders.a.api, switch builders.b.api\n"
    );
}

#[test]
fn a_ring_of_three_is_parked_once() {
    let world = three().wants("a", "api", "builder/b").wants("b", "api", "builder/c").wants("c", "api", "builder/a");
    let made = planned(&world);
    assert_eq!(made.steps.iter().filter(|step| step.part == Part::Park).count(), 1);
    assert_eq!(made.pending().count(), 3);
}

#[test]
fn a_failing_freer_blocks_the_taker_and_so_on() {
    let dirty = vec![Finding::Untracked(evidence("x"))];
    let world = three().wants("a", "api", "builder/b").wants("b", "api", "builder/c").wants("c", "api", "fresh").found(
        "c",
        "api",
        dirty.clone(),
    );
    expect(
        &world,
        &[
            "~ builders.a.api | switch from builder/a to branch builder/b | blocked: branch-in-use",
            "~ builders.b.api | switch from builder/b to branch builder/c | blocked: branch-in-use",
            "~ builders.c.api | switch from builder/c to new branch fresh from origin/main | blocked: untracked",
        ],
    );
    let removal = three().undeclared("a").found("a", "api", dirty).wants("b", "api", "builder/a");
    expect(
        &removal,
        &[
            "- builders.a | no longer declared: move to the trash | blocked: untracked",
            "~ builders.b.api | switch from builder/b to branch builder/a | blocked: branch-in-use",
        ],
    );
}

#[test]
fn the_brakes_hold_the_taker_too() {
    let world = three()
        .with(|world| world.desired.max_removals = wsctl::model::policy::MaxRemovals::Count(0))
        .undeclared("a")
        .wants("b", "api", "builder/a");
    assert_eq!(planned(&world).pending().count(), 0);
}

#[test]
fn a_pruned_registration_frees_its_branch() {
    let world = three().gone("a", "api").undeclared("a").wants("b", "api", "builder/a");
    let world = world.with(|world| drop(world.actual.builders.remove(std::ffi::OsStr::new("a"))));
    assert_eq!(
        steps(&planned(&world)),
        "prune builders.a.api\n\
         switch builders.b.api <- prune builders.a.api\n"
    );
}

#[test]
fn a_branch_that_two_worktrees_have_is_free_when_both_gave_it_up() {
    let world = three().head("b", "api", "builder/a").undeclared("a").builder("new", &["api"]).wants("new", "api", "builder/a");
    let made = planned(&world);
    let new = made.changes.iter().find(|change| change.address.to_string() == "builders.new.api").unwrap();
    assert_eq!(new.blockers.iter().map(|blocker| blocker.kind).collect::<Vec<_>>(), ["branch-in-use"]);
}

#[test]
fn a_ring_that_nobody_can_leave_is_blocked() {
    let lost = |world: World, name: &str, on: &str| {
        world.gone(name, "api").head(name, "api", on).registration(name, "api", |found| found.link = Link::DirectoryGone)
    };
    let world = lost(lost(three(), "a", "builder/b"), "b", "builder/a");
    let made = planned(&world);
    assert_eq!(made.blocked().count(), 2, "{:?}", super::text::lines(&made));
}

#[test]
fn one_writer_per_repository_is_named() {
    let world = World::new().repo("api").repo("ui").builder("old", &["api", "ui"]).created().builder("new", &["ui"]);
    let made = planned(&world.undeclared("old"));
    let writes = |address: &str| {
        let step = made.steps.iter().find(|step| made.changes[step.change].address.to_string() == address).unwrap();
        step.writes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(writes("builders.old"), ["api", "ui"]);
    assert_eq!(writes("builders.new.ui"), ["ui"]);
    assert!(writes("builders.new").is_empty());
}
