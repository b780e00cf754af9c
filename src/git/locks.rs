//! One apply per workspace and one writer per repository: locks of the operating system that die with the process.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{Timespec, Timestamps, UTIME_NOW};

use super::{link, own_files};
use crate::diagnostic::Diagnostic;
use crate::model::mark::{OWN_DIRECTORY, REPOSITORY_LOCK, WORKSPACE_LOCK};
use crate::model::path::AbsPath;
use crate::regular;

/// How long to wait between two looks at a held lock.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a lock is tried at least: a reader that asks whether it is held has it for a moment.
const GRACE: Duration = Duration::from_millis(50);
/// The coarsest clock that a file system is expected to take its times from.
const TICK: Duration = Duration::from_millis(50);

/// Every lock that an apply needs; released when dropped.
#[derive(Debug)]
pub struct Locks {
    /// That of the workspace first.
    held: Vec<Held>,
}

/// One lock that is held.
#[derive(Debug)]
struct Held {
    /// The directory that it lies in.
    directory: AbsPath,
    /// Its own name.
    path: AbsPath,
    file: File,
    /// What it was before it was taken.
    before: Trace,
}

/// What tells whether anybody took a lock since: device, inode, time; `None`: there was none.
type Trace = Option<(u64, u64, i64, i64)>;

/// The locks that nobody held at a moment, as they were then. What is read after that moment is as good as read under the
/// locks, if they are still the same once they are taken.
#[derive(Debug)]
pub struct Unheld(Vec<(PathBuf, Trace)>);

impl Unheld {
    /// Looks at the lock of the workspace and of repositories. Makes none.
    #[must_use]
    pub fn look<'a>(builders_dir: &AbsPath, repositories: impl IntoIterator<Item = &'a AbsPath>) -> Self {
        let common_dirs = repositories.into_iter().filter_map(link::common_dir_of);
        let paths = common_dirs.map(|directory| directory.join(REPOSITORY_LOCK));
        let paths = std::iter::once(builders_dir.join(OWN_DIRECTORY).join(WORKSPACE_LOCK)).chain(paths);
        Unheld(paths.filter_map(|path| Some((link::real(path.as_path()), unheld(&path)?))).collect())
    }
}

/// `None`: somebody holds it, or it cannot be said.
fn unheld(path: &AbsPath) -> Option<Trace> {
    let file = match regular::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(None),
        opened => opened.ok()?,
    };
    file.try_lock().ok()?;
    let found = file.metadata();
    // Said rather than left to the end of `file`: a child that is started at this moment has it open too until its exec.
    let _ = file.unlock();
    let found = found.ok()?;
    // Whoever takes it within one tick of the clock leaves no other time on it.
    let is_settled = SystemTime::now().duration_since(found.modified().ok()?).is_ok_and(|age| age > TICK);
    is_settled.then(|| Some(trace(&found)))
}

fn trace(found: &Metadata) -> (u64, u64, i64, i64) {
    (found.dev(), found.ino(), found.mtime(), found.mtime_nsec())
}

impl Locks {
    /// Takes the lock of the workspace, then those of the repositories in the order of their paths. `waiting` is told
    /// once, in one line, when somebody else holds one. `None`: what one of them is for is not where it was any more, as
    /// whoever held the lock moved it.
    ///
    /// # Errors
    /// A lock is still held after `timeout`, or the file system has no locks.
    pub fn take(
        builders_dir: &AbsPath,
        common_dirs: &[AbsPath],
        timeout: Duration,
        waiting: &dyn Fn(&str),
    ) -> Result<Option<Self>> {
        let until = Instant::now() + timeout;
        let own = builders_dir.join(OWN_DIRECTORY);
        own_files::make_directory(builders_dir, &own)?;
        let mut common_dirs = common_dirs.to_vec();
        // By what they are: two ways to one directory are one lock, and every process has the same order.
        common_dirs.sort_by_cached_key(|directory| link::real(directory.as_path()));
        common_dirs.dedup_by_key(|directory| link::real(directory.as_path()));
        let mut locks = Locks { held: vec![] };
        let places = common_dirs.into_iter().map(|directory| (directory.join(REPOSITORY_LOCK), directory));
        for (path, directory) in std::iter::once((own.join(WORKSPACE_LOCK), own)).chain(places) {
            let Some((file, before)) = take_one(&path, until, waiting)? else { return Ok(None) };
            locks.held.push(Held { directory, path, file, before });
        }
        Ok(Some(locks))
    }

    /// Whether nobody had any of these between that look and the moment when they were taken.
    #[must_use]
    pub fn were_unheld_since(&self, look: &Unheld) -> bool {
        self.held.iter().all(|held| {
            let path = link::real(held.path.as_path());
            look.0.iter().any(|(seen, trace)| *seen == path && *trace == held.before)
        })
    }

    /// Whether the lock of a repository is among them.
    #[must_use]
    pub fn holds(&self, common_dir: &AbsPath) -> bool {
        let wanted = link::real(common_dir.as_path());
        self.held.iter().any(|held| link::real(held.directory.as_path()) == wanted)
    }

    /// Takes the lock of a further repository, if it is to be had at once: whoever waited for it here would do so out of
    /// the order, and for ever where the other one waits for one of these. Returns whether it is held.
    pub fn hold_also(&mut self, common_dir: &AbsPath) -> bool {
        if self.holds(common_dir) {
            return true;
        }
        let path = common_dir.join(REPOSITORY_LOCK);
        let Some((file, before)) = take_one(&path, Instant::now(), &|_| {}).ok().flatten() else { return false };
        self.held.push(Held { directory: common_dir.clone(), path, file, before });
        true
    }

    /// The same locks once more, for children that shall keep them while they run.
    pub(super) fn share(&self) -> Result<Shares> {
        let share = |held: &Held| Ok((held.directory.clone(), held.file.try_clone()?));
        let held = self.held.iter().map(share).collect::<std::io::Result<Vec<_>>>();
        Ok(Shares { held: held.context("a lock cannot be shared")? })
    }
}

/// Open locks for children: a git that outlives a killed wsctl keeps the lock of what it writes to until it ends. The
/// file goes to its standard input, read to the end already.
#[derive(Debug, Default)]
pub(super) struct Shares {
    held: Vec<(AbsPath, File)>,
}

impl Shares {
    /// The lock of what a git in this directory writes to: of its repository if that is locked, else of the workspace.
    pub(super) fn of(&self, directory: &Path) -> Option<File> {
        let repositories = self.held.get(1..)?;
        let of = |place: &Path| repositories.iter().find(|(common_dir, _)| place.starts_with(common_dir.as_path()));
        let found = of(directory).or_else(|| of(&link::git_dir_of(directory))).or_else(|| self.held.first())?;
        found.1.try_clone().ok()
    }
}

/// One lock, and what it was before; `None`: its directory is gone, or another lock lies at its path by now.
fn take_one(path: &AbsPath, until: Instant, waiting: &dyn Fn(&str)) -> Result<Option<(File, Trace)>> {
    let (may_wait, until) = (until > Instant::now(), until.max(Instant::now() + GRACE));
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false).custom_flags(nofollow);
    let made = options.clone().create_new(true).open(path).ok();
    let is_new = made.is_some();
    let mut file = match made.map_or_else(|| options.create(true).open(path), Ok) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("{path} cannot be opened"))?,
    };
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        bail!("{path} cannot be opened: not a regular file");
    }
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(Diagnostic::new(held(path), "try again with --lock-timeout 60s to wait longer").into());
            }
            Err(TryLockError::WouldBlock) => {
                if may_wait && !told {
                    waiting(&held(path));
                    told = true;
                }
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::Error(error)) => {
                let fact = format!("{path} cannot be locked: {error}");
                return Err(Diagnostic::new(fact, "put it on a file system with locks").into());
            }
        }
    }
    let place = path.as_path().symlink_metadata().ok();
    if place.is_none_or(|there| !file.metadata().is_ok_and(|held| (held.dev(), held.ino()) == (there.dev(), there.ino()))) {
        return Ok(None);
    }
    let before = if is_new { None } else { Some(trace(&file.metadata()?)) };
    // Only for people; the lock itself is the operating system's, and a full disk must not keep `prune` from it.
    let command = std::env::args_os().next().unwrap_or_default();
    let command = std::path::Path::new(&command).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = format!("{} {} {command}\n", std::process::id(), jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"));
    let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    // For `were_unheld_since` of others, on a full disk too.
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    let _ = rustix::fs::futimens(&file, &times);
    Ok(Some((file, before)))
}

/// Who holds a lock, as its file says.
fn held(path: &AbsPath) -> String {
    let mut text = String::new();
    let _ = regular::open(path).and_then(|file| file.take(200).read_to_string(&mut text));
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some(pid), Some(since)) if is_gone(pid) => {
            format!(
                "another wsctl (pid {pid}, since {since}) holds the lock {path}; \
                 it cannot be seen any more: a git that it started still works, or it runs in another container"
            )
        }
        (Some(pid), Some(since)) => format!("another wsctl (pid {pid}, since {since}) holds the lock {path}"),
        _ => format!("another wsctl holds the lock {path}"),
    }
}

/// Whether there certainly is no such process any more.
fn is_gone(pid: &str) -> bool {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}
