//! Before anything is written: what a run left that was cut short.

use anyhow::Result;

use super::globals::Globals;
use super::workspace::{common_dirs, found_elsewhere, take_there};
use crate::git::{Door, GitDoor, Locks};
use crate::model::desired::Desired;
use crate::model::journal::{JOURNAL, Journal, Unfinished};
use crate::model::mark::OWN_DIRECTORY;
use crate::model::path::AbsPath;
use crate::plan::shell_word;
use crate::{actual, apply, view};

/// Cleans up after a run that was cut short, if one was. Returns what of its journal has to be carried on.
pub(super) fn recover(globals: &Globals, desired: &Desired) -> Result<Option<Journal>> {
    let Some(seen) = actual::journal(desired) else { return Ok(None) };
    // It ended while we waited for its lock, or has moved everything.
    let Some((locks, found)) = locked(globals, desired, &seen)? else { return Ok(None) };
    let door = GitDoor::of(desired, false)?.holding(&locks)?;
    let path = desired.builders_dir.join(OWN_DIRECTORY).join(JOURNAL);
    match found {
        Unfinished::Running(_) => Ok(None),
        Unfinished::Unreadable(why) => {
            apply::put_aside(&door, desired, &path)?;
            view::narrate(&format!("warning: the journal {path} is set aside in .wsctl/replaced: {why}\n"));
            Ok(None)
        }
        Unfinished::CutShort(journal) if journal.header.file != desired.file => {
            let file = shell_word(&journal.header.file.to_string());
            view::narrate(&format!("warning: an apply of {file} was cut short; `wsctl -f {file} apply` cleans up after it\n"));
            Ok(Some(journal))
        }
        Unfinished::CutShort(journal) => {
            let tell = |message: &str| view::narrate(&format!("warning: {message}\n"));
            let left = apply::recover(&door, desired, &journal, actual::boot().as_ref(), &tell)?;
            if !left.is_empty() {
                return Ok(Some(Journal { open: left, ..journal }));
            }
            door.remove_own(&path)?;
            if !globals.quiet() {
                view::narrate(&format!("Cleaned up after an apply that was cut short (pid {}).\n", journal.header.pid));
            }
            Ok(None)
        }
    }
}

/// Takes the locks of everything that a recovery writes to, and reads the journal again under them. Where that one speaks
/// of more, all of them are given back first: locks are waited for in their order alone. `None`: there is no journal any more.
fn locked(globals: &Globals, desired: &Desired, seen: &Unfinished) -> Result<Option<(Locks, Unfinished)>> {
    let mut needed = written(desired, seen)?;
    loop {
        let locks = take_there(globals, desired, &needed)?;
        let Some(found) = actual::journal(desired) else { return Ok(None) };
        let now = written(desired, &found)?;
        let Some(locks) = locks else {
            needed = found_elsewhere(&needed, now)?;
            continue;
        };
        let more: Vec<AbsPath> = now.into_iter().filter(|common_dir| !locks.holds(common_dir)).collect();
        if more.is_empty() {
            return Ok(Some((locks, found)));
        }
        needed.extend(more);
    }
}

/// The common directories of what a recovery writes to.
fn written(desired: &Desired, unfinished: &Unfinished) -> Result<Vec<AbsPath>> {
    let rounds = match unfinished {
        Unfinished::CutShort(journal) => apply::rounds(desired, journal).into_iter().map(|(desired, _)| desired).collect(),
        Unfinished::Running(_) | Unfinished::Unreadable(_) => vec![desired.clone()],
    };
    let mut written = Vec::new();
    for desired in rounds {
        written.extend(common_dirs(&actual::read(&desired)?).into_values());
    }
    Ok(written)
}
