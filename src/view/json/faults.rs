//! What `wsctl validate` answers, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Fault, Faults};
use crate::model::path::AbsPath;
use crate::model::source::Sources;
use crate::view::fault::within;

use super::{FORMAT_VERSION, WSCTL_VERSION, document};

/// Whether builders.toml can be read, and every fault of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Validate")]
pub struct ValidateDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// Whether the file has no fault.
    pub valid: bool,
    /// The file that was checked.
    pub file: AbsPath,
    /// Its faults and those of what it includes, in the order of the texts.
    pub faults: Vec<FaultDocument>,
}

/// One fault. Lines and columns count from 1, columns in characters; the end is behind the last character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fault")]
pub struct FaultDocument {
    /// The file that it is in: the one above, or one that it includes.
    pub file: AbsPath,
    /// What is wrong.
    pub message: String,
    /// The line of its first character.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The line of its end.
    pub end_line: usize,
    /// The column of its end.
    pub end_column: usize,
    /// What stands under the marked text; may be empty.
    pub label: String,
    /// The way out; may be empty.
    pub hint: String,
}

/// The answer for one file as one JSON document.
#[must_use]
pub fn validate(file: &AbsPath, result: Result<(), &Faults>) -> String {
    let faults = match result {
        Ok(()) => Vec::new(),
        Err(faults) => documents(faults),
    };
    document(&ValidateDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        valid: result.is_ok(),
        file: file.clone(),
        faults,
    })
}

/// The faults of a file, each as a document.
pub(super) fn documents(faults: &Faults) -> Vec<FaultDocument> {
    faults.faults.iter().map(|fault| FaultDocument::new(fault, &faults.sources)).collect()
}

impl FaultDocument {
    fn new(fault: &Fault, sources: &Sources) -> Self {
        let (source, span) = sources.at(&fault.span);
        let (file, text) = (source.file.clone(), &source.text);
        let span = within(&span, text);
        let ((line, column), (end_line, end_column)) = (place(text, span.start), place(text, span.end));
        let Fault { message, label, hint, .. } = fault.clone();
        FaultDocument { file, message, line, column, end_line, end_column, label, hint }
    }
}

/// Line and column of a byte that a character begins at.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..byte];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}
