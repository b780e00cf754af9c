//! Repositories join a builder that is declared.

use std::ops::Range;

use super::add::insert;
use super::block::Member;
use super::inside::{Splice, begins, elements, entries, insert_elements, insert_entry};
use super::remove::{end_of_table, place};
use super::text::{Kind, Statement, line_end, newline, statements};
use super::tree::Tree;
use super::{by_hand, read, splice};
use crate::config::fault::fault;
use crate::diagnostic::Fault;
use crate::model::address::quoted;
use crate::model::name::{BuilderName, RepoName};

/// Lets repositories join a builder that the text declares; those that are in it already, saying the same, stay as they
/// are. `inherited`: the repositories that it has without a `repos` of its own, and would lose by one.
///
/// # Errors
/// The builder has one of them with another branch or base, or is written in a form that cannot be added to: the place.
pub fn join(text: &str, builder: &BuilderName, members: &[Member], inherited: &[RepoName]) -> Result<String, Box<Fault>> {
    let name = builder.as_str();
    let path = ["builders", name];
    let place = place(text, &path).unwrap_or(0..0);
    let mut tree = read(text)?;
    let own = tree.get(&["builders", name, "repos"]).map(|repos| repos.as_list().to_vec());
    let mut listed = own.clone().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let added = if own.is_none() { inherited } else { &[] };
    for repository in added.iter().chain(members.iter().map(|member| &member.repository)) {
        if !listed.iter().any(|known| known.as_text() == Some(repository.as_str())) {
            listed.push(Tree::text(repository.as_str()));
            names.push(quoted(repository.as_str()));
        }
    }
    let mut splices = Vec::new();
    if members.iter().any(|member| !in_list(own.as_deref(), inherited, &member.repository)) {
        tree = tree.with(&["builders", name, "repos"], Some(Tree::List(listed)));
        splices.extend(into_list(text, name, own.is_some(), &names).ok_or_else(|| by_hand(&place))?);
    }
    let mut blocks = String::new();
    for member in members {
        let wanted = table(member);
        let path = ["builders", name, "checkout", member.repository.as_str()];
        let known = tree.get(&path).cloned();
        if wanted == Tree::with(Tree::List(vec![]), &[], None) || known.as_ref() == Some(&wanted) {
            continue;
        }
        if known.is_some() || in_list(own.as_deref(), inherited, &member.repository) {
            return Err(otherwise(text, builder, member, &place).into());
        }
        tree = tree.with(&path, Some(wanted));
        match inline(text, name, member).ok_or_else(|| by_hand(&place))? {
            Inline::Member(splice) => splices.extend(splice),
            Inline::No => blocks.extend(["\n", &member.block(builder).unwrap_or_default()]),
        }
    }
    if let Some(blocks) = blocks.strip_prefix('\n') {
        splices.push(behind(text, &path, blocks));
    }
    splice(text, splices, tree, &place)
}

fn in_list(own: Option<&[Tree]>, inherited: &[RepoName], repository: &RepoName) -> bool {
    match own {
        Some(own) => own.iter().any(|known| known.as_text() == Some(repository.as_str())),
        None => inherited.contains(repository),
    }
}

/// What a member's own table says.
fn table(member: &Member) -> Tree {
    let pair = |tree: Tree, key: &str, value: &Option<String>| match value {
        Some(value) => tree.with(&[key], Some(Tree::text(value))),
        None => tree,
    };
    let empty = Tree::List(vec![]).with(&[], None);
    pair(pair(empty, "branch", &member.branch), "base", &member.base)
}

fn otherwise(text: &str, builder: &BuilderName, member: &Member, place: &Range<usize>) -> Fault {
    let path = ["builders", builder.as_str(), "checkout", member.repository.as_str()];
    let at = self::place(text, &path).unwrap_or_else(|| place.clone());
    let message = format!("builder `{builder}` has repository `{}` already, on another branch or base", member.repository);
    fault(&at, message, "", "edit this by hand")
}

/// Puts names into the builder's `repos`, or gives it one.
fn into_list(text: &str, name: &str, own: bool, names: &[String]) -> Option<Vec<Splice>> {
    let all = statements(text);
    if own {
        return insert_elements(text, &value_of(text, &all, &["builders", name, "repos"])?, names);
    }
    let entry = format!("repos = [{}]", names.join(", "));
    let header = all.iter().find(|statement| statement.kind == Kind::Header && statement.path == ["builders", name]);
    if let Some(header) = header {
        let newline = newline(text);
        let end = line_end(text, header.span.end);
        let before = if text[..end].ends_with('\n') { "" } else { newline };
        return Some(vec![(end..end, format!("{before}{entry}{newline}"))]);
    }
    insert_entry(text, &value_of(text, &all, &["builders", name])?, &entry)
}

/// The value at the end of these keys, where it is written as one.
fn value_of(text: &str, all: &[Statement], path: &[&str]) -> Option<Range<usize>> {
    all.iter().filter(|statement| statement.kind == Kind::Entry).find_map(|statement| {
        let same = statement.path.iter().zip(path).all(|(a, b)| a == b);
        if !same || statement.path.len() > path.len() {
            return None;
        }
        within(text, statement.value.clone(), &path[statement.path.len()..])
    })
}

fn within(text: &str, value: Range<usize>, path: &[&str]) -> Option<Range<usize>> {
    if path.is_empty() {
        return Some(value);
    }
    entries(text, &value)?.into_iter().find_map(|entry| {
        let leads = !entry.path.is_empty() && entry.path.len() <= path.len() && entry.path.iter().zip(path).all(|(a, b)| a == b);
        leads.then(|| within(text, entry.value, &path[entry.path.len()..])).flatten()
    })
}

enum Inline {
    /// The builder's checkouts are written as an inline table.
    Member(Vec<Splice>),
    /// They are tables of their own.
    No,
}

/// Adds a member's table where the builder, or its checkouts, are written inline; `None`: it cannot be added so.
fn inline(text: &str, name: &str, member: &Member) -> Option<Inline> {
    let all = statements(text);
    if let Some(checkouts) = value_of(text, &all, &["builders", name, "checkout"]) {
        return Some(Inline::Member(insert_entry(text, &checkouts, &member.inline()?)?));
    }
    let Some(builder) = value_of(text, &all, &["builders", name]) else { return Some(Inline::No) };
    // Two members inserted at one place would need each other's commas: `repos` has to be there already.
    elements(text, &value_of(text, &all, &["builders", name, "repos"])?)?;
    Some(Inline::Member(insert_entry(text, &builder, &format!("checkout.{}", member.inline()?))?))
}

/// Puts blocks behind the last table of the builder.
fn behind(text: &str, path: &[&str], blocks: &str) -> Splice {
    let all = statements(text);
    let last = all.iter().rposition(|statement| statement.kind == Kind::Header && begins(&statement.path, path));
    insert(text, last.map_or(text.len(), |header| end_of_table(text, &all, header)), blocks)
}
