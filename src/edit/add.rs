//! A builder or a repository comes into the text, behind the last of its kind.

use std::ops::Range;

use super::block::{NewBuilder, NewRepository};
use super::inside::{Splice, insert_entry};
use super::remove::{end_of_table, place};
use super::text::{Kind, Statement, newline, statements};
use super::tree::Tree;
use super::{read, splice};
use crate::config::fault::fault;
use crate::diagnostic::Fault;

/// What came of an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The new text.
    New(String),
    /// It is there, and says the same.
    Same,
    /// It is there, and says something else: where.
    Other(Range<usize>),
}

/// Declares a builder.
///
/// # Errors
/// The text has a form that cannot be added to: the place.
pub fn add_builder(text: &str, builder: &NewBuilder) -> Result<Added, Box<Fault>> {
    let path = ["builders", builder.name.as_str()];
    let Some(wanted) = builder.tree() else { return Err(unwritable().into()) };
    add(text, path, wanted, &builder.block(), &builder.inline())
}

/// Declares a repository.
///
/// # Errors
/// The text has a form that cannot be added to: the place.
pub fn add_repository(text: &str, repository: &NewRepository) -> Result<Added, Box<Fault>> {
    let path = ["repos", repository.name.as_str()];
    let Some(wanted) = repository.tree() else { return Err(unwritable().into()) };
    add(text, path, wanted, &repository.block(), &repository.inline())
}

fn unwritable() -> Fault {
    fault(&(0..0), "this cannot be written as TOML", "", "choose another name")
}

fn add(text: &str, path: [&str; 2], wanted: Tree, block: &str, inline: &str) -> Result<Added, Box<Fault>> {
    let tree = read(text)?;
    if let Some(there) = tree.get(&path) {
        let place = place(text, &path).unwrap_or(0..0);
        return Ok(if in_any_order(there.clone()) == in_any_order(wanted) { Added::Same } else { Added::Other(place) });
    }
    let all = statements(text);
    let table = all.iter().find(|statement| statement.kind == Kind::Entry && statement.path == [path[0]]);
    let (place, splices) = match table {
        Some(table) => (table.span.clone(), insert_entry(text, &table.value, inline).unwrap_or_default()),
        None => (text.len()..text.len(), vec![below(text, &all, path[0], block)]),
    };
    splice(text, splices, tree.with(&path, Some(wanted)), &place).map(Added::New)
}

/// The same, the repositories sorted.
fn in_any_order(tree: Tree) -> Tree {
    let mut repos = tree.get(&["repos"]).map_or(&[][..], Tree::as_list).to_vec();
    if repos.is_empty() {
        return tree;
    }
    repos.sort_by(|a, b| a.as_text().cmp(&b.as_text()));
    tree.with(&["repos"], Some(Tree::List(repos)))
}

/// Puts a block behind the last table of a section; the first repository goes behind `[workspace]`, anything else to the
/// end.
fn below(text: &str, all: &[Statement], section: &str, block: &str) -> Splice {
    let last = |section: &str| {
        let of =
            |statement: &Statement| statement.kind == Kind::Header && statement.path.first().is_some_and(|key| key == section);
        all.iter().rposition(of)
    };
    let found = last(section).or_else(|| last("workspace").filter(|_| section == "repos"));
    insert(text, found.map_or(text.len(), |header| end_of_table(text, all, header)), block)
}

/// Puts a block at the begin of a line, with a blank line around it.
pub(super) fn insert(text: &str, at: usize, block: &str) -> Splice {
    let newline = newline(text);
    let (before, behind) = text.split_at(at);
    let mut out = String::new();
    if !before.is_empty() && !before.ends_with('\n') {
        out.push_str(newline);
    }
    let last = before.lines().next_back().unwrap_or_default();
    if !last.trim().is_empty() {
        out.push_str(newline);
    }
    out.push_str(&block.replace('\n', newline));
    if behind.lines().next().is_some_and(|line| !line.trim().is_empty()) {
        out.push_str(newline);
    }
    (at..at, out)
}
