//! Whether the submodules of a checkout are there, as its index names them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};

use super::{disk, git};
use crate::model::name::ObjectId;
use crate::model::path::{AbsPath, RelPath, printable};
use crate::model::submodule::{Strayed, Submodules};

/// Looks at every submodule, and below those that are there.
#[must_use]
pub fn submodules(checkout: &AbsPath) -> Submodules {
    let mut found = Submodules::default();
    if let Err(error) = look(checkout, &RelPath::here(), &mut found) {
        found.unknown = Some(format!("{error:#}"));
    }
    found
}

fn look(checkout: &AbsPath, at: &RelPath, found: &mut Submodules) -> Result<()> {
    let directory = at.under(checkout);
    let named = named(&directory)?;
    if named.is_empty() {
        return Ok(());
    }
    for (path, recorded) in gitlinks(&directory)? {
        // A gitlink that .gitmodules does not name is a repository that somebody added by mistake.
        if !named.contains(&path) {
            continue;
        }
        let text = std::str::from_utf8(&path).ok().and_then(|text| RelPath::new(text).ok());
        let below =
            text.with_context(|| format!("submodule {} has a name that is not UTF-8", printable(OsStr::from_bytes(&path))))?;
        let whole = if at.is_here() { below.clone() } else { RelPath::new(&[at.as_str(), below.as_str()].join("/"))? };
        match state(&directory, &below)? {
            State::Missing => found.missing.push(whole),
            State::InTheWay => found.in_the_way.push(whole),
            State::There(git_dir) => {
                let head = disk::read(git_dir.join("HEAD").as_path())?.unwrap_or_default();
                // HEAD on a branch is somebody's own way to work there.
                let at = std::str::from_utf8(&head).ok().and_then(|text| ObjectId::new(text.trim_end()).ok());
                let strayed = at.filter(|at| *at != recorded).map(|at| Strayed { path: whole.clone(), at, recorded });
                found.strayed.extend(strayed);
                look(checkout, &whole, found)?;
            }
        }
    }
    Ok(())
}

/// The commit that a commit of a checkout records for a submodule, or for one in a submodule; `None`: none.
///
/// # Errors
/// git cannot read it.
pub fn recorded(checkout: &AbsPath, commit: &ObjectId, path: &RelPath) -> Result<Option<ObjectId>> {
    let (mut directory, mut commit, mut start) = (checkout.clone(), commit.clone(), 0);
    let text = path.as_str();
    for end in text.match_indices('/').map(|(end, _)| end).chain([text.len()]) {
        let mut command = git::command(directory.as_path());
        command.arg("--literal-pathspecs").args(["ls-tree", "-z", commit.as_str(), "--", &text[start..end]]);
        let entry = git::finish(&mut command)?;
        let Some(entry) = entry.strip_prefix(b"160000 commit ") else { continue };
        let id = entry.split(|byte| *byte == b'\t').next().unwrap_or_default();
        commit = ObjectId::new(std::str::from_utf8(id)?)?;
        directory = RelPath::new(&text[..end])?.under(checkout);
        start = end + 1;
    }
    Ok(Some(commit).filter(|_| start > text.len()))
}

enum State {
    Missing,
    InTheWay,
    There(AbsPath),
}

/// What lies at the path of a submodule; nothing is looked at through a symbolic link.
fn state(directory: &AbsPath, path: &RelPath) -> Result<State> {
    let place = path.under(directory);
    let mut at = directory.clone();
    for part in path.as_str().split('/') {
        at = at.join(part);
        match disk::look(at.as_path())? {
            None => return Ok(State::Missing),
            Some(found) if !found.is_dir() => return Ok(State::InTheWay),
            Some(_) => {}
        }
    }
    let entries = disk::list(place.as_path())?;
    let Some(link) = disk::look(place.join(".git").as_path())? else {
        return Ok(if entries.is_empty() { State::Missing } else { State::InTheWay });
    };
    let git_dir = if link.is_file() { disk::git_file(&place)? } else { place.join(".git") };
    if disk::look(git_dir.join("index").as_path())?.is_some() {
        return Ok(State::There(git_dir));
    }
    // A clone that was cut short before its files came.
    Ok(if link.is_file() && entries.len() == 1 { State::Missing } else { State::InTheWay })
}

/// The gitlinks of an index, without what a sparse checkout leaves out.
fn gitlinks(directory: &AbsPath) -> Result<Vec<(Vec<u8>, ObjectId)>> {
    let listed = git::run(directory.as_path(), &["ls-files", "--stage", "-t", "-z"])?;
    let mut found = Vec::new();
    for line in listed.split(|byte| *byte == 0) {
        let Some(line) = line.strip_prefix(b"H 160000 ") else { continue };
        let mut fields = line.splitn(2, |byte| *byte == b'\t');
        let (Some(entry), Some(path)) = (fields.next(), fields.next()) else { continue };
        let id = String::from_utf8_lossy(entry);
        found.push((path.to_vec(), ObjectId::new(id.split(' ').next().unwrap_or_default())?));
    }
    Ok(found)
}

/// The paths that the `.gitmodules` of an index names.
fn named(directory: &AbsPath) -> Result<BTreeSet<Vec<u8>>> {
    let known = git::run(directory.as_path(), &["ls-files", "-z", "--", ".gitmodules"])?;
    if known.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut command = git::command(directory.as_path());
    command.args(["config", "-z", "--blob", ":.gitmodules", "--get-regexp", r"^submodule\..*\.path$"]);
    let output = command.output().context("git cannot be started")?;
    let entries = output.stdout.split(|byte| *byte == 0);
    Ok(entries.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\n').nth(1).map(<[u8]>::to_vec)).collect())
}
