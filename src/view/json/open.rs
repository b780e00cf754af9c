//! What `wsctl open --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::located::LocatedBuilder;
use crate::model::name::BuilderName;
use crate::model::path::AbsPath;

/// What would be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Open")]
pub struct OpenDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// One for each builder.
    pub openings: Vec<OpeningDocument>,
}

/// What would be started in one builder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Opening")]
pub struct OpeningDocument {
    /// The builder.
    pub builder: BuilderName,
    /// Where it runs.
    pub path: AbsPath,
    /// The program and its arguments.
    pub command: Vec<String>,
}

/// The answer as one JSON document; nothing is started.
#[must_use]
pub fn open(commands: &[(&LocatedBuilder, Vec<String>)]) -> String {
    let one = |(builder, command): &(&LocatedBuilder, Vec<String>)| OpeningDocument {
        builder: builder.name.clone(),
        path: builder.path.clone(),
        command: command.clone(),
    };
    document(&OpenDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        openings: commands.iter().map(one).collect(),
    })
}
