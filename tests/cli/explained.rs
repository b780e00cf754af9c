//! `plan -v`: what everything was compared by.

use crate::support::{Sandbox, snapshot};

const FILE: &str = "
[repos.api]
[builders.slack]
repos = [\"api\"]
[[files]]
from = \"notes.md\"
to = \"notes.md\"
";

fn applied() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(FILE);
    sandbox.apply().ok();
    sandbox
}

/// The lines of an address in a section.
fn facts<'a>(text: &'a str, section: &str, address: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| *line != section).skip(1).take_while(|line| line.starts_with(' '));
    let own = lines.skip_while(|line| line.trim_start() != address).skip(1);
    own.take_while(|line| line.starts_with("      ")).map(str::trim).collect()
}

#[test]
fn what_is_as_declared_is_told_with_its_facts() {
    let sandbox = applied();
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl(&["plan", "-v"]).ok().says("No changes. 1 builder matches builders.toml.");
    before.assert_same(&snapshot(sandbox.root()));
    let has = |address: &str, wanted: &[&str]| {
        let facts = facts(&answer.stdout, "As declared:", address);
        for wanted in wanted {
            assert!(facts.iter().any(|fact| fact.starts_with(wanted)), "{wanted} of {address}: {facts:#?}");
        }
    };
    let commit = sandbox.git(sandbox.builder("slack/api"), &["rev-parse", "--short=10", "HEAD"]);
    has("repos.api", &["declared: ", "path: ", "remotes: origin "]);
    has(
        "builders.slack",
        &["declared: branch builder/slack", "mark: branch builder/slack, of ", "anchor: branch builder/slack at "],
    );
    let head = format!("HEAD: branch builder/slack at {}", commit.trim());
    has(
        "builders.slack.api",
        &["declared: branch builder/slack", &head, "mark: branch builder/slack, made by wsctl, base origin/main, of "],
    );
    has("builders.slack.files.\"notes.md\"", &["declared: copy of ", "on the disk: sha256 ", "as last written: copy, sha256 "]);
    let usual = sandbox.wsctl(&["plan"]).ok();
    assert!(!usual.stdout.contains("As declared:"), "{usual}");
}

#[test]
fn what_is_not_as_declared_is_told_apart() {
    let sandbox = applied();
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "-c", "mine"]);
    std::fs::write(sandbox.builder("slack/notes.md"), "edited\n").unwrap();
    let answer = sandbox.wsctl(&["plan", "-v", "--detailed-exitcode"]).exits(1);
    let differs = |address: &str| facts(&answer.stdout, "Not as declared:", address);
    assert!(differs("builders.slack.api").iter().any(|fact| fact.starts_with("HEAD: branch mine at ")), "{answer}");
    assert!(differs("builders.slack.files.\"notes.md\"").len() == 4, "{answer}");
    let same = |address: &str| facts(&answer.stdout, "As declared:", address);
    assert_eq!((same("builders.slack.api"), same("builders.slack.files.\"notes.md\"")), (vec![], vec![]), "{answer}");
    assert!(!same("builders.slack.\".\"").is_empty(), "{answer}");
    let narrow = sandbox.wsctl(&["plan", "-v", "--target", "builders.slack.api"]).ok();
    assert!(!narrow.stdout.contains("notes.md\n"), "{narrow}");
}

#[test]
fn no_credentials_are_told() {
    let sandbox = applied();
    sandbox.toml(&FILE.replace("[repos.api]", "[repos.api]\n[repos.web]\nurl = \"https://me:hunter2@example.com/web.git\"\n"));
    sandbox.git(sandbox.root().join("repos/web"), &["remote", "set-url", "origin", "https://me:hunter2@example.com/web.git"]);
    let answer = sandbox.wsctl(&["plan", "-v"]).ok().says("example.com/web.git");
    assert!(!answer.stdout.contains("hunter2"), "{answer}");
}

#[test]
fn a_worktree_by_hand_in_a_builder_is_told_from_the_root_on() {
    let sandbox = applied();
    let by_hand = sandbox.builder("slack/by-hand");
    sandbox.git(sandbox.path("repos/api"), &["worktree", "add", "-q", "-b", "by-hand", by_hand.to_str().unwrap()]);
    let answer = sandbox.wsctl(&["plan", "--detailed-exitcode"]).ok().says("No changes.");
    answer.says("\n  .builders/slack/by-hand   a git work tree that the file does not declare\n");
}

#[test]
fn an_edited_file_that_is_declared_no_more_is_set_aside_by_what_is_said() {
    let sandbox = applied();
    std::fs::write(sandbox.builder("slack/notes.md"), "edited\n").unwrap();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.slack]\nrepos = [\"api\"]\n");
    let answer = sandbox.wsctl(&["plan", "--detailed-exitcode"]).exits(1).says("no longer declared, and was edited");
    sandbox.type_next(&answer, "mv ").ok();
    assert_eq!(std::fs::read_to_string(sandbox.builder("slack/notes.md.mine")).unwrap(), "edited\n");
    sandbox.apply().ok();
    sandbox.converged();
}

/// What `-v` calls the base is what the branch would start from, not the HEAD of another remote.
#[test]
fn the_base_that_is_told_is_the_one_that_is_taken() {
    let sandbox = applied();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["remote", "rename", "origin", "up"]);
    sandbox.git(&api, &["symbolic-ref", "refs/remotes/up/HEAD", "refs/remotes/up/main"]);
    sandbox.git(&api, &["remote", "add", "fork", "/nowhere"]);
    sandbox.toml(&format!("{FILE}[builders.new]\nrepos = [\"api\"]\n"));
    let answer = sandbox.wsctl(&["plan", "-v"]).ok().says("the HEAD of remote fork is not known");
    answer.says("base none: not there").never_says("base up/main: ");
}
