//! `repos.R`: clone, or say why not.

use crate::model::actual::{Repository, RepositoryState};
use crate::model::address::Address;
use crate::model::builder::Occupant;
use crate::model::desired::{DesiredRepository, Url};
use crate::model::lfs::Lfs;
use crate::model::path::{AbsPath, printable};

use super::blockers::{at, beside, shell, word};
use super::draft::Drafts;
use super::input::Input;
use super::{Action, Blocker, RepositoryWrite, Symbol, lfs};

pub(super) fn plan(input: &Input<'_>, drafts: &mut Drafts) {
    for repository in input.desired.repositories.values() {
        let address = Address::Repository(repository.name.clone());
        let path = &repository.path;
        let refuse = |drafts: &mut Drafts, blocker| {
            drafts.refuse(address.clone(), Action::Nothing(Symbol::Create), "cannot be used", vec![blocker]);
        };
        match input.actual.repositories.get(&repository.name) {
            None | Some(RepositoryState::Missing) if input.options.destroy => left(input, repository, drafts),
            None | Some(RepositoryState::Missing) => missing(input, repository, drafts),
            Some(RepositoryState::Occupied(what)) => {
                refuse(drafts, in_the_way(input, repository, what));
            }
            Some(RepositoryState::Unusable { fact, next }) => refuse(drafts, at("unusable-repository", path, fact, next)),
            Some(RepositoryState::Present(found)) => {
                present(input, repository, found, drafts);
                compare_filter(repository, found, drafts);
            }
        }
    }
}

/// Something else is where it is declared. What lies in that is not moved away with it, least of all the repository itself.
fn in_the_way(input: &Input<'_>, repository: &DesiredRepository, what: &str) -> Blocker {
    let path = &repository.path;
    let inside = |other: &&AbsPath| path.contains(other) && *other != path;
    let applied = input.actual.workspace.mark().map(|mark| &mark.repositories);
    let mut names = input.desired.moved.names_of(&repository.name);
    let own = names.find_map(|name| Some(&applied?.get(name)?.path)).filter(inside);
    let present = input.actual.repositories.values().filter_map(RepositoryState::repository).map(|found| &found.path);
    let others = present.chain(&input.actual.unmanaged_repositories).chain([&input.desired.builders_dir, &input.desired.file]);
    let held = others.filter(inside).find(|other| Some(*other) != own);
    let fact = format!("what is there {what}");
    match (held, own) {
        (Some(held), _) => {
            let next = format!("let builders.toml give [repos.{}] another path", repository.name);
            at("in-the-way", path, format!("{fact}, and {held} lies in it"), next)
        }
        (None, Some(own)) => beside(path, own, format!("{fact}, and the repository itself lies in it")),
        (None, None) => at("in-the-way", path, fact, format!("mv {} SOMEWHERE", shell(path))),
    }
}

/// What `destroy` does about one that is missing: nothing, and says where checkouts wait for it.
fn left(input: &Input<'_>, repository: &DesiredRepository, drafts: &mut Drafts) {
    if let Some(blocker) = orphans(input, &repository.path) {
        let address = Address::Repository(repository.name.clone());
        drafts.refuse(address, Action::Nothing(Symbol::Create), "missing", vec![blocker]);
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
    let cloning = repository.cloning.clone();
    let reason = format!("clone from {url}{cloning}");
    let draft = drafts.add(address, Action::Clone { url: url.clone(), path: path.clone(), cloning }, reason);
    if repository.cloning.depth.is_some() {
        draft.change.details.push("its history is cut off: bases and merges further back are not known there".into());
    }
    if repository.lfs == Lfs::Pointers {
        draft.change.details.push("its files of git-lfs are pointers, if it has any".into());
    }
    draft.change.blockers.extend(orphans(input, path));
    draft.change.blockers.extend(lfs::unready(input, &repository.name, path));
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

/// One that is there: whether it is where it is declared, and what its remote is.
fn present(input: &Input<'_>, declared: &DesiredRepository, found: &Repository, drafts: &mut Drafts) {
    let moving = input.moves().and_then(|moves| moves.repository(&declared.name));
    let url = other_url(input, declared, found);
    let mut reasons: Vec<String> = Vec::new();
    if let Some(moving) = moving {
        let from = &moving.relocation.from;
        reasons.push(format!("move from {}", printable(from.relative_to(&input.desired.root).as_os_str())));
    }
    let remote = match url {
        Some(Remote::Changed(remote, old, new)) => {
            reasons.push(format!("url of {remote}: {old} → {new}"));
            Some((remote, old, new))
        }
        Some(Remote::Drift(fact, next)) => {
            drafts.drift(&Address::Repository(declared.name.clone()), fact, Some(next));
            None
        }
        None => None,
    };
    if reasons.is_empty() {
        return;
    }
    let relocation = moving.map(|moving| moving.relocation.clone());
    let write = RepositoryWrite { path: declared.path.clone(), relocation, remote };
    let action = Action::UpdateRepository(Box::new(write));
    let draft = drafts.add(Address::Repository(declared.name.clone()), action, reasons.join("; "));
    let links = moving.map_or(0, |moving| moving.relocation.checkouts.len());
    if links > 0 {
        draft
            .change
            .details
            .push(format!("the links of {links} worktree{} are written again", if links == 1 { "" } else { "s" }));
    }
    draft.change.blockers.extend(moving.iter().flat_map(|moving| &moving.blockers).cloned());
}

/// A remote that is not what the file says.
enum Remote {
    /// The file changed since it was last applied: the remote, its url, and the one that it shall have.
    Changed(String, Url, Url),
    /// Somebody changed the remote: the fact, and the next command.
    Drift(String, String),
}

fn other_url(input: &Input<'_>, repository: &DesiredRepository, found: &Repository) -> Option<Remote> {
    let root = &input.desired.root;
    let url = repository.url.as_ref()?;
    let wanted = comparable(url, root);
    if found.remotes.values().flatten().any(|remote| comparable(remote, &found.path) == wanted) {
        return None;
    }
    let mark = input.actual.workspace.mark();
    let names = input.desired.moved.names_of(&repository.name);
    let mut applied = names.filter_map(|name| mark?.repositories.get(name)?.url.as_ref());
    if let Some(last) = applied.next() {
        let last = comparable(&Url::new(last), root);
        // What is stored of a url is what is shown of it.
        let as_applied = |remote: &&Url| comparable(&Url::new(remote.to_string()), &found.path) == last;
        let same = found.remotes.iter().find_map(|(name, remote)| Some((name, remote.as_ref().filter(as_applied)?)));
        if let Some((name, old)) = same {
            return Some(Remote::Changed(name.clone(), old.clone(), url.clone()));
        }
    }
    let here = shell(&found.path);
    let typed = typed(url, root);
    let (fact, next) = match found.remotes.get("origin") {
        Some(Some(actual)) => {
            (format!("origin is {actual}, builders.toml says {url}"), format!("git -C {here} remote set-url origin {typed}"))
        }
        Some(None) | None => (format!("no remote has the url {url}"), format!("git -C {here} remote add origin {typed}")),
    };
    Some(Remote::Drift(fact, next))
}

/// A url as a word of a command; one that holds what is not shown is left to whoever types it.
fn typed(url: &Url, root: &AbsPath) -> String {
    let text = url.expose();
    match (url.to_string() == text, text.starts_with('.')) {
        (false, _) => "URL".into(),
        (true, true) => shell(&root.join(text)),
        (true, false) => word(text),
    }
}

/// A clone that is there has all objects, or leaves other ones out than declared.
fn compare_filter(repository: &DesiredRepository, found: &Repository, drafts: &mut Drafts) {
    let Some(wanted) = repository.cloning.filter.as_ref().filter(|wanted| found.filter.as_ref() != Some(*wanted)) else { return };
    let now = found.filter.as_ref().map_or("it was cloned whole".into(), |filter| format!("its filter is {filter}"));
    let Some(remote) = found.remote() else { return };
    let next = format!("git -C {} fetch --refetch --filter={} {}", shell(&found.path), word(wanted), word(remote));
    drafts.drift(&Address::Repository(repository.name.clone()), format!("{now}, declared is {wanted}"), Some(next));
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
