//! What the checkouts of one repository have in common when they are compared: it is opened once.

use std::collections::HashMap;
use std::fs;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use anyhow::{Result, anyhow, ensure};

use gix::config::Source;
use gix::index::State;
use gix::refs::Category;

use super::settings::Settings;
use crate::actual::open;
use crate::model::actual::{Head, RefFormat, Repository};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;

/// What all worktrees see, and no other hides.
const SHARED: [Category<'_>; 3] = [Category::LocalBranch, Category::RemoteBranch, Category::Tag];

/// So many entries of trees are kept: the checkouts of a repository mostly stand on few trees.
const FLAT: usize = 100_000;

/// Trees with all that lies below them, by the repository and their ids.
type Flat = HashMap<(PathBuf, gix::ObjectId), Arc<State>>;

static FLATS: LazyLock<Mutex<Flat>> = LazyLock::new(Mutex::default);

/// An open repository, with what was found out about it.
pub(in crate::actual) struct Opened {
    repository: gix::ThreadSafeRepository,
    settings: OnceLock<Result<Arc<Settings>, String>>,
    trees: Mutex<HashMap<gix::ObjectId, gix::ObjectId>>,
    distances: Mutex<HashMap<(ObjectId, ObjectId), (usize, usize)>>,
}

impl Opened {
    /// Opens a repository; `None` where only git can read it.
    pub(in crate::actual) fn new(repository: &Repository) -> Option<Self> {
        if repository.refs == RefFormat::Reftable {
            return None;
        }
        let opened = open::gix(repository.common_dir.as_path(), &["index.threads=1"]).ok()?;
        Some(Opened {
            settings: OnceLock::new(),
            repository: opened.into_sync(),
            trees: Mutex::default(),
            distances: Mutex::default(),
        })
    }

    /// The repository for one thread.
    pub(in crate::actual) fn gix(&self) -> gix::Repository {
        self.repository.to_thread_local()
    }

    /// The tree of a commit, where it is there.
    pub(super) fn tree(&self, gix: &gix::Repository, commit: &ObjectId) -> Option<gix::ObjectId> {
        let id = gix::ObjectId::from_hex(commit.as_str().as_bytes()).ok()?;
        remembered(&self.trees, id, || {
            let tree = gix.find_commit(id).ok()?.tree_id().ok()?.detach();
            gix.find_header(tree).ok().map(|_| tree)
        })
    }

    /// What the configuration says of files. Where that may differ from worktree to worktree, it is read for this one.
    pub(super) fn settings(&self, gix: &gix::Repository, admin_dir: &AbsPath) -> Result<Arc<Settings>> {
        ensure!(!is_conditional(gix, true), "the configuration of the repository is not the same for every worktree");
        let extended = || gix.config_snapshot().boolean("extensions.worktreeConfig").unwrap_or(false);
        let own = || extended() && fs::symlink_metadata(admin_dir.join("config.worktree")).is_ok();
        if is_conditional(gix, false) || own() {
            return Ok(Arc::new(Settings::read(&open::gix(admin_dir.as_path(), &[])?)?));
        }
        let read = || Settings::read(gix).map(Arc::new).map_err(|error| format!("{error:#}"));
        self.settings.get_or_init(read).clone().map_err(|error| anyhow!("{error}"))
    }

    /// What a tree holds, with what lies below it.
    pub(super) fn flat(gix: &gix::Repository, tree: gix::ObjectId) -> Result<Arc<State>> {
        let lock = || FLATS.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (gix.common_dir().to_path_buf(), tree);
        if let Some(known) = lock().get(&key).cloned() {
            return Ok(known);
        }
        let found = Arc::new(gix.index_from_tree(&tree)?.into_parts().0);
        let mut known = lock();
        if known.values().map(|state| state.entries().len()).sum::<usize>() + found.entries().len() > FLAT {
            known.clear();
        }
        known.insert(key, Arc::clone(&found));
        Ok(found)
    }

    /// Commits that `other` lacks, and that it has more.
    pub(in crate::actual) fn ahead_behind(&self, head: &ObjectId, other: &ObjectId) -> Option<(usize, usize)> {
        let key = (head.clone(), other.clone());
        remembered(&self.distances, key, || distance(&self.gix(), head, other).ok())
    }
}

impl Opened {
    /// The commits of the base and of the upstream of HEAD's branch, as far as these are others than the branch; `None`: git
    /// has to tell.
    pub(in crate::actual) fn holders(&self, head: &Head, base: Option<&str>) -> Option<Vec<gix::ObjectId>> {
        let gix = self.gix();
        let own = head.branch().map(BranchName::full);
        let mut holders = Vec::new();
        if let Some(base) = base.filter(|base| *base != "HEAD") {
            match gix.try_find_reference(base).ok()? {
                Some(found) if found.name().as_bstr() == own.as_deref().unwrap_or_default() => {}
                Some(mut found) if found.name().category().is_some_and(|kind| SHARED.contains(&kind)) => {
                    holders.push(found.peel_to_commit().ok()?.id);
                }
                Some(_) => return None,
                None => holders
                    .extend(ObjectId::new(base).ok().map(|id| gix::ObjectId::from_hex(id.as_str().as_bytes())).transpose().ok()?),
            }
        }
        let local = head.branch().and_then(|branch| gix.config_snapshot().string(&format!("branch.{branch}.remote")));
        if local.is_some_and(|remote| remote == ".") {
            return None;
        }
        let upstream = own.as_deref().and_then(|own| gix::refs::FullName::try_from(own).ok());
        let upstream = upstream.and_then(|own| gix.branch_remote_tracking_ref_name(own.as_ref(), gix::remote::Direction::Fetch));
        if let Some(name) = upstream.transpose().ok()?
            && Some(name.as_bstr()) != own.as_deref().map(Into::into)
            && let Some(mut found) = gix.try_find_reference(name.as_ref()).ok()?
        {
            holders.push(found.peel_to_commit().ok()?.id);
        }
        Some(holders)
    }

    /// How many commits of HEAD none of these holds.
    pub(in crate::actual) fn beyond(&self, head: &Head, holders: Vec<gix::ObjectId>) -> Option<usize> {
        let head = gix::ObjectId::from_hex(head.commit()?.as_str().as_bytes()).ok()?;
        if holders.contains(&head) {
            return Some(0);
        }
        let gix = self.gix();
        let walk = gix.rev_walk([head]).with_hidden(holders).all().ok()?;
        Some(walk.collect::<Result<Vec<_>, _>>().ok()?.len())
    }
}

/// Whether a file of the configuration includes others by where it is read; by `own`, whether in a way that gix need not
/// follow as git does: in the repository's own file, or for a branch.
fn is_conditional(gix: &gix::Repository, own: bool) -> bool {
    let config = gix.config_snapshot();
    let mut sections = config.plumbing().sections_by_name("includeIf").into_iter().flatten();
    let of_branch = |name: Option<&gix::bstr::BStr>| name.is_some_and(|name| name.starts_with(b"onbranch"));
    sections.any(|section| {
        let special = of_branch(section.header().subsection_name());
        !own || special || matches!(section.meta().source, Source::Local | Source::Worktree)
    })
}

fn distance(gix: &gix::Repository, head: &ObjectId, other: &ObjectId) -> Result<(usize, usize)> {
    if head == other {
        return Ok((0, 0));
    }
    let (head, other) = (gix::ObjectId::from_hex(head.as_str().as_bytes())?, gix::ObjectId::from_hex(other.as_str().as_bytes())?);
    let count = |from: gix::ObjectId, without: gix::ObjectId| -> Result<usize> {
        gix.rev_walk([from]).with_hidden([without]).all()?.try_fold(0, |sum, found| found.map(|_| sum + 1).map_err(Into::into))
    };
    Ok((count(head, other)?, count(other, head)?))
}

fn remembered<K: Hash + Eq, V: Copy>(known: &Mutex<HashMap<K, V>>, key: K, find: impl FnOnce() -> Option<V>) -> Option<V> {
    let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
    let found = lock().get(&key).copied();
    found.or_else(|| {
        let value = find()?;
        lock().insert(key, value);
        Some(value)
    })
}
