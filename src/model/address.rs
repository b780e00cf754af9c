//! Where a thing stands in the file: `repos.R`, `builders.B`, `builders.B.R`, `builders.B.files."TO"`, `builders.B.R.post_create`.

use std::fmt;

use super::name::{BuilderName, RepoName};
use super::path::RelPath;

/// The words behind a builder or a checkout that name its hook and its session; no repository has them for a name.
pub(super) const POST_CREATE: &str = "post_create";
pub(super) const SESSION: &str = "session";

/// The address of one declared thing. Its order is the order of a plan: repositories first, then each
/// builder with its checkouts and files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Address {
    /// `workspace.builders_dir`
    BuildersDir,
    /// `repos.R`
    Repository(RepoName),
    /// `builders.B`
    Builder(BuilderName),
    /// `builders.B.R`
    Checkout(BuilderName, RepoName),
    /// `builders.B.files."TO"`
    File(BuilderName, RelPath),
    /// `builders.B.R.post_create`, `builders.B.post_create`
    Hook(BuilderName, Option<RepoName>),
    /// `builders.B.session`
    Session(BuilderName),
}

impl Address {
    /// The builder that the address lies in, if it does.
    #[must_use]
    pub fn builder(&self) -> Option<&BuilderName> {
        match self {
            Address::BuildersDir | Address::Repository(_) => None,
            Address::Builder(builder)
            | Address::Checkout(builder, _)
            | Address::File(builder, _)
            | Address::Hook(builder, _)
            | Address::Session(builder) => Some(builder),
        }
    }

    /// The repository that the address names, if it names one.
    #[must_use]
    pub fn repository(&self) -> Option<&RepoName> {
        match self {
            Address::Repository(repository) | Address::Checkout(_, repository) => Some(repository),
            Address::BuildersDir | Address::Builder(_) | Address::File(..) | Address::Hook(..) | Address::Session(_) => None,
        }
    }

    /// The key by which changes are listed: repositories, then builder by builder, each before its
    /// checkouts and files.
    #[must_use]
    pub fn rank(&self) -> (u8, &str, u8, &str) {
        match self {
            Address::BuildersDir => (0, "", 0, ""),
            Address::Repository(repository) => (0, repository.as_str(), 0, ""),
            Address::Builder(builder) => (1, builder.as_str(), 0, ""),
            Address::Checkout(builder, repository) => (1, builder.as_str(), 1, repository.as_str()),
            Address::File(builder, to) => (1, builder.as_str(), 2, to.as_str()),
            Address::Hook(builder, Some(repository)) => (1, builder.as_str(), 3, repository.as_str()),
            Address::Hook(builder, None) => (1, builder.as_str(), 4, ""),
            Address::Session(builder) => (1, builder.as_str(), 5, ""),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::BuildersDir => f.write_str("workspace.builders_dir"),
            Address::Repository(repository) => write!(f, "repos.{}", segment(repository.as_str())),
            Address::Builder(builder) => write!(f, "builders.{}", segment(builder.as_str())),
            Address::Checkout(builder, repository) => {
                write!(f, "builders.{}.{}", segment(builder.as_str()), segment(repository.as_str()))
            }
            Address::Hook(builder, Some(repository)) => {
                write!(f, "builders.{}.{}.{POST_CREATE}", segment(builder.as_str()), segment(repository.as_str()))
            }
            Address::Hook(builder, None) => write!(f, "builders.{}.{POST_CREATE}", segment(builder.as_str())),
            Address::Session(builder) => write!(f, "builders.{}.{SESSION}", segment(builder.as_str())),
            Address::File(builder, to) => write!(f, "builders.{}.files.{}", segment(builder.as_str()), quoted(to.as_str())),
        }
    }
}

/// A key as TOML writes it: bare where it may be, else quoted.
#[must_use]
pub fn segment(text: &str) -> String {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { text.into() } else { quoted(text) }
}

/// Whether a terminal would obey the character instead of showing it.
#[must_use]
pub fn is_hostile(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// A string as TOML writes it, of characters that a terminal shows.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_hostile(c) => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
