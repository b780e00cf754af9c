//! What a workspace has come to, line by line, without what differs from run to run: the random id, times, inodes.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::tokens::git_dirs;
use crate::support::Sandbox;

/// Keys of marks and manifests that no two runs share.
const FLEETING: [&str; 9] = ["id", "boot", "workspace", "created", "identity", "inner_path", "removed", "admin_name", "keeper"];

/// Everything that two ways to the same end must agree on.
pub(super) fn end_state(sandbox: &Sandbox) -> BTreeSet<String> {
    let root = sandbox.root();
    let own = root.join(".builders/.wsctl");
    let mut lines = BTreeSet::new();
    tree(&root, Path::new(""), &|tail| tail == Path::new(".builders/.wsctl"), "", &mut lines);
    for entry in list(&own.join("trash")) {
        trash_entry(&entry, &mut lines);
    }
    tree(&own.join("builders"), Path::new(""), &|_| false, ".wsctl/builders/", &mut lines);
    let mut aside = BTreeSet::new();
    tree(&own.join("replaced"), Path::new(""), &|_| false, ".wsctl/replaced/", &mut aside);
    lines.extend(aside.into_iter().map(unnumbered));
    for git_dir in git_dirs(&root).iter().filter(|git_dir| !git_dir.starts_with(&own)) {
        repository(sandbox, git_dir, &mut lines);
    }
    lines
}

/// A line of a file that was set aside, without its number: the one that came first has the first. One whose text is kept
/// already is not kept again.
fn unnumbered(line: String) -> String {
    let number =
        |name: &str| name.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok()).map(|(stem, _)| stem.to_owned());
    match line.split_once(' ').and_then(|(name, hash)| Some((number(name)?, hash))) {
        Some((stem, hash)) => format!("{stem} {hash}"),
        None => line,
    }
}

/// The entries of a directory, sorted; none where there is no directory.
pub(super) fn list(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Files, links and directories with their content, without git's own.
fn tree(top: &Path, tail: &Path, skip: &dyn Fn(&Path) -> bool, prefix: &str, lines: &mut BTreeSet<String>) {
    for path in list(&top.join(tail)) {
        let tail = tail.join(path.file_name().unwrap());
        if skip(&tail) || path.file_name().unwrap() == ".git" {
            continue;
        }
        let shown = format!("{prefix}{}", tail.display());
        let found = path.symlink_metadata().unwrap();
        if found.is_symlink() {
            lines.insert(format!("{shown} -> {}", fs::read_link(&path).unwrap().display()));
        } else if found.is_dir() {
            lines.insert(format!("{shown}/"));
            tree(top, &tail, skip, prefix, lines);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            lines.insert(format!("{shown} {}", mark(&path)));
        } else {
            let mut hasher = DefaultHasher::new();
            fs::read(&path).unwrap().hash(&mut hasher);
            lines.insert(format!("{shown} {:x}", hasher.finish()));
        }
    }
}

/// A mark or manifest without what is fleeting.
fn mark(path: &Path) -> String {
    match serde_json::from_slice::<Value>(&fs::read(path).unwrap_or_default()) {
        Ok(mut value) => {
            forget(&mut value);
            value.to_string()
        }
        Err(error) => format!("unreadable: {error}"),
    }
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !FLEETING.contains(&key.as_str()));
            map.values_mut().for_each(forget);
        }
        Value::Array(list) => list.iter_mut().for_each(forget),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The name of a trash entry without its time and number.
fn stem(name: &str) -> &str {
    name.split_once("-17").map_or(name, |(stem, _)| stem)
}

/// What a removal took. What a killed creation left behind is no such thing.
fn trash_entry(entry: &Path, lines: &mut BTreeSet<String>) {
    let manifest = entry.join("manifest.json");
    let counts = fs::read(&manifest).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    if counts.is_some_and(|manifest| manifest["counts"] == false) {
        return;
    }
    let name = entry.file_name().unwrap().to_string_lossy().into_owned();
    let name = format!("trash/{}", stem(&name));
    lines.insert(format!("{name} {}", mark(&manifest)));
    let prefix = format!("{name}/");
    for part in ["tree", "branch"] {
        tree(entry, Path::new(part), &|_| false, &prefix, lines);
    }
    for admin in list(&entry.join("admin")) {
        let part = admin.file_name().unwrap().to_string_lossy().into_owned();
        for file in ["HEAD", "index", "logs/HEAD"] {
            lines.insert(format!("{name}/admin/{part}/{file} {}", admin.join(file).exists()));
        }
    }
}

fn repository(sandbox: &Sandbox, git_dir: &Path, lines: &mut BTreeSet<String>) {
    let name = git_dir.strip_prefix(sandbox.root()).unwrap().display().to_string();
    let git = |arguments: &[&str]| {
        let output = sandbox.command("git").arg("--git-dir").arg(git_dir).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    lines.insert(format!("{name} HEAD {}", fs::read_to_string(git_dir.join("HEAD")).unwrap_or_default().trim()));
    let anchor = git_dir.join("wsctl-builder.json");
    if anchor.exists() {
        lines.insert(format!("{name} mark {}", mark(&anchor)));
        lines.extend(git(&["ls-tree", "-r", "HEAD"]).lines().map(|line| format!("{name} tree {line}")));
        let exclude = fs::read_to_string(git_dir.join("info/exclude")).unwrap_or_default();
        lines.extend(exclude.lines().map(|line| format!("{name} exclude {line}")));
        let top = git_dir.parent().unwrap().to_str().unwrap().to_owned();
        let status = sandbox.try_git(sandbox.top(), &["-C", &top, "status", "--porcelain", "--ignored"]);
        lines.extend(String::from_utf8_lossy(&status.stdout).lines().map(|line| format!("{name} status {line}")));
    } else {
        let refs =
            git(&["for-each-ref", "--format=%(refname) %(objectname) %(upstream)", "refs/heads", "refs/remotes", "refs/tags"]);
        lines.extend(refs.lines().map(|line| format!("{name} ref {line}")));
        lines.extend(git(&["stash", "list"]).lines().map(|line| format!("{name} stash {line}")));
    }
    lines.extend(git(&["config", "--local", "--list"]).lines().map(|line| format!("{name} config {line}")));
    for admin in list(&git_dir.join("worktrees")) {
        worktree(sandbox, &name, &admin, lines);
    }
}

fn worktree(sandbox: &Sandbox, repository: &str, admin: &Path, lines: &mut BTreeSet<String>) {
    let gitdir = fs::read_to_string(admin.join("gitdir")).unwrap_or_default();
    let place = Path::new(gitdir.trim_end()).parent().unwrap_or(Path::new("nowhere"));
    let shown = place.strip_prefix(sandbox.root()).unwrap_or(place).display().to_string();
    let name = format!("{repository} worktree {shown}");
    let git = |arguments: &[&str]| {
        let mut all = vec!["-C", place.to_str().unwrap()];
        all.extend(arguments);
        String::from_utf8_lossy(&sandbox.try_git(sandbox.top(), &all).stdout).into_owned()
    };
    lines.insert(format!(
        "{name} HEAD {} {}",
        fs::read_to_string(admin.join("HEAD")).unwrap_or_default().trim(),
        git(&["rev-parse", "HEAD"])
    ));
    lines.extend(git(&["status", "--porcelain", "--ignored"]).lines().map(|line| format!("{name} status {line}")));
    let lock = fs::read_to_string(admin.join("locked")).ok();
    let lock = lock.map(|reason| reason.split_once(": ").map_or(reason.clone(), |(_, deed)| deed.to_owned()));
    lines.insert(format!("{name} locked {lock:?}"));
    for file in ["wsctl.json", "wsctl-builder.json"] {
        if admin.join(file).exists() {
            lines.insert(format!("{name} {file} {}", mark(&admin.join(file))));
        }
    }
}

/// The lines that only one of two ends has.
pub(super) fn differences(wanted: &BTreeSet<String>, got: &BTreeSet<String>) -> Vec<String> {
    let missing = wanted.difference(got).map(|line| format!("missing: {line}"));
    missing.chain(got.difference(wanted).map(|line| format!("too much: {line}"))).collect()
}
