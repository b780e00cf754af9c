//! Records entries in an anchor, or forgets them, without knowing the rest.

use anyhow::{Result, anyhow};
use gix::objs::{CommitRef, tree::EntryKind};

use super::content::follow;
use super::{content, refs};
use crate::git::command::Git;
use crate::git::objects::Objects;
use crate::git::{Record, Records};
use crate::model::actual::ObjectFormat;
use crate::model::builder::WSCTL_EMAIL;
use crate::model::name::BranchName;
use crate::model::path::{AbsPath, RelPath};

/// An entry by its path; `None`: to be forgotten.
type Entry<'a> = (&'a RelPath, Option<&'a Record>);

/// See `Door::record`.
pub(in crate::git) fn record(git: &Git, directory: &AbsPath, entries: &Records) -> Result<()> {
    let git_dir = directory.join(".git");
    let Some(head) = refs::head(git, &git_dir)? else { return Ok(()) };
    let format = if head.as_str().len() == 64 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 };
    let objects = Objects::open(&git_dir, format)?;
    let head = objects.id(&head)?;
    let Some((old, root)) = declaration(&objects, head)? else { return Ok(()) };
    // What goes makes room for what comes: a file for a directory of its name, or the other way round.
    let mut entries: Vec<Entry<'_>> = entries.iter().map(|(path, entry)| (path, entry.as_ref())).collect();
    entries.sort_by_key(|(_, entry)| entry.is_some());
    let new = edited(&objects, old, &entries, format)?;
    if new == old {
        return Ok(());
    }
    let commit = content::commit(&objects, new, root)?;
    let on = refs::on(git, &git_dir)?;
    // Somebody left it on no branch.
    let Some(branch) = on.strip_prefix("refs/heads/") else { return Ok(()) };
    // The index first: what is cut short between the two is done again, since HEAD does not record it.
    follow(git, &git_dir, (old, new), || {
        let mut from = old;
        let mut steps = Vec::new();
        for entry in entries.chunks(1) {
            let to = edited(&objects, from, entry, format)?;
            steps.extend((to != from).then_some((from, to)));
            from = to;
        }
        Ok(steps)
    })?;
    refs::move_to(git, &git_dir, &BranchName::from_disk(branch.as_bytes()), commit, Some(head), &objects)
}

/// Tree and root commit of an anchor whose HEAD we made; `None` where somebody committed by hand.
fn declaration(objects: &Objects, head: gix::ObjectId) -> Result<Option<(gix::ObjectId, gix::ObjectId)>> {
    let bytes = objects.bytes(&head)?;
    let commit = CommitRef::from_bytes(&bytes, objects.hash).map_err(|error| anyhow!("commit {head}: {error}"))?;
    let committer = commit.committer().map_err(|error| anyhow!("commit {head}: {error}"))?;
    let mut parents = commit.parents();
    let (Some(root), None) = (parents.next(), parents.next()) else { return Ok(None) };
    let ours = committer.email == WSCTL_EMAIL;
    Ok(ours.then(|| (commit.tree(), root)))
}

fn edited(objects: &Objects, old: gix::ObjectId, entries: &[Entry<'_>], format: ObjectFormat) -> Result<gix::ObjectId> {
    let bytes = objects.bytes(&old)?;
    let tree = gix::objs::TreeRef::from_bytes(&bytes, objects.hash).map_err(|error| anyhow!("tree {old}: {error}"))?;
    let mut editor = gix::objs::tree::Editor::new(tree.into(), objects.odb(), objects.hash);
    for (path, entry) in entries {
        put(&mut editor, objects, (path, *entry), format)?;
    }
    editor.write(|tree| objects.write_tree(tree))
}

fn put(
    editor: &mut gix::objs::tree::Editor<'_>,
    objects: &Objects,
    (path, entry): Entry<'_>,
    format: ObjectFormat,
) -> Result<()> {
    let parts = || path.as_str().split('/');
    let put = match entry {
        None => editor.remove(parts()).map(drop),
        Some(Record::Checkout(commit) | Record::Reference(commit)) => {
            let same_format = (commit.as_str().len() == 64) == (format == ObjectFormat::Sha256);
            // A gitlink keeps the commit that its checkout had when created.
            let stays = matches!(entry, Some(Record::Checkout(_)));
            let stays = || stays && editor.get(parts()).is_some_and(|found| found.mode.kind() == EntryKind::Commit);
            if !same_format || stays() {
                return Ok(());
            }
            editor.upsert(parts(), EntryKind::Commit, objects.id(commit)?).map(drop)
        }
        Some(Record::File(file)) => {
            let (kind, bytes) = content::blob(file);
            editor.upsert(parts(), kind, objects.write_blob(bytes)?).map(drop)
        }
    };
    put.map_err(|error| anyhow!("{path} cannot be recorded: {error}"))
}
