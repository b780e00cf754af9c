//! One form of errors: one line that says what is wrong and where, and under it what to type; the same in JSON.

use serde_json::Value;

use crate::support::Sandbox;

/// A workspace with one builder in the file, and files that are none.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml("[repos.api]\n[builders.slack]\nrepos = [\"api\"]\ninclude_root = false\n");
    sandbox.write("no.plan", "not a plan\n");
    sandbox.write("no.toml", "version = [\n");
    sandbox.write("faults.toml", "version = 1\ncolour = 1\n[builders.\"a b\"]\n");
    sandbox
}

/// Commands that are not understood.
const USAGE: [&[&str]; 11] = [
    &["frob"],
    &["plan", "--frob"],
    &["plan", "--target", "x y"],
    &["plan", "-j", "0"],
    &["plan", "-j", "many"],
    &["plan", "--lock-timeout", "soon"],
    &["schema", "plans"],
    &["prune", "--older-than", "soon"],
    &["completions", "tcsh"],
    &["add-repo"],
    &["plan", "--color", "blue"],
];

/// Commands that are understood and cannot be done.
const FAILING: [&[&str]; 19] = [
    &["-C", "nowhere", "plan"],
    &["-f", "nowhere.toml", "plan"],
    &["-f", ".", "plan"],
    &["apply"],
    &["apply", "nowhere.plan", "--auto-approve"],
    &["apply", "no.plan", "--auto-approve"],
    &["show", "nowhere.plan"],
    &["show", "no.plan"],
    &["plan", "--target", "builders.other"],
    &["plan", "--exclude", "repos.other"],
    &["plan", "--replace", "builders.other"],
    &["plan", "--out", "nowhere/deep/p"],
    &["plan", "--out", "notes.md"],
    &["restore", "other"],
    &["remove", "other"],
    &["add", "slack"],
    &["add", "a/b"],
    &["add-repo", "--builder", "other", "api"],
    &["init"],
];

/// The message of an answer of this form, and what stands under it.
#[track_caller]
fn form(stderr: &str, arguments: &[&str]) -> (String, Vec<String>) {
    let mut lines = stderr.lines().skip_while(|line| !line.starts_with("error: "));
    let message = lines.next().and_then(|line| line.strip_prefix("error: "));
    let message = message.unwrap_or_else(|| panic!("{arguments:?} has no error:\n{stderr}")).to_owned();
    let first = message.chars().next().unwrap();
    assert!(!first.is_uppercase() && (!message.ends_with('.') || message.ends_with("...")), "{arguments:?}: {message}");
    for word in ["Caused by", "Some(", "None", "Err(", "Os {", "Error", "\\\"", "panicked", "not found in"] {
        assert!(!stderr.contains(word), "{arguments:?} says {word:?}:\n{stderr}");
    }
    let next: Vec<String> = lines
        .map(|line| line.strip_prefix("  → ").unwrap_or_else(|| panic!("{arguments:?}: {line:?} in\n{stderr}")).to_owned())
        .collect();
    assert!(!next.is_empty(), "{arguments:?} has no way out:\n{stderr}");
    (message, next)
}

#[test]
fn what_is_not_understood_leads_to_its_help() {
    let sandbox = sandbox();
    for arguments in USAGE {
        let answer = sandbox.wsctl(arguments).exits(1);
        assert_eq!(answer.stdout, "", "{arguments:?}");
        let (_, next) = form(&answer.stderr, arguments);
        assert!(next.len() == 1 && next[0].starts_with("wsctl ") && next[0].ends_with("--help"), "{arguments:?}: {next:?}");
        let words: Vec<&str> = next[0].split(' ').skip(1).collect();
        sandbox.wsctl(&words).ok();
    }
}

#[test]
fn what_cannot_be_done_says_so_in_one_line_with_the_way_out() {
    let sandbox = sandbox();
    for arguments in FAILING {
        let answer = sandbox.wsctl(arguments).exits(1);
        let (message, next) = form(&answer.stderr, arguments);
        if arguments[0] == "apply" {
            continue;
        }
        let told = sandbox.wsctl(&[arguments, &["--json"]].concat()).exits(1);
        let value: Value = serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{told}"));
        assert_eq!((value["error"].as_str(), value["next"].as_str()), (Some(message.as_str()), Some(next.join("\n").as_str())));
    }
}

#[test]
fn faults_of_the_file_are_all_told_with_their_places() {
    let sandbox = sandbox();
    for (file, count) in [("no.toml", 1), ("faults.toml", 2)] {
        for command in ["plan", "apply", "status", "validate", "fmt", "destroy"] {
            let answer = sandbox.wsctl(&["-f", file, command]).exits(1);
            let errors = answer.stderr.lines().filter(|line| line.starts_with("error: ")).count();
            assert_eq!(errors, count + 1, "{command}: {answer}");
            assert_eq!(answer.stderr.matches(&format!("--> {file}:")).count(), count, "{command}: {answer}");
            assert_eq!(answer.stderr.matches("= help: ").count(), count, "{command}: {answer}");
        }
        let told: Value = serde_json::from_str(&sandbox.wsctl(&["-f", file, "plan", "--json"]).exits(1).stdout).unwrap();
        assert_eq!(told["faults"].as_array().unwrap().len(), count);
        let next: Vec<&str> = told["next"].as_str().unwrap().split(' ').skip(1).collect();
        sandbox.wsctl(&next).exits(1).says("error: ");
    }
}
