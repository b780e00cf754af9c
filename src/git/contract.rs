//! What goes through the door: every write that there is, as one trait.

use anyhow::Result;

use super::{
    Added, AnchorContent, Homecoming, Keep, Lasts, NewWorktree, On, Pointed, Progress, Records, Relink, Seeded, Unsettled,
};
use crate::model::desired::{Cloning, Url};
use crate::model::mark::OurLock;
use crate::model::name::{BranchName, ObjectId, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};
use crate::model::sparse::Cone;
use crate::model::stamp::SeenFiles;
use crate::plan::{BranchPlan, FileContent, Stale};

/// Everything that wsctl ever writes.
pub trait Door: Sync {
    /// Makes a directory of our own with its parents; nothing to do where it is one already.
    ///
    /// # Errors
    /// Something else, or a symbolic link, is in the way.
    fn make_directory(&self, path: &AbsPath) -> Result<()>;

    /// Writes a file of our own (mark, manifest, helper file) whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written; the old one is still there.
    fn write_own(&self, path: &AbsPath, bytes: &[u8], lasts: Lasts) -> Result<()>;

    /// Waits until all that was written to the file systems of these places is on the disk, by whomever.
    ///
    /// # Errors
    /// The disk refuses.
    fn flush(&self, places: &[AbsPath]) -> Result<()>;

    /// Appends to a file of our own that is there. A kill may leave a part of it, a power cut nothing.
    ///
    /// # Errors
    /// The file is not there, or the disk is full.
    fn append_own(&self, path: &AbsPath, bytes: &[u8]) -> Result<()>;

    /// Removes a file of our own; nothing to do where it is gone.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove_own(&self, path: &AbsPath) -> Result<()>;

    /// Writes a managed file whole or not at all, never through a symbolic link. Missing parents inside the builder are made.
    ///
    /// # Errors
    /// What is there is not `expect` (the hash of [`crate::model::mark::WrittenFile`]; `None`: nothing).
    fn write_managed(&self, builder: &AbsPath, to: &RelPath, content: &FileContent, expect: Option<&str>) -> Result<()>;

    /// Removes a managed file, and parents that this leaves empty, up to the builder.
    ///
    /// # Errors
    /// What is there is not `expect`.
    fn remove_managed(&self, builder: &AbsPath, to: &RelPath, expect: &str) -> Result<()>;

    /// Replaces a file of the user's whole or not at all; its mode stays, and so does a version that somebody saved meanwhile.
    /// `expect`: the bytes that it has; `None`: there is none. Returns what earlier replacements that were cut short left
    /// beside it and that is not certainly ours to unlink.
    ///
    /// # Errors
    /// It has other bytes by now, or cannot be written.
    fn replace_file(&self, file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>) -> Result<Vec<AbsPath>>;

    /// Clones beside `path`, then renames: `path` has a whole repository or nothing. `from` is the directory that a
    /// relative url is relative to; a path is cloned as a url is, where something is left out. What an earlier killed clone left beside it goes first.
    ///
    /// # Errors
    /// git's own reason in one line, without credentials.
    fn clone_repository(&self, what: (&Url, &Cloning), path: &AbsPath, from: &AbsPath, progress: Progress<'_>) -> Result<()>;

    /// Fetches every remote.
    ///
    /// # Errors
    /// git's own reason in one line, without credentials.
    fn fetch(&self, repository: &AbsPath, progress: Progress<'_>) -> Result<()>;

    /// Lets a remote have another url.
    ///
    /// # Errors
    /// Its url is not `old` any more.
    fn set_url(&self, repository: &AbsPath, remote: &str, old: &Url, new: &Url) -> Result<()>;

    /// Makes a branch that must not exist, at the commit of the plan; only [`BranchPlan::Track`] sets an upstream.
    /// Nothing to do for [`BranchPlan::Existing`] and [`BranchPlan::Detached`]. Its reflog says that this workspace made it, and from what.
    ///
    /// # Errors
    /// The branch exists, or git refuses its name.
    fn create_branch(&self, repository: &AbsPath, branch: &BranchName, plan: &BranchPlan, workspace: &WorkspaceId) -> Result<()>;

    /// Renames a branch that is still at `expect`, with its reflog and its configuration, also where it is checked out.
    ///
    /// # Errors
    /// It is elsewhere, the new name is taken, or git refuses.
    fn rename_branch(&self, repository: &AbsPath, from: &BranchName, to: &BranchName, expect: &ObjectId) -> Result<()>;

    /// Finishes a rename that was cut short, or undoes it where somebody went on under the old name. Nothing to do where
    /// it had not begun.
    ///
    /// # Errors
    /// As [`Door::rename_branch`].
    fn settle_rename(&self, repository: &AbsPath, from: &BranchName, to: &BranchName, expect: &ObjectId) -> Result<()>;

    /// Deletes a branch if it is still at `expect` and nowhere checked out. With `keep`, its reflog and its
    /// configuration are saved there first, as `reflog` and `config`.
    ///
    /// # Errors
    /// The branch is elsewhere or in use.
    fn delete_branch(&self, repository: &AbsPath, branch: &BranchName, expect: &ObjectId, keep: Option<&AbsPath>) -> Result<()>;

    /// Adds a worktree, locked with our reason from its first moment. Its path must be missing or an empty directory.
    ///
    /// # Errors
    /// git's own reason in one line. What was half made is still there, locked with our reason.
    fn add_worktree(&self, new: &NewWorktree<'_>) -> Result<Added>;

    /// Locks a worktree with our reason, which replaces an older reason of ours; durable with the next flush.
    ///
    /// # Errors
    /// Somebody else holds the lock.
    fn lock_worktree(&self, admin_dir: &AbsPath, lock: &OurLock) -> Result<()>;

    /// Unlocks a worktree that we hold.
    ///
    /// # Errors
    /// Somebody else holds the lock.
    fn unlock_worktree(&self, admin_dir: &AbsPath) -> Result<()>;

    /// Puts a checkout on an existing branch, or on none; never overwrites an ignored or untracked file.
    ///
    /// # Errors
    /// git's own reason in one line.
    fn switch(&self, checkout: &AbsPath, on: On<'_>) -> Result<()>;

    /// Limits a checkout to these directories by its own configuration; `None`: to none.
    ///
    /// # Errors
    /// Something that git does not know would be deleted, or is in the way.
    fn set_sparse(&self, checkout: &AbsPath, cone: Option<&Cone>) -> Result<()>;

    /// Clones submodules that are missing and checks out what is recorded, without those below them. They come from a path of
    /// this machine only where `repository` does.
    ///
    /// # Errors
    /// git's own reason in one line, for the first that it refuses; the others are there then.
    fn fill_submodules(&self, repository: &AbsPath, checkout: &AbsPath, paths: &[RelPath]) -> Result<()>;

    /// Fetches what git-lfs keeps of a checkout's commit, and puts it in the place of pointers, each whole. What is no pointer any
    /// more stays. Without paths, the index learns of what came before a call was cut short.
    ///
    /// # Errors
    /// The reason of git or git-lfs in one line, or a symbolic link is on the way.
    fn bring_content(&self, checkout: &AbsPath, paths: &[RelPath]) -> Result<()>;

    /// Brings a path of a main worktree, e.g. a build cache, into a new checkout, sharing its blocks; whole, or not at all.
    ///
    /// # Errors
    /// It cannot be read or written, or a symbolic link is on the way.
    fn seed(&self, main: &AbsPath, checkout: &AbsPath, path: &RelPath) -> Result<Seeded>;

    /// Detaches HEAD of a checkout where it is.
    ///
    /// # Errors
    /// HEAD is not at `expect`.
    fn park(&self, checkout: &AbsPath, expect: &ObjectId) -> Result<()>;

    /// Writes both link files of a worktree, and those of its submodules, each only if it still names what was seen.
    ///
    /// # Errors
    /// One of them names something else by now.
    fn relink(&self, link: &Relink<'_>) -> Result<()>;

    /// Makes the anchor repository in a directory without `.git`. Returns the commit that records the declaration.
    ///
    /// # Errors
    /// There is a `.git`, or something cannot be written.
    fn create_anchor(&self, directory: &AbsPath, anchor: &AnchorContent<'_>) -> Result<ObjectId>;

    /// Brings an anchor of ours to the given content: configuration, hook, exclude, and the commit after the root commit, by
    /// compare-and-swap. Makes again what is damaged, keeps objects and `opencode`, writes nothing that is right already.
    ///
    /// # Errors
    /// HEAD is not at `expect`.
    fn update_anchor(&self, directory: &AbsPath, anchor: &AnchorContent<'_>, expect: Option<&ObjectId>) -> Result<ObjectId>;

    /// Records checkouts and managed files in an anchor of ours, or forgets them (`None`), all at once, by compare-and-swap.
    /// Writes nothing that is right already, and nothing where somebody committed by hand.
    ///
    /// # Errors
    /// The anchor cannot be read or written.
    fn record(&self, directory: &AbsPath, entries: &Records) -> Result<()>;

    /// Renames, never over something; durable at once.
    ///
    /// # Errors
    /// `to` exists, or the two are on different file systems.
    fn rename(&self, from: &AbsPath, to: &AbsPath) -> Result<()>;

    /// Makes or moves the keeper: one ref that holds every object which only this worktree holds. Whether it wrote anything,
    /// which is to be flushed before what named these objects goes.
    ///
    /// # Errors
    /// Anything that could not be read: then nothing may be removed.
    fn keep(&self, keep: &Keep<'_>) -> Result<bool>;

    /// Moves (or copies, then removes) an admin directory to `into`, which must not exist; the registration is gone then.
    ///
    /// # Errors
    /// The entry no longer names the worktree that was seen.
    fn take_registration(&self, stale: &Stale, into: &AbsPath) -> Result<()>;

    /// Makes a branch that must not exist, or finds it at this commit. With `kept`, it gets the reflog and the
    /// configuration that [`Door::delete_branch`] saved there, where it has none.
    ///
    /// # Errors
    /// The branch is somewhere else, or cannot be beside another.
    fn bring_branch(&self, repository: &AbsPath, branch: &BranchName, commit: &ObjectId, kept: Option<&AbsPath>) -> Result<()>;

    /// Puts HEAD of an admin directory, which may lie in the trash, or the rebase that waits there, on another branch.
    ///
    /// # Errors
    /// git's own reason in one line, or there is no rebase.
    fn point(&self, pointed: &Pointed<'_>, branch: &BranchName) -> Result<()>;

    /// Lets the two ends of a worktree in the trash, and those of its submodules, name where they will be.
    ///
    /// # Errors
    /// One of the ends is missing, or no link.
    fn bring_home(&self, home: &Homecoming<'_>) -> Result<()>;

    /// Moves (or copies, then removes) an admin directory into `worktrees/`, under a name that must be free.
    ///
    /// # Errors
    /// The name is taken.
    fn put_registration(&self, from: &AbsPath, into: &AbsPath) -> Result<()>;

    /// Removes a registration whose worktree is gone and that holds nothing of value.
    ///
    /// # Errors
    /// The entry no longer is as seen, is locked by somebody else, or its worktree is there again.
    fn drop_registration(&self, stale: &Stale) -> Result<()>;

    /// Deletes a ref below `refs/wsctl/`; nothing to do where it is gone.
    ///
    /// # Errors
    /// git's own reason in one line.
    fn drop_keeper(&self, common_dir: &AbsPath, keeper: &str) -> Result<()>;

    /// Unlinks a directory tree of our own, below `<builders_dir>/.wsctl/`; never follows a symbolic link.
    ///
    /// # Errors
    /// The path lies elsewhere, or something cannot be unlinked.
    fn unlink(&self, path: &AbsPath) -> Result<()>;

    /// Unlinks these files of a tree of our own, while they are as seen, and directories left empty. Returns how many stay.
    ///
    /// # Errors
    /// The path lies elsewhere, has a mount point in it, or something cannot be unlinked.
    fn unlink_seen(&self, path: &AbsPath, files: &SeenFiles) -> Result<usize>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// It is not empty.
    fn remove_empty(&self, path: &AbsPath) -> Result<()>;

    /// Unlinks the temporaries that runs with these tokens left in a directory.
    ///
    /// # Errors
    /// One cannot be unlinked.
    fn sweep(&self, directory: &AbsPath, tokens: &[String]) -> Result<()>;

    /// Unlinks what clones to `path` left in runs with these tokens. What somebody worked in moves aside; returns where to.
    ///
    /// # Errors
    /// Something cannot be unlinked or moved.
    fn forget_clone(&self, path: &AbsPath, tokens: &[String]) -> Result<Option<AbsPath>>;

    /// Settles the temporaries of a managed file of a run that was cut short. What is not certainly ours moves aside; returns where to.
    ///
    /// # Errors
    /// Something cannot be read or moved.
    fn settle_managed(&self, file: &Unsettled<'_>) -> Result<Option<AbsPath>>;

    /// Removes a lock file that a git of ours left when it was killed. The caller has seen that nobody has it open.
    ///
    /// # Errors
    /// It is no lock file, or older than `since` (seconds since 1970).
    fn break_lock(&self, path: &AbsPath, since: i64) -> Result<()>;

    /// Brings index and files of a checkout that was leaving for `to` back to `from`. What `from` has not and is older than `since`
    /// (milliseconds since 1970) stays. Nothing to do where nothing of `to` is there yet.
    ///
    /// # Errors
    /// Something there is neither `from`'s nor on the way to `to`'s: then nothing is touched.
    fn undo_switch(&self, checkout: &AbsPath, from: &ObjectId, to: &ObjectId, since: i64) -> Result<()>;
}
