//! The journal as it is written and read: what a line that failed does to the others.

use std::collections::BTreeSet;
use std::fs;

use wsctl::apply::journal::Book;
use wsctl::git::GitDoor;
use wsctl::model::desired::Desired;
use wsctl::model::journal::{Intent, Journal};
use wsctl::model::name::{BranchName, RepoName};
use wsctl::model::path::AbsPath;
use wsctl::{actual, config, desired};

use super::brakes::{declare, plain};
use crate::support::{Fault, Faulty, Mode, Sandbox, text};

fn made() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    sandbox
}

fn at_work(sandbox: &Sandbox) -> (Desired, GitDoor) {
    let config = config::load(&AbsPath::new(sandbox.path("builders.toml")).unwrap()).unwrap();
    let desired = desired::desired(&config, &config::facts(&config).unwrap()).unwrap();
    let door = GitDoor::new(&desired.builders_dir, false).unwrap();
    (desired, door)
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
    let (desired, door) = at_work(&sandbox);
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

/// `work` on `one`, and a file there that `one` has not and `two` has, as `two` has it; a switch to `two` was noted.
fn noted(opened: Option<i64>) -> (Sandbox, Intent) {
    let sandbox = plain();
    sandbox.two_branches();
    sandbox.toml("[repos.api]\n[builders.work]\nrepos = [\"api\"]\nbranch = \"one\"\ninclude_root = false\n");
    sandbox.apply().ok();
    sandbox.write(".builders/work/api/only/two.txt", "two");
    let checkout = sandbox.builder("work/api");
    let intent = Intent::Switch {
        repository: RepoName::new("api").unwrap(),
        main: AbsPath::new(sandbox.path("repos/api")).unwrap(),
        admin_dir: AbsPath::new(sandbox.git(&checkout, &["rev-parse", "--absolute-git-dir"])).unwrap(),
        path: AbsPath::new(&checkout).unwrap(),
        from: sandbox.rev("repos/api", "one"),
        branch: Some(BranchName::new("two").unwrap()),
        to: Some(sandbox.rev("repos/api", "two")),
        makes: false,
        opened,
    };
    (sandbox, intent)
}

#[test]
fn what_an_intent_found_goes_by_the_journal_that_noted_it_first() {
    // The journal itself is of long ago: whatever lies there is younger.
    for (opened, stays) in [(None, false), (Some(i64::MAX), true)] {
        let (sandbox, intent) = noted(opened);
        sandbox.cut_short(&[intent]);
        sandbox.apply().says("Cleaned up");
        assert_eq!(sandbox.builder("work/api/only/two.txt").exists(), stays, "{opened:?}");
    }
    // A journal that does not say when it was written.
    let (sandbox, intent) = noted(None);
    sandbox.cut_short(&[intent]);
    let text = text(sandbox.journal()).replace("\"opened\":1600000000000,", "");
    assert!(!text.contains("opened"));
    fs::write(sandbox.journal(), text).unwrap();
    sandbox.apply().says("Cleaned up");
    assert!(sandbox.builder("work/api/only/two.txt").exists());
}

#[test]
fn an_intent_that_is_carried_on_keeps_its_time_and_new_ones_have_their_own() {
    let (sandbox, intent) = noted(None);
    sandbox.cut_short(&[intent]);
    let carried = Journal::parse(&fs::read(sandbox.journal()).unwrap(), None).unwrap();
    let (desired, door) = at_work(&sandbox);
    let new = intents(&sandbox, 1);
    Book::open(&door, &desired, &sandbox.workspace_id(), 0, &new, Some(&carried)).unwrap();
    let now = Journal::parse(&fs::read(sandbox.journal()).unwrap(), None).unwrap();
    assert!(now.header.opened > carried.header.opened);
    let old = carried.header.opened;
    assert_eq!((now.open.len(), &now.open[0]), (2, &new[0]));
    for open in [now.open[1].clone(), now.open[1].clone().carried(1)] {
        assert!(matches!(open, Intent::Switch { opened: Some(first), .. } if first == old), "its first time stays");
    }
}
