//! `[[moved]]` against what is declared: a source that is declared still, and circles that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::fault::fault;
use crate::config::{Config, Moved as Entry, Named};
use crate::diagnostic::Fault;
use crate::model::desired::DesiredBuilder;
use crate::model::moved::{Moved, resolve};
use crate::model::name::{BranchName, BuilderName};

/// The names before of what is declared.
pub(super) fn moved(config: &Config, builders: &BTreeMap<BuilderName, DesiredBuilder>, faults: &mut Vec<Fault>) -> Moved {
    let wanted: BTreeSet<&BranchName> =
        builders.values().flat_map(|builder| builder.checkouts.values()).filter_map(|checkout| checkout.goal.branch()).collect();
    let declared = |name: &Named| match name {
        Named::Builder(name) => config.builders.contains_key(name),
        Named::Repository(name) => config.repos.contains_key(name),
        Named::Branch(name) => wanted.contains(name),
    };
    check(&config.moved, &declared, faults);
    let renames: BTreeMap<Named, Named> =
        config.moved.iter().map(|entry| (entry.from.value.clone(), entry.to.value.clone())).collect();
    let mut moved = Moved::default();
    for (to, sources) in resolve(&renames, declared) {
        match to {
            Named::Builder(to) => {
                moved.builders.insert(to, sources.iter().filter_map(Named::builder).cloned().collect());
            }
            Named::Repository(to) => {
                moved.repositories.insert(to, sources.iter().filter_map(Named::repository).cloned().collect());
            }
            Named::Branch(to) => {
                moved.branches.insert(to, sources.iter().filter_map(Named::branch).cloned().collect());
            }
        }
    }
    moved
}

/// Reports what is declared and moves away with nothing moving in, and circles of names that are not all declared.
fn check(entries: &[Entry], declared: &dyn Fn(&Named) -> bool, faults: &mut Vec<Fault>) {
    let next: BTreeMap<&Named, &Named> = entries.iter().map(|entry| (&entry.from.value, &entry.to.value)).collect();
    let targets: BTreeSet<&Named> = next.values().copied().collect();
    for entry in entries {
        let from = &entry.from.value;
        if declared(from) && !targets.contains(from) {
            let (message, hint) = match from {
                Named::Builder(_) | Named::Repository(_) => (
                    format!("`{from}` is declared still: it cannot have moved"),
                    "take one of the two out: the block, or this entry",
                ),
                Named::Branch(_) => (
                    format!("branch `{from}` is wanted still: it cannot have been renamed"),
                    "give the builder that wants it another `branch`, or take this entry out",
                ),
            };
            faults.push(fault(&entry.from.span, message, "", hint));
        }
        if let Named::Repository(name) = from
            && declared(from)
            && targets.contains(from)
        {
            let message = format!("repository `{name}` cannot go while another takes its name");
            let hint = "rename the one, `wsctl apply`, then the other";
            faults.push(fault(&entry.from.span, message, "", hint));
        }
        let circle: Vec<&Named> = walk(from, &next);
        let closed = circle.last().and_then(|last| next.get(*last)).is_some_and(|back| *back == from);
        // Each circle once.
        let first = circle.iter().min() == Some(&from);
        if closed
            && first
            && let Some(missing) = circle.iter().find(|name| !declared(name))
        {
            let message = format!("these moves go round in a circle, and `{missing}` is not declared");
            faults.push(fault(&entry.from.span, message, "", "names can be exchanged where all of them are declared"));
        }
    }
}

/// The names that one leads to, itself first, each once.
fn walk<'a>(from: &'a Named, next: &BTreeMap<&'a Named, &'a Named>) -> Vec<&'a Named> {
    let mut names = vec![from];
    let mut at = from;
    while let Some(&to) = next.get(at)
        && !names.contains(&to)
    {
        names.push(to);
        at = to;
    }
    names
}
