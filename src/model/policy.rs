//! What a removal may do.

use serde::{Deserialize, Serialize};

/// What a removal does with a branch that wsctl made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeleteBranch {
    /// The branch stays.
    Never,
    /// The branch goes when its base or upstream holds all its commits.
    Merged,
}

/// What a removal does with a builder that holds unsaved work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnsaved {
    /// The removal is refused.
    Block,
    /// The builder moves to the trash with the work in it.
    Trash,
}

/// How many removals one run may do before all of them are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxRemovals {
    /// So many builders.
    Count(u32),
    /// So much of the builders we own, rounded down, at least one.
    Percent(u32),
}

impl MaxRemovals {
    /// The number of removals allowed when `owned` builders are ours.
    #[must_use]
    pub fn limit(self, owned: usize) -> usize {
        match self {
            MaxRemovals::Count(count) => count as usize,
            MaxRemovals::Percent(percent) => (owned * percent as usize / 100).max(1),
        }
    }
}

/// The policy keys that a builder may set for itself; kept in its mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuilderPolicy {
    /// What happens to branches that wsctl made.
    pub delete_branch: DeleteBranch,
    /// What happens to unsaved work.
    pub on_unsaved: OnUnsaved,
    /// gitignore patterns of ignored files that a removal may delete at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disposable: Vec<String>,
    /// How long the trash keeps the builder, in seconds.
    pub trash_keep: u64,
    /// Whether apply also empties what is past `trash_keep`.
    #[serde(default)]
    pub auto_prune: bool,
}

impl Default for BuilderPolicy {
    fn default() -> Self {
        BuilderPolicy {
            delete_branch: DeleteBranch::Merged,
            on_unsaved: OnUnsaved::Block,
            disposable: Vec::new(),
            trash_keep: 14 * 24 * 3600,
            auto_prune: false,
        }
    }
}
