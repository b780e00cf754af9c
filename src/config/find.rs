//! Which file it is: `-f`, else the nearest one upwards; inside a builder, the one that its mark names.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::model::mark::{BUILDER_MARK, CHECKOUT_MARK, OWN_DIRECTORY, WORKSPACE_MARK};
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, printable, shell};
use crate::regular;

/// The file's own name.
const FILE: &str = "builders.toml";

/// The file to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file in its real directory; it may itself be a symbolic link: what it says is meant where the link lies.
    pub file: AbsPath,
    /// What stderr should say about the choice.
    pub note: Option<String>,
}

/// The parts of a mark that lead back to its workspace; every kind of mark has them.
#[derive(Deserialize)]
struct Lead {
    file: AbsPath,
    builder: Option<BuilderName>,
    #[serde(default)]
    identity: Option<(u64, u64)>,
}

/// Finds the file for a directory.
///
/// # Errors
/// A [`Diagnostic`]: nothing found, a linked worktree of somebody else, a mark that cannot be read or leads nowhere.
pub fn find(cwd: &AbsPath, explicit: Option<&Path>) -> Result<Found> {
    if let Some(path) = explicit {
        let path = cwd.join(path);
        return match there(&path)? {
            Some(file) => Ok(Found { file, note: None }),
            None => Err(Diagnostic::new(format!("there is no {path}"), format!("wsctl -f {} init", shell(&path))).into()),
        };
    }
    let start = super::facts::real_path(cwd);
    for directory in start.as_path().ancestors() {
        if let Some(found) = look(directory)? {
            return Ok(found);
        }
    }
    let next = "wsctl init\nor name one that is elsewhere with `-f FILE`";
    Err(Diagnostic::new(format!("no {FILE} in {start} or above"), next).into())
}

/// What one directory says.
fn look(directory: &Path) -> Result<Option<Found>> {
    let git = directory.join(".git");
    if git.is_dir()
        && let Some(lead) = lead(&git.join(BUILDER_MARK))?
    {
        return follow(&lead, directory).map(Some);
    }
    if let Some(admin) = linked(&git) {
        for mark in [CHECKOUT_MARK, BUILDER_MARK] {
            if let Some(lead) = lead(&admin.join(mark))? {
                return follow(&lead, directory).map(Some);
            }
        }
        if let Some(moved) = moved(directory) {
            return Err(moved.into());
        }
        let message = format!("inside a linked worktree that wsctl did not make: {}", shown(directory));
        return Err(Diagnostic::new(message, of_main(&admin)).into());
    }
    let own = directory.join(OWN_DIRECTORY);
    let plain = directory
        .parent()
        .map(|parent| parent.join(OWN_DIRECTORY))
        .filter(|own| directory.file_name().is_some_and(|name| own.join("builders").join(name).symlink_metadata().is_ok()));
    for own in [Some(own), plain].into_iter().flatten() {
        if let Some(lead) = lead(&own.join(WORKSPACE_MARK))?
            && own.parent().is_some_and(|builders_dir| is_place_of(&lead, builders_dir))
        {
            return follow(&lead, directory).map(Some);
        }
    }
    let file = there(&AbsPath::new(directory.join(FILE))?)?;
    Ok(file.map(|file| Found { file, note: None }))
}

/// The file in its real directory; `None` where there is none.
///
/// # Errors
/// A [`Diagnostic`]: a symbolic link that leads nowhere.
fn there(path: &AbsPath) -> Result<Option<AbsPath>> {
    let name = path.as_path().file_name();
    let file = name.map_or_else(|| path.clone(), |name| super::facts::real_path(&path.parent()).join(name));
    if file.as_path().exists() {
        return Ok(Some(file));
    }
    match file.as_path().read_link() {
        Ok(target) => {
            let fact = format!("the symbolic link {file} leads nowhere: to {}", shown(&target));
            Err(Diagnostic::new(fact, format!("ls -l {}", shell(&file))).into())
        }
        Err(_) => Ok(None),
    }
}

/// The command that goes by the file in the main worktree, if there is one.
fn of_main(admin: &Path) -> String {
    let main = admin.canonicalize().ok().and_then(|admin| Some(admin.ancestors().nth(3)?.join(FILE)));
    match main.filter(|file| file.is_file()).and_then(|file| AbsPath::new(file).ok()) {
        Some(file) => format!("wsctl -f {} plan", shell(&file)),
        None => "name the file with `-f FILE`".into(),
    }
}

/// A copied mark proves nothing: `builders_dir` must be the directory that was marked.
fn is_place_of(lead: &Lead, builders_dir: &Path) -> bool {
    let here = builders_dir.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()));
    lead.identity.is_none() || lead.identity == here
}

/// Reads a mark; `None` where there is none.
fn lead(path: &Path) -> Result<Option<Lead>> {
    let unreadable =
        |why: String| Diagnostic::new(format!("cannot read the mark {}: {why}", shown(path)), "name the file with `-f FILE`");
    match regular::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(error.to_string()).into()),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(error.to_string()).into()),
    }
}

/// Goes where a mark leads.
fn follow(lead: &Lead, directory: &Path) -> Result<Found> {
    let owner = match &lead.builder {
        Some(builder) => format!("builder {builder}"),
        None => shown(directory),
    };
    let Some(file) = there(&lead.file).ok().flatten() else {
        if let Some(moved) = moved(directory) {
            return Err(moved.into());
        }
        let message = format!("{owner} belongs to {}, which is not there", lead.file);
        return Err(Diagnostic::new(message, "name the file with `-f FILE`").into());
    };
    let note = format!("using {file}, the workspace of {owner}");
    Ok(Found { file, note: Some(note) })
}

/// Where the workspace is by now, seen from inside a builder whose links still name where it was: its `builders_dir` has
/// moved along.
fn moved(directory: &Path) -> Option<Diagnostic> {
    let (builders_dir, lead) = directory.ancestors().find_map(|above| {
        let lead = lead(&above.join(OWN_DIRECTORY).join(WORKSPACE_MARK)).ok().flatten()?;
        is_place_of(&lead, above).then_some((above, lead))
    })?;
    let name = lead.file.as_path().file_name().filter(|_| !lead.file.as_path().exists())?;
    let root = builders_dir.ancestors().find(|root| root.join(name).is_file())?;
    let (here, file) = (AbsPath::new(root).ok()?, AbsPath::new(root.join(name)).ok()?);
    let place = if name == FILE { format!("-C {}", shell(&here)) } else { format!("-f {}", shell(&file)) };
    let message = format!("the workspace of {} was moved: it is at {here} now, and its links are not repaired yet", lead.file);
    Some(Diagnostic::new(message, format!("wsctl {place} apply")))
}

/// The admin directory of a linked worktree, where `.git` is the file of one.
fn linked(git: &Path) -> Option<PathBuf> {
    let text = regular::read(git).ok()?;
    let named = text.strip_prefix(b"gitdir: ")?;
    let named = named.strip_suffix(b"\n").unwrap_or(named);
    let named: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(named);
    let admin = git.parent()?.join(named);
    // A registration that is gone leaves the link behind; it is a linked worktree still.
    let in_worktrees = admin.parent().is_some_and(|parent| parent.ends_with("worktrees"));
    (admin.join("commondir").symlink_metadata().is_ok() || in_worktrees).then_some(admin)
}

fn shown(path: &Path) -> String {
    printable(path.as_os_str())
}
