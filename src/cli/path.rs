//! `wsctl path`

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::Result;
use clap::ValueEnum;

use super::complete;
use super::globals::Globals;
use super::workspace::load;
use crate::diagnostic::Diagnostic;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::located::LocatedBuilder;
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::{AbsPath, shell_word};
use crate::view::shell;
use crate::{actual, view};

/// Print where a builder or a checkout is; without a name, the workspace root.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl path                     the workspace root, from anywhere in it
  wsctl path slack               the builder
  wsctl path slack/api           its checkout of api; `slack/.` is that of the root
  wsctl path /api                the same of the builder that you are in
  wsctl path --list              every name that can be asked for
  wsctl path --function bash     in ~/.bashrc: source <(wsctl path --function bash)
  wsctl path --function zsh      in ~/.zshrc: source <(wsctl path --function zsh)
  wsctl path --function fish     in config.fish: wsctl path --function fish | source

The function is called wcd: `wcd slack/api` changes to that checkout, `wcd` to the workspace root. For use
from anywhere, name the workspace once: export WSCTL_FILE=~/my-workspace/builders.toml")]
pub(super) struct Args {
    /// BUILDER, BUILDER/REPOSITORY, or /REPOSITORY of the builder that you are in
    #[arg(value_name = "NAME", add = complete::places())]
    name: Option<String>,
    /// List every name
    #[arg(long, conflicts_with = "name")]
    list: bool,
    /// Print a function for this shell that changes directory: wcd NAME
    #[arg(long, value_name = "SHELL", value_enum, conflicts_with_all = ["name", "list"])]
    function: Option<Shell>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    if let Some(function) = args.function {
        view::print(match function {
            Shell::Bash => shell::BASH,
            Shell::Zsh => shell::ZSH,
            Shell::Fish => shell::FISH,
        })?;
        return Ok(0);
    }
    let desired = load(globals)?;
    let all = actual::located(&actual::read(&desired)?, &desired);
    if args.list {
        let names: Vec<String> = names(&all).into_iter().map(|name| name + "\n").collect();
        view::print(&names.concat())?;
        return Ok(0);
    }
    let path = match &args.name {
        None => desired.root.clone(),
        Some(name) => find(&desired, &all, name, &Globals::cwd()?)?,
    };
    if globals.json {
        view::print(&view::json::path(&path))?;
    } else {
        view::print_bytes(&[path.as_path().as_os_str().as_bytes(), b"\n"].concat())?;
    }
    Ok(0)
}

/// Every name that means something.
fn names(all: &[LocatedBuilder]) -> BTreeSet<String> {
    let inside = all
        .iter()
        .flat_map(|builder| builder.checkouts.iter().map(move |checkout| format!("{}/{}", builder.name, checkout.repository)));
    all.iter().map(|builder| builder.name.to_string()).chain(inside).collect()
}

/// What a name means.
fn find(desired: &Desired, all: &[LocatedBuilder], name: &str, here: &AbsPath) -> Result<AbsPath> {
    let (builder, repository) = match name.split_once('/') {
        None => (name, None),
        Some((builder, repository)) => (builder, Some(repository.trim_end_matches('/')).filter(|it| !it.is_empty())),
    };
    let found = if builder.is_empty() {
        around(all, here, "name one: wsctl path BUILDER/REPOSITORY")?
    } else {
        named(desired, all, builder)?
    };
    let Some(repository) = repository else { return Ok(found.path.clone()) };
    let checkout = found.checkouts.iter().find(|checkout| checkout.repository.as_str() == repository);
    if let Some(checkout) = checkout {
        return Ok(checkout.path.clone());
    }
    let declared = desired.builders.get(&found.name).is_some_and(|builder| builder.checkouts.contains_key(repository));
    if declared {
        let checkout = RepoName::try_from(repository.to_owned()).map(|name| Address::Checkout(found.name.clone(), name));
        let address = checkout.unwrap_or_else(|_| found.address());
        return Err(not_made(&address));
    }
    let near: Vec<String> = found.checkouts.iter().map(|checkout| format!("{}/{}", found.name, checkout.repository)).collect();
    let next = if near.is_empty() {
        format!("wsctl add-repo --builder {} {}", shell_word(found.name.as_str()), shell_word(repository))
    } else {
        format!("it has {}", near.join(", "))
    };
    Err(Diagnostic::new(format!("builder {} has no checkout of `{repository}`", found.name), next).into())
}

pub(super) fn named<'a>(desired: &Desired, all: &'a [LocatedBuilder], name: &str) -> Result<&'a LocatedBuilder> {
    if let Some(found) = all.iter().find(|builder| builder.name.as_str() == name) {
        return Ok(found);
    }
    if let Some(declared) = desired.builders.get(name) {
        return Err(not_made(&Address::Builder(declared.name.clone())));
    }
    let score = |builder: &BuilderName| strsim::jaro_winkler(name, builder.as_str());
    let near = all.iter().map(|builder| &builder.name).max_by(|a, b| score(a).total_cmp(&score(b)));
    let next = match near.filter(|near| score(near) > 0.7) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "wsctl path --list".into(),
    };
    Err(Diagnostic::new(format!("there is no builder `{name}`"), next).into())
}

/// The builder that a directory lies in.
pub(super) fn around<'a>(all: &'a [LocatedBuilder], here: &AbsPath, next: &str) -> Result<&'a LocatedBuilder> {
    let real = |path: &AbsPath| path.as_path().canonicalize().unwrap_or_else(|_| path.as_path().to_path_buf());
    let here = real(here);
    let found = all.iter().find(|builder| here.starts_with(real(&builder.path)));
    found.ok_or_else(|| Diagnostic::new("this is not inside a builder", next).into())
}

fn not_made(address: &Address) -> anyhow::Error {
    let next = format!("wsctl apply --target {}", shell_word(&address.to_string()));
    Diagnostic::new(format!("{address} is declared, and not made yet"), next).into()
}
