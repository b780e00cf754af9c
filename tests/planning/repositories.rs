//! `repos.R`: cloned, refused, or with another url.

use wsctl::model::actual::RepositoryState;
use wsctl::model::builder::Occupant;
use wsctl::model::desired::Url;

use super::values::{abs, id, repo, url};
use super::{World, expect, planned};

#[test]
fn a_missing_one_with_a_url_is_cloned() {
    let world = World::new().missing("api", Some(Url::new("https://me:secret@example.com/api.git?token=x")));
    expect(&world, &["+ repos.api | clone from https://***@example.com/api.git"]);
}

#[test]
fn a_missing_one_without_a_url_is_blocked_and_so_are_its_checkouts() {
    let world = World::new().repo("ui").missing("api", None).builder("slack", &["api", "ui"]);
    expect(
        &world,
        &[
            "+ repos.api | missing | blocked: missing-repository",
            "+ builders.slack | new builder with 2 checkouts",
            "+ builders.slack.api | create | blocked: blocked-repository",
            "+ builders.slack.ui | new branch builder/slack from origin/main",
        ],
    );
}

#[test]
fn what_is_no_repository_or_cannot_be_used_is_blocked() {
    let unusable = RepositoryState::Unusable { fact: "owned by another user".into(), next: "ls".into() };
    let world = World::new()
        .missing("api", None)
        .missing("ui", Some(url("ui")))
        .with(|world| drop(world.actual.repositories.insert(repo("api"), unusable)))
        .with(|world| drop(world.actual.repositories.insert(repo("ui"), RepositoryState::Occupied("a file".into()))));
    expect(
        &world,
        &["+ repos.api | cannot be used | blocked: unusable-repository", "+ repos.ui | cannot be used | blocked: in-the-way"],
    );
}

#[test]
fn another_url_is_drift() {
    let declared = |text: &str| {
        World::new().repo("api").with(|world| world.desired.repositories.get_mut("api").unwrap().url = Some(Url::new(text)))
    };
    expect(&declared("https://example.com/api.git"), &[]);
    expect(&declared("https://example.com/api/"), &[]);
    let made = expect(
        &declared("git@example.com:other/api.git"),
        &["drift repos.api | origin is https://example.com/api.git, builders.toml says git@example.com:other/api.git"],
    );
    let next = |made: &wsctl::plan::Plan| made.drift[0].next.clone().unwrap();
    assert_eq!(next(&made), "git -C /ws/repos/api remote set-url origin git@example.com:other/api.git");
    let near = planned(&declared("./origins/api"));
    assert_eq!(next(&near), "git -C /ws/repos/api remote set-url origin /ws/origins/api", "git would take it from the clone");
    let secret = planned(&declared("https://me:secret@example.com/other"));
    assert_eq!(next(&secret), "git -C /ws/repos/api remote set-url origin URL");
    let bare = declared("https://example.com/api").repository("api", |repository| repository.remotes.clear());
    expect(&bare, &["drift repos.api | no remote has the url https://example.com/api"]);
}

#[test]
fn one_that_nobody_declares_is_unmanaged() {
    let world = World::new().with(|world| world.actual.unmanaged_repositories.push(abs("/ws/repos/old")));
    expect(&world, &["unmanaged /ws/repos/old | a repository that the file does not declare"]);
}

#[test]
fn a_clone_never_cuts_off_the_checkouts_of_a_repository_that_went_away() {
    let world = World::new()
        .missing("api", Some(url("api")))
        .builder("slack", &["api"])
        .created()
        .with(|world| drop(world.actual.repositories.insert(repo("api"), RepositoryState::Missing)));
    expect(
        &world,
        &[
            "+ repos.api | clone from https://example.com/api.git | blocked: orphaned-checkouts",
            "+ builders.slack.api | create | blocked: blocked-repository",
        ],
    );
}

#[test]
fn a_checkout_waits_for_its_clone() {
    let world = World::new().missing("api", Some(url("api"))).builder("slack", &["api"]);
    expect(
        &world,
        &[
            "+ repos.api | clone from https://example.com/api.git",
            "+ builders.slack | new builder with 1 checkout",
            "+ builders.slack.api | on branch builder/slack, once it is cloned",
        ],
    );
    let occupied = world.occupied("slack", "", Occupant::Repository).occupied("slack", "api", Occupant::Directory);
    let made = super::planned(&occupied);
    assert!(made.blocked().count() > 0, "what is in the way was not seen: {:?}", id("a"));
}
