//! Columns that line up, whatever the width of their characters.

use unicode_width::UnicodeWidthStr as _;

use super::style::{Style, Tone};
use super::text::clean;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    text: String,
    tone: Option<Tone>,
    right: bool,
}

impl Cell {
    /// A cell on the left of its column.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Cell { text: clean(text), tone: None, right: false }
    }

    /// The same on the right of its column, as numbers are.
    #[must_use]
    pub fn right(self) -> Self {
        Cell { right: true, ..self }
    }

    /// The same in a colour.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Cell { tone: Some(tone), ..self }
    }
}

/// Draws rows of cells, each line without blanks at its end. Colours do not count for the width.
#[must_use]
pub fn draw(rows: &[Vec<Cell>], style: &Style) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut owed = 0;
        for (cell, width) in row.iter().zip(&widths) {
            let pad = width - cell.text.width();
            let (before, after) = if cell.right { (pad, 0) } else { (0, pad) };
            if cell.text.is_empty() {
                owed += before;
            } else {
                out += &" ".repeat(owed + before);
                out += &cell.tone.map_or_else(|| cell.text.clone(), |tone| style.paint(tone, &cell.text));
                owed = 0;
            }
            owed += after + 2;
        }
        out.push('\n');
    }
    out
}
