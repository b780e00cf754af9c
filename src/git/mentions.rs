//! Every object id that an admin directory mentions, whatever file it stands in: git grows new files for new
//! operations, and an id too many costs nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Keep;
use super::command::Git;
use super::objects::Objects;

/// Refs that belong to one worktree, and the names that git writes beside HEAD.
const OWN_REFS: [&str; 3] = ["refs/worktree", "refs/bisect", "refs/rewritten"];
const OWN_HEADS: [&str; 8] =
    ["ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "BISECT_HEAD", "AUTO_MERGE", "MERGE_AUTOSTASH"];

/// Gathers the ids; those of objects that do not exist are among them.
pub(super) fn gather(git: &Git, keep: &Keep<'_>, objects: &Objects) -> Result<BTreeSet<gix::ObjectId>> {
    let mut found = BTreeSet::new();
    directory(keep.admin_dir.as_path(), true, objects, &mut found)?;
    let reftable = keep.common_dir.join("reftable").as_path().is_dir();
    if reftable {
        tables(git, keep, objects, &mut found)?;
    }
    if let Some(branch) = keep.branch {
        if reftable {
            let call = git.inside(keep.common_dir).args(["reflog", "show", "--format=%H", &branch.full(), "--"]);
            ids(&call.run()?, objects, &mut found);
        } else {
            file(keep.common_dir.join("logs").join(branch.full()).as_path(), objects, &mut found)?;
        }
        let at = git.inside(keep.common_dir).args(["rev-parse", "--verify", "--quiet", &branch.full()]).answer()?;
        ids(&at.stdout, objects, &mut found);
    }
    found.remove(&objects.hash.null());
    Ok(found)
}

/// A reftable is not text: git is asked.
fn tables(git: &Git, keep: &Keep<'_>, objects: &Objects, found: &mut BTreeSet<gix::ObjectId>) -> Result<()> {
    let admin = || git.inside(keep.admin_dir).common(keep.common_dir);
    ids(&admin().args(["for-each-ref", "--format=%(objectname)"]).args(OWN_REFS).run()?, objects, found);
    for name in OWN_HEADS {
        ids(&admin().args(["rev-parse", "--verify", "--quiet", name]).answer()?.stdout, objects, found);
    }
    let logged = admin().args(["reflog", "exists", "HEAD"]).answer()?.status.success();
    if logged {
        ids(&admin().args(["reflog", "show", "--format=%H", "HEAD", "--"]).run()?, objects, found);
    }
    Ok(())
}

fn directory(path: &Path, top: bool, objects: &Objects, found: &mut BTreeSet<gix::ObjectId>) -> Result<()> {
    let failed = || format!("{} cannot be read", path.display());
    for entry in fs::read_dir(path).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Indexes are read by git; a submodule's objects move along with its own directory.
        if top && (name.starts_with("index") || name.starts_with("sharedindex") || name == "modules" || name == "reftable") {
            continue;
        }
        let kind = entry.file_type().with_context(failed)?;
        if kind.is_dir() {
            directory(&entry.path(), false, objects, found)?;
        } else if kind.is_file() {
            file(&entry.path(), objects, found)?;
        }
    }
    Ok(())
}

fn file(path: &Path, objects: &Objects, found: &mut BTreeSet<gix::ObjectId>) -> Result<()> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    ids(&bytes, objects, found);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name == "todo" || name == "done" || name.starts_with("git-rebase-todo") {
        // A sequence of picks names its commits by their first digits.
        for word in bytes.split(u8::is_ascii_whitespace) {
            if (4..objects.hash.len_in_hex()).contains(&word.len())
                && word.iter().all(u8::is_ascii_hexdigit)
                && let Some(id) = std::str::from_utf8(word).ok().and_then(|digits| objects.commit_by_prefix(digits))
            {
                found.insert(id);
            }
        }
    }
    Ok(())
}

/// Every run of exactly as many hexadecimal digits as an id has.
fn ids(bytes: &[u8], objects: &Objects, found: &mut BTreeSet<gix::ObjectId>) {
    let length = objects.hash.len_in_hex();
    let runs = bytes.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() == length);
    found.extend(runs.filter_map(|run| gix::ObjectId::from_hex(run).ok()));
}
