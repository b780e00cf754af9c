//! The end of an apply: one line that counts, then what failed, what was not begun, and what is refused.

use crate::apply::event::{Event, Outcome};
use crate::plan::{Change, Summary};

use crate::view::change::{blocked, column, line, verb};
use crate::view::style::{Style, Tone, Verbosity};
use crate::view::text::push_next;

/// Gathers what has to be said at the end.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    failed: Vec<(String, String, String)>,
    skipped: Vec<(String, String)>,
    blocked: String,
}

impl Closing {
    /// Keeps what the event leaves for the end; `style` is that of stdout.
    pub fn note(&mut self, event: &Event<'_>, verbosity: Verbosity, style: &Style) {
        match event {
            Event::Planned(plan) => {
                let changes: Vec<&Change> = plan.blocked().collect();
                let column = column(changes.iter().copied());
                let lines = changes.iter().map(|change| blocked(&bare(change), &plan.root, column, verbosity, style));
                self.blocked = lines.collect();
            }
            Event::Errored { change, error, next } => {
                let fact = format!("{} failed: {error}", verb(&change.action));
                self.failed.push((change.address.to_string(), fact, (*next).to_owned()));
            }
            Event::Skipped { change, because } => {
                self.skipped.push((change.address.to_string(), format!("skipped: {because}")));
            }
            Event::Start(_) | Event::Progress { .. } | Event::Complete { .. } | Event::Warning { .. } | Event::Summary(_) => {}
        }
    }

    /// The text of the end; with `-q` nothing where all is done.
    #[must_use]
    pub fn text(&self, outcome: &Outcome, verbosity: Verbosity, style: &Style) -> String {
        let fine = outcome.failed + outcome.skipped + outcome.blocked == 0 && outcome.interrupted.is_none();
        if fine && verbosity == Verbosity::Quiet {
            return String::new();
        }
        let mut out = style.paint(Tone::Strong, &closing_line(outcome)) + "\n";
        // Threads report in any order; the answer has one.
        let mut failed: Vec<_> = self.failed.iter().collect();
        failed.sort();
        for (address, fact, next) in failed {
            out += &line(Tone::Blocked, "!", address, 0, fact, style);
            push_next(&mut out, 6, next, style);
        }
        let mut skipped: Vec<_> = self.skipped.iter().collect();
        skipped.sort();
        for (address, fact) in skipped {
            out += &line(Tone::Notice, "!", address, 0, fact, style);
        }
        out += &self.blocked;
        if outcome.interrupted.is_some() {
            push_next(&mut out, 2, "wsctl apply", style);
        }
        out
    }
}

/// `Apply complete: 3 created, 1 removed. 1 blocked.`
#[must_use]
pub fn closing_line(outcome: &Outcome) -> String {
    // What is blocked was counted by plan, and never begun.
    let Summary { create, update, replace, remove, blocked: _ } = outcome.done;
    let how = match (outcome.interrupted, outcome.failed + outcome.skipped) {
        (Some(_), _) => "interrupted",
        (None, 0) => "complete",
        (None, _) => "incomplete",
    };
    let parts = [
        (create, "created"),
        (update, "updated"),
        (replace, "replaced"),
        (remove, "removed"),
        (outcome.failed, "failed"),
        (outcome.skipped, "skipped"),
    ];
    let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let parts = if parts.is_empty() { "nothing changed".into() } else { parts.join(", ") };
    let blocked = if outcome.blocked > 0 { format!(" {} blocked.", outcome.blocked) } else { String::new() };
    format!("Apply {how}: {parts}.{blocked}")
}

/// Without the diff: the plan that was just shown has it.
fn bare(change: &Change) -> Change {
    Change { diff: None, ..change.clone() }
}
