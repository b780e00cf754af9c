//! An apply as JSON lines on stdout: one event per line, each written at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::apply::event::{Event, Listener};
use crate::diagnostic::Outrun;
use crate::plan::Change;
use crate::view::output::{Output, Standard};
use crate::view::saved::plain;

use super::error::told;
use super::{ChangeDocument, DeletionDocument, FORMAT_VERSION, SummaryDocument, WSCTL_VERSION, line};
use crate::model::path::AbsPath;

/// One event. A reader passes over events that it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventLine {
    /// Always the first.
    Version {
        /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
        #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
        format_version: String,
        /// The version of the program.
        wsctl: String,
    },
    /// One change of the plan that is applied; `change.blocked` says whether apply refuses it.
    PlannedChange {
        /// The change, as the plan's document has it.
        change: Box<ChangeDocument>,
    },
    /// An entry of the trash that is deleted for good at the end.
    PlannedDeletion {
        /// The entry, as the plan's document has it.
        deletion: DeletionDocument,
    },
    /// A change begins. Several may go on at the same time.
    ApplyStart {
        /// The change's address.
        address: String,
        /// What is done, in the words of the plan.
        action: String,
    },
    /// A change goes on: told of what git tells of, as a clone.
    ApplyProgress {
        /// The change's address.
        address: String,
        /// What git is at, in its words.
        stage: String,
        /// How far, in percent; `null` where git does not say it.
        #[schemars(range(min = 0, max = 100))]
        percent: Option<u8>,
    },
    /// A line that a hook said.
    HookOutput {
        /// The address of the hook, or of the removal that it runs before.
        address: String,
        /// The line, without its end.
        line: String,
    },
    /// A change is done.
    ApplyComplete {
        /// The change's address.
        address: String,
        /// What was done.
        action: String,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
    },
    /// A change failed.
    ApplyErrored {
        /// The change's address.
        address: String,
        /// What was tried.
        action: String,
        /// What went wrong: one line.
        error: String,
        /// What to type, or to edit, to go on: one command or sentence per line.
        next: String,
    },
    /// A change was not begun: one that it needs failed, or the run was interrupted.
    ApplySkipped {
        /// The change's address.
        address: String,
        /// What would have been done.
        action: String,
        /// Why not; for people.
        because: String,
    },
    /// An entry of the trash was deleted for good.
    DeletionComplete {
        /// The entry's name.
        entry: String,
        /// Where it was.
        path: AbsPath,
    },
    /// Something failed that is no change, or is to be known.
    Diagnostic {
        /// `error`: it failed, and the exit code is not 0; `warning`: it stops nothing.
        severity: Severity,
        /// The address that it is about; `null` where it is about none.
        address: Option<String>,
        /// What is wrong, and where: one line.
        message: String,
        /// What to type, or to edit, to go on, one per line; `null` where nobody can say.
        next: Option<String>,
    },
    /// Always the last; where it is missing, the run was ended from outside.
    ChangeSummary {
        /// What was done, by kind; `blocked` counts the changes that the plan refuses.
        changes: SummaryDocument,
        /// Changes that failed.
        failed: usize,
        /// Changes not begun.
        skipped: usize,
        /// The number of the signal that ended it; `null` where none did.
        interrupted: Option<i32>,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
    },
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It stops nothing.
    Warning,
    /// It failed.
    Error,
}

/// The listener for programs.
pub struct JsonLines {
    output: Box<dyn Output>,
    begun: Mutex<bool>,
}

impl Default for JsonLines {
    fn default() -> Self {
        JsonLines::to(Box::new(Standard))
    }
}

impl JsonLines {
    /// A listener that writes to stdout.
    #[must_use]
    pub fn new() -> Self {
        JsonLines::default()
    }

    /// The same to another place.
    #[must_use]
    pub fn to(output: Box<dyn Output>) -> Self {
        JsonLines { output, begun: Mutex::new(false) }
    }

    /// Writes an error that ends the run.
    pub fn error(&self, error: &anyhow::Error) {
        let (message, next) = told(error);
        let line = |severity, message, next| EventLine::Diagnostic { severity, address: None, message, next };
        let changed = error.downcast_ref::<Outrun>().map(plain).unwrap_or_default();
        let changed = changed.into_iter().map(|message| line(Severity::Warning, message, None));
        self.write(changed.chain([line(Severity::Error, message, next)]));
    }

    /// Writes the lines together, after the first line of all.
    fn write(&self, lines: impl IntoIterator<Item = EventLine>) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *begun, true) {
            let (format_version, wsctl) = (FORMAT_VERSION.into(), WSCTL_VERSION.into());
            self.output.print(&line(&EventLine::Version { format_version, wsctl }));
        }
        for event in lines {
            self.output.print(&line(&event));
        }
    }
}

impl Listener for JsonLines {
    fn event(&self, event: &Event<'_>) {
        self.write(lines(event));
    }
}

/// The lines of an event: one, and for the plan one for each change and each warning.
fn lines(event: &Event<'_>) -> Vec<EventLine> {
    let warning = |address, message: &str| EventLine::Diagnostic {
        severity: Severity::Warning,
        address,
        message: message.into(),
        next: None,
    };
    let one = match event {
        Event::Planned(plan) => {
            let changes = plan.changes.iter().map(|change| EventLine::PlannedChange { change: Box::new(change.into()) });
            let deletions = plan.deletions.iter().map(|it| EventLine::PlannedDeletion { deletion: it.into() });
            return changes.chain(deletions).chain(plan.warnings.iter().map(|message| warning(None, message))).collect();
        }
        Event::Start(change) => EventLine::ApplyStart { address: address(change), action: action(change) },
        Event::Progress { address, stage, percent } => {
            EventLine::ApplyProgress { address: address.to_string(), stage: (*stage).into(), percent: *percent }
        }
        Event::Output { address, line } => EventLine::HookOutput { address: address.to_string(), line: (*line).into() },
        Event::Complete { change, elapsed } => {
            EventLine::ApplyComplete { address: address(change), action: action(change), elapsed_ms: millis(*elapsed) }
        }
        Event::Errored { change, error, next } => EventLine::ApplyErrored {
            address: address(change),
            action: action(change),
            error: (*error).into(),
            next: (*next).into(),
        },
        Event::Skipped { change, because } => {
            EventLine::ApplySkipped { address: address(change), action: action(change), because: (*because).into() }
        }
        Event::Warning { address, message } => warning(address.map(ToString::to_string), message),
        Event::Deleted(deletion) => EventLine::DeletionComplete { entry: deletion.entry.clone(), path: deletion.path.clone() },
        Event::Failure { message, next } => EventLine::Diagnostic {
            severity: Severity::Error,
            address: None,
            message: (*message).into(),
            next: Some((*next).into()).filter(|next: &String| !next.is_empty()),
        },
        Event::Summary(outcome) => EventLine::ChangeSummary {
            changes: SummaryDocument { blocked: outcome.blocked, ..outcome.done.into() },
            failed: outcome.failed,
            skipped: outcome.skipped,
            interrupted: outcome.interrupted,
            elapsed_ms: millis(outcome.elapsed),
        },
    };
    vec![one]
}

fn address(change: &Change) -> String {
    change.address.to_string()
}

fn action(change: &Change) -> String {
    change.action.word().into()
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
