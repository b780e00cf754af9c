//! What the door is told, and what it tells back, where a name and a path do not do.

use std::collections::BTreeMap;

use crate::model::actual::ObjectFormat;
use crate::model::mark::OurLock;
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::{AbsPath, RelPath};
use crate::model::sparse::Cone;
use crate::plan::FileContent;

/// Who hears how far git is: what it does, and how much of it in percent.
pub type Progress<'a> = &'a (dyn Fn(&str, Option<u8>) + Sync);

/// What HEAD of a worktree shall be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On<'a> {
    /// A branch, which must exist.
    Branch(&'a BranchName),
    /// No branch: this commit.
    Commit(&'a ObjectId),
}

/// A worktree to make.
#[derive(Debug, Clone, Copy)]
pub struct NewWorktree<'a> {
    /// The main worktree of its repository.
    pub repository: &'a AbsPath,
    /// Where it will be.
    pub path: &'a AbsPath,
    /// What it will be on.
    pub on: On<'a>,
    /// The directories that it has; `None`: as git makes it.
    pub sparse: Option<&'a Cone>,
    /// Our reason, with which it is locked from its first moment.
    pub lock: &'a OurLock,
}

/// What [`super::Door::add_worktree`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The admin directory of the new worktree.
    pub admin_dir: AbsPath,
    /// What went wrong without harm, e.g. a post-checkout hook that failed.
    pub warning: Option<String>,
}

/// Both ends of a link to write again.
#[derive(Debug, Clone, Copy)]
pub struct Relink<'a> {
    /// The admin directory.
    pub admin_dir: &'a AbsPath,
    /// The repository's common directory.
    pub common_dir: &'a AbsPath,
    /// The worktree.
    pub worktree: &'a AbsPath,
    /// The worktree that `gitdir` must still name; a relative path counts from where it was.
    pub old_worktree: &'a AbsPath,
    /// The admin directory that the worktree's `.git` must still name.
    pub old_admin_dir: &'a AbsPath,
}

/// A worktree on its way back.
#[derive(Debug, Clone, Copy)]
pub struct Homecoming<'a> {
    /// Where its admin directory is.
    pub admin_dir: &'a AbsPath,
    /// Where its files are.
    pub tree: &'a AbsPath,
    /// The repository's common directory.
    pub common_dir: &'a AbsPath,
    /// Where its admin directory will be.
    pub registration: &'a AbsPath,
    /// Where its files will be.
    pub worktree: &'a AbsPath,
}

/// What shall be on another branch.
#[derive(Debug, Clone, Copy)]
pub struct Pointed<'a> {
    /// The admin directory.
    pub admin_dir: &'a AbsPath,
    /// The repository's common directory.
    pub common_dir: &'a AbsPath,
    /// The rebase that waits there; else HEAD.
    pub rebase: bool,
}

/// What an anchor shall hold.
#[derive(Debug, Clone, Copy)]
pub struct AnchorContent<'a> {
    /// The hash of its objects; an existing anchor of another format is made again.
    pub format: ObjectFormat,
    /// The branch it is on.
    pub branch: &'a BranchName,
    /// A line that no other builder has, for the root commit.
    pub unique: &'a str,
    /// Checkouts: path and commit.
    pub gitlinks: &'a [(RelPath, ObjectId)],
    /// Managed files outside checkouts.
    pub files: &'a [(RelPath, FileContent)],
    /// Checkouts of another object format, for `info/exclude`.
    pub excluded: &'a [RelPath],
    /// Every checkout's path, for the hook's message.
    pub checkouts: &'a [RelPath],
}

/// Entries to record in an anchor, by their paths in the builder; `None`: to be forgotten.
pub type Records = BTreeMap<RelPath, Option<Record>>;

/// One entry to record in an anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A checkout and the commit it had when created.
    Checkout(ObjectId),
    /// A checkout that is to be read, where it was put last: a gitlink that is there goes along.
    Reference(ObjectId),
    /// A managed file.
    File(FileContent),
}

/// What a keeper shall hold.
#[derive(Debug, Clone, Copy)]
pub struct Keep<'a> {
    /// The repository's common directory.
    pub common_dir: &'a AbsPath,
    /// The worktree's admin directory.
    pub admin_dir: &'a AbsPath,
    /// The branch whose reflog goes with it, if one shall be deleted.
    pub branch: Option<&'a BranchName>,
    /// Where its reflog and its configuration are saved for [`super::Door::delete_branch`].
    pub save: Option<&'a AbsPath>,
    /// The keeper's full name, below `refs/wsctl/`.
    pub name: &'a str,
}

/// A managed file whose writing or removal may have been cut short.
#[derive(Debug, Clone, Copy)]
pub struct Unsettled<'a> {
    /// The builder's directory.
    pub builder: &'a AbsPath,
    /// The path in it.
    pub to: &'a RelPath,
    /// The hash of what was there before.
    pub old: Option<&'a str>,
    /// The hash of what was to be there.
    pub new: Option<&'a str>,
    /// The tokens in the names of its temporaries.
    pub tokens: &'a [String],
    /// The directory of our own for what is not ours.
    pub aside: &'a AbsPath,
}

/// When a file of our own that was written whole is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// At once.
    Now,
    /// With the next flush: until then a power cut may leave the old file, never a part of the new one.
    Soon,
}
