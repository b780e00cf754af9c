//! A power cut: what was not flushed by then may be empty, or not there. What stands on it was not begun.

use std::fs;
use std::path::{Path, PathBuf};

use super::faults::{Case, is_known};
use super::scenarios::SCENARIOS;
use super::spread;
use crate::support::{Fault, Mode, Sandbox};

/// What moves work to the trash.
const REMOVALS: [&str; 3] = ["remove builder", "remove nested", "remove checkout"];

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

pub(super) fn below(directory: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(directory.as_ref(), &mut found);
    found
}

fn git_dirs(sandbox: &Sandbox) -> Vec<PathBuf> {
    let repos = fs::read_dir(sandbox.path("repos")).unwrap().map(|entry| entry.unwrap().path());
    let all = repos.chain([sandbox.root()]).map(|main| main.join(".git"));
    all.filter(|git_dir| git_dir.is_dir()).collect()
}

/// An object file is read-only: another takes its place.
fn empty(file: &Path) {
    fs::remove_file(file).unwrap();
    fs::write(file, "").unwrap();
}

/// Empties what a removal had written and not synced: keepers with their objects, and what the branches were. How much.
fn lose_texts(sandbox: &Sandbox) -> usize {
    let mut lost = 0;
    for git_dir in git_dirs(sandbox) {
        for keeper in below(git_dir.join("refs/wsctl")) {
            let commit = fs::read_to_string(&keeper).unwrap();
            let (first, rest) = commit.trim().split_at(2);
            empty(&git_dir.join("objects").join(first).join(rest));
            empty(&keeper);
            lost += 1;
        }
    }
    let trash = below(sandbox.root().join(".builders/.wsctl/trash"));
    for saved in trash.iter().filter(|file| file.ends_with("reflog") || file.ends_with("config")) {
        empty(saved);
        lost += 1;
    }
    lost
}

/// Takes back the renames that made its locks and its manifest visible.
fn lose_names(sandbox: &Sandbox) -> usize {
    let locks = git_dirs(sandbox).into_iter().flat_map(|git_dir| below(git_dir.join("worktrees")));
    let ours =
        |file: &PathBuf| file.ends_with("locked") && fs::read_to_string(file).is_ok_and(|reason| reason.contains("removing"));
    let manifests = below(sandbox.root().join(".builders/.wsctl/trash"));
    let mut names: Vec<_> = locks.filter(ours).collect();
    names.extend(manifests.into_iter().filter(|file| file.extension().is_some_and(|end| end == "json")));
    for name in &names {
        fs::remove_file(name).unwrap();
    }
    names.len()
}

#[test]
fn a_removal_that_the_power_was_cut_of_before_its_flush_is_called_off() {
    let wrong = spread(&REMOVALS, |name| {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name).unwrap();
        let case = Case::new(scenario);
        let flush = case.calls.iter().position(|call| *call == "flush").unwrap();
        assert_eq!(case.calls[flush + 1], "rename", "{:?}", case.calls);
        let mut wrong = Vec::new();
        for names in [false, true] {
            case.breaks(Fault { call: flush, mode: Mode::DieBefore });
            assert!(lose_texts(&case.sandbox) > 0);
            assert!(!names || lose_names(&case.sandbox) > 1);
            wrong.extend(
                case.judged_later().into_iter().filter(|line| !is_known(line)).map(|line| format!("{name} {names}: {line}")),
            );
        }
        wrong
    });
    assert_eq!(wrong.concat(), Vec::<String>::new());
}

/// What makes builders.
const CREATIONS: [&str; 4] = ["create sibling", "create nested", "create split", "create custom"];

/// Whether the power takes a file, by its path.
type Takes = fn(&str) -> bool;

/// What the power may take: files by where they lie.
const TAKEN: [(&str, Takes); 7] = [
    ("everything", |_| true),
    ("refs", |path| path.contains("/refs/heads/")),
    ("admin directories", |path| path.contains("/worktrees/")),
    ("HEADs", |path| path.contains("/worktrees/") && path.ends_with("/HEAD")),
    ("links", |path| path.ends_with("/gitdir") || path.ends_with("/.git")),
    ("marks", |path| path.contains("wsctl") || path.contains(".wsctl/builders/")),
    ("files", |path| path.contains("/.builders/") && !path.contains("/.git") && !path.contains("/.wsctl/")),
];

/// The files that a run made in repositories and builders, and did not wait for.
fn made(sandbox: &Sandbox, before: &[PathBuf]) -> Vec<PathBuf> {
    let worktrees_and_refs = git_dirs(sandbox)
        .into_iter()
        .flat_map(|git_dir| ["worktrees", "refs/heads", "logs/refs/heads"].map(|name| git_dir.join(name)))
        .flat_map(below);
    let builders = below(sandbox.root().join(".builders"));
    let waited_for = |file: &PathBuf| {
        let own = ["journal", "lock", "workspace.json", ".gitignore", ".ignore"];
        let managed = ["shared.md", "template.md", ".env", "link.md"];
        own.iter().chain(&managed).any(|name| file.ends_with(name))
    };
    let all = worktrees_and_refs.chain(builders).filter(|file| !waited_for(file) && !before.contains(file));
    all.filter(|file| file.symlink_metadata().unwrap().is_file()).collect()
}

/// As it is on a disk that had heard of a file, and not yet of what is in it.
fn hollow(file: &Path) {
    let written = file.metadata().unwrap().modified().unwrap();
    let mode = file.metadata().unwrap().permissions();
    empty(file);
    fs::File::options().write(true).open(file).unwrap().set_modified(written).unwrap();
    fs::set_permissions(file, mode).unwrap();
}

/// The journal that is left was written before the machine was started again.
fn reboot(sandbox: &Sandbox) {
    let path = sandbox.root().join(".builders/.wsctl/journal");
    let text = fs::read_to_string(&path).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
    header["boot"]["id"] = "another".into();
    fs::write(&path, format!("{header}\n{rest}")).unwrap();
}

#[test]
fn a_creation_that_the_power_was_cut_of_is_made_again() {
    let wrong = spread(&CREATIONS, |name| {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name).unwrap();
        let case = Case::new(scenario);
        let flush = case.calls.iter().rposition(|call| *call == "flush").unwrap();
        let mut wrong = Vec::new();
        let mut random = 7_u32;
        for round in 0..TAKEN.len() + 5 {
            case.breaks(Fault { call: flush, mode: Mode::DieBefore });
            let mut lost = 0;
            for file in made(&case.sandbox, &case.kept_files()) {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let goes = TAKEN.get(round).map_or(random >> 24 < 90, |(_, takes)| takes(file.to_str().unwrap()));
                if goes {
                    hollow(&file);
                    lost += 1;
                }
            }
            assert!(lost > 0, "{name} {round}");
            reboot(&case.sandbox);
            let what = TAKEN.get(round).map_or_else(|| round.to_string(), |(what, _)| (*what).to_owned());
            // What is left of an anchor is put aside.
            let is_aside = |line: &String| line.starts_with("too much: .wsctl/replaced/.git-");
            let judged = case.judged_later().into_iter().filter(|line| !is_known(line) && !is_aside(line));
            wrong.extend(judged.map(|line| format!("{name}, {what}: {line}")));
        }
        wrong
    });
    assert_eq!(wrong.concat(), Vec::<String>::new());
}

#[test]
fn what_was_done_before_another_boot_is_found_done() {
    let wrong = spread(&SCENARIOS, |scenario| {
        let case = Case::new(scenario);
        let Some(flush) = case.calls.iter().rposition(|call| *call == "flush") else { return vec![] };
        case.breaks(Fault { call: flush, mode: Mode::DieBefore });
        if !case.sandbox.root().join(".builders/.wsctl/journal").exists() {
            return vec![];
        }
        reboot(&case.sandbox);
        let judged = case.judged_later().into_iter().filter(|line| !is_known(line));
        judged.map(|line| format!("{}: {line}", scenario.name)).collect::<Vec<_>>()
    });
    assert_eq!(wrong.concat(), Vec::<String>::new());
}

#[test]
fn what_somebody_worked_in_after_the_power_came_back_stays() {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == "create sibling").unwrap();
    let case = Case::new(scenario);
    let flush = case.calls.iter().rposition(|call| *call == "flush").unwrap();
    case.breaks(Fault { call: flush, mode: Mode::DieBefore });
    let sandbox = &case.sandbox;
    let checkout = sandbox.root().join(".builders/one/api");
    hollow(&sandbox.root().join("repos/api/.git/logs/refs/heads/builder/one"));
    hollow(&sandbox.root().join(".builders/one/api/README.md"));
    fs::write(checkout.join("mine"), "staged alone\n").unwrap();
    sandbox.git(&checkout, &["add", "mine"]);
    fs::write(checkout.join("mine"), "and edited\n").unwrap();
    reboot(sandbox);
    // By this machine's own boot, which all of it came after.
    let answer = sandbox.wsctl(&["apply", "--auto-approve"]);
    answer.says(".builders/one/api was not wholly on the disk").says("somebody has worked there since: it stays");
    assert_eq!(fs::read_to_string(checkout.join("mine")).unwrap(), "and edited\n");
    assert_eq!(sandbox.git(&checkout, &["show", ":mine"]), "staged alone");
    assert_eq!(sandbox.git(&checkout, &["symbolic-ref", "HEAD"]), "refs/heads/builder/one");
    sandbox.git(&checkout, &["rev-parse", "--verify", "HEAD"]);
}
