//! Branches that cannot be made or taken, and bases that cannot be found.

use std::path::PathBuf;

use super::words::{TWO, declared};
use crate::support::{Sandbox, skip};

/// A worktree of `api` made by hand, outside the builders, on a new branch.
fn by_hand(sandbox: &Sandbox, branch: &str) -> PathBuf {
    let path = sandbox.path("elsewhere");
    sandbox.git(sandbox.path("repos/api"), &["worktree", "add", "-q", "-b", branch, path.to_str().unwrap()]);
    path
}

/// The declaration with a base for builder `b`.
fn from_base(base: &str) -> String {
    TWO.replace("[builders.b]\n", &format!("[builders.b]\ncheckout.api.base = \"{base}\"\n"))
}

/// The wanted branch is checked out in another worktree, or in the main one.
#[test]
fn a_branch_checked_out_elsewhere_is_blocked_and_the_path_named() {
    for main in [true, false] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        let holder = if main {
            sandbox.git(&api, &["switch", "-q", "-c", "builder/b"]);
            api.clone()
        } else {
            by_hand(&sandbox, "builder/b")
        };
        let at = format!("at {}", if main { "repos/api" } else { "elsewhere" });
        let words = ["branch builder/b is already checked out there", at.as_str()];
        let next = sandbox.refuses(&["builders.b.api"], &words, &[api, holder.clone()]);
        assert_eq!(next, [format!("git -C {} switch --detach", holder.display())]);
        sandbox.types(&next[0]);
        sandbox.settles();
    }
}

type Begin = fn(&Sandbox, &std::path::Path) -> bool;

fn conflict(sandbox: &Sandbox, worktree: &std::path::Path) {
    std::fs::write(worktree.join("README.md"), "mine\n").unwrap();
    sandbox.commit(worktree, "mine");
    std::fs::write(sandbox.path("repos/api/README.md"), "theirs\n").unwrap();
    sandbox.commit(sandbox.path("repos/api"), "theirs");
}

/// The wanted branch is where a rebase, a bisect, or a rebase with `--update-refs` in another worktree will go back to;
/// HEAD is detached there.
#[test]
fn a_branch_held_by_a_rebase_bisect_or_update_refs_is_blocked() {
    let states: [(&str, &str, Begin); 4] = [
        ("rebase", "rebase --abort", |sandbox, worktree| {
            conflict(sandbox, worktree);
            !sandbox.try_git(worktree, &["rebase", "--merge", "main"]).status.success()
        }),
        ("rebase", "rebase --abort", |sandbox, worktree| {
            conflict(sandbox, worktree);
            !sandbox.try_git(worktree, &["rebase", "--apply", "main"]).status.success()
        }),
        ("bisect", "bisect reset", |sandbox, worktree| {
            sandbox.git(worktree, &["bisect", "start"]);
            sandbox.try_git(worktree, &["switch", "-q", "--detach"]).status.success()
        }),
        ("rebase", "rebase --abort", |sandbox, worktree| {
            // The wanted branch lies below the one that is rebased.
            conflict(sandbox, worktree);
            sandbox.git(worktree, &["switch", "-q", "-c", "above"]);
            sandbox.git(worktree, &["commit", "-q", "--allow-empty", "-m", "above"]);
            !sandbox.try_git(worktree, &["rebase", "--update-refs", "main"]).status.success()
                && !sandbox.git(worktree, &["rev-parse", "--git-path", "rebase-merge/update-refs"]).is_empty()
        }),
    ];
    for (operation, end, begin) in states {
        let sandbox = declared();
        let worktree = by_hand(&sandbox, "builder/b");
        assert!(begin(&sandbox, &worktree), "{operation} is in progress");
        let words = [&format!("branch builder/b is held by a {operation} in progress there"), "at elsewhere"];
        let next = sandbox.refuses(&["builders.b.api"], &words, &[sandbox.path("repos/api"), worktree.clone()]);
        assert!(sandbox.types(&next[0]).contains(operation), "{next:?}");
        sandbox.git(&worktree, &end.split(' ').collect::<Vec<_>>());
        sandbox.git(&worktree, &["switch", "-q", "--detach"]);
        sandbox.settles();
    }
}

/// A branch is wanted where another one is its directory, or lies in it; also packed, also two that the file itself wants.
#[test]
fn a_branch_that_cannot_exist_beside_another_is_blocked() {
    for (existing, packed) in [("builder", false), ("builder", true), ("builder/b/deep", false), ("builder/b/deep", true)] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        sandbox.git(&api, &["branch", existing]);
        if packed {
            sandbox.git(&api, &["pack-refs", "--all"]);
        }
        let fact = format!("branch builder/b cannot exist beside branch {existing}");
        let next = sandbox.refuses(&["builders.b.api"], &[&fact, "at repos/api"], &[api]);
        sandbox.types(&next[0]);
        sandbox.settles();
    }
    let sandbox = declared();
    sandbox.toml(&format!("{TWO}[builders.c]\nrepos = [\"api\"]\nbranch = \"builder/b/deep\"\n"));
    let before = crate::support::snapshot(sandbox.root());
    sandbox.apply().fails().says("builder/b/deep").says("builders.toml:");
    before.assert_same(&crate::support::snapshot(sandbox.root()));
}

/// The wanted branch is not here, but a remote has it, or two have it.
#[test]
fn a_branch_of_one_remote_is_tracked_and_of_two_is_blocked() {
    let sandbox = declared();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["switch", "-q", "-c", "theirs"]);
    sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", "theirs"]);
    let theirs = sandbox.git(&api, &["rev-parse", "HEAD"]);
    sandbox.git(&api, &["push", "-q", "origin", "theirs:builder/b"]);
    sandbox.git(&api, &["switch", "-q", "main"]);
    // Neither a tag of that name nor the user's wish to guess counts.
    sandbox.git(&api, &["tag", "builder/b", "main"]);
    sandbox.git(&api, &["config", "worktree.guessRemote", "true"]);
    sandbox.git(&api, &["remote", "add", "fork", sandbox.top().join("origin/api.git").to_str().unwrap()]);
    sandbox.git(&api, &["fetch", "-q", "fork"]);
    let words = ["branch builder/b exists on several remotes", "fork/builder/b", "origin/builder/b"];
    let next = sandbox.refuses(&["builders.b.api"], &words, std::slice::from_ref(&api));
    assert_eq!(next.len(), 1, "{next:?}");

    sandbox.git(&api, &["remote", "remove", "fork"]);
    sandbox.plan().says("on branch builder/b, tracking origin/builder/b");
    sandbox.settles();
    let checkout = sandbox.builder("b/api");
    assert_eq!(sandbox.git(&checkout, &["rev-parse", "HEAD"]), theirs);
    assert_eq!(sandbox.git(&checkout, &["rev-parse", "--abbrev-ref", "@{upstream}"]), "origin/builder/b");
    assert_eq!(sandbox.git(&checkout, &["symbolic-ref", "HEAD"]), "refs/heads/builder/b");

    let two = declared();
    let api = two.path("repos/api");
    two.git(&api, &["push", "-q", "origin", "main:builder/b"]);
    two.git(&api, &["remote", "add", "fork", two.top().join("origin/api.git").to_str().unwrap()]);
    two.git(&api, &["fetch", "-q", "--all"]);
    let next = two.refuses(&["builders.b.api"], &words, &[api]);
    two.types(&next[0]);
    two.settles();
}

/// The repository has no commit; or its main worktree is on a branch without one.
#[test]
fn an_unborn_head_is_blocked() {
    let sandbox = declared();
    let api = sandbox.path("repos/api");
    std::fs::remove_dir_all(&api).unwrap();
    sandbox.git(sandbox.root(), &["init", "-q", "repos/api"]);
    let words = ["the repository has no commit yet", "at repos/api"];
    let next = sandbox.refuses(&["builders.b.api"], &words, &[api]);
    sandbox.types(&next[0]);
    sandbox.settles();

    let sandbox = declared();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["remote", "remove", "origin"]);
    sandbox.git(&api, &["switch", "-q", "--orphan", "new"]);
    let words = ["the main worktree is on no branch with a commit", "at repos/api"];
    sandbox.refuses(&["builders.b.api"], &words, &[api]);
    sandbox.toml(&from_base("main"));
    sandbox.apply().ok();
    sandbox.git(sandbox.path("repos/api"), &["switch", "-q", "main"]);
    sandbox.settles();
}

/// What the remote's HEAD is, is not known here, or it names a branch that is gone.
#[test]
fn a_remote_head_that_is_missing_or_stale_is_an_error_with_the_command_that_sets_it() {
    for state in ["missing", "stale"] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        if state == "missing" {
            sandbox.git(&api, &["remote", "set-head", "origin", "--delete"]);
        } else {
            sandbox.git(&api, &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone"]);
        }
        let words = ["the HEAD of remote origin is not known", "at repos/api"];
        let next = sandbox.refuses(&["builders.b.api"], &words, &[api]);
        sandbox.types(&next[0]);
        sandbox.settles();
    }
}

/// The declared base is not there, was never fetched, or is a branch and a tag that differ.
#[test]
fn a_base_that_is_missing_or_ambiguous_is_blocked_with_the_near_names() {
    let sandbox = declared();
    let api = sandbox.path("repos/api");
    sandbox.toml(&from_base("origin/mian"));
    let words = ["base origin/mian does not exist", "near: origin/main", "at repos/api"];
    sandbox.refuses(&["builders.b.api"], &words, std::slice::from_ref(&api));

    sandbox.git(sandbox.root(), &["clone", "-q", sandbox.top().join("origin/api.git").to_str().unwrap(), "../pusher"]);
    sandbox.git(sandbox.top().join("pusher"), &["push", "-q", "origin", "main:release"]);
    sandbox.toml(&from_base("origin/release"));
    let words = ["base origin/release does not exist", "at repos/api"];
    let next = sandbox.refuses(&["builders.b.api"], &words, std::slice::from_ref(&api));
    sandbox.types(&next[0]);
    sandbox.settles();

    let sandbox = declared();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["tag", "v1"]);
    sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", "second"]);
    sandbox.git(&api, &["branch", "v1"]);
    sandbox.toml(&from_base("v1"));
    let words = ["base v1 is ambiguous: refs/heads/v1, refs/tags/v1", "at repos/api"];
    sandbox.refuses(&["builders.b.api"], &words, std::slice::from_ref(&api));
    sandbox.toml(&from_base("refs/tags/v1"));
    sandbox.settles();
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]), sandbox.git(&api, &["rev-parse", "refs/tags/v1"]));
}

/// A fetch would write over local branches, or over what keeps the trash alive.
#[test]
fn a_refspec_over_branches_or_keepers_is_blocked_and_the_refspec_to_set_printed() {
    let states = [
        ("origin", "+refs/*:refs/*"),
        ("origin", "+refs/heads/*:refs/heads/*"),
        ("origin", "+refs/heads/*:refs/wsctl/*"),
        ("fork", "+refs/heads/*:refs/heads/*"),
    ];
    for (remote, refspec) in states {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        if remote == "fork" {
            sandbox.git(&api, &["remote", "add", "fork", sandbox.top().join("origin/api.git").to_str().unwrap()]);
            sandbox.git(&api, &["fetch", "-q", "fork"]);
        }
        let key = format!("remote.{remote}.fetch");
        sandbox.git(&api, &["config", &key, refspec]);
        sandbox.git(&api, &["config", "--add", &key, "+refs/notes/*:refs/notes/*"]);
        sandbox.git(&api, &["branch", "builder/b"]);
        let words = [&format!("the fetch refspec {refspec} of {remote} overwrites"), "at repos/api"];
        let next = sandbox.refuses(&["builders.b.api"], &words, std::slice::from_ref(&api));
        let branches = sandbox.branches("repos/api");
        sandbox.wsctl(&["plan", "--fetch"]).says("could not be fetched").says(refspec);
        assert_eq!(sandbox.branches("repos/api"), branches);
        sandbox.types(&next[0]);
        assert!(sandbox.git(&api, &["config", "--get-all", &key]).ends_with("\n+refs/notes/*:refs/notes/*"), "others stay");
        sandbox.settles();
        sandbox.wsctl(&["plan", "--fetch"]).ok().never_says("could not be fetched");
    }
}

/// Another git holds the lock of the branch's ref, or of the configuration that the upstream is written to.
#[test]
fn a_lock_file_of_another_git_is_waited_for_named_and_never_deleted() {
    for (lock, tracked) in [("refs/heads/builder/b.lock", false), ("config.lock", true)] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        if tracked {
            sandbox.git(&api, &["push", "-q", "origin", "main:builder/b"]);
            sandbox.git(&api, &["fetch", "-q"]);
        }
        sandbox.write(format!("repos/api/.git/{lock}"), "");
        sandbox.apply().fails().says("! builders.b.api").says(&format!(".git/{lock}"));
        assert!(api.join(".git").join(lock).exists(), "{lock}");
        assert_eq!(sandbox.branches("repos/api"), ["main"], "{lock}");
        assert!(!sandbox.builder("b/api").exists() && !api.join(".git/worktrees").exists(), "{lock}");
        sandbox.goes_on();
        // Held at the first try and gone at the second: waiting is enough.
        let real = sandbox.types("command -v git").trim().to_owned();
        let held = api.join(".git").join(lock);
        let script = format!("#!/bin/sh\n'{real}' \"$@\"; code=$?\n[ $code = 0 ] || rm -f '{}'\nexit $code\n", held.display());
        let path = sandbox.path_with_git(&script);
        sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]).ok();
        sandbox.settles();
    }
}

/// Admin directories are numbered where names collide, and cleaned where names are odd: they say nothing of whose they are.
#[test]
fn admin_names_that_collide_or_are_odd_are_mapped_by_their_gitdir_file() {
    for layout in ["\"sibling\"", "{ root = \"ws\", repo = \"~odd {repo}.lock\" }"] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        let hand = sandbox.path("hand/api");
        sandbox.git(&api, &["worktree", "add", "-q", "--detach", hand.to_str().unwrap()]);
        sandbox.toml(&format!("[workspace]\nlayout = {layout}\n{TWO}[builders.c]\nrepos = [\"api\"]\n"));
        let answer = sandbox.apply();
        if answer.code != Some(0) && layout != "\"sibling\"" {
            return skip(&format!("{answer}"));
        }
        sandbox.converged();
        let admin = |path: PathBuf| sandbox.git(path, &["rev-parse", "--absolute-git-dir"]);
        let place = |builder: &str| {
            let sibling = sandbox.builder(builder).join("api");
            if sibling.exists() { sibling } else { sandbox.builder(builder).join("~odd api.lock") }
        };
        assert_eq!(admin(hand.clone()), api.join(".git/worktrees/api").to_str().unwrap());
        let kept = [admin(hand.clone()), admin(place("c"))];
        assert_ne!(admin(place("b")), kept[1]);
        let declared = TWO.replace("[builders.b]\nrepos = [\"api\"]\n", "");
        sandbox.toml(&format!("[workspace]\nlayout = {layout}\n{declared}[builders.c]\nrepos = [\"api\"]\n"));
        sandbox.apply().ok().says("1 removed");
        assert_eq!([admin(hand.clone()), admin(place("c"))], kept);
        assert_eq!(sandbox.git(place("c"), &["branch", "--show-current"]), "builder/c");
        sandbox.sound();
        sandbox.converged();
    }
}

/// Git takes names that a file of Windows cannot have.
#[test]
fn a_branch_whose_name_only_windows_refuses_lives_as_any_other() {
    for name in ["a<b", "fix/con", "aux", "a|b\"c>d"] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        let toml = TWO.replace("[builders.b]\n", &format!("[builders.b]\ncheckout.api.branch = '{name}'\n"));
        sandbox.git(&api, &["branch", "other<x/y"]);
        sandbox.toml(&toml);
        sandbox.apply().ok();
        assert_eq!(sandbox.git(sandbox.builder("b/api"), &["rev-parse", "--abbrev-ref", "HEAD"]), name);
        sandbox.converged();
        sandbox.toml("[repos.api]\n[repos.web]\n");
        sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
        sandbox.wsctl(&["restore", "b", "--auto-approve"]).ok();
        assert_eq!(sandbox.git(sandbox.builder("b/api"), &["rev-parse", "--abbrev-ref", "HEAD"]), name);
        // In the way of a directory, as any other is.
        let below = toml.replace(name, "other<x");
        sandbox.toml(&below);
        sandbox.wsctl(&["plan"]).says("branch other<x cannot exist beside branch other<x/y");
    }
}
