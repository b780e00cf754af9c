//! `[[files]]`, `[[builders.B.files]]` and `[[repos.R.files]]`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode::{Keys, Table};
use super::fault::{fault, related};
use super::glob::is_glob;
use super::schema::Spanned;
use super::sections::{checked, relative};
use super::value::check_template;
use crate::diagnostic::Fault;
use crate::model::desired::FileMode;
use crate::model::name::RepoName;
use crate::model::path::RelPath;

const FILE: Keys = &["from", "to", "mode"];
/// The beginning of a path in each checkout, or in each main worktree.
const EACH: &str = "{repo}/";

/// A managed file, or several, as one entry of a list declares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedFile {
    /// The source: a file, a directory, or a pattern; there for every mode that is made of one.
    pub from: Option<Spanned<Origin>>,
    /// The path in the builder; of a directory or a pattern, the directory that its files go to.
    pub to: Spanned<Target>,
    /// How it is made; `None`: switched off.
    pub mode: Option<FileMode>,
}

/// Where a managed file comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A path in the workspace.
    Workspace(RelPath),
    /// A path in the main worktree of every repository: `{repo}/…`.
    EachMain(RelPath),
    /// A path in the main worktree of one repository.
    Main(RepoName, RelPath),
}

/// Where a managed file goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A path in the builder.
    Builder(RelPath),
    /// A path in every checkout but the root's: `{repo}/…`.
    EachCheckout(RelPath),
    /// A path in the checkout of one repository.
    Checkout(RepoName, RelPath),
}

/// Whose list a file stands in.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// The workspace's, or a builder's: paths are relative to the workspace and to the builder.
    Builder,
    /// A repository's: paths are relative to its main worktree and to its checkouts.
    Repository(&'a RepoName),
}

/// The managed files of one list; `seen` holds what its scope has given so far.
pub(super) fn files(
    table: &Table<'_>,
    place: &str,
    scope: Scope<'_>,
    seen: &mut BTreeMap<Target, Range<usize>>,
    faults: &mut Vec<Fault>,
) -> Vec<ManagedFile> {
    let mut files: Vec<ManagedFile> = Vec::new();
    for table in table.tables("files", place, faults) {
        let (to, file) = file(&table, scope, faults);
        let Some(to) = to else { continue };
        if let Some(first) = seen.get(&to.value) {
            let twice = fault(&to.span, "the same `to` is given twice", "", "keep one of the two");
            faults.push(related(twice, first, "first given here"));
        } else {
            seen.insert(to.value, to.span);
            files.extend(file);
        }
    }
    files
}

/// One managed file and its `to`; without the file where another key has a fault.
fn file(table: &Table<'_>, scope: Scope<'_>, faults: &mut Vec<Fault>) -> (Option<Spanned<Target>>, Option<ManagedFile>) {
    table.check_keys(FILE, faults);
    let to = table.needed("to", "say where the file goes in the builder", faults);
    // The files of a pattern may lie in the builder or the checkout itself.
    let many = table.get("from").and_then(|from| from.get_ref().as_str()).is_some_and(is_glob);
    let to = to.and_then(|to| Some(Spanned { value: target(&to, scope, many, faults)?, span: to.span }));
    let modes = FileMode::ALL.map(|mode| (mode.as_str(), Some(mode)));
    let words: Vec<_> = modes.into_iter().chain([("none", None)]).collect();
    let mode = table.word("mode", &words, faults).map_or(Some(FileMode::Copy), |word| word.value);
    let needs = mode.is_some_and(FileMode::has_source);
    let from = match mode {
        Some(_) if needs => table.needed("from", "name the source, relative to the workspace", faults),
        Some(mode) => {
            if let Some(value) = table.get("from") {
                let message = format!("`from` does not go with mode `{}`: wsctl writes that file itself", mode.as_str());
                faults.push(fault(&value.span(), message, "", "take `from` out, or write a template of your own"));
            }
            None
        }
        None => table.text("from", faults),
    };
    let from = from.and_then(|from| Some(Spanned { value: origin(&from, scope, faults)?, span: from.span }));
    if let (Some(from), Some(to)) = (&from, &to)
        && matches!((&from.value, &to.value), (Origin::EachMain(_), Target::Builder(_)))
    {
        let hint = "write `to = \"{repo}/…\"` as well, so that each goes to its own checkout";
        faults.push(fault(&to.span, "`from` is a file of every repository, and `to` is one place for all", "", hint));
        return (Some(to.clone()), None);
    }
    let whole = from.is_some() || !needs;
    let file = to.clone().filter(|_| whole).map(|to| ManagedFile { from, to, mode });
    (to, file)
}

fn origin(from: &Spanned<String>, scope: Scope<'_>, faults: &mut Vec<Fault>) -> Option<Origin> {
    let (each, tail) = beginning(&from.value);
    let path = relative(&Spanned { value: tail.to_owned(), span: from.span.clone() }, "from", faults)?;
    let (wrong, hint) = match scope {
        Scope::Builder if path.is_here() => ("`from` is the workspace itself", "name a file or a directory of the workspace"),
        Scope::Repository(_) if path.is_here() => ("`from` is the repository itself", "name a file or a directory in it"),
        Scope::Repository(_) if each => {
            ("`from` is relative to the main worktree of this repository already", "take the `{repo}/` out")
        }
        Scope::Builder if each => return Some(Origin::EachMain(path)),
        Scope::Builder => return Some(Origin::Workspace(path)),
        Scope::Repository(name) => return Some(Origin::Main(name.clone(), path)),
    };
    faults.push(fault(&from.span, wrong, "", hint));
    None
}

fn target(to: &Spanned<String>, scope: Scope<'_>, many: bool, faults: &mut Vec<Fault>) -> Option<Target> {
    let to = checked(Some(to.clone()), |text| check_template(text, &["repo"]), faults)?;
    let (each, tail) = beginning(&to.value);
    let path = relative(&Spanned { value: tail.to_owned(), span: to.span.clone() }, "to", faults)?;
    let usual = "write e.g. `notes.md`, or `{repo}/.env` for a file in each checkout";
    let (wrong, hint) = match scope {
        Scope::Builder if tail.contains("{repo}") => ("`{repo}` can only be the first part of `to`", usual),
        Scope::Repository(_) if each || tail.contains("{repo}") => {
            ("`to` is relative to the checkout of this repository already", "take the `{repo}/` out")
        }
        Scope::Builder | Scope::Repository(_) if path.is_here() && !many => ("`to` names no file", usual),
        Scope::Builder if each => return Some(Target::EachCheckout(path)),
        Scope::Builder => return Some(Target::Builder(path)),
        Scope::Repository(name) => return Some(Target::Checkout(name.clone(), path)),
    };
    faults.push(fault(&to.span, wrong, "", hint));
    None
}

/// Whether a path begins with `{repo}/`, and what follows.
fn beginning(text: &str) -> (bool, &str) {
    match text.strip_prefix("./").unwrap_or(text) {
        "{repo}" => (true, "."),
        bare => bare.strip_prefix(EACH).map_or((false, text), |tail| (true, if tail.is_empty() { "." } else { tail })),
    }
}
