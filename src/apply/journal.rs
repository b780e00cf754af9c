//! Writes the journal: every intent before the first step, then what is done.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::actual;
use crate::git::{self, Door};
use crate::model::journal::{Header, Intent, JOURNAL, Journal};
use crate::model::mark::OWN_DIRECTORY;
use crate::model::name::WorkspaceId;
use crate::model::path::AbsPath;

/// The journal of a run that is at work.
pub struct Book<'a> {
    door: &'a dyn Door,
    path: AbsPath,
    /// One line at a time.
    turn: Mutex<()>,
}

impl<'a> Book<'a> {
    /// Makes the intents durable. Nothing of them may have begun; the lock of the workspace is held.
    ///
    /// # Errors
    /// The journal cannot be written: then nothing may begin.
    pub fn open(
        door: &'a dyn Door,
        builders_dir: &AbsPath,
        workspace: &WorkspaceId,
        started: i64,
        intents: &[Intent],
    ) -> Result<Self> {
        let path = builders_dir.join(OWN_DIRECTORY).join(JOURNAL);
        let header = Header {
            version: 1,
            workspace: workspace.clone(),
            token: git::token()?.to_owned(),
            pid: std::process::id(),
            boot: actual::boot(),
            started,
            intents: intents.len(),
        };
        let bytes = Journal::begin(&header, intents).context("the journal")?;
        door.write_own(&path, &bytes)?;
        Ok(Book { door, path, turn: Mutex::new(()) })
    }

    /// Notes that an intent is done. A note that is lost costs nothing: what is done is found done.
    pub fn done(&self, intent: usize) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.door.append_own(&self.path, format!("{intent}\n").as_bytes());
    }

    /// Ends the journal: nothing is half-made.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn close(self) -> Result<()> {
        self.door.remove_own(&self.path)
    }
}
