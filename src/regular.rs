//! The one door through which files of the disk are read that may be something else by now: a pipe that nobody writes
//! to would hold whoever opens it for ever.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags};

/// A file's bytes.
///
/// # Errors
/// It cannot be read, or is no regular file.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_at(CWD, path.as_ref(), OFlags::empty())
}

/// The same, where a symbolic link is not followed.
///
/// # Errors
/// As [`read`], or it is a symbolic link.
pub(crate) fn read_here(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_at(CWD, path.as_ref(), OFlags::NOFOLLOW)
}

/// The bytes of a file that is relative to an open directory.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_at(directory: impl AsFd, path: &Path, flags: OFlags) -> io::Result<Vec<u8>> {
    let (file, size) = open_at(directory, path, flags)?;
    // A file that the system makes as it is read says that it is empty.
    whole((file, if size == 0 { u64::MAX } else { size }))
}

/// The same of a small file that was listed as a regular one a moment ago. What took its place is not waited for.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read_listed(directory: impl AsFd, path: &Path, flags: OFlags) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | flags;
    whole((File::from(rustix::fs::openat(directory, path, flags, Mode::empty())?), 1))
}

/// The bytes of a file that has at least so many: a read that leaves room then has seen the end.
fn whole((mut file, least): (File, u64)) -> io::Result<Vec<u8>> {
    let least = usize::try_from(least).unwrap_or(usize::MAX);
    let mut bytes = vec![0; if least == usize::MAX { 1 << 16 } else { least.max(1023) + 1 }];
    let mut filled = 0;
    loop {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if filled == bytes.len() {
            bytes.resize(bytes.len() * 2, 0);
        } else if filled >= least {
            break;
        }
    }
    bytes.truncate(filled);
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
    Ok(open_at(CWD, path.as_ref(), OFlags::empty())?.0)
}

/// Opens a file for reading, and says its size.
fn open_at(directory: impl AsFd, path: &Path, flags: OFlags) -> io::Result<(File, u64)> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | flags;
    let file = File::from(rustix::fs::openat(directory, path, flags, Mode::empty())?);
    let found = rustix::fs::fstat(&file)?;
    // Reading a directory fails by itself, with the system's own word for it.
    match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile | FileType::Directory => Ok((file, u64::try_from(found.st_size).unwrap_or_default())),
        _ => Err(io::Error::other("not a regular file")),
    }
}
