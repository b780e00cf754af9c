//! The entries of the trash, and which of them are this workspace's own.

use std::io::ErrorKind;
use std::path::{Component, Path};

use super::disk;
use crate::model::desired::Desired;
use crate::model::mark::OWN_DIRECTORY;
use crate::model::trash::{MANIFEST, Manifest, TrashEntry};

/// Reads the manifests of the trash, oldest first.
pub(super) fn trash(desired: &Desired) -> Vec<TrashEntry> {
    let trash = desired.builders_dir.join(OWN_DIRECTORY).join("trash");
    let mut entries = Vec::new();
    for path in disk::list(trash.as_path()).unwrap_or_default() {
        let path = trash.join(path);
        let Some(name) = path.as_path().file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        let manifest = disk::read(path.join(MANIFEST).as_path()).ok().flatten();
        let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let own = manifest.as_ref().is_some_and(|manifest| is_own(&name, path.as_path(), manifest));
        entries.push(TrashEntry { name, path, manifest, own });
    }
    entries.sort_by_key(|entry| entry.manifest.as_ref().map(|manifest| manifest.removed));
    entries
}

/// Whether a manifest speaks of the entry that it lies in: of that name, and of a `builders_dir` that is this one or gone.
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
