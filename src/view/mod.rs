//! Text, JSON, diffs, progress, style: the only place that prints.
//!
//! stdout is the answer, stderr is narration: symbol, fact, then the next command under it. Whatever comes from the
//! disk passes [`text::clean`] before a terminal sees it.

pub mod change;
pub mod dashboard;
pub mod diff;
pub mod doctor;
pub mod edit;
pub mod events;
pub mod exec;
pub mod fault;
pub mod import;
pub mod json;
pub mod output;
pub mod plan;
pub mod prompt;
pub mod prune;
pub mod report;
pub mod restore;
pub mod saved;
pub mod shell;
pub mod status;
pub mod style;
pub mod table;
pub mod text;
pub mod trust;

pub use dashboard::short_text;
pub use doctor::doctor_text;
pub use events::bars::Bars;
pub use events::lines::Lines;
pub use exec::opened;
pub use fault::{error, faults, valid};
pub use json::event::JsonLines;
pub use output::{narrate, print, print_bytes, screen};
pub use plan::plan_text;
pub use prune::{PruneRow, prune_text};
pub use report::report_html;
pub use restore::{TrashRow, restore_text, trash_text};
pub use saved::{SavedPlan, explained_text, saved_text};
pub use status::status_text;
pub use style::{ColorChoice, Style, Verbosity};
