//! An apply with company: another apply, commands that look, git's housekeeping, a person who works on.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use super::mixed::{Mixed, ORDER};
use super::tokens::text;
use super::{figures, number, program};

/// Who else is at work.
#[derive(Debug, Clone, Copy)]
enum Company {
    Apply,
    Plan,
    Status,
    Prune,
    Gc,
    WorktreePrune,
    WorktreeAdd,
    Commits,
}

const ALL: [Company; 8] = [
    Company::Commits,
    Company::Apply,
    Company::Gc,
    Company::WorktreePrune,
    Company::WorktreeAdd,
    Company::Plan,
    Company::Prune,
    Company::Status,
];

#[test]
fn whoever_works_beside_an_apply_loses_nothing() {
    let races = number("WSCTL_PROOF_RACES", 6);
    let mixed = Mixed::new();
    let length = mixed.length();
    let mut refused = 0;
    let mut wrong = Vec::new();
    for race in 0..races {
        mixed.bring_back();
        let company = ALL[race % ALL.len()];
        let head_start = length * u32::try_from(race * 7 % 10).unwrap() / 10;
        let (found, failed) = run(&mixed, company, head_start);
        refused += usize::from(failed);
        if !found.is_empty() {
            wrong.push(format!("beside {company:?}, {head_start:?} later:\n    {}", found.join("\n    ")));
        }
    }
    figures(&format!("races: {races}, in {refused} of them something was refused; {} not made good", wrong.len()));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// One race: what is wrong, and whether anything was refused.
fn run(mixed: &Mixed, company: Company, head_start: Duration) -> (Vec<String>, bool) {
    let sandbox = &mixed.sandbox;
    let apply = program::start(sandbox, &program::arguments(ORDER));
    let until = Instant::now() + head_start;
    while Instant::now() < until {
        std::thread::yield_now();
    }
    let mut more = BTreeSet::new();
    let other = match company {
        Company::Apply => Some(program::arguments(ORDER)),
        Company::Plan => Some(vec!["plan"]),
        Company::Status => Some(vec!["status"]),
        Company::Prune => Some(vec!["prune", "--auto-approve"]),
        Company::Gc => git(mixed, &["gc", "-q", "--prune=now"]),
        Company::WorktreePrune => git(mixed, &["worktree", "prune"]),
        Company::WorktreeAdd => {
            git(mixed, &["worktree", "add", "-q", "-b", "mine", sandbox.top().join("mine").to_str().unwrap()])
        }
        Company::Commits => {
            commits(mixed, &mut more);
            None
        }
    };
    let other = other.map(|arguments| program::wait(program::start(sandbox, &arguments)));
    let mut wrong = Vec::new();
    let mut refused = false;
    for ended in other.into_iter().chain([program::wait(apply)]) {
        let clear = match ended.code {
            Some(0) => true,
            Some(1) => !ended.stderr.trim().is_empty() && !ended.stderr.contains("panicked"),
            Some(_) | None => false,
        };
        refused |= ended.code != Some(0);
        if !clear {
            wrong.push(format!("ended without a clear word: {ended:?}"));
        }
    }
    wrong.extend(mixed.aftermath(&more));
    let mine = sandbox.top().join("mine");
    if mine.exists() {
        fs::remove_dir_all(mine).unwrap();
    }
    (wrong, refused)
}

/// What git does in a repository while an apply writes to it.
fn git(mixed: &Mixed, arguments: &[&str]) -> Option<Vec<&'static str>> {
    mixed.sandbox.try_git(mixed.sandbox.path("repos/api"), arguments);
    None
}

/// Commits in a checkout that stays and in one that goes; what git took is work.
fn commits(mixed: &Mixed, more: &mut BTreeSet<String>) {
    for number in 0..6 {
        let place = mixed.sandbox.builder(["two/api", "one/api"][number % 2]);
        let name = format!("late{number}");
        if fs::write(place.join(&name), text(&name)).is_err() {
            continue;
        }
        let taken = |arguments: &[&str]| mixed.sandbox.try_git(&place, arguments).status.success();
        if taken(&["add", &name]) && taken(&["commit", "-q", "-m", &text(&format!("{name}message"))]) {
            more.extend([format!("{name}message"), name]);
        }
    }
}
