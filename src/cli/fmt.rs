//! `wsctl fmt`

use std::io::Read as _;

use anyhow::{Context as _, Result};

use super::editing::{Editing, write};
use super::globals::Globals;
use super::workspace::take;
use crate::config;
use crate::config::fault::{all, redact};
use crate::diagnostic::Faults;
use crate::edit::format;
use crate::git::GitDoor;
use crate::model::path::{AbsPath, RelPath};
use crate::model::source::Sources;
use crate::plan::TextChange;
use crate::view;

/// Write builders.toml, and what it includes, the one way: spaces, blank lines, quotes of keys. Nothing is moved, and what
/// it says stays. Columns that were meant stay columns.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl fmt
  wsctl fmt --check     for CI: exits 1 and shows what would change
  wsctl fmt - < builders.toml")]
pub(super) struct Args {
    /// Write nothing; exit 1 if anything would change
    #[arg(long)]
    check: bool,
    /// `-` formats standard input to standard output
    #[arg(value_name = "-", value_parser = ["-"])]
    input: Option<String>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    if args.input.is_some() {
        return standard_input(args);
    }
    let editing = Editing::open(globals)?;
    let mut changed: Vec<(AbsPath, String, String)> = Vec::new();
    for source in editing.config.sources.iter() {
        let text = formatted(&source.file, &source.text)?;
        if text != source.text {
            changed.push((source.file.clone(), source.text.clone(), text));
        }
    }
    let files: Vec<AbsPath> = changed.iter().map(|(file, _, _)| file.clone()).collect();
    if !globals.json && !globals.quiet() {
        for (file, before, text) in &changed {
            let name = file.as_path().file_name().unwrap_or_default().to_string_lossy();
            let change = TextChange {
                path: RelPath::new(&name).unwrap_or_else(|_| RelPath::here()),
                old: redact(before).into_bytes(),
                new: redact(text).into_bytes(),
                private: false,
            };
            view::print(&view::edit::change(&change, &globals.out_style()))?;
        }
    }
    if !args.check && !changed.is_empty() {
        let _locks = take(globals, &editing.desired, &[])?;
        let door = GitDoor::of(&editing.desired, false)?;
        for (file, before, text) in &changed {
            write(globals, &door, file, Some(before), text)?;
        }
    }
    if globals.json {
        view::print(&view::json::fmt::fmt(editing.config.file(), &files, !args.check))?;
    } else if !globals.quiet() {
        view::print(&view::edit::formatted(&files, !args.check, &globals.out_style()))?;
    }
    Ok(u8::from(args.check && !changed.is_empty()))
}

fn standard_input(args: &Args) -> Result<u8> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input cannot be read as UTF-8")?;
    let file = Globals::cwd()?.join("builders.toml");
    let after = formatted(&file, &text)?;
    if !args.check {
        view::print(&after)?;
    }
    Ok(u8::from(args.check && after != text))
}

/// A text as it should be.
fn formatted(file: &AbsPath, text: &str) -> Result<String> {
    let sources = Sources::new(file.clone(), text);
    if let Some(fault) = config::unreadable(text) {
        return Err(all(&sources, vec![fault]).into());
    }
    format(text).map_err(|fault| -> Faults { all(&sources, vec![*fault]) }).map_err(Into::into)
}
