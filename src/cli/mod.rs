//! One file per subcommand: `Args` and `run`, wiring only, no decisions.

mod add;
mod add_repo;
mod agree;
mod apply;
mod ask;
mod complete;
mod completions;
mod destroy;
mod doctor;
mod edited;
mod editing;
mod exec;
mod fmt;
mod globals;
mod import;
mod init;
mod man;
mod open;
mod options;
mod path;
mod plan;
mod prune;
mod recover;
mod remove;
mod report;
mod restore;
mod saved;
mod schema;
mod show;
mod signals;
mod status;
mod stream;
mod taking;
mod trust;
mod typed;
mod usage;
mod validate;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::view;

use globals::Globals;

/// Makes the builder workspaces on disk match builders.toml, and loses no work doing it.
#[derive(Debug, Parser)]
#[command(name = "wsctl", version, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  wsctl init                      write a first builders.toml from the clones in repos/
  wsctl plan                      show what apply would do, and why
  wsctl apply                     do it, after a yes
  wsctl apply --auto-approve -q   for cron: silent when there is nothing to do
  wsctl status                    who works on which branch, what changed there
  wsctl open slack                start an agent in a builder
  wsctl exec -- git fetch         run a command in every checkout
  wsctl restore slack             bring a removed builder back from the trash, as it was
  wsctl completions bash          complete commands and names in your shell; see its --help

Exit codes: 0 done, 1 error or something blocked, 130 interrupted. `wsctl plan --detailed-exitcode`: 2 = changes pending.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what apply would do, and why.
    Plan(plan::Args),
    /// Show a saved plan.
    Show(show::Args),
    /// Make the disk match the file.
    Apply(apply::Args),
    /// Move every builder to the trash; repositories stay.
    Destroy(destroy::Args),
    /// Show every checkout: branch, ahead and behind, changed files.
    Status(status::Args),
    /// Start what works in a builder: an agent, an editor.
    Open(open::Args),
    /// Run a command in every checkout.
    Exec(exec::Args),
    /// Print where a builder or a checkout is; the function behind `wcd`.
    Path(path::Args),
    /// Answer what one asks by hand: is all well, and what mends it?
    Doctor(doctor::Args),
    /// Write the status as a page for a browser.
    Report(report::Args),
    /// Check builders.toml; every fault at once.
    Validate(validate::Args),
    /// List what the trash holds, or bring it back.
    Restore(restore::Args),
    /// Look at the commands that the file wants to run, and trust them.
    Trust(trust::Args),
    /// Delete for good what the trash no longer has to keep.
    Prune(prune::Args),
    /// Declare a builder in the file, and make it with --apply.
    Add(add::Args),
    /// Take a builder out of the file, and off the disk with --apply.
    Remove(remove::Args),
    /// Let repositories join a builder, or declare one.
    AddRepo(add_repo::Args),
    /// Take over worktrees and builders that were made by hand.
    Import(import::Args),
    /// Write the file the one way; what it says stays.
    Fmt(fmt::Args),
    /// Write a first builders.toml from what is on disk.
    Init(init::Args),
    /// Print the JSON Schema of what wsctl reads and writes.
    Schema(schema::Args),
    /// Print what makes a shell complete commands and names.
    Completions(completions::Args),
    /// Print a page for man, or write all of them.
    Man(man::Args),
}

/// Every command with its options, as clap knows them.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    main_with(std::env::args_os())
}

/// Runs the program with these arguments, the program's name first.
#[must_use]
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(code) = complete::answered(&arguments) {
        return code;
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(mut cli) => {
            cli.globals.typed = arguments.into_iter().skip(1).collect();
            cli
        }
        Err(error) => return usage::tell(&error, &arguments),
    };
    match run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&cli, &error);
            ExitCode::FAILURE
        }
    }
}

/// Says why it failed: for people on stderr, for programs on stdout.
fn tell(cli: &Cli, error: &anyhow::Error) {
    let told = match (cli.globals.json, cli.command.streams_events()) {
        (true, true) => {
            stream::failed(error);
            Ok(())
        }
        (true, false) => view::print(&view::json::error(error)),
        (false, _) => {
            view::narrate(&view::error(error, &cli.globals.err_style()));
            Ok(())
        }
    };
    if let Err(error) = told {
        view::narrate(&view::error(&error.into(), &cli.globals.err_style()));
    }
}

impl Command {
    fn streams_events(&self) -> bool {
        match self {
            Command::Apply(_) | Command::Destroy(_) => true,
            Command::Plan(_)
            | Command::Show(_)
            | Command::Status(_)
            | Command::Doctor(_)
            | Command::Report(_)
            | Command::Open(_)
            | Command::Exec(_)
            | Command::Path(_)
            | Command::Validate(_)
            | Command::Restore(_)
            | Command::Prune(_)
            | Command::Trust(_)
            | Command::Add(_)
            | Command::Remove(_)
            | Command::AddRepo(_)
            | Command::Import(_)
            | Command::Fmt(_)
            | Command::Init(_)
            | Command::Schema(_)
            | Command::Completions(_)
            | Command::Man(_) => false,
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<u8> {
    let globals = &cli.globals;
    globals.enter()?;
    match &cli.command {
        Command::Plan(args) => plan::run(globals, args),
        Command::Show(args) => show::run(globals, args),
        Command::Apply(args) => apply::run(globals, args),
        Command::Destroy(args) => destroy::run(globals, args),
        Command::Status(args) => status::run(globals, args),
        Command::Open(args) => open::run(globals, args),
        Command::Exec(args) => exec::run(globals, args),
        Command::Path(args) => path::run(globals, args),
        Command::Doctor(args) => doctor::run(globals, args),
        Command::Report(args) => report::run(globals, args),
        Command::Validate(args) => validate::run(globals, args),
        Command::Restore(args) => restore::run(globals, args),
        Command::Trust(args) => trust::run(globals, args),
        Command::Prune(args) => prune::run(globals, args),
        Command::Add(args) => add::run(globals, args),
        Command::Remove(args) => remove::run(globals, args),
        Command::AddRepo(args) => add_repo::run(globals, args),
        Command::Import(args) => import::run(globals, args),
        Command::Fmt(args) => fmt::run(globals, args),
        Command::Init(args) => init::run(globals, args),
        Command::Schema(args) => schema::run(globals, args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(globals, args),
    }
}
