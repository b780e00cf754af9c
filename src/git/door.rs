//! The door as it is in use: our own files by ourselves, objects by gix, the rest by the git command.

use std::ffi::OsString;

use anyhow::Result;

use super::command::Git;
use super::native::Natives;
use super::{
    Added, AnchorContent, Door, Homecoming, Keep, Lasts, Locks, NewWorktree, On, Pointed, Records, Relink, Seeded, Unsettled,
};
use super::{
    anchor, branch, clone, edited, homecoming, keeper, lfs, link, managed, own_files, registration, rename, seed, sparse,
    submodule, sweep, switching, unlink, worktree, worktree_lock,
};
use crate::model::desired::{Cloning, Desired, Url};
use crate::model::lfs::Lfs;
use crate::model::mark::{OWN_DIRECTORY, OurLock};
use crate::model::name::{BranchName, ObjectId, WorkspaceId};
use crate::model::path::{AbsPath, RelPath};
use crate::model::sparse::Cone;
use crate::model::stamp::SeenFiles;
use crate::plan::{BranchPlan, FileContent, Stale};

/// Writes with the git command on PATH.
#[derive(Debug)]
pub struct GitDoor {
    builders_dir: AbsPath,
    git: Git,
    natives: Natives,
}

impl GitDoor {
    /// A door for one workspace. With `input`, git may ask for a password on the terminal.
    ///
    /// # Errors
    /// There is no git, or one older than 2.38.
    pub fn new(builders_dir: &AbsPath, input: bool) -> Result<Self> {
        Self::with_environment(builders_dir, input, std::env::vars_os())
    }

    /// A door for the workspace of a file: as [`GitDoor::new`], and what it says of git-lfs holds for every git.
    ///
    /// # Errors
    /// There is no git, or one older than 2.38.
    pub fn of(desired: &Desired, input: bool) -> Result<Self> {
        Ok(Self::new(&desired.builders_dir, input)?.leaving_pointers(desired))
    }

    /// The same, with pointers in the place of files of git-lfs wherever the file says so.
    #[must_use]
    pub fn leaving_pointers(mut self, desired: &Desired) -> Self {
        let repositories = desired.repositories.values().filter(|repository| repository.lfs == Lfs::Pointers);
        self.git.leave_pointers(repositories.map(|repository| repository.path.clone()).collect());
        self
    }

    /// As [`GitDoor::new`], for a caller with this environment; its `GIT_*` variables are left out.
    ///
    /// # Errors
    /// There is no git, or one older than 2.38.
    pub fn with_environment(
        builders_dir: &AbsPath,
        input: bool,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self> {
        let git = Git::new(environment, input);
        git.check()?;
        Ok(GitDoor { builders_dir: builders_dir.clone(), git, natives: Natives::default() })
    }

    /// The same without the native way of writing: every branch and worktree is made by the git command.
    #[must_use]
    pub fn by_git_alone(mut self) -> Self {
        self.natives = Natives::none();
        self
    }

    /// Lets every git that this door starts keep the locks of what it writes to until it ends, also when this process
    /// is killed before.
    ///
    /// # Errors
    /// No file can be opened any more.
    pub fn holding(mut self, locks: &Locks) -> Result<Self> {
        self.git.hold(locks.share()?);
        Ok(self)
    }
}

impl Door for GitDoor {
    fn make_directory(&self, path: &AbsPath) -> Result<()> {
        own_files::make_directory(&self.builders_dir, path)
    }

    fn write_own(&self, path: &AbsPath, bytes: &[u8], lasts: Lasts) -> Result<()> {
        own_files::write_own(&self.builders_dir, path, bytes, lasts)
    }

    fn flush(&self, places: &[AbsPath]) -> Result<()> {
        // The git directory of a repository may lie elsewhere.
        let elsewhere = places.iter().filter(|place| place.join(".git").as_path().is_file());
        let git_dirs = elsewhere.map(|place| AbsPath::new(link::git_dir_of(place.as_path()))).collect::<Result<Vec<_>, _>>()?;
        own_files::flush(places.iter().chain(&git_dirs))
    }

    fn append_own(&self, path: &AbsPath, bytes: &[u8]) -> Result<()> {
        own_files::append_own(&self.builders_dir, path, bytes)
    }

    fn remove_own(&self, path: &AbsPath) -> Result<()> {
        own_files::remove_own(&self.builders_dir, path)
    }

    fn write_managed(&self, builder: &AbsPath, to: &RelPath, content: &FileContent, expect: Option<&str>) -> Result<()> {
        managed::write(builder, to, content, expect)
    }

    fn remove_managed(&self, builder: &AbsPath, to: &RelPath, expect: &str) -> Result<()> {
        managed::remove(builder, to, expect)
    }

    fn replace_file(&self, file: &AbsPath, bytes: &[u8], expect: Option<&[u8]>) -> Result<Vec<AbsPath>> {
        edited::replace(file, bytes, expect)
    }

    fn clone_repository(
        &self,
        what: (&Url, &Cloning),
        path: &AbsPath,
        from: &AbsPath,
        progress: &(dyn Fn(&str, Option<u8>) + Sync),
    ) -> Result<()> {
        clone::clone(&self.git, what, path, from, progress)
    }

    fn fetch(&self, repository: &AbsPath, progress: &(dyn Fn(&str, Option<u8>) + Sync)) -> Result<()> {
        clone::fetch(&self.git, repository, progress)
    }

    fn set_url(&self, repository: &AbsPath, remote: &str, old: &Url, new: &Url) -> Result<()> {
        clone::set_url(&self.git, repository, remote, (old, new))
    }

    fn create_branch(&self, repository: &AbsPath, name: &BranchName, plan: &BranchPlan, workspace: &WorkspaceId) -> Result<()> {
        branch::create((&self.git, &self.natives), repository, name, plan, workspace)
    }

    fn rename_branch(&self, repository: &AbsPath, from: &BranchName, to: &BranchName, expect: &ObjectId) -> Result<()> {
        rename::rename(&self.git, repository, (from, to), expect)
    }

    fn settle_rename(&self, repository: &AbsPath, from: &BranchName, to: &BranchName, expect: &ObjectId) -> Result<()> {
        rename::settle(&self.git, repository, (from, to), expect)
    }

    fn delete_branch(&self, repository: &AbsPath, name: &BranchName, expect: &ObjectId, keep: Option<&AbsPath>) -> Result<()> {
        branch::delete((&self.git, &self.natives), repository, name, expect, keep)
    }

    fn add_worktree(&self, new: &NewWorktree<'_>) -> Result<Added> {
        own_files::refuse_links(&self.builders_dir, new.path)?;
        worktree::add((&self.git, &self.natives), new)
    }

    fn lock_worktree(&self, admin_dir: &AbsPath, lock: &OurLock) -> Result<()> {
        worktree_lock::lock(admin_dir, lock)
    }

    fn unlock_worktree(&self, admin_dir: &AbsPath) -> Result<()> {
        worktree_lock::unlock(admin_dir)
    }

    fn switch(&self, checkout: &AbsPath, on: On<'_>) -> Result<()> {
        worktree::switch(&self.git, checkout, on)
    }

    fn set_sparse(&self, checkout: &AbsPath, cone: Option<&Cone>) -> Result<()> {
        sparse::set(&self.git, checkout, cone)
    }

    fn fill_submodules(&self, repository: &AbsPath, checkout: &AbsPath, paths: &[RelPath]) -> Result<()> {
        submodule::fill(&self.git, repository, checkout, paths)
    }

    fn bring_content(&self, checkout: &AbsPath, paths: &[RelPath]) -> Result<()> {
        lfs::bring(&self.git, &self.builders_dir.join(OWN_DIRECTORY), checkout, paths)
    }

    fn seed(&self, main: &AbsPath, checkout: &AbsPath, path: &RelPath) -> Result<Seeded> {
        seed::seed(&self.builders_dir.join(OWN_DIRECTORY), main, checkout, path)
    }

    fn park(&self, checkout: &AbsPath, expect: &ObjectId) -> Result<()> {
        worktree::park(&self.git, checkout, expect)
    }

    fn relink(&self, relink: &Relink<'_>) -> Result<()> {
        homecoming::rejoin(&self.git, relink)
    }

    fn create_anchor(&self, directory: &AbsPath, content: &AnchorContent<'_>) -> Result<ObjectId> {
        anchor::create(directory, content)
    }

    fn update_anchor(&self, directory: &AbsPath, content: &AnchorContent<'_>, expect: Option<&ObjectId>) -> Result<ObjectId> {
        anchor::update(&self.git, directory, content, expect)
    }

    fn record(&self, directory: &AbsPath, entries: &Records) -> Result<()> {
        anchor::record(&self.git, directory, entries)
    }

    fn rename(&self, from: &AbsPath, to: &AbsPath) -> Result<()> {
        own_files::rename(from, to)
    }

    fn keep(&self, keep: &Keep<'_>) -> Result<bool> {
        keeper::keep((&self.git, &self.natives), keep)
    }

    fn take_registration(&self, stale: &Stale, into: &AbsPath) -> Result<()> {
        registration::take(stale, into)
    }

    fn bring_branch(&self, repository: &AbsPath, branch: &BranchName, commit: &ObjectId, kept: Option<&AbsPath>) -> Result<()> {
        homecoming::branch(&self.git, repository, branch, commit.as_str(), kept)
    }

    fn point(&self, pointed: &Pointed<'_>, branch: &BranchName) -> Result<()> {
        homecoming::point(&self.git, pointed, branch)
    }

    fn bring_home(&self, home: &Homecoming<'_>) -> Result<()> {
        homecoming::bring(&self.git, home)
    }

    fn put_registration(&self, from: &AbsPath, into: &AbsPath) -> Result<()> {
        registration::put(from, into)
    }

    fn drop_registration(&self, stale: &Stale) -> Result<()> {
        registration::drop_stale(&self.git, stale)
    }

    fn drop_keeper(&self, common_dir: &AbsPath, keeper: &str) -> Result<()> {
        keeper::forget((&self.git, &self.natives), common_dir, keeper)
    }

    fn unlink(&self, path: &AbsPath) -> Result<()> {
        unlink::own(&self.builders_dir, path)
    }

    fn unlink_seen(&self, path: &AbsPath, files: &SeenFiles) -> Result<usize> {
        unlink::seen(&self.builders_dir, path, files)
    }

    fn remove_empty(&self, path: &AbsPath) -> Result<()> {
        own_files::remove_empty(path)
    }

    fn sweep(&self, directory: &AbsPath, tokens: &[String]) -> Result<()> {
        sweep::sweep(directory, tokens)
    }

    fn forget_clone(&self, path: &AbsPath, tokens: &[String]) -> Result<Option<AbsPath>> {
        clone::forget(&self.git, path, tokens)
    }

    fn settle_managed(&self, file: &Unsettled<'_>) -> Result<Option<AbsPath>> {
        managed::settle(file)
    }

    fn break_lock(&self, path: &AbsPath, since: i64) -> Result<()> {
        sweep::break_lock(path, since)
    }

    fn undo_switch(&self, checkout: &AbsPath, from: &ObjectId, to: &ObjectId, since: i64) -> Result<()> {
        switching::undo(&self.git, checkout, (from, to), since)
    }
}
