//! `wsctl prune`

use std::time::Duration;

use anyhow::Result;

use super::ask::ask;
use super::globals::{Globals, time};
use super::recover::recover;
use super::workspace::{load, lock};
use crate::git::GitDoor;
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::model::trash::TrashEntry;
use crate::view::PruneRow;
use crate::{actual, trash, view};

/// Delete for good what the trash no longer has to keep: the one command that does.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wsctl prune                                show what is due, and ask
  wsctl prune --older-than 3d
  wsctl prune --json                         what is due, and nothing else happens
  wsctl prune --older-than 0s --auto-approve   empty the trash")]
pub(super) struct Args {
    /// Whatever was removed longer ago than this, whatever each builder's policy says
    #[arg(long, value_name = "TIME", value_parser = time)]
    older_than: Option<Duration>,
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let older_than = args.older_than.map(|time| time.as_secs());
    let actual = actual::read(&desired)?;
    let rows = rows(&actual, older_than);
    let due: Vec<&PruneRow> = rows.iter().filter(|row| row.due).collect();
    let bytes = due.iter().map(|row| row.bytes).sum();
    if globals.json {
        view::print(&view::json::prune(&rows))?;
    } else if !(globals.quiet() && due.is_empty()) {
        view::print(&view::prune_text(&rows, Globals::now(), &globals.out_style()))?;
    }
    // With --json and no word of approval it is a question about what is due, and that is the answer.
    if due.is_empty() || (globals.json && !args.auto_approve) {
        return Ok(0);
    }
    if !args.auto_approve && !ask(globals, "prune", &view::prompt::prune(due.len(), bytes), view::prompt::YES)? {
        view::narrate("Nothing was deleted.\n");
        return Ok(1);
    }
    empty(globals, &desired, older_than)?;
    if !globals.quiet() && !globals.json {
        view::print(&view::prune::pruned(due.len(), bytes))?;
    }
    Ok(0)
}

/// What `auto_prune` does at the end of an apply.
pub(super) fn automatic(globals: &Globals, desired: &Desired) -> Result<()> {
    let actual = actual::read(desired)?;
    let rows = rows(&actual, None);
    let due: Vec<&PruneRow> = rows.iter().filter(|row| row.due).collect();
    if due.is_empty() {
        return Ok(());
    }
    empty(globals, desired, None)?;
    if !globals.quiet() && !globals.json {
        let bytes = due.iter().map(|row| row.bytes).sum();
        view::print(&view::prune::pruned(due.len(), bytes))?;
    }
    Ok(())
}

fn rows(actual: &Actual, older_than: Option<u64>) -> Vec<PruneRow> {
    let row = |entry: &TrashEntry| PruneRow {
        name: entry.name.clone(),
        path: entry.path.clone(),
        bytes: trash::size(&entry.path),
        removed: entry.manifest.as_ref().map(|manifest| manifest.removed),
        due: trash::is_due(entry, Globals::now(), older_than),
    };
    actual.trash.iter().map(row).collect()
}

/// Under the lock: what is due by then.
fn empty(globals: &Globals, desired: &Desired, older_than: Option<u64>) -> Result<()> {
    recover(globals, desired)?;
    let actual = actual::read(desired)?;
    let locks = lock(globals, desired, &actual, |_| true)?;
    let door = GitDoor::new(&desired.builders_dir, false)?.holding(&locks)?;
    let actual = actual::read(desired)?;
    for entry in actual.trash.iter().filter(|entry| trash::is_due(entry, Globals::now(), older_than)) {
        trash::empty(&door, entry)?;
    }
    Ok(())
}
