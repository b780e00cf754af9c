//! The directories on the way to where a walk is, with what their `.gitignore` and `.gitattributes` say: read when somebody
//! first asks, which in a clean worktree nobody does.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;

use anyhow::{Result, ensure};
use gix::bstr::{BStr, ByteSlice as _};
use gix::glob::pattern::Case;
use gix::glob::search::pattern::List;
use gix::ignore::search::{Ignore, pattern_matching_relative_path};
use rustix::fs::{FileType, OFlags};

use super::attributes::Attributes;
use super::settings::{Settings, patterns};
use crate::regular;

const IGNORE: &str = ".gitignore";
const ATTRIBUTES: &str = ".gitattributes";

/// How a file of git's lies in a directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lies {
    Nowhere,
    Here,
    /// A link, or only in the index: git has its own ways with these.
    Oddly,
}

/// One directory.
pub(super) struct Level {
    pub(super) directory: OwnedFd,
    /// So many bytes of the walk's path name it, with a slash at the end.
    length: usize,
    ignore: Lies,
    attributes: Lies,
    /// Whether it is excluded with all that is in it, and its patterns: once asked.
    excluded: Option<(bool, Option<List<Ignore>>)>,
    asked: Option<Attributes>,
}

impl Level {
    /// A directory that was listed. `tracked` says whether the index has a file of that name in it, and whether that file is
    /// left out of the worktree.
    pub(super) fn new(
        directory: OwnedFd,
        length: usize,
        names: &[(OsString, FileType)],
        tracked: impl Fn(&str) -> Option<bool>,
    ) -> Self {
        let lies = |name: &str, counts: bool| match names.iter().find(|(found, _)| found == name) {
            Some((_, FileType::RegularFile)) => Lies::Here,
            Some((_, FileType::Symlink)) => Lies::Oddly,
            None if tracked(name).is_some_and(|left_out| counts || left_out) => Lies::Oddly,
            Some(_) | None => Lies::Nowhere,
        };
        let (ignore, attributes) = (lies(IGNORE, false), lies(ATTRIBUTES, true));
        Level { directory, length, ignore, attributes, excluded: None, asked: None }
    }
}

/// The way from the top.
pub(super) struct Levels<'a> {
    settings: &'a Settings,
    pub(super) all: Vec<Level>,
}

impl<'a> Levels<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Levels { settings, all: Vec::new() }
    }

    /// What attributes may ask for of a file in the last directory.
    pub(super) fn attributes(&mut self) -> Result<Attributes> {
        let mut all = self.settings.attributes;
        for level in &mut self.all {
            let found = match (level.asked, level.attributes) {
                (Some(found), _) => found,
                (None, Lies::Nowhere) => Attributes::default(),
                (None, Lies::Here) => {
                    Attributes::of(&regular::read_listed(&level.directory, ATTRIBUTES.as_ref(), OFlags::NOFOLLOW)?)
                }
                (None, Lies::Oddly) => Attributes::ANY,
            };
            level.asked = Some(found);
            all = all.and(found);
        }
        Ok(all)
    }

    /// Whether a path in the last directory is excluded, itself or with a directory above it.
    pub(super) fn excludes(&mut self, path: &[u8], is_dir: bool) -> Result<bool> {
        for at in 0..self.all.len() {
            if self.all[at].excluded.is_none() {
                self.all[at].excluded = Some(self.ask(at, path)?);
            }
        }
        let above = self.all.last().and_then(|level| level.excluded.as_ref()).is_some_and(|(excluded, _)| *excluded);
        Ok(above || self.matches(self.all.len(), path, is_dir))
    }

    /// Whether a directory is excluded, else its own patterns. Those above it were asked.
    fn ask(&self, at: usize, path: &[u8]) -> Result<(bool, Option<List<Ignore>>)> {
        let level = &self.all[at];
        let here = &path[..level.length];
        let above = at > 0 && self.all[at - 1].excluded.as_ref().is_some_and(|(excluded, _)| *excluded);
        if above || (at > 0 && self.matches(at, here.strip_suffix(b"/").unwrap_or(here), true)) {
            return Ok((true, None));
        }
        ensure!(level.ignore != Lies::Oddly, "a .gitignore is a link, or only in the index");
        if level.ignore == Lies::Nowhere {
            return Ok((false, None));
        }
        let text = regular::read_listed(&level.directory, IGNORE.as_ref(), OFlags::NOFOLLOW)?;
        Ok((false, Some(patterns(&text, (!here.is_empty()).then_some(here)))))
    }

    /// Whether the strongest pattern of the first so many levels that matches a path excludes it.
    fn matches(&self, levels: usize, path: &[u8], is_dir: bool) -> bool {
        let path: &BStr = path.as_bstr();
        let basename = path.rfind_byte(b'/').map(|slash| slash + 1);
        let own = self.all[..levels].iter().rev().filter_map(|level| level.excluded.as_ref()?.1.as_ref());
        let found = own
            .chain(self.settings.excludes.iter().rev())
            .find_map(|list| pattern_matching_relative_path(list, path, basename, Some(is_dir), Case::Sensitive));
        found.is_some_and(|found| !found.pattern.is_negative())
    }
}

/// As the walk has names.
pub(super) fn is_git(name: &OsStr) -> bool {
    name == ".git"
}
