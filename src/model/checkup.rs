//! What a look at the health of a workspace finds.

use std::collections::BTreeMap;

use super::name::{BuilderName, RepoName};

/// One answer: what it is about, the fact, and what to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The question that it answers, in kebab-case, for programs.
    pub kind: &'static str,
    /// Whether that is well.
    pub level: Level,
    /// The address, or what else it is about.
    pub subject: String,
    /// The fact; a lowercase fragment.
    pub fact: String,
    /// What mends it; empty where nothing has to be.
    pub next: String,
}

/// Whether something is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is.
    Good,
    /// Worth knowing; nothing is broken.
    Notice,
    /// It is not.
    Bad,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Notice => "notice",
            Level::Bad => "bad",
        }
    }
}

/// What has to be looked up beside what a plan is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vitals {
    /// The version of git, or why there is none.
    pub git: Option<Result<String, String>>,
    /// Whether whoever searches in a builder as an agent does sees a checkout; only those that are there.
    pub seen: BTreeMap<(BuilderName, RepoName), bool>,
    /// Whether the workspace root, as a repository, ignores `builders_dir`; `None`: it is none, or that lies elsewhere.
    pub hidden: Option<bool>,
    /// Files below `builders_dir` that the workspace root tracks.
    pub tracked: usize,
    /// What `wsctl open` starts, and whether it is on `PATH`.
    pub program: Option<(String, bool)>,
    /// What the trash holds, in bytes.
    pub trash_bytes: u64,
    /// How many entries of the trash are past the time that they are kept.
    pub due: usize,
    /// What was set aside in `.wsctl/replaced/`, in bytes.
    pub replaced_bytes: u64,
}
