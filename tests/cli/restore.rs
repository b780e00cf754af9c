//! What comes back from the trash is what went there: files, index, operation, branch, links, marks, in every layout.

use std::path::{Path, PathBuf};

use crate::support::{Sandbox, snapshot, text};

const REPOS: &str = "[repos.api]\n[repos.web]\n";
const SLACK: &str = "[builders.slack]\nrepos = [\"api\", \"web\"]\n";
const STAYS: &str = "[builders.stays]\nrepos = [\"web\"]\n";

/// Builder `slack` beside `stays`, with this in `[workspace]`.
fn made(workspace: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, workspace, SLACK);
    sandbox.apply().ok();
    sandbox
}

fn declare(sandbox: &Sandbox, workspace: &str, slack: &str) {
    sandbox.toml(&format!("[workspace]\n{workspace}\n{REPOS}{slack}{STAYS}"));
}

/// Everything that a user of git can see of a checkout.
fn seen(sandbox: &Sandbox, path: &Path) -> Vec<String> {
    let show = |arguments: &[&str]| {
        // Git must not refresh what it looks at.
        let output = sandbox.command("git").env("GIT_OPTIONAL_LOCKS", "0").current_dir(path).args(arguments).output().unwrap();
        format!("{arguments:?} {}\n{}", output.status, String::from_utf8_lossy(&output.stdout))
    };
    [
        &["status", "--porcelain=v2", "--branch", "--ignored"] as &[&str],
        &["diff", "--cached"],
        &["diff"],
        &["stash", "list"],
        &["reflog"],
        &["reflog", "show", "HEAD"],
        &["log", "--oneline", "--all"],
        &["ls-files", "--stage", "--debug"],
        &["for-each-ref", "refs/heads", "refs/worktree", "refs/bisect"],
        &["config", "--list", "--local"],
        &["config", "--list", "--worktree"],
        &["worktree", "list", "--porcelain"],
        &["rev-parse", "--absolute-git-dir", "--git-common-dir", "--show-toplevel"],
    ]
    .map(show)
    .to_vec()
}

/// The work that a builder holds: of every kind, in `api`; `web` is clean.
fn work(sandbox: &Sandbox, api: &Path) {
    let git = |arguments: &[&str]| drop(sandbox.git(api, arguments));
    std::fs::write(api.join("README.md"), "stashed\n").unwrap();
    git(&["stash", "-q"]);
    std::fs::write(api.join("committed.txt"), "committed\n").unwrap();
    sandbox.commit(api, "work");
    std::fs::write(api.join("lost.txt"), "only the reflog\n").unwrap();
    sandbox.commit(api, "only in the reflog");
    git(&["reset", "-q", "--hard", "HEAD~1"]);
    std::fs::write(api.join("staged.txt"), "staged\n").unwrap();
    git(&["add", "staged.txt"]);
    std::fs::write(api.join("staged.txt"), "staged, then edited\n").unwrap();
    std::fs::write(api.join("README.md"), "edited\n").unwrap();
    std::fs::write(api.join("untracked.txt"), "untracked\n").unwrap();
    std::fs::write(api.join("build.log"), "ignored\n").unwrap();
    sandbox.script(api.join("run.sh"), "#!/bin/sh\n");
    git(&["update-ref", "refs/worktree/mine", "HEAD"]);
    git(&["config", "extensions.worktreeConfig", "true"]);
    git(&["config", "--worktree", "user.name", "Only Here"]);
}

/// Removes `slack`, and asks for it back; the sandbox must look as it did.
#[track_caller]
fn there_and_back(sandbox: &Sandbox, workspace: &str, checkouts: &[PathBuf]) {
    let builder = sandbox.builder("slack");
    let picture = || {
        let looks: Vec<_> = checkouts.iter().map(|path| seen(sandbox, path)).collect();
        let admin = |path: &PathBuf| snapshot(sandbox.git(path, &["rev-parse", "--absolute-git-dir"]));
        (looks, snapshot(&builder), checkouts.iter().map(admin).collect::<Vec<_>>())
    };
    let before = picture();
    declare(sandbox, workspace, "");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok().says("`wsctl restore slack` brings it back");
    assert!(!builder.exists());
    sandbox.wsctl(&["restore"]).ok().says("slack-").says("builders.slack: 3 checkouts").says("wsctl restore NAME");
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok().says("+ builders.slack").says("Restored builders.slack");
    let after = picture();
    assert_eq!(before.0, after.0);
    // Git's own directories: the lock came and went, and so their own times.
    before.1.assert_same(&after.1);
    for (before, after) in before.2.iter().zip(&after.2) {
        let differences = before.differences(after);
        assert!(differences.iter().all(|path| path.as_os_str().is_empty() || path == Path::new("locked")), "{differences:?}");
    }
    for repository in ["", "repos/api", "repos/web"] {
        assert_eq!(sandbox.git(sandbox.path(repository), &["for-each-ref", "refs/wsctl"]), "");
    }
    assert_eq!(sandbox.trash(), Vec::<PathBuf>::new());
    declare(sandbox, workspace, SLACK);
    sandbox.plan().ok().says("No changes.");
    sandbox.fsck(&["", "repos/api", "repos/web"]);
    sandbox.converged();
}

#[test]
fn a_builder_with_work_of_every_kind_in_every_layout() {
    let layouts = [
        ("sibling", ["slack/workspace-root", "slack/api", "slack/web"]),
        ("split", ["slack/workspace", "slack/repos/api", "slack/repos/web"]),
        ("nested", ["slack", "slack/repos/api", "slack/repos/web"]),
    ];
    for (layout, checkouts) in layouts {
        for anchor in [true, false] {
            let workspace = format!("layout = \"{layout}\"\nanchor = {anchor}");
            let sandbox = made(&workspace);
            let checkouts = checkouts.map(|path| sandbox.builder(path));
            work(&sandbox, &checkouts[1]);
            there_and_back(&sandbox, &workspace, &checkouts);
        }
    }
}

#[test]
fn a_clean_builder_whose_merged_branches_went_with_it() {
    let sandbox = made("");
    let api = sandbox.builder("slack/api");
    sandbox.git(&api, &["branch", "-q", "--set-upstream-to=origin/main"]);
    let checkouts = ["slack/workspace-root", "slack/api", "slack/web"].map(|path| sandbox.builder(path));
    let log = sandbox.path("repos/api/.git/logs/refs/heads/builder/slack");
    let reflog = text(&log);
    there_and_back(&sandbox, "", &checkouts);
    assert_eq!(text(&log), reflog);
    assert_eq!(sandbox.git(&api, &["rev-parse", "--abbrev-ref", "@{upstream}"]), "origin/main");
}

/// The branch was made again at the same commit: what its old reflog alone had comes back under another name.
#[test]
fn the_reflog_of_a_branch_that_was_made_again_is_not_lost() {
    let sandbox = Sandbox::workspace();
    declare(&sandbox, "", "[builders.slack]\nrepos = [\"api\"]\n");
    sandbox.apply().ok();
    let api = sandbox.builder("slack/api");
    let before = sandbox.git(&api, &["rev-parse", "HEAD"]);
    sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", "precious"]);
    let precious = sandbox.git(&api, &["rev-parse", "HEAD"]);
    sandbox.git(&api, &["reset", "-q", "--hard", &before]);
    // What the worktree itself has of it is not to be what keeps it.
    for name in ["logs/HEAD", "ORIG_HEAD"] {
        let _ = std::fs::remove_file(sandbox.git(&api, &["rev-parse", "--path-format=absolute", "--git-path", name]));
    }
    declare(&sandbox, "", "");
    sandbox.apply().ok();
    assert!(!sandbox.branches("repos/api").contains(&"builder/slack".to_owned()));
    sandbox.git("repos/api", &["branch", "builder/slack", &before]);
    let answer = sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    answer.says("new branch builder/slack-restored").says("was made again, without commits that its old reflog has");
    // The dates of these commits are of long ago.
    let gc = ["-c", "gc.reflogExpire=never", "-c", "gc.reflogExpireUnreachable=never", "gc", "-q", "--prune=now"];
    sandbox.git("repos/api", &gc);
    assert_eq!(sandbox.git("repos/api", &["cat-file", "-t", &precious]), "commit");
    assert!(sandbox.git("repos/api", &["reflog", "show", "builder/slack-restored"]).contains("precious"));
}

#[test]
fn what_waits_goes_on() {
    for (begin, proceed) in [
        (&["rebase", "theirs"] as &[&str], &["rebase", "--continue"] as &[&str]),
        (&["merge", "theirs"], &["merge", "--continue"]),
        (&["cherry-pick", "theirs"], &["cherry-pick", "--continue"]),
    ] {
        let sandbox = made("");
        let api = sandbox.builder("slack/api");
        sandbox.write(".builders/slack/api/README.md", "ours\n");
        sandbox.git(&api, &["commit", "-qam", "ours"]);
        sandbox.git(&api, &["switch", "-q", "-c", "theirs", "HEAD~1"]);
        sandbox.write(".builders/slack/api/README.md", "theirs\n");
        sandbox.git(&api, &["commit", "-qam", "theirs"]);
        sandbox.git(&api, &["switch", "-q", "builder/slack"]);
        assert!(!sandbox.try_git(&api, begin).status.success());
        let checkouts = ["slack/workspace-root", "slack/api", "slack/web"].map(|path| sandbox.builder(path));
        let before: Vec<_> = checkouts.iter().map(|path| seen(&sandbox, path)).collect();
        declare(&sandbox, "", "");
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
        let after: Vec<_> = checkouts.iter().map(|path| seen(&sandbox, path)).collect();
        assert_eq!(before, after);
        sandbox.write(".builders/slack/api/README.md", "resolved\n");
        sandbox.git(&api, &["add", "README.md"]);
        let mut proceeds = sandbox.command("git");
        let output = proceeds.env("GIT_EDITOR", "true").current_dir(&api).args(proceed).output().unwrap();
        assert!(output.status.success(), "{proceed:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(sandbox.git(&api, &["branch", "--show-current"]), "builder/slack");
        sandbox.fsck(&["repos/api"]);
    }
}

#[test]
fn a_bisect_goes_on() {
    let sandbox = made("");
    let api = sandbox.builder("slack/api");
    for number in 0..6 {
        sandbox.commit(&api, &format!("commit {number}"));
    }
    sandbox.git(&api, &["bisect", "start", "HEAD", "HEAD~5"]);
    let before = seen(&sandbox, &api);
    declare(&sandbox, "", "");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    assert_eq!(before, seen(&sandbox, &api));
    sandbox.git(&api, &["bisect", "good"]);
    sandbox.git(&api, &["bisect", "reset"]);
    assert_eq!(sandbox.git(&api, &["branch", "--show-current"]), "builder/slack");
}

#[test]
fn submodules_come_back_with_their_work() {
    let sandbox = Sandbox::workspace();
    let library = sandbox.origin("library");
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["submodule", "--quiet", "add", library.to_str().unwrap(), "libs/library"]);
    sandbox.commit(&api, "submodule");
    sandbox.git(&api, &["push", "-q"]);
    declare(&sandbox, "", SLACK);
    sandbox.apply().ok();
    let checkout = sandbox.builder("slack/api");
    sandbox.git(&checkout, &["submodule", "--quiet", "update", "--init"]);
    let inner = checkout.join("libs/library");
    sandbox.git(&inner, &["switch", "-q", "-c", "inner"]);
    std::fs::write(inner.join("new.txt"), "new\n").unwrap();
    sandbox.commit(&inner, "inner");
    let before = [seen(&sandbox, &checkout), seen(&sandbox, &inner)];
    declare(&sandbox, "", "");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.wsctl(&["restore", "slack", "--auto-approve"]).ok();
    assert_eq!([seen(&sandbox, &checkout), seen(&sandbox, &inner)], before);

    // Under another name both ends of the submodule move along.
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.wsctl(&["restore", "slack", "--as", "other-name", "--auto-approve"]).ok();
    let inner = sandbox.builder("other-name/api/libs/library");
    assert_eq!(sandbox.git(&inner, &["branch", "--show-current"]), "inner");
    assert_eq!(sandbox.git(&inner, &["rev-parse", "--show-toplevel"]), inner.to_str().unwrap());
    assert_eq!(sandbox.git(sandbox.builder("other-name/api"), &["submodule", "status"]).chars().next(), Some('+'));
    sandbox.git(&inner, &["fsck", "--strict"]);
}
