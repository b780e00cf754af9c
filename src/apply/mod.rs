//! Walks a plan: order, re-checks, events. Decides nothing.

mod again;
mod anchor;
mod builder;
mod checkout;
pub mod event;
mod file;
pub mod journal;
mod marks;
mod prepare;
mod removal;
pub mod restore;
mod schedule;
mod step;

pub use prepare::{Spot, claim, prepare};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::diagnostic::Diagnostic;
use crate::git::Door;
use crate::model::desired::Desired;
use crate::model::name::WorkspaceId;
use crate::plan::{Change, Part, Plan, Summary, Symbol};

use event::{Event, Listener, Outcome};
use schedule::{Next, Schedule};

/// All that applying a plan needs.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// The declaration, for looking again.
    pub desired: &'a Desired,
    /// The only way to write.
    pub door: &'a dyn Door,
    /// Who is told.
    pub listener: &'a dyn Listener,
    /// The id that marks carry; see [`prepare()`].
    pub workspace: &'a WorkspaceId,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// How many steps at a time.
    pub jobs: usize,
    /// The number of the signal that asked to stop; 0: none.
    pub interrupt: &'a AtomicUsize,
}

/// What the threads of one apply share.
struct Shared<'a> {
    run: Run<'a>,
    /// One writer of marks and anchors at a time: both are read, changed and written back.
    marks: Mutex<()>,
}

/// Applies a plan. Every failure is told, stops what depends on it, and nothing else.
#[must_use]
pub fn run(run: &Run<'_>) -> Outcome {
    let begun = Instant::now();
    run.listener.event(&Event::Planned(run.plan));
    let shared = Shared { run: *run, marks: Mutex::new(()) };
    let schedule = Schedule::new(&run.plan.steps);
    let ends = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..run.jobs.max(1) {
            scope.spawn(|| work(&shared, &schedule, &ends));
        }
    });
    let ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    let outcome = outcome(run, &ends, begun);
    run.listener.event(&Event::Summary(&outcome));
    outcome
}

/// How a change ended.
enum End {
    Done,
    Failed,
    Skipped,
}

/// One worker: takes steps until none is left.
fn work(shared: &Shared<'_>, schedule: &Schedule<'_>, ends: &Mutex<BTreeMap<usize, End>>) {
    let plan = shared.run.plan;
    let set = |change: usize, end: End| {
        ends.lock().unwrap_or_else(PoisonError::into_inner).insert(change, end);
    };
    loop {
        let interrupted = shared.run.interrupt.load(Ordering::SeqCst) != 0;
        match schedule.next(interrupted) {
            Next::Nothing => return,
            Next::Skip(index, because) => {
                let step = &plan.steps[index];
                let change = &plan.changes[step.change];
                let because = because
                    .map_or("interrupted".into(), |failed| format!("{} failed", plan.changes[plan.steps[failed].change].address));
                let twice = ends.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&step.change);
                if !twice {
                    set(step.change, End::Skipped);
                    shared.run.listener.event(&Event::Skipped { change, because: &because });
                }
            }
            Next::Run(index) => {
                let step = &plan.steps[index];
                let change = &plan.changes[step.change];
                let done = perform(shared, change, step.part);
                if !done {
                    set(step.change, End::Failed);
                } else if step.part == Part::Whole {
                    set(step.change, End::Done);
                }
                schedule.end(index, done);
            }
        }
    }
}

/// Does one step and tells of it; whether it succeeded.
fn perform(shared: &Shared<'_>, change: &Change, part: Part) -> bool {
    let listener = shared.run.listener;
    let begun = Instant::now();
    listener.event(&Event::Start(change));
    match step::perform(shared, change, part) {
        Ok(()) => {
            if part == Part::Whole {
                listener.event(&Event::Complete { change, elapsed: begun.elapsed() });
            }
            true
        }
        Err(error) => {
            let text = format!("{error:#}");
            let next = match error.downcast_ref::<Diagnostic>() {
                Some(diagnostic) => diagnostic.next.clone(),
                None if text.contains("No space left on device") || text.contains("unable to write file") => {
                    format!("df -h {}\nwsctl apply", shared.run.desired.builders_dir)
                }
                None => "wsctl apply".into(),
            };
            listener.event(&Event::Errored { change, error: &text, next: &next });
            false
        }
    }
}

fn outcome(run: &Run<'_>, ends: &BTreeMap<usize, End>, begun: Instant) -> Outcome {
    let mut outcome = Outcome { blocked: run.plan.blocked().count(), elapsed: begun.elapsed(), ..Outcome::default() };
    for (&index, end) in ends {
        match end {
            End::Done => *count(&mut outcome.done, run.plan.changes[index].action.symbol()) += 1,
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
