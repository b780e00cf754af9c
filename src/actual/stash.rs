//! Stash entries by the branch that they were made on. They belong to the repository and stay when a checkout goes: what
//! would be lost is that anybody knows of them.

use anyhow::Result;

use super::{disk, git};
use crate::model::actual::{RefFormat, Repository};
use crate::model::name::BranchName;
use crate::model::path::printable;

/// The entries that were made on a branch, newest first: `stash@{0} (WIP on x: 1234567 subject)`.
///
/// # Errors
/// The list cannot be read.
pub(super) fn made_on(repository: &Repository, branch: &BranchName) -> Result<Vec<String>> {
    let messages = match repository.refs {
        RefFormat::Files => of_log(repository)?,
        RefFormat::Reftable => of_git(repository)?,
    };
    let on = |message: &str| {
        // git writes `WIP on BRANCH: …`, or `On BRANCH: …` before a message of one's own.
        let told = message.strip_prefix("WIP on ").or_else(|| message.strip_prefix("On "));
        told.and_then(|told| told.strip_prefix(branch.as_str())).is_some_and(|rest| rest.starts_with(": "))
    };
    let numbered = messages.iter().enumerate().filter(|(_, message)| on(message));
    Ok(numbered.map(|(number, message)| format!("stash@{{{number}}} ({})", printable(message.as_ref()))).collect())
}

fn of_log(repository: &Repository) -> Result<Vec<String>> {
    let log = disk::read(repository.common_dir.join("logs/refs/stash").as_path())?.unwrap_or_default();
    let text = String::from_utf8_lossy(&log).into_owned();
    Ok(text.lines().rev().map(|line| line.split_once('\t').map_or("", |(_, message)| message).to_owned()).collect())
}

fn of_git(repository: &Repository) -> Result<Vec<String>> {
    let git_dir = repository.common_dir.as_path();
    if !git::in_git_dir(git_dir).args(["rev-parse", "--verify", "--quiet", "refs/stash"]).output()?.status.success() {
        return Ok(vec![]);
    }
    let listed = git::finish(git::in_git_dir(git_dir).args(["log", "--walk-reflogs", "--format=%gs", "refs/stash", "--"]))?;
    Ok(String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect())
}
