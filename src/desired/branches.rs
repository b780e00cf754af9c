//! Branches: from a template to a name, and which of them cannot live in one repository.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::config::fault::{fault, listed, related};
use crate::config::value::expand;
use crate::config::{Builder, Checkout, Config};
use crate::diagnostic::Fault;
use crate::model::name::{BranchName, BuilderName, RepoName};

/// What branches are called where the file does not say.
const TEMPLATE: &str = "builder/{builder}";
/// What `{repo}` is for the root, whose name `.` no branch may hold, and for the builder's own branch.
const ROOT: &str = "root";

/// A template and the place to point at when its branch is wrong: where it is written, or, for one that
/// builders share, the builder's name.
struct Source<'a> {
    template: &'a str,
    span: &'a Range<usize>,
}

fn source<'a>(config: &'a Config, builder: &'a Builder, checkout: Option<&'a Checkout>) -> Source<'a> {
    if let Some(text) = checkout.and_then(|checkout| checkout.branch.as_ref()).or(builder.branch.as_ref()) {
        return Source { template: &text.value, span: &text.span };
    }
    let shared = config.defaults.branch.as_ref().or(config.workspace.branch.as_ref());
    Source { template: shared.map_or(TEMPLATE, |text| &text.value), span: &builder.name.span }
}

/// The branch of a checkout.
pub(super) fn branch(
    config: &Config,
    builder: &Builder,
    repository: &RepoName,
    checkout: Option<&Checkout>,
    faults: &mut Vec<Fault>,
) -> Option<(BranchName, Range<usize>)> {
    let source = source(config, builder, checkout);
    let repo = if repository.is_root() { ROOT } else { repository.as_str() };
    let text = expand(source.template, builder.name.value.as_str(), repo);
    match BranchName::new(&text) {
        Ok(branch) => Some((branch, source.span.clone())),
        Err(why) => {
            faults.push(fault(source.span, format!("branch `{text}` {why}"), "", "give the builder a `branch` of its own"));
            None
        }
    }
}

/// The builder's own branch, on which its anchor is: with `{repo}` it is the one that the root's checkout would have.
pub(super) fn own(config: &Config, builder: &Builder, faults: &mut Vec<Fault>) -> Option<BranchName> {
    branch(config, builder, &RepoName::root(), None, faults).map(|(branch, _)| branch)
}

/// Which branches the builders want, by repository.
#[derive(Default)]
pub(super) struct Wanted {
    branches: BTreeMap<RepoName, BTreeMap<BranchName, Vec<Wish>>>,
}

/// Who wants a branch, and where the file says so.
type Wish = (BuilderName, Range<usize>);

/// Two wishes that exclude each other: the later place, the earlier one, their branches, their builders.
type Conflict = ((usize, usize), (usize, usize), [BranchName; 2], [BuilderName; 2]);

impl Wanted {
    /// Notes a wish.
    pub(super) fn add(&mut self, repository: &RepoName, branch: &BranchName, builder: &BuilderName, span: Range<usize>) {
        let branches = self.branches.entry(repository.clone()).or_default();
        branches.entry(branch.clone()).or_default().push((builder.clone(), span));
    }

    /// Reports a branch wanted twice, and branches that cannot exist side by side; once for each pair of places.
    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        let mut conflicts: BTreeMap<Conflict, Vec<&RepoName>> = BTreeMap::new();
        for (repository, branches) in &self.branches {
            for (branch, wishes) in branches {
                for pair in wishes.windows(2) {
                    conflicts.entry(conflict((branch, &pair[0]), (branch, &pair[1]))).or_default().push(repository);
                }
                let parents =
                    branch.as_str().match_indices('/').filter_map(|(at, _)| branches.get_key_value(&branch.as_str()[..at]));
                for (parent, holders) in parents.filter(|(parent, _)| parent.excludes(branch)) {
                    let pair = conflict((parent, &holders[0]), (branch, &wishes[0]));
                    conflicts.entry(pair).or_default().push(repository);
                }
            }
        }
        faults.extend(conflicts.iter().map(|(conflict, repositories)| report(conflict, repositories)));
    }
}

fn conflict(a: (&BranchName, &Wish), b: (&BranchName, &Wish)) -> Conflict {
    let (first, second) = if a.1.1.start <= b.1.1.start { (a, b) } else { (b, a) };
    let place = |span: &Range<usize>| (span.start, span.end);
    let branches = [first.0.clone(), second.0.clone()];
    (place(&second.1.1), place(&first.1.1), branches, [first.1.0.clone(), second.1.0.clone()])
}

fn report((later, earlier, branches, builders): &Conflict, repositories: &[&RepoName]) -> Fault {
    let places = listed(repositories.iter().map(|name| name.as_str()));
    let word = if repositories.len() == 1 { "repository" } else { "repositories" };
    let [first, second] = branches;
    let (message, hint) = if first == second {
        (
            format!("branch `{second}` is wanted twice in {word} {places}, by builders `{}` and `{}`", builders[0], builders[1]),
            "git has a branch in one worktree only: give one of the builders another `branch`, or `{builder}` in the template",
        )
    } else {
        (
            format!("branches `{first}` and `{second}` cannot exist side by side in {word} {places}"),
            "to git, one would be a file and a directory at once: rename one of them",
        )
    };
    let label = format!("builder `{}` wants `{second}`", builders[1]);
    let first_label = format!("builder `{}` wants `{first}`", builders[0]);
    related(fault(&(later.0..later.1), message, label, hint), &(earlier.0..earlier.1), first_label)
}
