//! Repositories of every kind that people have.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, skip, text};

const ONE: &str = "[repos.api]\n[builders.b]\nrepos = [\"api\"]\n";

/// Applies, and the checkout of `api` is whole, on its branch, clean, and done.
#[track_caller]
fn works(sandbox: &Sandbox) {
    sandbox.apply().ok();
    let api = sandbox.builder("b/api");
    assert_eq!(sandbox.git(&api, &["branch", "--show-current"]), "builder/b");
    assert_eq!(sandbox.git(&api, &["status", "--porcelain"]), "");
    sandbox.converged();
}

/// Takes the builder away again; nothing of git complains.
#[track_caller]
fn goes(sandbox: &Sandbox) {
    sandbox.toml("[repos.api]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("b").exists());
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

fn declared() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.toml(ONE);
    sandbox
}

#[test]
fn without_a_remote() {
    let sandbox = declared();
    sandbox.repository("repos/api");
    sandbox.plan().says("new branch builder/b from main");
    works(&sandbox);
    goes(&sandbox);
}

#[test]
fn with_a_remote_without_head() {
    let sandbox = declared();
    let api = sandbox.cloned("api");
    sandbox.git(&api, &["remote", "set-head", "origin", "--delete"]);
    let answer = sandbox.apply().fails().says("! builders.b.api");
    let command = answer.stdout.lines().find_map(|line| line.trim().strip_prefix("→ git -C ")).expect("a command");
    let words: Vec<_> = command.split(' ').collect();
    sandbox.git(words[0], &words[1..]);
    works(&sandbox);
}

#[test]
fn with_an_empty_history() {
    let sandbox = declared();
    std::fs::create_dir_all(sandbox.path("repos/api")).unwrap();
    sandbox.git(sandbox.path("repos/api"), &["init", "-q"]);
    sandbox.apply().fails().says("! builders.b.api");
    assert!(!sandbox.builder("b/api").exists());
}

#[test]
fn with_a_bare_main() {
    let sandbox = declared();
    let origin = sandbox.origin("api");
    std::fs::create_dir_all(sandbox.path("repos/api")).unwrap();
    sandbox.git(sandbox.root(), &["clone", "-q", "--bare", origin.to_str().unwrap(), "repos/api/main"]);
    sandbox.git(sandbox.path("repos/api/main"), &["remote", "remove", "origin"]);
    works(&sandbox);
}

#[test]
fn with_the_clone_one_level_down() {
    let sandbox = declared();
    sandbox.repository("repos/api/main");
    works(&sandbox);
}

#[test]
fn with_submodules() {
    let sandbox = declared();
    let library = sandbox.origin("library");
    let api = sandbox.repository("repos/api");
    sandbox.git(&api, &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    sandbox.commit(&api, "with a submodule");
    works(&sandbox);
    sandbox.git(sandbox.builder("b/api"), &["submodule", "--quiet", "update", "--init"]);
    sandbox.converged();
    goes(&sandbox);
}

#[test]
fn with_a_sparse_checkout() {
    let sandbox = declared();
    let api = sandbox.repository("repos/api");
    sandbox.write("repos/api/in/file", "in\n");
    sandbox.write("repos/api/out/file", "out\n");
    sandbox.commit(&api, "two directories");
    sandbox.git(&api, &["sparse-checkout", "set", "in"]);
    works(&sandbox);
    assert!(sandbox.builder("b/api/in/file").exists());
    goes(&sandbox);
}

#[test]
fn with_sha256() {
    let sandbox = declared();
    std::fs::create_dir_all(sandbox.path("repos/api")).unwrap();
    sandbox.git(sandbox.path("repos/api"), &["init", "-q", "--object-format=sha256"]);
    sandbox.repository("repos/api");
    works(&sandbox);
    assert_eq!(sandbox.git(sandbox.builder("b"), &["rev-parse", "--show-object-format"]), "sha256");
    sandbox.write(".builders/b/api/README.md", "edited\n");
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--short"]), " m api");
    sandbox.git(sandbox.builder("b/api"), &["checkout", "-q", "."]);
    goes(&sandbox);
}

#[test]
fn with_both_object_formats_in_one_builder() {
    let sandbox = Sandbox::workspace();
    std::fs::create_dir_all(sandbox.path("repos/new")).unwrap();
    sandbox.git(sandbox.path("repos/new"), &["init", "-q", "--object-format=sha256"]);
    sandbox.repository("repos/new");
    sandbox.toml("[repos.api]\n[repos.new]\n[builders.b]\nrepos = [\"api\", \"new\"]\n");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(sandbox.builder("b"), &["ls-files"]), "api\nworkspace-root");
    sandbox.wsctl(&["status"]).ok().says("not in the anchor: another object format");
    sandbox.apply().ok().says("No changes.");
    assert_eq!(sandbox.wsctl(&["apply", "-q", "--auto-approve"]).ok().stdout, "", "silent for cron");
}

#[test]
fn with_reftable() {
    let sandbox = declared();
    std::fs::create_dir_all(sandbox.path("repos/api")).unwrap();
    if !sandbox.try_git(sandbox.path("repos/api"), &["init", "-q", "--ref-format=reftable"]).status.success() {
        return skip("this git knows no reftable");
    }
    sandbox.repository("repos/api");
    works(&sandbox);
    goes(&sandbox);
}

#[test]
fn with_a_clean_and_smudge_filter() {
    let sandbox = declared();
    let api = sandbox.repository("repos/api");
    sandbox.git(&api, &["config", "filter.rot.clean", "tr a-z n-za-m"]);
    sandbox.git(&api, &["config", "filter.rot.smudge", "tr a-z n-za-m"]);
    sandbox.write("repos/api/.gitattributes", "*.bin filter=rot\n");
    sandbox.write("repos/api/large.bin", "hello\n");
    sandbox.commit(&api, "filtered");
    works(&sandbox);
    assert_eq!(text(sandbox.builder("b/api/large.bin")), "hello\n");
    goes(&sandbox);
}

#[test]
fn a_failing_filter_is_undone_and_reported_while_the_others_go_on() {
    let sandbox = Sandbox::workspace();
    let api = sandbox.path("repos/api");
    sandbox.write("repos/api/.gitattributes", "*.bin filter=broken\n");
    sandbox.write("repos/api/large.bin", "hello\n");
    sandbox.commit(&api, "filtered");
    sandbox.git(&api, &["push", "-q"]);
    sandbox.git(&api, &["config", "filter.broken.smudge", "false"]);
    sandbox.git(&api, &["config", "filter.broken.required", "true"]);
    sandbox.git(&api, &["config", "filter.broken.clean", "cat"]);
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\", \"web\"]\n");
    sandbox.apply().fails().says("! builders.b.api").says("smudge filter broken failed");
    assert_eq!(sandbox.branches("repos/api"), ["main"], "its branch is gone again");
    assert_eq!(sandbox.git(&api, &["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    assert!(!sandbox.builder("b/api").exists());
    assert!(sandbox.builder("b/web/README.md").exists() && sandbox.builder("b/workspace-root/notes.md").exists());
    sandbox.git(&api, &["config", "filter.broken.smudge", "cat"]);
    works(&sandbox);
}

#[test]
fn a_failing_post_checkout_hook_is_no_failure() {
    let sandbox = declared();
    sandbox.repository("repos/api");
    sandbox.script("repos/api/.git/hooks/post-checkout", "#!/bin/sh\necho hook says no >&2\nexit 3\n");
    sandbox.apply().ok().says("warning: builders.b.api: the post-checkout hook failed");
    sandbox.converged();
}

#[test]
fn with_odd_names_in_it() {
    let sandbox = declared();
    let api = sandbox.repository("repos/api");
    for name in [&b"with space"[..], b"quote'\"s", b"line\nbreak", b"-dash", b"bytes\xff\xfe", "ümläut".as_bytes()] {
        std::fs::write(api.join(std::ffi::OsStr::from_bytes(name)), "x\n").unwrap();
    }
    sandbox.commit(&api, "odd names");
    works(&sandbox);
    std::fs::write(sandbox.builder("b/api").join(std::ffi::OsStr::from_bytes(b"new\n\xff")), "x\n").unwrap();
    sandbox.toml("[repos.api]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).fails().says("1 untracked file");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals", "--unsaved=trash"]).ok();
    sandbox.fsck(&["repos/api"]);
}

#[test]
fn in_a_workspace_with_an_odd_path() {
    for name in [&b"with space"[..], b"quote'\"s", b"line\nbreak", b"-dash", b"bytes\xff\xfe", b"back\\slash", b"$HOME", b"#hash"]
    {
        let sandbox = Sandbox::new();
        let root: PathBuf = sandbox.top().join(std::ffi::OsStr::from_bytes(name));
        sandbox.repository(&root);
        sandbox.repository(root.join("repos/api"));
        std::fs::write(root.join("builders.toml"), format!("version = 1\n{ONE}")).unwrap();
        let shown = String::from_utf8_lossy(name).into_owned();
        let apply = || sandbox.wsctl_in(&root, &["apply", "--auto-approve", "--unsaved=trash", "--allow-removals"]);
        let answer = apply();
        assert_eq!(answer.code, Some(0), "{shown}: {answer}");
        assert_eq!(sandbox.git(root.join(".builders/b"), &["status", "--porcelain"]), "", "{shown}");
        assert_eq!(sandbox.git(root.join(".builders/b/api"), &["branch", "--show-current"]), "builder/b", "{shown}");
        let before = crate::support::snapshot(&root);
        let answer = apply();
        assert!(answer.stdout.starts_with("No changes."), "{shown}: {answer}");
        let inside = sandbox.wsctl_in(root.join(".builders/b/api"), &["plan", "--detailed-exitcode"]);
        assert_eq!(inside.code, Some(0), "{shown}: {inside}");
        before.assert_same(&crate::support::snapshot(&root));
        std::fs::write(root.join("builders.toml"), "version = 1\n[repos.api]\n").unwrap();
        let answer = apply();
        assert_eq!(answer.code, Some(0), "{shown}: {answer}");
        assert!(!root.join(".builders/b").exists(), "{shown}");
    }
}

#[test]
fn cloned_from_its_url() {
    let sandbox = Sandbox::new();
    let origin = sandbox.origin("api");
    sandbox.toml(&format!("[repos.api]\nurl = \"{}\"\n[builders.b]\nrepos = [\"api\"]\n", origin.display()));
    sandbox.plan().says("+ repos.api");
    works(&sandbox);
    assert_eq!(sandbox.git(sandbox.path("repos/api"), &["remote", "get-url", "origin"]), origin.to_str().unwrap());
}

#[test]
fn cloned_from_a_relative_url() {
    let sandbox = Sandbox::new();
    sandbox.origin("api");
    sandbox.toml("[repos.api]\nurl = \"../origin/api.git\"\n[builders.b]\nrepos = [\"api\"]\n");
    works(&sandbox);
    sandbox.git(sandbox.path("repos/api"), &["fetch", "-q"]);
    let elsewhere = sandbox.wsctl_in(sandbox.builder("b/api"), &["plan", "--detailed-exitcode"]);
    elsewhere.ok();
}

#[test]
fn a_clone_that_fails_stops_what_needs_it_and_nothing_else() {
    let sandbox = Sandbox::workspace();
    let missing = sandbox.top().join("origin/missing.git");
    let file = format!("[repos.api]\n[repos.web]\n[repos.api2]\nurl = \"{}\"\n", missing.display());
    sandbox.toml(&format!(
        "{file}[builders.b]\nrepos = [\"web\", \"api2\"]\n[builders.c]\nrepos = [\"api2\"]\ninclude_root = false\n"
    ));
    sandbox.apply().fails().says("repos.api2").says("does not exist").says("builders.b.api2");
    assert!(!sandbox.path("repos/api2").exists(), "nothing half-cloned stays");
    assert!(sandbox.builder("b/web/README.md").exists());
    let seed = sandbox.repository(sandbox.top().join("seed/missing"));
    sandbox.git(sandbox.root(), &["clone", "-q", "--bare", seed.to_str().unwrap(), missing.to_str().unwrap()]);
    sandbox.apply().ok();
    assert!(Path::new(&sandbox.builder("c/api2/README.md")).exists());
    sandbox.converged();
}

#[test]
fn credentials_of_a_url_are_never_printed() {
    let sandbox = Sandbox::new();
    sandbox.toml("[repos.api]\nurl = \"https://user:s3cret@127.0.0.1:1/api.git\"\n[builders.b]\nrepos = [\"api\"]\n");
    for arguments in [
        &["plan"] as &[&str],
        &["plan", "-v"],
        &["plan", "--json"],
        &["apply", "--auto-approve"],
        &["apply", "--auto-approve", "--json"],
        &["status", "--json"],
        &["validate"],
    ] {
        sandbox.wsctl(arguments).never_says("s3cret");
    }
}
