//! One change as lines: symbol, address, why; what lies in its way, and the next command under it.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::model::address::Address;
use crate::model::path::AbsPath;
use crate::plan::{Action, Blocker, Change, Symbol};

use super::diff;
use super::style::{Style, Tone, Verbosity, relative};
use super::text::{clean, push_next};

/// How many lines of a diff are shown without `-v`.
const DIFF_LINES: usize = 20;
/// How far details stand in.
pub const INDENT: usize = 6;
/// The widest address that the others are aligned with.
const WIDEST: usize = 56;

/// The sign as text.
#[must_use]
pub fn sign(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Create => "+",
        Symbol::Update => "~",
        Symbol::Adopt => ">",
        Symbol::Replace => "-/+",
        Symbol::Remove => "-",
    }
}

/// What is done, as a verb: [`Action::word`], and for what cannot be done, what would be.
#[must_use]
pub fn verb(action: &Action) -> &'static str {
    match action.word() {
        "none" => match action.symbol() {
            Symbol::Create => "create",
            Symbol::Update => "update",
            Symbol::Adopt => "adopt",
            Symbol::Replace => "replace",
            Symbol::Remove => "remove",
        },
        word => word,
    }
}

/// What was done: `created`, `switched`.
#[must_use]
pub fn past(action: &Action) -> String {
    let verb = verb(action);
    if verb == "run" {
        return "ran".into();
    }
    format!("{verb}{}", if verb.ends_with('e') { "d" } else { "ed" })
}

/// How wide these addresses are, so that what stands behind them lines up.
#[must_use]
pub fn column<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> usize {
    let widths = addresses.into_iter().map(|address| clean(&address.to_string()).width());
    widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
}

/// `  + builders.a.api   new branch builder/a from origin/main`
#[must_use]
pub fn line(tone: Tone, sign: &str, subject: &str, column: usize, fact: &str, style: &Style) -> String {
    let subject = clean(subject);
    let lead = " ".repeat(3_usize.saturating_sub(sign.len()));
    let gap = if fact.is_empty() { String::new() } else { " ".repeat(column.saturating_sub(subject.width()) + 3) };
    format!("{lead}{} {subject}{gap}{}\n", style.paint(tone, sign), clean(fact))
}

/// All lines of a change; paths are shown from `root`.
#[must_use]
pub fn lines(change: &Change, root: &AbsPath, column: usize, verbosity: Verbosity, style: &Style) -> String {
    if change.is_blocked() {
        return blocked(change, root, column, verbosity, style);
    }
    let symbol = change.action.symbol();
    let subject = change.address.to_string();
    let mut out = line(Tone::Change(symbol), sign(symbol), &subject, column, &change.reason, style);
    match verbosity {
        // What goes for good with a removal is said before it goes, however quiet.
        Verbosity::Quiet if symbol == Symbol::Remove => push_details(&mut out, change),
        Verbosity::Quiet => {}
        Verbosity::Normal | Verbosity::Verbose => {
            push_details(&mut out, change);
            push_diff(&mut out, change, verbosity, style);
        }
    }
    out
}

/// The lines of a refused change: the first fact behind the address, each with its path and the way out under it.
#[must_use]
pub fn blocked(change: &Change, root: &AbsPath, column: usize, verbosity: Verbosity, style: &Style) -> String {
    let mut out = String::new();
    let mut last: Option<&Blocker> = None;
    for (index, blocker) in change.blockers.iter().enumerate() {
        if index == 0 {
            out += &line(Tone::Blocked, "!", &change.address.to_string(), column, &fact(change, blocker), style);
        } else {
            let _ = writeln!(out, "{:INDENT$}also: {}", "", clean(&blocker.fact));
        }
        if let Some(path) = blocker.path.as_ref().filter(|path| last.and_then(|last| last.path.as_ref()) != Some(*path)) {
            let _ = writeln!(out, "{:INDENT$}at {}", "", relative(path, root));
        }
        push_next(&mut out, INDENT, &unsaid(blocker, &change.blockers[index + 1..]), style);
        last = Some(blocker);
    }
    match verbosity {
        Verbosity::Quiet => {}
        Verbosity::Normal => push_diff(&mut out, change, verbosity, style),
        Verbosity::Verbose => {
            if !change.reason.is_empty() {
                let _ = writeln!(out, "{:INDENT$}wanted: {}", "", clean(&change.reason));
            }
            push_details(&mut out, change);
            push_diff(&mut out, change, verbosity, style);
        }
    }
    out
}

/// What is refused, and why. What could not be done anyway has no verb: it says what is there.
#[must_use]
pub fn fact(change: &Change, blocker: &Blocker) -> String {
    match &change.action {
        Action::Nothing(_) => blocker.fact.clone(),
        action => format!("{}: {}", verb(action), blocker.fact),
    }
}

/// The way out of a refusal; a line of it that a later one has too is said there, once.
fn unsaid(blocker: &Blocker, later: &[Blocker]) -> String {
    let said = |line: &&str| !later.iter().any(|other| other.next.lines().any(|same| same == *line));
    blocker.next.lines().filter(said).collect::<Vec<_>>().join("\n")
}

fn push_details(out: &mut String, change: &Change) {
    for detail in &change.details {
        let _ = writeln!(out, "{:INDENT$}{}", "", clean(detail));
    }
}

fn push_diff(out: &mut String, change: &Change, verbosity: Verbosity, style: &Style) {
    let Some(text) = &change.diff else { return };
    let limit = match verbosity {
        Verbosity::Quiet | Verbosity::Normal => Some(DIFF_LINES),
        Verbosity::Verbose => None,
    };
    *out += &diff::lines(text, INDENT, limit, style);
}
