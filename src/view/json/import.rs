//! What `wsctl import --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::{AppliedDocument, Tally};
use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::plan::import::Left;
use crate::view::import::Row;

/// What was found that wsctl did not make, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Import")]
pub struct ImportDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The builders.toml.
    pub file: AbsPath,
    /// The files that were written, as seen from the workspace root.
    pub files: Vec<String>,
    /// The builders that were found.
    pub builders: Vec<FindDocument>,
    /// What is left as it is.
    pub left: Vec<LeftDocument>,
    /// What became of the disk; `null` where it was only listed.
    pub apply: Option<AppliedDocument>,
}

/// One builder that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Find")]
pub struct FindDocument {
    /// Its name.
    pub name: String,
    /// The directory that it has, or will have.
    pub path: AbsPath,
    /// Whether the file declares all of it, before anything is written.
    pub declared: bool,
    /// Why it cannot be declared as it is; `null` where it can.
    pub refused: Option<String>,
    /// Its checkouts.
    pub checkouts: Vec<FoundDocument>,
}

/// One checkout that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FoundCheckout")]
pub struct FoundDocument {
    /// Its repository; `.` is the workspace root.
    pub repository: String,
    /// Where it lies.
    pub path: AbsPath,
    /// Where it is declared, or will be: a later apply moves it there; `null` where it cannot be declared.
    pub to: Option<AbsPath>,
    /// The branch that it, or the operation in progress there, is on; `null`: a detached HEAD.
    pub branch: Option<BranchName>,
    /// Whether HEAD is detached.
    pub detached: bool,
    /// The commit at HEAD.
    pub head: ObjectId,
    /// The operation that waits there, in git's word.
    pub operation: Option<String>,
}

/// Something that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Left")]
pub struct LeftDocument {
    /// Where.
    pub path: AbsPath,
    /// Why; for people.
    pub why: String,
    /// What to type; may be empty.
    pub next: String,
}

/// The answer as one JSON document.
#[must_use]
pub fn import(file: &AbsPath, files: &[String], rows: &[Row], left: &[Left], applied: Option<(&Tally, bool)>) -> String {
    let builders = rows.iter().map(|row| FindDocument {
        name: row.find.builder.to_string(),
        path: row.path.clone(),
        declared: row.declared,
        refused: row.refused.clone(),
        checkouts: row
            .checkouts()
            .map(|(found, to)| FoundDocument {
                repository: found.repository.to_string(),
                path: found.worktree.clone(),
                to: to.cloned(),
                branch: found.branch.clone(),
                detached: !found.attached,
                head: found.head.clone(),
                operation: found.operation.map(str::to_owned),
            })
            .collect(),
    });
    document(&ImportDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        file: file.clone(),
        files: files.to_vec(),
        builders: builders.collect(),
        left: left
            .iter()
            .map(|left| LeftDocument { path: left.path.clone(), why: left.why.clone(), next: left.next.clone() })
            .collect(),
        apply: applied.map(|(tally, ok)| tally.told(ok)),
    })
}
