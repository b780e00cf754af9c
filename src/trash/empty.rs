//! Deletes entries for good: one rename out of the trash first, so that nothing half deleted is ever offered as whole.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use crate::git::Door;
use crate::model::clock::Moment;
use crate::model::name::RepoName;
use crate::model::path::AbsPath;
use crate::model::trash::{EMPTIED, GONE, GoneEntry, GoneState, MANIFEST, TrashEntry};

/// Where the declared repositories keep their refs.
pub type CommonDirs = BTreeMap<RepoName, AbsPath>;

/// Deletes an entry for good. From its rename on it is no entry of the trash; what a kill leaves of it is finished by
/// [`finish_emptying`].
///
/// The locks of the workspace and of its repositories are held.
///
/// # Errors
/// Something cannot be unlinked, or a ref cannot be deleted.
pub fn empty(door: &dyn Door, entry: &TrashEntry, repositories: &CommonDirs, now: &Moment) -> Result<()> {
    let trash = entry.path.parent();
    let gone = trash.parent().join(GONE);
    // Both are there; the door refuses them where one is a symbolic link.
    door.make_directory(&trash)?;
    door.make_directory(&gone)?;
    let path = gone.join(&entry.name);
    door.rename(&entry.path, &path)?;
    let entry = TrashEntry { path, ..entry.clone() };
    finish(door, &entry, repositories, now)
}

/// Finishes what a killed `prune` left in `.wsctl/gone/`, and forgets removals that no longer count.
///
/// The locks of the workspace and of its repositories are held.
///
/// # Errors
/// The first entry that cannot be finished, after all were tried.
pub fn finish_emptying(door: &dyn Door, gone: &[GoneEntry], repositories: &CommonDirs, now: &Moment) -> Result<()> {
    let counts = |gone: &GoneEntry| gone.entry.manifest.as_ref().is_some_and(|manifest| manifest.counts_today(now));
    let open = gone.iter().filter(|gone| match gone.state {
        GoneState::CutShort | GoneState::Hollow => true,
        GoneState::Emptied => !counts(gone),
        GoneState::Foreign => false,
    });
    open.map(|gone| finish(door, &gone.entry, repositories, now)).fold(Ok(()), Result::and)
}

/// The refs that go with an entry, and the repositories that they are in.
pub fn keepers<'a>(
    entry: &'a TrashEntry,
    repositories: &'a CommonDirs,
) -> impl Iterator<Item = (&'a AbsPath, &'a str)> + use<'a> {
    let checkouts = entry.manifest.iter().filter(|_| entry.own).flat_map(|manifest| &manifest.checkouts);
    checkouts.filter_map(|checkout| {
        // A repository that was moved with its workspace is found by its name.
        let here = Some(&checkout.common_dir).filter(|path| path.join("HEAD").as_path().is_file());
        Some((here.or_else(|| repositories.get(&checkout.repository))?, checkout.keeper.as_str()))
    })
}

/// Files first: they free the space that the deletion of a ref may need on a full disk. The manifest goes last, or
/// stays for as long as the removal counts: `max_removals` is not got round by emptying the trash.
fn finish(door: &dyn Door, entry: &TrashEntry, repositories: &CommonDirs, now: &Moment) -> Result<()> {
    let failed = || format!("{} cannot be emptied", entry.path);
    for found in std::fs::read_dir(&entry.path).with_context(failed)? {
        let name = found.with_context(failed)?.file_name();
        if name != MANIFEST && name != EMPTIED {
            door.unlink(&entry.path.join(&name))?;
        }
    }
    for (common_dir, keeper) in keepers(entry, repositories) {
        door.drop_keeper(common_dir, keeper)?;
    }
    if !entry.manifest.as_ref().is_some_and(|manifest| manifest.counts_today(now)) {
        for proof in [MANIFEST, EMPTIED] {
            door.unlink(&entry.path.join(proof))?;
        }
        return door.remove_empty(&entry.path);
    }
    if entry.path.join(MANIFEST).as_path().symlink_metadata().is_ok() {
        door.rename(&entry.path.join(MANIFEST), &entry.path.join(EMPTIED))?;
    }
    Ok(())
}
