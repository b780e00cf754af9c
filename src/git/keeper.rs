//! The keeper: one ref that holds every object which only one worktree holds, so that nothing which git cleans up
//! can take them. Parents are commits; the tree lists everything else by its id.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use anyhow::{Context as _, Result, anyhow, bail};
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Kind, Tree};

use super::command::{Call, Git};
use super::native::{Head, Native, Natives};
use super::objects::Objects;
use super::{Keep, branch, mentions};
use crate::model::actual::ObjectFormat;
use crate::model::path::AbsPath;

/// What a keeper holds.
#[derive(Default)]
struct Kept {
    head: Option<gix::ObjectId>,
    commits: BTreeSet<gix::ObjectId>,
    /// Entries of the tree by name.
    listed: BTreeMap<String, (EntryKind, gix::ObjectId)>,
}

/// Makes or moves a keeper; see `Door::keep`. What an older keeper of that name held stays held. Nothing is waited for: the
/// caller flushes all of a removal at once.
pub(super) fn keep((git, natives): (&Git, &Natives), keep: &Keep<'_>) -> Result<bool> {
    if !keep.name.starts_with("refs/wsctl/") {
        bail!("{} is no keeper's name", keep.name);
    }
    let admin = || git.inside(keep.admin_dir).variable("GIT_COMMON_DIR", keep.common_dir);
    let common = || git.inside(keep.common_dir);
    let native = natives.of(git, keep.common_dir);
    let native = native.as_deref();
    let objects = match native {
        Some(native) => native.objects(),
        None => Objects::open(keep.common_dir, format(&common())?)?,
    };
    // A git that was killed over adding the worktree may not have come to HEAD, or to its index.
    let there = |name: &str| keep.admin_dir.join(name).as_path().symlink_metadata().is_ok();
    let head = if there("HEAD") || there("index") { head(native, keep, &admin(), &objects)? } else { None };
    let mut kept = Kept { head, ..Kept::default() };
    for id in mentions::gather((git, native), keep, &objects)? {
        take(&mut kept, &objects, id)?;
    }
    if there("index") {
        index((git, native), keep, &objects, &mut kept)?;
    }
    let saved = match keep.branch.zip(keep.save) {
        Some((branch, save)) => branch::save((git, native), keep.common_dir, branch, save)?,
        None => false,
    };
    forget_empty(keep.common_dir, keep.name)?;
    let old = match native {
        Some(native) => native.value(keep.name)?,
        None => value(&common(), keep.name)?,
    };
    let parents = parents(native, &common(), &kept)?;
    let tree = objects.write_tree(&tree(&kept))?;
    let message = format!("wsctl: what the worktree {} held\n", keep.admin_dir);
    let mut commit = objects.write_commit(tree, &parents, &message)?;
    // One that a loss of power left empty holds nothing.
    if let Some(old) = old
        && objects.bytes(&old).is_ok()
    {
        if old == commit || is_same(&objects, &old, tree, &parents)? {
            return Ok(saved);
        }
        let both: Vec<_> = parents.iter().copied().chain([old]).collect();
        commit = objects.write_commit(tree, &both, &message)?;
    }
    let failed = || format!("{} cannot be written", keep.name);
    if let Some(native) = native {
        native.move_ref(keep.name, old, commit, "wsctl: keep").with_context(failed)?;
    } else {
        let old = old.map_or_else(|| objects.hash.null().to_string(), |old| old.to_string());
        let update = common().args(["update-ref", "-m", "wsctl: keep", keep.name, &commit.to_string(), &old]);
        natives.in_turn(keep.common_dir, || update.patiently()).map(drop).with_context(failed)?;
    }
    Ok(true)
}

/// Removes a ref that a power cut left empty, as a file system that allocates late does: it holds nothing, and git can
/// neither read nor delete it.
fn forget_empty(common_dir: &AbsPath, name: &str) -> Result<()> {
    let path = common_dir.join(name);
    if path.as_path().symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == 0) {
        fs::remove_file(&path).with_context(|| format!("{path} is empty"))?;
    }
    Ok(())
}

/// What the ids of a repository are.
fn format(common: &Call<'_>) -> Result<ObjectFormat> {
    match common.again(&["rev-parse", "--show-object-format"]).line()?.as_str() {
        "sha1" => Ok(ObjectFormat::Sha1),
        "sha256" => Ok(ObjectFormat::Sha256),
        other => bail!("unknown object format {other}"),
    }
}

/// What a ref names.
pub(super) fn value(call: &Call<'_>, name: &str) -> Result<Option<gix::ObjectId>> {
    let answer = call.again(&["rev-parse", "--verify", "--quiet", name]).answer()?;
    Ok(gix::ObjectId::from_hex(answer.stdout.trim_ascii_end()).ok())
}

/// Whether an older keeper already holds the same, itself on top of a still older one.
fn is_same(objects: &Objects, old: &gix::ObjectId, tree: gix::ObjectId, parents: &[gix::ObjectId]) -> Result<bool> {
    let bytes = objects.bytes(old)?;
    let commit = gix::objs::CommitRef::from_bytes(&bytes, objects.hash).map_err(|error| anyhow!("{old}: {error}"))?;
    let held: Vec<_> = commit.parents().collect();
    Ok(commit.tree() == tree && held.len() <= parents.len() + 1 && held.starts_with(parents))
}

/// Deletes a keeper; see `Door::drop_keeper`.
pub(super) fn forget((git, natives): (&Git, &Natives), common_dir: &AbsPath, name: &str) -> Result<()> {
    if !name.starts_with("refs/wsctl/") {
        bail!("{name} is no keeper's name");
    }
    forget_empty(common_dir, name)?;
    if let Some(native) = natives.of(git, common_dir) {
        let there = native.value(name)?;
        return there.map_or(Ok(()), |there| native.delete_ref(name, there));
    }
    natives.in_turn(common_dir, || git.inside(common_dir).args(["update-ref", "-d", name]).patiently()).map(drop)
}

/// HEAD's commit; `None` on a branch without one.
fn head(native: Option<&Native>, keep: &Keep<'_>, admin: &Call<'_>, objects: &Objects) -> Result<Option<gix::ObjectId>> {
    match native.map_or(Ok(Head::Unknown), |native| native.head_of(keep.admin_dir))? {
        Head::Commit(id) if objects.kind(&id)? == Some(Kind::Commit) => return Ok(Some(id)),
        Head::Commit(id) => bail!("HEAD names {id}, which is not there"),
        Head::Unborn => return Ok(None),
        Head::Unknown => {}
    }
    let answer = admin.again(&["rev-parse", "--verify", "--quiet", "HEAD"]).answer()?;
    if answer.status.success() {
        let id = gix::ObjectId::from_hex(answer.stdout.trim_ascii_end()).map_err(|error| anyhow!("HEAD: {error}"))?;
        return match objects.kind(&id)? {
            Some(Kind::Commit) => Ok(Some(id)),
            None if id.is_null() => Ok(None),
            Some(_) | None => bail!("HEAD names {id}, which is not there"),
        };
    }
    if admin.again(&["symbolic-ref", "--quiet", "HEAD"]).answer()?.status.success() {
        return Ok(None);
    }
    bail!("HEAD cannot be read: {}", answer.reason())
}

/// Sorts an object to its place; one that is not there has nothing to keep.
fn take(kept: &mut Kept, objects: &Objects, id: gix::ObjectId) -> Result<()> {
    match objects.kind(&id)? {
        None => {}
        Some(Kind::Commit) => {
            kept.commits.insert(id);
        }
        Some(Kind::Tree) => {
            kept.listed.insert(id.to_string(), (EntryKind::Tree, id));
        }
        Some(Kind::Blob) => {
            kept.listed.insert(id.to_string(), (EntryKind::Blob, id));
        }
        Some(Kind::Tag) => {
            // No tree can name a tag: its bytes are kept as a blob, which `git hash-object -t tag` turns back.
            let bytes = objects.bytes(&id)?;
            let target = gix::objs::TagRefIter::from_bytes(&bytes, objects.hash).target_id();
            kept.listed.insert(format!("{id}.tag"), (EntryKind::Blob, objects.write_blob(&bytes)?));
            take(kept, objects, target.map_err(|error| anyhow!("tag {id} cannot be read: {error}"))?)?;
        }
    }
    Ok(())
}

/// Every index entry, of any stage, that HEAD does not have at that path; and what conflicts were resolved from.
fn index((git, native): (&Git, Option<&Native>), keep: &Keep<'_>, objects: &Objects, kept: &mut Kept) -> Result<()> {
    if let Some((native, head)) = native.zip(kept.head)
        && let Some(staged) = native.staged(keep.admin_dir, head)?
    {
        return staged.into_iter().try_for_each(|id| take(kept, objects, id));
    }
    let admin = || git.inside(keep.admin_dir).variable("GIT_COMMON_DIR", keep.common_dir);
    let mut known: HashMap<Vec<u8>, gix::ObjectId> = HashMap::new();
    if let Some(head) = kept.head {
        // Where HEAD's trees are not all here (a partial clone), everything of the index that is here is kept.
        let answer = admin().args(["ls-tree", "-r", "-t", "-z", "--full-tree", &head.to_string()]).answer()?;
        if answer.status.success() {
            known.extend(entries(&answer.stdout).map(|(_, id, path)| (path.to_vec(), id)));
        }
    }
    let staged = admin().args(["ls-files", "-s", "-z", "--sparse"]).run().context("the index cannot be read")?;
    let undo = admin().args(["ls-files", "--resolve-undo", "-z"]).run().context("the index cannot be read")?;
    for (mode, id, path) in entries(&staged).chain(entries(&undo)) {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if mode != b"160000" && known.get(path) != Some(&id) {
            take(kept, objects, id)?;
        }
    }
    Ok(())
}

/// Lines of `ls-files -s` and `ls-tree`: mode, then the first id before the tab, then the path.
fn entries(output: &[u8]) -> impl Iterator<Item = (&[u8], gix::ObjectId, &[u8])> {
    output.split(|byte| *byte == 0).filter_map(|line| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let mut words = line[..tab].split(|byte| *byte == b' ');
        let mode = words.next()?;
        let id = words.find_map(|word| gix::ObjectId::from_hex(word).ok())?;
        Some((mode, id, &line[tab + 1..]))
    })
}

/// HEAD, and every other commit that neither HEAD nor another of them reaches.
fn parents(native: Option<&Native>, call: &Call<'_>, kept: &Kept) -> Result<Vec<gix::ObjectId>> {
    let mut parents: Vec<_> = kept.head.into_iter().collect();
    let others: Vec<_> = kept.commits.iter().filter(|id| Some(**id) != kept.head).collect();
    if others.is_empty() {
        return Ok(parents);
    }
    if let Some(native) = native {
        let others: Vec<_> = others.into_iter().copied().collect();
        parents.extend(native.tips(kept.head, &others)?);
        return Ok(parents);
    }
    let mut input = String::new();
    for id in &others {
        input.extend([id.to_string().as_str(), "\n"]);
    }
    if let Some(head) = kept.head {
        input.extend(["^", head.to_string().as_str(), "\n"]);
    }
    let output = call.again(&["rev-list", "--parents", "--stdin"]).fed(input.as_bytes())?;
    let text = String::from_utf8_lossy(&output);
    let mut reached = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for line in text.lines() {
        let mut ids = line.split(' ');
        listed.extend(ids.next());
        reached.extend(ids);
    }
    parents.extend(others.into_iter().filter(|id| {
        let id = id.to_string();
        listed.contains(id.as_str()) && !reached.contains(id.as_str())
    }));
    Ok(parents)
}

fn tree(kept: &Kept) -> Tree {
    let entries =
        kept.listed.iter().map(|(name, (kind, id))| Entry { mode: (*kind).into(), filename: name.as_str().into(), oid: *id });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    Tree { entries }
}
