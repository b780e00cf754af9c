//! The text of a new declaration: as a block, or as the member of an inline table.

use std::fmt::Write as _;

use super::tree::{Tree, tree};
use crate::model::address::{quoted, segment};
use crate::model::desired::Url;
use crate::model::name::{BuilderName, RepoName};

/// One repository of a builder, and what it says for itself. Branch and base were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The repository.
    pub repository: RepoName,
    /// The template of its branch.
    pub branch: Option<String>,
    /// What a new branch starts from.
    pub base: Option<String>,
}

/// A builder to declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBuilder {
    /// Its name.
    pub name: BuilderName,
    /// Its repositories; none: those of `[defaults]`, or the root alone.
    pub members: Vec<Member>,
    /// The template of its branch.
    pub branch: Option<String>,
    /// What new branches start from.
    pub base: Option<String>,
    /// Never removed.
    pub protect: bool,
    /// Whether the root joins, where that is said.
    pub include_root: Option<bool>,
}

/// A repository to declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    /// Its name.
    pub name: RepoName,
    /// Where it is cloned from.
    pub url: Option<Url>,
    /// Where it lies, where that is not the default.
    pub path: Option<String>,
}

/// The keys of one table, as they are written.
type Pairs = Vec<(&'static str, String)>;

impl Member {
    pub(super) fn pairs(&self) -> Pairs {
        let pair = |key, value: &Option<String>| value.as_ref().map(|value| (key, quoted(value)));
        [pair("branch", &self.branch), pair("base", &self.base)].into_iter().flatten().collect()
    }

    /// Its own table, where it says something.
    pub(super) fn block(&self, builder: &BuilderName) -> Option<String> {
        let header = format!("builders.{}.checkout.{}", segment(builder.as_str()), segment(self.repository.as_str()));
        Some(table(&header, &self.pairs())).filter(|_| !self.pairs().is_empty())
    }

    /// The same as member of `checkout`.
    pub(super) fn inline(&self) -> Option<String> {
        let member = format!("{} = {}", segment(self.repository.as_str()), inline(&self.pairs()));
        Some(member).filter(|_| !self.pairs().is_empty())
    }
}

impl NewBuilder {
    fn pairs(&self) -> Pairs {
        let mut pairs = Pairs::new();
        if !self.members.is_empty() {
            let names: Vec<String> = self.members.iter().map(|member| quoted(member.repository.as_str())).collect();
            pairs.push(("repos", format!("[{}]", names.join(", "))));
        }
        pairs.extend(self.branch.as_ref().map(|branch| ("branch", quoted(branch))));
        pairs.extend(self.base.as_ref().map(|base| ("base", quoted(base))));
        pairs.extend(self.protect.then(|| ("protect", "true".to_owned())));
        pairs.extend(self.include_root.map(|flag| ("include_root", flag.to_string())));
        pairs
    }

    /// `[builders.B]` with its checkouts.
    #[must_use]
    pub fn block(&self) -> String {
        let mut out = table(&format!("builders.{}", segment(self.name.as_str())), &self.pairs());
        for block in self.members.iter().filter_map(|member| member.block(&self.name)) {
            let _ = write!(out, "\n{block}");
        }
        out
    }

    /// The same as member of `builders`.
    pub(super) fn inline(&self) -> String {
        let mut pairs = self.pairs();
        let checkouts: Vec<String> = self.members.iter().filter_map(Member::inline).collect();
        if !checkouts.is_empty() {
            pairs.push(("checkout", format!("{{ {} }}", checkouts.join(", "))));
        }
        format!("{} = {}", segment(self.name.as_str()), inline(&pairs))
    }

    /// What it says.
    pub(super) fn tree(&self) -> Option<Tree> {
        tree(&self.block())?.get(&["builders", self.name.as_str()]).cloned()
    }
}

impl NewRepository {
    fn pairs(&self) -> Pairs {
        let url = self.url.as_ref().map(|url| ("url", quoted(url.expose())));
        let path = self.path.as_ref().map(|path| ("path", quoted(path)));
        [url, path].into_iter().flatten().collect()
    }

    /// `[repos.R]`
    #[must_use]
    pub fn block(&self) -> String {
        table(&format!("repos.{}", segment(self.name.as_str())), &self.pairs())
    }

    /// The same as member of `repos`.
    pub(super) fn inline(&self) -> String {
        format!("{} = {}", segment(self.name.as_str()), inline(&self.pairs()))
    }

    /// What it says.
    pub(super) fn tree(&self) -> Option<Tree> {
        tree(&self.block())?.get(&["repos", self.name.as_str()]).cloned()
    }
}

fn table(header: &str, pairs: &Pairs) -> String {
    let mut out = format!("[{header}]\n");
    for (key, value) in pairs {
        let _ = writeln!(out, "{key} = {value}");
    }
    out
}

fn inline(pairs: &Pairs) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    if pairs.is_empty() { "{}".into() } else { format!("{{ {} }}", pairs.join(", ")) }
}
