//! The command that is printed leads out of what it is printed for.

use std::fs;

use crate::support::{Sandbox, text};

const TWO: &str = "[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\", \"web\"]\n";

/// A builder in which something is staged that is nowhere else.
fn staged() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    sandbox.write(".builders/b/api/new.txt", "staged\n");
    sandbox.git(sandbox.builder("b/api"), &["add", "new.txt"]);
    sandbox
}

#[test]
fn a_checkout_that_is_gone_comes_back_with_what_was_staged() {
    for gone in ["b/api", "b"] {
        let sandbox = staged();
        fs::remove_dir_all(sandbox.builder(gone)).unwrap();
        let blocked = sandbox.apply().fails().says("its registration still holds staged changes");
        sandbox.type_next(&blocked, "checkout-index").ok();
        assert_eq!(text(sandbox.builder("b/api/new.txt")), "staged\n");
        assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "A  new.txt");
        sandbox.apply().ok();
        sandbox.converged();
        sandbox.git(sandbox.builder("b/api"), &["commit", "-q", "-m", "kept"]);
    }
}

#[test]
fn of_a_builder_that_is_no_longer_declared_too() {
    let sandbox = staged();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.other]\nrepos = [\"web\"]\n");
    fs::remove_dir_all(sandbox.builder("b/api")).unwrap();
    let blocked = sandbox.plan().ok().says("its registration still holds staged changes");
    sandbox.type_next(&blocked, "checkout-index").ok();
    sandbox.plan().ok().says("builders.b").says("staged").never_says("its directory is gone");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.wsctl(&["restore", "b", "--auto-approve"]);
    assert_eq!(text(sandbox.builder("b/api/new.txt")), "staged\n");
}

#[test]
fn what_is_to_be_typed_about_the_file_is_a_command() {
    let sandbox = Sandbox::workspace();
    let refused = sandbox.wsctl(&["plan", "-f", "conf.toml"]).fails().says("there is no ");
    sandbox.type_next(&refused, "conf.toml init").ok();
    sandbox.wsctl(&["plan", "-f", "conf.toml"]).ok();
    fs::create_dir(sandbox.top().join("other")).unwrap();
    let refused = sandbox.wsctl(&["validate", "../other"]).fails().says("this is a directory");
    sandbox.type_next(&refused, "other/builders.toml init").ok();
    let refused = sandbox.wsctl(&["validate", "../other"]).fails();
    sandbox.type_next(&refused, "other/builders.toml validate").ok();
    let refused = sandbox.plan().fails().says("no builders.toml in");
    sandbox.type_next(&refused, "wsctl init").ok();
    sandbox.wsctl(&["import", "b"]).fails().says("\n  → wsctl import\n").never_says("there are no");
}

#[test]
fn what_is_not_to_be_used_as_a_repository_is_told_with_the_table_and_the_path() {
    let sandbox = Sandbox::workspace();
    let tree = sandbox.path("tree");
    sandbox.git("repos/api", &["worktree", "add", "-q", "-b", "x", tree.to_str().unwrap()]);
    sandbox.toml("[repos.one]\npath = \"tree\"\n[builders.b]\nrepos = [\"one\"]\n");
    let key = format!("below [repos.one]: path = \"{}\"", sandbox.path("repos/api").display());
    let plan = sandbox.plan().ok().says("is a linked worktree of ").says(&key);
    sandbox.type_next(&plan, "--target repos.one").ok().says(&key);
}

#[test]
fn a_worktree_of_somebody_in_a_builder_that_goes_is_told_once() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n[builders.stays]\nrepos = [\"web\"]\n");
    sandbox.apply().ok();
    let theirs = sandbox.builder("b/theirs");
    sandbox.git("repos/web", &["worktree", "add", "-q", "-b", "theirs", theirs.to_str().unwrap()]);
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n");
    let plan = sandbox.plan().ok().says("a worktree in it is not ours").never_says("of its own inside").never_says("mv ");
    let aside = sandbox.top().join("aside");
    let command = plan.stdout.lines().find_map(|line| line.trim().strip_prefix("→ git ")).unwrap().replace("SOMEWHERE", "");
    let mut words: Vec<&str> = command.split_whitespace().collect();
    words.push(aside.to_str().unwrap());
    sandbox.git(sandbox.root(), &words);
    sandbox.apply().ok();
    assert!(aside.join("README.md").exists() && !sandbox.builder("b").exists());
}
