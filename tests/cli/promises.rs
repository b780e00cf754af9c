//! What `plan` says is what `apply` does: over workspaces in which several things have happened, in whole and in part.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::counts::{of_lines, of_summary};
use crate::support::{Sandbox, schema, snapshot};

/// What is declared.
struct File {
    layout: &'static str,
    slack: Option<&'static str>,
    second: &'static str,
    moved: &'static str,
    branch: &'static str,
    new: &'static str,
}

const APPLIED: File =
    File { layout: "sibling", slack: Some("\"api\", \"web\""), second: "slack-2", moved: "", branch: "builder/backend", new: "" };

impl File {
    fn write(&self, sandbox: &Sandbox) {
        let slack = self.slack.map(|repos| format!("[builders.slack]\nrepos = [{repos}]\n")).unwrap_or_default();
        let File { layout, second, moved, branch, new, .. } = self;
        sandbox.toml(&format!(
            "[workspace]\nlayout = \"{layout}\"\n[repos.api]\n[repos.web]\n{slack}[builders.{second}]\nrepos = [\"api\"]\n\
             [builders.backend]\nrepos = [\"web\"]\nbranch = \"{branch}\"\n[[files]]\nfrom = \"shared.txt\"\nto = \"shared.txt\"\n\
             {new}{moved}"
        ));
    }
}

const BLOWS: usize = 15;

/// One thing that happens.
fn blow(sandbox: &Sandbox, file: &mut File, what: usize) {
    let at = |path: &str| sandbox.builder(path);
    match what {
        0 => file.slack = None,
        1 => file.branch = "feature/x",
        2 => drop(sandbox.try_git(at("slack/api"), &["switch", "-q", "-c", "mine"])),
        3 => drop(fs::write(at("slack/web/untracked.txt"), "work\n")),
        4 => drop(fs::remove_dir_all(at("slack-2/api"))),
        5 => drop(fs::write(at("slack/shared.txt"), "edited\n")),
        6 => sandbox.write("shared.txt", "another text\n"),
        7 => drop(fs::remove_dir_all(at("backend"))),
        8 => drop(fs::rename(at("slack/web"), at("slack/elsewhere"))),
        9 => file.new = "[builders.new]\nrepos = [\"api\", \"web\"]\n",
        10 => drop(sandbox.try_git(at("backend/web"), &["switch", "-q", "--detach"])),
        11 => drop(fs::write(at("new"), "in the way\n")),
        12 => file.slack = file.slack.map(|_| "\"api\""),
        13 => (file.second, file.moved) = ("slack-3", "[[moved]]\nfrom = \"builders.slack-2\"\nto = \"builders.slack-3\"\n"),
        _ => file.layout = "split",
    }
}

const OPTIONS: [&[&str]; 7] = [
    &[],
    &["--allow-removals"],
    &["--unsaved=trash", "--allow-removals"],
    &["--target", "builders.*.api"],
    &["--target", "builders.backend", "--target", "repos.*"],
    &["--exclude", "builders.slack*"],
    &["--replace", "builders.slack*"],
];

fn addresses(document: &Value, wanted: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let changes = document["changes"].as_array().unwrap().iter();
    changes.filter(|change| wanted(change)).map(|change| change["address"].as_str().unwrap().to_owned()).collect()
}

/// Plans in text and JSON, applies, and compares; how many changes there were.
fn plan_then_apply(sandbox: &Sandbox, options: &[&str]) -> usize {
    let with = |words: &[&'static str]| [words, options].concat();
    let text = sandbox.wsctl(&with(&["plan", "--detailed-exitcode"]));
    let document = sandbox.wsctl(&with(&["plan", "--json"]));
    let document: Value = serde_json::from_str(&document.stdout).unwrap();
    if document.get("error").is_some() {
        assert!(text.code == Some(1) && text.stdout.is_empty(), "{text}");
        return 0;
    }
    let (pending, all) = (addresses(&document, |change| change["blocked"] == false), addresses(&document, |_| true));
    assert_eq!(of_lines(&text.stdout).iter().sum::<usize>(), all.len(), "{text}");
    assert_eq!(of_summary(&text.stdout).unwrap().iter().sum::<usize>(), all.len(), "{text}");
    assert_eq!(text.code == Some(2), !pending.is_empty(), "{text}");
    assert_eq!(text.stdout.contains("No changes."), all.is_empty(), "{text}");

    let before = snapshot(sandbox.root());
    let applied = sandbox.wsctl(&with(&["apply", "--json", "--auto-approve"]));
    let events = schema::events(&applied.stdout);
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
    let announced: Vec<&Value> = of("planned_change").into_iter().map(|event| &event["change"]).collect();
    let planned: Vec<&Value> = document["changes"].as_array().unwrap().iter().collect();
    assert_eq!(announced, planned, "another plan was applied than was shown\n{text}\n{applied}");
    let done: BTreeSet<String> = of("apply_complete").iter().map(|event| event["address"].as_str().unwrap().to_owned()).collect();
    assert_eq!(done, pending, "something else was done than was shown\n{text}\n{applied}");
    assert_eq!(applied.code, Some(i32::from(pending.len() < all.len())), "{text}\n{applied}");
    if pending.is_empty() {
        before.assert_same(&snapshot(sandbox.root()));
    }
    all.len()
}

#[test]
fn what_plan_shows_is_what_apply_does_and_what_its_exit_code_says() {
    let mut seed = 7_usize;
    let mut pick = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut changes = 0;
    for case in 0..15 {
        let sandbox = Sandbox::workspace();
        let mut file = File { ..APPLIED };
        sandbox.write("shared.txt", "text\n");
        file.write(&sandbox);
        assert_eq!(plan_then_apply(&sandbox, &[]), 13);
        assert_eq!(plan_then_apply(&sandbox, &[]), 0);
        // Each happens at least once, with something else.
        let blows = [case, pick(BLOWS), pick(BLOWS)];
        for what in blows {
            blow(&sandbox, &mut file, what);
        }
        file.write(&sandbox);
        let options = OPTIONS[(case + pick(2)) % OPTIONS.len()];
        changes += plan_then_apply(&sandbox, options);
        changes += plan_then_apply(&sandbox, &[]);
        let last = sandbox.wsctl(&["plan", "--detailed-exitcode"]);
        assert_ne!(last.code, Some(2), "case {case}, {blows:?}, {options:?}: not done after two applies\n{last}");
        sandbox.fsck(&["repos/api", "repos/web"]);
    }
    assert!(changes > 50, "only {changes} changes were seen");
}
