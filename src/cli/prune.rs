//! `wsctl prune`

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;

use super::ask::ask;
use super::globals::{Globals, time};
use super::recover::recover;
use super::signals;
use super::stream::{End, failure};
use super::workspace::{common_dirs, load, lock_all};
use crate::apply::event::{Event, Listener};
use crate::diagnostic::Diagnostic;
use crate::git::{GitDoor, Locks};
use crate::model::actual::{Actual, Place};
use crate::model::clock::Moment;
use crate::model::desired::Desired;
use crate::model::path::AbsPath;
use crate::model::trash::{GoneEntry, GoneState, TrashEntry};
use crate::plan::{Deletion, Options, misplaced};
use crate::view::prune::{PruneRow, RowState};
use crate::{actual, trash, view};

/// Delete for good what the trash no longer has to keep: the one command that does.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
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
    let now = Globals::moment();
    let actual = actual::read(&desired)?;
    if let Some(blocker) = misplaced(&desired, &actual, &Options { place: globals.place(), ..Options::default() }) {
        return Err(Diagnostic::new(blocker.fact, blocker.next).into());
    }
    warn_of_foreign(globals, &actual);
    let rows = rows(&actual, &now, older_than);
    let due: Vec<&PruneRow> = rows.iter().filter(|row| row.due()).collect();
    let bytes = due.iter().map(|row| row.bytes).sum();
    // With --json and no word of approval it is a question about what is due, and that is the answer.
    let ends = due.is_empty() || (globals.json && !args.auto_approve);
    if globals.json && ends {
        view::print(&view::json::prune(&rows, now.seconds, &[], &[]))?;
    } else if !(globals.json || globals.quiet() && due.is_empty()) {
        view::print(&view::prune_text(&rows, now.seconds, &globals.out_style()))?;
    }
    if ends {
        return Ok(0);
    }
    if !args.auto_approve && !ask(globals, "prune", &view::prompt::prune(due.len(), bytes), view::prompt::YES)? {
        view::narrate("Nothing was deleted.\n");
        return Ok(1);
    }
    let (gone, failed) = empty(globals, &desired, &due, older_than)?;
    let code = signals::code(signals::listen()?, u8::from(!failed.is_empty()));
    if globals.json {
        view::print(&view::json::prune(&rows, now.seconds, &gone, &failed))?;
    } else {
        tell(globals, &gone, &failed)?;
    }
    Ok(code)
}

/// What went, and what did not.
fn tell(globals: &Globals, gone: &[&PruneRow], failed: &[anyhow::Error]) -> Result<()> {
    for error in failed {
        view::narrate(&view::error(error, &globals.err_style()));
    }
    if !gone.is_empty() && !globals.quiet() && !globals.json {
        view::print(&view::prune::pruned(gone.len(), gone.iter().map(|row| row.bytes).sum()))?;
    }
    Ok(())
}

/// What `auto_prune` does at the end of an apply, with what its plan named: what is due only since then waits for the next
/// one. Not where the trash is that of another file or workspace.
pub(super) fn automatic(globals: &Globals, desired: &Desired, named: &[Deletion], listener: &dyn Listener, mut end: End) -> End {
    let (gone, failed) = named_and_due(globals, desired, named).unwrap_or_else(|error| (vec![], vec![error]));
    for deletion in named.iter().filter(|deletion| gone.iter().any(|row| row.path == deletion.path)) {
        listener.event(&Event::Deleted(deletion));
        end.outcome.done.delete += 1;
    }
    for error in &failed {
        failure(listener, error);
        end.code = end.code.max(1);
    }
    if let Err(error) = tell(globals, &gone.iter().collect::<Vec<_>>(), &[]) {
        failure(listener, &error);
    }
    end
}

fn named_and_due(globals: &Globals, desired: &Desired, named: &[Deletion]) -> Result<(Vec<PruneRow>, Vec<anyhow::Error>)> {
    let actual = actual::read(desired)?;
    let ours = match &actual.place {
        Place::Same | Place::Moved(_) | Place::Relocated(_) => misplaced(desired, &actual, &Options::default()).is_none(),
        Place::Elsewhere(_) | Place::AnotherFile(_) | Place::Copied(_) => false,
    };
    if !ours {
        return Ok((vec![], vec![]));
    }
    let rows = rows(&actual, &Globals::moment(), None);
    let goes = |row: &&PruneRow| match row.state {
        RowState::Due => named.iter().any(|deletion| deletion.path == row.path),
        RowState::CutShort => true,
        RowState::Kept(_) | RowState::Future | RowState::Unknown => false,
    };
    let due: Vec<&PruneRow> = rows.iter().filter(goes).collect();
    if due.is_empty() {
        return Ok((vec![], vec![]));
    }
    let (gone, failed) = empty(globals, desired, &due, None)?;
    Ok((gone.into_iter().cloned().collect(), failed))
}

/// What lies among the entries that are being deleted and is none: nobody but its owner deletes it.
fn warn_of_foreign(globals: &Globals, actual: &Actual) {
    let foreign: Vec<&AbsPath> =
        actual.gone.iter().filter(|gone| gone.state == GoneState::Foreign).map(|gone| &gone.entry.path).collect();
    if let (Some(first), false) = (foreign.first(), globals.quiet()) {
        let more = if foreign.len() > 1 { format!(", nor are {} more beside it", foreign.len() - 1) } else { String::new() };
        view::narrate(&format!("warning: {first} is no entry of the trash{more}: it is left alone\n"));
    }
}

fn rows(actual: &Actual, now: &Moment, older_than: Option<u64>) -> Vec<PruneRow> {
    let row = |entry: &TrashEntry, state: RowState| PruneRow {
        name: entry.name.clone(),
        path: entry.path.clone(),
        bytes: trash::size(&entry.path),
        removed: entry.manifest.as_ref().map(|manifest| manifest.removed),
        age: entry.manifest.as_ref().map(|manifest| manifest.age(now)),
        state,
    };
    let kept = |entry: &TrashEntry| match &entry.manifest {
        None => RowState::Unknown,
        Some(manifest) if manifest.age(now) < 0 => RowState::Future,
        Some(manifest) => manifest.kept_for(now, older_than).map_or(RowState::Due, RowState::Kept),
    };
    let open = actual.gone.iter().filter(|gone| matches!(gone.state, GoneState::CutShort | GoneState::Hollow));
    let cut_short = open.map(|gone| row(&gone.entry, RowState::CutShort));
    cut_short.chain(actual.trash.iter().map(|entry| row(entry, kept(entry)))).collect()
}

/// Finishes deletions that were cut short, as far as the locks of their repositories are to be had: the rest waits for
/// another time.
pub(super) fn finish(desired: &Desired, actual: &Actual, locks: &mut Locks) -> Result<()> {
    let repositories = common_dirs(actual);
    let mut locked = |gone: &&GoneEntry| trash::keepers(&gone.entry, &repositories).all(|(place, _)| locks.hold_also(place));
    let gone: Vec<GoneEntry> = actual.gone.iter().filter(&mut locked).cloned().collect();
    let door = GitDoor::of(desired, false)?.holding(locks)?;
    trash::finish_emptying(&door, &gone, &repositories, &Globals::moment())
}

/// Under the lock: what was shown, if it is still due. Returns what is gone, and why other things are not: what cannot be
/// emptied does not stop the others; an interrupt does, between two of them.
fn empty<'a>(
    globals: &Globals,
    desired: &Desired,
    shown: &[&'a PruneRow],
    older_than: Option<u64>,
) -> Result<(Vec<&'a PruneRow>, Vec<anyhow::Error>)> {
    recover(globals, desired)?;
    let actual = actual::read(desired)?;
    let mut locks = lock_all(globals, desired, &actual)?;
    let actual = actual::read(desired)?;
    let finished = finish(desired, &actual, &mut locks);
    let door = GitDoor::of(desired, false)?.holding(&locks)?;
    let repositories = common_dirs(&actual);
    let now = Globals::moment();
    let due = |entry: &&TrashEntry| trash::is_due(entry, &now, older_than) && shown.iter().any(|row| row.path == entry.path);
    let interrupt = signals::listen()?;
    let goes_on = |_: &&TrashEntry| interrupt.load(Ordering::SeqCst) == 0;
    let emptied = actual.trash.iter().filter(due).take_while(goes_on);
    let emptied = emptied.map(|entry| trash::empty(&door, entry, &repositories, &now));
    let failed: Vec<anyhow::Error> = std::iter::once(finished).chain(emptied).filter_map(Result::err).collect();
    let gone = shown.iter().copied().filter(|row| row.path.as_path().symlink_metadata().is_err()).collect();
    Ok((gone, failed))
}
