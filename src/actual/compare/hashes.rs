//! The ids of files that were read already, so that a second look at the same file need not read it again. A file that was
//! written since then has another time of its inode, which nobody can set.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use rustix::fs::Stat;

/// What a file was when it was read.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
pub(super) struct Seen([i128; 7]);

/// What reading a file told.
#[derive(Clone, Copy)]
pub(super) struct Content {
    /// Its id as an object.
    pub(super) id: gix::ObjectId,
    /// Whether a line in it ends as on other systems.
    pub(super) crlf: bool,
    /// Whether a `$` is in it, as before an id that git writes.
    pub(super) dollar: bool,
}

/// The coarsest clock, in nanoseconds, that a file system with parts of a second is expected to have.
const TICK: i128 = 30_000_000;

/// How many are remembered.
const MOST: usize = 200_000;

static KNOWN: LazyLock<Mutex<HashMap<Seen, Content>>> = LazyLock::new(Mutex::default);

fn known() -> MutexGuard<'static, HashMap<Seen, Content>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    /// `None` where the file changed so lately that it may change again within the same moment of its clock.
    pub(super) fn of(found: &Stat) -> Option<Self> {
        // A file system that has parts of a second has many of them.
        let tick = if found.st_ctime_nsec == 0 { 2_000_000_000 } else { TICK };
        let changed = i128::from(found.st_ctime) * 1_000_000_000 + i128::from(found.st_ctime_nsec);
        let settled = jiff::Timestamp::now().as_nanosecond() - changed > tick;
        let times = [found.st_ctime.into(), found.st_ctime_nsec.into(), found.st_mtime.into(), found.st_mtime_nsec.into()];
        let [changed, changed_nanoseconds, written, written_nanoseconds] = times;
        settled.then_some(Seen([
            found.st_dev.into(),
            found.st_ino.into(),
            found.st_size.into(),
            changed,
            changed_nanoseconds,
            written,
            written_nanoseconds,
        ]))
    }

    pub(super) fn content(&self) -> Option<Content> {
        known().get(self).copied()
    }

    pub(super) fn remember(self, content: Content) {
        let mut known = known();
        if known.len() < MOST {
            known.insert(self, content);
        }
    }
}
