//! SIGKILL, at times spread over the measured length of an apply: the program alone, or with the git that it started.

use std::collections::BTreeSet;
use std::time::Instant;

use super::mixed::{Mixed, ORDER};
use super::{figures, number, program};

#[test]
fn a_kill_at_any_time_is_made_good_by_the_next_runs() {
    let kills = u32::try_from(number("WSCTL_PROOF_KILLS", 6)).unwrap();
    let mixed = Mixed::new();
    let mut length = mixed.length();
    let (mut before, mut within, mut late) = (0, 0, 0);
    let mut wrong = Vec::new();
    for kill in 0..kills {
        let mut time = length;
        let mut killed = false;
        // Where the machine has become faster than it was when the length was measured, the length is measured again.
        for _ in 0..4 {
            mixed.bring_back();
            time = length * (2 * kill + 1) / (2 * kills);
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
    assert!(within * 2 > kills, "only {within} of {kills} hit the apply half-way");
}
