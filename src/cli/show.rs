//! `wsctl show`

use std::path::PathBuf;

use anyhow::Result;

use super::globals::Globals;
use super::saved::{heading, read};
use crate::view;

/// Show a plan that `wsctl plan --out FILE` saved. Nothing else is read, and nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl show next.plan             what `wsctl plan --out next.plan` saved
  wsctl show next.plan -v          with everything that it depends on
  wsctl show next.plan --json | jq '.changes[].address'
  wsctl show - < next.plan")]
pub(super) struct Args {
    /// The file; `-` reads standard input
    #[arg(value_name = "FILE")]
    plan: PathBuf,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let saved = read(&args.plan)?;
    let heading = heading(&saved)?;
    let text = if globals.json {
        view::json::saved(&heading)
    } else {
        view::saved_text(&heading, globals.verbosity(), &globals.out_style())
    };
    view::print(&text)?;
    Ok(0)
}
