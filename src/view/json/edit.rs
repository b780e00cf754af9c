//! What `wsctl add`, `remove` and `add-repo` answer with `--json`: one document, with what was applied where that was asked
//! for.

use std::sync::Mutex;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChangeDocument, FORMAT_VERSION, WSCTL_VERSION, document};
use crate::apply::event::{Event, Listener};
use crate::model::name::BranchName;
use crate::model::path::AbsPath;
use crate::view::edit::Answer;

/// What an edit of builders.toml made of it, and of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Edit")]
pub struct EditDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The builders.toml.
    pub file: AbsPath,
    /// Whether a file was written; not where everything was as asked for already.
    pub changed: bool,
    /// The files that were written, as seen from the workspace root.
    pub files: Vec<String>,
    /// The builder that it is about; `null` where it is about repositories alone.
    pub builder: Option<EditedBuilder>,
    /// What became of the disk; `null` without `--apply`.
    pub apply: Option<AppliedDocument>,
    /// What to type to go on; `null` where nothing is left to do.
    pub next: Option<String>,
}

/// A builder as it is declared, or was before it was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditedBuilder {
    /// Its name.
    pub name: String,
    /// Its directory.
    pub path: AbsPath,
    /// The branch of the builder as a whole; `null` where it is not declared.
    pub branch: Option<BranchName>,
    /// Its checkouts.
    pub checkouts: Vec<EditedCheckout>,
    /// Entries of the trash that were a builder of this name: `wsctl restore` brings them back.
    pub trash: Vec<String>,
}

/// A checkout as it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditedCheckout {
    /// Its repository; `.` is the workspace root.
    pub repository: String,
    /// Its directory.
    pub path: AbsPath,
    /// The branch that it is to be on; `null` where it is to be read, at `ref`.
    pub branch: Option<BranchName>,
    /// The revision that it is detached at, to be read.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What a new branch starts from; `null`: the remote's HEAD.
    pub base: Option<String>,
}

/// What became of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Applied")]
pub struct AppliedDocument {
    /// Whether nothing failed and nothing is blocked.
    pub ok: bool,
    /// What was done.
    pub applied: Vec<StepDocument>,
    /// What failed.
    pub failed: Vec<FailedDocument>,
    /// What was not begun.
    pub skipped: Vec<FailedDocument>,
    /// What is refused, each with the reasons.
    pub blocked: Vec<ChangeDocument>,
    /// What a reader should know; for people.
    pub warnings: Vec<String>,
}

/// One change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepDocument {
    /// What changed.
    pub address: String,
    /// What was done.
    pub action: String,
}

/// One change that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotDone")]
pub struct FailedDocument {
    /// What should change.
    pub address: String,
    /// What went wrong, or what it waited for; for people.
    pub error: String,
    /// What to type to go on; may be empty.
    pub next: String,
}

/// Counts what an apply tells, for the one document at its end.
#[derive(Debug, Default)]
pub struct Tally(Mutex<AppliedDocument>);

impl Tally {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn told(&self, ok: bool) -> AppliedDocument {
        let told = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        AppliedDocument { ok, ..told }
    }
}

impl Listener for Tally {
    fn event(&self, event: &Event<'_>) {
        let mut told = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::Planned(plan) => told.blocked = plan.blocked().map(ChangeDocument::from).collect(),
            Event::Start(_) | Event::Progress { .. } | Event::Output { .. } | Event::Deleted(_) | Event::Summary(_) => {}
            Event::Complete { change, .. } => {
                let step = StepDocument { address: change.address.to_string(), action: change.action.word().into() };
                told.applied.push(step);
            }
            Event::Errored { change, error, next } => {
                told.failed.push(FailedDocument {
                    address: change.address.to_string(),
                    error: (*error).into(),
                    next: (*next).into(),
                });
            }
            Event::Skipped { change, because } => {
                told.skipped.push(FailedDocument {
                    address: change.address.to_string(),
                    error: (*because).into(),
                    next: String::new(),
                });
            }
            Event::Warning { message, .. } | Event::Failure { message, .. } => told.warnings.push((*message).into()),
        }
    }
}

/// What came of an edit as one JSON document.
#[must_use]
pub fn edit(answer: &Answer, applied: Option<(&Tally, bool)>) -> String {
    let builder = answer.name.as_ref().zip(answer.path.as_ref()).map(|(name, path)| {
        let declared = answer.builder.as_ref();
        let checkouts = declared.into_iter().flat_map(|builder| builder.checkouts.values());
        EditedBuilder {
            name: name.to_string(),
            path: path.clone(),
            branch: declared.map(|builder| builder.branch.clone()),
            checkouts: checkouts
                .map(|checkout| EditedCheckout {
                    repository: checkout.repository.to_string(),
                    path: checkout.path.under(path),
                    branch: checkout.goal.branch().cloned(),
                    reference: checkout.goal.reference().cloned(),
                    base: checkout.base.clone(),
                })
                .collect(),
            trash: answer.trash.clone(),
        }
    });
    document(&EditDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        file: answer.file.clone(),
        changed: !answer.files.is_empty(),
        files: answer.files.clone(),
        builder,
        apply: applied.map(|(tally, ok)| tally.told(ok)),
        next: answer.next.clone(),
    })
}
