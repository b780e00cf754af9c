//! A saved plan as text, and why it cannot be applied any more.

use std::fmt::Write as _;

use crate::diagnostic::{Difference, Outrun};
use crate::model::path::RelPath;
use crate::plan::{Compared, Explained, Plan, TextChange};

use super::diff;
use super::plan::plan_text;
use super::style::{Style, Tone, Verbosity};
use super::text::clean;

/// What a saved plan says of itself.
#[derive(Debug, Clone)]
pub struct SavedPlan<'a> {
    /// Its name.
    pub id: String,
    /// When it was made.
    pub made: String,
    /// The command that made it.
    pub command: String,
    /// What was found on the disk.
    pub facts: &'a [Compared],
    /// What was shown.
    pub plan: &'a Plan,
}

/// When and how it was made, what it says, and with `-v` what it depends on.
#[must_use]
pub fn saved_text(saved: &SavedPlan<'_>, verbosity: Verbosity, style: &Style) -> String {
    let plan = plan_text(saved.plan, verbosity, style);
    if verbosity == Verbosity::Quiet {
        return plan;
    }
    let made = format!("Plan of {}, made {} by `{}`.", style.path(&saved.plan.file), saved.made, clean(&saved.command));
    let facts = if verbosity == Verbosity::Verbose { facts("Depends on:", saved.facts, style) } else { String::new() };
    format!("{made}\n\n{facts}{plan}")
}

/// A plan with all that it was made from: what is as declared, and what was found where it is not.
#[must_use]
pub fn explained_text(plan: &Plan, explained: &Explained, style: &Style) -> String {
    let Explained { same, differs } = explained;
    let compared = facts("As declared:", same, style) + &facts("Not as declared:", differs, style);
    compared + &plan_text(plan, Verbosity::Verbose, style)
}

/// Facts, address by address.
#[must_use]
pub fn facts(title: &str, all: &[Compared], style: &Style) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = style.paint(Tone::Strong, title) + "\n";
    for Compared { address, facts } in all {
        let subject = address.as_ref().map_or_else(|| "the workspace".into(), ToString::to_string);
        let _ = writeln!(out, "  {}", clean(&subject));
        for fact in facts {
            let _ = writeln!(out, "      {}: {}", clean(&fact.what), clean(&fact.is));
        }
    }
    out + "\n"
}

/// What has changed since: texts as unified diffs, facts and changes with `-` and `+`.
#[must_use]
pub fn differences(outrun: &Outrun, style: &Style) -> String {
    outrun.differences.iter().map(|difference| section(difference, style)).collect()
}

fn section(difference: &Difference, style: &Style) -> String {
    match difference {
        Difference::Text { file, old, new } => {
            let name = file.as_path().file_name().and_then(|name| RelPath::new(name.to_str()?).ok());
            let path = name.unwrap_or_else(RelPath::here);
            let change = TextChange { path, old: old.clone().into_bytes(), new: new.clone().into_bytes(), private: false };
            format!("  {}\n{}", style.path(file), diff::lines(&change, 4, None, style))
        }
        Difference::Lines { subject, removed, added } => {
            let mut out = format!("  {}\n", clean(subject));
            for (sign, lines) in [("-", removed), ("+", added)] {
                let tone = if sign == "-" { Tone::Blocked } else { Tone::Good };
                for line in lines {
                    let _ = writeln!(out, "    {}", style.paint(tone, &format!("{sign} {}", clean(line))));
                }
            }
            out
        }
    }
}

/// The same for programs: one line for each line that was or is.
#[must_use]
pub fn plain(outrun: &Outrun) -> Vec<String> {
    let lines = |difference: &Difference| match difference {
        Difference::Text { file, old, new } => {
            let change = TextChange {
                path: RelPath::here(),
                old: old.clone().into_bytes(),
                new: new.clone().into_bytes(),
                private: false,
            };
            let diff::Drawn::Lines(lines) = diff::draw(&change) else { return vec![format!("{file}: another text")] };
            let signed = lines.into_iter().map(|line| line.text).filter(|text| text.starts_with(['-', '+']));
            signed.skip(2).map(|text| format!("{file}: {text}")).collect()
        }
        Difference::Lines { subject, removed, added } => {
            let removed = removed.iter().map(|line| format!("{subject}: - {line}"));
            removed.chain(added.iter().map(|line| format!("{subject}: + {line}"))).collect::<Vec<_>>()
        }
    };
    outrun.differences.iter().flat_map(lines).collect()
}
