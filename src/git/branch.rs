//! Makes branches, which must not exist, and deletes branches, which must be where they were seen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};

use super::command::Git;
use super::keeper::value;
use super::native::{Native, Natives};
use super::own_files;
use crate::diagnostic::Diagnostic;
use crate::model::mark::{made_for, made_from};
use crate::model::name::{BranchName, ObjectId, WorkspaceId};
use crate::model::path::{AbsPath, printable};
use crate::plan::BranchPlan;
use crate::regular;

/// Makes a branch; see `Door::create_branch`.
pub(super) fn create(
    (git, natives): (&Git, &Natives),
    repository: &AbsPath,
    branch: &BranchName,
    plan: &BranchPlan,
    workspace: &WorkspaceId,
) -> Result<()> {
    let (commit, upstream, origin) = match plan {
        BranchPlan::Existing(_) | BranchPlan::Detached { .. } => return Ok(()),
        BranchPlan::New { commit, base } => (commit, None, made_from(base, workspace)),
        BranchPlan::Track { upstream, commit } => (commit, Some(upstream), made_for(upstream, workspace)),
        BranchPlan::AfterClone => return Err(anyhow!("the start of {branch} is not known yet")),
    };
    if let Some(native) = natives.of(git, repository).filter(|_| upstream.is_none()) {
        return native.create_branch(branch, commit, &origin).with_context(|| format!("branch {branch} cannot be made"));
    }
    natives.in_turn(repository, || create_by_git(git, repository, branch, (commit, upstream), &origin))
}

fn create_by_git(
    git: &Git,
    repository: &AbsPath,
    branch: &BranchName,
    (commit, upstream): (&ObjectId, Option<&String>),
    origin: &str,
) -> Result<()> {
    let make = git.at(repository)?.args(["update-ref", "--create-reflog", "-m", origin, &branch.full(), commit.as_str()]);
    let nothing = "0".repeat(commit.as_str().len());
    make.arg(nothing).patiently().with_context(|| format!("branch {branch} cannot be made"))?;
    let Some(upstream) = upstream else { return Ok(()) };
    let track = git.at(repository)?.arg("branch").arg(format!("--set-upstream-to=refs/remotes/{upstream}")).arg(branch.as_str());
    if let Err(error) = track.patiently() {
        git.at(repository)?.args(["update-ref", "-d", &branch.full(), commit.as_str()]).patiently()?;
        return Err(error.context(format!("branch {branch} cannot track {upstream}")));
    }
    Ok(())
}

/// Deletes a branch; see `Door::delete_branch`.
pub(super) fn delete(
    (git, natives): (&Git, &Natives),
    repository: &AbsPath,
    branch: &BranchName,
    expect: &ObjectId,
    keep: Option<&AbsPath>,
) -> Result<()> {
    let native = natives.of(git, repository);
    let native = native.as_deref();
    let common = match native {
        Some(native) => native.common_dir().as_path().to_path_buf(),
        None => common_dir(git, repository)?,
    };
    let now = if let Some(native) = native {
        refuse_checked_out(&common, branch)?;
        native.value(&branch.full())?
    } else {
        refuse_in_use(git, repository, &common, branch)?;
        value(&git.at(repository)?, &branch.full())?
    };
    let Some(now) = now.filter(|now| gix::ObjectId::from_hex(expect.as_str().as_bytes()).is_ok_and(|expect| *now == expect))
    else {
        return Err(Diagnostic::new(format!("branch {branch} is no longer at {}", expect.short()), "wsctl plan").into());
    };
    let unknown = native.is_some_and(|native| native.knows_nothing_of(branch));
    let config = if unknown { Vec::new() } else { configuration(git, repository, branch)? };
    if let Some(keep) = keep {
        fs::create_dir_all(keep).with_context(|| format!("{keep} cannot be made"))?;
        let (file, log) = (keep.join("reflog"), reflog(git, repository, &common, branch)?);
        match regular::read(&file) {
            Ok(kept) if kept == log => {}
            // The reflog goes first: a kill may leave the branch without it.
            Ok(_) if log.is_empty() => {}
            // Kept by a run that deleted it and was cut short: what is there now is another.
            Ok(_) => return Err(Diagnostic::new(format!("branch {branch} was made again meanwhile"), "wsctl plan").into()),
            Err(_) => own_files::write_whole(file.as_path(), &log, 0o666)?,
        }
        let (file, text) = (keep.join("config"), as_file(branch, &config));
        if !regular::read(&file).is_ok_and(|kept| kept == text) {
            own_files::write_whole(file.as_path(), &text, 0o666)?;
        }
    }
    let failed = || format!("branch {branch} cannot be deleted");
    if let Some(native) = native {
        native.delete_ref(&branch.full(), now).with_context(failed)?;
    } else {
        let delete = git.at(repository)?.args(["update-ref", "-m", "wsctl", "-d", &branch.full(), expect.as_str()]);
        natives.in_turn(repository, || delete.patiently()).map(drop).with_context(failed)?;
    }
    if config.is_empty() { Ok(()) } else { natives.in_turn(repository, || forget(git, repository, branch)) }
}

/// Saves what [`delete`] does before it, to be flushed; see `Keep::save`. Whether anything was written.
pub(super) fn save(
    (git, native): (&Git, Option<&Native>),
    common_dir: &AbsPath,
    branch: &BranchName,
    keep: &AbsPath,
) -> Result<bool> {
    let unknown = native.is_some_and(|native| native.knows_nothing_of(branch));
    let config = if unknown { Vec::new() } else { configuration(git, common_dir, branch)? };
    let log = reflog(git, common_dir, common_dir.as_path(), branch)?;
    fs::create_dir_all(keep).with_context(|| format!("{keep} cannot be made"))?;
    let mut written = false;
    for (name, bytes) in [("reflog", log), ("config", as_file(branch, &config))] {
        let file = keep.join(name);
        if !regular::read(&file).is_ok_and(|kept| kept == bytes) {
            own_files::write_unsynced(file.as_path(), &bytes, 0o666)?;
            written = true;
        }
    }
    Ok(written)
}

/// Removes the configuration of a branch that is gone, where it has one.
pub(super) fn forget(git: &Git, repository: &AbsPath, branch: &BranchName) -> Result<()> {
    if configuration(git, repository, branch)?.is_empty() {
        return Ok(());
    }
    let forget = git.at(repository)?.args(["config", "--local", "--remove-section", &format!("branch.{branch}")]);
    forget.patiently().map(drop).with_context(|| format!("branch {branch} is deleted, its configuration is not"))
}

/// The reflog's bytes as the files backend keeps them; of another backend, what git tells.
pub(super) fn reflog(git: &Git, repository: &AbsPath, common: &Path, branch: &BranchName) -> Result<Vec<u8>> {
    if !common.join("reftable").is_dir() {
        return match regular::read(common.join("logs").join(branch.full())) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            other => other.with_context(|| format!("the reflog of {branch} cannot be read")),
        };
    }
    git.at(repository)?.args(["reflog", "show", "--date=raw", "--format=%H %gn <%ge> %gd%x09%gs", &branch.full(), "--"]).run()
}

pub(super) fn common_dir(git: &Git, repository: &AbsPath) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let mut out = git.at(repository)?.args(["rev-parse", "--path-format=absolute", "--git-common-dir"]).run()?;
    out.pop();
    Ok(PathBuf::from(std::ffi::OsString::from_vec(out)))
}

/// The keys and values below `branch.<name>.`
pub(super) fn configuration(git: &Git, repository: &AbsPath, branch: &BranchName) -> Result<Vec<(String, Vec<u8>)>> {
    let all = git.at(repository)?.args(["config", "--local", "--list", "-z"]).run()?;
    let prefix = format!("branch.{branch}.");
    let entries = all.split(|byte| *byte == 0).filter_map(|entry| {
        let end = entry.iter().position(|byte| *byte == b'\n').unwrap_or(entry.len());
        let key = entry[..end].strip_prefix(prefix.as_bytes()).filter(|key| !key.contains(&b'.'))?;
        Some((String::from_utf8_lossy(key).into_owned(), entry.get(end + 1..).unwrap_or(b"true").to_vec()))
    });
    Ok(entries.collect())
}

/// The entries as git's own configuration file has them.
fn as_file(branch: &BranchName, entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    if !entries.is_empty() {
        out.extend_from_slice(format!("[branch \"{}\"]\n", branch.as_str().replace('"', "\\\"")).as_bytes());
    }
    for (key, value) in entries {
        out.extend_from_slice(format!("\t{key} = \"").as_bytes());
        for byte in value {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                byte => out.push(*byte),
            }
        }
        out.extend_from_slice(b"\"\n");
    }
    out
}

/// Refuses a branch that a worktree is on, or that an operation will go back to.
fn refuse_in_use(git: &Git, repository: &AbsPath, common: &Path, branch: &BranchName) -> Result<()> {
    let full = branch.full();
    let mut holders = BTreeSet::new();
    let list = git.at(repository)?.args(["worktree", "list", "--porcelain", "-z"]).run()?;
    for worktree in list.split(|byte| *byte == 0).fold(Vec::<Vec<&[u8]>>::new(), |mut groups, line| {
        if line.starts_with(b"worktree ") {
            groups.push(Vec::new());
        }
        if let Some(group) = groups.last_mut() {
            group.push(line);
        }
        groups
    }) {
        if worktree.contains(&format!("branch {full}").as_bytes()) {
            holders.insert(String::from_utf8_lossy(worktree[0].strip_prefix(b"worktree ").unwrap_or_default()).into_owned());
        }
    }
    let main = common.join("HEAD");
    for admin_dir in admin_dirs(common)? {
        // `worktree list` has told of the main worktree's HEAD; that of a bare repository checks nothing out.
        if admin_dir.join("HEAD") != main && holds(&admin_dir.join("HEAD"), &[&format!("ref: {full}")])
            || awaits(&admin_dir, branch)
        {
            holders.insert(printable(admin_dir.as_os_str()));
        }
    }
    match holders.first() {
        Some(holder) => Err(in_use(branch, holder)),
        None => Ok(()),
    }
}

/// The same without a git, by what the files of worktrees say.
pub(super) fn refuse_checked_out(common: &Path, branch: &BranchName) -> Result<()> {
    let on = format!("ref: {}", branch.full());
    let holds_it = |admin_dir: &&PathBuf| holds(&admin_dir.join("HEAD"), &[&on]) || awaits(admin_dir, branch);
    match admin_dirs(common)?.iter().find(holds_it) {
        Some(holder) => Err(in_use(branch, &printable(holder.as_os_str()))),
        None => Ok(()),
    }
}

/// Refuses a branch that an operation will go back to.
pub(super) fn refuse_awaited(common: &Path, branch: &BranchName) -> Result<()> {
    match admin_dirs(common)?.iter().find(|admin_dir| awaits(admin_dir, branch)) {
        Some(holder) => Err(in_use(branch, &printable(holder.as_os_str()))),
        None => Ok(()),
    }
}

fn in_use(branch: &BranchName, holder: &str) -> anyhow::Error {
    Diagnostic::new(format!("branch {branch} is in use at {holder}"), "wsctl plan").into()
}

/// Those of all worktrees, that of the main one first.
pub(super) fn admin_dirs(common: &Path) -> Result<Vec<PathBuf>> {
    let mut admin_dirs = vec![common.to_path_buf()];
    if let Ok(entries) = fs::read_dir(common.join("worktrees")) {
        for entry in entries {
            admin_dirs.push(entry.context("the worktrees cannot be listed")?.path());
        }
    }
    Ok(admin_dirs)
}

/// Whether an operation in a worktree will go back to a branch.
fn awaits(admin_dir: &Path, branch: &BranchName) -> bool {
    ["rebase-merge/head-name", "rebase-apply/head-name", "rebase-merge/update-refs", "BISECT_START"]
        .iter()
        .any(|file| holds(&admin_dir.join(file), &[&branch.full(), branch.as_str()]))
}

/// Whether a line of the file is one of these; what cannot be read but is there holds everything.
fn holds(file: &Path, lines: &[&str]) -> bool {
    match regular::read(file) {
        Ok(bytes) => bytes.split(|byte| *byte == b'\n').any(|line| lines.iter().any(|wanted| line == wanted.as_bytes())),
        Err(error) => !matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory),
    }
}
