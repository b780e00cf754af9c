//! Branches that are declared anew, workspaces that move, runs that are killed, runs at the same time.

use std::path::PathBuf;
use std::process::Stdio;

use crate::support::{Sandbox, snapshot, text};

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
fn a_switch_never_overwrites_an_ignored_file() {
    let sandbox = made(&[("b", "one")]);
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["switch", "-q", "-c", "two"]);
    sandbox.write("repos/api/secret.log", "tracked on two\n");
    sandbox.git(&api, &["add", "-f", "secret.log"]);
    sandbox.git(&api, &["commit", "-q", "-m", "track it"]);
    sandbox.git(&api, &["switch", "-q", "main"]);
    sandbox.write(".builders/b/api/secret.log", "mine\n");
    sandbox.toml(&on(&[("b", "two")]));
    sandbox.apply().fails().says("secret.log");
    assert_eq!(text(sandbox.builder("b/api/secret.log")), "mine\n");
    assert_eq!(branch(&sandbox, "b/api"), "one");
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
fn what_someone_switched_by_hand_is_reported_and_left() {
    let sandbox = made(&[("b", "one")]);
    sandbox.git(sandbox.builder("b/api"), &["switch", "-q", "-c", "by-hand"]);
    let answer = sandbox.apply().ok().says("Drift (left alone):").says("builders.b.api").says("by-hand");
    assert!(answer.stdout.contains("No changes."), "{answer}");
    sandbox.git(sandbox.builder("b/api"), &["switch", "-q", "--detach"]);
    sandbox.apply().ok().says("Drift (left alone):");
    sandbox.git(sandbox.builder("b/api"), &["switch", "-q", "one"]);
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
fn a_builder_that_was_moved_by_hand_is_never_made_again() {
    let sandbox = made(&[("b", "one"), ("c", "two")]);
    sandbox.write(".builders/b/api/README.md", "edited\n");
    std::fs::rename(sandbox.builder("b"), sandbox.builder("moved")).unwrap();
    let before = snapshot(sandbox.root());
    sandbox.apply().fails().says("was moved by hand to");
    before.assert_same(&snapshot(sandbox.root()));
    std::fs::rename(sandbox.builder("moved"), sandbox.builder("b")).unwrap();
    sandbox.converged();
}

#[test]
fn a_layout_changed_under_builders_is_refused_and_settles() {
    let sandbox = made(&[("b", "one")]);
    sandbox.write(".builders/b/api/README.md", "edited\n");
    let before = snapshot(sandbox.builder("b/api"));
    sandbox.toml(&format!("[workspace]\nlayout = \"split\"\n{}", on(&[("b", "one")])));
    sandbox.apply().fails().says("! builders.b.api").says("worktree move");
    sandbox.wsctl(&["plan", "--detailed-exitcode"]).exits(1);
    before.assert_same(&snapshot(sandbox.builder("b/api")));
    sandbox.toml(&on(&[("b", "one")]));
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--short"]), " m api");
    sandbox.converged();
}

#[test]
fn a_moved_workspace_is_repaired() {
    for layout in ["sibling", "split", "nested"] {
        let sandbox = Sandbox::workspace();
        sandbox.toml(&format!("[workspace]\nlayout = \"{layout}\"\n{}", on(&[("b", "one")])));
        sandbox.apply().ok();
        let api = if layout == "sibling" { "api" } else { "repos/api" };
        sandbox.write(sandbox.builder("b").join(api).join("README.md"), "edited\n");
        let moved = sandbox.top().join("moved");
        std::fs::rename(sandbox.root(), &moved).unwrap();
        let wsctl = |arguments: &[&str]| sandbox.wsctl_in(&moved, arguments);
        wsctl(&["plan"]).ok().says("~ builders.b.api");
        wsctl(&["apply", "--auto-approve"]).ok();
        let b = moved.join(".builders/b");
        assert_eq!(sandbox.git(b.join(api), &["status", "--short"]), " M README.md", "{layout}");
        let before = snapshot(&moved);
        wsctl(&["apply", "--auto-approve"]).ok().says("No changes.");
        before.assert_same(&snapshot(&moved));
    }
}

#[test]
fn a_copied_workspace_harms_neither() {
    let sandbox = made(&[("b", "one")]);
    sandbox.write(".builders/b/api/README.md", "edited\n");
    let copy = sandbox.top().join("copy");
    let copied = sandbox.command("cp").arg("-a").arg(sandbox.root()).arg(&copy).status().unwrap();
    assert!(copied.success());
    let before = snapshot(sandbox.root());
    for arguments in [&["plan"] as &[&str], &["apply", "--auto-approve"], &["status"], &["apply", "--auto-approve"]] {
        sandbox.wsctl_in(&copy, arguments);
        before.assert_same(&snapshot(sandbox.root()));
    }
    std::fs::write(copy.join("builders.toml"), "version = 1\n[repos.api]\n").unwrap();
    let all = ["apply", "--auto-approve", "--unsaved=trash", "--allow-removals"];
    sandbox.wsctl_in(&copy, &all);
    before.assert_same(&snapshot(sandbox.root()));
    assert_eq!(text(sandbox.builder("b/api/README.md")), "edited\n");
    sandbox.converged();
}

/// A script that kills the wsctl above it, once: when `armed` lies in HOME.
pub(super) const KILLER: &str = "#!/bin/sh
if [ -e \"$HOME/armed\" ]; then
    rm \"$HOME/armed\"
    pid=$PPID
    while [ \"$pid\" -gt 1 ]; do
        if [ \"$(cat /proc/$pid/comm)\" = wsctl ]; then kill -9 \"$pid\"; exit 1; fi
        pid=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
    done
fi
cat 2>/dev/null
exit 0
";

fn arm(sandbox: &Sandbox) -> PathBuf {
    let armed = sandbox.home().join("armed");
    std::fs::write(&armed, "").unwrap();
    armed
}

/// Applies with the killer armed; the run dies, and the next ones finish.
#[track_caller]
fn dies_and_converges(sandbox: &Sandbox) {
    let armed = arm(sandbox);
    let answer = sandbox.apply();
    assert!(!armed.exists(), "nothing killed it: {answer}");
    assert_eq!(answer.code, None, "killed: {answer}");
    // The git that outlives its wsctl works inside for a moment; that blocks, and rightly so.
    let mut next = sandbox.apply();
    for _ in 0..100 {
        if next.code == Some(0) || !next.stdout.contains("works inside") {
            break;
        }
        next = sandbox.apply();
    }
    assert_eq!(next.code, Some(0), "{next}");
    sandbox.converged();
    sandbox.fsck(&["", "repos/api"]);
}

#[test]
fn a_creation_killed_in_a_smudge_filter_is_resumed() {
    if !std::path::Path::new("/proc/self/comm").exists() {
        return crate::support::skip("no /proc here");
    }
    let sandbox = Sandbox::workspace();
    let killer = sandbox.script(sandbox.top().join("bin/killer"), KILLER);
    sandbox.write("repos/api/.gitattributes", "*.bin filter=killer\n");
    for number in 0..20 {
        sandbox.write(format!("repos/api/{number}.bin"), "content\n");
    }
    sandbox.commit(sandbox.path("repos/api"), "filtered");
    sandbox.git(sandbox.path("repos/api"), &["push", "-q"]);
    sandbox.git(sandbox.path("repos/api"), &["config", "filter.killer.smudge", killer.to_str().unwrap()]);
    sandbox.git(sandbox.path("repos/api"), &["config", "filter.killer.clean", "cat"]);
    sandbox.toml(&on(&[("b", "one")]));
    dies_and_converges(&sandbox);
    assert_eq!(text(sandbox.builder("b/api/7.bin")), "content\n");
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "");
}

#[test]
fn a_creation_killed_in_a_hook_is_resumed() {
    if !std::path::Path::new("/proc/self/comm").exists() {
        return crate::support::skip("no /proc here");
    }
    for repository in ["", "repos/api"] {
        let sandbox = Sandbox::workspace();
        let hook = sandbox.path(repository).join(".git/hooks/post-checkout");
        sandbox.script(hook, &KILLER.replace("cat 2>/dev/null\n", ""));
        sandbox.toml(&on(&[("b", "one"), ("c", "two")]));
        dies_and_converges(&sandbox);
        assert_eq!([branch(&sandbox, "b/api"), branch(&sandbox, "c/workspace-root")], ["one", "two"]);
    }
}

#[test]
fn a_killed_creation_that_nobody_wants_any_more_is_cleared_away() {
    if !std::path::Path::new("/proc/self/comm").exists() {
        return crate::support::skip("no /proc here");
    }
    let sandbox = made(&[("stays", "other")]);
    sandbox.script("repos/api/.git/hooks/post-checkout", &KILLER.replace("cat 2>/dev/null\n", ""));
    sandbox.toml(&on(&[("b", "one"), ("stays", "other")]));
    arm(&sandbox);
    assert_eq!(sandbox.apply().code, None);
    sandbox.toml(&on(&[("stays", "other")]));
    sandbox.apply().ok();
    sandbox.converged();
    assert!(!sandbox.builder("b").exists());
    sandbox.fsck(&["", "repos/api"]);
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
        sandbox.script("repos/api/.git/hooks/reference-transaction", &hook);
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
        sandbox.script("repos/api/.git/hooks/post-checkout", &hook.replace("cat 2>/dev/null\n", ""));
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
