//! The questions that people ask about a workspace by hand, answered: from what was read and planned. Pure.

mod builders;
mod surroundings;

use crate::model::actual::Actual;
use crate::model::address::Address;
use crate::model::checkup::{Finding, Level, Vitals};
use crate::model::desired::Desired;
use crate::model::located::LocatedBuilder;
use crate::plan::Plan;

/// What the answers come from.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The file.
    pub desired: &'a Desired,
    /// The disk.
    pub actual: &'a Actual,
    /// What apply would do.
    pub plan: &'a Plan,
    /// The builders that are there.
    pub builders: &'a [LocatedBuilder],
    /// What was looked up for this alone.
    pub vitals: &'a Vitals,
}

/// Every answer, in the order in which one would ask.
#[must_use]
pub fn answers(case: &Case<'_>) -> Vec<Finding> {
    let mut found = surroundings::before(case);
    found.extend(builders::repositories(case));
    found.extend(builders::builders(case));
    found.extend(surroundings::after(case));
    found
}

fn finding(
    kind: &'static str,
    level: Level,
    subject: impl Into<String>,
    fact: impl Into<String>,
    next: impl Into<String>,
) -> Finding {
    Finding { kind, level, subject: subject.into(), fact: fact.into(), next: next.into() }
}

/// What plan says of an address: what is refused, what is pending, what drifted.
fn planned(case: &Case<'_>, kind: &'static str, is_it: impl Fn(&Address) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in case.plan.changes.iter().filter(|change| is_it(&change.address)) {
        let subject = change.address.to_string();
        if change.is_blocked() {
            let blockers = change.blockers.iter();
            found.extend(blockers.map(|blocker| finding(kind, Level::Bad, &subject, &blocker.fact, &blocker.next)));
        } else {
            found.push(finding(kind, Level::Notice, subject, format!("apply is due: {}", change.reason), "wsctl apply"));
        }
    }
    for note in case.plan.drift.iter().filter(|note| note.address.as_ref().is_some_and(&is_it)) {
        found.push(finding(kind, Level::Notice, &note.subject, &note.fact, note.next.clone().unwrap_or_default()));
    }
    found
}
