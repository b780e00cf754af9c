//! Names that were checked once and need no checking again.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::spelling::{check_component, check_ref};

/// Why a text is no name; a lowercase fragment to print behind the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName(pub String);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadName {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = BadName;

            /// The name of a mark or manifest, which may not be as it was written.
            fn try_from(text: String) -> Result<Self, BadName> {
                $name::stored(&text).map_err(|why| BadName(format!("{text:?} {why}")))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A repository's name in the file; `.` is the workspace root itself.
    RepoName
);
name!(
    /// A builder's name: one path component below `builders_dir`.
    BuilderName
);
name!(
    /// A branch without `refs/heads/`.
    BranchName
);
name!(
    /// The random name of one `builders_dir`, in hexadecimal.
    WorkspaceId
);

/// Words that an address needs for itself and that no repository may have.
const RESERVED_REPOSITORY_NAMES: [&str; 4] = ["files", "checkout", "post_create", "session"];

impl RepoName {
    /// The workspace root as a repository.
    #[must_use]
    pub fn root() -> Self {
        RepoName(".".into())
    }

    /// Whether this is the workspace root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "."
    }

    fn stored(text: &str) -> Result<Self, BadName> {
        if text == "." { Ok(RepoName::root()) } else { RepoName::new(text) }
    }

    /// Checks a repository's name.
    ///
    /// # Errors
    /// One path component, valid in a ref, starting with a letter or digit, not a reserved word.
    pub fn new(text: &str) -> Result<Self, BadName> {
        check_component(text)?;
        if RESERVED_REPOSITORY_NAMES.contains(&text) {
            return Err(BadName("is a word that addresses need: choose another name".into()));
        }
        Ok(RepoName(text.into()))
    }
}

impl BuilderName {
    fn stored(text: &str) -> Result<Self, BadName> {
        BuilderName::new(text)
    }

    /// Checks a builder's name.
    ///
    /// # Errors
    /// One path component, valid in a ref, starting with a letter or digit.
    pub fn new(text: &str) -> Result<Self, BadName> {
        check_component(text)?;
        Ok(BuilderName(text.into()))
    }
}

impl BranchName {
    /// As the disk names it, but for what would lead out of `refs/heads/`.
    fn stored(text: &str) -> Result<Self, BadName> {
        let leads_out = text.contains('\0') || text.split('/').any(|part| matches!(part, "" | "." | ".."));
        if leads_out { Err(BadName("is no branch".into())) } else { Ok(BranchName(text.into())) }
    }

    /// Checks a branch name by the rules of git-check-ref-format(1).
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn new(text: &str) -> Result<Self, BadName> {
        check_ref(text)?;
        if text.starts_with('-') {
            return Err(BadName("starts with a dash, which git takes for an option".into()));
        }
        if text == "HEAD" || text == "@" {
            return Err(BadName("is git's own word".into()));
        }
        Ok(BranchName(text.into()))
    }

    /// A branch as the disk names it; what is not UTF-8 is shown with replacement characters.
    #[must_use]
    pub fn from_disk(bytes: &[u8]) -> Self {
        BranchName(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The full ref, `refs/heads/…`.
    #[must_use]
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }

    /// Whether the two cannot exist side by side: `a` and `a/b`.
    #[must_use]
    pub fn excludes(&self, other: &BranchName) -> bool {
        let under = |a: &str, b: &str| b.strip_prefix(a).is_some_and(|rest| rest.starts_with('/'));
        under(&self.0, &other.0) || under(&other.0, &self.0)
    }
}

impl WorkspaceId {
    fn stored(text: &str) -> Result<Self, BadName> {
        WorkspaceId::new(text)
    }

    /// An id as read from the disk.
    ///
    /// # Errors
    /// Anything but 8 to 64 lowercase hexadecimal digits.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let fits = (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if fits { Ok(WorkspaceId(text.into())) } else { Err(BadName("is no workspace id".into())) }
    }
}

/// A git object's id in lowercase hexadecimal: 40 digits (sha1) or 64 (sha256).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId(String);

impl TryFrom<String> for ObjectId {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        ObjectId::new(&text).map_err(|why| BadName(format!("{text:?} {why}")))
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> String {
        id.0
    }
}

impl ObjectId {
    /// An id from its hexadecimal form.
    ///
    /// # Errors
    /// Any other length than 40 or 64, or another digit.
    pub fn new(hex: &str) -> Result<Self, BadName> {
        let fits = matches!(hex.len(), 40 | 64) && hex.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { Ok(ObjectId(hex.to_ascii_lowercase())) } else { Err(BadName("is no object id".into())) }
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name as file systems that ignore case and Unicode form see it.
#[must_use]
pub fn alike(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let upper: String = name.nfkc().flat_map(char::to_lowercase).flat_map(char::to_uppercase).collect();
    upper.chars().flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_file_system_takes_for_one() {
        for (a, b) in [("API", "api"), ("stra\u{df}e", "STRASSE"), ("caf\u{e9}", "cafe\u{301}"), ("\u{fb01}x", "fix")] {
            assert_eq!(alike(a), alike(b));
        }
        assert_ne!(alike("api"), alike("apis"));
    }

    #[test]
    fn what_a_mark_says_is_checked_as_what_the_file_says() {
        fn reads<T: serde::de::DeserializeOwned + Serialize>(text: &str) -> bool {
            let json = serde_json::to_string(text).unwrap();
            serde_json::from_str::<T>(&json).is_ok_and(|read| serde_json::to_string(&read).unwrap() == json)
        }
        assert!(reads::<BuilderName>("fix-1") && reads::<RepoName>(".") && reads::<RepoName>("api"));
        assert!(
            reads::<BranchName>("builder/fix")
                && reads::<BranchName>("-odd \u{fffd}")
                && reads::<WorkspaceId>("0123456789abcdef")
        );
        for bad in ["../../x", "..", "", "a/b", ".git", "/etc"] {
            assert!(!reads::<BuilderName>(bad) && !reads::<RepoName>(bad), "{bad}");
            assert!(!reads::<ObjectId>(bad) && !reads::<WorkspaceId>(bad), "{bad}");
        }
        assert!(!reads::<BranchName>("../../x") && !reads::<BranchName>("a//b") && !reads::<BuilderName>("."));
    }
}
