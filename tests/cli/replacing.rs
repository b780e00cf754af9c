//! `--replace`, `--refresh-only`, `--fetch` and `--destroy` of plan and apply.

use serde_json::Value;

use crate::support::{Sandbox, snapshot, text};

const FILE: &str = "
[repos.api]
[repos.web]
[builders.slack]
repos = [\"api\", \"web\"]
[[files]]
from = \"notes.md\"
to = \"notes.md\"
";

fn applied() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(FILE);
    sandbox.apply().ok();
    sandbox
}

fn on(sandbox: &Sandbox, path: &str) -> String {
    sandbox.git(sandbox.builder(path), &["branch", "--show-current"])
}

#[test]
fn a_checkout_goes_back_to_its_branch_as_the_drift_says() {
    let sandbox = applied();
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "-c", "mine"]);
    sandbox.git(sandbox.builder("slack/web"), &["switch", "-q", "--detach"]);
    sandbox.apply().ok().says("No changes.");
    assert_eq!(on(&sandbox, "slack/api"), "mine", "an apply leaves it alone");
    let answer = sandbox.plan().ok().says("on branch mine, declared is builder/slack");
    sandbox.type_next(&answer, "--replace builders.slack.api").ok().says("1 updated");
    assert_eq!((on(&sandbox, "slack/api"), on(&sandbox, "slack/web")), ("builder/slack".into(), String::new()));
    sandbox.wsctl(&["plan", "--replace", "builders.slack", "--detailed-exitcode"]).exits(2).says("from a detached HEAD");
    sandbox.wsctl(&["apply", "--auto-approve", "--replace", "builders.slack"]).ok();
    assert_eq!(on(&sandbox, "slack/web"), "builder/slack");
    sandbox.converged();
    sandbox.wsctl(&["apply", "--auto-approve", "--replace", "builders.slack"]).ok().says("No changes.");
}

#[test]
fn one_with_work_in_it_does_not_go_back() {
    let sandbox = applied();
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "--detach"]);
    sandbox.commit(sandbox.builder("slack/api"), "on no branch");
    let replace = ["apply", "--auto-approve", "--replace", "builders.slack.api"];
    let before = snapshot(sandbox.builder("slack"));
    let answer = sandbox.wsctl(&replace).fails().says("commits on no branch or tag");
    before.assert_same(&snapshot(sandbox.builder("slack")));
    let next = answer.stdout.lines().find_map(|line| line.trim().strip_prefix("→ ")).unwrap().replace("NAME", "kept");
    let words: Vec<&str> = next.split(' ').skip(3).collect();
    sandbox.git(sandbox.builder("slack/api"), &words);
    sandbox.write(".builders/slack/api/README.md", "edited\n");
    sandbox.wsctl(&replace).fails().says("1 changed file: README.md");
    assert_eq!(text(sandbox.builder("slack/api/README.md")), "edited\n");
    sandbox.git(sandbox.builder("slack/api"), &["restore", "README.md"]);
    sandbox.wsctl(&replace).ok();
    assert_eq!(on(&sandbox, "slack/api"), "builder/slack");
}

#[test]
fn an_edited_file_is_written_again_and_what_it_held_is_kept() {
    let sandbox = applied();
    sandbox.write(".builders/slack/notes.md", "mine\n");
    sandbox.write("notes.md", "new notes\n");
    let answer = sandbox.apply().fails().says("it was edited since wsctl wrote it");
    let told = sandbox.type_next(&answer, "--replace").ok().says("replace: what was edited is kept in .builders/.wsctl/replaced");
    assert_eq!(text(sandbox.builder("slack/notes.md")), "new notes\n");
    let line = told.stderr.lines().find(|line| line.contains("was edited")).unwrap();
    let kept = line.rsplit(' ').next().unwrap();
    assert_eq!(text(kept), "mine\n", "{line}");
    sandbox.converged();
    // A link in its place is kept too, and where it led.
    std::fs::remove_file(sandbox.builder("slack/notes.md")).unwrap();
    std::os::unix::fs::symlink("/somewhere", sandbox.builder("slack/notes.md")).unwrap();
    sandbox.wsctl(&["apply", "--auto-approve", "--replace", "builders.slack.files.notes.md"]).ok().says("where it led");
    assert_eq!(text(sandbox.builder(".wsctl/replaced/notes.md-2")), "/somewhere");
    assert_eq!(text(sandbox.builder("slack/notes.md")), "new notes\n");
}

#[test]
fn what_cannot_be_replaced_is_an_error_that_says_what_can() {
    let sandbox = applied();
    for address in ["repos.api", "repos.*"] {
        sandbox
            .wsctl(&["plan", "--replace", address])
            .fails()
            .says(&format!("--replace {address}: it switches a declared checkout"));
    }
    sandbox.wsctl(&["plan", "--replace", "builders.slakc"]).fails().says("did you mean `builders.slack`");
    sandbox.wsctl(&["plan", "--replace", "builders.slack", "--refresh-only"]).fails().says("cannot be used with");
    sandbox.wsctl(&["plan", "--replace", "builders.slack", "--destroy"]).fails().says("cannot be used with");
    sandbox.wsctl(&["apply", "--refresh-only", "--destroy"]).fails().says("cannot be used with");
}

#[test]
fn refresh_only_tells_the_drift_and_changes_nothing() {
    let sandbox = applied();
    sandbox.wsctl(&["plan", "--refresh-only"]).ok().says("No drift.");
    sandbox.wsctl(&["plan", "--refresh-only", "-q"]).ok().never_says("drift");
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "-c", "mine"]);
    sandbox.toml(&format!("{FILE}[builders.more]\nrepos = [\"api\"]\n"));
    let before = snapshot(sandbox.root());
    for command in ["plan", "apply"] {
        let answer = sandbox.wsctl(&[command, "--refresh-only"]).ok().says("1 difference, left alone.");
        let answer = answer.says("builders.slack.api   on branch mine").never_says("to create");
        assert_eq!(answer.stderr, "");
        sandbox.wsctl(&[command, "--refresh-only", "-q"]).ok().says("on branch mine");
        sandbox.wsctl(&[command, "--refresh-only", "--target", "builders.more"]).ok().says("No drift. Narrowed by");
    }
    sandbox.wsctl(&["plan", "--refresh-only", "--detailed-exitcode"]).ok();
    let document: Value = serde_json::from_str(&sandbox.wsctl(&["plan", "--refresh-only", "--json"]).ok().stdout).unwrap();
    assert_eq!((document["refresh_only"].as_bool(), document["changes"].as_array().unwrap().len()), (Some(true), 0));
    assert_eq!(document["drift"][0]["next"], "wsctl apply --replace builders.slack.api");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn drift_is_told_also_where_the_declaration_changed_and_of_files() {
    let sandbox = applied();
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "-c", "stray"]);
    sandbox.write(".builders/slack/notes.md", "mine\n");
    sandbox.write("notes.md", "newer\n");
    sandbox.toml(&FILE.replace("[builders.slack]\n", "[builders.slack]\nbranch = \"feature/x\"\n"));
    let answer = sandbox.wsctl(&["plan", "--refresh-only"]).ok().says("2 differences, left alone.");
    answer.says("it is on branch stray, neither").says("it was edited since wsctl wrote it");
}

/// A builder is `ok` only where all that it consists of is.
#[test]
fn the_state_of_a_builder_tells_of_its_checkouts_and_files() {
    let sandbox = applied();
    let state = || {
        let document: Value = serde_json::from_str(&sandbox.wsctl(&["status", "--json"]).ok().stdout).unwrap();
        document["builders"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "ok");
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "-c", "other"]);
    assert_eq!(state(), "api: on branch other, declared is builder/slack");
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "builder/slack"]);
    sandbox.write(".builders/slack/notes.md", "mine\n");
    assert_eq!(state(), "files.\"notes.md\": blocked: it was edited since wsctl wrote it");
    sandbox.wsctl(&["status"]).ok().says("files.\"notes.md\": blocked: it was edited");
}

#[test]
fn destroy_is_planned_and_applied_by_the_option_as_by_the_command() {
    let sandbox = applied();
    sandbox.write(".builders/slack/api/new.txt", "work\n");
    let answer = sandbox.wsctl(&["plan", "--destroy"]).ok().says("1 untracked file").says("Plan: 1 blocked.");
    assert!(sandbox.builder("slack").exists());
    sandbox.type_next(&answer, "--unsaved=trash").ok();
    assert!(!sandbox.builder("slack").exists());
    sandbox.wsctl(&["plan", "--destroy"]).ok().says("No changes. There is no builder to destroy.");
    sandbox.apply().ok();
    sandbox.wsctl(&["plan", "--destroy", "--detailed-exitcode"]).exits(2).says("destroy: move to the trash");
    sandbox.wsctl(&["apply", "--destroy"]).fails().says("destroy has to ask");
    sandbox.wsctl(&["apply", "--destroy", "--auto-approve"]).ok();
    assert!(!sandbox.builder("slack").exists() && sandbox.path("repos/api").exists());
}

#[test]
fn fetch_makes_plan_and_apply_see_what_was_pushed() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[builders.slack]\nrepos = [\"api\"]\n[builders.slack.checkout.api]\nbranch = \"pushed\"\n");
    let seed = sandbox.top().join("seed/api");
    sandbox.git(&seed, &["switch", "-q", "-c", "pushed"]);
    sandbox.commit(&seed, "pushed");
    sandbox.git(&seed, &["push", "-q", sandbox.top().join("origin/api.git").to_str().unwrap(), "pushed"]);
    sandbox.plan().ok().says("new branch pushed from origin/main");
    sandbox.wsctl(&["plan", "--fetch"]).ok().says("on branch pushed, tracking origin/pushed");
    sandbox.wsctl(&["apply", "--fetch", "--auto-approve"]).ok();
    assert_eq!(sandbox.git(sandbox.builder("slack/api"), &["log", "-1", "--format=%s"]), "pushed");
}

/// What was said once stays said: each address that is replaced, but nothing that was allowed to removals.
#[test]
fn a_hint_repeats_what_is_replaced_and_not_what_removals_may() {
    let sandbox = applied();
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "-c", "mine"]);
    sandbox.git(sandbox.builder("slack/web"), &["switch", "-q", "-c", "mine"]);
    sandbox.write(".builders/slack/notes.md", "mine\n");
    sandbox.write("notes.md", "new notes\n");
    let plan = sandbox.wsctl(&["plan", "--unsaved=trash", "--allow-removals", "--replace", "builders.slack.api"]).ok();
    assert!(plan.stdout.contains("→ wsctl apply --replace builders.slack.api --replace builders.slack.web\n"), "{plan}");
    let file = "→ wsctl apply --unsaved=trash --allow-removals --replace builders.slack.api --replace 'builders.slack.files.";
    assert!(plan.stdout.contains(file), "{plan}");
}

#[test]
fn what_could_not_be_fetched_is_told_to_programs_too() {
    let sandbox = applied();
    sandbox.git("repos/web", &["remote", "set-url", "origin", "/nowhere/web.git"]);
    let answer = sandbox.wsctl(&["plan", "--fetch", "--json"]).ok();
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{answer}");
    assert!(warnings[0].as_str().unwrap().starts_with("repos.web could not be fetched: "), "{answer}");
    assert!(sandbox.wsctl(&["plan", "--fetch"]).ok().stderr.contains("→ git -C "));
}
