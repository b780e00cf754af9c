//! Managed files: the file, then the anchor, then the mark.

use anyhow::Result;

use crate::git::{Record, content_hash};
use crate::model::address::Address;
use crate::model::mark::WrittenFile;
use crate::model::name::BuilderName;
use crate::model::path::{AbsPath, RelPath};
use crate::plan::{Change, FileContent, FileWrite};

use super::anchor::record;
use super::{Shared, builder::must_exist};

pub(super) fn write(shared: &Shared<'_>, change: &Change, write: &FileWrite) -> Result<()> {
    must_exist(&write.builder)?;
    shared.run.door.write_managed(&write.builder, &write.to, &write.content, write.expect.as_deref())?;
    adopt(shared, change, write)
}

/// Remembers a file that is as declared.
pub(super) fn adopt(shared: &Shared<'_>, change: &Change, write: &FileWrite) -> Result<()> {
    let Address::File(builder, _) = &change.address else { return Ok(()) };
    if !in_a_checkout(shared, builder, &write.to) {
        record(shared, &write.builder, &write.to, Some(&Record::File(write.content.clone())))?;
    }
    let executable = matches!(&write.content, FileContent::Bytes { executable: true, .. });
    let written = WrittenFile { mode: write.mode, hash: content_hash(&write.content)?, executable };
    let _turn = shared.turn();
    shared.change_builder_mark(builder, &write.builder, |mark| {
        mark.files.insert(write.to.clone(), written);
    })
}

pub(super) fn remove(shared: &Shared<'_>, change: &Change, path: &AbsPath, to: &RelPath, expect: Option<&str>) -> Result<()> {
    let Address::File(builder, _) = &change.address else { return Ok(()) };
    if let Some(expect) = expect {
        shared.run.door.remove_managed(path, to, expect)?;
    }
    if !in_a_checkout(shared, builder, to) {
        record(shared, path, to, None)?;
    }
    let _turn = shared.turn();
    shared.change_builder_mark(builder, path, |mark| {
        mark.files.remove(to);
    })
}

fn in_a_checkout(shared: &Shared<'_>, builder: &BuilderName, to: &RelPath) -> bool {
    let declared = shared.run.desired.builders.get(builder);
    declared.is_some_and(|builder| builder.checkouts.values().any(|checkout| checkout.path.contains(to)))
}
