//! Where a checkout's branch comes from, and who holds it.

use wsctl::model::actual::{Base, Head, Lock, Operation};

use super::values::{branch, id, on, rebase, remote_branch};
use super::{World, expect, planned};

fn wanting(base: Option<&str>) -> World {
    let base = base.map(str::to_owned);
    World::new().repo("api").builder("slack", &["api"]).checkout("slack", "api", |checkout| checkout.base = base)
}

#[track_caller]
fn checkout(world: &World, line: &str) {
    expect(world, &["+ builders.slack | new builder with 1 checkout", &format!("+ builders.slack.api | {line}")]);
}

#[test]
fn the_local_branch_comes_first() {
    let world = wanting(Some("nowhere")).branch("api", "builder/slack").repository("api", |repository| {
        repository.remote_branches.extend([remote_branch("origin", "builder/slack")]);
    });
    checkout(&world, "on branch builder/slack");
}

#[test]
fn then_the_one_remote_branch_of_that_name_tracking_it() {
    let world = wanting(None).repository("api", |repository| {
        repository.remote_branches.extend([remote_branch("origin", "builder/slack")]);
    });
    checkout(&world, "on branch builder/slack, tracking origin/builder/slack");
    let two = world.repository("api", |repository| {
        repository.remote_branches.extend([remote_branch("fork", "builder/slack")]);
    });
    let made = expect(
        &two,
        &["+ builders.slack | new builder with 1 checkout", "+ builders.slack.api | create | blocked: ambiguous-branch"],
    );
    assert_eq!(
        made.changes[1].blockers[0].fact,
        "branch builder/slack exists on several remotes: fork/builder/slack, origin/builder/slack"
    );
}

#[test]
fn then_a_new_one_from_the_declared_base() {
    let world = wanting(Some("release"));
    checkout(&world.clone().base("api", "release", Base::Commit(id("b"))), "new branch builder/slack from release");
    checkout(
        &world.clone().base("api", "release", Base::Missing(vec!["origin/release".into()])),
        "create | blocked: missing-base",
    );
    checkout(
        &world.clone().base("api", "release", Base::Ambiguous(vec!["a".into(), "b".into()])),
        "create | blocked: ambiguous-base",
    );
    checkout(&world, "create | blocked: missing-base");
}

#[test]
fn near_names_of_a_missing_base_are_told() {
    let world = wanting(Some("mian")).base("api", "mian", Base::Missing(vec!["main".into()]));
    assert_eq!(planned(&world).changes[1].blockers[0].fact, "base mian does not exist; near: main");
}

#[test]
fn else_from_the_remotes_head_never_from_a_guess() {
    checkout(&wanting(None), "new branch builder/slack from origin/main");
    let unknown = wanting(None).repository("api", |repository| repository.remote_heads.clear());
    checkout(&unknown, "create | blocked: no-base");
    let next = &planned(&unknown).changes[1].blockers[0].next;
    assert_eq!(next, "git -C /ws/repos/api remote set-head origin --auto");
    let stale = wanting(None).repository("api", |repository| {
        repository.remote_heads.insert("origin".into(), "origin/gone".into());
    });
    checkout(&stale, "create | blocked: no-base");
    let two = wanting(None).repository("api", |repository| {
        repository.remotes = [("a".into(), None), ("b".into(), None)].into();
        repository.remote_heads = [("a".into(), "a/main".into()), ("b".into(), "b/main".into())].into();
        repository.remote_branches = [remote_branch("a", "main"), remote_branch("b", "main")].into();
    });
    checkout(&two, "create | blocked: no-base");
}

#[test]
fn without_a_remote_from_the_main_worktrees_branch() {
    let lone = wanting(None).repository("api", |repository| {
        repository.remotes.clear();
        repository.remote_heads.clear();
        repository.remote_branches.clear();
        repository.head = on("trunk");
    });
    checkout(&lone, "new branch builder/slack from trunk");
    let detached = lone.repository("api", |repository| repository.head = Head::Detached(id("a")));
    checkout(&detached, "create | blocked: no-base");
}

#[test]
fn nothing_comes_from_a_repository_without_a_commit() {
    let world = wanting(Some("main")).repository("api", |repository| {
        repository.head = Head::Unborn(branch("main"));
        repository.branches.clear();
        repository.remote_branches.clear();
    });
    checkout(&world, "create | blocked: unborn");
}

#[test]
fn a_mirror_is_refused_even_where_the_branch_exists() {
    let world = wanting(None).branch("api", "builder/slack").repository("api", |repository| {
        repository.mirror_refspecs.push(("origin".into(), "+refs/*:refs/*".into()));
    });
    checkout(&world, "create | blocked: mirror");
    assert!(planned(&world).changes[1].blockers[0].fact.contains("+refs/*:refs/*"));
}

#[test]
fn a_branch_cannot_exist_beside_its_own_directory() {
    checkout(&wanting(None).branch("api", "builder"), "create | blocked: branch-collides");
    checkout(&wanting(None).branch("api", "builder/slack/old"), "create | blocked: branch-collides");
    checkout(&wanting(None).branch("api", "builder/slac"), "new branch builder/slack from origin/main");
}

#[test]
fn nor_beside_one_that_this_plan_makes() {
    let world = World::new()
        .repo("api")
        .repo("ui")
        .builder("a", &["api"])
        .builder("b", &["api"])
        .builder("c", &["ui"])
        .wants("a", "api", "task")
        .wants("b", "api", "task/two")
        .wants("c", "ui", "task/three");
    expect(
        &world,
        &[
            "+ builders.a | new builder with 1 checkout",
            "+ builders.a.api | new branch task from origin/main",
            "+ builders.b | new builder with 1 checkout",
            "+ builders.b.api | new branch task/two from origin/main | blocked: branch-collides",
            "+ builders.c | new builder with 1 checkout",
            "+ builders.c.ui | new branch task/three from origin/main",
        ],
    );
}

#[test]
fn a_switch_collides_with_a_creation_too() {
    let world = World::new()
        .repo("api")
        .builder("a", &["api"])
        .created()
        .builder("b", &["api"])
        .wants("a", "api", "task/one")
        .wants("b", "api", "task");
    expect(
        &world,
        &[
            "~ builders.a.api | switch from builder/a to new branch task/one from origin/main | blocked: branch-collides",
            "+ builders.b | new builder with 1 checkout",
            "+ builders.b.api | new branch task from origin/main",
        ],
    );
}

#[test]
fn a_branch_of_the_main_worktree_is_in_use() {
    let world =
        wanting(None).branch("api", "builder/slack").repository("api", |repository| repository.head = on("builder/slack"));
    checkout(&world, "on branch builder/slack | blocked: branch-in-use");
    let blocker = planned(&world).changes[1].blockers[0].clone();
    assert_eq!(blocker.path.unwrap().to_string(), "/ws/repos/api");
    let bare = world.repository("api", |repository| repository.bare = true);
    checkout(&bare, "on branch builder/slack");
}

#[test]
fn a_branch_of_another_worktree_is_in_use() {
    let world = World::new()
        .repo("api")
        .builder("old", &["api"])
        .created()
        .head("old", "api", "builder/slack")
        .branch("api", "builder/slack")
        .builder("slack", &["api"]);
    let made = expect(
        &world,
        &[
            "+ builders.slack | new builder with 1 checkout",
            "+ builders.slack.api | on branch builder/slack | blocked: branch-in-use",
            "drift builders.old.api | on branch builder/slack, declared is builder/old",
        ],
    );
    let blocker = &made.changes[1].blockers[0];
    assert_eq!(blocker.path.as_ref().unwrap().to_string(), "/ws/.builders/old/api");
    assert_eq!(blocker.next, "git -C /ws/.builders/old/api switch --detach");
}

#[test]
fn a_branch_of_a_worktree_that_is_gone_is_in_use_and_the_way_out_does_not_go_there() {
    let world = World::new()
        .repo("api")
        .builder("old", &["api"])
        .created()
        .undeclared("old")
        .gone("old", "api")
        .registration("old", "api", |registration| registration.mark = wsctl::model::mark::Marked::No)
        .head("old", "api", "builder/slack")
        .builder("slack", &["api"])
        .with(|world| world.actual.builders.clear());
    let made = expect(
        &world,
        &[
            "+ builders.slack | new builder with 1 checkout",
            "+ builders.slack.api | new branch builder/slack from origin/main | blocked: branch-in-use",
        ],
    );
    let blocker = &made.changes[1].blockers[0];
    assert!(!blocker.next.contains("-C /ws/.builders/old/api"), "{}", blocker.next);
}

#[test]
fn a_rebase_holds_the_branch_though_head_is_detached() {
    let world = wanting(None).branch("api", "builder/slack").repository("api", |repository| {
        repository.head = Head::Detached(id("a"));
        repository.operation = Some(rebase("builder/slack"));
    });
    checkout(&world, "on branch builder/slack | blocked: branch-in-use");
    let fact = &planned(&world).changes[1].blockers[0].fact;
    assert_eq!(fact, "branch builder/slack is held by a rebase in progress there");
    let bisect = Operation { name: "bisect", holds: [branch("builder/slack")].into(), abort: "git bisect reset" };
    let elsewhere = World::new()
        .repo("api")
        .builder("old", &["api"])
        .created()
        .registration("old", "api", |registration| {
            registration.head = Head::Detached(id("a"));
            registration.operation = Some(bisect);
            registration.lock = Some(Lock::Foreign(String::new()));
        })
        .builder("slack", &["api"]);
    expect(
        &elsewhere,
        &[
            "+ builders.slack | new builder with 1 checkout",
            "+ builders.slack.api | new branch builder/slack from origin/main | blocked: branch-in-use",
            "drift builders.old.api | bisect in progress",
        ],
    );
}
