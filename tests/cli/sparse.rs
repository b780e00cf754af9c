//! Checkouts with `sparse`: only some directories, by the configuration of that one worktree.

use std::fs;
use std::path::PathBuf;

use crate::support::{Sandbox, text};

fn toml(sparse: &str) -> String {
    format!("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\", \"web\"]\n{sparse}")
}

fn only(names: &str) -> String {
    toml(&format!("checkout.web.sparse = [{names}]\n"))
}

/// The clone of web has directories `services/a`, `docs/api`, `docs/web` and `lib`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace();
    let web = sandbox.path("repos/web");
    for path in ["services/a/code", "docs/api/page", "docs/web/page", "docs/index", "lib/code"] {
        fs::create_dir_all(web.join(path).parent().unwrap()).unwrap();
        fs::write(web.join(path), "content\n").unwrap();
    }
    sandbox.commit(&web, "directories");
    sandbox.git(&web, &["push", "-q", "origin", "main"]);
    sandbox
}

fn web(sandbox: &Sandbox) -> PathBuf {
    sandbox.builder("b/web")
}

fn files(sandbox: &Sandbox) -> Vec<String> {
    let web = web(sandbox);
    let mut found = Vec::new();
    let mut open = vec![web.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with(".git") {
                found.push(path.strip_prefix(&web).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.retain(|path| path != ".gitignore" && path != "README.md");
    found.sort();
    found
}

#[test]
fn only_the_directories_are_ever_written() {
    let sandbox = sandbox();
    // A filter that notes which files are written.
    let log = sandbox.top().join("written");
    let program = sandbox.script(sandbox.top().join("note"), &format!("#!/bin/sh\necho \"$1\" >> {}\ncat\n", log.display()));
    sandbox.git(sandbox.path("repos/web"), &["config", "filter.note.smudge", &format!("{} %f", program.display())]);
    fs::write(sandbox.path("repos/web/.git/info/attributes"), "* filter=note\n").unwrap();
    sandbox.toml(&only("\"services\", \"docs/api\""));
    let plan = sandbox.plan().ok().says("only docs/api, services, and the files above");
    plan.says("switches extensions.worktreeConfig on in repository web");
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["docs/api/page", "docs/index", "services/a/code"]);
    let written = text(&log);
    assert!(!written.contains("lib/code") && !written.contains("docs/web") && written.contains("services/a/code"), "{written}");
    assert_eq!(sandbox.git(web(&sandbox), &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(web(&sandbox), &["branch", "--show-current"]), "builder/b");
    assert_eq!(sandbox.git(sandbox.path("repos/web"), &["config", "extensions.worktreeConfig"]), "true");
    sandbox.converged();
    // The main worktree and another builder have everything; the plan need not switch anything on again.
    assert!(sandbox.path("repos/web/lib/code").exists());
    sandbox.toml(&format!("{}[builders.c]\nrepos = [\"web\"]\n", only("\"services\", \"docs/api\"")));
    sandbox.plan().ok().never_says("worktreeConfig");
    sandbox.apply().ok();
    assert!(sandbox.builder("c/web/lib/code").exists());
    sandbox.converged();
    sandbox.fsck(&["repos/web"]);
}

#[test]
fn no_directory_is_one_too_and_a_reference_may_be_sparse() {
    let sandbox = sandbox();
    sandbox.toml(&toml("[builders.b.checkout.web]\nref = \"origin/main\"\nsparse = []\n"));
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), [""; 0]);
    assert_eq!(sandbox.git(web(&sandbox), &["branch", "--show-current"]), "");
    sandbox.converged();
}

#[test]
fn a_branch_gets_another_name_and_its_checkout_other_directories_at_once() {
    let sandbox = sandbox();
    sandbox.toml(&toml(""));
    sandbox.apply().ok();
    let entry = "[[moved]]\nfrom_branch = \"builder/b\"\nto_branch = \"feature/b\"\n";
    sandbox.toml(&format!("{}branch = \"feature/b\"\n{entry}", only("\"services\"")));
    fs::write(web(&sandbox).join("lib/code"), "edited\n").unwrap();
    let held = sandbox.plan().ok().says("rename branch builder/b to feature/b").says("! builders.b.web");
    held.says("rename: has all directories, declared is services; 1 changed file: lib/code");
    sandbox.git(web(&sandbox), &["checkout", "-q", "lib/code"]);
    let plan = sandbox.plan().ok().says("has all directories, declared is services").says("Plan: 4 to update.");
    plan.says("switches extensions.worktreeConfig on in repository web");
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["services/a/code"]);
    assert_eq!(sandbox.git(web(&sandbox), &["branch", "--show-current"]), "feature/b");
    sandbox.converged();
    sandbox.fsck(&["repos/web"]);
}

#[test]
fn other_directories_are_declared() {
    let sandbox = sandbox();
    sandbox.toml(&toml(""));
    sandbox.apply().ok();
    sandbox.toml(&only("\"services\""));
    sandbox.plan().ok().says("~ builders.b.web").says("has all directories, declared is services");
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["services/a/code"]);
    sandbox.converged();
    sandbox.toml(&only("\"lib\""));
    sandbox.plan().ok().says("has services, declared is lib");
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["lib/code"]);
    sandbox.converged();
    sandbox.toml(&toml(""));
    sandbox.plan().ok().says("has lib, declared is all directories");
    sandbox.apply().ok();
    assert_eq!(files(&sandbox).len(), 5);
    sandbox.converged();
    // Together with another branch, in one apply.
    sandbox.toml(&toml("branch = \"other\"\ncheckout.web.sparse = [\"lib\"]\n"));
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["lib/code"]);
    assert_eq!(sandbox.git(web(&sandbox), &["branch", "--show-current"]), "other");
    sandbox.converged();
}

#[test]
fn unsaved_work_and_ignored_files_are_never_left_out() {
    let sandbox = sandbox();
    sandbox.toml(&toml(""));
    sandbox.apply().ok();
    sandbox.toml(&only("\"services\""));
    let lib = web(&sandbox).join("lib/code");
    fs::write(&lib, "edited\n").unwrap();
    sandbox.apply().fails().says("! builders.b.web").says("lib/code");
    fs::write(&lib, "content\n").unwrap();
    // As it was, but for its times.
    fs::File::open(&lib).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    // git would delete it with its directory.
    let ignored = web(&sandbox).join("lib/secret.log");
    fs::write(&ignored, "secret\n").unwrap();
    let blocked = sandbox.plan().ok().says("! builders.b.web").says("→ then mv ").says("Plan: 1 blocked.");
    sandbox.type_next(&blocked, "clean -ndX").ok().says("lib/secret.log");
    sandbox.apply().fails().says("lib/secret.log is not tracked, and its directory would be left out");
    assert_eq!(text(&ignored), "secret\n");
    fs::rename(&ignored, web(&sandbox).join("kept.log")).unwrap();
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["kept.log", "services/a/code"]);
    // What lies in the place of what comes back stays too.
    fs::create_dir(web(&sandbox).join("lib")).unwrap();
    fs::write(&lib, "mine\n").unwrap();
    sandbox.toml(&only("\"lib\""));
    sandbox.apply().fails();
    assert_eq!(text(&lib), "mine\n");
    assert!(web(&sandbox).join("services/a/code").exists());
}

#[test]
fn what_somebody_limited_is_drift() {
    let sandbox = sandbox();
    sandbox.toml(&only("\"services\""));
    sandbox.apply().ok();
    sandbox.git(web(&sandbox), &["sparse-checkout", "set", "--cone", "lib"]);
    let drift = sandbox.plan().ok().says("has lib, declared is services").says("No changes.");
    // Declared otherwise meanwhile: nobody's choice is undone.
    sandbox.toml(&only("\"docs\""));
    sandbox.apply().fails().says("it has lib, neither as last applied nor as declared");
    sandbox.toml(&only("\"services\""));
    sandbox.type_next(&drift, "--replace").ok();
    assert_eq!(files(&sandbox), ["services/a/code"]);
    sandbox.converged();
    sandbox.git(web(&sandbox), &["sparse-checkout", "set", "--no-cone", "*.md"]);
    sandbox.plan().ok().says("has what patterns of its own say, declared is services");
    sandbox.git(web(&sandbox), &["sparse-checkout", "disable"]);
    sandbox.plan().ok().says("has all directories, declared is services");
    // Done by hand already, and then declared: only the mark is new.
    sandbox.git(web(&sandbox), &["sparse-checkout", "set", "--cone", "docs"]);
    sandbox.toml(&only("\"docs\""));
    sandbox.plan().ok().says("already has docs");
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn it_goes_to_the_trash_and_comes_back_as_it_was() {
    let sandbox = sandbox();
    sandbox.toml(&only("\"services\""));
    sandbox.apply().ok();
    fs::write(web(&sandbox).join("services/new.txt"), "new\n").unwrap();
    let without = "[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n";
    sandbox.toml(without);
    sandbox.apply().fails().says("services/new.txt");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.wsctl(&["restore", "b/web", "--auto-approve"]).ok().says("sparse = [\"services\"]");
    assert_eq!(files(&sandbox), ["services/a/code", "services/new.txt"]);
    sandbox.toml(&only("\"services\""));
    sandbox.converged();
}

#[test]
fn a_worktree_by_hand_is_adopted_only_with_its_directories() {
    let sandbox = sandbox();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n");
    sandbox.apply().ok();
    let place = web(&sandbox);
    sandbox.git(sandbox.path("repos/web"), &["worktree", "add", "-q", "-b", "builder/b", place.to_str().unwrap()]);
    sandbox.toml(&only("\"services\""));
    let refused = sandbox.apply().fails().says("it has all directories");
    sandbox.type_next(&refused, "sparse-checkout set").ok();
    sandbox.apply().ok();
    assert_eq!(files(&sandbox), ["services/a/code"]);
    sandbox.converged();
}
