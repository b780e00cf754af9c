//! The texts that a declaration is made of: the file itself, then what it includes. A place in them is one range of
//! bytes, counted through all texts in their order.

use std::ops::Range;

use super::path::AbsPath;

/// One text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file that holds it.
    pub file: AbsPath,
    /// What it holds.
    pub text: String,
    /// The place of its first byte.
    pub start: usize,
}

/// All texts of a declaration; the first is the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    main: Source,
    included: Vec<Source>,
}

impl Sources {
    /// The file alone.
    #[must_use]
    pub fn new(file: AbsPath, text: impl Into<String>) -> Self {
        Sources { main: Source { file, text: text.into(), start: 0 }, included: Vec::new() }
    }

    /// Adds a text behind the others.
    pub fn include(&mut self, file: AbsPath, text: String) {
        let last = self.included.last().unwrap_or(&self.main);
        // One byte apart, so that the end of one text is not the begin of the next.
        let start = last.start + last.text.len() + 1;
        self.included.push(Source { file, text, start });
    }

    /// The file itself.
    #[must_use]
    pub fn main(&self) -> &Source {
        &self.main
    }

    /// What it includes, in the order in which it was read.
    #[must_use]
    pub fn included(&self) -> &[Source] {
        &self.included
    }

    /// Every text, the file's own first.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.main).chain(&self.included)
    }

    /// The text that a place is in, and the place as that text counts.
    #[must_use]
    pub fn at(&self, span: &Range<usize>) -> (&Source, Range<usize>) {
        let source = self.included.iter().rev().find(|source| source.start <= span.start).unwrap_or(&self.main);
        (source, span.start - source.start..span.end.saturating_sub(source.start))
    }

    /// The same texts, each changed by `change`, which keeps every byte in its place.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let map = |source: &Source| Source { text: change(&source.text), ..source.clone() };
        Sources { main: map(&self.main), included: self.included.iter().map(map).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_belongs_to_one_text() {
        let file = |name: &str| AbsPath::new(format!("/ws/{name}")).unwrap();
        let mut sources = Sources::new(file("m"), "abc");
        sources.include(file("x"), String::new());
        sources.include(file("y"), "de".into());
        let at = |span: Range<usize>| (sources.at(&span).0.file.to_string(), sources.at(&span).1);
        assert_eq!(at(0..3), ("/ws/m".into(), 0..3));
        assert_eq!(at(3..3), ("/ws/m".into(), 3..3));
        assert_eq!(at(4..4), ("/ws/x".into(), 0..0));
        assert_eq!(at(5..6), ("/ws/y".into(), 0..1));
        assert_eq!(at(7..7), ("/ws/y".into(), 2..2));
    }
}
