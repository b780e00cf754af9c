//! What git offers and wsctl never uses, shown in a whole life of builders with a git that writes down what it is asked;
//! and the state that each of them would have destroyed.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::words::{TWO, declared, made};
use crate::support::{Sandbox, snapshot, text};

const OTHER: &str = "[repos.api]\n[repos.web]\n[builders.other]\nrepos = [\"web\"]\n";

/// A PATH whose git writes each of its arguments into a line of `asked` in HOME, behind a line of its own.
fn watched(sandbox: &Sandbox) -> std::ffi::OsString {
    let real = sandbox.types("command -v git").trim().to_owned();
    let script = format!("#!/bin/sh\n{{ echo '>>>'; printf '%s\\n' \"$@\"; }} >> \"$HOME/asked\"\nexec '{real}' \"$@\"\n");
    sandbox.path_with_git(&script)
}

/// The calls of one life, which all these tests look at.
fn calls() -> &'static [Vec<String>] {
    static CALLS: OnceLock<Vec<Vec<String>>> = OnceLock::new();
    CALLS.get_or_init(life)
}

/// Creates, fails to create, switches, replaces, repairs, removes, prunes and destroys; every call of git, by its
/// arguments without settings and directories.
fn life() -> Vec<Vec<String>> {
    let sandbox = declared();
    let path = watched(&sandbox);
    let wsctl = |root: &Path, arguments: &[&str]| sandbox.wsctl_with(root, &[("PATH", path.as_os_str())], arguments);
    let apply = ["apply", "--auto-approve", "--allow-removals"];
    let root = sandbox.root();
    sandbox.git(sandbox.path("repos/api"), &["config", "filter.odd.smudge", "false"]);
    sandbox.git(sandbox.path("repos/api"), &["config", "filter.odd.required", "true"]);
    sandbox.write("repos/api/.git/info/attributes", "* filter=odd\n");
    wsctl(&root, &apply).fails();
    std::fs::remove_file(sandbox.path("repos/api/.git/info/attributes")).unwrap();
    wsctl(&root, &apply).ok();
    sandbox.toml(&TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"two\"\n"));
    wsctl(&root, &apply).ok();
    std::fs::remove_dir_all(sandbox.builder("b/api")).unwrap();
    wsctl(&root, &apply).ok().says("1 replaced");
    let moved = sandbox.top().join("moved");
    std::fs::rename(&root, &moved).unwrap();
    wsctl(&moved, &apply).ok();
    std::fs::rename(&moved, &root).unwrap();
    wsctl(&root, &apply).ok();
    std::fs::write(sandbox.builder("b/api/untracked.txt"), "mine\n").unwrap();
    sandbox.toml(OTHER);
    wsctl(&root, &apply).fails();
    wsctl(&root, &["apply", "--auto-approve", "--unsaved=trash"]).ok().says("1 removed");
    std::fs::remove_dir_all(sandbox.builder("other")).unwrap();
    sandbox.toml("[repos.api]\n[repos.web]\n");
    wsctl(&root, &apply).ok();
    wsctl(&root, &["prune", "--older-than", "0s", "--auto-approve"]).ok();
    let asked = text(sandbox.home().join("asked"));
    let mut calls: Vec<Vec<String>> = Vec::new();
    for line in asked.lines() {
        match calls.last_mut() {
            _ if line == ">>>" => calls.push(Vec::new()),
            Some(call) => call.push(line.to_owned()),
            None => panic!("{asked}"),
        }
    }
    assert!(calls.len() > 50, "{asked}");
    calls
}

/// The calls whose words stand in this order.
fn with(calls: &[Vec<String>], words: &[&str]) -> Vec<Vec<String>> {
    let has = |call: &&Vec<String>| {
        let mut rest = call.iter();
        words.iter().all(|word| rest.any(|argument| argument == word))
    };
    calls.iter().filter(has).cloned().collect()
}

const NONE: Vec<Vec<String>> = Vec::new();

/// git removes a worktree without a word though ignored files, hidden edits, and commits on no branch are in it.
#[test]
fn git_worktree_remove_is_never_trusted() {
    let calls = calls();
    assert_eq!(with(calls, &["worktree", "remove"]), NONE);
    assert_eq!([with(calls, &["--force"]), with(calls, &["-f"])], [NONE, NONE]);

    let sandbox = made();
    let checkout = sandbox.builder("b/api");
    sandbox.write(".builders/b/api/only.log", "ignored\n");
    sandbox.toml(OTHER);
    sandbox.apply().ok().says("1 removed").says("1 ignored file");
    assert_eq!(text(sandbox.trashed().join("tree/api/only.log")), "ignored\n");

    let sandbox = made();
    sandbox.git(checkout_of(&sandbox), &["update-index", "--assume-unchanged", "README.md"]);
    std::fs::write(checkout_of(&sandbox).join("README.md"), "hidden\n").unwrap();
    sandbox.git(checkout_of(&sandbox), &["switch", "-q", "--detach"]);
    sandbox.git(checkout_of(&sandbox), &["commit", "-q", "--allow-empty", "-m", "only here"]);
    sandbox.toml(OTHER);
    let before = snapshot(checkout_of(&sandbox));
    sandbox.apply().fails().says("! builders.b").says("README.md").says("commits on no branch or tag");
    before.assert_same(&snapshot(checkout_of(&sandbox)));
    let path = checkout_of(&sandbox).to_str().unwrap().to_owned();
    assert!(sandbox.try_git(sandbox.path("repos/api"), &["worktree", "remove", &path]).status.success(), "git does");
    assert!(!checkout.exists());
}

fn checkout_of(sandbox: &Sandbox) -> PathBuf {
    sandbox.builder("b/api")
}

/// `add -B` resets a branch before it fails, `add -b` leaves a stray one; a branch is made by itself and must be new.
#[test]
fn a_branch_is_never_reset_nor_left_behind_by_a_worktree_that_fails() {
    let calls = calls();
    assert_eq!(
        [with(calls, &["-B"]), with(calls, &["worktree", "add", "-b"]), with(calls, &["switch", "-C"])],
        [NONE, NONE, NONE]
    );
    assert!(!with(calls, &["update-ref", "refs/heads/builder/b"]).is_empty(), "by itself");

    let sandbox = declared();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["branch", "builder/b"]);
    sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", "second"]);
    sandbox.git(&api, &["push", "-q"]);
    let before = sandbox.git(&api, &["rev-parse", "builder/b"]);
    sandbox.git(&api, &["config", "filter.odd.smudge", "false"]);
    sandbox.git(&api, &["config", "filter.odd.required", "true"]);
    sandbox.write("repos/api/.git/info/attributes", "* filter=odd\n");
    sandbox.toml(&format!("{TWO}[builders.new]\nrepos = [\"api\"]\n"));
    sandbox.apply().fails().says("! builders.b.api").says("! builders.new.api");
    assert_eq!(sandbox.git(&api, &["rev-parse", "builder/b"]), before, "never reset");
    assert_eq!(sandbox.branches("repos/api"), ["builder/b", "main"], "nothing stray");
    std::fs::remove_file(sandbox.path("repos/api/.git/info/attributes")).unwrap();
    sandbox.settles();
    assert_eq!(sandbox.git(&api, &["rev-parse", "builder/b"]), before);
}

/// A prune of the whole repository would drop the worktree of somebody who moved it with `mv`, and the only way to its
/// commits.
#[test]
fn a_repository_is_never_pruned_as_a_whole() {
    let calls = calls();
    assert_eq!([with(calls, &["worktree", "prune"]), with(calls, &["gc"])], [NONE, NONE]);

    let sandbox = made();
    let api = sandbox.path("repos/api");
    let theirs = sandbox.path("theirs");
    sandbox.git(&api, &["worktree", "add", "-q", "--detach", theirs.to_str().unwrap()]);
    sandbox.git(&theirs, &["commit", "-q", "--allow-empty", "-m", "only here"]);
    let id = sandbox.git(&theirs, &["rev-parse", "HEAD"]);
    let admin = PathBuf::from(sandbox.git(&theirs, &["rev-parse", "--absolute-git-dir"]));
    std::fs::rename(&theirs, sandbox.top().join("moved")).unwrap();
    // Old enough for any prune.
    let old = std::fs::File::open(admin.join("gitdir")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
    let before = snapshot(&admin);
    std::fs::remove_dir_all(sandbox.builder("b/api")).unwrap();
    sandbox.apply().ok().says("1 replaced");
    std::fs::remove_dir_all(sandbox.builder("b/api")).unwrap();
    sandbox.toml(OTHER);
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok();
    before.assert_same(&snapshot(&admin));
    assert_eq!(sandbox.git(sandbox.top().join("moved"), &["rev-parse", "HEAD"]), id);
    sandbox.sound();
}

/// In a copy of a workspace, a repair would rewrite the links of the original.
#[test]
fn git_worktree_repair_is_never_run_and_a_copied_workspace_harms_neither() {
    assert_eq!(with(calls(), &["worktree", "repair"]), NONE);

    let sandbox = made();
    sandbox.write(".builders/b/api/README.md", "edited\n");
    let copy = sandbox.top().join("copy");
    assert!(sandbox.command("cp").arg("-a").args([&sandbox.root(), &copy]).status().unwrap().success());
    let before = snapshot(sandbox.root());
    for arguments in [&["plan"] as &[&str], &["apply", "--auto-approve"], &["status"], &["apply", "--auto-approve"]] {
        sandbox.wsctl_in(&copy, arguments).never_says("worktree repair");
        before.assert_same(&snapshot(sandbox.root()));
    }
    std::fs::write(copy.join("builders.toml"), "version = 1\n[repos.api]\n").unwrap();
    let all = ["apply", "--auto-approve", "--unsaved=trash", "--allow-removals"];
    sandbox.wsctl_in(&copy, &all).never_says("worktree repair");
    before.assert_same(&snapshot(sandbox.root()));
    assert_eq!(text(sandbox.builder("b/api/README.md")), "edited\n");
    sandbox.converged();
}
