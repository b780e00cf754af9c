//! Files of git-lfs: whether git can bring them, and those of a checkout that are pointers still.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{disk, git, parallel};
use crate::model::actual::RepositoryState;
use crate::model::desired::Desired;
use crate::model::lfs::{LONGEST, Lfs, Pointers, Unready, is_pointer};
use crate::model::name::RepoName;
use crate::model::path::{AbsPath, RelPath, printable};

/// The repositories that shall have content, and cannot: nothing is asked where none shall.
pub(super) fn unready(desired: &Desired, states: &BTreeMap<RepoName, RepositoryState>) -> Result<BTreeMap<RepoName, Unready>> {
    let asked: Vec<_> = desired.repositories.values().filter(|declared| declared.lfs == Lfs::Content).collect();
    let answers = parallel::map(&asked, |declared| {
        let there = states.get(&declared.name).and_then(RepositoryState::repository);
        let directory = there.map_or(&desired.root, |repository| &repository.path);
        // git's own way to it: on PATH, among its own commands, or an alias.
        let found = [["lfs", "version"].as_slice(), &["config", "--get", "filter.lfs.clean"]].map(|question| {
            let answer = git::command(directory.as_path()).args(question).output().context("git cannot be started")?;
            Ok(answer.status.success())
        });
        let [installed, set_up]: [Result<bool>; 2] = found;
        Ok(match (installed?, set_up?) {
            (true, true) => None,
            (true, false) => Some(Unready::NotSetUp),
            (false, _) => Some(Unready::NotInstalled),
        })
    });
    let mut unready = BTreeMap::new();
    for (declared, answer) in asked.iter().zip(answers) {
        let answer: Result<Option<Unready>> = answer;
        unready.extend(answer?.map(|why| (declared.name.clone(), why)));
    }
    Ok(unready)
}

/// The files of a checkout that are the pointers which its index has.
#[must_use]
pub fn pointers(checkout: &AbsPath) -> Pointers {
    match look(checkout) {
        Ok(paths) => Pointers { paths, unknown: None },
        Err(error) => Pointers { paths: Vec::new(), unknown: Some(format!("{error:#}")) },
    }
}

fn look(checkout: &AbsPath) -> Result<Vec<RelPath>> {
    let listed = git::run(checkout.as_path(), &["ls-files", "--stage", "-t", "-z", "--", ":(attr:filter=lfs)"])?;
    let mut found = Vec::new();
    for line in listed.split(|byte| *byte == 0) {
        // Without what a sparse checkout leaves out, and without conflicts.
        let Some(line) = line.strip_prefix(b"H 100") else { continue };
        let mut fields = line.splitn(2, |byte| *byte == b'\t');
        let (Some(entry), Some(path)) = (fields.next(), fields.next()) else { continue };
        let id = entry.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        if is_recorded(checkout.join(OsStr::from_bytes(path)).as_path(), id)? {
            let text = std::str::from_utf8(path).ok().and_then(|text| RelPath::new(text).ok());
            let named = || format!("{} has a name that is not UTF-8", printable(OsStr::from_bytes(path)));
            let path = text.with_context(named)?;
            if !is_through_link(checkout, &path)? {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Whether a symbolic link stands where a file's directories should.
fn is_through_link(checkout: &AbsPath, path: &RelPath) -> Result<bool> {
    let mut at = path.under(checkout).parent();
    while at != *checkout {
        if disk::look(at.as_path())?.is_none_or(|found| !found.is_dir()) {
            return Ok(true);
        }
        at = at.parent();
    }
    Ok(false)
}

/// Whether a file is a pointer, and that of its index: what somebody wrote there is their own.
fn is_recorded(file: &Path, id: &[u8]) -> Result<bool> {
    let Some(found) = disk::look(file)? else { return Ok(false) };
    if !found.is_file() || found.len() >= LONGEST {
        return Ok(false);
    }
    let Some(bytes) = disk::read(file)?.filter(|bytes| is_pointer(bytes)) else { return Ok(false) };
    let recorded = gix::ObjectId::from_hex(id)?;
    Ok(gix::objs::compute_hash(recorded.kind(), gix::objs::Kind::Blob, &bytes)? == recorded)
}
