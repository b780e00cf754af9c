//! What comes over the network: clones, made beside their place and then renamed, and fetches.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::command::Git;
use super::own_files;
use super::unlink;
use crate::diagnostic::Diagnostic;
use crate::model::desired::{Cloning, Url};
use crate::model::path::{AbsPath, shell, shell_word};

/// Clones; see `Door::clone_repository`.
pub(super) fn clone(
    git: &Git,
    (url, cloning): (&Url, &Cloning),
    path: &AbsPath,
    from: &AbsPath,
    progress: &(dyn Fn(&str, Option<u8>) + Sync),
) -> Result<()> {
    own_files::refuse_occupied(path)?;
    let draft = draft(path, own_files::token()?)?;
    // The directory of repositories may be reached through a link: it is the user's own.
    std::fs::create_dir_all(path.parent()).with_context(|| format!("{} cannot be made", path.parent()))?;
    let call = git.anywhere(from.as_path()).network().about(path);
    let mut call = call.args(["clone", "--progress", "--no-recurse-submodules"]);
    if let Some(depth) = cloning.depth {
        // All branches: builders start from any of them.
        call = call.arg(format!("--depth={depth}")).arg("--no-single-branch");
    }
    if let Some(filter) = &cloning.filter {
        call = call.arg(format!("--filter={filter}"));
    }
    if *cloning != Cloning::default() {
        // From a path, git would copy everything.
        call = call.arg("--no-local");
    }
    let call = call.arg("--").arg(url.expose()).arg(&draft);
    if let Err(error) = call.watched(progress) {
        forget(git, path, &[own_files::token()?.to_owned()])?;
        return Err(error);
    }
    // What has its name is whole, whatever becomes of the power: nothing tells later what a clone should hold.
    own_files::sync_file_system(&draft)?;
    // An empty directory may stand at the place; a rename that replaces nothing needs it gone.
    own_files::remove_empty(path)?;
    own_files::rename(&draft, path)
}

/// What tells the drafts of clones from other temporaries: one that was cut short may hold somebody's work.
pub(super) const CLONE: &str = "clone-";

/// Where a run with this token makes a clone, beside its place.
fn draft(path: &AbsPath, token: &str) -> Result<AbsPath> {
    let mut name = OsString::from(format!("{}{CLONE}", own_files::temporary(token)));
    name.push(path.as_path().file_name().with_context(|| format!("{path} has no name"))?);
    Ok(path.parent().join(Path::new(&name)))
}

/// Takes away what clones left that were cut short; see `Door::forget_clone`.
pub(super) fn forget(git: &Git, path: &AbsPath, tokens: &[String]) -> Result<Option<AbsPath>> {
    let mut moved = None;
    for token in tokens {
        let draft = draft(path, token)?;
        let found = draft.as_path().symlink_metadata();
        if found.is_err() {
            continue;
        }
        if found.is_ok_and(|found| found.is_dir()) && is_only_ours(git, &draft) {
            unlink::tree(&draft)?;
            continue;
        }
        let shown = path.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let free = own_files::numbered(&path.parent(), &format!("{shown}.cut-short"))?;
        own_files::rename(&draft, &free)?;
        moved = Some(free);
    }
    Ok(moved)
}

/// Whether a clone that was cut short holds nothing but what git wrote: no commit that its remote has not, nothing
/// staged, and no file that is not as HEAD has it. What cannot be told is somebody's.
fn is_only_ours(git: &Git, draft: &AbsPath) -> bool {
    let git_dir = draft.join(".git");
    let said = |arguments: &[&str]| git.inside(&git_dir).args(arguments.iter().copied()).run().ok();
    let nothing = |arguments: &[&str]| said(arguments).is_some_and(|output| output.is_empty());
    let there = |name: &str| git_dir.join(name).as_path().symlink_metadata().is_ok();
    if said(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_none() {
        // Nothing has arrived yet, so that nothing is checked out; git may not even know it for a repository.
        let empty = |directory: &AbsPath| match fs::read_dir(directory) {
            Ok(entries) => entries.flatten().all(|entry| entry.file_name() == ".git"),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        let unborn = nothing(&["for-each-ref", "refs/heads", "refs/stash"]);
        let begun = || empty(&git_dir.join("refs/heads")) && !there("packed-refs");
        return empty(draft) && !there("index") && !there("logs/HEAD") && (unborn || begun());
    }
    let own = ["rev-list", "--max-count=1", "HEAD", "--branches", "--reflog", "--not", "--remotes", "--tags"];
    let staged = || there("index") && !nothing(&["diff-index", "--cached", "--raw", "HEAD", "--"]);
    nothing(&own) && !there("refs/stash") && !staged() && is_as_head(git, draft)
}

/// Whether every file is as HEAD has it, or not there. Compared by an index of our own, which knows no times.
fn is_as_head(git: &Git, draft: &AbsPath) -> bool {
    let Ok(token) = own_files::token() else { return false };
    let index = draft.join(format!(".git/{}index", own_files::temporary(token)));
    let run = |arguments: &[&str]| git.at(draft)?.index(&index).args(arguments.iter().copied()).run();
    let status = ["status", "--porcelain=v1", "-z", "--no-renames", "--ignored", "--untracked-files=all"];
    let rows = run(&["read-tree", "HEAD"]).and_then(|_| run(&status));
    let _ = fs::remove_file(&index);
    rows.is_ok_and(|rows| rows.split(|byte| *byte == 0).all(|row| row.is_empty() || row.starts_with(b" D ")))
}

/// Fetches every remote; see `Door::fetch`. Prunes nothing: a remote branch may hold a builder's base.
pub(super) fn fetch(git: &Git, repository: &AbsPath, progress: &(dyn Fn(&str, Option<u8>) + Sync)) -> Result<()> {
    let refspecs = git.at(repository)?.args(["config", "-z", "--get-regexp", r"^remote\..*\.fetch$"]).answer()?;
    for entry in refspecs.stdout.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        let Some((key, refspec)) = entry.split_once('\n') else { continue };
        let into = refspec.split_once(':').map_or("", |(_, into)| into);
        if into == "refs/*" || into.starts_with("refs/heads/") || into.starts_with("refs/wsctl") {
            let remote = key.trim_start_matches("remote.").trim_end_matches(".fetch");
            let fact = format!("fetching {remote} would write over local branches: its refspec is `{refspec}`");
            let better = shell_word(&format!("+refs/heads/*:refs/remotes/{remote}/*"));
            let (at, key, refspec) = (shell(repository), shell_word(key), shell_word(refspec));
            let next = format!("git -C {at} config --replace-all --fixed-value {key} {better} {refspec}");
            return Err(Diagnostic::new(fact, next).into());
        }
    }
    let call = git.at(repository)?.network();
    call.args(["fetch", "--all", "--progress", "--no-recurse-submodules", "--no-prune", "--no-prune-tags"])
        .args(["--no-write-fetch-head", "--no-auto-maintenance"])
        .watched(progress)
}

/// Lets a remote have another url; see `Door::set_url`.
pub(super) fn set_url(git: &Git, repository: &AbsPath, remote: &str, (old, new): (&Url, &Url)) -> Result<()> {
    let key = format!("remote.{remote}.url");
    let config = || Ok::<_, anyhow::Error>(git.at(repository)?.args(["config", "--local"]));
    let now = config()?.args(["--get", &key]).line()?;
    if now == new.expose() {
        return Ok(());
    }
    if now != old.expose() {
        let fact = format!("the url of {remote} is {} by now", Url::new(now));
        return Err(Diagnostic::new(fact, "wsctl plan").into());
    }
    config()?.args(["--replace-all", &key, new.expose()]).patiently().map(drop)
}
