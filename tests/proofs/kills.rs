//! SIGKILL, at times spread over the measured length of an apply, from shortly before its first write to its end: the
//! program alone, or with the git that it started.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::mixed::{Mixed, ORDER};
use super::{figures, number, program};

#[test]
fn a_kill_at_any_time_is_made_good_by_the_next_runs() {
    let kills = u32::try_from(number("WSCTL_PROOF_KILLS", 6)).unwrap();
    let mixed = Mixed::new();
    let mut length = mixed.length();
    let first = first_write(&mixed).min(length) * 9 / 10;
    let (mut before, mut within, mut late) = (0, 0, 0);
    let mut wrong = Vec::new();
    for kill in 0..kills {
        let mut time = length;
        let mut killed = false;
        // Where the machine has become faster than it was when the length was measured, the length is measured again.
        for _ in 0..4 {
            mixed.bring_back();
            time = first + length.saturating_sub(first) * (2 * kill + 1) / (2 * kills);
            let begun = Instant::now();
            let child = program::start(&mixed.sandbox, &program::arguments(ORDER));
            killed = program::kill_after(child, time, kill % 2 == 0);
            program::wait_for_orphans(&mixed.sandbox);
            if killed {
                break;
            }
            length = length.min(begun.elapsed());
        }
        match (killed, mixed.is_touched()) {
            (false, _) => late += 1,
            (true, true) => within += 1,
            (true, false) => before += 1,
        }
        let found = mixed.aftermath(&BTreeSet::new());
        if !found.is_empty() {
            wrong.push(format!("killed after {time:?} of {length:?}:\n    {}", found.join("\n    ")));
        }
    }
    figures(&format!(
        "kills: {kills} over {length:?}: {before} before the first write, {within} half-way, {late} too late; {} not made good",
        wrong.len()
    ));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    // A few on a busy machine say little of where they hit.
    let enough = if kills < 50 { within > 0 } else { within * 2 > kills };
    assert!(enough, "only {within} of {kills} hit the apply half-way");
}

/// How long an undisturbed apply looks before it writes: until its journal is there.
fn first_write(mixed: &Mixed) -> Duration {
    mixed.bring_back();
    let journal = mixed.sandbox.builder(".wsctl/journal");
    let begun = Instant::now();
    let mut child = program::start(&mixed.sandbox, &program::arguments(ORDER));
    while !journal.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let first = begun.elapsed();
    program::wait(child);
    first
}
