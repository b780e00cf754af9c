//! Work in one checkout that a removal or a switch could lose. What cannot be told is a finding.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::compare::{self, Opened, Place};
use super::content::{self, Changes};
use super::git_dir::GitDir;
use super::processes::Processes;
use super::{disk, disposable, git, head, held, registration, stash, submodule, walk};
use crate::model::actual::{Head, Link, Lock, ObjectFormat, Registration, Repository};
use crate::model::desired::FileMode;
use crate::model::mark::WrittenFile;
use crate::model::name::ObjectId;
use crate::model::path::{AbsPath, RelPath, printable};
use crate::model::sparse::{Cone, goes_along};
use crate::model::work::{Evidence, Finding, Findings, HiddenBy, Ignored, Work};
use crate::regular;

/// Looks for work in one checkout, by content, as it is now. `managed` are the managed files as last written, by path
/// in the checkout; unedited ones count for nothing. `inner` are checkouts inside a nested root, by path in it: they
/// have a look of their own. `disposable` are gitignore patterns.
#[must_use]
pub fn work(
    repository: &Repository,
    registration: &Registration,
    managed: &BTreeMap<RelPath, WrittenFile>,
    inner: &[RelPath],
    disposable: &[String],
) -> Work {
    let opened = Opened::new(repository);
    let known = Known { managed, inner, disposable, cone: None, opened: opened.as_ref() };
    look(repository, registration, &known, &Processes::read())
}

/// What is known of a checkout beside its registration.
pub(super) struct Known<'a> {
    pub(super) managed: &'a BTreeMap<RelPath, WrittenFile>,
    pub(super) inner: &'a [RelPath],
    pub(super) disposable: &'a [String],
    /// The directories that it shall have, where it has others.
    pub(super) cone: Option<&'a Cone>,
    /// Its repository, where that can be read without git.
    pub(super) opened: Option<&'a Opened>,
}

/// The same with processes that were read before.
pub(super) fn look(repository: &Repository, registration: &Registration, known: &Known<'_>, processes: &Processes) -> Work {
    let mut work = Work::default();
    let found = checkout(registration, known, repository.format).and_then(|checkout| checkout.find(processes, &mut work));
    let stashed = registration.head.branch().map_or(Ok(vec![]), |branch| stash::made_on(repository, branch));
    let stashed =
        stashed.map(|entries| work.findings.extend((!entries.is_empty()).then(|| Finding::Stashed(Evidence::of(entries)))));
    for error in [found, stashed].into_iter().filter_map(Result::err) {
        work.findings.push(Finding::Unknown(format!("{error:#}")));
    }
    work
}

/// A finding that is made of paths.
pub(super) type Kind = fn(Evidence) -> Finding;

struct Checkout<'a> {
    worktree: AbsPath,
    admin_dir: &'a AbsPath,
    format: ObjectFormat,
    managed: &'a BTreeMap<RelPath, WrittenFile>,
    inner: Vec<PathBuf>,
    disposable: &'a [String],
    cone: Option<&'a Cone>,
    base: Option<&'a str>,
    opened: Option<&'a Opened>,
    head: &'a Head,
}

fn checkout<'a>(registration: &'a Registration, known: &Known<'a>, format: ObjectFormat) -> Result<Checkout<'a>> {
    let Known { managed, inner, disposable, cone, opened } = *known;
    let (worktree, link) = registration::link(&registration.admin_dir);
    let worktree = worktree.context("the registration names no worktree")?;
    ensure!(link == Link::Whole, "worktree and registration do not name each other");
    ensure!(registration.worktree.as_ref() == Some(&worktree), "the registration names another worktree by now");
    let base = registration.mark.mark().and_then(|mark| mark.base.as_deref());
    let inner = inner.iter().map(|path| path.under(&worktree).as_path().to_path_buf()).collect();
    let (admin_dir, head) = (&registration.admin_dir, &registration.head);
    Ok(Checkout { worktree, admin_dir, format, managed, inner, disposable, cone, base, opened, head })
}

impl Checkout<'_> {
    fn find(&self, processes: &Processes, work: &mut Work) -> Result<()> {
        self.states(&mut work.findings);
        work.indexed = matches!(disk::look(self.admin_dir.join("index").as_path()), Ok(Some(_)))
            && !work.findings.iter().any(|found| matches!(found, Finding::IndexLock(_)));
        work.findings.extend(processes.inside(self.worktree.as_path(), &self.inner));
        let mut changes = self.changes()?;
        let (nested, mounts) = self.nested(&changes)?;
        let edited_managed = self.take_managed(&mut changes)?;
        changes.untracked.retain(|path| {
            let whole = self.worktree.as_path().join(path);
            !self.inner.contains(&whole) && !nested.contains(&whole)
        });
        work.disposable = disposable::of(self.disposable, &changes.ignored, self.worktree.as_path());
        work.disposable.retain(|path| self.is_alone(path));
        work.disposed = self.ignored(&work.disposable)?;
        work.ignored = self.ignored(&changes.ignored)?;
        work.left_out = self.left_out(&changes.ignored)?;
        let submodules = submodule::findings(self.worktree.as_path(), self.admin_dir, &changes, self.format)?;
        let relative = |paths: &[PathBuf]| paths.iter().map(|path| self.shown(path)).collect::<Vec<_>>();
        let edited = |by: Option<HiddenBy>| {
            let paths = changes.edited.iter().filter(|path| changes.hidden.get(*path).copied() == by).cloned();
            relative(&paths.collect::<Vec<_>>())
        };
        let lists: [(Kind, Vec<String>); 11] = [
            (Finding::Conflicts, relative(&changes.conflicts)),
            (Finding::Edited, edited(None)),
            (|paths| Finding::Hidden(HiddenBy::AssumeUnchanged, paths), edited(Some(HiddenBy::AssumeUnchanged))),
            (|paths| Finding::Hidden(HiddenBy::SkipWorktree, paths), edited(Some(HiddenBy::SkipWorktree))),
            (Finding::Staged, relative(&changes.staged)),
            (Finding::Untracked, relative(&changes.untracked)),
            (Finding::EditedManaged, relative(&edited_managed)),
            (Finding::Submodule, relative(&submodules.work)),
            (Finding::MovedSubmodule, relative(&submodules.moved)),
            (Finding::Nested, relative(&nested)),
            (Finding::Mount, relative(&mounts)),
        ];
        let lists = lists.into_iter().map(|(kind, paths)| (kind, Evidence::of(paths)));
        work.findings.extend(lists.filter(|(_, evidence)| !evidence.is_empty()).map(|(kind, evidence)| kind(evidence)));
        work.findings.extend(self.unreferenced()?);
        work.unmerged = self.unmerged();
        Ok(())
    }

    fn changes(&self) -> Result<Changes> {
        let (worktree, admin_dir) = (&self.worktree, self.admin_dir);
        let compared = self.opened.zip(self.head.commit());
        let compared = compared.and_then(|(opened, head)| compare::by_content(opened, Place { worktree, admin_dir, head }));
        compared.map_or_else(|| content::changes(worktree.as_path(), admin_dir.as_path(), self.format), Ok)
    }

    /// How many commits of HEAD neither the recorded base nor the upstream of its branch holds.
    fn unmerged(&self) -> Option<usize> {
        if let Some((opened, holders)) = self.opened.and_then(|opened| Some((opened, opened.holders(self.head, self.base)?))) {
            return if holders.is_empty() { None } else { opened.beyond(self.head, holders) };
        }
        let git_dir = self.admin_dir.as_path();
        let resolves = |revision: &str| {
            let mut command = git::in_git_dir(git_dir);
            command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")]);
            let output = command.output().ok().filter(|output| output.status.success())?;
            Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
        };
        let holders: Vec<String> =
            self.base.into_iter().chain(["HEAD@{upstream}"]).filter(|name| self.is_another(name)).filter_map(resolves).collect();
        if holders.is_empty() {
            return None;
        }
        let mut command = git::in_git_dir(git_dir);
        command.args(["rev-list", "--count", "HEAD", "--not"]).args(&holders);
        String::from_utf8(git::finish(&mut command).ok()?).ok()?.trim_end().parse().ok()
    }

    /// Whether a revision is a ref other than the branch that HEAD is on, or an id: a branch that is its own base, or a
    /// base `HEAD`, would call everything merged.
    fn is_another(&self, revision: &str) -> bool {
        let full = |name: &str| {
            let mut command = git::in_git_dir(self.admin_dir.as_path());
            command.args(["rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name]);
            let output = git::finish(&mut command).ok()?;
            String::from_utf8(output).ok()?.lines().next_back().map(str::to_owned)
        };
        let shared = ["refs/heads/", "refs/remotes/", "refs/tags/"];
        match full(revision) {
            Some(name) if shared.iter().any(|below| name.starts_with(below)) => revision != "HEAD" && Some(name) != full("HEAD"),
            Some(_) | None => ObjectId::new(revision).is_ok(),
        }
    }

    /// What the admin directory says.
    fn states(&self, findings: &mut Findings) {
        let admin_dir = GitDir::list(self.admin_dir);
        findings.extend(head::operation(&admin_dir).map(Finding::InProgress));
        if let Some(Lock::Foreign(reason)) = registration::lock(&admin_dir) {
            findings.push(Finding::Locked(reason));
        }
        let lock = self.admin_dir.join("index.lock");
        if !matches!(disk::look(lock.as_path()), Ok(None)) {
            findings.push(Finding::IndexLock(lock.to_string()));
        }
    }

    /// Commits of a detached HEAD that nothing holds.
    fn unreferenced(&self) -> Result<Option<Finding>> {
        let git_dir = self.admin_dir.as_path();
        if self.opened.is_some() && regular::read(git_dir.join("HEAD"))?.starts_with(b"ref: refs/heads/") {
            return Ok(None);
        }
        if git::in_git_dir(git_dir).args(["symbolic-ref", "-q", "HEAD"]).output()?.status.success() {
            return Ok(None);
        }
        let mut command = git::in_git_dir(git_dir);
        command.args(["rev-list", "--max-count=100", "HEAD", "--not", "--branches", "--tags", "--remotes"]);
        let text = String::from_utf8(git::finish(&mut command)?)?;
        let commits = text.lines().map(ObjectId::new).collect::<Result<Vec<_>, _>>()?;
        Ok((!commits.is_empty()).then_some(Finding::Unreferenced(commits)))
    }

    /// Repositories inside that are neither declared nor submodules, and mount points.
    fn nested(&self, changes: &Changes) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let (mut nested, mounts) = if changes.alone {
            held::repositories_in(&self.worktree, &changes.ignored, &self.inner)?
        } else {
            held::repositories(&self.worktree, &self.inner)?
        };
        nested.retain(|path| !changes.gitlinks.contains(path.strip_prefix(&self.worktree).unwrap_or(path)));
        Ok((nested, mounts))
    }

    /// Takes managed files out of what git found; returns those that were edited.
    fn take_managed(&self, changes: &mut Changes) -> Result<Vec<PathBuf>> {
        let mut edited = Vec::new();
        for (path, written) in self.managed {
            let relative = Path::new(path.as_str());
            let known = |paths: &[PathBuf]| paths.iter().any(|found| relative.starts_with(found));
            if known(&changes.untracked) || known(&changes.ignored) {
                changes.untracked.retain(|found| found != relative);
                if is_edited(&path.under(&self.worktree), written)? {
                    edited.push(relative.to_path_buf());
                }
            }
        }
        Ok(edited)
    }

    /// Whether a path neither holds a checkout or a managed file nor lies in one: patterns speak of what is ignored there,
    /// and checkouts inside have a look of their own.
    fn is_alone(&self, path: &Path) -> bool {
        let whole = self.worktree.as_path().join(path);
        let related = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
        let mut managed = self.managed.keys().map(|file| Path::new(file.as_str()));
        !self.inner.iter().any(|inner| related(inner, &whole)) && !managed.any(|file| related(file, path))
    }

    fn ignored(&self, paths: &[PathBuf]) -> Result<Ignored> {
        let top = self.worktree.as_path();
        let ours = |path: &Path| {
            let managed = path.strip_prefix(top).ok().and_then(Path::to_str).is_some_and(|path| self.managed.contains_key(path));
            managed || self.inner.iter().any(|inner| inner == path)
        };
        let mut sum = Ignored::default();
        for path in paths {
            let found = walk::count(&top.join(path), &ours).with_context(|| format!("{} cannot be counted", path.display()))?;
            sum.files += found.files;
            sum.bytes += found.bytes;
        }
        Ok(sum)
    }

    /// Those of some paths that go with the directories which are left out.
    fn left_out(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
        let Some(cone) = self.cone else { return Ok(vec![]) };
        let listed = git::run(self.worktree.as_path(), &["ls-files", "-z"])?;
        let tracked: BTreeSet<&[u8]> = listed.split(|byte| *byte == 0).collect();
        Ok(paths.iter().filter(|path| goes_along(path.as_os_str().as_bytes(), cone, &tracked)).cloned().collect())
    }

    fn shown(&self, path: &Path) -> String {
        printable(path.strip_prefix(self.worktree.as_path()).unwrap_or(path).as_os_str())
    }
}

/// Whether a managed file differs from what was last written. A file that is gone is no work.
pub(super) fn is_edited(path: &AbsPath, written: &WrittenFile) -> Result<bool> {
    let Some(found) = disk::look(path.as_path())? else {
        return Ok(false);
    };
    let bytes = match written.mode {
        FileMode::Symlink if found.is_symlink() => std::fs::read_link(path.as_path())?.as_os_str().as_bytes().to_vec(),
        FileMode::Copy | FileMode::Template | FileMode::Agents | FileMode::CodeWorkspace if found.is_file() => {
            regular::read(path.as_path())?
        }
        FileMode::Symlink | FileMode::Copy | FileMode::Template | FileMode::Agents | FileMode::CodeWorkspace => return Ok(true),
    };
    Ok(disk::blob_hash(&bytes)? != written.hash)
}
