//! `--target` and `--exclude`: what they bring, what they take along, and who sees that something is left out.

use wsctl::model::actual::{Link, Place};
use wsctl::model::builder::DiskFile;
use wsctl::model::pattern::Pattern;
use wsctl::plan::{Action, FileContent, Plan, addresses};

use super::values::{abs, rel, trashed, url};
use super::{World, expect, planned};

impl World {
    fn only(self, targets: &[&str]) -> Self {
        self.options(|options| options.selection.targets = patterns(targets))
    }

    fn but(self, excludes: &[&str]) -> Self {
        self.options(|options| options.selection.excludes = patterns(excludes))
    }
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::parse(text).unwrap()).collect()
}

fn left_out(plan: &Plan) -> Vec<String> {
    plan.narrowed.as_ref().unwrap().left_out.iter().map(ToString::to_string).collect()
}

/// Two builders to be made; one repository has to be cloned first.
fn new() -> World {
    World::new()
        .repo(".")
        .repo("api")
        .missing("ui", Some(url("ui")))
        .builder("a", &["api", "ui"])
        .file("a", "Taskfile.yaml", "x")
        .file("a", "api/.env", "y")
        .nested("b", &[".", "api"])
}

#[test]
fn a_target_brings_what_it_depends_on() {
    let made = expect(
        &new().only(&["builders.a.ui"]),
        &[
            "+ repos.ui | clone from https://example.com/ui.git",
            "+ builders.a | new builder with 1 of its 2 checkouts",
            "+ builders.a.ui | on branch builder/a, once it is cloned",
        ],
    );
    assert_eq!(
        left_out(&made),
        [
            "builders.a.api",
            "builders.a.files.\"Taskfile.yaml\"",
            "builders.a.files.\"api/.env\"",
            "builders.b",
            "builders.b.\".\"",
            "builders.b.api"
        ]
    );
}

#[test]
fn a_builder_brings_its_checkouts_and_files_and_a_file_the_checkout_around_it() {
    let all = ["repos.ui", "builders.a", "builders.a.api", "builders.a.ui"];
    let subjects = |plan: &Plan| plan.changes.iter().map(|change| change.address.to_string()).collect::<Vec<_>>();
    assert_eq!(subjects(&planned(&new().only(&["builders.a"])))[..4], all);
    let file = planned(&new().only(&["builders.a.files.api/.env"]));
    assert_eq!(subjects(&file), ["builders.a", "builders.a.api", "builders.a.files.\"api/.env\""]);
    let inner = planned(&new().only(&["builders.b.api"]));
    assert_eq!(subjects(&inner), ["builders.b", "builders.b.\".\"", "builders.b.api"]);
    assert_eq!(subjects(&planned(&new().only(&["repos.*"]))), ["repos.ui"]);
}

#[test]
fn an_exclusion_takes_along_what_depends_on_it() {
    let made = planned(&new().but(&["repos.ui"]));
    assert_eq!(left_out(&made), ["repos.ui", "builders.a.ui"]);
    let made = planned(&new().but(&["builders.a"]));
    let a =
        ["builders.a", "builders.a.api", "builders.a.ui", "builders.a.files.\"Taskfile.yaml\"", "builders.a.files.\"api/.env\""];
    assert_eq!(left_out(&made), a, "the clone of ui is still asked for");
    let made = planned(&new().but(&["builders.b.."]));
    assert_eq!(left_out(&made), ["builders.b", "builders.b.\".\"", "builders.b.api"]);
    let made = planned(&new().but(&["builders.*.api"]));
    assert_eq!(left_out(&made), ["builders.a.api", "builders.a.files.\"api/.env\"", "builders.b.api"]);
}

#[test]
fn an_exclusion_wins_over_a_target() {
    let made = planned(&new().only(&["builders.a"]).but(&["builders.a.ui"]));
    assert!(left_out(&made).contains(&"builders.a.ui".into()));
    expect(&new().only(&["builders.b.api"]).but(&["builders.b.."]), &[]);
}

/// The gitlinks and files of the one anchor that the plan writes.
fn anchor(plan: &Plan) -> (Vec<&str>, Vec<(&str, &[u8])>) {
    let write = plan.changes.iter().find_map(|change| change.action.builds()).unwrap().anchor.as_ref().unwrap();
    let files = write.files.iter().map(|(to, content)| {
        let FileContent::Bytes { bytes, .. } = content else { panic!("a link") };
        (to.as_str(), bytes.as_slice())
    });
    (write.gitlinks.iter().map(|link| link.path.as_str()).collect(), files.collect())
}

#[test]
fn an_anchor_records_nothing_that_is_not_made() {
    let whole = planned(&new());
    assert_eq!(anchor(&whole), (vec!["api", "ui"], vec![("Taskfile.yaml", b"x".as_slice())]));
    let part = planned(&new().only(&["builders.a.api"]));
    assert_eq!(anchor(&part), (vec!["api"], vec![]));
}

#[test]
fn an_anchor_records_a_file_as_it_is_where_its_change_is_left_out() {
    let world = World::new().repo("api").builder("a", &["api"]).file("a", "Taskfile.yaml", "old").created();
    let world = world.anchor("a", |anchor| anchor.hook = false).file("a", "Taskfile.yaml", "new");
    assert_eq!(anchor(&planned(&world)).1, [("Taskfile.yaml", b"new".as_slice())]);
    let but = world.but(&["builders.a.files"]);
    assert_eq!(anchor(&planned(&but)).1, [("Taskfile.yaml", b"old".as_slice())]);
    let edited = but.directory("a", |directory| {
        directory.files.insert(rel("Taskfile.yaml"), DiskFile::Missing);
    });
    assert_eq!(anchor(&planned(&edited)).1, []);
    // What cannot be recorded does not make the builder differ either.
    let lost = edited.anchor("a", |anchor| {
        anchor.hook = true;
        anchor.entries.remove("Taskfile.yaml");
    });
    expect(&lost, &[]);
}

fn three() -> World {
    World::new().repo("api").builder("a", &["api"]).builder("b", &["api"]).builder("c", &["api"]).builder("d", &["api"]).created()
}

#[test]
fn brakes_count_what_is_asked_for() {
    let world = three().undeclared("a").undeclared("b").with(|world| {
        world.desired.max_removals = wsctl::model::policy::MaxRemovals::Count(1);
    });
    let blocked = " | no longer declared: move to the trash | blocked: max-removals";
    expect(&world, &[&format!("- builders.a{blocked}"), &format!("- builders.b{blocked}")]);
    expect(&world.only(&["builders.b"]), &["- builders.b | no longer declared: move to the trash"]);
}

#[test]
fn the_mark_of_the_workspace_waits_for_what_is_left_out() {
    let world = three().undeclared("a").wants("b", "api", "fix");
    assert!(planned(&world).claims);
    assert!(!planned(&world.clone().only(&["builders.b"])).claims);
    assert!(planned(&world.wants("b", "api", "builder/b").only(&["builders.a"])).claims, "nothing is left out");
}

#[test]
fn links_of_a_moved_workspace_can_be_repaired_one_after_the_other() {
    let world = three().with(|world| world.actual.place = Place::Moved(abs("/old/builders.toml")));
    let world = ["a", "b"].into_iter().fold(world, |world, name| world.mark(name, |mark| mark.file = abs("/old/builders.toml")));
    let made = planned(&world.only(&["builders.a"]));
    assert_eq!(left_out(&made), ["builders.b"]);
    assert!(!made.claims, "builders.b must still be known as moved");
}

#[test]
fn a_branch_that_a_change_left_out_would_free_is_not_free() {
    let world = three().branch("api", "x").wants("a", "api", "x").wants("b", "api", "builder/a");
    assert_eq!(planned(&world).blocked().count(), 0);
    let made = expect(
        &world.only(&["builders.b"]),
        &["~ builders.b.api | switch from builder/b to branch builder/a | blocked: branch-in-use"],
    );
    let blocker = &made.changes[0].blockers[0];
    assert_eq!(blocker.fact, "branch builder/a is checked out by builders.a.api, whose change is left out");
    assert_eq!(blocker.next, "wsctl apply --target builders.b.api --target builders.a.api");
}

#[test]
fn a_whole_builder_does_not_go_where_a_checkout_in_it_is_excluded() {
    let world = three().undeclared("a");
    for exclude in ["builders.a.api", "repos.api", "builders.*.api"] {
        let made = planned(&world.clone().but(&[exclude]));
        assert!(left_out(&made).contains(&"builders.a".into()), "{exclude}");
    }
    expect(&world.clone().only(&["builders.a.api"]), &[]);
    expect(&world.only(&["builders.a"]), &["- builders.a | no longer declared: move to the trash"]);
}

#[test]
fn drift_and_what_is_unmanaged_are_told_of_what_is_asked_for() {
    let world = three().head("a", "api", "other").branch("api", "other").directory("stranger", |directory| {
        directory.occupant = wsctl::model::builder::Occupant::Directory;
    });
    let drift = "drift builders.a.api | on branch other, declared is builder/a";
    expect(&world, &[drift, "unmanaged /ws/.builders/stranger | not ours"]);
    expect(&world.clone().only(&["builders.a"]), &[drift]);
    expect(&world.only(&["builders.b"]), &[]);
}

#[test]
fn the_trash_is_left_alone_by_a_part() {
    let old = |world: World| {
        world.with(|world| {
            world.desired.policy.auto_prune = true;
            let mut entry = trashed("old", None, 0);
            entry.manifest.as_mut().unwrap().mark = None;
            world.actual.trash.push(entry);
        })
    };
    let whole = planned(&old(three()));
    assert_eq!(whole.deletions.len(), 1);
    assert_eq!(planned(&old(three()).only(&["builders.*"])).deletions, []);
}

#[test]
fn hints_carry_on_what_the_command_was_told() {
    let world =
        three().undeclared("a").found("a", "api", vec![wsctl::model::work::Finding::Untracked(super::values::evidence("x"))]);
    let next = |world: World| planned(&world).changes[0].blockers[0].next.lines().last().unwrap().to_owned();
    assert_eq!(next(world.clone()), "wsctl apply --unsaved=trash");
    assert_eq!(next(world.clone().only(&["builders.a*"])), "wsctl apply --target 'builders.a*' --unsaved=trash");
    let told = world.but(&["builders.b"]).options(|options| options.allow_removals = true);
    assert_eq!(next(told), "wsctl apply --allow-removals --exclude builders.b --unsaved=trash");
}

#[test]
fn what_is_ours_on_the_disk_has_an_address() {
    let world = three().undeclared("a").gone("b", "api").without("b", "api").undeclared("b");
    let all: Vec<String> = addresses(&world.desired, &world.actual, &world.options).iter().map(ToString::to_string).collect();
    for address in ["repos.api", "builders.a", "builders.a.api", "builders.b.api", "builders.d.api"] {
        assert!(all.contains(&address.into()), "{address} not in {all:?}");
    }
}

#[test]
fn a_registration_without_a_directory_can_be_asked_for() {
    let world = three().gone("a", "api").undeclared("a").registration("a", "api", |found| found.link = Link::DirectoryGone);
    let world = world.with(|world| drop(world.actual.builders.remove(std::ffi::OsStr::new("a"))));
    let made = planned(&world.only(&["builders.a.api"]));
    assert!(matches!(made.changes[0].action, Action::Prune(_)), "{made:?}");
}
