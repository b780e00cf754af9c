//! Moves a repository, and lets its remote have another url.

use anyhow::Result;

use crate::actual;
use crate::git::admin_dir_of;
use crate::model::path::AbsPath;
use crate::model::work::Finding;
use crate::plan::{Relocation, RepositoryWrite, immovable, refusals_of_move};

use super::Shared;
use super::again::refuse;
use super::marks::note_place;
use super::relocate::{carry_out, relocating};

pub(super) fn update(shared: &Shared<'_>, write: &RepositoryWrite) -> Result<()> {
    let Shared { run, .. } = shared;
    if let Some(relocation) = &write.relocation {
        idle(relocation)?;
        let relocating = relocating(None, relocation);
        carry_out(run.door, run.desired, &relocating)?;
        let _turn = shared.turn();
        note_place(run.door, run.desired, &relocating)?;
    }
    match &write.remote {
        Some((remote, old, new)) => run.door.set_url(&write.path, remote, old, new),
        None => Ok(()),
    }
}

/// Refuses while somebody is at work in the repository or in a worktree of it, and where one rename does not do.
fn idle(relocation: &Relocation) -> Result<()> {
    let to = relocation.hops.last().map_or(&relocation.from, |hop| &hop.to);
    if let Some(obstacle) = actual::obstacle(&relocation.from, to) {
        return refuse(vec![immovable(&obstacle, &relocation.from, to)]);
    }
    let main = git_dir(&relocation.from);
    let mut worktrees = vec![(&relocation.from, &main)];
    worktrees.extend(relocation.checkouts.iter().map(|checkout| (&checkout.from, &checkout.old_admin_dir)));
    let found = actual::held(&worktrees);
    let mut blockers = Vec::new();
    for ((worktree, _), held) in worktrees.iter().zip(found) {
        // What is mounted in one that stays where it is stays too.
        let breaks = |found: &Finding| *worktree == &relocation.from || !matches!(found, Finding::Mount(_));
        blockers.extend(refusals_of_move(worktree, &held.into_iter().filter(breaks).collect::<Vec<_>>()));
    }
    refuse(blockers)
}

/// Where a main worktree or a bare repository has its index.
fn git_dir(repository: &AbsPath) -> AbsPath {
    let inside = repository.join(".git");
    if inside.as_path().is_dir() {
        return inside;
    }
    admin_dir_of(repository).unwrap_or_else(|_| repository.clone())
}
