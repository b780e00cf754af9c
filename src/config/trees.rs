//! The files behind a `from` that names a directory or a pattern. Reads directories, never writes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::glob;
use super::managed::{ManagedFile, Origin};
use super::schema::Config;
use super::{Builder, Facts};
use crate::model::name::RepoName;
use crate::model::path::{AbsPath, RelPath, printable};

/// How many files one entry may stand for.
const MOST: usize = 5000;

/// A source: the repository whose main worktree it lies in (`None`: the workspace), and the path as it is written.
pub type Written = (Option<RepoName>, RelPath);

/// The files that a directory or a pattern stands for, below [`fixed`]; or why that cannot be told.
pub type Tree = Result<Vec<RelPath>, String>;

/// Reads every directory and pattern that the file names as a source.
pub(super) fn trees(config: &Config, facts: &Facts) -> BTreeMap<Written, Tree> {
    let of_repos = config.repos.values().flat_map(|repo| &repo.files);
    let of_builders = config.builders.values().flat_map(|builder: &Builder| &builder.files);
    let mut found = BTreeMap::new();
    for file in config.files.iter().chain(of_repos).chain(of_builders) {
        for written in written(file, config.repos.keys()) {
            let base = match &written.0 {
                None => Some(facts.root.clone()),
                Some(name) => facts.main_worktree(config, name),
            };
            if let Some(tree) = base.and_then(|base| tree(&base, &written.1)) {
                found.insert(written, tree);
            }
        }
    }
    found
}

/// The sources of an entry: one, or one in each repository.
fn written<'a>(file: &ManagedFile, repos: impl Iterator<Item = &'a RepoName>) -> Vec<Written> {
    match file.from.as_ref().map(|from| &from.value) {
        None => vec![],
        Some(Origin::Workspace(path)) => vec![(None, path.clone())],
        Some(Origin::Main(name, path)) => vec![(Some(name.clone()), path.clone())],
        Some(Origin::EachMain(path)) => repos.map(|name| (Some(name.clone()), path.clone())).collect(),
    }
}

/// The directory of a source that its files keep their paths below: all of a directory's, and what comes before the first
/// wildcard of a pattern.
#[must_use]
pub fn fixed(path: &RelPath) -> RelPath {
    let parts: Vec<&str> = path.as_str().split('/').take_while(|part| !glob::is_glob(part)).collect();
    RelPath::new(&parts.join("/")).unwrap_or_else(|_| RelPath::here())
}

/// Whether a source is written as a pattern.
#[must_use]
pub fn is_pattern(path: &RelPath) -> bool {
    glob::is_glob(path.as_str())
}

/// `None`: a plain file, or nothing.
fn tree(base: &AbsPath, path: &RelPath) -> Option<Tree> {
    let whole = path.under(base);
    if !is_pattern(path) && !whole.as_path().is_dir() {
        return None;
    }
    let top = fixed(path).under(base);
    let mut files = Vec::new();
    let found = if is_pattern(path) {
        let escaped = glob::escaped(base.as_path());
        glob::matches(&escaped.join(path.as_str()))
            .and_then(|found| found.into_iter().try_for_each(|at| walk(top.as_path(), &at, &mut files)))
    } else {
        // The directory itself may be a symbolic link: it was named.
        inside(top.as_path(), top.as_path(), &mut files)
    };
    files.sort();
    files.dedup();
    Some(match found {
        Ok(()) => Ok(files),
        Err(error) => Err(error.to_string()),
    })
}

/// Everything in a directory; see [`walk`].
fn inside(top: &Path, directory: &Path, files: &mut Vec<RelPath>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        walk(top, &entry?.path(), files)?;
    }
    Ok(())
}

/// Everything that is no directory, at or below a path. No link to a directory is followed, and no `.git` is looked into.
fn walk(top: &Path, at: &Path, files: &mut Vec<RelPath>) -> io::Result<()> {
    if at.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".git")) {
        return Ok(());
    }
    if at.symlink_metadata()?.is_dir() {
        return inside(top, at, files);
    }
    if files.len() >= MOST {
        return Err(io::Error::other(format!("it holds more than {MOST} files")));
    }
    let below = at.strip_prefix(top).unwrap_or(at);
    let path = below.to_str().and_then(|text| RelPath::new(text).ok());
    files.push(path.ok_or_else(|| io::Error::other(format!("{} is no name for a managed file", printable(below.as_os_str()))))?);
    Ok(())
}
