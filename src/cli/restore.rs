//! `wsctl restore`

use anyhow::{Context as _, Result};

use super::ask::ask;
use super::complete;
use super::globals::Globals;
use super::recover::recover;
use super::signals;
use super::workspace::{load, lock, undeclared};
use crate::apply::restore::Bringing;
use crate::diagnostic::Diagnostic;
use crate::git::GitDoor;
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::model::name::BuilderName;
use crate::model::stored::Home;
use crate::plan::Options;
use crate::plan::restore::{Asked, Block, Restore, asked, block, find, restore};
use crate::view::TrashRow;
use crate::{actual, trash, view};

/// Bring a builder or a checkout back from the trash, as it was; without a name, list what can come back.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl restore                     what can come back, newest first, and what cannot
  wsctl restore slack               the newest of builder slack; an entry's own name does too
  wsctl restore slack/ai-dev        one checkout, alone in the trash or out of the whole builder
  wsctl restore slack --as slack-2  beside the builder that has the name now
  wsctl restore slack --json        how it would come back; with --auto-approve it does")]
pub(super) struct Args {
    /// Builder, BUILDER/REPOSITORY, an address, or the name of an entry
    #[arg(add = complete::trashed())]
    name: Option<String>,
    /// The builder to bring it back as, or to
    #[arg(long = "as", value_name = "BUILDER", requires = "name", value_parser = builder)]
    other: Option<BuilderName>,
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
}

fn builder(text: &str) -> Result<BuilderName, String> {
    BuilderName::new(text).map_err(|why| why.to_string())
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let Some(name) = &args.name else { return list(globals, &desired, &actual::read(&desired)?) };
    let carried = if globals.json && !args.auto_approve { None } else { recover(globals, &desired)? };
    let actual = actual::read(&desired)?;
    let request = asked(name).ok_or_else(|| Diagnostic::new(format!("`{name}` names nothing"), "wsctl restore"))?;
    let planned = plan(globals, &desired, &actual, &request, args)?;
    if planned.is_blocked() || (globals.json && !args.auto_approve) {
        tell(globals, &desired, &actual, &planned, false)?;
        return Ok(u8::from(planned.is_blocked()));
    }
    show(globals, &planned)?;
    if !args.auto_approve && !ask(globals, "restore", view::prompt::RESTORE, view::prompt::YES)? {
        view::narrate("Nothing was changed.\n");
        return Ok(1);
    }
    let concerned = |name: &_| planned.checkouts.iter().any(|checkout| checkout.name == *name);
    let locks = lock(globals, &desired, &actual, concerned)?;
    let actual = actual::read(&desired)?;
    let locked = plan(globals, &desired, &actual, &request, args)?;
    if locked != planned {
        view::narrate("The disk changed since that was shown. It is now:\n");
        show(globals, &locked)?;
        if locked.is_blocked() || (!args.auto_approve && !ask(globals, "restore", view::prompt::RESTORE, view::prompt::YES)?) {
            view::narrate("Nothing was changed.\n");
            return Ok(1);
        }
    }
    // It is one step: an interrupt waits for its end.
    let interrupt = signals::listen()?;
    let door = GitDoor::of(&desired, false)?.holding(&locks)?;
    let workspace = actual.workspace.mark().map(|mark| &mark.id).context("the workspace has no mark")?;
    let bringing = Bringing { desired: &desired, door: &door, workspace, now: Globals::now(), carried: carried.as_ref() };
    bringing.bring_back(&locked).map_err(|error| unfinished(globals, error))?;
    tell(globals, &desired, &actual, &locked, true)?;
    Ok(signals::code(interrupt, 0))
}

/// What was begun goes on with the same words.
fn unfinished(globals: &Globals, error: anyhow::Error) -> anyhow::Error {
    if error.downcast_ref::<Diagnostic>().is_some() {
        return error;
    }
    Diagnostic::new(format!("{error:#}"), globals.again()).into()
}

fn list(globals: &Globals, desired: &Desired, actual: &Actual) -> Result<u8> {
    let options = options(globals);
    let row = |entry: &crate::model::trash::TrashEntry| {
        let home = entry.manifest.as_ref().map(|manifest| Home { builder: manifest.builder.clone(), only: None });
        let planned = home.and_then(|home| {
            let stored = actual::stored(desired, actual, entry, Some(&home));
            restore(desired, actual, &options, entry, stored.as_ref(), &home)
        });
        TrashRow { entry: entry.clone(), bytes: trash::size(&entry.path), restore: planned }
    };
    let rows: Vec<TrashRow> = actual.trash.iter().rev().map(row).collect();
    if globals.json {
        view::print(&view::json::trash(&rows))?;
    } else if !(globals.quiet() && rows.is_empty()) {
        view::print(&view::trash_text(&rows, Globals::now(), &globals.out_style()))?;
    }
    Ok(0)
}

fn options(globals: &Globals) -> Options {
    Options { now: Globals::now(), place: globals.place(), ..Options::default() }
}

/// Finds the entry and decides.
fn plan(globals: &Globals, desired: &Desired, actual: &Actual, request: &Asked, args: &Args) -> Result<Restore> {
    let name = args.name.as_deref().unwrap_or_default();
    let nothing = || Diagnostic::new(format!("the trash holds nothing of {name}"), "wsctl restore");
    let (entry, only) = find(actual, request).ok_or_else(nothing)?;
    let unreadable = || {
        let next = format!("ls -la '{}'", entry.path);
        Diagnostic::new(format!("the manifest of {} is missing or cannot be read", entry.path), next)
    };
    let manifest = entry.manifest.as_ref().ok_or_else(unreadable)?;
    let home = Home { builder: args.other.as_ref().unwrap_or(&manifest.builder).clone(), only };
    let stored = actual::stored(desired, actual, entry, Some(&home));
    let planned = restore(desired, actual, &options(globals), entry, stored.as_ref(), &home);
    Ok(planned.ok_or_else(unreadable)?)
}

fn show(globals: &Globals, restore: &Restore) -> Result<()> {
    if !globals.json {
        view::print(&view::restore_text(restore, Globals::now(), globals.verbosity(), &globals.out_style()))?;
    }
    Ok(())
}

/// The answer: how it would come back, or that it did and what to do next.
fn tell(globals: &Globals, desired: &Desired, actual: &Actual, restore: &Restore, done: bool) -> Result<()> {
    let block = declaration(desired, actual, restore);
    if globals.json {
        view::print(&view::json::restore(restore, done, block.as_ref()))?;
    } else if done && globals.quiet() && block.is_none() {
        return Ok(());
    } else if done {
        let file = desired.file.as_path().file_name().unwrap_or_default().to_string_lossy();
        view::print(&view::restore::restored(restore, block.as_ref(), &file, &globals.out_style()))?;
    } else {
        show(globals, restore)?;
    }
    Ok(())
}

fn declaration(desired: &Desired, actual: &Actual, restore: &Restore) -> Option<Block> {
    let names: Vec<_> = restore.checkouts.iter().map(|checkout| &checkout.name).collect();
    let bare = undeclared(desired, &restore.builder, &names);
    block(desired, actual, restore, bare.as_ref())
}
