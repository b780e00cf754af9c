//! `wsctl trust`

use std::collections::BTreeSet;
use std::os::unix::fs::DirBuilderExt as _;

use anyhow::{Context as _, Result};

use super::ask::ask;
use super::globals::Globals;
use crate::config::commands;
use crate::diagnostic::Diagnostic;
use crate::git::edited::write_private;
use crate::model::path::AbsPath;
use crate::model::trust::{TrustFile, Trusted};
use crate::view::trust::{State, Wanted, trust_text};
use crate::{actual, config, regular, view};

/// Look at the commands that builders.toml wants to run, and trust them; none runs before.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl trust                  show every command that is new or was changed, and ask
  wsctl trust --list           show all of them, trusted or not
  wsctl trust --auto-approve   trust them without a question: where you wrote the file yourself
  wsctl trust --revoke         trust none of them any more

What is trusted is exactly this text, in this builders.toml, for you: it is kept in your own state directory
($XDG_STATE_HOME/wsctl, else ~/.local/state/wsctl). A text that changes has to be trusted again.")]
pub(super) struct Args {
    /// Only show them
    #[arg(long)]
    list: bool,
    /// Forget what is trusted of this file
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
    /// Ask nothing
    #[arg(long, conflicts_with = "list")]
    auto_approve: bool,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let found = config::find(&Globals::cwd()?, globals.file.as_deref())?;
    let config = config::load(&found.file)?;
    if !config.faults.is_empty() {
        return Err(config.refusal().into());
    }
    let place = actual::trust_place().context(Diagnostic::new("there is no HOME to keep in what you trust", "set HOME"))?;
    let old = actual::trust_file(&place)?;
    let declared = commands(&config);
    let wanted = compared(&declared, &old, config.file());
    let new: Vec<&Wanted> = wanted.iter().filter(|wanted| wanted.state != State::Trusted).collect();
    if globals.json && (args.list || !(args.revoke || args.auto_approve)) {
        view::print(&view::json::trust(config.file(), &wanted))?;
        return Ok(0);
    }
    if args.revoke {
        let mut file = old.clone();
        let gone = file.workspaces.remove(config.file()).map_or(0, |gone| gone.len());
        write(&place, &old, &file)?;
        let said = format!("{gone} trusted no more.");
        return done(globals, &compared(&declared, &file, config.file()), config.file(), &said);
    }
    let style = globals.out_style();
    let shown: Vec<Wanted> = if args.list { wanted.clone() } else { new.iter().map(|wanted| (*wanted).clone()).collect() };
    if !globals.json {
        view::print(&trust_text(config.file(), &shown, args.list, &style))?;
    }
    if args.list || new.is_empty() {
        return Ok(0);
    }
    if !args.auto_approve && !ask(globals, "trust", view::prompt::TRUST, view::prompt::YES)? {
        view::narrate("Nothing is trusted that was not.\n");
        return Ok(1);
    }
    let mut file = old.clone();
    let trusted: &mut BTreeSet<Trusted> = file.workspaces.entry(config.file().clone()).or_default();
    trusted.extend(declared.iter().cloned());
    write(&place, &old, &file)?;
    done(globals, &compared(&declared, &file, config.file()), config.file(), "Trusted. wsctl apply runs what is outstanding.")
}

fn done(globals: &Globals, wanted: &[Wanted], file: &AbsPath, said: &str) -> Result<u8> {
    if globals.json {
        view::print(&view::json::trust(file, wanted))?;
    } else {
        view::print(&format!("{said}\n"))?;
    }
    Ok(0)
}

/// Every command of the file with what is known of it.
fn compared(declared: &[Trusted], known: &TrustFile, file: &AbsPath) -> Vec<Wanted> {
    let trusted = known.commands(file);
    let before = |place: &str| {
        let all = known.workspaces.get(file).into_iter().flatten();
        all.filter(|old| old.place == place).map(|old| old.command.clone()).next_back()
    };
    let one = |declared: &Trusted| {
        let state = match before(&declared.place) {
            _ if trusted.contains(&declared.command) => State::Trusted,
            Some(old) => State::Changed(old),
            None => State::New,
        };
        Wanted { place: declared.place.clone(), command: declared.command.clone(), state }
    };
    declared.iter().map(one).collect()
}

/// Writes it for the user alone, while it still is what was read.
fn write(place: &AbsPath, old: &TrustFile, new: &TrustFile) -> Result<()> {
    if old == new {
        return Ok(());
    }
    let directory = place.parent();
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory.as_path());
    made.with_context(|| format!("{directory} cannot be made"))?;
    let before = regular::read(place).ok();
    let mut bytes = serde_json::to_vec_pretty(new).context("what is trusted cannot be written as JSON")?;
    bytes.push(b'\n');
    write_private(place, &bytes, before.as_deref())
}
