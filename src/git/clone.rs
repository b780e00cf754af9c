//! What comes over the network: clones, made beside their place and then renamed, and fetches.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::command::Git;
use super::own_files;
use super::unlink;
use crate::diagnostic::Diagnostic;
use crate::model::desired::Url;
use crate::model::path::{AbsPath, shell, shell_word};

/// Clones; see `Door::clone_repository`.
pub(super) fn clone(
    git: &Git,
    url: &Url,
    path: &AbsPath,
    from: &AbsPath,
    progress: &(dyn Fn(&str, Option<u8>) + Sync),
) -> Result<()> {
    own_files::refuse_occupied(path)?;
    let draft = draft(path)?;
    // The directory of repositories may be reached through a link: it is the user's own.
    std::fs::create_dir_all(path.parent()).with_context(|| format!("{} cannot be made", path.parent()))?;
    unlink::tree(&draft)?;
    let call = git.anywhere(from.as_path()).network();
    let call = call.args(["clone", "--progress", "--no-recurse-submodules", "--"]).arg(url.expose()).arg(&draft);
    if let Err(error) = call.watched(progress) {
        unlink::tree(&draft)?;
        return Err(error);
    }
    // An empty directory may stand at the place; a rename that replaces nothing needs it gone.
    own_files::remove_empty(path)?;
    own_files::rename(&draft, path)
}

/// Where a clone comes about, beside its place.
pub(super) fn draft(path: &AbsPath) -> Result<AbsPath> {
    let mut name = OsString::from(".");
    name.push(path.as_path().file_name().with_context(|| format!("{path} has no name"))?);
    name.push(".wsctl-clone");
    Ok(path.parent().join(Path::new(&name)))
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
