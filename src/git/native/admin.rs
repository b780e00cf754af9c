//! The admin directory of a new worktree: made aside with all that it holds, and visible by one rename.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::git::{On, own_files};
use crate::model::mark::OurLock;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;

/// What is written into it.
pub(super) struct Admin<'a> {
    /// The worktree, by its real path.
    pub(super) worktree: &'a Path,
    pub(super) on: On<'a>,
    pub(super) commit: &'a ObjectId,
    pub(super) lock: &'a OurLock,
    /// Who made it, and when, as a reflog has it.
    pub(super) committer: String,
}

/// The name that git would give it, without the number behind it. `None` where git would have to change it.
pub(super) fn stem(worktree: &Path) -> Option<&str> {
    let name = worktree.file_name()?.to_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = [".", ".lock"].into_iter().any(|end| name.ends_with(end));
    let odd = name.starts_with('.') || name.contains("..") || ends;
    (name.chars().all(plain) && !odd).then_some(name)
}

impl Admin<'_> {
    /// Registers the worktree: as `stem`, with the first number behind it that is free. Returns the admin directory.
    pub(super) fn make(&self, common_dir: &Path, stem: &str) -> Result<AbsPath> {
        let draft = common_dir.join(format!("{}{:016x}", own_files::temporary(own_files::token()?), getrandom::u64()?));
        let made = self.fill(&draft).and_then(|()| put(&draft, common_dir, stem));
        if made.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        AbsPath::new(&made?).map_err(|error| anyhow::anyhow!("{error}"))
    }

    fn fill(&self, draft: &Path) -> Result<()> {
        let failed = || format!("{} cannot be made", draft.display());
        fs::create_dir(draft).with_context(failed)?;
        let commit = self.commit.as_str();
        let head = match self.on {
            On::Branch(branch) => format!("ref: {}\n", branch.full()),
            On::Commit(commit) => format!("{commit}\n"),
        };
        let gitdir = [self.worktree.join(".git").as_os_str().as_bytes(), b"\n"].concat();
        let files = [
            ("locked", format!("{}\n", self.lock).into_bytes()),
            ("gitdir", gitdir),
            ("commondir", b"../..\n".to_vec()),
            ("HEAD", head.into_bytes()),
            ("ORIG_HEAD", format!("{commit}\n").into_bytes()),
        ];
        for (name, bytes) in files {
            fs::write(draft.join(name), bytes).with_context(failed)?;
        }
        fs::create_dir(draft.join("refs")).with_context(failed)?;
        fs::create_dir(draft.join("logs")).with_context(failed)?;
        let nothing = "0".repeat(commit.len());
        let committer = &self.committer;
        let made = format!("{nothing} {commit} {committer}\n");
        let reset = match self.on {
            On::Branch(_) => format!("{commit} {commit} {committer}\treset: moving to HEAD\n"),
            On::Commit(_) => String::new(),
        };
        fs::write(draft.join("logs/HEAD"), made + &reset).with_context(failed)
    }
}

/// How often `worktrees/` is made again where the last worktree leaves it, and takes it along, in that very moment.
const TRIES: u32 = 100;

/// Gives it the first name that is free.
fn put(draft: &Path, common_dir: &Path, stem: &str) -> Result<PathBuf> {
    let worktrees = common_dir.join("worktrees");
    let mut tried = 1;
    loop {
        match try_put(draft, &worktrees, stem) {
            Ok(Some(place)) => return Ok(place),
            Ok(None) => bail!("{} is full", worktrees.display()),
            Err(error) if error.kind() == ErrorKind::NotFound && tried < TRIES => tried += 1,
            Err(error) => return Err(error).with_context(|| format!("{} cannot be written to", worktrees.display())),
        }
    }
}

fn try_put(draft: &Path, worktrees: &Path, stem: &str) -> std::io::Result<Option<PathBuf>> {
    match fs::create_dir(worktrees) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let taken: BTreeSet<OsString> =
        fs::read_dir(worktrees)?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<_>>()?;
    let names = (0..u32::MAX).map(|number| if number == 0 { stem.to_owned() } else { format!("{stem}{number}") });
    for name in names.filter(|name| !taken.contains(OsStr::new(name))) {
        let place = worktrees.join(name);
        match own_files::rename_new(draft, &place) {
            Ok(()) => return Ok(Some(place)),
            // By somebody else meanwhile.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn one_that_leaves_takes_no_place_from_one_that_comes() {
        let common = tempfile::tempdir().unwrap();
        let (worktrees, draft) = (common.path().join("worktrees"), common.path().join("draft"));
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::SeqCst) {
                    // A worktree that comes, and goes again as the last one.
                    drop(fs::create_dir_all(worktrees.join("other")));
                    drop(fs::remove_dir(worktrees.join("other")));
                    drop(fs::remove_dir(&worktrees));
                }
            });
            let results: Vec<_> = (0..500)
                .map(|_| {
                    fs::create_dir(&draft)?;
                    fs::write(draft.join("gitdir"), "")?;
                    let place = put(&draft, common.path(), "api")?;
                    Ok(fs::remove_dir_all(place)?)
                })
                .collect();
            ended.store(true, Ordering::SeqCst);
            results.into_iter().collect::<Result<()>>().unwrap();
        });
    }
}
