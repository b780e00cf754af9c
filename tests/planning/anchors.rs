//! The anchor repository of a builder.

use wsctl::model::actual::{Head, ObjectFormat};
use wsctl::model::builder::{AnchorEntry, AnchorState};
use wsctl::plan::{Action, AnchorWrite, Plan};

use super::values::{branch, id, rel};
use super::{World, expect, planned};

fn created() -> World {
    World::new().repo("api").repo("ui").builder("slack", &["api", "ui"]).created()
}

fn anchor(plan: &Plan) -> &AnchorWrite {
    let (Action::CreateBuilder(write) | Action::UpdateBuilder(write) | Action::AdoptBuilder(write)) = &plan.changes[0].action
    else {
        panic!("{:?}", plan.changes[0].action)
    };
    write.anchor.as_ref().unwrap()
}

fn links(plan: &Plan) -> Vec<&str> {
    anchor(plan).gitlinks.iter().map(|link| link.path.as_str()).collect()
}

#[test]
fn a_missing_or_damaged_one_is_made_again() {
    let missing = created().directory("slack", |directory| directory.anchor = AnchorState::Missing);
    let made = expect(&missing, &["~ builders.slack | its anchor is missing"]);
    assert_eq!(links(&made), ["api", "ui"]);
    let damaged = created().directory("slack", |directory| directory.anchor = AnchorState::Damaged("no HEAD".into()));
    expect(&damaged, &["~ builders.slack | its anchor is damaged: no HEAD"]);
}

#[test]
fn one_that_is_not_ours_blocks_the_builder() {
    let world = created().directory("slack", |directory| directory.anchor = AnchorState::Foreign("another repository".into()));
    expect(&world, &["+ builders.slack | create | blocked: foreign-anchor"]);
}

#[test]
fn what_differs_is_named_and_repaired() {
    let wrong = created().anchor("slack", |anchor| {
        anchor.wrong_keys = vec!["core.hooksPath", "gc.auto"];
        anchor.hook = false;
        anchor.remotes = vec!["origin".into()];
        anchor.head = Head::Branch(branch("main"), id("c"));
    });
    expect(
        &wrong,
        &["~ builders.slack | the anchor's configuration differs: core.hooksPath, gc.auto; \
           the anchor's pre-commit hook is missing or different; the anchor has a remote: origin; \
           the anchor is on main, not on builder/slack"],
    );
}

#[test]
fn gitlinks_that_are_missing_or_too_many_are_repaired() {
    let world = created().anchor("slack", |anchor| {
        anchor.entries.remove("ui");
        anchor.entries.insert(rel("old"), AnchorEntry::Gitlink(id("e")));
        anchor.entries.insert(rel("note"), AnchorEntry::Blob { id: id("e"), mode: 0o100_644 });
    });
    let made = expect(&world, &["~ builders.slack | the anchor does not record ui; the anchor still records note, old"]);
    assert_eq!(links(&made), ["api", "ui"]);
    assert_eq!(anchor(&made).expect, Some(id("c")), "compare and swap");
}

#[test]
fn a_managed_file_that_it_lost_is_recorded_again() {
    let world = World::new().repo("api").builder("slack", &["api"]).file("slack", "Taskfile.yaml", "x").created();
    let lost = world.anchor("slack", |anchor| drop(anchor.entries.remove("Taskfile.yaml")));
    let made = expect(&lost, &["~ builders.slack | the anchor does not record Taskfile.yaml"]);
    assert_eq!(anchor(&made).files.len(), 1);
}

#[test]
fn a_gitlink_keeps_the_commit_that_its_checkout_had_when_created() {
    let world = created()
        .checkout_mark("slack", "ui", |mark| mark.start = id("b"))
        .anchor("slack", |anchor| {
            anchor.hook = false;
            anchor.entries.insert(rel("api"), AnchorEntry::Gitlink(id("9")));
            anchor.entries.remove("ui");
        })
        .registration("slack", "ui", |found| found.head = Head::Branch(branch("builder/slack"), id("7")));
    let made = planned(&world);
    let commits: Vec<_> = anchor(&made).gitlinks.iter().map(|link| link.commit.clone().unwrap()).collect();
    assert_eq!(commits, [id("9"), id("b")]);
}

#[test]
fn a_commit_made_by_hand_is_drift_and_kept() {
    let world = created().anchor("slack", |anchor| {
        anchor.by_wsctl = false;
        anchor.hook = false;
    });
    expect(&world, &["drift builders.slack | a commit was made by hand in the anchor; it is kept"]);
    let policy = world.declared("slack", |builder| builder.protect = true);
    let made = planned(&policy);
    let Action::UpdateBuilder(write) = &made.changes[0].action else { panic!("no update") };
    assert_eq!(write.anchor, None, "only the mark is written");
}

#[test]
fn a_blocked_checkout_has_no_gitlink() {
    let world = World::new().repo("api").repo("ui").builder("slack", &["api", "ui"]);
    assert_eq!(links(&planned(&world)), ["api", "ui"]);
    let blocked =
        world.repository("ui", |repository| repository.mirror_refspecs.push(("origin".into(), "+refs/*:refs/*".into())));
    assert_eq!(links(&planned(&blocked)), ["api"]);
}

#[test]
fn a_checkout_on_its_way_out_stays_recorded_until_it_is_gone() {
    let world = created().without("slack", "ui").anchor("slack", |anchor| anchor.hook = false);
    assert_eq!(links(&planned(&world)), ["api", "ui"]);
}

#[test]
fn the_minority_of_object_formats_is_left_out() {
    let world = World::new()
        .repo("api")
        .repo("ui")
        .repo("new")
        .repository("new", |repository| repository.format = ObjectFormat::Sha256)
        .builder("slack", &["api", "ui", "new"])
        .created()
        .anchor("slack", |anchor| drop(anchor.entries.remove("new")));
    expect(&world, &[]);
    let turned = world.repository("ui", |repository| repository.format = ObjectFormat::Sha256);
    let made = planned(&turned);
    assert_eq!(anchor(&made).format, ObjectFormat::Sha256);
    assert_eq!(anchor(&made).excluded, [rel("api")]);
}

#[test]
fn a_file_of_somebody_else_is_not_recorded() {
    let world = World::new().repo("api").builder("slack", &["api"]).created().file("slack", "note", "x");
    let foreign = world.directory("slack", |directory| {
        directory.files.insert(rel("note"), super::world::on_disk(b"mine"));
        directory.anchor = AnchorState::Missing;
    });
    assert!(anchor(&planned(&foreign)).files.is_empty());
}
