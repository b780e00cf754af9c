//! What a change runs: a hook, or an agent's session that is asked for.

use crate::model::desired::Url;
use crate::model::hook::{Hook, Moment};
use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::path::AbsPath;

/// A hook to run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HookRun {
    /// When it runs.
    pub moment: Moment,
    /// The command.
    pub hook: Hook,
    /// The builder.
    pub builder: BuilderName,
    /// Its directory.
    pub builder_path: AbsPath,
    /// The checkout that it is for; `None`: the builder itself.
    pub spot: Option<HookSpot>,
    /// The branch, for its environment.
    pub branch: Option<BranchName>,
    /// The builder's port, for its environment.
    pub port: Option<u16>,
}

impl HookRun {
    /// Where it runs.
    #[must_use]
    pub fn directory(&self) -> &AbsPath {
        self.spot.as_ref().map_or(&self.builder_path, |spot| &spot.path)
    }
}

/// A checkout that a hook runs in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HookSpot {
    /// Its repository.
    pub repository: RepoName,
    /// Its directory.
    pub path: AbsPath,
    /// Its admin directory; `None`: it is made by the same plan.
    pub admin_dir: Option<AbsPath>,
}

/// A session to ask a server for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionOpening {
    /// The server.
    pub server: Url,
    /// The builder, which is also its title.
    pub builder: BuilderName,
    /// Its directory.
    pub path: AbsPath,
}
