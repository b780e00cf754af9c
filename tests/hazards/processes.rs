//! Two processes: a user with git beside an apply, at a moment that is made certain by a git which does the deed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::removing::{STAYS, admin, api, commit, git, made, nothing_lost, objects, trash, write};
use crate::support::{Answer, Sandbox, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("an edit before the second look", "an_edit_before_the_second_look"),
    ("a commit before the second look", "a_commit_before_the_second_look"),
    ("a rebase before the second look", "a_rebase_before_the_second_look"),
    ("a commit after the second look", "a_commit_after_the_second_look"),
    ("a commit on no branch after the second look", "a_detached_commit_after_the_second_look"),
    ("a commit on no branch while its keeper is written again", "a_detached_commit_after_the_second_keeper"),
    ("a rebase after the second look", "a_rebase_after_the_second_look"),
    ("a stash during an apply", "a_stash_during_an_apply"),
    ("gc --prune=now during an apply", "gc_during_an_apply"),
    ("git worktree prune during an apply", "worktree_prune_between_rename_and_deregistration"),
    ("git worktree add of the same branch", "worktree_add_of_the_branch_that_was_just_made"),
    ("git worktree add at the same path", "worktree_add_at_the_path_that_was_just_free"),
    ("what somebody does before a native creation", "what_somebody_does_before_a_native_creation"),
    ("git worktree add into a builder that goes", "worktree_add_into_a_builder_that_goes"),
    ("true races", "a_user_who_commits_all_the_time"),
];

/// The git that the tests run with.
pub(super) fn real_git() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join("git")).find(|git| git.is_file()).unwrap()
}

/// Moments of a removal of `work`, as conditions of a shell that sees one call of git.
/// The door is opened: plan is made, the second look is still to come.
const BEFORE_THE_LOOK: &str = "[ \"$*\" = version ]";
/// The keeper of `work/api` is written: the second look was made, the rename is still to come.
const BEFORE_THE_RENAME: &str = "case \"$*\" in *'wsctl: keep'*/work-*/api*) true;; *) false;; esac";
/// Renamed, not yet taken out of `worktrees/`.
const AFTER_THE_RENAME: &str = "[ ! -e \"$TOP/ws/.builders/work\" ]";
/// Renamed, and all that the keeper shall hold was read for the second time.
const AFTER_THE_KEEPER: &str =
    "[ ! -e \"$TOP/ws/.builders/work\" ] && case \"$*\" in *rev-parse*refs/wsctl/*/work-*/api*) true;; *) false;; esac";

/// A PATH whose git does this once, when the condition holds, and then what it was called for.
pub(super) fn meanwhile(sandbox: &Sandbox, when: &str, deed: &str) -> OsString {
    let (top, git) = (sandbox.top().display().to_string(), real_git().display().to_string());
    let path = std::env::var("PATH").unwrap();
    sandbox.path_with_git(&format!(
        "#!/bin/sh\nTOP='{top}'\nif {when} && mkdir \"$TOP/fired\" 2>/dev/null; then\n\
         ( unset GIT_DIR GIT_COMMON_DIR GIT_WORK_TREE GIT_CEILING_DIRECTORIES GIT_INDEX_FILE GIT_NO_REPLACE_OBJECTS; PATH='{path}'; set -e\n\
         API=\"$TOP/ws/.builders/work/api\" MAIN=\"$TOP/ws/repos/api\"\n{deed}\n) >\"$TOP/said\" 2>&1 && touch \"$TOP/done\"\nfi\n\
         exec '{git}' \"$@\"\n"
    ))
}

/// Applies while somebody else does this; the deed has to succeed.
#[track_caller]
fn apply_while(sandbox: &Sandbox, when: &str, deed: &str, arguments: &[&str]) -> Answer {
    let path = meanwhile(sandbox, when, deed);
    // One step at a time: what somebody does at that moment meets nothing else.
    let arguments: Vec<&str> = ["apply", "--auto-approve", "-j", "1"].iter().chain(arguments).copied().collect();
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], &arguments);
    assert!(sandbox.top().join("fired").exists(), "the moment never came: {answer}");
    assert!(sandbox.top().join("done").exists(), "{}\n{answer}", text(sandbox.top().join("said")));
    answer
}

/// `work` was about to go, and stays: its one item is refused with these words, `idle` went.
#[track_caller]
fn held_back(sandbox: &Sandbox, deed: &str, words: &[&str]) {
    let answer = apply_while(sandbox, BEFORE_THE_LOOK, deed, &[]).fails();
    for word in ["changed since the plan was made"].iter().chain(words) {
        assert!(answer.stdout.contains(word) || answer.stderr.contains(word), "no {word:?} in {answer}");
    }
    assert!(api(sandbox).join("README.md").exists() && !sandbox.builder("idle").exists());
    assert_eq!(sandbox.trash().len(), 1);
    let kept = objects(sandbox);
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    nothing_lost(sandbox, &kept);
    sandbox.converged();
}

/// A file is edited when the plan is made and the removal has not begun.
#[test]
fn an_edit_before_the_second_look() {
    let sandbox = made();
    held_back(&sandbox, "echo edited >\"$API/README.md\"", &["1 changed file: README.md"]);
    assert_eq!(text(trash(&sandbox).join("tree/api/README.md")), "edited\n");
}

/// A commit at that moment: the branch is no longer where the plan saw it.
#[test]
fn a_commit_before_the_second_look() {
    let sandbox = made();
    held_back(&sandbox, "git -C \"$API\" commit -q --allow-empty -m late", &["HEAD moved since the plan was made"]);
}

/// A rebase that stops at that moment.
#[test]
fn a_rebase_before_the_second_look() {
    let sandbox = made();
    commit(&sandbox, "one");
    held_back(&sandbox, "! git -C \"$API\" rebase -q --no-ff --keep-empty --exec false HEAD~1", &["a rebase is in progress"]);
}

/// A commit on the branch, and a blob in the index, when all looks were made: both are kept, and so is the branch.
#[test]
fn a_commit_after_the_second_look() {
    let sandbox = made();
    let deed = "cd \"$API\"; git commit -q --allow-empty -m late; echo blob >new; git add new; rm new";
    apply_while(&sandbox, BEFORE_THE_RENAME, deed, &[]).ok().says("its branch stays");
    let kept = users(&sandbox);
    assert_eq!(sandbox.git("repos/api", &["log", "-1", "--format=%s", "builder/work"]), "late");
    nothing_lost(&sandbox, &kept);
    sandbox.converged();
}

/// The same where HEAD is on no branch: only the keeper can hold it.
#[test]
fn a_detached_commit_after_the_second_look() {
    let sandbox = made();
    git(&sandbox, &["switch", "-q", "--detach"]);
    let deed = "cd \"$API\"; git commit -q --allow-empty -m late; echo blob >new; git add new; rm new";
    apply_while(&sandbox, BEFORE_THE_RENAME, deed, &[]).ok();
    let kept = users(&sandbox);
    let head = text(trash(&sandbox).join("admin/api/HEAD"));
    assert_eq!(sandbox.git("repos/api", &["log", "-1", "--format=%s", head.trim()]), "late");
    assert!(kept.contains(&format!("{} commit", head.trim())));
    nothing_lost(&sandbox, &kept);
    sandbox.converged();
}

/// In the tree that is in the trash already, until its registration is taken: the keeper is written a third time.
#[test]
fn a_detached_commit_after_the_second_keeper() {
    let sandbox = made();
    git(&sandbox, &["switch", "-q", "--detach"]);
    let deed = "cd \"$TOP\"/ws/.builders/.wsctl/trash/work-*/tree/api; git commit -q --allow-empty -m late";
    apply_while(&sandbox, AFTER_THE_KEEPER, deed, &[]).ok();
    let kept = users(&sandbox);
    let head = text(trash(&sandbox).join("admin/api/HEAD"));
    assert!(kept.contains(&format!("{} commit", head.trim())));
    nothing_lost(&sandbox, &kept);
    sandbox.converged();
    sandbox.wsctl(&["restore", "work", "--auto-approve"]).ok();
    assert_eq!(git(&sandbox, &["log", "-1", "--format=%s"]), "late");
}

/// A rebase that stops between the second look and the rename goes along, with all that it needs to go on.
#[test]
fn a_rebase_after_the_second_look() {
    let sandbox = made();
    commit(&sandbox, "one");
    let deed = "! git -C \"$API\" rebase -q --no-ff --keep-empty --exec false HEAD~1";
    apply_while(&sandbox, BEFORE_THE_RENAME, deed, &[]).ok();
    assert!(trash(&sandbox).join("admin/api/rebase-merge/orig-head").exists());
    let kept = users(&sandbox);
    nothing_lost(&sandbox, &kept);
    sandbox.converged();
}

/// A stash made at either moment belongs to the repository, and can be taken up anywhere.
#[test]
fn a_stash_during_an_apply() {
    for when in [BEFORE_THE_LOOK, BEFORE_THE_RENAME] {
        let sandbox = made();
        let answer = apply_while(&sandbox, when, "cd \"$API\"; echo late >README.md; git stash -q", &[]);
        // Found in time, it stays with the builder; later, the trash has the branch that it was made on.
        let blocked = answer.stderr.contains("1 stash entry made on its branch");
        assert_eq!((answer.code, sandbox.builder("work").exists()), (Some(blocked.into()), blocked), "{when}: {answer}");
        let kept = users(&sandbox);
        if blocked {
            sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        }
        nothing_lost(&sandbox, &kept);
        sandbox.git("repos/api", &["stash", "pop", "-q"]);
        assert_eq!(text(sandbox.path("repos/api/README.md")), "late\n");
        sandbox.converged();
    }
}

/// Every object but what wsctl itself made on the way.
fn users(sandbox: &Sandbox) -> BTreeSet<String> {
    let mut all = objects(sandbox);
    let commits: Vec<&str> = all.iter().filter_map(|object| object.strip_suffix(" commit")).collect();
    let arguments = [&["log", "--no-walk", "--format=%H %s"], commits.as_slice()].concat();
    let log = sandbox.git("repos/api", &arguments);
    let ours = log.lines().filter_map(|line| line.split_once(" wsctl: ")).map(|(id, _)| format!("{id} commit"));
    let ours: BTreeSet<String> = ours.collect();
    all.retain(|object| !ours.contains(object));
    all
}

/// A checkout with a detached commit and a blob that only the index has.
fn precious() -> Sandbox {
    let sandbox = made();
    git(&sandbox, &["switch", "-q", "--detach"]);
    commit(&sandbox, "detached");
    write(&sandbox, "new", "blob\n");
    git(&sandbox, &["add", "new"]);
    std::fs::remove_file(api(&sandbox).join("new")).unwrap();
    sandbox
}

/// The most thorough cleaning at every moment, also when the keeper's objects are written and its ref is not.
#[test]
fn gc_during_an_apply() {
    let clean = "git -C \"$MAIN\" reflog expire --expire=now --all; git -C \"$MAIN\" gc -q --prune=now";
    for when in [BEFORE_THE_LOOK, BEFORE_THE_RENAME, AFTER_THE_RENAME] {
        let sandbox = precious();
        // What this worktree's reflog alone names is the cleaner's to take.
        std::fs::remove_file(admin(&sandbox).join("logs/HEAD")).unwrap();
        let kept = objects(&sandbox);
        let answer = apply_while(&sandbox, when, clean, &["--unsaved=trash"]);
        assert!(answer.code == Some(0) || sandbox.builder("work").exists(), "{when}: {answer}");
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        assert!(!sandbox.builder("work").exists());
        nothing_lost(&sandbox, &kept);
        sandbox.converged();
    }
}

/// The worktree is not where its registration says: what would drop it finds it locked by us.
#[test]
fn worktree_prune_between_rename_and_deregistration() {
    for when in [BEFORE_THE_LOOK, BEFORE_THE_RENAME, AFTER_THE_RENAME] {
        let sandbox = precious();
        let id = git(&sandbox, &["commit-tree", "-m", "own", "HEAD^{tree}"]);
        git(&sandbox, &["update-ref", "refs/worktree/own", &id]);
        let kept = objects(&sandbox);
        apply_while(&sandbox, when, "git -C \"$MAIN\" worktree prune --expire=now", &["--unsaved=trash"]).ok();
        assert!(trash(&sandbox).join("admin/api/refs/worktree/own").exists(), "{when}");
        nothing_lost(&sandbox, &kept);
        sandbox.converged();
    }
}

/// A workspace where `work` is still to be made.
pub(super) fn wanted() -> Sandbox {
    let sandbox = made();
    sandbox.apply().ok();
    sandbox.toml(&format!("{STAYS}[builders.work]\nrepos = [\"api\"]\n[builders.more]\nrepos = [\"web\"]\n"));
    sandbox
}

pub(super) const BEFORE_THE_ADD: &str = "case \"$*\" in *'worktree add'*work/api*) true;; *) false;; esac";

/// Somebody checks out the branch that we made a moment ago: it is his now, and not taken back from him.
#[test]
fn worktree_add_of_the_branch_that_was_just_made() {
    let sandbox = wanted();
    let deed = "git -C \"$MAIN\" worktree add -q \"$TOP/mine\" builder/work; echo mine >\"$TOP/mine/new.txt\"";
    apply_while(&sandbox, BEFORE_THE_ADD, deed, &[]).fails().says("builders.work.api");
    assert!(sandbox.builder("more/web/README.md").exists(), "the others go on");
    let mine = sandbox.top().join("mine");
    assert_eq!(sandbox.git(&mine, &["status", "--porcelain", "--branch"]), "## builder/work\n?? new.txt");
    sandbox.apply().fails().says("branch builder/work is already checked out there");
    sandbox.git("repos/api", &["worktree", "remove", "--force", mine.to_str().unwrap()]);
    sandbox.apply().ok();
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// Somebody makes a worktree, or only a file, where ours was about to go: it is left alone.
#[test]
fn worktree_add_at_the_path_that_was_just_free() {
    for deed in [
        "git -C \"$MAIN\" worktree add -q -b mine \"$API\"; echo mine >\"$API/new.txt\"",
        "mkdir -p \"$API\"; echo mine >\"$API/new.txt\"",
    ] {
        let sandbox = wanted();
        apply_while(&sandbox, BEFORE_THE_ADD, deed, &[]).fails().says("builders.work.api");
        assert!(sandbox.builder("more/web/README.md").exists(), "the others go on");
        assert_eq!(text(api(&sandbox).join("new.txt")), "mine\n");
        assert!(!sandbox.branches("repos/api").contains(&"builder/work".to_owned()), "what we made is taken back");
        let before = snapshot(api(&sandbox));
        sandbox.apply().fails().says("! builders.work.api");
        before.assert_same(&snapshot(api(&sandbox)));
        sandbox.fsck(&["repos/api"]);
    }
}

/// The same where wsctl makes them without the git command: the last git that it asks is for the configuration.
#[test]
fn what_somebody_does_before_a_native_creation() {
    let at_the_path = "mkdir -p \"$API\"; echo mine >\"$API/new.txt\"";
    let the_branch = "git -C \"$MAIN\" branch builder/work main~0";
    let beside_it = "git -C \"$MAIN\" branch builder/work/inner main~0; git -C \"$MAIN\" pack-refs --all";
    let a_worktree = "git -C \"$MAIN\" worktree add -q -b mine \"$API\"; echo mine >\"$API/new.txt\"";
    for deed in [at_the_path, the_branch, beside_it, a_worktree] {
        let sandbox = wanted();
        let path =
            meanwhile(&sandbox, "case \"$*\" in *'config --list'*) [ \"$PWD\" = \"$TOP/ws/repos/api\" ];; *) false;; esac", deed);
        sandbox.natively(true);
        let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], &["apply", "--auto-approve"]).fails();
        assert!(sandbox.top().join("done").exists(), "{deed}");
        answer.says("builders.work.api");
        assert!(sandbox.builder("more/web/README.md").exists(), "the others go on");
        let mine = api(&sandbox).join("new.txt");
        assert!(!mine.exists() || text(&mine) == "mine\n");
        assert_eq!(mine.exists(), deed.contains("new.txt"));
        let ours = sandbox.branches("repos/api").contains(&"builder/work".to_owned());
        assert_eq!(ours, deed == the_branch, "{deed}: what we made is taken back, what somebody made stays");
        sandbox.fsck(&["repos/api"]);
        if deed == the_branch {
            sandbox.apply().ok();
            sandbox.converged();
        } else {
            sandbox.apply().fails().says("! builders.work.api");
        }
    }
}

/// Somebody puts a worktree of his own into the builder that is about to go.
#[test]
fn worktree_add_into_a_builder_that_goes() {
    let sandbox = made();
    let deed = "git -C \"$MAIN\" worktree add -q -b mine \"$API/inner\"; echo mine >\"$API/inner/new.txt\"";
    let answer = apply_while(&sandbox, BEFORE_THE_LOOK, deed, &["--unsaved=trash"]).fails();
    answer.says("changed since the plan was made").says("inner");
    assert!(!sandbox.builder("idle").exists(), "the others go on");
    assert_eq!(sandbox.git(api(&sandbox).join("inner"), &["status", "--porcelain"]), "?? new.txt");
    sandbox.apply().fails().says("! builders.work");
}

/// A user who commits in the builder while it goes, and whom nobody waits for: what git said was committed is there.
#[test]
fn a_user_who_commits_all_the_time() {
    for when in [BEFORE_THE_LOOK, BEFORE_THE_RENAME, AFTER_THE_RENAME] {
        let sandbox = made();
        let deed = "( set +e; for i in 1 2 3 4 5 6 7 8; do git -C \"$API\" commit --allow-empty -m fast; done; touch \"$TOP/ended\" ) \
                    </dev/null >\"$TOP/commits\" 2>/dev/null &";
        let answer = apply_while(&sandbox, when, deed, &[]);
        let until = Instant::now() + Duration::from_secs(60);
        while !sandbox.top().join("ended").exists() {
            assert!(Instant::now() < until, "the user never ends");
            std::thread::yield_now();
        }
        assert!(answer.code == Some(0) || sandbox.builder("work").exists(), "{when}: {answer}");
        sandbox.git("repos/api", &["reflog", "expire", "--expire=now", "--all"]);
        sandbox.git("repos/api", &["gc", "-q", "--prune=now"]);
        // `[builder/work 0123abc] fast`
        let said = text(sandbox.top().join("commits"));
        for id in said.lines().filter_map(|line| line.split([' ', ']']).nth(1)) {
            assert!(sandbox.try_git("repos/api", &["cat-file", "-e", id]).status.success(), "{when}: {id} is lost of {said}");
        }
        sandbox.fsck(&["repos/api"]);
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        sandbox.converged();
    }
}
