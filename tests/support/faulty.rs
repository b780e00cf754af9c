//! A door that counts what passes it, and breaks at one call: before or after it acted, for once or for good.

use std::sync::Mutex;

use anyhow::{Result, bail};
use wsctl::git::{
    Added, AnchorContent, Door, Homecoming, Keep, Lasts, NewWorktree, On, Pointed, Records, Relink, Seeded, Unsettled,
};
use wsctl::model::desired::{Cloning, Url};
use wsctl::model::mark::OurLock;
use wsctl::model::name::{BranchName, ObjectId, WorkspaceId};
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::model::sparse::Cone;
use wsctl::model::stamp::SeenFiles;
use wsctl::plan::{BranchPlan, FileContent, Stale};

/// How a call breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// It does nothing and says that it failed.
    FailBefore,
    /// It acts and says that it failed.
    FailAfter,
    /// Neither it nor any later call acts: the process was killed before it.
    DieBefore,
    /// It acts, and no later call does.
    DieAfter,
}

pub const MODES: [Mode; 4] = [Mode::FailBefore, Mode::FailAfter, Mode::DieBefore, Mode::DieAfter];

/// Which call breaks, counted from 0, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub call: usize,
    pub mode: Mode,
}

/// The door.
pub struct Faulty<'a> {
    inner: &'a dyn Door,
    fault: Option<Fault>,
    calls: Mutex<Vec<&'static str>>,
}

impl<'a> Faulty<'a> {
    pub fn new(inner: &'a dyn Door, fault: Option<Fault>) -> Self {
        Faulty { inner, fault, calls: Mutex::new(Vec::new()) }
    }

    /// The names of the calls, in their order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    fn pass<T>(&self, name: &'static str, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(name);
            calls.len() - 1
        };
        let Some(fault) = self.fault else { return act() };
        match fault.mode {
            Mode::FailBefore if number == fault.call => bail!("made to fail before {name}"),
            Mode::FailAfter if number == fault.call => {
                act()?;
                bail!("made to fail after {name}")
            }
            Mode::DieBefore if number >= fault.call => bail!("killed before {name}"),
            Mode::DieAfter if number == fault.call => {
                act()?;
                bail!("killed after {name}")
            }
            Mode::DieAfter if number > fault.call => bail!("killed before {name}"),
            Mode::FailBefore | Mode::FailAfter | Mode::DieBefore | Mode::DieAfter => act(),
        }
    }
}

/// Every method in one line: its name, its arguments, what it returns.
macro_rules! pass_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Door for Faulty<'_> {
            $(fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                self.pass(stringify!($name), || self.inner.$name($($argument),*))
            })*
        }
    };
}

pass_on! {
    fn make_directory(path: &AbsPath) -> ();
    fn write_own(path: &AbsPath, bytes: &[u8], lasts: Lasts) -> ();
    fn flush(places: &[AbsPath]) -> ();
    fn append_own(path: &AbsPath, bytes: &[u8]) -> ();
    fn remove_own(path: &AbsPath) -> ();
    fn write_managed(builder: &AbsPath, to: &RelPath, content: &FileContent, expect: Option<&str>) -> ();
    fn remove_managed(builder: &AbsPath, to: &RelPath, expect: &str) -> ();
    fn replace_file(file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>) -> Vec<AbsPath>;
    fn clone_repository(what: (&Url, &Cloning), path: &AbsPath, from: &AbsPath, progress: &(dyn Fn(&str, Option<u8>) + Sync)) -> ();
    fn fetch(repository: &AbsPath, progress: &(dyn Fn(&str, Option<u8>) + Sync)) -> ();
    fn create_branch(repository: &AbsPath, branch: &BranchName, plan: &BranchPlan, workspace: &WorkspaceId) -> ();
    fn delete_branch(repository: &AbsPath, branch: &BranchName, expect: &ObjectId, keep: Option<&AbsPath>) -> ();
    fn add_worktree(new: &NewWorktree<'_>) -> Added;
    fn lock_worktree(admin_dir: &AbsPath, lock: &OurLock) -> ();
    fn unlock_worktree(admin_dir: &AbsPath) -> ();
    fn switch(checkout: &AbsPath, on: On<'_>) -> ();
    fn set_sparse(checkout: &AbsPath, cone: Option<&Cone>) -> ();
    fn fill_submodules(repository: &AbsPath, checkout: &AbsPath, paths: &[RelPath]) -> ();
    fn bring_content(checkout: &AbsPath, paths: &[RelPath]) -> ();
    fn seed(main: &AbsPath, checkout: &AbsPath, path: &RelPath) -> Seeded;
    fn park(checkout: &AbsPath, expect: &ObjectId) -> ();
    fn set_url(repository: &AbsPath, remote: &str, old: &Url, new: &Url) -> ();
    fn rename_branch(repository: &AbsPath, from: &BranchName, to: &BranchName, expect: &ObjectId) -> ();
    fn settle_rename(repository: &AbsPath, from: &BranchName, to: &BranchName, expect: &ObjectId) -> ();
    fn relink(link: &Relink<'_>) -> ();
    fn create_anchor(directory: &AbsPath, anchor: &AnchorContent<'_>) -> ObjectId;
    fn update_anchor(directory: &AbsPath, anchor: &AnchorContent<'_>, expect: Option<&ObjectId>) -> ObjectId;
    fn record(directory: &AbsPath, entries: &Records) -> ();
    fn rename(from: &AbsPath, to: &AbsPath) -> ();
    fn keep(keep: &Keep<'_>) -> bool;
    fn take_registration(stale: &Stale, into: &AbsPath) -> ();
    fn bring_branch(repository: &AbsPath, branch: &BranchName, commit: &ObjectId, kept: Option<&AbsPath>) -> ();
    fn point(pointed: &Pointed<'_>, branch: &BranchName) -> ();
    fn bring_home(home: &Homecoming<'_>) -> ();
    fn put_registration(from: &AbsPath, into: &AbsPath) -> ();
    fn drop_registration(stale: &Stale) -> ();
    fn drop_keeper(common_dir: &AbsPath, keeper: &str) -> ();
    fn unlink(path: &AbsPath) -> ();
    fn unlink_seen(path: &AbsPath, files: &SeenFiles) -> usize;
    fn remove_empty(path: &AbsPath) -> ();
    fn sweep(directory: &AbsPath, tokens: &[String]) -> ();
    fn forget_clone(path: &AbsPath, tokens: &[String]) -> Option<AbsPath>;
    fn settle_managed(file: &Unsettled<'_>) -> Option<AbsPath>;
    fn break_lock(path: &AbsPath, since: i64) -> ();
    fn undo_switch(checkout: &AbsPath, from: &ObjectId, to: &ObjectId, since: i64) -> ();
}
