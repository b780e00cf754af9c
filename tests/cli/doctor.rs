//! `wsctl doctor`: the questions that one asks by hand, each answered for a workspace in which the answer is no.

use crate::support::server::{Server, closed_port};
use crate::support::{Answer, Sandbox, snapshot};

const ONE: &str = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\", \"web\"]\n";

fn one(more: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{ONE}{more}"));
    sandbox.apply().ok();
    sandbox
}

/// Each question with its level.
fn levels(answer: &Answer) -> Vec<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    value["findings"].as_array().unwrap().iter().map(|found| (text(&found["kind"]), text(&found["level"]))).collect()
}

#[test]
fn a_workspace_that_is_well_is_told_so_in_a_screen_and_nothing_is_written() {
    let sandbox = one("");
    let before = snapshot(sandbox.root());
    let said = sandbox.wsctl(&["doctor"]).ok().says("All is well.");
    said.says("ok 3 checkouts are worktrees of the right clones").says("hidden from the workspace's own git");
    let told = sandbox.wsctl(&["doctor", "one"]).ok();
    told.says("builders.one.api: a worktree of")
        .says("on builder/one")
        .says("a project of its own: an agent in it sees 3 of its 3 repositories");
    assert_eq!(sandbox.wsctl(&["doctor", "-q"]).ok().stdout, "");
    assert!(levels(&sandbox.wsctl(&["doctor", "--json"]).ok()).iter().all(|(_, level)| level == "good"));
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["doctor", "none"]).fails().says("there is no builder `none`");
}

#[test]
fn without_its_anchor_an_agent_sees_nothing_and_the_command_mends_it() {
    let sandbox = one("");
    std::fs::remove_dir_all(sandbox.builder("one/.git")).unwrap();
    let said = sandbox.wsctl(&["doctor"]).fails().says("an agent in the builder does not see its files");
    said.says("! builders.one.api").says("→ wsctl apply");
    sandbox.apply().ok();
    sandbox.wsctl(&["doctor"]).ok().says("All is well.");

    sandbox.toml(&format!("[workspace]\nlayout = \"nested\"\n{}", ONE.replace("builders.one", "builders.two")));
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    sandbox.wsctl(&["doctor"]).ok().says("All is well.");
    std::fs::remove_file(sandbox.builder(".ignore")).unwrap();
    sandbox.wsctl(&["doctor"]).fails().says("! builders.two.api: an agent in the builder does not see its files");
    sandbox.apply().ok();
    sandbox.wsctl(&["doctor"]).ok().says("All is well.");
}

#[test]
fn each_no_comes_with_what_mends_it() {
    let sandbox = one("[opencode]\nurl = \"http://127.0.0.1:1\"\n");
    let port = closed_port();
    sandbox.toml(&format!("{ONE}[hooks]\npost_create = \"true\"\n[opencode]\nurl = \"http://127.0.0.1:{port}\"\n"));
    let said = sandbox.wsctl(&["doctor"]).fails();
    let said = said.says("! hooks: not trusted, so not run: 1 of 1").says("→ wsctl trust");
    said.says("does not answer").says(&format!("→ opencode serve --port {port}"));
    // The root's own git sees builders, or has some of it.
    std::fs::remove_file(sandbox.builder(".gitignore")).unwrap();
    sandbox.wsctl(&["doctor"]).fails().says("the workspace's own git sees what is in it");
    sandbox.apply();
    sandbox.write(".builders/loose.txt", "x\n");
    sandbox.git(sandbox.root(), &["add", "-f", ".builders/loose.txt"]);
    sandbox.wsctl(&["doctor"]).fails().says("the workspace's own git tracks 1 files in it").says("rm -r --cached");
    // What somebody did in a builder, and what a killed run left.
    sandbox.git(sandbox.builder("one/api"), &["switch", "-q", "-c", "elsewhere"]);
    let said = sandbox.wsctl(&["doctor"]).fails().says("~ builders.one.api: on branch elsewhere, declared is builder/one");
    said.says("--replace builders.one.api");
    std::fs::remove_dir_all(sandbox.path("repos/web")).unwrap();
    sandbox.wsctl(&["doctor"]).fails().says("! repos.web");
}

#[test]
fn a_server_that_is_up_and_a_trash_that_grows_are_told() {
    let server = Server::start();
    let sandbox =
        one(&format!("[opencode]\nurl = \"{}\"\n[builders.two]\nrepos = [\"api\"]\ntrash_keep = \"1s\"\n", server.url()));
    let said = sandbox.wsctl(&["doctor", "-v"]).says("answers; sessions of builders: 2");
    assert!(said.stdout.contains("opencode: what `wsctl open`"), "{said}");
    sandbox.toml(&format!("{ONE}[opencode]\nurl = \"{}\"\n", server.url()));
    sandbox.apply().ok();
    let begun = std::time::Instant::now();
    while !sandbox.wsctl(&["doctor"]).stdout.contains("past the time that they are kept: 1") {
        assert!(begun.elapsed().as_secs() < 60, "the trash is never due");
    }
    sandbox.wsctl(&["doctor"]).ok().says("→ wsctl prune");
    sandbox.wsctl(&["prune", "--auto-approve"]).ok();
    sandbox.wsctl(&["doctor"]).ok().never_says("the trash");
}
