//! The answers of `wsctl doctor`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::checkup::{Finding, Level};

use super::style::{Style, Tone, Verbosity};
use super::text::{clean, count, push_next};

/// The answers, each with what mends it under it; what is well is counted, unless `whole` or `-v` asks for all of it.
#[must_use]
pub fn doctor_text(found: &[Finding], whole: bool, verbosity: Verbosity, style: &Style) -> String {
    let all = whole || verbosity == Verbosity::Verbose;
    let mut out = String::new();
    for finding in found.iter().filter(|finding| finding.level != Level::Good || (all && verbosity != Verbosity::Quiet)) {
        let (sign, tone) = match finding.level {
            Level::Good => ("ok", Tone::Good),
            Level::Notice => (" ~", Tone::Notice),
            Level::Bad => (" !", Tone::Blocked),
        };
        let _ = writeln!(out, "{} {}: {}", style.paint(tone, sign), clean(&finding.subject), clean(&finding.fact));
        push_next(&mut out, 5, &finding.next, style);
    }
    let bad = found.iter().filter(|finding| finding.level == Level::Bad).count();
    let notices = found.iter().filter(|finding| finding.level == Level::Notice).count();
    if verbosity == Verbosity::Quiet {
        return out;
    }
    if !all {
        out += &good(found, style);
    }
    let summary = match (bad, notices) {
        (0, 0) => "All is well.".to_owned(),
        (0, notices) => format!("Nothing is broken; {} worth a look.", count(notices, "thing")),
        (bad, 0) => format!("{} not well.", count(bad, "thing")),
        (bad, notices) => format!("{} not well, {notices} more worth a look.", count(bad, "thing")),
    };
    let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, &summary));
    out
}

/// What is well, in a line for each question.
fn good(found: &[Finding], style: &Style) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    let mut of: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in found.iter().filter(|finding| finding.level == Level::Good) {
        if !kinds.contains(&finding.kind) {
            kinds.push(finding.kind);
        }
        of.entry(finding.kind).or_default().push(finding);
    }
    let mut out = String::new();
    for kind in kinds {
        let all = &of[kind];
        let text = match (&all[..], kind) {
            ([only], _) => format!("{}: {}", only.subject, only.fact),
            (many, "repository") => format!("{} are there", count_of(many.len(), "repository", "repositories")),
            (many, "worktree") => format!("{} are worktrees of the right clones", count(many.len(), "checkout")),
            (many, "project") => {
                format!("{} are projects of their own, and an agent sees every repository", count(many.len(), "builder"))
            }
            (many, other) => format!("{} × {other}", many.len()),
        };
        let _ = writeln!(out, "{} {}", style.paint(Tone::Good, "ok"), clean(&text));
    }
    out
}

fn count_of(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
