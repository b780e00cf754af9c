//! `wsctl add-repo`

use std::path::PathBuf;

use anyhow::Result;

use super::add::declared;
use super::complete;
use super::edited::{ApplyOptions, Edit, end};
use super::editing::{Editing, here, repeated};
use super::globals::Globals;
use super::typed;
use crate::config::fault::suggestion;
use crate::diagnostic::Diagnostic;
use crate::edit::{Added, Member, NewRepository, add_repository, join, line_at};
use crate::model::address::Address;
use crate::model::desired::Url;
use crate::model::name::{BuilderName, RepoName};
use crate::view::edit::Verb;

/// Let repositories join a builder. Inside a builder, that one is meant. With --url, a repository that is not declared is
/// declared; outside of builders and without --builder that is all.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl add-repo k8s-lab                      inside a builder
  wsctl add-repo k8s-lab domain-apis:fix/slack --builder slack --apply
  wsctl add-repo k8s-lab --url git@example.com:acme/k8s-lab.git
  wsctl add-repo k8s-lab --builder slack --apply --auto-approve --json   for programs")]
pub(super) struct Args {
    /// The repositories, perhaps on a branch of their own
    #[arg(value_name = "REPO[:BRANCH[:BASE]]", add = complete::repositories(), required = true)]
    repos: Vec<String>,
    /// The builder
    #[arg(long, value_name = "NAME", add = complete::builders())]
    builder: Option<String>,
    /// Where the repository is cloned from
    #[arg(long)]
    url: Option<String>,
    /// An included file to declare the repository in
    #[arg(long, value_name = "FILE", requires = "url")]
    into: Option<PathBuf>,
    #[command(flatten)]
    apply: ApplyOptions,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    repeated(globals, args.apply.is_unasked(), || once(globals, args))
}

fn once(globals: &Globals, args: &Args) -> Result<u8> {
    let members: Vec<Member> = args.repos.iter().map(|text| typed::member(text)).collect::<Result<_>>()?;
    let named = args.builder.as_deref().map(typed::builder).transpose()?;
    let url = args.url.as_deref().map(typed::url).transpose()?;
    let mut editing = Editing::open(globals)?;
    let builder = named.or_else(|| here(&editing.desired));
    if builder.is_none() && (url.is_none() || args.apply.is_asked()) {
        let fact = "which builder? This directory lies in none";
        return Err(Diagnostic::new(fact, format!("{} --builder NAME", globals.again())).into());
    }
    if let Some(builder) = builder.as_ref().filter(|builder| !editing.config.builders.contains_key(*builder)) {
        let known = editing.config.builders.keys().map(BuilderName::as_str);
        let near = suggestion(builder.as_str(), "declared builders", known);
        let next = format!("{near}\nwsctl add {builder}");
        return Err(Diagnostic::new(format!("builder `{builder}` is not declared"), next).into());
    }
    if let Some(url) = url {
        declare(&mut editing, args, &members, url)?;
    } else {
        members.iter().try_for_each(|member| declared(&editing, &member.repository))?;
    }
    if let Some(builder) = &builder {
        let file = editing.config.file_of_builder(builder).cloned().unwrap_or_else(|| editing.main());
        let text = join(&editing.text(&file), builder, &members, &inherited(&editing, builder));
        editing.put(&file, text)?;
    }
    let subjects = members.iter().map(|member| match &builder {
        Some(builder) => Address::Checkout(builder.clone(), member.repository.clone()).to_string(),
        None => Address::Repository(member.repository.clone()).to_string(),
    });
    let subjects: Vec<String> = subjects.collect();
    end(
        globals,
        &Edit {
            editing: &editing,
            verb: Verb::AddRepo,
            builder: builder.as_ref(),
            subject: subjects.join(", "),
            apply: &args.apply,
            removals: None,
        },
    )
}

/// Declares the one repository that the url is of.
fn declare(editing: &mut Editing, args: &Args, members: &[Member], url: Url) -> Result<()> {
    let [member] = members else {
        let fact = "--url is of one repository, and several are named";
        return Err(Diagnostic::new(fact, "name one at a time").into());
    };
    let name = &member.repository;
    if let Some(known) = editing.config.repos.get(name) {
        let file = editing.config.file_of_repository(name).cloned().unwrap_or_else(|| editing.main());
        if known.url.as_ref().map(|url| &url.value) == Some(&url) {
            return Ok(());
        }
        let (source, place) = editing.config.sources.at(&known.name.span);
        let line = line_at(&source.text, place.start);
        let fact = format!("repository `{name}` is declared already, with another url or none: {file}:{line}");
        return Err(Diagnostic::new(fact, format!("edit line {line} of {file}, or leave --url out")).into());
    }
    let file = editing.addition(args.into.as_deref())?;
    let new = NewRepository { name: name.clone(), url: Some(url), path: None };
    match add_repository(&editing.text(&file), &new) {
        Ok(Added::New(text)) => editing.put(&file, Ok(text)),
        Ok(Added::Same | Added::Other(_)) => Ok(()),
        Err(fault) => editing.put(&file, Err(fault)),
    }
}

/// The repositories that a builder has of `[defaults]`, and would lose by a `repos` of its own.
fn inherited(editing: &Editing, builder: &BuilderName) -> Vec<RepoName> {
    let own = editing.config.builders.get(builder).is_some_and(|builder| builder.repos.is_some());
    let defaults = editing.config.defaults.repos.as_ref().filter(|_| !own);
    defaults.into_iter().flatten().filter_map(|written| typed::repository(&written.value).ok()).collect()
}
