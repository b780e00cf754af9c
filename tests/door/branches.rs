//! Branches, clones and fetches.

use wsctl::diagnostic::Diagnostic;
use wsctl::git::On;
use wsctl::model::desired::{Cloning, Url};

use super::*;

fn quiet(_: &str, _: Option<u8>) {}

#[test]
fn a_branch_is_made_once_at_the_commit_of_the_plan() {
    let sandbox = Sandbox::new();
    for format in formats() {
        let repository = sandbox.repository_of(format, format);
        std::fs::write(sandbox.home().join("x"), "").unwrap();
        sandbox.git(&repository, &["config", "branch.autoSetupMerge", "always"]);
        let commit = sandbox.id(&repository, "HEAD");
        sandbox.commit(&repository, "second");
        let plan = BranchPlan::New { base: "main".into(), commit: commit.clone() };
        sandbox.door().create_branch(&abs(&repository), &branch("b/x"), &plan, &workspace()).unwrap();
        assert_eq!(sandbox.id(&repository, "refs/heads/b/x"), commit);
        assert!(!sandbox.try_git(&repository, &["config", "branch.b/x.merge"]).status.success(), "no upstream");
        assert!(
            why(sandbox.door().create_branch(&abs(&repository), &branch("b/x"), &plan, &workspace())).contains("already exists")
        );
        assert!(
            sandbox.door().create_branch(&abs(&repository), &branch("b"), &plan, &workspace()).is_err(),
            "cannot stand beside b/x"
        );
        sandbox.door().create_branch(&abs(&repository), &branch("none"), &BranchPlan::Existing(commit), &workspace()).unwrap();
        assert!(!sandbox.try_git(&repository, &["rev-parse", "--verify", "none"]).status.success());
    }
}

#[test]
fn a_tracking_branch_has_its_upstream_and_the_plans_commit() {
    let sandbox = Sandbox::new();
    let repository = sandbox.cloned("api");
    let commit = sandbox.id(&repository, "HEAD");
    sandbox.git(&repository, &["branch", "-f", "other"]);
    sandbox.git(&repository, &["push", "-q", "origin", "other:feature"]);
    sandbox.git(&repository, &["fetch", "-q"]);
    let plan = BranchPlan::Track { upstream: "origin/feature".into(), commit: commit.clone() };
    sandbox.door().create_branch(&abs(&repository), &branch("feature"), &plan, &workspace()).unwrap();
    assert_eq!(sandbox.id(&repository, "feature"), commit);
    assert_eq!(sandbox.git(&repository, &["rev-parse", "--abbrev-ref", "feature@{upstream}"]), "origin/feature");

    let gone = BranchPlan::Track { upstream: "origin/nothing".into(), commit };
    assert!(sandbox.door().create_branch(&abs(&repository), &branch("stray"), &gone, &workspace()).is_err());
    assert!(!sandbox.try_git(&repository, &["rev-parse", "--verify", "stray"]).status.success(), "no stray branch");
}

#[test]
fn a_held_lock_file_is_named_and_left() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let plan = BranchPlan::New { base: "main".into(), commit: sandbox.id(&repository, "HEAD") };
    std::fs::write(repository.join(".git/refs/heads/x.lock"), "").unwrap();
    assert!(why(sandbox.door().create_branch(&abs(&repository), &branch("x"), &plan, &workspace())).contains("x.lock"));
    assert!(repository.join(".git/refs/heads/x.lock").exists());
}

#[test]
fn a_branch_is_deleted_where_it_was_seen_and_kept_in_the_trash() {
    let sandbox = Sandbox::new();
    let repository = sandbox.cloned("api");
    let (door, name) = (sandbox.door(), branch("builder/x.y"));
    sandbox.git(&repository, &["branch", name.as_str()]);
    let old = sandbox.id(&repository, "HEAD");
    sandbox.git(&repository, &["switch", "-q", name.as_str()]);
    sandbox.commit(&repository, "more");
    sandbox.git(&repository, &["config", "branch.builder/x.y.description", "a \"b\"\n\\c"]);
    let now = sandbox.id(&repository, "HEAD");
    let repository_path = abs(&repository);
    assert!(why(door.delete_branch(&repository_path, &name, &now, None)).contains("in use"));
    sandbox.git(&repository, &["switch", "-q", "main"]);
    assert!(why(door.delete_branch(&repository_path, &name, &old, None)).contains("no longer at"));
    let keep = sandbox.builders().join("keep");
    let reflog = std::fs::read(repository.join(".git/logs/refs/heads/builder/x.y")).unwrap();
    door.delete_branch(&repository_path, &name, &now, Some(&keep)).unwrap();
    assert!(!sandbox.try_git(&repository, &["rev-parse", "--verify", "builder/x.y"]).status.success());
    assert!(!std::fs::read_to_string(repository.join(".git/config")).unwrap().contains("x.y"));
    assert_eq!(std::fs::read(keep.join("reflog")).unwrap(), reflog);
    let config = keep.join("config");
    let value =
        sandbox.git(&repository, &["config", "--file", config.as_path().to_str().unwrap(), "branch.builder/x.y.description"]);
    assert_eq!(value, "a \"b\"\n\\c");
}

#[test]
fn a_branch_that_a_rebase_or_bisect_returns_to_is_in_use() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    sandbox.git(&repository, &["switch", "-q", "-c", "x"]);
    sandbox.commit(&repository, "more");
    let now = sandbox.id(&repository, "x");
    sandbox.git(&repository, &["bisect", "start"]);
    sandbox.git(&repository, &["switch", "-q", "--detach"]);
    assert!(why(sandbox.door().delete_branch(&abs(&repository), &branch("x"), &now, None)).contains("in use"));
    sandbox.git(&repository, &["bisect", "reset"]);
    sandbox.git(&repository, &["switch", "-q", "x"]);
    let _ = sandbox.try_git(&repository, &["rebase", "--exec", "false", "HEAD~1"]);
    assert!(repository.join(".git/rebase-merge").exists());
    assert!(why(sandbox.door().delete_branch(&abs(&repository), &branch("x"), &now, None)).contains("in use"));
}

#[test]
fn a_reftable_branch_is_made_and_deleted() {
    let sandbox = Sandbox::new();
    let Some(repository) = sandbox.reftable("api") else { return };
    let (door, commit) = (sandbox.door(), sandbox.id(&repository, "HEAD"));
    let plan = BranchPlan::New { base: "main".into(), commit: commit.clone() };
    door.create_branch(&abs(&repository), &branch("x"), &plan, &workspace()).unwrap();
    let keep = sandbox.builders().join("keep");
    door.delete_branch(&abs(&repository), &branch("x"), &commit, Some(&keep)).unwrap();
    assert!(std::fs::read_to_string(keep.join("reflog")).unwrap().contains(commit.as_str()));
    assert!(!sandbox.try_git(&repository, &["rev-parse", "--verify", "x"]).status.success());
}

#[test]
fn a_clone_is_whole_or_not_there() {
    let sandbox = Sandbox::new();
    let origin = sandbox.origin("api");
    let (door, path, from) = (sandbox.door(), abs(sandbox.path("repos/a b\nc")), abs(sandbox.root()));
    std::fs::create_dir_all(&path).unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let progress = |stage: &str, percent: Option<u8>| seen.lock().unwrap().push((stage.to_owned(), percent));
    let url = Url::new(format!("file://{}", origin.display()));
    door.clone_repository((&url, &Cloning::default()), &path, &from, &progress).unwrap();
    assert!(path.join("README.md").as_path().exists());
    assert_eq!(std::fs::read_dir(sandbox.path("repos")).unwrap().count(), 1);
    let seen = seen.into_inner().unwrap();
    assert!(seen.contains(&("Receiving objects".into(), Some(100))), "{seen:?}");
    assert!(why(door.clone_repository((&url, &Cloning::default()), &path, &from, &quiet)).contains("in the way"));

    std::os::unix::fs::symlink(sandbox.path("repos"), sandbox.path("linked")).unwrap();
    let relative = abs(sandbox.path("linked/relative"));
    door.clone_repository((&Url::new("../origin/api.git"), &Cloning::default()), &relative, &from, &quiet).unwrap();
    sandbox.git(&relative, &["fetch", "-q"]);
}

#[test]
fn a_failing_clone_leaves_nothing_and_hides_credentials() {
    let sandbox = Sandbox::new();
    let (door, path, from) = (sandbox.door(), abs(sandbox.path("repos/x")), abs(sandbox.root()));
    let reason =
        why(door.clone_repository((&Url::new("http://me:hunter2@127.0.0.1:1/x.git"), &Cloning::default()), &path, &from, &quiet));
    assert!(!reason.contains("hunter2") && !reason.contains('\n'), "{reason}");
    assert!(reason.contains("127.0.0.1"), "{reason}");
    let run = sandbox.path("ran");
    let evil = Url::new(format!("ext::sh -c touch% {}", run.display()));
    assert!(why(door.clone_repository((&evil, &Cloning::default()), &path, &from, &quiet)).contains("not allowed"));
    assert!(door.clone_repository((&Url::new("--upload-pack=touch ran"), &Cloning::default()), &path, &from, &quiet).is_err());
    assert!(!run.exists());
    assert_eq!(std::fs::read_dir(sandbox.path("repos")).unwrap().count(), 0);
}

#[test]
fn fetch_prunes_nothing_and_refuses_mirrors() {
    let sandbox = Sandbox::new();
    let repository = sandbox.cloned("api");
    let other = sandbox.path("other");
    sandbox.git(sandbox.root(), &["clone", "-q", sandbox.top().join("origin/api.git").to_str().unwrap(), "other"]);
    sandbox.git(&other, &["push", "-q", "origin", "main:kept"]);
    sandbox.git(&repository, &["fetch", "-q"]);
    sandbox.git(&other, &["push", "-q", "origin", ":kept"]);
    sandbox.commit(&other, "new");
    sandbox.git(&other, &["push", "-q", "origin", "main"]);
    sandbox.git(&repository, &["config", "fetch.prune", "true"]);
    sandbox.door().fetch(&abs(&repository), &quiet).unwrap();
    assert_eq!(sandbox.id(&repository, "origin/main"), sandbox.id(&other, "main"));
    sandbox.id(&repository, "origin/kept");

    sandbox.git(&repository, &["config", "remote.origin.fetch", "+refs/*:refs/*"]);
    let error = sandbox.door().fetch(&abs(&repository), &quiet).unwrap_err();
    assert!(error.downcast_ref::<Diagnostic>().unwrap().next.contains("remote.origin.fetch"));
}

#[test]
fn git_never_goes_up_to_another_repository() {
    let sandbox = Sandbox::new();
    let root = sandbox.repository(".");
    sandbox.git(&root, &["branch", "x"]);
    let inside = sandbox.builders().join("b/lost");
    std::fs::create_dir_all(&inside).unwrap();
    assert!(why(sandbox.door().switch(&inside, On::Branch(&branch("x")))).contains("no git repository"));
    std::fs::create_dir(inside.join(".git")).unwrap();
    assert!(sandbox.door().switch(&inside, On::Branch(&branch("x"))).is_err());
    assert_eq!(sandbox.git(&root, &["branch", "--show-current"]), "main");
}
