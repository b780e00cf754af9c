//! What the trash holds and can give back, and how one entry comes back.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::model::trash::TrashEntry;
use crate::plan::restore::{Block, Restore};
use crate::plan::{Blocker, Symbol};

use super::change::{INDENT, line};
use super::style::{Style, Tone, Verbosity};
use super::table::{Cell, draw};
use super::text::{self, age, clean, count, entries, push_next, size};

/// One entry of the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashRow {
    /// The entry.
    pub entry: TrashEntry,
    /// Its size in bytes.
    pub bytes: u64,
    /// How it would come back; `None` where its manifest cannot be read.
    pub restore: Option<Restore>,
}

impl TrashRow {
    /// Whether it can come back.
    #[must_use]
    pub fn can(&self) -> bool {
        self.restore.as_ref().is_some_and(|restore| !restore.is_blocked())
    }

    /// Why it cannot: the facts, each with what to type.
    #[must_use]
    pub fn why_not(&self) -> Vec<(String, String)> {
        match &self.restore {
            Some(restore) => restore.blockers.iter().map(|blocker| (blocker.fact.clone(), blocker.next.clone())).collect(),
            None => vec![("its manifest is missing or cannot be read".into(), format!("ls -la '{}'", self.entry.path))],
        }
    }

    /// The branches that its checkouts were on.
    #[must_use]
    pub fn branches(&self) -> Vec<String> {
        let checkouts = self.entry.manifest.iter().flat_map(|manifest| &manifest.checkouts);
        let mut branches: Vec<String> = checkouts.filter_map(|checkout| Some(checkout.branch.as_ref()?.to_string())).collect();
        branches.sort();
        branches.dedup();
        branches
    }
}

/// What can come back, then what cannot and why; rows as they are given, `now` in seconds since 1970.
#[must_use]
pub fn trash_text(rows: &[TrashRow], now: i64, style: &Style) -> String {
    let (can, cannot): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.can());
    let table: Vec<_> = can.iter().map(|row| cells(row, now)).collect();
    let mut out = draw(&table, style);
    if !can.is_empty() && !cannot.is_empty() {
        out.push('\n');
    }
    let column = cannot.iter().map(|row| clean(&row.entry.name).width()).max().unwrap_or(0);
    for row in &cannot {
        for (index, (fact, next)) in row.why_not().iter().enumerate() {
            if index == 0 {
                out += &line(Tone::Blocked, "!", &row.entry.name, column, &format!("cannot come back: {fact}"), style);
            } else {
                let _ = writeln!(out, "{:INDENT$}also: {}", "", clean(fact));
            }
            push_next(&mut out, INDENT, next, style);
        }
    }
    let last = match (can.len(), cannot.len()) {
        (0, 0) => "The trash is empty.".into(),
        (0, none) => format!("The trash keeps {}, none of which can come back as things are.", entries(none)),
        (some, 0) => format!("The trash keeps {}.", entries(some)),
        (some, others) => format!("The trash keeps {}, {some} of which can come back.", entries(some + others)),
    };
    let gap = if rows.is_empty() { "" } else { "\n" };
    let _ = writeln!(out, "{gap}{}", style.paint(Tone::Strong, &last));
    if !can.is_empty() {
        push_next(&mut out, 2, "wsctl restore NAME", style);
    }
    out
}

fn cells(row: &TrashRow, now: i64) -> Vec<Cell> {
    let what = row.restore.as_ref().map(what).unwrap_or_default();
    let manifest = row.entry.manifest.as_ref();
    let removed = manifest.map_or_else(|| "?".into(), |manifest| format!("{} ago", age(manifest.removed, now)));
    let left = manifest.map_or(0, |manifest| manifest.removed.saturating_add_unsigned(manifest.keep));
    let kept = if left > now { format!("kept for {}", text::left(left - now)) } else { "past its time".into() };
    vec![
        Cell::new("  "),
        Cell::new(&row.entry.name),
        Cell::new(&what),
        Cell::new(&removed).right(),
        Cell::new(&kept),
        Cell::new(&size(row.bytes)).right(),
        Cell::new(&row.branches().join(", ")),
    ]
}

/// `builders.slack: 3 checkouts`
fn what(restore: &Restore) -> String {
    if restore.whole {
        format!("{}: {}", restore.address, count(restore.checkouts.len(), "checkout"))
    } else {
        restore.address.to_string()
    }
}

/// What will be done, or why it cannot be.
#[must_use]
pub fn restore_text(restore: &Restore, now: i64, verbosity: Verbosity, style: &Style) -> String {
    let removed = restore.entry.manifest.as_ref().map_or(now, |manifest| manifest.removed);
    let checkouts = if restore.whole { format!(": {}", count(restore.checkouts.len(), "checkout")) } else { String::new() };
    let ago = age(removed, now);
    let fact = if restore.finish {
        format!("is at its place; clears away what an earlier run left of {}", restore.entry.name)
    } else {
        format!("from the trash{checkouts}, removed {ago} ago")
    };
    let mut out = String::new();
    let subject = restore.address.to_string();
    let column = clean(&subject).width();
    if restore.is_blocked() {
        out += &refused(restore, &subject, column, style);
    } else {
        out += &line(Tone::Change(Symbol::Create), "+", &subject, column, &fact, style);
    }
    if verbosity != Verbosity::Quiet && !restore.is_blocked() {
        let _ = writeln!(out, "{:INDENT$}to {}", "", style.path(&restore.to));
        for detail in &restore.details {
            let _ = writeln!(out, "{:INDENT$}{}", "", clean(detail));
        }
    }
    out.push('\n');
    out
}

fn refused(restore: &Restore, subject: &str, column: usize, style: &Style) -> String {
    let mut out = String::new();
    for (index, Blocker { fact, path, next, .. }) in restore.blockers.iter().enumerate() {
        if index == 0 {
            out += &line(Tone::Blocked, "!", subject, column, &format!("restore: {fact}"), style);
        } else {
            let _ = writeln!(out, "{:INDENT$}also: {}", "", clean(fact));
        }
        if let Some(path) = path {
            let _ = writeln!(out, "{:INDENT$}at {}", "", style.path(path));
        }
        push_next(&mut out, INDENT, next, style);
    }
    out
}

/// What came back, and what the file has to say for it to stay.
#[must_use]
pub fn restored(restore: &Restore, block: Option<&Block>, file: &str, style: &Style) -> String {
    let mut out =
        style.paint(Tone::Strong, &format!("Restored {} at {}.", clean(&restore.address.to_string()), style.path(&restore.to)));
    out.push('\n');
    let Some(block) = block else { return out };
    let file = clean(file);
    let (fact, verb) = if block.instead {
        (format!("{file} declares {} without it", clean(restore.builder.as_str())), "set in its block")
    } else {
        (format!("{file} does not declare it"), "add")
    };
    let _ = writeln!(out, "\n{fact}: the next apply would move it back to the trash. To keep it, {verb}:\n");
    for text in block.text.lines() {
        let _ = writeln!(out, "{}", clean(text));
    }
    for note in &block.notes {
        let _ = writeln!(out, "\n{} {}", style.paint(Tone::Notice, "note:"), clean(note));
    }
    out
}
