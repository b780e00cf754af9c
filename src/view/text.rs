//! Small pieces of text that several views need.

use std::fmt::Write as _;
use std::time::Duration;

use super::style::{Style, Tone};
pub use crate::model::address::is_hostile;
pub use crate::model::size::size;

/// The text without anything that a terminal would obey: control characters (a newline too) and marks that turn the
/// direction of writing are shown as escapes.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hostile(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// `1 builder`, `2 builders`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `1 entry`, `2 entries`.
#[must_use]
pub fn entries(number: usize) -> String {
    if number == 1 { "1 entry".into() } else { format!("{number} entries") }
}

/// An age in its largest unit: `3d`, `2h`, `5m`, `12s`; what lies in the future is `0s`.
#[must_use]
pub fn age(since: i64, now: i64) -> String {
    let seconds = now.saturating_sub(since).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long something lasts still, in its largest unit, rounded up: what is kept for 14 days is so a second later too.
#[must_use]
pub fn left(seconds: i64) -> String {
    let (unit, name) = match seconds {
        ..=60 => (1, "s"),
        61..=3600 => (60, "m"),
        3601..=86_400 => (3600, "h"),
        _ => (86_400, "d"),
    };
    format!("{}{name}", seconds.max(0).saturating_add(unit - 1) / unit)
}

/// How long something took: `0.1s`, `12s`, `3m 5s`.
#[must_use]
pub fn took(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{seconds}.{}s", elapsed.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        _ => format!("{}m {}s", seconds / 60, seconds % 60),
    }
}

/// Appends the next command, one arrow per line of it; nothing where there is none.
pub fn push_next(out: &mut String, indent: usize, next: &str, style: &Style) {
    for line in next.lines().filter(|line| !line.trim().is_empty()) {
        let line = style.paint(Tone::Strong, &clean(line));
        let _ = writeln!(out, "{:indent$}→ {line}", "");
    }
}
