//! Whether one rename brings a directory to another place.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::disk;
use super::place::only_leads_to;
use crate::model::obstacle::{Ground, Obstacle};
use crate::model::path::AbsPath;

/// What stands in the way of a rename, as it is now; `None`: nothing. A place around the directory is free if it holds
/// nothing else.
#[must_use]
pub fn obstacle(from: &AbsPath, to: &AbsPath) -> Option<Obstacle> {
    let there = match disk::look(to.as_path()) {
        Ok(there) => there,
        Err(error) => return Some(Obstacle::Unreadable(error.to_string())),
    };
    match &there {
        Some(found) if !found.is_dir() => return Some(Obstacle::Taken),
        Some(_) if only_leads_to(to, from) => {}
        Some(_) => match disk::list(to.as_path()) {
            Ok(entries) if entries.is_empty() => {}
            Ok(_) if to.contains(from) => return Some(Obstacle::Beside),
            Ok(_) => return Some(Obstacle::Taken),
            Err(error) => return Some(Obstacle::Unreadable(error.to_string())),
        },
        None => {}
    }
    let mut above = to.as_path().ancestors().skip(1).filter_map(|above| AbsPath::new(above).ok());
    let above = above.find(|above| !matches!(disk::look(above.as_path()), Ok(None)))?;
    if above == to.parent() && disk::look(above.as_path()).ok().flatten().is_some_and(|found| found.is_symlink()) {
        return Some(Obstacle::Link(above));
    }
    if !fs::metadata(&above).is_ok_and(|found| found.is_dir()) {
        return Some(Obstacle::NoDirectory(above));
    }
    let (ground, place) = match there {
        Some(_) => (Ground::Empty, to),
        None if above == to.parent() => (Ground::Free, &above),
        None => (Ground::Nowhere, &above),
    };
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let now = device(from.as_path());
    if device(from.parent().as_path()) != now {
        return Some(Obstacle::Mounted);
    }
    (device(place.as_path()) != now).then_some(Obstacle::OtherFileSystem(ground))
}
