//! Removing: something that waits for its end in the checkout. It blocks; in the trash nothing of it is missing.

use super::removing::{admin, api, blocked_until_told, commit, git, refused, told, trash, write};
use super::removing_keeper::made_with;
use crate::support::{Sandbox, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("a merge in progress", "a_merge"),
    ("a merge without conflict, not committed", "a_merge_that_was_only_not_committed"),
    ("a rebase in progress", "a_rebase"),
    ("a rebase in progress, by patches", "a_rebase_by_patches"),
    ("a rebase that waits on a clean tree", "a_rebase_that_stopped_on_a_clean_tree"),
    ("a cherry-pick in progress", "a_cherry_pick"),
    ("a cherry-pick that a reftable knows of", "a_cherry_pick_in_a_reftable"),
    ("a sequence between two picks", "a_sequence_between_two_picks"),
    ("a revert in progress", "a_revert"),
    ("a bisect in progress", "a_bisect"),
    ("an am in progress", "an_am"),
];

/// Branches `theirs` and `builder/work` that conflict in README.md.
fn conflicting(sandbox: &Sandbox) {
    write(sandbox, "README.md", "ours\n");
    git(sandbox, &["commit", "-qam", "ours"]);
    git(sandbox, &["switch", "-q", "-c", "theirs", "HEAD~1"]);
    write(sandbox, "README.md", "theirs\n");
    git(sandbox, &["commit", "-qam", "theirs"]);
    git(sandbox, &["switch", "-q", "builder/work"]);
}

/// This command stops half-way: the removal is refused with the operation's name and its abort, and the trash holds
/// the admin directory as it was, so that it could go on.
#[track_caller]
fn paused(operation: &str, abort: &str, state: impl FnOnce(&Sandbox)) -> Sandbox {
    let mut before = None;
    let go_on = abort.replace("--abort", "--continue");
    let words = [format!(" {operation} is in progress"), format!("work/api {abort}"), format!("work/api {go_on}")];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let sandbox = blocked_until_told(&words, |sandbox| {
        state(sandbox);
        sandbox.wsctl(&["status"]).ok().says(&format!("{operation} in progress"));
        before = Some(snapshot(admin(sandbox)));
    });
    // The directory itself is as new as our `locked` in it.
    let now = snapshot(trash(&sandbox).join("admin/api")).without(&["", "locked"]);
    let changed = before.unwrap().differences(&now);
    assert!(changed.iter().all(|path| path.as_os_str().is_empty() || path.ends_with("locked")), "{changed:?}");
    sandbox
}

/// A command of git that has to fail half-way.
fn stops(sandbox: &Sandbox, arguments: &[&str]) {
    let output = sandbox.try_git(api(sandbox), arguments);
    assert!(!output.status.success(), "git {arguments:?}");
}

/// A merge with a conflict.
#[test]
fn a_merge() {
    paused("merge", "merge --abort", |sandbox| {
        conflicting(sandbox);
        stops(sandbox, &["merge", "theirs"]);
    });
}

/// A merge that only waits for its commit: nothing is unmerged, nothing differs from the index.
#[test]
fn a_merge_that_was_only_not_committed() {
    paused("merge", "merge --abort", |sandbox| {
        git(sandbox, &["switch", "-q", "-c", "theirs"]);
        commit(sandbox, "theirs");
        git(sandbox, &["switch", "-q", "builder/work"]);
        git(sandbox, &["merge", "-q", "--no-commit", "--no-ff", "theirs"]);
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// A rebase with a conflict.
#[test]
fn a_rebase() {
    paused("rebase", "rebase --abort", |sandbox| {
        conflicting(sandbox);
        stops(sandbox, &["rebase", "theirs"]);
    });
}

/// The same by the older machinery, which keeps its state in another directory.
#[test]
fn a_rebase_by_patches() {
    paused("rebase", "rebase --abort", |sandbox| {
        conflicting(sandbox);
        stops(sandbox, &["rebase", "--apply", "theirs"]);
        // What it tried out on the way, and nothing names any more.
        git(sandbox, &["prune", "--expire=now"]);
    });
}

/// A rebase that was told to stop: `git status` shows no file at all.
#[test]
fn a_rebase_that_stopped_on_a_clean_tree() {
    paused("rebase", "rebase --abort", |sandbox| {
        commit(sandbox, "one");
        commit(sandbox, "two");
        stops(sandbox, &["rebase", "--keep-empty", "--exec", "false", "HEAD~1"]);
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// A cherry-pick with a conflict.
#[test]
fn a_cherry_pick() {
    paused("cherry-pick", "cherry-pick --abort", |sandbox| {
        conflicting(sandbox);
        stops(sandbox, &["cherry-pick", "theirs"]);
    });
}

/// A pick that changes nothing any more: the files are clean, and no file says that it waits.
#[test]
fn a_cherry_pick_in_a_reftable() {
    let Some(sandbox) = made_with("--ref-format=reftable") else { return };
    conflicting(&sandbox);
    stops(&sandbox, &["cherry-pick", "HEAD"]);
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
    assert!(!admin(&sandbox).join("CHERRY_PICK_HEAD").exists());
    refused(&sandbox, &[" cherry-pick is in progress", "work/api cherry-pick --abort"]);
    told(&sandbox);
}

/// A pick that was resolved and committed: the rest of the sequence waits, and no `CHERRY_PICK_HEAD` says so.
#[test]
fn a_sequence_between_two_picks() {
    paused("cherry-pick", "cherry-pick --abort", |sandbox| {
        conflicting(sandbox);
        git(sandbox, &["switch", "-q", "theirs"]);
        commit(sandbox, "theirs too");
        git(sandbox, &["switch", "-q", "builder/work"]);
        stops(sandbox, &["cherry-pick", "--allow-empty", "theirs~1", "theirs"]);
        write(sandbox, "README.md", "resolved\n");
        git(sandbox, &["commit", "-qam", "resolved"]);
        assert!(!admin(sandbox).join("CHERRY_PICK_HEAD").exists());
        assert!(text(admin(sandbox).join("sequencer/todo")).contains("pick"));
        // The tree of the conflict, which nothing names any more.
        git(sandbox, &["prune", "--expire=now"]);
    });
}

/// A revert with a conflict.
#[test]
fn a_revert() {
    paused("revert", "revert --abort", |sandbox| {
        write(sandbox, "README.md", "one\n");
        git(sandbox, &["commit", "-qam", "one"]);
        write(sandbox, "README.md", "two\n");
        git(sandbox, &["commit", "-qam", "two"]);
        stops(sandbox, &["revert", "HEAD~1"]);
    });
}

/// A bisect, with a checkout in the middle: HEAD is detached at a commit of the branch.
#[test]
fn a_bisect() {
    paused("bisect", "bisect reset", |sandbox| {
        for message in ["one", "two", "three", "four"] {
            commit(sandbox, message);
        }
        git(sandbox, &["bisect", "start", "HEAD", "HEAD~4"]);
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// A series of patches, the first of which does not apply.
#[test]
fn an_am() {
    paused("am", "am --abort", |sandbox| {
        conflicting(sandbox);
        let patches = sandbox.top().join("patches");
        git(sandbox, &["format-patch", "-q", "-1", "-o", patches.to_str().unwrap(), "theirs"]);
        stops(sandbox, &["am", patches.join("0001-theirs.patch").to_str().unwrap()]);
    });
}
