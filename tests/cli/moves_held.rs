//! Moves that wait for each other: what cannot go keeps what would come into its place where it is.

use crate::support::{Sandbox, snapshot, text};

const REPOS: &str = "[repos.api]\n[repos.web]\n";

/// A builder of these repositories on a branch.
fn block(name: &str, repos: &str, branch: &str) -> String {
    format!("[builders.{name}]\nrepos = [{repos}]\nbranch = \"{branch}\"\n")
}

fn moved(from: &str, to: &str) -> String {
    format!("[[moved]]\nfrom = \"builders.{from}\"\nto = \"builders.{to}\"\n")
}

/// Builders `a` and `b` of `api`, each on a branch of its own name.
fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{REPOS}{}{}", block("a", "\"api\"", "of/a"), block("b", "\"api\"", "of/b")));
    sandbox.apply().ok();
    sandbox
}

/// `a` takes the name of `b`, which becomes `c`.
fn chain() -> String {
    let blocks = block("b", "\"api\"", "of/a") + &block("c", "\"api\"", "of/b");
    format!("{REPOS}{blocks}{}{}", moved("a", "b"), moved("b", "c"))
}

fn branch_in(sandbox: &Sandbox, checkout: &str) -> String {
    sandbox.git(sandbox.builder(checkout), &["branch", "--show-current"])
}

#[test]
fn a_builder_does_not_come_where_one_cannot_go() {
    let sandbox = made();
    sandbox.toml(&chain());
    let mut busy = sandbox.command("sleep").arg("600").current_dir(sandbox.builder("b/api")).spawn().unwrap();
    let before = snapshot(sandbox.path(".builders"));
    let plan = sandbox.plan();
    let answer = sandbox.apply();
    busy.kill().unwrap();
    busy.wait().unwrap();
    plan.says("! builders.c ").says("! builders.b ").says("builders.c has its place and cannot go").never_says("\n  ~ ");
    answer.fails().says("wsctl plan --target builders.c").never_says("File exists");
    before.assert_same(&snapshot(sandbox.path(".builders")));
    sandbox.apply().ok();
    assert_eq!([branch_in(&sandbox, "b/api"), branch_in(&sandbox, "c/api")], ["of/a", "of/b"]);
    sandbox.converged();
}

#[test]
fn a_builder_does_not_come_where_one_was_not_asked_to_go() {
    let sandbox = made();
    let before = snapshot(sandbox.path(".builders"));
    sandbox.toml(&chain());
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--exclude", "builders.c"]).fails();
    answer.says("! builders.b ").says("builders.c has its place, and its move is left out");
    before.assert_same(&snapshot(sandbox.path(".builders")));
    let swap = block("b", "\"api\"", "of/a") + &block("a", "\"api\"", "of/b");
    sandbox.toml(&format!("{REPOS}{swap}{}{}", moved("a", "b"), moved("b", "a")));
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--target", "builders.a"]).fails();
    before.assert_same(&snapshot(sandbox.path(".builders")));
    sandbox.type_next(&answer.says("! builders.a "), "apply --target").ok();
    assert_eq!([branch_in(&sandbox, "b/api"), branch_in(&sandbox, "a/api")], ["of/a", "of/b"]);
    sandbox.converged();
}

#[test]
fn a_new_builder_comes_where_another_goes_from_after_it_went() {
    for head in ["", "[workspace]\nlayout = \"nested\"\n"] {
        let sandbox = Sandbox::workspace();
        sandbox.write(".gitignore", "repos/\n.builders/\n");
        let before = block("a", "\"api\"", "of/a") + &block("b", "\"api\"", "of/b");
        sandbox.toml(&format!("{head}{REPOS}{before}"));
        sandbox.apply().ok();
        let before = snapshot(sandbox.path(".builders"));
        let blocks = block("a", "\"api\"", "of/a") + &block("b", "\"api\"", "new") + &block("c", "\"api\"", "of/b");
        sandbox.toml(&format!("{head}{REPOS}{blocks}{}{}", moved("gone", "b"), moved("b", "c")));
        let answer = sandbox.wsctl(&["apply", "--auto-approve", "--target", "builders.b"]).fails();
        before.assert_same(&snapshot(sandbox.path(".builders")));
        sandbox.type_next(&answer.says("! builders.b "), "apply --target").ok();
        let api = if head.is_empty() { "api" } else { "repos/api" };
        let branches = ["b", "c"].map(|builder| branch_in(&sandbox, &format!("{builder}/{api}")));
        assert_eq!(branches, ["new", "of/b"], "{head}");
        sandbox.converged();
    }
}

#[test]
fn what_is_no_longer_declared_in_it_keeps_a_builder_too() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{REPOS}{}", block("a", "\"api\", \"web\"", "work")));
    sandbox.apply().ok();
    sandbox.toml(&format!("{REPOS}{}{}", block("b", "\"api\"", "work"), moved("a", "b")));
    let mut busy = sandbox.command("sleep").arg("600").current_dir(sandbox.builder("a/web")).spawn().unwrap();
    let before = snapshot(sandbox.path(".builders"));
    let plan = sandbox.plan();
    let answer = sandbox.apply();
    busy.kill().unwrap();
    busy.wait().unwrap();
    plan.says("! builders.b ").says("works inside").says("at .builders/a/web");
    answer.fails().says("works inside").never_says("changed since");
    before.assert_same(&snapshot(sandbox.path(".builders")));
    sandbox.apply().ok();
    assert!(sandbox.builder("b/api").exists() && !sandbox.builder("b/web").exists());
    sandbox.converged();
}

#[test]
fn builders_exchange_their_names_after_one_was_renamed() {
    let sandbox = Sandbox::workspace();
    let blocks = |y: &str, z: &str| block("y", "\"api\"", y) + &block("z", "\"api\"", z);
    sandbox.toml(&format!("{REPOS}{}", block("y", "\"api\"", "first")));
    sandbox.apply().ok();
    let renamed = format!("{REPOS}{}{}", block("z", "\"api\"", "first"), moved("y", "z"));
    sandbox.toml(&renamed);
    sandbox.apply().ok();
    sandbox.toml(&format!("{REPOS}{}", blocks("second", "first")));
    sandbox.apply().ok();
    let branches = |y: &str, z: &str| {
        sandbox.converged();
        assert_eq!([branch_in(&sandbox, "y/api"), branch_in(&sandbox, "z/api")], [y, z]);
    };
    branches("second", "first");
    // The file of before: its entry is done.
    sandbox.toml(&renamed);
    sandbox.plan().says("- builders.y ").never_says("~ ");
    let swap = format!("{REPOS}{}{}{}", blocks("first", "second"), moved("y", "z"), moved("z", "y"));
    sandbox.toml(&swap);
    sandbox.plan().says("~ builders.y ").says("move from builders.z").says("~ builders.z ").says("move from builders.y");
    sandbox.apply().ok();
    branches("first", "second");
    sandbox.apply().ok().says("No changes.");
}

#[test]
fn checkouts_come_up_to_where_the_directory_around_them_is() {
    for deep in ["{repo}/main", "a/{repo}", "{repo}/{repo}", "api/deep/{repo}"] {
        let sandbox = Sandbox::workspace();
        let layout = |value: &str| format!("[workspace]\nlayout = {value}\n{REPOS}{}", block("x", "\"api\", \"web\"", "work"));
        sandbox.toml(&layout(&format!("{{ root = \"ws\", repo = \"{deep}\" }}")));
        sandbox.apply().ok();
        let api = deep.replace("{repo}", "api");
        sandbox.write(sandbox.builder(format!("x/{api}/untracked.txt")), "mine\n");
        if deep.starts_with("{repo}/") {
            // What is nobody's stays, and says so.
            let notes = sandbox.builder("x/api/notes.txt");
            sandbox.write(&notes, "mine\n");
            sandbox.toml(&layout("\"sibling\""));
            sandbox.plan().says("! builders.x ").says("it is in the way of the checkout").says("at .builders/x/api/notes.txt");
            std::fs::remove_file(notes).unwrap();
        }
        sandbox.toml(&layout("\"sibling\""));
        sandbox.apply().ok();
        assert_eq!(text(sandbox.builder("x/api/untracked.txt")), "mine\n", "{deep}");
        sandbox.converged();
        sandbox.fsck(&["", "repos/api", "repos/web", ".builders/x"]);
        assert!(!sandbox.path(".builders/.wsctl/moving").exists());
    }
}

#[test]
fn what_a_plan_says_of_a_builder_that_moves_is_where_it_is_today() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{REPOS}{}", block("b", "\"api\"", "old")));
    sandbox.apply().ok();
    sandbox.write(sandbox.builder("b/api/README.md"), "edited\n");
    sandbox.toml(&format!("{REPOS}{}{}", block("c", "\"api\"", "new"), moved("b", "c")));
    let plan = sandbox.plan().says("~ builders.c ").says("! builders.c.api ").says("at .builders/b/api");
    let plan = plan.never_says(".builders/c");
    sandbox.type_next(&plan, "b/api status").ok().says("README.md");
    assert!(sandbox.wsctl(&["plan", "--json"]).stdout.contains("/.builders/b/api\""));
    let facts = sandbox.wsctl(&["plan", "-v"]);
    let facts = facts.never_says("nothing there").never_says("mark: none").never_says("registration: none");
    facts.says("/.builders/b: ").says("/.builders/b/api: ");
    // What is saved depends on it.
    sandbox.wsctl(&["plan", "--out", "../next.plan"]);
    sandbox.git(sandbox.builder("b/workspace-root"), &["commit", "-q", "--allow-empty", "-m", "mine"]);
    sandbox.wsctl(&["apply", "../next.plan"]).fails().says("HEAD: branch old at ");
}

/// Only what a rename would break is looked for: neither git nor anybody compares files, which come along as they are.
#[test]
fn what_a_move_cannot_lose_is_not_looked_at() {
    let sandbox = made();
    let real = String::from_utf8(sandbox.command("sh").args(["-c", "command -v git"]).output().unwrap().stdout).unwrap();
    let log = sandbox.top().join("calls");
    let path = sandbox.path_with_git(&format!("#!/bin/sh\necho \"$*\" >> '{}'\nexec {} \"$@\"\n", log.display(), real.trim()));
    let two = |name: &str| block(name, "\"api\"", "of/a") + &block("b", "\"api\"", "of/b");
    let layout = format!("[workspace]\nlayout = \"split\"\n{REPOS}{}", two("a"));
    let renamed = format!("{REPOS}{}{}", two("c"), moved("a", "c"));
    let elsewhere = format!("[workspace]\nbuilders_dir = \"all\"\n{REPOS}{}", two("a"));
    for file in [layout, renamed, elsewhere] {
        sandbox.toml(&file);
        std::fs::write(&log, "").unwrap();
        let plan = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["plan", "--detailed-exitcode"]);
        plan.exits(2).says("  ~ ").never_says("! ");
        assert!(!text(&log).contains("status"), "{file}{}", text(&log));
        // What has a repository of its own inside is found all the same.
        let inner = sandbox.builder("a/api/deep/inner");
        sandbox.git(sandbox.root(), &["init", "-q", inner.to_str().unwrap()]);
        sandbox.plan().says("! ").says("1 repository or worktree of its own inside: deep/inner");
        std::fs::remove_dir_all(sandbox.builder("a/api/deep")).unwrap();
    }
    sandbox.apply().ok();
    let branches = ["all/a/api", "all/b/api"].map(|at| sandbox.git(sandbox.path(at), &["branch", "--show-current"]));
    assert_eq!(branches, ["of/a", "of/b"]);
}
