//! A workspace that was moved, copied or is mounted elsewhere; two workspaces on one repository.

use std::fs;
use std::path::{Path, PathBuf};

use super::brakes::{declare, declared, plain};
use crate::support::{Sandbox, skip, snapshot, text};

fn made() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b", "c"]);
    sandbox.apply().ok();
    sandbox.write(".builders/a/api/README.md", "edited\n");
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    sandbox
}

const ALL: [&str; 5] = ["apply", "--auto-approve", "--allow-removals", "--unsaved=trash", "--take-over"];

#[test]
fn a_moved_workspace_prunes_what_it_brought_along() {
    let sandbox = made();
    let moved = sandbox.top().join("moved");
    fs::rename(sandbox.root(), &moved).unwrap();
    sandbox.wsctl_in(&moved, &["apply", "--auto-approve"]).ok();
    assert_eq!(text(moved.join(".builders/a/api/README.md")), "edited\n");
    assert_ne!(sandbox.git(moved.join("repos/api"), &["for-each-ref", "refs/wsctl"]), "");
    sandbox.wsctl_in(&moved, &["prune", "--older-than", "0s", "--auto-approve"]).ok();
    assert_eq!(sandbox.git(moved.join("repos/api"), &["for-each-ref", "refs/wsctl"]), "");
    sandbox.wsctl_in(&moved, &["apply"]).ok().says("No changes.");
}

#[test]
fn from_inside_a_builder_a_moved_workspace_says_where_it_is() {
    for settings in ["", "[workspace]\nanchor = false\n"] {
        let sandbox = plain();
        declare(&sandbox, settings, &["a"]);
        sandbox.apply().ok();
        let moved = sandbox.top().join("moved to");
        fs::rename(sandbox.root(), &moved).unwrap();
        for inside in [".builders/a/api", ".builders/a", ".builders"] {
            let answer = sandbox.wsctl_in(moved.join(inside), &["plan"]).fails();
            let answer = answer.says("was moved: it is at").never_says("did not make");
            assert!(answer.stderr.contains(" -C '"), "{answer}");
        }
        let answer = sandbox.wsctl_in(moved.join(".builders/a/api"), &["plan"]).fails();
        sandbox.type_next_in(moved.join(".builders/a/api"), &answer, "apply").ok();
        sandbox.wsctl_in(moved.join(".builders/a/api"), &["plan"]).ok().says("No changes.");
    }
}

#[test]
fn a_moved_workspace_with_builders_taken_out_still_removes_them_only_when_told() {
    let sandbox = made();
    let moved = sandbox.top().join("moved");
    fs::rename(sandbox.root(), &moved).unwrap();
    fs::write(moved.join("builders.toml"), format!("version = 1\n{}", declared("", &["a"]))).unwrap();
    let answer = sandbox.wsctl_in(&moved, &["apply", "--auto-approve"]).fails().says("where the workspace was");
    assert!(moved.join(".builders/b/api/README.md").exists());
    sandbox.type_next_in(&moved, &answer, "--take-over");
    assert_eq!(text(moved.join(".builders/a/api/README.md")), "edited\n");
}

#[test]
fn what_was_moved_and_taken_out_goes_as_it_is_told() {
    let sandbox = made();
    let moved = sandbox.top().join("moved");
    fs::rename(sandbox.root(), &moved).unwrap();
    fs::write(moved.join("builders.toml"), format!("version = 1\n{}", declared("", &["a"]))).unwrap();
    let answer = sandbox.wsctl_in(&moved, &["plan"]).says("they are repaired first, and this comes with the next apply");
    answer.never_says("declare it").never_says("SOMEWHERE").never_says("prune");
    let answer = sandbox.wsctl_in(&moved, &["apply", "--auto-approve"]).fails();
    assert!(moved.join(".builders/b/api/README.md").exists());
    sandbox.type_next_in(&moved, &answer, "--take-over").ok().says("- builders.b ");
    assert!(!moved.join(".builders/b").exists());
}

#[test]
fn a_copied_checkout_is_moved_out_and_not_declared() {
    let sandbox = made();
    let copy = sandbox.top().join("copy");
    assert!(sandbox.command("cp").arg("-a").args([&sandbox.root(), &copy]).status().unwrap().success());
    fs::rename(sandbox.path("builders.toml"), sandbox.path("renamed.toml")).unwrap();
    let before = snapshot(sandbox.root());
    let declares = |rest: &str| {
        fs::write(copy.join("builders.toml"), format!("version = 1\n{}{rest}", declared("", &["a"]))).unwrap();
    };
    let path = sandbox.path("repos/api");
    for rest in [format!("[repos.old]\npath = \"{}\"\n", path.display()), String::new()] {
        declares(&rest);
        let answer = sandbox.wsctl_in(&copy, &["plan", "--take-over"]).says("it is a copy of a checkout: its .git file names");
        answer.never_says("which the file does not declare").never_says("worktree move");
    }
    let answer = sandbox.wsctl_in(&copy, &["plan", "--take-over"]);
    let mut typed = answer.stdout.lines().filter_map(|line| line.trim().strip_prefix("→ mv "));
    let line = typed.find(|line| line.contains("/.builders/b/api")).unwrap();
    sandbox.types(&format!("mv {line}"));
    sandbox.wsctl_in(&copy, &ALL);
    assert!(!copy.join(".builders/b").exists());
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn a_file_that_was_renamed_is_believed_when_told() {
    let sandbox = made();
    fs::rename(sandbox.path("builders.toml"), sandbox.path("fleet.toml")).unwrap();
    let before = snapshot(sandbox.path(".builders"));
    let answer = sandbox.wsctl(&["-f", "fleet.toml", "apply", "--auto-approve"]).fails().says("builders.toml");
    before.assert_same(&snapshot(sandbox.path(".builders")));
    sandbox.type_next(&answer, "--take-over").ok();
    assert_eq!(text(sandbox.builder("a/api/README.md")), "edited\n");
    sandbox.wsctl(&["-f", "fleet.toml", "apply"]).ok().says("No changes.");
}

#[test]
fn a_copy_takes_nothing_from_the_original_and_becomes_a_workspace_of_its_own() {
    let sandbox = made();
    let copy = sandbox.top().join("copy");
    assert!(sandbox.command("cp").arg("-a").args([&sandbox.root(), &copy]).status().unwrap().success());
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl_in(&copy, &["apply", "--auto-approve"]).fails().says("it is a copy");
    for arguments in
        [&ALL as &[&str], &["destroy", "--auto-approve", "--unsaved=trash"], &["prune", "--older-than", "0s", "--auto-approve"]]
    {
        sandbox.wsctl_in(&copy, arguments);
        before.assert_same(&snapshot(sandbox.root()));
    }
    assert_eq!(text(copy.join(".builders/a/api/README.md")), "edited\n");
    // One way out for all of it, also for what is to be removed; typed as it stands, it leads there.
    let answer = answer.never_says("WHERE-IT-IS-NOW").never_says("--take-over").never_says("also:");
    sandbox.wsctl_in(&copy, &["destroy"]).fails().says("it is a copy").never_says("--take-over").never_says("also:");
    let typed: Vec<_> = answer.stdout.lines().filter_map(|line| line.trim().strip_prefix("→ ")).collect();
    assert_eq!(typed.len(), 4, "{typed:?}");
    for line in typed.iter().filter(|line| line.starts_with("mv ")) {
        sandbox.types(line);
    }
    assert!(!copy.join(".builders").exists());
    sandbox.wsctl_in(&copy, &["apply", "--auto-approve"]).ok().says("4 created");
    sandbox.wsctl_in(&copy, &["apply"]).ok().says("No changes.");
    assert_eq!(sandbox.git(copy.join(".builders/a/api"), &["status", "--porcelain"]), "");
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.converged();
}

#[test]
fn a_registration_that_was_copied_names_no_way_into_the_original() {
    let sandbox = made();
    let copy = sandbox.top().join("copy");
    assert!(sandbox.command("cp").arg("-a").args([&sandbox.root(), &copy]).status().unwrap().success());
    fs::rename(copy.join(".builders"), sandbox.top().join("somewhere")).unwrap();
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl_in(&copy, &["apply", "--auto-approve"]).fails().says("the registration is one too");
    let answer = answer.never_says("WHERE-IT-IS-NOW");
    let typed: Vec<_> = answer.stdout.lines().filter_map(|line| line.trim().strip_prefix("→ mv ")).collect();
    assert!(!typed.is_empty() && typed.iter().all(|line| line.starts_with(copy.to_str().unwrap())), "{typed:?}");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn a_copy_outlives_the_builders_of_the_original() {
    let sandbox = made();
    let copy = sandbox.top().join("copy");
    assert!(sandbox.command("cp").arg("-a").args([&sandbox.root(), &copy]).status().unwrap().success());
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    fs::remove_dir_all(copy.join(".builders/b")).unwrap();
    fs::write(copy.join("builders.toml"), format!("version = 1\n{}", declared("", &["a"]))).unwrap();
    let answer = sandbox.wsctl_in(&copy, &["apply", "--auto-approve"]).fails().says("of which this one is a copy");
    answer.never_says("run wsctl there").never_says("WHERE-IT-IS-NOW");
}

/// Runs a script with the workspace mounted at `pod` too, and with nothing at its own place if `alone`.
fn mounted(sandbox: &Sandbox, alone: bool, arguments: &[&str]) -> Option<std::process::Output> {
    let pod = sandbox.top().join("pod");
    fs::create_dir_all(&pod).unwrap();
    let hide = if alone { "mount -t tmpfs none \"$1\" || exit 77;" } else { "" };
    let script = format!("mount --bind \"$1\" \"$2\" || exit 77; {hide} cd \"$2\"; shift 2; \"$@\"");
    let mut apart = sandbox.command("unshare");
    apart.current_dir(sandbox.top()).args(["-m", "sh", "-c", &script, "sh"]).args([sandbox.root(), pod]);
    let output = apart.arg(sandbox.program().get_program()).args(arguments).output().ok()?;
    let could = output.status.code() != Some(77) && !String::from_utf8_lossy(&output.stderr).contains("unshare:");
    could.then_some(output)
}

#[test]
fn mounted_at_a_second_place_nothing_of_it_is_touched_from_there() {
    for alone in [false, true] {
        let sandbox = made();
        let before = snapshot(sandbox.path(".builders"));
        let registered = snapshot(sandbox.path("repos/api/.git/worktrees"));
        for arguments in
            [&["plan"] as &[&str], &["apply", "--auto-approve"], &["status"], &["destroy", "--auto-approve", "--unsaved=trash"]]
        {
            let Some(output) = mounted(&sandbox, alone, arguments) else { return skip("no mounts can be made here") };
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            if matches!(arguments[0], "apply" | "destroy") {
                assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
            }
            let changed = before.differences(&snapshot(sandbox.path(".builders")));
            assert!(changed.is_empty(), "{arguments:?}: {changed:?}: {said}");
            registered.assert_same(&snapshot(sandbox.path("repos/api/.git/worktrees")));
        }
        declare(&sandbox, "", &["a"]);
        mounted(&sandbox, alone, &["apply", "--auto-approve", "--allow-removals"]);
        before.assert_same(&snapshot(sandbox.path(".builders")));
        declare(&sandbox, "", &["a", "b"]);
        sandbox.converged();
    }
}

/// A second workspace beside the first, on the same repository.
struct Second<'a> {
    sandbox: &'a Sandbox,
    root: PathBuf,
}

impl<'a> Second<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let root = sandbox.top().join("second");
        fs::create_dir_all(&root).unwrap();
        Second { sandbox, root }
    }

    fn declare(&self, builders: &[&str]) {
        let path = format!("path = \"{}\"\n", self.sandbox.path("repos/api").display());
        let text = declared("", builders).replace("[repos.api]\n", &format!("[repos.api]\n{path}"));
        fs::write(self.root.join("builders.toml"), format!("version = 1\n{text}")).unwrap();
    }

    fn wsctl(&self, arguments: &[&str]) -> crate::support::Answer {
        self.sandbox.wsctl_in(&self.root, arguments)
    }

    fn path(&self, tail: impl AsRef<Path>) -> PathBuf {
        self.root.join(".builders").join(tail)
    }

    #[track_caller]
    fn converged(&self) {
        let before = snapshot(&self.root);
        self.wsctl(&["apply", "--auto-approve"]).ok().says("No changes.");
        before.assert_same(&snapshot(&self.root));
    }
}

#[test]
fn two_workspaces_on_one_repository_leave_each_other_alone() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    let second = Second::new(&sandbox);
    second.declare(&["x", "y"]);
    second.wsctl(&["apply", "--auto-approve"]).ok();
    fs::write(second.path("x/api/README.md"), "edited\n").unwrap();
    sandbox.write(".builders/a/api/README.md", "edited\n");
    sandbox.converged();
    second.converged();

    let theirs = snapshot(&second.root);
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok();
    sandbox.wsctl(&["destroy", "--auto-approve", "--unsaved=trash"]).ok();
    theirs.assert_same(&snapshot(&second.root));
    assert_eq!(sandbox.git(second.path("x/api"), &["status", "--short"]), " M README.md");
    second.converged();
    sandbox.fsck(&["repos/api"]);
}

#[test]
fn a_workspace_whose_builders_are_away_is_not_pruned_by_the_other() {
    let sandbox = plain();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    let second = Second::new(&sandbox);
    second.declare(&["x"]);
    second.wsctl(&["apply", "--auto-approve"]).ok();
    let away = sandbox.top().join("away");
    fs::rename(&second.root, &away).unwrap();
    let registered = snapshot(sandbox.path("repos/api/.git/worktrees/api1"));
    sandbox.converged();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    sandbox.wsctl(&ALL).ok();
    registered.assert_same(&snapshot(sandbox.path("repos/api/.git/worktrees/api1")));
    fs::rename(away, &second.root).unwrap();
    second.converged();
}

#[test]
fn a_branch_that_the_other_workspace_has_is_blocked_with_its_path() {
    let sandbox = plain();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    let second = Second::new(&sandbox);
    second.declare(&["a", "x"]);
    let answer = second.wsctl(&["apply", "--auto-approve"]).fails().says("branch builder/a is already checked out there");
    let answer = answer.says(sandbox.builder("a/api").to_str().unwrap());
    assert!(second.path("x/api/README.md").exists(), "the other one goes on");
    sandbox.converged();
    sandbox.type_next_in(&second.root, &answer, "switch --detach").ok();
    second.wsctl(&["apply", "--auto-approve"]).ok();
    assert_eq!(sandbox.git(second.path("a/api"), &["branch", "--show-current"]), "builder/a");
    second.converged();
}

#[test]
fn two_workspaces_at_once_wait_for_each_other_at_the_repository() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    let second = Second::new(&sandbox);
    second.declare(&["x", "y"]);
    let lock = fs::File::create(sandbox.path("repos/api/.git/wsctl.lock")).unwrap();
    lock.lock().unwrap();
    for directory in [sandbox.root(), second.root.clone()] {
        let answer = sandbox.wsctl_in(&directory, &["apply", "--auto-approve", "--lock-timeout", "0s"]).fails();
        answer.says(sandbox.path("repos/api/.git/wsctl.lock").to_str().unwrap());
    }
    drop(lock);
    let start = |directory: &Path| {
        let mut command = sandbox.program();
        command.args(["apply", "--auto-approve", "--lock-timeout", "60s"]).current_dir(directory);
        let null = std::process::Stdio::null;
        command.stdin(null()).stdout(null()).stderr(null()).spawn().unwrap()
    };
    let children = [start(&sandbox.root()), start(&second.root)];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    sandbox.converged();
    second.converged();
    sandbox.fsck(&["repos/api"]);
}
