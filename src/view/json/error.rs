//! What `--json` answers when a command failed: an object like any answer, on stdout, so that a reader has one place to look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::faults::{FaultDocument, documents};
use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::diagnostic::{Diagnostic, Faults, Outrun};
use crate::model::path::shell;

/// Why a command that answers with one document has none. The exit code is 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
pub struct ErrorDocument {
    /// The version of the format, `MAJOR.MINOR`.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// What is wrong, and where: one line.
    pub error: String,
    /// What to type, or to edit, to go on, one per line; `null` where nobody can say.
    pub next: Option<String>,
    /// The faults of builders.toml, where that is what is wrong; else empty.
    pub faults: Vec<FaultDocument>,
}

/// What is wrong, and the way out.
pub(super) fn told(error: &anyhow::Error) -> (String, Option<String>) {
    let message = format!("{error:#}");
    let next = error.downcast_ref::<Diagnostic>().map(|diagnostic| diagnostic.next.clone()).filter(|next| !next.is_empty());
    if let Some(outrun) = error.downcast_ref::<Outrun>() {
        return (message, Some(outrun.next.clone()));
    }
    match error.downcast_ref::<Faults>() {
        Some(faults) => (message, Some(format!("wsctl validate {}", shell(faults.file())))),
        None => (message, next),
    }
}

/// An error as one JSON document.
#[must_use]
pub fn error(error: &anyhow::Error) -> String {
    let (message, next) = told(error);
    document(&ErrorDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        error: message,
        next,
        faults: error.downcast_ref::<Faults>().map(documents).unwrap_or_default(),
    })
}
