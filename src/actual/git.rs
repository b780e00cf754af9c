//! git as a child that only reads: without the caller's `GIT_*`, without locks, without questions.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};

use crate::diagnostic::Diagnostic;

/// The oldest git that wsctl works with.
const OLDEST: (u32, u32, u32) = (2, 38, 0);

/// Settings that would make a reading git write, or trust what it should look at.
const CONFIG: [&str; 9] = [
    // Even an index outside the workspace would run post-index-change.
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.ignoreStat=false",
    "status.showUntrackedFiles=all",
    "status.branch=false",
    "status.showStash=false",
    "gc.auto=0",
];

/// Whether any was made.
static ASKED: AtomicBool = AtomicBool::new(false);

/// A git that runs in a directory and has no arguments yet.
#[must_use]
pub fn command(directory: &Path) -> Command {
    ASKED.store(true, Ordering::Relaxed);
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"GIT_")) {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    // A partial clone would fetch what is missing; the second is for a git that does not know the first.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for setting in CONFIG {
        command.args(["-c", setting]);
    }
    command.arg("-C").arg(directory);
    command
}

/// A git that reads one git directory, whatever lies around it.
#[must_use]
pub fn in_git_dir(git_dir: &Path) -> Command {
    let mut command = command(git_dir);
    let mut option = OsString::from("--git-dir=");
    option.push(git_dir);
    command.arg(option);
    command
}

/// Runs a git that must succeed, and returns what it prints.
///
/// # Errors
/// git cannot be started, or fails: its own reason in one line.
pub fn run<A: AsRef<OsStr>>(directory: &Path, arguments: &[A]) -> Result<Vec<u8>> {
    finish(command(directory).args(arguments))
}

/// Runs a prepared git that must succeed, and returns what it prints.
///
/// # Errors
/// git cannot be started, or fails: its own reason in one line.
pub fn finish(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().context("git cannot be started")?;
    succeeded(output)
}

/// The same, with text on its standard input.
///
/// # Errors
/// git cannot be started, or fails: its own reason in one line.
pub fn feed(command: &mut Command, input: &[u8]) -> Result<Vec<u8>> {
    let mut child = command.stdin(Stdio::piped()).spawn().context("git cannot be started")?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // A child that ends early closes the pipe; its exit code says why.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    });
    succeeded(output.context("git cannot be waited for")?)
}

fn succeeded(output: Output) -> Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let reason = stderr.lines().find(|line| !line.starts_with("warning:") && !line.is_empty()).unwrap_or("no reason given");
    bail!("git says: {}", reason.trim_start_matches("fatal: ").trim_start_matches("error: "))
}

/// The version of the git on `PATH`.
///
/// # Errors
/// A [`Diagnostic`]: no git, or one that is too old.
pub fn version() -> Result<(u32, u32, u32)> {
    static VERSION: OnceLock<Result<(u32, u32, u32), Diagnostic>> = OnceLock::new();
    Ok(VERSION.get_or_init(read_version).clone()?)
}

/// Whether git is one that wsctl works with, where one was asked for what was read, or will have something to do. It takes as
/// long to say its version as a small workspace takes to be read.
///
/// # Errors
/// As [`version`].
pub fn usable(needed: bool) -> Result<()> {
    if needed || ASKED.load(Ordering::Relaxed) { version().map(drop) } else { Ok(()) }
}

fn read_version() -> Result<(u32, u32, u32), Diagnostic> {
    const INSTALL: &str = "install git 2.38 or newer: https://git-scm.com/downloads, or your package manager's `git`";
    let output = Command::new("git").arg("--version").env("LC_ALL", "C").stdin(Stdio::null()).output();
    let text = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(_) => return Err(Diagnostic::new("`git --version` fails", INSTALL)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Diagnostic::new("git is not installed, or not on PATH", INSTALL));
        }
        Err(error) => return Err(Diagnostic::new(format!("git cannot be started: {error}"), INSTALL)),
    };
    let version = parse_version(&text).ok_or_else(|| Diagnostic::new(format!("{:?} is no git version", text.trim()), INSTALL))?;
    if version < OLDEST {
        let (major, minor, patch) = version;
        return Err(Diagnostic::new(format!("git {major}.{minor}.{patch} is too old: wsctl needs 2.38 or newer"), INSTALL));
    }
    Ok(version)
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let number = text.trim().strip_prefix("git version ")?.split_whitespace().next()?;
    let mut parts = number.split('.').map(str::parse::<u32>);
    let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
    Some((major, minor, parts.next().and_then(Result::ok).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_of_all_vendors() {
        assert_eq!(parse_version("git version 2.47.3\n"), Some((2, 47, 3)));
        assert_eq!(parse_version("git version 2.39.5 (Apple Git-154)"), Some((2, 39, 5)));
        assert_eq!(parse_version("git version 2.50.rc1"), Some((2, 50, 0)));
        assert_eq!(parse_version("hub version 2"), None);
    }
}
