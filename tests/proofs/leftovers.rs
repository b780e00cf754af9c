//! What a run that was cut short may leave for a moment and no later run may leave for good.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::end::list;
use super::tokens::git_dirs;
use crate::support::Sandbox;

/// Every leftover, in words.
pub(super) fn leftovers(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    let root = sandbox.root();
    let own = root.join(".builders/.wsctl");
    walk(&root, &root, &mut found);
    let mut entries = BTreeSet::new();
    for entry in list(&own.join("trash")) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        for part in ["manifest.json", "tree"] {
            if !entry.join(part).exists() {
                found.push(format!("half an entry in the trash: {name} has no {part}"));
            }
        }
        entries.insert(name);
    }
    if !list(&own.join("new")).is_empty() {
        found.push("a draft in .wsctl/new".into());
    }
    for mark in list(&own.join("builders")) {
        let name = mark.file_stem().unwrap().to_owned();
        if !root.join(".builders").join(&name).exists() {
            found.push(format!("the mark of a builder that is gone: {}", name.display()));
        }
    }
    for git_dir in git_dirs(&root) {
        registrations(&git_dir, &mut found);
        keepers(sandbox, &git_dir, &entries, &mut found);
    }
    found
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for path in list(directory) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let temporary = name.starts_with(".wsctl-") || name.starts_with("wsctl-gone-");
        let copied = name.ends_with(".wsctl-copy");
        let lock = path.extension().is_some_and(|extension| extension == "lock") && name != "wsctl.lock";
        if temporary || copied || lock {
            found.push(format!("left: {}", path.strip_prefix(root).unwrap().display()));
        }
        if path.symlink_metadata().unwrap().is_dir() && name != "objects" {
            walk(root, &path, found);
        }
    }
}

fn registrations(git_dir: &Path, found: &mut Vec<String>) {
    for admin in list(&git_dir.join("worktrees")) {
        let shown = admin.display();
        if let Ok(reason) = fs::read_to_string(admin.join("locked"))
            && reason.starts_with("wsctl ")
            && !reason.contains("holds other checkouts")
        {
            found.push(format!("a lock of ours in {shown}: {}", reason.trim()));
        }
        let link = fs::read_to_string(admin.join("gitdir")).unwrap_or_default();
        if !Path::new(link.trim_end()).exists() {
            found.push(format!("a registration without its worktree: {shown}"));
        }
    }
}

/// Keepers of entries that the trash does not hold.
fn keepers(sandbox: &Sandbox, git_dir: &Path, entries: &BTreeSet<String>, found: &mut Vec<String>) {
    let mut list = sandbox.command("git");
    let output = list.arg("--git-dir").arg(git_dir).args(["for-each-ref", "--format=%(refname)", "refs/wsctl"]).output().unwrap();
    for name in String::from_utf8_lossy(&output.stdout).lines() {
        if !name.split('/').nth(3).is_some_and(|entry| entries.contains(entry)) {
            found.push(format!("a keeper without its entry in the trash: {name}"));
        }
    }
}
