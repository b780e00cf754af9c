//! The only functions that print: the answer to stdout, narration to stderr.

use std::io::{self, ErrorKind, Write as _};

/// Where views print to. [`Standard`] is the program's own; a test may listen instead.
pub trait Output: Send + Sync {
    /// Part of the answer.
    fn print(&self, text: &str);
    /// Narration.
    fn narrate(&self, text: &str);
}

/// stdout and stderr.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

impl Output for Standard {
    fn print(&self, text: &str) {
        if let Err(error) = print(text) {
            narrate(&format!("error: cannot write to stdout: {error}\n"));
        }
    }

    fn narrate(&self, text: &str) {
        narrate(text);
    }
}

/// Writes a part of the answer to stdout, at once. A reader that closed the pipe has seen enough: no error.
///
/// # Errors
/// stdout cannot be written for another reason, e.g. a full disk.
pub fn print(text: &str) -> io::Result<()> {
    print_bytes(text.as_bytes())
}

/// The same of what may be no text: a path, what a command said.
///
/// # Errors
/// As [`print()`].
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    unless_closed(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Writes narration to stderr. Nobody can be told when that fails.
pub fn narrate(text: &str) {
    narrate_bytes(text.as_bytes());
}

/// The same of what may be no text.
pub fn narrate_bytes(bytes: &[u8]) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(bytes).and_then(|()| err.flush());
}

/// An answer that is given again and again: on a terminal it takes the place of the one before, elsewhere it follows it.
#[must_use]
pub fn screen(text: &str, clears: bool) -> String {
    // Home, then each line up to its end, then all below: nothing flickers, and nothing old is left.
    if clears { format!("\u{1b}[H{}\u{1b}[J", text.replace('\n', "\u{1b}[K\n")) } else { format!("{text}\n") }
}

fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        assert!(unless_closed(Err(ErrorKind::BrokenPipe.into())).is_ok());
        assert!(unless_closed(Err(ErrorKind::StorageFull.into())).is_err());
        assert!(unless_closed(Ok(())).is_ok());
    }
}
