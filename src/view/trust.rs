//! The commands that a file wants to run, for whoever decides about them.

use std::fmt::Write as _;

use crate::model::path::{AbsPath, shell_word};
use crate::model::trust::Command;

use super::style::{Style, Tone};
use super::text::{clean, count, push_next};

/// A command of the file, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it stands: `[repos.api.hooks] post_create`.
    pub place: String,
    /// The command.
    pub command: Command,
    /// Whether it is trusted.
    pub state: State,
}

/// Whether a command is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is.
    Trusted,
    /// It is not.
    New,
    /// It is not, and another one was that stood there.
    Changed(Command),
}

/// The commands, each below its place; `all`: also those that are trusted.
#[must_use]
pub fn trust_text(file: &AbsPath, wanted: &[Wanted], all: bool, style: &Style) -> String {
    if wanted.is_empty() {
        let file = style.path(file);
        return if all { format!("{file} wants to run nothing.\n") } else { format!("Nothing in {file} waits to be trusted.\n") };
    }
    let mut out = format!("{} wants to run:\n", style.path(file));
    for Wanted { place, command, state } in wanted {
        let (sign, tone) = match state {
            State::Trusted => (" ", Tone::Good),
            State::New => ("+", Tone::Change(crate::plan::Symbol::Create)),
            State::Changed(_) => ("~", Tone::Change(crate::plan::Symbol::Update)),
        };
        let told = if *state == State::Trusted { "   trusted" } else { "" };
        let _ = writeln!(out, "\n  {} {}{}", style.paint(tone, sign), clean(place), style.paint(Tone::Good, told));
        if let State::Changed(old) = state {
            push(&mut out, "- ", old, style, Tone::Change(crate::plan::Symbol::Remove));
            push(&mut out, "+ ", command, style, Tone::Change(crate::plan::Symbol::Create));
        } else {
            push(&mut out, "", command, style, Tone::Strong);
        }
    }
    let new = wanted.iter().filter(|wanted| wanted.state != State::Trusted).count();
    if new == 0 {
        out += "\nAll of it is trusted.\n";
    } else {
        let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, &format!("{} not trusted.", count(new, "command"))));
        if all {
            push_next(&mut out, 2, "wsctl trust", style);
        }
    }
    out
}

fn push(out: &mut String, sign: &str, command: &Command, style: &Style, tone: Tone) {
    for line in shown(command).lines() {
        let _ = writeln!(out, "      {}", style.paint(tone, &format!("{sign}{}", clean(line))));
    }
}

/// The command as a shell would take it.
#[must_use]
pub fn shown(command: &Command) -> String {
    match command {
        Command::Script(text) => text.trim_end().to_owned(),
        Command::Words(words) => words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "),
    }
}
