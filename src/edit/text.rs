//! The text of the file as tokens and statements: where everything stands, byte by byte.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// One token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

/// Whether a statement opens a table or sets a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[a.b]` or `[[a.b]]`
    Header,
    /// `key = value`
    Entry,
}

/// A header or an entry of a table; what stands inside an inline table is part of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    /// Its keys from the top of the file: those of its header, then its own.
    pub(super) path: Vec<String>,
    /// From its first character to behind its last, without the comment after it.
    pub(super) span: Range<usize>,
    /// Its key as written.
    pub(super) key: Range<usize>,
    /// Its value; empty for a header.
    pub(super) value: Range<usize>,
}

/// The tokens of a part of the text.
pub(super) fn tokens(text: &str, part: &Range<usize>) -> Vec<Token> {
    let shifted = |span: toml_parser::Span| part.start + span.start()..part.start + span.end();
    let tokens = Source::new(&text[part.clone()]).lex();
    tokens
        .filter(|token| token.kind() != TokenKind::Eof)
        .map(|token| Token { kind: token.kind(), span: shifted(token.span()) })
        .collect()
}

/// The keys of a dotted key; none where the text is no key.
pub(super) fn keys(text: &str) -> Vec<String> {
    let keys = toml_edit::Key::parse(text).unwrap_or_default();
    keys.iter().map(|key| key.get().to_owned()).collect()
}

/// Whether a token separates and says nothing.
pub(super) fn is_blank(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Whitespace | TokenKind::Newline | TokenKind::Comment)
}

/// How much deeper the brackets are behind a token.
pub(super) fn nesting(kind: TokenKind) -> isize {
    match kind {
        TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => 1,
        TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => -1,
        _ => 0,
    }
}

/// Every statement of a text that is TOML, in its order.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let tokens = tokens(text, &(0..text.len()));
    let (mut found, mut header, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(token) = tokens.get(at) {
        if is_blank(token.kind) {
            at += 1;
            continue;
        }
        let end = end_of(&tokens, at);
        let statement = if token.kind == TokenKind::LeftSquareBracket {
            let statement = table(text, &tokens[at..end]);
            header.clone_from(&statement.path);
            statement
        } else {
            entry(text, &tokens[at..end], &header)
        };
        found.push(statement);
        at = end;
    }
    found
}

/// The token behind the statement that begins at this one, without the blanks that end it.
fn end_of(tokens: &[Token], start: usize) -> usize {
    let (mut depth, mut end) = (0, start);
    for (at, token) in tokens.iter().enumerate().skip(start) {
        if depth == 0 && matches!(token.kind, TokenKind::Newline | TokenKind::Comment) {
            break;
        }
        depth += nesting(token.kind);
        if !is_blank(token.kind) {
            end = at + 1;
        }
    }
    end.max(start + 1)
}

fn table(text: &str, tokens: &[Token]) -> Statement {
    let span = span(tokens);
    let inner = tokens.iter().filter(|token| nesting(token.kind) == 0).cloned().collect::<Vec<_>>();
    let key = if inner.is_empty() { span.end..span.end } else { self::span(&inner) };
    Statement { kind: Kind::Header, path: keys(&text[key.clone()]), value: span.end..span.end, key, span }
}

fn entry(text: &str, tokens: &[Token], header: &[String]) -> Statement {
    let span = span(tokens);
    let equals = tokens.iter().position(|token| token.kind == TokenKind::Equals).unwrap_or(tokens.len());
    let trimmed = |part: &[Token]| {
        let used = part.iter().filter(|token| !is_blank(token.kind)).cloned().collect::<Vec<_>>();
        if used.is_empty() { span.end..span.end } else { self::span(&used) }
    };
    let key = trimmed(&tokens[..equals]);
    let value = trimmed(tokens.get(equals + 1..).unwrap_or_default());
    let path = header.iter().cloned().chain(keys(&text[key.clone()])).collect();
    Statement { kind: Kind::Entry, path, key, value, span }
}

/// From the first of some tokens to behind the last.
fn span(tokens: &[Token]) -> Range<usize> {
    let (first, last) = (tokens.first(), tokens.last());
    first.map_or(0, |token| token.span.start)..last.map_or(0, |token| token.span.end)
}

/// The number of the line that holds this place, counted from 1.
#[must_use]
pub fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where the line begins that a byte lies in.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Behind the newline of the line that a byte lies in, or the end of the text.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Where the comment lines begin that stand directly above a line, not above `floor`.
pub(super) fn comments_above(text: &str, line: usize, floor: usize) -> usize {
    let mut start = line;
    while start > floor {
        let above = line_start(text, start - 1);
        if above < floor || !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

/// Behind the comment lines that stand directly below a line that ends at `end`.
pub(super) fn comments_below(text: &str, end: usize) -> usize {
    let mut at = end;
    while at < text.len() && text[at..line_end(text, at)].trim_start().starts_with('#') {
        at = line_end(text, at);
    }
    at
}

/// How the lines of a text end.
pub(super) fn newline(text: &str) -> &'static str {
    let first = text.find('\n').unwrap_or(0);
    if text[..first].ends_with('\r') { "\r\n" } else { "\n" }
}
