//! `wsctl add`

use std::path::PathBuf;

use anyhow::Result;

use super::complete;
use super::edited::{ApplyOptions, Edit, end};
use super::editing::{Editing, repeated};
use super::globals::Globals;
use super::typed;
use crate::config::fault::suggestion;
use crate::diagnostic::Diagnostic;
use crate::edit::{Added, Member, NewBuilder, add_builder, line_at};
use crate::model::address::Address;
use crate::model::name::{BuilderName, RepoName};
use crate::plan::shell_word;
use crate::view::edit::Verb;

/// Declare a builder in builders.toml; with --apply, make it too. The change is shown as a diff; nothing else of the file
/// changes.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl add slack --repo ai-dev --repo domain-apis
  wsctl add slack --repo ai-dev --branch feature/TEC-25-slack --apply
  wsctl add slack --repo ai-dev --repo domain-apis:fix/slack:origin/release
  wsctl add slack --repo ai-dev --into builders.d/gateway.toml
  wsctl add slack --repo ai-dev --apply --auto-approve --json   for programs: one document")]
pub(super) struct Args {
    /// The builder
    name: String,
    /// A repository that joins, once for each, perhaps on a branch of its own; the root joins by itself
    #[arg(long = "repo", value_name = "REPO[:BRANCH[:BASE]]", add = complete::repositories())]
    repos: Vec<String>,
    /// The branch of every checkout; the file may say `builder/{builder}` for all
    #[arg(long)]
    branch: Option<String>,
    /// What new branches start from
    #[arg(long)]
    base: Option<String>,
    /// Never remove it
    #[arg(long)]
    protect: bool,
    /// Without a checkout of the workspace root
    #[arg(long)]
    no_root: bool,
    /// An included file to write it to
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    #[command(flatten)]
    apply: ApplyOptions,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    repeated(globals, args.apply.is_unasked(), || once(globals, args))
}

fn once(globals: &Globals, args: &Args) -> Result<u8> {
    let name = typed::builder(&args.name)?;
    let builder = NewBuilder {
        name: name.clone(),
        members: args.repos.iter().map(|text| typed::member(text)).collect::<Result<_>>()?,
        branch: args.branch.as_deref().map(typed::branch).transpose()?,
        base: args.base.as_deref().map(typed::base).transpose()?,
        protect: args.protect,
        include_root: args.no_root.then_some(false),
    };
    let mut editing = Editing::open(globals)?;
    for member in &builder.members {
        declared(&editing, &member.repository)?;
    }
    let known = editing.config.file_of_builder(&name).cloned();
    let file = match known {
        Some(file) => file,
        None => editing.addition(args.into.as_deref())?,
    };
    let text = editing.text(&file);
    match add_builder(&text, &builder) {
        Ok(Added::New(text)) => editing.put(&file, Ok(text))?,
        Ok(Added::Same) => {}
        Ok(Added::Other(place)) => return Err(other(&editing, &builder, line_at(&text, place.start))),
        Err(fault) => editing.put(&file, Err(fault))?,
    }
    end(
        globals,
        &Edit {
            editing: &editing,
            verb: Verb::Add,
            builder: Some(&name),
            subject: Address::Builder(name.clone()).to_string(),
            apply: &args.apply,
            removals: None,
        },
    )
}

/// Refuses a repository that the file does not know, with the near ones.
pub(super) fn declared(editing: &Editing, repository: &RepoName) -> Result<()> {
    if editing.desired.repositories.contains_key(repository) {
        return Ok(());
    }
    if repository.is_root() {
        let fact = format!("the workspace root {} is no git repository", editing.desired.root);
        return Err(Diagnostic::new(fact, "leave `.` out").into());
    }
    let known = editing.config.repos.keys().map(RepoName::as_str);
    let near = suggestion(repository.as_str(), "declared repositories", known);
    let next = format!("{near}\nwsctl add-repo {repository} --url URL");
    Err(Diagnostic::new(format!("repository `{repository}` is not declared"), next).into())
}

fn other(editing: &Editing, builder: &NewBuilder, line: usize) -> anyhow::Error {
    let name = &builder.name;
    let file = editing.config.file_of_builder(name).cloned().unwrap_or_else(|| editing.main());
    let fact = format!("builder `{name}` is declared already, and not like this: {file}:{line}");
    let missing = |member: &&Member| !has(editing, name, &member.repository);
    let missing: Vec<String> = builder.members.iter().filter(missing).map(typed_again).collect();
    let next = if missing.is_empty() {
        format!("edit line {line} of {file}")
    } else {
        format!("wsctl add-repo {} --builder {name}", missing.join(" "))
    };
    Diagnostic::new(fact, next).into()
}

fn has(editing: &Editing, builder: &BuilderName, repository: &RepoName) -> bool {
    editing.desired.builders.get(builder).is_some_and(|builder| builder.checkouts.contains_key(repository))
}

fn typed_again(member: &Member) -> String {
    let branch = member.branch.as_deref().unwrap_or_default();
    let parts = match (&member.branch, &member.base) {
        (None, None) => member.repository.to_string(),
        (Some(branch), None) => format!("{}:{branch}", member.repository),
        (_, Some(base)) => format!("{}:{branch}:{base}", member.repository),
    };
    shell_word(&parts)
}
