//! `builders.B.files."TO"`: managed files, every case.

use std::path::PathBuf;

use wsctl::model::actual::Source;
use wsctl::model::builder::{DiskFile, Occupant};
use wsctl::model::desired::FileMode;
use wsctl::plan::{Action, FileContent};

use super::text::lines;
use super::values::{abs, rel};
use super::world::{hash, on_disk};
use super::{World, expect, planned};

fn declared() -> World {
    World::new().repo("api").builder("slack", &["api"]).file("slack", "Taskfile.yaml", "one\n")
}

fn created() -> World {
    declared().created()
}

fn source(world: World, text: &str) -> World {
    let bytes = text.into();
    world.with(|world| {
        world
            .actual
            .sources
            .insert(abs("/ws/Taskfile.yaml"), Source::File { bytes, executable: false, private: false, kept: true });
    })
}

fn disk(world: World, file: DiskFile) -> World {
    world.directory("slack", |directory| drop(directory.files.insert(rel("Taskfile.yaml"), file)))
}

fn mode(world: World, mode: FileMode) -> World {
    world.declared("slack", |builder| builder.files.get_mut("Taskfile.yaml").unwrap().mode = mode)
}

const CHANGED: &str = "builders.slack.files.\"Taskfile.yaml\" | its source changed: copy of Taskfile.yaml";
const GONE: &str = "builders.slack.files.\"Taskfile.yaml\" | it is gone: copy of Taskfile.yaml";
const COPY: &str = "builders.slack.files.\"Taskfile.yaml\" | copy of Taskfile.yaml";

#[test]
fn a_new_one_is_written_with_its_builder() {
    expect(
        &declared(),
        &[
            "+ builders.slack | new builder with 1 checkout",
            "+ builders.slack.api | new branch builder/slack from origin/main",
            &format!("+ {COPY}"),
        ],
    );
    expect(&created(), &[]);
}

#[test]
fn a_changed_source_is_an_update_with_its_diff() {
    let made = expect(&source(created(), "two\n"), &[&format!("~ {CHANGED}")]);
    let diff = made.changes[0].diff.as_ref().unwrap();
    assert_eq!((diff.old.as_slice(), diff.new.as_slice()), (b"one\n".as_slice(), b"two\n".as_slice()));
    let Action::WriteFile(write) = &made.changes[0].action else { panic!("no write") };
    assert_eq!(write.expect, Some(hash(b"one\n")), "what is replaced must still be what was seen");
}

#[test]
fn one_that_was_edited_is_blocked_with_its_diff() {
    let edited = disk(created(), on_disk(b"mine\n"));
    let made = expect(&edited, &[&format!("~ {COPY} | blocked: edited-managed-file")]);
    assert_eq!(made.changes[0].diff.as_ref().unwrap().old, b"mine\n");
    expect(&source(edited, "two\n"), &[&format!("~ {COPY} | blocked: edited-managed-file")]);
}

#[test]
fn one_that_was_deleted_is_written_again() {
    expect(&disk(created(), DiskFile::Missing), &[&format!("+ {GONE}")]);
}

#[test]
fn one_that_is_as_declared_already_is_adopted() {
    let same = disk(created(), on_disk(b"one\n")).mark("slack", |mark| mark.files.clear());
    let adopt = "> builders.slack.files.\"Taskfile.yaml\" | adopt: already as declared";
    expect(&same, &[adopt]);
    expect(&source(disk(created(), on_disk(b"two\n")), "two\n"), &[adopt]);
}

#[test]
fn one_of_somebody_else_is_in_the_way() {
    let foreign = disk(created(), on_disk(b"mine\n")).mark("slack", |mark| mark.files.clear());
    let made = planned(&foreign);
    let last = made.changes.last().unwrap();
    assert_eq!(last.blockers[0].kind, "in-the-way");
    assert_eq!(last.blockers[0].next, "mv /ws/.builders/slack/Taskfile.yaml /ws/.builders/slack/Taskfile.yaml.mine");
    let directory =
        disk(created(), DiskFile::Unusable { what: "a directory is in the way".into(), at: rel("Taskfile.yaml"), holds: vec![] });
    assert_eq!(planned(&directory).changes[0].blockers[0].kind, "in-the-way");
}

#[test]
fn one_that_the_checkout_tracks_is_never_replaced() {
    let world = World::new().repo("api").builder("slack", &["api"]).file("slack", "api/.env", "A=1\n").created();
    expect(&world, &[]);
    let tracked = |bytes: &[u8]| {
        let (bytes, hash) = (bytes.to_vec(), hash(bytes));
        let file = DiskFile::File { bytes, hash, executable: false, private: false, tracked: true };
        world.clone().directory("slack", |directory| drop(directory.files.insert(rel("api/.env"), file)))
    };
    assert_eq!(planned(&tracked(b"A=2\n")).changes[0].blockers[0].kind, "tracked-file");
}

#[test]
fn one_that_the_checkout_tracks_by_now_is_only_forgotten() {
    let world = World::new().repo("api").builder("slack", &["api"]).file("slack", "api/.env", "A=1\n").created();
    let undeclared = world.declared("slack", |builder| builder.files.clear());
    for bytes in [b"A=1\n", b"A=2\n"] {
        let file = DiskFile::File { bytes: bytes.to_vec(), hash: hash(bytes), executable: false, private: false, tracked: true };
        let tracked = undeclared.clone().directory("slack", |directory| drop(directory.files.insert(rel("api/.env"), file)));
        let line = "- builders.slack.files.\"api/.env\" | no longer declared: it stays, the checkout tracks it";
        let made = expect(&tracked, &[line]);
        assert!(matches!(&made.changes[0].action, Action::RemoveFile { expect: None, .. }));
    }
}

#[test]
fn one_without_a_source_is_blocked() {
    let world = created().with(|world| {
        world.actual.sources.insert(abs("/ws/Taskfile.yaml"), Source::Unusable("it is a directory".into()));
    });
    expect(&world, &[&format!("+ {COPY} | blocked: source")]);
}

#[test]
fn one_that_is_no_longer_declared_goes_if_it_was_not_edited() {
    let undeclared = created().declared("slack", |builder| builder.files.clear());
    let address = "builders.slack.files.\"Taskfile.yaml\"";
    expect(&undeclared, &[&format!("- {address} | no longer declared")]);
    let edited = disk(undeclared.clone(), on_disk(b"mine\n"));
    expect(&edited, &[&format!("- {address} | no longer declared | blocked: edited-managed-file")]);
    let gone = disk(undeclared, DiskFile::Missing);
    expect(&gone, &[&format!("- {address} | no longer declared, and already gone")]);
}

#[test]
fn one_in_a_checkout_that_leaves_goes_along() {
    let world = World::new()
        .repo("api")
        .repo("ui")
        .builder("slack", &["api", "ui"])
        .file("slack", "ui/.env", "A=1\n")
        .created()
        .without("slack", "ui")
        .declared("slack", |builder| builder.files.clear());
    let made = expect(&world, &["- builders.slack.ui | no longer in the builder: move to the trash"]);
    assert!(matches!(&made.changes[0].action, Action::RemoveCheckout(_)));
}

#[test]
fn one_in_a_checkout_that_cannot_be_made_waits() {
    let world = World::new().missing("api", None).builder("slack", &["api"]).file("slack", "api/.env", "A=1\n");
    assert!(planned(&world).changes.iter().all(|change| !change.address.to_string().contains("files")));
}

#[test]
fn a_template_knows_four_words_and_leaves_every_other_brace() {
    let world = mode(source(declared(), "{builder} {branch} {workspace} {dir} {other} {{builder}} {"), FileMode::Template);
    let made = planned(&world);
    let Action::WriteFile(write) = &made.changes.last().unwrap().action else { panic!("no write") };
    let FileContent::Bytes { bytes, .. } = &write.content else { panic!("no bytes") };
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(text, "slack builder/slack /ws /ws/.builders/slack {other} {slack} {");
    let binary = mode(declared(), FileMode::Template).with(|world| {
        world
            .actual
            .sources
            .insert(abs("/ws/Taskfile.yaml"), Source::File { bytes: vec![0xff], executable: false, private: false, kept: true });
    });
    assert_eq!(planned(&binary).changes.last().unwrap().blockers[0].kind, "source");
}

#[test]
fn a_symlink_is_relative_inside_the_workspace() {
    let target = |world: &World| {
        let made = planned(world);
        let Action::WriteFile(write) = &made.changes.last().unwrap().action else { panic!("no write") };
        let FileContent::Link(target) = &write.content else { panic!("no link") };
        target.clone()
    };
    let linked = mode(declared(), FileMode::Symlink);
    assert_eq!(target(&linked), PathBuf::from("../../Taskfile.yaml"));
    let outside = mode(declared(), FileMode::Symlink).declared("slack", |builder| builder.path = abs("/else/slack"));
    assert_eq!(target(&outside), PathBuf::from("/ws/Taskfile.yaml"));
}

#[test]
fn another_mode_or_another_bit_is_an_update() {
    expect(
        &mode(created(), FileMode::Symlink),
        &["~ builders.slack.files.\"Taskfile.yaml\" | it was a copy: link to Taskfile.yaml"],
    );
    let executable = created().with(|world| {
        world.actual.sources.insert(
            abs("/ws/Taskfile.yaml"),
            Source::File { bytes: b"one\n".into(), executable: true, private: false, kept: true },
        );
    });
    expect(&executable, &[&format!("~ {CHANGED}")]);
    let same_text = mode(created(), FileMode::Template);
    expect(&same_text, &["> builders.slack.files.\"Taskfile.yaml\" | adopt: already as declared"]);
}

#[test]
fn a_symlink_in_place_is_left_alone() {
    let target = PathBuf::from("../../Taskfile.yaml");
    let hash = hash(b"../../Taskfile.yaml");
    let link = DiskFile::Symlink { target, hash: hash.clone(), tracked: false };
    let world = mode(disk(created(), link), FileMode::Symlink).mark("slack", |mark| {
        let written = mark.files.get_mut("Taskfile.yaml").unwrap();
        (written.mode, written.hash) = (FileMode::Symlink, hash);
    });
    expect(&world, &[]);
}

#[test]
fn nothing_is_written_or_forgotten_where_the_root_of_a_nested_builder_was_moved_away() {
    let nested =
        World::new().repo(".").repo("api").nested("slack", &[".", "api"]).file("slack", "Taskfile.yaml", "one\n").created();
    let moved = nested
        .with(|world| world.actual.builders.get_mut(std::ffi::OsStr::new("slack")).unwrap().occupant = Occupant::Nothing)
        .registration("slack", ".", |found| found.worktree = Some(abs("/else/slack")));
    let files = |world: &World| lines(&planned(world)).into_iter().filter(|line| line.contains(".files.")).collect::<Vec<_>>();
    assert_eq!(files(&moved), Vec::<String>::new());
    let undeclared = moved.declared("slack", |builder| builder.files.clear());
    assert_eq!(files(&undeclared), Vec::<String>::new());
}
