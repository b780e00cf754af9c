//! An absolute path: folded by its letters, compared by its bytes.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::name::BadName;
use super::path::{escape, printable, unescape};

/// An absolute path. Serialised as text in which `%` and what is not UTF-8 stand as `%XX`. Ordered by component: what lies
/// in a directory is one range.
#[derive(Debug, Clone)]
pub struct AbsPath(PathBuf);

impl PartialEq for AbsPath {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for AbsPath {}

impl Hash for AbsPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl Ord for AbsPath {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (self.bytes(), other.bytes());
        // Most paths of a workspace begin alike.
        let (left_chunks, right_chunks) = (left.as_chunks::<16>().0, right.as_chunks::<16>().0);
        let alike = left_chunks.iter().zip(right_chunks).take_while(|(a, b)| a == b).count() * 16;
        let differ = left[alike..].iter().zip(&right[alike..]).position(|(a, b)| a != b).map(|at| alike + at);
        // Folded as it is, a path ends or has a slash where a component does; no name holds a zero byte.
        let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
        differ.map_or_else(|| left.len().cmp(&right.len()), |at| rank(left[at]).cmp(&rank(right[at])))
    }
}

impl PartialOrd for AbsPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl AbsPath {
    /// Takes an absolute path as it is; `.` and `..` are folded by their letters.
    ///
    /// # Errors
    /// The path is relative.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, BadName> {
        let path = path.into();
        if path.is_absolute() { Ok(AbsPath(fold(&path))) } else { Err(BadName("is not absolute".into())) }
    }

    /// The path below this one; an absolute `tail` replaces it; `..` is folded.
    #[must_use]
    pub fn join(&self, tail: impl AsRef<Path>) -> AbsPath {
        let tail = tail.as_ref();
        if is_plain(tail) { AbsPath(self.0.join(tail)) } else { AbsPath(fold(&self.0.join(tail))) }
    }

    /// The directory that holds this; `/` holds itself.
    #[must_use]
    pub fn parent(&self) -> AbsPath {
        AbsPath(self.0.parent().unwrap_or(&self.0).to_path_buf())
    }

    /// The path as the standard library takes it.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// Whether `other` is this path or lies below it.
    #[must_use]
    pub fn contains(&self, other: &AbsPath) -> bool {
        let below = other.bytes().strip_prefix(self.bytes());
        below.is_some_and(|below| below.is_empty() || below[0] == b'/' || self.bytes() == b"/")
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_os_str().as_bytes()
    }

    /// This path as seen from `base`: below it, relative; elsewhere, absolute.
    #[must_use]
    pub fn relative_to(&self, base: &AbsPath) -> PathBuf {
        match self.0.strip_prefix(&base.0) {
            Ok(tail) if tail.as_os_str().is_empty() => PathBuf::from("."),
            Ok(tail) => tail.to_path_buf(),
            Err(_) => self.0.clone(),
        }
    }
}

impl AsRef<Path> for AbsPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<OsStr> for AbsPath {
    fn as_ref(&self) -> &OsStr {
        self.0.as_os_str()
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(self.0.as_os_str()))
    }
}

impl Serialize for AbsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&escape(self.0.as_os_str()))
    }
}

impl<'de> Deserialize<'de> for AbsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = unescape(&text).ok_or_else(|| serde::de::Error::custom("bad % escape in a path"))?;
        AbsPath::new(PathBuf::from(std::ffi::OsString::from_vec(bytes))).map_err(serde::de::Error::custom)
    }
}

/// Whether folding would leave a path as it is.
fn is_plain(path: &Path) -> bool {
    let text = path.as_os_str().as_bytes();
    let text = text.strip_prefix(b"/").unwrap_or(text);
    text.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

fn fold(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_compare_as_the_standard_library_does() {
        let texts =
            ["/", "/a", "/a/b", "/a-b", "/a/b/c", "/a.b", "/ab", "/a/", "/a b/c", "/b", "/a/-", "/a//b", "/a/./b", "/a/x/../b"];
        let paths: Vec<AbsPath> = texts.iter().map(|text| AbsPath::new(*text).unwrap()).collect();
        for a in &paths {
            for b in &paths {
                assert_eq!(a.cmp(b), a.as_path().cmp(b.as_path()), "{a} {b}");
                assert_eq!(a == b, a.as_path() == b.as_path(), "{a} {b}");
                assert_eq!(a.contains(b), b.as_path().starts_with(a.as_path()), "{a} {b}");
            }
        }
    }

    #[test]
    fn what_is_joined_is_folded() {
        let base = AbsPath::new("/a/b").unwrap();
        for (tail, whole) in [
            ("c", "/a/b/c"),
            ("", "/a/b"),
            ("c/", "/a/b/c"),
            ("../c", "/a/c"),
            ("./c", "/a/b/c"),
            ("c//d", "/a/b/c/d"),
            ("/x/y", "/x/y"),
            ("/", "/"),
            ("..c/.d", "/a/b/..c/.d"),
        ] {
            assert_eq!(base.join(tail).as_path().as_os_str(), whole, "{tail}");
        }
    }
}
