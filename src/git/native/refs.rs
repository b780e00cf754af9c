//! Refs and commits read and written without the git command: what a keeper and a branch that goes need.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};

use super::Native;
use crate::diagnostic::Diagnostic;
use crate::git::objects::Objects;
use crate::model::name::BranchName;
use crate::model::path::{AbsPath, shell};
use crate::regular;

/// How often a lock that somebody holds is tried again, and how long between.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// What HEAD of a worktree is.
pub(in crate::git) enum Head {
    /// A commit.
    Commit(gix::ObjectId),
    /// A branch without one.
    Unborn,
    /// Something that git has to tell of.
    Unknown,
}

impl Native {
    pub(in crate::git) fn objects(&self) -> Objects {
        Objects::of(self.repository.to_thread_local())
    }

    pub(in crate::git) fn common_dir(&self) -> &AbsPath {
        &self.common_dir
    }

    /// What a ref names, whether or not that is there; `None` where there is no ref, or where it names another.
    pub(in crate::git) fn value(&self, name: &str) -> Result<Option<gix::ObjectId>> {
        let repository = self.repository.to_thread_local();
        let found = repository.try_find_reference(name)?;
        Ok(found.and_then(|found| found.try_id().map(gix::Id::detach)))
    }

    /// HEAD of an admin directory, wherever that lies.
    pub(in crate::git) fn head_of(&self, admin_dir: &AbsPath) -> Result<Head> {
        let Ok(text) = regular::read_text(admin_dir.join("HEAD")) else { return Ok(Head::Unknown) };
        let text = text.trim_end();
        if let Ok(id) = gix::ObjectId::from_hex(text.as_bytes()) {
            return Ok(if id.is_null() { Head::Unknown } else { Head::Commit(id) });
        }
        let Some(branch) = text.strip_prefix("ref: refs/heads/").and_then(|name| BranchName::new(name).ok()) else {
            return Ok(Head::Unknown);
        };
        Ok(self.value(&branch.full())?.map_or(Head::Unborn, Head::Commit))
    }

    /// The ids of an index that HEAD does not have at their paths. `None` where git has to read it.
    pub(in crate::git) fn staged(&self, admin_dir: &AbsPath, head: gix::ObjectId) -> Result<Option<Vec<gix::ObjectId>>> {
        let repository = self.repository.to_thread_local();
        let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
        let path = admin_dir.join("index");
        let Ok(index) = gix::index::File::at(path.as_path(), repository.object_hash(), false, options) else { return Ok(None) };
        if index.is_sparse() || index.link().is_some() || index.resolve_undo().is_some() {
            return Ok(None);
        }
        let commit = repository.find_commit(head)?;
        let tree = commit.tree_id()?.detach();
        let is_whole = |count: Option<u32>| count.is_some_and(|count| usize::try_from(count) == Ok(index.entries().len()));
        if index.tree().is_some_and(|known| known.id == tree && is_whole(known.num_entries)) {
            return Ok(Some(Vec::new()));
        }
        // Where HEAD's trees are not all here, git knows what to do.
        let Ok(known) = repository.index_from_tree(&tree) else { return Ok(None) };
        let differs = |entry: &&gix::index::Entry| {
            let same = known.entry_by_path(entry.path(&index)).is_some_and(|known| known.id == entry.id);
            entry.mode != gix::index::entry::Mode::COMMIT && !same
        };
        Ok(Some(index.entries().iter().filter(differs).map(|entry| entry.id).collect()))
    }

    /// Those of some commits that neither `head` nor another of them reaches.
    pub(in crate::git) fn tips(&self, head: Option<gix::ObjectId>, commits: &[gix::ObjectId]) -> Result<Vec<gix::ObjectId>> {
        let repository = self.repository.to_thread_local();
        let walk = repository.rev_walk(commits.iter().copied()).with_hidden(head);
        let (mut listed, mut reached) = (BTreeSet::new(), BTreeSet::new());
        for found in walk.all()? {
            let found = found?;
            listed.insert(found.id);
            reached.extend(found.parent_ids);
        }
        Ok(commits.iter().filter(|id| listed.contains(*id) && !reached.contains(*id)).copied().collect())
    }

    /// Makes a ref, or moves it from where it was seen.
    ///
    /// # Errors
    /// It is elsewhere, its lock is held, or the commit is gone: the ref names what it named before.
    pub(in crate::git) fn move_ref(
        &self,
        name: &str,
        old: Option<gix::ObjectId>,
        new: gix::ObjectId,
        message: &str,
    ) -> Result<()> {
        // A `git gc --prune=now` may take what no ref names yet, until the very moment that one does.
        self.must_exist(new)?;
        self.edit(name, update(old, new, message), || Ok(()))?;
        self.must_exist(new).inspect_err(|_| {
            let back = old.map_or_else(|| deletion(new), |old| update(Some(new), old, message));
            drop(self.edit(name, back, || Ok(())));
        })
    }

    /// Refuses a commit that is not there, or whose tree is not.
    fn must_exist(&self, id: gix::ObjectId) -> Result<()> {
        let repository = self.repository.to_thread_local();
        let gone = || format!("object {id} is gone");
        let tree = repository.find_commit(id).with_context(gone)?.tree_id().with_context(gone)?;
        repository.find_header(tree).with_context(gone).map(drop)
    }

    /// Deletes a ref that is where it was seen, with its reflog.
    pub(in crate::git) fn delete_ref(&self, name: &str, old: gix::ObjectId) -> Result<()> {
        self.edit(name, deletion(old), || Ok(())).map(drop)
    }

    /// Edits a ref; `refuse` looks before each try. Waits a little where somebody holds a lock file, which is named then
    /// and left. Returns the edit as gix made it, with what it found.
    pub(super) fn edit(&self, name: &str, change: Change, refuse: impl Fn() -> Result<()>) -> Result<Vec<RefEdit>> {
        let repository = self.repository.to_thread_local();
        let committer = self.committer_now()?;
        let signature = gix::actor::SignatureRef::from_bytes(committer.as_bytes())?;
        let edit = RefEdit { change, name: FullName::try_from(name)?, deref: false };
        let locks = [format!("{name}.lock"), "packed-refs.lock".into()].map(|lock| self.common_dir.join(lock));
        let mut tried = 1;
        loop {
            refuse()?;
            let error = match repository.edit_references_as([edit.clone()], Some(signature)) {
                Ok(edits) => return Ok(edits),
                Err(error) => error,
            };
            match locks.iter().find(|lock| lock.as_path().exists()) {
                Some(_) if tried < TRIES => std::thread::sleep(PAUSE),
                Some(lock) => return Err(locked(lock, &error)),
                None => return Err(error.into()),
            }
            tried += 1;
        }
    }

    /// Whether the repository's own configuration certainly says nothing of a branch.
    pub(in crate::git) fn knows_nothing_of(&self, branch: &BranchName) -> bool {
        let Ok(bytes) = regular::read(self.common_dir.join("config")) else { return false };
        let source = gix::config::file::Metadata::from(gix::config::Source::Local);
        let config = gix::config::File::from_bytes_no_includes(&bytes, source, gix::config::file::init::Options::default());
        let Ok(config) = config else { return false };
        let mut sections = config.sections_by_name("branch").into_iter().flatten();
        !sections.any(|section| section.header().subsection_name().is_some_and(|name| name == branch.as_str()))
    }
}

fn update(old: Option<gix::ObjectId>, new: gix::ObjectId, message: &str) -> Change {
    let expected = old.map_or(PreviousValue::MustNotExist, |old| PreviousValue::MustExistAndMatch(Target::Object(old)));
    let log = LogChange { mode: RefLog::AndReference, force_create_reflog: false, message: message.into() };
    Change::Update { log, expected, new: Target::Object(new) }
}

fn deletion(old: gix::ObjectId) -> Change {
    Change::Delete { expected: PreviousValue::MustExistAndMatch(Target::Object(old)), log: RefLog::AndReference }
}

fn locked(lock: &AbsPath, error: &gix::Error) -> anyhow::Error {
    let fact = format!("another git holds {lock}, or died with it: {error}");
    Diagnostic::new(fact, format!("ls -l {}\nthen wsctl apply", shell(lock))).into()
}
