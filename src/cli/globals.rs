//! The options that every command has.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ArgAction;

use crate::diagnostic::Diagnostic;
use crate::model::clock::Moment;
use crate::model::path::{AbsPath, printable};
use crate::plan::shell_word;
use crate::view::{ColorChoice, Style, Verbosity};
use crate::{actual, config};

#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, env = "WSCTL_DIRECTORY", hide_env_values = true)]
    directory: Option<PathBuf>,
    /// The file to read instead of the nearest builders.toml upwards
    #[arg(short, long, value_name = "FILE", global = true, env = "WSCTL_FILE", hide_env_values = true)]
    pub(super) file: Option<PathBuf>,
    /// How many steps at a time [default: one per core]
    #[arg(short, long, value_name = "N", global = true, env = "WSCTL_JOBS", hide_env_values = true, value_parser = steps)]
    jobs: Option<u16>,
    /// Print JSON: one document, or for apply and destroy one event per line
    #[arg(long, global = true, env = "WSCTL_JSON", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) json: bool,
    /// When to use colour
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        env = "WSCTL_COLOR",
        hide_env_values = true
    )]
    color: Color,
    /// Say only what matters; nothing at all when there is nothing to do
    #[arg(short, long, global = true, conflicts_with = "verbose", env = "WSCTL_QUIET", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    quiet: bool,
    /// Say more: whole diffs, what was wanted
    #[arg(short, long, global = true, action = ArgAction::SetTrue, env = "WSCTL_VERBOSE", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    verbose: bool,
    /// Never ask, neither we nor git; where an answer is needed, fail
    #[arg(long, global = true, env = "WSCTL_NO_INPUT", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) no_input: bool,
    /// How long to wait for another wsctl, e.g. 30s, 5m, 0s
    #[arg(long, value_name = "TIME", default_value = "10s", global = true, env = "WSCTL_LOCK_TIMEOUT", hide_env_values = true, value_parser = time)]
    pub(super) lock_timeout: Duration,
    /// What was typed behind the program's name.
    #[arg(skip)]
    pub(super) typed: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// A time as the file writes it, and `0s`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s") {
        return Ok(Duration::ZERO);
    }
    config::duration(text).map(Duration::from_secs)
}

impl Globals {
    /// Goes to the directory of `-C`.
    pub(super) fn enter(&self) -> Result<()> {
        match &self.directory {
            Some(directory) => {
                let no_way = |error| {
                    let fact = format!("cannot enter {}: {error}", printable(directory.as_os_str()));
                    Diagnostic::new(fact, "name another directory with `-C`").into()
                };
                std::env::set_current_dir(directory).map_err(no_way)
            }
            None => Ok(()),
        }
    }

    pub(super) fn cwd() -> Result<AbsPath> {
        let cwd = std::env::current_dir().context("the working directory cannot be read")?;
        Ok(AbsPath::new(cwd)?)
    }

    /// The options that say where, as they were given.
    pub(super) fn place(&self) -> Vec<String> {
        let directory = self.directory.iter().map(|path| ("-C", path));
        let file = self.file.iter().map(|path| ("-f", path));
        directory.chain(file).flat_map(|(option, path)| [option.to_owned(), path.display().to_string()]).collect()
    }

    /// The same command once more, as a shell takes it.
    pub(super) fn again(&self) -> String {
        let words = self.typed.iter().map(|text| format!(" {}", shell_word(&text.to_string_lossy())));
        format!("wsctl{}", words.collect::<String>())
    }

    fn choice(&self) -> ColorChoice {
        match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }

    pub(super) fn out_style(&self) -> Style {
        Style::new(self.choice(), std::io::stdout().is_terminal())
    }

    pub(super) fn err_style(&self) -> Style {
        Style::new(self.choice(), std::io::stderr().is_terminal())
    }

    pub(super) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }

    pub(super) fn quiet(&self) -> bool {
        self.quiet
    }

    pub(super) fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        self.jobs.map_or_else(cores, usize::from)
    }

    /// The time, in seconds since 1970.
    pub(super) fn now() -> i64 {
        jiff::Timestamp::now().as_second()
    }

    /// The time, by clock and uptime.
    pub(super) fn moment() -> Moment {
        Moment { seconds: Self::now(), boot: actual::boot() }
    }
}

/// How many steps at a time.
fn steps(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (1..=256).contains(number));
    number.ok_or_else(|| format!("`{text}` is no number from 1 to 256"))
}
