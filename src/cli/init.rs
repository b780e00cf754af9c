//! `wsctl init`

use anyhow::Result;

use super::globals::Globals;
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::git::{Door as _, GitDoor};
use crate::model::path::RelPath;
use crate::plan::FileContent;
use crate::view;

/// Write a first builders.toml from the clones in repos/. Never over a file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wsctl init
  wsctl init -      print it instead")]
pub(super) struct Args {
    /// `-` prints the text to standard output
    #[arg(value_name = "-", value_parser = ["-"])]
    output: Option<String>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let root = Globals::cwd()?;
    let text = config::starter(&root)?;
    if args.output.is_some() {
        view::print(&text)?;
        return Ok(0);
    }
    let file = match &globals.file {
        Some(file) => root.join(file),
        None => root.join("builders.toml"),
    };
    if file.as_path().symlink_metadata().is_ok() {
        return Err(Diagnostic::new(format!("{file} is there already; nothing was written"), "wsctl validate").into());
    }
    let directory = file.parent();
    let name = file.as_path().file_name().and_then(|name| name.to_str()).unwrap_or("builders.toml");
    let content = FileContent::Bytes { bytes: text.into_bytes(), executable: false };
    GitDoor::new(&directory, false)?.write_managed(&directory, &RelPath::new(name)?, &content, None)?;
    if !globals.quiet() {
        let named = if globals.file.is_some() { format!(" -f {file}") } else { String::new() };
        view::print(&format!("Wrote {file}. Declare a builder in it, then: wsctl{named} plan\n"))?;
    }
    Ok(0)
}
