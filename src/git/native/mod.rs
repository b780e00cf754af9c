//! Makes branches and worktrees without the git command, as it would: to be chosen for a repository where the conditions
//! of [`terms`] hold, and where nothing of a tree has to be done by git. Everything else is left to git.

mod admin;
mod branch;
mod contents;
mod files;
mod hook;
mod refs;
mod template;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::command::Git;
use super::{Added, NewWorktree, On, branch as branches, link, own_files};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use admin::Admin;
pub(super) use refs::Head;
use template::Template;
use terms::Config;

/// Of how many trees a repository keeps what their checkouts have in common.
const TREES: usize = 8;

/// What is looked at once, by whoever comes first; `None`: git has to do it.
type Once<T> = Arc<OnceLock<Option<Arc<T>>>>;

/// The repositories that were looked at, each once in a run.
#[derive(Debug, Default)]
pub(super) struct Natives {
    looked_at: Mutex<BTreeMap<AbsPath, Once<Native>>>,
    /// Whether everything is left to git.
    none: bool,
    /// One git at a time writes to each repository: they would meet each other's lock files.
    turns: Mutex<BTreeMap<AbsPath, Arc<Mutex<()>>>>,
}

impl Natives {
    /// Of no repository at all.
    pub(super) fn none() -> Self {
        Natives { none: true, ..Natives::default() }
    }

    /// Lets git write to a repository when its turn comes.
    pub(super) fn in_turn<T>(&self, repository: &AbsPath, write: impl FnOnce() -> T) -> T {
        let place = link::common_dir_of(repository).unwrap_or_else(|| repository.clone());
        let turn = Arc::clone(self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default());
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        write()
    }

    /// A repository that may be written to natively, by its main worktree or by its common directory.
    pub(super) fn of(&self, git: &Git, repository: &AbsPath) -> Option<Arc<Native>> {
        if self.none {
            return None;
        }
        let common_dir = link::common_dir_of(repository)?;
        let mut all = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Arc::clone(all.entry(common_dir.clone()).or_default());
        drop(all);
        found.get_or_init(|| Native::open(git, repository, common_dir).ok().flatten().map(Arc::new)).clone()
    }
}

/// A repository with the conditions met.
pub(super) struct Native {
    repository: gix::ThreadSafeRepository,
    common_dir: AbsPath,
    /// Name and address.
    committer: (String, String),
    hooks: PathBuf,
    trees: Mutex<BTreeMap<gix::ObjectId, Once<Template>>>,
    /// Branches that came into being here: nobody can have been on them before.
    made: Mutex<BTreeSet<BranchName>>,
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Native").field("common_dir", &self.common_dir).finish_non_exhaustive()
    }
}

impl Native {
    fn open(git: &Git, path: &AbsPath, common_dir: AbsPath) -> Result<Option<Self>> {
        let config = Config::read(git, path)?;
        let Some(committer) = config.committer() else { return Ok(None) };
        if config.refusal().is_some() || common_dir.join("commondir").as_path().exists() {
            return Ok(None);
        }
        let hooks = config.hooks(&common_dir);
        if hook::is_there(&hooks, "reference-transaction") || terms::has_attributes_elsewhere(git, &config) {
            return Ok(None);
        }
        // What it reads of the configuration is what git said; the user's own files are left out.
        let keys = ["core.autocrlf", "core.eol", "core.filesreflocktimeout"];
        let said = keys.iter().filter_map(|key| Some(format!("{key}={}", config.value(key)?)));
        let options = gix::open::Options::isolated().bail_if_untrusted(true).config_overrides(said);
        let repository = gix::open_opts(common_dir.as_path(), options)?;
        let replaced = repository.references()?;
        if replaced.prefixed("refs/replace/")?.next().is_some() {
            return Ok(None);
        }
        Ok(Some(Native {
            repository: repository.into_sync(),
            common_dir,
            committer,
            hooks,
            trees: Mutex::default(),
            made: Mutex::default(),
        }))
    }

    /// Name, address and time, as a reflog has them.
    fn committer_now(&self) -> Result<String> {
        let (name, email) = &self.committer;
        let time = gix::date::Time::now_local_or_utc();
        let time = time.format(gix::date::time::Format::Raw)?;
        Ok(format!("{name} <{email}> {time}"))
    }

    fn remember(&self, branch: &BranchName) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(branch.clone());
    }

    fn is_new(&self, branch: &BranchName) -> bool {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(branch)
    }

    /// What the checkouts of a commit have in common; `None` where git has to make them.
    fn template(&self, repository: &gix::Repository, commit: gix::ObjectId) -> Result<Option<Arc<Template>>> {
        let commit = repository.find_commit(commit)?;
        let tree = commit.tree_id()?.detach();
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if trees.len() >= TREES && !trees.contains_key(&tree) {
            trees.clear();
        }
        let found = Arc::clone(trees.entry(tree).or_default());
        drop(trees);
        Ok(found.get_or_init(|| Template::read(repository, tree).ok().map(Arc::new)).clone())
    }

    /// The commit of what a worktree shall be on.
    fn commit(&self, repository: &gix::Repository, on: On<'_>) -> Result<Option<ObjectId>> {
        let branch = match on {
            On::Commit(commit) => return Ok(Some(commit.clone())),
            On::Branch(branch) => branch,
        };
        if !self.is_new(branch) {
            branches::refuse_checked_out(self.common_dir.as_path(), branch)?;
        }
        let found = repository.try_find_reference(branch.full().as_str())?;
        let id = found.and_then(|found| found.try_id().map(gix::Id::detach));
        id.map(|id| ObjectId::new(&id.to_string()).map_err(|error| anyhow!("{error}"))).transpose()
    }

    /// Adds a worktree; `None` where git has to do it, and nothing was written.
    ///
    /// # Errors
    /// The branch is in use, something is in the way, or the disk is full. What was half made is still there, locked with
    /// our reason.
    pub(super) fn add(&self, git: &Git, new: &NewWorktree<'_>) -> Result<Option<Added>> {
        let repository = self.repository.to_thread_local();
        let parent = link::real(new.path.parent().as_path());
        let worktree = parent.join(new.path.as_path().file_name().unwrap_or_default());
        let Some(stem) = admin::stem(&worktree) else { return Ok(None) };
        let Some(commit) = self.commit(&repository, new.on)? else { return Ok(None) };
        let id = gix::ObjectId::from_hex(commit.as_str().as_bytes())?;
        let Some(template) = self.template(&repository, id)? else { return Ok(None) };
        let committer = self.committer_now()?;
        let admin = Admin { worktree: &worktree, on: new.on, commit: &commit, lock: new.lock, committer };
        let admin_dir = admin.make(self.common_dir.as_path(), stem)?;
        if let Err(error) = fill(&repository, &template, &worktree, &admin_dir) {
            take_back(&worktree, &admin_dir);
            return Err(error);
        }
        let ended = hook::run(git, &self.hooks, (new.repository.as_path(), &worktree), &commit);
        let warning = match ended {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("the post-checkout hook failed in {} ({status})", new.path)),
            Err(error) => Some(format!("the post-checkout hook cannot be run in {}: {error:#}", new.path)),
        };
        Ok(Some(Added { admin_dir, warning }))
    }
}

/// Writes the worktree of an admin directory: its link first, the index last.
fn fill(repository: &gix::Repository, template: &Template, worktree: &Path, admin_dir: &AbsPath) -> Result<()> {
    let failed = || format!("{} cannot be written", worktree.display());
    fs::create_dir_all(worktree).with_context(failed)?;
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let root = rustix::fs::openat(CWD, worktree, flags, Mode::empty()).with_context(failed)?;
    let gitdir = [b"gitdir: ", admin_dir.as_path().as_os_str().as_encoded_bytes(), b"\n"].concat();
    // By one rename: a link without a target would be nobody's.
    let draft = format!("{}git", own_files::temporary(own_files::token()?));
    let link = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let link = rustix::fs::openat(root.as_fd(), draft.as_str(), link, Mode::from_raw_mode(0o666)).with_context(failed)?;
    let written = std::io::Write::write_all(&mut fs::File::from(link), &gitdir);
    let made = written.and_then(|()| own_files::rename_new(&worktree.join(&draft), &worktree.join(".git")));
    if let Err(error) = made {
        let _ = rustix::fs::unlinkat(&root, draft.as_str(), AtFlags::empty());
        return Err(error).with_context(failed);
    }
    let mut index = files::write(repository, template, &root)?;
    let mut hasher = gix::hash::hasher(repository.object_hash());
    hasher.update(&index);
    let checksum = hasher.try_finalize()?;
    index.extend(checksum.as_bytes());
    let (lock, place) = (admin_dir.join("index.lock"), admin_dir.join("index"));
    let kept = fs::write(&lock, &index).and_then(|()| own_files::rename_new(lock.as_path(), place.as_path()));
    if kept.is_err() {
        let _ = fs::remove_file(&lock);
        files::take_back(template, &root, &index);
    }
    kept.with_context(failed)
}

/// Takes back what is left of a worktree that could not be filled: nothing where somebody put something of his own into it.
fn take_back(worktree: &Path, admin_dir: &AbsPath) {
    if AbsPath::new(worktree).is_ok_and(|path| link::admin_dir_of(&path).is_ok_and(|named| named == *admin_dir)) {
        let entries = fs::read_dir(worktree).into_iter().flatten();
        let is_alone =
            entries.map(|entry| entry.map(|entry| entry.file_name())).all(|name| name.is_ok_and(|name| name == ".git"));
        if is_alone {
            let _ = fs::remove_file(worktree.join(".git"));
        }
    }
    let _ = fs::remove_dir(worktree);
    if worktree.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let _ = fs::remove_dir_all(admin_dir);
        let _ = fs::remove_dir(admin_dir.parent());
    }
}
