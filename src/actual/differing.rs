//! The files of checkouts that differ, by git's own words: asked only of those in which something does.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Result;

use super::{git, parallel};
use crate::model::name::ObjectId;
use crate::model::path::escape;
use crate::model::status::{CheckoutStatus, FileStatus, Status};

/// What differs in one checkout.
#[derive(Default)]
struct Found {
    files: Option<Vec<FileStatus>>,
    committed: Option<Vec<FileStatus>>,
    diff: Option<String>,
}

/// Adds the files that differ from HEAD and from the base, and what differs in them. What cannot be told stays `None`.
pub fn differing(status: &mut Status, diff: bool) {
    let mut checkouts: Vec<&mut CheckoutStatus> = status.builders.iter_mut().flat_map(|builder| &mut builder.checkouts).collect();
    let looks: Vec<_> = checkouts.iter().map(|checkout| (checkout.path.clone(), asks(checkout), since(checkout))).collect();
    let found = parallel::map(&looks, |(path, asks, since)| match asks {
        None => Found::default(),
        Some(false) => Found { files: Some(vec![]), committed: Some(vec![]), diff: diff.then(String::new) },
        Some(true) => Found {
            files: files(path.as_path()).ok(),
            committed: since.as_ref().map_or(Some(vec![]), |base| committed(path.as_path(), base).ok()),
            diff: if diff { text(path.as_path(), since.as_ref()).ok() } else { None },
        },
    });
    for (checkout, found) in checkouts.iter_mut().zip(found) {
        checkout.files = found.files;
        checkout.committed = found.committed;
        checkout.diff = found.diff;
    }
}

/// Whether something differs there; `None`: there is no checkout.
fn asks(checkout: &CheckoutStatus) -> Option<bool> {
    checkout.commit.as_ref()?;
    let none = checkout.changed == Some(0) && checkout.untracked == Some(0) && since(checkout).is_none();
    Some(!none)
}

/// The base of a checkout that has commits of its own.
fn since(checkout: &CheckoutStatus) -> Option<ObjectId> {
    checkout.base.clone().filter(|_| checkout.merged == Some(false))
}

fn files(checkout: &Path) -> Result<Vec<FileStatus>> {
    let out = git::run(checkout, &["status", "--porcelain=v1", "-z", "--untracked-files=all", "--find-renames"])?;
    Ok(parse(&out))
}

/// The files that differ between HEAD and where it left its base.
fn committed(checkout: &Path, base: &ObjectId) -> Result<Vec<FileStatus>> {
    let arguments = ["diff", "--name-status", "-z", "--no-ext-diff", "--find-renames", "--merge-base", base.as_str(), "HEAD"];
    let out = git::run(checkout, &arguments)?;
    let mut fields = out.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let mut next = || fields.next().map(|bytes| escape(OsStr::from_bytes(bytes)));
    let mut found = Vec::new();
    // The letter of a rename has a number behind it, and two paths.
    while let (Some(letter), Some(path)) = (next(), next()) {
        let renamed = letter.starts_with(['R', 'C']).then(&mut next).flatten();
        let letters = format!("{} ", letter.chars().next().unwrap_or(' '));
        found.push(match renamed {
            Some(to) => FileStatus { letters, path: to, from: Some(path) },
            None => FileStatus { letters, path, from: None },
        });
    }
    Ok(found)
}

/// `XY path`, each ended by a NUL; a rename has its old path behind it.
fn parse(out: &[u8]) -> Vec<FileStatus> {
    let text = |bytes: &[u8]| escape(OsStr::from_bytes(bytes));
    let mut fields = out.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let mut found = Vec::new();
    while let Some(field) = fields.next() {
        let Some((letters, path)) = field.split_at_checked(3) else { continue };
        let letters = String::from_utf8_lossy(&letters[..2]).into_owned();
        let from = letters.contains(['R', 'C']).then(|| fields.next().map(text)).flatten();
        found.push(FileStatus { letters, path: text(path), from });
    }
    found
}

fn text(checkout: &Path, base: Option<&ObjectId>) -> Result<String> {
    let since: &[&str] = match base {
        Some(base) => &["--merge-base", base.as_str()],
        None => &["HEAD"],
    };
    let shown = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--submodule=diff"];
    Ok(String::from_utf8_lossy(&git::run(checkout, &[&shown, since].concat())?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_read() {
        let found = parse(b" M a b\0R  new\0old\0?? x\ny\0UU c\0");
        let told: Vec<_> = found.iter().map(|file| (file.letters.as_str(), file.path.as_str(), file.from.as_deref())).collect();
        assert_eq!(told, [(" M", "a b", None), ("R ", "new", Some("old")), ("??", "x%0Ay", None), ("UU", "c", None)]);
    }
}
