//! What stands inside the brackets of a list or an inline table.

use std::ops::Range;

use toml_parser::lexer::TokenKind;

use super::text::{Token, is_blank, keys, line_end, line_start, nesting, newline, tokens};

/// A member of a list or an inline table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The keys before its `=`; none in a list.
    pub(super) path: Vec<String>,
    /// The whole member.
    pub(super) span: Range<usize>,
    /// Its value.
    pub(super) value: Range<usize>,
    /// The comma behind it.
    pub(super) comma: Option<Range<usize>>,
}

/// The members of a list; `None` where the value is none.
pub(super) fn elements(text: &str, list: &Range<usize>) -> Option<Vec<Member>> {
    members(text, list, TokenKind::LeftSquareBracket)
}

/// The members of an inline table; `None` where the value is none.
pub(super) fn entries(text: &str, table: &Range<usize>) -> Option<Vec<Member>> {
    members(text, table, TokenKind::LeftCurlyBracket)
}

fn members(text: &str, value: &Range<usize>, open: TokenKind) -> Option<Vec<Member>> {
    let tokens = tokens(text, value);
    if tokens.first().map(|token| token.kind) != Some(open) {
        return None;
    }
    let (mut depth, mut found, mut begin) = (0, Vec::new(), 1);
    for (at, token) in tokens.iter().enumerate() {
        depth += nesting(token.kind);
        let comma = depth == 1 && token.kind == TokenKind::Comma;
        if comma || depth == 0 {
            let member = member(text, &tokens[begin..at], comma.then(|| token.span.clone()));
            found.extend(member);
            begin = at + 1;
        }
    }
    Some(found)
}

fn member(text: &str, tokens: &[Token], comma: Option<Range<usize>>) -> Option<Member> {
    let used: Vec<&Token> = tokens.iter().filter(|token| !is_blank(token.kind)).collect();
    let span = used.first()?.span.start..used.last()?.span.end;
    let mut depth = 0;
    let equals = used.iter().position(|token| {
        depth += nesting(token.kind);
        depth == 0 && token.kind == TokenKind::Equals
    });
    let Some(equals) = equals else { return Some(Member { path: vec![], value: span.clone(), span, comma }) };
    let path = keys(&text[span.start..used[equals].span.start]);
    let value = used.get(equals + 1)?.span.start..span.end;
    Some(Member { path, span, value, comma })
}

/// A change of the text: these bytes become that.
pub(super) type Splice = (Range<usize>, String);

/// Adds a member to an inline table.
pub(super) fn insert_entry(text: &str, table: &Range<usize>, entry: &str) -> Option<Vec<Splice>> {
    let known = entries(text, table)?;
    Some(vec![match known.last() {
        Some(last) => (last.span.end..last.span.end, format!(", {entry}")),
        None => (table.clone(), format!("{{ {entry} }}")),
    }])
}

/// Adds members to a list, in its style: on one line, or each on its own.
pub(super) fn insert_elements(text: &str, array: &Range<usize>, names: &[String]) -> Option<Vec<Splice>> {
    let known = elements(text, array)?;
    let Some(last) = known.last() else {
        return Some(vec![(array.clone(), format!("[{}]", names.join(", ")))]);
    };
    let line = line_end(text, last.comma.as_ref().map_or(last.span.end, |comma| comma.end));
    let own_lines = line < array.end && text[line_start(text, last.span.start)..last.span.start].trim().is_empty();
    if !own_lines {
        return Some(vec![(last.span.end..last.span.end, format!(", {}", names.join(", ")))]);
    }
    let newline = newline(text);
    let indent = &text[line_start(text, last.span.start)..last.span.start];
    let added = names.iter().map(|name| format!("{indent}{name}")).collect::<Vec<_>>();
    let end = if last.comma.is_some() { "," } else { "" };
    let added = added.join(&format!(",{newline}")) + end + newline;
    let mut splices = vec![(line..line, added)];
    if last.comma.is_none() {
        splices.push((last.span.end..last.span.end, ",".into()));
    }
    Some(splices)
}

/// What has to be cut so that an inline table no longer has what begins with these keys.
pub(super) fn cut(text: &str, table: &Range<usize>, path: &[&str]) -> Vec<Splice> {
    let Some(known) = entries(text, table) else { return vec![] };
    let mut cuts = Vec::new();
    // Of members that go, those at the end take the comma before them along, the others the one behind.
    let kept = known.iter().rposition(|member| !begins(&member.path, path));
    for (at, member) in known.iter().enumerate() {
        if begins(&member.path, path) {
            let behind = member.comma.as_ref().map_or(member.span.end, |comma| comma.end);
            cuts.push((whole_line(text, member.span.start..behind), String::new()));
        } else if begins_strictly(path, &member.path) {
            cuts.extend(cut(text, &member.value, &path[member.path.len()..]));
        }
        let last = Some(at) == kept && at + 1 < known.len() && known.last().is_some_and(|last| last.comma.is_none());
        if let Some(comma) = member.comma.as_ref().filter(|_| last) {
            cuts.push((comma.clone(), String::new()));
        }
    }
    cuts
}

/// A part with its whole line where nothing else stands on it, else with the blanks behind it.
fn whole_line(text: &str, part: Range<usize>) -> Range<usize> {
    let (start, end) = (line_start(text, part.start), line_end(text, part.end));
    let behind = text[part.end..end].trim_start_matches([' ', '\t']);
    if text[start..part.start].trim().is_empty() && (behind.starts_with('#') || behind.trim().is_empty()) {
        return start..end;
    }
    part.start..end - behind.len()
}

/// Whether the keys begin with these.
pub(super) fn begins(path: &[String], with: &[&str]) -> bool {
    path.len() >= with.len() && path.iter().zip(with).all(|(a, b)| a == b)
}

fn begins_strictly(target: &[&str], path: &[String]) -> bool {
    target.len() > path.len() && !path.is_empty() && path.iter().zip(target).all(|(a, b)| a == b)
}
