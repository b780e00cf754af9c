//! `plan --out FILE`, `show FILE`, `apply FILE`.

use std::os::unix::fs::{MetadataExt as _, symlink};

use serde_json::Value;

use crate::support::{Answer, Sandbox, snapshot, text};

const FILE: &str = "
[repos.api]
[repos.web]
[builders.slack]
repos = [\"api\"]
[builders.backend]
repos = [\"api\", \"web\"]
[[files]]
from = \"notes.md\"
to = \"notes.md\"
";

const ONLY_BACKEND: &str = "
[repos.api]
[repos.web]
[builders.backend]
repos = [\"api\", \"web\"]
[[files]]
from = \"notes.md\"
to = \"notes.md\"
";

fn declared() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(FILE);
    sandbox
}

/// Everything that is declared, and a saved plan that moves `slack` to the trash.
fn leaving() -> Sandbox {
    let sandbox = declared();
    sandbox.apply().ok();
    sandbox.toml(ONLY_BACKEND);
    sandbox.save(&[]);
    sandbox
}

impl Sandbox {
    fn save(&self, arguments: &[&str]) -> Answer {
        self.wsctl(&[&["plan", "--out", "../next.plan"], arguments].concat()).ok()
    }

    /// Refuses, writes nothing, and names the command that plans again, which works.
    #[track_caller]
    fn refuses_saved(&self, facts: &[&str]) {
        let before = snapshot(self.root());
        let answer = self.wsctl(&["apply", "../next.plan"]).fails();
        before.assert_same(&snapshot(self.root()));
        let answer = facts.iter().fold(answer, |answer, fact| answer.says(fact)).says("../next.plan is outrun");
        self.type_next(&answer, "plan --out ../next.plan").ok();
    }
}

#[test]
fn a_saved_plan_is_shown_and_applied_as_it_was_made() {
    let sandbox = declared();
    let plan = sandbox.plan().ok().stdout;
    let saved = sandbox.save(&[]);
    assert_eq!(saved.stdout, plan, "it is shown as ever");
    assert!(saved.stderr.contains("wsctl apply "), "{saved}");
    assert_eq!(sandbox.top().join("next.plan").metadata().unwrap().mode() & 0o777, 0o600);
    let shown = sandbox.wsctl_in(sandbox.top(), &["show", "next.plan"]).ok();
    assert!(shown.stdout.starts_with("Plan of ") && shown.stdout.contains("by `wsctl plan`"), "{shown}");
    assert!(shown.stdout.ends_with(&plan), "{shown}");
    let document: Value = serde_json::from_str(&sandbox.wsctl(&["show", "../next.plan", "--json"]).ok().stdout).unwrap();
    let mut planned: Value = serde_json::from_str(&sandbox.wsctl(&["plan", "--json"]).ok().stdout).unwrap();
    planned["saved"] = document["saved"].clone();
    assert_eq!(document, planned);
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["show", "-v", "../next.plan"]).ok().says("Depends on:").says("base origin/main: ");
    before.assert_same(&snapshot(sandbox.root()));
    let answer = sandbox.wsctl(&["apply", "../next.plan"]).ok().says("9 created");
    assert!(!answer.stderr.contains("Do you want"), "nothing is asked");
    sandbox.converged();
}

#[test]
fn it_comes_from_standard_input_too_and_with_the_words_it_was_made_with() {
    let sandbox = declared();
    sandbox.save(&["--target", "builders.slack", "--exclude", "builders.*.files"]);
    let bytes = text(sandbox.top().join("next.plan"));
    sandbox.wsctl_fed(&bytes, &["show", "-"]).ok().says("by `wsctl plan --target builders.slack --exclude 'builders.*.files'`");
    sandbox.wsctl_fed(&bytes, &["apply", "-"]).ok().says("3 created");
    assert!(sandbox.builder("slack/api").exists() && !sandbox.builder("slack/notes.md").exists());
    assert!(!sandbox.builder("backend").exists());
    sandbox.wsctl_fed(&bytes, &["apply", "-"]).fails().says("was applied already");
}

#[test]
fn it_is_applied_once_even_where_the_disk_is_back() {
    let sandbox = leaving();
    let kept = sandbox.top().join("kept.plan");
    std::fs::copy(sandbox.top().join("next.plan"), &kept).unwrap();
    sandbox.wsctl(&["apply", "../next.plan"]).ok().says("1 removed");
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    let before = snapshot(sandbox.root());
    for file in ["../next.plan", "../kept.plan"] {
        let answer = sandbox.wsctl(&["apply", file]).fails().says("was applied already, at 2").says("a plan is applied once");
        assert_eq!(answer.stderr.lines().count(), 2, "{answer}");
    }
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["apply", "../next.plan", "--json"]).fails().says("was applied already");
    sandbox.save(&[]);
    sandbox.wsctl(&["apply", "../next.plan"]).ok();
    assert!(!sandbox.builder("slack").exists());
    assert_eq!(std::fs::read_dir(sandbox.builder(".wsctl/plans")).unwrap().count(), 2);
}

#[test]
fn a_file_that_changed_refuses_it_and_a_comment_does_not() {
    let sandbox = declared();
    sandbox.save(&[]);
    sandbox.toml(&FILE.replace("[builders.slack]", "# who knows\n\n[builders.slack]   # it"));
    sandbox.wsctl(&["apply", "../next.plan"]).ok();
    sandbox.save(&[]);
    sandbox.toml(&FILE.replace("repos = [\"api\"]", "repos = [\"web\"]"));
    sandbox.refuses_saved(&["builders.toml", "    -repos = [\"api\"]", "    +repos = [\"web\"]"]);
    sandbox.toml(ONLY_BACKEND);
    sandbox.refuses_saved(&["-[builders.slack]"]);
    sandbox.wsctl(&["apply", "../next.plan", "--json"]).ok();
}

#[test]
fn included_files_are_a_part_of_it() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("include = [\"more/*.toml\"]\n[repos.api]\n[repos.web]\n");
    sandbox.write("more/one.toml", "[builders.slack]\nrepos = [\"api\"]\n");
    sandbox.save(&[]);
    sandbox.write("more/one.toml", "[builders.slack]\nrepos = [\"web\"]\n");
    sandbox.refuses_saved(&["more/one.toml", "-repos = [\"api\"]", "+repos = [\"web\"]"]);
    sandbox.write("more/two.toml", "[builders.second]\nrepos = [\"api\"]\n");
    sandbox.refuses_saved(&["more/two.toml", "+[builders.second]"]);
}

#[test]
fn a_branch_that_moved_refuses_it() {
    let sandbox = declared();
    sandbox.save(&[]);
    let before = sandbox.git("repos/api", &["rev-parse", "--short=10", "origin/main"]);
    sandbox.commit(sandbox.top().join("seed/api"), "more");
    sandbox.git(sandbox.top().join("seed/api"), &["push", "-q", sandbox.top().join("origin/api.git").to_str().unwrap(), "main"]);
    sandbox.git("repos/api", &["fetch", "-q"]);
    let after = sandbox.git("repos/api", &["rev-parse", "--short=10", "origin/main"]);
    sandbox.refuses_saved(&[
        "builders.slack.api",
        &format!("- base origin/main: {before}"),
        &format!("+ base origin/main: {after}"),
    ]);
    sandbox.git("repos/api", &["branch", "builder/slack", "HEAD~0"]);
    sandbox.refuses_saved(&["- branch builder/slack: none", "on branch builder/slack"]);
    sandbox.wsctl(&["apply", "../next.plan"]).ok();
}

#[test]
fn a_removal_is_refused_where_somebody_worked_since() {
    let sandbox = leaving();
    sandbox.write(".builders/slack/api/new.txt", "work\n");
    sandbox.refuses_saved(&[
        "- api, files: clean",
        "+ api, files: 1 untracked file: new.txt",
        "+ blocked builders.slack: remove: 1 untracked",
    ]);
    sandbox.commit(sandbox.builder("slack/api"), "work");
    sandbox.save(&[]);
    sandbox.commit(sandbox.builder("slack/api"), "more work");
    sandbox.refuses_saved(&["api, HEAD: branch builder/slack at"]);
    let locked = sandbox.builder("slack/api");
    sandbox.git(&locked, &["worktree", "lock", "--reason", "mine", "."]);
    sandbox.refuses_saved(&["+ api, lock: not ours: mine"]);
}

#[test]
fn what_is_new_to_do_refuses_it_and_what_it_does_not_touch_does_not() {
    let sandbox = leaving();
    // Drift, and work in a builder that stays.
    sandbox.git(sandbox.builder("backend/api"), &["switch", "-q", "-c", "mine"]);
    sandbox.write(".builders/backend/web/new.txt", "work\n");
    sandbox.commit(sandbox.builder("backend/web"), "work");
    sandbox.write(".builders/stranger/file", "x\n");
    sandbox.wsctl(&["show", "../next.plan"]).ok();
    sandbox.wsctl(&["apply", "../next.plan"]).ok().says("1 removed");
    sandbox.save(&[]);
    std::fs::remove_file(sandbox.builder("backend/notes.md")).unwrap();
    sandbox.refuses_saved(&["+ create builders.backend.files.\"notes.md\": it is gone: copy of notes.md"]);
    sandbox.save(&[]);
    sandbox.write("notes.md", "other notes\n");
    sandbox.refuses_saved(&["- create builders.backend.files.\"notes.md\"", "(not as it was planned)"]);
}

#[test]
fn a_plan_with_nothing_to_do_says_so() {
    let sandbox = declared();
    sandbox.apply().ok();
    sandbox.save(&["--detailed-exitcode"]);
    for _ in 0..2 {
        sandbox.wsctl(&["apply", "../next.plan"]).ok().says("No changes.");
    }
    sandbox.wsctl(&["apply", "-q", "../next.plan"]).ok().never_says("changes");
    let events = sandbox.wsctl(&["apply", "--json", "../next.plan"]).ok().stdout;
    assert!(events.lines().last().unwrap().contains("change_summary"), "{events}");
    sandbox.toml(ONLY_BACKEND);
    let code = sandbox.wsctl(&["plan", "--out", "../next.plan", "--detailed-exitcode", "--json"]).exits(2);
    assert!(serde_json::from_str::<Value>(&code.stdout).is_ok(), "{code}");
}

#[test]
fn options_that_it_was_made_with_are_not_given_again() {
    let sandbox = leaving();
    let given: [&[&str]; 5] =
        [&["--allow-removals"], &["--unsaved=trash"], &["--target", "builders.slack"], &["--fetch"], &["--destroy"]];
    for given in given {
        sandbox.wsctl(&[&["apply", "../next.plan"], given].concat()).fails().says("cannot be used with");
    }
    sandbox.write(".builders/slack/api/new.txt", "work\n");
    sandbox.save(&["--unsaved=trash", "--allow-removals"]);
    sandbox.wsctl(&["show", "../next.plan"]).ok().says("`wsctl plan --unsaved=trash --allow-removals`");
    sandbox.wsctl(&["apply", "../next.plan", "--auto-approve"]).ok().says("1 removed");
    sandbox.save(&["--destroy"]);
    sandbox.wsctl(&["apply", "../next.plan"]).ok().says("1 removed");
    assert!(!sandbox.builder("backend").exists());
    sandbox.wsctl(&["plan", "--out", "../x.plan", "--refresh-only"]).fails().says("cannot be used with");
    sandbox.wsctl(&["plan", "--out", "-"]).fails().says("--out takes the name of a file");
}

#[test]
fn what_becomes_of_branches_is_kept_with_it() {
    for (option, other, stays) in [("--keep-branch", "--delete-branch", true), ("--delete-branch", "--keep-branch", false)] {
        let sandbox = leaving();
        sandbox.wsctl(&["apply", "../next.plan", other]).fails().says("cannot be used with");
        sandbox.save(&[option]);
        sandbox.wsctl(&["show", "../next.plan"]).ok().says(&format!("`wsctl plan {option}`"));
        sandbox.wsctl(&["apply", "../next.plan"]).ok().says("1 removed");
        let branch = sandbox.git("repos/api", &["branch", "--list", "builder/slack"]);
        assert_eq!(!branch.is_empty(), stays, "{option}");
    }
}

#[test]
fn only_a_saved_plan_is_written_over() {
    let sandbox = declared();
    sandbox.save(&[]);
    let first = text(sandbox.top().join("next.plan"));
    sandbox.save(&[]);
    assert_ne!(text(sandbox.top().join("next.plan")), first, "each has an id of its own");
    for (path, what) in [("builders.toml", "is no saved plan"), ("repos", "is no regular file"), ("link", "is no regular file")] {
        if path == "link" {
            symlink(sandbox.top().join("next.plan"), sandbox.path("link")).unwrap();
        }
        let before = snapshot(sandbox.root());
        sandbox.wsctl(&["plan", "--out", path]).fails().says(what).says("is not written over");
        before.assert_same(&snapshot(sandbox.root()));
    }
    sandbox.wsctl(&["plan", "--out", "nowhere/next.plan"]).fails().says("there is no directory").says("→ mkdir -p ");
    sandbox.wsctl(&["plan", "--out", "builders.toml/next.plan"]).fails().says("→ name another file").never_says("mkdir");
    assert!(!sandbox.path("nowhere").exists());
    assert!(
        std::fs::read_dir(sandbox.top()).unwrap().all(|entry| !entry.unwrap().file_name().to_string_lossy().starts_with('.'))
    );
}

#[test]
fn what_is_no_plan_of_here_and_now_is_one_line() {
    let sandbox = declared();
    sandbox.save(&[]);
    let whole = text(sandbox.top().join("next.plan"));
    let refused = |text: &str, what: &str| {
        for command in ["show", "apply"] {
            let answer = sandbox.wsctl_fed(text, &[command, "-"]).fails().says(what);
            assert_eq!((answer.stdout.as_str(), answer.stderr.lines().count()), ("", 2), "{answer}");
            assert!(!answer.stderr.contains("panicked"), "{answer}");
        }
    };
    refused("", "no saved plan");
    refused("{}", "no saved plan");
    refused(&whole[..whole.len() / 2], "is no whole saved plan");
    refused(&whole.replacen("\"wsctl_version\": \"", "\"wsctl_version\": \"9", 1), "was saved by wsctl 9");
    refused(&whole.replacen("\"wsctl_plan\": 1", "\"wsctl_plan\": 2", 1), "was saved by");
    refused(&whole.replacen("\"id\": \"", "\"id\": \"../../../../x", 1), "an id has 32 hexadecimal digits");
    sandbox.wsctl(&["show", "nowhere.plan"]).fails().says("nowhere.plan cannot be read");
    sandbox.wsctl(&["apply", "builders.toml"]).fails().says("is no saved plan").says("→ wsctl plan --out FILE\n");
    let other = declared();
    std::fs::copy(sandbox.top().join("next.plan"), other.top().join("next.plan")).unwrap();
    other.wsctl(&["apply", "../next.plan"]).fails().says("is a plan of").says("builders.toml apply ../next.plan");
    assert!(!other.builder("").exists());
    // A month later nobody remembers whether it was applied.
    let made = serde_json::from_str::<Value>(&whole).unwrap()["made"].as_i64().unwrap();
    let old = whole.replacen(&format!("\"made\": {made}"), &format!("\"made\": {}", made - 31 * 86_400), 1);
    sandbox.wsctl_fed(&old, &["apply", "-"]).fails().says("- is 31 days old");
}

#[test]
fn a_plan_that_somebody_tampered_with_does_nothing_else() {
    let sandbox = leaving();
    let whole = text(sandbox.top().join("next.plan"));
    let before = snapshot(sandbox.root());
    // Other words where it says what is done: it is not what would be done.
    for (from, to) in [
        ("builder/slack", "main"),
        ("\"delete_branch\": true", "\"delete_branch\": false"),
        ("/slack", "/backend"),
        ("\"RemoveBuilder\"", "\"Nothing\""),
    ] {
        let other = whole.replace(from, to);
        assert_ne!(other, whole, "{from}");
        let answer = sandbox.wsctl_fed(&other, &["apply", "-"]).fails();
        assert!(!answer.stderr.contains("panicked"), "{answer}");
    }
    // Every value in turn becomes another.
    for (number, (at, _)) in whole.match_indices(": ").enumerate().filter(|(number, _)| number % 7 == 0) {
        let end = whole[at..].find('\n').map_or(whole.len(), |end| at + end);
        let other = ["null", "[]", "-1", "\"\\u001b[31m\"", "{}"][number / 7 % 5];
        let comma = if whole[..end].ends_with(',') { "," } else { "" };
        let text = format!("{}: {other}{comma}{}", &whole[..at], &whole[end..]);
        let answer = sandbox.wsctl_fed(&text, &["show", "-v", "-"]);
        assert!(answer.code == Some(0) || answer.code == Some(1), "{answer}");
        assert!(!answer.stderr.contains("panicked") && !answer.stdout.contains('\u{1b}'), "{answer}");
    }
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["apply", "../next.plan"]).ok();
}

#[test]
fn credentials_are_not_in_it() {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[repos.far]\nurl = \"https://me:hunter2@example.invalid/far.git?token=hunter3\"\n");
    sandbox.save(&[]);
    let whole = text(sandbox.top().join("next.plan"));
    assert!(whole.contains("example.invalid") && !whole.contains("hunter"), "{whole}");
    sandbox.toml("[repos.api]\n[repos.far]\nurl = \"https://me:hunter4@example.invalid/far.git?token=hunter3\"\n");
    sandbox.wsctl(&["apply", "../next.plan"]).fails().says("a secret in a url").never_says("hunter");
}

#[test]
fn two_at_once_apply_it_once() {
    let sandbox = leaving();
    let spawn = || {
        let mut command = sandbox.program();
        command.args(["apply", "../next.plan"]).stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let both = [spawn(), spawn()].map(|child| Answer::of(&child.wait_with_output().unwrap()));
    let codes: Vec<_> = both.iter().map(|answer| answer.code).collect();
    assert!(codes.contains(&Some(0)) && codes.contains(&Some(1)), "{} {}", both[0], both[1]);
    assert_eq!(sandbox.trash().len(), 1);
}
