//! A builder goes from the text, in whatever form it is written.

use std::ops::Range;

use super::inside::{Splice, begins, cut};
use super::text::{Kind, Statement, comments_above, comments_below, line_end, line_start, newline, statements};
use super::{read, splice};
use crate::diagnostic::Fault;
use crate::model::name::BuilderName;

/// Takes a builder out: every table, entry and member that is part of it, and the comments directly above. A text
/// that has none stays as it is.
///
/// # Errors
/// It is written in a form that cannot be cut without changing more: the place.
pub fn remove_builder(text: &str, builder: &BuilderName) -> Result<String, Box<Fault>> {
    let path = ["builders", builder.as_str()];
    let tree = read(text)?;
    let Some(place) = stands_at(text, builder) else { return Ok(text.to_owned()) };
    splice(text, cuts(text, &path), tree.with(&path, None), &place)
}

/// Where the text first names a builder.
#[must_use]
pub fn stands_at(text: &str, builder: &BuilderName) -> Option<Range<usize>> {
    place(text, &["builders", builder.as_str()])
}

/// Where the text first names what lies at these keys.
pub(super) fn place(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let named =
        |statement: &Statement| begins(&statement.path, path) || (path.len() > statement.path.len() && is_above(statement, path));
    statements(text).into_iter().find(|statement| named(statement) && holds(text, statement, path)).map(|found| found.span)
}

/// Whether an entry's keys lead to these, so that its value has to have the rest.
fn is_above(statement: &Statement, path: &[&str]) -> bool {
    statement.kind == Kind::Entry && statement.path.iter().zip(path).all(|(a, b)| a == b)
}

fn holds(text: &str, statement: &Statement, path: &[&str]) -> bool {
    begins(&statement.path, path) || !cut(text, &statement.value, &path[statement.path.len()..]).is_empty()
}

fn cuts(text: &str, path: &[&str]) -> Vec<Splice> {
    let all = statements(text);
    let mut splices: Vec<Splice> = Vec::new();
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut inside = false;
    for (at, statement) in all.iter().enumerate() {
        let floor = at.checked_sub(1).map_or(0, |before| line_end(text, all[before].span.end));
        let gone = begins(&statement.path, path);
        match statement.kind {
            Kind::Header => {
                inside = gone;
                if gone {
                    let start = comments_above(text, line_start(text, statement.span.start), floor);
                    lines.push(start..end_of_table(text, &all, at));
                }
            }
            Kind::Entry if inside => {}
            Kind::Entry if gone => {
                let start = comments_above(text, line_start(text, statement.span.start), floor);
                lines.push(start..line_end(text, statement.span.end));
            }
            Kind::Entry if is_above(statement, path) => {
                splices.extend(cut(text, &statement.value, &path[statement.path.len()..]));
            }
            Kind::Entry => {}
        }
    }
    splices.extend(joined(text, lines).into_iter().map(|lines| without_gap(text, lines)));
    splices
}

/// Where the lines of a table end: with its last entry, or the comments directly below that which are not directly above
/// the next table.
pub(super) fn end_of_table(text: &str, all: &[Statement], header: usize) -> usize {
    let body = all[header + 1..].iter().take_while(|statement| statement.kind == Kind::Entry).count();
    let end = line_end(text, all[header + body].span.end);
    let below = comments_below(text, end);
    let next = all.get(header + body + 1).map(|next| line_start(text, next.span.start));
    if next == Some(below) { end } else { below }
}

/// Neighbours as one, where nothing but blank lines is between them.
fn joined(text: &str, lines: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for next in lines {
        match out.last_mut() {
            Some(last) if text[last.end.min(next.start)..next.start].trim().is_empty() => last.end = next.end.max(last.end),
            Some(_) | None => out.push(next),
        }
    }
    out
}

/// Cuts lines so that of the blank lines around them only those on one side stay.
fn without_gap(text: &str, lines: Range<usize>) -> Splice {
    let Range { mut start, mut end } = lines;
    let blank_before = start == 0 || text[line_start(text, start - 1)..start].trim().is_empty();
    while blank_before && end < text.len() && text[end..line_end(text, end)].trim().is_empty() {
        end = line_end(text, end);
    }
    while end == text.len() && start > 0 && text[line_start(text, start - 1)..start].trim().is_empty() {
        start = line_start(text, start - 1);
    }
    let unended = start > 0 && !text[..start].ends_with('\n');
    (start..end, if unended { newline(text).to_owned() } else { String::new() })
}
