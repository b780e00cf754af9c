//! A `builders_dir` that the file declares elsewhere than it is: until it is moved, it is worked with where it is.

use std::collections::BTreeSet;

use super::{destination, disk, repository};
use crate::model::actual::RepositoryState;
use crate::model::desired::{Desired, Destination};
use crate::model::mark::{Marked, OWN_DIRECTORY, WORKSPACE_MARK, WorkspaceMark};
use crate::model::obstacle::Obstacle;
use crate::model::path::AbsPath;

/// Where `builders_dir` is by default.
const DEFAULT: &str = ".builders";

/// The declaration for where `builders_dir` is now: as it is, or at the place where this file's builders still are.
#[must_use]
pub fn at_home(desired: Desired) -> Desired {
    if workspace(&desired.builders_dir) != Marked::No {
        return desired;
    }
    let Some(now) = before(&desired) else { return desired };
    let destination = Destination { obstacle: obstacle(&now, &desired.builders_dir), path: desired.builders_dir.clone() };
    desired.with_builders_dir(now, Some(destination))
}

/// The declaration once more, where another run has moved `builders_dir` since it was made.
#[must_use]
pub fn moved_meanwhile(desired: &Desired) -> Option<Desired> {
    let destination = desired.goes_to.as_ref()?;
    (workspace(&destination.path) != Marked::No).then(|| desired.clone().arrived())
}

fn workspace(builders_dir: &AbsPath) -> Marked<WorkspaceMark> {
    disk::mark(builders_dir.join(OWN_DIRECTORY).join(WORKSPACE_MARK).as_path())
}

/// Where the builders of this file are, by the marks of their checkouts; else the default place, if it is this file's.
fn before(desired: &Desired) -> Option<AbsPath> {
    let mut places = BTreeSet::new();
    for declared in desired.repositories.values() {
        let RepositoryState::Present(found) = repository::repository(declared, &BTreeSet::new()) else { continue };
        for registration in found.registrations.values() {
            let (Some(mark), Some(worktree)) = (registration.mark.mark(), &registration.worktree) else { continue };
            let tail = mark.path.under(&desired.builders_dir.join(mark.builder.as_str()));
            let tail = tail.relative_to(&desired.builders_dir);
            if mark.file == desired.file && worktree.as_path().ends_with(&tail) {
                let above = worktree.as_path().ancestors().nth(tail.components().count());
                places.extend(above.and_then(|above| AbsPath::new(above).ok()));
            }
        }
    }
    places.insert(desired.root.join(DEFAULT));
    places
        .into_iter()
        .filter(|place| *place != desired.builders_dir)
        .find(|place| workspace(place).mark().is_some_and(|mark| mark.file == desired.file))
}

/// Why one rename does not do. There are two where one place lies in the other, and no journal is left to tell of the first.
fn obstacle(from: &AbsPath, to: &AbsPath) -> Option<Obstacle> {
    let found = destination::obstacle(from, to);
    let overlap = (from.contains(to) || to.contains(from)).then_some(Obstacle::Overlap);
    found.or(overlap)
}
