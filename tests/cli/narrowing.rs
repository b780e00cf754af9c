//! `--target` and `--exclude` through the program.

use crate::support::{Sandbox, snapshot, text};

const FILE: &str = "
[repos.api]
[repos.web]
[builders.slack]
repos = [\"api\", \"web\"]
[builders.slack-2]
repos = [\"api\"]
[builders.backend]
repos = [\"api\"]
[[files]]
from = \"notes.md\"
to = \"notes.md\"
";

fn declared() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(FILE);
    sandbox
}

#[test]
fn a_target_is_made_with_what_it_depends_on_and_the_rest_later() {
    let sandbox = declared();
    let narrow = ["--target", "builders.slack.api"];
    let wanted = "Plan: 2 to create. Narrowed by --target builders.slack.api: 11 changes are left out.";
    sandbox.wsctl(&["plan", narrow[0], narrow[1]]).ok().says(wanted).says("new builder with 1 of its 3 checkouts");
    sandbox.wsctl(&["plan", "-v", narrow[0], narrow[1]]).ok().says("Left out:\n  builders.backend\n");
    sandbox.wsctl(&["apply", "--auto-approve", narrow[0], narrow[1]]).ok().says("2 created");
    assert!(sandbox.builder("slack/api/README.md").exists());
    assert!(!sandbox.builder("slack/web").exists() && !sandbox.builder("backend").exists());
    assert_eq!(sandbox.git(sandbox.builder("slack"), &["status", "--porcelain"]), "", "the anchor records what is there");
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["apply", "--auto-approve", "-q", narrow[0], narrow[1]]).ok();
    sandbox.wsctl(&["plan", "--detailed-exitcode", narrow[0], narrow[1]]).ok().says("No changes. Narrowed by");
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["plan", "--detailed-exitcode"]).exits(2);
    sandbox.apply().ok();
    sandbox.converged();
    assert_eq!(sandbox.git(sandbox.builder("slack"), &["status", "--porcelain"]), "");
}

#[test]
fn a_glob_means_several_and_an_exclusion_the_rest() {
    let sandbox = declared();
    sandbox.wsctl(&["apply", "--auto-approve", "--target", "builders.slack*", "--exclude", "builders.*.web"]).ok();
    assert!(sandbox.builder("slack/api").exists() && sandbox.builder("slack-2/api").exists());
    assert!(!sandbox.builder("slack/web").exists() && !sandbox.builder("backend").exists());
    sandbox.wsctl(&["apply", "--auto-approve", "--exclude", "builders.slack"]).ok();
    assert!(!sandbox.builder("slack/web").exists() && sandbox.builder("backend/notes.md").exists());
    sandbox.wsctl(&["destroy", "--auto-approve", "--exclude", "builders.slack.api"]).ok();
    assert!(sandbox.builder("slack/api").exists() && !sandbox.builder("backend").exists());
    sandbox.wsctl(&["destroy", "--auto-approve", "--target", "builders.slack"]).ok();
    assert!(!sandbox.builder("slack").exists());
}

#[test]
fn the_document_says_what_is_left_out() {
    let sandbox = declared();
    let answer = sandbox.wsctl(&["plan", "--json", "--exclude", "builders.slack*"]).ok();
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["narrowed"]["exclude"], serde_json::json!(["builders.slack*"]));
    assert_eq!(document["narrowed"]["left_out"].as_array().unwrap().len(), 9);
    let whole = sandbox.wsctl(&["plan", "--json"]).ok();
    assert!(!whole.stdout.contains("narrowed"));
}

#[test]
fn an_address_that_means_nothing_is_an_error_with_the_near_ones() {
    let sandbox = declared();
    let fact = "--target builders.salck: nothing of that address is declared, or ours on the disk";
    sandbox.wsctl(&["plan", "--target", "builders.salck"]).fails().says(fact).says("did you mean `builders.slack`");
    sandbox.wsctl(&["plan", "--exclude", "repos.appi"]).fails().says("did you mean `repos.api`?");
    sandbox.wsctl(&["plan", "--target", "builders.*.nope"]).fails().says("--target builders.*.nope");
    sandbox.wsctl(&["plan", "--target", "slack"]).fails().says("no address; addresses are repos.R, builders.B");
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["apply", "--auto-approve", "--target", "builders.salck"]).fails();
    before.assert_same(&snapshot(sandbox.root()));
    // What the file no longer declares is there all the same.
    sandbox.apply().ok();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.backend]\nrepos = [\"api\"]\n");
    sandbox.wsctl(&["plan", "--target", "builders.slack-2"]).ok().says("Plan: 1 to remove.");
}

#[test]
fn what_is_left_out_of_a_moved_workspace_is_repaired_later() {
    let sandbox = declared();
    sandbox.apply().ok();
    let moved = sandbox.top().join("moved");
    std::fs::rename(sandbox.root(), &moved).unwrap();
    sandbox.wsctl_in(&moved, &["apply", "--auto-approve", "--target", "builders.backend"]).ok();
    sandbox.wsctl_in(&moved, &["plan", "--target", "builders.slack"]).ok().says("to update").never_says("blocked");
    sandbox.wsctl_in(&moved, &["apply", "--auto-approve"]).ok();
    sandbox.wsctl_in(&moved, &["plan", "--detailed-exitcode"]).ok().says("No changes. 3 builders match");
    assert_eq!(sandbox.git(moved.join(".builders/slack/web"), &["branch", "--show-current"]), "builder/slack");
}

#[test]
fn a_hint_of_a_part_is_a_part_too_and_works_as_printed() {
    let sandbox = declared();
    sandbox.apply().ok();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.backend]\nrepos = [\"api\"]\n");
    sandbox.write(".builders/slack/api/new.txt", "work\n");
    let answer = sandbox.wsctl(&["plan", "--target", "builders.slack"]).ok().says("1 untracked file");
    sandbox.type_next(&answer, "--unsaved=trash").ok();
    assert!(!sandbox.builder("slack").exists() && sandbox.builder("slack-2").exists());
    assert_eq!(text(sandbox.trashed().join("tree/api/new.txt")), "work\n");
}
