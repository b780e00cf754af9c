//! The files of checkouts that differ, by git's own words: asked only of those in which something does.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::Result;

use super::{git, parallel};
use crate::model::path::escape;
use crate::model::status::{CheckoutStatus, FileStatus, Status};

/// Adds the files that differ, and what differs in them. What cannot be told stays `None`.
pub fn differing(status: &mut Status, diff: bool) {
    let mut checkouts: Vec<&mut CheckoutStatus> = status.builders.iter_mut().flat_map(|builder| &mut builder.checkouts).collect();
    let paths: Vec<_> = checkouts.iter().map(|checkout| (checkout.path.clone(), asks(checkout))).collect();
    let found = parallel::map(&paths, |(path, asks)| match asks {
        None => (None, None),
        Some(false) => (Some(vec![]), diff.then(String::new)),
        Some(true) => {
            let files = files(path.as_path()).ok();
            (files, if diff { text(path.as_path()).ok() } else { None })
        }
    });
    for (checkout, (files, text)) in checkouts.iter_mut().zip(found) {
        checkout.files = files;
        checkout.diff = text;
    }
}

/// Whether something differs there; `None`: there is no checkout.
fn asks(checkout: &CheckoutStatus) -> Option<bool> {
    checkout.commit.as_ref()?;
    let none = checkout.changed == Some(0) && checkout.untracked == Some(0);
    Some(!none)
}

fn files(checkout: &Path) -> Result<Vec<FileStatus>> {
    let out = git::run(checkout, &["status", "--porcelain=v1", "-z", "--untracked-files=all", "--find-renames"])?;
    Ok(parse(&out))
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

fn text(checkout: &Path) -> Result<String> {
    let arguments = ["diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--submodule=diff"];
    Ok(String::from_utf8_lossy(&git::run(checkout, &arguments)?).into_owned())
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
