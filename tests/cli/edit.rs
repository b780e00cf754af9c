//! The file is edited by commands: declared, taken out, applied, answered.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use serde_json::Value;

use crate::support::{Answer, Sandbox, hash, snapshot, text};

const FILE: &str = "\n# of api\n[repos.api]\n\n[repos.web]\n\n# the first\n[builders.one]\nrepos = [\"api\"] # alone\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(FILE);
    sandbox
}

fn file(sandbox: &Sandbox) -> String {
    text(sandbox.path("builders.toml"))
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[test]
fn a_builder_is_declared_with_a_diff_and_nothing_else_changes() {
    let sandbox = sandbox();
    let before = file(&sandbox);
    let answer = sandbox.wsctl(&["add", "slack", "--repo", "api", "--repo", "web:fix/web:origin/main", "--branch", "fix/s"]).ok();
    let block = "\n[builders.slack]\nrepos = [\"api\", \"web\"]\nbranch = \"fix/s\"\n\n[builders.slack.checkout.web]\nbranch = \"fix/web\"\nbase = \"origin/main\"\n";
    assert_eq!(file(&sandbox), before.clone() + block);
    let answer = answer.says("+[builders.slack]").says("builders.slack is declared in builders.toml.");
    assert!(!sandbox.builder("slack").exists());
    sandbox.type_next(&answer, "--target builders.slack").ok();
    assert_eq!(sandbox.git(sandbox.builder("slack/web"), &["branch", "--show-current"]), "fix/web");
    assert!(!sandbox.builder("one").exists(), "only what was named");

    sandbox.wsctl(&["remove", "slack"]).ok().says("-[builders.slack]").says("is taken out of builders.toml");
    assert_eq!(file(&sandbox), before);
    assert!(sandbox.builder("slack/api").exists(), "nothing was applied");
}

#[test]
fn the_same_again_changes_nothing_and_another_is_told_with_its_line() {
    let sandbox = sandbox();
    sandbox.wsctl(&["add", "slack", "--repo", "api"]).ok();
    let before = snapshot(sandbox.path("builders.toml"));
    sandbox.wsctl(&["add", "slack", "--repo", "api"]).ok().says("builders.slack is declared already.");
    let answer = sandbox.wsctl(&["add", "slack", "--repo", "web", "--repo", "api"]).fails();
    let answer = answer.says("builder `slack` is declared already, and not like this").says("builders.toml:12");
    before.assert_same(&snapshot(sandbox.path("builders.toml")));
    sandbox.type_next(&answer, "wsctl add-repo web --builder slack").ok();
    assert!(file(&sandbox).ends_with("[builders.slack]\nrepos = [\"api\", \"web\"]\n"), "{}", file(&sandbox));
}

#[test]
fn unknown_repositories_and_builders_have_near_names() {
    let sandbox = sandbox();
    let before = snapshot(sandbox.root());
    sandbox
        .wsctl(&["add", "slack", "--repo", "apy"])
        .fails()
        .says("repository `apy` is not declared")
        .says("did you mean `api`?");
    sandbox.wsctl(&["remove", "ones"]).fails().says("builder `ones` is not declared").says("did you mean `one`?");
    sandbox.wsctl(&["add-repo", "api", "--builder", "two"]).fails().says("builder `two` is not declared").says("wsctl add two");
    sandbox.wsctl(&["add-repo", "api"]).fails().says("which builder?").says("--builder NAME");
    sandbox.wsctl(&["remove"]).fails().says("which builder?");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn what_a_chat_user_types_is_checked_before_anything_else() {
    let sandbox = sandbox();
    let before = snapshot(sandbox.root());
    let hostile: [&[&str]; 12] = [
        &["add", "../../etc", "--repo", "api"],
        &["add", "a\n[policy]", "--repo", "api"],
        &["add", ".git", "--repo", "api"],
        &["add", "s", "--repo", "api:--upload-pack=x"],
        &["add", "s", "--repo", "api:x\"]\nprotect = true"],
        &["add", "s", "--repo", "api", "--branch", "a..b"],
        &["add", "s", "--repo", "api", "--branch", "x{repos}"],
        &["add", "s", "--repo", "api", "--base=-x"],
        &["add", "s", "--repo", "api", "--base", "main\u{7f}"],
        &["add-repo", "new", "--url", "ext::sh -c x"],
        &["add-repo", "new", "--url", "https://me:geheim@host/x\u{1b}[2J"],
        &["remove", "one/../one"],
    ];
    for arguments in hostile {
        let answer = sandbox.wsctl(arguments).fails().never_says("geheim");
        assert!(!answer.stderr.contains('\u{1b}') && answer.stderr.starts_with("error: "), "{arguments:?}: {answer}");
        let with_json: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let document = json(&sandbox.wsctl(&with_json).fails());
        assert!(document["error"].is_string(), "{document}");
    }
    // Quotes are no escape from a string.
    sandbox.wsctl(&["add", "s", "--repo", "api", "--branch", "x\"y#z"]).ok();
    assert!(file(&sandbox).ends_with("branch = \"x\\\"y#z\"\n"));
    sandbox.wsctl(&["remove", "s"]).ok();
    let _ = fs::remove_dir_all(sandbox.builder(""));
    assert_eq!(before.differences(&snapshot(sandbox.root())).iter().filter(|p| !p.as_os_str().is_empty()).count(), 1);
}

#[test]
fn an_edit_that_makes_the_file_invalid_is_refused_with_its_faults() {
    let sandbox = sandbox();
    sandbox
        .wsctl(&["add", "two", "--repo", "api", "--branch", "builder/one/x"])
        .fails()
        .says("nothing was written")
        .says("builder/one");
    sandbox.wsctl(&["add", "ONE", "--repo", "api"]).fails().says("are alike");
    let document = json(&sandbox.wsctl(&["add", "ONE", "--repo", "api", "--json"]).fails());
    assert_eq!(document["faults"].as_array().unwrap().len(), 1, "{document}");
    assert_eq!(file(&sandbox), format!("version = 1\n{FILE}"));
    assert!(!sandbox.path(".builders").exists(), "not even the lock was taken");
}

#[test]
fn mode_and_symbolic_link_of_the_file_stay() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("conf")).unwrap();
    fs::rename(sandbox.path("builders.toml"), sandbox.path("conf/real.toml")).unwrap();
    symlink("conf/real.toml", sandbox.path("builders.toml")).unwrap();
    let real = sandbox.path("conf/real.toml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    sandbox.wsctl(&["add", "slack", "--repo", "api"]).ok().says("builders.toml");
    assert!(sandbox.path("builders.toml").is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().mode() & 0o7777, 0o640);
    assert!(text(&real).contains("[builders.slack]"));
    let names: Vec<_> = fs::read_dir(sandbox.path("conf")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["real.toml"], "no temporary stays");
}

#[test]
fn the_root_is_where_the_link_lies_and_edits_go_to_what_it_leads_to() {
    let sandbox = sandbox();
    sandbox.write("builders.d/one.toml", "[builders.included]\nrepos = [\"api\"]\n");
    let (dot, link) = (sandbox.top().join("dot"), sandbox.path("builders.toml"));
    fs::create_dir(&dot).unwrap();
    let said = text(&link).replace("version = 1\n", "version = 1\ninclude = [\"builders.d/*.toml\"]\n");
    fs::write(dot.join("kept.toml"), said).unwrap();
    fs::remove_file(&link).unwrap();
    symlink("../dot/kept.toml", &link).unwrap();
    let kept = || text(dot.join("kept.toml"));

    sandbox.wsctl(&["add", "slack", "--repo", "api"]).ok();
    sandbox.wsctl(&["add", "more", "--repo", "api", "--into", "builders.toml"]).ok();
    sandbox.wsctl(&["add", "inner", "--repo", "api", "--into", "builders.d/one.toml"]).ok();
    assert!(kept().contains("[builders.slack]") && kept().contains("[builders.more]") && !kept().contains("inner"), "{}", kept());
    sandbox.wsctl(&["remove", "more"]).ok();
    fs::write(dot.join("kept.toml"), kept().replace("repos = [\"api\"]", "repos=[\"api\"]")).unwrap();
    sandbox.wsctl(&["fmt"]).ok();
    assert!(!kept().contains("more") && !kept().contains("repos=["), "{}", kept());
    assert_eq!(fs::read_link(&link).unwrap(), std::path::Path::new("../dot/kept.toml"));
    let beside: Vec<_> = fs::read_dir(&dot).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside, ["kept.toml"], "nothing is taken for a workspace there");

    sandbox.wsctl(&["plan", "--out", "next.plan"]).ok().says("builders.included").says("builders.slack");
    sandbox.wsctl(&["apply", "next.plan"]).ok();
    assert!(sandbox.builder("slack/api/.git").exists() && sandbox.builder("included/api/.git").exists());
    sandbox.wsctl_in(sandbox.builder("slack/api"), &["plan"]).ok().says("No changes.");
    sandbox.wsctl_in(&dot, &["-f", "../ws/builders.toml", "plan"]).ok().says("No changes.");

    fs::rename(dot.join("kept.toml"), dot.join("gone.toml")).unwrap();
    sandbox.wsctl(&["plan"]).fails().says("leads nowhere: to ../dot/kept.toml").says("ls -l ");
    fs::rename(dot.join("gone.toml"), dot.join("kept.toml")).unwrap();
    fs::rename(sandbox.root(), sandbox.top().join("ws2")).unwrap();
    let moved = sandbox.top().join("ws2");
    sandbox.wsctl_in(&moved, &["apply", "--auto-approve"]).ok();
    sandbox.wsctl_in(moved.join(".builders/slack/api"), &["plan"]).ok().says("No changes.");
    // A copy has a link to the same file, and is another workspace all the same.
    let copy = sandbox.top().join("ws3");
    assert!(std::process::Command::new("cp").arg("-a").args([&moved, &copy]).status().unwrap().success());
    sandbox.wsctl_in(&copy, &["plan", "--detailed-exitcode"]).exits(1);
}

/// Runs an edit that waits for the lock, and saves the file meanwhile; what was saved, the exit code and what was said.
fn saved_meanwhile(sandbox: &Sandbox, options: &[&str]) -> (String, Option<i32>, String) {
    // The editor saves while the edit waits for the lock, which another holds.
    fs::create_dir_all(sandbox.builder(".wsctl")).unwrap();
    let lock = fs::File::create(sandbox.builder(".wsctl/lock")).unwrap();
    lock.lock().unwrap();
    let mut child = sandbox.program();
    child.args(["add", "slack", "--repo", "api", "--lock-timeout", "60s"]).args(options);
    child.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut waiting = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    std::io::BufRead::read_line(&mut waiting, &mut said).unwrap();
    assert!(said.starts_with("waiting: "), "{said}");
    let saved = file(sandbox) + "# saved\n";
    sandbox.write("builders.toml", &saved);
    drop(lock);
    std::io::Read::read_to_string(&mut waiting, &mut said).unwrap();
    (saved, child.wait().unwrap().code(), said)
}

#[test]
fn a_file_that_somebody_saved_meanwhile_is_left_alone() {
    let sandbox = sandbox();
    let (saved, code, said) = saved_meanwhile(&sandbox, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("changed while it was being edited; nothing was written"), "{said}");
    assert!(said.contains("→ wsctl add slack --repo api"), "{said}");
    assert_eq!(file(&sandbox), saved);
}

#[test]
fn a_program_edits_what_was_saved_meanwhile() {
    let sandbox = sandbox();
    let (saved, code, said) = saved_meanwhile(&sandbox, &["--apply", "--auto-approve"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("changed meanwhile; once more"), "{said}");
    assert_eq!(file(&sandbox), saved + "\n[builders.slack]\nrepos = [\"api\"]\n");
    assert!(sandbox.builder("slack/api").exists());
}

#[test]
fn programs_that_edit_at_once_all_get_their_builder() {
    let sandbox = sandbox();
    let names: Vec<String> = (0..5).map(|number| format!("chat-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let add = ["add", name, "--repo", "api", "--apply", "--auto-approve", "--lock-timeout", "60s"];
            let sandbox = &sandbox;
            scope.spawn(move || sandbox.wsctl(&add).ok());
        }
    });
    for name in &names {
        assert!(file(&sandbox).contains(&format!("[builders.{name}]")), "{}", file(&sandbox));
        assert!(sandbox.builder(name).join("api/.git").exists(), "{name}");
    }
}

#[test]
fn what_a_killed_edit_left_is_told_or_taken_away() {
    let sandbox = sandbox();
    let before = file(&sandbox);
    let (old, new) = (&hash(&before)[..32], &hash("after\n")[..32]);
    let name = |number: u32| format!(".wsctl-edit-builders.toml-{old}-{new}-000000000000000{number}");
    sandbox.write(name(1), &before);
    sandbox.write(name(2), "after\n");
    sandbox.write(name(3), "# somebody's\n");
    sandbox.write(".wsctl-draft-builders.toml-0000000000000004", "aft");
    sandbox.wsctl(&["add", "slack", "--repo", "api"]).ok().says(&name(3)).says("diff ");
    assert!(!sandbox.path(name(1)).exists() && !sandbox.path(name(2)).exists());
    assert!(!sandbox.path(".wsctl-draft-builders.toml-0000000000000004").exists());
    assert_eq!(text(sandbox.path(name(3))), "# somebody's\n");
}

#[test]
fn inside_a_builder_names_come_from_the_directory() {
    let sandbox = sandbox();
    sandbox.wsctl(&["add", "slack", "--repo", "api", "--apply", "--auto-approve"]).ok();
    let inside = sandbox.builder("slack/api");
    sandbox.wsctl_in(&inside, &["add-repo", "web", "--apply", "--auto-approve"]).ok().says("builders.slack.web: created");
    assert!(sandbox.builder("slack/web/README.md").exists());
    sandbox.wsctl_in(&inside, &["remove"]).ok().says("builders.slack is taken out");
    assert!(!file(&sandbox).contains("slack"));
}

#[test]
fn a_repository_is_declared_where_there_is_no_builder() {
    let sandbox = sandbox();
    let origin = sandbox.origin("new");
    let url = origin.to_str().unwrap();
    sandbox.wsctl(&["add-repo", "new", "--url", url]).ok().says("repos.new is declared in builders.toml.");
    assert!(
        file(&sandbox).contains(&format!("[repos.web]\n\n[repos.new]\nurl = \"{url}\"\n\n# the first\n")),
        "{}",
        file(&sandbox)
    );
    sandbox.wsctl(&["add-repo", "new", "--url", url]).ok().says("is declared already");
    sandbox.wsctl(&["add-repo", "new", "--url", "../other"]).fails().says("with another url").says("builders.toml:8");
    let answer = sandbox.wsctl(&["add-repo", "new", "--builder", "one", "--apply", "--auto-approve"]).ok();
    answer.says("repos.new: cloned");
    assert!(sandbox.builder("one/new/README.md").exists());
    sandbox.wsctl(&["add-repo", "secret", "--url", "https://me:geheim@host/x"]).ok().never_says("geheim");
}

#[test]
fn a_repository_may_be_declared_and_join_at_once() {
    let sandbox = sandbox();
    let url = sandbox.origin("new");
    sandbox.wsctl(&["add-repo", "new:fix/new", "--url", url.to_str().unwrap(), "--builder", "one"]).ok();
    let after = file(&sandbox);
    assert!(
        after.contains("repos = [\"api\", \"new\"] # alone\n\n[builders.one.checkout.new]\nbranch = \"fix/new\"\n"),
        "{after}"
    );
    assert!(after.contains("[repos.new]\n"), "{after}");
}

#[test]
fn additions_go_to_the_file_that_is_named_and_edits_to_the_one_that_declares() {
    let sandbox = sandbox();
    sandbox.write("builders.toml", &format!("version = 1\ninclude = [\"builders.d/*.toml\"]\n{FILE}"));
    let before = file(&sandbox);
    sandbox.wsctl(&["add", "chat", "--repo", "api", "--into", "builders.d/gateway.toml"]).ok().says("builders.d/gateway.toml");
    let gateway = sandbox.path("builders.d/gateway.toml");
    assert_eq!(text(&gateway), "[builders.chat]\nrepos = [\"api\"]\n");
    sandbox.wsctl(&["add", "chat", "--repo", "api"]).ok().says("is declared already");
    sandbox.wsctl(&["add-repo", "web", "--builder", "chat"]).ok();
    assert_eq!(text(&gateway), "[builders.chat]\nrepos = [\"api\", \"web\"]\n");
    sandbox
        .wsctl(&["add", "two", "--repo", "api", "--into", "else.toml"])
        .fails()
        .says("does not include")
        .says("builders.d/gateway.toml");
    sandbox.wsctl(&["remove", "chat"]).ok();
    assert_eq!(text(&gateway), "");
    assert_eq!(file(&sandbox), before);
    assert!(!sandbox.path("else.toml").exists());
}

#[test]
fn one_command_in_one_builder_out_and_its_inverse() {
    let sandbox = sandbox();
    let added = json(&sandbox.wsctl(&["add", "chat", "--repo", "api", "--apply", "--auto-approve", "--json"]).ok());
    assert_eq!((&added["changed"], &added["apply"]["ok"], &added["next"]), (&true.into(), &true.into(), &Value::Null));
    assert_eq!(added["builder"]["path"].as_str(), sandbox.builder("chat").to_str());
    let checkouts = added["builder"]["checkouts"].as_array().unwrap();
    assert_eq!(checkouts[1]["path"].as_str(), sandbox.builder("chat/api").to_str());
    assert_eq!(checkouts[1]["branch"], "builder/chat");
    assert!(sandbox.builder("chat/api/README.md").exists() && !sandbox.builder("one").exists());

    // Work that is not saved blocks: the file stays edited, and the same words go on.
    sandbox.write(".builders/chat/api/new.txt", "work");
    let blocked = json(&sandbox.wsctl(&["remove", "chat", "--apply", "--auto-approve", "--json", "--keep-branch"]).fails());
    assert_eq!((&blocked["changed"], &blocked["apply"]["ok"]), (&true.into(), &false.into()));
    let next = blocked["next"].as_str().unwrap();
    assert!(next.contains("--keep-branch") && next.contains("--target builders.chat"), "{blocked}");
    let why = &blocked["apply"]["blocked"][0]["blockers"][0];
    assert_eq!(why["kind"], "untracked", "{blocked}");
    assert!(why["next"].as_str().unwrap().contains("--keep-branch"), "{why}");
    assert!(!file(&sandbox).contains("chat"));
    fs::remove_file(sandbox.builder("chat/api/new.txt")).unwrap();
    let removed = sandbox.wsctl(&["remove", "chat", "--apply", "--auto-approve", "--json", "--keep-branch"]);
    let removed = json(&removed.ok());
    assert_eq!((&removed["changed"], &removed["apply"]["applied"][0]["action"]), (&false.into(), &"remove".into()));
    assert!(!sandbox.builder("chat").exists());
    assert!(sandbox.branches("repos/api").contains(&"builder/chat".to_owned()));

    sandbox.wsctl(&["add", "chat", "--repo", "api"]).ok().says("the trash keeps an earlier builder").says("wsctl restore chat");
    sandbox.wsctl(&["apply", "--auto-approve"]).ok();
    sandbox.wsctl(&["remove", "chat", "--apply", "--auto-approve", "--delete-branch"]).ok();
    assert!(!sandbox.branches("repos/api").contains(&"builder/chat".to_owned()));
    sandbox.git("repos/api", &["branch", "builder/two"]);
    sandbox.wsctl(&["add", "two", "--repo", "api", "--apply", "--auto-approve"]).ok();
    sandbox.wsctl(&["remove", "two", "--apply", "--auto-approve", "--delete-branch"]).ok();
    assert!(sandbox.branches("repos/api").contains(&"builder/two".to_owned()), "wsctl did not make it");
}

#[test]
fn an_apply_asks_once_and_without_an_answer_nothing_happens() {
    let sandbox = sandbox();
    let before = snapshot(sandbox.path("builders.toml"));
    for more in [&[][..], &["--json"], &["--no-input"]] {
        let arguments: Vec<&str> = ["add", "chat", "--repo", "api", "--apply"].iter().chain(more).copied().collect();
        sandbox.wsctl(&arguments).fails().says("has to ask").says("--auto-approve");
    }
    before.assert_same(&snapshot(sandbox.path("builders.toml")));
    assert!(!sandbox.builder("chat").exists());
    sandbox.wsctl(&["add", "chat", "--repo", "api", "--auto-approve"]).fails().says("--apply");
}

#[test]
fn what_cannot_be_made_stays_declared_and_says_what_to_type() {
    let sandbox = sandbox();
    sandbox.write(".builders/chat/api", "in the way");
    let answer = sandbox.wsctl(&["add", "chat", "--repo", "api", "--apply", "--auto-approve"]).fails();
    let answer = answer.says("builders.toml keeps the change").says("in the way");
    assert!(file(&sandbox).contains("[builders.chat]"));
    fs::remove_file(sandbox.builder("chat/api")).unwrap();
    sandbox.type_next(&answer, "apply --target builders.chat").ok();
    assert!(sandbox.builder("chat/api/README.md").exists());
}

#[test]
fn fmt_writes_the_one_way() {
    let sandbox = sandbox();
    sandbox.wsctl(&["fmt", "--check"]).ok();
    let untidy = "version=1\n\n\n[repos.api]\n[builders.\"one\"]\n  repos=['api',] # alone\n";
    let tidy = "version = 1\n\n[repos.api]\n\n[builders.one]\nrepos = ['api']  # alone\n";
    sandbox.write("builders.toml", untidy);
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["fmt", "--check"]).fails().says("-version=1").says("+version = 1").says("wsctl fmt");
    let document = json(&sandbox.wsctl(&["fmt", "--check", "--json"]).fails());
    assert_eq!((&document["written"], document["files"].as_array().unwrap().len()), (&false.into(), 1));
    before.assert_same(&snapshot(sandbox.root()));
    assert_eq!(sandbox.wsctl_fed(untidy, &["fmt", "-"]).ok().stdout, tidy);
    sandbox.wsctl_fed(untidy, &["fmt", "-", "--check"]).fails();
    sandbox.wsctl(&["fmt"]).ok().says("Formatted");
    assert_eq!(file(&sandbox), tidy);
    assert_eq!(sandbox.wsctl(&["fmt", "-q"]).ok().stdout, "");
    sandbox.wsctl_fed("a = [", &["fmt", "-"]).fails().says("1 fault");
    sandbox.wsctl_fed(&format!("a{} = 1", ".b".repeat(5000)), &["fmt", "-"]).fails().says("nests too deeply");
    sandbox.wsctl(&["init", "-f", "other.toml"]).ok();
    sandbox.wsctl(&["fmt", "--check", "-f", "other.toml"]).ok();
}
