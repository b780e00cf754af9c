//! An apply as plain lines: narration to stderr, the end to stdout.

use std::sync::{Mutex, PoisonError};

use crate::apply::event::{Event, Listener};
use crate::view::output::{Output, Standard};
use crate::view::style::{Style, Verbosity};

use super::closing::{Closing, Next};
use super::narration;

/// The listener for logs and cron.
pub struct Lines {
    output: Box<dyn Output>,
    out: Style,
    err: Style,
    verbosity: Verbosity,
    closing: Mutex<Closing>,
}

impl Lines {
    /// A listener with the styles of stdout and stderr.
    #[must_use]
    pub fn new(out: Style, err: Style, verbosity: Verbosity) -> Self {
        Lines::to(Box::new(Standard), out, err, verbosity)
    }

    /// The same with other commands to type next.
    #[must_use]
    pub fn next(self, next: Next) -> Self {
        Lines { closing: Mutex::new(Closing::new(next)), ..self }
    }

    /// The same to another place.
    #[must_use]
    pub fn to(output: Box<dyn Output>, out: Style, err: Style, verbosity: Verbosity) -> Self {
        Lines { output, out, err, verbosity, closing: Mutex::default() }
    }
}

impl Listener for Lines {
    fn event(&self, event: &Event<'_>) {
        let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        closing.note(event);
        if let Event::Summary(outcome) = event {
            self.output.print(&closing.text(outcome, self.verbosity, &self.out));
        } else if self.verbosity != Verbosity::Quiet
            && let Some(text) = narration(event, &self.err)
        {
            self.output.narrate(&text);
        }
    }
}
