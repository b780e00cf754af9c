//! Brings submodules to a checkout: git clones them into the admin directory, and runs nothing that `.gitmodules` says.

use std::fs;

use anyhow::{Context as _, Result};

use super::command::Git;
use super::own_files;
use crate::diagnostic::Diagnostic;
use crate::model::path::{AbsPath, RelPath, shell};
use crate::regular;

/// Fills the places of submodules; see `Door::fill_submodules`.
pub(super) fn fill(git: &Git, repository: &AbsPath, checkout: &AbsPath, paths: &[RelPath]) -> Result<()> {
    let protocols = if is_local(git, repository)? { "file:git:http:https:ssh" } else { "git:http:https:ssh" };
    let results = paths.iter().map(|path| one(git, checkout, path, protocols).with_context(|| format!("submodule {path}")));
    results.collect::<Vec<_>>().into_iter().collect()
}

fn one(git: &Git, checkout: &AbsPath, path: &RelPath, protocols: &str) -> Result<()> {
    let place = path.under(checkout);
    own_files::refuse_links(checkout, &place)?;
    clear(&place)?;
    let mut owner = place.parent();
    while owner != *checkout && owner.join(".git").as_path().symlink_metadata().is_err() {
        owner = owner.parent();
    }
    // `--checkout`: whatever its configuration asks for, such as a merge, or a command.
    let update = ["submodule", "--quiet", "update", "--init", "--checkout", "--"];
    let call = git.at(&owner)?.network().variable("GIT_ALLOW_PROTOCOL", protocols).variable("GIT_LITERAL_PATHSPECS", "1");
    call.args(update).arg(place.relative_to(&owner)).patiently().map(drop)
}

/// Makes way where a clone was cut short before its files came: git begins again with what has arrived.
fn clear(place: &AbsPath) -> Result<()> {
    let link = place.join(".git");
    let alone = || fs::read_dir(place).is_ok_and(|entries| entries.count() == 1);
    let Ok(text) = regular::read_text(&link) else { return own_files::refuse_occupied(place) };
    let git_dir = text.trim_end().strip_prefix("gitdir: ").map(|named| place.join(named));
    if !alone() || git_dir.is_none_or(|git_dir| git_dir.join("index").as_path().symlink_metadata().is_ok()) {
        return Err(Diagnostic::new(format!("{place} is in the way"), format!("git -C {} status", shell(place))).into());
    }
    fs::remove_file(&link).with_context(|| format!("{link} cannot be removed"))
}

/// Whether every remote of a repository is on this machine.
fn is_local(git: &Git, repository: &AbsPath) -> Result<bool> {
    let urls = git.at(repository)?.args(["config", "-z", "--get-regexp", r"^remote\..*\.url$"]).answer()?;
    let entries = urls.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    Ok(entries.filter(|entry| !entry.is_empty()).all(|entry| {
        let url = entry.split_once('\n').map_or("", |(_, url)| url);
        url.starts_with("file://") || url.starts_with('/') || url.starts_with('.') || !url.contains(':')
    }))
}
