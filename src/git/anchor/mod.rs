//! The anchor: a small repository of our own in a builder's directory that makes its checkouts visible.
//! Its ids depend on its content alone, so making it again gives the same commits.

mod content;
mod local;
mod record;
mod refs;

pub(super) use record::record;

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result, anyhow, bail};

use super::AnchorContent;
use super::command::Git;
use super::objects::{Objects, ours};
use super::{own_files, unlink};
use crate::diagnostic::Diagnostic;
use crate::model::actual::ObjectFormat;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;
use crate::regular;

/// Where an anchor is made before it becomes `.git`.
const DRAFT: &str = ".wsctl-anchor";

/// Makes an anchor; see `Door::create_anchor`.
pub(super) fn create(directory: &AbsPath, anchor: &AnchorContent<'_>) -> Result<ObjectId> {
    let git_dir = directory.join(".git");
    if git_dir.as_path().symlink_metadata().is_ok() {
        return Err(Diagnostic::new(format!("{git_dir} is in the way"), "wsctl plan").into());
    }
    let draft = directory.join(DRAFT);
    unlink::tree(&draft)?;
    fs::create_dir(&draft).with_context(|| format!("{draft} cannot be made"))?;
    let made = build(directory, &draft, anchor).and_then(|commit| {
        // With the builder, or at the end of the run: there is all of it, or none.
        own_files::rename_new(draft.as_path(), git_dir.as_path()).with_context(|| format!("{git_dir} cannot be made"))?;
        Ok(commit)
    });
    if made.is_err() {
        unlink::tree(&draft)?;
    }
    made
}

fn build(directory: &AbsPath, draft: &AbsPath, anchor: &AnchorContent<'_>) -> Result<ObjectId> {
    skeleton(draft, anchor)?;
    own_files::write_soon(draft.join("config").as_path(), local::config(anchor.format).as_bytes(), 0o666)?;
    local::write_hook_and_exclude(draft, anchor)?;
    let objects = Objects::open(draft, anchor.format)?;
    let root = content::root(&objects, anchor)?;
    let tree = content::tree(&objects, anchor)?;
    let commit = content::commit(&objects, tree, root)?;
    let head = draft.join("refs/heads").join(anchor.branch.as_str());
    fs::create_dir_all(head.parent()).with_context(|| format!("{head} cannot be written"))?;
    own_files::write_soon(head.as_path(), format!("{commit}\n").as_bytes(), 0o666)?;
    content::write_index(&objects, directory, draft, tree, anchor)?;
    ours(commit)
}

/// What makes a directory a git directory, where it is missing.
fn skeleton(git_dir: &AbsPath, anchor: &AnchorContent<'_>) -> Result<()> {
    for name in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "hooks", "info"] {
        let path = git_dir.join(name);
        fs::create_dir_all(&path).with_context(|| format!("{path} cannot be made"))?;
    }
    point_head(git_dir, anchor)
}

/// Writes HEAD where it names nothing.
fn point_head(git_dir: &AbsPath, anchor: &AnchorContent<'_>) -> Result<()> {
    let head = git_dir.join("HEAD");
    let valid = regular::read(&head).is_ok_and(|text| {
        let text = text.trim_ascii_end();
        text.starts_with(b"ref: refs/") || gix::ObjectId::from_hex(text).is_ok()
    });
    if valid {
        return Ok(());
    }
    own_files::write_soon(head.as_path(), format!("ref: {}\n", anchor.branch.full()).as_bytes(), 0o666)
}

/// Brings an anchor of ours to its content; see `Door::update_anchor`.
pub(super) fn update(git: &Git, directory: &AbsPath, anchor: &AnchorContent<'_>, expect: Option<&ObjectId>) -> Result<ObjectId> {
    let git_dir = directory.join(".git");
    match git_dir.as_path().symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound && expect.is_none() => return create(directory, anchor),
        Err(error) => return Err(error).with_context(|| format!("{git_dir} cannot be read")),
        Ok(found) if !found.is_dir() => bail!("{git_dir} is not a directory of ours"),
        Ok(_) => {}
    }
    if git_dir.join("HEAD").as_path().metadata().is_ok_and(|found| !found.is_file()) {
        point_head(&git_dir, anchor)?;
    }
    let head = refs::head(git, &git_dir)?;
    if let Some(expect) = expect
        && head.as_ref() != Some(expect)
    {
        return Err(Diagnostic::new(format!("HEAD of {git_dir} is no longer at {}", expect.short()), "wsctl plan").into());
    }
    let other = local::format(git, &git_dir)?.filter(|format| *format != anchor.format);
    let head = if let Some(format) = other {
        set_aside(&git_dir, format)?;
        None
    } else {
        head
    };
    skeleton(&git_dir, anchor)?;
    local::bring(git, &git_dir, anchor)?;
    let objects = Objects::open(&git_dir, anchor.format)?;
    let head = head.map(|head| objects.id(&head)).transpose()?;
    let root = match head.map(|head| content::root_of(&objects, head)).transpose()?.flatten() {
        Some(root) => root,
        None => content::root(&objects, anchor)?,
    };
    let tree = content::tree(&objects, anchor)?;
    let commit = content::commit(&objects, tree, root)?;
    // The index first: what is cut short between the two is done again, since HEAD does not record it.
    let old = head.filter(|head| matches!(objects.kind(head), Ok(Some(gix::objs::Kind::Commit))));
    content::bring_index(git, &objects, directory, &git_dir, old, tree, anchor)?;
    refs::move_to(git, &git_dir, anchor.branch, commit, head, &objects)?;
    ours(commit)
}

/// Moves what another object format wrote into a directory of its own, where it still is a repository.
fn set_aside(git_dir: &AbsPath, format: ObjectFormat) -> Result<()> {
    let word = match format {
        ObjectFormat::Sha1 => "sha1",
        ObjectFormat::Sha256 => "sha256",
    };
    let free = (1..1000).map(|number| git_dir.join(format!("before-{word}-{number}"))).find(|path| !path.as_path().exists());
    let aside = free.ok_or_else(|| anyhow!("{git_dir} holds too many anchors of before"))?;
    fs::create_dir(&aside).with_context(|| format!("{aside} cannot be made"))?;
    for name in ["objects", "refs", "packed-refs", "logs", "index", "HEAD", "config"] {
        let from = git_dir.join(name);
        if from.as_path().symlink_metadata().is_ok() {
            own_files::rename(&from, &aside.join(name))?;
        }
    }
    Ok(())
}
