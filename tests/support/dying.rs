//! A door that dies: from one call on nothing is written any more, as after a kill.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use wsctl::git::{Added, AnchorContent, Door, Homecoming, Keep, Pointed, Record, Relink};
use wsctl::model::desired::Url;
use wsctl::model::mark::OurLock;
use wsctl::model::name::{BranchName, ObjectId};
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::plan::{BranchPlan, FileContent, Stale};

/// Dies before one of its calls, which is after the one before that.
pub struct DyingDoor<'a> {
    pub door: &'a dyn Door,
    /// The number of the call, from 0.
    pub at: usize,
    pub calls: AtomicUsize,
}

impl<'a> DyingDoor<'a> {
    pub fn new(door: &'a dyn Door, at: usize) -> Self {
        DyingDoor { door, at, calls: AtomicUsize::new(0) }
    }

    /// Whether it came to its end before its death.
    pub fn survived(&self) -> bool {
        self.calls.load(Ordering::SeqCst) <= self.at
    }

    fn pass<T>(&self, call: impl FnOnce(&dyn Door) -> Result<T>) -> Result<T> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if number < self.at {
            return call(self.door);
        }
        bail!("killed at call {number}")
    }
}

macro_rules! pass {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl Door for DyingDoor<'_> {
            $(fn $name(&self, $($argument: $kind),*) -> Result<$result> {
                self.pass(|door| door.$name($($argument),*))
            })*
        }
    };
}

type Progress<'a> = &'a (dyn Fn(&str, Option<u8>) + Sync);

pass! {
    make_directory(path: &AbsPath) -> ();
    write_own(path: &AbsPath, bytes: &[u8]) -> ();
    append_own(path: &AbsPath, bytes: &[u8]) -> ();
    remove_own(path: &AbsPath) -> ();
    write_managed(builder: &AbsPath, to: &RelPath, content: &FileContent, expect: Option<&str>) -> ();
    remove_managed(builder: &AbsPath, to: &RelPath, expect: &str) -> ();
    clone_repository(url: &Url, path: &AbsPath, from: &AbsPath, progress: Progress<'_>) -> ();
    fetch(repository: &AbsPath, progress: Progress<'_>) -> ();
    create_branch(repository: &AbsPath, branch: &BranchName, plan: &BranchPlan) -> ();
    delete_branch(repository: &AbsPath, branch: &BranchName, expect: &ObjectId, keep: Option<&AbsPath>) -> ();
    add_worktree(repository: &AbsPath, path: &AbsPath, branch: &BranchName, lock: &OurLock) -> Added;
    lock_worktree(admin_dir: &AbsPath, lock: &OurLock) -> ();
    unlock_worktree(admin_dir: &AbsPath) -> ();
    switch(checkout: &AbsPath, branch: &BranchName) -> ();
    park(checkout: &AbsPath, expect: &ObjectId) -> ();
    relink(link: &Relink<'_>) -> ();
    create_anchor(directory: &AbsPath, anchor: &AnchorContent<'_>) -> ObjectId;
    update_anchor(directory: &AbsPath, anchor: &AnchorContent<'_>, expect: Option<&ObjectId>) -> ObjectId;
    record(directory: &AbsPath, path: &RelPath, entry: Option<&Record>) -> ();
    rename(from: &AbsPath, to: &AbsPath) -> ();
    keep(keep: &Keep<'_>) -> ();
    take_registration(stale: &Stale, into: &AbsPath) -> ();
    bring_branch(repository: &AbsPath, branch: &BranchName, commit: &ObjectId, kept: Option<&AbsPath>) -> ();
    point(pointed: &Pointed<'_>, branch: &BranchName) -> ();
    bring_home(home: &Homecoming<'_>) -> ();
    put_registration(from: &AbsPath, into: &AbsPath) -> ();
    drop_registration(stale: &Stale) -> ();
    drop_keeper(common_dir: &AbsPath, keeper: &str) -> ();
    unlink(path: &AbsPath) -> ();
    remove_empty(path: &AbsPath) -> ();
}
