//! `version`, `[workspace]`, `[defaults]` and `[policy]`.

use toml::de::DeValue;

use super::decode::{Keys, Role, Table, Value, printable, wrong_type};
use super::fault::fault;
use super::hooks::hooks;
use super::labels::labels;
use super::names::Names;
use super::ports::ports;
use super::repos::repos;
use super::schema::{Config, Defaults, Layout, PolicyKeys, Spanned, Workspace};
use super::session::session;
use super::value::{Refusal, check_base, check_branch, check_template, duration, expand};
use crate::diagnostic::Fault;
use crate::model::path::RelPath;
use crate::model::policy::{DeleteBranch, MaxRemovals, OnUnsaved};

const TOP: Keys = &[
    "version",
    "include",
    "workspace",
    "defaults",
    "repos",
    "builders",
    "files",
    "hooks",
    "session",
    "opencode",
    "policy",
    "moved",
];
const WORKSPACE: Keys = &["root", "repos_dir", "builders_dir", "layout", "anchor", "branch", "base", "fetch", "ports"];
const DEFAULTS: Keys = &[
    "labels",
    "repos",
    "branch",
    "base",
    "protect",
    "include_root",
    "delete_branch",
    "on_unsaved",
    "disposable",
    "trash_keep",
    "auto_prune",
];
const LAYOUT: Keys = &["root", "repo"];
const POLICY_TABLE: Keys = &["delete_branch", "on_unsaved", "disposable", "trash_keep", "auto_prune", "max_removals"];

/// What an included file may hold.
const INCLUDED: [&str; 5] = ["version", "repos", "builders", "files", "moved"];

/// Reads everything but builders and files.
pub(super) fn sections(top: &Table<'_>, role: Role, config: &mut Config, names: &mut Names) {
    let faults = &mut config.faults;
    top.check_keys(TOP, faults);
    match role {
        Role::Main => main(top, config, names),
        Role::Included => {
            version(top, faults);
            check_included(top, faults);
        }
    }
    let faults = &mut config.faults;
    if let Some(table) = top.table("repos", "[repos]".into(), faults) {
        if let Some(keys) = &mut config.repo_keys {
            keys.extend(table.entries().map(|(key, _)| key.value.to_owned()));
        }
        repos(&table, config, names);
    } else if top.get("repos").is_some() {
        config.repo_keys = None;
    }
}

/// Reads what only the file itself may hold.
fn main(top: &Table<'_>, config: &mut Config, names: &mut Names) {
    let faults = &mut config.faults;
    top.check_present("version", "begin the file with `version = 1`", faults);
    version(top, faults);
    names.include = top.texts("include", faults).unwrap_or_default();
    if let Some(table) = top.table("workspace", "[workspace]".into(), faults) {
        config.workspace = workspace(&table, faults);
    }
    if let Some(table) = top.table("defaults", "[defaults]".into(), faults) {
        config.defaults = defaults(&table, faults);
    }
    config.hooks = hooks(top, "[hooks]", faults);
    if let Some(table) = top.table("policy", "[policy]".into(), faults) {
        table.check_keys(POLICY_TABLE, faults);
        config.policy = policy(&table, faults);
        config.max_removals = table.get("max_removals").and_then(|value| max_removals(value, faults));
    }
    session(top, config);
}

/// Reports what an included file may not say.
fn check_included(top: &Table<'_>, faults: &mut Vec<Fault>) {
    for (key, _) in top.entries().filter(|(key, _)| TOP.contains(&key.value) && !INCLUDED.contains(&key.value)) {
        let (message, hint) = match key.value {
            "include" => ("an included file includes no other".to_owned(), "name that file in the `include` of the first one"),
            other => (format!("`{other}` cannot stand in an included file"), "it belongs in the file that includes this one"),
        };
        faults.push(fault(&key.span, message, "", hint));
    }
}

fn version(top: &Table<'_>, faults: &mut Vec<Fault>) {
    let Some(value) = top.get("version") else { return };
    if value.get_ref().as_integer().is_none() {
        wrong_type::<()>(value, "version", "1", "write `version = 1`", faults);
    } else if integer(value) != Some(1) {
        faults.push(fault(&value.span(), "`version` must be 1", "this wsctl reads version 1", "write `version = 1`"));
    }
}

/// An integer's value; `None` for another type, and for one out of range.
pub(super) fn integer(value: &Value<'_>) -> Option<u32> {
    let integer = value.get_ref().as_integer()?;
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn workspace(table: &Table<'_>, faults: &mut Vec<Fault>) -> Workspace {
    table.check_keys(WORKSPACE, faults);
    Workspace {
        span: table.span.clone(),
        root: table.text("root", faults),
        repos_dir: table.text("repos_dir", faults),
        builders_dir: table.text("builders_dir", faults),
        layout: table.get("layout").and_then(|value| layout(table, value, faults)),
        anchor: table.flag("anchor", faults).map(|flag| flag.value),
        branch: checked(table.text("branch", faults), check_branch, faults),
        base: checked(table.text("base", faults), check_base, faults),
        fetch: table.flag("fetch", faults).map(|flag| flag.value),
        ports: table.text("ports", faults).and_then(|text| ports(&text, faults)),
    }
}

fn defaults(table: &Table<'_>, faults: &mut Vec<Fault>) -> Defaults {
    table.check_keys(DEFAULTS, faults);
    Defaults {
        repos: table.texts("repos", faults),
        branch: checked(table.text("branch", faults), check_branch, faults),
        base: checked(table.text("base", faults), check_base, faults),
        protect: table.flag("protect", faults).map(|flag| flag.value),
        include_root: table.flag("include_root", faults),
        labels: labels(table, "[defaults.labels]", faults),
        policy: policy(table, faults),
    }
}

/// A text that passes a check, else its fault.
pub(super) fn checked(
    text: Option<Spanned<String>>,
    check: impl Fn(&str) -> Result<(), Refusal>,
    faults: &mut Vec<Fault>,
) -> Option<Spanned<String>> {
    let text = text?;
    match check(&text.value) {
        Ok(()) => Some(text),
        Err((message, hint)) => {
            faults.push(fault(&text.span, message, "", hint));
            None
        }
    }
}

fn layout<'a>(table: &Table<'a>, value: &'a Value<'a>, faults: &mut Vec<Fault>) -> Option<Spanned<Layout>> {
    const VALID: &str = "valid: `sibling`, `split`, `nested`, or a table such as `{ root = \"ws\", repo = \"src/{repo}\" }`";
    let span = value.span();
    let layout = match value.get_ref() {
        DeValue::String(word) => match word.as_ref() {
            "sibling" => Layout::Sibling,
            "split" => Layout::Split,
            "nested" => Layout::Nested,
            other => {
                faults.push(fault(&span, format!("`{}` is no layout", printable(other)), "", VALID));
                return None;
            }
        },
        DeValue::Table(_) => custom(&table.below(value, "layout", "`layout`".into(), faults)?, faults)?,
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => {
            return wrong_type(value, "layout", "a string or a table", VALID, faults);
        }
    };
    Some(Spanned { value: layout, span })
}

fn custom(table: &Table<'_>, faults: &mut Vec<Fault>) -> Option<Layout> {
    table.check_keys(LAYOUT, faults);
    let root = table.needed("root", "say where the root's checkout lies, e.g. `root = \"ws\"`", faults);
    let root = root.and_then(|root| {
        checked(
            Some(root.clone()),
            |text| check_template(text, &[]).map_err(|(why, _)| (why, "`root` has no variables".into())),
            faults,
        )?;
        relative(&root, "root", faults)
    });
    let repo = table.needed("repo", "say where the other checkouts lie, e.g. `repo = \"src/{repo}\"`", faults);
    let repo = checked(repo, |text| check_template(text, &["repo"]), faults).and_then(|repo| {
        let sample = Spanned { value: expand(&repo.value, "", "r"), span: repo.span.clone() };
        relative(&sample, "repo", faults)?;
        if repo.value.contains("{repo}") {
            return Some(repo.value);
        }
        let message = "`repo` lacks `{repo}`: every checkout would take the same path";
        faults.push(fault(&repo.span, message, "", "write e.g. `repo = \"src/{repo}\"`"));
        None
    });
    Some(Layout::Custom { root: root?, repo: repo? })
}

/// A path that must stay inside its base.
pub(super) fn relative(text: &Spanned<String>, key: &str, faults: &mut Vec<Fault>) -> Option<RelPath> {
    match RelPath::new(&text.value) {
        Ok(path) => Some(path),
        Err(why) => {
            let message = format!("`{key}` {why}");
            faults.push(fault(&text.span, message, "", "write a path that stays inside, such as `notes/todo.md`"));
            None
        }
    }
}

/// The policy keys of `[policy]`, of `[defaults]` or of a builder.
pub(super) fn policy(table: &Table<'_>, faults: &mut Vec<Fault>) -> PolicyKeys {
    let words = [("never", DeleteBranch::Never), ("merged", DeleteBranch::Merged)];
    let delete_branch = table.word("delete_branch", &words, faults).map(|word| word.value);
    let words = [("block", OnUnsaved::Block), ("trash", OnUnsaved::Trash)];
    let on_unsaved = table.word("on_unsaved", &words, faults).map(|word| word.value);
    let disposable = table.texts("disposable", faults);
    let trash_keep = table.text("trash_keep", faults).and_then(|text| match duration(&text.value) {
        Ok(seconds) => Some(seconds),
        Err(why) => {
            faults.push(fault(&text.span, format!("`trash_keep`: {why}"), "", "write e.g. `14d`, `3d` or `12h`"));
            None
        }
    });
    PolicyKeys {
        delete_branch,
        on_unsaved,
        disposable: disposable.map(|patterns| patterns.into_iter().map(|pattern| pattern.value).collect()),
        trash_keep,
        auto_prune: table.flag("auto_prune", faults).map(|flag| flag.value),
    }
}

fn max_removals(value: &Value<'_>, faults: &mut Vec<Fault>) -> Option<MaxRemovals> {
    const HINT: &str = "write a number such as `5`, or a part such as `\"25%\"`";
    let found = if value.get_ref().as_integer().is_some() {
        integer(value).map(MaxRemovals::Count)
    } else if let Some(text) = value.get_ref().as_str() {
        let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|d| d.parse().ok()).filter(|p| (1..=100).contains(p)).map(MaxRemovals::Percent)
    } else {
        return wrong_type(value, "max_removals", "a number or a string", HINT, faults);
    };
    if found.is_none() {
        faults.push(fault(&value.span(), "`max_removals` must be 0 or more, or `1%` to `100%`", "", HINT));
    }
    found
}
