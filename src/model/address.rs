//! Where a thing stands in the file: `repos.R`, `builders.B`, `builders.B.R`, `builders.B.files."TO"`.

use std::fmt;

use super::name::{BuilderName, RepoName};
use super::path::RelPath;

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
}

impl Address {
    /// The builder that the address lies in, if it does.
    #[must_use]
    pub fn builder(&self) -> Option<&BuilderName> {
        match self {
            Address::BuildersDir | Address::Repository(_) => None,
            Address::Builder(builder) | Address::Checkout(builder, _) | Address::File(builder, _) => Some(builder),
        }
    }

    /// The repository that the address names, if it names one.
    #[must_use]
    pub fn repository(&self) -> Option<&RepoName> {
        match self {
            Address::Repository(repository) | Address::Checkout(_, repository) => Some(repository),
            Address::BuildersDir | Address::Builder(_) | Address::File(..) => None,
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

/// A string as TOML writes it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
