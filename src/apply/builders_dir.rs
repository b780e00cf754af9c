//! The last of all: `builders_dir` itself goes to another place, once everything in it is done and the journal is closed.

use std::time::Instant;

use anyhow::Result;

use crate::actual;
use crate::model::actual::Link;
use crate::plan::{Action, Relocated, Relocation, immovable, refusals_of_move};

use super::again::refuse;
use super::event::Event;
use super::relocate::{carry_out, relocating};
use super::{End, Run, worker::refused};

/// Moves it, if the plan says so. `ready`: nothing else failed, and nobody asked to stop. The change, and what came of it.
///
/// A run that is killed on the way leaves links that name where it was: by the mark of the workspace the next one knows,
/// and repairs them.
pub(super) fn relocate(run: &Run<'_>, ready: bool) -> Option<(usize, End)> {
    let changes = run.plan.changes.iter().enumerate().filter(|(_, change)| !change.is_blocked());
    let (index, change, relocation) = changes.into_iter().find_map(|(index, change)| match &change.action {
        Action::MoveBuildersDir(relocation) => Some((index, change, relocation)),
        _ => None,
    })?;
    if !ready || run.carried.is_some() {
        run.listener.event(&Event::Skipped { change, because: "not everything before it was done" });
        return Some((index, End::Skipped));
    }
    let begun = Instant::now();
    run.listener.event(&Event::Start(change));
    let moved = everything(run, relocation).and_then(|all| {
        still_movable(&all)?;
        carry_out(run.door, run.desired, &relocating(None, &all))
    });
    Some((
        index,
        match moved {
            Ok(()) => {
                run.listener.event(&Event::Complete { change, elapsed: begun.elapsed() });
                End::Done
            }
            Err(error) => {
                refused(run, change, &error);
                End::Failed
            }
        },
    ))
}

/// Refuses where one rename does not do any more, or somebody came to work in it.
fn still_movable(all: &Relocation) -> Result<()> {
    let (from, to) = (&all.from, all.hops.last().map_or(&all.from, |hop| &hop.to));
    let mut blockers: Vec<_> = actual::obstacle(from, to).iter().map(|it| immovable(it, from, to)).collect();
    let mut places = vec![(from, from)];
    places.extend(all.checkouts.iter().map(|checkout| (&checkout.from, &checkout.old_admin_dir)));
    let held = actual::held(&places);
    blockers.extend(places.iter().zip(held).flat_map(|((place, _), held)| refusals_of_move(place, &held)));
    refuse(blockers)
}

/// The move with every checkout that is there by now: this run has made some.
fn everything(run: &Run<'_>, relocation: &Relocation) -> Result<Relocation> {
    let now = actual::read(run.desired)?;
    let to = relocation.hops.last().map_or(&relocation.from, |hop| &hop.to);
    let mut checkouts = Vec::new();
    for (name, state) in &now.repositories {
        let Some(repository) = state.repository() else { continue };
        for found in repository.registrations.values().filter(|found| found.link == Link::Whole) {
            let Some(from) = found.worktree.clone().filter(|worktree| relocation.from.contains(worktree)) else { continue };
            checkouts.push(Relocated {
                name: name.clone(),
                admin_dir: found.admin_dir.clone(),
                old_admin_dir: found.admin_dir.clone(),
                common_dir: repository.common_dir.clone(),
                to: to.join(from.relative_to(&relocation.from)),
                from,
            });
        }
    }
    Ok(Relocation { checkouts, ..relocation.clone() })
}
