//! `wsctl status --short`: one line for each builder, so that many fit on a screen.

use crate::model::status::{BuilderStatus, Status};

use super::status::{NOTHING, empty, number, session_cell, since, state, unmanaged};
use super::style::{Style, Tone};
use super::table::{Cell, draw};
use super::text::size;

/// How many characters of a state one line has; `wsctl status` has all of it.
const STATE: usize = 40;

/// The whole answer; `now` is in seconds since 1970.
#[must_use]
pub fn short_text(status: &Status, now: i64, style: &Style) -> String {
    if status.builders.is_empty() {
        return empty(status, style) + &unmanaged(status, style);
    }
    // A column that says nothing of anybody is left out.
    let disk = status.builders.iter().any(|builder| builder.disk.is_some());
    let session = status.builders.iter().any(|builder| builder.session.is_some());
    let mut rows = vec![heading(disk, session)];
    rows.extend(status.builders.iter().map(|builder| row(builder, now, disk, session)));
    draw(&rows, style) + &unmanaged(status, style)
}

fn heading(disk: bool, session: bool) -> Vec<Cell> {
    let left = |text| Cell::new(text).tone(Tone::Faint);
    let right = |text| left(text).right();
    let mut cells = vec![
        left("BUILDER"),
        left("BRANCH"),
        right("REPOS"),
        right("CHANGED"),
        right("UNTRACKED"),
        left("±"),
        right("UNPUSHED"),
        left("MERGED"),
        right("ACTIVE"),
        right("AGE"),
    ];
    if disk {
        cells.push(right("DISK"));
    }
    if session {
        cells.push(left("SESSION"));
    }
    cells.push(left("STATE"));
    cells
}

fn row(builder: &BuilderStatus, now: i64, disk: bool, session: bool) -> Vec<Cell> {
    let sums = builder.sums();
    let there = builder.checkouts.iter().any(|checkout| checkout.commit.is_some());
    let branch = builder.branch_shown().map_or(NOTHING, |branch| branch.as_str());
    let mut cells = vec![
        Cell::new(builder.name.as_str()).tone(Tone::Strong),
        Cell::new(branch),
        Cell::new(&builder.checkouts.len().to_string()).right(),
        number(sums.changed, there),
        number(sums.untracked, there),
        Cell::new(&super::status::distance(sums.ahead.zip(sums.behind))),
        number(sums.unpushed, false),
        Cell::new(match sums.merged {
            Some(true) => "yes",
            Some(false) => "no",
            None => NOTHING,
        }),
        since(builder.active, now),
        since(builder.created, now),
    ];
    if disk {
        cells.push(Cell::new(&builder.disk.map_or_else(|| NOTHING.into(), size)).right());
    }
    if session {
        cells.push(session_cell(builder));
    }
    cells.push(state(&clipped(&builder.whole_state())));
    cells
}

/// A state that leaves the line one.
fn clipped(state: &str) -> String {
    if state.chars().count() <= STATE {
        return state.to_owned();
    }
    state.chars().take(STATE - 1).chain(['…']).collect()
}
