//! The keeper holds what only one worktree holds, whatever git cleans up afterwards.

use wsctl::git::Keep;

use super::*;

const KEEPER: &str = "refs/wsctl/0123456789abcdef/e/api";

impl Sandbox {
    /// Renames the worktree away, keeps, drops registration and branch, and lets git clean up all it can.
    fn keep_and_clean(&self, repository: &Path, path: &AbsPath, admin_dir: &AbsPath, on: &str) {
        let door = self.door();
        let (common, name) = (abs(repository.join(".git")), branch(on));
        let keep = Keep { common_dir: &common, admin_dir, branch: Some(&name), save: None, name: KEEPER };
        door.keep(&keep).unwrap();
        let first = self.git(repository, &["rev-parse", KEEPER]);
        let away = self.builders().join("away");
        door.rename(path, &away).unwrap();
        door.keep(&keep).unwrap();
        assert_eq!(self.git(repository, &["rev-parse", KEEPER]), first, "the same content has the same keeper");
        let into = self.builders().join(".wsctl/trash/e/admin/api");
        door.take_registration(&stale(repository, path, admin_dir), &into).unwrap();
        let at = self.try_git(repository, &["rev-parse", "--verify", on]);
        if at.status.success() {
            let at = ObjectId::new(String::from_utf8_lossy(&at.stdout).trim()).unwrap();
            door.delete_branch(&abs(repository), &name, &at, None).unwrap();
        }
        self.git(repository, &["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
        self.git(repository, &["-c", "gc.pruneExpire=now", "gc", "--quiet", "--prune=now"]);
        let fsck = self.try_git(repository, &["fsck", "--full", "--strict", "--no-dangling"]);
        assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
        assert_eq!(String::from_utf8_lossy(&fsck.stderr).trim(), "");
    }

    fn has(&self, repository: &Path, id: &str) -> bool {
        self.try_git(repository, &["cat-file", "-e", id]).status.success()
    }
}

#[test]
fn detached_and_reflog_commits_staged_blobs_and_resolved_conflicts_survive() {
    for native in [true, false] {
        for format in formats() {
            let sandbox = Sandbox::new();
            sandbox.natively(native);
            let repository = sandbox.repository_of("api", format);
            let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
            sandbox.door().unlock_worktree(&admin_dir).unwrap();
            let mut ids = Vec::new();
            sandbox.commit(&path, "on the branch");
            ids.push(sandbox.git(&path, &["rev-parse", "HEAD"]));
            sandbox.git(&path, &["reset", "-q", "--hard", "HEAD~1"]);
            std::fs::write(path.join("README.md"), "one\n").unwrap();
            sandbox.commit(&path, "one");
            sandbox.git(&path, &["switch", "-q", "--detach", "HEAD~1"]);
            std::fs::write(path.join("README.md"), "two\n").unwrap();
            sandbox.commit(&path, "detached");
            ids.push(sandbox.git(&path, &["rev-parse", "HEAD"]));
            sandbox.git(&path, &["update-ref", "refs/worktree/mine", "HEAD"]);
            sandbox.git(&path, &["tag", "-a", "-m", "note", "note"]);
            sandbox.git(&path, &["update-ref", "refs/worktree/tag", "refs/tags/note"]);
            let tag = sandbox.git(&path, &["rev-parse", "refs/tags/note"]);
            let tag_text = sandbox.git(&path, &["cat-file", "tag", &tag]);
            sandbox.git(&path, &["tag", "-d", "note"]);
            assert!(!sandbox.try_git(&path, &["merge", "-q", "x"]).status.success(), "a conflict");
            std::fs::write(path.join("README.md"), "resolved\n").unwrap();
            for stage in [1, 2, 3] {
                ids.push(sandbox.git(&path, &["rev-parse", &format!(":{stage}:README.md")]));
            }
            sandbox.git(&path, &["add", "README.md"]);
            ids.push(sandbox.git(&path, &["rev-parse", ":README.md"]));
            std::fs::write(path.join("staged"), "only here\n").unwrap();
            sandbox.git(&path, &["add", "staged"]);
            ids.push(sandbox.git(&path, &["rev-parse", ":staged"]));
            std::fs::remove_file(path.join("staged")).unwrap();
            sandbox.keep_and_clean(&repository, &path, &admin_dir, "x");
            for id in &ids {
                assert!(sandbox.has(&repository, id), "{format}: {id} is gone, of {ids:?}");
            }
            let kept = sandbox.git(&repository, &["cat-file", "blob", &format!("{KEEPER}:{tag}.tag")]);
            assert_eq!(kept, tag_text);
            sandbox.door().drop_keeper(&abs(repository.join(".git")), KEEPER).unwrap();
            sandbox.door().drop_keeper(&abs(repository.join(".git")), KEEPER).unwrap();
            assert!(!sandbox.try_git(&repository, &["rev-parse", "--verify", KEEPER]).status.success());
            sandbox.git(&repository, &["reflog", "expire", "--expire=now", "--all"]);
            sandbox.git(&repository, &["gc", "--quiet", "--prune=now"]);
            assert!(ids.iter().any(|id| !sandbox.has(&repository, id)), "without the keeper git takes them: the test can fail");
        }
    }
}

#[test]
fn unmerged_stages_survive() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        std::fs::write(path.join("README.md"), "one\n").unwrap();
        sandbox.commit(&path, "one");
        sandbox.git(&path, &["switch", "-q", "--detach", "HEAD~1"]);
        std::fs::write(path.join("README.md"), "two\n").unwrap();
        sandbox.commit(&path, "two");
        assert!(!sandbox.try_git(&path, &["cherry-pick", "x"]).status.success());
        let ids: Vec<_> = (1..=3).map(|stage| sandbox.git(&path, &["rev-parse", &format!(":{stage}:README.md")])).collect();
        sandbox.keep_and_clean(&repository, &path, &admin_dir, "x");
        assert!(ids.iter().all(|id| sandbox.has(&repository, id)));
    }
}

#[test]
fn a_paused_rebase_with_its_autostash_survives_and_goes_on() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        for name in ["one", "two", "three"] {
            std::fs::write(path.join(name), name).unwrap();
            sandbox.commit(&path, name);
        }
        std::fs::write(path.join("README.md"), "unsaved\n").unwrap();
        let _ = sandbox.try_git(&path, &["rebase", "--autostash", "--exec", "false", "HEAD~2"]);
        let stash = std::fs::read_to_string(admin_dir.join("rebase-merge/autostash")).unwrap().trim().to_owned();
        let original = std::fs::read_to_string(admin_dir.join("rebase-merge/orig-head")).unwrap().trim().to_owned();
        let common = abs(repository.join(".git"));
        sandbox
            .door()
            .keep(&Keep { common_dir: &common, admin_dir: &admin_dir, branch: None, save: None, name: KEEPER })
            .unwrap();
        sandbox.git(&repository, &["update-ref", "-d", "refs/heads/x"]);
        std::fs::rename(&path, sandbox.path("tree")).unwrap();
        sandbox.door().take_registration(&stale(&repository, &path, &admin_dir), &abs(sandbox.path("admin"))).unwrap();
        sandbox.git(&repository, &["gc", "--quiet", "--prune=now"]);
        for id in [&stash, &original] {
            assert!(sandbox.has(&repository, id), "{id}");
        }
        assert!(sandbox.has(&repository, &format!("{stash}:README.md")));
        // Both directories put back: the rebase goes on.
        std::fs::create_dir_all(repository.join(".git/worktrees")).unwrap();
        std::fs::rename(sandbox.path("admin"), &admin_dir).unwrap();
        std::fs::rename(sandbox.path("tree"), &path).unwrap();
        sandbox.git(&repository, &["update-ref", "refs/heads/x", &original]);
        std::fs::remove_file(admin_dir.join("rebase-merge/git-rebase-todo")).unwrap();
        std::fs::write(admin_dir.join("rebase-merge/git-rebase-todo"), "").unwrap();
        sandbox.git(&path, &["rebase", "--continue"]);
        assert_eq!(std::fs::read_to_string(path.join("README.md")).unwrap(), "unsaved\n");
    }
}

#[test]
fn the_commits_of_a_waiting_sequence_survive_though_named_in_short() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        sandbox.git(&path, &["switch", "-q", "--detach"]);
        let base = sandbox.git(&path, &["rev-parse", "HEAD"]);
        // Made without a checkout, so that no reflog of the worktree names them.
        std::fs::write(path.join("README.md"), "theirs\n").unwrap();
        let tree = |sandbox: &Sandbox| {
            sandbox.git(&path, &["add", "-A"]);
            sandbox.git(&path, &["write-tree"])
        };
        let first_tree = tree(&sandbox);
        let first = sandbox.git(&path, &["commit-tree", "-m", "one", "-p", &base, &first_tree]);
        std::fs::write(path.join("other"), "x").unwrap();
        let second_tree = tree(&sandbox);
        let second = sandbox.git(&path, &["commit-tree", "-m", "two", "-p", &first, &second_tree]);
        sandbox.git(&path, &["reset", "-q", "--hard"]);
        std::fs::write(path.join("README.md"), "mine\n").unwrap();
        sandbox.commit(&path, "mine");
        assert!(!sandbox.try_git(&path, &["cherry-pick", &first, &second]).status.success());
        sandbox.keep_and_clean(&repository, &path, &admin_dir, "x");
        assert!(sandbox.has(&repository, &first) && sandbox.has(&repository, &second));
    }
}

#[test]
fn split_and_sparse_indexes_are_read_whole() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        std::fs::create_dir(repository.join("in")).unwrap();
        std::fs::write(repository.join("in/file"), "x").unwrap();
        std::fs::create_dir(repository.join("out")).unwrap();
        std::fs::write(repository.join("out/file"), "y").unwrap();
        sandbox.commit(&repository, "directories");
        let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        let (split, split_admin) = sandbox.checkout(&repository, "b/split", "y");
        sandbox.git(&path, &["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
        std::fs::write(path.join("in/new"), "sparse").unwrap();
        sandbox.git(&path, &["add", "in/new"]);
        let sparse = sandbox.git(&path, &["rev-parse", ":in/new"]);
        std::fs::write(split.join("new"), "split").unwrap();
        sandbox.git(&split, &["add", "new"]);
        sandbox.git(&split, &["update-index", "--split-index"]);
        let blob = sandbox.git(&split, &["rev-parse", ":new"]);
        let common = abs(repository.join(".git"));
        let other = "refs/wsctl/0123456789abcdef/e/split";
        sandbox
            .door()
            .keep(&Keep { common_dir: &common, admin_dir: &split_admin, branch: None, save: None, name: other })
            .unwrap();
        sandbox
            .door()
            .keep(&Keep { common_dir: &common, admin_dir: &admin_dir, branch: None, save: None, name: KEEPER })
            .unwrap();
        let listed = |keeper: &str| sandbox.git(&repository, &["ls-tree", "--name-only", keeper]);
        assert_eq!(listed(other), blob);
        assert_eq!(listed(KEEPER), sparse);
    }
}

#[test]
fn a_reftable_worktree_is_kept() {
    let sandbox = Sandbox::new();
    let Some(repository) = sandbox.reftable("api") else { return };
    let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
    sandbox.git(&path, &["switch", "-q", "--detach"]);
    sandbox.commit(&path, "detached");
    let head = sandbox.git(&path, &["rev-parse", "HEAD"]);
    sandbox.commit(&path, "further");
    let reflog_only = sandbox.git(&path, &["rev-parse", "HEAD"]);
    sandbox.git(&path, &["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.git(&path, &["update-ref", "refs/worktree/own", &reflog_only]);
    sandbox.keep_and_clean(&repository, &path, &admin_dir, "x");
    assert!(sandbox.has(&repository, &head) && sandbox.has(&repository, &reflog_only));
}

#[test]
fn a_reftable_worktree_without_a_commit_and_without_any_log_is_kept() {
    let sandbox = Sandbox::new();
    let Some(repository) = sandbox.reftable("api") else { return };
    let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
    sandbox.git(&path, &["switch", "-q", "--orphan", "new"]);
    sandbox.git(&path, &["reflog", "expire", "--expire=all", "--all"]);
    sandbox.git(&path, &["reflog", "exists", "HEAD"]);
    let keep = Keep { common_dir: &abs(repository.join(".git")), admin_dir: &admin_dir, branch: None, save: None, name: KEEPER };
    sandbox.door().keep(&keep).unwrap();
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        let (_, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        let common = abs(repository.join(".git"));
        let keep = Keep { common_dir: &common, admin_dir: &admin_dir, branch: None, save: None, name: KEEPER };
        let index = std::fs::read(admin_dir.join("index")).unwrap();
        std::fs::write(admin_dir.join("index"), "no index").unwrap();
        assert!(why(sandbox.door().keep(&keep)).contains("index cannot be read"));
        std::fs::write(admin_dir.join("index"), index).unwrap();
        std::fs::write(admin_dir.join("HEAD"), format!("{}\n", "1".repeat(40))).unwrap();
        assert!(why(sandbox.door().keep(&keep)).contains("HEAD names"));
        assert!(sandbox.door().keep(&Keep { name: "refs/heads/x", ..keep }).is_err());
        assert!(!sandbox.try_git(&repository, &["rev-parse", "--verify", KEEPER]).status.success());
    }
}

#[test]
fn a_moved_keeper_still_holds_what_it_held() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        let common = abs(repository.join(".git"));
        let keep = Keep { common_dir: &common, admin_dir: &admin_dir, branch: None, save: None, name: KEEPER };
        std::fs::write(path.join("one"), "one").unwrap();
        sandbox.git(&path, &["add", "one"]);
        let one = sandbox.git(&path, &["rev-parse", ":one"]);
        sandbox.door().keep(&keep).unwrap();
        sandbox.git(&path, &["rm", "-q", "-f", "one"]);
        sandbox.door().keep(&keep).unwrap();
        sandbox.git(&repository, &["gc", "--quiet", "--prune=now"]);
        assert!(sandbox.has(&repository, &one));
    }
}

#[test]
fn a_keeper_that_names_what_is_gone_is_in_nobodys_way() {
    for native in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.natively(native);
        let repository = sandbox.repository("api");
        let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
        let common = abs(repository.join(".git"));
        std::fs::write(path.join("one"), "one").unwrap();
        sandbox.git(&path, &["add", "one"]);
        let one = sandbox.git(&path, &["rev-parse", ":one"]);
        let place = common.join(KEEPER);
        let name_nothing = || {
            std::fs::create_dir_all(place.parent().as_path()).unwrap();
            std::fs::write(&place, format!("{}\n", "1".repeat(40))).unwrap();
        };
        name_nothing();
        sandbox
            .door()
            .keep(&Keep { common_dir: &common, admin_dir: &admin_dir, branch: None, save: None, name: KEEPER })
            .unwrap();
        sandbox.git(&path, &["rm", "-q", "-f", "one"]);
        sandbox.git(&repository, &["gc", "--quiet", "--prune=now"]);
        assert!(sandbox.has(&repository, &one));
        name_nothing();
        sandbox.door().drop_keeper(&common, KEEPER).unwrap();
        assert!(!place.as_path().exists());
    }
}

#[test]
fn a_partial_clone_is_kept_without_the_network() {
    let sandbox = Sandbox::new();
    let origin = sandbox.origin("api");
    sandbox.git(&origin, &["config", "uploadpack.allowFilter", "true"]);
    for filter in ["blob:none", "tree:0"] {
        let name = filter.replace(':', "-");
        let url = format!("file://{}", origin.display());
        sandbox.git(sandbox.root(), &["clone", "-q", "--no-checkout", "--filter", filter, &url, &name]);
        let repository = sandbox.path(&name);
        let (path, admin_dir) = sandbox.checkout(&repository, &format!("b/{name}"), "x");
        std::fs::write(path.join("new"), "only here").unwrap();
        sandbox.git(&path, &["add", "new"]);
        let blob = sandbox.git(&path, &["rev-parse", ":new"]);
        sandbox.git(&repository, &["remote", "set-url", "origin", "file:///nowhere"]);
        let common = abs(repository.join(".git"));
        sandbox
            .door()
            .keep(&Keep { common_dir: &common, admin_dir: &admin_dir, branch: None, save: None, name: KEEPER })
            .unwrap();
        assert!(sandbox.git(&repository, &["ls-tree", "--name-only", KEEPER]).contains(&blob));
    }
}
