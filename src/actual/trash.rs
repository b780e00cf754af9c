//! What lies in the trash, and what of it is being emptied or was.

use super::disk;
use crate::model::desired::Desired;
use crate::model::mark::OWN_DIRECTORY;
use crate::model::path::AbsPath;
use crate::model::trash::{EMPTIED, GONE, GoneEntry, MANIFEST, Manifest, TRASH, TrashEntry};

/// Reads the manifests of the trash, oldest first.
pub(super) fn trash(desired: &Desired) -> Vec<TrashEntry> {
    let read = |path: AbsPath, name: String| {
        let manifest = manifest(&path.join(MANIFEST));
        TrashEntry { name, path, manifest }
    };
    let mut entries: Vec<TrashEntry> = listed(desired, TRASH).into_iter().map(|(path, name)| read(path, name)).collect();
    entries.sort_by_key(|entry| entry.manifest.as_ref().map(|manifest| manifest.removed));
    entries
}

/// Reads what is left of entries that are, or were, deleted for good.
pub(super) fn gone(desired: &Desired) -> Vec<GoneEntry> {
    let read = |(path, name): (AbsPath, String)| {
        let emptied = manifest(&path.join(EMPTIED));
        let is_emptied = emptied.is_some();
        let manifest = emptied.or_else(|| manifest(&path.join(MANIFEST)));
        GoneEntry { entry: TrashEntry { name, path, manifest }, emptied: is_emptied }
    };
    listed(desired, GONE).into_iter().map(read).collect()
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
