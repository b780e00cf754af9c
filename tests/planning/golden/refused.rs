//! Refusals that a declaration or somebody's work gives reason for.

use wsctl::model::actual::{Base, Head, Link, RepositoryState, Source};
use wsctl::model::builder::{DiskFile, Occupant};
use wsctl::model::desired::{DesiredCheckout, Goal};
use wsctl::model::lfs::{Lfs, Pointers, Unready};
use wsctl::model::mark::Marked;
use wsctl::model::policy::MaxRemovals;
use wsctl::model::work::{Evidence, Finding, HiddenBy};

use super::super::World;
use super::super::values::{abs, branch, evidence, id, immovable_findings, on, rebase, rel, remote_branch, repo, url};
use super::super::world::{hash, on_disk};
use super::Scene;

pub(super) const SCENES: &[Scene] = &[
    ("repositories", repositories),
    ("branches", branches),
    ("branch-in-use", branch_in_use),
    ("unsaved-work", unsaved_work),
    ("held-removals", held_removals),
    ("held-switches", held_switches),
    ("brakes", brakes),
    ("last-builder", last_builder),
    ("root-on-another-branch", root_on_another_branch),
    ("managed-files", managed_files),
    ("nested", nested),
    ("lfs", lfs),
];

fn repositories() -> World {
    let unusable = RepositoryState::Unusable {
        fact: "it belongs to another user (uid 1001)".into(),
        next: "sudo chown -R you /ws/repos/theirs".into(),
    };
    World::new()
        .missing("absent", None)
        .missing("lost", Some(url("lost")))
        .missing("occupied", Some(url("occupied")))
        .missing("theirs", None)
        .builder("slack", &["absent", "lost", "theirs"])
        .builder("web", &["lost"])
        .with(|world| world.desired.builders.retain(|name, _| name.as_str() == "web"))
        .created()
        .builder("slack", &["absent", "theirs"])
        .with(|world| {
            let mut set = |name: &str, state| drop(world.actual.repositories.insert(repo(name), state));
            set("absent", RepositoryState::Missing);
            set("lost", RepositoryState::Missing);
            set("occupied", RepositoryState::Occupied("is a directory that is no repository".into()));
            set("theirs", unusable);
        })
}

/// A builder for each way in which a branch cannot come about.
fn branches() -> World {
    World::new()
        .repo("api")
        .repo("empty")
        .repo("forks")
        .repo("headless")
        .repo("mirror")
        .repository("empty", |repository| {
            repository.head = Head::Unborn(branch("main"));
            repository.branches.clear();
            repository.remote_branches.clear();
        })
        .repository("forks", |repository| {
            repository
                .remote_branches
                .extend([remote_branch("origin", "builder/remotes"), remote_branch("fork", "builder/remotes")]);
        })
        .repository("headless", |repository| repository.remote_heads.clear())
        .repository("mirror", |repository| repository.mirror_refspecs.push(("origin".into(), "+refs/*:refs/*".into())))
        .branch("api", "builder/beside/old")
        .base("api", "mian", Base::Missing(vec!["main".into(), "origin/main".into()]))
        .base("api", "release", Base::Ambiguous(vec!["refs/heads/release".into(), "refs/tags/release".into()]))
        .builder("ambiguous", &["api"])
        .checkout("ambiguous", "api", |checkout| checkout.base = Some("release".into()))
        .builder("beside", &["api"])
        .builder("mirrored", &["mirror"])
        .builder("mistyped", &["api"])
        .checkout("mistyped", "api", |checkout| checkout.base = Some("mian".into()))
        .builder("reads-mian", &["api"])
        .checkout("reads-mian", "api", |checkout| checkout.goal = Goal::Ref("mian".into()))
        .builder("reads-release", &["api"])
        .checkout("reads-release", "api", |checkout| checkout.goal = Goal::Ref("release".into()))
        .builder("remotes", &["forks"])
        .builder("unborn", &["empty"])
        .builder("unguessed", &["headless"])
}

fn branch_in_use() -> World {
    World::new()
        .repo("api")
        .repo("ui")
        .builder("old", &["api"])
        .created()
        .head("old", "api", "builder/slack")
        .branch("api", "builder/slack")
        .branch("ui", "builder/slack")
        .repository("ui", |repository| {
            repository.head = Head::Detached(id("a"));
            repository.operation = Some(rebase("builder/slack"));
        })
        .builder("slack", &["api", "ui"])
}

/// Everything that a removal could lose, and everything that keeps a directory in its place.
fn unsaved_work() -> World {
    let many = Evidence { paths: ["a.rs", "b.rs", "c.rs"].map(Into::into).into(), total: 7 };
    let work = vec![
        Finding::Edited(evidence("src/main.rs")),
        Finding::Hidden(HiddenBy::AssumeUnchanged, evidence("config.toml")),
        Finding::Staged(evidence("src/new.rs")),
        Finding::Conflicts(evidence("Cargo.lock")),
        Finding::Untracked(many),
        Finding::Unreferenced(vec![id("e")]),
        Finding::Stashed(evidence("stash@{0}")),
        Finding::InProgress(rebase("builder/slack")),
        Finding::Submodule(evidence("vendor/lib")),
        Finding::MovedSubmodule(evidence("vendor/other")),
    ];
    World::new()
        .repo("api")
        .builder("beside", &["api"])
        .builder("keep", &["api"])
        .builder("slack", &["api"])
        .builder("stays", &["api"])
        .file("beside", "Taskfile.yaml", "version: 3\n")
        .created()
        .undeclared("beside")
        .directory("beside", |directory| {
            directory.strays =
                Some(vec![Finding::Stray(evidence("todo.txt")), Finding::EditedManaged(evidence("Taskfile.yaml"))]);
        })
        .undeclared("slack")
        .found("slack", "api", work)
        .undeclared("stays")
        .found("stays", "api", immovable_findings())
}

/// Content that comes, and content that cannot.
fn lfs() -> World {
    let wants = |lfs| move |checkout: &mut DesiredCheckout| checkout.contents.lfs = lfs;
    World::new()
        .repo("api")
        .repo("assets")
        .builder("slack", &["api", "assets"])
        .builder("unread", &["api"])
        .checkout("slack", "api", wants(Lfs::Content))
        .checkout("slack", "assets", wants(Lfs::Content))
        .checkout("unread", "api", wants(Lfs::Content))
        .created()
        .registration("slack", "api", |found| found.pointers = Some(pointers(&["logo.bin"], None)))
        .registration("slack", "assets", |found| found.pointers = Some(pointers(&["a.psd", "b.psd", "c.psd"], None)))
        .registration("unread", "api", |found| found.pointers = Some(pointers(&[], Some("index file corrupt"))))
        .missing("films", Some(url("films")))
        .builder("new", &["api", "assets"])
        .checkout("new", "api", wants(Lfs::Pointers))
        .checkout("new", "assets", wants(Lfs::Content))
        .with(|world| {
            world.actual.unready.insert(repo("assets"), Unready::NotSetUp);
            world.actual.unready.insert(repo("films"), Unready::NotInstalled);
        })
}

fn pointers(paths: &[&str], unknown: Option<&str>) -> Pointers {
    Pointers { paths: paths.iter().map(|path| rel(path)).collect(), unknown: unknown.map(Into::into) }
}

/// Removals that are refused whatever the trash may hold.
fn held_removals() -> World {
    let names = ["broken", "keep", "markless", "other-file", "protected", "theirs", "unlooked"];
    let world = names.iter().fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created();
    let world = names.iter().filter(|name| **name != "keep").fold(world, |world, name| world.undeclared(name));
    world
        .registration("broken", "api", |found| found.link = Link::GitFileGone)
        .directory("markless", |directory| directory.mark = Marked::No)
        .mark("other-file", |mark| mark.file = abs("/ws/other.toml"))
        .mark("protected", |mark| mark.protect = true)
        .registration("theirs", "api", |found| found.mark = Marked::No)
        .registration("unlooked", "api", |found| found.work = None)
}

/// Another branch is declared, and something waits in the checkout.
fn held_switches() -> World {
    World::new()
        .repo("api")
        .builder("edited", &["api"])
        .builder("elsewhere", &["api"])
        .builder("narrowed", &["api"])
        .builder("sparse", &["api"])
        .created()
        .wants("edited", "api", "feature/edited")
        .found(
            "edited",
            "api",
            vec![
                Finding::Edited(evidence("src/main.rs")),
                Finding::IndexLock("/ws/repos/api/.git/worktrees/edited-api/index.lock".into()),
            ],
        )
        .wants("elsewhere", "api", "feature/elsewhere")
        .head("elsewhere", "api", "mine")
        .checkout("narrowed", "api", |checkout| checkout.sparse = Some([rel("docs")].into()))
        .found("narrowed", "api", vec![])
        .registration("narrowed", "api", |found| {
            found.work.as_mut().unwrap().left_out = ["src/build.log", "src/run.log"].map(Into::into).into();
        })
        .checkout("sparse", "api", |checkout| checkout.sparse = Some([rel("docs")].into()))
        .registration("sparse", "api", |found| found.sparse = Some(wsctl::model::sparse::Sparse::Cone([rel("src")].into())))
}

fn brakes() -> World {
    let names = ["a", "b", "c", "keep"];
    let world = names.iter().fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created();
    let world = names[..3].iter().fold(world, |world, name| world.undeclared(name)).builder("new", &["api"]);
    world.with(|world| world.desired.max_removals = MaxRemovals::Count(2))
}

fn last_builder() -> World {
    World::new().repo("api").builder("slack", &["api"]).created().undeclared("slack")
}

fn root_on_another_branch() -> World {
    World::new()
        .repo(".")
        .repo("api")
        .builder("keep", &["api"])
        .builder("slack", &["api"])
        .created()
        .undeclared("slack")
        .with(|world| {
            if let Marked::Yes(mark) = &mut world.actual.workspace {
                mark.root_branch = Some(branch("main"));
            }
        })
        .repository(".", |repository| repository.head = on("experiment"))
}

fn managed_files() -> World {
    let tracked = |bytes: &[u8]| DiskFile::File {
        bytes: bytes.into(),
        hash: hash(bytes),
        executable: false,
        private: false,
        tracked: true,
    };
    World::new()
        .repo("api")
        .builder("slack", &["api"])
        .file("slack", "api/.env", "PORT=8080\n")
        .file("slack", "AGENTS.md", "# Agents\n")
        .file("slack", "Taskfile.yaml", "version: 3\n")
        .file("slack", "gone.md", "gone\n")
        .file("slack", "notes.md", "notes\n")
        .file("slack", "old.md", "old\n")
        .created()
        .mark("slack", |mark| drop(mark.files.remove(&rel("notes.md"))))
        .declared("slack", |builder| drop(builder.files.remove(&rel("old.md"))))
        .directory("slack", |directory| {
            let files = &mut directory.files;
            files.insert(rel("api/.env"), tracked(b"PORT=1\n"));
            files.insert(
                rel("AGENTS.md"),
                DiskFile::Unusable { what: "a directory is in the way".into(), at: rel("AGENTS.md"), holds: vec![] },
            );
            files.insert(rel("Taskfile.yaml"), on_disk(b"version: 3\ntasks: {}\n"));
            files.insert(rel("notes.md"), on_disk(b"my own notes\n"));
            files.insert(rel("old.md"), on_disk(b"old, and more\n"));
        })
        .with(|world| drop(world.actual.sources.insert(abs("/ws/gone.md"), Source::Unusable("is missing".into()))))
}

/// A nested builder whose root cannot be made, and one whose root has files where a checkout shall be.
fn nested() -> World {
    let tracked = wsctl::model::actual::Tracked { repository: repo("."), commit: id("a"), path: rel("repos/api") };
    World::new()
        .repo(".")
        .repo("api")
        .nested("held", &[".", "api"])
        .nested("tracks", &[".", "api"])
        .occupied("held", "", Occupant::Worktree(abs("/else/.git/worktrees/x")))
        .with(|world| world.actual.tracked = [tracked].into())
}
