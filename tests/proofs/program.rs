//! The program itself: started, killed with or without its children, or kept from writing large files.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::drive::{self, Order};
use crate::support::Sandbox;

/// The arguments of an order.
pub(super) fn arguments(order: Order) -> Vec<&'static str> {
    let mut arguments = vec![if order.command == drive::Command::Destroy { "destroy" } else { "apply" }, "--auto-approve", "-q"];
    if order.unsaved {
        arguments.push("--unsaved=trash");
    }
    if order.allow_removals && order.command != drive::Command::Destroy {
        arguments.push("--allow-removals");
    }
    arguments
}

pub(super) fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = sandbox.program();
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// How an undisturbed or disturbed program ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stderr: String,
}

pub(super) fn wait(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Ended { code: output.status.code(), stderr: String::from_utf8_lossy(&said).into_owned() }
}

/// Kills a program after so long, unless it has ended by then; whether it was killed.
pub(super) fn kill_after(mut child: Child, time: Duration, children_too: bool) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    let pid = child.id();
    let mut victims = vec![pid];
    if children_too {
        // Stopped, it starts no further child while the others are looked up.
        signal("-STOP", &[pid]);
        victims.extend(descendants(pid));
    }
    let ended = child.try_wait().unwrap().is_some();
    if !ended {
        signal("-KILL", &victims);
    }
    drop(child.stdout.take());
    drop(child.stderr.take());
    child.wait().unwrap().code().is_none()
}

fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(u32::to_string);
    let _ = Command::new("kill").arg(name).arg("--").args(pids).stderr(Stdio::null()).status();
}

/// Every process that descends from this one.
fn descendants(pid: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        if let Some(parent) = after.split(' ').nth(1).and_then(|parent| parent.parse::<u32>().ok()) {
            parents.push((pid, parent));
        }
    }
    let mut found = vec![pid];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

/// Runs the program where no file may grow beyond so many blocks; with `told`, a write fails instead of a signal.
pub(super) fn limited(sandbox: &Sandbox, arguments: &[&str], blocks: usize, told: bool) -> Ended {
    let trap = if told { "trap '' XFSZ; " } else { "" };
    let mut command = sandbox.command("sh");
    command.args(["-c", &format!("{trap}ulimit -c 0; ulimit -f {blocks}; exec \"$@\""), "sh"]);
    command.arg(sandbox.program().get_program()).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wait(command.spawn().unwrap())
}

/// Waits for what a killed program left running in the sandbox.
pub(super) fn wait_for_orphans(sandbox: &Sandbox) {
    let top = sandbox.top();
    let until = Instant::now() + Duration::from_secs(20);
    let busy = |entry: fs::DirEntry| {
        let process = entry.path();
        let command = fs::read(process.join("cmdline")).unwrap_or_default();
        let inside = fs::read_link(process.join("cwd")).is_ok_and(|path| path.starts_with(&top));
        inside && command.starts_with(b"git")
    };
    while fs::read_dir("/proc").into_iter().flatten().flatten().any(busy) {
        assert!(Instant::now() < until, "what a killed program left still runs");
        std::thread::yield_now();
    }
}
