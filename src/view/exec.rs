//! What one command says in many places: each by itself in their order, or line by line behind a name, and the end of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::child::{Ended, Stream};
use crate::model::address::Address;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;

use super::output::{narrate_bytes, print_bytes};
use super::style::{Style, Tone};
use super::text::{clean, count, push_next, took};

/// One command in one place.
#[derive(Debug, Clone)]
pub struct Run {
    /// The builder.
    pub builder: BuilderName,
    /// The repository of the checkout; `None`: the builder's own directory.
    pub repository: Option<RepoName>,
    /// Where.
    pub path: AbsPath,
    /// How it ended, or why it could not be started; `None`: it was not begun.
    pub end: Option<Result<Ended, String>>,
    /// How long it took.
    pub elapsed: Duration,
    /// What it said.
    pub stdout: Vec<u8>,
    /// What it said of itself.
    pub stderr: Vec<u8>,
}

impl Run {
    /// Where it ran, as the plan says it.
    #[must_use]
    pub fn address(&self) -> Address {
        match &self.repository {
            Some(repository) => Address::Checkout(self.builder.clone(), repository.clone()),
            None => Address::Builder(self.builder.clone()),
        }
    }

    /// Whether it did what it was asked to.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(&self.end, Some(Ok(ended)) if ended.is_good())
    }

    /// How it ended, in a word for programs.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match &self.end {
            None => "skipped",
            Some(Err(_)) => "error",
            Some(Ok(Ended::Code(0))) => "done",
            Some(Ok(Ended::Code(_) | Ended::Signal(_))) => "failed",
            Some(Ok(Ended::Late)) => "late",
            Some(Ok(Ended::Interrupted)) => "interrupted",
        }
    }

    /// The same for people; a lowercase fragment.
    #[must_use]
    pub fn ending(&self) -> String {
        match &self.end {
            None => "not begun".into(),
            Some(Err(error)) => error.clone(),
            Some(Ok(ended)) => ending(*ended),
        }
    }
}

/// How a command ended; a lowercase fragment.
#[must_use]
pub fn ending(ended: Ended) -> String {
    match ended {
        Ended::Code(code) => format!("exit code {code}"),
        Ended::Signal(signal) => format!("ended by signal {signal}"),
        Ended::Late => "it took too long, and was ended".into(),
        Ended::Interrupted => "interrupted".into(),
    }
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Each place by itself, in the order of the addresses, below a line that names it.
    Grouped,
    /// Line by line as they come, each behind the name of its place.
    Prefixed,
    /// Nothing: all of it stands in the answer at the end.
    Kept,
}

/// Who shows it. Called from several threads.
pub struct Board {
    layout: Layout,
    heading: bool,
    out: Style,
    err: Style,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What ended and waits for its turn.
    waiting: BTreeMap<usize, Run>,
    /// Whose turn it is.
    turn: usize,
    /// Lines that are not whole yet.
    parts: BTreeMap<(usize, bool), Vec<u8>>,
}

impl Board {
    /// A board; `heading` says whether groups are named.
    #[must_use]
    pub fn new(layout: Layout, heading: bool, out: Style, err: Style) -> Self {
        Board { layout, heading, out, err, state: Mutex::default() }
    }

    /// Takes what was said in the place of this number.
    pub fn said(&self, number: usize, address: &Address, stream: Stream, bytes: &[u8]) {
        if self.layout != Layout::Prefixed {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let part = state.parts.entry((number, stream == Stream::Err)).or_default();
        part.extend_from_slice(bytes);
        let whole = part.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = part.drain(..whole).collect();
        self.lines(address, stream, &lines);
    }

    /// Takes the end of one.
    pub fn ended(&self, number: usize, run: Run) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let address = run.address();
        for stream in [Stream::Out, Stream::Err] {
            if let Some(rest) = state.parts.remove(&(number, stream == Stream::Err)).filter(|rest| !rest.is_empty()) {
                self.lines(&address, stream, &[&rest[..], b"\n"].concat());
            }
        }
        state.waiting.insert(number, run);
        if self.layout == Layout::Grouped {
            while let Some(run) = state.waiting.get(&state.turn) {
                self.group(run);
                state.turn += 1;
            }
        }
    }

    /// Everything that ended, in the order of the places.
    #[must_use]
    pub fn runs(self) -> Vec<Run> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).waiting.into_values().collect()
    }

    fn lines(&self, address: &Address, stream: Stream, lines: &[u8]) {
        let style = if stream == Stream::Out { &self.out } else { &self.err };
        let name = clean(&address.to_string());
        let name = name.strip_prefix("builders.").unwrap_or(&name);
        let prefix = style.paint(Tone::Faint, &format!("{name} |"));
        let mut text = Vec::new();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            text.extend_from_slice(prefix.as_bytes());
            text.push(b' ');
            text.extend_from_slice(line);
        }
        write(stream, &text);
    }

    fn group(&self, run: &Run) {
        if run.end.is_none() {
            return;
        }
        if self.heading {
            let how = if run.is_good() { String::new() } else { format!(": {}", clean(&run.ending())) };
            let tone = if run.is_good() { Tone::Strong } else { Tone::Blocked };
            let heading = self.out.paint(tone, &format!("{}{how}", clean(&run.address().to_string())));
            write(Stream::Out, format!("{heading}\n").as_bytes());
        }
        write(Stream::Out, &run.stdout);
        write(Stream::Err, &run.stderr);
    }
}

/// The end: how many there were, and where it did not go well.
#[must_use]
pub fn summary(runs: &[Run], places: &str, elapsed: Duration, style: &Style) -> String {
    let bad: Vec<&Run> = runs.iter().filter(|run| !run.is_good()).collect();
    let mut out = String::new();
    for run in &bad {
        let ending = style.paint(Tone::Blocked, &clean(&run.ending()));
        let _ = writeln!(out, "{}: {ending}", clean(&run.address().to_string()));
    }
    let failed = bad.iter().filter(|run| run.end.is_some()).count();
    let skipped = bad.len() - failed;
    let done = runs.len() - bad.len();
    let parts = [(failed, "failed"), (skipped, "not begun")];
    let parts = parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!(", {number} {what}"));
    let text = format!("{}: {done} done{} in {}.", count(runs.len(), places), parts.collect::<String>(), took(elapsed));
    let _ = writeln!(out, "{}", style.paint(Tone::Strong, &text));
    out
}

/// There was nothing to run it in.
#[must_use]
pub fn nowhere(places: &str, next: &str, style: &Style) -> String {
    let mut out = format!("No {places} to run it in.\n");
    push_next(&mut out, 2, next, style);
    out
}

/// What became of windows that were asked for.
#[must_use]
pub fn opened(session: &str, opened: usize, known: usize) -> String {
    let there = if known == 0 { String::new() } else { format!(", {known} there already") };
    format!("{} opened{there}, in the tmux session {}.\n", count(opened, "window"), clean(session))
}

fn write(stream: Stream, bytes: &[u8]) {
    match stream {
        Stream::Out => {
            if let Err(error) = print_bytes(bytes) {
                super::narrate(&format!("error: cannot write to stdout: {error}\n"));
            }
        }
        Stream::Err => narrate_bytes(bytes),
    }
}
