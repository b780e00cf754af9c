//! One apply per workspace and one writer per repository: locks of the operating system that die with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::own_files;
use crate::diagnostic::Diagnostic;
use crate::model::mark::OWN_DIRECTORY;
use crate::model::path::AbsPath;

/// The lock's name in `<builders_dir>/.wsctl/`.
const WORKSPACE_LOCK: &str = "lock";
/// The lock's name in a repository's common directory.
const REPOSITORY_LOCK: &str = "wsctl.lock";
/// How long to wait between two looks at a held lock.
const PAUSE: Duration = Duration::from_millis(50);

/// Every lock that an apply needs; released when dropped.
#[derive(Debug)]
pub struct Locks {
    files: Vec<File>,
}

impl Locks {
    /// Takes the lock of the workspace, then those of the repositories in the order of their paths. `waiting` is told
    /// once, in one line, when somebody else holds one.
    ///
    /// # Errors
    /// A lock is still held after `timeout`, or the file system has no locks.
    pub fn take(builders_dir: &AbsPath, common_dirs: &[AbsPath], timeout: Duration, waiting: &dyn Fn(&str)) -> Result<Self> {
        let until = Instant::now() + timeout;
        let own = builders_dir.join(OWN_DIRECTORY);
        own_files::make_directory(builders_dir, &own)?;
        let mut common_dirs = common_dirs.to_vec();
        common_dirs.sort();
        common_dirs.dedup();
        let paths = std::iter::once(own.join(WORKSPACE_LOCK)).chain(common_dirs.iter().map(|dir| dir.join(REPOSITORY_LOCK)));
        let mut locks = Locks { files: Vec::new() };
        for path in paths {
            locks.files.push(take_one(&path, until, waiting)?);
        }
        Ok(locks)
    }

    /// Takes the locks of further repositories: those that a newer plan writes to.
    ///
    /// # Errors
    /// As [`Locks::take`].
    pub fn add(&mut self, common_dir: &AbsPath, timeout: Duration, waiting: &dyn Fn(&str)) -> Result<()> {
        self.files.push(take_one(&common_dir.join(REPOSITORY_LOCK), Instant::now() + timeout, waiting)?);
        Ok(())
    }
}

fn take_one(path: &AbsPath, until: Instant, waiting: &dyn Fn(&str)) -> Result<File> {
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(nofollow)
        .open(path)
        .with_context(|| format!("{path} cannot be opened"))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(Diagnostic::new(held(path), "try again with --lock-timeout 60s to wait longer").into());
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
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
    // Only for people; the lock itself is the operating system's, and a full disk must not keep `prune` from it.
    let command = std::env::args_os().next().unwrap_or_default();
    let command = std::path::Path::new(&command).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = format!("{} {} {command}\n", std::process::id(), jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"));
    let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    Ok(file)
}

/// Who holds a lock, as its file says.
fn held(path: &AbsPath) -> String {
    let mut text = String::new();
    let _ = File::open(path).and_then(|file| file.take(200).read_to_string(&mut text));
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some(pid), Some(since)) => format!("another wsctl (pid {pid}, since {since}) holds the lock {path}"),
        _ => format!("another wsctl holds the lock {path}"),
    }
}
