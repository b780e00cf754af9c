//! What `wsctl doctor --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::checkup::{Finding, Level};

/// Every answer about the health of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Doctor")]
pub struct DoctorDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// Whether nothing is `bad`.
    pub well: bool,
    /// The answers, in the order in which one would ask.
    pub findings: Vec<FindingDocument>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub struct FindingDocument {
    /// The question: `git`, `file`, `journal`, `hidden`, `repository`, `plan`, `worktree`, `seen`, `project`, `hooks`, `server`, `program` or
    /// `trash`; a later version may ask more.
    pub kind: String,
    /// `good`, `notice` (worth knowing) or `bad`.
    pub level: String,
    /// The address, or what else it is about.
    pub subject: String,
    /// The fact, for people.
    pub fact: String,
    /// What mends it, one command or edit per line; `null` where nothing has to be.
    pub next: Option<String>,
}

/// The answers as one JSON document.
#[must_use]
pub fn doctor(found: &[Finding]) -> String {
    let one = |finding: &Finding| FindingDocument {
        kind: finding.kind.into(),
        level: finding.level.as_str().into(),
        subject: finding.subject.clone(),
        fact: finding.fact.clone(),
        next: Some(finding.next.clone()).filter(|next| !next.is_empty()),
    };
    document(&DoctorDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        well: found.iter().all(|finding| finding.level != Level::Bad),
        findings: found.iter().map(one).collect(),
    })
}
