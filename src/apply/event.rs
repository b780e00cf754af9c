//! What apply tells while it works; views listen.

use std::time::Duration;

use crate::model::address::Address;
use crate::plan::{Change, Deletion, Plan, Summary};

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The plan that will be applied.
    Planned(&'a Plan),
    /// A change begins.
    Start(&'a Change),
    /// A change goes on: said of what git tells of, as a clone.
    Progress {
        /// Which.
        address: &'a Address,
        /// What git says, e.g. `Receiving objects`.
        stage: &'a str,
        /// How far, in percent, where git says it.
        percent: Option<u8>,
    },
    /// A line that a hook said.
    Output {
        /// Whose hook.
        address: &'a Address,
        /// The line, without its end.
        line: &'a str,
    },
    /// A change is done.
    Complete {
        /// Which.
        change: &'a Change,
        /// How long it took.
        elapsed: Duration,
    },
    /// A change failed; the rest goes on.
    Errored {
        /// Which.
        change: &'a Change,
        /// What went wrong: one line, lowercase.
        error: &'a str,
        /// The next command to type.
        next: &'a str,
    },
    /// A change was not begun.
    Skipped {
        /// Which.
        change: &'a Change,
        /// Why: what failed before it, or the interrupt.
        because: &'a str,
    },
    /// Something that a reader should know and that stops nothing.
    Warning {
        /// What it is about, where it is about something.
        address: Option<&'a Address>,
        /// One line, lowercase.
        message: &'a str,
    },
    /// An entry of the trash was deleted for good.
    Deleted(&'a Deletion),
    /// Something failed that is no change; what was done stays done.
    Failure {
        /// What went wrong: one line, lowercase.
        message: &'a str,
        /// The next command to type.
        next: &'a str,
    },
    /// The end.
    Summary(&'a Outcome),
}

/// What came of an apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Changes done, by their symbol.
    pub done: Summary,
    /// Changes that failed.
    pub failed: usize,
    /// Changes not begun because of a failure or an interrupt.
    pub skipped: usize,
    /// Changes that plan refused.
    pub blocked: usize,
    /// Whether an interrupt ended it: the signal's number.
    pub interrupted: Option<i32>,
    /// Whether `builders_dir` is at another place by now.
    pub moved: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Who listens to an apply. Called from several threads.
pub trait Listener: Sync {
    /// Takes one event.
    fn event(&self, event: &Event<'_>);
}
