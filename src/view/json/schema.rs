//! JSON Schemas of the documents: `wsctl schema`.

use std::collections::BTreeMap;

use schemars::Schema;
use serde::Serialize;
use serde_json::{Value, json};

use super::edit::EditDocument;
use super::event::EventLine;
use super::fmt::FmtDocument;
use super::import::ImportDocument;
use super::{
    DoctorDocument, ErrorDocument, ExecDocument, FORMAT_VERSION, OpenDocument, PathDocument, PlanDocument, PruneDocument,
    RestoreAnswer, StatusDocument, TrustDocument, ValidateDocument, document,
};
use crate::model::schema::written;
use crate::view::style::Style;
use crate::view::table::{Cell, draw};

/// Something that has a schema: its name, what it is, and the schema.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Its name for `wsctl schema`.
    pub name: &'static str,
    /// What it is, as the schema's title.
    pub about: &'static str,
    make: fn(&str, &str) -> Schema,
}

/// Every document that wsctl writes.
pub const SUBJECTS: [Subject; 15] = [
    Subject { name: "plan", about: "what `wsctl plan --json` answers", make: written::<PlanDocument> },
    Subject { name: "status", about: "what `wsctl status --json` answers", make: written::<StatusDocument> },
    Subject { name: "events", about: "one line of `wsctl apply --json` or `wsctl destroy --json`", make: events },
    Subject { name: "validate", about: "what `wsctl validate --json` answers", make: written::<ValidateDocument> },
    Subject { name: "restore", about: "what `wsctl restore --json` answers", make: written::<RestoreAnswer> },
    Subject { name: "prune", about: "what `wsctl prune --json` answers", make: written::<PruneDocument> },
    Subject { name: "edit", about: "what `wsctl add`, `remove` and `add-repo --json` answer", make: written::<EditDocument> },
    Subject { name: "import", about: "what `wsctl import --json` answers", make: written::<ImportDocument> },
    Subject { name: "doctor", about: "what `wsctl doctor --json` answers", make: written::<DoctorDocument> },
    Subject { name: "exec", about: "what `wsctl exec --json` answers", make: written::<ExecDocument> },
    Subject { name: "open", about: "what `wsctl open --json` answers", make: written::<OpenDocument> },
    Subject { name: "path", about: "what `wsctl path --json` answers", make: written::<PathDocument> },
    Subject { name: "trust", about: "what `wsctl trust --json` answers", make: written::<TrustDocument> },
    Subject { name: "fmt", about: "what `wsctl fmt --json` answers", make: written::<FmtDocument> },
    Subject {
        name: "error",
        about: "what any command but apply and destroy answers when it failed",
        make: written::<ErrorDocument>,
    },
];

impl Subject {
    /// Its schema, of this version of the format. There is no host that it could be had from.
    #[must_use]
    pub fn schema(&self) -> Schema {
        (self.make)(&format!("urn:wsctl:schema:{}:{FORMAT_VERSION}", self.name), self.about)
    }
}

/// Names, each with what it is.
#[must_use]
pub fn list(names: &BTreeMap<&str, &str>, style: &Style) -> String {
    let rows: Vec<_> = names.iter().map(|(name, about)| vec![Cell::new(name), Cell::new(about)]).collect();
    draw(&rows, style)
}

/// A schema, or a list of them, as text.
#[must_use]
pub fn text<T: Serialize>(value: &T) -> String {
    document(value)
}

/// A line is one of the events that there are, or one that a later version adds: a reader passes over those.
fn events(id: &str, title: &str) -> Schema {
    let mut schema = written::<EventLine>(id, title);
    let known = schema.remove("oneOf").unwrap_or_default();
    let types: Vec<Value> =
        known.as_array().into_iter().flatten().map(|event| event["properties"]["type"]["const"].clone()).collect();
    let later = json!({
        "description": "An event of a later version: pass over it.",
        "type": "object",
        "properties": { "type": { "type": "string", "not": { "enum": types } } },
        "required": ["type"],
    });
    let all: Vec<Value> = known.as_array().into_iter().flatten().cloned().chain([later]).collect();
    schema.insert("oneOf".into(), all.into());
    schema
}
