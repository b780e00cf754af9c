//! Writes the journal: every intent before the first step, then what is done.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::actual;
use crate::diagnostic::Diagnostic;
use crate::git::{self, Door, Lasts};
use crate::model::desired::Desired;
use crate::model::journal::{Header, Intent, JOURNAL, Journal, Unfinished};
use crate::model::mark::OWN_DIRECTORY;
use crate::model::name::WorkspaceId;
use crate::model::path::AbsPath;

/// The journal of a run that is at work.
pub struct Book<'a> {
    door: &'a dyn Door,
    path: AbsPath,
    /// What the run writes to: where its builders are, and its repositories.
    places: Vec<AbsPath>,
    header: Header,
    /// Whether it holds what an older run left: then it does not end with this one.
    carries: bool,
    /// One line at a time. Whether the last one may stand there in part.
    torn: Mutex<bool>,
}

impl<'a> Book<'a> {
    /// Makes the intents durable. Nothing of them may have begun; the lock of the workspace is held. What an older
    /// journal holds that could not be cleaned up (`carried`) is noted again, behind the new intents and begun.
    ///
    /// # Errors
    /// The journal cannot be written: then nothing may begin.
    pub fn open(
        door: &'a dyn Door,
        desired: &Desired,
        workspace: &WorkspaceId,
        started: i64,
        intents: &[Intent],
        carried: Option<&Journal>,
    ) -> Result<Self> {
        let builders_dir = &desired.builders_dir;
        let path = builders_dir.join(OWN_DIRECTORY).join(JOURNAL);
        let carry = |journal: &Journal| journal.open.iter().map(|open| open.clone().carried(journal.header.opened)).collect();
        let old: Vec<Intent> = carried.map(carry).unwrap_or_default();
        if !as_seen(desired, &path, carried) {
            // Another run died between our look and our lock.
            return Err(Diagnostic::new("an apply was cut short meanwhile, nothing was begun", "wsctl apply").into());
        }
        let older = carried.map_or(&[][..], |journal| &journal.header.tokens);
        let header = Header {
            version: 1,
            workspace: workspace.clone(),
            file: carried.map_or_else(|| desired.file.clone(), |journal| journal.header.file.clone()),
            builders_dir: builders_dir.clone(),
            tokens: std::iter::once(git::token()?.to_owned()).chain(older.iter().cloned()).collect(),
            pid: std::process::id(),
            boot: actual::boot(),
            started: carried.map_or(started, |journal| started.min(journal.header.started)),
            opened: now(),
            intents: intents.len() + old.len(),
        };
        let mut bytes = Journal::begin(&header, &[intents, &old].concat()).context("the journal")?;
        bytes.extend((intents.len()..header.intents).flat_map(|number| Journal::begun(number).into_bytes()));
        door.write_own(&path, &bytes, Lasts::Now).map_err(|error| {
            Diagnostic::new(
                format!("the journal cannot be written, nothing was begun: {error:#}"),
                format!("df -h {builders_dir}"),
            )
        })?;
        let repositories = desired.repositories.values().map(|repository| repository.path.clone());
        let places = std::iter::once(builders_dir.clone()).chain(repositories).collect();
        Ok(Book { door, path, places, header, carries: !old.is_empty(), torn: Mutex::new(false) })
    }

    /// Notes that an intent begins.
    ///
    /// # Errors
    /// It cannot be noted: then it may not begin, since the next run would take it for not begun.
    pub fn begins(&self, intent: usize) -> Result<()> {
        self.append(&Journal::begun(intent))
    }

    /// Notes that an intent is done. A note that is lost costs nothing: what is done is found done.
    pub fn done(&self, intent: usize) {
        let _ = self.append(&Journal::done(intent));
    }

    fn append(&self, line: &str) -> Result<()> {
        let mut torn = self.torn.lock().unwrap_or_else(PoisonError::into_inner);
        // What is there of a line that failed must not be read: `-1` may be the beginning of `-12`.
        let line = if *torn { format!("?\n{line}") } else { line.to_owned() };
        let written = self.door.append_own(&self.path, line.as_bytes());
        *torn = written.is_err();
        written
    }

    /// This journal with these intents alone, for cleaning up after them at once.
    #[must_use]
    pub fn of(&self, open: Vec<Intent>) -> Journal {
        Journal { header: self.header.clone(), open, damaged: false }
    }

    /// Ends the journal: nothing is half-made, and all of it is on the disk. One that carries what an older run left stays.
    ///
    /// # Errors
    /// The disk refuses, or the journal cannot be removed.
    pub fn close(self) -> Result<()> {
        let there: Vec<_> = self.places.into_iter().filter(|place| place.as_path().is_dir()).collect();
        self.door.flush(&there)?;
        if self.carries { Ok(()) } else { self.door.remove_own(&self.path) }
    }
}

/// Whether the journal is still the one that is carried on, or there is none as before.
fn as_seen(desired: &Desired, path: &AbsPath, carried: Option<&Journal>) -> bool {
    let Some(carried) = carried else { return path.as_path().symlink_metadata().is_err() };
    match actual::journal(desired) {
        Some(Unfinished::CutShort(found)) => found.header.tokens == carried.header.tokens,
        Some(Unfinished::Running(_) | Unfinished::Unreadable(_)) | None => false,
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
