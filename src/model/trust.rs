//! Commands of the file that the user trusts: nothing of it runs before.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::path::AbsPath;
use super::url::Url;

/// A command as the file has it; trusted or not, it is exactly this.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// What `sh -c` gets.
    Script(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

/// What stands for a server of another machine: that it is asked for sessions, with the password of the environment.
#[must_use]
pub fn server_of(url: &Url) -> Command {
    Command::Words(vec!["opencode".into(), "attach".into(), url.to_string()])
}

/// A command that is trusted, and where it stood when it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trusted {
    /// Where it stood: `[repos.api.hooks] post_create`.
    pub place: String,
    /// The command.
    pub command: Command,
}

/// Everything that one user trusts, by the file that it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustFile {
    /// Always 1.
    pub version: u32,
    /// The file → what of it is trusted.
    pub workspaces: BTreeMap<AbsPath, BTreeSet<Trusted>>,
}

impl Default for TrustFile {
    fn default() -> Self {
        TrustFile { version: 1, workspaces: BTreeMap::new() }
    }
}

impl TrustFile {
    /// The commands of a file that are trusted.
    #[must_use]
    pub fn commands(&self, file: &AbsPath) -> BTreeSet<Command> {
        self.workspaces.get(file).into_iter().flatten().map(|trusted| trusted.command.clone()).collect()
    }
}
