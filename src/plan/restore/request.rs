//! What is asked for by name, and which entry of the trash that is.

use crate::model::actual::Actual;
use crate::model::name::RepoName;
use crate::model::trash::{Manifest, TrashEntry};

/// What `wsctl restore` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// `slack`, `builders.slack`, or the name of an entry.
    Builder(String),
    /// `slack/ai-dev`, `builders.slack.ai-dev`, or the name of an entry and a repository.
    Checkout(String, String),
}

/// Reads a name as it is typed; `None` where it is none.
#[must_use]
pub fn asked(text: &str) -> Option<Asked> {
    if let Some(rest) = text.strip_prefix("builders.") {
        let mut parts = segments(rest)?.into_iter();
        return match (parts.next(), parts.next(), parts.next()) {
            (Some(builder), None, None) => Some(Asked::Builder(builder)),
            (Some(builder), Some(repository), None) => Some(Asked::Checkout(builder, repository)),
            (None | Some(_), None | Some(_), None | Some(_)) => None,
        };
    }
    match text.split_once('/') {
        Some((builder, repository)) if !builder.is_empty() && !repository.is_empty() => {
            Some(Asked::Checkout(builder.into(), repository.into()))
        }
        Some(_) => None,
        None => (!text.is_empty()).then(|| Asked::Builder(text.into())),
    }
}

/// The segments of an address: bare, or quoted as TOML does.
fn segments(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, tail) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part.to_owned());
        if tail.is_empty() {
            return Some(parts);
        }
        rest = tail.strip_prefix('.')?;
    }
}

/// The entries that can come back by their kind, newest first: ours, and no leftover of a killed creation.
pub fn offered(actual: &Actual) -> impl Iterator<Item = (&TrashEntry, &Manifest)> {
    let id = actual.workspace.mark().map(|mark| &mark.id);
    newest(actual).filter(move |(entry, manifest)| entry.own && manifest.counts && Some(&manifest.workspace) == id)
}

fn newest(actual: &Actual) -> impl Iterator<Item = (&TrashEntry, &Manifest)> {
    actual.trash.iter().rev().filter_map(|entry| Some((entry, entry.manifest.as_ref()?)))
}

/// The entry that is meant, and the one checkout of it: by its own name, else the newest that can come back, else the
/// newest of all.
#[must_use]
pub fn find<'a>(actual: &'a Actual, asked: &Asked) -> Option<(&'a TrashEntry, Option<RepoName>)> {
    if let Asked::Builder(name) = asked
        && let Some(entry) = actual.trash.iter().find(|entry| entry.name == *name)
    {
        return Some((entry, None));
    }
    if let Asked::Checkout(name, repository) = asked
        && let Some(entry) = actual.trash.iter().find(|entry| entry.name == *name)
        && let Some(manifest) = &entry.manifest
        && manifest.checkouts.iter().any(|checkout| checkout.repository.as_str() == repository)
    {
        return Some((entry, only(manifest, asked)));
    }
    let hit = |(entry, manifest)| is_of(manifest, asked).then(|| (entry, only(manifest, asked)));
    offered(actual).find_map(hit).or_else(|| newest(actual).find_map(hit))
}

/// Whether an entry holds what is asked for.
fn is_of(manifest: &Manifest, asked: &Asked) -> bool {
    match asked {
        Asked::Builder(builder) => manifest.builder.as_str() == builder,
        Asked::Checkout(builder, repository) => {
            let holds = manifest.checkouts.iter().any(|checkout| checkout.repository.as_str() == repository);
            manifest.builder.as_str() == builder && holds
        }
    }
}

/// The one checkout that is asked for, where the entry is of a whole builder.
fn only(manifest: &Manifest, asked: &Asked) -> Option<RepoName> {
    let Asked::Checkout(_, repository) = asked else { return None };
    let mut checkouts = manifest.checkouts.iter().filter(|_| manifest.checkout.is_none());
    checkouts.find(|checkout| checkout.repository.as_str() == repository).map(|checkout| checkout.repository.clone())
}
