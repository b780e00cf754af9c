//! What lies in a builder beside its checkouts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::git_dir::GitDir;
use super::processes::Processes;
use super::walk::{self, Into};
use super::{anchor, disk, git, place, registration, work};
use crate::model::actual::{Link, Lock};
use crate::model::builder::{AnchorState, BuilderDirectory, Occupant};
use crate::model::mark::{CHECKOUT_MARK, CheckoutMark, Marked};
use crate::model::path::{AbsPath, RelPath, printable};
use crate::model::work::{Evidence, Finding, Findings};

/// Looks at what lies beside the checkouts of a builder, as it is now. A nested builder is its root's checkout:
/// [`super::work()`] of that one sees everything.
#[must_use]
pub fn strays(directory: &BuilderDirectory) -> Findings {
    look(directory, &Processes::read())
}

/// The same of what was not read: what holds a directory with these checkouts where it is. Which files are managed is not asked.
#[must_use]
pub fn beside(builder: &AbsPath, checkouts: &[&AbsPath]) -> Findings {
    let inside = checkouts.iter().filter(|checkout| builder.contains(checkout));
    let known = inside.filter_map(|checkout| RelPath::new(checkout.relative_to(builder).to_str()?).ok()).collect();
    strays(&BuilderDirectory {
        identity: place::identity(builder.as_path()).unwrap_or_default(),
        occupant: super::places::occupant(builder, &RelPath::here()),
        anchor: anchor::read(builder, anchor::mark(builder) != Marked::No),
        mark: Marked::No,
        places: super::places::places(builder, &known, true, &|_| None),
        one_sided: BTreeMap::new(),
        files: BTreeMap::new(),
        strays: None,
        path: builder.clone(),
    })
}

/// The same with processes that were read before.
pub(super) fn look(directory: &BuilderDirectory, processes: &Processes) -> Findings {
    find(directory, processes).unwrap_or_else(|error| vec![Finding::Unknown(format!("{error:#}"))])
}

fn find(directory: &BuilderDirectory, processes: &Processes) -> Result<Findings> {
    match super::places::occupant(&directory.path, &RelPath::here()) {
        Occupant::Nothing | Occupant::Empty | Occupant::Worktree(_) => return Ok(Vec::new()),
        Occupant::Symlink => return Ok(vec![Finding::Unknown("a symbolic link stands where the builder was".into())]),
        Occupant::File => return Ok(vec![Finding::Unknown("a file stands where the builder was".into())]),
        Occupant::Unreadable(why) => return Ok(vec![Finding::Unknown(why)]),
        Occupant::Mount => return Ok(vec![Finding::Mount(Evidence::of(vec![".".into()]))]),
        Occupant::Directory | Occupant::Repository => {}
    }
    let top = directory.path.as_path();
    let checkouts: Vec<PathBuf> = directory.places.keys().filter_map(|at| checkout(&directory.path, at)).collect();
    let managed = directory.mark.mark().map(|mark| &mark.files);
    let anchored = matches!(directory.anchor, AnchorState::Ours(_) | AnchorState::Damaged(_));
    let (mut stray, mut edited, mut nested) = (Vec::new(), Vec::new(), Vec::new());
    let mut mounts = place::mounts_below(&directory.path);
    walk::walk(top, &mut mounts, &mut |path, found| {
        if checkouts.iter().any(|checkout| checkout == path) || (anchored && path == top.join(".git")) {
            return Ok(Into::Skip);
        }
        if found.is_dir() {
            if !walk::has_git(path)? && path != top.join(".git") {
                return Ok(Into::Descend);
            }
            nested.push(path.to_path_buf());
            return Ok(Into::Skip);
        }
        let relative = path.strip_prefix(top).unwrap_or(path);
        match relative.to_str().and_then(|relative| managed?.get(relative)) {
            Some(written) if work::is_edited(&directory.path.join(relative), written).map_err(std::io::Error::other)? => {
                edited.push(path.to_path_buf());
            }
            Some(_) => {}
            None => stray.push(path.to_path_buf()),
        }
        Ok(Into::Skip)
    })?;
    // As in a checkout, what is ignored does not block: it goes along to the trash.
    if anchored && !stray.is_empty() {
        let ignored = ignored(top, &stray);
        stray.retain(|path| !ignored.contains(path));
    }
    let mut findings = processes.inside(disk::real(&directory.path).as_path(), &real(&directory.path, &checkouts));
    let links = directory.places.iter().filter(|(_, occupant)| **occupant == Occupant::Symlink);
    findings.extend(links.map(|(at, _)| Finding::Unknown(format!("a symbolic link stands where the checkout {at} was"))));
    let lists: [(work::Kind, Vec<PathBuf>); 4] =
        [(Finding::Stray, stray), (Finding::EditedManaged, edited), (Finding::Nested, nested), (Finding::Mount, mounts)];
    for (kind, paths) in lists {
        let shown = |path: &PathBuf| printable(path.strip_prefix(top).unwrap_or(path).as_os_str());
        let evidence = Evidence::of(paths.iter().map(shown).collect());
        if !evidence.is_empty() {
            findings.push(kind(evidence));
        }
    }
    Ok(findings)
}

/// Those of these files that the anchor ignores; none where that cannot be told.
fn ignored(builder: &Path, files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut input = Vec::new();
    for file in files.iter().filter_map(|file| file.strip_prefix(builder).ok()) {
        input.extend_from_slice(file.as_os_str().as_bytes());
        input.push(0);
    }
    let mut asked = git::command(builder);
    // It fails where none of them is ignored.
    let found = git::feed(asked.args(["check-ignore", "-z", "--stdin"]), &input).unwrap_or_default();
    let paths = found.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| builder.join(OsStr::from_bytes(path))).collect()
}

fn real(builder: &AbsPath, paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().map(|path| disk::real(&builder.join(path)).as_path().to_path_buf()).collect()
}

/// The path of a checkout of ours: linked both ways, with our mark or our lock. A copy of one is not.
fn checkout(builder: &AbsPath, at: &RelPath) -> Option<PathBuf> {
    let path = at.under(builder);
    let Occupant::Worktree(admin_dir) = super::places::occupant(builder, at) else { return None };
    let (worktree, link) = registration::link(&admin_dir);
    let linked = link == Link::Whole && worktree == Some(disk::real(&path));
    let mark: Marked<CheckoutMark> = disk::mark(admin_dir.join(CHECKOUT_MARK).as_path());
    let ours = mark.mark().is_some() || matches!(registration::lock(&GitDir::list(&admin_dir)), Some(Lock::Ours(_)));
    (linked && ours).then(|| path.as_path().to_path_buf())
}
