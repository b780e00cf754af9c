//! Paths whose place is said: absolute, or relative to a builder.

use std::borrow::Borrow;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

pub use super::abs_path::AbsPath;
use super::name::BadName;

/// A path relative to a builder, as the file declares it: UTF-8, with `/`, without `.` and `..`.
/// The empty path, shown as `.`, is the builder itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

impl TryFrom<String> for RelPath {
    type Error = BadName;

    /// The path of a mark or manifest, which may not be as it was written.
    fn try_from(text: String) -> Result<Self, BadName> {
        RelPath::new(&text).map_err(|why| BadName(format!("{text:?} {why}")))
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> String {
        path.0
    }
}

impl RelPath {
    /// The builder itself.
    #[must_use]
    pub fn here() -> Self {
        RelPath(String::new())
    }

    /// Checks a declared relative path; a leading `./` and doubled slashes are folded.
    ///
    /// # Errors
    /// Absolute, leaving its base with `..`, naming a `.git`, or holding a NUL.
    pub fn new(text: &str) -> Result<Self, BadName> {
        if text.contains('\0') {
            return Err(BadName("holds a NUL byte".into()));
        }
        let mut parts = Vec::new();
        for part in Path::new(text).components() {
            match part {
                Component::Normal(part) => parts.push(part.to_str().unwrap_or_default()),
                Component::CurDir => {}
                Component::ParentDir => return Err(BadName("leaves its directory with `..`".into())),
                Component::RootDir | Component::Prefix(_) => return Err(BadName("is absolute".into())),
            }
        }
        if parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(BadName("reaches into a `.git`".into()));
        }
        Ok(RelPath(parts.join("/")))
    }

    /// Whether this is the builder itself.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.0.is_empty()
    }

    /// The path as text; `.` for the builder itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if self.0.is_empty() { "." } else { &self.0 }
    }

    /// Whether `other` is this path or lies below it.
    #[must_use]
    pub fn contains(&self, other: &RelPath) -> bool {
        self.0.is_empty() || other.0 == self.0 || other.0.strip_prefix(&self.0).is_some_and(|tail| tail.starts_with('/'))
    }

    /// This path as seen from one that contains it.
    #[must_use]
    pub fn below(&self, outer: &RelPath) -> Option<RelPath> {
        if outer.0.is_empty() {
            return Some(self.clone());
        }
        let tail = self.0.strip_prefix(&outer.0)?;
        if tail.is_empty() { Some(RelPath::here()) } else { tail.strip_prefix('/').map(|tail| RelPath(tail.into())) }
    }

    /// The same path below a base.
    #[must_use]
    pub fn under(&self, base: &AbsPath) -> AbsPath {
        if self.0.is_empty() { base.clone() } else { base.join(&self.0) }
    }
}

impl Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name of the disk for people: as it is, or quoted with escapes where it holds control
/// characters or is not UTF-8.
#[must_use]
pub fn printable(name: &OsStr) -> String {
    match name.to_str() {
        Some(text) if !text.chars().any(char::is_control) => text.into(),
        _ => format!("\"{}\"", name.as_bytes().escape_ascii()),
    }
}

/// A path as a shell takes it.
#[must_use]
pub fn shell(path: &AbsPath) -> String {
    shell_word(&printable(path.as_ref()))
}

/// A word as a shell takes it.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "/._-+=:@,%".contains(c);
    if !text.is_empty() && text.chars().all(safe) { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A name of the disk as UTF-8 text in which `%` and what is not UTF-8 stand as `%XX`.
#[must_use]
pub fn escape(name: &OsStr) -> String {
    let mut out = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' || c.is_control() {
                let mut buffer = [0; 4];
                push_hex(&mut out, c.encode_utf8(&mut buffer).as_bytes());
            } else {
                out.push(c);
            }
        }
        push_hex(&mut out, chunk.invalid());
    }
    out
}

/// The name behind [`escape`]; `None` where a `%` is not followed by two hexadecimal digits.
#[must_use]
pub fn unescaped(text: &str) -> Option<std::ffi::OsString> {
    unescape(text).map(std::ffi::OsString::from_vec)
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    use std::fmt::Write as _;
    for byte in bytes {
        let _ = write!(out, "%{byte:02X}");
    }
}

/// The bytes behind [`escape`]; `None` where a `%` is not followed by two hexadecimal digits.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            out.push(byte);
            rest = tail;
        }
    }
    Some(out)
}
