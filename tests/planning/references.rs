//! Checkouts with `ref`: where the revision is, where HEAD is, where the last apply put it.

use wsctl::model::actual::{Base, Head, Place};
use wsctl::model::desired::Goal;
use wsctl::model::work::Finding;
use wsctl::plan::{Action, BranchPlan};

use super::values::{abs, branch, evidence, id, on, rebase};
use super::{World, expect, planned};

/// `slack` reads api at `v1`, which is at commit `at`; not made yet.
fn declared(at: &str) -> World {
    let world = World::new().repo("api").builder("slack", &["api"]).base("api", "v1", Base::Commit(id(at)));
    world.checkout("slack", "api", |checkout| checkout.goal = Goal::Ref("v1".into()))
}

/// The same as an apply left it while `v1` was at `a`.
fn created(at: &str) -> World {
    declared(at).created()
}

fn head(world: World, head: Head) -> World {
    world.registration("slack", "api", |registration| registration.head = head)
}

fn kinds(world: &World) -> Vec<&'static str> {
    planned(world).blocked().flat_map(|change| change.blockers.iter().map(|blocker| blocker.kind)).collect()
}

#[test]
fn it_is_made_at_the_commit_and_claims_no_branch() {
    let short = id("a").short().to_owned();
    let checkout = format!("+ builders.slack.api | detached at v1 ({short})");
    expect(&declared("a"), &["+ builders.slack | new builder with 1 checkout", &checkout]);
    let plan = planned(&declared("a"));
    let write = plan.changes[1].action.creates().unwrap();
    assert_eq!(write.branch, BranchPlan::Detached { reference: "v1".into(), commit: id("a") });
    assert!(!write.branch.makes() && !write.made_branch);
    // Another builder's branch of that name, and one beside which none could be, are no obstacle.
    assert!(kinds(&declared("a").branch("api", "builder")).is_empty());
    expect(&created("a"), &[]);
}

#[test]
fn a_revision_that_is_not_there_blocks_only_what_is_to_be_made() {
    let missing = |world: World| world.base("api", "v1", Base::Missing(vec!["v2".into()]));
    assert_eq!(kinds(&missing(declared("a"))), ["missing-ref"]);
    let ambiguous = Base::Ambiguous(vec!["refs/heads/v1".into(), "refs/tags/v1".into()]);
    assert_eq!(kinds(&declared("a").base("api", "v1", ambiguous.clone())), ["ambiguous-ref"]);
    expect(&missing(created("a")), &["drift builders.slack.api | stays where it is: ref v1 does not exist; near: v2"]);
    let fact = "drift builders.slack.api | stays where it is: ref v1 is ambiguous: refs/heads/v1, refs/tags/v1";
    expect(&created("a").base("api", "v1", ambiguous), &[fact]);
}

#[test]
fn a_moved_revision_takes_a_clean_checkout_along() {
    let (from, to) = (id("a").short().to_owned(), id("b").short().to_owned());
    let line = format!("~ builders.slack.api | switch from v1 ({from}) to detached at v1 ({to})");
    expect(&created("b"), &[&line]);
    assert_eq!(kinds(&created("b").found("slack", "api", vec![Finding::Edited(evidence("x"))])), ["edited"]);
    assert_eq!(kinds(&created("b").found("slack", "api", vec![Finding::Unreferenced(vec![id("a")])])), ["unreferenced-commits"]);
    // Its mark alone was not written any more.
    let cut = head(created("b"), Head::Detached(id("b")));
    expect(&cut, &["~ builders.slack.api | already detached at v1"]);
    let Action::MarkCheckout(touch) = &planned(&cut).changes[0].action else { panic!() };
    assert_eq!(touch.start, id("b"), "where it is recorded");
}

#[test]
fn from_a_branch_and_back() {
    let short = id("a").short().to_owned();
    let was = |world: World| world.checkout_mark("slack", "api", |mark| mark.goal = Goal::Branch(branch("x")));
    let world = head(was(created("a")), on("x"));
    expect(&world, &[&format!("~ builders.slack.api | switch from x to detached at v1 ({short})")]);
    assert_eq!(kinds(&head(was(created("a")), on("y"))), ["another-branch"]);
    let back = created("a").wants("slack", "api", "builder/slack");
    let line = format!("~ builders.slack.api | switch from v1 ({short}) to new branch builder/slack from origin/main");
    expect(&back, &[&line]);
    assert_eq!(kinds(&head(back, Head::Detached(id("c")))), ["another-branch"]);
}

#[test]
fn what_somebody_did_there_is_drift() {
    let fact = |world: &World| planned(world).drift.into_iter().map(|note| note.fact).collect::<Vec<_>>();
    let other = id("c").short().to_owned();
    assert_eq!(fact(&head(created("a"), on("x"))), ["on branch x, declared is detached at v1"]);
    assert_eq!(fact(&head(created("a"), Head::Detached(id("c")))), [format!("HEAD is at {other}, declared is detached at v1")]);
    // Also where the revision moved meanwhile.
    let moved = head(created("b"), Head::Detached(id("c")));
    assert_eq!(fact(&moved).len(), 1);
    assert!(planned(&moved).changes.is_empty());
    let waiting = moved.registration("slack", "api", |registration| registration.operation = Some(rebase("x")));
    assert_eq!(fact(&waiting), ["rebase in progress"]);
}

#[test]
fn a_moved_workspace_keeps_what_it_is_on() {
    let world = created("b")
        .with(|world| world.actual.place = Place::Moved(abs("/old/builders.toml")))
        .mark("slack", |mark| mark.file = abs("/old/builders.toml"));
    let changes = planned(&world).changes;
    assert!(changes.iter().any(|change| matches!(change.action, Action::Switch { .. })), "{changes:?}");
}

#[test]
fn an_anchor_that_was_left_behind_is_brought_along() {
    let world = head(created("b"), Head::Detached(id("b"))).checkout_mark("slack", "api", |mark| mark.start = id("b"));
    let short = id("a").short().to_owned();
    expect(&world, &[&format!("~ builders.slack | the anchor records api at {short}")]);
}
