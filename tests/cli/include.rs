//! Files that builders.toml includes, in the program.

use std::fs;

use crate::support::Sandbox;

const MAIN: &str = "include = [\"builders.d/*.toml\"]\n[repos.api]\n[repos.web]\n[builders.own]\nrepos = [\"api\"]\n";

fn gateway(sandbox: &Sandbox, name: &str) {
    sandbox.write(format!("builders.d/{name}.toml"), &format!("[builders.{name}]\nrepos = [\"api\"]\n"));
}

#[test]
fn builders_come_and_go_with_the_files_that_declare_them() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(MAIN);
    gateway(&sandbox, "slack");
    sandbox.plan().ok().says("+ builders.own").says("+ builders.slack");
    sandbox.apply().ok();
    sandbox.converged();
    // From every depth of a builder it is the same plan, and marks name the main file.
    let inside = sandbox.wsctl_in(sandbox.builder("slack/api"), &["plan"]).ok().says("using").says("No changes.");
    assert!(inside.stderr.contains(sandbox.path("builders.toml").to_str().unwrap()), "{inside}");
    let mark = fs::read_to_string(sandbox.builder("slack/.git/wsctl-builder.json")).unwrap();
    assert!(mark.contains("/builders.toml\"") && !mark.contains("builders.d"), "{mark}");
    fs::remove_file(sandbox.path("builders.d/slack.toml")).unwrap();
    sandbox.apply().ok().says("- builders.slack");
    assert!(!sandbox.builder("slack").exists());
    sandbox.converged();
}

#[test]
fn the_copy_of_the_files_in_a_builder_is_not_the_workspace() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(MAIN);
    gateway(&sandbox, "slack");
    sandbox.commit(sandbox.root(), "declared");
    sandbox.apply().ok();
    let copy = sandbox.builder("slack/workspace-root/builders.d");
    fs::write(copy.join("other.toml"), "[builders.other]\nrepos = [\"api\"]\n").unwrap();
    sandbox.wsctl_in(&copy, &["plan"]).ok().says("No changes.").never_says("other");
}

#[test]
fn files_that_vanish_are_removals_and_the_brakes_hold_them() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{MAIN}[policy]\nmax_removals = 2\n"));
    for name in ["a", "b", "c"] {
        gateway(&sandbox, name);
    }
    sandbox.apply().ok();
    fs::rename(sandbox.path("builders.d"), sandbox.path("elsewhere")).unwrap();
    sandbox.apply().fails().says("max_removals allows 2").says("--allow-removals");
    assert!(sandbox.trash().is_empty());
    // The whole of them at once, whatever the policy: the last builder.
    sandbox.toml("include = [\"builders.d/*.toml\"]\n[repos.api]\n[repos.web]\n[policy]\nmax_removals = 100\n");
    sandbox.apply().fails().says("--allow-removals");
    assert!(sandbox.trash().is_empty());
    fs::rename(sandbox.path("elsewhere"), sandbox.path("builders.d")).unwrap();
    sandbox.toml(MAIN);
    sandbox.converged();
}

#[test]
fn faults_are_shown_in_the_file_they_are_in() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{MAIN}branhc = \"x\"\n"));
    sandbox.write("builders.d/slack.toml", "# ours\n[builders.own]\nrepos = [\"ap\"]\n");
    let shown = sandbox.wsctl(&["validate"]).fails();
    for part in [
        "builders.toml:7:1",
        "--> builders.d/slack.toml:2:11",
        "first declared here",
        "builder `own` is declared twice",
        "error: builders.toml and what it includes have 2 faults",
    ] {
        assert!(shown.stderr.contains(part), "no {part:?} in {shown}");
    }
    let answer = sandbox.wsctl(&["validate", "--json"]).fails();
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["file"], sandbox.path("builders.toml").to_str().unwrap());
    let places: Vec<_> = document["faults"].as_array().unwrap().iter().map(|fault| (&fault["file"], &fault["line"])).collect();
    let file = |name: &str| serde_json::Value::from(sandbox.path(name).to_str().unwrap());
    assert_eq!(places, [(&file("builders.toml"), &7.into()), (&file("builders.d/slack.toml"), &2.into())]);
    // Standard input is read as if it were builders.toml here.
    let text = format!("version = 1\n{MAIN}");
    sandbox.wsctl_fed(&text, &["validate", "-"]).fails().says("is declared twice");
    fs::remove_file(sandbox.path("builders.d/slack.toml")).unwrap();
    sandbox.wsctl_fed(&text, &["validate", "-"]).ok().says("is valid.");
}

#[test]
fn a_builder_that_says_nothing_has_what_the_defaults_say() {
    let sandbox = Sandbox::workspace();
    let defaults = "[defaults]\nrepos = [\"api\"]\nbranch = \"task/{builder}\"\nprotect = true\n";
    sandbox.toml(&format!("include = [\"builders.d/*.toml\"]\n{defaults}[repos.api]\n[repos.web]\n[builders.a]\n"));
    sandbox.write("builders.d/b.toml", "[builders.b]\nrepos = [\"web\"]\nprotect = false\n");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("a/api"), &["branch", "--show-current"]), "task/a");
    assert!(sandbox.builder("b/web").exists() && !sandbox.builder("b/api").exists());
    sandbox.converged();
    // Protection by default is kept in the mark, as any other.
    sandbox.toml("[repos.api]\n[repos.web]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).fails().says("builders.a").says("protect");
    assert!(sandbox.builder("a/api").exists() && !sandbox.builder("b").exists());
}
