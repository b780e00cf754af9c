//! One way to write the file: spaces, blank lines, quotes of keys, the last newline. Nothing is moved, and what the text
//! says stays.

use std::ops::Range;

use toml_parser::lexer::TokenKind;

use super::text::{Kind, Statement, line_end, line_start, newline, statements, tokens};
use super::tree::tree;
use super::value::{key, value};
use super::{by_hand, read};
use crate::diagnostic::Fault;

/// Formats a text. What is formatted stays as it is.
///
/// # Errors
/// It is no TOML.
pub fn format(text: &str) -> Result<String, Box<Fault>> {
    let said = read(text)?;
    let (mark, body) = if let Some(body) = text.strip_prefix('\u{feff}') { ("\u{feff}", body) } else { ("", text) };
    let mut lines = Lines::default();
    let all = statements(body);
    let columns = columns(body, &all);
    let mut at = 0;
    for (index, statement) in all.iter().enumerate() {
        lines.between(&body[at..line_start(body, statement.span.start).max(at)]);
        if statement.kind == Kind::Header {
            lines.gap_above_comments();
        }
        lines.statement(&code(body, statement, columns[index]));
        let end = line_end(body, statement.span.end);
        lines.trailing(body, &(statement.span.end..end));
        at = end;
    }
    lines.between(&body[at..]);
    let out = format!("{mark}{}", lines.finish().replace('\n', newline(body)));
    let out = keep_strings(body, &all, out);
    if tree(&out) == Some(said) { Ok(out) } else { Err(by_hand(&(0..0)).into()) }
}

/// Strings over several lines keep their own line ends.
fn keep_strings(body: &str, all: &[Statement], out: String) -> String {
    let many = |kind| matches!(kind, TokenKind::MlBasicString | TokenKind::MlLiteralString);
    let strings = all.iter().flat_map(|statement| tokens(body, &statement.value)).filter(|token| many(token.kind));
    let strings: Vec<&str> = strings.map(|token| &body[token.span]).collect();
    if strings.is_empty() {
        return out;
    }
    let found: Vec<Range<usize>> =
        tokens(&out, &(0..out.len())).into_iter().filter(|token| many(token.kind)).map(|token| token.span).collect();
    let mut kept = out;
    for (span, string) in found.into_iter().zip(strings).rev() {
        kept.replace_range(span, string);
    }
    kept
}

/// The lines so far.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    /// The column of the comment that ends the line above, which comments below may go on with: as it was, as it is.
    column: Option<(usize, usize)>,
}

impl Lines {
    /// Blank lines and comments: one blank line at most.
    fn between(&mut self, text: &str) {
        for line in text.lines() {
            let comment = line.trim();
            let column = width(&line[..line.len() - line.trim_start().len()]);
            if comment.is_empty() {
                self.column = None;
                if self.lines.last().is_some_and(|last| !last.is_empty()) {
                    self.lines.push(String::new());
                }
            } else if let Some((_, is)) = self.column.filter(|(was, _)| *was == column && column > 0) {
                self.lines.push(" ".repeat(is) + comment);
            } else {
                // What is switched off may have a comment of its own.
                self.column = comment.rfind(" #").map(|at| width(&comment[..at]) + 1).map(|is| (column + is, is));
                self.lines.push(comment.to_owned());
            }
        }
    }

    /// A blank line above the comments that stand directly above what comes.
    fn gap_above_comments(&mut self) {
        let comments = self.lines.iter().rev().take_while(|line| line.starts_with('#')).count();
        let at = self.lines.len() - comments;
        if at > 0 && !self.lines[at - 1].is_empty() {
            self.lines.insert(at, String::new());
        }
    }

    fn statement(&mut self, code: &str) {
        self.column = None;
        self.lines.push(code.to_owned());
    }

    /// The comment behind a statement, in the column where it was, or as near as it may be.
    fn trailing(&mut self, text: &str, rest: &Range<usize>) {
        let comment = text[rest.clone()].trim();
        let Some(code) = self.lines.last_mut().filter(|_| !comment.is_empty()) else { return };
        let start = rest.start + text[rest.clone()].find('#').unwrap_or(0);
        let was = width(&text[line_start(text, start)..start]);
        let line = code.rsplit('\n').next().map_or(0, width);
        let column = if text[rest.start..start].contains('\t') { line + 1 } else { was.max(line + 1) };
        code.push_str(&" ".repeat(column - line));
        code.push_str(comment);
        self.column = Some((was, column));
    }

    fn finish(mut self) -> String {
        while self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
        }
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// For each statement the column of its `=`: that of the longest key where all in a row of lines have theirs in one column,
/// else right behind its own key.
fn columns(text: &str, all: &[Statement]) -> Vec<usize> {
    let mut columns = vec![0; all.len()];
    let mut start = 0;
    while start < all.len() {
        let mut end = start + 1;
        while end < all.len()
            && all[start].kind == Kind::Entry
            && all[end].kind == Kind::Entry
            && !gap(text, &all[end - 1], &all[end])
        {
            end += 1;
        }
        let row = &all[start..end];
        let equals: Vec<usize> = row.iter().map(|statement| equals(text, statement)).collect();
        let keys: Vec<usize> = row.iter().map(|statement| width(&key(text, &statement.key))).collect();
        let aligned = equals.iter().all(|column| *column == equals[0]);
        let longest = keys.iter().max().copied().unwrap_or(0);
        for (offset, own) in keys.iter().enumerate() {
            columns[start + offset] = if aligned { longest } else { *own };
        }
        start = end;
    }
    columns
}

/// Whether a blank line is between two statements.
fn gap(text: &str, before: &Statement, after: &Statement) -> bool {
    let between = &text[line_end(text, before.span.end)..line_start(text, after.span.start).max(line_end(text, before.span.end))];
    between.lines().any(|line| line.trim().is_empty())
}

fn equals(text: &str, statement: &Statement) -> usize {
    let behind = &text[statement.key.end..statement.span.end];
    width(&text[statement.key.start..statement.key.end]) + behind.find('=').map_or(0, |at| width(&behind[..at]))
}

/// One statement, without its comment.
fn code(text: &str, statement: &Statement, column: usize) -> String {
    let key = key(text, &statement.key);
    match statement.kind {
        Kind::Header if text[statement.span.clone()].starts_with("[[") => format!("[[{key}]]"),
        Kind::Header => format!("[{key}]"),
        Kind::Entry => format!("{key:column$} = {}", value(text, &statement.value)),
    }
}
