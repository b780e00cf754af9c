//! What lies where the checkouts of a builder shall go, and does not go away itself.

use crate::model::builder::{BuilderDirectory, DiskFile, Occupant};
use crate::model::desired::DesiredBuilder;
use crate::model::path::{AbsPath, RelPath, printable};
use crate::model::work::{Evidence, Finding};

use super::super::Blocker;
use super::super::blockers::{at, occupied, shell};
use super::super::members::Member;
use super::builder::Known;
use super::hops::shifted;

/// `others` are the checkouts that are not declared: where they are and where they will be.
pub(super) fn targets(
    builder: &DesiredBuilder,
    directory: &BuilderDirectory,
    known: &[Known<'_>],
    others: &[(Member<'_>, AbsPath, AbsPath)],
) -> Vec<Blocker> {
    let leaves = |place: &AbsPath| {
        let takes_along = |known: &Known<'_>| known.from != directory.path || known.to != builder.path;
        known.iter().any(|known| known.from == *place || (known.from.contains(place) && takes_along(known)))
    };
    let mut blockers = Vec::new();
    let own = || known.iter().map(|known| (known.member, &known.from, &known.to));
    let all = || own().chain(others.iter().map(|(member, from, to)| (*member, from, to)));
    for known in known.iter().filter(|known| shifted(&known.from, &directory.path, &builder.path) != known.to) {
        let path = builder.checkouts.get(known.member.0).map(|checkout| &checkout.path);
        let Some(path) = path.filter(|path| !path.is_here() && !leaves(&path.under(&directory.path))) else { continue };
        match directory.places.get(path) {
            None | Some(Occupant::Nothing | Occupant::Empty) => {}
            Some(Occupant::Directory) => blockers.extend(left_in(builder, directory, path, all())),
            Some(other) => blockers.push(occupied(&path.under(&directory.path), other)),
        }
    }
    blockers
}

/// What stays in a directory that a checkout takes the place of. Checkouts leave it, and then it is empty.
fn left_in<'a>(
    builder: &DesiredBuilder,
    directory: &BuilderDirectory,
    path: &RelPath,
    checkouts: impl Iterator<Item = (Member<'a>, &'a AbsPath, &'a AbsPath)>,
) -> Option<Blocker> {
    let (place, there) = (path.under(&directory.path), path.under(&builder.path));
    let inside: Vec<_> = checkouts.filter(|(_, from, _)| place.contains(from)).collect();
    if inside.is_empty() {
        return Some(occupied(&place, &Occupant::Directory));
    }
    if let Some(((_, repository, _), from, _)) = inside.iter().find(|(_, _, to)| there.contains(to) && **to != there) {
        let next = format!("git -C {} worktree move {} SOMEWHERE", shell(&repository.path), shell(from));
        return Some(at("in-the-way", from, format!("it stays in {path}, which is another checkout's place"), next));
    }
    let beside =
        |file: &&RelPath| path.contains(file) && !inside.iter().any(|(_, from, _)| from.contains(&file.under(&directory.path)));
    let managed = directory.files.iter().filter(|(_, found)| **found != DiskFile::Missing).map(|(file, _)| file).find(beside);
    if let Some(file) = managed {
        let fact = "a managed file is in the way of the checkout that goes there";
        return Some(at(
            "in-the-way",
            &file.under(&directory.path),
            fact,
            format!("mv {} SOMEWHERE", shell(&file.under(&directory.path))),
        ));
    }
    let mut strays = directory.strays.iter().flatten();
    strays.find_map(|found| if let Finding::Stray(files) = found { stray(&place, path, files) } else { None })
}

/// A file of nobody's in the place; also where there are too many beside the checkouts to tell.
fn stray(place: &AbsPath, path: &RelPath, files: &Evidence) -> Option<Blocker> {
    let below = format!("{}/", printable(path.as_str().as_ref()));
    let found = files.paths.iter().find_map(|file| file.strip_prefix(&below));
    if let Some(file) = found {
        let file = place.join(file);
        return Some(at(
            "in-the-way",
            &file,
            "it is in the way of the checkout that goes there",
            format!("mv {} SOMEWHERE", shell(&file)),
        ));
    }
    let fact = || format!("{} files lie beside the checkouts, and some of them may be in the way", files.total);
    (files.total > files.paths.len()).then(|| at("in-the-way", place, fact(), format!("ls -A {}", shell(place))))
}
