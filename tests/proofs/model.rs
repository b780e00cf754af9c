//! A random workspace, random mess, random edits, and applies that are disturbed at random: nothing is ever lost, the
//! plan says what happens, and the next applies come to an end.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use wsctl::model::actual::Actual;
use wsctl::plan::{Action, Change, Plan};
use wsctl::view;

use super::copy::copy_tree;
use super::drive::{self, Command, Order};
use super::judge::{Picture, as_told, lost, named, unharmed};
use super::mess::Scene;
use super::scenarios::{NOW, quiet};
use super::story::{Deed, Dice, Disturbance, Round, Story};
use super::tokens::{self, Known};
use super::wish::{REPOS, Wish};
use super::{figures, number, program, spread};
use crate::support::Sandbox;
use crate::support::{Fault, Faulty, MODES};

/// What a run exercised.
#[derive(Debug, Default)]
struct Figures {
    applies: usize,
    created: usize,
    removed: usize,
    restored: usize,
    blocked: usize,
    failed: usize,
    faults: usize,
    kills: usize,
    limits: usize,
    races: usize,
}

impl Figures {
    fn add(&mut self, other: &Figures) {
        self.applies += other.applies;
        self.created += other.created;
        self.removed += other.removed;
        self.restored += other.restored;
        self.blocked += other.blocked;
        self.failed += other.failed;
        self.faults += other.faults;
        self.kills += other.kills;
        self.limits += other.limits;
        self.races += other.races;
    }

    fn planned(&mut self, plan: &Plan) {
        self.blocked += plan.blocked().count();
        for change in plan.pending() {
            match change.action {
                Action::CreateBuilder(_) => self.created += 1,
                Action::RemoveBuilder(_) => self.removed += 1,
                _ => {}
            }
        }
    }
}

/// A root with three repositories and their origins, copied for each case.
fn template() -> Sandbox {
    let sandbox = Sandbox::new();
    quiet(&sandbox);
    sandbox.make_root("repos/\n.env\ncache/\n*.log\n");
    for name in REPOS {
        let seed = sandbox.repository(sandbox.top().join(format!("seed/{name}")));
        fs::write(seed.join(".gitignore"), ".env\ncache/\n*.log\n").unwrap();
        sandbox.commit(&seed, "ignore");
        sandbox.cloned_from(name, &seed);
    }
    fs::remove_dir_all(sandbox.top().join("seed")).unwrap();
    sandbox
}

/// A copy of the template for one case.
fn workspace(template: &Sandbox, wish: &Wish) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["ws", "home", "origin", "none"] {
        let place = sandbox.top().join(name);
        let _ = fs::remove_dir(&place);
        let _ = fs::remove_dir_all(&place);
        copy_tree(&template.top().join(name), &place);
    }
    let (old, new) = (template.top(), sandbox.top());
    let rewrite = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.replace(old.to_str().unwrap(), new.to_str().unwrap())).unwrap();
    };
    rewrite(&sandbox.home().join(".gitconfig"));
    for name in REPOS {
        let path = sandbox.path(format!("repos/{name}"));
        if wish.repos.contains(&name) && !wish.missing.contains(name) {
            rewrite(&path.join(".git/config"));
        } else {
            fs::remove_dir_all(path).unwrap();
        }
    }
    if !wish.root {
        fs::remove_dir_all(sandbox.path(".git")).unwrap();
    }
    sandbox.write("shared.md", "shared\n");
    sandbox.write("template.md", "for {{builder}}\n");
    sandbox
}

/// One case in the making.
struct Case<'a> {
    scene: Scene<'a>,
    known: Known,
    wish: Wish,
    now: i64,
    figures: Figures,
}

/// Lives through a story; what it exercised, or what is wrong.
fn live(template: &Sandbox, story: &Story) -> Result<Figures, String> {
    let mut dice = Dice::new(story.seed);
    let wish = Wish::new(&mut dice);
    let sandbox = workspace(template, &wish);
    let mut case = Case {
        scene: Scene { sandbox: &sandbox, tokens: 0 },
        known: Known::default(),
        wish,
        now: NOW,
        figures: Figures::default(),
    };
    for round in &story.rounds {
        case.round(round)?;
    }
    let wrong = tokens::fsck(&sandbox);
    if wrong.is_empty() { Ok(case.figures) } else { Err(wrong.join("\n")) }
}

fn all_right(when: &str, wrong: &[String]) -> Result<(), String> {
    if wrong.is_empty() { Ok(()) } else { Err(format!("{when}:\n    {}", wrong.join("\n    "))) }
}

impl Case<'_> {
    fn round(&mut self, round: &Round) -> Result<(), String> {
        for deed in &round.mess {
            self.scene.make(*deed);
        }
        self.bring_back(&mut Dice::new(round.disturbance.seed ^ 0xb4c2))?;
        self.edit(round);
        let command = if round.destroy { Command::Destroy } else { Command::Apply };
        let order = Order { command, unsaved: round.unsaved, allow_removals: round.allow_removals, now: self.now };
        let before = self.picture();
        let seen = self.look(order)?;
        let plan = seen.1.clone();
        self.figures.planned(&plan);
        let undisturbed = round.disturbance.what == Disturbance::Nothing;
        self.apply(order, seen, round.disturbance)?;
        let after = self.picture();
        let places = named(&plan);
        all_right("after the apply", &unharmed(&before, &after, &places))?;
        if undisturbed {
            all_right("after the apply", &as_told(&plan, &before, &after))?;
        }
        if self.converge(order, undisturbed && !takes_two(&plan))? > 0 {
            all_right("in the end", &lost(&before, &self.picture()))?;
        }
        Ok(())
    }

    /// Sometimes one of the trash is wanted back, and sometimes that is killed.
    fn bring_back(&mut self, dice: &mut Dice) -> Result<(), String> {
        let entries = self.scene.sandbox.trash();
        let Some(entry) = dice.pick(&entries).filter(|_| dice.chance(2)) else { return Ok(()) };
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        let before = self.picture();
        let sandbox = self.scene.sandbox;
        let child = program::start(sandbox, &["restore", &name, "--auto-approve"]);
        if dice.chance(4) {
            let time = Duration::from_millis(10 + u64::try_from(dice.below(120)).unwrap());
            self.figures.kills += usize::from(program::kill_after(child, time, dice.chance(2)));
        } else {
            let ended = program::wait(child);
            match ended.code {
                Some(0) if entry.join("tree").exists() => return Err(format!("restored, and still in the trash: {ended:?}")),
                Some(0) => self.figures.restored += 1,
                Some(1) if !ended.stderr.contains("panicked") => {}
                _ => return Err(format!("a restore ended with {ended:?}")),
            }
        }
        all_right("after the restore", &lost(&before, &self.picture()))
    }

    fn picture(&mut self) -> Picture {
        Picture::take(self.scene.sandbox, &mut self.known)
    }

    /// Edits the file, as far as it stays one that can be used.
    fn edit(&mut self, round: &Round) {
        let sandbox = self.scene.sandbox;
        let origin = sandbox.top().join("origin").display().to_string();
        for edit in &round.edits {
            let mut wish = self.wish.clone();
            wish.edit(*edit);
            sandbox.write("builders.toml", &wish.toml(&origin));
            if drive::load(&sandbox.root(), Order::default()).is_ok() {
                self.wish = wish;
            }
        }
        sandbox.write("builders.toml", &self.wish.toml(&origin));
        // Not every file that can be written down can be used: a branch twice in one repository, two files at one place.
        while let Err(error) = drive::load(&sandbox.root(), Order::default()) {
            assert!(self.wish.simpler(), "not even the simplest file can be used: {error:#}");
            sandbox.write("builders.toml", &self.wish.toml(&origin));
        }
    }

    fn look(&self, order: Order) -> Result<(Actual, Plan), String> {
        let broken = |error: anyhow::Error| format!("no plan: {error:#}");
        let desired = drive::load(&self.scene.sandbox.root(), order).map_err(broken)?;
        let door = drive::door(self.scene.sandbox, &desired).map_err(broken)?;
        drive::recover(&desired, &door).map_err(broken)?;
        drive::refresh(&desired, order).map_err(broken)
    }

    fn apply(&mut self, order: Order, seen: (Actual, Plan), disturbance: Deed<Disturbance>) -> Result<(), String> {
        let sandbox = self.scene.sandbox;
        let mut dice = Dice::new(disturbance.seed);
        let arguments = program::arguments(order);
        let pending = seen.1.pending().count();
        self.figures.applies += 1;
        match disturbance.what {
            Disturbance::Nothing => {
                let applied = self.through(order, seen, None)?;
                let failed = applied.outcome.as_ref().map_or(0, |outcome| outcome.failed + outcome.skipped);
                if failed > 0 || !applied.errors.is_empty() {
                    return Err(format!("undisturbed, and {failed} failed: {:?}", applied.errors));
                }
            }
            Disturbance::Door => {
                let call = dice.below(4 + 7 * pending);
                let applied = self.through(order, seen, Some(Fault { call, mode: MODES[dice.below(4)] }))?;
                self.figures.faults += usize::from(!applied.errors.is_empty());
                self.figures.failed += applied.outcome.map_or(0, |outcome| outcome.failed);
            }
            Disturbance::Kill => {
                let time = Duration::from_millis(15 + u64::try_from(dice.below(25 + 20 * pending)).unwrap());
                let killed = program::kill_after(program::start(sandbox, &arguments), time, dice.chance(2));
                program::wait_for_orphans(sandbox);
                self.figures.kills += usize::from(killed);
            }
            Disturbance::FileSize => {
                let ended = program::limited(sandbox, &arguments, dice.below(4), dice.chance(2));
                program::wait_for_orphans(sandbox);
                self.figures.limits += usize::from(ended.code != Some(0));
            }
            Disturbance::Twice => {
                let both = [program::start(sandbox, &arguments), program::start(sandbox, &arguments)];
                for ended in both.map(program::wait) {
                    if !matches!(ended.code, Some(0 | 1)) || ended.stderr.contains("panicked") {
                        return Err(format!("one of two applies: {ended:?}"));
                    }
                }
                self.figures.races += 1;
            }
        }
        Ok(())
    }

    /// Applies in this process; the plan that is made again under the lock is the same.
    fn through(&mut self, order: Order, seen: (Actual, Plan), fault: Option<Fault>) -> Result<drive::Applied, String> {
        let sandbox = self.scene.sandbox;
        let broken = |error: anyhow::Error| format!("no apply: {error:#}");
        let desired = drive::load(&sandbox.root(), order).map_err(broken)?;
        let real = drive::door(sandbox, &desired).map_err(broken)?;
        let jobs = if fault.is_some() { 1 } else { 2 };
        let first = seen.1.clone();
        let applied = drive::execute_seen(&desired, order, jobs, &Faulty::new(&real, fault), seen, None).map_err(broken)?;
        if applied.plan != first || view::json::plan(&applied.plan) != view::json::plan(&first) {
            return Err("two plans of one state differ".into());
        }
        Ok(applied)
    }

    /// Nothing is left to do: at once, or after at most two further applies. How many it took.
    fn converge(&mut self, order: Order, at_once: bool) -> Result<usize, String> {
        let mut errors = Vec::new();
        for further in 0.. {
            self.now += 7;
            let order = Order { now: self.now, ..order };
            let seen = self.look(order)?;
            let left: Vec<_> = seen.1.pending().map(|change| format!("{}: {}", change.address, change.reason)).collect();
            if left.is_empty() {
                return Ok(further);
            }
            if at_once || further == 2 {
                return Err(format!("after {further} further applies still to do: {left:?}; went wrong: {errors:?}"));
            }
            errors = self.through(order, seen, None)?.errors;
        }
        Ok(0)
    }
}

/// Whether a plan says itself that the next apply has more to do.
fn takes_two(plan: &Plan) -> bool {
    let resumes = |change: &Change| matches!(change.action, Action::FinishRemoval { .. } | Action::ResumeCheckout { .. });
    // What a builder protects is removed only after an apply has lifted that.
    plan.pending().any(|change| resumes(change) || change.reason.contains("protect true → false"))
}

/// A story as a result, whatever breaks in it.
fn told(template: &Sandbox, story: &Story) -> Result<Figures, String> {
    catch_unwind(AssertUnwindSafe(|| live(template, story))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(format!(
            "panicked: {}",
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        ))
    })
}

/// The shortest story that still goes wrong, as far as so many tries find it.
fn shrink(template: &Sandbox, mut story: Story, mut why: String) -> (Story, String) {
    let mut tries = 60;
    'again: loop {
        for shorter in story.shorter() {
            if tries == 0 {
                break 'again;
            }
            tries -= 1;
            if let Err(error) = told(template, &shorter) {
                (story, why) = (shorter, error);
                continue 'again;
            }
        }
        break;
    }
    (story, why)
}

#[test]
fn whatever_people_do_nothing_is_lost() {
    let template = template();
    let one = std::env::var("WSCTL_PROOF_CASE").ok();
    let cases: Vec<u64> = if let Some(text) = &one {
        vec![text.parse().unwrap()]
    } else {
        let from = number("WSCTL_PROOF_FROM", 0) as u64;
        (from..from + number("WSCTL_PROOF_CASES", 6) as u64).collect()
    };
    let results = spread(&cases, |case| {
        let result = told(&template, &Story::of(*case));
        if let Err(error) = &result {
            // A long run says at once what it finds.
            figures(&format!("model: case {case}: {error}"));
        }
        result
    });
    let mut sum = Figures::default();
    let mut wrong = Vec::new();
    for (case, result) in cases.iter().zip(results) {
        match result {
            Ok(figures) => sum.add(&figures),
            Err(error) => wrong.push((*case, error)),
        }
    }
    figures(&format!("model: {} cases, {} of them wrong: {sum:?}", cases.len(), wrong.len()));
    let tell = |(case, error): (u64, String)| {
        let (story, why) = shrink(&template, Story::of(case), error.clone());
        let reproduce =
            format!("reproduce: WSCTL_PROOF_CASE={} cargo test --test main proofs::model -- --nocapture", story.number);
        format!("case {case}: {error}\n  shortest story:\n{story}  {why}\n  {reproduce}")
    };
    let others: Vec<_> = wrong.iter().skip(3).map(|(case, error)| format!("case {case}: {error}")).collect();
    let told: Vec<_> = wrong.into_iter().take(3).map(tell).chain(others).collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    if cases.len() >= 200 {
        let Figures { applies, created, removed, restored, blocked, failed, faults, kills, limits, races } = sum;
        for (name, figure) in [
            ("applies", applies),
            ("created", created),
            ("removed", removed),
            ("restored", restored),
            ("blocked", blocked),
            ("failed", failed),
            ("faults", faults),
            ("kills", kills),
            ("limits", limits),
            ("races", races),
        ] {
            assert!(figure > 0, "{} cases and not one of: {name}", cases.len());
        }
    }
}
