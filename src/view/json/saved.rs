//! A saved plan as a document: the plan's own, with what it was made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Compared;
use crate::view::saved::SavedPlan;

use super::document;
use super::plan::PlanDocument;

/// What a saved plan was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Saved")]
pub struct SavedDocument {
    /// Its name: a plan is applied once.
    pub id: String,
    /// When it was made.
    pub made: String,
    /// The command that made it, but for its `-C` and `-f`.
    pub command: String,
    /// What was found on the disk, as far as the changes depend on it.
    pub facts: Vec<FactDocument>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fact")]
pub struct FactDocument {
    /// The address that depends on it; `null` for the workspace itself.
    pub address: Option<String>,
    /// What was looked at, for people.
    pub what: String,
    /// What it was, for people.
    pub is: String,
}

/// Facts, one after the other.
pub(super) fn facts(all: &[Compared]) -> Vec<FactDocument> {
    let of = |compared: &Compared| {
        let address = compared.address.as_ref().map(ToString::to_string);
        let fact =
            |fact: &crate::plan::Fact| FactDocument { address: address.clone(), what: fact.what.clone(), is: fact.is.clone() };
        compared.facts.iter().map(fact).collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

/// A saved plan as one JSON document.
#[must_use]
pub fn saved(saved: &SavedPlan<'_>) -> String {
    let made = SavedDocument {
        id: saved.id.clone(),
        made: saved.made.clone(),
        command: saved.command.clone(),
        facts: facts(saved.facts),
    };
    document(&PlanDocument { saved: Some(made), ..PlanDocument::from(saved.plan) })
}
