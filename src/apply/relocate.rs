//! Moves builders and checkouts to their new places: renames first, links after. Doing it twice is doing it once, so that a
//! run that was cut short is finished by doing it again.

use anyhow::{Context as _, Result};

use crate::actual::place::identity;
use crate::git::{Door, Relink};
use crate::model::desired::Desired;
use crate::model::journal::{Followed, Leap, Relocating};
use crate::model::name::BuilderName;
use crate::model::path::AbsPath;
use crate::plan::{Hop, Relocated, Relocation};

use super::marks::{note_place, note_places};
use super::prepare::put_aside;

/// What the journal says of a relocation.
pub(super) fn relocating(builder: Option<&BuilderName>, relocation: &Relocation) -> Relocating {
    let leap = |hop: &Hop| Leap {
        from: hop.from.clone(),
        to: hop.to.clone(),
        // What is gone by now is refused before anything begins.
        identity: identity(hop.origin.as_path()).unwrap_or_default(),
    };
    let followed = |checkout: &Relocated| Followed {
        admin_dir: checkout.admin_dir.clone(),
        old_admin_dir: checkout.old_admin_dir.clone(),
        common_dir: checkout.common_dir.clone(),
        from: checkout.from.clone(),
        to: checkout.to.clone(),
    };
    Relocating {
        builder: builder.cloned(),
        stage: relocation.stage.clone(),
        leaps: relocation.hops.iter().map(leap).collect(),
        checkouts: relocation.checkouts.iter().map(followed).collect(),
        empties: relocation.empties.clone(),
    }
}

/// Lets the builder's directory wait aside, so that another can take its place.
pub(super) fn park(door: &dyn Door, relocating: &Relocating) -> Result<()> {
    let first = relocating.leaps.first().context("a builder that does not move cannot wait")?;
    if identity(first.from.as_path()) != Some(first.identity) {
        return Ok(());
    }
    door.make_directory(&relocating.stage.parent())?;
    door.rename(&first.from, &relocating.stage)
}

/// Brings everything to its place, from wherever an earlier attempt left it.
pub(super) fn carry_out(door: &dyn Door, desired: &Desired, relocating: &Relocating) -> Result<()> {
    for leap in &relocating.leaps {
        let waits = [&leap.from, &relocating.stage].into_iter().find(|at| identity(at.as_path()) == Some(leap.identity));
        let Some(at) = waits.filter(|at| **at != leap.to) else { continue };
        door.make_directory(&leap.to.parent())?;
        for directory in relocating.empties.iter().filter(|directory| leap.to.contains(directory) && is_empty(directory)) {
            door.remove_empty(directory)?;
        }
        if is_empty(&leap.to) {
            door.remove_empty(&leap.to)?;
        }
        door.rename(at, &leap.to)?;
    }
    for checkout in &relocating.checkouts {
        let Followed { admin_dir, old_admin_dir, common_dir, from, to } = checkout;
        door.relink(&Relink { admin_dir, common_dir, worktree: to, old_worktree: from, old_admin_dir })?;
    }
    if let Some(builder) = &relocating.builder {
        note_places(door, &desired.builders_dir.join(builder.as_str()), &relocating.checkouts)?;
    }
    for directory in relocating.empties.iter().filter(|directory| is_empty(directory)) {
        door.remove_empty(directory)?;
    }
    let stage = &relocating.stage;
    if stage.as_path().is_dir() && !is_empty(stage) {
        put_aside(door, desired, stage)?;
    }
    for directory in [stage, &stage.parent()] {
        if is_empty(directory) {
            door.remove_empty(directory)?;
        }
    }
    Ok(())
}

/// Finishes what was begun: brings what waits aside back, or further, whichever of its places is free. What was not begun
/// stays where it is.
pub(super) fn settle(door: &dyn Door, desired: &Desired, relocating: &Relocating) -> Result<()> {
    let Some(first) = relocating.leaps.first() else { return carry_out(door, desired, relocating) };
    if identity(first.from.as_path()) == Some(first.identity) {
        return Ok(());
    }
    let waits = identity(relocating.stage.as_path()) == Some(first.identity) && first.to != relocating.stage;
    let taken = first.to.as_path().symlink_metadata().is_ok() && !is_empty(&first.to);
    if waits && taken && first.from.as_path().symlink_metadata().is_err() {
        return door.rename(&relocating.stage, &first.from);
    }
    carry_out(door, desired, relocating)?;
    if relocating.builder.is_none() { note_place(door, desired, relocating) } else { Ok(()) }
}

fn is_empty(path: &AbsPath) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}
