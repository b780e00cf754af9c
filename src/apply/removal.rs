//! A removal in its safe order: keeper, lock, one rename, keeper again, admin directory, branch.

use std::io::ErrorKind;
use std::sync::PoisonError;

use anyhow::{Context as _, Result};

use crate::actual;
use crate::diagnostic::Diagnostic;
use crate::git::{Door, Keep, Lasts};
use crate::model::actual::Link;
use crate::model::mark::{Deed, OWN_DIRECTORY, OurLock};
use crate::model::name::{BuilderName, RepoName, WorkspaceId};
use crate::model::path::{AbsPath, escape};
use crate::model::trash::{GONE, MANIFEST, Manifest, TRASH, TrashedCheckout, part};
use crate::plan::{Change, CheckoutWrite, Removal, RemovedCheckout, Stale, is_our_ignore};
use crate::regular;

use super::deregister::deregister;
use super::disposal::Disposal;
use super::event::Event;
use super::intents::remove as remove_intent;
use super::{Shared, again, anchor, hook};

/// Moves a builder, or one checkout of it, to the trash.
pub(super) fn remove(shared: &Shared<'_>, change: &Change, removal: &Removal, begin: &dyn Fn() -> Result<()>) -> Result<()> {
    hook::pre_remove(shared, change, &removal.hooks)?;
    let disposable = again::still_removable(shared, removal)?;
    begin()?;
    let entry = to_trash(shared, removal)?;
    for checkout in removal.checkouts.iter().filter(|checkout| checkout.delete_branch) {
        match delete_branch(shared, checkout, &entry) {
            Ok(()) => {}
            Err(error) if error.downcast_ref::<Diagnostic>().is_some() => {
                let message = format!("its branch stays: {error:#}");
                shared.run.listener.event(&Event::Warning { address: Some(&change.address), message: &message });
            }
            // No refusal: tried once more when every step has ended, and told then.
            Err(_) => shared.leave(remove_intent(&shared.run, removal)),
        }
    }
    for (checkout, disposable) in removal.checkouts.iter().zip(disposable) {
        let tree = entry.join("tree");
        let top = if removal.checkout.is_some() { tree } else { checkout.path.under(&tree) };
        let all =
            disposable.into_iter().map(|(path, files)| Disposal { address: change.address.clone(), path: top.join(path), files });
        let mut later = shared.disposals.lock().unwrap_or_else(PoisonError::into_inner);
        later.extend(all);
    }
    if let Some(path) = removal.checkout.as_ref() {
        anchor::record(shared, &removal.builder_path, &[(path.clone(), None)].into())?;
        let _turn = shared.turn();
        return shared.change_builder_mark(&removal.builder, &removal.builder_path, |mark| {
            mark.files.retain(|file, _| !path.contains(file));
        });
    }
    if removal.drop_ignore {
        drop_helper(shared)?;
    }
    let own = shared.run.desired.builders_dir.join(OWN_DIRECTORY).join("builders");
    shared.run.door.remove_own(&own.join(format!("{}.json", removal.builder)))
}

/// The helper file of nested builders.
const IGNORE: &str = ".ignore";

/// Removes the helper file of nested builders, once the last of them is gone or became another.
pub(super) fn drop_helper(shared: &Shared<'_>) -> Result<()> {
    let builders_dir = &shared.run.desired.builders_dir;
    let _turn = shared.turn();
    let nested = |entry: std::fs::DirEntry| entry.path().join(".git").is_file();
    if std::fs::read_dir(builders_dir)?.any(|entry| entry.is_ok_and(nested)) {
        return Ok(());
    }
    forget_own(shared.run.door, &builders_dir.join(IGNORE))
}

/// Removes a file of our own that went with a removal; the helper file only while all of it is ours.
pub(super) fn forget_own(door: &dyn Door, file: &AbsPath) -> Result<()> {
    let helper = file.as_path().file_name().is_some_and(|name| name == IGNORE);
    if helper && !regular::read(file).is_ok_and(|text| is_our_ignore(&text)) {
        return Ok(());
    }
    door.remove_own(file)
}

/// Moves what a killed creation left to the trash: it is not looked at, nothing of it is deleted.
pub(super) fn half_made(shared: &Shared<'_>, removal: &Removal) -> Result<()> {
    to_trash(shared, removal).map(drop)
}

/// Takes back what a failed creation left, if it left anything.
pub(super) fn undo_creation(shared: &Shared<'_>, write: &CheckoutWrite) -> Result<()> {
    let desired = shared.run.desired;
    let name = &write.desired.repository;
    let declared = desired.repositories.get(name).context("the repository is not declared")?;
    let read = actual::repository(declared, &std::collections::BTreeSet::new());
    let repository = read.repository().context("the repository cannot be read")?;
    let path = write.desired.path.under(&write.builder_path);
    let mut all = repository.registrations.values();
    let left = all.find(|found| found.worktree.as_ref() == Some(&path) && found.begun_by().is_some());
    let Some(found) = left else { return Ok(()) };
    if found.link == Link::DirectoryGone {
        return drop_stale(shared, name, &Stale::of(repository, found));
    }
    let removal = Removal {
        builder: write.builder.clone(),
        builder_path: write.builder_path.clone(),
        checkout: Some(write.desired.path.clone()),
        mark: None,
        checkouts: vec![RemovedCheckout::half_made(&write.desired, repository, found)],
        drop_ignore: false,
        unsaved: true,
        keep: desired.policy.trash_keep,
        hooks: vec![],
        counts: false,
    };
    half_made(shared, &removal)
}

fn to_trash(shared: &Shared<'_>, removal: &Removal) -> Result<AbsPath> {
    let door = shared.run.door;
    let (name, entry) = new_entry(shared, removal)?;
    let target = match &removal.checkout {
        Some(path) => path.under(&removal.builder_path),
        None => removal.builder_path.clone(),
    };
    let lock = OurLock { workspace: shared.run.workspace.clone(), deed: Deed::Removing { entry: name.clone() } };
    let manifest = manifest(shared, removal, &name, &target);
    let before: Vec<_> = removal.checkouts.iter().map(|checkout| our_lock(&checkout.stale.admin_dir)).collect();
    let saves: Vec<_> = removal.checkouts.iter().map(|checkout| save(&entry, &checkout.name)).collect();
    let parts = || removal.checkouts.iter().zip(&manifest.checkouts).zip(&saves);
    // One flush for all that the rest stands on: keepers, locks, manifest, what the branches were. What comes after it may
    // reach the disk in any order: a tree that is back at its place, a registration or a branch that is there once more is
    // finished by the journal, or called off, as after a kill.
    let prepared = parts()
        .try_for_each(|((checkout, trashed), save)| {
            door.keep(&what_to_keep(checkout, &trashed.keeper, save))?;
            door.lock_worktree(&checkout.stale.admin_dir, &lock)
        })
        .and_then(|()| door.write_own(&entry.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?, Lasts::Soon))
        .and_then(|()| door.flush(&places(removal, &entry)))
        .and_then(|()| door.rename(&target, &entry.join("tree")));
    if let Err(error) = prepared {
        call_off(shared, removal, &before, (&entry, &manifest.checkouts));
        return Err(error);
    }
    for ((checkout, trashed), save) in parts() {
        deregister(door, what_to_keep(checkout, &trashed.keeper, save), &checkout.stale, &admin(&entry, &checkout.name), true)?;
    }
    Ok(entry)
}

/// Where a removal writes: the trash, and every repository.
fn places(removal: &Removal, entry: &AbsPath) -> Vec<AbsPath> {
    let repositories = removal.checkouts.iter().map(|checkout| checkout.stale.common_dir.clone());
    std::iter::once(entry.clone()).chain(repositories).collect()
}

/// Where the reflog and the configuration of a branch go.
fn save(entry: &AbsPath, name: &RepoName) -> AbsPath {
    entry.join("branch").join(part(name))
}

/// Nothing was renamed: the locks and the empty entry go, the checkouts stay as they were.
fn call_off(
    shared: &Shared<'_>,
    removal: &Removal,
    before: &[Option<OurLock>],
    (entry, keepers): (&AbsPath, &[TrashedCheckout]),
) {
    let door = shared.run.door;
    // A rename can succeed and still end in an error, when the disk refuses to sync it. What lies in the entry by then
    // is the work itself; the locks say where it went, and the next run finishes.
    if !matches!(entry.join("tree").as_path().symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound) {
        return;
    }
    for (checkout, before) in removal.checkouts.iter().zip(before) {
        let holds = checkout.path.is_here() && checkout.mark.is_some();
        let holding = OurLock { workspace: shared.run.workspace.clone(), deed: Deed::Holding };
        let lock = before.as_ref().or(holds.then_some(&holding));
        let admin_dir = &checkout.stale.admin_dir;
        let _ = lock.map_or_else(|| door.unlock_worktree(admin_dir), |lock| door.lock_worktree(admin_dir, lock));
    }
    let dropped = keepers.iter().try_for_each(|trashed| door.drop_keeper(&trashed.common_dir, &trashed.keeper));
    let saves = || door.unlink(&entry.join("branch"));
    let _ = dropped
        .and_then(|()| saves())
        .and_then(|()| door.remove_own(&entry.join(MANIFEST)))
        .and_then(|()| door.remove_empty(entry));
}

/// Our lock of before: it has to come back when the removal is called off.
pub(super) fn our_lock(admin_dir: &AbsPath) -> Option<OurLock> {
    let reason = regular::read_text(admin_dir.join("locked")).ok()?;
    OurLock::parse(&reason).filter(|lock| !matches!(lock.deed, Deed::Removing { .. }))
}

/// What an entry's name begins with: the builder, the repository where one checkout alone moves, the time.
pub(super) fn stem(builder: &BuilderName, repository: Option<&RepoName>, now: i64) -> String {
    let suffix = repository.map(|name| format!(".{}", part(name))).unwrap_or_default();
    format!("{builder}{suffix}-{now}")
}

/// A new directory in the trash: `<builder>-<seconds>`, with a number where that is taken.
fn new_entry(shared: &Shared<'_>, removal: &Removal) -> Result<(String, AbsPath)> {
    let own = shared.run.desired.builders_dir.join(OWN_DIRECTORY);
    let (trash, gone) = (own.join(TRASH), own.join(GONE));
    shared.run.door.make_directory(&trash)?;
    let moved = removal.checkouts.first().filter(|_| removal.checkout.is_some());
    let stem = stem(&removal.builder, moved.map(|checkout| &checkout.name), shared.run.now);
    let names = (1..10_000).map(|number| if number == 1 { stem.clone() } else { format!("{stem}-{number}") });
    // Emptying an entry makes nothing new but this: it must succeed on a full disk too.
    shared.run.door.make_directory(&gone)?;
    for name in names {
        let entry = trash.join(&name);
        let free = |path: &AbsPath| path.as_path().symlink_metadata().is_err();
        if free(&entry) && free(&gone.join(&name)) {
            shared.run.door.make_directory(&entry)?;
            return Ok((name, entry));
        }
    }
    anyhow::bail!("the trash is full of entries named {stem}")
}

fn manifest(shared: &Shared<'_>, removal: &Removal, entry: &str, target: &AbsPath) -> Manifest {
    let trashed = |checkout: &RemovedCheckout| TrashedCheckout {
        repository: checkout.name.clone(),
        common_dir: checkout.stale.common_dir.clone(),
        path: checkout.path.clone(),
        admin_name: escape(&checkout.stale.admin_name),
        keeper: keeper(shared.run.workspace, entry, &checkout.name),
        head: checkout.head.clone(),
        branch: checkout.branch.clone(),
        delete_branch: checkout.delete_branch,
        mark: checkout.mark.clone(),
    };
    let mut mark = removal.mark.clone();
    if let (Some(mark), Some(path)) = (&mut mark, &removal.checkout) {
        // What lies beside it is not in the entry.
        mark.files.retain(|file, _| path.contains(file));
    }
    Manifest {
        version: 1,
        workspace: shared.run.workspace.clone(),
        builder: removal.builder.clone(),
        checkout: removal.checkout.clone(),
        path: target.clone(),
        removed: shared.run.now,
        boot: actual::boot(),
        keep: removal.keep,
        counts: removal.counts,
        mark,
        checkouts: removal.checkouts.iter().map(trashed).collect(),
    }
}

/// The ref that holds what a checkout alone held.
pub(super) fn keeper(workspace: &WorkspaceId, entry: &str, name: &RepoName) -> String {
    format!("refs/wsctl/{workspace}/{entry}/{}", part(name))
}

/// Where an admin directory goes. Not by its own name: those of two repositories may be the same.
pub(super) fn admin(entry: &AbsPath, name: &RepoName) -> AbsPath {
    entry.join("admin").join(part(name))
}

fn what_to_keep<'a>(checkout: &'a RemovedCheckout, keeper: &'a str, save: &'a AbsPath) -> Keep<'a> {
    let branch = checkout.branch.as_ref().filter(|_| checkout.delete_branch);
    let (common_dir, admin_dir) = (&checkout.stale.common_dir, &checkout.stale.admin_dir);
    Keep { common_dir, admin_dir, branch, save: Some(save), name: keeper }
}

fn delete_branch(shared: &Shared<'_>, checkout: &RemovedCheckout, entry: &AbsPath) -> Result<()> {
    let (Some(branch), Some(head)) = (&checkout.branch, &checkout.head) else { return Ok(()) };
    let kept = save(entry, &checkout.name);
    shared.run.door.delete_branch(&checkout.stale.repository, branch, head, Some(&kept))
}

/// Takes the registration after a removal that was cut short between its rename and this. Somebody may have worked on
/// in the moved tree since then: the keeper is computed once more.
pub(super) fn finish(shared: &Shared<'_>, entry: &str, name: &RepoName, stale: &Stale) -> Result<()> {
    let path = shared.run.desired.builders_dir.join(OWN_DIRECTORY).join("trash").join(entry);
    if !path.join("tree").as_path().is_dir() {
        return Err(Diagnostic::new(format!("{path} does not hold what was removed"), "wsctl plan").into());
    }
    let keeper = keeper(shared.run.workspace, entry, name);
    let keep = Keep { common_dir: &stale.common_dir, admin_dir: &stale.admin_dir, branch: None, save: None, name: &keeper };
    deregister(shared.run.door, keep, stale, &admin(&path, name), false)
}

/// Drops a registration that holds nothing, or finishes the removal that it waits for.
pub(super) fn drop_stale(shared: &Shared<'_>, name: &RepoName, stale: &Stale) -> Result<()> {
    let reason = regular::read_text(stale.admin_dir.join("locked")).unwrap_or_default();
    match OurLock::parse(reason.trim_end()).map(|lock| lock.deed) {
        Some(Deed::Removing { entry }) => finish(shared, &entry, name, stale),
        Some(Deed::Creating { .. } | Deed::Holding) | None => shared.run.door.drop_registration(stale),
    }
}
