//! Limits a checkout to directories, by its own configuration. git deletes ignored files of directories that it leaves out,
//! and looks at none that it takes back in: both are refused before.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::Result;

use super::command::Git;
use crate::diagnostic::Diagnostic;
use crate::model::path::AbsPath;
use crate::model::sparse::{Cone, goes_along};
use crate::plan::shell_word;

/// Limits a checkout to these directories, or to none; see `Door::set_sparse`.
pub(super) fn set(git: &Git, checkout: &AbsPath, cone: Option<&Cone>) -> Result<()> {
    refuse(git, checkout, cone)?;
    // A file whose times say nothing is one that git leaves where it is. What differs by its content was refused before.
    git.at(checkout)?.args(["update-index", "-q", "--refresh"]).answer()?;
    match cone {
        Some(cone) => write(git, checkout, cone),
        None => git.at(checkout)?.args(["sparse-checkout", "disable"]).patiently().map(drop),
    }
}

/// Writes the patterns, and the files where there is an index already.
pub(super) fn write(git: &Git, checkout: &AbsPath, cone: &Cone) -> Result<()> {
    let lines = cone.iter().fold(String::new(), |lines, path| lines + path.as_str() + "\n");
    let set = git.at(checkout)?.args(["sparse-checkout", "set", "--cone", "--no-sparse-index", "--stdin"]);
    set.fed(lines.as_bytes()).map(drop)
}

/// Refuses where a file that git does not know lies in what is left out, or in the place of what comes back.
fn refuse(git: &Git, checkout: &AbsPath, cone: Option<&Cone>) -> Result<()> {
    let listed = git.at(checkout)?.args(["ls-files", "-t", "-z"]).run()?;
    let mut tracked: BTreeSet<&[u8]> = BTreeSet::new();
    for line in listed.split(|byte| *byte == 0).filter(|line| line.len() > 2) {
        let path = &line[2..];
        tracked.insert(path);
        let at = checkout.join(OsStr::from_bytes(path));
        if line.starts_with(b"S ") && at.as_path().symlink_metadata().is_ok() {
            return Err(in_the_way(&at, "is there though its directory is left out"));
        }
    }
    let Some(cone) = cone else { return Ok(()) };
    let others = git.at(checkout)?.args(["ls-files", "--others", "-z"]).run()?;
    for path in others.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
        if goes_along(path, cone, &tracked) {
            return Err(in_the_way(
                &checkout.join(OsStr::from_bytes(path)),
                "is not tracked, and its directory would be left out",
            ));
        }
    }
    Ok(())
}

fn in_the_way(path: &AbsPath, what: &str) -> anyhow::Error {
    Diagnostic::new(format!("{path} {what}"), format!("ls -l {}", shell_word(&path.to_string()))).into()
}
