//! The command that starts what works in a builder.

use crate::model::desired::Url;
use crate::model::located::LocatedBuilder;
use crate::model::session::Opener;

/// What a command may name, of one builder.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The builder.
    pub builder: &'a LocatedBuilder,
    /// The server and the session on it, where both are there.
    pub session: Option<(&'a Url, &'a str)>,
}

/// The program and its arguments.
///
/// # Errors
/// What the command names and this builder has not: the variable.
pub fn words(opener: &Opener, opening: Opening<'_>) -> Result<Vec<String>, &'static str> {
    let directory = opening.builder.path.as_path().to_string_lossy().into_owned();
    let all = |words: &[&str]| Ok(words.iter().map(|word| (*word).to_owned()).collect());
    match opener {
        Opener::OpenCode => match opening.session {
            Some((server, id)) => all(&["opencode", "attach", &server.without_login(), "--dir", &directory, "--session", id]),
            None => all(&["opencode", &directory]),
        },
        Opener::Claude => all(&["claude"]),
        Opener::Codex => all(&["codex", "--cd", &directory]),
        Opener::Code => all(&["code", &directory]),
        Opener::Command(words) => words.iter().map(|word| fill(word, opening, &directory)).collect(),
    }
}

fn fill(word: &str, opening: Opening<'_>, directory: &str) -> Result<String, &'static str> {
    let variables = [
        ("{dir}", Some(directory.to_owned())),
        ("{builder}", Some(opening.builder.name.to_string())),
        ("{session}", opening.session.map(|(_, id)| id.to_owned())),
        ("{port}", opening.builder.port.map(|port| port.to_string())),
    ];
    let mut out = word.to_owned();
    for (name, value) in variables {
        if out.contains(name) {
            out = out.replace(name, &value.ok_or(name)?);
        }
    }
    Ok(out)
}
