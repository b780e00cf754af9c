//! An index as its file has it: only the usual kind, which is most of them. Anything else is for those who know it.

/// What an index knows of one path.
pub(super) struct Entry<'a> {
    /// Ten numbers of the file as it was: times of its inode and its content, device, inode, mode, owner, group, size.
    pub(super) stat: &'a [u8],
    pub(super) id: &'a [u8],
    pub(super) path: &'a [u8],
    /// git was told to take it for unchanged.
    pub(super) assumed: bool,
}

/// The bytes of an entry that tell of the file.
const STAT: usize = 40;
const HEADER: usize = 12;

impl Entry<'_> {
    /// One of the ten numbers.
    pub(super) fn number(&self, at: usize) -> u32 {
        number(self.stat, at * 4)
    }

    pub(super) fn mode(&self) -> u32 {
        self.number(6)
    }
}

/// The entries, in the order of their paths, and the tree that they were when the index was written.
pub(super) struct Index<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// `None`: something was staged since then.
    pub(super) tree: Option<&'a [u8]>,
}

impl<'a> Index<'a> {
    /// Reads the bytes of an index whose ids have this length. `None` where it is not of the usual kind: another version,
    /// split or sparse, with conflicts, with paths that are to be added or left out.
    pub(super) fn parse(bytes: &'a [u8], hash: usize) -> Option<Self> {
        if bytes.get(..8)? != b"DIRC\0\0\0\x02" || bytes.len() < HEADER + hash {
            return None;
        }
        let end = bytes.len() - hash;
        let count = usize::try_from(number(bytes, 8)).ok()?;
        let mut entries = Vec::with_capacity(count.min(bytes.len() / 62));
        let mut at = HEADER;
        for _ in 0..count {
            let name = at + STAT + hash + 2;
            let flags = u16::from_be_bytes(bytes.get(name - 2..name)?.try_into().ok()?);
            // An extension of the flags, or a stage of a conflict.
            if flags & 0x7000 != 0 {
                return None;
            }
            let known = usize::from(flags & 0xfff);
            let length = if known < 0xfff { known } else { bytes.get(name..end)?.iter().position(|byte| *byte == 0)? };
            let path = bytes[..end].get(name..name + length)?;
            let (stat, id) = (&bytes[at..at + STAT], &bytes[at + STAT..name - 2]);
            entries.push(Entry { stat, id, path, assumed: flags & 0x8000 != 0 });
            at += (STAT + hash + 2 + length + 8) / 8 * 8;
        }
        let mut index = Index { entries, tree: None };
        index.extend(bytes.get(at..end)?, hash).then_some(index)
    }

    /// Takes the tree of the first part of `TREE`. Whether there is no extension that changes what the entries say.
    fn extend(&mut self, mut rest: &'a [u8], hash: usize) -> bool {
        while let Some((head, tail)) = rest.split_at_checked(8) {
            let size = usize::try_from(number(head, 4)).unwrap_or(usize::MAX);
            let Some((body, next)) = tail.split_at_checked(size) else { return false };
            match &head[..4] {
                b"TREE" => self.tree = root(body, hash),
                // Those that have to be understood begin with a small letter.
                name if name[0].is_ascii_uppercase() => {}
                _ => return false,
            }
            rest = next;
        }
        true
    }
}

/// The tree of the top, where it is still that of the entries.
fn root(body: &[u8], hash: usize) -> Option<&[u8]> {
    let body = body.strip_prefix(b"\0")?;
    let line = body.iter().position(|byte| *byte == b'\n')?;
    if body.starts_with(b"-") { None } else { body.get(line + 1..line + 1 + hash) }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}
