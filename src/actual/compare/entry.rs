//! One entry of the index against what lies there.

use gix::index::entry::stat::{Options, Time};
use gix::index::entry::{Mode, Stat};
use rustix::fs::FileType;

/// What the system says of a file, as git keeps it.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unnecessary_cast,
    reason = "git keeps the low 32 bits of each, whatever width they have on a system"
)]
pub(super) fn stat(found: &rustix::fs::Stat) -> Stat {
    let size = found.st_size as u64;
    Stat {
        mtime: Time { secs: found.st_mtime as u32, nsecs: found.st_mtime_nsec as u32 },
        ctime: Time { secs: found.st_ctime as u32, nsecs: found.st_ctime_nsec as u32 },
        dev: found.st_dev as u32,
        ino: found.st_ino as u32,
        uid: found.st_uid,
        gid: found.st_gid,
        // A size that would look like none is kept as another one.
        size: if size > 0 && size as u32 == 0 { 0x8000_0000 } else { size as u32 },
    }
}

/// Whether a file is of the kind that an entry has.
pub(super) fn is_kind(mode: Mode, found: &rustix::fs::Stat, executable: bool) -> bool {
    match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => {
            mode == Mode::FILE_EXECUTABLE && (!executable || found.st_mode & 0o100 != 0)
                || mode == Mode::FILE && (!executable || found.st_mode & 0o100 == 0)
        }
        FileType::Symlink => mode == Mode::SYMLINK,
        _ => false,
    }
}

/// What is known of a file's content without reading it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Glance {
    Same,
    Differs,
    /// It has to be read.
    Unknown,
}

/// Whether a file may have been written again in the moment that its entry remembers, for all that an index of this time
/// knows.
pub(super) fn is_racy(recorded: &Stat, written: (i64, i64), options: Options) -> bool {
    let (seconds, nanoseconds) = (i64::from(recorded.mtime.secs), i64::from(recorded.mtime.nsecs));
    let compared = if options.use_nsec && options.check_stat { (seconds, nanoseconds) } else { (seconds, i64::MAX) };
    compared >= written
}

/// Compares what an entry recorded with what is there. `empty`: whether its content is none.
pub(super) fn glance(recorded: &Stat, racy: bool, found: &Stat, options: Options, empty: bool) -> Glance {
    // A size of none is also what git writes where it wants a file to be read again.
    if recorded.size != 0 && recorded.size != found.size {
        return Glance::Differs;
    }
    let trusted = !racy && (recorded.size != 0 || empty);
    if trusted && recorded.matches(found, options) { Glance::Same } else { Glance::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_tell_what_they_can() {
        let options = Options { use_nsec: true, ..Options::default() };
        let recorded = Stat { size: 5, ino: 7, mtime: Time { secs: 9, nsecs: 8 }, ..Stat::default() };
        let mut found = recorded;
        assert_eq!(glance(&recorded, false, &found, options, false), Glance::Same);
        assert_eq!(glance(&recorded, true, &found, options, false), Glance::Unknown);
        found.mtime.nsecs = 9;
        assert_eq!(glance(&recorded, false, &found, options, false), Glance::Unknown);
        assert_eq!(glance(&recorded, false, &found, Options { check_stat: false, ..options }, false), Glance::Same);
        found.size = 6;
        assert_eq!(glance(&recorded, false, &found, options, false), Glance::Differs);
        assert!(is_racy(&recorded, (9, 8), options) && !is_racy(&recorded, (9, 9), options));
        let minimal = Options { check_stat: false, ..options };
        assert!(is_racy(&recorded, (9, 9), minimal) && !is_racy(&recorded, (10, 0), minimal));
        let none = Stat { size: 0, ..recorded };
        assert_eq!(glance(&none, false, &none, options, false), Glance::Unknown, "git wants it read again");
        assert_eq!(glance(&none, false, &none, options, true), Glance::Same);
    }
}
