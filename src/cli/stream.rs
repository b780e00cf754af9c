//! Who listens to an apply, and the end of what is told: a summary, whatever comes.

use std::io::IsTerminal as _;

use anyhow::Result;

use super::globals::Globals;
use crate::apply::event::{Event, Listener, Outcome};
use crate::diagnostic::Diagnostic;
use crate::plan::shell_word;
use crate::view;
use crate::view::events::closing::Next;

/// How it ended.
pub(super) struct End {
    /// The exit code.
    pub(super) code: u8,
    /// What was done.
    pub(super) outcome: Outcome,
    /// Whether people have been told already: a plan without work, an answer that was no.
    pub(super) told: bool,
}

impl End {
    /// Nothing was begun.
    pub(super) fn nothing(code: u8, blocked: usize) -> Self {
        End { code, outcome: Outcome { blocked, ..Outcome::default() }, told: true }
    }
}

/// Runs with a listener; `plan` is the command that shows the same plan again. For programs an error is a part of what is told,
/// and a summary is always the last.
pub(super) fn told(globals: &Globals, plan: &str, run: impl FnOnce(&dyn Listener) -> Result<End>) -> Result<u8> {
    if globals.json {
        let lines = view::JsonLines::new();
        let end = run(&lines).unwrap_or_else(|error| {
            lines.error(&error);
            End::nothing(1, 0)
        });
        lines.event(&Event::Summary(&end.outcome));
        return Ok(end.code);
    }
    heard(globals, listener(globals, plan).as_ref(), run)
}

/// The same with a listener of one's own; an error stays one.
pub(super) fn heard(globals: &Globals, listener: &dyn Listener, run: impl FnOnce(&dyn Listener) -> Result<End>) -> Result<u8> {
    let end = run(listener)?;
    if globals.json || !end.told {
        listener.event(&Event::Summary(&end.outcome));
    }
    Ok(end.code)
}

/// The listener for people.
pub(super) fn terminal(globals: &Globals) -> Box<dyn Listener> {
    listener(globals, "plan")
}

fn listener(globals: &Globals, plan: &str) -> Box<dyn Listener> {
    let (out, err, verbosity) = (globals.out_style(), globals.err_style(), globals.verbosity());
    let place = globals.place().iter().fold(String::new(), |place, word| place + " " + &shell_word(word));
    let next = Next { again: globals.again(), plan: format!("wsctl{place} {plan}") };
    if std::io::stderr().is_terminal() && !globals.quiet() {
        Box::new(view::Bars::new(out, err, verbosity).next(next))
    } else {
        Box::new(view::Lines::new(out, err, verbosity).next(next))
    }
}

/// Tells programs of an error before anything began.
pub(super) fn failed(error: &anyhow::Error) {
    let lines = view::JsonLines::new();
    lines.error(error);
    lines.event(&Event::Summary(&Outcome::default()));
}

/// Tells of an error that does not take back what was done.
pub(super) fn failure(listener: &dyn Listener, error: &anyhow::Error) {
    let next = error.downcast_ref::<Diagnostic>().map_or("wsctl plan", |diagnostic| &diagnostic.next);
    listener.event(&Event::Failure { message: &format!("{error:#}"), next });
}
