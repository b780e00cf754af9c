//! What is made, changed, taken over, finished and removed.

use wsctl::model::actual::{Base, Lock, Source};
use wsctl::model::builder::{AnchorState, Occupant};
use wsctl::model::desired::{Cloning, FileMode, Goal};
use wsctl::model::mark::{Deed, Marked, OurLock};
use wsctl::model::policy::OnUnsaved;
use wsctl::model::sparse::Cone;
use wsctl::model::work::{Finding, Ignored, Work};

use super::super::World;
use super::super::values::{NOW, abs, evidence, id, our_id, rel, remote_branch, trashed, url};
use super::super::world::on_disk;
use super::Scene;

pub(super) const SCENES: &[Scene] = &[
    ("new-workspace", new_workspace),
    ("no-changes", no_changes),
    ("updates", updates),
    ("adopted", adopted),
    ("cut-short", cut_short),
    ("removals", removals),
    ("narrowed", narrowed),
    ("replaced", replaced),
];

fn cone(paths: &[&str]) -> Cone {
    paths.iter().map(|path| rel(path)).collect()
}

/// The first plan of a team's file.
fn new_workspace() -> World {
    let remote =
        World::new().missing("ai-dev", Some(url("ai-dev"))).missing("models", Some(url("models"))).repo("api").repo("ui");
    remote
        .with(|world| {
            let limited = Cloning { depth: Some(1), filter: Some("blob:none".into()) };
            world.desired.repositories.get_mut("models").unwrap().cloning = limited;
        })
        .repository("ui", |repository| repository.remote_branches.extend([remote_branch("origin", "builder/web")]))
        .branch("api", "builder/web")
        .base("api", "v1.2", Base::Commit(id("b")))
        .builder("slack", &["ai-dev", "api", "models"])
        .checkout("slack", "api", |checkout| checkout.sparse = Some(cone(&["services/slack", "shared"])))
        .builder("web", &["api", "ui"])
        .builder("release", &["api"])
        .checkout("release", "api", |checkout| checkout.goal = Goal::Ref("v1.2".into()))
        .file("slack", "Taskfile.yaml", "version: 3\n")
        .file("slack", "api/.env", "PORT=8080\n")
        .file("web", "Taskfile.yaml", "version: 3\n")
        .declared("web", |builder| builder.files.get_mut("Taskfile.yaml").unwrap().mode = FileMode::Symlink)
        .with(|world| {
            world.actual.builders_dir = wsctl::model::actual::Directory::Missing;
            world.actual.workspace = Marked::No;
            world.actual.gitignore = None;
            world.actual.trash = vec![trashed("web", None, NOW - 3600)];
        })
}

fn no_changes() -> World {
    World::new().repo("api").builder("slack", &["api"]).builder("web", &["api"]).created()
}

/// What the file says differs from what was last applied.
fn updates() -> World {
    World::new()
        .repo("api")
        .repo("ui")
        .base("api", "v1", Base::Commit(id("a")))
        .builder("policy", &["api"])
        .builder("reads", &["api"])
        .checkout("reads", "api", |checkout| checkout.goal = Goal::Ref("v1".into()))
        .builder("shape", &["api", "ui"])
        .builder("slack", &["api", "ui"])
        .file("slack", "Taskfile.yaml", "version: 3\ntasks: {}\n")
        .file("slack", "old.md", "old\n")
        .created()
        .base("api", "v1", Base::Commit(id("b")))
        .wants("slack", "api", "feature/TEC-25-slack")
        .checkout("slack", "ui", |checkout| checkout.base = Some("origin/release".into()))
        .checkout("shape", "api", |checkout| checkout.sparse = Some(cone(&["docs"])))
        .declared("policy", |builder| {
            builder.protect = true;
            builder.policy.trash_keep = 1;
        })
        .anchor("shape", |anchor| {
            anchor.hook = false;
            anchor.entries.remove("ui");
        })
        .declared("slack", |builder| drop(builder.files.remove(&rel("old.md"))))
        .with(|world| {
            let bytes = b"version: 3\ntasks:\n  test: cargo test\n".to_vec();
            world
                .actual
                .sources
                .insert(abs("/ws/Taskfile.yaml"), Source::File { bytes, executable: false, private: false, kept: true });
        })
}

/// Builders made by hand, just as the file says.
fn adopted() -> World {
    World::new()
        .repo("api")
        .builder("slack", &["api"])
        .file("slack", "Taskfile.yaml", "version: 3\n")
        .created()
        .registration("slack", "api", |registration| registration.mark = Marked::No)
        .directory("slack", |directory| {
            directory.mark = Marked::No;
            directory.anchor = AnchorState::Missing;
            directory.occupant = Occupant::Directory;
        })
}

/// What runs that were killed left, and a checkout whose directory somebody deleted.
fn cut_short() -> World {
    let lock = |deed| Some(Lock::Ours(OurLock { workspace: our_id(), deed }));
    World::new()
        .repo("api")
        .repo("ui")
        .builder("deleted", &["api"])
        .builder("half", &["api"])
        .builder("left", &["api", "ui"])
        .builder("removed", &["api"])
        .builder("whole", &["api"])
        .created()
        .gone("deleted", "api")
        .registration("half", "api", |found| {
            found.lock = lock(Deed::Creating { made_branch: true, start: id("a") });
            found.mark = Marked::No;
        })
        .registration("whole", "api", |found| found.lock = lock(Deed::Creating { made_branch: true, start: id("a") }))
        .without("left", "ui")
        .gone("left", "ui")
        .undeclared("removed")
        .gone("removed", "api")
        .registration("removed", "api", |found| found.lock = lock(Deed::Removing { entry: "removed-1".into() }))
        .with(|world| {
            drop(world.actual.builders.remove(std::ffi::OsStr::new("removed")));
            world.actual.trash = vec![trashed("removed-1", None, NOW)];
        })
}

/// What the file no longer declares.
fn removals() -> World {
    World::new()
        .repo("api")
        .repo("ui")
        .builder("done", &["api"])
        .builder("keep", &["api", "ui"])
        .builder("unmerged", &["api", "ui"])
        .builder("unsaved", &["api"])
        .file("keep", "notes.md", "notes\n")
        .created()
        .undeclared("done")
        .registration("done", "api", |found| {
            found.work = Some(Work { ignored: Ignored { files: 12, bytes: 4096 }, unmerged: Some(0), ..Work::default() });
        })
        .without("keep", "ui")
        .with(|world| {
            world.desired.policy.auto_prune = true;
            world.actual.trash = vec![trashed("old-1", None, NOW - 7200)];
        })
        .declared("keep", |builder| builder.files.clear())
        .undeclared("unmerged")
        .registration("unmerged", "api", |found| found.work = Some(Work { unmerged: Some(2), ..Work::default() }))
        .checkout_mark("unmerged", "ui", |mark| mark.made_branch = false)
        .undeclared("unsaved")
        .registration("unsaved", "api", |found| {
            let findings = vec![Finding::Untracked(evidence("notes.md"))];
            found.work = Some(Work { findings, unmerged: Some(0), ..Work::default() });
        })
        .mark("unsaved", |mark| mark.policy.on_unsaved = OnUnsaved::Trash)
}

/// `--target builders.web`, of two that are new.
fn narrowed() -> World {
    let pattern = wsctl::model::pattern::Pattern::parse("builders.web").unwrap();
    World::new()
        .repo("api")
        .missing("ui", Some(url("ui")))
        .builder("slack", &["api"])
        .builder("web", &["api", "ui"])
        .options(|options| options.selection.targets = vec![pattern])
}

/// `--replace builders.slack`: what was changed on the disk goes back.
fn replaced() -> World {
    let pattern = wsctl::model::pattern::Pattern::parse("builders.slack").unwrap();
    World::new()
        .repo("api")
        .builder("slack", &["api"])
        .file("slack", "Taskfile.yaml", "version: 3\n")
        .created()
        .branch("api", "mine")
        .head("slack", "api", "mine")
        .directory("slack", |directory| drop(directory.files.insert(rel("Taskfile.yaml"), on_disk(b"version: 2\n"))))
        .options(|options| options.replace = vec![pattern])
}
