//! Locks: who holds one and since when, how long to wait, and that nothing has to be unlocked after a crash.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::brakes::{declare, plain};
use crate::support::{Sandbox, skip, snapshot, text};

/// Builder `a`; `b` is still to be made, `c` to be removed, one entry is in the trash.
fn made() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "c", "d"]);
    sandbox.apply().ok();
    declare(&sandbox, "", &["a", "c"]);
    sandbox.apply().ok();
    declare(&sandbox, "", &["a", "b"]);
    sandbox
}

fn places(sandbox: &Sandbox) -> [PathBuf; 2] {
    [sandbox.builder(".wsctl/lock"), sandbox.path("repos/api/.git/wsctl.lock")]
}

fn hold(path: &PathBuf, words: &str) -> File {
    let mut file = File::options().create(true).truncate(true).write(true).open(path).unwrap();
    file.write_all(words.as_bytes()).unwrap();
    file.lock().unwrap();
    file
}

const WRITERS: [&[&str]; 3] =
    [&["apply", "--auto-approve"], &["destroy", "--auto-approve"], &["prune", "--older-than", "0s", "--auto-approve"]];

#[test]
fn a_held_lock_says_who_holds_it_and_since_when() {
    let sandbox = made();
    for path in places(&sandbox) {
        let _lock = hold(&path, "4242 2026-01-02T03:04:05Z wsctl\n");
        let before = snapshot(sandbox.root());
        for writer in WRITERS {
            let told = [writer, &["--lock-timeout", "0s"]].concat();
            let by_variable = [("WSCTL_LOCK_TIMEOUT", OsStr::new("0s"))];
            for answer in [sandbox.wsctl(&told), sandbox.wsctl_with(sandbox.root(), &by_variable, writer)] {
                let answer = answer.fails().says("pid 4242").says("since 2026-01-02T03:04:05Z").says("--lock-timeout");
                answer.says(path.to_str().unwrap());
            }
            let changed = before.differences(&snapshot(sandbox.root()));
            let locks = ["wsctl.lock", "lock"].map(OsStr::new);
            let other: Vec<_> = changed.iter().filter(|path| !locks.iter().any(|lock| path.file_name() == Some(lock))).collect();
            assert!(other.is_empty(), "{writer:?}: {other:?}");
        }
    }
}

#[test]
fn looking_waits_for_nobody_and_writes_nothing() {
    let sandbox = made();
    let _locks = places(&sandbox).map(|path| hold(&path, "4242 2026-01-02T03:04:05Z wsctl\n"));
    let before = snapshot(sandbox.root());
    for arguments in [&["plan"] as &[&str], &["status"], &["validate"], &["plan", "--json"], &["prune"]] {
        sandbox.wsctl(&[arguments, &["--lock-timeout", "0s"]].concat()).ok().never_says("holds the lock");
        before.assert_same(&snapshot(sandbox.root()));
    }
}

#[test]
fn whoever_waits_says_so_once_and_goes_on_when_the_lock_is_free() {
    for index in 0..2 {
        let sandbox = made();
        let lock = hold(&places(&sandbox)[index], "4242 2026-01-02T03:04:05Z wsctl\n");
        let mut command = sandbox.program();
        command.args(["apply", "--auto-approve", "--lock-timeout", "60s"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.starts_with("waiting: another wsctl (pid 4242, since 2026-01-02T03:04:05Z)"), "{first}");
        drop(lock);
        let rest: Vec<String> = lines.map(Result::unwrap).collect();
        assert!(!rest.iter().any(|line| line.contains("waiting")), "{rest:?}");
        assert!(child.wait().unwrap().success(), "{rest:?}");
        sandbox.converged();
    }
}

/// A process that holds a lock until it is killed.
fn holder(sandbox: &Sandbox, path: &PathBuf) -> Option<Child> {
    let mut command = sandbox.command("sh");
    command.args(["-c", "exec 9<>\"$1\" && flock 9 && echo ready && read x", "sh"]).arg(path);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (line == "ready\n").then_some(child)
}

#[test]
fn nothing_has_to_be_unlocked_after_a_kill() {
    let sandbox = made();
    let mut children = Vec::new();
    for path in places(&sandbox) {
        let Some(child) = holder(&sandbox, &path) else { return skip("there is no flock here") };
        children.push(child);
    }
    sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).fails().says("holds the lock");
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).ok();
    sandbox.converged();
}

/// Builders `a` with `api` and `b` with `web`; `c` with `api` is in the trash.
fn two() -> Sandbox {
    let sandbox = Sandbox::workspace();
    let file = "[repos.api]\n[repos.web]\n[builders.a]\nrepos = [\"api\"]\n[builders.b]\nrepos = [\"web\"]\n";
    sandbox.toml(&format!("{file}[builders.c]\nrepos = [\"api\"]\n"));
    sandbox.apply().ok();
    sandbox.toml(file);
    sandbox.apply().ok();
    sandbox
}

#[test]
fn no_lock_is_waited_for_out_of_the_order() {
    let sandbox = two();
    let [workspace, api] = places(&sandbox).map(|path| hold(&path, "4242 2026-01-02T03:04:05Z wsctl\n"));
    fs::remove_dir_all(sandbox.builder("b/web")).unwrap();
    let mut command = sandbox.program();
    command.args(["apply", "--auto-approve", "--lock-timeout", "60s"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut waits_for = |path: &PathBuf| {
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with("waiting: ") && line.contains(path.to_str().unwrap()), "{line}");
    };
    waits_for(&places(&sandbox)[0]);
    // The plan that was shown writes to `web`; the one that is made under its lock writes to `api` too.
    fs::remove_dir_all(sandbox.builder("a/api")).unwrap();
    drop(workspace);
    waits_for(&places(&sandbox)[1]);
    let web = File::options().write(true).open(sandbox.path("repos/web/.git/wsctl.lock")).unwrap();
    assert!(web.try_lock().is_ok(), "who has `api` and wants `web` gets it");
    drop((web, api));
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    sandbox.converged();
}

#[test]
fn a_keeper_goes_only_under_the_lock_of_its_repository() {
    let sandbox = two();
    let entry = sandbox.trashed();
    let gone = sandbox.builder(".wsctl/gone").join(entry.file_name().unwrap());
    fs::rename(&entry, &gone).unwrap();
    let refs = || sandbox.git("repos/api", &["for-each-ref", "refs/wsctl"]);
    let kept = refs();
    assert!(!kept.is_empty());
    let lock = hold(&places(&sandbox)[1], "4242 2026-01-02T03:04:05Z wsctl\n");
    fs::remove_dir_all(sandbox.builder("b/web")).unwrap();
    sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).ok();
    assert_eq!(refs(), kept);
    assert!(gone.join("tree").exists());
    // Nobody declares it any more: its lock counts all the same.
    let rest = "[repos.web]\n[builders.b]\nrepos = [\"web\"]\n";
    sandbox.toml(rest);
    sandbox
        .wsctl(&["prune", "--auto-approve", "--lock-timeout", "0s"])
        .fails()
        .says("holds the lock")
        .says("api/.git/wsctl.lock");
    assert_eq!(refs(), kept);
    drop(lock);
    fs::remove_dir_all(sandbox.builder("b/web")).unwrap();
    sandbox.apply();
    assert_eq!(refs(), "");
    assert!(!gone.join("tree").exists());
}

#[test]
fn what_a_lock_file_says_locks_nothing() {
    let own = format!("{} 2020-01-01T00:00:00Z wsctl\n", std::process::id());
    for words in ["", "99999999 2020-01-01T00:00:00Z wsctl\n", &own, "\u{0}\u{fffd}rubbish\n\n\n", "not a number\n"] {
        let sandbox = made();
        for path in places(&sandbox) {
            fs::write(path, words).unwrap();
        }
        sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).ok();
        for path in places(&sandbox) {
            let said = text(path);
            assert!(said.contains("wsctl") && !said.contains("rubbish") && said.lines().count() == 1, "{words:?}: {said:?}");
        }
    }
}

#[test]
fn rubbish_in_a_held_lock_is_not_repeated() {
    let sandbox = made();
    let _lock = hold(&places(&sandbox)[0], "\u{1b}[31m\u{7} \u{1b}]0;title\u{7} x\n");
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).fails();
    answer.says("holds the lock").never_says("\u{1b}]0").never_says("\u{7}");
}

#[test]
fn a_lock_that_is_a_link_or_a_directory_is_an_error_and_not_written_through() {
    let victim = "mine\n";
    for index in 0..2 {
        let sandbox = made();
        let target = sandbox.top().join("victim");
        fs::write(&target, victim).unwrap();
        let path = places(&sandbox)[index].clone();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        sandbox.apply().fails().says(path.to_str().unwrap());
        assert_eq!(text(&target), victim);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        sandbox.apply().fails().says(path.to_str().unwrap());
        assert!(!sandbox.builder("b").exists());
        fs::remove_dir(&path).unwrap();
        sandbox.apply().ok();
        sandbox.converged();
    }
}

#[test]
fn where_nothing_of_ours_can_be_written_nothing_else_is() {
    let sandbox = made();
    let own = sandbox.builder(".wsctl");
    fs::remove_file(places(&sandbox)[0].clone()).unwrap();
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" || exit 77; shift; \"$@\"";
    let mut apart = sandbox.command("unshare");
    apart.args(["-m", "sh", "-c", script, "sh"]).arg(&own).arg(sandbox.program().get_program());
    let before = snapshot(sandbox.root());
    let Ok(output) = apart.args(["apply", "--auto-approve"]).output() else { return skip("no mounts can be made here") };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(77) || said.contains("unshare:") {
        return skip("no mounts can be made here");
    }
    assert!(!output.status.success() && said.contains(".wsctl/lock"), "{said}");
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.apply().ok();
    sandbox.converged();
}
