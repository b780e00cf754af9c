//! What a command gets to know.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::path::AbsPath;

/// Where a command runs, in wsctl's words.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The workspace root.
    pub root: &'a AbsPath,
    /// The builder.
    pub builder: &'a BuilderName,
    /// Its directory.
    pub directory: &'a AbsPath,
    /// The builder's branch, or the checkout's.
    pub branch: Option<&'a BranchName>,
    /// The checkout: its repository, and where it lies.
    pub checkout: Option<(&'a RepoName, &'a AbsPath)>,
    /// The builder's port.
    pub port: Option<u16>,
}

/// The caller's environment without git's variables, which would lead git elsewhere, and with `WSCTL_WORKSPACE`,
/// `WSCTL_BUILDER`, `WSCTL_BUILDER_DIR`, `WSCTL_BRANCH`, and, where there is one, `WSCTL_REPOSITORY`, `WSCTL_CHECKOUT_DIR` and
/// `WSCTL_PORT`.
///
/// wsctl's own options are not handed on: `wsctl` in a command means the workspace that it runs in.
#[must_use]
pub fn environment(around: &Around<'_>) -> BTreeMap<OsString, OsString> {
    let own = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("GIT_") || name.starts_with("WSCTL_"));
    // How git reaches a remote, and who commits, is the user's.
    let kept = |name: &OsString| name.to_str().is_some_and(|name| KEPT.contains(&name));
    let mut all: BTreeMap<OsString, OsString> = std::env::vars_os().filter(|(name, _)| !own(name) || kept(name)).collect();
    let mut set = |name: &str, value: OsString| all.insert(name.into(), value);
    set("WSCTL_WORKSPACE", around.root.as_path().into());
    set("WSCTL_BUILDER", around.builder.as_str().into());
    set("WSCTL_BUILDER_DIR", around.directory.as_path().into());
    if let Some(branch) = around.branch {
        set("WSCTL_BRANCH", branch.as_str().into());
    }
    if let Some((repository, path)) = around.checkout {
        set("WSCTL_REPOSITORY", repository.as_str().into());
        set("WSCTL_CHECKOUT_DIR", path.as_path().into());
    }
    if let Some(port) = around.port {
        set("WSCTL_PORT", port.to_string().into());
    }
    all
}

/// Variables of git that say nothing of where.
const KEPT: [&str; 14] = [
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "GIT_TERMINAL_PROMPT",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
    "GIT_EDITOR",
    "GIT_PAGER",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_GLOBAL",
];
