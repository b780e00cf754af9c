//! What builders live in: git, the workspace, hooks, the agents' server, the trash.

use crate::model::checkup::{Finding, Level};
use crate::model::journal::Unfinished;
use crate::model::path::shell;
use crate::model::session::Sessions;
use crate::model::size::size;
use crate::plan::Action;

use super::{Case, finding};

/// How much the trash may hold before it is worth a word, in bytes.
const MUCH: u64 = 5 << 30;

/// What comes first.
pub(super) fn before(case: &Case<'_>) -> Vec<Finding> {
    let mut found =
        vec![git(case), finding("file", Level::Good, "builders.toml", format!("valid, at {}", case.desired.file), "")];
    found.extend(journal(case));
    found.extend(hidden(case));
    found
}

fn git(case: &Case<'_>) -> Finding {
    match &case.vitals.git {
        Some(Ok(version)) => finding("git", Level::Good, "git", version, ""),
        Some(Err(why)) => finding("git", Level::Bad, "git", why, "install git 2.38 or newer and put it on PATH"),
        None => finding("git", Level::Bad, "git", "was not looked for", "git --version"),
    }
}

fn journal(case: &Case<'_>) -> Option<Finding> {
    let (level, fact, next) = match case.actual.unfinished.as_ref()? {
        Unfinished::Running(header) => (Level::Notice, format!("an apply is at work (pid {})", header.pid), ""),
        Unfinished::CutShort(_) => {
            (Level::Bad, "an apply was cut short: the next one finishes or undoes it".into(), "wsctl apply")
        }
        Unfinished::Unreadable(why) => (Level::Bad, format!("what an apply left cannot be read: {why}"), "wsctl apply"),
    };
    Some(finding("journal", level, "the last apply", fact, next))
}

/// Does the main checkout see builders?
fn hidden(case: &Case<'_>) -> Vec<Finding> {
    let subject = case.desired.builders_dir.to_string();
    let mut found = Vec::new();
    match case.vitals.hidden {
        Some(true) => found.push(finding("hidden", Level::Good, &subject, "hidden from the workspace's own git", "")),
        Some(false) if case.actual.workspace.mark().is_some() => {
            let fact = "the workspace's own git sees what is in it";
            found.push(finding("hidden", Level::Bad, &subject, fact, "wsctl apply"));
        }
        Some(false) | None => {}
    }
    if case.vitals.tracked > 0 {
        let fact = format!("the workspace's own git tracks {} files in it", case.vitals.tracked);
        let next = format!("git -C {} rm -r --cached -- {}", shell(&case.desired.root), shell(&case.desired.builders_dir));
        found.push(finding("hidden", Level::Bad, &subject, fact, next));
    }
    found
}

/// What comes last.
pub(super) fn after(case: &Case<'_>) -> Vec<Finding> {
    let mut found = hooks(case);
    found.extend(server(case));
    found.extend(program(case));
    found.extend(trash(case));
    found
}

/// Is what the file wants to run trusted, and did it run?
fn hooks(case: &Case<'_>) -> Vec<Finding> {
    let builders = case.desired.builders.values();
    let declared = builders.flat_map(|builder| {
        let inside = builder.checkouts.values().map(|checkout| &checkout.hooks);
        inside.chain([&builder.hooks]).flat_map(|hooks| hooks.post_create.iter().chain(&hooks.pre_remove)).collect::<Vec<_>>()
    });
    let mut commands: Vec<&str> = declared.map(|hook| hook.run.as_str()).collect();
    commands.sort_unstable();
    commands.dedup();
    if commands.is_empty() {
        return vec![];
    }
    let is_trusted = |text: &&&str| case.actual.trusted.contains(&crate::model::trust::Command::Script((**text).to_owned()));
    let trusted = commands.iter().filter(is_trusted).count();
    let mut found = Vec::new();
    if trusted == commands.len() {
        found.push(finding("hooks", Level::Good, "hooks", format!("trusted: {trusted} of {trusted}"), ""));
    } else {
        let fact = format!("not trusted, so not run: {} of {}", commands.len() - trusted, commands.len());
        found.push(finding("hooks", Level::Bad, "hooks", fact, "wsctl trust"));
    }
    let waiting = case.plan.changes.iter().filter(|change| matches!(change.action, Action::RunHook(_))).count();
    if waiting > 0 {
        found.push(finding("hooks", Level::Notice, "hooks", format!("still to run: {waiting}"), "wsctl apply"));
    }
    found
}

/// Is the agents' server up?
fn server(case: &Case<'_>) -> Option<Finding> {
    let url = case.desired.opencode.as_ref()?;
    let subject = url.to_string();
    let port = subject.rsplit_once(':').and_then(|(_, port)| port.split('/').next()?.parse::<u16>().ok()).unwrap_or(80);
    Some(match &case.actual.sessions {
        Sessions::Known(known) => {
            finding("server", Level::Good, subject, format!("answers; sessions of builders: {}", known.len()), "")
        }
        Sessions::Down(why) => {
            // It is up, and says what it wants.
            let asks = why.contains("OPENCODE_SERVER_PASSWORD");
            let next = if asks { "export OPENCODE_SERVER_PASSWORD=…".into() } else { format!("opencode serve --port {port}") };
            finding("server", Level::Bad, subject, format!("does not answer: {why}"), next)
        }
        Sessions::None => finding("server", Level::Notice, subject, "was not asked", ""),
    })
}

/// Is there what `wsctl open` starts?
fn program(case: &Case<'_>) -> Option<Finding> {
    let (program, there) = case.vitals.program.as_ref()?;
    let (level, fact, next) = match there {
        true => (Level::Good, "what `wsctl open` starts, on PATH", String::new()),
        false => (
            Level::Notice,
            "what `wsctl open` would start is not on PATH",
            "install it, or name another: wsctl open --help".into(),
        ),
    };
    Some(finding("program", level, program, fact, next))
}

/// Is the trash growing?
fn trash(case: &Case<'_>) -> Vec<Finding> {
    let (entries, due) = (case.actual.trash.len(), case.vitals.due);
    let mut found = Vec::new();
    let noun = if entries == 1 { "entry" } else { "entries" };
    let holds = format!("{entries} {noun}, {}", size(case.vitals.trash_bytes));
    if due > 0 {
        let fact = format!("{holds}; past the time that they are kept: {due}");
        found.push(finding("trash", Level::Notice, "the trash", fact, "wsctl prune"));
    } else if case.vitals.trash_bytes > MUCH {
        found.push(finding("trash", Level::Notice, "the trash", holds, "wsctl prune --older-than 3d"));
    } else if entries > 0 {
        found.push(finding("trash", Level::Good, "the trash", holds, ""));
    }
    if case.vitals.replaced_bytes > MUCH {
        let at = case.desired.builders_dir.join(".wsctl/replaced");
        let fact = format!("what was set aside takes {}", size(case.vitals.replaced_bytes));
        found.push(finding("trash", Level::Notice, at.to_string(), fact, format!("ls -la {}", shell(&at))));
    }
    found
}
