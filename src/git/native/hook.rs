//! The post-checkout hook, run as `git worktree add` runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use rustix::fs::Access;
use rustix::io::Errno;

use crate::git::command::{Git, SETTINGS};
use crate::model::name::ObjectId;

/// Whether git would run a hook: one that may not be executed it ignores.
pub(super) fn is_there(hooks: &Path, name: &str) -> bool {
    rustix::fs::access(hooks.join(name), Access::EXEC_OK).is_ok()
}

/// Runs it in a new worktree. Returns how it ended where that was not well.
///
/// # Errors
/// It cannot be started.
pub(super) fn run(git: &Git, hooks: &Path, (repository, worktree): (&Path, &Path), commit: &ObjectId) -> Result<Option<String>> {
    if !is_there(hooks, "post-checkout") {
        return Ok(None);
    }
    let hook = hooks.join("post-checkout");
    let call = |program: &Path, first: Option<&Path>| {
        let mut command = dressed(git, program, repository, worktree)?;
        command.args(first).args(["0".repeat(commit.as_str().len()).as_str(), commit.as_str(), "1"]);
        Ok::<_, anyhow::Error>(command.output())
    };
    let output = match call(&hook, None)? {
        // A script without a first line that says whose it is.
        Err(error) if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => call(Path::new("/bin/sh"), Some(&hook))?,
        output => output,
    };
    let status = output?.status;
    Ok((!status.success()).then(|| status.to_string()))
}

/// A hook in a worktree, with the environment that a git gives it which was started in the repository.
fn dressed(git: &Git, program: &Path, repository: &Path, worktree: &Path) -> Result<Command> {
    let place = git.anywhere(repository).arg("--exec-path").line()?;
    let path = std::env::split_paths(git.variable("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let settings = SETTINGS.iter().filter_map(|setting| setting.split_once('='));
    let settings: Vec<String> = settings.map(|(key, value)| format!("'{key}'='{value}'")).collect();
    let mut command = git.anywhere(repository).command_of(program);
    command
        .env("GIT_CEILING_DIRECTORIES", repository.parent().unwrap_or(Path::new("/")))
        .env("GIT_CONFIG_PARAMETERS", settings.join(" "))
        .env("PATH", std::env::join_paths(std::iter::once(PathBuf::from(&place)).chain(path))?)
        .env("GIT_EXEC_PATH", place)
        .env("GIT_PREFIX", "")
        .current_dir(worktree);
    Ok(command)
}
