//! What an apply tells while it works and how it ends: failures, interrupts, a reader that goes away. `tests/support` holds
//! every stream to its schema and its order.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::schema;
use crate::support::{Sandbox, skip, text};

/// A hook that says that it runs and then waits, both through named pipes, once.
const WAITS: &str = "#!/bin/sh
if [ -p \"$HOME/runs\" ]; then
    mv \"$HOME/runs\" \"$HOME/running\"
    echo runs > \"$HOME/running\"
    read -r _ < \"$HOME/go\"
fi
";

fn pipes(sandbox: &Sandbox) -> [PathBuf; 2] {
    let pipes = ["runs", "go"].map(|name| sandbox.home().join(name));
    assert!(sandbox.command("mkfifo").args(&pipes).status().unwrap().success());
    pipes
}

const TWO: &str = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\"]\ninclude_root = false\n[builders.two]\nrepos = [\"api\"]\ninclude_root = false\n";

/// An apply of two builders whose first checkout waits in a hook, one step at a time.
struct Waiting {
    sandbox: Sandbox,
    child: Child,
    out: BufReader<ChildStdout>,
    go: PathBuf,
}

fn waiting(arguments: &[&str]) -> Waiting {
    let sandbox = Sandbox::workspace();
    sandbox.script("repos/api/.git/hooks/post-checkout", WAITS);
    sandbox.toml(TWO);
    let [runs, go] = pipes(&sandbox);
    let mut command = sandbox.program();
    command.args(["apply", "--auto-approve", "-j", "1"]).args(arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Opened before the hook moves it: the other end is the same.
    assert_eq!(text(runs), "runs\n");
    let out = BufReader::new(child.stdout.take().unwrap());
    Waiting { sandbox, child, out, go }
}

impl Waiting {
    /// Sends a signal and waits until it was taken.
    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        let pending =
            || text(format!("/proc/{pid}/status")).lines().any(|l| l.starts_with("ShdPnd:") && !l.ends_with("0000000000000000"));
        while pending() {
            std::thread::yield_now();
        }
    }

    fn release(&self) {
        std::fs::write(&self.go, "go\n").unwrap();
    }

    /// Its exit code and all that it still said on stdout.
    fn end(mut self) -> (Sandbox, Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.sandbox, self.child.wait().unwrap().code(), out, err)
    }
}

fn no_proc() -> bool {
    let none = !std::path::Path::new("/proc/self/status").exists();
    if none {
        skip("no /proc here");
    }
    none
}

#[test]
fn the_first_signal_finishes_what_runs_and_tells_what_was_not_begun() {
    if no_proc() {
        return;
    }
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let run = waiting(&["--json"]);
        run.signal(signal);
        run.release();
        let (sandbox, code, out, _) = run.end();
        assert_eq!(code, Some(128 + number), "{out}");
        let events = schema::events(&out);
        let done: Vec<&str> = of(&events, "apply_complete");
        assert_eq!(done, ["builders.one", "builders.one.api"], "{out}");
        assert_eq!(of(&events, "apply_skipped"), ["builders.two", "builders.two.api"], "{out}");
        assert!(events.iter().filter(|event| event["type"] == "apply_skipped").all(|event| event["because"] == "interrupted"));
        assert_eq!(events.last().unwrap()["interrupted"], number);
        sandbox.apply().ok().says("2 created").never_says("Cleaned up");
        sandbox.converged();
        sandbox.fsck(&["repos/api"]);
    }
}

fn of<'a>(events: &'a [Value], name: &str) -> Vec<&'a str> {
    events.iter().filter(|event| event["type"] == name).map(|event| event["address"].as_str().unwrap()).collect()
}

#[test]
fn an_interrupted_apply_says_what_was_done_and_what_to_type() {
    if no_proc() {
        return;
    }
    let run = waiting(&[]);
    run.signal("INT");
    run.release();
    let (_, code, out, _) = run.end();
    assert_eq!(code, Some(130));
    let end = out.split("\n\n").last().unwrap();
    let end = &end[end.find("Apply interrupted").unwrap_or_else(|| panic!("{out}"))..];
    assert!(end.starts_with("Apply interrupted: 2 created, 2 skipped.\n"), "{end}");
    assert!(end.contains("! builders.two.api   skipped: interrupted\n"), "{end}");
    assert!(end.ends_with("  → wsctl apply --auto-approve -j 1\n"), "{end}");
}

#[test]
fn the_second_signal_ends_at_once_and_the_next_run_converges() {
    if no_proc() {
        return;
    }
    for signal in ["INT", "TERM"] {
        let mut run = waiting(&["--json"]);
        run.signal("INT");
        run.signal(signal);
        // The hook still waits, and git with it.
        let code = run.child.wait().unwrap().code();
        assert_eq!(code, Some(if signal == "INT" { 130 } else { 143 }));
        let mut out = String::new();
        run.out.read_to_string(&mut out).unwrap();
        assert!(out.starts_with("{\"type\":\"version\""), "{out}");
        assert!(!out.contains("change_summary"), "a stream without an end was ended from outside: {out}");
        run.release();
        let answer = run.sandbox.wsctl(&["apply", "--auto-approve", "--json", "--lock-timeout", "60s"]).ok();
        schema::events(&answer.stdout);
        run.sandbox.converged();
        run.sandbox.fsck(&["repos/api"]);
    }
}

#[test]
fn a_clone_tells_how_far_it_is_and_each_event_is_there_at_once() {
    let sandbox = Sandbox::new();
    let [runs, go] = pipes(&sandbox);
    let origin = sandbox.origin("api");
    // A git whose clone stands still behind its first words.
    let real =
        std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|path| path.join("git")).find(|git| git.is_file()).unwrap();
    let git = format!(
        "#!/bin/sh\nfor word; do if [ \"$word\" = clone ] && [ -p \"{runs}\" ]; then\n\
         printf 'Receiving objects:  45%% (9/20)\\r' >&2; echo runs > '{runs}'; read -r _ < '{go}'; rm '{runs}'\nfi; done\nexec '{real}' \"$@\"\n",
        runs = runs.display(),
        go = go.display(),
        real = real.display(),
    );
    let path = sandbox.path_with_git(&git);
    sandbox.toml(&format!("[repos.api]\nurl = \"{}\"\n", origin.display()));
    let mut command = sandbox.program();
    command.env("PATH", &path).args(["apply", "--auto-approve", "--json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    assert_eq!(text(&runs), "runs\n");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut all = Vec::new();
    // The clone stands still, and this is read: it was not kept back.
    let progress = loop {
        let line = lines.next().unwrap();
        all.push(line.clone());
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["type"] == "apply_progress" {
            break event;
        }
    };
    assert_eq!(
        (&progress["address"], &progress["stage"], &progress["percent"]),
        (&"repos.api".into(), &"Receiving objects".into(), &45.into())
    );
    std::fs::write(&go, "go\n").unwrap();
    all.extend(lines);
    assert!(child.wait().unwrap().success());
    schema::events(&(all.join("\n") + "\n"));
}

#[test]
fn what_failed_what_was_skipped_for_it_and_what_is_blocked_are_told_apart() {
    let sandbox = Sandbox::workspace();
    let gone = sandbox.top().join("gone.git");
    let web = "[repos.web]\n[builders.other]\nrepos = [\"web\"]\n";
    sandbox.toml(&format!(
        "[repos.api]\n[repos.lost]\nurl = \"{}\"\n[builders.one]\nrepos = [\"api\", \"lost\"]\n{web}[repos.nowhere]\n",
        gone.display()
    ));
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--json"]).fails();
    let events = schema::events(&answer.stdout);
    assert_eq!(of(&events, "apply_errored"), ["repos.lost"]);
    let skipped: Vec<_> = events.iter().filter(|event| event["type"] == "apply_skipped").collect();
    assert!(!skipped.is_empty() && skipped.iter().all(|event| event["because"] == "repos.lost failed"), "{answer}");
    assert!(of(&events, "apply_skipped").contains(&"builders.one.lost"), "{answer}");
    assert!(of(&events, "apply_complete").contains(&"builders.other.web"), "the rest goes on: {answer}");
    let summary = events.last().unwrap();
    assert_eq!((&summary["failed"], &summary["changes"]["blocked"]), (&1.into(), &1.into()), "{answer}");
}

#[test]
fn an_error_before_anything_began_ends_the_stream_with_a_summary_too() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("nonsense = 1\n");
    for command in ["apply", "destroy"] {
        let answer = sandbox.wsctl(&[command, "--auto-approve", "--json"]).fails();
        let events = schema::events(&answer.stdout);
        assert_eq!((&events[1]["type"], &events[1]["severity"]), (&"diagnostic".into(), &"error".into()), "{answer}");
        assert_eq!(events.len(), 3, "{answer}");
    }
    sandbox.toml(TWO);
    let answer = sandbox.wsctl(&["apply", "--json"]).fails();
    assert_eq!(schema::events(&answer.stdout)[1]["next"], "wsctl apply --json --auto-approve", "{answer}");
    // Nothing to do is a stream as well.
    sandbox.apply().ok();
    assert_eq!(schema::events(&sandbox.wsctl(&["apply", "--auto-approve", "--json"]).ok().stdout).len(), 2);
}
