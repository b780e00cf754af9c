//! What an entry of the trash holds, and what lies where it would go.

use std::collections::BTreeSet;

use super::{disk, git, places};
use crate::model::actual::{Actual, Directory, Head, Lock, RefFormat, Repository};
use crate::model::builder::Occupant;
use crate::model::desired::{Desired, Shape};
use crate::model::journal::{self, Intent};
use crate::model::mark::{Deed, OurLock};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::{AbsPath, RelPath};
use crate::model::stored::{Home, Stored, StoredAdmin, StoredCheckout, Unfinished};
use crate::model::trash::{Manifest, TrashEntry, TrashedCheckout, part};
use crate::regular;

/// Looks at an entry; `None` where its manifest cannot be read. `home` is the builder that it was in, unless said.
#[must_use]
pub fn stored(desired: &Desired, actual: &Actual, entry: &TrashEntry, home: Option<&Home>) -> Option<Stored> {
    let manifest = entry.manifest.as_ref()?;
    let builder = home.map_or(&manifest.builder, |home| &home.builder);
    let tree = entry.path.join("tree");
    let only = home.and_then(|home| home.only.as_ref());
    let one = only.and_then(|only| manifest.checkouts.iter().find(|checkout| checkout.repository == *only));
    let place = one.map(|checkout| &checkout.path).or(manifest.checkout.as_ref());
    let open = open(actual);
    let own = |intent: &Intent| matches!(intent, Intent::Restore { entry: named, .. } if *named == entry.name);
    Some(Stored {
        shape: shape(&tree),
        occupant: occupant(&desired.builders_dir.join(builder.as_str()), place),
        checkouts: manifest.checkouts.iter().map(|checkout| checkout_of(actual, entry, manifest, checkout)).collect(),
        file_gone: file_gone(manifest),
        made: open.iter().filter(|intent| own(intent)).flat_map(made).collect(),
        unfinished: open.iter().filter(|intent| !own(intent)).find_map(|intent| unfinished(actual, intent)),
        tree: match disk::look(tree.as_path()) {
            Ok(None) => Directory::Missing,
            Ok(Some(found)) if found.is_dir() => Directory::Present,
            Ok(Some(_)) => Directory::Unusable("is no directory".into()),
            Err(error) => Directory::Unusable(format!("cannot be read: {error}")),
        },
    })
}

fn made(intent: &Intent) -> Vec<(AbsPath, BranchName, ObjectId)> {
    let Intent::Restore { makes, .. } = intent else { return vec![] };
    makes.clone()
}

/// What a run that was cut short has left open.
fn open(actual: &Actual) -> &[Intent] {
    match &actual.unfinished {
        Some(journal::Unfinished::CutShort(journal)) => &journal.open,
        Some(journal::Unfinished::Running(_) | journal::Unfinished::Unreadable(_)) | None => &[],
    }
}

/// What has to be finished first. A restore of another entry has to be while a registration waits for it.
fn unfinished(actual: &Actual, intent: &Intent) -> Option<Unfinished> {
    match intent {
        Intent::Restore { entry, .. } => {
            let repositories = actual.repositories.values().filter_map(|state| state.repository());
            let mut locks = repositories.flat_map(|it| it.registrations.values()).filter_map(|found| found.lock.as_ref());
            let waits =
                |lock: &Lock| matches!(lock, Lock::Ours(OurLock { deed: Deed::Removing { entry: named }, .. }) if named == entry);
            locks.any(waits).then(|| Unfinished::Restore(entry.clone()))
        }
        Intent::Clone { .. }
        | Intent::Builder { .. }
        | Intent::Checkout { .. }
        | Intent::Switch { .. }
        | Intent::Rename { .. }
        | Intent::Touch { .. }
        | Intent::File { .. }
        | Intent::Remove { .. }
        | Intent::Relocate(_) => Some(Unfinished::Apply),
    }
}

fn shape(tree: &AbsPath) -> Shape {
    match disk::look(tree.join(".git").as_path()) {
        Ok(Some(found)) if found.is_dir() => Shape::Anchored,
        Ok(Some(_)) => Shape::Nested,
        Ok(None) | Err(_) => Shape::Plain,
    }
}

/// What lies at a place of a builder. A checkout goes only into a directory.
fn occupant(builder: &AbsPath, place: Option<&RelPath>) -> Occupant {
    places::occupant(builder, place.unwrap_or(&RelPath::here()))
}

fn file_gone(manifest: &Manifest) -> bool {
    let builder = manifest.mark.as_ref().map(|mark| &mark.file);
    let file = builder.or_else(|| manifest.checkouts.iter().find_map(|checkout| Some(&checkout.mark.as_ref()?.file)));
    file.is_some_and(|file| matches!(disk::look(file.as_path()), Ok(None)))
}

fn checkout_of(actual: &Actual, entry: &TrashEntry, manifest: &Manifest, checkout: &TrashedCheckout) -> StoredCheckout {
    let repository = actual.repositories.get(&checkout.repository).and_then(|state| state.repository());
    let admin = admin(repository, entry, checkout);
    let admin_dir = match &admin {
        StoredAdmin::Registered { admin_dir, .. } => admin_dir.clone(),
        StoredAdmin::Here | StoredAdmin::Gone => entry.path.join("admin").join(part(&checkout.repository)),
    };
    let tree = entry.path.join("tree");
    let top = if manifest.checkout.is_some() { tree } else { checkout.path.under(&tree) };
    let there = |name: &str| repository.is_some_and(|repository| exists(repository, name));
    let kept = entry.path.join("branch").join(part(&checkout.repository));
    let head = repository.map_or_else(|| Head::Unreadable("its repository is not there".into()), |it| head_of(it, &admin_dir));
    let needed = if let Head::Detached(id) = &head { Some(id) } else { checkout.head.as_ref() };
    StoredCheckout {
        repository: checkout.repository.clone(),
        linked: disk::git_file(&top).is_ok()
            && matches!(disk::look(top.join(".git").as_path()), Ok(Some(file)) if file.is_file()),
        logged: logged(&admin_dir),
        rebased: rebased(&admin_dir),
        kept: repository.map(|_| there(&checkout.keeper)),
        forgets: repository.is_some_and(|it| forgets(it, &kept, checkout.branch.as_ref())),
        has_head: needed.is_none_or(|head| there(&format!("{head}^{{commit}}"))),
        head,
        admin,
    }
}

/// Whether the reflog that was kept of a branch names commits that neither a ref nor the branch's reflog of now has.
fn forgets(repository: &Repository, kept: &AbsPath, branch: Option<&BranchName>) -> bool {
    let Some(branch) = branch.filter(|branch| repository.branches.contains_key(*branch)) else { return false };
    let Ok(Some(kept)) = disk::read(kept.join("reflog").as_path()) else { return false };
    let now = match repository.refs {
        RefFormat::Files => disk::read(repository.common_dir.join("logs").join(branch.full()).as_path()).ok().flatten(),
        RefFormat::Reftable => {
            let mut command = git::in_git_dir(repository.common_dir.as_path());
            git::finish(command.args(["reflog", "show", "--format=%H", &branch.full(), "--"])).ok()
        }
    };
    let (kept, now) = (named(&kept), named(&now.unwrap_or_default()));
    let missing = kept.difference(&now).filter(|id| exists(repository, &format!("{id}^{{commit}}")));
    let mut command = git::in_git_dir(repository.common_dir.as_path());
    command.args(["rev-list", "--max-count=1"]).args(missing).args(["--not", "--branches", "--tags", "--remotes"]);
    git::finish(&mut command).is_ok_and(|found| !found.is_empty())
}

/// The ids in a text.
fn named(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text);
    text.split_ascii_whitespace().filter(|word| ObjectId::new(word).is_ok()).map(str::to_owned).collect()
}

/// Whether the repository has a ref or an object.
fn exists(repository: &Repository, name: &str) -> bool {
    let mut command = git::in_git_dir(repository.common_dir.as_path());
    command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", name]);
    command.output().is_ok_and(|output| output.status.success())
}

/// Where the admin directory is. A registration whose lock names the entry is the living one, even beside a copy.
fn admin(repository: Option<&Repository>, entry: &TrashEntry, checkout: &TrashedCheckout) -> StoredAdmin {
    let manifest = entry.manifest.as_ref();
    let of_it = |lock: &Lock| {
        matches!(lock, Lock::Ours(OurLock { workspace, deed: Deed::Removing { entry: named } })
            if *named == entry.name && manifest.is_some_and(|manifest| manifest.workspace == *workspace))
    };
    let mut locked = repository.into_iter().flat_map(|repository| repository.registrations.values());
    if let Some(found) = locked.find(|found| found.lock.as_ref().is_some_and(of_it)) {
        return StoredAdmin::Registered {
            admin_dir: found.admin_dir.clone(),
            worktree: found.worktree.clone(),
            link: found.link.clone(),
        };
    }
    let path = entry.path.join("admin").join(part(&checkout.repository));
    match disk::look(path.as_path()) {
        Ok(Some(found)) if found.is_dir() => StoredAdmin::Here,
        Ok(_) | Err(_) => StoredAdmin::Gone,
    }
}

/// HEAD of an admin directory that lies outside its repository.
fn head_of(repository: &Repository, admin_dir: &AbsPath) -> Head {
    let text = match repository.refs {
        RefFormat::Files => regular::read(admin_dir.join("HEAD").as_path()).map_err(Into::into),
        RefFormat::Reftable => ask(repository, admin_dir),
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return Head::Unreadable(format!("{error:#}")),
    };
    let text = text.trim_ascii_end();
    if let Some(name) = text.strip_prefix(b"ref:").map(<[u8]>::trim_ascii_start) {
        let Some(branch) = name.strip_prefix(b"refs/heads/").map(BranchName::from_disk) else {
            return Head::Unreadable(format!("HEAD names {}, which is no branch", name.escape_ascii()));
        };
        return match repository.branches.get(&branch) {
            Some(id) => Head::Branch(branch, id.clone()),
            None => Head::Unborn(branch),
        };
    }
    match std::str::from_utf8(text).ok().and_then(|hex| ObjectId::new(hex).ok()) {
        Some(id) => Head::Detached(id),
        None => Head::Unreadable(format!("HEAD holds \"{}\"", text.escape_ascii())),
    }
}

fn ask(repository: &Repository, admin_dir: &AbsPath) -> anyhow::Result<Vec<u8>> {
    let call = || {
        let mut command = git::in_git_dir(admin_dir.as_path());
        command.env("GIT_COMMON_DIR", repository.common_dir.as_path());
        command
    };
    let output = call().args(["symbolic-ref", "-q", "HEAD"]).output()?;
    if output.status.success() {
        return Ok([b"ref: ", output.stdout.as_slice()].concat());
    }
    git::finish(call().args(["rev-parse", "--verify", "-q", "HEAD"]))
}

/// The branch that a rebase goes back to, and where it was when the rebase began.
fn rebased(admin_dir: &AbsPath) -> Option<(BranchName, ObjectId)> {
    ["rebase-merge", "rebase-apply"].into_iter().find_map(|directory| {
        let read = |name: &str| disk::read(admin_dir.join(directory).join(name).as_path()).ok().flatten();
        let branch = read("head-name")?;
        let branch = BranchName::from_disk(branch.trim_ascii_end().strip_prefix(b"refs/heads/")?);
        let commit = read("orig-head")?;
        Some((branch, ObjectId::new(std::str::from_utf8(commit.trim_ascii_end()).ok()?).ok()?))
    })
}

/// The commit that HEAD came to last, as its reflog says.
fn logged(admin_dir: &AbsPath) -> Option<ObjectId> {
    let log = disk::read(admin_dir.join("logs/HEAD").as_path()).ok().flatten()?;
    let line = log.trim_ascii_end().rsplit(|byte| *byte == b'\n').next()?;
    ObjectId::new(std::str::from_utf8(line.split(|byte| *byte == b' ').nth(1)?).ok()?).ok()
}
