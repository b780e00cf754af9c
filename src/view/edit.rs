//! What an edit of the file changed, and what to do next.

use std::fmt::Write as _;

use crate::model::desired::DesiredBuilder;
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, shell_word};
use crate::plan::TextChange;

use super::diff;
use super::style::{Style, Tone};
use super::text::{clean, push_next};

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Declares a builder.
    Add,
    /// Takes a builder out.
    Remove,
    /// Lets repositories join, or declares one.
    AddRepo,
    /// Declares what was there already.
    Import,
}

impl Verb {
    /// The command.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Verb::Add => "add",
            Verb::Remove => "remove",
            Verb::AddRepo => "add-repo",
            Verb::Import => "import",
        }
    }
}

/// What came of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for.
    pub verb: Verb,
    /// The file that marks name.
    pub file: AbsPath,
    /// The names of the files that changed.
    pub files: Vec<String>,
    /// What it is about: `builders.slack`.
    pub subject: String,
    /// The builder, where it is about one.
    pub name: Option<BuilderName>,
    /// Its directory.
    pub path: Option<AbsPath>,
    /// The builder as declared: after the edit, or before where that took it out.
    pub builder: Option<DesiredBuilder>,
    /// Entries of the trash that were a builder of this name.
    pub trash: Vec<String>,
    /// The command that goes on.
    pub next: Option<String>,
}

/// One file's change.
#[must_use]
pub fn change(change: &TextChange, style: &Style) -> String {
    diff::lines(change, 0, None, style) + "\n"
}

/// The first file of a workspace, with the repositories that it declares; `named`: how a command names it.
#[must_use]
pub fn begun(file: &AbsPath, repositories: &[String], named: &str, style: &Style) -> String {
    let (what, next) = match repositories {
        [] => (". There is no clone in repos/".to_owned(), "add-repo NAME --url URL".to_owned()),
        [first, ..] => {
            let many =
                if repositories.len() == 1 { "1 repository".into() } else { format!("{} repositories", repositories.len()) };
            (format!(" with {many}: {}", repositories.join(", ")), format!("add NAME --repo {} --apply", shell_word(first)))
        }
    };
    let mut out = format!("Wrote {}{}.\n", style.path(file), clean(&what));
    push_next(&mut out, 2, &format!("wsctl{named} {next}"), style);
    out
}

/// What was done; `code`: the exit code of the apply, where there was one.
#[must_use]
pub fn answer(answer: &Answer, code: Option<u8>, style: &Style) -> String {
    let files = clean(&answer.files.join(", "));
    let subject = clean(&answer.subject);
    let fact = match (answer.verb, answer.files.is_empty()) {
        (Verb::Add | Verb::AddRepo | Verb::Import, true) => format!("{subject} is declared already."),
        (Verb::Add | Verb::AddRepo | Verb::Import, false) => format!("{subject} is declared in {files}."),
        (Verb::Remove, true) => format!("{subject} is declared no more."),
        (Verb::Remove, false) => format!("{subject} is taken out of {files}."),
    };
    let mut out = style.paint(Tone::Strong, &fact) + "\n";
    if code.is_some_and(|code| code != 0) && !answer.files.is_empty() {
        let _ = writeln!(out, "The disk does not match it yet; {files} keeps the change. Once what is above is mended:");
    }
    if let Some(next) = &answer.next {
        push_next(&mut out, 2, next, style);
    }
    if answer.verb == Verb::Add
        && code.is_none()
        && let (Some(name), false) = (&answer.name, answer.trash.is_empty())
    {
        let _ = writeln!(out, "{} the trash keeps an earlier builder of this name", style.paint(Tone::Notice, "note:"));
        push_next(&mut out, 2, &format!("wsctl restore {name}"), style);
    }
    out
}

/// Which files were formatted, or would be.
#[must_use]
pub fn formatted(files: &[AbsPath], written: bool, style: &Style) -> String {
    let mut out = String::new();
    for file in files {
        let verb = if written { "Formatted" } else { "Not formatted:" };
        let _ = writeln!(out, "{verb} {}", style.path(file));
    }
    if !written && !files.is_empty() {
        push_next(&mut out, 2, "wsctl fmt", style);
    }
    out
}
