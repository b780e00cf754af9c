//! What a journal speaks of and a declaration does not: repositories that are declared no more, or elsewhere.

use crate::model::desired::{Cloning, Desired, DesiredRepository};
use crate::model::journal::{Intent, Journal};
use crate::model::lfs::Lfs;
use crate::model::name::RepoName;
use crate::model::path::AbsPath;

/// A journal in rounds, each with the declaration that its intents need: the first with what is declared and what else the
/// journal speaks of, a further one for each place where a repository of a name that is taken was.
#[must_use]
pub fn rounds(desired: &Desired, journal: &Journal) -> Vec<(Desired, Journal)> {
    let mut all = desired.clone();
    for (name, main) in journal.open.iter().flat_map(repositories) {
        if is_elsewhere(&all, main) {
            all.repositories.entry(name.clone()).or_insert_with(|| undeclared(name, main));
        }
    }
    let of = |open: Vec<Intent>| Journal { open, ..journal.clone() };
    let mut rounds = vec![(all.clone(), of(vec![]))];
    for intent in &journal.open {
        let mut its = all.clone();
        for (name, main) in repositories(intent) {
            if is_elsewhere(&its, main) {
                its.repositories.insert(name.clone(), undeclared(name, main));
            }
        }
        match rounds.iter_mut().find(|(desired, _)| *desired == its) {
            Some((_, journal)) => journal.open.push(intent.clone()),
            None => rounds.push((its, of(vec![intent.clone()]))),
        }
    }
    rounds
}

/// The repositories that an intent writes to: their names, and their main worktrees.
pub(super) fn repositories(intent: &Intent) -> Vec<(&RepoName, &AbsPath)> {
    match intent {
        Intent::Checkout { repository, main, .. }
        | Intent::Switch { repository, main, .. }
        | Intent::Rename { repository, main, .. }
        | Intent::Touch { repository, main, .. } => vec![(repository, main)],
        Intent::Remove { checkouts, .. } => checkouts.iter().map(|leaving| (&leaving.repository, &leaving.main)).collect(),
        Intent::Clone { .. } | Intent::Builder { .. } | Intent::File { .. } | Intent::Relocate(_) | Intent::Restore { .. } => {
            vec![]
        }
    }
}

/// Whether a directory is there that no declared repository has.
fn is_elsewhere(desired: &Desired, main: &AbsPath) -> bool {
    main.as_path().is_dir() && desired.repositories.values().all(|declared| declared.path != *main)
}

fn undeclared(name: &RepoName, main: &AbsPath) -> DesiredRepository {
    DesiredRepository { name: name.clone(), url: None, path: main.clone(), cloning: Cloning::default(), lfs: Lfs::default() }
}
