//! Brings an entry of the trash back: a removal's order, backwards. Branches, links and marks while it still lies in
//! the trash, then the registrations, one rename, and only then what kept it.

use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::git::{Door, Homecoming, Lasts, Pointed, Record};
use crate::model::desired::{Desired, Shape};
use crate::model::journal::{Intent, Journal};
use crate::model::mark::{BUILDER_MARK, BuilderMark, CHECKOUT_MARK, Deed, OWN_DIRECTORY, OurLock};
use crate::model::name::{RepoName, WorkspaceId};
use crate::model::path::AbsPath;
use crate::model::trash::{MANIFEST, part};
use crate::plan::restore::{FateKind, Restore, RestoredCheckout};
use crate::regular;

use super::journal::Book;
use super::marks;

/// All that bringing back needs.
#[derive(Clone, Copy)]
pub struct Bringing<'a> {
    /// The declaration.
    pub desired: &'a Desired,
    /// The only way to write.
    pub door: &'a dyn Door,
    /// The id that marks carry.
    pub workspace: &'a WorkspaceId,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// What an older journal holds that could not be cleaned up.
    pub carried: Option<&'a Journal>,
}

impl Bringing<'_> {
    /// Brings it back. Whatever stops this in the middle, the next restore of the same entry goes on.
    ///
    /// # Errors
    /// Something is no longer as it was seen, or cannot be written.
    pub fn bring_back(&self, restore: &Restore) -> Result<()> {
        let book = Book::open(self.door, self.desired, self.workspace, self.now, &[intent(restore)], self.carried)?;
        book.begins(0)?;
        if !restore.finish {
            self.prepare(restore)?;
            self.put(restore)?;
        }
        if !restore.whole {
            self.record(restore)?;
        }
        // The locks go last: while one is there, the next restore knows that it is at its place and goes on from here.
        for checkout in &restore.checkouts {
            self.door.drop_keeper(&checkout.common_dir, &checkout.keeper)?;
        }
        for checkout in &restore.checkouts {
            self.settle_lock(checkout)?;
        }
        self.clear(restore)?;
        book.done(0);
        book.close()
    }

    /// Everything that can be made right before anything is at its place.
    fn prepare(&self, restore: &Restore) -> Result<()> {
        for checkout in &restore.checkouts {
            if let Some((branch, commit)) = checkout.fate.branch() {
                self.door.bring_branch(&checkout.repository, branch, commit, Some(&checkout.kept))?;
            }
        }
        for checkout in &restore.checkouts {
            self.prepare_checkout(restore, checkout)?;
        }
        if let Some(mark) = &restore.mark {
            self.write_builder_mark(restore, mark)?;
        }
        Ok(())
    }

    fn prepare_checkout(&self, restore: &Restore, checkout: &RestoredCheckout) -> Result<()> {
        let RestoredCheckout { admin, common_dir, tree, registration, worktree, .. } = checkout;
        // Should this end in the middle, what is registered by then is that of a removal which can be finished.
        let deed = Deed::Removing { entry: restore.entry.name.clone() };
        self.door.lock_worktree(admin, &OurLock { workspace: self.workspace.clone(), deed })?;
        let fate = &checkout.fate;
        match &fate.kind {
            FateKind::Another { branch, .. } | FateKind::MadeAgain(branch, _) => {
                self.door.point(&Pointed { admin_dir: admin, common_dir, rebase: fate.rebase }, branch)?;
            }
            FateKind::Detached(_) | FateKind::Unborn(_) | FateKind::AsItWas(..) => {}
        }
        if let Some(mark) = &checkout.mark {
            self.write_if_other(&admin.join(CHECKOUT_MARK), mark)?;
        }
        self.door.bring_home(&Homecoming { admin_dir: admin, tree, common_dir, registration, worktree })
    }

    fn write_builder_mark(&self, restore: &Restore, mark: &BuilderMark) -> Result<()> {
        let found = restore.from.as_path().symlink_metadata().with_context(|| format!("{} cannot be read", restore.from))?;
        let mark = BuilderMark { identity: Some((found.dev(), found.ino())), ..mark.clone() };
        let place = match restore.shape {
            Shape::Anchored => restore.from.join(".git").join(BUILDER_MARK),
            Shape::Plain => {
                let own = self.desired.builders_dir.join(OWN_DIRECTORY).join("builders");
                self.door.make_directory(&own)?;
                own.join(format!("{}.json", restore.builder))
            }
            Shape::Nested => {
                let root = restore.checkouts.iter().find(|checkout| checkout.path.is_here());
                let root = root.with_context(|| format!("{} has no root", restore.entry.path))?;
                root.admin.join(BUILDER_MARK)
            }
        };
        self.write_if_other(&place, &mark)
    }

    /// Marks that are as they were keep their files, with the times of these.
    fn write_if_other<M: Serialize + DeserializeOwned + PartialEq>(&self, path: &AbsPath, mark: &M) -> Result<()> {
        if regular::read(path).is_ok_and(|bytes| serde_json::from_slice::<M>(&bytes).is_ok_and(|now| now == *mark)) {
            return Ok(());
        }
        self.door.write_own(path, &serde_json::to_vec_pretty(mark).context("a mark")?, Lasts::Now)
    }

    /// The registrations, then the one rename.
    fn put(&self, restore: &Restore) -> Result<()> {
        for checkout in restore.checkouts.iter().filter(|checkout| checkout.admin != checkout.registration) {
            self.door.put_registration(&checkout.admin, &checkout.registration)?;
        }
        if let Some(text) = &restore.ignore {
            self.door.write_own(&self.desired.builders_dir.join(".ignore"), text.as_bytes(), Lasts::Now)?;
        }
        if restore.empty {
            self.door.remove_empty(&restore.to)?;
        }
        if !restore.whole {
            self.door.make_directory(&restore.to.parent())?;
        }
        self.door.rename(&restore.from, &restore.to)
    }

    /// A nested root holds other checkouts and stays locked; the others never were.
    fn settle_lock(&self, checkout: &RestoredCheckout) -> Result<()> {
        if checkout.path.is_here() {
            let lock = OurLock { workspace: self.workspace.clone(), deed: Deed::Holding };
            return self.door.lock_worktree(&checkout.registration, &lock);
        }
        self.door.unlock_worktree(&checkout.registration)
    }

    /// A checkout of a builder that stayed: its anchor and its mark know of it again.
    fn record(&self, restore: &Restore) -> Result<()> {
        let entry = |checkout: &RestoredCheckout| {
            let start = checkout.mark.as_ref()?.start.clone();
            Some((checkout.path.clone(), Some(Record::Checkout(start))))
        };
        if restore.builder_path.join(".git").as_path().is_dir() {
            self.door.record(&restore.builder_path, &restore.checkouts.iter().filter_map(entry).collect())?;
        }
        if restore.files.is_empty() {
            return Ok(());
        }
        marks::change(self.door, self.desired, &restore.builder, &restore.builder_path, |mark| {
            for (to, file) in &restore.files {
                mark.files.entry(to.clone()).or_insert_with(|| file.clone());
            }
        })
    }

    /// What is left in the entry of what came back; the manifest goes last.
    fn clear(&self, restore: &Restore) -> Result<()> {
        let entry = &restore.entry.path;
        let stays =
            |name: &RepoName| restore.rest.as_ref().is_some_and(|rest| rest.checkouts.iter().any(|it| it.repository == *name));
        let all = restore.entry.manifest.iter().flat_map(|manifest| &manifest.checkouts).map(|checkout| &checkout.repository);
        for name in all.filter(|name| !stays(name)) {
            for kind in ["admin", "branch"] {
                self.door.unlink(&entry.join(kind).join(part(name)))?;
            }
        }
        if let Some(rest) = &restore.rest {
            return self.door.write_own(&entry.join(MANIFEST), &serde_json::to_vec_pretty(rest)?, Lasts::Now);
        }
        for kind in ["admin", "branch"] {
            self.door.remove_empty(&entry.join(kind))?;
        }
        let left = std::fs::read_dir(entry).with_context(|| format!("{entry} cannot be read"))?;
        if left.count() > 1 {
            // Somebody laid something beside the manifest: that stays.
            return self.door.remove_own(&entry.join(MANIFEST));
        }
        let gone = self.desired.builders_dir.join(OWN_DIRECTORY).join("new").join(&restore.entry.name);
        self.door.make_directory(&gone.parent())?;
        self.door.unlink(&gone)?;
        // One rename: a kill leaves an entry or none, never half of one. What is in there goes with the next apply.
        self.door.rename(entry, &gone)?;
        self.door.unlink(&gone)
    }
}

fn intent(restore: &Restore) -> Intent {
    let makes = restore.checkouts.iter().filter_map(|checkout| {
        let (branch, commit) = checkout.fate.makes()?;
        Some((checkout.repository.clone(), branch.clone(), commit.clone()))
    });
    Intent::Restore { entry: restore.entry.name.clone(), path: restore.to.clone(), makes: makes.collect() }
}
