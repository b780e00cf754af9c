//! The managed files of one builder: those of the workspace, and its own, which win.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Scene;
use crate::config::fault::{fault, related};
use crate::config::{Builder, ManagedFile, Target};
use crate::diagnostic::Fault;
use crate::model::desired::{DesiredCheckout, DesiredFile, Shape};
use crate::model::name::RepoName;
use crate::model::path::RelPath;

type Checkouts = BTreeMap<RepoName, DesiredCheckout>;
/// Declarations by the path that each has in the builder.
type Placed<'a> = BTreeMap<RelPath, &'a ManagedFile>;

/// The managed files of a builder, by path.
pub(super) fn files(scene: &mut Scene<'_>, declared: &Builder, checkouts: &Checkouts) -> BTreeMap<RelPath, DesiredFile> {
    let mut placed = place(&scene.config.files, checkouts, &mut scene.faults);
    placed.extend(place(&declared.files, checkouts, &mut scene.faults));
    placed.retain(|_, file| file.mode.is_some());
    check(scene, &placed, checkouts);
    let mut files = BTreeMap::new();
    for (to, file) in placed {
        if let (Some(from), Some(mode)) = (&file.from, file.mode) {
            let from = from.value.under(&scene.facts.root);
            let checkout = around(&to, checkouts);
            files.insert(to.clone(), DesiredFile { to, from, mode, checkout });
        }
    }
    files
}

/// Expands the files of one scope; two that meet at one path are a fault.
fn place<'a>(files: &'a [ManagedFile], checkouts: &Checkouts, faults: &mut Vec<Fault>) -> Placed<'a> {
    let mut placed: Placed<'a> = BTreeMap::new();
    for file in files {
        let paths: Vec<RelPath> = match &file.to.value {
            Target::Builder(path) => vec![path.clone()],
            Target::EachCheckout(tail) => checkouts
                .values()
                .filter(|checkout| !checkout.repository.is_root())
                .filter_map(|checkout| RelPath::new(&format!("{}/{tail}", checkout.path)).ok())
                .collect(),
        };
        for path in paths {
            if let Some(first) = placed.get(&path) {
                let message = format!("two files go to `{path}`");
                let twice = fault(&file.to.span, message, "", "keep one of the two");
                push_once(faults, related(twice, &first.to.span, "the first one"));
            } else {
                placed.insert(path, file);
            }
        }
    }
    placed
}

/// The innermost checkout that a path lies in.
fn around(to: &RelPath, checkouts: &Checkouts) -> Option<RepoName> {
    let holders = checkouts.values().filter(|checkout| checkout.path.contains(to));
    holders
        .max_by_key(|checkout| if checkout.path.is_here() { 0 } else { checkout.path.as_str().len() })
        .map(|c| c.repository.clone())
}

fn check(scene: &mut Scene<'_>, placed: &Placed<'_>, checkouts: &Checkouts) {
    for (to, file) in placed {
        if let Some(checkout) = checkouts.values().find(|checkout| !checkout.path.is_here() && to.contains(&checkout.path)) {
            let message = format!("`to` takes the place of the checkout of `{}`, at `{}`", checkout.repository, checkout.path);
            refuse(scene, &file.to.span, message, "name a file beside the checkouts, or in one");
        }
        if scene.layout.shape == Shape::Anchored && to.as_str().eq_ignore_ascii_case(".gitmodules") {
            let hint = "git would take the checkouts for submodules, and reset them: choose another name";
            refuse(scene, &file.to.span, "`to` may not be `.gitmodules`".into(), hint);
        }
        let above = to.as_str().match_indices('/').find_map(|(at, _)| placed.get(&to.as_str()[..at]).map(|file| (at, file)));
        if let Some((at, above)) = above {
            let message = format!("`{}` would be a file and a directory at once", &to.as_str()[..at]);
            let both = fault(&file.to.span, message, "", "rename one of the two");
            push_once(&mut scene.faults, related(both, &above.to.span, "the file"));
        }
    }
}

fn refuse(scene: &mut Scene<'_>, span: &Range<usize>, message: String, hint: &str) {
    push_once(&mut scene.faults, fault(span, message, "", hint));
}

/// A fault of the workspace's files shows in every builder: it is reported once.
fn push_once(faults: &mut Vec<Fault>, fault: Fault) {
    if !faults.iter().any(|known| known.span == fault.span && known.message == fault.message) {
        faults.push(fault);
    }
}
