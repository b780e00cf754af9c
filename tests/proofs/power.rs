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

fn below(directory: impl AsRef<Path>) -> Vec<PathBuf> {
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
