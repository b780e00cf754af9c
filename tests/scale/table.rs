//! Figures: medians of interleaved repeats, their ratios, and the table that tells them.

use std::fmt::Write as _;

use super::args::Row;
use super::world::World;

/// One line of the table.
pub struct Figure {
    pub row: Row,
    what: String,
    ours: String,
    against: String,
    /// A ratio of medians, or megabytes.
    value: f64,
    /// Between which ratios the middle half of the single rounds lie.
    spread: Option<(f64, f64)>,
    mark: Option<f64>,
}

/// Measures each contender once in every round: what the machine does meanwhile hits all of them alike.
pub fn interleave<const N: usize>(rounds: usize, mut contenders: [&mut dyn FnMut(usize) -> f64; N]) -> [Vec<f64>; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            times.push(contender(round));
        }
    }
    times
}

impl Figure {
    /// Seconds of ours against those of another, round by round.
    pub fn ratio(row: Row, what: &str, ours: &[f64], against: &str, other: &[f64]) -> Self {
        let mut rounds: Vec<_> = ours.iter().zip(other).map(|(ours, other)| ours / other).collect();
        rounds.sort_by(f64::total_cmp);
        let quarter = rounds.len() / 4;
        Figure {
            row,
            what: what.to_owned(),
            ours: time(median(ours)),
            against: format!("{against}: {}", time(median(other))),
            value: median(ours) / median(other),
            spread: Some((rounds[quarter], rounds[rounds.len() - 1 - quarter])),
            mark: None,
        }
    }

    pub fn megabytes(row: Row, what: &str, value: f64) -> Self {
        let ours = format!("{value:.1} MB");
        Figure { row, what: what.to_owned(), ours, against: String::new(), value, spread: None, mark: None }
    }

    pub fn mark(mut self, mark: f64) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Says it at once, for whoever waits.
    pub fn told(self, world: &World) -> Self {
        world.say(&self.cells().into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" · "));
        self
    }

    fn cells(&self) -> [String; 8] {
        let number = |value: f64| match self.spread {
            Some(_) => format!("{value:.2}"),
            None => format!("{value:.0} MB"),
        };
        let ratio = if self.spread.is_some() { number(self.value) } else { String::new() };
        let spread = self.spread.map_or_else(String::new, |(least, most)| format!("{least:.2} – {most:.2}"));
        let mark = self.mark.map_or_else(String::new, |mark| format!("≤ {}", number(mark)));
        let said = self.mark.map_or("", |mark| if self.value <= mark { "reached" } else { "not reached" });
        [self.row.name(), self.what.clone(), self.ours.clone(), self.against.clone(), ratio, spread, mark, said.to_owned()]
    }
}

/// All figures, as Markdown whose columns also stand below each other.
pub fn table(figures: &[Figure]) -> String {
    let head = ["row", "what", "wsctl", "against", "ratio", "half of the rounds", "mark", ""].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(figures.iter().map(Figure::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let _ = write!(text, "| {cell:<0$} ", width(column));
        }
        text += "|\n";
        if number == 0 {
            text += &(0..row.len()).fold(String::new(), |line, column| line + "|" + &"-".repeat(width(column) + 2));
            text += "|\n";
        }
    }
    text
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len() % 2 == 1 { times[middle] } else { f64::midpoint(times[middle - 1], times[middle]) }
}

fn time(seconds: f64) -> String {
    match seconds * 1e3 {
        short if short < 10.0 => format!("{short:.1} ms"),
        long if long >= 1e3 => format!("{seconds:.2} s"),
        other => format!("{other:.0} ms"),
    }
}
