//! Proofs that nothing is ever lost: faults at every write, kills, races, a full disk, and a model that does what people do.
//!
//! Reduced in a plain `cargo test`. The long run, which prints a line of figures for each proof:
//! `TMPDIR=/dev/shm WSCTL_PROOF_CASES=10000 WSCTL_PROOF_FULL=1 WSCTL_PROOF_KILLS=500 WSCTL_PROOF_RACES=100
//! WSCTL_PROOF_LIMITS=40 WSCTL_PROOF_DISKS=40 cargo test --release --test main proofs:: -- --nocapture`
//!
//! One case of the model again: `WSCTL_PROOF_CASE=n`; so many from another on: `WSCTL_PROOF_FROM=n`. One scenario of the
//! fault matrix: `WSCTL_PROOF_SCENARIO=name`.

mod changed_mind;
mod copy;
mod cuts;
mod disk;
mod drive;
mod edits;
mod end;
mod faults;
mod interrupted;
mod judge;
mod kills;
mod leftovers;
mod mess;
mod mixed;
mod model;
mod moves;
mod power;
mod program;
mod races;
mod scenarios;
mod story;
mod tokens;
mod wish;

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number from the environment, or that of the reduced run.
fn number(variable: &str, reduced: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => reduced,
    }
}

/// Says one line about a proof, also where the harness swallows what tests print.
fn figures(line: &str) {
    let _ = writeln!(std::io::stderr(), "proof: {line}");
}

/// Does every item on as many threads as there are processors, and keeps their order.
fn spread<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(items.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = work(item);
                    done.lock().unwrap().push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
