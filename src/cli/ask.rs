//! Asks on the terminal; without one, says how to answer beforehand.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result};

use super::globals::Globals;
use crate::diagnostic::Diagnostic;
use crate::view;

/// Whether the answer to `question` is `wanted`.
pub(super) fn ask(globals: &Globals, command: &str, question: &str, wanted: &str) -> Result<bool> {
    let stdin = std::io::stdin();
    if globals.no_input || !stdin.is_terminal() {
        let why = if globals.no_input { "--no-input was given" } else { "there is no terminal to ask on" };
        let fact = format!("{command} has to ask, and {why}");
        return Err(unasked(globals, fact));
    }
    view::narrate(question);
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(answer.trim_end_matches(['\n', '\r']) == wanted)
}

/// What is said where nobody can be asked.
pub(super) fn unasked(globals: &Globals, fact: impl Into<String>) -> anyhow::Error {
    Diagnostic::new(fact, format!("{} --auto-approve", globals.again())).into()
}
