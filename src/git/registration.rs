//! Takes registrations out of `worktrees/`: to the trash, or away where nothing of value is left.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::answer::Answer;
use super::command::Git;
use super::{link, own_files, unlink, worktree_lock};
use crate::diagnostic::Diagnostic;
use crate::model::path::AbsPath;
use crate::plan::Stale;
use crate::regular;

/// Moves an admin directory; see `Door::take_registration`.
pub(super) fn take(stale: &Stale, into: &AbsPath) -> Result<()> {
    check(stale)?;
    own_files::make_directory(&into.parent(), &into.parent())?;
    match own_files::rename_new(stale.admin_dir.as_path(), into.as_path()) {
        // One rename on one file system: after a power cut it is here or there, and the journal takes it once more.
        Ok(()) => {
            let _ = fs::remove_dir(stale.admin_dir.parent());
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::CrossesDevices => take_across(stale, into),
        Err(error) => Err(error).with_context(|| format!("{} cannot be moved to {into}", stale.admin_dir)),
    }
}

/// Copies, compares, and only then removes; compares once more when nobody finds the original by its path any more.
fn take_across(stale: &Stale, into: &AbsPath) -> Result<()> {
    let mut name = into.as_path().file_name().unwrap_or_default().to_owned();
    name.push(".wsctl-copy");
    let draft = into.parent().join(&name);
    unlink::tree(&draft)?;
    copy_tree(stale.admin_dir.as_path(), draft.as_path())?;
    compare_trees(stale.admin_dir.as_path(), draft.as_path())?;
    own_files::rename(&draft, into)?;
    // Until it is compared, the original may be the newer one: no recovery may take it for a temporary.
    let apart = stale.common_dir.join(format!("wsctl-apart-{:016x}", getrandom::u64()?));
    own_files::rename(&stale.admin_dir, &apart)?;
    if let Err(error) = compare_trees(apart.as_path(), into.as_path()) {
        // The original is the living one again, with what was written since; the copy is ours alone.
        if let Err(failed) = own_files::rename(&apart, &stale.admin_dir) {
            return Err(failed.context(format!("{error:#}; it is {apart} now")));
        }
        unlink::tree(into)?;
        return Err(error.context(format!("{} stays", stale.admin_dir)));
    }
    let gone = temporary(stale)?;
    own_files::rename(&apart, &gone)?;
    forget_empty(stale)?;
    unlink::tree(&gone)
}

/// Moves an admin directory back; see `Door::put_registration`.
pub(super) fn put(from: &AbsPath, into: &AbsPath) -> Result<()> {
    let worktrees = into.parent();
    if !worktrees.as_path().ends_with("worktrees") {
        bail!("{into} is no place for a registration");
    }
    own_files::make_directory(&worktrees.parent(), &worktrees)?;
    match own_files::rename_new(from.as_path(), into.as_path()) {
        Ok(()) => {
            own_files::sync_directory(from.parent().as_path())?;
            own_files::sync_directory(worktrees.as_path())
        }
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            // Beside `worktrees`, not in it: half a registration is not one for git to see.
            let token = own_files::temporary(own_files::token()?);
            let draft = worktrees.parent().join(format!("{token}{:016x}", getrandom::u64()?));
            copy_tree(from.as_path(), draft.as_path())?;
            compare_trees(from.as_path(), draft.as_path())?;
            own_files::rename(&draft, into)?;
            unlink::tree(from)
        }
        Err(error) => Err(error).with_context(|| format!("{from} cannot be moved to {into}")),
    }
}

/// Removes a registration; see `Door::drop_registration`.
pub(super) fn drop_stale(git: &Git, stale: &Stale) -> Result<()> {
    check(stale)?;
    if let Some(worktree) = &stale.worktree
        && worktree.as_path().symlink_metadata().is_ok_and(|found| !found.is_dir() || !is_empty(worktree))
    {
        return Err(Diagnostic::new(format!("{worktree} is there again"), "wsctl plan").into());
    }
    refuse_value(git, stale)?;
    remove(stale)
}

/// Refuses an entry that by now holds commits or staged blobs of its own, or that git cannot look into.
fn refuse_value(git: &Git, stale: &Stale) -> Result<()> {
    if is_blank(&stale.admin_dir) {
        return Ok(());
    }
    let refused = |what: &str| Diagnostic::new(format!("{} {what}", stale.admin_dir), "wsctl plan").into();
    let unknown = |answer: &Answer| refused(&format!("cannot be looked into: {}", answer.reason()));
    let admin = || git.inside(&stale.admin_dir);
    let unborn = admin().args(["symbolic-ref", "--quiet", "HEAD"]).answer()?.status.success()
        && !admin().args(["rev-parse", "--verify", "--quiet", "HEAD"]).answer()?.status.success();
    if !unborn {
        let answer =
            admin().args(["rev-list", "--max-count=1", "HEAD", "--not", "--branches", "--tags", "--remotes"]).answer()?;
        if !answer.status.success() {
            return Err(unknown(&answer));
        }
        if !answer.stdout.is_empty() {
            return Err(refused("holds commits that no branch holds"));
        }
    }
    if !stale.admin_dir.join("index").as_path().exists() {
        return Ok(());
    }
    // Without a commit, everything in the index was staged by hand.
    let arguments: &[&str] = if unborn { &["ls-files", "--cached"] } else { &["diff-index", "--cached", "--name-only", "HEAD"] };
    let answer = admin().args(arguments).answer()?;
    match (answer.status.success(), answer.stdout.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(refused("holds staged changes")),
        (false, _) => Err(unknown(&answer)),
    }
}

/// Whether the git that makes it had not come far: HEAD names nothing yet, there is neither an index nor a log.
fn is_blank(admin_dir: &AbsPath) -> bool {
    let absent = |name: &str| {
        let found = admin_dir.join(name).as_path().symlink_metadata();
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    // git writes an id of zeros first.
    let zeros = |head: Vec<u8>| head.trim_ascii().iter().all(|digit| *digit == b'0');
    let nothing = absent("HEAD") || regular::read(admin_dir.join("HEAD")).is_ok_and(zeros);
    nothing && absent("index") && absent("logs")
}

fn is_empty(directory: &AbsPath) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

fn remove(stale: &Stale) -> Result<()> {
    // One rename takes the entry out of `worktrees/`; what is unlinked after that is no registration any more.
    let gone = temporary(stale)?;
    own_files::rename(&stale.admin_dir, &gone)?;
    forget_empty(stale)?;
    unlink::tree(&gone)
}

/// A name beside `worktrees/` that a recovery unlinks.
fn temporary(stale: &Stale) -> Result<AbsPath> {
    Ok(stale.common_dir.join(format!("{}{:016x}", own_files::temporary(own_files::token()?), getrandom::u64()?)))
}

/// git keeps no empty `worktrees/`.
fn forget_empty(stale: &Stale) -> Result<()> {
    let _ = fs::remove_dir(stale.admin_dir.parent());
    own_files::sync_directory(stale.common_dir.as_path())
}

/// Refuses an entry that is not the one that was seen, or that somebody else locked.
fn check(stale: &Stale) -> Result<()> {
    let worktrees = stale.common_dir.join("worktrees");
    if stale.admin_dir.parent() != worktrees && !link::same(&stale.admin_dir.parent(), &worktrees) {
        bail!("{} is no registration of {}", stale.admin_dir, stale.common_dir);
    }
    let found = stale.admin_dir.as_path().symlink_metadata();
    if !found.with_context(|| format!("{} cannot be read", stale.admin_dir))?.is_dir() {
        bail!("{} is not a directory", stale.admin_dir);
    }
    worktree_lock::held(&stale.admin_dir)?;
    let now = link::worktree_of(&stale.admin_dir).ok();
    let as_seen = match (&now, &stale.worktree) {
        (None, None) => true,
        (Some(now), Some(seen)) => link::same(now, seen),
        (None, Some(_)) | (Some(_), None) => false,
    };
    if as_seen {
        return Ok(());
    }
    let names = now.map_or_else(|| "nothing".to_owned(), |now| now.to_string());
    Err(Diagnostic::new(format!("{} names {names} by now", stale.admin_dir), "wsctl plan").into())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("{} cannot be copied", from.display());
    let found = from.symlink_metadata().with_context(failed)?;
    if found.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from).with_context(failed)?, to).with_context(failed);
    }
    if !found.is_dir() {
        if !found.is_file() {
            bail!("{} is neither a file nor a directory", from.display());
        }
        fs::copy(from, to).with_context(failed)?;
        let file = File::open(to).with_context(failed)?;
        if let Ok(modified) = found.modified() {
            file.set_modified(modified).with_context(failed)?;
        }
        return file.sync_all().with_context(failed);
    }
    fs::create_dir(to).with_context(failed)?;
    for entry in fs::read_dir(from).with_context(failed)? {
        let name = entry.with_context(failed)?.file_name();
        copy_tree(&from.join(&name), &to.join(&name))?;
    }
    fs::set_permissions(to, found.permissions()).with_context(failed)?;
    own_files::sync_directory(to)
}

fn compare_trees(one: &Path, other: &Path) -> Result<()> {
    let failed = || format!("the copy of {} cannot be read back", one.display());
    let found = one.symlink_metadata().with_context(failed)?;
    let same = if found.is_symlink() {
        fs::read_link(one).with_context(failed)? == fs::read_link(other).with_context(failed)?
    } else if found.is_file() {
        regular::read(one).with_context(failed)? == regular::read(other).with_context(failed)?
    } else {
        let names = |path: &Path| -> std::io::Result<std::collections::BTreeSet<_>> {
            fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect()
        };
        let here = names(one).with_context(failed)?;
        for name in &here {
            compare_trees(&one.join(name), &other.join(name))?;
        }
        here == names(other).with_context(failed)?
    };
    if same { Ok(()) } else { bail!("{} changed while it was copied", one.display()) }
}
