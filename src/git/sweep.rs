//! What runs that were cut short left lying: temporaries with their token, lock files of their gits.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result, bail};

use super::clone::CLONE;
use super::managed::MANAGED;
use super::{own_files, unlink};
use crate::model::path::AbsPath;

/// Unlinks temporaries; see `Door::sweep`.
pub(super) fn sweep(directory: &AbsPath, tokens: &[String]) -> Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        other => other.with_context(|| format!("{directory} cannot be read"))?,
    };
    for entry in entries {
        let name = entry.with_context(|| format!("{directory} cannot be read"))?.file_name();
        let text = name.to_string_lossy();
        let ours = |token: &String| {
            let rest = text.strip_prefix(&own_files::temporary(token));
            rest.is_some_and(|rest| !rest.starts_with(MANAGED) && !rest.starts_with(CLONE))
        };
        if tokens.iter().any(ours) {
            unlink::tree(&directory.join(&name))?;
        }
    }
    Ok(())
}

/// Removes a lock file; see `Door::break_lock`.
pub(super) fn break_lock(path: &AbsPath, since: i64) -> Result<()> {
    let failed = || format!("{path} cannot be removed");
    let found = match path.as_path().symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.with_context(failed)?,
    };
    // git makes the new packed-refs under the lock of the old one, and never over a file that is there.
    let lock = path.as_path().ends_with("packed-refs.new") || path.as_path().extension().is_some_and(|it| it == "lock");
    if !found.is_file() || !lock {
        bail!("{path} is no lock file");
    }
    // A lock may carry the time of the second in which the run began.
    if found.mtime() < since {
        bail!("{path} is older than the run that was cut short");
    }
    fs::remove_file(path).with_context(failed)
}
