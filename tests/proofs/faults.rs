//! The fault matrix: every write of every scenario fails, and is the last one of a process that dies, before and after
//! it acted. Then the command is given again, and everything must be as if nothing had happened.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::copy::{bring_back, copy_tree};
use super::drive::{self, Applied, Command, Order};
use super::end::{differences, end_state};
use super::leftovers::leftovers;
use super::power::below;
use super::scenarios::{NOW, SCENARIOS, Scenario};
use super::{figures, number, spread, tokens};
use crate::support::Sandbox;
use crate::support::{Fault, Faulty, MODES, Mode};

/// How many times a command may be given again until nothing is left to do.
const AGAIN: i64 = 2;

/// Whether something that differs is promised so: disposable files of a run that was killed before it deleted them stay
/// in the trash.
pub(super) fn is_known(line: &str) -> bool {
    line.starts_with("too much: trash/") && line.contains("/cache/")
}

/// A scenario with its workspace, and what an undisturbed run makes of it.
pub(super) struct Case<'a> {
    scenario: &'a Scenario,
    pub(super) sandbox: Sandbox,
    pub(super) calls: Vec<&'static str>,
    actions: BTreeSet<String>,
    before: BTreeSet<String>,
    tokens: BTreeSet<String>,
    end: BTreeSet<String>,
    blocked: BTreeSet<String>,
}

/// Does the scenario's command, so many steps of time after it.
fn command(sandbox: &Sandbox, order: Order, later: i64, fault: Option<Fault>) -> (Applied, Vec<&'static str>) {
    let order = Order { now: order.now + 7 * later, ..order };
    let desired = drive::load(&sandbox.root(), order).unwrap();
    let real = drive::door(sandbox, &desired).unwrap();
    let faulty = Faulty::new(&real, fault);
    let applied = drive::execute(&desired, order, 1, &faulty).unwrap();
    (applied, faulty.calls())
}

/// The variant names of the actions that a plan would do.
fn actions(applied: &Applied) -> impl Iterator<Item = String> {
    let word = |text: String| text.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
    applied.plan.pending().map(move |change| word(format!("{:?}", change.action)))
}

fn blocked(applied: &Applied) -> BTreeSet<String> {
    let said = |change: &wsctl::plan::Change| format!("{}: {:?}", change.address, change.blockers[0].kind);
    applied.plan.blocked().map(said).collect()
}

fn kept(sandbox: &Sandbox) -> PathBuf {
    sandbox.top().join("kept")
}

/// Gives the command until there is nothing to do; what the last plan refuses.
fn converge(sandbox: &Sandbox, order: Order, from: i64) -> Result<BTreeSet<String>, String> {
    // Emptying the trash is no declaration: it is given once more, and the rest is up to apply.
    let mut order = order;
    if matches!(order.command, Command::Empty | Command::Restore) {
        command(sandbox, order, from, None);
        order.command = Command::Apply;
    }
    let mut errors = vec![];
    for later in from..=from + AGAIN {
        let order = Order { now: order.now + 7 * later, ..order };
        let desired = drive::load(&sandbox.root(), order).map_err(|error| format!("{error:#}"))?;
        let door = drive::door(sandbox, &desired).map_err(|error| format!("{error:#}"))?;
        drive::recover(&desired, &door).map_err(|error| format!("{error:#}"))?;
        let (_, plan) = drive::refresh(&desired, order).map_err(|error| format!("{error:#}"))?;
        if plan.pending().next().is_none() {
            return Ok(blocked(&Applied { plan, outcome: None, errors: vec![] }));
        }
        if later == from + AGAIN {
            let left: Vec<_> = plan.pending().map(|change| format!("{}: {}", change.address, change.reason)).collect();
            return Err(format!("still to do: {left:?}; went wrong: {errors:?}"));
        }
        errors.extend(command(sandbox, order, later, None).0.errors);
    }
    Ok(BTreeSet::new())
}

impl<'a> Case<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let sandbox = scenario.sandbox();
        copy_tree(&sandbox.root(), &kept(&sandbox));
        let before = tokens::find(&sandbox);
        bring_back(&kept(&sandbox), &sandbox.root());
        let (first, calls) = command(&sandbox, scenario.order, 0, None);
        assert!(first.errors.is_empty(), "{}: {:?}", scenario.name, first.errors);
        let blocked = converge(&sandbox, scenario.order, 1).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        let left = leftovers(&sandbox);
        assert!(left.is_empty(), "{} undisturbed: {left:?}", scenario.name);
        let tokens = tokens::find(&sandbox);
        if scenario.order.command != Command::Empty {
            let lost: Vec<_> = before.difference(&tokens).collect();
            assert!(lost.is_empty(), "{} undisturbed loses {lost:?}", scenario.name);
        }
        let end = end_state(&sandbox);
        let actions = actions(&first).collect();
        Case { scenario, sandbox, calls, actions, before, tokens, end, blocked }
    }

    /// Everything that is wrong after one fault and what follows it.
    fn disturbed(&self, fault: Fault) -> Vec<String> {
        self.breaks(fault);
        let mut wrong = self.judged();
        if self.calls[fault.call] == "fetch" {
            // A remote that cannot be reached is a warning: the apply goes by what was fetched before, to another end.
            wrong.retain(|line| !line.starts_with("missing: ") && !line.starts_with("too much: "));
        }
        wrong
    }

    /// The same where git writes what wsctl could write by itself, or where it does not.
    fn disturbed_in(&self, engine: Engine, fault: Fault) -> Vec<String> {
        self.sandbox.natively(engine == Engine::Native);
        self.disturbed(fault)
    }

    /// Gives the command with a fault.
    pub(super) fn breaks(&self, fault: Fault) {
        bring_back(&kept(&self.sandbox), &self.sandbox.root());
        command(&self.sandbox, self.scenario.order, 0, Some(fault));
    }

    /// The files that were there before, by where they are now.
    pub(super) fn kept_files(&self) -> Vec<PathBuf> {
        let (kept, root) = (kept(&self.sandbox), self.sandbox.root());
        let all = below(&kept).into_iter();
        all.map(|file| root.join(file.strip_prefix(&kept).unwrap())).collect()
    }

    /// What is not to be found.
    fn missing(&self, when: &str) -> Vec<String> {
        let found = tokens::find(&self.sandbox);
        let wanted = self.before.intersection(&self.tokens);
        wanted.filter(|token| !found.contains(*token)).map(|token| format!("lost {when}: {token}")).collect()
    }

    /// Everything that is wrong, now and when the command was given again.
    pub(super) fn judged(&self) -> Vec<String> {
        let now = self.missing("at once");
        now.into_iter().chain(self.judged_later()).collect()
    }

    /// Everything that is wrong when the command was given again.
    pub(super) fn judged_later(&self) -> Vec<String> {
        let sandbox = &self.sandbox;
        let mut wrong = Vec::new();
        match converge(sandbox, self.scenario.order, 1) {
            Err(error) => wrong.push(error),
            Ok(blocked) if blocked != self.blocked => wrong.push(format!("blocked: {blocked:?} instead of {:?}", self.blocked)),
            Ok(_) => {}
        }
        wrong.extend(self.missing("in the end"));
        wrong.extend(differences(&self.end, &end_state(sandbox)));
        wrong.extend(leftovers(sandbox));
        wrong.extend(tokens::fsck(sandbox));
        wrong
    }
}

/// The names of what a source file declares, by the text before and after the name.
fn names(path: &str, from: &str, line: impl Fn(&str) -> Option<&str>) -> BTreeSet<String> {
    let text = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with(from)).skip(1).take_while(|line| *line != "}");
    let found: BTreeSet<String> = lines.filter_map(line).map(str::to_owned).collect();
    assert!(found.len() > 10, "{path} has only {found:?}");
    found
}

fn before_mark(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}

/// Who writes branches, worktrees and keepers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Native,
    Git,
}

/// The writes that both can do.
const OF_BOTH: [&str; 5] = ["create_branch", "add_worktree", "keep", "delete_branch", "drop_keeper"];

/// The ways to try a fault of this write: in full as `WSCTL_PROOF_ENGINE` says, `native` or `git`.
fn engines(full: bool, write: &str) -> Vec<Engine> {
    match std::env::var("WSCTL_PROOF_ENGINE").as_deref() {
        Ok("git") => vec![Engine::Git],
        Err(_) if !full && OF_BOTH.contains(&write) => vec![Engine::Native, Engine::Git],
        Ok(_) | Err(_) => vec![Engine::Native],
    }
}

/// Faults to try: all of them, or one for each method, the modes taking turns.
fn chosen(cases: &[Case<'_>], full: bool) -> Vec<(usize, Fault)> {
    let every = cases.iter().enumerate().flat_map(|(index, case)| {
        let calls = case.calls.iter().enumerate();
        calls.flat_map(move |(call, name)| MODES.map(|mode| (index, *name, Fault { call, mode })))
    });
    let mut all: Vec<_> = every.collect();
    if !full {
        // From scenario to scenario the first choice moves on, so that one method breaks in different surroundings.
        all.sort_by_key(|(index, name, fault)| ((index * 7 + fault.call * 5 + name.len()) % 11, *index, fault.call));
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        all.retain(|(_, name, fault)| fault.mode == MODES[seen.len() % MODES.len()] && seen.insert(*name));
    }
    all.into_iter().map(|(index, _, fault)| (index, fault)).collect()
}

#[test]
fn every_fault_at_every_write_is_made_good_by_the_next_run() {
    let full = number("WSCTL_PROOF_FULL", 0) != 0;
    let only = std::env::var("WSCTL_PROOF_SCENARIO").ok();
    let scenarios: Vec<_> = SCENARIOS.iter().filter(|scenario| only.as_ref().is_none_or(|only| scenario.name == only)).collect();
    let cases = spread(&scenarios, |scenario| Case::new(scenario));
    if only.is_none() {
        everything_happens(&cases);
    }
    let faults = chosen(&cases, full);
    let groups: Vec<(&Case<'_>, Vec<Fault>)> = cases
        .iter()
        .enumerate()
        .map(|(index, case)| (case, faults.iter().filter(|(of, _)| *of == index).map(|(_, fault)| *fault).collect()))
        .collect();
    let results = spread(&groups, |(case, faults)| {
        let told = |(engine, fault): (Engine, &Fault)| {
            let name = case.calls[fault.call];
            let (known, wrong): (Vec<_>, Vec<_>) = case.disturbed_in(engine, *fault).into_iter().partition(|line| is_known(line));
            let text = |lines: &[String]| {
                let scenario = case.scenario.name;
                format!("{scenario} ({engine:?}): {:?} at call {} ({name})\n    {}", fault.mode, fault.call, lines.join("\n    "))
            };
            if full && !(known.is_empty() && wrong.is_empty()) {
                figures(&text(&[known.clone(), wrong.clone()].concat()));
            }
            (!known.is_empty(), (!wrong.is_empty()).then(|| text(&wrong)))
        };
        let ways = faults.iter().flat_map(|fault| engines(full, case.calls[fault.call]).into_iter().map(move |way| (way, fault)));
        ways.map(told).collect::<Vec<_>>()
    });
    let known = results.iter().flatten().filter(|(known, _)| *known).count();
    let told: Vec<String> = results.into_iter().flatten().filter_map(|(_, told)| told).collect();
    let calls: usize = cases.iter().map(|case| case.calls.len()).sum();
    figures(&format!(
        "faults: {} scenarios with {calls} writes, {} faults tried, {} not made good, {known} with disposable files left in the trash",
        cases.len(),
        faults.len(),
        told.len()
    ));
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

/// A write or an action that no scenario has is one that nobody tests.
fn everything_happens(cases: &[Case<'_>]) {
    let called: BTreeSet<String> = cases.iter().flat_map(|case| &case.calls).map(|&name| name.to_owned()).collect();
    let mut methods = names("src/git/contract.rs", "pub trait Door", |line| before_mark(line.strip_prefix("    fn ")?));
    // No apply writes the file; see `proofs::edits`.
    assert!(methods.remove("replace_file"));
    assert_eq!(methods.difference(&called).collect::<Vec<_>>(), Vec::<&String>::new(), "writes that no scenario does");
    let done: BTreeSet<String> = cases.iter().flat_map(|case| case.actions.clone()).collect();
    let mut actions = names("src/plan/action.rs", "pub enum Action", |line| {
        before_mark(line.strip_prefix("    ")?.strip_suffix(|c: char| ",{".contains(c))?)
    });
    // What nothing can be done about is never done.
    assert!(actions.remove("Nothing"));
    assert_eq!(actions.difference(&done).collect::<Vec<_>>(), Vec::<&String>::new(), "actions that no scenario does");
    assert!(NOW > 0 && MODES.contains(&Mode::DieAfter));
}
