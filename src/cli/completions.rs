//! `wsctl completions`

use anyhow::Result;
use clap::ValueEnum;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use super::complete::VARIABLE;
use crate::view;

/// Print what makes a shell complete commands, options, and the names of builders, repositories and trash entries.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl completions bash         put this in ~/.bashrc: source <(wsctl completions bash)
  wsctl completions zsh          in ~/.zshrc, behind compinit: source <(wsctl completions zsh)
  wsctl completions fish         in ~/.config/fish/config.fish: wsctl completions fish | source
  wsctl completions elvish       in ~/.config/elvish/rc.elv: eval (wsctl completions elvish | slurp)
  wsctl completions powershell   in $PROFILE: wsctl completions powershell | Out-String | iex")]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

pub(super) fn run(args: &Args) -> Result<u8> {
    let shell: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Elvish => &Elvish,
        Shell::Powershell => &Powershell,
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "wsctl", "wsctl", "wsctl", &mut script)?;
    view::print(&String::from_utf8(script)?)?;
    Ok(0)
}
