//! A plan is applied once: its id is remembered below our own directory.

use std::io::ErrorKind;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::git::{Door, Lasts};
use crate::model::mark::OWN_DIRECTORY;
use crate::model::path::AbsPath;
use crate::regular;

use super::{PlanId, Saved};

/// How long a plan may be applied, and is remembered once it was, in seconds.
pub const KEPT: i64 = 30 * 86_400;

/// What is remembered of a plan.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    made: i64,
    begun: i64,
}

fn place(builders_dir: &AbsPath) -> AbsPath {
    builders_dir.join(OWN_DIRECTORY).join("plans")
}

fn record(builders_dir: &AbsPath, id: &PlanId) -> AbsPath {
    place(builders_dir).join(format!("{id}.json"))
}

/// When the plan was applied, in seconds since 1970; `None`: it was not, as far as is known.
///
/// # Errors
/// What is remembered cannot be read: then it may have been.
pub fn applied(builders_dir: &AbsPath, id: &PlanId) -> Result<Option<i64>> {
    let path = record(builders_dir, id);
    match regular::read(&path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{path} cannot be read")),
        Ok(bytes) => {
            let found: Record = serde_json::from_slice(&bytes).with_context(|| format!("{path} cannot be read"))?;
            Ok(Some(found.begun))
        }
    }
}

/// Remembers that the plan is being applied, and forgets what is too old to be applied again.
///
/// # Errors
/// It cannot be written: then nothing may begin.
pub fn remember(door: &dyn Door, builders_dir: &AbsPath, saved: &Saved, now: i64) -> Result<()> {
    let place = place(builders_dir);
    door.make_directory(&place)?;
    let bytes = serde_json::to_vec(&Record { version: 1, made: saved.made, begun: now }).context("what is remembered")?;
    door.write_own(&record(builders_dir, &saved.id), &bytes, Lasts::Now)?;
    for entry in std::fs::read_dir(&place).with_context(|| format!("{place} cannot be read"))? {
        let path = place.join(entry.with_context(|| format!("{place} cannot be read"))?.file_name());
        let old = regular::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
        if old.is_some_and(|old| now.max(saved.made) - old.made.max(old.begun) > KEPT) {
            door.remove_own(&path)?;
        }
    }
    Ok(())
}
