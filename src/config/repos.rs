//! `[repos.R]`

use std::collections::BTreeMap;

use super::decode::{Keys, Table, Value, printable, wrong_type};
use super::fault::fault;
use super::hooks::hooks;
use super::managed::{Scope, files};
use super::names::Names;
use super::schema::{Config, Repo, Spanned};
use super::sections::{checked, integer, relative};
use super::value::{check_base, check_filter, check_url};
use crate::diagnostic::Fault;
use crate::model::desired::{Cloning, Contents};
use crate::model::lfs::Lfs;
use crate::model::name::RepoName;
use crate::model::path::RelPath;

const REPO: Keys = &["url", "path", "base", "depth", "filter", "submodules", "lfs", "files", "seed", "hooks"];

/// Reads every repository.
pub(super) fn repos(table: &Table<'_>, config: &mut Config, names: &mut Names) {
    let faults = &mut config.faults;
    for (key, value) in table.entries() {
        let name = match RepoName::new(key.value) {
            Ok(name) => Some(name),
            Err(why) => {
                let hint = if key.value == "." { "`.` is the workspace root, which needs no declaration" } else { "" };
                faults.push(fault(&key.span, format!("repository name `{}` {why}", printable(key.value)), "", hint));
                None
            }
        };
        names.repos.push(Spanned { value: key.value.to_owned(), span: key.span.clone() });
        let shown = printable(key.value);
        let Some(table) = table.below(value, key.value, format!("[repos.{shown}]"), faults) else { continue };
        table.check_keys(REPO, faults);
        let url = table.text("url", faults).and_then(|text| match check_url(&text.value) {
            Ok(url) => Some(Spanned { value: url, span: text.span }),
            Err((why, hint)) => {
                faults.push(fault(&text.span, format!("url {why}"), "", hint));
                None
            }
        });
        let path = table.text("path", faults);
        let base = checked(table.text("base", faults), check_base, faults);
        let cloning = Cloning {
            depth: table.get("depth").and_then(|value| depth(value, faults)),
            filter: checked(table.text("filter", faults), check_filter, faults).map(|text| text.value),
        };
        let contents = Contents {
            submodules: table.flag("submodules", faults).is_some_and(|flag| flag.value),
            lfs: table.flag("lfs", faults).map_or(Lfs::AsConfigured, |flag| lfs(flag.value)),
        };
        let seed = seed(&table, faults);
        let hooks = hooks(&table, &format!("[repos.{shown}.hooks]"), faults);
        if let Some(name) = name {
            let place = format!("[[repos.{shown}.files]]");
            let files = files(&table, &place, Scope::Repository(&name), &mut BTreeMap::new(), faults);
            let spanned = Spanned { value: name.clone(), span: key.span };
            let declared = name;
            let repo = Repo { name: spanned, url, path, base, cloning, contents, files, seed, hooks };
            config.repos.entry(declared).or_insert(repo);
        }
    }
}

/// Directories that new checkouts get from the main worktree.
fn seed(table: &Table<'_>, faults: &mut Vec<Fault>) -> Vec<RelPath> {
    let mut seed: Vec<RelPath> = Vec::new();
    for text in table.texts("seed", faults).unwrap_or_default() {
        let Some(path) = relative(&text, "seed", faults) else { continue };
        let around = |other: &RelPath| other.contains(&path) || path.contains(other);
        let wrong = if path.is_here() {
            "`seed` is the whole repository"
        } else if text.value.contains(['*', '?', '[', '{']) {
            "`seed` names a pattern; only single directories and files work"
        } else if seed.iter().any(around) {
            "`seed` names something that is in what it names already"
        } else {
            seed.push(path);
            continue;
        };
        faults.push(fault(&text.span, wrong, "", "name what git ignores and a build makes, e.g. `seed = [\"target\"]`"));
    }
    seed
}

fn lfs(content: bool) -> Lfs {
    if content { Lfs::Content } else { Lfs::Pointers }
}

fn depth(value: &Value<'_>, faults: &mut Vec<Fault>) -> Option<u32> {
    const HINT: &str = "write how many commits of each branch a clone has, e.g. `1`";
    if value.get_ref().as_integer().is_none() {
        return wrong_type(value, "depth", "a number", HINT, faults);
    }
    let depth = integer(value).filter(|depth| (1..=i32::MAX.unsigned_abs()).contains(depth));
    if depth.is_none() {
        faults.push(fault(&value.span(), "`depth` must be 1 or more", "", HINT));
    }
    depth
}
