//! How many changes of each kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Summary;

/// How many changes of each kind; a blocked one counts only as blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Summary")]
pub struct SummaryDocument {
    /// `+`: what is made.
    pub create: usize,
    /// `~` and `>`: what is changed or taken over in its place.
    pub update: usize,
    /// `-/+`: what is dropped and made again.
    pub replace: usize,
    /// `-`: what moves to the trash, or is dropped.
    pub remove: usize,
    /// Entries of the trash that are deleted for good.
    pub delete: usize,
    /// Refused.
    pub blocked: usize,
}

impl From<Summary> for SummaryDocument {
    fn from(summary: Summary) -> Self {
        let Summary { create, update, replace, remove, delete, blocked } = summary;
        SummaryDocument { create, update, replace, remove, delete, blocked }
    }
}
