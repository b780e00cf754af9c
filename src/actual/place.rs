//! Whether the workspace is where it was: told by the marked file, by device and inode, and by the path inside the
//! file system, which a second mount point does not change.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::disk;
use crate::model::actual::Place;
use crate::model::desired::Desired;
use crate::model::mark::{Marked, WorkspaceMark};
use crate::model::path::AbsPath;

/// Device and inode of what lies at a path, links at its end not followed.
#[must_use]
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = disk::look(path).ok().flatten()?;
    Some((found.dev(), found.ino()))
}

/// The path inside its file system: the root of the mount and what lies below the mount point. `None` where the
/// system does not tell.
#[must_use]
pub fn inner_path(path: &AbsPath) -> Option<AbsPath> {
    let real = disk::real(path);
    inner_path_of(&std::fs::read("/proc/self/mountinfo").ok()?, &real)
}

/// Mount points below a directory, also those that show the same file system once more.
pub(super) fn mounts_below(directory: &AbsPath) -> Vec<PathBuf> {
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let real = disk::real(directory);
    let points = mounts.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).map(unescape);
    let below = points.filter_map(|point| Some(directory.as_path().join(point.strip_prefix(&real).ok()?)));
    below.filter(|point| point != directory.as_path()).collect()
}

fn inner_path_of(mounts: &[u8], real: &AbsPath) -> Option<AbsPath> {
    let mut best: Option<(PathBuf, PathBuf)> = None;
    for line in mounts.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ');
        let (Some(root), Some(point)) = (fields.nth(3), fields.next()) else { continue };
        let (root, point) = (unescape(root), unescape(point));
        // A later mount on the same point hides the earlier one.
        let nearer = best.as_ref().is_none_or(|(_, old)| point.as_os_str().len() >= old.as_os_str().len());
        if real.as_path().starts_with(&point) && nearer {
            best = Some((root, point));
        }
    }
    let (root, point) = best?;
    let below = real.as_path().strip_prefix(point).ok()?;
    Some(AbsPath::new(root).ok()?.join(below))
}

/// mountinfo writes space, tab, newline and backslash as three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|_| byte == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(value) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            out.push(value);
            rest = &tail[3..];
        } else {
            out.push(byte);
            rest = tail;
        }
    }
    OsString::from_vec(out).into()
}

/// Compares the mark of the workspace with what is there.
pub(super) fn place(desired: &Desired, workspace: &Marked<WorkspaceMark>) -> Place {
    let Some(mark) = workspace.mark() else { return Place::Same };
    let copied = mark.identity.is_some() && mark.identity != identity(desired.builders_dir.as_path());
    // Two workspaces may have links to one file, and a copy has the link too.
    if mark.file == desired.file || (!copied && same_file(&mark.file, &desired.file)) {
        return relocated(desired, mark).map_or(Place::Same, Place::Relocated);
    }
    if matches!(disk::look(mark.file.as_path()), Ok(Some(_)) | Err(_)) {
        return if copied { Place::Copied(mark.file.clone()) } else { Place::AnotherFile(mark.file.clone()) };
    }
    match (&mark.inner_path, inner_path(&desired.builders_dir)) {
        (Some(old), Some(new)) if *old != new => Place::Moved(mark.file.clone()),
        (Some(_) | None, Some(_) | None) => Place::Elsewhere(mark.file.clone()),
    }
}

/// Where `builders_dir` was, if it is declared here by now and nothing is left there: it was moved, also to another file
/// system. The same directory under another mount point, as far as can be told, was not.
fn relocated(desired: &Desired, mark: &WorkspaceMark) -> Option<AbsPath> {
    let was = mark.builders_dir.as_ref().filter(|was| **was != desired.builders_dir)?;
    let gone = matches!(disk::look(was.as_path()), Ok(None)) || only_leads_to(was, &desired.builders_dir);
    let (_, inode) = mark.identity?;
    let same = identity(desired.builders_dir.as_path()).is_some_and(|(_, now)| now == inode);
    let other = matches!((&mark.inner_path, inner_path(&desired.builders_dir)), (Some(old), Some(new)) if *old != new);
    (gone && (other || !same)).then(|| was.clone())
}

/// Whether a directory holds nothing but the way to a path in it.
pub(super) fn only_leads_to(directory: &AbsPath, path: &AbsPath) -> bool {
    let mut above =
        path.as_path().ancestors().skip(1).take_while(|above| above.starts_with(directory)).zip(path.as_path().ancestors());
    let alone =
        |(above, below): (&Path, &Path)| disk::list(above).is_ok_and(|entries| entries.iter().all(|entry| entry == below));
    directory != path && directory.contains(path) && above.all(alone)
}

fn same_file(one: &AbsPath, other: &AbsPath) -> bool {
    let real = |path: &AbsPath| std::fs::canonicalize(path.as_path()).ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn the_inner_path_is_the_same_at_every_mount_point() {
        let mounts = b"21 1 8:1 / / rw - ext4 /dev/a rw\n30 21 8:2 /data /mnt/my\\040disk rw shared:1 - ext4 /dev/b rw\n\
                       31 21 8:2 /data/ws /pod rw - ext4 /dev/b rw\n";
        let inner = |path: &str| inner_path_of(mounts, &AbsPath::new(path).unwrap()).unwrap().to_string();
        assert_eq!(inner("/mnt/my disk/ws/x"), "/data/ws/x");
        assert_eq!(inner("/pod/x"), "/data/ws/x");
        assert_eq!(inner("/home/x"), "/home/x");
        assert_eq!(OsString::from(unescape(b"a\\012b")).as_bytes(), b"a\nb");
    }
}
