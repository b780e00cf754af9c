//! `[builders.B]` and managed files.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode::{Keys, Table, printable};
use super::fault::{fault, related};
use super::names::Names;
use super::schema::{Builder, Checkout, Config, ManagedFile, Spanned, Target};
use super::sections::{checked, policy, relative};
use super::value::{check_base, check_branch, check_template};
use crate::diagnostic::Fault;
use crate::model::desired::FileMode;
use crate::model::name::BuilderName;
use crate::model::path::RelPath;
use crate::model::sparse::Cone;

const BUILDER: Keys = &[
    "repos",
    "branch",
    "base",
    "protect",
    "include_root",
    "checkout",
    "files",
    "delete_branch",
    "on_unsaved",
    "disposable",
    "trash_keep",
    "auto_prune",
];
const CHECKOUT: Keys = &["branch", "base", "ref", "sparse"];
const FILE: Keys = &["from", "to", "mode"];

/// Reads builders and files.
pub(super) fn builders(top: &Table<'_>, config: &mut Config, names: &mut Names) {
    let faults = &mut config.faults;
    config.files.extend(files(top, "[[files]]", &mut names.targets, faults));
    let Some(table) = top.table("builders", "[builders]".into(), faults) else { return };
    for (key, value) in table.entries() {
        let shown = printable(key.value);
        names.builders.push(Spanned { value: key.value.to_owned(), span: key.span.clone() });
        let name = match BuilderName::new(key.value) {
            Ok(name) => Some(Spanned { value: name, span: key.span }),
            Err(why) => {
                let message = format!("builder name `{shown}` {why}");
                faults.push(fault(&key.span, message, "", "it names a directory and a branch"));
                None
            }
        };
        let Some(table) = table.below(value, key.value, format!("[builders.{shown}]"), faults) else { continue };
        let builder = builder(name, &table, &shown, faults);
        if let Some(builder) = builder {
            config.builders.entry(builder.name.value.clone()).or_insert(builder);
        }
    }
}

/// Reads a builder; without a name all the same, for its faults.
fn builder(name: Option<Spanned<BuilderName>>, table: &Table<'_>, shown: &str, faults: &mut Vec<Fault>) -> Option<Builder> {
    table.check_keys(BUILDER, faults);
    let before = faults.len();
    let repos = table.texts("repos", faults);
    let repos_whole = faults.len() == before;
    let branch = checked(table.text("branch", faults), check_branch, faults);
    let base = checked(table.text("base", faults), check_base, faults);
    let protect = table.flag("protect", faults).map(|flag| flag.value);
    let include_root = table.flag("include_root", faults);
    let checkouts = checkouts(table, shown, faults);
    let files = files(table, &format!("[[builders.{shown}.files]]"), &mut BTreeMap::new(), faults);
    let policy = policy(table, faults);
    Some(Builder { name: name?, repos, repos_whole, branch, base, protect, include_root, checkouts, files, policy })
}

fn checkouts(table: &Table<'_>, shown: &str, faults: &mut Vec<Fault>) -> Vec<Checkout> {
    let place = format!("[builders.{shown}.checkout]");
    let Some(table) = table.table("checkout", place, faults) else { return Vec::new() };
    let mut checkouts = Vec::new();
    for (key, value) in table.entries() {
        let place = format!("[builders.{shown}.checkout.{}]", printable(key.value));
        let Some(table) = table.below(value, key.value, place, faults) else { continue };
        table.check_keys(CHECKOUT, faults);
        checkouts.push(Checkout {
            repository: Spanned { value: key.value.to_owned(), span: key.span },
            branch: checked(table.text("branch", faults), check_branch, faults),
            base: checked(table.text("base", faults), check_base, faults),
            reference: checked(table.text("ref", faults), check_base, faults),
            sparse: table.texts("sparse", faults).map(|texts| cone(&texts, faults)),
        });
        check_reference(&table, faults);
    }
    checkouts
}

/// Directories that a checkout has.
fn cone(texts: &[Spanned<String>], faults: &mut Vec<Fault>) -> Cone {
    let mut cone = Cone::new();
    for text in texts {
        let Some(path) = relative(text, "sparse", faults) else { continue };
        let hint = "name directories, e.g. `sparse = [\"services\", \"docs/api\"]`";
        let wrong = if path.is_here() {
            "names the whole repository: take the key out for that"
        } else if text.value.contains(['*', '?', '[', ']', '!', '#', '"', '\\']) {
            "names a pattern; only directories work"
        } else {
            cone.insert(path);
            continue;
        };
        faults.push(fault(&text.span, format!("`sparse` {wrong}"), "", hint));
    }
    let inner = |path: &RelPath| cone.iter().any(|other| other != path && other.contains(path));
    // What lies in a directory that is there is there.
    let inner: Vec<RelPath> = cone.iter().filter(|path| inner(path)).cloned().collect();
    cone.retain(|path| !inner.contains(path));
    cone
}

/// Reports keys that say of which branch a checkout is that is to be on none.
fn check_reference(table: &Table<'_>, faults: &mut Vec<Fault>) {
    let Some(reference) = table.get("ref") else { return };
    for key in ["branch", "base"] {
        if let Some(value) = table.get(key) {
            let message = format!("`{key}` and `ref` exclude each other");
            let hint = "a checkout with `ref` is detached at its commit, for reading: keep one of the two";
            faults.push(related(fault(&value.span(), message, "", hint), &reference.span(), "`ref` is here"));
        }
    }
}

/// The managed files of one list; `seen` holds what its scope has given so far.
fn files(table: &Table<'_>, place: &str, seen: &mut BTreeMap<Target, Range<usize>>, faults: &mut Vec<Fault>) -> Vec<ManagedFile> {
    let mut files: Vec<ManagedFile> = Vec::new();
    for table in table.tables("files", place, faults) {
        let (to, file) = file(&table, faults);
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
fn file(table: &Table<'_>, faults: &mut Vec<Fault>) -> (Option<Spanned<Target>>, Option<ManagedFile>) {
    table.check_keys(FILE, faults);
    let to = table.needed("to", "say where the file goes in the builder", faults);
    let to = to.and_then(|to| Some(Spanned { value: target(&to, faults)?, span: to.span }));
    let words = [
        ("copy", Some(FileMode::Copy)),
        ("symlink", Some(FileMode::Symlink)),
        ("template", Some(FileMode::Template)),
        ("none", None),
    ];
    let mode = table.word("mode", &words, faults).map_or(Some(FileMode::Copy), |word| word.value);
    let from = match mode {
        Some(_) => table.needed("from", "name the source, relative to the workspace", faults),
        None => table.text("from", faults),
    };
    let from = from.and_then(|from| source(&from, faults));
    let file = to.clone().filter(|_| from.is_some() || mode.is_none()).map(|to| ManagedFile { from, to, mode });
    (to, file)
}

fn source(from: &Spanned<String>, faults: &mut Vec<Fault>) -> Option<Spanned<RelPath>> {
    let path = relative(from, "from", faults)?;
    if path.is_here() {
        faults.push(fault(&from.span, "`from` is the workspace itself", "", "name a file of the workspace"));
        return None;
    }
    Some(Spanned { value: path, span: from.span.clone() })
}

fn target(to: &Spanned<String>, faults: &mut Vec<Fault>) -> Option<Target> {
    let to = checked(Some(to.clone()), |text| check_template(text, &["repo"]), faults)?;
    let in_checkout = to.value.strip_prefix("./").unwrap_or(&to.value).strip_prefix("{repo}/");
    let tail = in_checkout.unwrap_or(&to.value);
    let path = relative(&Spanned { value: tail.to_owned(), span: to.span.clone() }, "to", faults)?;
    let wrong = if tail.contains("{repo}") {
        "`{repo}` can only be the first part of `to`"
    } else if path.is_here() {
        "`to` names no file"
    } else {
        return Some(if in_checkout.is_some() { Target::EachCheckout(path) } else { Target::Builder(path) });
    };
    faults.push(fault(&to.span, wrong, "", "write e.g. `notes.md`, or `{repo}/.env` for a file in each checkout"));
    None
}
