//! The anchor repository of a builder, as it is.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use anyhow::{Result, ensure};
use gix::objs::tree::EntryKind;
use gix::objs::{CommitRef, Kind, TreeRefIter};

use super::git_dir::GitDir;
use super::open::{self, local_config};
use super::refs::{self, Refs};
use super::{disk, head};
use crate::model::actual::{ObjectFormat, RefFormat};
use crate::model::builder::{Anchor, AnchorEntry, AnchorState, WSCTL_EMAIL};
use crate::model::mark::{BUILDER_MARK, BuilderMark, Marked};
use crate::model::path::{AbsPath, RelPath};
use crate::regular;

/// The most bytes of a small object.
const SMALL: usize = 1 << 12;

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

/// Reads `.git` of a builder, which carries our mark or does not.
pub(super) fn read(builder: &AbsPath, marked: bool) -> AnchorState {
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
    if !marked {
        return AnchorState::Foreign("another repository".into());
    }
    match anchor(&git_dir) {
        Ok(anchor) => AnchorState::Ours(Box::new(anchor)),
        Err(error) => AnchorState::Damaged(format!("{error:#}")),
    }
}

fn anchor(git_dir: &AbsPath) -> Result<Anchor> {
    let config = local_config(git_dir)?;
    let objects = Objects::of(git_dir, &config)?;
    let refs = match Refs::of_head(git_dir) {
        Some(refs) => refs,
        None => Refs::by_gix(objects.all()?)?,
    };
    let head = head::head(&GitDir::list(git_dir), &refs, RefFormat::Files);
    let (mut by_wsctl, mut entries) = (false, BTreeMap::new());
    if let Some(id) = head.commit() {
        let mut bytes = Vec::new();
        objects.read(&gix::ObjectId::from_hex(id.as_str().as_bytes())?, Kind::Commit, &mut bytes)?;
        let commit = CommitRef::from_bytes(&bytes, objects.format)?;
        by_wsctl = commit.committer()?.email == WSCTL_EMAIL;
        collect(&objects, &commit.tree(), "", &mut entries)?;
    }
    let remotes = config.sections_by_name("remote").into_iter().flatten();
    let remotes = remotes.filter_map(|section| section.header().subsection_name().map(ToString::to_string));
    Ok(Anchor {
        format: if objects.format == gix::hash::Kind::Sha256 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 },
        head,
        by_wsctl,
        entries,
        wrong_keys: KEYS.iter().filter(|(key, value)| !says(&config, key, value)).map(|(key, _)| *key).collect(),
        hook: hook(git_dir),
        index: has_index(git_dir),
        remotes: remotes.collect(),
    })
}

/// The objects of an anchor: few and loose, unless somebody packed them.
struct Objects<'a> {
    git_dir: &'a AbsPath,
    format: gix::hash::Kind,
    loose: gix::odb::loose::Store,
    all: OnceCell<gix::Repository>,
}

impl<'a> Objects<'a> {
    fn of(git_dir: &'a AbsPath, config: &gix::config::File) -> Result<Self> {
        let sha256 = config.string("extensions.objectFormat").is_some_and(|format| format.eq_ignore_ascii_case(b"sha256"));
        let format = if sha256 { gix::hash::Kind::Sha256 } else { gix::hash::Kind::Sha1 };
        let loose = gix::odb::loose::Store::at(git_dir.join("objects").as_path(), format);
        let objects = Objects { git_dir, format, loose, all: OnceCell::new() };
        // Another user's is not read without a word from git.
        if fs::symlink_metadata(git_dir.as_path())?.uid() != rustix::process::geteuid().as_raw() {
            objects.all()?;
        }
        Ok(objects)
    }

    fn all(&self) -> Result<&gix::Repository> {
        if let Some(all) = self.all.get() {
            return Ok(all);
        }
        let opened = open::gix(self.git_dir.as_path(), &[])?;
        Ok(self.all.get_or_init(|| opened))
    }

    /// A small loose object, without a map of its file: one costs more than all the rest, and has to be taken back.
    fn small(&self, id: &gix::oid, bytes: &mut Vec<u8>) -> Option<Kind> {
        let hex = id.to_hex().to_string();
        let file = regular::read(self.git_dir.join("objects").join(&hex[..2]).join(&hex[2..])).ok()?;
        bytes.resize(SMALL, 0);
        let (status, _, length) = gix::zlib::Inflate::default().once(&file, bytes).ok()?;
        bytes.truncate(length);
        let (kind, size, header) = gix::objs::decode::loose_header(bytes).ok()?;
        bytes.drain(..header);
        let is_whole = matches!(status, gix::zlib::Status::StreamEnd) && usize::try_from(size) == Ok(bytes.len());
        is_whole.then_some(kind)
    }

    fn read(&self, id: &gix::oid, kind: Kind, bytes: &mut Vec<u8>) -> Result<()> {
        let found = if let Some(found) = self.small(id, bytes) {
            found
        } else if let Ok(Some(found)) = self.loose.try_find(id, bytes) {
            found.kind
        } else {
            let object = self.all()?.find_object(id)?;
            bytes.clone_from(&object.data);
            object.kind
        };
        ensure!(found == kind, "{id} is a {found}, not a {kind}");
        Ok(())
    }
}

fn says(config: &gix::config::File, key: &str, value: &str) -> bool {
    match value {
        "false" => config.boolean(key).ok().flatten() == Some(false),
        _ => config.string(key).is_some_and(|found| found == value),
    }
}

fn collect(objects: &Objects<'_>, tree: &gix::oid, above: &str, entries: &mut BTreeMap<RelPath, AnchorEntry>) -> Result<()> {
    let mut bytes = Vec::new();
    objects.read(tree, Kind::Tree, &mut bytes)?;
    for entry in TreeRefIter::from_bytes(&bytes, objects.format) {
        let entry = entry?;
        let path = format!("{above}{}", entry.filename);
        let found = match entry.mode.kind() {
            EntryKind::Tree => {
                collect(objects, entry.oid, &format!("{path}/"), entries)?;
                continue;
            }
            EntryKind::Commit => AnchorEntry::Gitlink(refs::id(entry.oid)?),
            EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link => {
                AnchorEntry::Blob { id: refs::id(entry.oid)?, mode: u32::from(entry.mode.value()) }
            }
        };
        entries.insert(RelPath::new(&path)?, found);
    }
    Ok(())
}

/// Whether its index begins as one does.
fn has_index(git_dir: &AbsPath) -> bool {
    let mut first = [0; 4];
    let read = regular::open(git_dir.join("index")).and_then(|mut index| index.read_exact(&mut first));
    read.is_ok() && first == *b"DIRC"
}

/// Ours: it may be executed, and says whose it is in its first lines.
fn hook(git_dir: &AbsPath) -> bool {
    let path = git_dir.join("hooks/pre-commit");
    let executable =
        matches!(disk::look(path.as_path()), Ok(Some(found)) if found.is_file() && found.permissions().mode() & 0o100 != 0);
    let text = disk::read(path.as_path()).ok().flatten().unwrap_or_default();
    executable && String::from_utf8_lossy(&text).lines().take(5).any(|line| line.contains("wsctl"))
}
