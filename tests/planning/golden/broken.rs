//! A workspace that is not where it was, or not what it was.

use wsctl::model::actual::{Directory, Link, Place};
use wsctl::model::builder::Occupant;
use wsctl::model::mark::Marked;

use super::super::World;
use super::super::values::abs;
use super::Scene;

pub(super) const SCENES: &[Scene] = &[
    ("workspace-moved", workspace_moved),
    ("mounted-elsewhere", mounted_elsewhere),
    ("workspace-copied", workspace_copied),
    ("another-file", another_file),
    ("builders-dir-lost", builders_dir_lost),
    ("builders-dir-unusable", builders_dir_unusable),
    ("mark-unreadable", mark_unreadable),
    ("undeclared-repository", undeclared_repository),
];

fn created() -> World {
    World::new().repo("api").builder("slack", &["api"]).created()
}

/// The registrations name paths of before.
fn named(world: World, old: &str) -> World {
    let worktree = abs(old).join(".builders/slack/api");
    world.registration("slack", "api", |found| {
        found.link = Link::DirectoryGone;
        found.worktree = Some(worktree);
    })
}

fn workspace_moved() -> World {
    let world = created()
        .with(|world| world.actual.place = Place::Moved(abs("/old/builders.toml")))
        .mark("slack", |mark| mark.file = abs("/old/builders.toml"))
        .occupied("slack", "api", Occupant::Worktree(abs("/old/repos/api/.git/worktrees/slack-api")));
    named(world, "/old")
}

fn mounted_elsewhere() -> World {
    named(created().with(|world| world.actual.place = Place::Elsewhere(abs("/host/builders.toml"))), "/host")
}

fn workspace_copied() -> World {
    let world = World::new().repo("api").builder("slack", &["api"]).builder("web", &["api"]).created();
    let world = world
        .with(|world| world.actual.place = Place::Copied(abs("/original/builders.toml")))
        .mark("slack", |mark| mark.file = abs("/original/builders.toml"))
        .mark("web", |mark| mark.file = abs("/original/builders.toml"));
    named(world, "/original")
}

fn another_file() -> World {
    created()
        .mark("slack", |mark| mark.file = abs("/ws/other.toml"))
        .with(|world| world.actual.place = Place::AnotherFile(abs("/ws/other.toml")))
        .builder("new", &["api"])
}

fn builders_dir_lost() -> World {
    created().gone("slack", "api").with(|world| {
        world.actual.workspace = Marked::No;
        world.actual.builders_dir = Directory::Missing;
        world.actual.builders.clear();
    })
}

fn builders_dir_unusable() -> World {
    let unusable = Directory::Unusable("is a symbolic link".into());
    World::new().repo("api").builder("slack", &["api"]).with(|world| world.actual.builders_dir = unusable)
}

fn mark_unreadable() -> World {
    created()
        .builder("new", &["api"])
        .with(|world| world.actual.workspace = Marked::Unreadable("expected value at line 1".into()))
}

/// A builder that goes holds a checkout of a repository that the file does not declare any more, and a copy.
fn undeclared_repository() -> World {
    let admin = |path: &str| Occupant::Worktree(abs(path));
    created()
        .builder("keep", &["api"])
        .created()
        .undeclared("slack")
        .occupied("slack", "ui", admin("/ws/repos/ui/.git/worktrees/ui"))
        .occupied("slack", "copy", admin("/ws/repos/api/.git/worktrees/slack-api"))
        .directory("slack", |directory| {
            let named = abs("/ws/.builders/slack/api");
            directory.one_sided.insert(super::super::values::rel("copy"), Some(named));
        })
}
