//! Removing: what the keeper has to hold, seen through the program. Branches, reflogs and everything that git can clean
//! up are gone afterwards; no object may be.

use std::fs;

use super::removing::{admin, api, commit, forget, git, made, made_of, nothing_lost, objects, trash, write};
use crate::support::{Sandbox, skip, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("unmerged index entries", "unmerged_entries"),
    ("resolve-undo", "what_a_conflict_was_resolved_from"),
    ("a split index", "a_split_index"),
    ("a sparse index", "a_sparse_index"),
    ("per-worktree refs", "refs_of_one_worktree"),
    ("ORIG_HEAD and the like", "heads_beside_head"),
    ("the same in a reftable", "heads_beside_head_in_a_reftable"),
    ("reflogs in a reftable", "logs_in_a_reftable"),
    ("an autostash and the todo of a rebase", "the_autostash_of_a_rebase"),
    ("the reflog of a branch deleted with it", "the_reflog_of_a_branch_that_goes_too"),
    ("submodules' modules/", "the_modules_of_submodules"),
    ("worktree configuration", "configuration_of_one_worktree"),
    ("a repository on reftable", "a_reftable_repository"),
    ("a repository of sha256", "a_sha256_repository"),
    ("the keeper lives as long as the trash", "the_keeper_lives_as_long_as_the_trash"),
];

/// Moves `work` to the trash and lets git forget all it can: no object of before is missing, files are as they were.
#[track_caller]
fn kept(sandbox: &Sandbox) {
    let (files, before) = (snapshot(sandbox.builder("work")), objects(sandbox));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    files.assert_same(&snapshot(trash(sandbox).join("tree")));
    assert!(!sandbox.path("repos/api/.git/worktrees").exists(), "no registration is left");
    nothing_lost(sandbox, &before);
    sandbox.converged();
}

/// A blob that only the index has.
fn stage(sandbox: &Sandbox, path: &str, content: &str) {
    write(sandbox, path, content);
    git(sandbox, &["add", path]);
    fs::remove_file(api(sandbox).join(path)).unwrap();
}

/// All three stages of a conflict, none of which any file or commit has.
#[test]
fn unmerged_entries() {
    let sandbox = made();
    let ids = ["base\n", "ours\n", "theirs\n"].map(|content| {
        write(&sandbox, "content", content);
        git(&sandbox, &["hash-object", "-w", "content"])
    });
    fs::remove_file(api(&sandbox).join("content")).unwrap();
    let stages = ids.iter().zip(1..).map(|(id, stage)| format!("100644 {id} {stage}\tREADME.md\n"));
    let lines: Vec<String> = [format!("0 {} 0\tREADME.md\n", "0".repeat(40))].into_iter().chain(stages).collect();
    sandbox.write("stages", &lines.concat());
    let input = fs::File::open(sandbox.path("stages")).unwrap();
    let mut update = sandbox.command("git");
    update.current_dir(api(&sandbox)).args(["update-index", "--index-info"]).stdin(input);
    assert!(update.status().unwrap().success());
    assert!(!sandbox.try_git(api(&sandbox), &["write-tree"]).status.success(), "git makes no tree of it");
    sandbox.apply().fails().says("1 unmerged file: README.md");
    kept(&sandbox);
}

/// The stages of a conflict that was resolved: `git checkout --merge` and rerere bring it back from them.
#[test]
fn what_a_conflict_was_resolved_from() {
    let sandbox = made();
    for content in ["ours\n", "theirs\n"] {
        write(&sandbox, "README.md", content);
        git(&sandbox, &["commit", "-qam", content]);
        git(&sandbox, &["branch", "-q", content.trim()]);
        git(&sandbox, &["reset", "-q", "--hard", "origin/main"]);
    }
    git(&sandbox, &["merge", "-q", "--ff-only", "ours"]);
    assert!(!sandbox.try_git(api(&sandbox), &["merge", "theirs"]).status.success());
    stage(&sandbox, "README.md", "resolved\n");
    // The commits do not hold them for it: the merge is ended without a trace but the index.
    git(&sandbox, &["merge", "--quit"]);
    assert!(!git(&sandbox, &["ls-files", "--resolve-undo"]).is_empty());
    let undo = git(&sandbox, &["rev-parse", "ours:README.md", "theirs:README.md"]);
    for branch in ["ours", "theirs"] {
        git(&sandbox, &["branch", "-q", "-D", branch]);
    }
    git(&sandbox, &["reset", "-q", "--soft", "origin/main"]);
    for name in ["ORIG_HEAD", "AUTO_MERGE", "logs/HEAD"] {
        let _ = fs::remove_file(admin(&sandbox).join(name));
    }
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    forget(&sandbox);
    let now = objects(&sandbox);
    assert_eq!(undo.lines().filter(|id| !now.contains(&format!("{id} blob"))).count(), 0);
    sandbox.converged();
}

/// Entries in the shared half of the index and in the small one.
#[test]
fn a_split_index() {
    let sandbox = made();
    stage(&sandbox, "shared", "in the shared half\n");
    git(&sandbox, &["update-index", "--split-index"]);
    stage(&sandbox, "own", "in the small half\n");
    kept(&sandbox);
    let indexes = fs::read_dir(trash(&sandbox).join("admin/api")).unwrap();
    assert!(indexes.into_iter().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("sharedindex.")));
}

/// An index that keeps whole directories as one entry each, one of them from a tree that nothing else names.
#[test]
fn a_sparse_index() {
    let sandbox = Sandbox::workspace();
    for directory in ["in", "out"] {
        sandbox.write(format!("repos/api/{directory}/file"), directory);
    }
    sandbox.commit("repos/api", "directories");
    sandbox.git("repos/api", &["push", "-q"]);
    let sandbox = made_of(sandbox);
    git(&sandbox, &["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    git(&sandbox, &["switch", "-q", "--detach"]);
    stage(&sandbox, "in/new", "sparse\n");
    write(&sandbox, "out/file", "staged outside\n");
    git(&sandbox, &["add", "--sparse", "out/file"]);
    git(&sandbox, &["commit", "-qm", "another tree", "--", "out/file"]);
    git(&sandbox, &["sparse-checkout", "reapply"]);
    git(&sandbox, &["reset", "-q", "--soft", "HEAD~1"]);
    fs::remove_file(admin(&sandbox).join("logs/HEAD")).unwrap();
    let _ = fs::remove_file(admin(&sandbox).join("ORIG_HEAD"));
    let listed = git(&sandbox, &["ls-files", "--sparse", "--stage"]);
    assert!(listed.contains("040000") && listed.contains("\tout/"), "{listed}");
    let tree = listed.lines().find(|line| line.ends_with("\tout/")).unwrap().split(' ').nth(1).unwrap().to_owned();
    let staged = git(&sandbox, &["rev-parse", ":in/new"]);
    let blob = git(&sandbox, &["rev-parse", &format!("{tree}:file")]);
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    forget(&sandbox);
    let now = objects(&sandbox);
    for object in [format!("{staged} blob"), format!("{tree} tree"), format!("{blob} blob")] {
        assert!(now.contains(&object), "{object}");
    }
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// A commit that nothing but the command names: no reflog, no index, no branch.
fn loose(sandbox: &Sandbox, message: &str) -> String {
    git(sandbox, &["commit-tree", "-m", message, "HEAD^{tree}"])
}

/// Refs that git shows in this worktree only; an annotated tag among them.
#[test]
fn refs_of_one_worktree() {
    let sandbox = made();
    for name in ["refs/worktree/mine", "refs/bisect/good-1", "refs/rewritten/onto"] {
        git(&sandbox, &["update-ref", name, &loose(&sandbox, name)]);
    }
    let tagged = loose(&sandbox, "tagged");
    git(&sandbox, &["tag", "-a", "-m", "note", "note", &tagged]);
    git(&sandbox, &["update-ref", "refs/worktree/tag", "refs/tags/note"]);
    let tag = git(&sandbox, &["rev-parse", "refs/tags/note"]);
    let words = git(&sandbox, &["cat-file", "tag", &tag]);
    git(&sandbox, &["tag", "-d", "note"]);
    let mut before = objects(&sandbox);
    before.remove(&format!("{tag} tag"));
    sandbox.apply().ok();
    assert!(text(trash(&sandbox).join("admin/api/refs/worktree/tag")).contains(&tag));
    nothing_lost(&sandbox, &before);
    // No tree can name a tag: its bytes are kept as a file.
    let keeper = sandbox.git("repos/api", &["for-each-ref", "--format=%(refname)", "refs/wsctl"]);
    let keeper = keeper.lines().find(|name| name.contains("/work-") && name.ends_with("/api")).unwrap().to_owned();
    assert_eq!(sandbox.git("repos/api", &["cat-file", "blob", &format!("{keeper}:{tag}.tag")]), words);
    sandbox.converged();
}

/// What git writes beside HEAD, each naming a commit that nothing else names.
#[test]
fn heads_beside_head() {
    let sandbox = made();
    for name in ["ORIG_HEAD", "FETCH_HEAD", "REBASE_HEAD", "BISECT_EXPECTED_REV"] {
        fs::write(admin(&sandbox).join(name), format!("{}\n", loose(&sandbox, name))).unwrap();
    }
    kept(&sandbox);
}

/// The same where they are no files, and one that no git of today writes.
#[test]
fn heads_beside_head_in_a_reftable() {
    let Some(sandbox) = unusual("--ref-format=reftable") else { return };
    for name in ["ORIG_HEAD", "REBASE_HEAD", "BISECT_EXPECTED_REV", "LATER_HEAD"] {
        git(&sandbox, &["update-ref", name, &loose(&sandbox, name)]);
        assert!(!admin(&sandbox).join(name).exists(), "{name} is no file");
    }
    kept(&sandbox);
}

/// What HEAD was before the oldest entry of its log, and the log of a ref that git shows in this worktree only; HEAD
/// itself is on a branch without a commit in the end, and has a log all the same.
#[test]
fn logs_in_a_reftable() {
    for unborn in [false, true] {
        let Some(sandbox) = unusual("--ref-format=reftable") else { return };
        let mine = "refs/worktree/mine";
        for message in ["before", "between"] {
            git(&sandbox, &["update-ref", "--create-reflog", mine, &loose(&sandbox, message)]);
            git(&sandbox, &["update-ref", "--no-deref", "HEAD", &loose(&sandbox, &format!("HEAD {message}"))]);
        }
        for name in [mine, "HEAD"] {
            git(&sandbox, &["update-ref", "--no-deref", name, "refs/heads/main"]);
            let entries = git(&sandbox, &["log", "--walk-reflogs", "--format=%gd", name, "--"]).lines().count();
            // What was named by the oldest entries is named only as what was before the last two of them.
            for number in (2..entries).rev() {
                git(&sandbox, &["reflog", "delete", &format!("{name}@{{{number}}}")]);
            }
        }
        if unborn {
            git(&sandbox, &["symbolic-ref", "HEAD", "refs/heads/unborn"]);
        }
        let log = git(&sandbox, &["rev-list", "--no-walk", "--reflog", "--format=%s"]);
        for message in ["before", "between", "HEAD before", "HEAD between"] {
            assert!(log.lines().any(|line| line == message), "{log}");
        }
        // Entries that were deleted held others; no `gc`, which lets the old dates of all of them expire.
        sandbox.git("repos/api", &["prune", "--expire=now"]);
        let before = objects(&sandbox);
        sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        nothing_lost(&sandbox, &before);
        sandbox.converged();
    }
}

/// A rebase with an autostash, stopped before commits that only its todo names.
#[test]
fn the_autostash_of_a_rebase() {
    let sandbox = made();
    for message in ["one", "two", "three"] {
        write(&sandbox, message, message);
        git(&sandbox, &["add", "-A"]);
        commit(&sandbox, message);
    }
    write(&sandbox, "README.md", "stashed by the rebase\n");
    let _ = sandbox.try_git(api(&sandbox), &["rebase", "--autostash", "--no-ff", "--exec", "false", "HEAD~3"]);
    assert!(admin(&sandbox).join("rebase-merge/autostash").exists());
    assert!(text(admin(&sandbox).join("rebase-merge/git-rebase-todo")).contains("three"));
    // The todo alone names them from here on.
    git(&sandbox, &["update-ref", "refs/heads/builder/work", "origin/main"]);
    for name in ["logs/HEAD", "ORIG_HEAD", "rebase-merge/orig-head", "rebase-merge/git-rebase-todo.backup"] {
        let _ = fs::remove_file(admin(&sandbox).join(name));
    }
    kept(&sandbox);
}

/// A branch that wsctl made and that is merged goes with its builder; where it once was stays.
#[test]
fn the_reflog_of_a_branch_that_goes_too() {
    let sandbox = made();
    let id = loose(&sandbox, "only the reflog of the branch");
    git(&sandbox, &["update-ref", "--create-reflog", "refs/heads/builder/work", &id]);
    git(&sandbox, &["update-ref", "refs/heads/builder/work", "origin/main"]);
    git(&sandbox, &["config", "branch.builder/work.description", "what it was for"]);
    let log = text(sandbox.path("repos/api/.git/logs/refs/heads/builder/work"));
    assert!(log.contains(&id));
    // HEAD's own log has seen it too.
    fs::remove_file(admin(&sandbox).join("logs/HEAD")).unwrap();
    let before = objects(&sandbox);
    sandbox.apply().ok();
    assert!(!sandbox.branches("repos/api").contains(&"builder/work".to_owned()));
    let branch = trash(&sandbox).join("branch/api");
    assert_eq!(text(branch.join("reflog")), log);
    assert!(text(branch.join("config")).contains("what it was for"));
    nothing_lost(&sandbox, &before);
    sandbox.converged();
}

/// A submodule that is not in its commit any more, nor in the worktree: its repository waits below `modules/`, and with
/// it a commit that its remote does not have.
#[test]
fn the_modules_of_submodules() {
    let sandbox = made();
    let library = sandbox.origin("library");
    git(&sandbox, &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    let lib = api(&sandbox).join("lib");
    sandbox.git(&lib, &["commit", "-q", "--allow-empty", "-m", "only here"]);
    git(&sandbox, &["rm", "-q", "-f", "--cached", "lib", ".gitmodules"]);
    fs::remove_dir_all(&lib).unwrap();
    fs::remove_file(api(&sandbox).join(".gitmodules")).unwrap();
    let before = snapshot(admin(&sandbox).join("modules"));
    sandbox.apply().fails().says("1 submodule with work of its own: ").says("modules/lib");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    before.assert_same(&snapshot(trash(&sandbox).join("admin/api/modules")));
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// `config.worktree`, the exclude patterns of a sparse checkout, and whatever else lies in the admin directory.
#[test]
fn configuration_of_one_worktree() {
    let sandbox = made();
    git(&sandbox, &["config", "extensions.worktreeConfig", "true"]);
    git(&sandbox, &["config", "--worktree", "user.email", "somebody@example.com"]);
    git(&sandbox, &["sparse-checkout", "set", "--no-cone", "/README.md"]);
    let before = snapshot(admin(&sandbox));
    sandbox.apply().ok();
    let now = trash(&sandbox).join("admin/api");
    assert!(text(now.join("config.worktree")).contains("somebody@example.com"));
    assert!(text(now.join("info/sparse-checkout")).contains("README.md"));
    let other = before.differences(&snapshot(&now));
    assert!(other.iter().all(|path| path.as_os_str().is_empty() || path.ends_with("locked")), "{other:?}");
    sandbox.converged();
}

/// `repos/api` made anew with this option, and `work` in it; `None` where this git does not know the option.
pub(super) fn made_with(option: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::workspace();
    fs::remove_dir_all(sandbox.path("repos/api")).unwrap();
    if !sandbox.try_git("", &["init", "-q", "-b", "main", option, "repos/api"]).status.success() {
        skip(&format!("this git knows no {option}"));
        return None;
    }
    sandbox.write("repos/api/README.md", "# api\n");
    sandbox.commit("repos/api", "first");
    Some(made_of(sandbox))
}

/// The same, with a staged blob, a detached commit, an own ref.
fn unusual(option: &str) -> Option<Sandbox> {
    let sandbox = made_with(option)?;
    stage(&sandbox, "staged", "only here\n");
    git(&sandbox, &["update-ref", "refs/worktree/mine", &loose(&sandbox, "mine")]);
    git(&sandbox, &["switch", "-q", "--detach"]);
    git(&sandbox, &["update-ref", "--no-deref", "HEAD", &loose(&sandbox, "left")]);
    git(&sandbox, &["update-ref", "--no-deref", "HEAD", &loose(&sandbox, "detached")]);
    Some(sandbox)
}

/// Refs that are no text.
#[test]
fn a_reftable_repository() {
    let Some(sandbox) = unusual("--ref-format=reftable") else { return };
    kept(&sandbox);
}

/// Ids of 64 digits.
#[test]
fn a_sha256_repository() {
    let Some(sandbox) = unusual("--object-format=sha256") else { return };
    kept(&sandbox);
}

/// The trash is emptied, and only then git may take what it held.
#[test]
fn the_keeper_lives_as_long_as_the_trash() {
    let sandbox = made();
    stage(&sandbox, "staged", "only here\n");
    let blob = format!("{} blob", git(&sandbox, &["rev-parse", ":staged"]));
    git(&sandbox, &["switch", "-q", "--detach"]);
    let id = format!("{} commit", commit(&sandbox, "detached"));
    kept(&sandbox);
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok();
    assert!(sandbox.trash().is_empty());
    assert_eq!(sandbox.git("repos/api", &["for-each-ref", "refs/wsctl"]), "");
    forget(&sandbox);
    let now = objects(&sandbox);
    assert!(!now.contains(&blob) && !now.contains(&id), "without the keeper git takes them: the tests can fail");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}
