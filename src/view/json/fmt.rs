//! What `wsctl fmt --json` answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};
use crate::model::path::AbsPath;

/// Which files are not written the one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fmt")]
pub struct FmtDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The builders.toml.
    pub file: AbsPath,
    /// The files that differ, or differed before they were written.
    pub files: Vec<AbsPath>,
    /// Whether they were written; not with `--check`.
    pub written: bool,
}

/// The answer as one JSON document.
#[must_use]
pub fn fmt(file: &AbsPath, files: &[AbsPath], written: bool) -> String {
    document(&FmtDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        file: file.clone(),
        files: files.to_vec(),
        written: written && !files.is_empty(),
    })
}
