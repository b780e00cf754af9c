//! `--replace` and `--refresh-only`.

use wsctl::model::actual::Head;
use wsctl::model::pattern::Pattern;
use wsctl::model::work::Finding;
use wsctl::plan::{Action, BranchPlan, Question, questions};

use super::values::{branch, evidence, id, rebase, rel, repo};
use super::world::{admin_name, on_disk};
use super::{World, expect, planned};

fn created() -> World {
    World::new().repo("api").builder("slack", &["api"]).file("slack", "Taskfile.yaml", "one\n").created()
}

fn replacing(world: World, addresses: &[&str]) -> World {
    world.options(|options| options.replace = addresses.iter().map(|text| Pattern::parse(text).unwrap()).collect())
}

const API: &str = "builders.slack.api";

#[test]
fn a_checkout_that_somebody_switched_goes_back() {
    let switched = created().branch("api", "mine").head("slack", "api", "mine");
    let made = expect(
        &replacing(switched.clone(), &[API]),
        &["~ builders.slack.api | replace: switch back from branch mine to branch builder/slack"],
    );
    let Action::Switch { branch: BranchPlan::Existing(_), from, .. } = &made.changes[0].action else { panic!("{made:?}") };
    assert_eq!(*from, Some(branch("mine")));
    let detached = created().registration("slack", "api", |found| found.head = Head::Detached(id("a")));
    expect(
        &replacing(detached, &["builders.slack"]),
        &["~ builders.slack.api | replace: switch back from a detached HEAD to branch builder/slack"],
    );
    let renamed = switched.repository("api", |found| drop(found.branches.remove("builder/slack")));
    let made = planned(&replacing(renamed, &["builders.*.api"]));
    assert!(made.changes[0].reason.contains("to new branch builder/slack from origin/main"), "{}", made.changes[0].reason);
}

#[test]
fn only_a_clean_one_goes_back() {
    let switched = created().branch("api", "mine").head("slack", "api", "mine");
    let refused = |findings, kind: &str| {
        let world = replacing(switched.clone().found("slack", "api", findings), &[API]);
        let line = format!("~ {API} | replace: switch back from branch mine to branch builder/slack | blocked: {kind}");
        expect(&world, &[&line]);
    };
    refused(vec![Finding::Edited(evidence("x"))], "edited");
    refused(vec![Finding::InProgress(rebase("builder/slack"))], "in-progress");
    refused(vec![Finding::Unreferenced(vec![id("b")])], "unreferenced-commits");
    let unlooked = switched.registration("slack", "api", |found| found.work = None);
    let asked = questions(&unlooked.desired, &unlooked.actual, &unlooked.options);
    assert!(asked.is_empty(), "nothing of it has to be known as long as it is left alone");
    let unlooked = replacing(unlooked, &[API]);
    let asked = questions(&unlooked.desired, &unlooked.actual, &unlooked.options);
    assert!(asked.contains(&Question::Work(repo("api"), admin_name("slack", "api"))));
}

#[test]
fn nothing_is_done_about_what_is_as_declared() {
    expect(&replacing(created(), &[API, "builders.slack.files"]), &[]);
}

#[test]
fn one_that_was_declared_otherwise_and_switched_too_goes_where_it_is_declared() {
    let world = created().branch("api", "mine").branch("api", "next").head("slack", "api", "mine").wants("slack", "api", "next");
    let made = expect(&world, &[&format!("~ {API} | switch from builder/slack to branch next | blocked: another-branch")]);
    assert_eq!(made.changes[0].blockers[0].next, format!("wsctl apply --replace {API}"));
    expect(&replacing(world, &[API]), &[&format!("~ {API} | replace: switch back from branch mine to branch next")]);
}

#[test]
fn an_edited_file_is_kept_and_written_again() {
    let address = "builders.slack.files.\"Taskfile.yaml\"";
    let edited = created().directory("slack", |directory| drop(directory.files.insert(rel("Taskfile.yaml"), on_disk(b"mine\n"))));
    let made = expect(&edited, &[&format!("~ {address} | copy of Taskfile.yaml | blocked: edited-managed-file")]);
    assert_eq!(made.changes[0].blockers[0].next, "wsctl apply --replace 'builders.slack.files.\"Taskfile.yaml\"'");
    let made = expect(&replacing(edited, &[address]), &[&format!("~ {address} | replace: copy of Taskfile.yaml")]);
    let change = &made.changes[0];
    assert_eq!(change.details, ["replace: what was edited is kept in .builders/.wsctl/replaced"]);
    let Action::WriteFile(write) = &change.action else { panic!("{change:?}") };
    assert!(write.keep == wsctl::plan::Aside::Told && !write.adopted && write.expect.is_some());
    assert!(change.diff.is_some());
    // One of somebody else, or one that the checkout tracks, is no edited one.
    let foreign = created().mark("slack", |mark| mark.files.clear()).directory("slack", |directory| {
        directory.files.insert(rel("Taskfile.yaml"), on_disk(b"mine\n"));
    });
    expect(&replacing(foreign, &[address]), &[&format!("~ {address} | copy of Taskfile.yaml | blocked: in-the-way")]);
}

#[test]
fn drift_alone_is_told_without_any_change() {
    let world = created().builder("new", &["api"]).branch("api", "mine").head("slack", "api", "mine").undeclared("other");
    let only = world.clone().options(|options| options.refresh_only = true);
    assert!(planned(&world).has_work());
    let made = expect(&only, &["drift builders.slack.api | on branch mine, declared is builder/slack"]);
    assert!(made.steps.is_empty() && made.refresh_only);
}
