//! A first `builders.toml`, made of the clones that are already there. Reads, never writes.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::facts::{is_repository, is_work_tree};
use super::value::check_url;
use crate::model::desired::Url;
use crate::model::name::{RepoName, alike};
use crate::model::path::{AbsPath, printable};

/// The text that `wsctl init` writes for a root: every clone in `repos/`, and an example builder, commented out;
/// beside it the names of those clones.
///
/// # Errors
/// `repos/` is there and cannot be read.
pub fn starter(root: &AbsPath) -> Result<(String, Vec<String>)> {
    let mut text = String::from(
        "# The builders of this workspace. `wsctl plan` shows what would change, `wsctl apply` does it.\n\
         version = 1\n\n\
         [workspace]\n\
         repos_dir    = \"repos\"              # base clones live here\n\
         builders_dir = \".builders\"          # each builder is a directory in it\n\
         layout       = \"sibling\"            # sibling | split | nested\n\
         branch       = \"builder/{builder}\"  # the branch of every checkout, unless a builder says otherwise\n",
    );
    if is_work_tree(root.as_path()) {
        text.push_str("\n# This directory is a git work tree: it joins every builder as repository \".\".\n");
    }
    let names = repositories(root, &mut text)?;
    if names.is_empty() {
        text.push_str("\n# [repos.api]\n# url = \"git@example.com:acme/api.git\"  # cloned when missing\n");
    }
    let example = if names.is_empty() { vec!["api".into()] } else { names.clone() };
    let list = example.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    text.push_str("\n# A builder: one worktree of each repository that a task needs, all on one branch.\n");
    let _ = write!(text, "# [builders.first-task]\n# repos = [{list}]\n");
    text.push_str("\n# Tells agents which repositories a builder has, on which branches, and where to commit.\n");
    text.push_str("[[files]]\nto   = \"AGENTS.md\"\nmode = \"agents\"\n");
    text.push_str("\n# A file of the workspace that every builder gets.\n");
    text.push_str("# [[files]]\n# from = \"notes.md\"\n# to   = \"notes.md\"\n");
    Ok((text, names))
}

/// Declares every clone below `repos/`; returns the names.
fn repositories(root: &AbsPath, text: &mut String) -> Result<Vec<String>> {
    let directory = root.join("repos");
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {directory}")),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.with_context(|| format!("cannot read {directory}"))?.file_name());
    }
    found.sort();
    let mut names: Vec<String> = Vec::new();
    for name in found {
        let path = directory.join(&name);
        let main = path.join("main");
        let Some(clone) = [&path, &main].into_iter().find(|path| is_repository(path.as_path())) else { continue };
        let usable = name.to_str().filter(|name| RepoName::new(name).is_ok() && !names.iter().any(|n| alike(n) == alike(name)));
        let Some(name) = usable else {
            let _ = write!(
                text,
                "\n# {} is left out: give it a name that can be a key here\n",
                printable(path.as_path().as_os_str())
            );
            continue;
        };
        let _ = write!(text, "\n[repos.{}]\n", key(name));
        push_url(text, clone.as_path());
        names.push(name.to_owned());
    }
    Ok(names)
}

/// The url of a clone's remote `origin`, without credentials; `None`: none that could be declared.
#[must_use]
pub fn declarable_url(clone: &AbsPath) -> Option<Url> {
    let url = check_url(&origin(clone.as_path())?).ok()?;
    Some(Url::new(url.to_string().replacen("://***@", "://", 1)))
}

fn push_url(text: &mut String, clone: &Path) {
    let Some(url) = origin(clone) else {
        text.push_str("# url = \"…\"  # it has no remote `origin`; with a url it is cloned where it is missing\n");
        return;
    };
    match check_url(&url) {
        Ok(url) => {
            let shown = url.to_string();
            let bare = shown.replacen("://***@", "://", 1);
            let note = if bare == url.expose() { "" } else { "  # without its credentials" };
            let _ = writeln!(text, "url = {}{note}", quoted(&bare));
        }
        Err(_) => text.push_str("# url = \"…\"  # that of its remote `origin` is none that wsctl would clone\n"),
    }
}

/// The url of `origin` as the clone's own configuration has it.
fn origin(clone: &Path) -> Option<String> {
    let repository = gix::open_opts(clone, gix::open::Options::isolated()).ok()?;
    let url = repository.config_snapshot().string("remote.origin.url")?.to_string();
    (!url.is_empty() && !url.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)).then_some(url)
}

fn key(name: &str) -> String {
    let bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { name.into() } else { quoted(name) }
}

/// A text without control characters as a TOML string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
