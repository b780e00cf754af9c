//! `[builders.B]` and `[[files]]`.

use std::collections::BTreeMap;

use super::decode::{Keys, Table, printable};
use super::fault::{fault, related};
use super::hooks::hooks;
use super::labels::labels;
use super::managed::{Scope, files};
use super::names::Names;
use super::schema::{Builder, Checkout, Config, Spanned};
use super::sections::{checked, policy, relative};
use super::value::{check_base, check_branch};
use crate::diagnostic::Fault;
use crate::model::name::BuilderName;
use crate::model::path::RelPath;
use crate::model::sparse::Cone;

const BUILDER: Keys = &[
    "repos",
    "branch",
    "base",
    "protect",
    "include_root",
    "labels",
    "checkout",
    "files",
    "hooks",
    "delete_branch",
    "on_unsaved",
    "disposable",
    "trash_keep",
    "auto_prune",
];
const CHECKOUT: Keys = &["branch", "base", "ref", "sparse"];

/// Reads builders and files.
pub(super) fn builders(top: &Table<'_>, config: &mut Config, names: &mut Names) {
    let faults = &mut config.faults;
    config.files.extend(files(top, "[[files]]", Scope::Builder, &mut names.targets, faults));
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
    let labels = labels(table, &format!("[builders.{shown}.labels]"), faults);
    let files = files(table, &format!("[[builders.{shown}.files]]"), Scope::Builder, &mut BTreeMap::new(), faults);
    let hooks = hooks(table, &format!("[builders.{shown}.hooks]"), faults);
    let policy = policy(table, faults);
    Some(Builder {
        name: name?,
        repos,
        repos_whole,
        branch,
        base,
        protect,
        include_root,
        labels,
        checkouts,
        hooks,
        files,
        policy,
    })
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
