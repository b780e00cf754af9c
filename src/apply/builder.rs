//! Makes a builder's directory whole and then visible: anchor and mark first, one rename last.

use anyhow::{Context as _, Result};

use crate::actual::place::identity;
use crate::git::{AnchorContent, Door};
use crate::model::desired::Shape;
use crate::model::mark::{BUILDER_MARK, BuilderMark, OWN_DIRECTORY};
use crate::model::name::{BuilderName, ObjectId};
use crate::model::path::{AbsPath, RelPath};
use crate::plan::{AnchorWrite, BuilderWrite, Relocation};
use crate::regular;

use super::Shared;
use super::anchor::gitlinks;
use super::relocate::carry_out;
use super::removal::drop_helper;

pub(super) fn create(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    if write.shape == Shape::Nested {
        return update(shared, write);
    }
    let door = shared.run.door;
    let draft = draft_directory(shared, write)?;
    let mark_path = match &write.anchor {
        Some(anchor) => {
            make_anchor(shared, write, anchor, &draft, None)?;
            draft.join(".git").join(BUILDER_MARK)
        }
        None => own_mark(shared, write)?,
    };
    shared.write_builder_mark(&mark_path, &mark(shared, write, Some(&draft)))?;
    if write.path.as_path().is_dir() {
        door.remove_empty(&write.path)?;
    }
    door.rename(&draft, &write.path)?;
    relocate(shared, write)
}

/// What is needed no more once it is as declared.
pub(super) fn settle(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    if write.drop_ignore { drop_helper(shared) } else { Ok(()) }
}

/// What goes to another place, if anything does.
fn relocate(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    let (Some(relocation), Some(relocating)) = (&write.relocation, shared.intents.relocating(&write.builder)) else {
        return Ok(());
    };
    if let Some(previous) = &write.mark.previous {
        note_before(shared, write, relocation, previous)?;
    }
    carry_out(shared.run.door, shared.run.desired, relocating)?;
    rename_own_mark(shared, write)
}

/// The mark of a plain builder follows its name.
fn rename_own_mark(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    let Some(was) = write.relocation.as_ref().and_then(|relocation| relocation.was.as_ref()) else { return Ok(()) };
    let (old, new) = (own_mark_of(shared, was), own_mark_of(shared, &write.builder));
    let same = |mark: BuilderMark| mark.identity.is_some() && mark.identity == identity(write.path.as_path());
    let mark = regular::read(&old).ok().and_then(|text| serde_json::from_slice::<BuilderMark>(&text).ok());
    if !mark.is_some_and(same) {
        return Ok(());
    }
    // One of a builder that is gone.
    shared.run.door.remove_own(&new)?;
    shared.run.door.rename(&old, &new)
}

/// Before anything moves: the mark knows managed files by both of their paths, and is where it will be looked for.
fn note_before(shared: &Shared<'_>, write: &BuilderWrite, relocation: &Relocation, previous: &BuilderMark) -> Result<()> {
    let becomes_root = relocation.checkouts.iter().find(|checkout| checkout.to == write.path);
    if let Some(root) = becomes_root.filter(|_| write.shape == Shape::Nested) {
        let mark = mark(shared, write, Some(&relocation.from));
        return shared.write_builder_mark(&root.admin_dir.join(BUILDER_MARK), &mark);
    }
    let _turn = shared.turn();
    // A plain one's mark may have its new name already.
    let old = relocation.was.as_ref().filter(|was| own_mark_of(shared, was).as_path().exists());
    let name = old.unwrap_or(&write.builder);
    if !relocation.from.as_path().is_dir() {
        return Ok(());
    }
    shared.change_builder_mark(name, &relocation.from, |mark| {
        for (to, file) in &previous.files {
            mark.files.entry(to.clone()).or_insert_with(|| file.clone());
        }
    })
}

/// A builder that is there: its anchor and its mark.
pub(super) fn update(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    relocate(shared, write)?;
    let _turn = shared.turn();
    if let Some(anchor) = &write.anchor {
        if write.path.join(".git").as_path().is_dir() {
            make_anchor(shared, write, anchor, &write.path, anchor.expect.as_ref())?;
        } else {
            return adopt_in_turn(shared, write);
        }
    }
    let path = match write.shape {
        // Where it is read: an anchor from before `anchor = false` stays, and the mark in it.
        Shape::Plain if !write.path.join(".git").join(BUILDER_MARK).as_path().exists() => own_mark(shared, write)?,
        Shape::Plain | Shape::Anchored | Shape::Nested => shared.builder_mark_path(&write.builder, &write.path),
    };
    let mut mark = mark(shared, write, Some(&write.path));
    // Managed files may have been written since the plan was made, but not before what they lie in was moved.
    if write.relocation.is_none()
        && let Ok(text) = regular::read(&path)
        && let Ok(now) = serde_json::from_slice::<BuilderMark>(&text)
    {
        mark.files = now.files;
        mark.hooks.post_create = now.hooks.post_create;
        mark.session = now.session;
        mark.created = now.created;
    }
    shared.write_builder_mark(&path, &mark)
}

/// A directory that holds declared checkouts and is not ours yet.
pub(super) fn adopt(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    relocate(shared, write)?;
    let _turn = shared.turn();
    adopt_in_turn(shared, write)
}

fn adopt_in_turn(shared: &Shared<'_>, write: &BuilderWrite) -> Result<()> {
    let door = shared.run.door;
    let Some(anchor) = &write.anchor else {
        let path = if write.shape == Shape::Nested {
            shared.builder_mark_path(&write.builder, &write.path)
        } else {
            own_mark(shared, write)?
        };
        return shared.write_builder_mark(&path, &mark(shared, write, Some(&write.path)));
    };
    let draft = draft_directory(shared, write)?;
    make_anchor(shared, write, anchor, &draft, None)?;
    shared.write_builder_mark(&draft.join(".git").join(BUILDER_MARK), &mark(shared, write, Some(&write.path)))?;
    door.rename(&draft.join(".git"), &write.path.join(".git"))?;
    door.remove_empty(&draft)
}

/// An empty directory of our own in which a builder comes about unseen.
fn draft_directory(shared: &Shared<'_>, write: &BuilderWrite) -> Result<AbsPath> {
    let draft = shared.run.desired.builders_dir.join(OWN_DIRECTORY).join("new").join(write.builder.as_str());
    if draft.as_path().exists() {
        shared.run.door.unlink(&draft)?;
    }
    shared.run.door.make_directory(&draft)?;
    Ok(draft)
}

fn own_mark(shared: &Shared<'_>, write: &BuilderWrite) -> Result<AbsPath> {
    let path = own_mark_of(shared, &write.builder);
    shared.run.door.make_directory(&path.parent())?;
    Ok(path)
}

fn own_mark_of(shared: &Shared<'_>, builder: &BuilderName) -> AbsPath {
    shared.run.desired.builders_dir.join(OWN_DIRECTORY).join("builders").join(format!("{builder}.json"))
}

fn make_anchor(
    shared: &Shared<'_>,
    write: &BuilderWrite,
    anchor: &AnchorWrite,
    directory: &AbsPath,
    expect: Option<&ObjectId>,
) -> Result<ObjectId> {
    let door: &dyn Door = shared.run.door;
    let (links, late) = gitlinks(shared, anchor);
    let excluded: Vec<RelPath> = anchor.excluded.iter().chain(&late).cloned().collect();
    let checkouts: Vec<RelPath> =
        anchor.gitlinks.iter().map(|link| link.path.clone()).chain(anchor.excluded.iter().cloned()).collect();
    let created = write.mark.previous.as_ref().map_or(shared.run.now, |mark| mark.created);
    let unique = format!("{} {} {created}", shared.run.workspace, write.builder);
    let content = AnchorContent {
        format: anchor.format,
        branch: &anchor.branch,
        unique: &unique,
        gitlinks: &links,
        files: &anchor.files,
        excluded: &excluded,
        checkouts: &checkouts,
    };
    match expect {
        None if !directory.join(".git").as_path().exists() => door.create_anchor(directory, &content),
        expect => door.update_anchor(directory, &content, expect),
    }
}

fn mark(shared: &Shared<'_>, write: &BuilderWrite, directory: Option<&AbsPath>) -> BuilderMark {
    let previous = write.mark.previous.as_ref();
    let identity = directory.and_then(|path| identity(path.as_path()));
    BuilderMark {
        version: 1,
        workspace: shared.run.workspace.clone(),
        file: shared.run.desired.file.clone(),
        builder: write.builder.clone(),
        branch: write.mark.branch.clone(),
        protect: write.mark.protect,
        policy: write.mark.policy.clone(),
        labels: write.mark.labels.clone(),
        files: previous.map(|mark| mark.files.clone()).unwrap_or_default(),
        identity,
        port: write.mark.port,
        hooks: write.mark.hooks.clone(),
        session: previous.and_then(|mark| mark.session.clone()),
        moved_from: moved_from(write),
        created: previous.map_or(shared.run.now, |mark| mark.created),
    }
}

/// The name that the builder had before the last move of it.
fn moved_from(write: &BuilderWrite) -> Option<BuilderName> {
    let now = write.relocation.as_ref().and_then(|relocation| relocation.was.clone());
    now.or_else(|| write.mark.previous.as_ref()?.moved_from.clone())
}

/// Refuses to go on where a path that plan saw is gone.
pub(super) fn must_exist(path: &AbsPath) -> Result<()> {
    path.as_path().symlink_metadata().map(|_| ()).with_context(|| format!("{path} is gone since the plan was made"))
}
