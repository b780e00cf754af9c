//! The journal as it is written and read: what a line that failed does to the others.

use std::collections::BTreeSet;
use std::fs;

use wsctl::apply::journal::Book;
use wsctl::git::GitDoor;
use wsctl::model::journal::{Intent, Journal};
use wsctl::model::path::AbsPath;
use wsctl::{actual, config, desired};

use super::brakes::{declare, plain};
use crate::support::{Fault, Faulty, Mode, Sandbox};

fn made() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    sandbox
}

/// As many intents as this, each with a path of its own.
fn intents(sandbox: &Sandbox, count: usize) -> Vec<Intent> {
    (0..count).map(|number| Intent::Clone { path: AbsPath::new(sandbox.path(format!("repos/{number}"))).unwrap() }).collect()
}

/// The numbers of the intents that are open by these bytes, read in the boot that they were written in.
fn open(bytes: &[u8], intents: &[Intent]) -> BTreeSet<usize> {
    let journal = Journal::parse(bytes, actual::boot().as_ref()).unwrap();
    journal.open.iter().map(|open| intents.iter().position(|intent| intent == open).unwrap()).collect()
}

#[test]
fn in_a_damaged_journal_what_is_not_noted_as_begun_may_have_begun() {
    let sandbox = made();
    let intents = intents(&sandbox, 3);
    let whole = Journal::begin(&sandbox.header(actual::boot(), 3), &intents).unwrap();
    let read = |notes: &str| open(&[&whole, notes.as_bytes()].concat(), &intents);
    if actual::boot().is_some() {
        assert_eq!(read("+0\n+1\n-0\n"), BTreeSet::from([1]), "what is not noted has not begun");
        assert_eq!(read("+0\n+1\n-0\n+"), BTreeSet::from([1]), "a last line that is cut short says nothing");
    }
    for torn in ["\u{0}\u{0}\n", "?\n", "+9\n", "\n", "+\n"] {
        assert_eq!(read(&format!("+0\n-0\n{torn}+1\n")), BTreeSet::from([1, 2]), "{torn:?}");
    }
}

#[test]
fn a_line_that_was_written_in_part_spoils_no_other() {
    let sandbox = made();
    let intents = intents(&sandbox, 13);
    let config = config::load(&AbsPath::new(sandbox.path("builders.toml")).unwrap()).unwrap();
    let desired = desired::desired(&config, &config::facts(&config).unwrap()).unwrap();
    let door = GitDoor::new(&desired.builders_dir, false).unwrap();
    // The journal is one call, each note another: that of `-12` is the fourth.
    for left in 0..4 {
        let faulty = Faulty::new(&door, Some(Fault { call: 4, mode: Mode::FailAfter }));
        let book = Book::open(&faulty, &desired, &sandbox.workspace_id(), 0, &intents, None).unwrap();
        for number in [1, 3, 12] {
            book.begins(number).unwrap();
        }
        book.done(12);
        let bytes = fs::read(sandbox.journal()).unwrap();
        assert!(bytes.ends_with(b"-12\n"));
        fs::write(sandbox.journal(), &bytes[..bytes.len() - 4 + left]).unwrap();
        book.done(3);
        let open = open(&fs::read(sandbox.journal()).unwrap(), &intents);
        assert!(open.contains(&1), "{left}: it is not done");
        assert!(!open.contains(&3), "{left}: it is done");
        fs::remove_file(sandbox.journal()).unwrap();
    }
}
