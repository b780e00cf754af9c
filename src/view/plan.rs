//! The plan as text: drift, changes, what is unmanaged, warnings, and the summary line.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::model::path::{AbsPath, printable};
use crate::plan::{Blocker, Change, Deletion, Narrowed, Note, Plan, Summary, Symbol};

use super::change::{INDENT, column, line, lines, sign};
use super::style::{Style, Tone, Verbosity};
use super::text::{clean, count, push_next};

/// Everything that `wsctl plan` answers. With `-q`: nothing where nothing changes and nothing is refused.
#[must_use]
pub fn plan_text(plan: &Plan, verbosity: Verbosity, style: &Style) -> String {
    let changes = changes_text(plan, verbosity, style);
    let deletions = deletions_text(plan, style);
    let drift = || notes("Drift (left alone):", &plan.root, plan.drift.iter().filter(|note| !said(plan, note)), style);
    let sections = match verbosity {
        Verbosity::Quiet if plan.refresh_only && !plan.drift.is_empty() => vec![drift()],
        Verbosity::Quiet if plan.changes.is_empty() && plan.deletions.is_empty() => return String::new(),
        Verbosity::Quiet => vec![changes, deletions],
        Verbosity::Normal | Verbosity::Verbose => {
            let drift = drift();
            let heading = if drift.is_empty() || changes.is_empty() { String::new() } else { heading("Changes:", style) };
            vec![
                drift,
                heading + &changes,
                deletions,
                notes("Unmanaged (left alone):", &plan.root, plan.unmanaged.iter().filter(|_| !plan.refresh_only), style),
                left_out(plan, verbosity, style),
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

/// `Plan: 3 to create, 1 blocked.` or `No changes. 12 builders match builders.toml.`; of a part, what is not in it.
#[must_use]
pub fn summary_line(plan: &Plan) -> String {
    match &plan.narrowed {
        None => whole(plan),
        Some(narrowed) => narrow(plan, narrowed),
    }
}

/// `Plan: 1 to create. Narrowed by --target builders.a: 3 changes are left out.`
fn narrow(plan: &Plan, narrowed: &Narrowed) -> String {
    let counted = counted(plan).unwrap_or_else(|| if plan.refresh_only { whole(plan) } else { "No changes.".into() });
    let left = match narrowed.left_out.len() {
        0 => "nothing is left out".into(),
        1 => "1 change is left out".into(),
        many => format!("{many} changes are left out"),
    };
    let by = narrowed.selection.words().map(|(option, address)| format!("{option} {}", clean(&address)));
    format!("{counted} Narrowed by {}: {left}.", by.collect::<Vec<_>>().join(" "))
}

/// `Plan: 3 to create, 1 blocked.`; `None`: there is no change.
fn counted(plan: &Plan) -> Option<String> {
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
    (!parts.is_empty()).then(|| format!("Plan: {}.", parts.join(", ")))
}

fn whole(plan: &Plan) -> String {
    if let Some(counted) = counted(plan) {
        return counted;
    }
    if plan.refresh_only {
        return match plan.drift.len() {
            0 => "No drift.".into(),
            1 => "1 difference, left alone. Nothing else was asked for.".into(),
            many => format!("{many} differences, left alone. Nothing else was asked for."),
        };
    }
    let file = clean(&printable(plan.file.as_path().file_name().unwrap_or_default()));
    let but = if plan.drift.is_empty() { "" } else { ", apart from the drift above" };
    match plan.declared {
        0 => format!("No changes. {file} declares no builders{but}."),
        1 => format!("No changes. 1 builder matches {file}{but}."),
        many => format!("No changes. {} match {file}{but}.", count(many, "builder")),
    }
}

/// What a narrowed plan does not speak of, where everything is to be said.
fn left_out(plan: &Plan, verbosity: Verbosity, style: &Style) -> String {
    let left_out = plan.narrowed.iter().flat_map(|narrowed| &narrowed.left_out).filter(|_| verbosity == Verbosity::Verbose);
    let lines = left_out.fold(String::new(), |lines, address| lines + "  " + &clean(&address.to_string()) + "\n");
    if lines.is_empty() { lines } else { heading("Left out:", style) + &lines }
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
        let same = |it: &Blocker| it.fact == note.fact || Some(&it.next) == note.next.as_ref();
        note.address.as_ref() == Some(&change.address) && change.blockers.iter().any(same)
    })
}

fn notes<'a>(title: &str, root: &AbsPath, notes: impl Iterator<Item = &'a Note>, style: &Style) -> String {
    let notes: Vec<&Note> = notes.collect();
    // What has no address has a path: it is shown from the root, as every other.
    let above = format!("{root}/");
    let subject = |note: &Note| clean(note.subject.strip_prefix(&above).unwrap_or(&note.subject));
    if notes.is_empty() {
        return String::new();
    }
    let width = notes.iter().map(|note| subject(note).width()).max().unwrap_or(0).min(56);
    let mut out = heading(title, style);
    for note in notes {
        let subject = subject(note);
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
