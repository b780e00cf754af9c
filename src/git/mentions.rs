//! Every object id that an admin directory mentions, whatever file it stands in: git grows new files for new
//! operations, and an id too many costs nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Keep;
use super::command::{Call, Git};
use super::keeper::value;
use super::native::Native;
use super::objects::Objects;
use crate::model::own_refs::{before_oldest, is_own};
use crate::regular;

/// Gathers the ids; those of objects that do not exist are among them.
pub(super) fn gather(
    (git, native): (&Git, Option<&Native>),
    keep: &Keep<'_>,
    objects: &Objects,
) -> Result<BTreeSet<gix::ObjectId>> {
    let mut found = BTreeSet::new();
    directory(keep.admin_dir.as_path(), true, objects, &mut found)?;
    let reftable = keep.common_dir.join("reftable").as_path().is_dir();
    if reftable {
        tables(git, keep, objects, &mut found)?;
    }
    if let Some(branch) = keep.branch {
        if reftable {
            log(&git.inside(keep.common_dir), &branch.full(), objects, &mut found)?;
        } else {
            file(keep.common_dir.join("logs").join(branch.full()).as_path(), objects, &mut found)?;
        }
        found.extend(match native {
            Some(native) => native.value(&branch.full())?,
            None => value(&git.inside(keep.common_dir), &branch.full())?,
        });
    }
    found.remove(&objects.hash.null());
    Ok(found)
}

/// A reftable is not text: git is asked. One that reads reftables knows all of these options.
fn tables(git: &Git, keep: &Keep<'_>, objects: &Objects, found: &mut BTreeSet<gix::ObjectId>) -> Result<()> {
    let admin = || git.inside(keep.admin_dir).variable("GIT_COMMON_DIR", keep.common_dir);
    let refs = admin().args(["for-each-ref", "--include-root-refs", "--format=%(refname) %(objectname)"]).run()?;
    for line in String::from_utf8_lossy(&refs).lines().filter(|line| is_own(line)) {
        ids(line.as_bytes(), objects, found);
    }
    let logs = admin().args(["reflog", "list"]).run()?;
    for name in String::from_utf8_lossy(&logs).lines().filter(|name| is_own(name)) {
        log(&admin(), name, objects, found)?;
    }
    Ok(())
}

/// The log of a ref in a reftable: what it was, and what it was before the oldest entry.
fn log(call: &Call<'_>, name: &str, objects: &Objects, found: &mut BTreeSet<gix::ObjectId>) -> Result<()> {
    if !call.again(&["reflog", "exists", name]).answer()?.status.success() {
        return Ok(());
    }
    let shown = call.again(&["reflog", "show", "--format=%H %gd", name, "--"]).answer()?;
    if !shown.status.success() {
        // A HEAD without a commit has a log all the same, which git shows only together with all others. Where there is no
        // entry at all, a git without the glob asks what it shall list.
        ids(&call.again(&["rev-list", "--no-walk", "--reflog", "--glob=refs/nothing"]).run()?, objects, found);
        return Ok(());
    }
    ids(&shown.stdout, objects, found);
    if let Some(before) = before_oldest(name, &shown.stdout) {
        ids(&call.again(&["rev-parse", "--verify", "--quiet", &before]).answer()?.stdout, objects, found);
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
    let bytes = match regular::read(path) {
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
