//! The plan as text: drift, changes, what is unmanaged, warnings, and the summary line.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::model::path::printable;
use crate::plan::{Change, Deletion, Note, Plan, Summary, Symbol};

use super::change::{INDENT, column, line, lines, sign};
use super::style::{Style, Tone, Verbosity};
use super::text::{clean, count, push_next};

/// Everything that `wsctl plan` answers. With `-q`: nothing where nothing changes and nothing is refused.
#[must_use]
pub fn plan_text(plan: &Plan, verbosity: Verbosity, style: &Style) -> String {
    let changes = changes_text(plan, verbosity, style);
    let deletions = deletions_text(plan, style);
    let sections = match verbosity {
        Verbosity::Quiet if plan.changes.is_empty() && plan.deletions.is_empty() => return String::new(),
        Verbosity::Quiet => vec![changes, deletions],
        Verbosity::Normal | Verbosity::Verbose => {
            let drift = notes("Drift (left alone):", plan.drift.iter().filter(|note| !said(plan, note)), style);
            let heading = if drift.is_empty() || changes.is_empty() { String::new() } else { heading("Changes:", style) };
            vec![
                drift,
                heading + &changes,
                deletions,
                notes("Unmanaged (left alone):", plan.unmanaged.iter(), style),
                warnings(&plan.warnings, style),
            ]
        }
    };
    let mut out = String::new();
    for section in sections.iter().filter(|section| !section.is_empty()) {
        out += section;
        out.push('\n');
    }
    out + &style.paint(Tone::Strong, &summary_line(plan)) + "\n"
}

/// `Plan: 3 to create, 1 blocked.` or `No changes. 12 builders match builders.toml.`
#[must_use]
pub fn summary_line(plan: &Plan) -> String {
    let Summary { create, update, replace, remove, delete, blocked } = plan.summary();
    let parts = [
        (create, "to create"),
        (update, "to update"),
        (replace, "to replace"),
        (remove, "to remove"),
        (delete, "to delete for good"),
        (blocked, "blocked"),
    ];
    let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !parts.is_empty() {
        return format!("Plan: {}.", parts.join(", "));
    }
    let file = clean(&printable(plan.file.as_path().file_name().unwrap_or_default()));
    let but = if plan.drift.is_empty() { "" } else { ", apart from the drift above" };
    match plan.declared {
        0 => format!("No changes. {file} declares no builders{but}."),
        1 => format!("No changes. 1 builder matches {file}{but}."),
        many => format!("No changes. {} match {file}{but}.", count(many, "builder")),
    }
}

/// The changes; a blank line sets off every builder that has more than one line to show.
fn changes_text(plan: &Plan, verbosity: Verbosity, style: &Style) -> String {
    let column = column(plan.changes.iter().map(|change| &change.address));
    let mut out = String::new();
    let mut last = 0;
    for block in plan.changes.chunk_by(same_block) {
        let text: String = block.iter().map(|change| lines(change, &plan.root, column, verbosity, style)).collect();
        let height = text.lines().count();
        if last > 1 || (last > 0 && height > 1) {
            out.push('\n');
        }
        out += &text;
        last = height;
    }
    out
}

/// What goes from the trash, one line each.
fn deletions_text(plan: &Plan, style: &Style) -> String {
    let subject = |deletion: &Deletion| format!("trash {}", clean(&deletion.entry));
    let column = plan.deletions.iter().map(|deletion| subject(deletion).width()).max().unwrap_or(0);
    let text = |it: &Deletion| {
        let fact = format!("{}, {}", it.address, it.reason);
        line(Tone::Blocked, sign(Symbol::Remove), &subject(it), column, &fact, style)
    };
    plan.deletions.iter().map(text).collect()
}

fn same_block(a: &Change, b: &Change) -> bool {
    a.address.builder() == b.address.builder()
}

/// Whether a refused change says the same.
fn said(plan: &Plan, note: &Note) -> bool {
    plan.blocked().any(|change| {
        note.address.as_ref() == Some(&change.address) && change.blockers.iter().any(|it| Some(&it.next) == note.next.as_ref())
    })
}

fn notes<'a>(title: &str, notes: impl Iterator<Item = &'a Note>, style: &Style) -> String {
    let notes: Vec<&Note> = notes.collect();
    if notes.is_empty() {
        return String::new();
    }
    let width = notes.iter().map(|note| clean(&note.subject).width()).max().unwrap_or(0).min(56);
    let mut out = heading(title, style);
    for note in notes {
        let subject = clean(&note.subject);
        let gap = width.saturating_sub(subject.width()) + 3;
        let _ = writeln!(out, "{}", format!("  {subject}{:gap$}{}", "", clean(&note.fact)).trim_end());
        push_next(&mut out, INDENT, note.next.as_deref().unwrap_or_default(), style);
    }
    out
}

fn warnings(warnings: &[String], style: &Style) -> String {
    let lines = warnings.iter().map(|warning| format!("{} {}\n", style.paint(Tone::Notice, "warning:"), clean(warning)));
    lines.collect()
}

fn heading(title: &str, style: &Style) -> String {
    style.paint(Tone::Strong, title) + "\n"
}
