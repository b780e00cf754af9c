//! `wsctl prune --json`.

use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::path::{AbsPath, escape};
use crate::plan::Deletion;
use crate::view::prune::PruneRow;

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneDocument {
    /// See [`FORMAT_VERSION`].
    pub format_version: String,
    /// The program's version.
    pub wsctl_version: String,
    /// What the trash holds, oldest first.
    pub entries: Vec<EntryDocument>,
    /// The bytes that deleting what is due frees.
    pub due_bytes: u64,
}

/// One entry of the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDocument {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// The bytes that it takes.
    pub bytes: u64,
    /// When it was removed, in seconds since 1970.
    pub removed: Option<i64>,
    /// Whether it is past the time that it is kept.
    pub due: bool,
    /// When it will be due, in seconds since 1970.
    pub kept_until: Option<i64>,
}

/// What the trash holds and what of it is due; `now` is in seconds since 1970.
#[must_use]
pub fn prune(rows: &[PruneRow], now: i64) -> String {
    let entry = |row: &PruneRow| EntryDocument {
        name: row.name.clone(),
        path: escape(row.path.as_ref()),
        bytes: row.bytes,
        removed: row.removed,
        due: row.due(),
        kept_until: row.until(now),
    };
    document(&PruneDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        entries: rows.iter().map(entry).collect(),
        due_bytes: rows.iter().filter(|row| row.due()).map(|row| row.bytes).sum(),
    })
}

/// An entry of the trash that is deleted for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionDocument {
    /// The entry's name.
    pub entry: String,
    /// The entry.
    pub path: AbsPath,
    /// What was removed.
    pub address: String,
    /// Why, for people.
    pub reason: String,
}

impl From<&Deletion> for DeletionDocument {
    fn from(deletion: &Deletion) -> Self {
        let Deletion { entry, path, address, reason } = deletion.clone();
        DeletionDocument { entry, path, address: address.to_string(), reason }
    }
}
