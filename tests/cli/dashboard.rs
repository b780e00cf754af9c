//! `wsctl status` as a dashboard: files, diffs, one line a builder, order and filters, watching.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::server::Server;
use crate::support::{Answer, Sandbox, snapshot};

const THREE: &str = "[repos.api]\n[repos.web]\n[builders.busy]\nrepos = [\"api\", \"web\"]\nlabels = { team = \"a\" }\n[builders.done]\nrepos = \
                     [\"api\"]\n[builders.idle]\nrepos = [\"api\"]\n";

/// One with edits and commits, one whose commit is merged, one in which nobody did anything.
fn three() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(THREE);
    sandbox.apply().ok();
    sandbox.write(".builders/busy/api/README.md", "edited\n");
    sandbox.write(".builders/busy/api/new.txt", "new\n");
    sandbox.write(".builders/busy/web/more.txt", "more\n");
    sandbox.commit(sandbox.builder("busy/web"), "work");
    sandbox.git(sandbox.builder("busy/web"), &["mv", "more.txt", "moved.txt"]);
    sandbox.write(".builders/done/api/done.txt", "done\n");
    sandbox.commit(sandbox.builder("done/api"), "work");
    sandbox.git(sandbox.path("repos/api"), &["merge", "-q", "builder/done"]);
    sandbox.git(sandbox.path("repos/api"), &["push", "-q", "origin", "main"]);
    sandbox
}

/// The names of builders in the order in which they stand.
fn names(answer: &Answer) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    value["builders"].as_array().unwrap().iter().map(|builder| builder["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_and_diffs_of_all_repositories_are_shown_and_nothing_is_written() {
    let sandbox = three();
    let before = snapshot(sandbox.root());
    let said = sandbox.wsctl(&["status", "--files"]).ok();
    said.says("\nbusy/api\n   M README.md\n  ?? new.txt\n")
        .says("\nbusy/web   last commit by Test\n  R  more.txt → moved.txt\n  committed:\n    A  more.txt\n")
        .never_says("done/api\n");
    let said = sandbox.wsctl(&["status", "--diff", "--target", "builders.busy"]).ok();
    said.says("  -# api\n  +edited\n").says("  +++ b/moved.txt\n").says("  +more\n").never_says("idle");
    let value: serde_json::Value = serde_json::from_str(&sandbox.wsctl(&["status", "--diff", "--json"]).ok().stdout).unwrap();
    let api = &value["builders"][0]["checkouts"][1];
    assert_eq!(api["files"][0]["letters"], " M");
    assert!(api["diff"].as_str().unwrap().contains("+edited"));
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn commits_are_told_as_ahead_pushed_and_merged() {
    let sandbox = three();
    let web = |keys: &[&str]| {
        let value: serde_json::Value = serde_json::from_str(&sandbox.wsctl(&["status", "--json"]).ok().stdout).unwrap();
        let found =
            value["builders"][0]["checkouts"].as_array().unwrap().iter().find(|it| it["repository"] == "web").cloned().unwrap();
        keys.iter().map(|key| found[key].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        web(&["ahead", "unpushed", "merged", "author"]),
        [1.into(), 1.into(), false.into(), serde_json::Value::from("Test")]
    );
    sandbox.git(sandbox.builder("busy/web"), &["push", "-q", "origin", "builder/busy"]);
    assert_eq!(web(&["ahead", "unpushed", "merged"]), [1.into(), 0.into(), serde_json::Value::from(false)]);
    assert!(web(&["active"])[0].as_i64().unwrap() > 1_600_000_000);
}

#[test]
fn one_line_a_builder_in_any_order_and_only_those_that_are_asked_for() {
    let sandbox = three();
    let said = sandbox.wsctl(&["status", "--short"]).ok();
    assert_eq!(said.stdout.lines().count(), 4, "{said}");
    let line = |name: &str| {
        let found = said.stdout.lines().find(|line| line.starts_with(name)).unwrap();
        found.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    // git knows a rename; counted it is two files.
    assert_eq!(line("busy")[..9], ["busy", "builder/busy", "3", "3", "1", "+1", "-1", "1", "no"]);
    assert_eq!(line("done")[..8], ["done", "builder/done", "2", "0", "0", "=", "0", "yes"]);
    assert_eq!(line("idle")[7], "-");

    let shown = |arguments: &[&str]| names(&sandbox.wsctl(&[&["status", "--json"], arguments].concat()).ok());
    assert_eq!(shown(&["--sort", "changed"]), ["busy", "done", "idle"]);
    assert_eq!(shown(&["--sort", "name", "--reverse"]), ["idle", "done", "busy"]);
    assert_eq!(shown(&["--sort", "disk"]).len(), 3);
    assert_eq!(shown(&["--changed"]), ["busy"]);
    assert_eq!(shown(&["--unpushed"]), ["busy"]);
    assert_eq!(shown(&["--merged"]), ["done"]);
    assert_eq!(shown(&["--unmerged"]), ["busy"]);
    assert_eq!(shown(&["--label", "team=a"]), ["busy"]);
    assert_eq!(shown(&["--idle", "30d"]), [""; 0]);
    assert_eq!(shown(&["--amiss"]), [""; 0]);
    assert_eq!(shown(&["--target", "builders.*.web"]), ["busy"]);
    sandbox.wsctl(&["status", "--idle", "30d"]).ok().says("No builders are like that.");
    sandbox.wsctl(&["status", "--target", "builders.bsy"]).fails().says("did you mean `builders.busy`");
    sandbox.wsctl(&["status", "--label", "team"]).fails().says("is not NAME=VALUE");
    let disk = sandbox.wsctl(&["status", "--short", "--disk"]).ok();
    assert!(disk.stdout.contains("DISK") && disk.stdout.contains("KiB"), "{disk}");
}

#[test]
fn sessions_are_shown_with_what_the_server_says() {
    let server = Server::start();
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{THREE}[opencode]\nurl = \"{}\"\n", server.url()));
    sandbox.apply().ok();
    let said = sandbox.wsctl(&["status", "--short"]).ok();
    assert!(said.stdout.lines().next().unwrap().contains("SESSION") && said.stdout.matches(" idle ").count() >= 3, "{said}");
    let table = sandbox.wsctl(&["status"]).ok();
    let one = table.stdout.lines().find(|line| line.starts_with("busy")).unwrap();
    assert!(table.stdout.lines().next().unwrap().contains("SESSION  STATE") && one.ends_with("  idle     ok"), "{table}");
    server.work("ses_busy");
    let said = sandbox.wsctl(&["status", "--short", "--target", "builders.busy"]).ok();
    assert!(said.stdout.contains("  busy  "), "{said}");
    server.forget();
    sandbox.wsctl(&["status", "--short"]).ok().says(" gone ");
}

#[test]
fn watching_goes_on_until_it_is_ended() {
    let sandbox = three();
    let mut command = sandbox.program();
    let command = command.args(["status", "--short", "--watch", "1"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The second answer is there: it goes on by itself.
    let seen = lines.by_ref().map_while(Result::ok).filter(|line| line.starts_with("BUILDER")).take(2).count();
    assert_eq!(seen, 2);
    sandbox.command("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn watching_ends_when_nobody_reads_any_more() {
    let sandbox = three();
    let mut command = sandbox.program();
    let command = command.args(["status", "--short", "--watch", "3600"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let first = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(first.starts_with("BUILDER"), "{first}");
    assert!(child.wait().unwrap().success(), "it waits for an hour else");
}

#[test]
fn a_branch_that_all_checkouts_are_on_is_shown_and_one_without_commits_is_not_merged() {
    let sandbox = Sandbox::workspace();
    sandbox.commit("repos/api", "more");
    sandbox.git("repos/api", &["push", "-q", "origin", "main", "HEAD~1:refs/heads/release"]);
    sandbox.git("repos/api", &["fetch", "-q"]);
    let one = |more: &str| format!("[repos.api]\n[builders.one]\nrepos = [\"api\"]\ninclude_root = false\n{more}");
    sandbox.toml(&one(""));
    sandbox.apply().ok();
    sandbox.toml(&one("[builders.one.checkout.api]\nbranch = \"fix\"\nbase = \"origin/release\"\n"));
    sandbox.apply().ok();
    let line = || sandbox.wsctl(&["status", "--short"]).ok().stdout.lines().nth(1).unwrap().to_owned();
    let words: Vec<String> = line().split_whitespace().map(str::to_owned).collect();
    assert_eq!((words[1].as_str(), words[7].as_str()), ("fix", "-"), "{words:?}");
    sandbox.commit(sandbox.builder("one/api"), "mine");
    assert!(line().contains("  no  "), "{}", line());
    sandbox.git("repos/api", &["push", "-q", "origin", "fix:release"]);
    assert!(line().contains("  yes  "), "{}", line());
}
