//! Faults of the file: how they are made, suggested for, ordered and cleared of secrets.

use std::ops::Range;

use crate::diagnostic::{Fault, Faults};
use crate::model::source::Sources;

/// A fault with its label and its way out.
pub(crate) fn fault(span: &Range<usize>, message: impl Into<String>, label: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault { message: message.into(), span: span.clone(), label: label.into(), hint: hint.into(), related: None }
}

/// The same fault with a second place.
pub(crate) fn related(mut fault: Fault, span: &Range<usize>, label: impl Into<String>) -> Fault {
    fault.related = Some((span.clone(), label.into()));
    fault
}

/// Every fault in the order of the texts, each once; credentials in the texts are masked.
pub(crate) fn all(sources: &Sources, mut faults: Vec<Fault>) -> Faults {
    faults.sort_by(|a, b| (a.span.start, a.span.end, &a.message).cmp(&(b.span.start, b.span.end, &b.message)));
    faults.dedup();
    Faults { sources: sources.map(redact), faults }
}

/// The known word nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The nearest known word as a hint, else all of them.
pub(crate) fn suggestion<'a>(word: &str, what: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("there are no {what}"),
        None => format!("{what}: {}", listed(known)),
    }
}

/// Words for people: `a`, `b`.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Masks what may be a secret in every url of a text; no byte moves.
#[must_use]
pub(crate) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(tail.len());
        let (url, after) = tail.split_at(end);
        let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
        let secret = url[..authority].rfind('@').unwrap_or(0);
        let harmless = head.ends_with("ssh://") && !url[..secret].contains(':');
        let query = url.find(['?', '#']).map_or(url.len(), |at| at + 1);
        push_masked(&mut out, &url[..secret], !harmless);
        out.push_str(&url[secret..query]);
        push_masked(&mut out, &url[query..], true);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn push_masked(out: &mut String, text: &str, mask: bool) {
    if mask {
        out.extend(std::iter::repeat_n('*', text.len()));
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_no_byte_moves() {
        let table = [
            ("url = \"https://me:geheim@host/x\" # y", "url = \"https://*********@host/x\" # y"),
            ("https://tökén@host/x?token=abc and on", "https://*******@host/x?********* and on"),
            ("ssh://git@host/x", "ssh://git@host/x"),
            ("ssh://git:pw@host/x", "ssh://******@host/x"),
            ("no url: a@b:c, http://", "no url: a@b:c, http://"),
        ];
        for (text, masked) in table {
            assert_eq!(redact(text), masked);
            assert_eq!(redact(text).len(), text.len());
        }
    }

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(nearest("brnach", ["base", "branch"]), Some("branch"));
        assert_eq!(nearest("zzz", ["base", "branch"]), None);
        assert_eq!(suggestion("zzz", "known keys", ["base"]), "known keys: `base`");
    }
}
