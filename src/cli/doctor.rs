//! `wsctl doctor`

use anyhow::Result;

use super::complete;
use super::globals::Globals;
use super::path::named;
use super::workspace::{load, refresh};
use crate::doctor::{Case, answers};
use crate::model::checkup::{Finding, Level};
use crate::model::desired::Desired;
use crate::model::session::Opener;
use crate::plan::Options;
use crate::{actual, trash, view};

/// Answer the questions that one asks by hand: is everything what it should be, and what mends it?
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl doctor          what is not well, with the command that mends it, and a word on the rest
  wsctl doctor -v       every answer
  wsctl doctor slack    every answer about one builder
  wsctl doctor -q       nothing where all is well: for cron

Exit code 1 where something is not well. Nothing is changed.")]
pub(super) struct Args {
    /// Only this builder
    #[arg(value_name = "NAME", add = complete::builders())]
    name: Option<String>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let options = Options { now: Globals::now(), boot: actual::boot(), place: globals.place(), ..Options::default() };
    let (read, plan) = refresh(&desired, &options)?;
    let all = actual::located(&read, &desired);
    let only = args.name.as_ref().map(|name| named(&desired, &all, name)).transpose()?;
    let mut vitals = actual::vitals(&desired, &read, &all, program(&desired));
    let now = Globals::moment();
    vitals.due = read.trash.iter().filter(|entry| trash::is_due(entry, &now, None)).count();
    let case = Case { desired: &desired, actual: &read, plan: &plan, builders: &all, vitals: &vitals };
    let mut found = answers(&case);
    if let Some(only) = only {
        let address = only.address().to_string();
        found.retain(|found| found.subject == address || found.subject.starts_with(&format!("{address}.")));
    }
    let bad = found.iter().any(|found: &Finding| found.level == Level::Bad);
    if globals.json {
        view::print(&view::json::doctor(&found))?;
    } else {
        let whole = only.is_some();
        view::print(&view::doctor_text(&found, whole, globals.verbosity(), &globals.out_style()))?;
    }
    Ok(u8::from(bad))
}

/// What `wsctl open` starts.
fn program(desired: &Desired) -> Option<&str> {
    match &desired.open {
        Opener::OpenCode => desired.opencode.as_ref().map(|_| "opencode"),
        Opener::Claude => Some("claude"),
        Opener::Codex => Some("codex"),
        Opener::Code => Some("code"),
        Opener::Command(words) => words.first().map(String::as_str),
    }
}
