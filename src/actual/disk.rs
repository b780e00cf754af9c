//! Small looks at the disk that several readers share. Nothing here follows a symbolic link by accident.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::model::mark::Marked;
use crate::model::path::AbsPath;
use crate::regular;

/// A file's bytes; `None` where there is nothing.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    absent(regular::read(path))
}

/// What lies at a path, without following a link at its end; `None` where there is nothing.
pub(super) fn look(path: &Path) -> io::Result<Option<Metadata>> {
    absent(fs::symlink_metadata(path))
}

pub(super) fn absent<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The sorted paths in a directory; none where there is no directory.
pub(super) fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(entries) = absent(fs::read_dir(path))? else {
        return Ok(Vec::new());
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The real path as far as it exists: what is missing is added as it is written.
pub(super) fn real(path: &AbsPath) -> AbsPath {
    match fs::canonicalize(path.as_path()) {
        Ok(real) => path.join(real),
        Err(_) => match path.as_path().file_name() {
            Some(name) => real(&path.parent()).join(name),
            None => path.clone(),
        },
    }
}

/// The path behind `gitdir: ` in a `.git` file, seen from the directory that holds it.
pub(super) fn git_file(directory: &AbsPath) -> io::Result<AbsPath> {
    let bytes = regular::read(directory.join(".git").as_path())?;
    Ok(real(&git_dir_in(directory, &bytes)?))
}

/// The same as the bytes of that file have it.
pub(super) fn git_dir_in(directory: &AbsPath, bytes: &[u8]) -> io::Result<AbsPath> {
    let target = bytes.strip_prefix(b"gitdir: ").ok_or_else(|| io::Error::other("its .git file names no git directory"))?;
    let target = target.strip_suffix(b"\n").unwrap_or(target);
    Ok(directory.join(Path::new(OsStr::from_bytes(target))))
}

/// Whether a directory looks like a git directory or bare repository.
pub(super) fn is_git_dir(path: &Path) -> bool {
    fs::symlink_metadata(path.join("HEAD")).is_ok() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

/// A mark, read from its file.
pub(super) fn mark<M: DeserializeOwned>(path: &Path) -> Marked<M> {
    parse_mark(read(path), path)
}

/// The same of bytes that were read.
pub(super) fn parse_mark<M: DeserializeOwned>(found: io::Result<Option<Vec<u8>>>, path: &Path) -> Marked<M> {
    match found {
        Ok(None) => Marked::No,
        Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
            Ok(mark) => Marked::Yes(mark),
            Err(error) => Marked::Unreadable(format!("{}: {error}", path.display())),
        },
        Err(error) => Marked::Unreadable(format!("{}: {error}", path.display())),
    }
}

/// sha256 of bytes as git hashes a blob, in hexadecimal.
pub(super) fn blob_hash(bytes: &[u8]) -> io::Result<String> {
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha256, gix::objs::Kind::Blob, bytes).map_err(io::Error::other)?;
    Ok(id.to_string())
}
