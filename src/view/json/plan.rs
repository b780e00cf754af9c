//! The plan as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::path::AbsPath;
use crate::plan::{Action, Blocker, Change, Note, Plan, TextChange};
use crate::view::change::sign;
use crate::view::diff::{Drawn, draw};

use super::{
    DeletionDocument, FORMAT_VERSION, NarrowedDocument, SavedDocument, SummaryDocument, Target, WSCTL_VERSION, document,
};

/// What apply would do, what it would not and why, and what differs and is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct PlanDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The builders.toml that was read.
    pub file: AbsPath,
    /// The workspace root.
    pub root: AbsPath,
    /// Changes in the order of their addresses, refused ones among them; at most one for each address.
    pub changes: Vec<ChangeDocument>,
    /// Whether only drift was asked for: then there are no changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refresh_only: bool,
    /// What is left out, where a part was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<NarrowedDocument>,
    /// Entries of the trash that apply deletes for good at its end.
    pub deletions: Vec<DeletionDocument>,
    /// What differs from the declaration and is left alone.
    pub drift: Vec<NoteDocument>,
    /// What nobody declared, below `builders_dir` and `repos_dir`; never touched.
    pub unmanaged: Vec<NoteDocument>,
    /// What a reader should know and nobody has to act on; for people.
    pub warnings: Vec<String>,
    /// How many changes of each kind.
    pub summary: SummaryDocument,
    /// What `wsctl show` says of a saved plan beside the plan itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<SavedDocument>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Change")]
pub struct ChangeDocument {
    /// What changes, as the file names it: `repos.R`, `builders.B`, `builders.B.R` or `builders.B.files."TO"`.
    pub address: String,
    /// What is done, or would be if nothing blocked it; `none` where nothing could be done anyway. Later versions may have
    /// more words.
    #[schemars(extend("examples" = Action::WORDS))]
    pub action: String,
    /// The sign of the change in the text: create `+`, update `~`, adopt `>`, replace `-/+`, remove `-`.
    #[schemars(extend("enum" = ["+", "~", ">", "-/+", "-"]))]
    pub symbol: String,
    /// Why; for people.
    pub reason: String,
    /// Whether it is refused: then apply leaves it alone, and exits 1.
    pub blocked: bool,
    /// Why it is refused; empty where it is not.
    pub blockers: Vec<BlockerDocument>,
    /// More facts, one line each; for people.
    pub details: Vec<String>,
    /// What the action is about.
    #[serde(flatten)]
    pub target: Target,
    /// The change of a managed file's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<DiffDocument>,
}

/// One reason why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Blocker")]
pub struct BlockerDocument {
    /// Its name, in kebab-case. Later versions may have more.
    #[schemars(regex(pattern = "^[a-z]+(-[a-z]+)*$"))]
    pub kind: String,
    /// The fact; for people.
    pub fact: String,
    /// Where; `null` where no path says more.
    pub path: Option<AbsPath>,
    /// What to type, or to edit, to go on: one command or sentence per line.
    pub next: String,
}

/// The change of a managed file's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Diff")]
pub struct DiffDocument {
    /// The path in the builder.
    pub path: String,
    /// The unified diff; empty where `opaque`.
    pub unified: String,
    /// Whether they are not text, too large, or not to be shown.
    pub opaque: bool,
    /// The size of the old file in bytes.
    pub old_bytes: usize,
    /// The size of the new file in bytes.
    pub new_bytes: usize,
}

/// A fact about a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Note")]
pub struct NoteDocument {
    /// The address, or the path of what has none.
    pub subject: String,
    /// The fact; for people.
    pub fact: String,
    /// The command that would change it, where there is one.
    pub next: Option<String>,
}

/// The plan as one JSON document.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    document(&PlanDocument::from(plan))
}

impl From<&Plan> for PlanDocument {
    fn from(plan: &Plan) -> Self {
        PlanDocument {
            format_version: FORMAT_VERSION.into(),
            wsctl_version: WSCTL_VERSION.into(),
            file: plan.file.clone(),
            root: plan.root.clone(),
            changes: plan.changes.iter().map(ChangeDocument::from).collect(),
            refresh_only: plan.refresh_only,
            narrowed: plan.narrowed.as_ref().map(NarrowedDocument::from),
            deletions: plan.deletions.iter().map(DeletionDocument::from).collect(),
            drift: plan.drift.iter().map(NoteDocument::from).collect(),
            unmanaged: plan.unmanaged.iter().map(NoteDocument::from).collect(),
            warnings: plan.warnings.clone(),
            summary: plan.summary().into(),
            saved: None,
        }
    }
}

impl From<&Change> for ChangeDocument {
    fn from(change: &Change) -> Self {
        ChangeDocument {
            address: change.address.to_string(),
            action: change.action.word().into(),
            symbol: sign(change.action.symbol()).into(),
            reason: change.reason.clone(),
            blocked: change.is_blocked(),
            blockers: change.blockers.iter().map(BlockerDocument::from).collect(),
            details: change.details.clone(),
            target: Target::from(&change.action),
            diff: change.diff.as_ref().map(DiffDocument::from),
        }
    }
}

impl From<&Blocker> for BlockerDocument {
    fn from(blocker: &Blocker) -> Self {
        let Blocker { kind, fact, path, next } = blocker.clone();
        BlockerDocument { kind: kind.into(), fact, path, next }
    }
}

impl From<&TextChange> for DiffDocument {
    fn from(change: &TextChange) -> Self {
        let (unified, opaque) = match draw(change) {
            Drawn::Lines(lines) => (lines.into_iter().map(|line| line.text + "\n").collect(), false),
            Drawn::Opaque(_) => (String::new(), true),
        };
        let (old_bytes, new_bytes) = (change.old.len(), change.new.len());
        DiffDocument { path: change.path.to_string(), unified, opaque, old_bytes, new_bytes }
    }
}

impl From<&Note> for NoteDocument {
    fn from(note: &Note) -> Self {
        let Note { subject, fact, next, .. } = note.clone();
        NoteDocument { subject, fact, next }
    }
}
