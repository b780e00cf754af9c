//! `[[moved]]`: what was renamed, so that it is not taken for a removal and a creation.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode::{Keys, Table, printable};
use super::fault::{fault, related};
use super::schema::{Moved, Named, Spanned};
use crate::diagnostic::Fault;
use crate::model::name::{BadName, BranchName, BuilderName, RepoName};

const MOVED: Keys = &["from", "to", "from_branch", "to_branch"];

/// Reads every entry.
pub(super) fn moved(top: &Table<'_>, faults: &mut Vec<Fault>) -> Vec<Moved> {
    let entries = top.tables("moved", "[[moved]]", faults);
    entries.iter().flat_map(|table| entry(table, faults)).collect()
}

/// The renames of one entry: of names, of branches, or of both.
fn entry(table: &Table<'_>, faults: &mut Vec<Fault>) -> Vec<Moved> {
    table.check_keys(MOVED, faults);
    if table.entries().next().is_none() {
        table.check_present("from", "write e.g. `from = \"builders.a\"` and `to = \"builders.b\"`", faults);
        return vec![];
    }
    let names = pair(table, ["from", "to"], faults);
    let branches = pair(table, ["from_branch", "to_branch"], faults);
    let names = names.and_then(|(from, to)| {
        let (from, to) = (named(&from, faults)?, named(&to, faults)?);
        same_kind(&from, &to, faults).then_some(Moved { from, to })
    });
    let branches = branches.and_then(|(from, to)| {
        let (from, to) = (branch(&from, faults)?, branch(&to, faults)?);
        Some(Moved { from, to })
    });
    let all = names.into_iter().chain(branches);
    all.filter(|moved| differs(moved, faults)).collect()
}

/// Two keys that need each other.
fn pair(table: &Table<'_>, keys: [&str; 2], faults: &mut Vec<Fault>) -> Option<(Spanned<String>, Spanned<String>)> {
    if keys.iter().all(|key| table.get(key).is_none()) {
        return None;
    }
    let hint = format!("`{}` and `{}` go together", keys[0], keys[1]);
    let from = table.needed(keys[0], &hint, faults);
    let to = table.needed(keys[1], &hint, faults);
    Some((from?, to?))
}

/// `builders.B` or `repos.R`; the name may be quoted as a key.
fn named(text: &Spanned<String>, faults: &mut Vec<Fault>) -> Option<Spanned<Named>> {
    let unquoted = |name: &str| match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(name) => Ok(name.to_owned()),
        None if name.contains('.') => Err(BadName("is in quotes where it has a dot".into())),
        None => Ok(name.to_owned()),
    };
    let mut refuse = |why: String, hint: &str| {
        faults.push(fault(&text.span, format!("`{}` {why}", printable(&text.value)), "", hint));
        None
    };
    let name = match text.value.split_once('.') {
        Some(("builders", name)) => unquoted(name).and_then(|name| BuilderName::new(&name)).map(Named::Builder),
        Some(("repos", name)) => unquoted(name).and_then(|name| RepoName::new(&name)).map(Named::Repository),
        Some(_) | None => {
            let hint = "write `builders.NAME` or `repos.NAME`; a branch is renamed with `from_branch` and `to_branch`";
            return refuse("is not the address of a builder or a repository".into(), hint);
        }
    };
    match name {
        Ok(value) => Some(Spanned { value, span: text.span.clone() }),
        Err(why) => {
            let hint = "what moves is a whole builder or repository: `builders.NAME`, `repos.NAME`; \
                        where a checkout lies follows from `layout`";
            refuse(format!("names none: a name {why}"), hint)
        }
    }
}

fn branch(text: &Spanned<String>, faults: &mut Vec<Fault>) -> Option<Spanned<Named>> {
    match BranchName::new(&text.value) {
        Ok(name) => Some(Spanned { value: Named::Branch(name), span: text.span.clone() }),
        Err(why) => {
            let message = format!("branch `{}` {why}", printable(&text.value));
            faults.push(fault(&text.span, message, "", "write the branch as git has it, without variables"));
            None
        }
    }
}

fn same_kind(from: &Spanned<Named>, to: &Spanned<Named>, faults: &mut Vec<Fault>) -> bool {
    let same = from.value.kind() == to.value.kind();
    if !same {
        let message = format!("a {} cannot become a {}", from.value.kind(), to.value.kind());
        faults.push(fault(&to.span, message, "", "`from` and `to` are both builders, or both repositories"));
    }
    same
}

fn differs(moved: &Moved, faults: &mut Vec<Fault>) -> bool {
    let differs = moved.from.value != moved.to.value;
    if !differs {
        let hint = "take the entry out";
        faults.push(fault(&moved.to.span, "it moves to where it is: both names are the same", "", hint));
    }
    differs
}

/// Reports what is moved twice, and places that two things move to.
pub(super) fn check(moved: &[Moved], faults: &mut Vec<Fault>) {
    let mut sources = BTreeMap::new();
    let mut targets = BTreeMap::new();
    for entry in moved {
        once(&mut sources, &entry.from, format!("`{}` is moved twice", entry.from.value), faults);
        once(&mut targets, &entry.to, format!("two things are moved to `{}`", entry.to.value), faults);
    }
}

fn once<'a>(seen: &mut BTreeMap<&'a Named, Range<usize>>, name: &'a Spanned<Named>, message: String, faults: &mut Vec<Fault>) {
    if let Some(first) = seen.get(&name.value) {
        faults.push(related(fault(&name.span, message, "", "keep one of the two"), first, "first said here"));
    } else {
        seen.insert(&name.value, name.span.clone());
    }
}
