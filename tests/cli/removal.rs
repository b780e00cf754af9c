//! Removals through the program: what blocks one, that nothing moves then, and that the trash loses nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use crate::support::{Sandbox, snapshot, text};

const TWO: &str = "[repos.api]\n[builders.work]\nrepos = [\"api\"]\n[builders.idle]\nrepos = [\"api\"]\n";
const NONE: &str = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n";

/// Builders `work`, `idle` and `stays`; only the last is declared any more.
fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{TWO}{}", NONE.trim_start_matches("[repos.api]\n")));
    sandbox.apply().ok();
    sandbox.toml(NONE);
    sandbox
}

fn api(sandbox: &Sandbox) -> PathBuf {
    sandbox.builder("work/api")
}

/// Does this to `work/api`; its removal is then refused with these words, nothing of it changes, and `idle` goes.
#[track_caller]
fn blocks(words: &str, state: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = made();
    state(&sandbox);
    let picture = || {
        let admin = sandbox.git(api(&sandbox), &["rev-parse", "--absolute-git-dir"]);
        [snapshot(sandbox.builder("work")), snapshot(admin)]
    };
    let before = picture();
    let answer = sandbox.apply().fails().says("! builders.work").says("1 removed");
    assert!(answer.stdout.contains(words), "no {words:?} in\n{answer}");
    assert_eq!(picture(), before);
    assert!(!sandbox.builder("idle").exists(), "the others go on");
    sandbox
}

/// The same, and with `--unsaved=trash` it moves; the files in the trash equal the originals.
#[track_caller]
fn blocks_until_told(words: &str, state: impl FnOnce(&Sandbox)) -> Sandbox {
    let sandbox = blocks(words, state);
    let before = snapshot(sandbox.builder("work"));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    assert!(!sandbox.builder("work").exists());
    before.assert_same(&snapshot(trash_of(&sandbox, "work").join("tree")));
    sandbox.fsck(&["", "repos/api"]);
    sandbox.converged();
    sandbox
}

fn trash_of(sandbox: &Sandbox, builder: &str) -> PathBuf {
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(builder);
    sandbox.trash().into_iter().find(named).unwrap()
}

/// What git still reaches after everything else was deleted.
fn reachable(sandbox: &Sandbox) -> BTreeSet<String> {
    let main = sandbox.path("repos/api");
    sandbox.git(&main, &["gc", "-q", "--prune=now"]);
    let objects = sandbox.git(&main, &["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
    objects.lines().map(str::to_owned).collect()
}

fn edit(sandbox: &Sandbox) {
    sandbox.write(".builders/work/api/README.md", "edited\n");
}

#[test]
fn a_tracked_edit() {
    blocks_until_told("1 changed file: README.md", edit);
}

#[test]
fn a_staged_file() {
    blocks_until_told("1 staged change: new.txt", |sandbox| {
        sandbox.write(".builders/work/api/new.txt", "staged\n");
        sandbox.git(api(sandbox), &["add", "new.txt"]);
    });
}

#[test]
fn a_staged_blob_that_no_file_holds_any_more() {
    blocks_until_told("staged change", |sandbox| {
        edit(sandbox);
        sandbox.git(api(sandbox), &["add", "README.md"]);
        sandbox.write(".builders/work/api/README.md", "# api\n");
    });
}

#[test]
fn an_untracked_file() {
    blocks_until_told("1 untracked file: new.txt", |sandbox| sandbox.write(".builders/work/api/new.txt", "new\n"));
}

#[test]
fn an_untracked_file_that_git_is_told_not_to_show() {
    blocks_until_told("1 untracked file: new.txt", |sandbox| {
        sandbox.git(sandbox.path("repos/api"), &["config", "status.showUntrackedFiles", "no"]);
        sandbox.write(".builders/work/api/new.txt", "new\n");
    });
}

#[test]
fn an_edit_that_git_is_told_not_to_see() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        blocks_until_told("1 changed file: README.md", |sandbox| {
            sandbox.git(api(sandbox), &["update-index", flag, "README.md"]);
            edit(sandbox);
        });
    }
}

#[test]
fn a_commit_on_no_branch() {
    blocks_until_told("commits on no branch or tag", |sandbox| {
        sandbox.git(api(sandbox), &["switch", "-q", "--detach"]);
        sandbox.git(api(sandbox), &["commit", "-q", "--allow-empty", "-m", "only here"]);
    });
}

/// Two branches that conflict in README.md.
fn conflicting(sandbox: &Sandbox) {
    edit(sandbox);
    sandbox.git(api(sandbox), &["commit", "-qam", "ours"]);
    sandbox.git(api(sandbox), &["switch", "-q", "-c", "theirs", "HEAD~1"]);
    sandbox.write(".builders/work/api/README.md", "theirs\n");
    sandbox.git(api(sandbox), &["commit", "-qam", "theirs"]);
    sandbox.git(api(sandbox), &["switch", "-q", "builder/work"]);
}

#[test]
fn an_operation_in_progress() {
    for (command, word) in [
        (&["merge", "theirs"] as &[&str], "a merge is in progress"),
        (&["rebase", "theirs"], "a rebase is in progress"),
        (&["cherry-pick", "theirs"], "a cherry-pick is in progress"),
    ] {
        blocks_until_told(word, |sandbox| {
            conflicting(sandbox);
            assert!(!sandbox.try_git(api(sandbox), command).status.success());
        });
    }
    blocks_until_told("a bisect is in progress", |sandbox| {
        sandbox.git(api(sandbox), &["bisect", "start"]);
    });
}

#[test]
fn a_lock_of_somebody_else() {
    let sandbox = blocks("locked: mine, do not touch", |sandbox| {
        let path = api(sandbox);
        sandbox.git(&path, &["worktree", "lock", "--reason", "mine, do not touch", path.to_str().unwrap()]);
    });
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).fails();
    assert!(api(&sandbox).exists());
}

#[test]
fn an_index_lock() {
    let sandbox = blocks("index.lock is held", |sandbox| {
        let lock = sandbox.git(api(sandbox), &["rev-parse", "--absolute-git-dir"]) + "/index.lock";
        std::fs::write(lock, "").unwrap();
    });
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).fails();
    assert!(api(&sandbox).exists());
}

#[test]
fn a_clone_inside() {
    for place in [".builders/work/api/inner", ".builders/work/inner"] {
        let sandbox = blocks("inner", |sandbox| {
            sandbox.repository(place);
        });
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]);
        assert_eq!(text(sandbox.path(place).join("README.md")), "# inner\n", "{place}");
    }
}

#[test]
fn a_clone_inside_that_is_ignored() {
    blocks("inner", |sandbox| {
        sandbox.write("repos/api/.git/info/exclude", "inner/\n");
        sandbox.repository(".builders/work/api/inner");
    });
}

#[test]
fn a_stray_file_beside_the_checkouts() {
    blocks_until_told("1 file beside the checkouts: todo.txt", |sandbox| sandbox.write(".builders/work/todo.txt", "todo\n"));
}

#[test]
fn a_process_inside() {
    if !std::path::Path::new("/proc/self").exists() {
        return crate::support::skip("no /proc here");
    }
    let mut child = None;
    let sandbox = blocks("works inside", |sandbox| {
        let mut command = sandbox.command("cat");
        child = Some(command.current_dir(api(sandbox)).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    });
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).fails().says("works inside");
    let mut child = child.unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    sandbox.apply().ok();
    assert!(!sandbox.builder("work").exists());
}

#[test]
fn nothing_is_lost_when_git_forgets_everything_else() {
    let sandbox = made();
    let api = api(&sandbox);
    let blob = |content: &str| {
        sandbox.write(".builders/work/api/README.md", content);
        sandbox.git(&api, &["add", "README.md"]);
        sandbox.git(&api, &["rev-parse", ":README.md"])
    };
    let commit = |message: &str| {
        sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", message]);
        sandbox.git(&api, &["rev-parse", "HEAD"])
    };
    let mut kept = vec![commit("on the branch")];
    blob("stashed\n");
    sandbox.git(&api, &["stash", "-q"]);
    kept.push(sandbox.git(&api, &["rev-parse", "stash@{0}"]));
    sandbox.git(&api, &["switch", "-q", "--detach"]);
    kept.push(commit("detached, and left"));
    sandbox.git(&api, &["reset", "-q", "--hard", "HEAD~1"]);
    kept.push(commit("detached, and here"));
    kept.push(blob("staged\n"));
    sandbox.write(".builders/work/api/README.md", "on disk only\n");

    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.git(sandbox.path("repos/api"), &["branch", "-q", "-D", "builder/work"]);
    let reached = reachable(&sandbox);
    let lost: Vec<_> = kept.iter().filter(|id| !reached.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?} of {kept:?}");
    assert_eq!(text(trash_of(&sandbox, "work").join("tree/api/README.md")), "on disk only\n");
    sandbox.fsck(&["repos/api"]);

    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok();
    assert!(sandbox.trash().is_empty());
    assert_eq!(sandbox.git(sandbox.path("repos/api"), &["for-each-ref", "refs/wsctl"]), "");
    let reached = reachable(&sandbox);
    let gone = kept.iter().filter(|id| !reached.contains(*id)).count();
    assert_eq!(gone, 3, "the keeper held all but the stash and its parent");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

#[test]
fn a_stash_survives_the_builder() {
    let sandbox = made();
    edit(&sandbox);
    sandbox.git(api(&sandbox), &["stash", "-q"]);
    sandbox.apply().ok();
    sandbox.git(sandbox.path("repos/api"), &["gc", "-q", "--prune=now"]);
    assert!(sandbox.git(sandbox.path("repos/api"), &["stash", "show", "-p"]).contains("+edited"));
}

#[test]
fn a_protected_builder_stays_also_when_its_block_is_gone() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{TWO}protect = true\n"));
    sandbox.apply().ok();
    sandbox.toml(NONE);
    let before = snapshot(sandbox.builder("idle"));
    sandbox.apply().fails().says("! builders.idle").says("protect");
    sandbox.wsctl(&["destroy", "--auto-approve", "--unsaved=trash"]).fails().says("! builders.idle");
    before.assert_same(&snapshot(sandbox.builder("idle")));
    assert!(!sandbox.builder("work").exists());
}

#[test]
fn more_removals_than_allowed_hold_all_of_them_back_and_nothing_else() {
    let sandbox = made();
    sandbox.toml(&format!("[policy]\nmax_removals = 1\n{NONE}[builders.new]\nrepos = [\"web\"]\n"));
    sandbox.apply().fails().says("2 removals, max_removals allows 1").says("wsctl apply --allow-removals");
    assert!(sandbox.builder("work").exists() && sandbox.builder("idle").exists() && sandbox.builder("new/web").exists());
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("work").exists() && !sandbox.builder("idle").exists());
    sandbox.converged();
}

#[test]
fn the_last_builder_goes_only_when_told() {
    let sandbox = made();
    sandbox.apply().ok();
    sandbox.toml("[repos.api]\n[repos.web]\n");
    sandbox.apply().fails().says("it is the last builder");
    assert!(sandbox.builder("stays/web/README.md").exists());
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("stays").exists());
    sandbox.converged();
}

#[test]
fn destroy_takes_every_builder_and_no_repository() {
    let sandbox = made();
    edit(&sandbox);
    let repositories = || ["repos/api", "repos/web"].map(|path| snapshot(sandbox.path(path)).without(&[".git", ""]));
    let before = repositories();
    sandbox.wsctl(&["destroy"]).fails().says("wsctl destroy --auto-approve");
    sandbox.wsctl(&["destroy", "--auto-approve"]).fails().says("! builders.work");
    sandbox.wsctl(&["destroy", "--auto-approve", "--unsaved=trash"]).ok();
    assert_eq!(sandbox.trash().len(), 3);
    assert_eq!(repositories(), before);
    sandbox.fsck(&["", "repos/api", "repos/web"]);
}

#[test]
fn the_trash_keeps_what_is_not_due() {
    let sandbox = made();
    sandbox.apply().ok();
    let before = snapshot(sandbox.root());
    sandbox.wsctl(&["prune", "--auto-approve"]).ok();
    sandbox.wsctl(&["prune", "--older-than", "1d", "--auto-approve"]).ok();
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["prune", "--older-than", "0s"]).fails().says("--auto-approve");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn a_nested_builder_goes_in_one_piece() {
    let sandbox = Sandbox::workspace();
    let nested = "[workspace]\nlayout = \"nested\"\n[repos.web]\n";
    sandbox.toml(&format!("{nested}{TWO}"));
    sandbox.apply().ok();
    sandbox.write(".builders/work/repos/api/README.md", "edited\n");
    sandbox.toml(&format!("{nested}[repos.api]\n[builders.idle]\nrepos = [\"api\"]\n"));
    let before = snapshot(sandbox.builder("work"));
    sandbox.apply().fails().says("! builders.work").says("1 changed file: README.md");
    before.assert_same(&snapshot(sandbox.builder("work")));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    before.assert_same(&snapshot(sandbox.trashed().join("tree")));
    sandbox.fsck(&["", "repos/api"]);
    sandbox.converged();
}

#[test]
fn a_builder_that_became_a_symlink_is_not_followed() {
    let sandbox = made();
    std::fs::rename(sandbox.builder("work"), sandbox.top().join("moved")).unwrap();
    std::os::unix::fs::symlink(sandbox.top().join("moved"), sandbox.builder("work")).unwrap();
    let before = snapshot(sandbox.top().join("moved"));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]);
    before.assert_same(&snapshot(sandbox.top().join("moved")));
}

#[test]
fn the_main_worktree_is_never_removed() {
    let sandbox = made();
    std::fs::remove_dir_all(sandbox.builder("work/api")).unwrap();
    sandbox.git(sandbox.root(), &["clone", "-q", "repos/api", ".builders/work/api"]);
    let before = snapshot(sandbox.builder("work/api"));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).fails();
    before.assert_same(&snapshot(sandbox.builder("work/api")));
}
