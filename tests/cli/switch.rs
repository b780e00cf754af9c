//! Branches that are declared anew, workspaces that move, runs that are killed, runs at the same time.

use std::process::Stdio;

use crate::support::{KILLER, Sandbox, arm, snapshot, text};

/// Builders with these branches, each of `api`.
fn on(builders: &[(&str, &str)]) -> String {
    let block = |(name, branch): &(&str, &str)| format!("[builders.{name}]\nrepos = [\"api\"]\nbranch = \"{branch}\"\n");
    format!("[repos.api]\n[repos.web]\n{}", builders.iter().map(block).collect::<String>())
}

fn made(builders: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&on(builders));
    sandbox.apply().ok();
    sandbox
}

fn branch(sandbox: &Sandbox, checkout: &str) -> String {
    sandbox.git(sandbox.builder(checkout), &["branch", "--show-current"])
}

#[test]
fn a_clean_checkout_is_switched_to_the_branch_now_declared() {
    let sandbox = made(&[("b", "one")]);
    sandbox.toml(&on(&[("b", "two")]));
    sandbox.plan().says("~ builders.b.api");
    sandbox.apply().ok();
    assert_eq!([branch(&sandbox, "b/api"), branch(&sandbox, "b"), branch(&sandbox, "b/workspace-root")], ["two", "two", "two"]);
    assert!(sandbox.branches("repos/api").contains(&"one".to_owned()), "the old branch is nobody's to delete");
    sandbox.converged();
    sandbox.fsck(&["", "repos/api", ".builders/b"]);
}

#[test]
fn unsaved_work_blocks_a_switch() {
    let sandbox = made(&[("b", "one")]);
    sandbox.toml(&on(&[("b", "two")]));
    sandbox.write(".builders/b/api/README.md", "edited\n");
    let before = snapshot(sandbox.builder("b/api"));
    sandbox.apply().fails().says("! builders.b.api").says("1 changed file: README.md");
    before.assert_same(&snapshot(sandbox.builder("b/api")));
    sandbox.git(sandbox.builder("b/api"), &["commit", "-qam", "work"]);
    sandbox.apply().ok();
    assert_eq!(branch(&sandbox, "b/api"), "two");
    sandbox.converged();
}

#[test]
fn two_builders_swap_their_branches_in_one_apply() {
    let sandbox = made(&[("b", "one"), ("c", "two")]);
    for (builder, file) in [("b", "of-one.txt"), ("c", "of-two.txt")] {
        sandbox.write(format!(".builders/{builder}/api/{file}"), "x\n");
        sandbox.commit(sandbox.builder(builder).join("api"), file);
    }
    sandbox.toml(&on(&[("b", "two"), ("c", "one")]));
    sandbox.apply().ok();
    assert_eq!((branch(&sandbox, "b/api"), branch(&sandbox, "c/api")), ("two".into(), "one".into()));
    assert!(sandbox.builder("b/api/of-two.txt").exists() && sandbox.builder("c/api/of-one.txt").exists());
    sandbox.converged();
}

#[test]
fn a_branch_that_a_removal_frees_is_taken_in_the_same_apply() {
    let sandbox = made(&[("b", "one"), ("stays", "other")]);
    sandbox.write(".builders/b/api/new.txt", "new\n");
    sandbox.commit(sandbox.builder("b/api"), "work");
    sandbox.toml(&on(&[("c", "one"), ("stays", "other")]));
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("c/api/new.txt")), "new\n");
    assert!(!sandbox.builder("b").exists());
    sandbox.converged();
}

#[test]
fn worktrees_made_by_hand_are_adopted_with_the_work_in_them() {
    let sandbox = Sandbox::workspace();
    for (repository, name) in [("", "workspace-root"), ("repos/api", "api")] {
        let path = sandbox.builder("b").join(name);
        sandbox.git(sandbox.path(repository), &["worktree", "add", "-q", "-b", "one", path.to_str().unwrap()]);
    }
    sandbox.write(".builders/b/api/README.md", "edited\n");
    sandbox.toml(&on(&[("b", "one")]));
    sandbox.plan().says("> builders.b.api").says("> builders.b");
    let before = snapshot(sandbox.builder("b/api"));
    sandbox.apply().ok();
    before.assert_same(&snapshot(sandbox.builder("b/api")));
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--short"]), " m api");
    sandbox.converged();
    sandbox.git(sandbox.builder("b/api"), &["checkout", "-q", "."]);
    sandbox.toml(&on(&[("c", "two")]));
    sandbox.apply().ok();
    assert!(sandbox.branches("repos/api").contains(&"one".to_owned()), "not made by wsctl, so never deleted");
}

#[test]
fn a_worktree_on_another_branch_is_not_adopted() {
    let sandbox = Sandbox::workspace();
    let path = sandbox.builder("b/api");
    sandbox.git(sandbox.path("repos/api"), &["worktree", "add", "-q", "-b", "theirs", path.to_str().unwrap()]);
    sandbox.toml(&on(&[("b", "one")]));
    let before = snapshot(&path);
    sandbox.apply().fails().says("! builders.b.api");
    before.assert_same(&snapshot(&path));
}

#[test]
fn a_removal_killed_at_any_write_of_git_is_finished() {
    if !std::path::Path::new("/proc/self/comm").exists() {
        return crate::support::skip("no /proc here");
    }
    for state in ["prepared", "committed"] {
        let sandbox = made(&[("b", "one"), ("stays", "other")]);
        sandbox.write(".builders/b/api/new.txt", "new\n");
        sandbox.commit(sandbox.builder("b/api"), "work");
        let head = sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]);
        let hook = KILLER.replace("if [ -e", &format!("if [ \"$1\" = {state} ] && [ -e"));
        sandbox.script("repos/api/.git/hooks/reference-transaction", &format!("{hook}cat 2>/dev/null\nexit 0\n"));
        sandbox.toml(&on(&[("stays", "other")]));
        let armed = arm(&sandbox);
        let answer = sandbox.apply();
        assert!(!armed.exists(), "nothing killed it: {answer}");
        assert_eq!(answer.code, None, "killed: {answer}");
        sandbox.apply().ok();
        sandbox.converged();
        assert!(!sandbox.builder("b").exists());
        sandbox.git(sandbox.path("repos/api"), &["cat-file", "-e", &head]);
        sandbox.fsck(&["", "repos/api"]);
    }
}

#[test]
fn an_interrupt_finishes_the_running_step_and_tells_so() {
    if !std::path::Path::new("/proc/self/comm").exists() {
        return crate::support::skip("no /proc here");
    }
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let sandbox = Sandbox::workspace();
        let hook = KILLER.replace("kill -9 \"$pid\"; exit 1", &format!("kill -{signal} \"$pid\"; exit 0"));
        sandbox.script("repos/api/.git/hooks/post-checkout", &hook);
        sandbox.toml(&on(&[("b", "one"), ("c", "two")]));
        let armed = arm(&sandbox);
        let answer = sandbox.wsctl(&["apply", "--auto-approve", "-j", "1"]).exits(code).says("interrupted");
        assert!(!armed.exists(), "{answer}");
        sandbox.apply().ok();
        sandbox.converged();
        sandbox.fsck(&["", "repos/api"]);
    }
}

#[test]
fn two_applies_at_once_converge() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&on(&[("b", "one"), ("c", "two"), ("d", "three")]));
    let start = || {
        let mut command = sandbox.program();
        command.args(["apply", "--auto-approve", "--lock-timeout", "60s"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [start(), start(), start()];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!([branch(&sandbox, "b/api"), branch(&sandbox, "c/api"), branch(&sandbox, "d/api")], ["one", "two", "three"]);
    sandbox.converged();
    sandbox.fsck(&["", "repos/api"]);
}

#[test]
fn looking_while_another_applies_is_never_an_error() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&on(&[("b", "one"), ("c", "two"), ("d", "three"), ("e", "four")]));
    let mut command = sandbox.program();
    command.args(["apply", "--auto-approve"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        sandbox.plan().ok();
        sandbox.wsctl(&["status"]).ok();
    }
    assert!(child.wait().unwrap().success());
    sandbox.converged();
}
