//! The plan as a value: changes with their reasons and blockers, drift, and the steps that apply walks.

use crate::model::address::Address;
use crate::model::escaped;
use crate::model::name::{BranchName, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};

use super::action::{Action, Symbol};
use super::emptying::Deletion;
use super::selection::Narrowed;
use super::step::Step;

/// Everything that plan has to say.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// The file.
    pub file: AbsPath,
    /// The workspace root.
    pub root: AbsPath,
    /// Where builders live.
    pub builders_dir: AbsPath,
    /// The id of the workspace; `None` before the first apply.
    pub workspace: Option<WorkspaceId>,
    /// Whether the mark of the workspace shall name this file: not while another one, or another place, has it.
    pub claims: bool,
    /// The branch of the workspace root, for the mark of the workspace.
    pub root_branch: Option<BranchName>,
    /// How many builders the file declares.
    pub declared: usize,
    /// Changes in the order of their addresses; at most one per address.
    pub changes: Vec<Change>,
    /// Whether only drift was asked for: there are no changes then.
    pub refresh_only: bool,
    /// What is left out, where the command asked for a part only.
    pub narrowed: Option<Narrowed>,
    /// Entries of the trash that are deleted for good once all else is done.
    pub deletions: Vec<Deletion>,
    /// What differs from the declaration and is left alone.
    pub drift: Vec<Note>,
    /// What nobody declared, below `builders_dir` and `repos_dir`.
    pub unmanaged: Vec<Note>,
    /// What a reader should know and nobody has to act on (a base that moved, a mixed builder).
    pub warnings: Vec<String>,
    /// What apply does, in an order that is safe; steps refer to each other by index.
    #[serde(skip)]
    pub steps: Vec<Step>,
}

impl Plan {
    /// The changes that apply would make.
    pub fn pending(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !change.is_blocked())
    }

    /// Whether apply has anything to do.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.pending().next().is_some() || !self.deletions.is_empty()
    }

    /// The changes that are refused.
    pub fn blocked(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.is_blocked())
    }

    /// Counts the changes, each once.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { delete: self.deletions.len(), ..Summary::default() };
        for change in &self.changes {
            let count = match (change.is_blocked(), change.action.symbol()) {
                (true, _) => &mut summary.blocked,
                (false, Symbol::Create) => &mut summary.create,
                (false, Symbol::Update | Symbol::Adopt) => &mut summary.update,
                (false, Symbol::Replace) => &mut summary.replace,
                (false, Symbol::Remove) => &mut summary.remove,
            };
            *count += 1;
        }
        summary
    }
}

/// How many changes of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// `+`
    pub create: usize,
    /// `~` and `>`
    pub update: usize,
    /// `-/+`
    pub replace: usize,
    /// `-`
    pub remove: usize,
    /// Entries of the trash that are deleted for good.
    pub delete: usize,
    /// Refused.
    pub blocked: usize,
}

/// A fact about a place, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Note {
    /// The address, or the path of what has none.
    pub subject: String,
    /// The address, of what has one.
    pub address: Option<Address>,
    /// The fact; a lowercase fragment.
    pub fact: String,
    /// The command that would change it, where there is one.
    pub next: Option<String>,
}

/// One change of the plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// What changes.
    pub address: Address,
    /// What will be done, or would be done if nothing blocked it.
    pub action: Action,
    /// Why; a lowercase fragment, for display only.
    pub reason: String,
    /// Facts worth a line under the change (a branch that goes or stays, ignored files that move to the trash).
    pub details: Vec<String>,
    /// A managed file's old and new text.
    pub diff: Option<TextChange>,
    /// Why it is refused; empty: it is not.
    pub blockers: Vec<Blocker>,
}

impl Change {
    /// Whether the change is refused.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.blockers.is_empty()
    }
}

/// The old and new bytes of a managed file; drawn as a unified diff where both are text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TextChange {
    /// The path in the builder.
    pub path: RelPath,
    /// What is there.
    #[serde(with = "escaped")]
    pub old: Vec<u8>,
    /// What shall be there.
    #[serde(with = "escaped")]
    pub new: Vec<u8>,
    /// Whether nobody is to see them: git does not keep the file that they come from, since it may hold secrets.
    #[serde(default)]
    pub private: bool,
}

/// The name of a kind of refusal. (An alias, since serde would want to borrow the word from the file.)
type Kind = &'static str;

/// A refusal: the fact, where, and the next command to type.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Blocker {
    /// Its name for programs, in kebab-case.
    #[serde(deserialize_with = "escaped::word")]
    pub kind: Kind,
    /// The fact; a lowercase fragment.
    pub fact: String,
    /// Where.
    pub path: Option<AbsPath>,
    /// What to type, or to edit, to go on.
    pub next: String,
}
