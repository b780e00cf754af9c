//! Managed files: the file, then the anchor, then the mark; the last two for all of a builder that come one after another.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use crate::git::{Lasts, Record, content_hash};
use crate::model::mark::WrittenFile;
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::plan::{Aside, Change, FileContent, FileWrite};
use crate::regular;

use super::event::Event;
use super::prepare::{held_aside, place_aside};
use super::{Shared, anchor, builder::must_exist};

/// A managed file that is as it shall be, and that neither anchor nor mark knows to be so.
pub(super) struct Unremembered<'a> {
    /// Its builder, and where that is.
    pub(super) builder: (&'a BuilderName, &'a AbsPath),
    to: &'a RelPath,
    /// How it was written; `None`: it is gone.
    written: Option<(&'a FileContent, WrittenFile)>,
}

pub(super) fn write<'a>(shared: &Shared<'_>, change: &'a Change, write: &'a FileWrite) -> Result<Unremembered<'a>> {
    must_exist(&write.builder)?;
    match write.keep {
        Aside::No => {}
        Aside::Quietly => drop(keep(shared, &write.to.under(&write.builder))?),
        Aside::Told => set_aside(shared, change, write)?,
    }
    shared.run.door.write_managed(&write.builder, &write.to, &write.content, write.expect.as_deref())?;
    written(change, write, false)
}

/// A file that is there as declared.
pub(super) fn adopt<'a>(change: &'a Change, write: &'a FileWrite) -> Result<Unremembered<'a>> {
    written(change, write, write.adopted)
}

/// Keeps a copy of what somebody wrote, where it can be found again, and says so.
fn set_aside(shared: &Shared<'_>, change: &Change, write: &FileWrite) -> Result<()> {
    let file = write.to.under(&write.builder);
    let is_link = file.as_path().is_symlink();
    // Where there is nothing, the write that follows says that it is not as seen.
    let Some(free) = keep(shared, &file)? else { return Ok(()) };
    let (what, held) = match (write.adopted, is_link) {
        (true, false) => ("was there before wsctl", "what it held"),
        (false, false) => ("was edited", "what it held"),
        (true, true) => ("was there before wsctl", "where it led"),
        (false, true) => ("was edited", "where it led"),
    };
    let message = format!("{} {what}: {held} is kept in {free}", write.to);
    shared.run.listener.event(&Event::Warning { address: Some(&change.address), message: &message });
    Ok(())
}

/// Keeps a copy of a file; returns where. `None`: there is none.
fn keep(shared: &Shared<'_>, file: &AbsPath) -> Result<Option<AbsPath>> {
    let unread = || format!("{file} cannot be read");
    let found = match file.as_path().symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.with_context(unread)?,
    };
    let bytes = if found.is_symlink() {
        std::fs::read_link(file).with_context(unread)?.into_os_string().into_encoded_bytes()
    } else {
        regular::read(file).with_context(unread)?
    };
    let desired = shared.run.desired;
    let _turn = shared.turn();
    if let Some(held) = held_aside(desired, file, &bytes) {
        return Ok(Some(held));
    }
    let free = place_aside(shared.run.door, desired, file)?;
    shared.run.door.write_own(&free, &bytes, Lasts::Now)?;
    Ok(Some(free))
}

fn written<'a>(change: &'a Change, write: &'a FileWrite, adopted: bool) -> Result<Unremembered<'a>> {
    let executable = matches!(&write.content, FileContent::Bytes { executable: true, .. });
    let (mode, sole) = (write.mode, write.sole);
    let written = WrittenFile { mode, hash: content_hash(&write.content)?, executable, adopted, sole };
    Ok(Unremembered { builder: (of(change)?, &write.builder), to: &write.to, written: Some((&write.content, written)) })
}

pub(super) fn remove<'a>(
    shared: &Shared<'_>,
    change: &'a Change,
    (path, to): (&'a AbsPath, &'a RelPath),
    expect: Option<&str>,
) -> Result<Unremembered<'a>> {
    if let Some(expect) = expect {
        // Its source may be gone, and git may not have kept it.
        if !to.under(path).as_path().is_symlink() {
            keep(shared, &to.under(path))?;
        }
        shared.run.door.remove_managed(path, to, expect)?;
    }
    Ok(Unremembered { builder: (of(change)?, path), to, written: None })
}

/// The builder of a file.
fn of(change: &Change) -> Result<&BuilderName> {
    change.address.builder().context("a file without a builder")
}

/// Lets the anchor and the mark of a builder know of files of it.
pub(super) fn remember(shared: &Shared<'_>, files: &[Unremembered<'_>]) -> Result<()> {
    let Some((builder, path)) = files.first().map(|file| file.builder) else { return Ok(()) };
    let record = |file: &Unremembered<'_>| {
        let entry = file.written.as_ref().map(|(content, _)| Record::File((*content).clone()));
        (file.to.clone(), entry)
    };
    let outside: BTreeMap<_, _> = files.iter().filter(|file| !in_a_checkout(shared, builder, file.to)).map(record).collect();
    anchor::record(shared, path, &outside)?;
    let _turn = shared.turn();
    shared.change_builder_mark(builder, path, |mark| {
        for file in files {
            match &file.written {
                Some((_, written)) => drop(mark.files.insert(file.to.clone(), written.clone())),
                None => drop(mark.files.remove(file.to)),
            }
        }
    })
}

fn in_a_checkout(shared: &Shared<'_>, builder: &BuilderName, to: &RelPath) -> bool {
    let declared = shared.run.desired.builders.get(builder);
    declared.is_some_and(|builder| builder.checkouts.values().any(|checkout| checkout.path.contains(to)))
}
