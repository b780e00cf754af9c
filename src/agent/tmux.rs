//! Windows of tmux: one for each builder, in the session that we are in, else in one of the workspace's.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::model::path::{AbsPath, shell_word};

/// A window to open.
#[derive(Debug)]
pub struct Window {
    /// Its name: the builder's.
    pub name: String,
    /// Where it is.
    pub directory: AbsPath,
    /// What runs in it.
    pub words: Vec<String>,
    /// What that gets to know beside what tmux knows.
    pub variables: Vec<(String, String)>,
}

/// Whether tmux is there.
#[must_use]
pub fn is_there() -> bool {
    let version = Command::new("tmux").arg("-V").stdin(Stdio::null()).output();
    version.is_ok_and(|output| output.status.success())
}

/// Whether this process runs in a window of tmux.
#[must_use]
pub fn is_inside() -> bool {
    std::env::var_os("TMUX").is_some_and(|value| !value.is_empty())
}

/// Opens windows that are not there yet, and shows the first. Returns the session, and the names of those that were opened.
///
/// # Errors
/// tmux's own words.
pub fn open(session: &str, windows: &[Window]) -> Result<(String, Vec<String>)> {
    let session = if is_inside() { run(&["display-message", "-p", "#{session_name}"])?.trim().to_owned() } else { name(session) };
    let exact = format!("={session}");
    let mut opened = Vec::new();
    for window in windows {
        let there = run(&["list-windows", "-t", &exact, "-F", "#{window_name}"]).unwrap_or_default();
        let known = there.lines().any(|line| line == window.name);
        if known {
            continue;
        }
        let directory = window.directory.as_path().to_string_lossy().into_owned();
        let variables = window.variables.iter().map(|(name, value)| format!("{name}={}", shell_word(value)));
        let words = window.words.iter().map(|word| shell_word(word));
        let command = ["exec env".to_owned()].into_iter().chain(variables).chain(words).collect::<Vec<_>>().join(" ");
        let into = format!("={session}:");
        let mut arguments =
            if there.is_empty() { vec!["new-session", "-d", "-s", &session] } else { vec!["new-window", "-d", "-t", &into] };
        arguments.extend(["-n", &window.name, "-c", &directory, &command]);
        run(&arguments)?;
        // The name stays, whatever runs there.
        let target = format!("={session}:={}", window.name);
        let _ = run(&["set-window-option", "-t", &target, "automatic-rename", "off"]);
        let _ = run(&["set-window-option", "-t", &target, "allow-rename", "off"]);
        opened.push(window.name.clone());
    }
    if let Some(first) = windows.first() {
        run(&["select-window", "-t", &format!("={session}:={}", first.name)])?;
    }
    Ok((session, opened))
}

/// A name that tmux takes: it has a meaning for `.` and `:`.
#[must_use]
pub fn name(text: &str) -> String {
    text.chars().map(|c| if c == '.' || c == ':' || c.is_control() { '_' } else { c }).collect()
}

fn run(arguments: &[&str]) -> Result<String> {
    let output = Command::new("tmux").args(arguments).stdin(Stdio::null()).output().context("tmux cannot be run")?;
    if !output.status.success() {
        bail!("tmux: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
