//! `wsctl status` as a table.

use std::fmt::Write as _;

use crate::model::status::{BuilderStatus, CheckoutStatus, OK, Status};

use super::style::{Style, Tone, relative};
use super::table::{Cell, draw};
use super::text::{age, push_next};

/// What an empty cell says.
const NOTHING: &str = "-";
/// What a cell says where it could not be told.
const UNKNOWN: &str = "?";

/// The whole answer; `now` is in seconds since 1970.
#[must_use]
pub fn status_text(status: &Status, now: i64, style: &Style) -> String {
    let mut out = String::new();
    if status.builders.is_empty() {
        let file = relative(&status.file, &status.root);
        let _ = writeln!(out, "No builders. Declare one in {file}, then look at the plan.");
        push_next(&mut out, 2, "wsctl plan", style);
    } else {
        let mut rows = vec![heading()];
        rows.extend(status.builders.iter().flat_map(|builder| builder_rows(builder, now)));
        out += &draw(&rows, style);
    }
    if !status.unmanaged.is_empty() {
        let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, "Unmanaged (left alone):"));
        for path in &status.unmanaged {
            let _ = writeln!(out, "  {}", relative(path, &status.root));
        }
    }
    out
}

fn heading() -> Vec<Cell> {
    let left = |text| Cell::new(text).tone(Tone::Faint);
    let right = |text| left(text).right();
    vec![
        left("BUILDER"),
        left("REPOSITORY"),
        left("BRANCH"),
        left("±"),
        right("CHANGED"),
        right("UNTRACKED"),
        right("AGE"),
        left("STATE"),
    ]
}

/// The builder's name stands once. It has a line of its own where there is something to say of the builder itself.
fn builder_rows(builder: &BuilderStatus, now: i64) -> Vec<Vec<Cell>> {
    let mut name = Cell::new(builder.name.as_str()).tone(Tone::Strong);
    let mut rows = Vec::new();
    if !builder.is_ok() || builder.checkouts.is_empty() {
        let mut row = vec![std::mem::take(&mut name)];
        row.resize(6, Cell::default());
        row.extend([since(builder.created, now), state(&builder.state)]);
        rows.push(row);
    }
    for checkout in &builder.checkouts {
        rows.push(checkout_row(std::mem::take(&mut name), checkout, now));
    }
    rows
}

fn checkout_row(name: Cell, checkout: &CheckoutStatus, now: i64) -> Vec<Cell> {
    let there = checkout.commit.is_some();
    vec![
        name,
        Cell::new(checkout.repository.as_str()),
        Cell::new(&on(checkout)),
        Cell::new(&distance(checkout.ahead_behind)),
        number(checkout.changed, there),
        number(checkout.untracked, there),
        since(checkout.created, now),
        state(&checkout.state),
    ]
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
fn distance(ahead_behind: Option<(usize, usize)>) -> String {
    match ahead_behind {
        None => NOTHING.into(),
        Some((0, 0)) => "=".into(),
        Some((ahead, 0)) => format!("+{ahead}"),
        Some((0, behind)) => format!("-{behind}"),
        Some((ahead, behind)) => format!("+{ahead} -{behind}"),
    }
}

fn number(number: Option<usize>, there: bool) -> Cell {
    let cell = match number {
        Some(0) => Cell::new("0"),
        Some(number) => Cell::new(&number.to_string()).tone(Tone::Notice),
        None if there => Cell::new(UNKNOWN).tone(Tone::Notice),
        None => Cell::new(NOTHING),
    };
    cell.right()
}

fn since(created: Option<i64>, now: i64) -> Cell {
    Cell::new(&created.map_or_else(|| NOTHING.into(), |created| age(created, now))).right()
}

fn state(state: &str) -> Cell {
    Cell::new(state).tone(if state == OK { Tone::Good } else { Tone::Notice })
}
