//! What a removal may delete at once, deleted when every step has ended.

use std::sync::PoisonError;

use crate::model::address::Address;
use crate::model::path::AbsPath;
use crate::model::stamp::SeenFiles;

use super::Shared;
use super::event::Event;

/// An ignored file in the trash that policy lets go at once.
pub(super) struct Disposal {
    /// The removal that it was part of.
    pub(super) address: Address,
    /// Where it lies by now.
    pub(super) path: AbsPath,
    /// What it consisted of before it was last looked at: nothing else is deleted.
    pub(super) files: SeenFiles,
}

/// Deletes the disposable files of all removals of a run, after its last step: whatever else fails or is killed before
/// costs nothing. What cannot be deleted stays in the trash.
pub(super) fn dispose(shared: &Shared<'_>) {
    let disposals = std::mem::take(&mut *shared.disposals.lock().unwrap_or_else(PoisonError::into_inner));
    for Disposal { address, path, files } in disposals {
        let message = match shared.run.door.unlink_seen(&path, &files) {
            Ok(0) => continue,
            Ok(1) => format!("1 file in {path} came or changed meanwhile, and stays in the trash"),
            Ok(more) => format!("{more} files in {path} came or changed meanwhile, and stay in the trash"),
            Err(error) => format!("{path} stays in the trash: {error:#}"),
        };
        shared.run.listener.event(&Event::Warning { address: Some(&address), message: &message });
    }
}
