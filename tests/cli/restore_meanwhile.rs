//! What happened while a builder lay in the trash: its branch, its path, its repository, its workspace.

use std::path::{Path, PathBuf};

use crate::support::{Answer, Sandbox, skip, snapshot, text};

const REPOS: &str = "[repos.api]\n[repos.web]\n";
const SLACK: &str = "[builders.slack]\nrepos = [\"api\", \"web\"]\n";
const STAYS: &str = "[builders.stays]\nrepos = [\"web\"]\n";

fn declare(sandbox: &Sandbox, slack: &str) {
    sandbox.toml(&format!("{REPOS}{slack}{STAYS}"));
}

/// Builder `slack` with a commit and an untracked file in `api`, removed.
fn removed() -> Sandbox {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    sandbox.write(".builders/slack/api/work.txt", "work\n");
    sandbox.commit(sandbox.builder("slack/api"), "work");
    sandbox.write(".builders/slack/api/new.txt", "new\n");
    declare(&sandbox, "");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox
}

fn restore(sandbox: &Sandbox, name: &str) -> Answer {
    sandbox.wsctl(&["restore", name, "--auto-approve"])
}

fn api(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("repos/api")
}

/// The work is back in this directory, on this branch.
#[track_caller]
fn has_work(sandbox: &Sandbox, checkout: impl AsRef<Path>, branch: &str) {
    let checkout = sandbox.builder(checkout);
    assert_eq!(text(checkout.join("new.txt")), "new\n");
    assert_eq!(text(checkout.join("work.txt")), "work\n");
    assert_eq!(sandbox.git(&checkout, &["branch", "--show-current"]), branch);
    assert_eq!(sandbox.git(&checkout, &["status", "--porcelain"]), "?? new.txt");
    assert_eq!(sandbox.git(&checkout, &["log", "-1", "--format=%s"]), "work");
    sandbox.fsck(&["", "repos/web"]);
}

/// The lines of the answer from the block on, added to the file: then nothing is left to do.
#[track_caller]
fn declared_as_told(sandbox: &Sandbox, answer: &Answer) {
    add_block(sandbox, answer);
    sandbox.plan().ok().says("No changes.");
}

fn add_block(sandbox: &Sandbox, answer: &Answer) {
    let at = answer.stdout.find("\n[builders.").unwrap_or_else(|| panic!("no block in\n{answer}"));
    let block = &answer.stdout[at..];
    let block = block.split("\nnote:").next().unwrap();
    let file = text(sandbox.path("builders.toml"));
    sandbox.write("builders.toml", &format!("{file}{block}"));
}

/// The same of a checkout that came back on another branch: only its mark has to learn of it.
#[track_caller]
fn restored_as_told(sandbox: &Sandbox, answer: &Answer) {
    add_block(sandbox, answer);
    sandbox.plan().ok().says("already on branch builder/slack-restored").never_says("-restored-").never_says("Drift");
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn the_branch_was_deleted() {
    let sandbox = removed();
    let commit = sandbox.git(api(&sandbox), &["rev-parse", "builder/slack"]);
    sandbox.git(api(&sandbox), &["branch", "-q", "-D", "builder/slack"]);
    sandbox.git(api(&sandbox), &["gc", "-q", "--prune=now"]);
    let answer = restore(&sandbox, "slack").ok().says(&format!("branch builder/slack made again at {}", &commit[..10]));
    has_work(&sandbox, "slack/api", "builder/slack");
    declared_as_told(&sandbox, &answer);
    sandbox.converged();
}

#[test]
fn the_branch_was_taken_by_another_worktree() {
    let sandbox = removed();
    let elsewhere = sandbox.top().join("elsewhere");
    sandbox.git(api(&sandbox), &["worktree", "add", "-q", elsewhere.to_str().unwrap(), "builder/slack"]);
    let theirs = snapshot(&elsewhere);
    let answer = restore(&sandbox, "slack").ok().says("new branch builder/slack-restored").says("is checked out at");
    has_work(&sandbox, "slack/api", "builder/slack-restored");
    theirs.assert_same(&snapshot(&elsewhere));
    assert_eq!(sandbox.git(&elsewhere, &["branch", "--show-current"]), "builder/slack");
    let answer = answer.says("[builders.slack.checkout.api]\nbranch = \"builder/slack-restored\"\n");
    restored_as_told(&sandbox, &answer);
}

#[test]
fn the_branch_was_moved_and_the_next_name_is_taken_too() {
    let sandbox = removed();
    sandbox.git(api(&sandbox), &["branch", "-q", "-f", "builder/slack", "main"]);
    sandbox.git(api(&sandbox), &["branch", "-q", "builder/slack-restored", "main"]);
    restore(&sandbox, "slack").ok().says("new branch builder/slack-restored-2").says("builder/slack is at");
    has_work(&sandbox, "slack/api", "builder/slack-restored-2");
    let main = sandbox.git(api(&sandbox), &["rev-parse", "main"]);
    for branch in ["builder/slack", "builder/slack-restored"] {
        assert_eq!(sandbox.git(api(&sandbox), &["rev-parse", branch]), main, "nobody's branch is moved");
    }
}

#[test]
fn the_branch_cannot_be_beside_another() {
    let sandbox = removed();
    sandbox.git(api(&sandbox), &["branch", "-q", "-D", "builder/slack"]);
    sandbox.git(api(&sandbox), &["branch", "-q", "builder/slack/deeper", "main"]);
    restore(&sandbox, "slack").ok().says("cannot exist beside builder/slack/deeper");
    has_work(&sandbox, "slack/api", "builder/slack-restored");

    let sandbox = removed();
    sandbox.git(api(&sandbox), &["branch", "-q", "-D", "builder/slack"]);
    sandbox.git(api(&sandbox), &["branch", "-q", "builder", "main"]);
    restore(&sandbox, "slack").ok().says("cannot exist beside builder");
    has_work(&sandbox, "slack/api", "builder-slack-restored");
}

#[test]
fn the_branch_of_a_rebase_was_deleted_or_moved() {
    for moved in [false, true] {
        let sandbox = Sandbox::workspace();
        declare(&sandbox, SLACK);
        sandbox.apply().ok();
        let checkout = sandbox.builder("slack/api");
        sandbox.write(".builders/slack/api/README.md", "ours\n");
        sandbox.git(&checkout, &["commit", "-qam", "ours"]);
        sandbox.git(&checkout, &["branch", "-q", "theirs", "HEAD~1"]);
        sandbox.git(&checkout, &["switch", "-q", "theirs"]);
        sandbox.write(".builders/slack/api/README.md", "theirs\n");
        sandbox.git(&checkout, &["commit", "-qam", "theirs"]);
        sandbox.git(&checkout, &["switch", "-q", "builder/slack"]);
        assert!(!sandbox.try_git(&checkout, &["rebase", "theirs"]).status.success());
        declare(&sandbox, "");
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        let (command, branch): (&[&str], _) = if moved {
            (&["branch", "-q", "-f", "builder/slack", "main"], "builder/slack-restored")
        } else {
            (&["branch", "-q", "-D", "builder/slack"], "builder/slack")
        };
        sandbox.git(api(&sandbox), command);
        restore(&sandbox, "slack").ok().says("for its rebase to go back to").says(branch);
        sandbox.write(".builders/slack/api/README.md", "resolved\n");
        sandbox.git(&checkout, &["add", "README.md"]);
        sandbox.git(&checkout, &["-c", "core.editor=true", "rebase", "--continue"]);
        assert_eq!(sandbox.git(&checkout, &["branch", "--show-current"]), branch);
        sandbox.fsck(&["repos/api"]);
    }
}

#[test]
fn the_name_of_its_registration_was_taken() {
    let sandbox = removed();
    let other = sandbox.top().join("elsewhere/api");
    sandbox.git(api(&sandbox), &["worktree", "add", "-q", "--detach", other.to_str().unwrap()]);
    assert!(sandbox.path("repos/api/.git/worktrees/api").exists());
    restore(&sandbox, "slack").ok();
    has_work(&sandbox, "slack/api", "builder/slack");
    assert!(sandbox.path("repos/api/.git/worktrees/api1").exists());
    assert_eq!(sandbox.git(&other, &["status", "--porcelain"]), "");
    declare(&sandbox, SLACK);
    sandbox.converged();
}

#[test]
fn a_builder_of_its_name_is_there_again() {
    let sandbox = removed();
    declare(&sandbox, SLACK);
    sandbox.plan().says("one of that name is in the trash: `wsctl restore slack`");
    sandbox.apply().ok();
    let before = snapshot(sandbox.root());
    let refused = restore(&sandbox, "slack").fails().says("builder slack is there");
    refused.says("--as slack-2").says("take [builders.slack] out of the file").never_says("mv ").never_says("also:");
    before.assert_same(&snapshot(sandbox.root()));
    let answer = sandbox.wsctl(&["restore", "slack", "--as", "slack-2", "--auto-approve"]).ok();
    has_work(&sandbox, "slack-2/api", "builder/slack-restored");
    assert_eq!(sandbox.git(sandbox.builder("slack/api"), &["branch", "--show-current"]), "builder/slack");
    assert!(answer.stdout.contains("[builders.slack-2]"), "{answer}");
    assert!(!text(sandbox.builder("slack-2/.git/wsctl-builder.json")).contains("\"builder\": \"slack\""));
    assert_eq!(sandbox.trash(), Vec::<PathBuf>::new());
}

#[test]
fn beside_the_builder_of_its_name_it_is_declared_as_told() {
    let sandbox = removed();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    let answer = sandbox.wsctl(&["restore", "slack", "--as", "slack-2", "--auto-approve"]).ok();
    restored_as_told(&sandbox, &answer);
}

#[test]
fn a_detached_checkout_beside_the_builder_of_its_name_is_declared_as_told() {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    sandbox.git(sandbox.builder("slack/api"), &["switch", "-q", "--detach"]);
    declare(&sandbox, "");
    sandbox.apply().ok();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    let answer = sandbox.wsctl(&["restore", "slack", "--as", "slack-2", "--auto-approve"]).ok();
    add_block(&sandbox, &answer);
    sandbox.plan().ok().says("HEAD is detached, declared is branch builder/slack-restored");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("slack-2/api"), &["branch", "--show-current"]), "");
}

#[test]
fn a_builder_whose_name_differs_only_in_case_is_there() {
    let sandbox = removed();
    let before = snapshot(sandbox.root());
    let answer = sandbox.wsctl(&["restore", "slack", "--as", "Stays", "--auto-approve"]).fails();
    answer.says("take the names Stays and stays for one").says("--as Stays-2");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn one_checkout_where_the_builder_has_it() {
    let sandbox = removed();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    let before = snapshot(sandbox.root());
    let answer = restore(&sandbox, "slack/api").fails().says("checkout slack/api is there").never_says("mv ");
    let answer = answer.says("--as slack-2").says("take api out of [builders.slack]").never_says("also:");
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.wsctl(&["restore"]).says("builder slack is there").never_says("also:").never_says("registration");
    declare(&sandbox, "[builders.slack]\nrepos = [\"web\"]\n");
    sandbox.apply().ok();
    let typed = answer.stdout.split("`wsctl restore ").nth(1).unwrap().split('`').next().unwrap();
    restore(&sandbox, typed).ok();
    assert_eq!(text(sandbox.builder("slack/api/new.txt")), "new\n");
}

#[test]
fn one_checkout_where_somebody_else_has_a_worktree() {
    let sandbox = removed();
    declare(&sandbox, "[builders.slack]\nrepos = [\"web\"]\n");
    sandbox.apply().ok();
    let path = sandbox.builder("slack/api");
    sandbox.git(api(&sandbox), &["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
    let answer = restore(&sandbox, "slack/api").fails().says("a worktree that is not ours is at the place of slack/api");
    answer.says("worktree move").never_says("also:");
}

#[test]
fn under_another_name_it_is_declared_as_told() {
    for workspace in ["", "anchor = false", "layout = \"nested\"", "layout = \"split\""] {
        let sandbox = Sandbox::workspace();
        let declare = |slack: &str| sandbox.toml(&format!("[workspace]\n{workspace}\n{REPOS}{slack}{STAYS}"));
        declare(
            "[defaults]\nlabels = { team = \"a\" }\n[builders.slack]\nrepos = [\"api\"]\nbranch = \"topic\"\nprotect = false\n\
             labels = { ticket = \"TEC-25\\u2028\" }\ndelete_branch = \"never\"\ntrash_keep = \"3d\"\n",
        );
        sandbox.apply().ok();
        declare("[defaults]\nlabels = { team = \"a\" }\n");
        sandbox.apply().ok();
        let answer = sandbox.wsctl(&["restore", "builders.slack", "--as", "other", "--auto-approve"]).ok();
        let answer = answer.says("does not declare it").says("delete_branch = \"never\"").says("trash_keep = \"3d\"");
        answer.says("labels = { ticket = \"TEC-25\\u2028\" }\n");
        let answer = sandbox.wsctl(&["restore"]).ok().says("The trash is empty.");
        drop(answer);
        let file = text(sandbox.path("builders.toml"));
        let block = "[builders.other]\nrepos = [\"api\"]\nbranch = \"topic\"\nlabels = { ticket = \"TEC-25\\u2028\" }\n\
                     delete_branch = \"never\"\ntrash_keep = \"3d\"\n";
        sandbox.write("builders.toml", &format!("{file}{block}"));
        sandbox.plan().ok().says("No changes.");
        sandbox.converged();
    }
}

#[test]
fn an_empty_directory_is_used() {
    let sandbox = removed();
    std::fs::create_dir(sandbox.builder("slack")).unwrap();
    restore(&sandbox, "slack").ok();
    has_work(&sandbox, "slack/api", "builder/slack");
}

#[test]
fn one_checkout_comes_back_into_its_builder() {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, SLACK);
    sandbox.apply().ok();
    sandbox.write(".builders/slack/api/work.txt", "work\n");
    sandbox.commit(sandbox.builder("slack/api"), "work");
    sandbox.write(".builders/slack/api/new.txt", "new\n");
    let mark = text(sandbox.builder("slack/.git/wsctl-builder.json"));
    let recorded = sandbox.git(sandbox.builder("slack"), &["ls-tree", "HEAD"]);
    declare(&sandbox, "[builders.slack]\nrepos = [\"web\"]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok().says("`wsctl restore slack/api` brings it back");
    let answer = restore(&sandbox, "slack/api").ok().says("+ builders.slack.api").says("set in its block");
    assert!(answer.stdout.contains("repos = [\"web\", \"api\"]"), "{answer}");
    has_work(&sandbox, "slack/api", "builder/slack");
    assert_eq!(text(sandbox.builder("slack/.git/wsctl-builder.json")), mark);
    assert_eq!(sandbox.git(sandbox.builder("slack"), &["ls-tree", "HEAD"]), recorded);
    declare(&sandbox, SLACK);
    sandbox.converged();
}

#[test]
fn one_checkout_comes_back_out_of_a_whole_builder() {
    let sandbox = removed();
    restore(&sandbox, "slack/api").fails().says("there is no builder slack to put it in").says("wsctl restore slack");
    let other = sandbox.wsctl(&["restore", "slack/api", "--as", "other", "--auto-approve"]).fails();
    other.says("there is no builder other to put it in").says(": wsctl restore slack --as other\n");
    declare(&sandbox, "[builders.slack]\nrepos = [\"web\"]\n");
    sandbox.apply().ok();
    restore(&sandbox, "builders.slack.api").ok().says("+ builders.slack.api");
    has_work(&sandbox, "slack/api", "builder/slack");
    declare(&sandbox, SLACK);
    sandbox.plan().says("No changes.");
    // The rest is still there, and says what is missing.
    restore(&sandbox, "slack").fails().says("builder slack is there");
    sandbox.wsctl(&["restore", "slack", "--as", "rest", "--auto-approve"]).ok().says("2 checkouts");
    assert!(sandbox.builder("rest/web/README.md").exists() && !sandbox.builder("rest/api").exists());
    assert_eq!(sandbox.trash(), Vec::<PathBuf>::new());
    sandbox.fsck(&["", "repos/api", "repos/web"]);
}

#[test]
fn the_repository_was_moved_or_is_gone() {
    let sandbox = removed();
    std::fs::rename(api(&sandbox), sandbox.path("repos/moved")).unwrap();
    restore(&sandbox, "slack").fails().says("repository api, which it was made from, is gone").says("mv WHERE-IT-IS-NOW");
    sandbox.cloned_again("api");
    restore(&sandbox, "slack").fails().says("repository api is another one than before");
    sandbox.toml(&format!("[repos.api]\npath = \"repos/moved\"\n[repos.web]\n{STAYS}"));
    restore(&sandbox, "slack").ok();
    has_work(&sandbox, "slack/api", "builder/slack");
    sandbox.toml(&format!("[repos.api]\npath = \"repos/moved\"\n[repos.web]\n{SLACK}{STAYS}"));
    std::fs::remove_dir_all(api(&sandbox)).unwrap();
    sandbox.converged();
}

#[test]
fn a_removal_was_cut_short() {
    let sandbox = removed();
    let entry = sandbox.trashed();
    // As a kill between the rename and the end leaves it, for one of its checkouts.
    std::fs::create_dir_all(sandbox.path("repos/api/.git/worktrees")).unwrap();
    std::fs::rename(entry.join("admin/api"), sandbox.path("repos/api/.git/worktrees/api")).unwrap();
    restore(&sandbox, "slack").ok();
    has_work(&sandbox, "slack/api", "builder/slack");
    assert!(!sandbox.path("repos/api/.git/worktrees/api/locked").exists());
    declare(&sandbox, SLACK);
    sandbox.converged();
}

impl Sandbox {
    /// Another clone of an origin that is there.
    fn cloned_again(&self, name: &str) {
        let (origin, path) = (self.top().join(format!("origin/{name}.git")), self.path(format!("repos/{name}")));
        self.git(self.root(), &["clone", "-q", origin.to_str().unwrap(), path.to_str().unwrap()]);
    }
}

#[test]
fn the_workspace_was_moved() {
    let sandbox = removed();
    let moved = sandbox.top().join("moved");
    std::fs::rename(sandbox.root(), &moved).unwrap();
    let run = |arguments: &[&str]| sandbox.wsctl_in(&moved, arguments);
    let top = sandbox.top();
    let _ = std::fs::create_dir(top.join("unused"));
    run(&["restore", "slack", "--auto-approve"]).ok();
    let checkout = moved.join(".builders/slack/api");
    assert_eq!(sandbox.git(&checkout, &["status", "--porcelain"]), "?? new.txt");
    assert_eq!(sandbox.git(&checkout, &["rev-parse", "--show-toplevel"]), checkout.to_str().unwrap());
    std::fs::write(moved.join("builders.toml"), format!("version = 1\n{REPOS}{SLACK}{STAYS}")).unwrap();
    run(&["apply", "--auto-approve"]).ok();
    run(&["plan"]).ok().says("No changes.");
}

#[test]
fn the_trash_lies_on_another_file_system() {
    use std::os::unix::fs::MetadataExt as _;
    let sandbox = Sandbox::workspace();
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    let here = device(&sandbox.root());
    let places = ["/dev/shm", "/tmp", "/var/tmp"].map(Path::new);
    let Some(other) = places.into_iter().find(|path| device(path).is_some_and(|other| Some(other) != here)) else {
        return skip("there is no second file system");
    };
    let outside = tempfile::Builder::new().prefix("wsctl-other-").tempdir_in(other).unwrap();
    let builders = outside.path().canonicalize().unwrap().join("builders");
    let declare = |slack: &str| {
        sandbox.toml(&format!("[workspace]\nbuilders_dir = \"{}\"\n{REPOS}{slack}{STAYS}", builders.display()));
    };
    declare(SLACK);
    sandbox.apply().ok();
    let checkout = builders.join("slack/api");
    std::fs::write(checkout.join("staged.txt"), "staged\n").unwrap();
    sandbox.git(&checkout, &["add", "staged.txt"]);
    let admin = PathBuf::from(sandbox.git(&checkout, &["rev-parse", "--absolute-git-dir"]));
    let before = [snapshot(builders.join("slack")), snapshot(admin.join("logs"))];
    declare("");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    assert!(!admin.exists());
    restore(&sandbox, "slack").ok();
    let after = [snapshot(builders.join("slack")), snapshot(admin.join("logs"))];
    for (before, after) in before.iter().zip(&after) {
        // Some file systems write the time of a directory that moves to another one.
        let differences = before.differences(after);
        assert!(differences.iter().all(|path| path.as_os_str().is_empty()), "{differences:?}");
    }
    assert_eq!(sandbox.git(&checkout, &["status", "--porcelain"]), "A  staged.txt");
    declare(SLACK);
    sandbox.plan().says("No changes.");
    sandbox.fsck(&["", "repos/api", "repos/web"]);
}

/// The reflog of the branch, with its times.
const LOG: &[&str] = &["reflog", "show", "--date=raw", "--format=%H %gn %ge %gd %gs", "refs/heads/builder/slack", "--"];

#[test]
fn other_formats_of_repositories() {
    for arguments in
        [&["--object-format=sha256"] as &[&str], &["--ref-format=reftable"], &["--ref-format=reftable", "--object-format=sha256"]]
    {
        let sandbox = Sandbox::new();
        let path = api(&sandbox);
        std::fs::create_dir_all(&path).unwrap();
        let init = [&["init", "-q", "-b", "main"], arguments].concat();
        if !sandbox.try_git(&path, &init).status.success() {
            skip("this git has no reftable");
            continue;
        }
        std::fs::write(path.join("README.md"), "read\n").unwrap();
        sandbox.commit(&path, "first");
        sandbox.toml("[repos.api]\n[builders.slack]\nrepos = [\"api\"]\n");
        sandbox.apply().ok();
        let checkout = sandbox.builder("slack/api");
        std::fs::write(checkout.join("staged.txt"), "staged\n").unwrap();
        sandbox.git(&checkout, &["add", "staged.txt"]);
        sandbox.git(&checkout, &["update-ref", "refs/worktree/mine", "HEAD"]);
        let show = || {
            [&["status", "--porcelain=v2", "--branch"] as &[&str], &["reflog"], &["for-each-ref"], &["diff", "--cached"], LOG]
                .map(|arguments| sandbox.git(&checkout, arguments))
        };
        let before = show();
        sandbox.toml("[repos.api]\n");
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash", "--allow-removals"]).ok();
        assert_eq!(sandbox.branches("repos/api"), ["main"], "its branch went with it");
        restore(&sandbox, "slack").ok();
        assert_eq!(show(), before, "{arguments:?}");
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash", "--allow-removals"]).ok();
        sandbox.git(&path, &["branch", "-q", "--force", "builder/slack", "main"]);
        sandbox.git(&path, &["commit", "-q", "--allow-empty", "-m", "on"]);
        sandbox.git(&path, &["branch", "-q", "--force", "builder/slack", "main"]);
        restore(&sandbox, "slack").ok().says("new branch builder/slack-restored");
        assert_eq!(sandbox.git(&checkout, &["branch", "--show-current"]), "builder/slack-restored");
        assert_eq!(sandbox.git(&checkout, &["status", "--porcelain"]), "A  staged.txt");
        sandbox.toml("[repos.api]\n[builders.slack]\nrepos = [\"api\"]\n");
        sandbox.plan().says("No changes.");
        sandbox.fsck(&["repos/api"]);
    }
}
