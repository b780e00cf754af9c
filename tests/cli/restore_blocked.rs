//! What does not come back, and why: said, listed, and nothing touched.

use std::path::PathBuf;

use crate::support::{Answer, Sandbox, snapshot, text};

const REPOS: &str = "[repos.api]\n[repos.web]\n";
const SLACK: &str = "[builders.slack]\nrepos = [\"api\"]\n";
const STAYS: &str = "[builders.stays]\nrepos = [\"web\"]\n";

fn declare(sandbox: &Sandbox, slack: &str) {
    sandbox.toml(&format!("{REPOS}{slack}{STAYS}"));
}

fn removed() -> Sandbox {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    sandbox.write(".builders/slack/api/new.txt", "new\n");
    declare(&sandbox, "");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox
}

/// It is refused with these words, and nothing changes.
#[track_caller]
fn refused(sandbox: &Sandbox, name: &str, words: &str) -> Answer {
    let before = snapshot(sandbox.top());
    let answer = sandbox.wsctl(&["restore", name, "--auto-approve"]).fails().says(words);
    before.assert_same(&snapshot(sandbox.top()));
    answer
}

fn entry_name(sandbox: &Sandbox) -> String {
    sandbox.trashed().file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn a_path_that_is_occupied() {
    let sandbox = removed();
    sandbox.write(".builders/slack/mine.txt", "mine\n");
    refused(&sandbox, "slack", "a directory that is not ours is in the way").says("--as slack-2").says("mv ");
    sandbox.wsctl(&["restore"]).ok().says("! slack-").says("cannot come back");
}

#[test]
fn a_path_through_a_symbolic_link() {
    let sandbox = removed();
    let outside = sandbox.top().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.builder("slack")).unwrap();
    refused(&sandbox, "slack", "symbolic link");
}

#[test]
fn a_copy_of_the_workspace() {
    let sandbox = removed();
    let copy = sandbox.top().join("copy");
    let status = sandbox.command("cp").arg("-a").arg(sandbox.root()).arg(&copy).status().unwrap();
    assert!(status.success());
    let before = snapshot(sandbox.top());
    let answer = sandbox.wsctl_in(&copy, &["restore", "slack", "--auto-approve"]).fails();
    answer.says("it speaks of another workspace's repositories");
    before.assert_same(&snapshot(sandbox.top()));
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    assert_eq!(text(sandbox.builder("slack/api/new.txt")), "new\n");
}

#[test]
fn a_manifest_that_is_damaged_or_missing() {
    let sandbox = removed();
    let name = entry_name(&sandbox);
    let manifest = sandbox.trashed().join("manifest.json");
    std::fs::write(&manifest, "{").unwrap();
    refused(&sandbox, &name, "is missing or cannot be read");
    refused(&sandbox, "slack", "the trash holds nothing of slack");
    std::fs::remove_file(&manifest).unwrap();
    refused(&sandbox, &name, "is missing or cannot be read");
    sandbox.wsctl(&["restore"]).ok().says(&name).says("its manifest is missing or cannot be read").never_says("restore NAME");
}

#[test]
fn a_manifest_whose_names_lead_out_of_the_workspace_is_unreadable() {
    let sandbox = removed();
    let name = entry_name(&sandbox);
    let manifest = sandbox.trashed().join("manifest.json");
    let right = text(&manifest);
    let path = "\"path\": \"api\"";
    for (old, new) in [
        ("\"builder\": \"slack\"", "\"builder\": \"../../s8esc\""),
        ("\"repository\": \"api\"", "\"repository\": \"../api\""),
        (path, "\"path\": \"../api\""),
        (path, "\"path\": \"/api\""),
        ("\"admin_name\": \"api\"", "\"admin_name\": \"../../api\""),
    ] {
        assert!(right.contains(old), "{right}");
        std::fs::write(&manifest, right.replace(old, new)).unwrap();
        let before = snapshot(sandbox.top());
        refused(&sandbox, &name, "is missing or cannot be read");
        sandbox.wsctl(&["restore"]).ok().says("its manifest is missing or cannot be read");
        before.assert_same(&snapshot(sandbox.top()));
    }
    std::fs::write(&manifest, &right).unwrap();
    sandbox.wsctl(&["restore", &name, "--auto-approve"]).ok();
}

#[test]
fn what_is_not_in_the_trash() {
    let sandbox = removed();
    refused(&sandbox, "nobody", "the trash holds nothing of nobody").says("wsctl restore");
    refused(&sandbox, "slack/web", "the trash holds nothing of slack/web");
    refused(&sandbox, "builders.", "names nothing");
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    refused(&sandbox, "slack", "the trash holds nothing of slack");
}

#[test]
fn what_a_killed_creation_left() {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    let checkout = sandbox.builder("slack/api");
    let admin = PathBuf::from(sandbox.git(&checkout, &["rev-parse", "--absolute-git-dir"]));
    let mark = text(admin.join("wsctl.json"));
    let id = mark.split("\"workspace\": \"").nth(1).unwrap().split('"').next().unwrap();
    let start = sandbox.git(&checkout, &["rev-parse", "HEAD"]);
    std::fs::remove_file(admin.join("wsctl.json")).unwrap();
    std::fs::write(admin.join("locked"), format!("wsctl {id}: creating on new branch from {start}\n")).unwrap();
    sandbox.apply().ok();
    let name = entry_name(&sandbox);
    refused(&sandbox, &name, "it is what a killed creation left");
    sandbox.wsctl(&["restore"]).ok().says(&name).says("it is what a killed creation left").never_says("restore NAME");
    sandbox.plan().never_says("wsctl restore");
}

#[test]
fn files_or_git_directory_that_are_gone_from_the_entry() {
    let sandbox = removed();
    let entry = sandbox.trashed();
    let aside = sandbox.top().join("aside");
    for (part, words) in [
        ("admin/api", "its git directory is not in the entry"),
        ("tree/api/.git", "its files, or the .git file in them, are gone"),
        ("tree", "its files are not in the trash any more"),
    ] {
        std::fs::rename(entry.join(part), &aside).unwrap();
        refused(&sandbox, "slack", words).says("ls -la");
        std::fs::rename(&aside, entry.join(part)).unwrap();
    }
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
}

#[test]
fn a_repository_that_is_not_declared() {
    let sandbox = removed();
    sandbox.toml(&format!("[repos.web]\n{STAYS}"));
    refused(&sandbox, "slack", "repository api is not declared any more").says("[repos.api] with path =");
}

#[test]
fn a_registration_that_names_its_path() {
    let sandbox = removed();
    let path = sandbox.builder("slack/api");
    sandbox.git(sandbox.path("repos/api"), &["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
    std::fs::remove_dir_all(sandbox.builder("slack")).unwrap();
    refused(&sandbox, "slack", "its repository still has a registration for").says("worktree remove");
}

#[test]
fn it_asks_and_only_yes_is_yes() {
    let sandbox = removed();
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl(&["restore", "slack"]).fails().says("+ builders.slack").says("from the trash: 2 checkouts");
    answer.says("restore has to ask").says("wsctl restore slack --auto-approve");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn the_documents() {
    let sandbox = removed();
    let name = entry_name(&sandbox);
    let parse =
        |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&sandbox.wsctl(arguments).ok().stdout).unwrap() };
    let list = parse(&["restore", "--json"]);
    assert_eq!(list["format_version"], "1.2");
    let entry = &list["entries"][0];
    assert_eq!((&entry["name"], &entry["address"]), (&name.as_str().into(), &"builders.slack".into()));
    assert_eq!(entry["restorable"], true);
    assert_eq!(entry["branches"][0], "builder/slack");
    let keep = entry["kept_until"].as_i64().unwrap() - entry["removed"].as_i64().unwrap();
    assert_eq!(keep, 14 * 24 * 3600);

    let asked = parse(&["restore", &name, "--json"]);
    assert_eq!((&asked["restored"], &asked["entry"]), (&false.into(), &name.as_str().into()));
    assert!(!sandbox.builder("slack").exists(), "it only answers");
    let done = parse(&["restore", "slack", "--json", "--auto-approve"]);
    assert_eq!(done["restored"], true);
    assert_eq!(done["checkouts"].as_array().unwrap().len(), 2);
    let declare = done["declare"].as_str().unwrap();
    let file = text(sandbox.path("builders.toml"));
    sandbox.write("builders.toml", &format!("{file}{declare}"));
    sandbox.plan().says("No changes.");
    let list = parse(&["restore", "--json"]);
    assert_eq!(list["entries"].as_array().unwrap().len(), 0);
}

#[test]
fn the_newest_comes_first() {
    let sandbox = removed();
    let first = entry_name(&sandbox);
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    sandbox.write(".builders/slack/api/newer.txt", "newer\n");
    declare(&sandbox, "");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    // Both may be of the same second: then the number in the name tells.
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    assert!(sandbox.builder("slack/api/newer.txt").exists());
    assert_eq!(entry_name(&sandbox), first);
    sandbox.wsctl(&["restore", &first, "--as", "older", "--auto-approve"]).ok();
    assert_eq!(text(sandbox.builder("older/api/new.txt")), "new\n");
}
