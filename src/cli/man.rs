//! `wsctl man`

use std::path::PathBuf;

use anyhow::Result;
use clap::CommandFactory as _;
use clap_mangen::Man;

use super::globals::Globals;
use super::{Cli, complete};
use crate::diagnostic::Diagnostic;
use crate::git::{Door as _, GitDoor};
use crate::regular;
use crate::view;

/// Print a page for man, or write one for each command.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl man                                 the page of wsctl
  wsctl man plan | man -l -                 reads the page of one command
  wsctl man --out ~/.local/share/man/man1   all of them, for `man wsctl` and `man wsctl-plan`")]
pub(super) struct Args {
    /// The command; without one, wsctl itself
    #[arg(value_name = "COMMAND", add = complete::commands())]
    command: Option<String>,
    /// Write every page into this directory, each over the page of an older wsctl
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let pages = pages();
    if let Some(out) = &args.out {
        return write(globals, out, &pages);
    }
    let name = args.command.as_ref().map_or_else(|| "wsctl".to_owned(), |command| format!("wsctl-{command}"));
    let unknown =
        || Diagnostic::new(format!("there is no command {}", args.command.as_deref().unwrap_or_default()), "wsctl --help");
    let (_, text) = pages.iter().find(|(page, _)| *page == name).ok_or_else(unknown)?;
    view::print(text)?;
    Ok(0)
}

fn write(globals: &Globals, out: &std::path::Path, pages: &[(String, String)]) -> Result<u8> {
    let directory = Globals::cwd()?.join(out);
    let nowhere = |error: anyhow::Error| Diagnostic::new(format!("{error:#}"), "name another directory with `--out`");
    let door = GitDoor::new(&directory, false)?;
    for (name, text) in pages {
        let file = directory.join(format!("{name}.1"));
        let there = match regular::read(&file) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(nowhere(anyhow::Error::from(error).context(format!("{file} cannot be read"))).into()),
        };
        if there.as_deref() != Some(text.as_bytes()) {
            door.replace_file(&file, text.as_bytes(), there.as_deref()).map_err(nowhere)?;
        }
    }
    if !globals.quiet() {
        view::print(&format!("Wrote {} pages to {directory}.\n", pages.len()))?;
    }
    Ok(0)
}

/// The page of wsctl and of each command: its name and its text.
fn pages() -> Vec<(String, String)> {
    let mut top = Cli::command().disable_help_subcommand(true);
    top.build();
    let commands = top.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect::<Vec<_>>();
    std::iter::once(top).chain(commands).map(page).collect()
}

fn page(command: clap::Command) -> (String, String) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let man =
        Man::new(command.after_long_help(None::<&str>)).manual("wsctl").source(concat!("wsctl ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    // A Vec takes everything.
    let _ = man.render(&mut text);
    (name, String::from_utf8_lossy(&text).into_owned() + &as_they_are(&examples))
}

/// Examples for man: not filled, and no line taken for a request.
fn as_they_are(examples: &str) -> String {
    let body = examples.strip_prefix("Examples:\n").unwrap_or(examples);
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) { format!("\\&{line}\n") } else { format!("{line}\n") }
    };
    format!(".SH EXAMPLES\n.nf\n{}.fi\n", body.lines().map(line).collect::<String>())
}
