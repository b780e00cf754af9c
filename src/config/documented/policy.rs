//! What `[policy]` may hold, and what of it a builder may.

use schemars::JsonSchema;

use super::Text;

/// What a removal may do.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Policy {
    #[schemars(flatten)]
    builder: BuilderPolicy,
    /// More removals than this in a day hold all removals back: a number, or a part of the builders such as `25%`.
    #[schemars(extend("default" = 5))]
    max_removals: Option<MaxRemovals>,
}

/// The policy that a builder may have for itself.
#[derive(JsonSchema)]
pub(super) struct BuilderPolicy {
    /// What a removal does with a branch that wsctl made.
    #[schemars(extend("default" = "merged"))]
    delete_branch: Option<DeleteBranch>,
    /// What a removal does with a builder that holds unsaved work.
    #[schemars(extend("default" = "block"))]
    on_unsaved: Option<OnUnsaved>,
    /// Ignored files that a removal need not keep, in gitignore syntax.
    #[schemars(extend("examples" = [["node_modules/"]]))]
    disposable: Option<Vec<Text>>,
    /// How long the trash keeps a builder, such as `14d`, `12h` or `1w 2d`.
    #[schemars(extend("default" = "14d"))]
    trash_keep: Option<Text>,
    /// Whether apply also deletes what is past `trash_keep`; true now and at the removal.
    #[schemars(extend("default" = false))]
    auto_prune: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum DeleteBranch {
    /// The branch stays.
    Never,
    /// The branch goes when its base or upstream has all its commits.
    Merged,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum OnUnsaved {
    /// The removal is refused.
    Block,
    /// The builder moves to the trash with the work in it.
    Trash,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum MaxRemovals {
    /// So many.
    Count(u32),
    /// So much of the builders that are ours, rounded down, at least one.
    Percent(#[schemars(regex(pattern = "^0*([1-9][0-9]?|100)%$"))] String),
}
