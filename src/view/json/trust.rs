//! What `wsctl trust --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::path::AbsPath;
use crate::view::trust::{State, Wanted, shown};

/// Every command that the file wants to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Trust")]
pub struct TrustDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The builders.toml.
    pub file: AbsPath,
    /// The commands, in the order of their places.
    pub commands: Vec<CommandDocument>,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Command")]
pub struct CommandDocument {
    /// Where it stands, e.g. `[repos.api.hooks] post_create`.
    pub place: String,
    /// The command as a shell would take it.
    pub command: String,
    /// Whether it may run.
    pub trusted: bool,
    /// The command that was trusted in this place before.
    pub before: Option<String>,
}

/// The answer as one JSON document.
#[must_use]
pub fn trust(file: &AbsPath, wanted: &[Wanted]) -> String {
    let one = |wanted: &Wanted| CommandDocument {
        place: wanted.place.clone(),
        command: shown(&wanted.command),
        trusted: wanted.state == State::Trusted,
        before: match &wanted.state {
            State::Changed(old) => Some(shown(old)),
            State::Trusted | State::New => None,
        },
    };
    document(&TrustDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        file: file.clone(),
        commands: wanted.iter().map(one).collect(),
    })
}
