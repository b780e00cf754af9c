//! Two processes: another wsctl beside an apply, which stands still until it is let go.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::processes::{BEFORE_THE_ADD, meanwhile, wanted};
use crate::support::{Sandbox, snapshot};

pub const ROWS: &[(&str, &str)] = &[
    ("two applies", "the_second_apply_waits_and_finds_nothing_to_do"),
    ("two applies, and no patience", "a_lock_that_is_held_too_long"),
    ("plan and status during apply", "plan_and_status_beside_apply"),
];

/// A wsctl that stands still before `git worktree add` until it is let go; dropped, it goes on.
struct Stopped {
    child: Option<Child>,
    go: PathBuf,
}

impl Stopped {
    fn start(sandbox: &Sandbox) -> Self {
        let (here, go) = (sandbox.top().join("here"), sandbox.top().join("go"));
        let deed = format!(
            "touch '{}'; n=0; while [ ! -e '{}' ] && [ $n -lt 1200 ]; do sleep 0.05; n=$((n+1)); done",
            here.display(),
            go.display()
        );
        let path = meanwhile(sandbox, BEFORE_THE_ADD, &deed);
        let mut command = sandbox.program();
        // One step at a time: nothing else moves while it stands.
        command.args(["apply", "--auto-approve", "-j", "1"]).env("PATH", path).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stopped = Stopped { child: Some(child), go };
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !here.exists() {
            assert!(std::time::Instant::now() < until, "it never came there");
            std::thread::yield_now();
        }
        stopped
    }

    fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Lets it go; what it said, and its exit code.
    fn end(mut self) -> (Option<i32>, String) {
        std::fs::write(&self.go, "").unwrap();
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.go, "");
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }
}

/// The second is told who holds the lock, waits, and has nothing left to do.
#[test]
fn the_second_apply_waits_and_finds_nothing_to_do() {
    let sandbox = wanted();
    let first = Stopped::start(&sandbox);
    let mut second = sandbox.program();
    second.args(["apply", "--auto-approve", "--lock-timeout", "60s"]).stdin(Stdio::null());
    let mut second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(second.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with(&format!("waiting: another wsctl (pid {}, since ", first.id())), "{line}");
    assert_eq!(first.end().0, Some(0));
    said.read_to_string(&mut line).unwrap();
    let output = second.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stdout}{line}");
    assert!(stdout.ends_with("No changes. 3 builders match builders.toml.\n"), "{stdout}");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// It says who holds the lock and how to wait longer, and changes nothing.
#[test]
fn a_lock_that_is_held_too_long() {
    let sandbox = wanted();
    let first = Stopped::start(&sandbox);
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).fails();
    answer.says(&format!("another wsctl (pid {}, since ", first.id())).says("--lock-timeout 60s");
    before.assert_same(&snapshot(sandbox.root()));
    assert_eq!(first.end().0, Some(0));
    sandbox.converged();
}

/// Both look without waiting, write nothing, and tell what there is: `work` is still to be made.
#[test]
fn plan_and_status_beside_apply() {
    let sandbox = wanted();
    let first = Stopped::start(&sandbox);
    let before = snapshot(sandbox.root());
    sandbox.plan().ok().says("builders.work.api").never_says("blocked");
    sandbox.wsctl(&["status"]).ok().says("work");
    before.assert_same(&snapshot(sandbox.root()));
    assert_eq!(first.end().0, Some(0));
    sandbox.plan().ok().says("No changes.");
    sandbox.converged();
}
