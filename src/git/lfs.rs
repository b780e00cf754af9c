//! Brings the content of files of which git has pointers, by git-lfs.

use anyhow::Result;

use super::command::Git;
use crate::model::path::{AbsPath, RelPath};

/// So many bytes of paths go to one call: the system bounds what a command may be told.
const CALL: usize = 64 * 1024;

/// Fetches, then writes; see `Door::bring_content`.
pub(super) fn bring(git: &Git, checkout: &AbsPath, paths: &[RelPath]) -> Result<()> {
    git.at(checkout)?.network().args(["lfs", "fetch"]).run()?;
    let mut rest = paths;
    while !rest.is_empty() {
        let mut length = 0;
        let fits = rest.iter().take_while(|path| {
            length += path.as_str().len();
            length <= CALL
        });
        let (now, later) = rest.split_at(fits.count().max(1));
        git.at(checkout)?.args(["lfs", "checkout", "--"]).args(now.iter().map(pattern)).patiently()?;
        rest = later;
    }
    Ok(())
}

/// The pattern of this one file: without a slash before it, it would be that of every file of its name.
fn pattern(path: &RelPath) -> String {
    let escaped = path.as_str().chars().flat_map(|character| {
        let special = matches!(character, '*' | '?' | '[' | ']' | '\\' | '!' | '{' | '}');
        special.then_some('\\').into_iter().chain([character])
    });
    ['/'].into_iter().chain(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_that_of_one_file() {
        assert_eq!(pattern(&RelPath::new("a/b.bin").unwrap()), "/a/b.bin");
        assert_eq!(pattern(&RelPath::new("we,ird [x]*.bin").unwrap()), "/we,ird \\[x\\]\\*.bin");
    }
}
