//! `wsctl remove`

use anyhow::Result;

use super::complete;
use super::edited::{ApplyOptions, Edit, end};
use super::editing::{Editing, here, repeated};
use super::globals::Globals;
use super::options::RemovalOptions;
use super::typed;
use crate::config::fault::suggestion;
use crate::diagnostic::Diagnostic;
use crate::edit::remove_builder;
use crate::model::address::Address;
use crate::model::name::BuilderName;
use crate::view::edit::Verb;

/// Take a builder out of builders.toml; with --apply, move it to the trash too. Inside a builder, that one is meant.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl remove slack
  wsctl remove slack --apply                    also moves it to the trash; unsaved work blocks that
  wsctl remove slack --apply --unsaved=trash    with the work in it
  wsctl remove slack --apply --keep-branch      its branches stay; --delete-branch: merged ones go
  wsctl remove slack --apply --auto-approve --json   for programs: one document")]
pub(super) struct Args {
    /// The builder
    #[arg(add = complete::builders())]
    name: Option<String>,
    #[command(flatten)]
    apply: ApplyOptions,
    #[command(flatten)]
    removals: RemovalOptions,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    repeated(globals, args.apply.is_unasked(), || once(globals, args))
}

fn once(globals: &Globals, args: &Args) -> Result<u8> {
    let named = args.name.as_deref().map(typed::builder).transpose()?;
    let mut editing = Editing::open(globals)?;
    let Some(name) = named.or_else(|| here(&editing.desired)) else {
        let fact = "which builder? This directory lies in none";
        return Err(Diagnostic::new(fact, "wsctl remove NAME").into());
    };
    match editing.config.file_of_builder(&name).cloned() {
        Some(file) => {
            let text = remove_builder(&editing.text(&file), &name);
            editing.put(&file, text)?;
        }
        // What an earlier run took out of the file may wait on the disk.
        None if args.apply.is_asked() && on_disk(&editing, &name) => {}
        None => return Err(unknown(&editing, &name)),
    }
    end(
        globals,
        &Edit {
            editing: &editing,
            verb: Verb::Remove,
            builder: Some(&name),
            subject: Address::Builder(name.clone()).to_string(),
            apply: &args.apply,
            removals: Some(&args.removals),
        },
    )
}

fn on_disk(editing: &Editing, name: &BuilderName) -> bool {
    editing.desired.builders_dir.join(name.as_str()).as_path().symlink_metadata().is_ok()
}

fn unknown(editing: &Editing, name: &BuilderName) -> anyhow::Error {
    let known = editing.config.builders.keys().map(BuilderName::as_str);
    let near = suggestion(name.as_str(), "declared builders", known);
    Diagnostic::new(format!("builder `{name}` is not declared"), near + "\nwsctl status").into()
}
