//! JSON documents: one for each command, one event per line for apply and destroy. Keys may be added, meanings never
//! change. Paths are text in which `%` and what is not UTF-8 stand as `%XX`.

mod doctor;
pub mod edit;
mod error;
pub mod event;
pub mod exec;
mod faults;
pub mod fmt;
pub mod import;
mod narrowed;
mod open;
mod path;
mod plan;
mod prune;
mod restore;
mod saved;
pub mod schema;
mod status;
mod summary;
mod target;
mod trust;

use std::fmt::Write as _;

use serde::Serialize;

use super::text::is_hostile;

pub use doctor::{DoctorDocument, doctor};
pub use error::{ErrorDocument, error};
pub use exec::{ExecDocument, exec};
pub use faults::{FaultDocument, ValidateDocument, validate};
pub use narrowed::NarrowedDocument;
pub use open::{OpenDocument, open};
pub use path::{PathDocument, path};
pub use plan::{BlockerDocument, ChangeDocument, DiffDocument, NoteDocument, PlanDocument, plan};
pub use prune::{DeletionDocument, EntryDocument, PruneDocument, prune};
pub use restore::{RestoreAnswer, RestoreDocument, RestoredDocument, TrashDocument, TrashedDocument, restore, trash};
pub use saved::{FactDocument, SavedDocument, saved};
pub use status::{BuilderDocument, CheckoutDocument, StatusDocument, status};
pub use summary::SummaryDocument;
pub use target::Target;
pub use trust::{TrustDocument, trust};

/// The version of the format: the first number grows when a meaning changes or a key goes, the second when keys, events
/// or words are added.
pub const FORMAT_VERSION: &str = "1.2";
/// The version of the program.
pub const WSCTL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// One value over several lines, with a newline at the end.
fn document<T: Serialize>(value: &T) -> String {
    shown(serde_json::to_string_pretty(value))
}

/// One value on one line, with a newline at the end.
fn line<T: Serialize>(value: &T) -> String {
    shown(serde_json::to_string(value))
}

/// serde escapes control characters below 32 only; a terminal obeys some others. All of them stand inside strings.
fn shown(json: serde_json::Result<String>) -> String {
    let json = json.expect("structs of strings and numbers are always JSON");
    let mut out = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if c != '\n' && is_hostile(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}
