//! Which step may run now: after what it needs, alone in each repository that it writes to, or beside others of its kind.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::name::RepoName;
use crate::plan::Step;

/// The steps of one apply and how far each is.
pub(super) struct Schedule<'a> {
    steps: &'a [Step],
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    stages: Vec<Stage>,
    /// Repositories that running steps write to: how many; `None`: one that is alone.
    busy: BTreeMap<&'a RepoName, Option<usize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    Done,
    Failed,
    /// Not run, because of that failed step.
    Skipped(usize),
    /// Not run, because of an interrupt.
    Interrupted,
}

impl Stage {
    fn ended(self) -> bool {
        match self {
            Stage::Waiting | Stage::Running => false,
            Stage::Done | Stage::Failed | Stage::Skipped(_) | Stage::Interrupted => true,
        }
    }
}

/// What a worker shall do.
pub(super) enum Next {
    /// Run this step, then call [`Schedule::end`].
    Run(usize),
    /// Tell that this step will not run: because of that failed step, or of the interrupt.
    Skip(usize, Option<usize>),
    /// All steps have ended or are somebody else's.
    Nothing,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(steps: &'a [Step]) -> Self {
        let state = State { stages: vec![Stage::Waiting; steps.len()], busy: BTreeMap::new() };
        Schedule { steps, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for a step that may run. Once `stop` says so, nothing new begins.
    pub(super) fn next(&self, stop: &dyn Fn() -> bool) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(next) = self.pick(&mut state, stop()) {
                self.changed.notify_all();
                return next;
            }
            let running = state.stages.contains(&Stage::Running);
            let waiting = state.stages.contains(&Stage::Waiting);
            if !running || !waiting {
                return Next::Nothing;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A further step of a kind that may run at once, for a worker that runs one of it already: as [`Next::Run`].
    pub(super) fn further(&self, kind: &dyn Fn(usize) -> bool) -> Option<usize> {
        let mut state = self.lock();
        (0..self.steps.len()).find(|&index| state.stages[index] == Stage::Waiting && kind(index) && self.start(&mut state, index))
    }

    /// Says how a step ended.
    pub(super) fn end(&self, index: usize, done: bool) {
        let mut state = self.lock();
        state.stages[index] = if done { Stage::Done } else { Stage::Failed };
        for name in &self.steps[index].writes {
            match state.busy.get_mut(name) {
                Some(Some(count)) if *count > 1 => *count -= 1,
                Some(_) | None => drop(state.busy.remove(name)),
            }
        }
        self.changed.notify_all();
    }

    fn pick(&self, state: &mut State<'a>, stop: bool) -> Option<Next> {
        for (index, step) in
            self.steps.iter().enumerate().filter(|&(index, _)| state.stages[index] == Stage::Waiting).collect::<Vec<_>>()
        {
            let failed = |&need: &usize| match state.stages[need] {
                Stage::Failed => Some(need),
                Stage::Skipped(failed) => Some(failed),
                Stage::Waiting | Stage::Running | Stage::Done | Stage::Interrupted => None,
            };
            if let Some(failed) = step.needs.iter().find_map(failed) {
                state.stages[index] = Stage::Skipped(failed);
                return Some(Next::Skip(index, Some(failed)));
            }
            if stop || step.needs.iter().any(|&need| state.stages[need] == Stage::Interrupted) {
                state.stages[index] = Stage::Interrupted;
                return Some(Next::Skip(index, None));
            }
            if self.start(state, index) {
                return Some(Next::Run(index));
            }
        }
        None
    }

    /// Whether a step that waits may run; it does from here on.
    fn start(&self, state: &mut State<'a>, index: usize) -> bool {
        let step = &self.steps[index];
        let ended = |&other: &usize| state.stages[other].ended();
        let ready = step.needs.iter().all(|&need| state.stages[need] == Stage::Done) && step.after.iter().all(ended);
        let free = |name: &RepoName| match state.busy.get(name) {
            None => true,
            Some(Some(_)) => step.beside,
            Some(None) => false,
        };
        if !ready || !step.writes.iter().all(free) {
            return false;
        }
        state.stages[index] = Stage::Running;
        for name in &step.writes {
            let count = state.busy.entry(name).or_insert(step.beside.then_some(0));
            *count = count.map(|count| count + 1);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Part;

    fn steps(needs: &[&[usize]]) -> Vec<Step> {
        let step = |(change, needs): (usize, &&[usize])| Step {
            change,
            part: Part::Whole,
            needs: needs.to_vec(),
            after: vec![],
            writes: vec![],
            beside: false,
        };
        needs.iter().enumerate().map(step).collect()
    }

    /// Which steps are not run, and because of which failed one.
    fn skipped(schedule: &Schedule<'_>, stop: bool) -> Vec<(usize, Option<usize>)> {
        let mut skipped = Vec::new();
        while let Next::Skip(index, because) = schedule.next(&|| stop) {
            skipped.push((index, because));
        }
        skipped
    }

    #[test]
    fn what_was_not_begun_names_what_failed_and_an_interrupt_is_no_failure() {
        let three = steps(&[&[], &[0], &[1]]);
        let schedule = Schedule::new(&three);
        assert!(matches!(schedule.next(&|| false), Next::Run(0)));
        schedule.end(0, false);
        assert_eq!(skipped(&schedule, false), [(1, Some(0)), (2, Some(0))]);
        assert_eq!(skipped(&Schedule::new(&three), true), [(0, None), (1, None), (2, None)]);
    }

    #[test]
    fn who_waits_begins_nothing_after_an_interrupt() {
        let two = steps(&[&[], &[0]]);
        let schedule = Schedule::new(&two);
        let came = std::sync::atomic::AtomicBool::new(false);
        let stop = || came.load(std::sync::atomic::Ordering::SeqCst);
        assert!(matches!(schedule.next(&stop), Next::Run(0)));
        std::thread::scope(|scope| {
            // Asks before the interrupt, is answered after it.
            let waits = scope.spawn(|| schedule.next(&stop));
            came.store(true, std::sync::atomic::Ordering::SeqCst);
            schedule.end(0, true);
            assert!(matches!(waits.join().unwrap(), Next::Skip(1, None)));
        });
    }

    #[test]
    fn a_further_step_of_a_kind_is_one_that_may_run_now() {
        let steps = steps(&[&[], &[], &[1], &[]]);
        let schedule = Schedule::new(&steps);
        let last_two = |index: usize| index > 1;
        assert!(matches!(schedule.next(&|| false), Next::Run(0)));
        assert_eq!(schedule.further(&last_two), Some(3), "the one before needs another");
        assert_eq!(schedule.further(&last_two), None);
        assert!(matches!(schedule.next(&|| false), Next::Run(1)));
        schedule.end(1, true);
        assert_eq!(schedule.further(&last_two), Some(2));
    }
}
