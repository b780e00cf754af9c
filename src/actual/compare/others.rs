//! Which of the paths that git does not know it ignores.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::glob::pattern::Case;
use gix::ignore::search::Ignore;
use gix::index::entry::Mode;
use gix::worktree::Stack;
use gix::worktree::stack::State;
use gix::worktree::stack::state::ignore::Source;

/// The patterns of a worktree, read as they are needed.
pub(super) struct Patterns<'a> {
    worktree: &'a Path,
    repository: &'a gix::Repository,
    /// The user's own.
    excludes_file: Option<&'a PathBuf>,
    stack: Option<Stack>,
}

impl<'a> Patterns<'a> {
    pub(super) fn new(worktree: &'a Path, repository: &'a gix::Repository, excludes_file: Option<&'a PathBuf>) -> Self {
        Patterns { worktree, repository, excludes_file, stack: None }
    }

    /// Whether a path is ignored, or lies in a directory that is; `None` where that cannot be told.
    pub(super) fn ignore(&mut self, path: &[u8], is_directory: bool) -> Option<bool> {
        if self.stack.is_none() {
            let parse = Ignore { support_precious: false };
            let mut buffer = Vec::new();
            let excludes_file = self.excludes_file.cloned();
            let common_dir = self.repository.common_dir();
            let globals = gix::ignore::Search::from_git_dir(common_dir, excludes_file, &mut buffer, parse).ok()?;
            let source = Source::WorktreeThenIdMappingIfNotSkipped;
            let ignore = gix::worktree::stack::state::Ignore::new(gix::ignore::Search::default(), globals, None, source, parse);
            self.stack = Some(Stack::new(self.worktree, State::IgnoreStack(ignore), Case::Sensitive, buffer, Vec::new()));
        }
        let mode = if is_directory { Mode::DIR } else { Mode::FILE };
        let platform = self.stack.as_mut()?.at_path(path.as_bstr(), Some(mode), &self.repository.objects).ok()?;
        Some(platform.is_excluded())
    }
}
