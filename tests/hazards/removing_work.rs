//! Removing: files and commits that only this builder has, also where `git status` does not show them.

use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::removing::{api, blocked, blocked_until_told, commit, git, made, nothing_lost, objects, trash, write};
use crate::support::{Sandbox, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("a tracked edit", "a_tracked_edit"),
    ("a tracked file deleted", "a_tracked_file_that_was_deleted"),
    ("a staged file", "a_staged_file"),
    ("a staged-only blob", "a_staged_blob_that_no_file_holds_any_more"),
    ("an untracked file", "an_untracked_file"),
    ("untracked under status.showUntrackedFiles=no", "an_untracked_file_that_git_is_told_not_to_show"),
    ("an edit under assume-unchanged", "an_edit_under_assume_unchanged"),
    ("an edit under skip-worktree", "an_edit_under_skip_worktree"),
    ("a same-size same-mtime write", "a_write_of_the_same_size_at_the_same_time"),
    ("the same under core.trustctime=false", "the_same_where_git_does_not_trust_ctime"),
    ("commits on a detached HEAD", "a_commit_on_no_branch"),
    ("commits that only a reflog names", "a_commit_that_only_the_reflog_names"),
    ("stash entries made on the branch", "a_stash_made_on_the_branch"),
    ("stray files beside the checkouts", "a_stray_file_beside_the_checkouts"),
    ("ignored files recoverable", "ignored_files_go_to_the_trash_and_are_counted"),
    ("ignored files that are disposable", "ignored_files_are_deleted_only_where_the_policy_names_them"),
    ("everything below included", "every_kind_of_file_arrives_in_the_trash"),
];

/// A tracked file that somebody edited.
#[test]
fn a_tracked_edit() {
    blocked_until_told(&["1 changed file: README.md", "work/api status"], |sandbox| write(sandbox, "README.md", "edited\n"));
}

/// A tracked file that somebody deleted: the index still has it.
#[test]
fn a_tracked_file_that_was_deleted() {
    blocked_until_told(&["1 changed file: README.md", "work/api status"], |sandbox| {
        fs::remove_file(api(sandbox).join("README.md")).unwrap();
    });
}

/// A new file in the index.
#[test]
fn a_staged_file() {
    blocked_until_told(&["1 staged change: new.txt", "work/api status"], |sandbox| {
        write(sandbox, "new.txt", "staged\n");
        git(sandbox, &["add", "new.txt"]);
    });
}

/// Something staged that is on the disk nowhere else: the file is as HEAD has it again.
#[test]
fn a_staged_blob_that_no_file_holds_any_more() {
    blocked_until_told(&["1 staged change: README.md", "work/api status"], |sandbox| {
        write(sandbox, "README.md", "staged only\n");
        git(sandbox, &["add", "README.md"]);
        write(sandbox, "README.md", "# api\n");
    });
}

/// A file that git does not know.
#[test]
fn an_untracked_file() {
    let words = ["2 untracked files: deep/er/new.txt, new.txt", "work/api status"];
    blocked_until_told(&words, |sandbox| {
        write(sandbox, "new.txt", "new\n");
        write(sandbox, "deep/er/new.txt", "new\n");
    });
}

/// The same, where `git status` and an unforced `git worktree remove` see nothing of it.
#[test]
fn an_untracked_file_that_git_is_told_not_to_show() {
    blocked_until_told(&["1 untracked file: new.txt"], |sandbox| {
        sandbox.git("repos/api", &["config", "status.showUntrackedFiles", "no"]);
        write(sandbox, "new.txt", "new\n");
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// An edit behind a bit of the index.
#[track_caller]
fn hidden(bit: &str) {
    let (word, off) = (bit.trim_start_matches("--"), bit.replace("--", "--no-"));
    let fact = format!("1 changed file that {word} hides from git: README.md");
    let next = format!("work/api update-index {off} -- README.md");
    blocked_until_told(&[&fact, &next], |sandbox| {
        git(sandbox, &["update-index", bit, "README.md"]);
        write(sandbox, "README.md", "edited\n");
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// An edit of a file that is marked as unchanged.
#[test]
fn an_edit_under_assume_unchanged() {
    hidden("--assume-unchanged");
}

/// An edit of a file that the index says is not in the worktree.
#[test]
fn an_edit_under_skip_worktree() {
    hidden("--skip-worktree");
}

/// A write of the same length that leaves the file its old time; this setting of git lets nothing else tell.
#[track_caller]
fn same_time(setting: [&str; 2]) {
    blocked_until_told(&["1 changed file: README.md"], |sandbox| {
        let file = api(sandbox).join("README.md");
        let long_ago = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000));
        let date = || File::options().write(true).open(&file).unwrap().set_times(long_ago).unwrap();
        git(sandbox, &["config", setting[0], setting[1]]);
        date();
        git(sandbox, &["update-index", "--refresh"]);
        fs::write(&file, text(&file).to_uppercase()).unwrap();
        date();
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "", "git does not see it");
    });
}

/// Size and time are those of the index.
#[test]
fn a_write_of_the_same_size_at_the_same_time() {
    same_time(["core.checkStat", "minimal"]);
}

/// Only the time of the inode would tell, and git is told not to look at it.
#[test]
fn the_same_where_git_does_not_trust_ctime() {
    same_time(["core.trustctime", "false"]);
}

/// Commits of a detached HEAD that no ref holds.
#[test]
fn a_commit_on_no_branch() {
    let mut id = String::new();
    let sandbox = blocked_until_told(&["commits on no branch or tag: ", "work/api branch NAME"], |sandbox| {
        git(sandbox, &["switch", "-q", "--detach"]);
        commit(sandbox, "below");
        id = commit(sandbox, "only here");
    });
    assert_eq!(sandbox.git("repos/api", &["log", "-1", "--format=%s", &id]), "only here");
    let sandbox = made();
    git(&sandbox, &["switch", "-q", "--detach"]);
    let id = commit(&sandbox, "only here");
    sandbox.plan().says(&id[..7]);
}

/// A commit that was reset away: HEAD's own log is the only thing that names it.
#[test]
fn a_commit_that_only_the_reflog_names() {
    let sandbox = made();
    let id = commit(&sandbox, "reset away");
    git(&sandbox, &["reset", "-q", "--hard", "HEAD~1"]);
    git(&sandbox, &["switch", "-q", "--detach"]);
    let other = commit(&sandbox, "left behind");
    git(&sandbox, &["switch", "-q", "builder/work"]);
    let kept = objects(&sandbox);
    assert!([&id, &other].iter().all(|id| kept.contains(&format!("{id} commit"))));
    sandbox.apply().ok();
    assert!(!sandbox.builder("work").exists());
    nothing_lost(&sandbox, &kept);
    sandbox.converged();
}

/// A stash belongs to the repository: it outlives the builder and can be applied anywhere, but somebody has to know of it.
#[test]
fn a_stash_made_on_the_branch() {
    blocked(&["1 stash entry made on its branch: stash@{1} (On builder/work: mine)", "stash list"], |sandbox| {
        write(sandbox, "README.md", "stashed\n");
        git(sandbox, &["stash", "push", "-q", "-m", "mine"]);
        // Somebody else's, of a branch whose name only begins alike.
        sandbox.git("repos/api", &["switch", "-q", "-c", "builder/work-2"]);
        sandbox.write("repos/api/README.md", "stashed too\n");
        sandbox.git("repos/api", &["stash", "-q"]);
        sandbox.git("repos/api", &["switch", "-q", "main"]);
    });
    let sandbox = made();
    commit(&sandbox, "on the branch");
    write(&sandbox, "README.md", "stashed\n");
    write(&sandbox, "new.txt", "untracked\n");
    git(&sandbox, &["stash", "-q", "-u"]);
    let kept = objects(&sandbox);
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals", "--unsaved=trash"]).ok();
    assert!(answer.stdout.contains("api: stays in the repository: 1 stash entry"), "{answer}");
    sandbox.git("repos/api", &["branch", "-q", "-D", "builder/work"]);
    sandbox.git("repos/api", &["gc", "-q", "--prune=now"]);
    assert!(kept.is_subset(&objects(&sandbox)));
    assert!(sandbox.git("repos/api", &["stash", "list"]).contains("builder/work"));
    sandbox.git("repos/api", &["stash", "pop", "-q"]);
    assert_eq!(text(sandbox.path("repos/api/README.md")), "stashed\n");
    assert_eq!(text(sandbox.path("repos/api/new.txt")), "untracked\n");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// A file in the builder that lies in none of its checkouts.
#[test]
fn a_stray_file_beside_the_checkouts() {
    let words = ["2 files beside the checkouts: notes/deep.txt, todo.txt", "ls -la"];
    blocked_until_told(&words, |sandbox| {
        sandbox.write(".builders/work/todo.txt", "todo\n");
        sandbox.write(".builders/work/notes/deep.txt", "deep\n");
    });
}

/// A checkout with three ignored files, one of them in a directory that a policy may call disposable.
fn ignoring(policy: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.write("repos/api/.git/info/exclude", "cache/\n.env\n");
    let head = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n";
    sandbox.toml(&format!("{policy}{head}[builders.work]\nrepos = [\"api\"]\n"));
    sandbox.apply().ok();
    for path in [".env", "a.log", "cache/deep/file"] {
        write(&sandbox, path, path);
    }
    sandbox.toml(&format!("{policy}{head}"));
    sandbox
}

/// Ignored files do not block: the plan counts them, and the trash has them.
#[test]
fn ignored_files_go_to_the_trash_and_are_counted() {
    let sandbox = ignoring("");
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
    let before = snapshot(sandbox.builder("work"));
    sandbox.plan().ok().says("api: 3 ignored files to the trash too");
    sandbox.apply().ok();
    before.assert_same(&snapshot(trash(&sandbox).join("tree")));
    assert_eq!(text(trash(&sandbox).join("tree/api/cache/deep/file")), "cache/deep/file");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// What the policy calls disposable is deleted, as the plan said; every other ignored file is kept.
#[test]
fn ignored_files_are_deleted_only_where_the_policy_names_them() {
    let sandbox = ignoring("[policy]\ndisposable = [\"cache/\"]\n");
    sandbox.plan().ok().says("deleted for good, being disposable: cache").says("2 ignored files to the trash");
    sandbox.apply().ok();
    let tree = trash(&sandbox).join("tree/api");
    assert!(!tree.join("cache").exists());
    assert_eq!(text(tree.join(".env")), ".env");
    assert_eq!(text(tree.join("a.log")), "a.log");
    sandbox.converged();
}

/// Empty directories, links, modes, pipes, and names that are no text: the rename takes all of them.
#[test]
fn every_kind_of_file_arrives_in_the_trash() {
    blocked_until_told(&["untracked files"], |sandbox| {
        let top = api(sandbox);
        fs::create_dir_all(top.join("empty/er")).unwrap();
        std::os::unix::fs::symlink("/nowhere", top.join("dangling")).unwrap();
        std::os::unix::fs::symlink("README.md", top.join("-link")).unwrap();
        fs::write(top.join(Path::new(std::ffi::OsStr::from_bytes(b"no\xfftext\n"))), "bytes").unwrap();
        sandbox.script(top.join("tool"), "#!/bin/sh\n");
        let mut mode = fs::metadata(top.join("tool")).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o500);
        fs::set_permissions(top.join("tool"), mode).unwrap();
        assert!(sandbox.command("mkfifo").arg(top.join("pipe")).status().unwrap().success());
        fs::hard_link(top.join("README.md"), top.join("second")).unwrap();
    });
}
