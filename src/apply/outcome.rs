//! What came of a run, counted.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::plan::{Summary, Symbol};

use super::Run;
use super::event::Outcome;

/// How a change ended.
pub(super) enum End {
    Done,
    /// It was not to be had, and nothing is broken.
    Left,
    Failed,
    Skipped,
}

pub(super) fn outcome(run: &Run<'_>, ends: &BTreeMap<usize, End>, begun: Instant) -> Outcome {
    let mut outcome = Outcome { blocked: run.plan.blocked().count(), elapsed: begun.elapsed(), ..Outcome::default() };
    for (&index, end) in ends {
        match end {
            End::Done => *count(&mut outcome.done, run.plan.changes[index].action.symbol()) += 1,
            End::Left => {}
            End::Failed => outcome.failed += 1,
            End::Skipped => outcome.skipped += 1,
        }
    }
    let signal = run.interrupt.load(Ordering::SeqCst);
    outcome.interrupted = i32::try_from(signal).ok().filter(|&signal| signal != 0);
    outcome
}

fn count(summary: &mut Summary, symbol: Symbol) -> &mut usize {
    match symbol {
        Symbol::Create => &mut summary.create,
        Symbol::Update | Symbol::Adopt => &mut summary.update,
        Symbol::Replace => &mut summary.replace,
        Symbol::Remove => &mut summary.remove,
    }
}
