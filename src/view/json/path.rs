//! What `wsctl path --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::path::AbsPath;

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Path")]
pub struct PathDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The directory.
    pub path: AbsPath,
}

/// The answer as one JSON document.
#[must_use]
pub fn path(path: &AbsPath) -> String {
    document(&PathDocument { format_version: FORMAT_VERSION.into(), wsctl_version: WSCTL_VERSION.into(), path: path.clone() })
}
