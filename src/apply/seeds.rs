//! What a new checkout gets from its main worktree: build caches, so that the first build is not from nothing.

use crate::git::Seeded;
use crate::model::path::AbsPath;
use crate::plan::{Change, CheckoutWrite};

use super::Shared;
use super::event::Event;

/// Brings what the file names. A cache that does not come is told, and the checkout is whole without it.
pub(super) fn sow(shared: &Shared<'_>, change: &Change, write: &CheckoutWrite, checkout: &AbsPath) {
    let warn = |message: &str| shared.run.listener.event(&Event::Warning { address: Some(&change.address), message });
    for path in &write.desired.seed {
        match shared.run.door.seed(&write.repository, checkout, path) {
            Ok(Seeded::Done | Seeded::Nothing) => {}
            Ok(Seeded::NotShared) => {
                warn(&format!("{path} is not copied from {}: this file system cannot share blocks of files", write.repository));
            }
            Err(error) => warn(&format!("{path} is not copied: {error:#}")),
        }
    }
}
