//! What the program gets: arguments, variables, files, streams, environments; and what it says of bad ones.

use std::ffi::OsStr;
use std::process::Stdio;

use crate::support::{Sandbox, skip, snapshot, text};

const ONE: &str = "[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n";

fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(ONE);
    sandbox.apply().ok();
    sandbox
}

fn fresh() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(ONE);
    sandbox
}

#[test]
fn every_fault_of_the_file_at_once_and_nothing_touched() {
    let sandbox = fresh();
    sandbox.toml("wrokspace = 1\n[repos.api]\nulr = \"x\"\n[builders.b]\nrepos = [\"apy\"]\n[policy]\nmax_removals = \"lots\"\n");
    let before = snapshot(sandbox.root());
    for arguments in [&["validate"] as &[&str], &["plan"], &["apply", "--auto-approve"], &["status"], &["destroy"], &["prune"]] {
        let answer = sandbox.wsctl(arguments).fails();
        for words in ["`workspace`", "`url`", "`api`", "max_removals", "builders.toml:2:1", "builders.toml has 4 faults"] {
            assert!(answer.stderr.contains(words), "{arguments:?}: no {words:?} in\n{answer}");
        }
        assert_eq!(answer.stdout, "", "{arguments:?}");
    }
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn faults_as_json() {
    let sandbox = fresh();
    sandbox.toml("wrokspace = 1\n[repos.api]\nulr = \"x\"\n");
    let answer = sandbox.wsctl(&["validate", "--json"]).fails();
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["faults"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(document["faults"][0]["line"], 2, "{answer}");
}

#[test]
fn a_file_of_a_hostile_size_or_kind_is_one_clear_error() {
    let sandbox = fresh();
    std::fs::write(sandbox.path("builders.toml"), b"version = 1\n\xff\xfe\n").unwrap();
    sandbox.plan().fails().says("UTF-8");
    std::fs::remove_file(sandbox.path("builders.toml")).unwrap();
    std::fs::create_dir(sandbox.path("builders.toml")).unwrap();
    sandbox.plan().fails().says("builders.toml");
    sandbox.write("empty.toml", "");
    sandbox.wsctl(&["plan", "-f", "empty.toml"]).fails().says("version");
    sandbox.write("later.toml", "version = 2\n");
    sandbox.wsctl(&["plan", "-f", "later.toml"]).fails().says("version");
}

#[test]
fn without_git() {
    let sandbox = fresh();
    let before = snapshot(sandbox.root());
    let empty = sandbox.top().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let apply = ["apply", "--auto-approve"];
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", empty.as_os_str())], &apply).fails();
    assert!(answer.stderr.contains("git") && answer.stderr.contains('→'), "{answer}");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn with_a_git_that_is_too_old() {
    let sandbox = fresh();
    let path = sandbox.path_with_git("#!/bin/sh\necho git version 2.20.1\n");
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]).fails();
    assert!(answer.stderr.contains("2.20.1") && answer.stderr.contains("2.38"), "{answer}");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn without_a_file() {
    let sandbox = Sandbox::new();
    for command in ["plan", "status", "validate", "apply", "destroy", "prune"] {
        sandbox.wsctl(&[command]).fails().says("no builders.toml in").says("wsctl init");
    }
    sandbox.wsctl(&["plan", "-f", "other.toml"]).fails().says("other.toml");
}

#[test]
fn the_file_and_the_directory_can_be_named() {
    let sandbox = fresh();
    std::fs::rename(sandbox.path("builders.toml"), sandbox.path("other.toml")).unwrap();
    let here = sandbox.wsctl(&["plan", "-f", "other.toml"]).ok().stdout;
    assert!(here.contains("+ builders.b"), "{here}");
    let top = sandbox.top();
    assert_eq!(sandbox.wsctl_in(&top, &["-C", "ws", "plan", "-f", "other.toml"]).ok().stdout, here);
    assert_eq!(sandbox.wsctl_in(&top, &["plan", "--file", "ws/other.toml"]).ok().stdout, here);
    let variables = [("WSCTL_FILE", OsStr::new("other.toml")), ("WSCTL_DIRECTORY", sandbox.root().as_os_str())]
        .map(|(k, v)| (k, v.to_owned()));
    let variables = [(variables[0].0, variables[0].1.as_os_str()), (variables[1].0, variables[1].1.as_os_str())];
    assert_eq!(sandbox.wsctl_with(&top, &variables, &["plan"]).ok().stdout, here);
    sandbox.wsctl(&["-C", "nowhere", "plan"]).fails().says("nowhere");
}

#[test]
fn the_plan_is_the_same_from_every_depth() {
    let sandbox = made();
    sandbox.git(sandbox.root(), &["add", "builders.toml"]);
    sandbox.git(sandbox.root(), &["commit", "-q", "-m", "declare"]);
    sandbox.toml(&format!("{ONE}[builders.c]\nrepos = [\"api\"]\n"));
    // The root's checkout has a builders.toml of its own, which is not asked.
    sandbox.write(".builders/b/workspace-root/builders.toml", "version = 99\n");
    std::fs::create_dir_all(sandbox.builder("b/api/src/deep")).unwrap();
    std::fs::create_dir_all(sandbox.path("notes")).unwrap();
    let here = sandbox.plan().ok();
    assert_eq!(here.stderr, "");
    assert!(here.stdout.contains("+ builders.c"));
    for place in [".builders", ".builders/b", ".builders/b/api", ".builders/b/api/src/deep", ".builders/b/workspace-root"] {
        let there = sandbox.wsctl_in(sandbox.path(place), &["plan"]).ok();
        assert_eq!(there.stdout, here.stdout, "{place}");
        assert!(there.stderr.starts_with("using "), "{place}: {there}");
        assert_eq!(sandbox.wsctl_in(sandbox.path(place), &["plan", "-q"]).ok().stderr, "", "{place}");
    }
    for place in ["notes", "repos/api"] {
        let there = sandbox.wsctl_in(sandbox.path(place), &["plan"]).ok();
        assert_eq!((there.stdout, there.stderr), (here.stdout.clone(), String::new()), "{place}");
    }
}

#[test]
fn inside_a_worktree_of_somebody_else_the_file_must_be_named() {
    let sandbox = fresh();
    sandbox.git(sandbox.root(), &["add", "builders.toml"]);
    sandbox.git(sandbox.root(), &["commit", "-q", "-m", "declare"]);
    let theirs = sandbox.path("theirs");
    sandbox.git(sandbox.root(), &["worktree", "add", "-q", "-b", "x", theirs.to_str().unwrap()]);
    let refused = sandbox.wsctl_in(&theirs, &["plan"]).fails().says("linked worktree that wsctl did not make");
    sandbox.type_next_in(&theirs, &refused, "builders.toml plan").ok();
    sandbox.wsctl_in(&theirs, &["plan", "-f", "../builders.toml"]).ok();
}

#[test]
fn an_unreadable_directory_is_one_clear_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = made();
    let api = sandbox.path("repos/api/.git");
    std::fs::set_permissions(&api, std::fs::Permissions::from_mode(0o000)).unwrap();
    let readable = std::fs::read_dir(&api).is_ok();
    let answer = sandbox.apply();
    std::fs::set_permissions(&api, std::fs::Permissions::from_mode(0o755)).unwrap();
    if readable {
        return skip("root may read everything");
    }
    answer.fails().says("repos/api");
    sandbox.converged();
}

#[test]
fn a_closed_stdout_is_no_error() {
    let sandbox = fresh();
    for arguments in [
        &["plan"] as &[&str],
        &["plan", "--json"],
        &["status"],
        &["--help"],
        &["init", "-"],
        &["apply", "--auto-approve", "--json"],
    ] {
        let mut child = sandbox.program().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !said.contains("panicked") && !said.contains("error"), "{arguments:?}: {said}");
    }
    sandbox.converged();
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    let sandbox = fresh();
    let coloured = |text: &str| text.contains('\u{1b}');
    assert!(!coloured(&sandbox.plan().stdout));
    assert!(coloured(&sandbox.wsctl(&["plan", "--color", "always"]).stdout));
    assert!(!coloured(&sandbox.wsctl(&["plan", "--color", "never"]).stdout));
    let with = |name: &str, value: &str, arguments: &[&str]| {
        coloured(&sandbox.wsctl_with(sandbox.root(), &[(name, OsStr::new(value))], arguments).stdout)
    };
    assert!(with("WSCTL_COLOR", "always", &["plan"]));
    assert!(!with("NO_COLOR", "1", &["plan"]));
    assert!(with("NO_COLOR", "1", &["plan", "--color", "always"]), "who asks, gets");
    let faults = sandbox.wsctl_fed("nonsense = 1\n", &["validate", "-"]);
    assert!(!coloured(&faults.stderr), "{faults}");
}

#[test]
fn quiet_is_silent_when_there_is_nothing_to_do() {
    let sandbox = made();
    for arguments in [&["apply", "--auto-approve", "-q"] as &[&str], &["plan", "-q"], &["prune", "-q"], &["validate", "-q"]] {
        let answer = sandbox.wsctl(arguments).ok();
        assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{arguments:?}");
    }
    let quiet = sandbox.wsctl_with(sandbox.root(), &[("WSCTL_QUIET", OsStr::new("1"))], &["apply", "--auto-approve"]).ok();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    sandbox.write(".builders/foreign/file", "unmanaged\n");
    assert_eq!(sandbox.wsctl(&["apply", "--auto-approve", "-q"]).ok().stdout, "");
}

#[test]
fn json_documents_parse_and_name_their_version() {
    let sandbox = made();
    sandbox.toml(&format!("{ONE}[builders.c]\nrepos = [\"api\"]\n"));
    for arguments in [&["plan", "--json"] as &[&str], &["status", "--json"], &["validate", "--json"], &["prune", "--json"]] {
        let answer = sandbox.wsctl(arguments).ok();
        let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert!(document["format_version"].is_string() || document["format_version"].is_u64(), "{arguments:?}: {answer}");
        assert!(!answer.stdout.contains('\u{1b}'));
    }
    let variable = sandbox.wsctl_with(sandbox.root(), &[("WSCTL_JSON", OsStr::new("1"))], &["plan"]).ok();
    serde_json::from_str::<serde_json::Value>(&variable.stdout).unwrap();
}

/// The types of the events of one run; every line must be one.
#[track_caller]
fn events(stdout: &str) -> Vec<String> {
    let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("no event: {line}"));
    stdout.lines().map(|line| parse(line)["type"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn apply_tells_one_event_per_line_with_the_version_first() {
    let sandbox = fresh();
    for run in ["everything", "nothing"] {
        let answer = sandbox.wsctl(&["apply", "--auto-approve", "--json"]).ok();
        let types = events(&answer.stdout);
        assert_eq!(types.first().map(String::as_str), Some("version"), "{run}: {answer}");
        assert!(types.len() > 1, "{run}: {answer}");
    }
    sandbox.toml("nonsense = 1\n");
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--json"]).fails();
    assert_eq!(events(&answer.stdout).first().map(String::as_str), Some("version"), "an error too: {answer}");
}

#[test]
fn a_question_without_a_terminal_is_an_error_with_the_way_out() {
    let sandbox = fresh();
    let before = snapshot(sandbox.root());
    for arguments in [&["apply"] as &[&str], &["apply", "--no-input"], &["apply", "--json"]] {
        let answer = sandbox.wsctl(arguments).fails();
        let again = format!("wsctl {} --auto-approve", arguments.join(" "));
        assert!(format!("{answer}").contains(&again), "{arguments:?}: {answer}");
    }
    sandbox.wsctl_fed("yes\n", &["apply"]).fails();
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.apply().ok();
    sandbox.wsctl(&["apply", "--no-input"]).ok();
}

#[test]
fn a_wrong_word_exits_1_with_usage() {
    let sandbox = fresh();
    for arguments in [
        &["plan", "--frobnicate"] as &[&str],
        &["frobnicate"],
        &[],
        &["plan", "-j", "0"],
        &["plan", "-j", "many"],
        &["plan", "--color", "pink"],
        &["apply", "--unsaved", "burn"],
        &["prune", "--older-than", "soon"],
        &["plan", "-q", "-v"],
        &["plan", "extra"],
    ] {
        let answer = sandbox.wsctl(arguments).fails();
        assert_eq!(answer.stdout, "", "{arguments:?}: {answer}");
        assert!(!answer.stderr.is_empty(), "{arguments:?}");
    }
    sandbox.wsctl(&["plan", "--detailed-exitcod"]).fails().says("--detailed-exitcode");
    for arguments in [&["--help"] as &[&str], &["plan", "--help"], &["--version"], &["help"]] {
        assert_ne!(sandbox.wsctl(arguments).ok().stdout, "", "{arguments:?}");
    }
}

#[test]
fn variables_are_checked_like_options() {
    let sandbox = fresh();
    let with = |name: &str, value: &str| sandbox.wsctl_with(sandbox.root(), &[(name, OsStr::new(value))], &["plan"]);
    with("WSCTL_JOBS", "none").fails().says("as WSCTL_JOBS says").says("→ unset WSCTL_JOBS");
    with("WSCTL_LOCK_TIMEOUT", "soon").fails().says("→ unset WSCTL_LOCK_TIMEOUT");
    with("WSCTL_JOBS", "n").fails().says("as WSCTL_JOBS says");
    for typed in [&["plan", "--jobs", "none"] as &[&str], &["plan", "--jobs=none"], &["plan", "-jnone"]] {
        let answer = sandbox.wsctl_with(sandbox.root(), &[("WSCTL_JOBS", OsStr::new("none"))], typed);
        answer.fails().never_says("WSCTL_JOBS").says("→ wsctl plan --help");
    }
    with("WSCTL_JOBS", "1").ok().says("+ builders.b");
    with("WSCTL_LOCK_TIMEOUT", "0s").ok();
    with("WSCTL_NO_INPUT", "1").ok();
    with("WSCTL_JSON", "0").ok().says("+ builders.b");
    with("WSCTL_VERBOSE", "1").ok();
}

#[test]
fn init_writes_what_validates_and_never_over_a_file() {
    let sandbox = Sandbox::workspace();
    let printed = sandbox.wsctl(&["init", "-"]).ok().stdout;
    assert!(!sandbox.path("builders.toml").exists());
    assert!(printed.contains("[repos.api]") && printed.contains("[repos.web]"), "{printed}");
    sandbox.wsctl_fed(&printed, &["validate", "-"]).ok();
    let said = sandbox.wsctl(&["init"]).ok().says("with 2 repositories: api, web.");
    drop(said.says("→ wsctl add NAME --repo api --apply"));
    assert_eq!(text(sandbox.path("builders.toml")), printed);
    sandbox.wsctl(&["validate"]).ok();
    sandbox.wsctl(&["plan", "--detailed-exitcode"]).ok();
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["init"]).fails().says("is there already");
    before.assert_same(&snapshot(sandbox.root()));

    std::fs::remove_file(sandbox.path("builders.toml")).unwrap();
    std::os::unix::fs::symlink("elsewhere.toml", sandbox.path("builders.toml")).unwrap();
    sandbox.wsctl(&["init"]).fails();
    assert!(!sandbox.path("elsewhere.toml").exists(), "nor through a link");
}

#[test]
fn init_in_an_empty_directory_validates_too() {
    let sandbox = Sandbox::new();
    sandbox.wsctl(&["init"]).ok().says("There is no clone in repos/.").says("→ wsctl add-repo NAME --url URL");
    sandbox.wsctl(&["validate"]).ok();
    sandbox.plan().ok();
}

#[test]
fn validate_reads_standard_input() {
    let sandbox = fresh();
    sandbox.wsctl_fed(&format!("version = 1\n{ONE}"), &["validate", "-"]).ok();
    sandbox.wsctl_fed("version = 1\n[repso.api]\n", &["validate", "-"]).fails().says("repos");
    sandbox.wsctl_fed("", &["validate", "-"]).fails();
}
