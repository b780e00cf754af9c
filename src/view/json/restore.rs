//! `wsctl restore --json`: what the trash holds, or how one entry comes back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BlockerDocument, FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::plan::restore::{Block, Restore, RestoredCheckout};
use crate::view::restore::TrashRow;

/// What the trash holds: the answer without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Trash")]
pub struct TrashDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// Its entries, newest first.
    pub entries: Vec<TrashedDocument>,
}

/// One entry of the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Trashed")]
pub struct TrashedDocument {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: AbsPath,
    /// What would come back; `null` where its manifest cannot be read.
    pub address: Option<String>,
    /// When it was removed, in seconds since 1970.
    pub removed: Option<i64>,
    /// Until when it is kept, in seconds since 1970.
    pub kept_until: Option<i64>,
    /// The bytes that it takes.
    pub bytes: u64,
    /// The branches that its checkouts were on.
    pub branches: Vec<String>,
    /// Whether it can come back.
    pub restorable: bool,
    /// Why it cannot; empty where it can.
    pub blockers: Vec<BlockerDocument>,
}

/// How one entry comes back, or that it did: the answer to a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Restore")]
pub struct RestoreDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The entry.
    pub entry: String,
    /// What comes back.
    pub address: String,
    /// To where.
    pub path: AbsPath,
    /// Whether it was done; not without `--auto-approve`.
    pub restored: bool,
    /// Why it cannot come back; empty where it can.
    pub blockers: Vec<BlockerDocument>,
    /// Its checkouts.
    pub checkouts: Vec<RestoredDocument>,
    /// More facts, one line each; for people.
    pub details: Vec<String>,
    /// The text that builders.toml has to have so that the next apply keeps it; `null` where it is declared.
    pub declare: Option<String>,
}

/// One checkout that comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Restored")]
pub struct RestoredDocument {
    /// Its repository.
    pub repository: String,
    /// Where it will be.
    pub path: AbsPath,
    /// The branch that it, or its rebase, will be on.
    pub branch: Option<BranchName>,
    /// The commit of that branch.
    pub commit: Option<ObjectId>,
    /// Whether the branch is made.
    pub makes_branch: bool,
}

/// Either answer of `wsctl restore`; for its schema.
#[derive(Debug, Clone, JsonSchema)]
#[serde(untagged)]
pub enum RestoreAnswer {
    /// Without a name.
    Trash(TrashDocument),
    /// With one.
    Restore(RestoreDocument),
}

/// What the trash holds, rows as they are given.
#[must_use]
pub fn trash(rows: &[TrashRow]) -> String {
    document(&TrashDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        entries: rows.iter().map(trashed).collect(),
    })
}

fn trashed(row: &TrashRow) -> TrashedDocument {
    let manifest = row.entry.manifest.as_ref();
    let blockers = match &row.restore {
        Some(restore) => restore.blockers.iter().map(BlockerDocument::from).collect(),
        None => row.why_not().into_iter().map(|(fact, next)| unreadable(fact, next, &row.entry.path)).collect(),
    };
    TrashedDocument {
        name: row.entry.name.clone(),
        path: row.entry.path.clone(),
        address: row.restore.as_ref().map(|restore| restore.address.to_string()),
        removed: manifest.map(|manifest| manifest.removed),
        kept_until: manifest.map(|manifest| manifest.removed.saturating_add_unsigned(manifest.keep)),
        bytes: row.bytes,
        branches: row.branches(),
        restorable: row.can(),
        blockers,
    }
}

fn unreadable(fact: String, next: String, path: &AbsPath) -> BlockerDocument {
    BlockerDocument { kind: "no-manifest".into(), fact, path: Some(path.clone()), next }
}

/// How one entry comes back, or that it did.
#[must_use]
pub fn restore(restore: &Restore, restored: bool, block: Option<&Block>) -> String {
    let checkout = |checkout: &RestoredCheckout| RestoredDocument {
        repository: checkout.name.to_string(),
        path: checkout.worktree.clone(),
        branch: checkout.fate.branch().map(|(branch, _)| branch.clone()),
        commit: checkout.fate.branch().map(|(_, commit)| commit.clone()),
        makes_branch: checkout.fate.makes().is_some(),
    };
    document(&RestoreDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        entry: restore.entry.name.clone(),
        address: restore.address.to_string(),
        path: restore.to.clone(),
        restored,
        blockers: restore.blockers.iter().map(BlockerDocument::from).collect(),
        checkouts: restore.checkouts.iter().map(checkout).collect(),
        details: restore.details.clone(),
        declare: block.map(|block| block.text.clone()),
    })
}
