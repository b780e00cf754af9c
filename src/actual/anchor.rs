//! The anchor repository of a builder, as it is.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::Result;
use gix::objs::tree::EntryKind;

use super::open::{self, local_config};
use super::refs::{self, Refs};
use super::{disk, head};
use crate::model::actual::{ObjectFormat, RefFormat};
use crate::model::builder::{Anchor, AnchorEntry, AnchorState, WSCTL_EMAIL};
use crate::model::mark::{BUILDER_MARK, BuilderMark, Marked};
use crate::model::path::{AbsPath, RelPath};

/// What an anchor's own configuration must say.
const KEYS: [(&str, &str); 6] = [
    ("core.hookspath", ".git/hooks"),
    ("submodule.recurse", "false"),
    ("commit.gpgsign", "false"),
    ("gc.auto", "0"),
    ("core.fsmonitor", "false"),
    ("diff.submodule", "diff"),
];

/// The mark in `.git`, where that is a directory.
pub(super) fn mark(builder: &AbsPath) -> Marked<BuilderMark> {
    let git_dir = builder.join(".git");
    let inside = |path: &AbsPath| matches!(disk::look(path.as_path()), Ok(Some(found)) if found.is_dir());
    if inside(builder) && inside(&git_dir) { disk::mark(git_dir.join(BUILDER_MARK).as_path()) } else { Marked::No }
}

/// Reads `.git` of a builder.
pub(super) fn read(builder: &AbsPath) -> AnchorState {
    let git_dir = builder.join(".git");
    match disk::look(git_dir.as_path()) {
        Ok(None) => return AnchorState::Missing,
        Ok(Some(found)) if found.is_file() => {
            let named = disk::git_file(builder).map_or_else(|error| error.to_string(), |named| named.to_string());
            return AnchorState::Foreign(format!("a file that names {named}"));
        }
        Ok(Some(found)) if !found.is_dir() => return AnchorState::Foreign("neither a file nor a directory".into()),
        Ok(Some(_)) => {}
        Err(error) => return AnchorState::Foreign(format!("something that cannot be read: {error}")),
    }
    if mark(builder) == Marked::No {
        return AnchorState::Foreign("another repository".into());
    }
    match anchor(&git_dir) {
        Ok(anchor) => AnchorState::Ours(Box::new(anchor)),
        Err(error) => AnchorState::Damaged(format!("{error:#}")),
    }
}

fn anchor(git_dir: &AbsPath) -> Result<Anchor> {
    let repository = open::gix(git_dir.as_path(), &[])?;
    let refs = Refs::by_gix(&repository)?;
    let head = head::head(git_dir, &refs, RefFormat::Files);
    let (mut by_wsctl, mut entries) = (false, BTreeMap::new());
    if let Some(id) = head.commit() {
        let commit = repository.find_commit(gix::ObjectId::from_hex(id.as_str().as_bytes())?)?;
        by_wsctl = commit.committer()?.email == WSCTL_EMAIL;
        collect(&commit.tree()?, "", &mut entries)?;
    }
    let config = local_config(git_dir)?;
    let remotes = config.sections_by_name("remote").into_iter().flatten();
    let remotes = remotes.filter_map(|section| section.header().subsection_name().map(ToString::to_string));
    Ok(Anchor {
        format: if repository.object_hash() == gix::hash::Kind::Sha256 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 },
        head,
        by_wsctl,
        entries,
        wrong_keys: KEYS.iter().filter(|(key, value)| !says(&config, key, value)).map(|(key, _)| *key).collect(),
        hook: hook(git_dir),
        remotes: remotes.collect(),
    })
}

fn says(config: &gix::config::File, key: &str, value: &str) -> bool {
    match value {
        "false" => config.boolean(key).ok().flatten() == Some(false),
        _ => config.string(key).is_some_and(|found| found == value),
    }
}

fn collect(tree: &gix::Tree<'_>, above: &str, entries: &mut BTreeMap<RelPath, AnchorEntry>) -> Result<()> {
    for entry in tree.iter() {
        let entry = entry?;
        let path = format!("{above}{}", entry.filename());
        let mode = entry.mode();
        let found = match mode.kind() {
            EntryKind::Tree => {
                collect(&entry.object()?.try_into_tree()?, &format!("{path}/"), entries)?;
                continue;
            }
            EntryKind::Commit => AnchorEntry::Gitlink(refs::id(entry.object_id())?),
            EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link => {
                AnchorEntry::Blob { id: refs::id(entry.object_id())?, mode: u32::from(mode.value()) }
            }
        };
        entries.insert(RelPath::new(&path)?, found);
    }
    Ok(())
}

/// Ours: it may be executed, and says whose it is in its first lines.
fn hook(git_dir: &AbsPath) -> bool {
    let path = git_dir.join("hooks/pre-commit");
    let executable =
        matches!(disk::look(path.as_path()), Ok(Some(found)) if found.is_file() && found.permissions().mode() & 0o100 != 0);
    let text = disk::read(path.as_path()).ok().flatten().unwrap_or_default();
    executable && String::from_utf8_lossy(&text).lines().take(5).any(|line| line.contains("wsctl"))
}
