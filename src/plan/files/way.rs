//! Managed files that are declared no more and lie where another is declared: a directory that became a file, a link that
//! became a directory.

use crate::model::address::Address;
use crate::model::builder::DiskFile;
use crate::model::desired::DesiredBuilder;
use crate::model::mark::WrittenFile;
use crate::model::path::RelPath;
use crate::plan::input::Input;
use crate::plan::members::unedited;

use super::is_tracked;

/// What this plan removes, so that a file can be written; nothing where something else is in its way too.
pub(super) fn cleared(input: &Input<'_>, builder: &DesiredBuilder, to: &RelPath) -> Vec<Address> {
    let disk = input.directory(&builder.name).and_then(|directory| directory.files.get(to));
    let in_the_way: Vec<&RelPath> = match disk {
        Some(DiskFile::Unusable { at, .. }) if at != to => vec![at],
        Some(DiskFile::Unusable { holds, .. }) => holds.iter().collect(),
        Some(DiskFile::File { .. } | DiskFile::Symlink { .. } | DiskFile::Missing) | None => vec![],
    };
    let all = in_the_way.iter().all(|path| goes(input, builder, path));
    let address = |path: &RelPath| Address::File(builder.name.clone(), path.clone());
    in_the_way.into_iter().filter(|_| all).map(address).collect()
}

/// Whether a file is ours, as it was written, and declared no more: then it is removed, and nothing of anybody's with it.
fn goes(input: &Input<'_>, builder: &DesiredBuilder, path: &RelPath) -> bool {
    let written = input.builder_mark(&builder.name).and_then(|mark| mark.files.get(path));
    let disk = input.directory(&builder.name).and_then(|directory| directory.files.get(path));
    !builder.files.contains_key(path)
        && written.is_some_and(|written| !stays(disk, written) && unedited(disk, &written.hash))
        && input.selects(&Address::File(builder.name.clone(), path.clone()))
}

/// Whether a file that is declared no more is only forgotten: git has it, or it was somebody's, or may be the last copy.
pub(super) fn stays(disk: Option<&DiskFile>, written: &WrittenFile) -> bool {
    is_tracked(disk) || written.adopted || written.sole
}
