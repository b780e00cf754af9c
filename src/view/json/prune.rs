//! `wsctl prune --json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::path::AbsPath;
use crate::plan::Deletion;
use crate::view::prune::PruneRow;

/// What the trash holds and what of it is due; with `--auto-approve`, what was deleted of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Prune")]
pub struct PruneDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// What the trash holds, oldest first.
    pub entries: Vec<EntryDocument>,
    /// The bytes that deleting what is due frees, or has freed.
    pub due_bytes: u64,
    /// What could not be deleted, and why, one line each; then the exit code is 1.
    pub errors: Vec<String>,
}

/// One entry of the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Entry")]
pub struct EntryDocument {
    /// Its name.
    pub name: String,
    /// Where it is, or was.
    pub path: AbsPath,
    /// The bytes that it takes.
    pub bytes: u64,
    /// When it was removed, in seconds since 1970.
    pub removed: Option<i64>,
    /// Whether it is past the time that it is kept.
    pub due: bool,
    /// Whether it was deleted for good; not without `--auto-approve`.
    pub deleted: bool,
    /// When it will be due, in seconds since 1970; `null` where it is, or where nobody knows.
    pub kept_until: Option<i64>,
}

/// What the trash holds and what of it is due; `now` is in seconds since 1970. `deleted` says which are gone, `errors` why
/// others are not.
#[must_use]
pub fn prune(rows: &[PruneRow], now: i64, deleted: &[&PruneRow], errors: &[anyhow::Error]) -> String {
    let entry = |row: &PruneRow| EntryDocument {
        name: row.name.clone(),
        path: row.path.clone(),
        bytes: row.bytes,
        removed: row.removed,
        due: row.due(),
        deleted: deleted.contains(&row),
        kept_until: row.until(now),
    };
    document(&PruneDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        entries: rows.iter().map(entry).collect(),
        due_bytes: rows.iter().filter(|row| row.due()).map(|row| row.bytes).sum(),
        errors: errors.iter().map(|error| format!("{error:#}")).collect(),
    })
}

/// An entry of the trash that is deleted for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Deletion")]
pub struct DeletionDocument {
    /// The entry's name.
    pub entry: String,
    /// The entry.
    pub path: AbsPath,
    /// What lies in it.
    pub address: String,
    /// Why; for people.
    pub reason: String,
}

impl From<&Deletion> for DeletionDocument {
    fn from(deletion: &Deletion) -> Self {
        let Deletion { entry, path, address, reason } = deletion.clone();
        DeletionDocument { entry, path, address: address.to_string(), reason }
    }
}
