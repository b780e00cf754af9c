//! An agent's session in a builder, and how it is opened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::BuilderName;
use super::status::SessionState;

/// A session as the builder's mark keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The server, without what may be a secret.
    pub server: String,
    /// The server's name for it.
    pub id: String,
}

/// What the agents' server says of the sessions that marks name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sessions {
    /// There is no server, or nobody asked it.
    #[default]
    None,
    /// It does not answer: why.
    Down(String),
    /// What became of the session of each builder that has one.
    Known(BTreeMap<BuilderName, SessionState>),
}

/// How `wsctl open` starts what works in a builder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Opener {
    /// OpenCode: attached to the session on the server where there is one, else in the builder.
    #[default]
    OpenCode,
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Visual Studio Code.
    Code,
    /// What the file says: the program and its arguments, with `{dir}`, `{builder}`, `{session}` and `{port}` in them. It runs only
    /// when it is trusted.
    Command(Vec<String>),
}

impl Opener {
    /// Those that have a name.
    pub const PRESETS: [(&str, Opener); 4] =
        [("opencode", Opener::OpenCode), ("claude", Opener::Claude), ("codex", Opener::Codex), ("code", Opener::Code)];
}
