//! Paths that a pattern of `include` names. Reads directories, never writes.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use gix::bstr::BStr;
use gix::glob::wildmatch::Mode;

/// Any number of directories.
const DEEP: &str = "**";

/// Whether a text is more than a plain path.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What lies on the disk and fits an absolute pattern, sorted. A name that begins with a dot fits only where the pattern's
/// part does too, and `**` goes through no symbolic link.
///
/// # Errors
/// A directory that is there and cannot be read.
pub(super) fn matches(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(PathBuf::new(), &parts(pattern), &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether an absolute path fits an absolute pattern.
pub(super) fn fits(pattern: &Path, path: &Path) -> bool {
    fit(&parts(pattern), &parts(path))
}

/// A path as a pattern that only fits itself. A part without wildcards is taken as it is.
pub(super) fn escaped(path: &Path) -> PathBuf {
    let special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\');
    let escape = |byte: &u8| if special(byte) { vec![b'\\', *byte] } else { vec![*byte] };
    let part = |part: &OsStr| match part.to_str() {
        Some(text) if is_glob(text) => OsString::from_vec(part.as_bytes().iter().flat_map(escape).collect()),
        Some(_) | None => part.to_owned(),
    };
    path.iter().map(part).collect()
}

fn parts(path: &Path) -> Vec<&str> {
    path.components()
        .filter_map(|part| match part {
            Component::RootDir => Some("/"),
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_) | Component::CurDir | Component::ParentDir => None,
        })
        .collect()
}

fn fit(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, found) => found.is_none(),
        (Some((&DEEP, rest)), found) => {
            fit(rest, path) || found.is_some_and(|(name, below)| !name.starts_with('.') && fit(pattern, below))
        }
        (Some(_), None) => false,
        (Some((part, rest)), Some((name, below))) => one(part, name.as_bytes()) && fit(rest, below),
    }
}

/// Whether one part of a pattern fits a name.
fn one(part: &str, name: &[u8]) -> bool {
    let hidden = name.starts_with(b".") && !part.starts_with('.');
    !hidden && gix::glob::wildmatch(BStr::new(part), BStr::new(name), Mode::empty())
}

fn walk(at: PathBuf, pattern: &[&str], found: &mut Vec<PathBuf>) -> io::Result<()> {
    let Some((part, rest)) = pattern.split_first() else {
        if at.symlink_metadata().is_ok() {
            found.push(at);
        }
        return Ok(());
    };
    if *part == DEEP {
        for entry in entries(&at)? {
            if entry.file_type()?.is_dir() && !entry.file_name().as_bytes().starts_with(b".") {
                walk(entry.path(), pattern, found)?;
            }
        }
        return walk(at, rest, found);
    }
    if !is_glob(part) {
        return walk(at.join(part), rest, found);
    }
    for entry in entries(&at)? {
        if one(part, entry.file_name().as_bytes()) {
            walk(entry.path(), rest, found)?;
        }
    }
    Ok(())
}

/// The entries of a directory; none where there is no directory.
fn entries(directory: &Path) -> io::Result<Vec<std::fs::DirEntry>> {
    match std::fs::read_dir(directory) {
        Ok(entries) => entries.collect(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", directory.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        let fits = |pattern: &str, path: &str| fits(Path::new(pattern), Path::new(path));
        assert!(fits("/ws/d/*.toml", "/ws/d/a.toml"));
        assert!(!fits("/ws/d/*.toml", "/ws/d/e/a.toml") && !fits("/ws/d/*.toml", "/ws/d/.a.toml"));
        assert!(fits("/ws/**/*.toml", "/ws/a.toml") && fits("/ws/**/*.toml", "/ws/d/e/a.toml"));
        assert!(!fits("/ws/**/*.toml", "/ws/.d/a.toml"));
        assert!(fits("/ws/?.[tx]oml", "/ws/a.xoml") && !fits("/ws/?.toml", "/ws/ab.toml"));
    }
}
