//! Removals through the program: the brakes, what is never removed, and the trash. Their hazards have a folder of their own.

use crate::support::{Sandbox, snapshot, text};

const TWO: &str = "[repos.api]\n[builders.work]\nrepos = [\"api\"]\n[builders.idle]\nrepos = [\"api\"]\n";
const NONE: &str = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n";

/// Builders `work`, `idle` and `stays`; only the last is declared any more.
fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{TWO}{}", NONE.trim_start_matches("[repos.api]\n")));
    sandbox.apply().ok();
    sandbox.toml(NONE);
    sandbox
}

fn edit(sandbox: &Sandbox) {
    sandbox.write(".builders/work/api/README.md", "edited\n");
}

#[test]
fn a_protected_builder_stays_also_when_its_block_is_gone() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{TWO}protect = true\n"));
    sandbox.apply().ok();
    sandbox.toml(NONE);
    let before = snapshot(sandbox.builder("idle"));
    sandbox.apply().fails().says("! builders.idle").says("put [builders.idle] back with `protect = false`");
    sandbox.wsctl(&["destroy", "--auto-approve", "--unsaved=trash"]).fails().says("! builders.idle");
    before.assert_same(&snapshot(sandbox.builder("idle")));
    assert!(!sandbox.builder("work").exists());
}

#[test]
fn what_stands_in_the_way_is_said_once() {
    let sandbox = made();
    edit(&sandbox);
    sandbox.write(".builders/work/api/new.txt", "new\n");
    sandbox.write(".builders/work/todo.txt", "todo\n");
    let answer = sandbox.apply().fails().says("remove: 1 file beside the checkouts: todo.txt\n");
    let answer = answer.says("remove: 1 file beside the checkouts: todo.txt, and 2 more\n");
    for words in ["--unsaved=trash", "new.txt", "ls -la", "work/api status"] {
        assert_eq!(answer.stdout.matches(words).count(), 1, "{answer}");
    }
}

#[test]
fn more_removals_than_allowed_hold_all_of_them_back_and_nothing_else() {
    let sandbox = made();
    sandbox.toml(&format!("[policy]\nmax_removals = 1\n{NONE}[builders.new]\nrepos = [\"web\"]\n"));
    sandbox.apply().fails().says("2 removals, max_removals allows 1").says("wsctl apply --allow-removals");
    assert!(sandbox.builder("work").exists() && sandbox.builder("idle").exists() && sandbox.builder("new/web").exists());
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("work").exists() && !sandbox.builder("idle").exists());
    sandbox.converged();
}

#[test]
fn a_checkout_that_leaves_its_builder_goes_by_the_policy_that_is_applied_with_it() {
    let sandbox = Sandbox::workspace();
    let file =
        |policy: &str, repos: &str| format!("[policy]\n{policy}[repos.api]\n[repos.web]\n[builders.work]\nrepos = [{repos}]\n");
    sandbox.toml(&file("trash_keep = \"3d\"\n", "\"api\", \"web\""));
    sandbox.apply().ok();
    edit(&sandbox);
    sandbox.toml(&file("trash_keep = \"1d\"\non_unsaved = \"trash\"\n", "\"web\""));
    sandbox.apply().ok();
    assert!(!sandbox.builder("work/api").exists());
    assert!(text(sandbox.trashed().join("manifest.json")).contains("\"keep\": 86400"));
    sandbox.converged();
}

#[test]
fn the_last_builder_goes_only_when_told() {
    let sandbox = made();
    sandbox.apply().ok();
    sandbox.toml("[repos.api]\n[repos.web]\n");
    sandbox.apply().fails().says("it is the last builder");
    assert!(sandbox.builder("stays/web/README.md").exists());
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("stays").exists());
    sandbox.converged();
}

#[test]
fn destroy_takes_every_builder_and_no_repository() {
    let sandbox = made();
    edit(&sandbox);
    let repositories = || ["repos/api", "repos/web"].map(|path| snapshot(sandbox.path(path)).without(&[".git", ""]));
    let before = repositories();
    sandbox.wsctl(&["destroy"]).fails().says("no terminal to ask on").says("wsctl destroy --auto-approve");
    sandbox.wsctl(&["destroy", "--no-input"]).fails().says("destroy has to ask, and --no-input was given");
    // Where two are refused, what tells them apart is next; where one is, its own way out.
    sandbox.write(sandbox.builder("idle/api/notes"), "n\n");
    let both = sandbox.wsctl(&["destroy", "--auto-approve"]).fails();
    assert!(both.stdout.ends_with("→ wsctl plan --destroy\n"), "{both}");
    std::fs::remove_file(sandbox.builder("idle/api/notes")).unwrap();
    let one = sandbox.wsctl(&["destroy", "--auto-approve"]).fails().says("! builders.work");
    assert!(one.stdout.ends_with("→ wsctl destroy --unsaved=trash\n"), "{one}");
    sandbox.wsctl(&["destroy", "--auto-approve", "--unsaved=trash"]).ok();
    assert_eq!(sandbox.trash().len(), 3);
    assert_eq!(repositories(), before);
    sandbox.fsck(&["", "repos/api", "repos/web"]);
}

#[test]
fn destroy_brings_nothing_that_is_missing() {
    let sandbox = made();
    let origin = sandbox.top().join("origin/api.git");
    let far = format!("[repos.far]\nurl = \"{}\"\n[repos.gone]\n", origin.display());
    sandbox.toml(&format!("{far}{NONE}"));
    sandbox.plan().says("+ repos.far").says("! repos.gone");
    sandbox.wsctl(&["plan", "--destroy"]).ok().says("- builders.stays").never_says("repos.");
    sandbox.wsctl(&["destroy", "--auto-approve"]).ok();
    assert!(!sandbox.path("repos/far").exists());
    assert_eq!(sandbox.trash().len(), 3);
}

#[test]
fn destroy_fetches_where_the_file_says_so() {
    let sandbox = made();
    sandbox.toml(&format!("[workspace]\nfetch = true\n{NONE}"));
    let seed = sandbox.top().join("seed/api");
    sandbox.commit(&seed, "more");
    sandbox.git(&seed, &["push", "-q", sandbox.top().join("origin/api.git").to_str().unwrap(), "main"]);
    let here = || sandbox.git("repos/api", &["rev-parse", "origin/main"]);
    let before = here();
    sandbox.wsctl(&["destroy", "--auto-approve"]).ok();
    assert_ne!(here(), before);
    assert_eq!(here(), sandbox.git(&seed, &["rev-parse", "HEAD"]));
}

#[test]
fn the_trash_keeps_what_is_not_due() {
    let sandbox = made();
    sandbox.apply().ok();
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["prune", "--auto-approve"]).ok();
    sandbox.wsctl(&["prune", "--older-than", "1d", "--auto-approve"]).ok();
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["prune", "--older-than", "0s"]).fails().says("--auto-approve");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn what_an_agent_left_beside_the_checkouts_and_ignores_goes_along_and_is_kept() {
    let sandbox = Sandbox::workspace();
    let rest = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = []\n";
    sandbox.toml(&format!("{rest}[builders.one]\nrepos = [\"api\"]\n"));
    sandbox.apply().ok();
    sandbox.write(".builders/one/.agent/.gitignore", "node_modules\npackage.json\n.gitignore\n");
    sandbox.write(".builders/one/.agent/package.json", "{}\n");
    sandbox.write(".builders/one/.agent/node_modules/deep/x.js", "x\n");
    sandbox.write(".builders/one/notes.txt", "mine\n");
    sandbox.toml(rest);
    sandbox.apply().fails().says("1 file beside the checkouts: notes.txt");
    std::fs::remove_file(sandbox.builder("one/notes.txt")).unwrap();
    sandbox.apply().ok();
    assert_eq!(text(sandbox.trashed().join("tree/.agent/node_modules/deep/x.js")), "x\n");
}
