//! Where the checkouts of a builder lie.

use std::ops::Range;

use crate::config::fault::fault;
use crate::config::value::expand;
use crate::config::{Config, Facts, Layout as Declared};
use crate::diagnostic::Fault;
use crate::model::desired::Shape;
use crate::model::name::{BadName, RepoName, alike};
use crate::model::path::{AbsPath, RelPath};

/// The places of a layout.
pub(super) struct Layout {
    root: RelPath,
    /// With `{repo}` in it.
    repo: String,
    /// Where a custom layout is declared; `None` for the others.
    pub(super) custom: Option<Range<usize>>,
    /// What makes it work.
    pub(super) shape: Shape,
}

impl Layout {
    /// The layout that the file asks for.
    pub(super) fn of(config: &Config, facts: &Facts, repos_dir: &AbsPath, faults: &mut Vec<Fault>) -> Self {
        let declared = config.workspace.layout.as_ref();
        let fixed = |root: &str, repo: &str| (RelPath::new(root).unwrap_or_else(|_| RelPath::here()), repo.to_owned(), None);
        let (root, repo, custom) = match declared.map_or(&Declared::Sibling, |layout| &layout.value) {
            Declared::Sibling => fixed("workspace-root", "{repo}"),
            Declared::Split => fixed("workspace", "repos/{repo}"),
            Declared::Nested => (RelPath::here(), inner(config, facts, repos_dir, faults), None),
            Declared::Custom { root, repo } => (root.clone(), repo.clone(), declared.map(|layout| layout.span.clone())),
        };
        let anchor = config.workspace.anchor.unwrap_or(true);
        let shape = match (root.is_here(), anchor) {
            (true, _) => Shape::Nested,
            (false, true) => Shape::Anchored,
            (false, false) => Shape::Plain,
        };
        if let (Shape::Nested, false, Some(layout)) = (shape, facts.root_is_repository, declared) {
            let message = format!("this layout needs the root as a repository, and {} is none", facts.root);
            let hint = "`git init` there, or take layout = \"sibling\"";
            faults.push(fault(&layout.span, message, "a builder would be the root's worktree", hint));
        }
        Layout { root, repo, custom, shape }
    }

    /// Where a repository's checkout lies.
    ///
    /// # Errors
    /// The template and this name make no path: `.{repo}` and `git`.
    pub(super) fn path(&self, repository: &RepoName) -> Result<RelPath, BadName> {
        if repository.is_root() { Ok(self.root.clone()) } else { RelPath::new(&expand(&self.repo, "", repository.as_str())) }
    }
}

/// Where nested builders have their repositories: `repos_dir` as seen from the root.
fn inner(config: &Config, facts: &Facts, repos_dir: &AbsPath, faults: &mut Vec<Fault>) -> String {
    let below = repos_dir.as_path().strip_prefix(&facts.root).ok();
    let tail = below.map(std::path::Path::as_os_str).or_else(|| repos_dir.as_path().file_name()).and_then(|tail| tail.to_str());
    match tail.map(RelPath::new) {
        Some(Ok(path)) if path.is_here() => "{repo}".into(),
        // A brace in a directory's name would read as a variable.
        Some(Ok(path)) if !path.as_str().contains('{') => format!("{path}/{{repo}}"),
        Some(Ok(_) | Err(_)) | None => {
            let span = config.workspace.repos_dir.as_ref().map_or(0..0, |text| text.span.clone());
            let message = format!("repos_dir {repos_dir} cannot be a path in a nested builder");
            faults.push(fault(&span, message, "", "take a plain name such as `repos`, or a custom layout"));
            "repos/{repo}".into()
        }
    }
}

/// A path as file systems that ignore case see it, with `/` at its end: one that begins with another takes its place.
pub(super) fn as_taken(path: &RelPath) -> String {
    format!("{}/", alike(path.as_str()))
}
