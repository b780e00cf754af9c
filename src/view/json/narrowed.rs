//! What a narrowed plan leaves out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{Narrowed, Selection};

/// That the plan is a part of the whole one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Narrowed")]
pub struct NarrowedDocument {
    /// `--target`, as given.
    pub target: Vec<String>,
    /// `--exclude`, as given.
    pub exclude: Vec<String>,
    /// The addresses of the changes that the whole plan has beside these.
    pub left_out: Vec<String>,
}

impl From<&Narrowed> for NarrowedDocument {
    fn from(narrowed: &Narrowed) -> Self {
        let Selection { targets, excludes } = &narrowed.selection;
        NarrowedDocument {
            target: targets.iter().map(ToString::to_string).collect(),
            exclude: excludes.iter().map(ToString::to_string).collect(),
            left_out: narrowed.left_out.iter().map(ToString::to_string).collect(),
        }
    }
}
