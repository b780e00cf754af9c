//! The one door through which files of the disk are read that may be something else by now: a pipe that nobody writes
//! to would hold whoever opens it for ever.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// A file's bytes.
///
/// # Errors
/// It cannot be read, or is no regular file.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file's text; see [`read`].
///
/// # Errors
/// As [`read`], or it is not UTF-8.
pub(crate) fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Opens a file for reading, without waiting for whoever writes to a pipe.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub(crate) fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    // Reading a directory fails by itself, with the system's own word for it.
    if found.is_file() || found.is_dir() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}
