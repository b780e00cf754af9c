//! Managed files: what they are made of, and how.

use super::name::RepoName;
use super::path::{AbsPath, RelPath};

/// How a managed file is made of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileMode {
    /// The same bytes.
    Copy,
    /// A symbolic link to the source.
    Symlink,
    /// The source with its variables filled in.
    Template,
    /// A text of wsctl's own for agents: which repositories are here, and where to commit.
    Agents,
    /// A text of wsctl's own for editors that open several folders at once.
    CodeWorkspace,
}

impl FileMode {
    /// Every one.
    pub const ALL: [FileMode; 5] =
        [FileMode::Copy, FileMode::Symlink, FileMode::Template, FileMode::Agents, FileMode::CodeWorkspace];

    /// Whether it is made of a source.
    #[must_use]
    pub fn has_source(self) -> bool {
        match self {
            FileMode::Copy | FileMode::Symlink | FileMode::Template => true,
            FileMode::Agents | FileMode::CodeWorkspace => false,
        }
    }

    /// The word of the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FileMode::Copy => "copy",
            FileMode::Symlink => "symlink",
            FileMode::Template => "template",
            FileMode::Agents => "agents",
            FileMode::CodeWorkspace => "code-workspace",
        }
    }
}

/// One managed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredFile {
    /// Its path in the builder, and its identity.
    pub to: RelPath,
    /// The source, for a mode that has one.
    pub from: Option<Origin>,
    /// How it is made.
    pub mode: FileMode,
    /// The checkout that it lies in, if it lies in one.
    pub checkout: Option<RepoName>,
}

/// Where a managed file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source.
    pub path: AbsPath,
    /// The repository whose main worktree it lies in, where it is declared as one of its files: it may not be there, and what
    /// was made of it is perhaps all that is left of it.
    pub repository: Option<RepoName>,
    /// Whether it is one of the files of a directory or a pattern, and not named by itself.
    pub member: bool,
    /// What it has to lie in when all links are followed: a directory that was named, or a main worktree. `None`: it was named itself.
    pub within: Option<AbsPath>,
}
