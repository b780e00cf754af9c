//! `wsctl schema`

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use super::globals::Globals;
use crate::view;
use crate::view::json::schema::{SUBJECTS, names, names_json, text};

/// Print the JSON Schema of what wsctl writes; without a name, list them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wsctl schema                     what there are schemas of
  wsctl schema plan
  wsctl schema events > events.schema.json")]
pub(super) struct Args {
    /// Of what
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(SUBJECTS.map(|subject| subject.name)))]
    name: Option<String>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let subject = args.name.as_ref().and_then(|name| SUBJECTS.iter().find(|subject| subject.name == name));
    match subject {
        Some(subject) => view::print(&text(&subject.schema()))?,
        None => {
            view::print(&if globals.json { names_json() } else { names(&globals.out_style()) })?;
        }
    }
    Ok(0)
}
