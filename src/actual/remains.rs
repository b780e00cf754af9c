//! What of value only a registration holds whose directory is gone. Unreadable counts as something.

use std::collections::BTreeSet;

use anyhow::Result;
use gix::bstr::ByteSlice as _;

use super::open::Opened;
use super::refs::{self, Refs};
use super::{disk, git, index, tables};
use crate::model::actual::{Head, Registration};
use crate::model::name::ObjectId;
use crate::model::own_refs::OWN_REFS;
use crate::model::path::AbsPath;

/// Lists it, for people; empty: the registration may be dropped.
pub(super) fn remains(opened: &Opened, refs: &Refs, registration: &Registration) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(operation) = &registration.operation {
        found.push(format!("a {} in progress", operation.name));
    }
    let admin_dir = &registration.admin_dir;
    let mut note = |what: Result<Option<String>>| match what {
        Ok(fact) => found.extend(fact),
        Err(error) => found.push(format!("something that cannot be read: {error:#}")),
    };
    note(head(opened, refs, &registration.head));
    note(staged(opened, &registration.head, admin_dir));
    note(reflog(opened, refs, admin_dir));
    note(beside_head(opened, refs, admin_dir));
    note(in_table(admin_dir));
    for below in OWN_REFS {
        note(filled(admin_dir, below).map(|filled| filled.then(|| format!("refs of its own ({below})"))));
    }
    note(filled(admin_dir, "modules").map(|filled| filled.then(|| "submodules".into())));
    let config = disk::read(admin_dir.join("config.worktree").as_path());
    note(
        config
            .map(|bytes| bytes.filter(|bytes| !bytes.trim_ascii().is_empty()).map(|_| "configuration of its own".into()))
            .map_err(Into::into),
    );
    found
}

fn head(opened: &Opened, refs: &Refs, head: &Head) -> Result<Option<String>> {
    match head {
        Head::Branch(..) | Head::Unborn(_) => Ok(None),
        Head::Unreadable(reason) => Ok(Some(format!("a HEAD that cannot be read: {reason}"))),
        Head::Detached(id) => {
            let lost = !unreferenced(opened, refs, &BTreeSet::from([id.clone()]), Some(1))?.is_empty();
            Ok(lost.then(|| format!("commit {} that no branch or tag holds", id.short())))
        }
    }
}

/// The index against HEAD's tree: what differs was staged by hand.
fn staged(opened: &Opened, head: &Head, admin_dir: &AbsPath) -> Result<Option<String>> {
    let Some(index) = index::open(admin_dir.as_path(), opened.format)? else {
        return Ok(None);
    };
    let tree = match head.commit() {
        Some(id) => {
            opened.gix.find_object(gix::ObjectId::from_hex(id.as_str().as_bytes())?)?.peel_to_kind(gix::objs::Kind::Tree)?.id
        }
        None => gix::ObjectId::empty_tree(index::hash(opened.format)),
    };
    let wanted = opened.gix.index_from_tree(&tree)?;
    let same = if index.is_sparse() {
        // A sparse index holds whole directories; their trees are compared one by one.
        sparse_same(opened, &index, &wanted)
    } else {
        let plain = |state: &gix::index::State| {
            let rows = state.entries().iter().map(|entry| (entry.path(state).to_vec(), entry.id, entry.mode, entry.stage()));
            rows.collect::<Vec<_>>()
        };
        plain(&index) == plain(&wanted)
    };
    Ok((!same).then(|| "staged changes".into()))
}

fn sparse_same(opened: &Opened, index: &gix::index::State, wanted: &gix::index::State) -> bool {
    let mut rest: BTreeSet<Vec<u8>> = wanted.entries().iter().map(|entry| entry.path(wanted).to_vec()).collect();
    for entry in index.entries() {
        let path = entry.path(index);
        if entry.mode.is_sparse() {
            let Ok(tree) = opened.gix.index_from_tree(&entry.id) else { return false };
            for below in tree.entries() {
                let whole = [path.as_bytes(), below.path(&tree).as_bytes()].concat();
                let same =
                    wanted.entry_by_path(whole.as_bstr()).is_some_and(|other| other.id == below.id && other.mode == below.mode);
                if !same || !rest.remove(&whole) {
                    return false;
                }
            }
        } else {
            let same = wanted.entry_by_path(path).is_some_and(|other| other.id == entry.id && other.mode == entry.mode);
            if !same || entry.stage_raw() != 0 || !rest.remove(path.as_bytes()) {
                return false;
            }
        }
    }
    rest.is_empty()
}

/// Refs of one worktree in a reftable, which is not text: git is asked.
fn in_table(admin_dir: &AbsPath) -> Result<Option<String>> {
    if !tables::holds(admin_dir) {
        return Ok(None);
    }
    let found = git::finish(git::in_git_dir(admin_dir.as_path()).args(["for-each-ref", "--count=1"]).args(OWN_REFS))?;
    Ok((!found.is_empty()).then(|| "refs of its own".into()))
}

/// A commit that only `ORIG_HEAD` or another name beside HEAD names, in a file or a reftable.
fn beside_head(opened: &Opened, refs: &Refs, admin_dir: &AbsPath) -> Result<Option<String>> {
    let mut named = if tables::holds(admin_dir) { tables::beside_head(admin_dir, &[])? } else { Vec::new() };
    for path in disk::list(admin_dir.as_path())? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "HEAD" || !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') || !path.is_file() {
            continue;
        }
        let text = disk::read(&path)?.unwrap_or_default();
        let words = text.split(u8::is_ascii_whitespace).filter_map(|word| std::str::from_utf8(word).ok());
        named.extend(words.filter_map(|word| Some((name.clone(), ObjectId::new(word).ok()?))));
    }
    for (name, id) in named {
        // What is no commit, a tree of AUTO_MERGE, git made of commits and the index.
        if let Ok(commit) = refs::commit(&opened.gix, id.as_str())
            && !unreferenced(opened, refs, &BTreeSet::from([commit]), Some(1))?.is_empty()
        {
            return Ok(Some(format!("commit {} that only {name} names", id.short())));
        }
    }
    Ok(None)
}

/// Commits that only the reflog of this HEAD names.
fn reflog(opened: &Opened, refs: &Refs, admin_dir: &AbsPath) -> Result<Option<String>> {
    let log = match disk::read(admin_dir.join("logs/HEAD").as_path())? {
        Some(log) => log,
        None if tables::holds(admin_dir) => tables::log(admin_dir, &opened.git_dir)?,
        None => return Ok(None),
    };
    let mut commits = BTreeSet::new();
    for line in log.split(|byte| *byte == b'\n') {
        let ids = line.splitn(3, |byte| *byte == b' ').take(2);
        let ids = ids.filter_map(|hex| ObjectId::new(std::str::from_utf8(hex).ok()?).ok());
        // An id of zeros means that there was nothing before; what gc took is lost already.
        let known =
            |id: &ObjectId| id.as_str().bytes().any(|digit| digit != b'0') && refs::commit(&opened.gix, id.as_str()).is_ok();
        commits.extend(ids.filter(known));
    }
    let lost = unreferenced(opened, refs, &commits, Some(1))?;
    Ok(lost.first().map(|id| format!("commit {} that only its reflog names", id.short())))
}

/// The commits behind `from` that no branch, tag or remote branch holds, at most `limit`.
pub(super) fn unreferenced(
    opened: &Opened,
    refs: &Refs,
    from: &BTreeSet<ObjectId>,
    limit: Option<usize>,
) -> Result<Vec<ObjectId>> {
    let tips = refs.tips();
    if from.is_subset(&tips) {
        return Ok(Vec::new());
    }
    // Tags of trees and blobs hold no commits.
    let hidden: Vec<gix::ObjectId> = tips
        .iter()
        .filter_map(|tip| refs::commit(&opened.gix, tip.as_str()).ok())
        .filter_map(|tip| gix::ObjectId::from_hex(tip.as_str().as_bytes()).ok())
        .collect();
    let from = from.iter().map(|id| gix::ObjectId::from_hex(id.as_str().as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let walk = opened.gix.rev_walk(from).with_hidden(hidden).all()?;
    walk.take(limit.unwrap_or(usize::MAX)).map(|found| refs::id(found?.id)).collect()
}

fn filled(admin_dir: &AbsPath, name: &str) -> Result<bool> {
    Ok(!disk::list(admin_dir.join(name).as_path())?.is_empty())
}
