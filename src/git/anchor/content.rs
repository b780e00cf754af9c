//! The anchor's commits, tree and index.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Result, anyhow, bail};
use gix::objs::tree::EntryKind;
use gix::objs::{CommitRef, Kind, Tree};

use crate::diagnostic::Diagnostic;
use crate::git::AnchorContent;
use crate::git::command::Git;
use crate::git::objects::Objects;
use crate::model::path::AbsPath;
use crate::plan::FileContent;
use crate::regular;

/// The root commit: empty, and different for each builder.
pub(super) fn root(objects: &Objects, anchor: &AnchorContent<'_>) -> Result<gix::ObjectId> {
    let empty = objects.write_tree(&Tree::empty())?;
    objects.write_commit(empty, &[], &format!("wsctl: builder\n\n{}\n", anchor.unique))
}

/// The commit that records the declaration.
pub(super) fn commit(objects: &Objects, tree: gix::ObjectId, root: gix::ObjectId) -> Result<gix::ObjectId> {
    objects.write_commit(tree, &[root], "wsctl: checkouts and managed files as declared\n")
}

/// The root commit below an anchor's HEAD; `None` where the objects are damaged.
pub(super) fn root_of(objects: &Objects, head: gix::ObjectId) -> Result<Option<gix::ObjectId>> {
    let Some(parents) = parents(objects, head)? else { return Ok(None) };
    let root = match parents[..] {
        [] => Some(head),
        [parent] => match parents_or_none(objects, parent) {
            Some(above) if above.is_empty() => Some(parent),
            Some(_) => None,
            None => return Ok(None),
        },
        _ => None,
    };
    let by_hand = || Diagnostic::new("the anchor holds a commit that wsctl did not make", "git log in the builder shows it");
    root.map(Some).ok_or_else(|| by_hand().into())
}

fn parents(objects: &Objects, id: gix::ObjectId) -> Result<Option<Vec<gix::ObjectId>>> {
    if objects.kind(&id).ok().flatten() != Some(Kind::Commit) {
        return Ok(None);
    }
    let bytes = objects.bytes(&id)?;
    let commit = CommitRef::from_bytes(&bytes, objects.hash).map_err(|error| anyhow!("commit {id}: {error}"))?;
    Ok(Some(commit.parents().collect()))
}

fn parents_or_none(objects: &Objects, id: gix::ObjectId) -> Option<Vec<gix::ObjectId>> {
    parents(objects, id).ok().flatten()
}

/// The tree: a gitlink for each checkout, a blob for each managed file.
pub(super) fn tree(objects: &Objects, anchor: &AnchorContent<'_>) -> Result<gix::ObjectId> {
    let mut editor = gix::objs::tree::Editor::new(Tree::empty(), objects.odb(), objects.hash);
    let mut put = |path: &str, kind, id| match editor.upsert(path.split('/'), kind, id) {
        Ok(_) => Ok(()),
        Err(error) => Err(anyhow!("{path} cannot be recorded: {error}")),
    };
    for (path, commit) in anchor.gitlinks {
        if path.is_here() {
            bail!("the builder itself is no checkout of its anchor");
        }
        put(path.as_str(), EntryKind::Commit, objects.id(commit)?)?;
    }
    for (path, content) in anchor.files {
        let (kind, bytes) = blob(content);
        put(path.as_str(), kind, objects.write_blob(bytes)?)?;
    }
    editor.write(|tree| objects.write_tree(tree))
}

pub(super) fn blob(content: &FileContent) -> (EntryKind, &[u8]) {
    use std::os::unix::ffi::OsStrExt as _;
    match content {
        FileContent::Bytes { bytes, executable: false, .. } => (EntryKind::Blob, bytes),
        FileContent::Bytes { bytes, executable: true, .. } => (EntryKind::BlobExecutable, bytes),
        FileContent::Link(target) => (EntryKind::Link, target.as_os_str().as_bytes()),
    }
}

/// Writes an index that is the tree. Files that are on the disk as recorded are entered with their times, so that
/// git need not read them again.
pub(super) fn write_index(
    objects: &Objects,
    directory: &AbsPath,
    git_dir: &AbsPath,
    tree: gix::ObjectId,
    anchor: &AnchorContent<'_>,
) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| anyhow!("the index of {git_dir} cannot be written: {error}");
    // As git checks names outside of Windows.
    let names = gix::validate::path::component::Options { protect_windows: false, ..Default::default() };
    let state = gix::index::State::from_tree(&tree, objects.odb(), names);
    let mut state = state.map_err(|error| failed(&error))?;
    let files: BTreeMap<&[u8], &FileContent> =
        anchor.files.iter().map(|(path, content)| (path.as_str().as_bytes(), content)).collect();
    for (entry, path) in state.entries_mut_with_paths() {
        let Some(content) = files.get::<[u8]>(path.as_ref()) else { continue };
        let on_disk = directory.join(String::from_utf8_lossy(path).as_ref());
        if is_as_recorded(&on_disk, content)
            && let Ok(found) = gix::index::fs::Metadata::from_path_no_follow(on_disk.as_path())
            && let Ok(stat) = gix::index::entry::Stat::from_fs(&found)
        {
            entry.stat = stat;
        }
    }
    let mut index = gix::index::File::from_state(state, git_dir.join("index").as_path());
    index.write(gix::index::write::Options::default()).map_err(|error| failed(&error))
}

fn is_as_recorded(path: &AbsPath, content: &FileContent) -> bool {
    match content {
        FileContent::Bytes { bytes, .. } => {
            path.as_path().symlink_metadata().is_ok_and(|found| found.is_file())
                && regular::read(path).is_ok_and(|now| now == *bytes)
        }
        FileContent::Link(target) => fs::read_link(path).is_ok_and(|now| now == *target),
    }
}

/// Moves the index from the old tree to the new one and keeps what somebody staged. One that is missing or damaged
/// is made again.
pub(super) fn bring_index(
    git: &Git,
    objects: &Objects,
    directory: &AbsPath,
    git_dir: &AbsPath,
    old: Option<gix::ObjectId>,
    tree: gix::ObjectId,
    anchor: &AnchorContent<'_>,
) -> Result<()> {
    let path = git_dir.join("index");
    let options = gix::index::decode::Options::default();
    let readable = gix::index::File::at(path.as_path(), objects.hash, false, options).is_ok();
    let old = old.and_then(|old| {
        let bytes = objects.bytes(&old).ok()?;
        CommitRef::from_bytes(&bytes, objects.hash).ok().map(|commit| commit.tree())
    });
    match old {
        Some(old) if readable && old == tree => Ok(()),
        Some(old) if readable && matches!(objects.kind(&old), Ok(Some(_))) => follow(git, git_dir, (old, tree), || Ok(vec![])),
        Some(_) | None => write_index(objects, directory, git_dir, tree, anchor),
    }
}

/// Brings the index from one tree to another. That is refused as a whole where somebody staged something else at a path that
/// changes: what is staged stays then, and the index goes by those of `steps` that are not refused.
///
/// # Errors
/// Another git holds the index, or it cannot be read or written.
pub(super) fn follow(
    git: &Git,
    git_dir: &AbsPath,
    (from, to): (gix::ObjectId, gix::ObjectId),
    steps: impl FnOnce() -> Result<Vec<(gix::ObjectId, gix::ObjectId)>>,
) -> Result<()> {
    let step = |(from, to): (gix::ObjectId, gix::ObjectId)| {
        let answer = git.inside(git_dir).args(["read-tree", "-i", "-m", &from.to_string(), &to.to_string()]).patient_answer()?;
        if !answer.status.success() && !answer.reason().contains("Cannot merge") {
            bail!("the index of {git_dir} cannot be written: {}", answer.reason());
        }
        Ok(answer.status.success())
    };
    if !step((from, to))? {
        steps()?.into_iter().try_for_each(|pair| step(pair).map(drop))?;
    }
    Ok(())
}
