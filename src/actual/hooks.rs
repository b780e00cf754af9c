//! Hooks that still run, though the wsctl that began them has ended: each holds the lock that it was given.

use std::collections::BTreeSet;
use std::fs;

use rustix::fs::{FlockOperation, flock};

use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::mark::{HOOKS, OWN_DIRECTORY};
use crate::model::name::{BuilderName, RepoName};
use crate::regular;

/// The addresses of hooks that run.
pub(super) fn running(desired: &Desired) -> BTreeSet<Address> {
    let top = desired.builders_dir.join(OWN_DIRECTORY).join(HOOKS);
    let Ok(builders) = fs::read_dir(&top) else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    for directory in builders.flatten() {
        let builder = directory.file_name().to_str().and_then(|name| BuilderName::new(name).ok());
        let (Some(builder), Ok(entries)) = (builder, fs::read_dir(directory.path())) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".post_create.running")) else { continue };
            let repository = stem.strip_prefix("checkout-").map(|name| RepoName::try_from(name.to_owned()));
            let address = match repository {
                None => Address::Hook(builder.clone(), None),
                Some(Ok(repository)) => Address::Hook(builder.clone(), Some(repository)),
                Some(Err(_)) => continue,
            };
            let held = regular::open(entry.path()).is_ok_and(|file| {
                // The lock is let go with the file.
                flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK)
            });
            if held {
                found.insert(address);
            }
        }
    }
    found
}
