//! What others did: drift, what nobody declared, what is not ours or in the way.

use wsctl::model::actual::{Head, Link};
use wsctl::model::builder::{AnchorState, Occupant};
use wsctl::model::desired::Shape;
use wsctl::model::mark::Marked;
use wsctl::model::work::Finding;

use super::super::World;
use super::super::values::{abs, branch, id, on, other_id, rebase, url};
use super::Scene;

pub(super) const SCENES: &[Scene] = &[
    ("drift", drift),
    ("refresh-only", refresh_only),
    ("unmanaged", unmanaged),
    ("in-the-way", in_the_way),
    ("not-ours", not_ours),
    ("moved-by-hand", moved_by_hand),
];

/// A builder for each thing that people do in one.
fn drift() -> World {
    let names = ["anchored", "committed", "detached", "pruned", "rebasing", "sparse", "switched", "unborn"];
    let world = names.iter().fold(World::new().repo("api").repo("ui"), |world, name| world.builder(name, &["api"]));
    world
        .created()
        .with(|world| world.desired.repositories.get_mut("ui").unwrap().url = Some(url("moved/ui")))
        .declared("anchored", |builder| builder.shape = Shape::Plain)
        .anchor("committed", |anchor| anchor.by_wsctl = false)
        .registration("detached", "api", |found| found.head = Head::Detached(id("b")))
        .registration("pruned", "api", |found| found.head = Head::Detached(id("d")))
        .found("pruned", "api", vec![Finding::Unreferenced(vec![id("d"), id("c")])])
        .registration("rebasing", "api", |found| {
            found.head = Head::Detached(id("b"));
            found.operation = Some(rebase("builder/rebasing"));
        })
        .checkout("sparse", "api", |checkout| checkout.sparse = Some([super::super::values::rel("docs")].into()))
        .checkout_mark("sparse", "api", |mark| mark.sparse = Some([super::super::values::rel("docs")].into()))
        .head("switched", "api", "mine")
        .registration("unborn", "api", |found| found.head = Head::Unborn(branch("empty")))
}

fn refresh_only() -> World {
    let world = World::new().repo("api").builder("slack", &["api"]).created().head("slack", "api", "mine");
    world.builder("new", &["api"]).options(|options| options.refresh_only = true)
}

fn unmanaged() -> World {
    World::new()
        .repo("api")
        .builder("slack", &["api"])
        .created()
        .occupied("slack", "mine", Occupant::Repository)
        .occupied("notes", "", Occupant::Directory)
        .occupied("torn", "", Occupant::Directory)
        .directory("torn", |directory| directory.mark = Marked::Unreadable("expected value at line 1 column 1".into()))
        .with(|world| {
            world.actual.unmanaged_repositories.push(abs("/ws/repos/old"));
            let mut copy = world.actual.builders[std::ffi::OsStr::new("slack")].clone();
            copy.path = abs("/ws/.builders/copy");
            world.actual.builders.insert("copy".into(), copy);
            let mut theirs = world.actual.builders[std::ffi::OsStr::new("slack")].clone();
            theirs.path = abs("/ws/.builders/theirs");
            if let Marked::Yes(mark) = &mut theirs.mark {
                mark.workspace = other_id();
                mark.file = abs("/other/builders.toml");
            }
            world.actual.builders.insert("theirs".into(), theirs);
        })
}

/// What lies where builders and checkouts shall be.
fn in_the_way() -> World {
    let checkouts = [
        ("another", Occupant::Worktree(abs("/else/.git/worktrees/api"))),
        ("cloned", Occupant::Repository),
        ("linked", Occupant::Symlink),
        ("mounted", Occupant::Mount),
        ("unread", Occupant::Unreadable("permission denied".into())),
    ];
    let names = checkouts.iter().map(|(name, _)| *name);
    let world = names.fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created();
    let world = world.repository("api", |repository| repository.registrations.clear());
    let world = checkouts.into_iter().fold(world, |world, (name, occupant)| world.occupied(name, "api", occupant));
    world.builder("directory", &["api"]).occupied("directory", "", Occupant::Directory).builder("file", &["api"]).occupied(
        "file",
        "",
        Occupant::File,
    )
}

/// Builders and checkouts of somebody else where ours are declared.
fn not_ours() -> World {
    let names = ["anchor", "branch", "copied", "links", "marked", "other", "slack"];
    let world = names.iter().fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created();
    world
        .directory("anchor", |directory| directory.anchor = AnchorState::Foreign("it is a clone of somebody's".into()))
        .registration("branch", "api", |found| {
            found.mark = Marked::No;
            found.head = on("mine");
        })
        .mark("copied", |mark| mark.builder = super::super::values::builder("slack"))
        .registration("links", "api", |found| found.link = Link::NamesAnother(abs("/else/.git/worktrees/api")))
        .checkout_mark("marked", "api", |mark| mark.workspace = other_id())
        .mark("other", |mark| {
            mark.workspace = other_id();
            mark.file = abs("/other/builders.toml");
        })
        .mark("slack", |mark| mark.file = abs("/ws/other.toml"))
}

/// Builders and checkouts that `mv` and `git worktree move` took elsewhere, and registrations that hold something.
fn moved_by_hand() -> World {
    let names = ["checkout", "git", "locked", "slack", "theirs", "value"];
    let world = names.iter().fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created();
    let admin =
        |name: &str| Occupant::Worktree(abs("/ws/repos/api/.git/worktrees").join(super::super::world::admin_name(name, "api")));
    world
        .gone("slack", "api")
        .with(|world| {
            let mut directory = world.actual.builders.remove(std::ffi::OsStr::new("slack")).unwrap();
            directory.path = abs("/ws/.builders/renamed");
            directory.identity = (1, 9);
            if let Marked::Yes(mark) = &mut directory.mark {
                mark.identity = Some((1, 9));
            }
            directory.places.insert(super::super::values::rel("api"), admin("slack"));
            world.actual.builders.insert("renamed".into(), directory);
        })
        .gone("checkout", "api")
        .occupied("checkout", "stray", admin("checkout"))
        .occupied("git", "api", Occupant::Nothing)
        .registration("git", "api", |found| found.worktree = Some(abs("/else/api")))
        .gone("locked", "api")
        .registration("locked", "api", |found| {
            found.lock = Some(wsctl::model::actual::Lock::Foreign("on the blue stick".into()));
        })
        .gone("theirs", "api")
        .checkout_mark("theirs", "api", |mark| {
            mark.workspace = other_id();
            mark.file = abs("/other/builders.toml");
        })
        .gone("value", "api")
        .registration("value", "api", |found| found.remains = vec!["staged files".into(), "2 detached commits".into()])
}
