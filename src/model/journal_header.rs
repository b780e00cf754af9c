//! The first line of the journal: whose it is, of which run, and of which boot of the machine.

use serde::{Deserialize, Serialize};

use super::clock::Boot;
use super::name::WorkspaceId;
use super::path::AbsPath;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always 1.
    pub version: u32,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The file that was applied: another one does not declare the same repositories.
    pub file: AbsPath,
    /// Where it was written: in a copy of the workspace its paths are the original's.
    pub builders_dir: AbsPath,
    /// What the names of its temporaries hold: this run's token first, then those of runs that it could not clean up after.
    pub tokens: Vec<String>,
    /// The process.
    pub pid: u32,
    /// The boot of the machine, where the system tells it.
    pub boot: Option<Boot>,
    /// When the plan was made, in seconds since 1970; with what an older run left, when that one's was.
    pub started: i64,
    /// When the journal was written, in milliseconds since 1970: what is older was there before the first step. Where it is
    /// not said, all was.
    #[serde(default = "never")]
    pub opened: i64,
    /// How many intents follow; fewer lines than that are a damaged journal.
    pub intents: usize,
}

impl Header {
    /// Whether it was certainly written in this boot of the machine: then nothing that was written since is lost.
    #[must_use]
    pub fn is_of(&self, boot: Option<&Boot>) -> bool {
        matches!((&self.boot, boot), (Some(then), Some(now)) if then.id == now.id)
    }
}

fn never() -> i64 {
    i64::MAX
}
