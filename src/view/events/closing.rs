//! The end of an apply: one line that counts, then what failed, what was not begun, and what is refused; last, the one
//! command to type next.

use crate::apply::event::{Event, Outcome};
use crate::model::address::Address;
use crate::plan::{Action, Change, Summary, shell_word};
use crate::view::change::{INDENT, column, fact, line, verb};
use crate::view::style::{Style, Tone, Verbosity};
use crate::view::text::{clean, push_next};

/// What to type next.
#[derive(Debug, Clone)]
pub struct Next {
    /// The same command once more: where something failed, or an interrupt came.
    pub again: String,
    /// What shows the ways out of what is refused.
    pub plan: String,
}

impl Default for Next {
    fn default() -> Self {
        Next { again: AGAIN.into(), plan: "wsctl plan".into() }
    }
}

/// What a failure says where nobody knows better.
const AGAIN: &str = "wsctl apply";

/// Gathers what has to be said at the end.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    next: Next,
    failed: Vec<Left>,
    skipped: Vec<Left>,
    blocked: Vec<Change>,
    removed: Vec<Address>,
}

/// A change that was not done: why, and the next command to type.
#[derive(Debug, Clone)]
struct Left {
    address: Address,
    fact: String,
    next: String,
}

impl Closing {
    /// With these commands to type next.
    #[must_use]
    pub fn new(next: Next) -> Self {
        Closing { next, ..Closing::default() }
    }

    /// Keeps what the event leaves for the end.
    pub fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned(plan) => {
                self.blocked = plan.blocked().map(|change| Change { diff: None, ..change.clone() }).collect();
            }
            Event::Errored { change, error, next } => {
                let fact = format!("{} failed: {error}", verb(&change.action));
                // The last line says to do it again.
                let next = Some(*next).filter(|next| *next != AGAIN).unwrap_or_default().into();
                self.failed.push(Left { address: change.address.clone(), fact, next });
            }
            Event::Skipped { change, because } => {
                let fact = format!("skipped: {because}");
                self.skipped.push(Left { address: change.address.clone(), fact, next: String::new() });
            }
            Event::Complete { change, .. } => {
                if matches!(change.action, Action::RemoveBuilder(_) | Action::RemoveCheckout(_)) {
                    self.removed.push(change.address.clone());
                }
            }
            Event::Start(_)
            | Event::Progress { .. }
            | Event::Output { .. }
            | Event::Warning { .. }
            | Event::Failure { .. }
            | Event::Deleted(_)
            | Event::Summary(_) => {}
        }
    }

    /// The text of the end; with `-q` nothing where all is done.
    #[must_use]
    pub fn text(&self, outcome: &Outcome, verbosity: Verbosity, style: &Style) -> String {
        let fine = outcome.failed + outcome.skipped + outcome.blocked == 0 && outcome.interrupted.is_none();
        if fine && verbosity == Verbosity::Quiet {
            return String::new();
        }
        let left = self.failed.iter().chain(&self.skipped).map(|left| &left.address);
        let column = column(left.chain(self.blocked.iter().map(|change| &change.address)));
        let mut out = style.paint(Tone::Strong, &closing_line(outcome)) + "\n";
        if let Some(way) = way_back(&self.removed).filter(|_| verbosity != Verbosity::Quiet) {
            out += &clean(&way);
            out.push('\n');
        }
        for (list, tone) in [(&self.failed, Tone::Blocked), (&self.skipped, Tone::Notice)] {
            // Threads report in any order; the answer has one.
            let mut list: Vec<_> = list.iter().collect();
            list.sort_by(|a, b| a.address.rank().cmp(&b.address.rank()));
            for left in list {
                out += &line(tone, "!", &left.address.to_string(), column, &left.fact, style);
                push_next(&mut out, INDENT, &left.next, style);
            }
        }
        // The plan that was shown has the ways out.
        for change in &self.blocked {
            out += &line(Tone::Blocked, "!", &change.address.to_string(), column, &facts(change), style);
        }
        if outcome.failed + outcome.skipped > 0 || outcome.interrupted.is_some() {
            push_next(&mut out, 2, &self.next.again, style);
        } else if !self.blocked.is_empty() {
            push_next(&mut out, 2, self.way_out().unwrap_or(&self.next.plan), style);
        }
        out
    }

    /// What mends the only thing that is refused.
    fn way_out(&self) -> Option<&str> {
        let [change] = self.blocked.as_slice() else { return None };
        let [blocker] = change.blockers.as_slice() else { return None };
        Some(blocker.next.as_str()).filter(|next| !next.is_empty())
    }
}

/// The first fact that speaks against a change, and how many more.
fn facts(change: &Change) -> String {
    let first = change.blockers.first().map(|blocker| fact(change, blocker)).unwrap_or_default();
    match change.blockers.len() {
        0 | 1 => first,
        many => format!("{first}, and {} more", many - 1),
    }
}

/// How to bring back what was removed.
fn way_back(removed: &[Address]) -> Option<String> {
    let first = removed.first()?;
    let name = match (removed.len(), first.builder(), first.repository()) {
        (1, Some(builder), Some(repository)) => format!(" {}", shell_word(&format!("{builder}/{repository}"))),
        (1, Some(builder), None) => format!(" {}", shell_word(builder.as_str())),
        (_, _, _) => return Some("The trash keeps them; `wsctl restore` lists them and brings them back.".into()),
    };
    Some(format!("The trash keeps it; `wsctl restore{name}` brings it back."))
}

/// `Apply complete: 3 created, 1 removed. 1 blocked.`
#[must_use]
pub fn closing_line(outcome: &Outcome) -> String {
    // What is blocked was counted by plan, and never begun.
    let Summary { create, update, replace, remove, delete: _, blocked: _ } = outcome.done;
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
