//! Numbers of one checkout: by gix with nanoseconds and one thread each, by git where gix cannot.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use gix::bstr::BString;
use gix::status::index_worktree::Item as Worktree;
use gix::status::tree_index::TrackRenames;
use gix::status::{Item, UntrackedFiles};

use super::compare::{self, Opened, Place};
use super::content::{self, Changes};
use super::journal;
use super::open;
use crate::model::actual::{Base, Head, RefFormat, Registration, Repository};
use crate::model::mark::made_by;
use crate::model::name::{BranchName, ObjectId};

/// How many files are asked for their time.
const LOOKED_AT: usize = 1000;

/// Files that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Files {
    /// Tracked ones that changed, staged or not.
    pub(super) changed: usize,
    /// Those that git neither knows nor ignores.
    pub(super) untracked: usize,
    /// When the newest of all these was written, in seconds since 1970.
    pub(super) newest: Option<i64>,
}

/// Counts the files of a checkout.
pub(super) fn files(opened: Option<&Opened>, repository: &Repository, registration: &Registration) -> Result<Files> {
    let compared = opened.zip(registration.worktree.as_ref()).zip(registration.head.commit());
    let compared = compared.and_then(|((opened, worktree), head)| {
        compare::by_times(opened, Place { worktree, admin_dir: &registration.admin_dir, head })
    });
    if let Some((found, worktree)) = compared.zip(registration.worktree.as_ref()) {
        return Ok(of(&found, worktree.as_path()));
    }
    match repository.refs {
        RefFormat::Files => by_gix(registration).or_else(|_| by_git(repository, registration)),
        RefFormat::Reftable => by_git(repository, registration),
    }
}

fn by_gix(registration: &Registration) -> Result<Files> {
    let worktree = registration.worktree.as_ref().context("no worktree")?;
    let repository = open::gix(worktree.as_path(), &["gitoxide.core.useNsec=true", "index.threads=1"])?;
    let status = repository
        .status(gix::progress::Discard)?
        .untracked_files(UntrackedFiles::Files)
        .index_worktree_rewrites(None)
        .tree_index_track_renames(TrackRenames::Disabled)
        .index_worktree_options_mut(|options| options.thread_limit = Some(1));
    let (mut changed, mut untracked) = (BTreeSet::new(), BTreeSet::new());
    for item in status.into_iter(Vec::<BString>::new())? {
        match item? {
            Item::TreeIndex(change) => {
                changed.insert(change.location().to_owned());
            }
            Item::IndexWorktree(item) => match item.summary() {
                Some(gix::status::index_worktree::iter::Summary::Added) if matches!(item, Worktree::DirectoryContents { .. }) => {
                    untracked.insert(item.rela_path().to_owned());
                }
                Some(_) => {
                    changed.insert(item.rela_path().to_owned());
                }
                None => {}
            },
        }
    }
    let paths = changed.iter().chain(&untracked);
    let paths = paths.map(|path| worktree.as_path().join(OsStr::from_bytes(path)));
    Ok(Files { changed: changed.len(), untracked: untracked.len(), newest: newest(paths) })
}

/// By content: slower, and it touches nothing, not even where git's own status would (a split or sparse index).
fn by_git(repository: &Repository, registration: &Registration) -> Result<Files> {
    let worktree = registration.worktree.as_ref().context("no worktree")?;
    let found = content::changes(worktree.as_path(), registration.admin_dir.as_path(), repository.format)?;
    Ok(of(&found, worktree.as_path()))
}

fn of(found: &Changes, worktree: &Path) -> Files {
    let lists = [&found.edited, &found.staged, &found.conflicts];
    let changed: BTreeSet<_> = lists.into_iter().flatten().chain(&found.moved).collect();
    let paths = changed.iter().copied().chain(&found.untracked).map(|path| worktree.join(path));
    Files { changed: changed.len(), untracked: found.untracked.len(), newest: newest(paths) }
}

/// When the newest of these files was written. What is gone tells nothing.
fn newest(paths: impl Iterator<Item = PathBuf>) -> Option<i64> {
    paths.take(LOOKED_AT).filter_map(|path| Some(path.symlink_metadata().ok()?.mtime())).max()
}

/// What to count against: the branch's upstream, else the base, else nothing.
pub(super) fn against(
    opened: Option<&Opened>,
    repository: &Repository,
    branch: Option<&BranchName>,
    base: Option<&str>,
) -> Option<(String, ObjectId)> {
    let upstream = branch.and_then(|branch| upstream(opened?, repository, branch));
    upstream.and_then(|(name, id)| Some((name, id?))).or_else(|| {
        let base = base?;
        Some((base.to_owned(), base_commit(repository, base)?.clone()))
    })
}

/// The commit of a base.
pub(super) fn base_commit<'a>(repository: &'a Repository, base: &str) -> Option<&'a ObjectId> {
    match repository.bases.get(base) {
        Some(Base::Commit(id)) => Some(id),
        Some(Base::Missing(_) | Base::Ambiguous(_)) => None,
        None => match repository.remote_branches.get(base) {
            Some(remote) => Some(&remote.id),
            None => repository.branches.get(base),
        },
    }
}

/// Commits of HEAD that no remote has, as far as it is known here; `None`: there is no remote to have them.
pub(super) fn unpushed(opened: Option<&Opened>, repository: &Repository, head: &Head, base: Option<&str>) -> Option<usize> {
    if repository.remotes.is_empty() {
        return None;
    }
    let (opened, commit) = (opened?, head.commit()?);
    let branch = head.branch();
    let pushed = repository.remote_branches.values().filter(|remote| Some(&remote.branch) == branch).map(|remote| &remote.id);
    let started = base.and_then(|base| repository.remote_branches.get(base)).map(|remote| &remote.id);
    let tracked = branch.and_then(|branch| upstream(opened, repository, branch)?.1);
    let known = pushed.chain(started).chain(tracked.as_ref());
    known.filter_map(|other| Some(opened.ahead_behind(commit, other)?.0)).min()
}

/// Whether the commits of a checkout's own are all in its base; `None`: it has none.
pub(super) fn merged(opened: Option<&Opened>, repository: &Repository, found: &Registration, base: Option<&str>) -> Option<bool> {
    let mark = found.mark.mark()?;
    let (commit, start) = (found.head.commit()?, &mark.start);
    let base = base_commit(repository, base?)?;
    let branch = found.head.branch().filter(|_| commit != start)?;
    // One that it was switched to, and that was made from a base, has none of its own before it moves.
    let made = |first: &str| matches!(made_by(first, &mark.workspace), Some(Some(_)));
    if journal::log_of(repository, branch).is_some_and(|(first, only)| only && made(&first)) {
        return None;
    }
    Some(opened?.ahead_behind(commit, base)?.0 == 0)
}

/// Who made HEAD's commit, if it is not the one that the checkout began with.
pub(super) fn author(opened: Option<&Opened>, found: &Registration) -> Option<String> {
    let (commit, start) = (found.head.commit()?, &found.mark.mark()?.start);
    let id = gix::ObjectId::from_hex(commit.as_str().as_bytes()).ok().filter(|_| commit != start)?;
    let gix = opened?.gix();
    let commit = gix.find_commit(id).ok()?;
    Some(commit.author().ok()?.name.to_string())
}

/// What there is nothing to count against any more, in words.
pub(super) fn lost(
    opened: Option<&Opened>,
    repository: &Repository,
    branch: Option<&BranchName>,
    base: Option<&str>,
) -> Option<String> {
    match (branch.and_then(|branch| upstream(opened?, repository, branch)), base) {
        (Some((_, Some(_))), _) | (None, None) => None,
        (Some((name, None)), _) => Some(format!("its upstream {name} is gone")),
        (None, Some(base)) => {
            let gone = matches!(repository.bases.get(base), Some(Base::Missing(_)));
            gone.then(|| format!("its base {base} is gone"))
        }
    }
}

/// The branch's upstream as configured, and its commit where it is still there.
fn upstream(opened: &Opened, repository: &Repository, branch: &BranchName) -> Option<(String, Option<ObjectId>)> {
    let gix = opened.gix();
    let name = gix::refs::FullName::try_from(branch.full()).ok()?;
    let setting = |key: &str| gix.config_snapshot().string(&format!("branch.{branch}.{key}"));
    if setting("remote").is_some_and(|remote| remote == ".") {
        let local = setting("merge")?.to_string();
        let local = local.strip_prefix("refs/heads/")?;
        return Some((local.to_owned(), repository.branches.get(local).cloned()));
    }
    let tracking = gix.branch_remote_tracking_ref_name(name.as_ref(), gix::remote::Direction::Fetch)?.ok()?;
    let tracking = tracking.as_bstr().to_string();
    let short = tracking.strip_prefix("refs/remotes/")?;
    Some((short.to_owned(), repository.remote_branches.get(short).map(|remote| remote.id.clone())))
}
