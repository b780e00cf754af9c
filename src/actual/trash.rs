//! The entries of the trash, which of them are this workspace's own, and what of it is being emptied or was.

use std::io::ErrorKind;
use std::path::{Component, Path};

use super::disk;
use crate::model::desired::Desired;
use crate::model::mark::OWN_DIRECTORY;
use crate::model::name::{BuilderName, WorkspaceId};
use crate::model::path::AbsPath;
use crate::model::trash::{EMPTIED, GONE, GoneEntry, GoneState, MANIFEST, Manifest, TRASH, TrashEntry, is_entry_name};

/// Reads the manifests of the trash, oldest first.
#[must_use]
pub fn trash(desired: &Desired) -> Vec<TrashEntry> {
    let read = |(path, name): (AbsPath, String)| entry(manifest(&path.join(MANIFEST)), path, name);
    let mut entries: Vec<TrashEntry> = listed(desired, TRASH).into_iter().map(read).collect();
    entries.sort_by_key(|entry| entry.manifest.as_ref().map(|manifest| manifest.removed));
    entries
}

/// The names of the entries that were a builder of this name.
#[must_use]
pub fn trashed(desired: &Desired, builder: &BuilderName) -> Vec<String> {
    let of = |entry: &TrashEntry| entry.own && entry.manifest.as_ref().is_some_and(|manifest| manifest.builder == *builder);
    trash(desired).into_iter().filter(of).map(|entry| entry.name).collect()
}

/// Reads what is left of entries that are, or were, deleted for good, and what else lies there.
pub(super) fn gone(desired: &Desired, workspace: Option<&WorkspaceId>) -> Vec<GoneEntry> {
    let read = |(path, name): (AbsPath, String)| {
        let ours = |manifest: &Manifest| Some(&manifest.workspace) == workspace && manifest.names(&name);
        let proof = |file: &str| manifest(&path.join(file)).filter(ours);
        let (state, manifest) = if !matches!(disk::look(path.as_path()), Ok(Some(found)) if found.is_dir()) {
            (GoneState::Foreign, None)
        } else if let Some(emptied) = proof(EMPTIED) {
            (GoneState::Emptied, Some(emptied))
        } else if let Some(manifest) = proof(MANIFEST) {
            (GoneState::CutShort, Some(manifest))
        } else if is_entry_name(&name) && disk::list(path.as_path()).is_ok_and(|left| left.is_empty()) {
            (GoneState::Hollow, None)
        } else {
            (GoneState::Foreign, None)
        };
        GoneEntry { entry: entry(manifest, path, name), state }
    };
    listed(desired, GONE).into_iter().map(read).collect()
}

fn entry(manifest: Option<Manifest>, path: AbsPath, name: String) -> TrashEntry {
    let own = manifest.as_ref().is_some_and(|manifest| is_own(&name, path.as_path(), manifest));
    TrashEntry { name, path, manifest, own }
}

fn listed(desired: &Desired, below: &str) -> Vec<(AbsPath, String)> {
    let directory = desired.builders_dir.join(OWN_DIRECTORY).join(below);
    let paths = disk::list(directory.as_path()).unwrap_or_default().into_iter().map(|path| directory.join(path));
    let name = |path: &AbsPath| Some(path.as_path().file_name()?.to_string_lossy().into_owned());
    paths.filter_map(|path| Some((name(&path)?, path))).map(|(name, path)| (path, name)).collect()
}

fn manifest(path: &AbsPath) -> Option<Manifest> {
    disk::read(path.as_path()).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

/// Whether a manifest speaks of the entry that it lies in: of that name, and of a `builders_dir` that is this one or
/// gone. A copy of the workspace has the same manifests; the refs that they name hold what is in the original's trash.
fn is_own(name: &str, path: &Path, manifest: &Manifest) -> bool {
    let depth = manifest.checkout.as_ref().map_or(0, |path| Path::new(path.as_str()).components().filter(is_name).count());
    let was = manifest.path.as_path().ancestors().nth(depth + 1);
    let now = path.ancestors().nth(3).and_then(|path| path.canonicalize().ok());
    let named = |keeper: &str| keeper.split('/').nth(3) == Some(name);
    let here = was.is_some_and(|was| match was.canonicalize() {
        Ok(was) => Some(was) == now,
        Err(error) => error.kind() == ErrorKind::NotFound,
    });
    here && manifest.checkouts.iter().all(|checkout| named(&checkout.keeper))
}

fn is_name(component: &Component<'_>) -> bool {
    matches!(component, Component::Normal(_))
}
