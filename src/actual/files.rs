//! Managed files and their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

use gix::index::File as Index;

use super::builders::Repositories;
use super::{disk, index, open};
use crate::model::actual::{RepositoryState, Source};
use crate::model::builder::{DiskFile, Occupant};
use crate::model::desired::Desired;
use crate::model::path::{AbsPath, RelPath};
use crate::regular;

/// The indexes of the checkouts in one builder.
pub(super) struct Tracked {
    indexes: BTreeMap<RelPath, Result<Option<Index>, String>>,
}

impl Tracked {
    /// Opens the index of each checkout that a declared repository knows and that one of `files` lies in.
    pub(super) fn new(repositories: &Repositories, places: &BTreeMap<RelPath, Occupant>, files: &BTreeSet<RelPath>) -> Self {
        let known: Vec<_> = repositories.values().filter_map(RepositoryState::repository).collect();
        let open = |occupant: &Occupant| {
            let Occupant::Worktree(git_dir) = occupant else { return None };
            let owner = known.iter().find(|repository| git_dir.as_path().starts_with(repository.common_dir.as_path()))?;
            Some(index::open(git_dir.as_path(), owner.format).map_err(|error| format!("{error:#}")))
        };
        let needed = places.iter().filter(|(at, _)| files.iter().any(|to| at.contains(to)));
        let indexes = needed.filter_map(|(at, occupant)| Some((at.clone(), open(occupant)?)));
        Tracked { indexes: indexes.collect() }
    }

    /// Whether the checkout that a path lies in tracks it.
    fn holds(&self, to: &RelPath) -> Result<bool, String> {
        let inside = self.indexes.iter().filter(|(at, _)| at.contains(to) && *at != to);
        let Some((at, index)) = inside.max_by_key(|(at, _)| at.as_str().len() * usize::from(!at.is_here())) else {
            return Ok(false);
        };
        let below = if at.is_here() { to.as_str() } else { &to.as_str()[at.as_str().len() + 1..] };
        match index {
            Ok(index) => Ok(index.as_ref().is_some_and(|index| index::holds(index, below.as_bytes()))),
            Err(error) => Err(format!("the index of {at} cannot be read: {error}")),
        }
    }
}

/// Reads a managed file of a builder.
pub(super) fn read(builder: &AbsPath, to: &RelPath, tracked: &Tracked) -> DiskFile {
    let above = to.as_str().match_indices('/').filter_map(|(end, _)| RelPath::new(&to.as_str()[..end]).ok());
    for at in std::iter::once(RelPath::here()).chain(above) {
        let what = match disk::look(at.under(builder).as_path()) {
            Ok(None) => return DiskFile::Missing,
            Ok(Some(found)) if found.is_dir() => continue,
            Ok(Some(found)) if found.is_symlink() => "a symbolic link above it is in the way".into(),
            Ok(Some(_)) => "a file above it is in the way".into(),
            Err(error) => format!("it cannot be read: {error}"),
        };
        return DiskFile::Unusable { what, at, holds: vec![] };
    }
    try_read(builder, to, tracked).unwrap_or_else(|what| {
        let mut holds = Vec::new();
        if !gather(builder, to, &mut holds) {
            holds.clear();
        }
        DiskFile::Unusable { what, at: to.clone(), holds }
    })
}

/// More than this in a directory were never managed files.
const MANY: usize = 10_000;

/// The files and symbolic links below a directory; whether there is nothing else, and all could be read.
fn gather(builder: &AbsPath, directory: &RelPath, found: &mut Vec<RelPath>) -> bool {
    let Ok(entries) = fs::read_dir(directory.under(builder)) else { return false };
    for entry in entries {
        let Ok(entry) = entry else { return false };
        let path = entry.file_name().to_str().and_then(|name| RelPath::new(&format!("{directory}/{name}")).ok());
        let (Some(path), Ok(kind)) = (path, entry.file_type()) else { return false };
        if kind.is_dir() {
            if !gather(builder, &path, found) {
                return false;
            }
        } else if (kind.is_file() || kind.is_symlink()) && found.len() < MANY {
            found.push(path);
        } else {
            return false;
        }
    }
    true
}

fn try_read(builder: &AbsPath, to: &RelPath, tracked: &Tracked) -> Result<DiskFile, String> {
    let text = |error: std::io::Error| format!("it cannot be read: {error}");
    let path = to.under(builder);
    let Some(found) = disk::look(path.as_path()).map_err(text)? else {
        return Ok(DiskFile::Missing);
    };
    if found.is_symlink() {
        let target = fs::read_link(path.as_path()).map_err(text)?;
        let hash = disk::blob_hash(target.as_os_str().as_bytes()).map_err(text)?;
        return Ok(DiskFile::Symlink { target, hash, tracked: tracked.holds(to)? });
    }
    if !found.is_file() {
        let what = if found.is_dir() { "a directory" } else { "something that is no regular file" };
        return Err(format!("{what} is in the way"));
    }
    let bytes = regular::read(path.as_path()).map_err(text)?;
    let hash = disk::blob_hash(&bytes).map_err(text)?;
    let mode = found.permissions().mode();
    let (executable, private) = (mode & 0o100 != 0, mode & 0o044 == 0);
    Ok(DiskFile::File { bytes, hash, executable, private, tracked: tracked.holds(to)? })
}

/// Reads the sources of all managed files.
pub(super) fn sources(desired: &Desired) -> BTreeMap<AbsPath, Source> {
    let froms = desired.builders.values().flat_map(|builder| builder.files.values()).filter_map(|file| file.from.as_ref());
    // One that several name is held to what each of them says.
    let mut unique: BTreeMap<&AbsPath, BTreeSet<Option<&AbsPath>>> = BTreeMap::new();
    for from in froms {
        unique.entry(&from.path).or_default().insert(from.within.as_ref());
    }
    let mut indexes = Indexes::default();
    let mains: Vec<&AbsPath> = desired.repositories.values().map(|repository| &repository.path).collect();
    let mut read = |from: &AbsPath, within: &BTreeSet<Option<&AbsPath>>| {
        let found = within.iter().flatten().find(|within| leads_out(from, within, &desired.root));
        if found.is_some() {
            return Source::Unusable("is a symbolic link that leads out of where it lies".into());
        }
        source(from, &mains, &mut indexes).unwrap_or_else(|error| Source::Unusable(format!("cannot be read: {error}")))
    };
    unique.into_iter().map(|(from, within)| (from.clone(), read(from, &within))).collect()
}

/// Whether links lead from a source to something outside of where it has to lie. What comes from version control may not name any
/// file of the machine.
fn leads_out(from: &AbsPath, within: &AbsPath, root: &AbsPath) -> bool {
    let (Ok(real), Ok(within)) = (from.as_path().canonicalize(), within.as_path().canonicalize()) else { return false };
    let inside_root = || within.starts_with(root.as_path()) && real.starts_with(&within);
    !(real.starts_with(&within) || inside_root())
}

fn source(path: &AbsPath, mains: &[&AbsPath], indexes: &mut Indexes) -> std::io::Result<Source> {
    if disk::look(path.as_path())?.is_none() {
        return Ok(Source::Missing);
    }
    let found = fs::metadata(path.as_path())?;
    if found.is_dir() {
        return Ok(Source::Directory);
    }
    if !found.is_file() {
        return Ok(Source::Unusable("is no regular file".into()));
    }
    let mode = found.permissions().mode();
    let main = mains.iter().filter(|main| main.contains(path)).max_by_key(|main| main.as_path().components().count());
    let kept = main.is_some_and(|main| indexes.hold(main, path));
    Ok(Source::File {
        bytes: regular::read(path.as_path())?,
        executable: mode & 0o100 != 0,
        private: mode & 0o044 != 0o044,
        kept,
    })
}

/// The indexes of main worktrees, each read once.
#[derive(Default)]
struct Indexes(BTreeMap<AbsPath, Option<Index>>);

impl Indexes {
    /// Whether git keeps a file of a main worktree. What cannot be read keeps nothing.
    fn hold(&mut self, main: &AbsPath, path: &AbsPath) -> bool {
        let index = self.0.entry(main.clone()).or_insert_with(|| {
            let repository = open::gix(main.as_path(), &[]).ok()?;
            index::open_with(repository.git_dir(), repository.object_hash()).ok()?
        });
        let below = path.relative_to(main);
        index.as_ref().is_some_and(|index| index::holds(index, below.as_os_str().as_bytes()))
    }
}
