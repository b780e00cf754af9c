//! `wsctl open`

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;

use anyhow::Result;
use clap::ValueEnum;

use super::complete;
use super::globals::Globals;
use super::path::{around, named};
use super::workspace::load;
use crate::agent::opener::{Opening, words};
use crate::agent::{sessions, tmux};
use crate::child::{self, Around};
use crate::diagnostic::Diagnostic;
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::model::located::LocatedBuilder;
use crate::model::name::BuilderName;
use crate::model::path::shell_word;
use crate::model::session::{Opener, Sessions};
use crate::model::status::SessionState;
use crate::model::trust::Command;
use crate::{actual, view};

/// Start what works in a builder: an agent, or an editor.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl open slack                what [session] in builders.toml says; without it, OpenCode
  wsctl open                      the same for the builder that you are in
  wsctl open slack --with claude  another one: opencode, claude, codex, code
  wsctl open --all                one window of tmux for each builder
  wsctl open slack --tmux         a window of tmux for this one
  wsctl open slack --print        only print the command

With `[opencode] url`, OpenCode is attached to the builder's session on that server. In tmux a window
that is there already is shown, and nothing is started twice.")]
pub(super) struct Args {
    /// The builder; without it, the one that you are in
    #[arg(value_name = "NAME", add = complete::builders(), conflicts_with = "all")]
    name: Option<String>,
    /// Every builder, each in a window of tmux
    #[arg(long)]
    all: bool,
    /// What to start, whatever builders.toml says
    #[arg(long, value_enum, value_name = "WHAT")]
    with: Option<Preset>,
    /// In a window of tmux
    #[arg(long, conflicts_with = "print")]
    tmux: bool,
    /// Print the command instead
    #[arg(long)]
    print: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Preset {
    Opencode,
    Claude,
    Codex,
    Code,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let mut read = actual::read(&desired)?;
    let all = actual::located(&read, &desired);
    let chosen: Vec<&LocatedBuilder> = match (&args.name, args.all) {
        (_, true) => all.iter().collect(),
        (Some(name), false) => vec![named(&desired, &all, name)?],
        (None, false) => vec![around(&all, &Globals::cwd()?, "wsctl open NAME, or wsctl open --all")?],
    };
    let opener = opener(&desired, &read, args)?;
    read.sessions = sessions(&read, &desired);
    if let Sessions::Down(why) = &read.sessions
        && opener == Opener::OpenCode
    {
        view::narrate(&format!("warning: {why}: OpenCode starts without the session that is there\n"));
    }
    if matches!((&read.sessions, &opener), (Sessions::Known(_), Opener::OpenCode)) {
        for builder in chosen.iter().filter(|builder| !has_session(&read, &builder.name)) {
            let address = builder.address();
            view::narrate(&format!(
                "warning: {address} has no session on the server: OpenCode starts without one (wsctl apply --target {})\n",
                shell_word(&format!("{address}.session"))
            ));
        }
    }
    let commands = chosen.iter().map(|builder| Ok((*builder, command(&desired, &read, &opener, builder)?)));
    let commands: Vec<(&LocatedBuilder, Vec<String>)> = commands.collect::<Result<_>>()?;
    if globals.json {
        view::print(&view::json::open(&commands))?;
        return Ok(0);
    }
    if args.print {
        let line = |(builder, words): &(&LocatedBuilder, Vec<String>)| {
            let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
            format!("cd {} && {}\n", crate::model::path::shell(&builder.path), words.join(" "))
        };
        view::print(&commands.iter().map(line).collect::<String>())?;
        return Ok(0);
    }
    match &commands[..] {
        [] => Err(Diagnostic::new("there is no builder to open", "wsctl plan").into()),
        [(builder, words)] if !(args.all || args.tmux || tmux::is_inside()) => here(&desired, builder, words),
        _ => in_tmux(globals, &desired, &commands),
    }
}

/// What starts; a command of the file only where it is trusted.
fn opener(desired: &Desired, read: &Actual, args: &Args) -> Result<Opener> {
    let opener = match args.with {
        None => desired.open.clone(),
        Some(Preset::Opencode) => Opener::OpenCode,
        Some(Preset::Claude) => Opener::Claude,
        Some(Preset::Codex) => Opener::Codex,
        Some(Preset::Code) => Opener::Code,
    };
    if let Opener::Command(words) = &opener
        && !read.trusted.contains(&Command::Words(words.clone()))
    {
        let shown = words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
        return Err(Diagnostic::new(format!("[session] command is not trusted: {shown}"), "wsctl trust").into());
    }
    Ok(opener)
}

/// Whether the server has the session of a builder.
fn has_session(read: &Actual, name: &BuilderName) -> bool {
    let Sessions::Known(known) = &read.sessions else { return false };
    matches!(known.get(name), Some(SessionState::Busy | SessionState::Idle))
}

/// The command for one builder.
fn command(desired: &Desired, read: &Actual, opener: &Opener, builder: &LocatedBuilder) -> Result<Vec<String>> {
    let here = has_session(read, &builder.name);
    let mark = read.builders.get(std::ffi::OsStr::new(builder.name.as_str())).and_then(|directory| directory.mark.mark());
    let session = mark.and_then(|mark| mark.session.as_ref()).filter(|_| here);
    let session = desired.opencode.as_ref().zip(session.map(|session| session.id.as_str()));
    words(opener, Opening { builder, session }).map_err(|variable| {
        let address = builder.address();
        let (fact, next) = match variable {
            "{session}" => (
                format!("[session] command names {variable}, and {address} has no session on a server that answers"),
                format!("wsctl apply --target {}", shell_word(&format!("{address}.session"))),
            ),
            _ => (
                format!("[session] command names {variable}, and {address} has none"),
                "set `ports` in [workspace] of builders.toml, then wsctl apply".into(),
            ),
        };
        Diagnostic::new(fact, next).into()
    })
}

fn environment(desired: &Desired, builder: &LocatedBuilder) -> BTreeMap<OsString, OsString> {
    child::environment(&Around {
        root: &desired.root,
        builder: &builder.name,
        directory: &builder.path,
        branch: builder.branch.as_ref(),
        checkout: None,
        port: builder.port,
    })
}

/// Becomes it.
fn here(desired: &Desired, builder: &LocatedBuilder, words: &[String]) -> Result<u8> {
    let program = words.first().cloned().unwrap_or_default();
    let words: Vec<OsString> = words.iter().map(Into::into).collect();
    let error = child::become_it(&words, &builder.path, environment(desired, builder));
    Err(unable(&program, &error.to_string(), &builder.name))
}

/// What starts is not there.
fn unable(program: &str, why: &str, name: &BuilderName) -> anyhow::Error {
    let next = format!("put it on PATH, or start another (opencode, claude, codex, code): wsctl open {name} --with NAME");
    Diagnostic::new(format!("`{program}` cannot be run: {why}"), next).into()
}

/// Opens a window for each.
fn in_tmux(globals: &Globals, desired: &Desired, commands: &[(&LocatedBuilder, Vec<String>)]) -> Result<u8> {
    if !tmux::is_there() {
        let next = "install tmux, or open one: wsctl open NAME";
        return Err(Diagnostic::new("windows of tmux need tmux, and there is none", next).into());
    }
    // tmux itself would say nothing of it.
    for (builder, words) in commands {
        if let Some(program) = words.first().filter(|program| !program.contains('/') && !actual::is_on_path(program)) {
            return Err(unable(program, "no such program", &builder.name));
        }
    }
    let windows: Vec<tmux::Window> = commands
        .iter()
        .map(|(builder, words)| {
            let own = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("WSCTL_"));
            let variables = environment(desired, builder).into_iter().filter(|(name, _)| own(name));
            let text = |value: OsString| value.to_string_lossy().into_owned();
            tmux::Window {
                name: tmux::name(builder.name.as_str()),
                directory: builder.path.clone(),
                words: words.clone(),
                variables: variables.map(|(name, value)| (text(name), text(value))).collect(),
            }
        })
        .collect();
    let root = desired.root.as_path().file_name().map_or_else(|| "wsctl".into(), |name| name.to_string_lossy().into_owned());
    let (session, opened) =
        tmux::open(&root, &windows).map_err(|error| Diagnostic::new(format!("{error:#}"), "tmux list-windows -a"))?;
    if !globals.quiet() {
        let known = windows.len() - opened.len();
        view::narrate(&view::opened(&session, opened.len(), known));
    }
    if !tmux::is_inside() {
        let words: Vec<OsString> = ["tmux", "attach-session", "-t", &format!("={session}")].map(Into::into).to_vec();
        if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !globals.no_input {
            let error = child::become_it(&words, &desired.root, std::env::vars_os().collect());
            return Err(Diagnostic::new(format!("tmux cannot be run: {error}"), "tmux attach-session").into());
        }
        let words: Vec<String> = words.iter().map(|word| shell_word(&word.to_string_lossy())).collect();
        view::print(&format!("{}\n", words.join(" ")))?;
    }
    Ok(0)
}
