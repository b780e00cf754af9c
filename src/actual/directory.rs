//! A directory that is listed and kept open: what lies in it is read without walking to it again.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};

/// Opens a directory, which is not followed to where a symbolic link names it, and lists it without `.` and `..`.
pub(super) fn list(above: impl AsFd, at: &OsStr) -> io::Result<(OwnedFd, Vec<(OsString, FileType)>)> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(above, at, flags, Mode::empty())?;
    let mut entries = Vec::new();
    each(&directory, |name, kind| {
        if !matches!(name, b"." | b"..") {
            entries.push((OsStr::from_bytes(name).to_owned(), kind));
        }
    })?;
    for (name, kind) in entries.iter_mut().filter(|(_, kind)| *kind == FileType::Unknown) {
        let found = rustix::fs::statat(&directory, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW)?;
        *kind = FileType::from_raw_mode(found.st_mode);
    }
    Ok((directory, entries))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn each(directory: &OwnedFd, mut visit: impl FnMut(&[u8], FileType)) -> io::Result<()> {
    let mut room = [std::mem::MaybeUninit::uninit(); 8192];
    let mut entries = rustix::fs::RawDir::new(directory, &mut room);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        visit(entry.file_name().to_bytes(), entry.file_type());
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn each(directory: &OwnedFd, mut visit: impl FnMut(&[u8], FileType)) -> io::Result<()> {
    for entry in rustix::fs::Dir::read_from(directory)? {
        let entry = entry?;
        visit(entry.file_name().to_bytes(), entry.file_type());
    }
    Ok(())
}
