//! Creations that git, the disk, the network or a kill break off.

use std::path::Path;

use super::words::{TWO, declared};
use crate::support::{KILLER, KILLER_OF_GIT, Sandbox, arm, killer, skip, text};

/// Gives `api` a file behind a filter, on `main` and at its origin.
fn filtered(sandbox: &Sandbox, smudge: &str) {
    let api = sandbox.path("repos/api");
    sandbox.write("repos/api/.gitattributes", "*.bin filter=odd\n");
    for number in 0..20 {
        sandbox.write(format!("repos/api/{number}.bin"), "content\n");
    }
    sandbox.commit(&api, "filtered");
    sandbox.git(&api, &["push", "-q"]);
    for (key, value) in [("smudge", smudge), ("clean", "cat"), ("required", "true")] {
        sandbox.git(&api, &["config", &format!("filter.odd.{key}"), value]);
    }
}

/// Nothing of a checkout is left, and nothing of its branch.
#[track_caller]
fn undone(sandbox: &Sandbox) {
    assert_eq!(sandbox.branches("repos/api"), ["main"], "its branch is gone again");
    let list = sandbox.git(sandbox.path("repos/api"), &["worktree", "list", "--porcelain"]);
    assert_eq!(list.matches("worktree ").count(), 1, "{list}");
    assert!(!sandbox.builder("b/api").exists());
}

/// The worktree is complete; the user's own hook said no afterwards.
#[test]
fn a_failing_post_checkout_hook_is_a_warning() {
    let sandbox = declared();
    sandbox.script("repos/api/.git/hooks/post-checkout", "#!/bin/sh\necho hook says no >&2\nexit 3\n");
    sandbox.apply().ok().says("warning: builders.b.api: the post-checkout hook failed");
    sandbox.settles();
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "");
}

/// A smudge filter fails in the middle of a checkout, or the network in the middle of a clone.
#[test]
fn a_failing_filter_or_network_is_undone_and_reported_while_the_others_go_on() {
    let sandbox = declared();
    filtered(&sandbox, "false");
    sandbox.apply().fails().says("! builders.b.api").says("smudge filter odd failed");
    undone(&sandbox);
    sandbox.goes_on();
    sandbox.sound();
    // A branch that was there before stays where it was.
    sandbox.git(sandbox.path("repos/api"), &["branch", "builder/b"]);
    sandbox.apply().fails().says("smudge filter odd failed");
    assert_eq!(sandbox.branches("repos/api"), ["builder/b", "main"]);
    sandbox.git(sandbox.path("repos/api"), &["config", "filter.odd.smudge", "cat"]);
    sandbox.settles();
    assert_eq!(text(sandbox.builder("b/api/7.bin")), "content\n");

    let sandbox = declared();
    std::fs::remove_dir_all(sandbox.path("repos/api")).unwrap();
    let missing = sandbox.top().join("origin/missing.git");
    sandbox.toml(&TWO.replace("[repos.api]\n", &format!("[repos.api]\nurl = \"{}\"\n", missing.display())));
    sandbox.apply().fails().says("! repos.api").says("does not exist").says("builders.b.api");
    assert_eq!(std::fs::read_dir(sandbox.path("repos")).unwrap().count(), 1, "nothing half-cloned stays");
    sandbox.goes_on();
    std::fs::rename(sandbox.top().join("origin/api.git"), &missing).unwrap();
    sandbox.settles();
}

/// Gives `api` a file of three megabytes.
fn large(sandbox: &Sandbox) {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    std::fs::write(sandbox.path("repos/api/large.bin"), bytes).unwrap();
    sandbox.commit(sandbox.path("repos/api"), "large");
    sandbox.git(sandbox.path("repos/api"), &["push", "-q"]);
}

/// The disk takes no more in the middle of a checkout: a limit on the size of files, by error and by signal, and a full
/// file system.
#[test]
fn a_write_that_fails_is_undone_and_the_next_run_converges() {
    for ignored in ["trap '' XFSZ; ", ""] {
        let sandbox = declared();
        large(&sandbox);
        let script = format!("{ignored}ulimit -f 1024; exec \"$0\" apply --auto-approve");
        let mut limited = sandbox.command("sh");
        let output = limited.args(["-c", &script]).arg(sandbox.program().get_program()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("! builders.b.api"), "{said}");
        undone(&sandbox);
        sandbox.goes_on();
        sandbox.sound();
        sandbox.settles();
    }

    let sandbox = declared();
    large(&sandbox);
    if !sandbox.command("unshare").args(["-m", "true"]).output().is_ok_and(|output| output.status.success()) {
        return skip("no small file system can be mounted here");
    }
    std::fs::create_dir(sandbox.path(".builders")).unwrap();
    let script = "mount -t tmpfs -o size=2m none .builders || exit 77
        \"$0\" apply --auto-approve > \"$HOME/first\"; echo $? > \"$HOME/first-code\"
        ls .builders/b > \"$HOME/left\"
        mount -o remount,size=64m .builders || exit 77
        \"$0\" apply --auto-approve > \"$HOME/second\" || exit 1
        git -C .builders/b/api status --porcelain > \"$HOME/status\" || exit 2
        git -C repos/api fsck --strict || exit 3
        \"$0\" apply --auto-approve";
    let mut apart = sandbox.command("unshare");
    let output = apart.args(["-m", "sh", "-c", script]).arg(sandbox.program().get_program()).output().unwrap();
    if output.status.code() == Some(77) {
        return skip("no small file system can be mounted here");
    }
    let kept = |name: &str| text(sandbox.home().join(name));
    assert_eq!(output.status.code(), Some(0), "{}{}", kept("first"), kept("second"));
    assert_eq!(kept("first-code"), "1\n", "{}", kept("first"));
    assert!(kept("first").contains("! builders.b.api") && kept("first").contains("df -h"), "{}", kept("first"));
    assert_eq!((kept("left"), kept("status")), ("workspace-root\n".to_owned(), String::new()));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("No changes."), "{output:?}");
}

/// The git that outlives its wsctl works inside for a moment; that blocks, and rightly so.
#[track_caller]
fn applies_when_quiet(sandbox: &Sandbox) {
    let mut next = sandbox.apply();
    for _ in 0..100 {
        if next.code == Some(0) || !next.stdout.contains("works inside") {
            break;
        }
        next = sandbox.apply();
    }
    assert_eq!(next.code, Some(0), "{next}");
}

/// A run is killed while git adds a worktree, git with it or not: `locked`, an `index.lock` and half a tree are left; or a
/// whole one without a mark. Somebody wants the builder still, or nobody does any more.
#[test]
fn a_creation_killed_in_the_middle_is_resumed() {
    if !Path::new("/proc/self/comm").exists() {
        return skip("no /proc here");
    }
    for wanted in [true, false] {
        for state in ["filter", "filter, and git too", "hook of the root", "hook"] {
            let sandbox = declared();
            match state {
                "filter" => filtered(&sandbox, killer(&sandbox, "killer", KILLER, "cat").to_str().unwrap()),
                "hook" => drop(killer(&sandbox, "../ws/repos/api/.git/hooks/post-checkout", KILLER, "true")),
                "hook of the root" => drop(killer(&sandbox, "../ws/.git/hooks/post-checkout", KILLER, "true")),
                _ => filtered(&sandbox, killer(&sandbox, "killer", KILLER_OF_GIT, "cat").to_str().unwrap()),
            }
            if !wanted {
                sandbox.toml(&TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""));
                sandbox.apply().ok();
                sandbox.toml(TWO);
            }
            let armed = arm(&sandbox);
            std::fs::write(&armed, "all").unwrap();
            let answer = sandbox.apply();
            assert!(!armed.exists(), "nothing killed it: {answer}");
            assert_eq!(answer.code, None, "killed: {answer}");
            if state == "filter, and git too" {
                assert!(!sandbox.builder("b/api/7.bin").exists(), "half a tree");
                assert!(text(sandbox.path("repos/api/.git/worktrees/api/locked")).contains("wsctl"), "locked");
            }
            let gone = TWO.replace("[builders.b]\nrepos = [\"api\"]\n", "");
            if wanted {
                applies_when_quiet(&sandbox);
                sandbox.settles();
                assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "", "{state}");
            }
            if !wanted {
                sandbox.toml(&gone);
                applies_when_quiet(&sandbox);
                sandbox.converged();
                assert!(!sandbox.builder("b").exists(), "{state}");
            }
            sandbox.goes_on();
            sandbox.sound();
        }
    }

    // Only git dies: what it left is undone at once.
    let sandbox = declared();
    filtered(&sandbox, killer(&sandbox, "killer", KILLER_OF_GIT, "cat").to_str().unwrap());
    let armed = arm(&sandbox);
    let answer = sandbox.apply().fails().says("! builders.b.api").says("killed by signal 9");
    assert!(!armed.exists(), "{answer}");
    undone(&sandbox);
    sandbox.goes_on();
    sandbox.sound();
    sandbox.settles();
}
