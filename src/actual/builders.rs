//! What lies below `builders_dir`: one directory per builder, ours or not.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use super::files::Tracked;
use super::registered::Registered;
use super::{anchor, disk, files, parallel, place, places, registration};
use crate::model::actual::{Directory, Registration, RepositoryState};
use crate::model::builder::{AnchorEntry, AnchorState, BuilderDirectory, Occupant};
use crate::model::desired::{Desired, DesiredBuilder};
use crate::model::mark::{BuilderMark, Marked, OWN_DIRECTORY};
use crate::model::name::RepoName;
use crate::model::path::{AbsPath, RelPath};

/// Names in `builders_dir` that are wsctl's own.
const OWN: [&str; 3] = [OWN_DIRECTORY, ".gitignore", ".ignore"];

/// The repositories, as read.
pub(super) type Repositories = BTreeMap<RepoName, RepositoryState>;

/// What `builders_dir` itself is.
pub(super) fn directory(path: &AbsPath) -> Directory {
    match disk::look(path.as_path()) {
        Ok(None) => Directory::Missing,
        Ok(Some(found)) if found.is_symlink() => Directory::Unusable("is a symbolic link".into()),
        Ok(Some(found)) if !found.is_dir() => Directory::Unusable("is a file".into()),
        Ok(Some(_)) => match disk::list(path.as_path()) {
            Ok(_) => Directory::Present,
            Err(error) => Directory::Unusable(format!("cannot be read: {error}")),
        },
        Err(error) => Directory::Unusable(format!("cannot be read: {error}")),
    }
}

/// Reads every entry of `builders_dir` and every declared builder.
pub(super) fn builders(desired: &Desired, repositories: &Repositories) -> BTreeMap<OsString, BuilderDirectory> {
    let listed = disk::list(desired.builders_dir.as_path()).unwrap_or_default();
    let names = listed.iter().filter_map(|path| path.file_name()).map(OsStr::to_owned);
    let declared = desired.builders.keys().map(|name| OsString::from(name.as_str()));
    let names: BTreeSet<OsString> = names.chain(declared).filter(|name| !OWN.iter().any(|own| name == own)).collect();
    named(desired, repositories, names.into_iter().collect())
}

/// Reads the builders of these names.
pub(super) fn named(
    desired: &Desired,
    repositories: &Repositories,
    names: Vec<OsString>,
) -> BTreeMap<OsString, BuilderDirectory> {
    let registered = Registered::new(repositories, disk::real(&desired.builders_dir));
    let read = parallel::map(&names, |name| builder(desired, repositories, &registered, name));
    names.into_iter().zip(read).collect()
}

fn builder(desired: &Desired, repositories: &Repositories, registered: &Registered<'_>, name: &OsStr) -> BuilderDirectory {
    let path = desired.builders_dir.join(name);
    let declared = name.to_str().and_then(|name| desired.builders.get(name).or_else(|| renamed(desired, name)));
    let occupant = places::occupant(&path, &RelPath::here());
    // Nothing is read through a symbolic link that stands where a builder should be.
    let reachable = !matches!(occupant, Occupant::Symlink | Occupant::Nothing | Occupant::File);
    let own = anchor::mark(&path);
    let anchor = if reachable { anchor::read(&path, own != Marked::No) } else { AnchorState::Missing };
    let real = if occupant == Occupant::Symlink { disk::real(&path) } else { registered.real(name) };
    let mark = if own == Marked::No { mark(desired, &path, name, &registered.inside(&real)) } else { own };
    let mut known = known_places(declared, registered, name);
    if let AnchorState::Ours(anchor) = &anchor {
        known.extend(
            anchor.entries.iter().filter(|(_, entry)| matches!(entry, AnchorEntry::Gitlink(_))).map(|(at, _)| at.clone()),
        );
    }
    let places = places::places(&path, &known, reachable, &|at| registered.whole(&at.under(&real)));
    let files = managed(declared, &mark);
    let tracked = Tracked::new(repositories, &places, &files);
    let files = files.into_iter().map(|to| {
        let found = files::read(&path, &to, &tracked);
        (to, found)
    });
    let files = files.collect();
    BuilderDirectory {
        identity: place::identity(path.as_path()).unwrap_or_default(),
        occupant,
        anchor,
        mark,
        one_sided: one_sided(&real, &places, registered),
        places,
        files,
        strays: None,
        path,
    }
}

/// The builder that a directory of this name is by now.
fn renamed<'a>(desired: &'a Desired, name: &str) -> Option<&'a DesiredBuilder> {
    let mut moved = desired.moved.builders.iter();
    let (now, _) = moved.find(|(_, before)| before.iter().any(|before| before.as_str() == name))?;
    desired.builders.get(now)
}

/// The linked worktrees whose registration names another place, or is gone.
fn one_sided(
    builder: &AbsPath,
    places: &BTreeMap<RelPath, Occupant>,
    registered: &Registered<'_>,
) -> BTreeMap<RelPath, Option<AbsPath>> {
    let named = |(at, occupant): (&RelPath, &Occupant)| {
        let Occupant::Worktree(admin) = occupant else { return None };
        if registered.whole(&at.under(builder)) == Some(admin) {
            return None;
        }
        let named = registration::link(admin).0;
        let linked = admin.parent().as_path().ends_with("worktrees");
        (linked && named != Some(disk::real(&at.under(builder)))).then(|| (at.clone(), named))
    };
    places.iter().filter_map(named).collect()
}

/// The mark of a builder whose anchor has none: from the root's admin directory, or from our own directory.
fn mark(desired: &Desired, path: &AbsPath, name: &OsStr, inside: &[(&RepoName, &Registration)]) -> Marked<BuilderMark> {
    // That of a nested builder, also where its root was moved into it and the anchor is still to come.
    let root = inside.iter().find(|(name, found)| name.is_root() && found.builder_mark != Marked::No);
    if let Some((_, root)) = root {
        return root.builder_mark.clone();
    }
    let mut names = vec![name.to_owned()];
    // Renamed by a run of ours that was cut short: the checkouts in it tell what it was called.
    let marks = inside.iter().filter_map(|(_, found)| found.mark.mark());
    names.extend(marks.map(|mark| OsString::from(mark.builder.as_str())).filter(|other| other != name));
    let mut found = names.iter().map(|name| plain_mark(desired, path, name));
    found.find(|mark| *mark != Marked::No).unwrap_or(Marked::No)
}

/// The mark of a plain builder, kept with us; valid while device and inode agree.
fn plain_mark(desired: &Desired, path: &AbsPath, name: &OsStr) -> Marked<BuilderMark> {
    let mut file = name.to_owned();
    file.push(".json");
    let plain: Marked<BuilderMark> = disk::mark(desired.builders_dir.join(OWN_DIRECTORY).join("builders").join(file).as_path());
    match plain {
        Marked::Yes(mark) if mark.identity.is_some() && mark.identity == place::identity(path.as_path()) => Marked::Yes(mark),
        Marked::Yes(_) | Marked::No => Marked::No,
        Marked::Unreadable(why) => Marked::Unreadable(why),
    }
}

/// The places that declared and marked checkouts take.
fn known_places(declared: Option<&DesiredBuilder>, registered: &Registered<'_>, name: &OsStr) -> BTreeSet<RelPath> {
    let declared = declared.into_iter().flat_map(|builder| builder.checkouts.values()).map(|checkout| checkout.path.clone());
    let marks = registered.of_builder(name).iter().filter_map(|(_, found)| found.mark.mark());
    declared.chain(marks.map(|mark| mark.path.clone())).collect()
}

fn managed(declared: Option<&DesiredBuilder>, mark: &Marked<BuilderMark>) -> BTreeSet<RelPath> {
    let declared = declared.into_iter().flat_map(|builder| builder.files.keys().cloned());
    let marked = mark.mark().into_iter().flat_map(|mark| mark.files.keys().cloned());
    declared.chain(marked).collect()
}

/// Git repositories directly below `repos_dir`, or one level down as `main`, that nobody declared. Those whose name begins
/// as one of these are being cloned, or were when that was cut short.
pub(super) fn unmanaged_repositories(desired: &Desired, cloning: &[String]) -> Vec<AbsPath> {
    let declared: BTreeSet<AbsPath> = desired.repositories.values().map(|repository| disk::real(&repository.path)).collect();
    let is_repository = |path: &AbsPath| path.join(".git").as_path().is_dir() || disk::is_git_dir(path.as_path());
    let builders_dir = disk::real(&desired.builders_dir);
    let mut found = Vec::new();
    for path in disk::list(desired.repos_dir.as_path()).unwrap_or_default() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if cloning.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let path = desired.repos_dir.join(path);
        let real = disk::real(&path);
        if declared.contains(&real) || real == builders_dir || path.as_path().ends_with(".git") {
            continue;
        }
        let main = path.join("main");
        if is_repository(&path) {
            found.push(path);
        } else if is_repository(&main) && !declared.contains(&disk::real(&main)) {
            found.push(main);
        }
    }
    found
}
