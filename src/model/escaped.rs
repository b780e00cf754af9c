//! What may be no text, as serde writes it: `%` and what is not UTF-8 stand as `%XX`, as in a path.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use super::path::{escape, unescape};

/// What is made of bytes, and holds all of them.
pub(crate) trait Bytes {
    fn bytes(&self) -> &[u8];
    fn of(bytes: Vec<u8>) -> Self;
}

impl Bytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn of(bytes: Vec<u8>) -> Self {
        bytes
    }
}

impl Bytes for OsString {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn of(bytes: Vec<u8>) -> Self {
        OsString::from_vec(bytes)
    }
}

impl Bytes for PathBuf {
    fn bytes(&self) -> &[u8] {
        self.as_os_str().as_bytes()
    }

    fn of(bytes: Vec<u8>) -> Self {
        PathBuf::from(OsString::from_vec(bytes))
    }
}

pub(crate) fn serialize<S: Serializer>(value: &impl Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&escape(OsStr::from_bytes(value.bytes())))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Bytes>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    unescape(&text).map(T::of).ok_or_else(|| D::Error::custom("bad % escape"))
}

/// Several of them.
pub(crate) mod list {
    use serde::de::Error as _;

    use std::os::unix::ffi::OsStrExt as _;

    use super::{Bytes, Deserialize, Deserializer, OsStr, Serializer, escape, unescape};

    pub(crate) fn serialize<S: Serializer>(values: &[impl Bytes], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| escape(OsStr::from_bytes(value.bytes()))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Bytes>(deserializer: D) -> Result<Vec<T>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let values = texts.iter().map(|text| unescape(text).map(T::of));
        values.collect::<Option<_>>().ok_or_else(|| D::Error::custom("bad % escape"))
    }
}

/// A word of ours that comes back from a file. A process reads one plan, and keeps its words to its end.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    String::deserialize(deserializer).map(|word| &*word.leak())
}
