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
#[command(after_long_help = "\
Examples:
  wsctl init
  wsctl init --schema   also a schema, so that editors complete the file
  wsctl init -          print it instead")]
pub(super) struct Args {
    /// `-` prints the text to standard output
    #[arg(value_name = "-", value_parser = ["-"])]
    output: Option<String>,
    /// Write builders.schema.json beside it too, and name it in the first line: editors with taplo then complete and check
    #[arg(long, conflicts_with = "output")]
    schema: bool,
}

/// Where the schema goes, beside the file.
const SCHEMA: &str = "builders.schema.json";

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let root = Globals::cwd()?;
    let (text, names) = config::starter(&root)?;
    let text = if args.schema { format!("#:schema ./{SCHEMA}\n\n{text}") } else { text };
    if args.output.is_some() {
        view::print(&text)?;
        return Ok(0);
    }
    let file = match &globals.file {
        Some(file) => root.join(file),
        None => root.join("builders.toml"),
    };
    let directory = file.parent();
    let schema = Some(directory.join(SCHEMA)).filter(|_| args.schema);
    if file.as_path().symlink_metadata().is_ok() {
        return Err(Diagnostic::new(format!("{file} is there already; nothing was written"), "wsctl validate").into());
    }
    if let Some(schema) = schema.as_ref().filter(|schema| schema.as_path().symlink_metadata().is_ok()) {
        let next = format!("wsctl init, and name it in the first line: `#:schema ./{SCHEMA}`");
        return Err(Diagnostic::new(format!("{schema} is there already; nothing was written"), next).into());
    }
    let name = file.as_path().file_name().and_then(|name| name.to_str()).unwrap_or("builders.toml");
    let content = FileContent::Bytes { bytes: text.into_bytes(), executable: false, private: false };
    let door = GitDoor::new(&directory, false)?;
    if schema.is_some() {
        let bytes = view::json::schema::text(&config::documented()).into_bytes();
        let schema = FileContent::Bytes { bytes, executable: false, private: false };
        door.write_managed(&directory, &RelPath::new(SCHEMA)?, &schema, None)?;
    }
    door.write_managed(&directory, &RelPath::new(name)?, &content, None)?;
    if !globals.quiet() {
        let option = if globals.file.is_some() { format!(" -f {file}") } else { String::new() };
        view::print(&view::edit::begun(&file, &names, &option, &globals.out_style()))?;
    }
    Ok(0)
}
