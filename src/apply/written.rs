//! Managed files of a run that was cut short: each is whole and at its place, or as it was before; then the anchor and the
//! mark know of those that are there.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Result;

use super::marks;
use super::recover::Recovery;
use crate::diagnostic::Diagnostic;
use crate::git::{Record, Records, Unsettled, content_hash};
use crate::model::journal::Intent;
use crate::model::mark::{OWN_DIRECTORY, REPLACED};
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::plan::FileContent;
use crate::regular;

/// Settles what the write or the removal of one file left beside it.
pub(super) fn settle(recovery: &Recovery<'_>, intent: &Intent) -> Result<()> {
    let Intent::File { builder, to, old, new } = intent else { return Ok(()) };
    let aside = recovery.desired.builders_dir.join(OWN_DIRECTORY).join(REPLACED);
    recovery.door.make_directory(&aside)?;
    let moved = recovery.door.settle_managed(&Unsettled {
        builder,
        to,
        old: old.as_deref(),
        new: new.as_deref(),
        tokens: &recovery.journal.header.tokens,
        aside: &aside,
    })?;
    if let Some(moved) = moved {
        (recovery.tell)(&format!("{to} was edited while it was written; the edited file is {moved}"));
    }
    Ok(())
}

/// A file that was begun: what was there before, and what was to be there.
type Begun<'a> = (&'a Intent, &'a RelPath, Option<&'a str>, Option<&'a str>);

/// Finishes what the run had begun: lets the anchors and the marks of builders know of the files that were written or removed
/// and not remembered yet. Leaves in `left` also what could not be, each of which is told.
pub(super) fn remember(recovery: &Recovery<'_>, left: &mut Vec<Intent>) {
    let mut begun: BTreeMap<&AbsPath, Vec<Begun<'_>>> = BTreeMap::new();
    for intent in recovery.journal.open.iter().filter(|intent| !left.contains(intent)) {
        if let Intent::File { builder, to, old, new } = intent {
            begun.entry(builder).or_default().push((intent, to, old.as_deref(), new.as_deref()));
        }
    }
    for (builder, files) in begun {
        if let Err(error) = remember_of(recovery, builder, &files) {
            (recovery.tell)(&format!("what a run left that was cut short stays for now: {error:#}"));
            left.extend(files.into_iter().map(|(intent, ..)| intent.clone()));
        }
    }
}

fn remember_of(recovery: &Recovery<'_>, builder: &AbsPath, files: &[Begun<'_>]) -> Result<()> {
    let name = builder.as_path().file_name().and_then(|name| BuilderName::new(name.to_str()?).ok());
    let mark = name.as_ref().and_then(|name| marks::read(recovery.desired, name, builder).ok());
    let mut records: Records = BTreeMap::new();
    let mut known: BTreeMap<&RelPath, &str> = BTreeMap::new();
    for &(_, to, old, new) in files {
        let there = content(&to.under(builder));
        let is_marked = mark.as_ref().is_some_and(|mark| mark.files.contains_key(to));
        match (old, new, there) {
            // It came, and nobody could tell it from a file that was there before.
            (None, Some(new), Some(_)) if !is_marked => match recovery.door.remove_managed(builder, to, new) {
                Err(error) if error.downcast_ref::<Diagnostic>().is_none() => return Err(error),
                // It is somebody's by now.
                Ok(()) | Err(_) => {}
            },
            // It would pass for edited as soon as its source changes again.
            (_, Some(new), Some(there)) if is_marked && content_hash(&there)? == new => {
                known.insert(to, new);
                records.insert(to.clone(), Some(Record::File(there)));
            }
            (_, None, None) => drop(records.insert(to.clone(), None)),
            (_, Some(_), None) | (_, None, Some(_)) | (Some(_) | None, Some(_), Some(_)) => {}
        }
    }
    records.retain(|to, _| !in_a_checkout(builder, to));
    if !records.is_empty() && builder.join(".git").as_path().is_dir() {
        recovery.door.record(builder, &records)?;
    }
    let Some(name) = name.filter(|_| !known.is_empty()) else { return Ok(()) };
    marks::change(recovery.door, recovery.desired, &name, builder, |mark| {
        for (to, hash) in known {
            if let Some(file) = mark.files.get_mut(to) {
                hash.clone_into(&mut file.hash);
            }
        }
    })
}

/// Whether a file lies in a checkout, or in what became a repository: the anchor does not speak of it.
fn in_a_checkout(builder: &AbsPath, to: &RelPath) -> bool {
    let above = Path::new(to.as_str()).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    above.into_iter().any(|above| builder.join(above).join(".git").as_path().symlink_metadata().is_ok())
}

/// What is there; nothing where it cannot be read.
fn content(path: &AbsPath) -> Option<FileContent> {
    if let Ok(target) = std::fs::read_link(path) {
        return Some(FileContent::Link(target));
    }
    let executable = path.as_path().symlink_metadata().ok()?.permissions().mode() & 0o100 != 0;
    Some(FileContent::Bytes { bytes: regular::read(path).ok()?, executable, private: false })
}
