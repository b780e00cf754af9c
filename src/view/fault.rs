//! Errors as text: faults of the file as rustc would show them, everything else as one line and the way out.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Fault, Faults, Outrun};
use crate::model::path::{AbsPath, printable};
use crate::model::source::Sources;

use super::saved;
use super::style::{Style, Tone};
use super::text::{clean, count, push_next};

/// Every fault with its source line, then how many there are.
#[must_use]
pub fn faults(faults: &Faults, style: &Style) -> String {
    let renderer = if style.color() { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width());
    let mut out = String::new();
    for fault in &faults.faults {
        out += &visible(&renderer.render(&[group(fault, &faults.sources, style)]));
        out += "\n\n";
    }
    let name = clean(&printable(faults.file().as_path().file_name().unwrap_or_default()));
    let own = faults.faults.iter().all(|fault| faults.sources.at(&fault.span).0.start == 0);
    let who = if own { "has" } else { "and what it includes have" };
    let last = format!("{name} {who} {}", count(faults.faults.len(), "fault"));
    out + &format!("{} {last}\n", style.paint(Tone::Blocked, "error:"))
}

/// What `wsctl validate` says of a file without a fault.
#[must_use]
pub fn valid(file: &AbsPath, style: &Style) -> String {
    format!("{} {}\n", style.path(file), style.paint(Tone::Good, "is valid."))
}

/// An error as one line that says what is wrong, and the next command to type under it.
#[must_use]
pub fn error(error: &anyhow::Error, style: &Style) -> String {
    if let Some(found) = error.downcast_ref::<Faults>() {
        return faults(found, style);
    }
    let chain: Vec<_> = error.chain().map(|cause| clean(cause.to_string().trim_end())).collect();
    let mut out = format!("{} {}\n", style.paint(Tone::Blocked, "error:"), chain.join(": "));
    if let Some(outrun) = error.downcast_ref::<Outrun>() {
        out += &saved::differences(outrun, style);
        push_next(&mut out, 2, &outrun.next, style);
    } else if let Some(diagnostic) = error.downcast_ref::<Diagnostic>() {
        push_next(&mut out, 2, &diagnostic.next, style);
    } else if chain.iter().any(|cause| cause.contains("No space left on device")) {
        push_next(&mut out, 2, "df -h", style);
    }
    out
}

fn group<'a>(fault: &'a Fault, sources: &'a Sources, style: &Style) -> Group<'a> {
    let annotation = |kind: AnnotationKind, span: &Range<usize>, text: &str, label: &str| {
        let annotation = kind.span(within(span, text));
        if label.is_empty() { annotation } else { annotation.label(clean(label)) }
    };
    let (source, span) = sources.at(&fault.span);
    let first = annotation(AnnotationKind::Primary, &span, &source.text, &fault.label);
    let mut snippets = vec![Snippet::source(source.text.as_str()).path(style.path(&source.file)).annotation(first)];
    if let Some((span, label)) = &fault.related {
        let (other, span) = sources.at(span);
        let second = annotation(AnnotationKind::Context, &span, &other.text, label);
        if other.start == source.start {
            snippets = snippets.into_iter().map(|snippet| snippet.annotation(second.clone())).collect();
        } else {
            snippets.push(Snippet::source(other.text.as_str()).path(style.path(&other.file)).annotation(second));
        }
    }
    let group = Level::ERROR.primary_title(clean(&fault.message)).elements(snippets);
    let hints = fault.hint.lines().map(|hint| Level::HELP.message(clean(hint)));
    group.elements(hints)
}

/// The span inside the text and on the borders of characters: a wrong one must not cost the message.
pub(super) fn within(span: &Range<usize>, text: &str) -> Range<usize> {
    let border = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=span.start.min(text.len())).rev().find(border).unwrap_or(0);
    let end = (span.end.clamp(start, text.len())..=text.len()).find(border).unwrap_or(text.len());
    start..end
}

/// The renderer shows most control characters as pictures; the ones above 127 it lets through.
fn visible(text: &str) -> String {
    text.replace(|c: char| ('\u{80}'..='\u{9f}').contains(&c), "\u{fffd}")
}
