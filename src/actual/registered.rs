//! The registrations of every repository, by where their worktrees are and by whose they are.

use std::collections::HashMap;
use std::ffi::OsStr;

use super::builders::Repositories;
use crate::model::actual::{Link, Registration, RepositoryState};
use crate::model::name::RepoName;
use crate::model::path::AbsPath;

/// A registration and its repository.
type Entry<'a> = (&'a RepoName, &'a Registration);

/// What was read of the repositories, as the builders ask for it.
pub(super) struct Registered<'a> {
    all: Vec<Entry<'a>>,
    /// By the directory directly below `builders_dir`, as its real path has it.
    below: HashMap<&'a OsStr, Vec<Entry<'a>>>,
    /// By the builder of the mark.
    marked: HashMap<&'a OsStr, Vec<Entry<'a>>>,
    /// Admin directories of those that are whole, by worktree.
    whole: HashMap<&'a AbsPath, &'a AbsPath>,
    builders_dir: AbsPath,
}

impl<'a> Registered<'a> {
    /// `builders_dir` is a real path.
    pub(super) fn new(repositories: &'a Repositories, builders_dir: AbsPath) -> Self {
        let present = repositories.iter().filter_map(|(name, state)| Some((name, RepositoryState::repository(state)?)));
        let all = present.flat_map(|(name, found)| found.registrations.values().map(move |found| (name, found))).collect();
        let all: Vec<Entry<'a>> = all;
        let whole = HashMap::with_capacity(all.len());
        let mut registered = Registered { all, below: HashMap::new(), marked: HashMap::new(), whole, builders_dir };
        for &(name, found) in &registered.all {
            if let Some(mark) = found.mark.mark() {
                registered.marked.entry(OsStr::new(mark.builder.as_str())).or_default().push((name, found));
            }
            let Some(worktree) = &found.worktree else { continue };
            if found.link == Link::Whole {
                registered.whole.insert(worktree, &found.admin_dir);
            }
            let inside = worktree.as_path().strip_prefix(registered.builders_dir.as_path()).ok();
            if let Some(first) = inside.and_then(|inside| inside.iter().next()) {
                registered.below.entry(first).or_default().push((name, found));
            }
        }
        registered
    }

    /// The real path of what lies directly below `builders_dir` and is no symbolic link.
    pub(super) fn real(&self, name: &OsStr) -> AbsPath {
        self.builders_dir.join(name)
    }

    /// Those whose worktree is this real path, or lies in it.
    pub(super) fn inside(&self, path: &AbsPath) -> Vec<Entry<'a>> {
        let within = path.as_path().strip_prefix(self.builders_dir.as_path()).ok();
        let found = match within.and_then(|within| within.iter().next()) {
            Some(first) => self.below.get(first).map_or(&[][..], Vec::as_slice),
            None => &self.all,
        };
        let inside = |found: &Registration| found.worktree.as_ref().is_some_and(|worktree| path.contains(worktree));
        found.iter().filter(|(_, found)| inside(found)).copied().collect()
    }

    /// Those whose mark names a builder.
    pub(super) fn of_builder(&self, name: &OsStr) -> &[Entry<'a>] {
        self.marked.get(name).map_or(&[], Vec::as_slice)
    }

    /// The admin directory of the worktree at a real path, where the two name each other.
    pub(super) fn whole(&self, worktree: &AbsPath) -> Option<&'a AbsPath> {
        self.whole.get(worktree).copied()
    }
}
