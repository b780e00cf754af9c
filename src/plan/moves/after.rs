//! The disk as it will be once everything has moved.

use std::collections::BTreeMap;

use crate::model::actual::{Actual, RepositoryState};
use crate::model::builder::{AnchorState, BuilderDirectory, DiskFile, Occupant};
use crate::model::desired::DesiredBuilder;
use crate::model::mark::{BuilderMark, Marked};
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};

use super::super::Relocated;
use super::super::input::Input;
use super::hops::shifted;
use super::{Moves, Moving};

/// The registrations: where their worktrees will be, and the names that their marks will have.
pub(super) fn repositories(moves: &Moves, actual: &mut Actual) {
    let live = || moves.builders.values().filter(|moving| moving.blockers.is_empty());
    let places: BTreeMap<&AbsPath, &Relocated> =
        live().flat_map(|moving| &moving.relocation.checkouts).map(|checkout| (&checkout.admin_dir, checkout)).collect();
    for state in actual.repositories.values_mut() {
        let RepositoryState::Present(repository) = state else { continue };
        for registration in repository.registrations.values_mut() {
            if let Some(place) = places.get(&registration.admin_dir) {
                registration.worktree = Some(place.to.clone());
            }
            let Some(renamed) = moves.renamed.get(&registration.admin_dir) else { continue };
            if moves.held(&renamed.builder).is_some() {
                continue;
            }
            if let Marked::Yes(mark) = &mut registration.mark {
                mark.builder.clone_from(&renamed.builder);
                mark.repository.clone_from(&renamed.repository);
            }
            if let Marked::Yes(mark) = &mut registration.builder_mark {
                mark.builder.clone_from(&renamed.builder);
            }
        }
    }
}

/// The directories: under their new names, with everything in its new place.
pub(super) fn builders(input: &Input<'_>, moves: &Moves, actual: &mut Actual) {
    let live = || moves.builders.iter().filter(|(_, moving)| moving.blockers.is_empty());
    let taken: Vec<(&BuilderName, &Moving, Option<BuilderDirectory>)> =
        live().map(|(name, moving)| (name, moving, actual.builders.remove(&moving.source))).collect();
    for (name, moving, directory) in taken {
        let (Some(builder), Some(directory)) = (input.desired.builders.get(name), directory) else { continue };
        let after = directory_after(input, builder, moving, directory);
        actual.builders.insert(name.as_str().into(), after);
    }
}

fn directory_after(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    moving: &Moving,
    directory: BuilderDirectory,
) -> BuilderDirectory {
    let relocation = &moving.relocation;
    let map = Map { builder, moving };
    let was_root = relocation.checkouts.iter().any(|checkout| checkout.from == relocation.from && checkout.to != builder.path);
    let root = relocation.checkouts.iter().find(|checkout| checkout.to == builder.path && checkout.from != relocation.from);
    let occupant = match root {
        Some(root) => Occupant::Worktree(root.admin_dir.clone()),
        None if was_root => Occupant::Directory,
        None => directory.occupant,
    };
    let other_shape = was_root || root.is_some();
    let mark = match directory.mark {
        Marked::Yes(mark) if Some(&mark.workspace) == input.id() => Marked::Yes(map.mark(mark)),
        other @ (Marked::Yes(_) | Marked::No | Marked::Unreadable(_)) => other,
    };
    let places = directory.places.into_iter().filter_map(|(path, found)| Some((map.path(&path)?, found)));
    let mut files: BTreeMap<RelPath, DiskFile> = BTreeMap::new();
    for (path, file) in directory.files {
        let Some(path) = map.path(&path) else { continue };
        if file != DiskFile::Missing || !files.contains_key(&path) {
            files.insert(path, file);
        }
    }
    BuilderDirectory {
        path: builder.path.clone(),
        occupant,
        identity: directory.identity,
        anchor: if other_shape { AnchorState::Missing } else { directory.anchor },
        mark,
        places: places.collect(),
        one_sided: directory.one_sided.into_iter().filter_map(|(path, named)| Some((map.path(&path)?, named))).collect(),
        files,
        strays: None,
    }
}

/// Paths in a builder before and after.
struct Map<'a> {
    builder: &'a DesiredBuilder,
    moving: &'a Moving,
}

impl Map<'_> {
    fn mark(&self, mark: BuilderMark) -> BuilderMark {
        let files = mark.files.into_iter().filter_map(|(path, file)| Some((self.path(&path)?, file))).collect();
        BuilderMark { builder: self.builder.name.clone(), files, ..mark }
    }

    /// Where what lies at a path will be; `None`: not in the builder any more.
    fn path(&self, path: &RelPath) -> Option<RelPath> {
        let relocation = &self.moving.relocation;
        let whole = path.under(&relocation.from);
        let holds = |checkout: &&Relocated| checkout.from.contains(&whole);
        let inner = relocation.checkouts.iter().filter(holds).max_by_key(|checkout| checkout.from.as_path().as_os_str().len());
        let now = match inner {
            Some(checkout) => shifted(&whole, &checkout.from, &checkout.to),
            // What does not lie in the checkout that becomes the builder is set aside.
            None if self.becomes_root() => return None,
            None => shifted(&whole, &relocation.from, &self.builder.path),
        };
        RelPath::new(now.relative_to(&self.builder.path).to_str()?).ok().filter(|_| self.builder.path.contains(&now))
    }

    fn becomes_root(&self) -> bool {
        let relocation = &self.moving.relocation;
        relocation.checkouts.iter().any(|checkout| checkout.to == self.builder.path && checkout.from != relocation.from)
    }
}
