//! Managed files: the file, then the anchor, then the mark.

use anyhow::{Context as _, Result};

use crate::git::{Lasts, Record, content_hash};
use crate::model::address::Address;
use crate::model::mark::WrittenFile;
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::plan::{Aside, Change, FileContent, FileWrite};
use crate::regular;

use super::anchor::record;
use super::event::Event;
use super::prepare::{held_aside, place_aside};
use super::{Shared, builder::must_exist};

pub(super) fn write(shared: &Shared<'_>, change: &Change, write: &FileWrite) -> Result<()> {
    must_exist(&write.builder)?;
    match write.keep {
        Aside::No => {}
        Aside::Quietly => drop(keep(shared, &write.to.under(&write.builder))?),
        Aside::Told => set_aside(shared, change, write)?,
    }
    shared.run.door.write_managed(&write.builder, &write.to, &write.content, write.expect.as_deref())?;
    remember(shared, change, write, false)
}

/// Remembers a file that is as declared.
pub(super) fn adopt(shared: &Shared<'_>, change: &Change, write: &FileWrite) -> Result<()> {
    remember(shared, change, write, write.adopted)
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

fn remember(shared: &Shared<'_>, change: &Change, write: &FileWrite, adopted: bool) -> Result<()> {
    let Address::File(builder, _) = &change.address else { return Ok(()) };
    if !in_a_checkout(shared, builder, &write.to) {
        record(shared, &write.builder, &write.to, Some(&Record::File(write.content.clone())))?;
    }
    let executable = matches!(&write.content, FileContent::Bytes { executable: true, .. });
    let (mode, sole) = (write.mode, write.sole);
    let written = WrittenFile { mode, hash: content_hash(&write.content)?, executable, adopted, sole };
    let _turn = shared.turn();
    shared.change_builder_mark(builder, &write.builder, |mark| {
        mark.files.insert(write.to.clone(), written);
    })
}

pub(super) fn remove(shared: &Shared<'_>, change: &Change, path: &AbsPath, to: &RelPath, expect: Option<&str>) -> Result<()> {
    let Address::File(builder, _) = &change.address else { return Ok(()) };
    if let Some(expect) = expect {
        // Its source may be gone, and git may not have kept it.
        if !to.under(path).as_path().is_symlink() {
            keep(shared, &to.under(path))?;
        }
        shared.run.door.remove_managed(path, to, expect)?;
    }
    if !in_a_checkout(shared, builder, to) {
        record(shared, path, to, None)?;
    }
    let _turn = shared.turn();
    shared.change_builder_mark(builder, path, |mark| {
        mark.files.remove(to);
    })
}

fn in_a_checkout(shared: &Shared<'_>, builder: &BuilderName, to: &RelPath) -> bool {
    let declared = shared.run.desired.builders.get(builder);
    declared.is_some_and(|builder| builder.checkouts.values().any(|checkout| checkout.path.contains(to)))
}
