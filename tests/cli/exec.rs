//! `wsctl exec`: where it runs, what is shown, how it ends; and `wsctl path` with the functions for shells.

use std::time::{Duration, Instant};

use crate::support::{Answer, Sandbox, text};

const TWO: &str = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\", \"web\"]\n[builders.two]\nrepos = [\"api\"]\n";

fn two() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    sandbox
}

#[test]
fn it_runs_in_every_checkout_and_groups_what_is_said_in_the_order_of_the_addresses() {
    let sandbox = two();
    let said = sandbox.wsctl(&["exec", "-j", "4", "--", "sh", "-c", "basename \"$PWD\"; echo oh >&2"]).ok();
    assert_eq!(
        said.stdout,
        "builders.one.\".\"\nworkspace-root\nbuilders.one.api\napi\nbuilders.one.web\nweb\nbuilders.two.\".\"\nworkspace-root\n\
         builders.two.api\napi\n"
    );
    said.says("5 checkouts: 5 done in ").says("oh\n");
    let quiet = sandbox.wsctl(&["exec", "-q", "--", "git", "branch", "--show-current"]).ok();
    assert_eq!(
        (quiet.stdout.as_str(), quiet.stderr.as_str()),
        ("builder/one\nbuilder/one\nbuilder/one\nbuilder/two\nbuilder/two\n", "")
    );
}

#[test]
fn it_knows_where_it_is_and_git_is_not_led_elsewhere() {
    let sandbox = two();
    let script = "echo $WSCTL_BUILDER $WSCTL_REPOSITORY $WSCTL_BRANCH; test \"$WSCTL_CHECKOUT_DIR\" = \"$PWD\" && test -d \"$WSCTL_BUILDER_DIR/.git\" \
                  && test -f \"$WSCTL_WORKSPACE/builders.toml\" && test -z \"$GIT_DIR$WSCTL_JOBS\"";
    let variables = [("GIT_DIR", "/nowhere".as_ref()), ("WSCTL_JOBS", "1".as_ref())];
    let said =
        sandbox.wsctl_with(sandbox.root(), &variables, &["exec", "-q", "--target", "builders.one.api", "--", "sh", "-c", script]);
    assert_eq!(said.ok().stdout, "one api builder/one\n");
    let script = "echo $WSCTL_BUILDER:$WSCTL_REPOSITORY:$WSCTL_BRANCH; test \"$WSCTL_BUILDER_DIR\" = \"$PWD\"";
    let said = sandbox.wsctl(&["exec", "-q", "--each", "builder", "--", "sh", "-c", script]).ok();
    assert_eq!(said.stdout, "one::builder/one\ntwo::builder/two\n");
}

#[test]
fn where_it_fails_the_rest_goes_on_and_the_end_says_where() {
    let sandbox = two();
    let script = "test $WSCTL_REPOSITORY != api || exit 3";
    let said = sandbox.wsctl(&["exec", "--", "sh", "-c", script]).fails();
    said.says("builders.one.api: exit code 3").says("builders.two.api: exit code 3").says("5 checkouts: 3 done, 2 failed in ");
    let said = sandbox.wsctl(&["exec", "-j", "1", "--fail-fast", "--", "sh", "-c", script]).fails();
    said.says("builders.one.web: not begun").says("1 done, 1 failed, 3 not begun");
    let said = sandbox.wsctl(&["exec", "--", "no-such-program"]).fails();
    said.says("`no-such-program` cannot be run: ").never_says("panicked");
    let said = sandbox.wsctl(&["exec", "--", "sh", "-c", "kill -9 $$"]).fails();
    said.says("ended by signal 9");
}

#[test]
fn lines_stand_behind_their_place_also_those_that_never_end() {
    let sandbox = two();
    let said =
        sandbox.wsctl(&["exec", "--target", "builders.two", "--output", "prefixed", "-j", "1", "--", "printf", "a\\nb"]).ok();
    assert_eq!(said.stdout, "two.\".\" | a\ntwo.\".\" | b\ntwo.api | a\ntwo.api | b\n");
}

#[test]
fn only_where_something_changed() {
    let sandbox = two();
    let changed = || {
        let said = sandbox.wsctl(&["exec", "-q", "--changed", "--", "sh", "-c", "echo $WSCTL_BUILDER.$WSCTL_REPOSITORY"]).ok();
        said.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(changed(), [""; 0]);
    sandbox.wsctl(&["exec", "--changed", "--", "true"]).ok().says("No checkouts to run it in.");
    sandbox.write(".builders/one/web/new.txt", "new\n");
    sandbox.write(".builders/two/api/README.md", "edited\n");
    sandbox.commit(sandbox.builder("two/api"), "work");
    assert_eq!(changed(), ["one.web", "two.api"]);
    let said = sandbox.wsctl(&[
        "exec",
        "-q",
        "--changed",
        "--each",
        "builder",
        "--target",
        "builders.one",
        "--",
        "sh",
        "-c",
        "echo $WSCTL_BUILDER",
    ]);
    assert_eq!(said.ok().stdout, "one\n");
}

#[test]
fn a_command_that_hangs_ends_with_all_that_it_started() {
    let sandbox = two();
    let begun = Instant::now();
    let script = "echo begun; sleep 100 & echo $! > pid; wait";
    let said = sandbox.wsctl(&["exec", "--target", "builders.two.api", "--timeout", "1s", "--", "sh", "-c", script]).fails();
    said.says("begun\n").says("builders.two.api: it took too long, and was ended");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let pid = text(sandbox.builder("two/api/pid"));
    // A dead process may wait for its parent to ask.
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z"), "what it started lives on: {state}");
    // A daemon that keeps the output open is nobody's to wait for.
    let begun = Instant::now();
    sandbox.wsctl(&["exec", "--target", "builders.two.api", "--", "sh", "-c", "sleep 20 & echo $! > pid"]).ok();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    sandbox.command("sh").args(["-c", &format!("kill {}", text(sandbox.builder("two/api/pid")).trim())]).output().unwrap();
}

#[test]
fn an_interrupt_is_passed_on() {
    let sandbox = two();
    let mut command = sandbox.program();
    command.args([
        "exec",
        "-j",
        "1",
        "--",
        "sh",
        "-c",
        "trap 'echo told; exit 7' INT; touch $WSCTL_WORKSPACE/begun; while :; do sleep 0.05; done",
    ]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !sandbox.path("begun").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::yield_now();
    }
    sandbox.command("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
    let said = Answer::of(&child.wait_with_output().unwrap()).exits(130);
    said.says("told\n").says("builders.one.\".\": interrupted").says("1 failed, 4 not begun");
}

#[test]
fn the_document_says_it_all() {
    let sandbox = two();
    let said = sandbox
        .wsctl(&["exec", "--json", "--target", "builders.two", "--", "sh", "-c", "echo out; echo err >&2; exit 2"])
        .fails();
    let value: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(value["command"][0], "sh");
    let results = value["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let of = |key: &str| results[1][key].clone();
    assert_eq!((of("builder"), of("repository"), of("outcome")), ("two".into(), "api".into(), "failed".into()));
    assert_eq!((of("exit_code"), of("stdout"), of("stderr")), (2.into(), "out\n".into(), "err\n".into()));
    assert_eq!(said.stderr, "");
}

#[test]
fn an_address_that_means_nothing_is_an_error_with_the_near_ones() {
    let sandbox = two();
    sandbox.wsctl(&["exec", "--target", "builders.ome", "--", "true"]).fails().says("did you mean `builders.one`");
    sandbox
        .wsctl(&["exec", "--target", "repos.api", "--", "true"])
        .fails()
        .says("there is no builder or checkout of that address");
    assert_eq!(
        sandbox.wsctl(&["exec", "-q", "--target", "builders.two.api", "echo", "--target", "-v"]).ok().stdout,
        "--target -v\n"
    );
    sandbox.wsctl(&["exec"]).fails().says("→ wsctl exec --help");
}

#[test]
fn path_says_where_everything_is() {
    let sandbox = two();
    let path = |name: &str| sandbox.wsctl(&["path", name]).ok().stdout;
    let at = |tail: &str| format!("{}\n", sandbox.builder(tail).display());
    assert_eq!(path("one"), at("one"));
    assert_eq!(path("one/api"), at("one/api"));
    assert_eq!(path("one/."), at("one/workspace-root"));
    assert_eq!(sandbox.wsctl(&["path"]).ok().stdout, format!("{}\n", sandbox.root().display()));
    assert_eq!(sandbox.wsctl_in(sandbox.builder("two/api"), &["-q", "path", "/."]).ok().stdout, at("two/workspace-root"));
    assert_eq!(sandbox.wsctl(&["path", "--list"]).ok().stdout, "one\none/.\none/api\none/web\ntwo\ntwo/.\ntwo/api\n");
    let value: serde_json::Value = serde_json::from_str(&sandbox.wsctl(&["path", "one", "--json"]).ok().stdout).unwrap();
    assert_eq!(value["path"], sandbox.builder("one").to_str().unwrap());

    sandbox.wsctl(&["path", "ome"]).fails().says("there is no builder `ome`").says("→ did you mean `one`?");
    sandbox.wsctl(&["path", "two/web"]).fails().says("builder two has no checkout of `web`").says("→ it has two/., two/api");
    sandbox.wsctl(&["path", "/api"]).fails().says("this is not inside a builder");
    sandbox.toml(&format!("{TWO}[builders.three]\n"));
    let refused = sandbox.wsctl(&["path", "three"]).fails();
    sandbox.type_next(&refused, "apply --target builders.three").ok();
    assert_eq!(path("three"), at("three"));
}

/// Runs a script with wsctl on PATH.
fn shell(sandbox: &Sandbox, program: &str, script: &str) -> Answer {
    let wsctl = std::path::Path::new(env!("CARGO_BIN_EXE_wsctl")).parent().unwrap();
    let path = format!("{}:{}", wsctl.display(), std::env::var("PATH").unwrap());
    Answer::of(&sandbox.command(program).env("PATH", path).args(["-c", script]).output().unwrap())
}

#[test]
fn the_functions_change_directory_and_complete() {
    let sandbox = two();
    let there = sandbox.builder("one/api");
    let said = shell(
        &sandbox,
        "bash",
        "source <(wsctl path --function bash)\nwcd one/api && pwd\nwcd /web && pwd; wcd; pwd; wcd nowhere; echo $?",
    );
    let expected = [&there, &sandbox.builder("one/web"), &sandbox.root()].map(|path| path.display().to_string());
    assert_eq!(said.stdout.lines().collect::<Vec<_>>(), [&expected[0], &expected[1], &expected[2], "1"], "{said}");
    let said = shell(
        &sandbox,
        "bash",
        "source <(wsctl path --function bash)\nCOMP_WORDS=(wcd two/); COMP_CWORD=1\n_wcd\nprintf '%s\\n' \"${COMPREPLY[@]}\"",
    );
    assert_eq!(said.stdout, "two/.\ntwo/api\n", "{said}");
    let mut missing = Vec::new();
    for (program, sourced) in [("zsh", "source <(wsctl path --function zsh)"), ("fish", "wsctl path --function fish | source")] {
        if sandbox.command(program).arg("--version").output().is_err() {
            missing.push(program);
            continue;
        }
        let said = shell(
            &sandbox,
            program,
            &format!("{sourced}\nwcd one/api; and pwd").replace("; and", if program == "zsh" { " &&" } else { "; and" }),
        );
        assert_eq!(said.stdout.trim(), expected[0], "{said}");
    }
    if !missing.is_empty() {
        crate::support::skip(&format!("no {} here: their functions were not tried", missing.join(" and no ")));
    }
}

#[test]
fn a_flood_is_cut_and_ended_in_time() {
    let sandbox = two();
    let begun = Instant::now();
    let said = sandbox.wsctl(&["exec", "--timeout", "2s", "--target", "builders.two.api", "--", "yes"]).fails();
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert!(said.stdout.len() < 40 << 20 && said.stderr.contains("it took too long"), "{} bytes", said.stdout.len());
}
