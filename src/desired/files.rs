//! The managed files of one builder: those of the workspace, and its own, which win.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Scene;
use crate::config::fault::{fault, related};
use crate::config::{Builder, ManagedFile, Origin as From, Target, Written, fixed, is_pattern};
use crate::diagnostic::Fault;
use crate::model::desired::{DesiredCheckout, DesiredFile, FileMode, Origin, Shape};
use crate::model::name::RepoName;
use crate::model::path::RelPath;

type Checkouts = BTreeMap<RepoName, DesiredCheckout>;

/// One file of an entry: its source and how the entry made it. The file's own span stands for it.
struct Placed<'a> {
    entry: &'a ManagedFile,
    /// The source: the repository whose main worktree it lies in, and the path there.
    from: Option<Written>,
    /// The directory or the fixed part of the pattern that it is one of.
    top: Option<RelPath>,
}

/// A file of an entry: its path, its source, and what it is one of.
type Member = (RelPath, Option<Written>, Option<RelPath>);

/// Files by the path that each has in the builder.
type Files<'a> = BTreeMap<RelPath, Placed<'a>>;

/// The managed files of a builder, by path: its own win over a repository's, and those over the workspace's.
pub(super) fn files(scene: &mut Scene<'_>, declared: &Builder, checkouts: &Checkouts) -> BTreeMap<RelPath, DesiredFile> {
    let config = scene.config;
    let mut placed = place(scene, config.files.iter(), checkouts);
    let of_repos = config.repos.values().flat_map(|repo| &repo.files);
    placed.extend(place(scene, of_repos, checkouts));
    placed.extend(place(scene, declared.files.iter(), checkouts));
    placed.retain(|_, file| file.entry.mode.is_some());
    check(scene, &placed, checkouts);
    let mut files = BTreeMap::new();
    for (to, file) in placed {
        let Some(mode) = file.entry.mode else { continue };
        let from = file.from.and_then(|(repository, path)| {
            let base = match &repository {
                None => scene.facts.root.clone(),
                Some(name) => scene.facts.main_worktree(config, name)?,
            };
            let member = file.top.is_some();
            let within = match (&repository, &file.top) {
                (Some(_), _) => Some(base.clone()),
                (None, top) => top.as_ref().map(|top| top.under(&base)),
            };
            Some(Origin { path: path.under(&base), repository, member, within })
        });
        let checkout = around(&to, checkouts);
        files.insert(to.clone(), DesiredFile { to, from, mode, checkout });
    }
    files
}

/// Expands the files of one scope; two that meet at one path are a fault.
fn place<'a>(scene: &mut Scene<'_>, files: impl Iterator<Item = &'a ManagedFile>, checkouts: &Checkouts) -> Files<'a> {
    let mut placed: Files<'a> = BTreeMap::new();
    for entry in files {
        for (checkout, at) in places(entry, checkouts) {
            for (path, from, top) in members(scene, entry, checkout, &at) {
                if let Some(first) = placed.get(&path).filter(|first| !std::ptr::eq(first.entry, entry)) {
                    let message = format!("two files go to `{path}`");
                    let twice = fault(&entry.to.span, message, "", "keep one of the two");
                    push_once(&mut scene.faults, related(twice, &first.entry.to.span, "the first one"));
                } else {
                    placed.insert(path, Placed { entry, from, top });
                }
            }
        }
    }
    placed
}

/// Where an entry goes: once, or once in each checkout.
fn places<'a>(entry: &ManagedFile, checkouts: &'a Checkouts) -> Vec<(Option<&'a RepoName>, RelPath)> {
    let inside = |checkout: &'a DesiredCheckout, tail: &RelPath| {
        let path = RelPath::new(&format!("{}/{tail}", checkout.path)).ok()?;
        Some((Some(&checkout.repository), path))
    };
    match &entry.to.value {
        Target::Builder(path) => vec![(None, path.clone())],
        Target::EachCheckout(tail) => {
            checkouts.values().filter(|it| !it.repository.is_root()).filter_map(|it| inside(it, tail)).collect()
        }
        Target::Checkout(name, tail) => checkouts.get(name).and_then(|it| inside(it, tail)).into_iter().collect(),
    }
}

/// The files that an entry stands for at one of its places, each with its source.
fn members(scene: &mut Scene<'_>, entry: &ManagedFile, checkout: Option<&RepoName>, at: &RelPath) -> Vec<Member> {
    let Some(from) = &entry.from else { return vec![(at.clone(), None, None)] };
    let written: Written = match &from.value {
        From::Workspace(path) => (None, path.clone()),
        From::EachMain(path) => (checkout.cloned(), path.clone()),
        From::Main(name, path) => (Some(name.clone()), path.clone()),
    };
    // A link to a directory is one link.
    let whole = entry.mode == Some(FileMode::Symlink) && !is_pattern(&written.1);
    match scene.facts.trees.get(&written).filter(|_| !whole) {
        None if is_pattern(&written.1) => vec![],
        None => vec![(at.clone(), Some(written), None)],
        Some(Ok(files)) => {
            let (repository, top) = (&written.0, fixed(&written.1));
            let join = |base: &RelPath, below: &RelPath| RelPath::new(&format!("{base}/{below}")).ok();
            let member =
                |below: &RelPath| Some((join(at, below)?, Some((repository.clone(), join(&top, below)?)), Some(top.clone())));
            files.iter().filter_map(member).collect()
        }
        Some(Err(why)) => {
            let message = format!("`{}` cannot be listed: {why}", written.1);
            push_once(&mut scene.faults, fault(&from.span, message, "", "name a directory or a pattern that can be"));
            vec![]
        }
    }
}

/// The innermost checkout that a path lies in.
fn around(to: &RelPath, checkouts: &Checkouts) -> Option<RepoName> {
    let holders = checkouts.values().filter(|checkout| checkout.path.contains(to));
    holders
        .max_by_key(|checkout| if checkout.path.is_here() { 0 } else { checkout.path.as_str().len() })
        .map(|c| c.repository.clone())
}

fn check(scene: &mut Scene<'_>, placed: &Files<'_>, checkouts: &Checkouts) {
    for (to, file) in placed {
        if let Some(checkout) = checkouts.values().find(|checkout| !checkout.path.is_here() && to.contains(&checkout.path)) {
            let message = format!("`to` takes the place of the checkout of `{}`, at `{}`", checkout.repository, checkout.path);
            refuse(scene, &file.entry.to.span, message, "name a file beside the checkouts, or in one");
        }
        if scene.layout.shape == Shape::Anchored && to.as_str().eq_ignore_ascii_case(".gitmodules") {
            let hint = "git would take the checkouts for submodules, and reset them: choose another name";
            refuse(scene, &file.entry.to.span, "`to` may not be `.gitmodules`".into(), hint);
        }
        let above = to.as_str().match_indices('/').find_map(|(at, _)| placed.get(&to.as_str()[..at]).map(|file| (at, file)));
        if let Some((at, above)) = above {
            let message = format!("`{}` would be a file and a directory at once", &to.as_str()[..at]);
            let both = fault(&file.entry.to.span, message, "", "rename one of the two");
            push_once(&mut scene.faults, related(both, &above.entry.to.span, "the file"));
        }
    }
}

fn refuse(scene: &mut Scene<'_>, span: &Range<usize>, message: String, hint: &str) {
    push_once(&mut scene.faults, fault(span, message, "", hint));
}

/// A fault of the workspace's files shows in every builder: it is reported once.
fn push_once(faults: &mut Vec<Fault>, fault: Fault) {
    if !faults.iter().any(|known| known.span == fault.span && known.message == fault.message) {
        faults.push(fault);
    }
}
