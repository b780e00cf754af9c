//! Walks a plan: order, re-checks, events. Decides nothing.

mod again;
mod anchor;
mod builder;
mod builders_dir;
mod checkout;
mod contents;
mod deregister;
mod disposal;
mod entries;
pub mod event;
mod file;
mod hook;
mod import;
mod intents;
pub mod journal;
mod leftover;
mod marks;
mod outage;
mod outcome;
mod prepare;
mod recover;
mod relocate;
mod removal;
mod repository;
pub mod restore;
mod rounds;
mod schedule;
mod seeds;
mod session;
mod step;
mod submodules;
mod worker;
mod written;

pub use import::take_over;
pub use prepare::{Spot, claim, prepare, put_aside};
pub use recover::recover;
pub use rounds::rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;

use crate::git::Door;
use crate::model::desired::Desired;
use crate::model::journal::{Intent, Journal};
use crate::model::name::WorkspaceId;
use crate::plan::Plan;

use disposal::Disposal;
use event::{Event, Listener, Outcome};
use intents::Intents;
use journal::Book;
use outcome::{End, outcome};
use recover::{Recovery, settle};
use schedule::Schedule;
use worker::Worker;

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
    /// What an older journal holds that could not be cleaned up; see [`recover()`].
    pub carried: Option<&'a Journal>,
    /// The number of the signal that asked to stop; 0: none.
    pub interrupt: &'a AtomicUsize,
}

/// What the threads of one apply share.
struct Shared<'a> {
    run: Run<'a>,
    /// The journal, and the numbers of the intents of each change.
    book: Book<'a>,
    intents: Intents,
    /// One writer of marks and anchors at a time: both are read, changed and written back.
    marks: Mutex<()>,
    /// What removals leave to be deleted once every step is done.
    disposals: Mutex<Vec<Disposal>>,
    /// What is to be tried once more when every step has ended.
    left: Mutex<Vec<Intent>>,
    /// The changes that wrote something, or may have.
    begun: Mutex<BTreeSet<usize>>,
    /// The changes that were told to begin.
    told: Mutex<BTreeSet<usize>>,
}

impl Shared<'_> {
    /// Leaves something for the end of the run.
    fn leave(&self, intent: Intent) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push(intent);
    }

    /// Notes that a change begins to write. A refusal before that leaves nothing to clean up.
    fn begin(&self, index: usize) -> Result<()> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(index);
        self.intents.of[&index].iter().try_for_each(|&number| self.book.begins(number))
    }
}

/// Applies a plan. Every failure is told, stops what depends on it, and nothing else. The summary is told by the caller,
/// who may have more to do.
///
/// # Errors
/// The journal cannot be written: then nothing was begun.
pub fn run(run: &Run<'_>) -> Result<Outcome> {
    let begun = Instant::now();
    let intents = intents::intents(run)?;
    let book = Book::open(run.door, run.desired, run.workspace, run.now, &intents.list, run.carried)?;
    run.listener.event(&Event::Planned(run.plan));
    let shared = Shared {
        run: *run,
        book,
        intents,
        marks: Mutex::new(()),
        disposals: Mutex::new(Vec::new()),
        left: Mutex::new(Vec::new()),
        begun: Mutex::new(BTreeSet::new()),
        told: Mutex::new(BTreeSet::new()),
    };
    let schedule = Schedule::new(&run.plan.steps);
    let ends = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..run.jobs.max(1) {
            scope.spawn(|| Worker { shared: &shared, schedule: &schedule, ends: &ends }.work());
        }
    });
    if run.interrupt.load(Ordering::SeqCst) == 0 {
        disposal::dispose(&shared);
    }
    let mut ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    let closed = end(shared, &ends);
    let ready =
        closed && run.interrupt.load(Ordering::SeqCst) == 0 && ends.values().all(|end| matches!(end, End::Done | End::Left));
    let last = builders_dir::relocate(run, ready);
    let moved = matches!(last, Some((_, End::Done)));
    ends.extend(last);
    Ok(Outcome { moved, ..outcome(run, &ends, begun) })
}

/// Cleans up after the changes that failed; where that works, nothing is half-made and the journal ends. Whether it did.
fn end(shared: Shared<'_>, ends: &BTreeMap<usize, End>) -> bool {
    let Shared { run, book, intents, left, begun, .. } = shared;
    let begun = begun.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tell = |message: &str| run.listener.event(&Event::Warning { address: None, message });
    let mut open: Vec<Intent> = Vec::new();
    for (change, end) in ends.iter().filter(|(change, _)| begun.contains(change)) {
        let its = intents.of[change].iter().map(|&number| &intents.list[number]);
        open.extend(its.filter(|intent| unfinished(end, intent)).cloned());
    }
    open.append(&mut left.into_inner().unwrap_or_else(PoisonError::into_inner));
    let settled = open.is_empty()
        || match settle(&Recovery { door: run.door, desired: run.desired, journal: &book.of(open.clone()), tell: &tell }) {
            Ok(left) => {
                // The journal may stay for what an older run left: what is settled is not to be settled again.
                let gone = |intent: &Intent| open.contains(intent) && !left.contains(intent);
                intents.list.iter().enumerate().filter(|(_, intent)| gone(intent)).for_each(|(number, _)| book.done(number));
                left.is_empty()
            }
            Err(error) => {
                tell(&format!("{error:#}"));
                false
            }
        };
    if !settled {
        return false;
    }
    match book.close() {
        Ok(()) => true,
        Err(error) => {
            tell(&format!("{error:#}"));
            false
        }
    }
}

/// Whether an intent of a change that was begun is to be settled.
fn unfinished(end: &End, intent: &Intent) -> bool {
    match end {
        End::Failed => true,
        // What waits aside for its place goes on, or back.
        End::Skipped => matches!(intent, Intent::Relocate(_)),
        End::Done | End::Left => false,
    }
}
