//! What people and agents do to a builder that was made: branches, bases, anchors.

use std::path::Path;

use super::words::{TWO, made};
use crate::support::{Sandbox, snapshot, text};

type Change = fn(&Sandbox, &Path);

/// Somebody switched a checkout to another branch, renamed its branch, detached it, or began a rebase.
#[test]
fn a_checkout_that_somebody_switched_renamed_or_detached_is_reported_and_left() {
    let states: [(&str, &str, Change); 5] = [
        ("on branch by-hand, declared is builder/b", "", |sandbox, checkout| {
            sandbox.git(checkout, &["switch", "-q", "-c", "by-hand"]);
        }),
        ("on branch renamed, declared is builder/b", "", |sandbox, checkout| {
            sandbox.git(checkout, &["branch", "-m", "renamed"]);
        }),
        ("HEAD is detached, declared is branch builder/b", "", |sandbox, checkout| {
            sandbox.git(checkout, &["switch", "-q", "--detach"]);
        }),
        ("HEAD is detached at commits on no branch or tag, declared is branch builder/b", "", |sandbox, checkout| {
            sandbox.git(checkout, &["switch", "-q", "--detach"]);
            sandbox.git(checkout, &["commit", "-q", "--allow-empty", "-m", "only here"]);
        }),
        ("rebase in progress", "rebase --continue", |sandbox, checkout| {
            sandbox.git(checkout, &["commit", "-q", "--allow-empty", "-m", "mine"]);
            assert!(!sandbox.try_git(checkout, &["rebase", "--exec", "false", "HEAD~1"]).status.success());
        }),
    ];
    for (fact, end, change) in states {
        let sandbox = made();
        let checkout = sandbox.builder("b/api");
        change(&sandbox, &checkout);
        std::fs::write(checkout.join("README.md"), "edited\n").unwrap();
        let before = snapshot(sandbox.root());
        let answer = sandbox.apply().ok().says("Drift (left alone):").says("builders.b.api").says(fact).says("No changes.");
        before.assert_same(&snapshot(sandbox.root()));
        sandbox.git(&checkout, &["checkout", "-q", "README.md"]);
        let tip = sandbox.git(&checkout, &["rev-parse", "HEAD"]);
        let typed: Vec<_> = answer.stdout.lines().filter_map(|line| line.trim().strip_prefix("→ ")).collect();
        for command in &typed {
            sandbox.types(&command.replace("NAME", "kept-by-hand"));
        }
        if typed.is_empty() {
            drop(sandbox.git(&checkout, &end.split(' ').collect::<Vec<_>>()));
        }
        sandbox.git(&checkout, &["reflog", "expire", "--expire=now", "--all"]);
        sandbox.git(&checkout, &["gc", "-q", "--prune=now"]);
        sandbox.git(&checkout, &["cat-file", "-e", &tip]);
        sandbox.settles();
    }
}

/// Another branch is declared for a clean checkout; it tracks a file where an ignored one lies, or it does not.
#[test]
fn a_declared_branch_that_changed_is_switched_to_and_overwrites_no_ignored_file() {
    let other = TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"two\"\n");
    let sandbox = made();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["switch", "-q", "-c", "two"]);
    sandbox.write("repos/api/secret.log", "tracked on two\n");
    sandbox.git(&api, &["add", "-f", "secret.log"]);
    sandbox.git(&api, &["commit", "-q", "-m", "track it"]);
    sandbox.git(&api, &["switch", "-q", "main"]);
    sandbox.write(".builders/b/api/secret.log", "mine\n");
    sandbox.toml(&other);
    let before = snapshot(sandbox.builder("b/api"));
    sandbox.apply().fails().says("! builders.b.api").says("secret.log");
    before.assert_same(&snapshot(sandbox.builder("b/api")));
    let branch = |checkout: &str| sandbox.git(sandbox.builder(checkout), &["branch", "--show-current"]);
    assert_eq!([branch("b/api"), branch("b/workspace-root")], ["builder/b", "two"], "the others go on");
    std::fs::remove_file(sandbox.builder("b/api/secret.log")).unwrap();
    sandbox.apply().ok();
    assert_eq!([branch("b/api"), branch("b")], ["two", "two"]);
    assert_eq!(text(sandbox.builder("b/api/secret.log")), "tracked on two\n");
    assert!(sandbox.branches("repos/api").contains(&"builder/b".to_owned()), "the old branch is nobody's to delete");
    sandbox.goes_on();
    sandbox.sound();
    sandbox.converged();
}

/// The same in a sparse checkout, where git itself overwrites whatever lies at the places of what it adds: a file, a file
/// where a directory goes, a directory with a file in it where a file goes.
#[test]
fn a_switch_of_a_sparse_checkout_overwrites_no_ignored_file() {
    let other = TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"two\"\n");
    for (tracked, mine) in [("secret.log", "secret.log"), ("deep.log/file", "deep.log"), ("file", "file/secret.log")] {
        let sandbox = made();
        let api = sandbox.path("repos/api");
        sandbox.git(&api, &["switch", "-q", "-c", "two"]);
        sandbox.write(format!("repos/api/{tracked}"), "tracked on two\n");
        sandbox.git(&api, &["add", "-f", tracked]);
        sandbox.git(&api, &["commit", "-q", "-m", "track it"]);
        sandbox.git(&api, &["switch", "-q", "main"]);
        let checkout = sandbox.builder("b/api");
        sandbox.git(&checkout, &["sparse-checkout", "set", "--no-cone", "/*", "!/elsewhere"]);
        sandbox.write(format!(".builders/b/api/{mine}"), "mine\n");
        sandbox.toml(&other);
        let before = snapshot(&checkout);
        sandbox.apply().fails().says("is not tracked, and branch two has something at that place");
        before.assert_same(&snapshot(&checkout));
        std::fs::remove_file(checkout.join(mine)).unwrap();
        sandbox.apply().ok();
        assert_eq!(text(checkout.join(tracked)), "tracked on two\n");
        sandbox.converged();
    }
}

/// The anchor lost its hook or a key, was damaged or deleted, was replaced by somebody's repository, or somebody
/// committed in it in spite of its hook.
#[test]
fn an_anchor_is_rebuilt_only_where_it_is_ours_and_a_foreign_commit_is_kept() {
    let damage: [(&str, Change); 6] = [
        ("hook", |_, b| std::fs::remove_file(b.join(".git/hooks/pre-commit")).unwrap()),
        ("key", |sandbox, b| drop(sandbox.git(b, &["config", "submodule.recurse", "true"]))),
        ("unset", |sandbox, b| drop(sandbox.git(b, &["config", "--unset", "diff.submodule"]))),
        ("remote", |sandbox, b| drop(sandbox.git(b, &["remote", "add", "origin", "../../repos/api"]))),
        ("HEAD", |_, b| std::fs::remove_file(b.join(".git/HEAD")).unwrap()),
        ("all of it", |_, b| std::fs::remove_dir_all(b.join(".git")).unwrap()),
    ];
    for (name, damage) in damage {
        let sandbox = made();
        let b = sandbox.builder("b");
        sandbox.write(".builders/b/.git/opencode", "kept\n");
        std::fs::write(b.join("api/README.md"), "edited\n").unwrap();
        let root = || sandbox.git(&b, &["rev-list", "--max-parents=0", "HEAD"]);
        let before = (root(), snapshot(b.join("api")));
        damage(&sandbox, &b);
        sandbox.plan().says("~ builders.b ");
        sandbox.apply().ok();
        assert_eq!(sandbox.git(&b, &["status", "--short"]), " m api", "{name}");
        before.1.assert_same(&snapshot(b.join("api")));
        if name != "all of it" {
            assert_eq!((root(), text(b.join(".git/opencode"))), (before.0, "kept\n".to_owned()), "{name}");
        }
        sandbox.git(b.join("api"), &["checkout", "-q", "."]);
        sandbox.settles();
    }

    let sandbox = made();
    let b = sandbox.builder("b");
    std::fs::remove_dir_all(b.join(".git")).unwrap();
    sandbox.git(&b, &["init", "-q"]);
    let next = sandbox.refuses(&["builders.b"], &["its .git is not ours", "at .builders/b"], std::slice::from_ref(&b));
    assert!(next[0].starts_with("mv "), "{next:?}");

    let sandbox = made();
    let b = sandbox.builder("b");
    assert!(!sandbox.try_git(&b, &["commit", "-q", "--allow-empty", "-m", "by mistake"]).status.success());
    sandbox.git(&b, &["commit", "-q", "--allow-empty", "--no-verify", "-m", "by mistake"]);
    let before = snapshot(sandbox.root());
    let answer = sandbox.apply().ok().says("Drift (left alone):").says("a commit was made by hand in the anchor; it is kept");
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.types(answer.stdout.lines().find_map(|line| line.trim().strip_prefix("→ ")).unwrap());
    sandbox.settles();
}

/// The base was rewritten by a force-push or deleted, the checkout's branch deleted, or its upstream.
#[test]
fn a_rewritten_base_a_deleted_branch_or_upstream_is_reported_and_no_branch_moved() {
    let states: [(&str, Change); 4] = [
        ("+2 -1", |sandbox, _| {
            let seed = sandbox.top().join("seed/api");
            let origin = sandbox.top().join("origin/api.git");
            sandbox.git(&seed, &["commit", "-q", "--amend", "-m", "rewritten"]);
            sandbox.git(&seed, &["push", "-q", "-f", origin.to_str().unwrap(), "main"]);
            sandbox.git(sandbox.path("repos/api"), &["fetch", "-q"]);
        }),
        ("its base origin/release is gone", |sandbox, _| {
            sandbox.toml(&TWO.replace("[builders.b]\n", "[builders.b]\ncheckout.api.base = \"origin/release\"\n"));
            sandbox.git(sandbox.path("repos/api"), &["update-ref", "refs/remotes/origin/release", "main"]);
            sandbox.apply().ok();
            sandbox.git(sandbox.path("repos/api"), &["update-ref", "-d", "refs/remotes/origin/release"]);
        }),
        ("its upstream origin/builder/b is gone", |sandbox, checkout| {
            sandbox.git(checkout, &["push", "-q", "-u", "origin", "builder/b"]);
            sandbox.git(checkout, &["push", "-q", "origin", ":builder/b"]);
            sandbox.git(checkout, &["fetch", "-q", "--prune"]);
        }),
        ("its branch builder/b is gone", |sandbox, _| {
            sandbox.git(sandbox.path("repos/api"), &["update-ref", "-d", "refs/heads/builder/b"]);
        }),
    ];
    for (words, change) in states {
        let sandbox = made();
        let checkout = sandbox.builder("b/api");
        sandbox.git(&checkout, &["commit", "-q", "--allow-empty", "-m", "mine"]);
        let mine = sandbox.git(&checkout, &["rev-parse", "HEAD"]);
        change(&sandbox, &checkout);
        let before = snapshot(sandbox.root());
        sandbox.wsctl(&["status"]).ok().says(words);
        let answer = sandbox.apply().ok().says("No changes.");
        before.assert_same(&snapshot(sandbox.root()));
        if let Some(command) = answer.stdout.lines().find_map(|line| line.trim().strip_prefix("→ ")) {
            assert!(answer.stdout.contains(words), "{answer}");
            sandbox.types(command);
        }
        assert_eq!(sandbox.git(sandbox.path("repos/api"), &["rev-parse", "builder/b"]), mine, "{words}");
        sandbox.settles();
        assert_eq!(sandbox.git(&checkout, &["rev-parse", "HEAD"]), mine, "{words}");
    }
}

/// A builder with unsaved work is declared under another name, or on another branch.
#[test]
fn a_builder_declared_under_another_name_is_a_blocked_removal_and_a_creation() {
    let sandbox = made();
    sandbox.write(".builders/b/api/README.md", "edited\n");
    sandbox.toml(&TWO.replace("[builders.b]\n", "[builders.c]\n"));
    let before = snapshot(sandbox.builder("b"));
    let answer = sandbox.apply().fails().says("+ builders.c").says("! builders.b ").says("1 changed file: README.md");
    before.assert_same(&snapshot(sandbox.builder("b")));
    assert_eq!(sandbox.git(sandbox.builder("c/api"), &["branch", "--show-current"]), "builder/c", "{answer}");
    sandbox.git(sandbox.builder("b/api"), &["commit", "-qam", "work"]);
    let mine = sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]);
    sandbox.apply().ok().says("1 removed").says("branch builder/b stays");
    assert_eq!(sandbox.git(sandbox.path("repos/api"), &["rev-parse", "builder/b"]), mine);
    sandbox.goes_on();
    sandbox.sound();
    sandbox.converged();

    let sandbox = made();
    sandbox.write(".builders/b/api/README.md", "edited\n");
    sandbox.toml(&TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"two\"\n"));
    let before = snapshot(sandbox.builder("b/api"));
    let next = sandbox.refuses(&["builders.b.api"], &["1 changed file: README.md", "at .builders/b/api"], &[]);
    before.assert_same(&snapshot(sandbox.builder("b/api")));
    assert!(sandbox.types(&next[0]).contains("README.md"));
    sandbox.git(sandbox.builder("b/api"), &["commit", "-qam", "work"]);
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["branch", "--show-current"]), "two");
    assert!(sandbox.branches("repos/api").contains(&"builder/b".to_owned()));
    sandbox.converged();
}
