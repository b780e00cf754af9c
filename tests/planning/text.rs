//! A plan as lines, and what must be true of every plan.

use std::collections::BTreeSet;

use wsctl::plan::{Action, Change, Part, Plan, Symbol, plan};

use wsctl::view::{Style, Verbosity, plan_text};

use super::World;
use crate::support::counts::{of_lines, of_summary};

/// One line per change, drift, unmanaged thing and warning.
pub fn lines(plan: &Plan) -> Vec<String> {
    let changes = plan.changes.iter().map(line);
    let drift = plan.drift.iter().map(|note| format!("drift {} | {}", note.subject, note.fact));
    let unmanaged = plan.unmanaged.iter().map(|note| format!("unmanaged {} | {}", note.subject, note.fact));
    let warnings = plan.warnings.iter().map(|text| format!("warning {text}"));
    changes.chain(drift).chain(unmanaged).chain(warnings).collect()
}

fn line(change: &Change) -> String {
    let symbol = match change.action.symbol() {
        Symbol::Create => "+",
        Symbol::Update => "~",
        Symbol::Adopt => ">",
        Symbol::Replace => "-/+",
        Symbol::Remove => "-",
    };
    let kinds: Vec<_> = change.blockers.iter().map(|blocker| blocker.kind).collect();
    let blocked = if kinds.is_empty() { String::new() } else { format!(" | blocked: {}", kinds.join(" ")) };
    format!("{symbol} {} | {}{blocked}", change.address, change.reason)
}

/// The plan, after [`check`].
pub fn planned(world: &World) -> Plan {
    let made = plan(&world.desired, &world.actual, &world.options);
    assert_eq!(made, plan(&world.desired, &world.actual, &world.options), "the same values, another plan");
    check(&made);
    made
}

/// The plan is these lines.
#[track_caller]
pub fn expect(world: &World, wanted: &[&str]) -> Plan {
    let made = planned(world);
    let found = lines(&made);
    assert!(found == wanted, "planned:\n  {}\nexpected:\n  {}", found.join("\n  "), wanted.join("\n  "));
    made
}

/// What holds for every plan.
pub fn check(plan: &Plan) {
    let addresses: BTreeSet<String> = plan.changes.iter().map(|change| change.address.to_string()).collect();
    assert_eq!(addresses.len(), plan.changes.len(), "an address twice: {:#?}", lines(plan));
    let summary = plan.summary();
    let counted = summary.create + summary.update + summary.replace + summary.remove + summary.blocked;
    assert_eq!(counted, plan.changes.len(), "the summary does not count each change once");
    for (index, change) in plan.changes.iter().enumerate() {
        let whole = plan.steps.iter().filter(|step| step.change == index && step.part == Part::Whole).count();
        // The move of all builders comes after every step.
        let is_step = !change.is_blocked() && !matches!(change.action, Action::MoveBuildersDir(_));
        assert_eq!(whole, usize::from(is_step), "steps of {}", change.address);
        assert!(change.is_blocked() || !matches!(change.action, Action::Nothing(_)), "{} does nothing", change.address);
        assert!(
            !change.reason.is_empty() && !change.reason.ends_with('.'),
            "{} says not why: {:?}",
            change.address,
            change.reason
        );
        for blocker in &change.blockers {
            assert!(!blocker.fact.is_empty() && !blocker.next.is_empty(), "a refusal without a way on: {blocker:?}");
        }
    }
    let shown = plan_text(plan, Verbosity::Normal, &Style::plain());
    let counts = [summary.create, summary.update, summary.replace, summary.remove, summary.delete, summary.blocked];
    assert_eq!(of_lines(&shown), counts, "the lines are others than the summary counts:\n{shown}");
    assert_eq!(of_summary(&shown).unwrap_or_default(), counts, "the last line counts others:\n{shown}");
    assert_eq!(plan.has_work(), counts[..5].iter().any(|count| *count > 0), "apply would do something else:\n{shown}");
    let order = sorted(plan);
    assert_eq!(order.len(), plan.steps.len(), "the steps wait for each other:\n{}", steps(plan));
}

/// The steps in an order in which each may run; shorter than the steps if they wait for each other.
pub fn sorted(plan: &Plan) -> Vec<usize> {
    let mut done = vec![false; plan.steps.len()];
    let mut order = Vec::new();
    let ready = |done: &[bool], step: usize| {
        let before = plan.steps[step].needs.iter().chain(&plan.steps[step].after);
        !done[step] && before.clone().all(|&other| done[other])
    };
    while let Some(next) = (0..plan.steps.len()).find(|&step| ready(&done, step)) {
        done[next] = true;
        order.push(next);
    }
    order
}

fn name(plan: &Plan, step: usize) -> String {
    let step = &plan.steps[step];
    let change = &plan.changes[step.change];
    let park = if step.part == Part::Park { "park" } else { change.action.word() };
    format!("{park} {}", change.address)
}

/// The steps with what they need (`<-`) and what they only wait for (`after`), in an order in which they may run.
pub fn steps(plan: &Plan) -> String {
    let names = |steps: &[usize]| {
        let mut names: Vec<_> = steps.iter().map(|&step| name(plan, step)).collect();
        names.sort();
        names.join(", ")
    };
    let mut order = sorted(plan);
    let rest: Vec<usize> = (0..plan.steps.len()).filter(|step| !order.contains(step)).collect();
    order.extend(rest);
    let line = |&step: &usize| {
        let needs = names(&plan.steps[step].needs);
        let needs = if needs.is_empty() { needs } else { format!(" <- {needs}") };
        let after = names(&plan.steps[step].after);
        let after = if after.is_empty() { after } else { format!(" after {after}") };
        format!("{}{needs}{after}\n", name(plan, step))
    };
    order.iter().map(line).collect()
}
