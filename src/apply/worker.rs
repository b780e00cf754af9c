//! A worker: takes steps until none is left, and tells how each ended.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::diagnostic::Diagnostic;
use crate::model::address::Address;
use crate::plan::{Action, Change, Part};

use super::event::Event;
use super::file::{self, Unremembered};
use super::outcome::End;
use super::schedule::{Next, Schedule};
use super::{Run, Shared, step};

/// One of the threads of an apply.
pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) schedule: &'a Schedule<'a>,
    /// How changes ended, by their index in the plan.
    pub(super) ends: &'a Mutex<BTreeMap<usize, End>>,
}

/// What a step came to.
enum Performed<'a> {
    Ended(End),
    /// A managed file is at its place.
    Put(Unremembered<'a>),
}

impl<'a> Worker<'a> {
    /// Works until no step is left for it.
    pub(super) fn work(&self) {
        loop {
            match self.schedule.next(&|| self.is_interrupted()) {
                Next::Nothing => return,
                Next::Skip(index, because) => self.skip(index, because),
                Next::Run(index) => {
                    let begun = Instant::now();
                    match self.perform(index) {
                        Performed::Ended(end) => self.end(index, end, begun.elapsed()),
                        Performed::Put(file) => self.put_further(index, file, begun),
                    }
                }
            }
        }
    }

    fn is_interrupted(&self) -> bool {
        self.shared.run.interrupt.load(Ordering::SeqCst) != 0
    }

    fn change(&self, step: usize) -> &'a Change {
        let plan = self.shared.run.plan;
        &plan.changes[plan.steps[step].change]
    }

    /// Tells that a step will not run: because of another that failed, or of an interrupt.
    fn skip(&self, index: usize, because: Option<usize>) {
        let because = because.map_or("interrupted".into(), |failed| format!("{} failed", self.change(failed).address));
        let change = self.shared.run.plan.steps[index].change;
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let twice = ends.contains_key(&change);
        ends.entry(change).or_insert(End::Skipped);
        drop(ends);
        if !twice {
            self.shared.run.listener.event(&Event::Skipped { change: self.change(index), because: &because });
        }
    }

    /// Does a step.
    fn perform(&self, index: usize) -> Performed<'a> {
        let (shared, change) = (self.shared, self.change(index));
        let step = &shared.run.plan.steps[index];
        // A change of two parts begins once.
        if shared.told.lock().unwrap_or_else(PoisonError::into_inner).insert(step.change) {
            shared.run.listener.event(&Event::Start(change));
        }
        match step::perform(shared, change, step.part, &|| shared.begin(step.change)) {
            Ok(None) => Performed::Ended(End::Done),
            Ok(Some(file)) => Performed::Put(file),
            // Without its session a builder is whole.
            Err(error) if matches!(change.action, Action::OpenSession(_)) => {
                let message = format!("{error:#}");
                shared.run.listener.event(&Event::Warning { address: Some(&change.address), message: &message });
                Performed::Ended(End::Left)
            }
            Err(error) => {
                refused(&shared.run, change, &error);
                Performed::Ended(End::Failed)
            }
        }
    }

    /// One managed file is at its place: the others of its builder that may come now go to theirs, then all are remembered
    /// at once, as what remembers them is written whole each time.
    fn put_further(&self, index: usize, file: Unremembered<'a>, begun: Instant) {
        let name = file.builder.0;
        let mut put = vec![(index, begun.elapsed())];
        let mut files = vec![file];
        let is_file = |step: usize| matches!(&self.change(step).address, Address::File(builder, _) if builder == name);
        while let Some(index) = (!self.is_interrupted()).then(|| self.schedule.further(&is_file)).flatten() {
            let begun = Instant::now();
            match self.perform(index) {
                Performed::Ended(end) => self.end(index, end, begun.elapsed()),
                Performed::Put(file) => {
                    put.push((index, begun.elapsed()));
                    files.push(file);
                }
            }
        }
        let remembered = file::remember(self.shared, &files);
        for (index, elapsed) in put {
            match &remembered {
                Ok(()) => self.end(index, End::Done, elapsed),
                Err(error) => {
                    refused(&self.shared.run, self.change(index), error);
                    self.end(index, End::Failed, elapsed);
                }
            }
        }
    }

    /// Notes and tells how a step ended.
    fn end(&self, index: usize, end: End, elapsed: Duration) {
        let shared = self.shared;
        let step = &shared.run.plan.steps[index];
        let done = !matches!(end, End::Failed);
        if step.part == Part::Whole && matches!(end, End::Done) {
            shared.intents.of[&step.change].iter().for_each(|&number| shared.book.done(number));
            shared.run.listener.event(&Event::Complete { change: self.change(index), elapsed });
        }
        if !done || step.part == Part::Whole {
            self.ends.lock().unwrap_or_else(PoisonError::into_inner).insert(step.change, end);
        }
        self.schedule.end(index, done);
    }
}

/// Tells of a change that failed.
pub(super) fn refused(run: &Run<'_>, change: &Change, error: &anyhow::Error) {
    let text = format!("{error:#}");
    let next = match error.downcast_ref::<Diagnostic>() {
        Some(diagnostic) => diagnostic.next.clone(),
        None if is_full(&text) => format!("df -h {}\nwsctl apply", run.desired.builders_dir),
        None => "wsctl apply".into(),
    };
    run.listener.event(&Event::Errored { change, error: &text, next: &next });
}

/// Whether a failure is that of a full disk, in the words of the system or of git.
fn is_full(text: &str) -> bool {
    ["No space left on device", "unable to write", "failed to write", "could not write"].iter().any(|words| text.contains(words))
}
