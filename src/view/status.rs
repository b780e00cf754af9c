//! `wsctl status` as a table.

use std::fmt::Write as _;

use crate::model::status::{BuilderStatus, CheckoutStatus, FileStatus, OK, SessionState, Status};
use crate::plan::Symbol;

use super::diff;
use super::style::{Style, Tone, relative};
use super::table::{Cell, draw};
use super::text::{age, clean, push_next};

/// What an empty cell says.
pub(super) const NOTHING: &str = "-";
/// What a cell says where it could not be told.
const UNKNOWN: &str = "?";

/// The whole answer; `now` is in seconds since 1970.
#[must_use]
pub fn status_text(status: &Status, now: i64, style: &Style) -> String {
    let mut out = String::new();
    if status.builders.is_empty() {
        out += &empty(status, style);
    } else {
        // A column that says nothing of anybody is left out.
        let session = status.builders.iter().any(|builder| builder.session.is_some());
        let mut rows = vec![heading(session)];
        rows.extend(status.builders.iter().flat_map(|builder| builder_rows(builder, now, session)));
        out += &draw(&rows, style);
        for builder in &status.builders {
            out += &differing(builder, style);
        }
    }
    out + &unmanaged(status, style)
}

/// What is said where there is no builder.
pub(super) fn empty(status: &Status, style: &Style) -> String {
    if status.narrowed {
        return "No builders are like that.\n".into();
    }
    let file = relative(&status.file, &status.root);
    let mut out = format!("No builders. Declare one in {file}, then look at the plan.\n");
    push_next(&mut out, 2, "wsctl plan", style);
    out
}

/// What nobody declared.
pub(super) fn unmanaged(status: &Status, style: &Style) -> String {
    let mut out = String::new();
    if !status.unmanaged.is_empty() {
        let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, "Unmanaged (left alone):"));
        for path in &status.unmanaged {
            let _ = writeln!(out, "  {}", relative(path, &status.root));
        }
    }
    out
}

/// The files of a builder that differ, checkout by checkout, and what differs in them; nothing where nobody asked.
fn differing(builder: &BuilderStatus, style: &Style) -> String {
    let mut out = String::new();
    for checkout in &builder.checkouts {
        let (files, committed) =
            (checkout.files.as_deref().unwrap_or_default(), checkout.committed.as_deref().unwrap_or_default());
        if files.is_empty() && committed.is_empty() {
            continue;
        }
        let author = checkout.author.as_ref().map(|author| format!("   last commit by {author}")).unwrap_or_default();
        let name = clean(&format!("{}/{}", builder.name, checkout.repository));
        let _ = writeln!(out, "\n{}{}", style.paint(Tone::Strong, &name), style.paint(Tone::Faint, &clean(&author)));
        for file in files {
            push_file(&mut out, file, 2, style);
        }
        if !committed.is_empty() {
            let _ = writeln!(out, "  {}", style.paint(Tone::Faint, "committed:"));
            for file in committed {
                push_file(&mut out, file, 4, style);
            }
        }
        out += &diff::unified(checkout.diff.as_deref().unwrap_or_default(), 2, style);
    }
    out
}

fn heading(session: bool) -> Vec<Cell> {
    let left = |text| Cell::new(text).tone(Tone::Faint);
    let right = |text| left(text).right();
    let mut cells = vec![
        left("BUILDER"),
        left("REPOSITORY"),
        left("BRANCH"),
        left("±"),
        right("CHANGED"),
        right("UNTRACKED"),
        right("UNPUSHED"),
        right("ACTIVE"),
        right("AGE"),
    ];
    cells.extend(session.then(|| left("SESSION")));
    cells.push(left("STATE"));
    cells
}

/// The builder's name stands once. It has a line of its own where there is something to say of the builder itself.
fn builder_rows(builder: &BuilderStatus, now: i64, session: bool) -> Vec<Vec<Cell>> {
    let mut of = session.then(|| session_cell(builder));
    let mut name = Cell::new(builder.name.as_str()).tone(Tone::Strong);
    let mut rows = Vec::new();
    if !builder.is_ok() || builder.checkouts.is_empty() {
        let mut row = vec![std::mem::take(&mut name)];
        row.resize(7, Cell::default());
        row.extend([since(builder.active, now), since(builder.created, now)]);
        row.extend(of.take());
        row.push(state(&builder.state));
        of = session.then(Cell::default);
        rows.push(row);
    }
    for checkout in &builder.checkouts {
        rows.push(checkout_row(std::mem::take(&mut name), checkout, now, of.take()));
        of = session.then(Cell::default);
    }
    rows
}

fn push_file(out: &mut String, file: &FileStatus, indent: usize, style: &Style) {
    let tone = if file.letters == "??" { Tone::Notice } else { Tone::Change(Symbol::Update) };
    let from = file.from.as_ref().map(|from| format!("{from} → ")).unwrap_or_default();
    let letters = style.paint(tone, &clean(&file.letters));
    let _ = writeln!(out, "{}{letters} {}", " ".repeat(indent), clean(&format!("{from}{}", file.path)));
}

fn checkout_row(name: Cell, checkout: &CheckoutStatus, now: i64, session: Option<Cell>) -> Vec<Cell> {
    let there = checkout.commit.is_some();
    let mut cells = vec![
        name,
        Cell::new(checkout.repository.as_str()),
        Cell::new(&on(checkout)),
        Cell::new(&distance(checkout.ahead_behind)),
        number(checkout.changed, there),
        number(checkout.untracked, there),
        number(checkout.unpushed, false),
        since(checkout.active, now),
        since(checkout.created, now),
    ];
    cells.extend(session);
    cells.push(state(&checkout.state));
    cells
}

/// What the agents' server says of a builder's session.
pub(super) fn session_cell(builder: &BuilderStatus) -> Cell {
    let Some(session) = &builder.session else { return Cell::new(NOTHING) };
    let cell = Cell::new(session.state.as_str());
    match session.state {
        SessionState::Busy => cell.tone(Tone::Good),
        SessionState::Idle => cell,
        SessionState::Gone | SessionState::Unknown => cell.tone(Tone::Notice),
    }
}

fn on(checkout: &CheckoutStatus) -> String {
    match (&checkout.branch, &checkout.reference, &checkout.commit) {
        (Some(branch), _, _) => branch.to_string(),
        (None, Some(reference), Some(commit)) => format!("{reference} ({commit})"),
        (None, None, Some(commit)) => format!("({commit})"),
        (None, _, None) => NOTHING.into(),
    }
}

/// `+2 -1`: commits more, and commits that it lacks.
pub(super) fn distance(ahead_behind: Option<(usize, usize)>) -> String {
    match ahead_behind {
        None => NOTHING.into(),
        Some((0, 0)) => "=".into(),
        Some((ahead, 0)) => format!("+{ahead}"),
        Some((0, behind)) => format!("-{behind}"),
        Some((ahead, behind)) => format!("+{ahead} -{behind}"),
    }
}

pub(super) fn number(number: Option<usize>, there: bool) -> Cell {
    let cell = match number {
        Some(0) => Cell::new("0"),
        Some(number) => Cell::new(&number.to_string()).tone(Tone::Notice),
        None if there => Cell::new(UNKNOWN).tone(Tone::Notice),
        None => Cell::new(NOTHING),
    };
    cell.right()
}

pub(super) fn since(created: Option<i64>, now: i64) -> Cell {
    Cell::new(&created.map_or_else(|| NOTHING.into(), |created| age(created, now))).right()
}

pub(super) fn state(state: &str) -> Cell {
    Cell::new(state).tone(if state == OK { Tone::Good } else { Tone::Notice })
}
