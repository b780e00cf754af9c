//! What comes back from the trash, decided from values alone.

use wsctl::model::actual::{Directory, Head, Link, Place, RepositoryState};
use wsctl::model::builder::Occupant;
use wsctl::model::desired::Goal;
use wsctl::model::desired::Shape;
use wsctl::model::hook::HookMark;
use wsctl::model::mark::{BuilderMark, CheckoutMark};
use wsctl::model::policy::{BuilderPolicy, DeleteBranch};
use wsctl::model::stored::{Home, Stored, StoredAdmin, StoredCheckout, Unfinished};
use wsctl::model::trash::{TrashEntry, TrashedCheckout};
use wsctl::plan::restore::{Asked, Restore, asked, block, find, restore};

use super::values::{NOW, abs, branch, builder, id, on, other_id, our_id, rebase, repo, repository_path, trashed};
use super::world::World;

/// An entry of builder `slack` with a checkout of `api` at commit `a`.
fn entry() -> TrashEntry {
    let mut entry = trashed("slack", None, NOW - 60);
    entry.name = "slack-1".into();
    let manifest = entry.manifest.as_mut().unwrap();
    manifest.mark = Some(BuilderMark {
        moved_from: None,
        version: 1,
        workspace: our_id(),
        file: abs("/ws/builders.toml"),
        builder: builder("slack"),
        branch: branch("builder/slack"),
        protect: false,
        policy: BuilderPolicy::default(),
        labels: std::collections::BTreeMap::new(),
        files: std::collections::BTreeMap::new(),
        identity: Some((1, 2)),
        port: None,
        hooks: HookMark::default(),
        session: None,
        created: 1,
    });
    manifest.checkouts.push(TrashedCheckout {
        repository: repo("api"),
        common_dir: repository_path("api").join(".git"),
        path: super::values::rel("api"),
        admin_name: "api".into(),
        keeper: format!("refs/wsctl/{}/slack/api", our_id()),
        head: Some(id("a")),
        branch: Some(branch("builder/slack")),
        delete_branch: false,
        mark: Some(CheckoutMark {
            version: 1,
            workspace: our_id(),
            file: abs("/ws/builders.toml"),
            builder: builder("slack"),
            repository: repo("api"),
            path: super::values::rel("api"),
            goal: Goal::Branch(branch("builder/slack")),
            made_branch: true,
            base: Some("origin/main".into()),
            start: id("a"),
            sparse: None,
            parked: None,
            at: None,
            hooks: HookMark::default(),
            created: 1,
        }),
    });
    entry
}

fn stored() -> Stored {
    Stored {
        tree: Directory::Present,
        shape: Shape::Anchored,
        occupant: Occupant::Nothing,
        checkouts: vec![StoredCheckout {
            repository: repo("api"),
            admin: StoredAdmin::Here,
            linked: true,
            head: Head::Branch(branch("builder/slack"), id("a")),
            logged: None,
            rebased: None,
            kept: Some(true),
            has_head: true,
            forgets: false,
        }],
        file_gone: false,
        made: vec![],
        unfinished: None,
    }
}

fn world() -> World {
    World::new().repo("api").branch("api", "builder/slack").with(|world| world.actual.trash.push(entry()))
}

fn home(name: &str) -> Home {
    Home { builder: builder(name), only: None }
}

fn decide(world: &World, stored: &Stored, home: &Home) -> Restore {
    let entry = world.actual.trash.last().unwrap();
    restore(&world.desired, &world.actual, &world.options, entry, Some(stored), home).unwrap()
}

fn kinds(restore: &Restore) -> Vec<&'static str> {
    restore.blockers.iter().map(|blocker| blocker.kind).collect()
}

type Change<'a> = Box<dyn Fn(World) -> World + 'a>;

#[test]
fn the_fate_of_a_branch() {
    let at = |digit: &'static str| {
        move |world: World| {
            world.repository("api", |repository| drop(repository.branches.insert(branch("builder/slack"), id(digit))))
        }
    };
    let gone = |world: World| world.repository("api", |repository| drop(repository.branches.remove("builder/slack")));
    let held = |world: World| world.repository("api", |repository| repository.head = on("builder/slack"));
    let rebased = |world: World| world.repository("api", |repository| repository.operation = Some(rebase("builder/slack")));
    let beside = |world: World| gone(world).branch("api", "builder/slack/x");
    let below = |world: World| gone(world).branch("api", "builder");
    let taken = |world: World| at("b")(world).branch("api", "builder/slack-restored");
    let cases: [(&str, Change<'_>); 8] = [
        ("api: branch builder/slack as it was", Box::new(at("a"))),
        ("api: branch builder/slack made again at aaaaaaaaaa", Box::new(gone)),
        ("api: new branch builder/slack-restored at aaaaaaaaaa, because builder/slack is at bbbbbbbbbb now", Box::new(at("b"))),
        (
            "api: new branch builder/slack-restored at aaaaaaaaaa, because builder/slack is checked out at /ws/repos/api",
            Box::new(held),
        ),
        (
            "api: new branch builder/slack-restored at aaaaaaaaaa, because builder/slack is checked out at /ws/repos/api",
            Box::new(rebased),
        ),
        (
            "api: new branch builder/slack-restored at aaaaaaaaaa, because builder/slack cannot exist beside builder/slack/x",
            Box::new(beside),
        ),
        (
            "api: new branch builder-slack-restored at aaaaaaaaaa, because builder/slack cannot exist beside builder",
            Box::new(below),
        ),
        ("api: new branch builder/slack-restored-2 at aaaaaaaaaa, because builder/slack is at bbbbbbbbbb now", Box::new(taken)),
    ];
    for (words, change) in cases {
        let planned = decide(&change(world()), &stored(), &home("slack"));
        assert_eq!((&planned.details, kinds(&planned)), (&vec![words.to_owned()], vec![]));
    }
}

impl World {
    fn decided(&self, change: impl FnOnce(&mut Stored)) -> Restore {
        let mut stored = stored();
        change(&mut stored);
        decide(self, &stored, &home("slack"))
    }
}

#[test]
fn what_a_killed_restore_made_is_taken_up() {
    let world = world().repository("api", |repository| {
        repository.branches.insert(branch("builder/slack"), id("b"));
        repository.branches.insert(branch("builder/slack-restored"), id("a"));
    });
    let made = (repository_path("api"), branch("builder/slack-restored"), id("a"));
    let planned = world.decided(|stored| stored.made = vec![made]);
    assert!(planned.details[0].contains("new branch builder/slack-restored at"), "{:?}", planned.details);
}

#[test]
fn heads_that_are_on_no_branch() {
    let detached = world().decided(|stored| stored.checkouts[0].head = Head::Detached(id("c")));
    assert_eq!(detached.details, ["api: detached at cccccccccc, as it was"]);
    let rebase = world().decided(|stored| {
        stored.checkouts[0].head = Head::Detached(id("c"));
        stored.checkouts[0].rebased = Some((branch("gone"), id("d")));
    });
    assert_eq!(rebase.details, ["api: branch gone made again at dddddddddd, for its rebase to go back to"]);
    let unreadable = world().decided(|stored| stored.checkouts[0].head = Head::Unreadable("why".into()));
    assert_eq!(kinds(&unreadable), ["unreadable-head"]);
}

#[test]
fn every_refusal_has_its_name() {
    let refused = |change: &dyn Fn(&mut World, &mut Stored)| {
        let (mut world, mut stored) = (world(), stored());
        change(&mut world, &mut stored);
        kinds(&decide(&world, &stored, &home("slack")))
    };
    let manifest = |world: &mut World| world.actual.trash[0].manifest.clone().unwrap();
    let none: [&str; 0] = [];
    assert_eq!(refused(&|_, _| {}), none);
    assert_eq!(refused(&|_, stored| stored.occupant = Occupant::Empty), none);
    assert_eq!(refused(&|_, stored| stored.occupant = Occupant::Directory), ["in-the-way"]);
    assert_eq!(refused(&|_, stored| stored.occupant = Occupant::Symlink), ["symlink"]);
    assert_eq!(refused(&|world, _| world.actual.trash[0].own = false), ["another-workspace"]);
    assert_eq!(refused(&|world, _| world.actual.place = Place::Copied(abs("/x"))), ["another-workspace"]);
    assert_eq!(refused(&|world, _| world.actual.place = Place::Elsewhere(abs("/x"))), ["mounted-elsewhere"]);
    let another = |world: &mut World, _: &mut Stored| {
        let mut manifest = manifest(world);
        manifest.workspace = other_id();
        world.actual.trash[0].manifest = Some(manifest);
    };
    assert_eq!(refused(&another), ["another-workspace"]);
    let half_made = |world: &mut World, _: &mut Stored| {
        let mut manifest = manifest(world);
        manifest.counts = false;
        world.actual.trash[0].manifest = Some(manifest);
    };
    assert_eq!(refused(&half_made), ["half-made"]);
    assert_eq!(refused(&|_, stored| stored.unfinished = Some(Unfinished::Apply)), ["cut-short"]);
    assert_eq!(refused(&|_, stored| stored.unfinished = Some(Unfinished::Restore("x".into()))), ["cut-short"]);
    assert_eq!(refused(&|_, stored| stored.tree = Directory::Missing), ["no-tree"]);
    assert_eq!(refused(&|_, stored| stored.checkouts[0].kept = Some(false)), ["another-repository"]);
    assert_eq!(refused(&|_, stored| stored.checkouts[0].linked = false), ["incomplete"]);
    assert_eq!(refused(&|_, stored| stored.checkouts[0].admin = StoredAdmin::Gone), ["incomplete"]);
    assert_eq!(refused(&|_, stored| stored.checkouts[0].has_head = false), ["incomplete"]);
    let missing = |world: &mut World, _: &mut Stored| {
        world.actual.repositories.insert(repo("api"), RepositoryState::Missing);
    };
    assert_eq!(refused(&missing), ["no-repository"]);
    assert_eq!(refused(&|world, _| drop(world.desired.repositories.remove("api"))), ["undeclared-repository"]);
}

#[test]
fn what_is_at_its_place_already_is_only_cleared_away() {
    let whole = StoredAdmin::Registered {
        admin_dir: repository_path("api").join(".git/worktrees/api"),
        worktree: Some(abs("/ws/.builders/slack/api")),
        link: Link::Whole,
    };
    let planned = world().decided(|stored| {
        stored.tree = Directory::Missing;
        stored.occupant = Occupant::Repository;
        stored.checkouts[0].linked = false;
        stored.checkouts[0].admin = whole.clone();
    });
    assert!(planned.finish && kinds(&planned).is_empty(), "{planned:?}");
    let in_trash = world().decided(|stored| stored.checkouts[0].admin = whole);
    assert!(!in_trash.finish);
    assert_eq!(in_trash.checkouts[0].admin, in_trash.checkouts[0].registration);
}

#[test]
fn another_name_follows_everywhere() {
    let planned = decide(&world(), &stored(), &home("other"));
    assert_eq!(planned.to, abs("/ws/.builders/other"));
    assert_eq!(planned.mark.unwrap().builder, builder("other"));
    assert_eq!(planned.checkouts[0].mark.as_ref().unwrap().builder, builder("other"));
    assert_eq!(planned.checkouts[0].worktree, abs("/ws/.builders/other/api"));
}

#[test]
fn a_taken_registration_is_numbered() {
    let world = world().builder("x", &["api"]).created().repository("api", |repository| {
        let found = repository.registrations.pop_first().unwrap().1;
        repository.registrations.insert("api".into(), found.clone());
        repository.registrations.insert("api1".into(), found);
    });
    let planned = decide(&world, &stored(), &home("slack"));
    assert_eq!(planned.checkouts[0].registration, repository_path("api").join(".git/worktrees/api2"));
}

#[test]
fn names_as_they_are_typed() {
    let is = |text: &str, wanted: Option<Asked>| assert_eq!(asked(text), wanted, "{text}");
    let one = |name: &str| Some(Asked::Builder(name.into()));
    let two = |name: &str, other: &str| Some(Asked::Checkout(name.into(), other.into()));
    is("slack", one("slack"));
    is("slack-1763820000", one("slack-1763820000"));
    is("builders.slack", one("slack"));
    is("builders.\"a.b\"", one("a.b"));
    is("slack/ai-dev", two("slack", "ai-dev"));
    is("slack/.", two("slack", "."));
    is("builders.slack.ai-dev", two("slack", "ai-dev"));
    is("builders.slack.\".\"", two("slack", "."));
    for nothing in ["", "/", "slack/", "/x", "builders.", "builders.a.b.c", "builders.a.", "builders.\"a"] {
        is(nothing, None);
    }
}

#[test]
fn the_newest_that_can_come_back_is_meant() {
    let mut world = world();
    let add = |world: &mut World, name: &str, removed: i64, counts: bool| {
        let mut entry = entry();
        entry.name = name.into();
        let manifest = entry.manifest.as_mut().unwrap();
        (manifest.removed, manifest.counts) = (removed, counts);
        world.actual.trash.push(entry);
    };
    add(&mut world, "slack-2", NOW - 40, true);
    add(&mut world, "slack-3", NOW - 20, false);
    let name = |text: &str| find(&world.actual, &asked(text).unwrap()).map(|(entry, only)| (entry.name.clone(), only));
    assert_eq!(name("slack/api"), Some(("slack-2".into(), Some(repo("api")))));
    assert_eq!(name("builders.slack"), Some(("slack-2".into(), None)));
    assert_eq!(name("slack-3"), Some(("slack-3".into(), None)));
    assert_eq!(name("slack/web"), None);
    assert_eq!(name("nobody"), None);
}

#[test]
fn the_block_says_what_differs() {
    let mut world = world();
    let mark = |world: &mut World, change: &dyn Fn(&mut BuilderMark)| {
        change(world.actual.trash[0].manifest.as_mut().unwrap().mark.as_mut().unwrap());
    };
    let text = |world: &World| {
        let planned = decide(world, &stored(), &home("slack"));
        block(&world.desired, &world.actual, &planned, None).map(|block| block.text)
    };
    assert_eq!(text(&world).unwrap(), "[builders.slack]\nrepos = [\"api\"]\nbranch = \"builder/slack\"\n");
    mark(&mut world, &|mark| {
        mark.protect = true;
        mark.branch = branch("topic");
        mark.policy.delete_branch = DeleteBranch::Never;
        mark.policy.trash_keep = 3600;
        mark.labels = [("ticket".to_owned(), "TEC-25".to_owned()), ("who's".to_owned(), "a \"b\"".to_owned())].into();
    });
    world.actual.trash[0].manifest.as_mut().unwrap().checkouts[0].mark.as_mut().unwrap().base = Some("v1".into());
    assert_eq!(
        text(&world).unwrap(),
        "[builders.slack]\nrepos = [\"api\"]\nbranch = \"topic\"\nprotect = true\n\
         labels = { ticket = \"TEC-25\", \"who's\" = \"a \\\"b\\\"\" }\ndelete_branch = \"never\"\n\
         trash_keep = \"1h\"\n\n[builders.slack.checkout.api]\nbranch = \"builder/slack\"\nbase = \"v1\"\n"
    );
    let declared = world.builder("slack", &["api"]);
    assert_eq!(text(&declared), None);
}
