//! Tokens: content that exists once, planted where work lives, and found again wherever git or the file system still
//! has it. What git would clean up does not count.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::power::below;
use crate::support::Sandbox;

const SIGN: &[u8] = b"token=";

/// A text that holds one token.
pub(super) fn text(name: &str) -> String {
    format!("token={name};\n")
}

/// Every token of a byte string.
fn scan(bytes: &[u8], found: &mut BTreeSet<String>) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b't') {
        rest = &rest[at..];
        if let Some(name) = rest.strip_prefix(SIGN) {
            let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(name.len());
            if name.get(end) == Some(&b';') {
                found.insert(String::from_utf8_lossy(&name[..end]).into_owned());
            }
        }
        rest = &rest[1..];
    }
}

/// What was found in repositories that have not changed since.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<PathBuf, (u64, BTreeSet<String>)>);

/// Every token in the files below the workspace root and in what its repositories still reach. What they do not reach
/// is pruned first.
pub(super) fn find(sandbox: &Sandbox) -> BTreeSet<String> {
    find_again(sandbox, &mut Known::default())
}

/// The same, without looking again into what has not changed.
pub(super) fn find_again(sandbox: &Sandbox, known: &mut Known) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut git_dirs = Vec::new();
    walk(&sandbox.root(), &mut found, &mut git_dirs);
    for git_dir in git_dirs {
        let now = fingerprint(&git_dir);
        let unchanged = known.0.get(&git_dir).filter(|(then, _)| *then == now).map(|(_, tokens)| tokens.clone());
        let tokens = unchanged.unwrap_or_else(|| {
            let mut tokens = BTreeSet::new();
            objects(sandbox, &git_dir, &mut tokens);
            known.0.insert(git_dir.clone(), (fingerprint(&git_dir), tokens.clone()));
            tokens
        });
        found.extend(tokens);
    }
    found
}

/// The names, sizes, times and inodes of everything in a git directory.
fn fingerprint(git_dir: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut directories = vec![git_dir.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for path in super::end::list(&directory) {
            let Ok(found) = path.symlink_metadata() else { continue };
            (&path, found.len(), found.ino(), found.mtime(), found.mtime_nsec(), found.ctime_nsec()).hash(&mut hasher);
            if found.is_dir() {
                directories.push(path);
            }
        }
    }
    hasher.finish()
}

/// The git directories below a directory; not those of linked worktrees.
pub(super) fn git_dirs(root: &Path) -> Vec<PathBuf> {
    let mut git_dirs = Vec::new();
    walk(root, &mut BTreeSet::new(), &mut git_dirs);
    git_dirs.sort();
    git_dirs
}

/// What an outage left of an anchor, put aside.
fn was_taken_by_a_power_cut(git_dir: &Path) -> bool {
    let aside = git_dir.parent().is_some_and(|parent| parent.ends_with(".wsctl/replaced"));
    aside && below(git_dir).iter().any(|file| file.metadata().is_ok_and(|found| found.len() == 0))
}

fn walk(directory: &Path, found: &mut BTreeSet<String>, git_dirs: &mut Vec<PathBuf>) {
    let is_git_dir = directory.join("objects").is_dir() && directory.join("HEAD").exists();
    if is_git_dir && !was_taken_by_a_power_cut(directory) {
        git_dirs.push(directory.to_path_buf());
    }
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if !is_git_dir || entry.file_name() != "objects" {
                walk(&path, found, git_dirs);
            }
        } else if kind.is_file() {
            scan(&fs::read(&path).unwrap_or_default(), found);
        }
    }
}

fn objects(sandbox: &Sandbox, git_dir: &Path, found: &mut BTreeSet<String>) {
    let mut git = sandbox.command("git");
    // The work tree that a submodule in the trash names is gone.
    git.env("GIT_WORK_TREE", git_dir).arg("--git-dir").arg(git_dir);
    let pruned = git.args(["prune", "--expire=now"]).output().unwrap();
    let said = String::from_utf8_lossy(&pruned.stderr).into_owned();
    assert!(pruned.status.success(), "git prune in {}: {said}", git_dir.display());
    let repository = gix::open_opts(git_dir, gix::open::Options::isolated()).unwrap();
    for id in repository.objects.iter().unwrap() {
        scan(&repository.find_object(id.unwrap()).unwrap().data, found);
    }
}

/// Whether git finds nothing wrong with any repository of the workspace; else what it says.
pub(super) fn fsck(sandbox: &Sandbox) -> Vec<String> {
    let mut wrong = Vec::new();
    for git_dir in git_dirs(&sandbox.root()) {
        let mut command = sandbox.command("git");
        command.env("GIT_WORK_TREE", &git_dir).arg("--git-dir").arg(&git_dir).args([
            "fsck",
            "--strict",
            "--no-dangling",
            "--no-progress",
        ]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        let bad = said.lines().filter(|line| !line.starts_with("notice:") && !line.is_empty());
        wrong.extend(bad.map(|line| format!("fsck of {}: {line}", git_dir.display())));
        if !output.status.success() && said.is_empty() {
            wrong.push(format!("fsck of {}: {}", git_dir.display(), output.status));
        }
    }
    wrong
}
