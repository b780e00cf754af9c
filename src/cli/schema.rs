//! `wsctl schema`

use std::collections::BTreeMap;

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use super::globals::Globals;
use crate::view::json::schema::{SUBJECTS, list, text};
use crate::{config, view};

/// Print the JSON Schema of what wsctl reads and writes; without a name, list them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl schema                                what there are schemas of
  wsctl schema plan
  wsctl schema config > builders.schema.json  for editors; see `wsctl init --schema`")]
pub(super) struct Args {
    /// Of what
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
    name: Option<String>,
}

/// The file, which `config` knows, and what views write.
const CONFIG: (&str, &str) = ("config", "builders.toml, for editors");

fn names() -> Vec<&'static str> {
    all().into_keys().collect()
}

fn all() -> BTreeMap<&'static str, &'static str> {
    SUBJECTS.iter().map(|subject| (subject.name, subject.about)).chain([CONFIG]).collect()
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let answer = match &args.name {
        None if globals.json => text(&all()),
        None => list(&all(), &globals.out_style()),
        Some(name) => match SUBJECTS.iter().find(|subject| subject.name == name) {
            Some(subject) => text(&subject.schema()),
            None => text(&config::documented()),
        },
    };
    view::print(&answer)?;
    Ok(0)
}
