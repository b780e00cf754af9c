//! Opens a repository for reading, and says why it cannot be used where git itself would refuse it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{disk, git};
use crate::model::actual::{ObjectFormat, RefFormat};
use crate::model::path::{AbsPath, printable, shell};
use crate::regular;

/// What lies at a declared path.
pub(super) enum Found {
    /// Nothing, or an empty directory.
    Missing,
    /// Something that is no repository: what.
    Occupied(String),
    /// A repository that cannot be used: the fact, and the next command.
    Unusable(String, String),
    /// What belongs to another repository: the fact, what to type, and the path that is to be declared.
    Belongs(String, String, String),
    /// A repository.
    Open(Box<Opened>),
}

/// A repository that can be read.
pub(super) struct Opened {
    /// Its git directory, as a real path.
    pub(super) git_dir: AbsPath,
    /// Objects and configuration.
    pub(super) gix: gix::Repository,
    /// The hash of its objects.
    pub(super) format: ObjectFormat,
    /// How it keeps refs.
    pub(super) refs: RefFormat,
    /// Without a main worktree.
    pub(super) bare: bool,
}

/// Opens what lies at a declared path.
pub(super) fn open(path: &AbsPath) -> Found {
    match locate(path) {
        Ok(Layout::Missing) => Found::Missing,
        Ok(Layout::Occupied(what)) => Found::Occupied(what),
        Ok(Layout::Belongs(fact, next, path)) => Found::Belongs(fact, next, path),
        Ok(Layout::GitDir { path: git_dir, bare }) => open_git_dir(path, git_dir, bare),
        Err(error) => Found::Unusable(format!("cannot be read: {error}"), format!("ls -la {}", shell(path))),
    }
}

/// What its objects are named by.
pub(super) fn format(repository: &gix::Repository) -> ObjectFormat {
    if repository.object_hash() == gix::hash::Kind::Sha256 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 }
}

/// Opens a git directory with gix: the user's configuration counts, the caller's `GIT_*` do not.
pub(super) fn gix(git_dir: &Path, settings: &[&str]) -> Result<gix::Repository> {
    refuse_pipes(git_dir)?;
    let mut permissions =
        gix::open::Permissions { env: gix::open::permissions::Environment::isolated(), ..gix::open::Permissions::all() };
    permissions.env.home = gix::sec::Permission::Allow;
    permissions.env.xdg_config_home = gix::sec::Permission::Allow;
    permissions.config.env = false;
    let options =
        gix::open::Options::default().permissions(permissions).bail_if_untrusted(true).config_overrides(settings.iter().copied());
    gix::open_opts(git_dir, options).with_context(|| format!("{} cannot be opened", git_dir.display()))
}

enum Layout {
    Missing,
    Occupied(String),
    Belongs(String, String, String),
    GitDir { path: AbsPath, bare: bool },
}

fn locate(path: &AbsPath) -> std::io::Result<Layout> {
    if disk::look(path.as_path())?.is_none() {
        return Ok(Layout::Missing);
    }
    if !fs::metadata(path.as_path())?.is_dir() {
        return Ok(Layout::Occupied("is a file".into()));
    }
    let dot_git = path.join(".git");
    let Some(found) = disk::look(dot_git.as_path())? else {
        let bare = disk::is_git_dir(path.as_path());
        return Ok(if bare {
            Layout::GitDir { path: disk::real(path), bare }
        } else if disk::list(path.as_path())?.is_empty() {
            Layout::Missing
        } else {
            Layout::Occupied("is a directory that is no git repository".into())
        });
    };
    let git_dir = if found.is_file() { disk::git_file(path)? } else { disk::real(&dot_git) };
    if let Some(common) = disk::read(git_dir.join("commondir").as_path())? {
        let common = disk::real(&git_dir.join(Path::new(String::from_utf8_lossy(&common).trim_end())));
        let main = if common.as_path().ends_with(".git") { common.parent() } else { common };
        return Ok(Layout::Belongs(format!("is a linked worktree of {main}"), String::new(), main.to_string()));
    }
    if found.is_file() && git_dir.as_path().components().any(|part| part.as_os_str() == "modules") {
        let clone = format!("git clone {} SOMEWHERE\n", shell(path));
        return Ok(Layout::Belongs("is a submodule".into(), clone, "SOMEWHERE".into()));
    }
    Ok(Layout::GitDir { path: git_dir, bare: false })
}

fn open_git_dir(path: &AbsPath, git_dir: AbsPath, bare: bool) -> Found {
    if let Err(error) = refuse_pipes(git_dir.as_path()) {
        return Found::Unusable(format!("cannot be used: {error:#}"), format!("ls -la {}", shell(&git_dir)));
    }
    let config = match local_config(&git_dir) {
        Ok(config) => config,
        Err(error) => {
            let fact = format!("its configuration cannot be read: {error:#}");
            return Found::Unusable(fact, format!("git -C {} config --list --show-origin", shell(path)));
        }
    };
    if !bare && config.boolean("core.bare").ok().flatten() == Some(true) {
        let fact = "is marked as bare, though it has a work tree".to_owned();
        return Found::Unusable(fact, format!("git -C {} config core.bare false", shell(path)));
    }
    if let Err(reason) = extensions(&config) {
        return Found::Unusable(reason, format!("git -C {} status", shell(path)));
    }
    let reftable = config.string("extensions.refStorage").is_some_and(|value| value.eq_ignore_ascii_case(b"reftable"));
    let refs = if reftable { RefFormat::Reftable } else { RefFormat::Files };
    match gix(git_dir.as_path(), &[]) {
        Ok(gix) => {
            let format = format(&gix);
            Found::Open(Box::new(Opened { git_dir, gix, format, refs, bare }))
        }
        Err(error) => refused(path, &git_dir, &error),
    }
}

/// gix and git would wait for ever for whoever writes to a pipe.
fn refuse_pipes(git_dir: &Path) -> Result<()> {
    for name in ["HEAD", "config", "commondir", "packed-refs", "index"] {
        let path = git_dir.join(name);
        if fs::metadata(&path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            bail!("{} cannot be read: not a regular file", printable(path.as_os_str()));
        }
    }
    Ok(())
}

/// git's own word counts; gix only says that something is wrong.
fn refused(path: &AbsPath, git_dir: &AbsPath, error: &anyhow::Error) -> Found {
    let reason =
        git::finish(git::command(path.as_path()).args(["rev-parse", "--git-dir"])).err().map(|error| format!("{error:#}"));
    if reason.as_ref().is_some_and(|reason| reason.contains("dubious ownership")) {
        let path = shell(path);
        let next = format!("chown -R \"$(id -un)\" {path}\nor git config --global --add safe.directory {path}");
        return Found::Unusable("is owned by another user".into(), next);
    }
    let fact = reason.unwrap_or_else(|| format!("cannot be opened: {error:#}"));
    Found::Unusable(fact, format!("git --git-dir={} fsck", shell(git_dir)))
}

/// A repository's own configuration file, without what it includes.
pub(super) fn local_config(git_dir: &AbsPath) -> Result<gix::config::File> {
    let bytes = regular::read(git_dir.join("config"))?;
    let source = gix::config::file::Metadata::from(gix::config::Source::Local);
    Ok(gix::config::File::from_bytes_no_includes(&bytes, source, gix::config::file::init::Options::default())?)
}

/// What git would refuse and gix opens in silence.
fn extensions(config: &gix::config::File) -> Result<(), String> {
    const ANY_VERSION: [&str; 4] = ["noop", "preciousobjects", "partialclone", "worktreeconfig"];
    const NEWER: [(&str, (u32, u32, u32)); 5] = [
        ("noop-v1", (2, 38, 0)),
        ("objectformat", (2, 38, 0)),
        ("compatobjectformat", (2, 45, 0)),
        ("refstorage", (2, 45, 0)),
        ("relativeworktrees", (2, 48, 0)),
    ];
    let version = config.integer("core.repositoryFormatVersion").ok().flatten().unwrap_or(0);
    if version > 1 {
        return Err(format!("git says: Expected git repo version <= 1, found {version}"));
    }
    let names = config.sections_by_name("extensions").into_iter().flatten();
    for name in names.flat_map(|section| section.value_names().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>()) {
        if ANY_VERSION.contains(&name.as_str()) {
            continue;
        }
        match (NEWER.iter().find(|(known, _)| *known == name), version) {
            (None, 0) => {}
            (None, _) => return Err(format!("git says: unknown repository extension found: {name}")),
            (Some(_), 0) => return Err(format!("git says: repo version is 0, but v1-only extension found: {name}")),
            (Some((_, needs)), _) => {
                let have = git::version().map_err(|error| error.to_string())?;
                if have < *needs {
                    return Err(format!("its extension {name} needs git {}.{}", needs.0, needs.1));
                }
            }
        }
    }
    Ok(())
}
