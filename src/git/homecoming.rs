//! The way back of a worktree from the trash: its two ends, and those of its submodules, name each other where they
//! will be, before either is there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::command::Git;
use super::{Homecoming, Pointed, Relink, link, own_files};
use crate::diagnostic::Diagnostic;
use crate::model::name::BranchName;
use crate::model::path::AbsPath;
use crate::regular;

/// Writes every link; see `Door::bring_home`. What is right already is not written.
pub(super) fn bring(git: &Git, home: &Homecoming<'_>) -> Result<()> {
    let ends = link::Ends::read(home.admin_dir, home.tree)?;
    // Submodules go first: the two ends tell where they were.
    let old = Old { registration: ends.admin_dir(), worktree: ends.worktree() };
    modules(git, home, &old, Path::new("modules"))?;
    settle_common(home)?;
    ends.write(home.registration, home.worktree)
}

/// An admin directory that names its repository by an absolute path.
fn settle_common(home: &Homecoming<'_>) -> Result<()> {
    let common = home.admin_dir.join("commondir");
    let bytes = regular::read(&common).with_context(|| format!("{common} cannot be read"))?;
    if Path::new(OsStr::from_bytes(bytes.trim_ascii_end())).is_absolute() {
        write_if_other(&common, &[home.common_dir.as_path().as_os_str().as_bytes(), b"\n"].concat())?;
    }
    Ok(())
}

/// Writes the links of a worktree again that was moved, or whose repository was; see `Door::relink`.
pub(super) fn rejoin(git: &Git, relink: &Relink<'_>) -> Result<()> {
    link::as_seen(relink)?;
    let Relink { admin_dir, common_dir, worktree, old_worktree, old_admin_dir } = *relink;
    let home = Homecoming { admin_dir, tree: worktree, common_dir, registration: admin_dir, worktree };
    let old = Old { registration: old_admin_dir.clone(), worktree: old_worktree.clone() };
    modules(git, &home, &old, Path::new("modules"))?;
    settle_common(&home)?;
    link::Ends::read(admin_dir, worktree)?.write(admin_dir, worktree)
}

/// Where both ends were.
struct Old {
    registration: AbsPath,
    worktree: AbsPath,
}

/// The git directories of submodules below a directory of the admin directory, also those of submodules in them.
fn modules(git: &Git, home: &Homecoming<'_>, old: &Old, below: &Path) -> Result<()> {
    let directory = home.admin_dir.join(below);
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("{directory} cannot be read"))?,
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("{directory} cannot be read"))?;
        if !entry.file_type().with_context(|| format!("{directory} cannot be read"))?.is_dir() {
            continue;
        }
        let inner = below.join(entry.file_name());
        if home.admin_dir.join(&inner).join("HEAD").as_path().symlink_metadata().is_ok() {
            module(git, home, old, &inner)?;
            modules(git, home, old, &inner.join("modules"))?;
        } else {
            modules(git, home, old, &inner)?;
        }
    }
    Ok(())
}

/// One submodule: `core.worktree` of its git directory, and the `.git` file of its files.
fn module(git: &Git, home: &Homecoming<'_>, old: &Old, below: &Path) -> Result<()> {
    let config = home.admin_dir.join(below).join("config");
    let about = || git.anywhere(Path::new("/")).args(["config", "--file"]).arg(&config);
    let mut said = about().args(["--null", "--get", "core.worktree"]).answer()?.stdout;
    said.pop();
    if said.is_empty() {
        return Ok(());
    }
    let said = Path::new(OsStr::from_bytes(&said));
    let tail = |registration: &AbsPath, worktree: &AbsPath| {
        let names = registration.join(below).join(said);
        names.as_path().strip_prefix(worktree.as_path()).ok().map(Path::to_path_buf)
    };
    let right = tail(home.registration, home.worktree);
    let Some(tail) = right.clone().or_else(|| tail(&old.registration, &old.worktree)) else {
        // It checks out somewhere else: that is not part of what moves.
        return Ok(());
    };
    let (git_dir, files) = (home.registration.join(below), home.worktree.join(&tail));
    let file = home.tree.join(&tail).join(".git");
    if let Ok(bytes) = regular::read(&file)
        && let Some(target) = bytes.strip_prefix(b"gitdir: ")
    {
        let relative = !Path::new(OsStr::from_bytes(target)).is_absolute();
        let target = link::form(relative, &files, &git_dir);
        write_if_other(&file, &[b"gitdir: ", target.as_os_str().as_bytes(), b"\n"].concat())?;
    }
    if right.is_none() {
        let value: PathBuf = link::form(!said.is_absolute(), &git_dir, &files);
        about().arg("--replace-all").arg("core.worktree").arg(&value).patiently()?;
    }
    Ok(())
}

fn write_if_other(path: &AbsPath, bytes: &[u8]) -> Result<()> {
    if regular::read(path).is_ok_and(|now| now == bytes) {
        return Ok(());
    }
    own_files::write_whole(path.as_path(), bytes, 0o666)
}

/// Puts HEAD, or the rebase that waits, on another branch; see `Door::point`.
pub(super) fn point(git: &Git, pointed: &Pointed<'_>, branch: &BranchName) -> Result<()> {
    if !pointed.rebase {
        let full = branch.full();
        let call = || git.inside(pointed.admin_dir).variable("GIT_COMMON_DIR", pointed.common_dir);
        let now = call().args(["symbolic-ref", "--quiet", "HEAD"]).answer()?;
        if now.stdout.trim_ascii_end() == full.as_bytes() {
            return Ok(());
        }
        return call().args(["symbolic-ref", "HEAD", &full]).patiently().map(drop);
    }
    for name in ["rebase-merge/head-name", "rebase-apply/head-name"] {
        let path = pointed.admin_dir.join(name);
        if path.as_path().symlink_metadata().is_ok_and(|found| found.is_file()) {
            return write_if_other(&path, format!("{}\n", branch.full()).as_bytes());
        }
    }
    bail!("{} has no rebase that waits", pointed.admin_dir)
}

/// What a branch has beside its commit.
#[derive(Default)]
pub(super) struct Kept {
    /// Its reflog, as [`super::branch::reflog`] reads it.
    pub(super) reflog: Vec<u8>,
    /// Its keys, without the name of the section, and their values.
    pub(super) config: Vec<(String, Vec<u8>)>,
}

/// Makes a branch at a commit, with what was kept of it; see `Door::bring_branch`.
pub(super) fn branch(git: &Git, repository: &AbsPath, branch: &BranchName, commit: &str, kept: Option<&AbsPath>) -> Result<()> {
    let kept = match kept {
        Some(kept) => Kept { reflog: regular::read(kept.join("reflog")).unwrap_or_default(), config: configured(git, kept)? },
        None => Kept::default(),
    };
    make(git, repository, (branch, commit), &kept, "wsctl: restore")
}

/// Makes a branch, or finds it at this commit, and gives it what it lacks; the message is for one without a reflog.
pub(super) fn make(
    git: &Git,
    repository: &AbsPath,
    (branch, commit): (&BranchName, &str),
    kept: &Kept,
    message: &str,
) -> Result<()> {
    let Kept { reflog, config } = kept;
    let full = branch.full();
    let common = super::branch::common_dir(git, repository)?;
    let tables = common.join("reftable").is_dir();
    let now = || git.at(repository)?.args(["rev-parse", "--verify", "--quiet", &full]).answer();
    if !now()?.status.success() {
        if tables {
            replay(git, repository, &full, commit, &String::from_utf8_lossy(reflog))?;
        }
        if !now()?.status.success() {
            let quiet = if reflog.is_empty() { "core.logAllRefUpdates=true" } else { "core.logAllRefUpdates=false" };
            let null = "0".repeat(commit.len());
            let make = git.at(repository)?.args(["-c", quiet, "update-ref", "-m", message, &full, commit, &null]);
            make.patiently().with_context(|| format!("branch {branch} cannot be made"))?;
        }
    }
    if now()?.stdout.trim_ascii_end() != commit.as_bytes() {
        return Err(Diagnostic::new(format!("branch {branch} is somewhere else by now"), "wsctl restore").into());
    }
    let log = common.join("logs").join(&full);
    if !reflog.is_empty() && !tables && !log.is_file() {
        // git leaves the directories of a branch that is gone, and takes no notice of empty ones either.
        let _ = fs::remove_dir(&log);
        let directory = log.parent().with_context(|| format!("{} has no directory", log.display()))?;
        fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        own_files::write_whole(&log, reflog, 0o666)?;
    }
    configure(git, repository, branch, config)
}

/// Makes a branch of a reftable step by step, as its reflog tells: nothing else writes one there. A reflog that does not
/// end at the commit, or whose lines are others than ours, is left out.
fn replay(git: &Git, repository: &AbsPath, full: &str, commit: &str, reflog: &str) -> Result<()> {
    let step = |line| {
        let (said, message): (&str, &str) = str::split_once(line, '\t')?;
        let (id, rest) = said.split_once(' ')?;
        let (name, rest) = rest.split_once(" <")?;
        let (email, rest) = rest.split_once("> ")?;
        let date = rest.rsplit_once("@{")?.1.strip_suffix('}')?;
        Some((id, name, email, date, message))
    };
    let Some(mut steps) = reflog.lines().map(step).collect::<Option<Vec<_>>>() else { return Ok(()) };
    steps.reverse();
    if steps.last().is_none_or(|(id, ..)| *id != commit) {
        return Ok(());
    }
    let mut before = "0".repeat(commit.len());
    for (id, name, email, date, message) in steps {
        let call = git.at(repository)?.committer(name, email, date);
        call.args(["update-ref", "--create-reflog", "-m", message, full, id, &before]).patiently()?;
        id.clone_into(&mut before);
    }
    Ok(())
}

/// The keys that were saved with a branch.
fn configured(git: &Git, kept: &AbsPath) -> Result<Vec<(String, Vec<u8>)>> {
    let file = kept.join("config");
    if regular::read(&file).unwrap_or_default().is_empty() {
        return Ok(vec![]);
    }
    let list = git.anywhere(Path::new("/")).args(["config", "--file"]).arg(&file).args(["--list", "--null"]).run()?;
    let entries = list.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).filter_map(|entry| {
        let end = entry.iter().position(|byte| *byte == b'\n').unwrap_or(entry.len());
        let name = String::from_utf8_lossy(&entry[..end]).into_owned();
        let (_, key) = name.rsplit_once('.')?;
        Some((key.to_owned(), entry.get(end + 1..).unwrap_or(b"true").to_vec()))
    });
    Ok(entries.collect())
}

/// Sets the keys of the branch that are not set, and goes on with one of which only the first values are.
fn configure(git: &Git, repository: &AbsPath, branch: &BranchName, entries: &[(String, Vec<u8>)]) -> Result<()> {
    let there = super::branch::configuration(git, repository, branch)?;
    for (number, (name, _)) in entries.iter().enumerate() {
        if entries[..number].iter().any(|(before, _)| before == name) {
            continue;
        }
        let of = |list: &[(String, Vec<u8>)]| -> Vec<Vec<u8>> {
            list.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
        };
        let (now, wanted) = (of(&there), of(entries));
        if !wanted.starts_with(&now) {
            continue;
        }
        let key = format!("branch.{branch}.{name}");
        for value in &wanted[now.len()..] {
            git.at(repository)?.args(["config", "--local", "--add", &key]).arg(OsStr::from_bytes(value)).patiently()?;
        }
    }
    Ok(())
}
