//! A `builders_dir` that is not mounted, was replaced, or lost what says whose it is.

use std::fs;
use std::path::PathBuf;

use super::brakes::{YEAR, declare, declared, plain, shift};
use crate::support::{Answer, Sandbox, skip, snapshot, text};

/// Builders `a` and `b`, an entry in the trash.
fn made() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b", "c"]);
    sandbox.apply().ok();
    sandbox.write(".builders/a/api/README.md", "edited\n");
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    sandbox
}

fn away(sandbox: &Sandbox) -> PathBuf {
    let away = sandbox.top().join("away");
    fs::rename(sandbox.path(".builders"), &away).unwrap();
    away
}

/// Nothing is done by any command, whatever the file declares, as long as nobody says so.
#[track_caller]
fn held(sandbox: &Sandbox, words: &str) -> Answer {
    let mut first = None;
    for builders in [&["a", "b"] as &[&str], &["a", "b", "new"], &["b"], &[]] {
        declare(sandbox, "", builders);
        let before = snapshot(sandbox.root());
        for arguments in [
            &["plan"] as &[&str],
            &["apply", "--auto-approve"],
            &["apply", "--auto-approve", "--allow-removals", "--unsaved=trash"],
            &["destroy", "--auto-approve", "--unsaved=trash"],
            &["status"],
            &["prune", "--auto-approve"],
        ] {
            let answer = sandbox.wsctl(arguments);
            let acts = matches!(arguments[0], "apply" | "destroy" | "prune");
            assert_eq!(answer.code, Some(i32::from(acts)), "{arguments:?} with {builders:?}: {answer}");
            if acts {
                let answer = answer.says(words).says("2 checkouts are registered in builders_dir");
                let answer = if words.contains("and in place") { answer } else { answer.says("not mounted, or replaced") };
                first.get_or_insert(answer);
            }
            let changed = before.differences(&snapshot(sandbox.root()));
            assert!(changed.is_empty(), "{arguments:?} with {builders:?}: {changed:?}");
        }
    }
    declare(sandbox, "", &["a", "b"]);
    first.unwrap()
}

/// What was away is there again, and nothing has to be done.
#[track_caller]
fn back(sandbox: &Sandbox, away: PathBuf) {
    let here = sandbox.path(".builders");
    if here.exists() {
        fs::rename(&here, sandbox.top().join("replacement")).unwrap();
    }
    fs::rename(away, here).unwrap();
    assert_eq!(text(sandbox.builder("a/api/README.md")), "edited\n");
    sandbox.converged();
}

#[test]
fn not_there_at_all() {
    let sandbox = made();
    let away = away(&sandbox);
    held(&sandbox, "it is not there");
    back(&sandbox, away);
}

#[test]
fn an_empty_mount_point() {
    let sandbox = made();
    let away = away(&sandbox);
    fs::create_dir(sandbox.path(".builders")).unwrap();
    held(&sandbox, "it holds none of them, nor .wsctl/workspace.json");
    sandbox.write(".builders/lost+found/file", "");
    held(&sandbox, "it holds none of them, nor .wsctl/workspace.json");
    back(&sandbox, away);
}

#[test]
fn a_file_system_that_is_mounted_only_for_a_while() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    fs::create_dir(sandbox.path(".builders")).unwrap();
    let script = "mount -t tmpfs none \"$1\" || exit 77; \"$2\" apply --auto-approve && cp -a \"$1\" \"$3\"";
    let mut apart = sandbox.command("unshare");
    apart.args(["-m", "sh", "-c", script, "sh"]).arg(sandbox.path(".builders")).arg(sandbox.program().get_program());
    match apart.arg(sandbox.top().join("copy")).output().map(|output| output.status.code()) {
        Ok(Some(0)) => {}
        Ok(Some(1 | 77)) | Err(_) => return skip("no mounts can be made here"),
        other => panic!("{other:?}"),
    }
    held(&sandbox, "it holds none of them, nor .wsctl/workspace.json");
    fs::remove_dir(sandbox.path(".builders")).unwrap();
    fs::rename(sandbox.top().join("copy"), sandbox.path(".builders")).unwrap();
    sandbox.plan().ok();
    sandbox.git(sandbox.builder("a/api"), &["status"]);
}

#[test]
fn the_builders_dir_of_another_workspace_in_its_place() {
    let sandbox = made();
    let away = away(&sandbox);
    let other = plain();
    declare(&other, "", &["x"]);
    other.apply().ok();
    let copied = sandbox.command("cp").arg("-a").arg(other.path(".builders")).arg(sandbox.path(".builders")).status();
    assert!(copied.unwrap().success());
    held(&sandbox, "it holds the workspace of");
    back(&sandbox, away);
}

fn id(sandbox: &Sandbox) -> serde_json::Value {
    let mark: serde_json::Value = serde_json::from_str(&text(sandbox.builder(".wsctl/workspace.json"))).unwrap();
    mark["id"].clone()
}

#[test]
fn the_mark_of_the_workspace_alone_is_lost() {
    let sandbox = made();
    let before = id(&sandbox);
    let mark = sandbox.builder(".wsctl/workspace.json");
    fs::remove_file(&mark).unwrap();
    let answer =
        held(&sandbox, "2 checkouts are registered in builders_dir, and in place, but its .wsctl/workspace.json is gone");
    sandbox.type_next(&answer, "--take-over").ok();
    assert_eq!(id(&sandbox), before);
    assert_eq!(sandbox.trash().len(), 1);
    assert_eq!(text(sandbox.builder("a/api/README.md")), "edited\n");
    sandbox.converged();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    assert!(!sandbox.builder("b").exists(), "they are ours again");
}

#[test]
fn the_mark_of_the_workspace_is_torn() {
    for torn in ["", "{\"version\": 1, \"id\""] {
        let sandbox = made();
        let before = id(&sandbox);
        fs::write(sandbox.builder(".wsctl/workspace.json"), torn).unwrap();
        let state = snapshot(sandbox.root());
        let answer = sandbox.apply().fails().says("the workspace's mark cannot be read");
        sandbox.wsctl(&["destroy", "--auto-approve"]);
        state.assert_same(&snapshot(sandbox.root()));
        sandbox.type_next(&answer, "mv ").ok();
        sandbox.type_next(&answer, "--take-over").ok();
        assert_eq!((id(&sandbox), text(sandbox.builder("a/api/README.md"))), (before, "edited\n".into()));
        sandbox.converged();
    }
}

#[test]
fn the_trash_of_another_workspace_is_not_emptied() {
    let other = plain();
    let auto = "[policy]\nauto_prune = true\n";
    declare(&other, auto, &["x", "y"]);
    other.apply().ok();
    declare(&other, auto, &["x"]);
    other.apply().ok();
    shift(&other, -YEAR, false);
    let due = snapshot(other.trashed());
    let file = format!("version = 1\n{}", declared(auto, &["x", "new"]));
    other.write("other.toml", &file);
    other.wsctl(&["-f", "other.toml", "apply", "--auto-approve"]).fails().never_says("for good");
    due.assert_same(&snapshot(other.trashed()));

    let sandbox = made();
    away(&sandbox);
    fs::rename(other.path(".builders"), sandbox.path(".builders")).unwrap();
    declare(&sandbox, auto, &["a", "b"]);
    sandbox.apply().fails().says("not mounted, or replaced");
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).fails().says("not mounted, or replaced");
    due.assert_same(&snapshot(sandbox.trashed()));
}

#[test]
fn all_that_is_ours_in_it_is_lost() {
    for settings in ["", "[workspace]\nanchor = false\n"] {
        let sandbox = plain();
        declare(&sandbox, settings, &["a", "b"]);
        sandbox.apply().ok();
        sandbox.write(".builders/a/api/README.md", "edited\n");
        let before = id(&sandbox);
        fs::remove_dir_all(sandbox.builder(".wsctl")).unwrap();
        let state = snapshot(sandbox.root());
        let answer = sandbox.apply().fails().says("and in place, but its .wsctl/workspace.json is gone");
        state.assert_same(&snapshot(sandbox.root()));
        sandbox.type_next(&answer, "--take-over").ok();
        assert_eq!((id(&sandbox), text(sandbox.builder("a/api/README.md"))), (before, "edited\n".into()));
        sandbox.converged();
    }
}

#[test]
fn a_builders_dir_that_is_gone_for_good_is_made_again_when_told() {
    for replaced in [false, true] {
        let sandbox = made();
        fs::remove_dir_all(sandbox.path(".builders")).unwrap();
        if replaced {
            let other = plain();
            declare(&other, "", &["x"]);
            other.apply().ok();
            fs::remove_dir_all(other.builder("x")).unwrap();
            fs::rename(other.path(".builders"), sandbox.path(".builders")).unwrap();
            fs::remove_file(other.path("builders.toml")).unwrap();
        }
        let answer = sandbox.apply().fails();
        let said = sandbox.type_next(&answer, "--take-over");
        assert!(said.code == Some(0), "{said}");
        assert_eq!(text(sandbox.builder("a/api/README.md")), "# api\n");
        sandbox.converged();
        sandbox.fsck(&["repos/api"]);
    }
}

#[test]
fn what_only_a_registration_holds_outlives_its_builders_dir() {
    let sandbox = made();
    sandbox.git(sandbox.builder("a/api"), &["add", "README.md"]);
    let blob = sandbox.git(sandbox.builder("a/api"), &["rev-parse", ":README.md"]);
    fs::remove_dir_all(sandbox.path(".builders")).unwrap();
    sandbox.wsctl(&["apply", "--auto-approve", "--take-over"]).fails().says("its registration still holds");
    sandbox.git(sandbox.path("repos/api"), &["gc", "-q", "--prune=now"]);
    sandbox.git(sandbox.path("repos/api"), &["cat-file", "-e", &blob]);
    assert!(sandbox.builder("b/api/README.md").exists(), "the others go on");
}
