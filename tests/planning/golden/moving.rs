//! What has another name, another place or another layout by now.

use wsctl::model::actual::Lock;
use wsctl::model::builder::Occupant;
use wsctl::model::desired::Destination;
use wsctl::model::obstacle::{Ground, Obstacle};
use wsctl::model::work::Finding;

use super::super::World;
use super::super::values::{abs, branch, builder, evidence, rel, repo};
use super::Scene;

pub(super) const SCENES: &[Scene] = &[
    ("moves", moves),
    ("moves-refused", moves_refused),
    ("move-left-out", move_left_out),
    ("builders-dir-moves", builders_dir_moves),
    ("builders-dir-stays", builders_dir_stays),
];

/// `builders.was` is declared as `builders.now`.
fn renamed(world: World, was: &str, now: &str) -> World {
    let now = builder(now);
    world.with(|world| drop(world.desired.moved.builders.insert(now, vec![builder(was)])))
}

/// A renamed builder, another layout, a renamed branch, and a repository at another path.
fn moves() -> World {
    let world = World::new()
        .repo("api")
        .repo("ui")
        .builder("layout", &["api"])
        .builder("slack", &["api"])
        .builder("web", &["ui"])
        .created()
        .checkout("layout", "api", |checkout| checkout.path = rel("repos/api"))
        .undeclared("slack")
        .builder("gateway-slack", &["api"])
        .wants("gateway-slack", "api", "builder/slack")
        .declared("gateway-slack", |builder| builder.branch = branch("builder/slack"))
        .wants("web", "ui", "feature/web")
        .with(|world| {
            world.desired.moved.branches.insert(branch("feature/web"), vec![branch("builder/web")]);
            world.desired.repositories.get_mut("ui").unwrap().path = abs("/ws/clones/ui");
        });
    renamed(world, "slack", "gateway-slack")
}

/// What cannot move: its new place is taken, or kept by one that stays, somebody works in it, a worktree of the repository
/// is away.
fn moves_refused() -> World {
    let world = World::new()
        .repo("api")
        .repo("ui")
        .builder("busy", &["api"])
        .builder("lent", &["ui"])
        .builder("slack", &["api"])
        .builder("stick", &["ui"])
        .builder("taken", &["api"])
        .builder("unlooked", &["api"])
        .builder("v1", &["api"])
        .builder("v2", &["api"])
        .created()
        .undeclared("v1")
        .wants("v2", "api", "builder/v1")
        .builder("v3", &["api"])
        .wants("v3", "api", "builder/v2")
        .found("v2", "api", vec![Finding::Process { pid: 4711, name: "cargo".into(), caller: false }])
        .checkout("busy", "api", |checkout| checkout.path = rel("repos/api"))
        .found("busy", "api", vec![Finding::Process { pid: 4711, name: "cargo".into(), caller: false }])
        .occupied("busy", "repos/api", Occupant::Directory)
        .checkout("unlooked", "api", |checkout| checkout.path = rel("repos/api"))
        .registration("unlooked", "api", |found| found.held = None)
        .undeclared("slack")
        .gone("lent", "ui")
        .gone("stick", "ui")
        .registration("stick", "ui", |found| found.lock = Some(Lock::Foreign("on the blue stick".into())))
        .with(|world| world.desired.repositories.get_mut(&repo("ui")).unwrap().path = abs("/ws/clones/ui"));
    renamed(renamed(renamed(world, "slack", "taken"), "v1", "v2"), "v2", "v3")
}

/// A part was asked for, and what moves is not in it.
fn move_left_out() -> World {
    let pattern = wsctl::model::pattern::Pattern::parse("builders.web").unwrap();
    let world = World::new()
        .repo("api")
        .builder("slack", &["api"])
        .created()
        .undeclared("slack")
        .builder("gateway-slack", &["api"])
        .builder("web", &["api"])
        .options(|options| options.selection.targets = vec![pattern]);
    renamed(world, "slack", "gateway-slack")
}

fn builders_dir(obstacle: Option<Obstacle>) -> World {
    let destination = Destination { path: abs("/ws/work"), obstacle };
    World::new()
        .repo("api")
        .builder("slack", &["api"])
        .builder("web", &["api"])
        .created()
        .with(|world| world.desired.goes_to = Some(destination))
}

fn builders_dir_moves() -> World {
    builders_dir(None)
}

fn builders_dir_stays() -> World {
    builders_dir(Some(Obstacle::OtherFileSystem(Ground::Free))).found("slack", "api", vec![Finding::Mount(evidence("cache"))])
}
