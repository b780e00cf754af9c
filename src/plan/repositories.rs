//! `repos.R`: clone, or say why not.

use crate::model::actual::{Repository, RepositoryState};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::{Desired, DesiredRepository, Url};
use crate::model::path::AbsPath;

use super::blockers::{at, shell};
use super::draft::Drafts;
use super::input::Input;
use super::{Action, Blocker, Symbol};

pub(super) fn plan(input: &Input<'_>, drafts: &mut Drafts) {
    for repository in input.desired.repositories.values() {
        let address = Address::Repository(repository.name.clone());
        let path = &repository.path;
        let refuse = |drafts: &mut Drafts, blocker| {
            drafts.refuse(address.clone(), Action::Nothing(Symbol::Create), "cannot be used", vec![blocker]);
        };
        match input.actual.repositories.get(&repository.name) {
            None | Some(RepositoryState::Missing) => missing(input, repository, drafts),
            Some(RepositoryState::Occupied(what)) => {
                let next = format!("mv {} SOMEWHERE", shell(path));
                refuse(drafts, at("in-the-way", path, format!("what is there {what}"), next));
            }
            Some(RepositoryState::Unusable { fact, next }) => refuse(drafts, at("unusable-repository", path, fact, next)),
            Some(RepositoryState::Present(found)) => compare_url(input.desired, repository, found, drafts),
        }
    }
}

fn missing(input: &Input<'_>, repository: &DesiredRepository, drafts: &mut Drafts) {
    let address = Address::Repository(repository.name.clone());
    let path = &repository.path;
    let Some(url) = &repository.url else {
        let next = format!("add `url` to [repos.{}] in builders.toml", repository.name);
        let fact = "the repository is missing, and no url says where to clone it from";
        let blocker = orphans(input, path).unwrap_or_else(|| at("missing-repository", path, fact, next));
        drafts.refuse(address, Action::Nothing(Symbol::Create), "missing", vec![blocker]);
        return;
    };
    let action = Action::Clone { url: url.clone(), path: path.clone() };
    let draft = drafts.add(address, action, format!("clone from {url}"));
    draft.change.blockers.extend(orphans(input, path));
}

/// Checkouts that still name a repository which was here: a fresh clone would cut them off for good.
fn orphans(input: &Input<'_>, repository: &AbsPath) -> Option<Blocker> {
    let git = repository.join(".git");
    let directories = input.actual.builders.values();
    let mut places = directories
        .flat_map(|directory| directory.places.iter().map(move |(path, occupant)| (path.under(&directory.path), occupant)));
    let names =
        |occupant: &Occupant| matches!(occupant, Occupant::Worktree(admin) if git.contains(admin) || repository.contains(admin));
    let (orphan, _) = places.find(|(_, occupant)| names(occupant))?;
    let fact = format!("the repository is gone, and {orphan} is still a worktree of it");
    Some(at("orphaned-checkouts", repository, fact, format!("mv WHERE-IT-IS-NOW {}", shell(repository))))
}

fn compare_url(desired: &Desired, repository: &DesiredRepository, found: &Repository, drafts: &mut Drafts) {
    let Some(url) = &repository.url else { return };
    let wanted = comparable(url, &desired.root);
    let mut remotes = found.remotes.values().flatten();
    if remotes.any(|remote| comparable(remote, &found.path) == wanted) {
        return;
    }
    let here = shell(&found.path);
    let (fact, next) = match found.remotes.get("origin") {
        Some(Some(actual)) => {
            (format!("origin is {actual}, builders.toml says {url}"), format!("git -C {here} remote set-url origin URL"))
        }
        Some(None) | None => (format!("no remote has the url {url}"), format!("git -C {here} remote add origin URL")),
    };
    drafts.drift(&Address::Repository(repository.name.clone()), fact, Some(next));
}

/// A url in the form in which two that mean the same are equal: local paths absolute, without a trailing `/` or `.git`.
fn comparable(url: &Url, base: &AbsPath) -> String {
    let text = url.expose();
    let text = text.strip_prefix("file://").unwrap_or(text);
    let local = !text.contains("://") && (text.starts_with(['/', '.']) || !text.contains(':'));
    let text = if local { base.join(text).as_path().to_string_lossy().into_owned() } else { text.to_owned() };
    let text = text.trim_end_matches('/');
    text.strip_suffix(".git").unwrap_or(text).trim_end_matches('/').to_owned()
}
