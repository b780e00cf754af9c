//! `wsctl validate`

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::globals::Globals;
use super::workspace::declared;
use crate::diagnostic::Faults;
use crate::model::path::AbsPath;
use crate::{config, desired, view};

/// Check builders.toml and report every fault at once. Nothing on disk is compared.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl validate
  wsctl validate other.toml
  git show HEAD:builders.toml | wsctl validate -
  wsctl validate --json | jq '.faults[].message'")]
pub(super) struct Args {
    /// The file to check; `-` reads standard input as if it were builders.toml here
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let cwd = Globals::cwd()?;
    let (file, result) = if args.path.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        let file = cwd.join("builders.toml");
        let result = standard_input(&file);
        (file, result)
    } else {
        let file = config::find(&cwd, args.path.as_deref().or(globals.file.as_deref()))?.file;
        let result = declared(&file).map(drop);
        (file, result)
    };
    let faults = match &result {
        Ok(()) => None,
        Err(error) => error.downcast_ref::<Faults>(),
    };
    match (faults, &result) {
        (None, Err(_)) => result.map(|()| 1),
        (Some(faults), _) if globals.json => {
            view::print(&view::json::validate(&file, Err(faults))).map(|()| 1).map_err(Into::into)
        }
        (None, Ok(())) if globals.json => view::print(&view::json::validate(&file, Ok(()))).map(|()| 0).map_err(Into::into),
        (Some(_), Err(_)) => result.map(|()| 1),
        (Some(_) | None, Ok(())) => {
            if !globals.quiet() {
                view::print(&view::valid(&file, &globals.out_style()))?;
            }
            Ok(0)
        }
    }
}

fn standard_input(file: &AbsPath) -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input cannot be read as UTF-8")?;
    let config = config::gather(file, &text);
    let facts = config::facts(&config)?;
    desired::desired(&config, &facts)?;
    Ok(())
}
