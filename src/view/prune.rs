//! What `wsctl prune` would free.

use crate::model::path::AbsPath;

use super::style::{Style, Tone};
use super::table::{Cell, draw};
use super::text::{self, age, entries, size};

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
    /// How many seconds ago that is, by a clock that nobody set meanwhile where there is one.
    pub age: Option<i64>,
    /// What becomes of it.
    pub state: RowState,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// It is past the time that it is kept.
    Due,
    /// A deletion of it was cut short: what is left of it goes.
    CutShort,
    /// It is kept for so many seconds still.
    Kept(i64),
    /// By this clock it is still to be removed: nobody knows how old it is.
    Future,
    /// Its manifest cannot be read.
    Unknown,
}

impl PruneRow {
    /// Whether it goes.
    #[must_use]
    pub fn due(&self) -> bool {
        match self.state {
            RowState::Due | RowState::CutShort => true,
            RowState::Kept(_) | RowState::Future | RowState::Unknown => false,
        }
    }

    /// When it will be due, in seconds since 1970.
    #[must_use]
    pub fn until(&self, now: i64) -> Option<i64> {
        match self.state {
            RowState::Kept(left) => Some(now.saturating_add(left)),
            RowState::Due | RowState::CutShort | RowState::Future | RowState::Unknown => None,
        }
    }
}

/// The entries with age and size, and what deleting those that are due frees; `now` is in seconds since 1970.
#[must_use]
pub fn prune_text(rows: &[PruneRow], now: i64, style: &Style) -> String {
    let table: Vec<_> = rows.iter().map(|row| cells(row, now, style)).collect();
    let due: Vec<_> = rows.iter().filter(|row| row.due()).collect();
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
    let sign = Cell::new(if row.due() { "  -" } else { "" }).tone(Tone::Blocked);
    let age = row.age.filter(|seconds| *seconds >= 0).map_or_else(|| "?".into(), |seconds| age(0, seconds));
    let path = style.path(&row.path);
    vec![
        sign,
        Cell::new(&row.name),
        Cell::new(&age).right(),
        Cell::new(&size(row.bytes)).right(),
        Cell::new(&path),
        Cell::new(&note(row, now)),
    ]
}

fn note(row: &PruneRow, now: i64) -> String {
    match row.state {
        RowState::Due => String::new(),
        RowState::CutShort => "deleting it was cut short".into(),
        RowState::Kept(left) => match row.until(now).and_then(|until| jiff::Timestamp::from_second(until).ok()) {
            Some(until) => format!("kept until {} ({})", until.strftime("%Y-%m-%d %H:%M UTC"), text::left(left)),
            None => "kept for good".into(),
        },
        RowState::Future => "kept: removed in the future by this clock; see `date`".into(),
        RowState::Unknown => "kept: its manifest cannot be read; look into it, and `rm -r` it by hand".into(),
    }
}
