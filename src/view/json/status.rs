//! The status as a document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::path::AbsPath;
use crate::model::status::{BuilderStatus, CheckoutStatus, FileStatus, Status};

use super::{FORMAT_VERSION, WSCTL_VERSION, document};

/// Every builder with its checkouts, as they are on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusDocument {
    /// The version of the format, `MAJOR.MINOR`: read on only where you know the first number.
    #[schemars(regex(pattern = "^1\\.[0-9]+$"))]
    pub format_version: String,
    /// The version of the program.
    pub wsctl_version: String,
    /// The builders.toml that was read.
    pub file: AbsPath,
    /// The workspace root.
    pub root: AbsPath,
    /// Every declared or marked builder, by name.
    pub builders: Vec<BuilderDocument>,
    /// Directories below `builders_dir` that are not ours.
    pub unmanaged: Vec<AbsPath>,
}

/// One builder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Builder")]
pub struct BuilderDocument {
    /// Its name.
    pub name: BuilderName,
    /// Its directory.
    pub path: AbsPath,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
    /// `ok` where its files and checkouts are as well, or what is not; for people, as every text that is no name.
    pub state: String,
    /// Its own branch name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    /// What is said of it in the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The session of its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionDocument>,
    /// When somebody last worked in it, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<i64>,
    /// What it takes on the disk, in bytes; with `--disk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<u64>,
    /// Its checkouts by repository.
    pub checkouts: Vec<CheckoutDocument>,
}

/// The session of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Session")]
pub struct SessionDocument {
    /// The server.
    pub server: String,
    /// The server's name for it.
    pub id: String,
    /// `busy`, `idle`, `gone`, or `unknown` where the server does not answer.
    pub state: String,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "File")]
pub struct FileDocument {
    /// Two letters, as `git status --short` has them.
    pub letters: String,
    /// The path in the checkout.
    pub path: String,
    /// The path before a rename.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// One checkout. `null` is what could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Checkout")]
pub struct CheckoutDocument {
    /// Its repository.
    pub repository: RepoName,
    /// Its directory.
    pub path: AbsPath,
    /// The branch it is on; `null` when detached or missing.
    pub branch: Option<BranchName>,
    /// The revision that it is detached at, as declared; missing on a branch, or where somebody moved it.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The commit of HEAD, abbreviated.
    pub commit: Option<String>,
    /// What `ahead` and `behind` count against: the upstream, else the base.
    pub against: Option<String>,
    /// Commits that `against` lacks.
    pub ahead: Option<usize>,
    /// Commits that `against` has more.
    pub behind: Option<usize>,
    /// Tracked files that changed.
    pub changed: Option<usize>,
    /// Files that git does not know and does not ignore.
    pub untracked: Option<usize>,
    /// Commits that no remote has, as far as it is known here; missing where there is no remote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpushed: Option<usize>,
    /// Whether its commits are all in its base; missing where it has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<bool>,
    /// Who made HEAD's commit, where it is one of the checkout's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// When somebody last worked in it, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<i64>,
    /// The files that its own commits changed, since they left the base; with `--files` or `--diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Vec<FileDocument>>,
    /// Its files that differ from HEAD; with `--files` or `--diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<FileDocument>>,
    /// What differs in all of these, as git shows it; with `--diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
    /// `ok`, or what is not; for people, as every text that is no name.
    pub state: String,
}

/// The status as one JSON document.
#[must_use]
pub fn status(status: &Status) -> String {
    document(&StatusDocument {
        format_version: FORMAT_VERSION.into(),
        wsctl_version: WSCTL_VERSION.into(),
        file: status.file.clone(),
        root: status.root.clone(),
        builders: status.builders.iter().map(BuilderDocument::from).collect(),
        unmanaged: status.unmanaged.clone(),
    })
}

impl From<&BuilderStatus> for BuilderDocument {
    fn from(builder: &BuilderStatus) -> Self {
        let state = builder.whole_state();
        let BuilderStatus { name, path, created, state: _, branch, labels, port, session, active, disk, checkouts } =
            builder.clone();
        let session = session.map(|session| SessionDocument {
            server: session.server,
            id: session.id,
            state: session.state.as_str().into(),
        });
        let checkouts = checkouts.into_iter().map(CheckoutDocument::from).collect();
        BuilderDocument { name, path, created, state, branch, labels, port, session, active, disk, checkouts }
    }
}

fn documents(files: Vec<FileStatus>) -> Vec<FileDocument> {
    files.into_iter().map(|FileStatus { letters, path, from }| FileDocument { letters, path, from }).collect()
}

impl From<CheckoutStatus> for CheckoutDocument {
    fn from(checkout: CheckoutStatus) -> Self {
        let (ahead, behind) = checkout.ahead_behind.unzip();
        CheckoutDocument {
            repository: checkout.repository,
            path: checkout.path,
            branch: checkout.branch,
            reference: checkout.reference,
            commit: checkout.commit,
            against: checkout.against,
            ahead,
            behind,
            changed: checkout.changed,
            untracked: checkout.untracked,
            unpushed: checkout.unpushed,
            merged: checkout.merged,
            author: checkout.author,
            active: checkout.active,
            files: checkout.files.map(documents),
            committed: checkout.committed.map(documents),
            diff: checkout.diff,
            created: checkout.created,
            state: checkout.state,
        }
    }
}
