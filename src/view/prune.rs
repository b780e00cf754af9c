//! What `wsctl prune` would free.

use crate::model::path::AbsPath;

use super::style::{Style, Tone};
use super::table::{Cell, draw};
use super::text::{age, entries, size};

/// One entry of the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneRow {
    /// The entry's name.
    pub name: String,
    /// The entry.
    pub path: AbsPath,
    /// Its size.
    pub bytes: u64,
    /// When it was removed, in seconds since 1970; `None` where its manifest cannot be read.
    pub removed: Option<i64>,
    /// Whether it is past the time that it is kept.
    pub due: bool,
}

/// The entries with age and size, and what deleting those that are due frees; `now` is in seconds since 1970.
#[must_use]
pub fn prune_text(rows: &[PruneRow], now: i64, style: &Style) -> String {
    let table: Vec<_> = rows.iter().map(|row| cells(row, now, style)).collect();
    let due: Vec<_> = rows.iter().filter(|row| row.due).collect();
    let all = rows.iter().map(|row| row.bytes).sum();
    let last = match (rows.len(), due.len()) {
        (0, _) => "Nothing to prune. The trash is empty.".into(),
        (kept, 0) => format!("Nothing to prune. The trash keeps {} ({}).", entries(kept), size(all)),
        (of, number) => {
            let freed = size(due.iter().map(|row| row.bytes).sum());
            format!("Prune: {number} of {} to delete for good, which frees {freed}.", entries(of))
        }
    };
    let gap = if rows.is_empty() { "" } else { "\n" };
    format!("{}{gap}{}\n", draw(&table, style), style.paint(Tone::Strong, &last))
}

/// What was deleted.
#[must_use]
pub fn pruned(number: usize, bytes: u64) -> String {
    format!("Pruned {} of the trash, {}.\n", entries(number), size(bytes))
}

fn cells(row: &PruneRow, now: i64, style: &Style) -> Vec<Cell> {
    let sign = Cell::new(if row.due { "  -" } else { "" }).tone(Tone::Blocked);
    let age = row.removed.map_or_else(|| "?".into(), |removed| age(removed, now));
    let note = match (row.due, row.removed) {
        (true, _) => "",
        (false, Some(_)) => "kept",
        (false, None) => "kept: its manifest cannot be read",
    };
    let path = style.path(&row.path);
    vec![
        sign,
        Cell::new(&row.name),
        Cell::new(&age).right(),
        Cell::new(&size(row.bytes)).right(),
        Cell::new(&path),
        Cell::new(note),
    ]
}
