//! What was found that wsctl did not make, and what taking it over does.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use crate::model::path::AbsPath;
use crate::plan::import::{Find, FoundCheckout, Left};
use crate::plan::{Symbol, TextChange};

use super::change::{INDENT, line};
use super::style::{Style, Tone};
use super::text::{clean, count, push_next};

/// One builder that could be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What was found.
    pub find: Find,
    /// Whether the file declares all of it.
    pub declared: bool,
    /// Where each checkout is declared, or will be; `None`: nowhere.
    pub to: Vec<Option<AbsPath>>,
    /// The builder's directory.
    pub path: AbsPath,
    /// Why it cannot be declared as it is.
    pub refused: Option<String>,
}

impl Row {
    /// Each checkout and where it shall be.
    pub fn checkouts(&self) -> impl Iterator<Item = (&FoundCheckout, Option<&AbsPath>)> {
        self.find.checkouts.iter().zip(self.to.iter().map(Option::as_ref))
    }

    /// Whether a later apply moves something of it.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.checkouts().any(|(found, to)| to.is_some_and(|to| *to != found.worktree))
    }
}

/// What a checkout is on.
fn on(found: &FoundCheckout) -> String {
    let head = match (&found.branch, found.attached) {
        (Some(branch), true) => format!("on branch {branch}"),
        (Some(branch), false) => format!("of branch {branch}, HEAD detached at {}", found.head.short()),
        (None, _) => format!("HEAD detached at {}", found.head.short()),
    };
    match found.operation {
        Some(operation) => format!("{head}, {operation} in progress"),
        None => head,
    }
}

/// What there is, and what is left as it is; `hints`: with what to type.
#[must_use]
pub fn list(rows: &[Row], left: &[Left], hints: bool, style: &Style) -> String {
    let mut out = String::new();
    for row in rows {
        let subject = format!("builders.{}", row.find.builder);
        let what = count(row.find.checkouts.len(), "checkout");
        if let Some(why) = &row.refused {
            out += &line(Tone::Blocked, "!", &subject, subject.len(), &format!("cannot be declared: {why}"), style);
        } else {
            let declared = if row.declared { "declared" } else { "not declared yet" };
            let fact = format!("take over {what}, {declared}");
            out += &line(Tone::Change(Symbol::Adopt), ">", &subject, subject.len(), &fact, style);
        }
        for (found, to) in row.checkouts() {
            let name = clean(found.repository.as_str());
            let _ = writeln!(out, "{:INDENT$}{name} at {}, {}", "", style.path(&found.worktree), clean(&on(found)));
            if let Some(to) = to.filter(|to| **to != found.worktree) {
                let _ = writeln!(out, "{:INDENT$}  declared at {}: a later apply moves it", "", style.path(to));
            }
        }
        out.push('\n');
    }
    for left in left {
        let path = style.path(&left.path);
        let _ = writeln!(out, "  {} {path}: left as it is: {}", style.paint(Tone::Blocked, "!"), clean(&left.why));
        push_next(&mut out, INDENT, &left.next, style);
    }
    if !left.is_empty() {
        out.push('\n');
    }
    let can: Vec<&Row> = rows.iter().filter(|row| row.refused.is_none()).collect();
    let (all, elsewhere): (Vec<&Row>, Vec<&Row>) = can.iter().partition(|row| row.find.inside);
    let last = match (all.len(), elsewhere.len()) {
        (0, 0) => "Nothing to take over.".into(),
        (_, 0) => format!("{} to take over.", count(all.len(), "builder")),
        (0, _) => format!("{} to take over, by name alone.", count(elsewhere.len(), "builder")),
        (_, by_name) => format!("{} to take over, {by_name} of them by name alone.", count(can.len(), "builder")),
    };
    let _ = writeln!(out, "{}", style.paint(Tone::Strong, &last));
    let mut hint = |which: &str, rows: &[&Row]| {
        if hints && !rows.is_empty() {
            let generate = if rows.iter().all(|row| row.declared) { "" } else { " --generate" };
            push_next(&mut out, 2, &format!("wsctl import {which}{generate}"), style);
        }
    };
    hint("--all", &all);
    let names: Vec<&str> = elsewhere.iter().map(|row| row.find.builder.as_str()).collect();
    hint(&names.join(" "), &elsewhere);
    out
}

/// The lines that a change adds, as text for the file.
#[must_use]
pub fn text(change: &TextChange) -> String {
    let (old, new) = (String::from_utf8_lossy(&change.old), String::from_utf8_lossy(&change.new));
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let added =
        diff.iter_all_changes().filter(|change| change.tag() == ChangeTag::Insert).map(|change| change.value().to_owned());
    added.collect::<String>().trim_start_matches('\n').to_owned()
}

/// What was taken over.
#[must_use]
pub fn taken(rows: &[Row], style: &Style) -> String {
    let taken: Vec<&Row> = rows.iter().filter(|row| row.refused.is_none()).collect();
    let fact = format!("Took over {}.", count(taken.len(), "builder"));
    let mut out = style.paint(Tone::Strong, &fact) + "\n";
    if taken.iter().any(|row| row.moves()) {
        out.push_str("Nothing was moved; what lies elsewhere than declared is moved by an apply.\n");
        push_next(&mut out, 2, "wsctl plan", style);
    }
    out
}
