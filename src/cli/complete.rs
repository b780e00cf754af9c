//! What a shell is offered behind `<TAB>`: names from the file, and from the trash. Read at once from the disk; where
//! something cannot be read, less is offered and nothing is said.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::CompleteEnv;

use super::workspace::declared;
use super::{Cli, usage};
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::path::AbsPath;
use crate::{actual, config};

/// The variable by which a shell's script asks.
pub(super) const VARIABLE: &str = "WSCTL_COMPLETE";

/// Answers a shell that asks what may be typed; `None`: nobody asked.
pub(super) fn answered(arguments: &[OsString]) -> Option<ExitCode> {
    let here = std::env::current_dir().ok();
    match CompleteEnv::with_factory(Cli::command).var(VARIABLE).bin("wsctl").try_complete(arguments, here.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(error) => Some(usage::tell(&error, arguments)),
    }
}

/// Names of builders that the file declares.
pub(super) fn builders() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = desired().into_iter().flat_map(|desired| desired.builders.into_values());
        candidates(names.map(|builder| (builder.name.to_string(), builder.branch.to_string())))
    })
}

/// Builders and their checkouts as `BUILDER/REPOSITORY`.
pub(super) fn places() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let builders = desired().into_iter().flat_map(|desired| desired.builders.into_values());
        let places = builders.flat_map(|builder| {
            let inside =
                builder.checkouts.into_keys().map(|repository| format!("{}/{repository}", builder.name)).collect::<Vec<_>>();
            std::iter::once(builder.name.to_string()).chain(inside)
        });
        candidates(places.map(|place| (place, String::new())))
    })
}

/// Names of repositories that the file declares.
pub(super) fn repositories() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = desired().into_iter().flat_map(|desired| desired.repositories.into_values());
        let names = names.filter(|repository| !repository.name.is_root());
        candidates(names.map(|repository| (repository.name.to_string(), String::new())))
    })
}

/// Addresses that the file declares.
pub(super) fn addresses() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let Some(desired) = desired() else { return Vec::new() };
        let repositories = desired.repositories.keys().filter(|name| !name.is_root()).cloned().map(Address::Repository);
        let builders = desired.builders.values().flat_map(|builder| {
            let checkouts = builder.checkouts.keys().map(|name| Address::Checkout(builder.name.clone(), name.clone()));
            std::iter::once(Address::Builder(builder.name.clone())).chain(checkouts)
        });
        candidates(repositories.chain(builders).map(|address| (address.to_string(), String::new())))
    })
}

/// Checkouts that the file declares; the address of a file is quoted, which a shell would take apart.
pub(super) fn checkouts() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let builders = desired().into_iter().flat_map(|desired| desired.builders.into_values());
        let inside = builders.flat_map(|builder| {
            let name = builder.name;
            builder.checkouts.into_keys().map(move |repository| Address::Checkout(name.clone(), repository))
        });
        candidates(inside.map(|address| (address.to_string(), String::new())))
    })
}

/// The commands that have a page.
pub(super) fn commands() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let commands = Cli::command();
        let visible = commands.get_subcommands().filter(|command| !command.is_hide_set());
        candidates(visible.map(|command| (command.get_name().to_owned(), String::new())))
    })
}

/// What the trash holds: builders, checkouts as BUILDER/REPOSITORY, and the names of entries.
pub(super) fn trashed() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let entries = desired().map(|desired| actual::trash_entries(&desired)).unwrap_or_default();
        let mut found = Vec::new();
        for entry in entries.iter().rev() {
            let Some(manifest) = &entry.manifest else { continue };
            let builder = manifest.builder.to_string();
            if manifest.checkout.is_none() {
                found.push((builder.clone(), "a whole builder".to_owned()));
            }
            let inside = manifest.checkouts.iter().filter(|checkout| !checkout.repository.is_root());
            found.extend(inside.map(|checkout| (format!("{builder}/{}", checkout.repository), "one checkout".to_owned())));
            found.push((entry.name.clone(), "an entry".to_owned()));
        }
        candidates(found.into_iter())
    })
}

/// Each once; what a shell would take apart is left out.
fn candidates(found: impl Iterator<Item = (String, String)>) -> Vec<CompletionCandidate> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, help) in found.filter(|(name, _)| crate::plan::shell_word(name) == *name) {
        if !all.iter().any(|(other, _)| *other == name) {
            all.push((name, help));
        }
    }
    let candidate = |(name, help): (String, String)| {
        CompletionCandidate::new(name).help(Some(help).filter(|help| !help.is_empty()).map(Into::into))
    };
    all.into_iter().map(candidate).collect()
}

/// The workspace that the line names with `-C` and `-f`, or that is found upwards from here.
fn desired() -> Option<Desired> {
    let (directory, file) = place(&std::env::args_os().collect::<Vec<_>>());
    let here = AbsPath::new(std::env::current_dir().ok()?).ok()?;
    let here = directory.map_or_else(|| here.clone(), |directory| here.join(directory));
    declared(&config::find(&here, file.as_deref()).ok()?.file).ok()
}

/// What the words of a line, or the variables, say of the place.
fn place(words: &[OsString]) -> (Option<PathBuf>, Option<PathBuf>) {
    let value = |short: &str, long: &str, variable: &str| {
        let at = words.iter().position(|word| word == short || word == long);
        let typed = at.and_then(|at| words.get(at + 1)).cloned();
        typed.or_else(|| std::env::var_os(variable)).filter(|value| !value.is_empty()).map(PathBuf::from)
    };
    (value("-C", "--directory", "WSCTL_DIRECTORY"), value("-f", "--file", "WSCTL_FILE"))
}
