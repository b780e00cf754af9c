//! `[[files]]`, for editors.

use schemars::JsonSchema;

use super::Text;

/// Files that builders get.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    { "required": ["from"], "properties": { "mode": { "enum": ["copy", "symlink", "template", "none"] } } },
    { "required": ["mode"], "properties": { "mode": { "const": "none" } } },
    { "required": ["mode"], "properties": { "mode": { "enum": ["agents", "code-workspace"] }, "from": false } },
]))]
pub(super) struct ManagedFile {
    /// The source, relative to the workspace, or `{repo}/…`, relative to the main worktree of each repository: a file, a directory, or
    /// a pattern with `*`, `?`, `[…]` or `**`. Every mode but `agents`, `code-workspace` and `none` needs one.
    #[schemars(extend("examples" = ["Taskfile.yaml", "skills", "{repo}/.env*"]))]
    from: Option<Text>,
    /// The path in the builder, and its identity; `{repo}/…` is one in every checkout but the root's. Of a directory or a pattern, the
    /// directory that its files go to.
    #[schemars(extend("examples" = ["Taskfile.yaml", "{repo}/.env"]))]
    to: Text,
    /// How it is made.
    #[schemars(extend("default" = "copy"))]
    mode: Option<Mode>,
}

/// How a file is made of its source.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Mode {
    /// The same bytes.
    Copy,
    /// A symbolic link to the source.
    Symlink,
    /// The source with its variables filled in: `{builder}`, `{branch}`, `{workspace}`, `{dir}`, `{port}`, `{label.NAME}`; `{repo}`,
    /// `{repo.path}`, `{repo.dir}`, `{repo.branch}` and `{repo.base}` in a checkout, or between the lines `{for repo}` and `{end}`.
    Template,
    /// For agents, e.g. as `AGENTS.md`: which repositories are here, on which branches, and where to commit.
    Agents,
    /// For editors: every repository as a folder.
    CodeWorkspace,
    /// This builder goes without the file that every other gets.
    None,
}
