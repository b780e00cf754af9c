//! Managed files of a run that was cut short: each is whole and at its place, or as it was before; then the mark knows
//! those that are there.

use std::collections::BTreeMap;

use anyhow::Result;

use super::marks;
use super::recover::Recovery;
use crate::diagnostic::Diagnostic;
use crate::git::{Unsettled, content_hash};
use crate::model::journal::Intent;
use crate::model::mark::{BuilderMark, OWN_DIRECTORY, REPLACED};
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

/// A file that was written: what was there before, and what was to be there.
type Written<'a> = (&'a Intent, &'a RelPath, Option<&'a str>, &'a str);

/// Lets the marks of builders know of the files that were written and not remembered yet. Returns in `left` also what could
/// not be, each of which is told.
pub(super) fn remember(recovery: &Recovery<'_>, left: &mut Vec<Intent>) {
    let mut written: BTreeMap<&AbsPath, Vec<Written<'_>>> = BTreeMap::new();
    for intent in recovery.journal.open.iter().filter(|intent| !left.contains(intent)) {
        if let Intent::File { builder, to, old, new: Some(new) } = intent {
            written.entry(builder).or_default().push((intent, to, old.as_deref(), new));
        }
    }
    for (builder, files) in written {
        if let Err(error) = remember_of(recovery, builder, &files) {
            (recovery.tell)(&format!("what a run left that was cut short stays for now: {error:#}"));
            left.extend(files.into_iter().map(|(intent, ..)| intent.clone()));
        }
    }
}

fn remember_of(recovery: &Recovery<'_>, builder: &AbsPath, files: &[Written<'_>]) -> Result<()> {
    let name = builder.as_path().file_name().and_then(|name| BuilderName::new(name.to_str()?).ok());
    let mark = name.as_ref().and_then(|name| marks::read(recovery.desired, name, builder).ok());
    let mut unknown: BTreeMap<&RelPath, &str> = BTreeMap::new();
    for &(_, to, old, new) in files.iter().filter(|(_, to, ..)| to.under(builder).as_path().symlink_metadata().is_ok()) {
        match (old, mark.as_ref().and_then(|mark: &BuilderMark| mark.files.get(to))) {
            // It came, and nobody could tell it from a file that was there before.
            (None, None) => match recovery.door.remove_managed(builder, to, new) {
                Err(error) if error.downcast_ref::<Diagnostic>().is_none() => return Err(error),
                // It is somebody's by now.
                Ok(()) | Err(_) => {}
            },
            // It would pass for edited as soon as its source changes again.
            (_, Some(known)) if known.hash != new && hash(&to.under(builder)).is_some_and(|hash| hash == new) => {
                unknown.insert(to, new);
            }
            (_, Some(_)) | (Some(_), None) => {}
        }
    }
    let Some(name) = name.filter(|_| !unknown.is_empty()) else { return Ok(()) };
    marks::change(recovery.door, recovery.desired, &name, builder, |mark| {
        for (to, hash) in unknown {
            if let Some(file) = mark.files.get_mut(to) {
                hash.clone_into(&mut file.hash);
            }
        }
    })
}

/// The hash of what is there, as marks keep it.
fn hash(path: &AbsPath) -> Option<String> {
    let content = match std::fs::read_link(path) {
        Ok(target) => FileContent::Link(target),
        Err(_) => FileContent::Bytes { bytes: regular::read(path).ok()?, executable: false, private: false },
    };
    content_hash(&content).ok()
}
