//! The second run has nothing to do, and what only looks touches nothing.

use crate::support::{Sandbox, snapshot};

const ALL: &str = "
[repos.api]
[repos.web]
[builders.one]
repos = [\"api\", \"web\"]
[builders.two]
repos = [\"api\"]
[[files]]
from = \"shared.md\"
to = \"shared.md\"
[[files]]
from = \"shared.md\"
to = \"{repo}/.env\"
[[files]]
from = \"shared.md\"
to = \"link.md\"
mode = \"symlink\"
";

fn ignoring() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.write("shared.md", "shared\n");
    for repository in ["repos/api", "repos/web"] {
        sandbox.write(format!("{repository}/.gitignore"), ".env\n*.log\n");
        sandbox.commit(sandbox.path(repository), "ignore");
        sandbox.git(sandbox.path(repository), &["push", "-q"]);
    }
    sandbox
}

#[test]
fn the_second_apply_prints_one_line_and_touches_nothing() {
    let sandbox = ignoring();
    sandbox.toml(ALL);
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn every_layout_is_done_after_one_apply() {
    let layouts = ["\"sibling\"", "\"split\"", "\"nested\"", "{ root = \"ws\", repo = \"src/{repo}\" }"];
    for layout in layouts {
        for anchor in ["true", "false"] {
            let sandbox = ignoring();
            sandbox.toml(&format!("[workspace]\nlayout = {layout}\nanchor = {anchor}\n{ALL}"));
            sandbox.apply().ok();
            sandbox.converged();
        }
    }
}

/// Everything that a disk gets into, more or less.
fn messy() -> Sandbox {
    let sandbox = ignoring();
    sandbox.toml(ALL);
    sandbox.apply().ok();
    let one = sandbox.builder("one/api");
    sandbox.write(".builders/one/api/README.md", "edited\n");
    sandbox.write(".builders/one/api/staged.txt", "staged\n");
    sandbox.git(&one, &["add", "staged.txt"]);
    sandbox.write(".builders/one/shared.md", "edited by hand\n");
    sandbox.write(".builders/one/stray.txt", "stray\n");
    sandbox.git(sandbox.builder("one/web"), &["switch", "-q", "--detach"]);
    sandbox.git(sandbox.builder("two/api"), &["switch", "-q", "-c", "elsewhere"]);
    std::fs::remove_dir_all(sandbox.builder("two/workspace-root")).unwrap();
    sandbox.write(".builders/foreign/file", "foreign\n");
    std::os::unix::fs::symlink("/nowhere", sandbox.builder("dangling")).unwrap();
    sandbox.write("shared.md", "a new version\n");
    sandbox.toml(&ALL.replace("[builders.two]\nrepos = [\"api\"]", "[builders.three]\nrepos = [\"web\"]"));
    sandbox
}

#[test]
fn looking_touches_nothing() {
    let clean = ignoring();
    clean.toml(ALL);
    clean.apply().ok();
    let fresh = ignoring();
    fresh.toml(ALL);
    for sandbox in [fresh, clean, messy()] {
        for arguments in [
            &["plan"] as &[&str],
            &["plan", "--json"],
            &["plan", "--detailed-exitcode"],
            &["plan", "--unsaved=trash", "--allow-removals"],
            &["status"],
            &["status", "--json"],
            &["validate"],
            &["prune"],
            &["prune", "--older-than", "0s"],
            &["restore"],
            &["restore", "--json"],
            &["restore", "one", "--json"],
            &["init", "-"],
        ] {
            let before = snapshot(sandbox.top());
            sandbox.wsctl(arguments);
            let changed = before.differences(&snapshot(sandbox.top()));
            assert!(changed.is_empty(), "{arguments:?}: {changed:?}");
        }
    }
}

#[test]
fn a_refused_apply_touches_nothing() {
    let sandbox = messy();
    let before = snapshot(sandbox.top());
    sandbox.wsctl(&["apply"]).fails().says("--auto-approve");
    before.assert_same(&snapshot(sandbox.top()));
}

#[test]
fn detailed_exit_codes_say_what_there_is_to_do() {
    let sandbox = ignoring();
    sandbox.toml(ALL);
    let code = || sandbox.wsctl(&["plan", "--detailed-exitcode"]).code;
    assert_eq!(code(), Some(2));
    assert_eq!(sandbox.plan().code, Some(0));
    sandbox.apply().ok();
    assert_eq!(code(), Some(0));
    sandbox.write(".builders/one/shared.md", "edited by hand\n");
    sandbox.write("shared.md", "a new version\n");
    assert_eq!(code(), Some(2), "two has an update, one is blocked");
    sandbox.apply().fails();
    assert_eq!(code(), Some(1));
    assert_eq!(sandbox.plan().code, Some(0));
}
