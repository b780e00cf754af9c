//! What the checkouts of one repository have in common when they are compared: it is opened once.

use std::collections::HashMap;
use std::fs;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use gix::bstr::ByteSlice as _;
use gix::refs::Category;

use crate::actual::open;
use crate::model::actual::{Head, RefFormat, Repository};
use crate::model::name::{BranchName, ObjectId};

/// What all worktrees see, and no other hides.
const SHARED: [Category<'_>; 3] = [Category::LocalBranch, Category::RemoteBranch, Category::Tag];

/// An open repository, with what was found out about it.
pub(in crate::actual) struct Opened {
    repository: gix::ThreadSafeRepository,
    pub(super) settings: Option<Settings>,
    trees: Mutex<HashMap<gix::ObjectId, gix::ObjectId>>,
    distances: Mutex<HashMap<(ObjectId, ObjectId), (usize, usize)>>,
}

/// How files are compared. Only where that is done in the usual way.
pub(super) struct Settings {
    pub(super) file_mode: bool,
    pub(super) trust_ctime: bool,
    /// Whether files may be something else than their objects though nobody edited them, whatever a tree says.
    pub(super) converts: bool,
    pub(super) excludes_file: Option<PathBuf>,
}

impl Opened {
    /// Opens a repository; `None` where only git can read it.
    pub(in crate::actual) fn new(repository: &Repository) -> Option<Self> {
        if repository.refs == RefFormat::Reftable {
            return None;
        }
        let opened = open::gix(repository.common_dir.as_path(), &["index.threads=1"]).ok()?;
        Some(Opened {
            settings: Settings::of(&opened),
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

impl Settings {
    /// `None` where files are compared in another way than the usual.
    fn of(repository: &gix::Repository) -> Option<Self> {
        let config = repository.config_snapshot();
        let is_on = |key: &str, otherwise: bool| config.boolean(key).unwrap_or(otherwise);
        let unusual = is_on("core.ignoreCase", false)
            || is_on("core.precomposeUnicode", false)
            || !is_on("core.symlinks", true)
            || config.string("core.checkStat").is_some_and(|value| !value.eq_ignore_ascii_case(b"default"))
            || config.string("core.worktree").is_some()
            || config.string("attr.tree").is_some();
        if unusual {
            return None;
        }
        let autocrlf = config.string("core.autocrlf").is_some_and(|value| {
            ![b"false".as_slice(), b"no", b"off", b"0", b""].iter().any(|no| value.eq_ignore_ascii_case(no))
        });
        let has_text = |path: PathBuf| fs::metadata(path).is_ok_and(|found| found.len() > 0);
        let elsewhere = repository.attribute_global_paths().ok()?.into_iter().any(has_text);
        let excludes_file = match config.trusted_path("core.excludesFile").ok()? {
            Some(path) => Some(path),
            None => user_file("ignore"),
        };
        Some(Settings {
            file_mode: is_on("core.fileMode", true),
            trust_ctime: is_on("core.trustCtime", true),
            converts: autocrlf || elsewhere || has_text(repository.common_dir().join("info/attributes")),
            excludes_file,
        })
    }
}

/// A file that git reads from the user's own directory where the configuration names no other.
fn user_file(name: &str) -> Option<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.as_encoded_bytes().trim().is_empty());
    let config = config.map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))?;
    Some(config.join("git").join(name))
}
