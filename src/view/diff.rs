//! Unified diffs of managed files.

use similar::{ChangeTag, TextDiff};

use crate::plan::{Symbol, TextChange};

use super::style::{Style, Tone};
use super::text::{clean, size};

/// Files larger than this, in bytes, are not compared line by line.
const LARGEST: usize = 1 << 20;

/// A drawn diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawn {
    /// Its lines, from `---` on; empty where old and new are equal.
    Lines(Vec<DiffLine>),
    /// Not text, too large, or not to be shown: one line instead.
    Opaque(String),
}

/// One line of a unified diff, without its newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// The colour it has.
    pub tone: Option<Tone>,
    /// Sign and text, as the file has it.
    pub text: String,
}

/// Draws a change as git would.
#[must_use]
pub fn draw(change: &TextChange) -> Drawn {
    if change.old == change.new {
        return Drawn::Lines(Vec::new());
    }
    let sizes = format!("({} → {})", size(change.old.len() as u64), size(change.new.len() as u64));
    if change.private {
        return Drawn::Opaque(format!("what differs is not shown: git does not keep this file, which may hold secrets {sizes}"));
    }
    let (Some(old), Some(new)) = (text(&change.old), text(&change.new)) else {
        return Drawn::Opaque(format!("binary files differ {sizes}"));
    };
    if old.len().max(new.len()) > LARGEST {
        return Drawn::Opaque(format!("large files differ {sizes}"));
    }
    let line = |tone, text: String| DiffLine { tone, text };
    let mut lines =
        vec![line(Some(Tone::Strong), format!("--- {}", change.path)), line(Some(Tone::Strong), format!("+++ {}", change.path))];
    let diff = TextDiff::from_lines(old, new);
    for hunk in diff.unified_diff().iter_hunks() {
        lines.push(line(Some(Tone::Change(Symbol::Adopt)), hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, tone) = match change.tag() {
                ChangeTag::Equal => (' ', None),
                ChangeTag::Delete => ('-', Some(Tone::Change(Symbol::Remove))),
                ChangeTag::Insert => ('+', Some(Tone::Change(Symbol::Create))),
            };
            let text = change.value();
            lines.push(line(tone, format!("{sign}{}", text.strip_suffix('\n').unwrap_or(text))));
            if change.missing_newline() {
                lines.push(line(None, "\\ No newline at end of file".into()));
            }
        }
    }
    Drawn::Lines(lines)
}

/// The diff for a terminal, each line indented; at most `limit` lines, where there is a limit.
#[must_use]
pub fn lines(change: &TextChange, indent: usize, limit: Option<usize>, style: &Style) -> String {
    let lines = match draw(change) {
        Drawn::Opaque(fact) => vec![fact],
        Drawn::Lines(lines) => {
            // One line more costs no more room than the line that says how many were cut.
            let shown = limit.filter(|limit| lines.len() > limit + 1).unwrap_or(lines.len());
            let cut = lines.len() - shown;
            let mut out: Vec<_> = lines[..shown].iter().map(|line| line.paint(style)).collect();
            if cut > 0 {
                out.push(style.paint(Tone::Faint, &format!("… {cut} more lines, shown with -v")));
            }
            out
        }
    };
    let indent = " ".repeat(indent);
    lines.iter().flat_map(|line| [indent.as_str(), line.as_str(), "\n"]).collect()
}

/// A diff of git's own for a terminal, each line indented.
#[must_use]
pub fn unified(text: &str, indent: usize, style: &Style) -> String {
    let tone = |line: &str| match line.as_bytes().first() {
        _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ") => Some(Tone::Strong),
        Some(b'+') => Some(Tone::Change(Symbol::Create)),
        Some(b'-') => Some(Tone::Change(Symbol::Remove)),
        Some(b'@') => Some(Tone::Change(Symbol::Adopt)),
        Some(_) | None => None,
    };
    let indent = " ".repeat(indent);
    let painted = text.lines().map(|line| DiffLine { tone: tone(line), text: line.to_owned() }.paint(style));
    painted.flat_map(|line| [indent.clone(), line, "\n".into()]).collect()
}

impl DiffLine {
    fn paint(&self, style: &Style) -> String {
        // A tab is harmless and means indentation here.
        let text = self.text.split('\t').map(clean).collect::<Vec<_>>().join("\t");
        match self.tone {
            Some(tone) => style.paint(tone, &text),
            None => text,
        }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}
