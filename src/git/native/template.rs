//! What every checkout of one tree has in common: the paths, and the index but for what it says of the files.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result, bail, ensure};
use gix::objs::{FindExt as _, tree::EntryKind};

use super::contents::Conversion;

/// How many bytes of contents are kept for the next checkout of the same tree, of all trees together.
const KEPT: usize = 64 << 20;

static KEEPS: AtomicUsize = AtomicUsize::new(0);

/// A tree as an index holds it.
pub(super) struct Template {
    /// The index without its checksum; what it says of the files is zero.
    pub(super) index: Vec<u8>,
    /// Its entries, in its order.
    pub(super) entries: Vec<Entry>,
    /// What happens to contents on their way to the files.
    pub(super) conversion: Conversion,
    /// The length of an id.
    hash: usize,
    /// How many checkouts it was for so far.
    uses: AtomicUsize,
}

/// One file, symbolic link or submodule.
pub(super) struct Entry {
    /// Where its part of the index begins.
    at: usize,
    /// How long its path is.
    length: usize,
    pub(super) kind: EntryKind,
    pub(super) id: gix::ObjectId,
    content: OnceLock<Arc<[u8]>>,
}

/// The bytes of an entry that tell of the file: ten numbers, of which the seventh is the mode.
pub(super) const STAT: usize = 40;

impl Template {
    /// Reads a tree with all that is below it.
    pub(super) fn read(repository: &gix::Repository, tree: gix::ObjectId) -> Result<Self> {
        let mut template = Template {
            index: [b"DIRC".as_slice(), &2_u32.to_be_bytes(), &[0; 4]].concat(),
            entries: Vec::new(),
            conversion: Conversion::None,
            hash: tree.as_bytes().len(),
            uses: AtomicUsize::new(0),
        };
        let mut extension = Vec::new();
        template.take(repository, tree, &mut Vec::new(), b"", &mut extension)?;
        let count = u32::try_from(template.entries.len()).context("too many files")?;
        template.index[8..12].copy_from_slice(&count.to_be_bytes());
        template.index.extend(b"TREE");
        template.index.extend(u32::try_from(extension.len())?.to_be_bytes());
        template.index.append(&mut extension);
        template.conversion = Conversion::of(repository, &template, tree)?;
        Ok(template)
    }

    /// Adds what a tree holds, and to the extension what it says of the tree: its name, how many entries and trees are
    /// below it, its id; then the same of those trees, the shorter names first, as git orders them.
    fn take(
        &mut self,
        repository: &gix::Repository,
        tree: gix::ObjectId,
        path: &mut Vec<u8>,
        name: &[u8],
        extension: &mut Vec<u8>,
    ) -> Result<()> {
        let mut buffer = Vec::new();
        let found = repository.objects.find_tree_iter(&tree, &mut buffer).map_err(|error| anyhow::anyhow!("{error}"))?;
        let found: Vec<_> = found
            .map(|entry| entry.map(|entry| (entry.mode.kind(), entry.filename.to_vec(), entry.oid.to_owned())))
            .collect::<Result<_, _>>()?;
        let before = self.entries.len();
        let mut below = Vec::new();
        for (kind, name, id) in found {
            let at = path.len();
            check(&name, kind)?;
            path.extend(&name);
            if kind == EntryKind::Tree {
                path.push(b'/');
                let mut told = Vec::new();
                self.take(repository, id, path, &name, &mut told)?;
                below.push((name, told));
            } else {
                self.push(path, kind, id);
            }
            path.truncate(at);
        }
        below.sort_by(|(one, _), (other, _)| (one.len(), one).cmp(&(other.len(), other)));
        extension.extend(name);
        extension.extend(format!("\0{} {}\n", self.entries.len() - before, below.len()).bytes());
        extension.extend(tree.as_bytes());
        extension.extend(below.into_iter().flat_map(|(_, told)| told));
        Ok(())
    }

    fn push(&mut self, path: &[u8], kind: EntryKind, id: gix::ObjectId) {
        let at = self.index.len();
        let mode: u32 = match kind {
            EntryKind::Blob => 0o100_644,
            EntryKind::BlobExecutable => 0o100_755,
            EntryKind::Link => 0o120_000,
            EntryKind::Commit | EntryKind::Tree => 0o160_000,
        };
        let mut stat = [0; STAT];
        stat[24..28].copy_from_slice(&mode.to_be_bytes());
        self.index.extend(stat);
        self.index.extend(id.as_bytes());
        let length = u16::try_from(path.len()).unwrap_or(u16::MAX).min(0xfff);
        self.index.extend(length.to_be_bytes());
        self.index.extend(path);
        // One to eight zeros, up to a multiple of eight.
        let end = at + (self.index.len() - at + 8) / 8 * 8;
        self.index.resize(end, 0);
        self.entries.push(Entry { at, length: path.len(), kind, id, content: OnceLock::new() });
    }

    /// Begins a checkout of it. Whether contents shall be kept: not for the first one, which may be the only one.
    pub(super) fn begin(&self) -> bool {
        self.uses.fetch_add(1, Ordering::Relaxed) > 0
    }

    /// The path of an entry.
    pub(super) fn path(&self, entry: &Entry) -> &[u8] {
        let start = entry.at + STAT + self.hash + 2;
        &self.index[start..start + entry.length]
    }

    /// Where in the index the part of an entry begins; behind the last, where that one's ends.
    pub(super) fn at(&self, index: usize) -> usize {
        match (self.entries.get(index), self.entries.last()) {
            (Some(entry), _) => entry.at,
            (None, Some(last)) => last.at + (STAT + self.hash + 2 + last.length + 8) / 8 * 8,
            (None, None) => 12,
        }
    }
}

impl Entry {
    /// What its file will hold, or its link.
    pub(super) fn content(
        &self,
        repository: &gix::Repository,
        keep: bool,
        convert: &mut dyn FnMut(Vec<u8>) -> Result<Vec<u8>>,
    ) -> Result<Arc<[u8]>> {
        if let Some(content) = self.content.get() {
            return Ok(Arc::clone(content));
        }
        let mut bytes = Vec::new();
        repository.objects.find_blob(&self.id, &mut bytes).map_err(|error| anyhow::anyhow!("{error}"))?;
        let bytes = if self.kind == EntryKind::Link { bytes } else { convert(bytes)? };
        let content: Arc<[u8]> = bytes.into();
        if !keep {
            return Ok(content);
        }
        if KEEPS.fetch_add(content.len(), Ordering::Relaxed) > KEPT || self.content.set(Arc::clone(&content)).is_err() {
            KEEPS.fetch_sub(content.len(), Ordering::Relaxed);
        }
        Ok(content)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let kept = self.content.get().map_or(0, |content| content.len());
        KEEPS.fetch_sub(kept, Ordering::Relaxed);
    }
}

/// Refuses a name that some system would take for another: git says itself what is wrong with it.
fn check(name: &[u8], kind: EntryKind) -> Result<()> {
    let mode = (kind == EntryKind::Link).then_some(gix::validate::path::component::Mode::Symlink);
    let options = gix::validate::path::component::Options { protect_windows: false, ..Default::default() };
    if let Err(error) = gix::validate::path::component(name.into(), mode, options) {
        bail!("{error}");
    }
    ensure!(!name.contains(&b'\\'), "a backslash");
    Ok(())
}
