//! `disposable`: ignored files that a removal deletes at once, after everything else is done, and nothing but those.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::brakes::{declared, plain};
use crate::support::{Sandbox, skip, text};

const POLICY: &str = "[policy]\ndisposable = [\"node_modules/\", \"*.cache\"]\n";
const TOLD: [&str; 3] = ["apply", "--auto-approve", "--unsaved=trash"];

/// Builders `a` and `b`; only `a` is declared any more. The repository ignores what is built, and tracks one file that
/// only looks like it.
fn made() -> Sandbox {
    let sandbox = plain();
    sandbox.write("repos/api/.gitignore", "node_modules/\nnode_modules.bak/\n*.cache\nsecret.env\n");
    sandbox.write("repos/api/tracked.cache", "tracked\n");
    sandbox.git(sandbox.path("repos/api"), &["add", "-f", "tracked.cache"]);
    sandbox.commit(sandbox.path("repos/api"), "ignore");
    sandbox.toml(&declared(POLICY, &["a", "b"]));
    sandbox.apply().ok();
    sandbox.toml(&declared(POLICY, &["a"]));
    for path in ["node_modules/pkg/index.js", "build.cache", "sub/deep.cache", "secret.env", "node_modules.bak/x"] {
        sandbox.write(Path::new(".builders/b/api").join(path), "12345\n");
    }
    sandbox
}

fn tree(sandbox: &Sandbox) -> PathBuf {
    sandbox.trashed().join("tree/api")
}

#[test]
fn what_goes_for_good_is_said_however_quiet() {
    let sandbox = made();
    let document: serde_json::Value = serde_json::from_str(&sandbox.wsctl(&["plan", "--json"]).ok().stdout).unwrap();
    let removal = document["changes"].as_array().unwrap().iter().find(|it| it["address"] == "builders.b").unwrap();
    let deleted =
        ["build.cache", "node_modules", "sub/deep.cache"].map(|name| sandbox.builder("b/api").join(name).display().to_string());
    assert_eq!(removal["deletes"], serde_json::json!(deleted));
    for command in [&["plan", "-q"][..], &["apply", "--auto-approve", "-q"]] {
        let answer = sandbox.wsctl(command).ok().says("- builders.b");
        answer.says("deleted for good, being disposable: build.cache, node_modules").says("is merged and goes too");
    }
    sandbox.wsctl(&["apply", "--auto-approve", "-q"]).ok().never_says("builders");
}

#[test]
fn what_matches_goes_and_what_only_looks_alike_stays() {
    let sandbox = made();
    let api = sandbox.builder("b/api");
    let elsewhere = sandbox.top().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("mine"), "mine\n").unwrap();
    symlink(&elsewhere, api.join("link.cache")).unwrap();
    symlink(&elsewhere, api.join("sub/node_modules")).unwrap();
    fs::write(api.join("my.cached"), "untracked\n").unwrap();
    fs::write(api.join("tracked.cache"), "edited\n").unwrap();
    let plan = sandbox.wsctl(&["plan", "--unsaved=trash"]).ok();
    let plan = plan.says("deleted for good, being disposable: build.cache, link.cache, node_modules, sub/deep.cache");
    plan.says("api: 4 ignored files (").says("api: 2 ignored files to the trash too");
    sandbox.wsctl(&TOLD).ok();
    let tree = tree(&sandbox);
    for gone in ["node_modules", "build.cache", "sub/deep.cache", "link.cache"] {
        assert!(tree.join(gone).symlink_metadata().is_err(), "{gone}");
    }
    for (kept, words) in [
        ("secret.env", "12345\n"),
        ("node_modules.bak/x", "12345\n"),
        ("my.cached", "untracked\n"),
        ("tracked.cache", "edited\n"),
        ("sub/node_modules/mine", "mine\n"),
    ] {
        assert_eq!(text(tree.join(kept)), words, "{kept}");
    }
    assert_eq!(text(elsewhere.join("mine")), "mine\n");
    sandbox.converged();
}

#[test]
fn what_is_staged_in_a_disposable_directory_stays() {
    let sandbox = made();
    sandbox.git(sandbox.builder("b/api"), &["add", "-f", "node_modules/pkg/index.js"]);
    sandbox.apply().fails().says("staged");
    sandbox.wsctl(&TOLD).ok();
    assert_eq!(text(tree(&sandbox).join("node_modules/pkg/index.js")), "12345\n");
}

#[test]
fn a_repository_in_a_disposable_directory_blocks() {
    let sandbox = made();
    sandbox.repository(".builders/b/api/node_modules/clone");
    sandbox.wsctl(&TOLD).fails().says("inside: node_modules/clone");
    assert_eq!(text(sandbox.builder("b/api/node_modules/clone/README.md")), "# clone\n");
    assert_eq!(text(sandbox.builder("b/api/node_modules/pkg/index.js")), "12345\n");
}

/// Checkouts inside a nested root are ignored in it. Patterns that cover them say nothing about what they hold.
#[test]
fn checkouts_inside_a_nested_root_and_managed_files_stay() {
    let sandbox = Sandbox::workspace();
    sandbox.write(".gitignore", "/repos/\n/junk/\n/notes/\n/.builders/\n");
    sandbox.write("notes.md", "notes\n");
    sandbox.commit(sandbox.root(), "ignore");
    let file = |more: &str| {
        let policy = "[policy]\ndisposable = [\"repos/\", \"*\"]\n";
        let files = "[[files]]\nfrom = \"notes.md\"\nto = \"notes/notes.md\"\n";
        format!("[workspace]\nlayout = \"nested\"\n{policy}[repos.api]\n{files}[builders.a]\nrepos = []\n{more}")
    };
    sandbox.toml(&file("[builders.b]\nrepos = [\"api\"]\n"));
    sandbox.apply().ok();
    sandbox.toml(&file(""));
    sandbox.write(".builders/b/repos/api/README.md", "edited\n");
    sandbox.write(".builders/b/repos/beside.txt", "beside\n");
    sandbox.write(".builders/b/notes/notes.md", "edited notes\n");
    sandbox.write(".builders/b/junk/x", "junk\n");
    sandbox.wsctl(&["plan", "--unsaved=trash"]).ok().says("deleted for good, being disposable: junk");
    sandbox.wsctl(&TOLD).ok();
    let tree = sandbox.trashed().join("tree");
    assert!(!tree.join("junk").exists());
    assert_eq!(text(tree.join("repos/api/README.md")), "edited\n");
    assert_eq!(text(tree.join("repos/beside.txt")), "beside\n");
    assert_eq!(text(tree.join("notes/notes.md")), "edited notes\n");
    sandbox.wsctl(&["restore", "b", "--auto-approve"]).ok();
    assert_eq!(text(sandbox.builder("b/repos/api/README.md")), "edited\n");
}

#[test]
fn what_became_tracked_since_the_plan_was_shown_stays() {
    let sandbox = made();
    let hook = "#!/bin/sh\nunset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE\n";
    let add = format!("{hook}git -C '{}' add -f node_modules/pkg/index.js\n", sandbox.builder("b/api").display());
    sandbox.script("repos/api/.git/hooks/post-checkout", &add);
    sandbox.toml(&declared(POLICY, &["a", "new"]));
    sandbox.wsctl(&TOLD).ok();
    assert!(sandbox.builder("new/api/README.md").exists());
    assert_eq!(text(tree(&sandbox).join("node_modules/pkg/index.js")), "12345\n");
}

/// Somebody clones into a disposable directory, and edits in it, when all looks were made.
#[test]
fn what_comes_to_a_disposable_directory_after_the_last_look_stays() {
    let sandbox = made();
    fs::hard_link(sandbox.builder("b/api/node_modules/pkg/index.js"), sandbox.builder("b/api/node_modules/pkg/twin.js")).unwrap();
    sandbox.write(".builders/b/api/node_modules/pkg/edited.js", "12345\n");
    let (api, once, real) = (sandbox.builder("b/api"), sandbox.top().join("once"), std::env::var("PATH").unwrap());
    let path = sandbox.path_with_git(&format!(
        "#!/bin/sh\nPATH='{real}'\ncase \"$*\" in *'wsctl: keep'*) mkdir '{once}' 2>/dev/null && (unset GIT_DIR GIT_COMMON_DIR GIT_WORK_TREE;\n\
         cd '{api}/node_modules' && git init -q clone && echo mine >clone/mine && echo 54321 >pkg/edited.js);; esac\n\
         exec git \"$@\"\n",
        once = once.display(),
        api = api.display()
    ));
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &TOLD).ok();
    assert!(answer.stderr.contains("came or changed meanwhile, and stay in the trash"), "{answer}");
    let modules = tree(&sandbox).join("node_modules");
    assert_eq!(text(modules.join("clone/mine")), "mine\n");
    assert!(modules.join("clone/.git/HEAD").exists());
    assert_eq!(text(modules.join("pkg/edited.js")), "54321\n");
    for gone in ["pkg/index.js", "pkg/twin.js"] {
        assert!(!modules.join(gone).exists(), "{gone}");
    }
}

#[test]
fn it_is_deleted_after_everything_else_is_made() {
    if !Path::new("/proc/self/comm").exists() {
        return skip("no /proc here");
    }
    let sandbox = made();
    let hook = crate::support::KILLER.to_owned();
    sandbox.script("repos/api/.git/hooks/post-checkout", &hook);
    // The new builder takes the branch of the one that goes: the removal comes first, then the killed creation.
    sandbox.toml(&format!("{}branch = \"builder/b\"\n", declared(POLICY, &["a", "new"])));
    let armed = sandbox.home().join("armed");
    fs::write(&armed, "").unwrap();
    let answer = sandbox.apply();
    assert!(!armed.exists() && answer.code.is_none(), "nothing killed it: {answer}");
    assert!(!sandbox.builder("b").exists());
    assert_eq!(text(tree(&sandbox).join("node_modules/pkg/index.js")), "12345\n");
}
