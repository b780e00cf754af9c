//! One way to write a value: lists and inline tables keep their lines, what stands in them its spelling.

use std::ops::Range;

use toml_parser::lexer::TokenKind;

use super::text::{Token, is_blank, nesting, tokens};
use crate::model::address::segment;

/// How far a member on a line of its own is indented.
const INDENT: usize = 4;

/// A dotted key, quoted only where it has to be.
pub(super) fn key(text: &str, part: &Range<usize>) -> String {
    let keys = super::text::keys(&text[part.clone()]);
    keys.iter().map(|key| segment(key)).collect::<Vec<_>>().join(".")
}

/// Formats a value.
pub(super) fn value(text: &str, part: &Range<usize>) -> String {
    let tokens = tokens(text, part);
    let mut draft = Draft::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = if draft.expects_key()
            && !is_blank(token.kind)
            && token.kind != TokenKind::RightCurlyBracket
            && token.kind != TokenKind::Comma
        {
            let end = at + tokens[at..].iter().take_while(|token| token.kind != TokenKind::Equals).count();
            let last = tokens[at..end].iter().rfind(|token| !is_blank(token.kind)).map_or(token.span.end, |last| last.span.end);
            draft.push(TokenKind::Atom, &key(text, &(token.span.start..last)));
            draft.key = false;
            end
        } else {
            draft.token(text, token);
            at + 1
        };
    }
    draft.out
}

/// A value so far.
#[derive(Default)]
struct Draft {
    out: String,
    open: Vec<TokenKind>,
    before: Option<TokenKind>,
    /// A newline, or a space between two words of a date, came before.
    fresh: bool,
    space: bool,
    /// A key of an inline table comes next.
    key: bool,
}

impl Draft {
    fn expects_key(&self) -> bool {
        self.key && self.open.last() == Some(&TokenKind::LeftCurlyBracket)
    }

    fn token(&mut self, text: &str, token: &Token) {
        match token.kind {
            TokenKind::Whitespace => self.space = true,
            TokenKind::Newline => self.newline(),
            TokenKind::Comment => {
                let comment = text[token.span.clone()].trim_end();
                if self.fresh {
                    self.indent(self.open.len());
                } else {
                    self.out.push(' ');
                }
                self.out.push_str(comment);
                self.fresh = false;
                self.before = Some(TokenKind::Comment);
            }
            kind => self.push(kind, &text[token.span.clone()]),
        }
    }

    fn newline(&mut self) {
        let blank = self.out.ends_with("\n\n");
        if !blank {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.out.push('\n');
        }
        self.fresh = true;
        self.space = false;
    }

    fn indent(&mut self, depth: usize) {
        self.out.push_str(&" ".repeat(depth * INDENT));
    }

    /// A comma before the bracket that closes says nothing, unless it stands on a line of its own.
    fn drop_comma(&mut self) {
        let kept = self.out.strip_suffix(',').unwrap_or(&self.out).trim_end_matches(' ');
        if !kept.ends_with('\n') {
            self.out.truncate(kept.len());
            self.before = Some(TokenKind::Atom);
        }
    }

    fn push(&mut self, kind: TokenKind, text: &str) {
        let closes = nesting(kind) < 0;
        if closes {
            self.open.pop();
        }
        if closes && !self.fresh && self.before == Some(TokenKind::Comma) {
            self.drop_comma();
        }
        if self.fresh {
            self.indent(self.open.len());
        } else if self.spaced(kind) {
            self.out.push(' ');
        }
        self.out.push_str(text);
        if nesting(kind) > 0 {
            self.open.push(kind);
        }
        self.key = match kind {
            TokenKind::LeftCurlyBracket | TokenKind::Comma => true,
            TokenKind::Equals => false,
            _ => self.key,
        };
        self.before = Some(kind);
        (self.fresh, self.space) = (false, false);
    }

    /// Whether a space stands between the token before and this one.
    fn spaced(&self, kind: TokenKind) -> bool {
        let Some(before) = self.before else { return false };
        match (before, kind) {
            (TokenKind::LeftSquareBracket, _)
            | (_, TokenKind::RightSquareBracket | TokenKind::Comma)
            | (TokenKind::LeftCurlyBracket, TokenKind::RightCurlyBracket) => false,
            (TokenKind::LeftCurlyBracket | TokenKind::Comma | TokenKind::Equals, _)
            | (_, TokenKind::RightCurlyBracket | TokenKind::Equals) => true,
            (TokenKind::Atom, TokenKind::Atom) => self.space,
            _ => false,
        }
    }
}
