//! A full disk, and files that may not grow: the program says so, loses nothing, and goes on once there is room.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::copy::bring_back;
use super::end::list;
use super::mixed::{Mixed, ORDER};
use super::{figures, number, program};
use crate::support::{Sandbox, skip};

/// Ended with 0, or with 1 and a line that says what to do.
fn is_honest(code: Option<i32>, said: &str) -> bool {
    match code {
        Some(0) => true,
        Some(1) => {
            said.lines().any(|line| ["wsctl", "df -h"].iter().any(|next| line.trim().trim_start_matches("→ ").starts_with(next)))
        }
        Some(_) | None => false,
    }
}

#[test]
fn files_that_may_not_grow_cost_nothing() {
    let steps = number("WSCTL_PROOF_LIMITS", 3);
    let mixed = Mixed::new();
    let mut wrong = Vec::new();
    let mut failed = 0;
    for step in 0..steps {
        mixed.bring_back();
        // Told: a write fails. Not told: the signal kills whoever writes.
        let (blocks, told) = (step / 2, step % 2 == 0);
        let ended = program::limited(&mixed.sandbox, &program::arguments(ORDER), blocks, told);
        program::wait_for_orphans(&mixed.sandbox);
        failed += usize::from(ended.code != Some(0));
        let mut found = mixed.aftermath(&BTreeSet::new());
        if told && !is_honest(ended.code, &ended.stderr) {
            found.push(format!("not honest: {ended:?}"));
        }
        if !found.is_empty() {
            wrong.push(format!("{blocks} blocks, told: {told}:\n    {}", found.join("\n    ")));
        }
    }
    figures(&format!("file sizes: {steps} limits, {failed} of them felt; {} not made good", wrong.len()));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(failed > 0, "no limit was felt");
}

/// How the program gets at a mount of its own.
fn apart(sandbox: &Sandbox) -> Option<&'static str> {
    let works = |how: &&'static str| {
        let script = "mount -t tmpfs -o size=64k none \"$1\"";
        let mut command = sandbox.command("unshare");
        command.args([how, "sh", "-c", script, "sh"]).arg(sandbox.top().join("none"));
        command.output().is_ok_and(|output| output.status.success())
    };
    ["-m", "-Urm"].into_iter().find(works)
}

/// The size of a tree in pages of a tmpfs, in KiB.
fn kilobytes(path: &Path) -> u64 {
    let found = path.symlink_metadata().unwrap();
    if found.is_dir() { list(path).iter().map(|child| kilobytes(child)).sum() } else { found.len().div_ceil(4096) * 4 }
}

/// Mounts a small disk over the workspace, applies there, and copies out what came of it.
const ON_A_SMALL_DISK: &str = "\
root=$1; kept=$2; after=$3; size=$4; shift 4
mount -t tmpfs -o size=${size}k none \"$root\" || exit 97
cp -a \"$kept/.\" \"$root/\" || exit 98
cd \"$root\" || exit 97
\"$@\"; code=$?
cp -a \"$root/.\" \"$after/\" || exit 97
exit $code";

#[test]
fn a_full_disk_costs_nothing() {
    let steps = number("WSCTL_PROOF_DISKS", 3) as u64;
    let mixed = Mixed::new();
    let sandbox = &mixed.sandbox;
    let Some(how) = apart(sandbox) else { return skip("no mounts can be made here") };
    let used = kilobytes(&mixed.kept());
    mixed.bring_back();
    assert_eq!(program::wait(program::start(sandbox, &program::arguments(ORDER))).code, Some(0));
    let needed = kilobytes(&sandbox.root()) - used.min(kilobytes(&sandbox.root()));
    let mut wrong = Vec::new();
    let mut failed = 0;
    for step in 0..steps {
        mixed.bring_back();
        let after = sandbox.top().join("after");
        fs::create_dir(&after).unwrap();
        let size = used + 8 + needed * step / steps;
        let mut command = sandbox.command("unshare");
        command.args([how, "sh", "-c", ON_A_SMALL_DISK, "sh"]).args([&sandbox.root(), &mixed.kept(), &after]);
        command.arg(size.to_string()).arg(sandbox.program().get_program()).args(program::arguments(ORDER));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let code = output.status.code();
        assert!(!matches!(code, Some(97 | 98)), "{said}");
        failed += u64::from(code != Some(0));
        bring_back(&after, &sandbox.root());
        fs::remove_dir_all(&after).unwrap();
        let mut found = mixed.aftermath(&BTreeSet::new());
        if !is_honest(code, &said) {
            found.push(format!("not honest: {code:?}: {said}"));
        }
        if !found.is_empty() {
            wrong.push(format!("{size} KiB, {used} of them used:\n    {}", found.join("\n    ")));
        }
    }
    figures(&format!("disks: {steps} sizes, {failed} of them too small; {} not made good", wrong.len()));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(failed > 0, "no disk was too small");
}

#[test]
fn the_trash_can_be_emptied_on_a_full_disk() {
    let mixed = Mixed::new();
    let sandbox = &mixed.sandbox;
    assert_eq!(program::wait(program::start(sandbox, &program::arguments(ORDER))).code, Some(0));
    assert!(!sandbox.trash().is_empty());
    let ended = program::limited(sandbox, &["prune", "--older-than", "0s", "--auto-approve"], 0, true);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(sandbox.trash().len(), 0);
}
