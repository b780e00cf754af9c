//! What `builders.toml` may hold, for editors: `wsctl schema config`. Every word here is shown where the file is written.
//! The reader is in `sections` and `builders`; a test holds the keys of both together.
#![expect(dead_code, reason = "these types are only their schemas: the file is read with the place of every value")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};

use crate::model::schema::read;

mod managed;
mod policy;
mod work;

use managed::ManagedFile;
use policy::{BuilderPolicy, Policy};
use work::{Hooks, OpenCode, Session};

/// The schema of the file.
#[must_use]
pub fn documented() -> Schema {
    read::<File>("urn:wsctl:schema:config:1", "builders.toml")
}

/// The builders of a workspace: directories that each hold a git worktree of every repository that a task needs.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct File {
    /// The version of this format: 1.
    #[schemars(extend("const" = 1), range(min = 1, max = 1))]
    version: u8,
    /// Other files, relative to this one, with `*` in their names: each may hold repositories, builders and files.
    include: Option<Vec<Text>>,
    /// Where things are, and what builders look like.
    workspace: Option<Workspace>,
    /// What every builder has unless it says otherwise.
    defaults: Option<Defaults>,
    /// The repositories that builders are made of; each is cloned when it is missing.
    repos: Option<BTreeMap<String, Repository>>,
    /// The builders that there shall be, by name. Without its block a builder moves to the trash.
    builders: Option<BTreeMap<String, Builder>>,
    /// Files of the workspace that every builder gets.
    files: Option<Vec<ManagedFile>>,
    /// Commands that run in every builder once it is there, and before it goes; only those that `wsctl trust` knows.
    hooks: Option<Hooks>,
    /// How `wsctl open` starts what works in a builder.
    session: Option<Session>,
    /// The agents' server, where each builder has a session.
    opencode: Option<OpenCode>,
    /// What was renamed: moved, instead of removed and made again.
    moved: Option<Vec<Moved>>,
    /// What a removal may do.
    policy: Option<Policy>,
}

/// A text that is not empty.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Text(#[schemars(length(min = 1))] String);

/// Where things are, and what builders look like.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Workspace {
    /// The workspace, relative to this file. As the top of a git work tree it is repository `.`.
    #[schemars(extend("default" = "."))]
    root: Option<Text>,
    /// Where base clones live, relative to the root.
    #[schemars(extend("default" = "repos"))]
    repos_dir: Option<Text>,
    /// Where builders live, each at `<builders_dir>/<name>`; may be absolute, or `~/…`.
    #[schemars(extend("default" = ".builders"))]
    builders_dir: Option<Text>,
    /// Where a builder's checkouts lie in it.
    #[schemars(extend("default" = "sibling"))]
    layout: Option<Layout>,
    /// Whether the builder's own directory is a small repository, so that an agent sees all checkouts at once.
    #[schemars(extend("default" = true))]
    anchor: Option<bool>,
    /// What branches are called: a template with `{builder}` and `{repo}`.
    #[schemars(extend("default" = "builder/{builder}"))]
    branch: Option<Text>,
    /// What new branches start from; else the HEAD of the remote.
    #[schemars(extend("examples" = ["origin/main"]))]
    base: Option<Text>,
    /// Whether plan and apply fetch first, as with `--fetch`.
    #[schemars(extend("default" = false))]
    fetch: Option<bool>,
    /// Ports of this machine; each builder gets one of them, for templates, hooks and `wsctl exec`.
    #[schemars(regex(pattern = "^ *[0-9]+ *- *[0-9]+ *$"), extend("examples" = ["41000-41999"]))]
    ports: Option<String>,
}

/// Where a builder's checkouts lie in it.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Layout {
    /// A word for one of three layouts.
    Named(NamedLayout),
    /// Places of your own.
    Custom(CustomLayout),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum NamedLayout {
    /// `workspace-root/`, `ai-dev/`, … side by side.
    Sibling,
    /// `workspace/`, and `repos/ai-dev/`, ….
    Split,
    /// The builder is the root's worktree; `repos/ai-dev/`, … lie in it.
    Nested,
}

/// Places of your own, relative to the builder.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct CustomLayout {
    /// Where the root's checkout lies; `.` for the builder itself.
    #[schemars(extend("examples" = ["ws"]))]
    root: Text,
    /// Where any other checkout lies; with `{repo}` in it.
    #[schemars(regex(pattern = r"\{repo\}"), extend("examples" = ["src/{repo}"]))]
    repo: String,
}

/// What every builder has unless it says otherwise.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Defaults {
    /// Their repositories; the root `.` joins by itself.
    repos: Option<Vec<Text>>,
    /// The branch of every checkout, a template with `{builder}` and `{repo}`.
    #[schemars(extend("examples" = ["feature/{builder}"]))]
    branch: Option<Text>,
    /// What new branches start from.
    #[schemars(extend("examples" = ["origin/main"]))]
    base: Option<Text>,
    /// Whether they may never be removed, not by `wsctl destroy` either.
    #[schemars(extend("default" = false))]
    protect: Option<bool>,
    /// Whether the workspace root joins by itself.
    #[schemars(extend("default" = true))]
    include_root: Option<bool>,
    /// What is said of them, for templates and lists.
    #[schemars(extend("examples" = [{ "team": "gateway" }]))]
    labels: Option<BTreeMap<String, Text>>,
    #[schemars(flatten)]
    policy: BuilderPolicy,
}

/// A repository with its base clone.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Repository {
    /// Where it is cloned from when it is missing: https, http, ssh, git or file, `user@host:path`, or a path.
    #[schemars(extend("examples" = ["git@example.com:acme/ai-dev.git"]))]
    url: Option<Text>,
    /// Where it lies, relative to the root; else `<repos_dir>/<name>`, or `<repos_dir>/<name>/main` where that is the clone.
    path: Option<Text>,
    /// What new branches of this repository start from.
    #[schemars(extend("examples" = ["origin/main"]))]
    base: Option<Text>,
    /// How many commits of each branch a clone has.
    #[schemars(range(min = 1), extend("examples" = [1]))]
    depth: Option<u32>,
    /// What a clone fetches only when it is needed: `blob:none`, `blob:limit=1m`, `tree:0`, `object:type=commit`.
    #[schemars(extend("examples" = ["blob:none"]))]
    filter: Option<Text>,
    /// Whether its checkouts have their submodules, and those below them.
    submodules: Option<bool>,
    /// What its checkouts have of files that git-lfs keeps: true, their content, which plan then looks for; false, pointers,
    /// also in a clone. Without this key, what git gives them.
    lfs: Option<bool>,
    /// Files of its main worktree that its checkouts get; paths are relative to the two.
    files: Option<Vec<ManagedFile>>,
    /// What git ignores and a build makes: copied into new checkouts where the file system can do so without writing it again.
    #[schemars(extend("examples" = [["target", "node_modules"]]))]
    seed: Option<Vec<Text>>,
    /// Commands that run in each of its checkouts once it is there, and before it goes.
    hooks: Option<Hooks>,
}

/// One builder: a directory with a worktree of each of its repositories.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Builder {
    /// Its repositories; the root `.` joins by itself. Without this key, those of `[defaults]`.
    repos: Option<Vec<Text>>,
    /// The branch of every checkout of it, a template with `{builder}` and `{repo}`.
    #[schemars(extend("examples" = ["feature/TEC-25-slack"]))]
    branch: Option<Text>,
    /// What new branches start from.
    #[schemars(extend("examples" = ["origin/main"]))]
    base: Option<Text>,
    /// Whether it may never be removed, not by `wsctl destroy` either.
    #[schemars(extend("default" = false))]
    protect: Option<bool>,
    /// Whether the workspace root joins by itself.
    #[schemars(extend("default" = true))]
    include_root: Option<bool>,
    /// What single checkouts of it have otherwise, by repository.
    checkout: Option<BTreeMap<String, Checkout>>,
    /// What is said of it, for templates and lists; those of `[defaults]` where it says nothing else.
    #[schemars(extend("examples" = [{ "ticket": "TEC-25" }]))]
    labels: Option<BTreeMap<String, Text>>,
    /// Commands that run in it in place of those of `[hooks]`.
    hooks: Option<Hooks>,
    /// Files that it alone gets; the same `to` replaces the file that every builder gets.
    files: Option<Vec<ManagedFile>>,
    #[schemars(flatten)]
    policy: BuilderPolicy,
}

/// What one checkout has otherwise than its builder.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Checkout {
    /// Its branch, a template with `{builder}` and `{repo}`.
    branch: Option<Text>,
    /// What a new branch starts from.
    #[schemars(extend("examples" = ["origin/release"]))]
    base: Option<Text>,
    /// A tag, a branch or a commit that it is detached at, for reading: no branch is made for it.
    #[schemars(rename = "ref", extend("examples" = ["v1.2"]))]
    reference: Option<Text>,
    /// The only directories that it has, and the files above them.
    #[schemars(extend("examples" = [["services"]]))]
    sparse: Option<Vec<Text>>,
}

/// A rename; an entry whose source is not there any more does nothing, and may stay.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{ "required": ["from", "to"] }, { "required": ["from_branch", "to_branch"] }]))]
#[schemars(extend("dependentRequired" = { "from": ["to"], "to": ["from"], "from_branch": ["to_branch"], "to_branch": ["from_branch"] }))]
struct Moved {
    /// The address of a builder or a repository before.
    #[schemars(extend("examples" = ["builders.slack", "repos.api"]))]
    from: Option<Text>,
    /// Its address by now.
    to: Option<Text>,
    /// A branch before, in every repository that has a checkout of ours on it.
    #[schemars(extend("examples" = ["feature/slack"]))]
    from_branch: Option<Text>,
    /// Its name by now.
    to_branch: Option<Text>,
}
