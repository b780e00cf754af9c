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
