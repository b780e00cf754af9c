//! Renames that the file declares (`[[moved]]`), resolved: what each declared thing may have been called before.

use std::collections::BTreeMap;

use super::name::{BranchName, BuilderName, RepoName};

/// The names before, nearest first, of everything that the file declares today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moved {
    /// Builders.
    pub builders: BTreeMap<BuilderName, Vec<BuilderName>>,
    /// Repositories.
    pub repositories: BTreeMap<RepoName, Vec<RepoName>>,
    /// Branches.
    pub branches: BTreeMap<BranchName, Vec<BranchName>>,
}

impl Moved {
    /// What a repository is called, and what it was called before, nearest first.
    pub fn names_of<'a>(&'a self, repository: &'a RepoName) -> impl Iterator<Item = &'a RepoName> {
        std::iter::once(repository).chain(self.repositories.get(repository).into_iter().flatten())
    }
}

/// Resolves renames: every target that is `declared` with its sources, nearest first. A source that is a target itself and
/// not declared stands for what it was before; one that is declared has moved on and stands for itself.
#[must_use]
pub fn resolve<N: Ord + Clone>(renames: &BTreeMap<N, N>, declared: impl Fn(&N) -> bool) -> BTreeMap<N, Vec<N>> {
    let from: BTreeMap<&N, &N> = renames.iter().map(|(from, to)| (to, from)).collect();
    let mut resolved = BTreeMap::new();
    for to in renames.values().filter(|to| declared(to)) {
        let mut sources: Vec<N> = Vec::new();
        let mut at = to;
        while let Some(&source) = from.get(at) {
            if source == to || sources.contains(source) {
                break;
            }
            sources.push(source.clone());
            if declared(source) {
                break;
            }
            at = source;
        }
        resolved.insert(to.clone(), sources);
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_end_at_the_first_name_that_is_declared() {
        let renames = |list: &[(&'static str, &'static str)]| list.iter().copied().collect::<BTreeMap<_, _>>();
        let chain = renames(&[("a", "b"), ("b", "c")]);
        assert_eq!(resolve(&chain, |name| *name == "c"), BTreeMap::from([("c", vec!["b", "a"])]));
        // Both declared: everything moves on by one.
        assert_eq!(resolve(&chain, |name| *name != "a"), BTreeMap::from([("b", vec!["a"]), ("c", vec!["b"])]));
        let swap = renames(&[("a", "b"), ("b", "a")]);
        assert_eq!(resolve(&swap, |_| true), BTreeMap::from([("a", vec!["b"]), ("b", vec!["a"])]));
        assert_eq!(resolve(&swap, |_| false), BTreeMap::new());
    }
}
