//! What is typed wrong: clap's words in our form, one line and the next command.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::stream;
use crate::diagnostic::Diagnostic;
use crate::view;
use crate::view::{ColorChoice, Style};

/// Says what clap refused; its help and version are no refusal. The exit code is 1.
pub(super) fn tell(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let failed = error.use_stderr();
        let _ = error.print();
        return ExitCode::from(u8::from(failed));
    }
    let told = anyhow::Error::from(diagnostic(error, arguments));
    // The line could not be read, so that nobody knows what its options say.
    if arguments.iter().any(|word| word == "--json") {
        match command(arguments) {
            Some("apply" | "destroy") => stream::failed(&told),
            _ => {
                let _ = view::print(&view::json::error(&told));
            }
        }
    } else {
        view::narrate(&view::error(&told, &Style::new(ColorChoice::Auto, std::io::IsTerminal::is_terminal(&std::io::stderr()))));
    }
    ExitCode::FAILURE
}

/// `unexpected argument '--fech' found; a similar argument exists: '--fetch'` and `wsctl plan --help`.
fn diagnostic(error: &clap::Error, arguments: &[OsString]) -> Diagnostic {
    let text = error.render().to_string();
    let told = text.split("\n\nUsage:").next().unwrap_or_default();
    let told = told.split("\n\nFor more information").next().unwrap_or_default();
    let told = told.strip_prefix("error: ").unwrap_or(told);
    let mut parts = Vec::new();
    for line in told.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("tip: ") {
            Some(tip) => parts.push(format!("; {tip}")),
            None if parts.is_empty() => parts.push(line.to_owned()),
            None => parts.push(format!(" {line}")),
        }
    }
    if let Some(variable) = variable(error, arguments) {
        return Diagnostic::new(format!("{}, as {variable} says", parts.concat()), format!("unset {variable}"));
    }
    let next = command(arguments).map_or_else(|| "wsctl --help".to_owned(), |command| format!("wsctl {command} --help"));
    Diagnostic::new(parts.concat(), next)
}

/// The variable that a refused value comes from, where nobody typed it.
fn variable(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let (Some(ContextValue::String(argument)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let all = super::command();
    let long = argument.strip_prefix("--")?.split(' ').next()?;
    let variable = all.get_arguments().find(|known| known.get_long() == Some(long))?.get_env()?.to_str()?;
    let set = std::env::var_os(variable).is_some_and(|set| set == **value);
    let is_it = |word: &OsString| {
        let word = word.to_string_lossy();
        let long = word.split_once('=').is_some_and(|(_, typed)| typed == value);
        let short = word.starts_with('-') && !word.starts_with("--") && word.ends_with(value.as_str());
        word == value.as_str() || long || short
    };
    (set && !arguments.iter().any(is_it)).then(|| variable.to_owned())
}

/// The command that the words name.
fn command(arguments: &[OsString]) -> Option<&str> {
    let all = super::command();
    let known = |word: &&str| all.find_subcommand(word).is_some();
    arguments.iter().skip(1).filter_map(|word| word.to_str()).find(known)
}
