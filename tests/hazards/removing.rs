//! Removing: the builder that shall go, what is asked of every state of it, and states of its registration and path.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("a lock", "a_lock_of_somebody_else"),
    ("a held index.lock", "a_held_index_lock"),
    ("the builder replaced by a symlink", "a_builder_replaced_by_a_symlink"),
    ("a checkout replaced by a symlink", "a_checkout_replaced_by_a_symlink"),
    ("the main worktree: .git is a directory", "a_clone_in_place_of_the_checkout"),
    ("the main worktree: .git names the repository itself", "a_git_file_that_names_the_main_worktree"),
    ("a checkout whose real path left builders_dir", "a_checkout_that_was_moved_out_of_the_builder"),
    ("a nested builder with work inside", "work_inside_a_nested_builder"),
];

const ALL: &str = "[repos.api]\n[repos.web]
[builders.work]\nrepos = [\"api\"]\n[builders.idle]\nrepos = [\"api\"]\n[builders.stays]\nrepos = [\"web\"]\n";
pub(super) const STAYS: &str = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n";

/// Builders `work`, `idle` and `stays`; only the last is declared any more.
pub(super) fn made() -> Sandbox {
    made_of(Sandbox::workspace())
}

/// The same in a workspace that was prepared.
pub(super) fn made_of(sandbox: Sandbox) -> Sandbox {
    sandbox.toml(ALL);
    sandbox.apply().ok();
    sandbox.toml(STAYS);
    sandbox
}

pub(super) fn api(sandbox: &Sandbox) -> PathBuf {
    sandbox.builder("work/api")
}

/// git in `work/api`.
pub(super) fn git(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.git(api(sandbox), arguments)
}

/// Writes a file of `work/api`.
pub(super) fn write(sandbox: &Sandbox, path: &str, text: &str) {
    sandbox.write(format!(".builders/work/api/{path}"), text);
}

/// An empty commit in `work/api`; its id.
pub(super) fn commit(sandbox: &Sandbox, message: &str) -> String {
    git(sandbox, &["commit", "-q", "--allow-empty", "-m", message]);
    git(sandbox, &["rev-parse", "HEAD"])
}

/// The admin directory of `work/api`, whatever became of the worktree itself.
pub(super) fn admin(sandbox: &Sandbox) -> PathBuf {
    let all = std::fs::read_dir(sandbox.path("repos/api/.git/worktrees")).unwrap().map(|entry| entry.unwrap().path());
    all.into_iter().find(|path| text(path.join("gitdir")).contains("/.builders/work/")).unwrap()
}

/// What the removal of `work` put into the trash.
pub(super) fn trash(sandbox: &Sandbox) -> PathBuf {
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("work");
    sandbox.trash().into_iter().find(named).unwrap()
}

/// Every object of `repos/api`.
pub(super) fn objects(sandbox: &Sandbox) -> BTreeSet<String> {
    let all = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"];
    sandbox.git("repos/api", &all).lines().map(str::to_owned).collect()
}

/// Deletes every branch of `repos/api` but its own, and lets git clean up all it can.
pub(super) fn forget(sandbox: &Sandbox) {
    for branch in sandbox.branches("repos/api").iter().filter(|branch| *branch != "main") {
        sandbox.git("repos/api", &["branch", "-q", "-D", branch]);
    }
    sandbox.git("repos/api", &["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
    sandbox.git("repos/api", &["gc", "-q", "--prune=now"]);
}

/// None of these objects is missing once git has forgotten all it can.
#[track_caller]
pub(super) fn nothing_lost(sandbox: &Sandbox, before: &BTreeSet<String>) {
    forget(sandbox);
    let now = objects(sandbox);
    let lost: Vec<_> = before.difference(&now).collect();
    assert!(lost.is_empty(), "lost {lost:?}");
    sandbox.fsck(&["", "repos/api"]);
}

/// Brings about a state of `work`: its removal is then refused with these words, nothing of it changes, `idle` goes.
#[track_caller]
pub(super) fn blocked(words: &[&str], state: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = made();
    state(&sandbox);
    refused(&sandbox, words);
    sandbox
}

#[track_caller]
pub(super) fn refused(sandbox: &Sandbox, words: &[&str]) {
    let picture = || [snapshot(sandbox.builder("work")), snapshot(admin(sandbox))];
    let before = picture();
    let answer = sandbox.apply().fails().says("! builders.work").says("1 removed");
    for word in words {
        assert!(answer.stdout.contains(word), "no {word:?} in\n{answer}");
    }
    before.iter().zip(picture()).for_each(|(before, after)| before.assert_same(&after));
    assert!(!sandbox.builder("idle").exists(), "the others go on");
    assert_eq!(sandbox.trash().len(), 1);
}

/// The same, and with `--unsaved=trash` it moves: files and objects are all still there when git has forgotten the rest.
#[track_caller]
pub(super) fn blocked_until_told(words: &[&str], state: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = blocked(words, state);
    told(&sandbox);
    sandbox
}

#[track_caller]
pub(super) fn told(sandbox: &Sandbox) {
    let (files, kept) = (snapshot(sandbox.builder("work")), objects(sandbox));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    assert!(!sandbox.builder("work").exists());
    files.assert_same(&snapshot(trash(sandbox).join("tree")));
    nothing_lost(sandbox, &kept);
    sandbox.converged();
}

/// Refused, and `--unsaved=trash` moves nothing of it either.
#[track_caller]
pub(super) fn blocked_for_good(words: &[&str], state: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = blocked(words, state);
    still_refused(&sandbox);
    sandbox
}

#[track_caller]
pub(super) fn still_refused(sandbox: &Sandbox) {
    let before = snapshot(sandbox.builder("work"));
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).fails();
    assert!(answer.stdout.contains("! builders.work"), "{answer}");
    before.assert_same(&snapshot(sandbox.builder("work")));
}

/// `git worktree lock` by somebody: neither a look nor `--unsaved=trash` goes over it.
#[test]
fn a_lock_of_somebody_else() {
    let sandbox = blocked_for_good(&["locked: mine, do not touch", "worktree unlock"], |sandbox| {
        let path = api(sandbox);
        git(sandbox, &["worktree", "lock", "--reason", "mine, do not touch", path.to_str().unwrap()]);
    });
    assert_eq!(text(admin(&sandbox).join("locked")), "mine, do not touch\n");
    git(&sandbox, &["worktree", "unlock", api(&sandbox).to_str().unwrap()]);
    sandbox.apply().ok();
    sandbox.converged();
}

/// A git that is at work in the checkout, or died there.
#[test]
fn a_held_index_lock() {
    let sandbox = blocked_for_good(&["index.lock is held", "only if none runs there any more: rm ", "/index.lock"], |sandbox| {
        std::fs::write(admin(sandbox).join("index.lock"), "half an index").unwrap();
    });
    assert_eq!(text(admin(&sandbox).join("index.lock")), "half an index", "never deleted by us");
    std::fs::remove_file(admin(&sandbox).join("index.lock")).unwrap();
    sandbox.apply().ok();
    sandbox.converged();
}

/// The builder was moved away, and a symbolic link stands where it was.
#[test]
fn a_builder_replaced_by_a_symlink() {
    let sandbox = made();
    let elsewhere = sandbox.top().join("elsewhere");
    std::fs::rename(sandbox.builder("work"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, sandbox.builder("work")).unwrap();
    let before = snapshot(&elsewhere);
    for arguments in [&["apply", "--auto-approve"] as &[&str], &["apply", "--auto-approve", "--unsaved=trash"]] {
        sandbox.wsctl(arguments).fails().says("! builders.work").says("a symbolic link stands where the builder was");
        assert!(sandbox.builder("work").is_symlink());
        before.assert_same(&snapshot(&elsewhere));
    }
    assert!(!sandbox.builder("idle").exists(), "the others go on");
    assert!(admin(&sandbox).join("HEAD").exists());
    // Put back as it was, it goes.
    std::fs::remove_file(sandbox.builder("work")).unwrap();
    std::fs::rename(&elsewhere, sandbox.builder("work")).unwrap();
    sandbox.apply().ok();
    sandbox.converged();
}

/// One checkout was moved away, and a symbolic link stands where it was.
#[test]
fn a_checkout_replaced_by_a_symlink() {
    let sandbox = made();
    let elsewhere = sandbox.top().join("elsewhere");
    std::fs::rename(api(&sandbox), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, api(&sandbox)).unwrap();
    let before = snapshot(&elsewhere);
    refused(&sandbox, &["a symbolic link stands where the checkout api was"]);
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).fails();
    before.assert_same(&snapshot(&elsewhere));
    assert!(api(&sandbox).is_symlink());
}

/// A clone stands where the checkout was: its `.git` is a directory, all of its history lies in it.
#[test]
fn a_clone_in_place_of_the_checkout() {
    blocked_for_good(&["do not name each other", "worktree list"], |sandbox| {
        std::fs::remove_dir_all(api(sandbox)).unwrap();
        sandbox.git("", &["clone", "-q", "repos/api", ".builders/work/api"]);
    });
}

/// The checkout's `.git` names the base repository itself: what lies there counts as its main worktree.
#[test]
fn a_git_file_that_names_the_main_worktree() {
    let sandbox = blocked_for_good(&["do not name each other", "worktree list"], |sandbox| {
        std::fs::write(api(sandbox).join(".git"), format!("gitdir: {}\n", sandbox.path("repos/api/.git").display())).unwrap();
    });
    sandbox.fsck(&["repos/api"]);
    assert_eq!(sandbox.git("repos/api", &["status", "--porcelain"]), "");
}

/// `git worktree move` took the checkout out of `builders_dir`.
#[test]
fn a_checkout_that_was_moved_out_of_the_builder() {
    let sandbox = made();
    let (away, admin) = (sandbox.top().join("away"), admin(&sandbox));
    git(&sandbox, &["worktree", "move", api(&sandbox).to_str().unwrap(), away.to_str().unwrap()]);
    std::fs::write(away.join("new.txt"), "new\n").unwrap();
    let before = || [snapshot(&away), snapshot(&admin)];
    let (seen, kept) = (before(), objects(&sandbox));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]);
    assert_eq!(before(), seen);
    assert_eq!(sandbox.git(&away, &["status", "--porcelain"]), "?? new.txt");
    assert!(kept.is_subset(&objects(&sandbox)));
    sandbox.fsck(&["repos/api"]);
}

/// A nested builder is one worktree that holds others: work in an inner one keeps all of it.
#[test]
fn work_inside_a_nested_builder() {
    let sandbox = Sandbox::workspace();
    let nested = "[workspace]\nlayout = \"nested\"\n";
    sandbox.toml(&format!("{nested}{ALL}"));
    sandbox.apply().ok();
    sandbox.write(".builders/work/repos/api/README.md", "edited\n");
    sandbox.toml(&format!("{nested}{STAYS}"));
    refused(&sandbox, &["1 changed file: README.md", "repos/api status"]);
    told(&sandbox);
}

/// Whether a program ends well in the sandbox.
pub(super) fn works(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> bool {
    sandbox.command(program).args(arguments).current_dir(Path::new("/")).output().is_ok_and(|output| output.status.success())
}
