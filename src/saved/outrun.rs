//! Whether a saved plan is still what a plan would be: the declaration, the disk, the changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Difference;
use crate::plan::{Action, Change, Compared, Deletion, Plan, Symbol};

use super::{Saved, Text, Wish};

/// What has changed since the plan was saved, in the order of reading; empty: nothing that it depends on.
///
/// Changes that are refused do nothing: they count only where one is not refused any more. What is due in the trash only by
/// now is not of this plan.
#[must_use]
pub fn outrun(saved: &Saved, wish: &Wish, facts: &[Compared], plan: &Plan) -> Vec<Difference> {
    let mut all = Vec::new();
    if wish.meaning != saved.wish.meaning {
        all.extend(texts(&saved.wish.texts, &wish.texts));
    }
    for old in &saved.facts {
        let new = facts.iter().find(|new| new.address == old.address);
        all.extend(new.and_then(|new| changed_facts(old, new)));
    }
    all.extend(changed_changes(&saved.plan, plan));
    all.extend(gone(&saved.plan.deletions, &plan.deletions));
    all
}

fn texts(old: &[Text], new: &[Text]) -> Vec<Difference> {
    let files: Vec<_> = old.iter().chain(new).map(|text| &text.file).collect();
    let text = |all: &[Text], file| all.iter().find(|text| text.file == file).map_or("", |text| text.text.as_str()).to_owned();
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for file in files.into_iter().filter(|file| seen.insert(*file)) {
        let (old, new) = (text(old, file.clone()), text(new, file.clone()));
        if old != new {
            all.push(Difference::Text { file: file.clone(), old, new });
        }
    }
    if all.is_empty() {
        let first = new.first().or(old.first()).map(|text| text.file.to_string()).unwrap_or_default();
        let added = vec!["its meaning is another, though its text is not: a secret in a url, or where it lies".into()];
        all.push(Difference::Lines { subject: first, removed: vec![], added });
    }
    all
}

fn changed_facts(old: &Compared, new: &Compared) -> Option<Difference> {
    let lines = |one: &Compared, other: &Compared| {
        let own = one.facts.iter().filter(|fact| !other.facts.contains(fact));
        own.map(|fact| format!("{}: {}", fact.what, fact.is)).collect::<Vec<_>>()
    };
    let (removed, added) = (lines(old, new), lines(new, old));
    let subject = old.address.as_ref().map_or_else(|| "the workspace".into(), ToString::to_string);
    (!removed.is_empty() || !added.is_empty()).then_some(Difference::Lines { subject, removed, added })
}

fn changed_changes(old: &Plan, new: &Plan) -> Option<Difference> {
    let pending = |plan: &Plan| plan.pending().map(|change| (change.address.clone(), change.clone())).collect::<BTreeMap<_, _>>();
    let (before, now) = (pending(old), pending(new));
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for address in before.keys().chain(now.keys().filter(|address| !before.contains_key(*address))) {
        let (was, is) = (before.get(address), now.get(address));
        if let (Some(was), Some(is)) = (was, is)
            && value(was) == value(is)
        {
            continue;
        }
        let refused = || new.blocked().find(|change| change.address == *address).map(refusal);
        let was = was.map(line);
        let mut is = is.map(line).or_else(refused);
        if was == is {
            is = is.map(|line| line + " (not as it was planned)");
        }
        removed.extend(was);
        added.extend(is);
    }
    let subject = "changes".into();
    (!removed.is_empty() || !added.is_empty()).then_some(Difference::Lines { subject, removed, added })
}

/// The change without what may be a secret: a plan that was read from a file never had it.
fn value(change: &Change) -> Option<serde_json::Value> {
    serde_json::to_value(change).ok()
}

fn line(change: &Change) -> String {
    // No sign: before the line stands whether it is new or gone.
    let word = match change.action.symbol() {
        Symbol::Create => "create",
        Symbol::Update => "update",
        Symbol::Adopt => "adopt",
        Symbol::Replace => "replace",
        Symbol::Remove => "remove",
    };
    let reason = change.reason.strip_prefix(word).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&change.reason);
    format!("{word} {}: {reason}", change.address)
}

fn refusal(change: &Change) -> String {
    let fact = change.blockers.first().map_or("", |blocker| blocker.fact.as_str());
    let word = match &change.action {
        Action::Nothing(_) => "",
        other => other.word(),
    };
    let colon = if word.is_empty() { "" } else { ": " };
    format!("blocked {}: {word}{colon}{fact}", change.address)
}

fn gone(old: &[Deletion], new: &[Deletion]) -> Option<Difference> {
    let missing = old.iter().filter(|old| !new.iter().any(|new| new.path == old.path));
    let removed: Vec<String> = missing.map(|deletion| deletion.entry.clone()).collect();
    (!removed.is_empty()).then_some(Difference::Lines { subject: "the trash".into(), removed, added: vec![] })
}
