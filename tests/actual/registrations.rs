//! Registrations in every state of their link, HEAD, lock and operation.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use wsctl::model::actual::{Head, Link, Lock};
use wsctl::model::mark::{CHECKOUT_MARK, Deed, Marked, OurLock};
use wsctl::model::name::{ObjectId, WorkspaceId};

use super::{ID, abs, branch, checkout_mark, desired, look, registration, save, with_worktree};
use crate::support::{Sandbox, skip};

#[test]
fn every_state_of_the_link() {
    let sandbox = Sandbox::new();
    let mut paths = Vec::new();
    for name in ["whole", "gone", "nofile", "elsewhere", "clone", "nogitdir", "file", "moved"] {
        paths.push(with_worktree(&sandbox, name));
    }
    let main = paths[0].0.clone();
    let at = |name: &str| sandbox.path(format!(".builders/b/{name}"));
    fs::remove_dir_all(at("gone")).unwrap();
    fs::remove_file(at("nofile").join(".git")).unwrap();
    fs::write(at("elsewhere").join(".git"), format!("gitdir: {}\n", main.join(".git/worktrees/whole").display())).unwrap();
    fs::remove_file(at("clone").join(".git")).unwrap();
    sandbox.git(at("clone"), &["init", "-q"]);
    fs::remove_file(main.join(".git/worktrees/nogitdir/gitdir")).unwrap();
    fs::remove_dir_all(at("file")).unwrap();
    fs::write(at("file"), "x").unwrap();
    fs::rename(at("moved"), at("there")).unwrap();
    let read = look(&main, &[]);
    let link = |name: &str| read.registrations[OsStr::new(name)].link.clone();
    assert_eq!(link("whole"), Link::Whole);
    assert_eq!(link("gone"), Link::DirectoryGone);
    assert_eq!(link("moved"), Link::DirectoryGone);
    assert_eq!(link("nofile"), Link::GitFileGone);
    assert_eq!(link("elsewhere"), Link::NamesAnother(abs(main.join(".git/worktrees/whole"))));
    assert!(matches!(link("clone"), Link::NotALink(_)));
    assert!(matches!(link("file"), Link::NotALink(_)));
    assert!(matches!(link("nogitdir"), Link::NoGitdir(_)));
    assert_eq!(read.registrations[OsStr::new("nogitdir")].worktree, None);
    assert_eq!(read.registrations[OsStr::new("whole")].worktree, Some(abs(at("whole"))));
    assert!(read.registrations.values().all(|found| found.remains.is_empty()));
}

#[test]
fn names_that_only_bytes_can_hold() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("repos/api");
    let names: [&[u8]; 5] = [b"two words", b"quo\"te's", b"new\nline", b"bytes\xff\xfe", b"ends\n"];
    for (index, name) in names.iter().enumerate() {
        let path = sandbox.path(OsString::from_vec(name.to_vec()));
        let mut command = sandbox.command("git");
        let output =
            command.arg("-C").arg(&main).args(["worktree", "add", "-q", "-b", &format!("b{index}")]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let read = look(&main, &[]);
    let worktrees: Vec<_> = read
        .registrations
        .values()
        .filter(|found| found.link == Link::Whole)
        .filter_map(|found| found.worktree.clone())
        .collect();
    for name in names {
        let path = abs(sandbox.path(OsString::from_vec(name.to_vec())));
        assert!(worktrees.contains(&path), "{path} in {:?}", read.registrations);
    }
}

#[test]
fn a_workspace_behind_a_symbolic_link_is_compared_by_real_paths() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("repos/api");
    std::os::unix::fs::symlink(sandbox.root(), sandbox.top().join("alias")).unwrap();
    let through = sandbox.top().join("alias/wt");
    sandbox.git(&main, &["worktree", "add", "-q", through.to_str().unwrap()]);
    let gitdir = main.join(".git/worktrees/wt/gitdir");
    fs::write(&gitdir, format!("{}\n", through.join(".git").display())).unwrap();
    let read = look(&sandbox.top().join("alias/repos/api"), &[]);
    let found = &read.registrations[OsStr::new("wt")];
    assert_eq!((found.link.clone(), found.worktree.clone()), (Link::Whole, Some(abs(sandbox.path("wt")))));
}

#[test]
fn relative_link_files_are_relative_to_where_they_lie() {
    let sandbox = Sandbox::new();
    let (main, worktree) = with_worktree(&sandbox, "one");
    // What `worktree.useRelativePaths` writes, without the extension that older gits refuse.
    fs::write(main.join(".git/worktrees/one/gitdir"), "../../../../../.builders/b/one/.git\n").unwrap();
    fs::write(worktree.join(".git"), "gitdir: ../../../repos/api/.git/worktrees/one\n").unwrap();
    let found = registration(&main, "one");
    assert_eq!((found.link, found.worktree), (Link::Whole, Some(abs(worktree))));
}

#[test]
fn heads_locks_and_marks() {
    let sandbox = Sandbox::new();
    let (main, worktree) = with_worktree(&sandbox, "one");
    let id = sandbox.git(&main, &["rev-parse", "HEAD"]);
    let commit = ObjectId::new(&id).unwrap();
    assert_eq!(registration(&main, "one").head, Head::Branch(branch("one"), commit.clone()));
    sandbox.git(&worktree, &["checkout", "-q", "--detach"]);
    assert_eq!(registration(&main, "one").head, Head::Detached(commit.clone()));
    sandbox.git(&worktree, &["checkout", "-q", "--orphan", "new"]);
    assert_eq!(registration(&main, "one").head, Head::Unborn(branch("new")));
    sandbox.git(&main, &["worktree", "lock", "--reason", "on a stick", worktree.to_str().unwrap()]);
    assert_eq!(registration(&main, "one").lock, Some(Lock::Foreign("on a stick".into())));
    let ours = OurLock { workspace: WorkspaceId::new(ID).unwrap(), deed: Deed::Creating { made_branch: true, start: commit } };
    let admin = main.join(".git/worktrees/one");
    fs::write(admin.join("locked"), format!("{ours}\n")).unwrap();
    assert_eq!(registration(&main, "one").lock, Some(Lock::Ours(ours)));
    let mark = checkout_mark(&desired(&sandbox, &[]), "b", "api", "one", &id);
    save(admin.join(CHECKOUT_MARK), &mark);
    assert_eq!(registration(&main, "one").mark, Marked::Yes(mark));
    fs::write(admin.join(CHECKOUT_MARK), "{").unwrap();
    assert!(matches!(registration(&main, "one").mark, Marked::Unreadable(_)));
    fs::write(admin.join("HEAD"), "\u{0}").unwrap();
    assert!(matches!(registration(&main, "one").head, Head::Unreadable(_)));
}

#[test]
fn operations_and_the_branches_that_they_hold() {
    let sandbox = Sandbox::new();
    let (main, worktree) = with_worktree(&sandbox, "one");
    let operation = |name: &str| registration(&main, name).operation.map(|found| (found.name, found.holds.into_iter().next()));
    assert_eq!(operation("one"), None);
    fs::write(worktree.join("README.md"), "mine\n").unwrap();
    sandbox.commit(&worktree, "mine");
    fs::write(main.join("README.md"), "theirs\n").unwrap();
    sandbox.commit(&main, "theirs");
    assert!(!sandbox.try_git(&worktree, &["rebase", "main"]).status.success());
    assert_eq!(operation("one"), Some(("rebase", Some(branch("one")))));
    assert!(matches!(registration(&main, "one").head, Head::Detached(_)));
    sandbox.git(&worktree, &["rebase", "--abort"]);
    assert!(!sandbox.try_git(&worktree, &["rebase", "--apply", "main"]).status.success());
    assert_eq!(operation("one"), Some(("rebase", Some(branch("one")))));
    sandbox.git(&worktree, &["rebase", "--abort"]);
    for (arguments, name) in
        [(["merge", "main"], "merge"), (["cherry-pick", "main"], "cherry-pick"), (["revert", "main"], "revert")]
    {
        assert!(!sandbox.try_git(&worktree, &arguments).status.success());
        assert_eq!(operation("one"), Some((name, None)));
        sandbox.git(&worktree, &[name, "--abort"]);
    }
    sandbox.git(&worktree, &["bisect", "start"]);
    assert_eq!(operation("one"), Some(("bisect", Some(branch("one")))));
    sandbox.git(&worktree, &["bisect", "reset"]);
    assert_eq!(operation("one"), None);
}

#[test]
fn what_remains_where_the_directory_is_gone() {
    let sandbox = Sandbox::new();
    for name in ["clean", "detached", "staged", "reflog", "bisecting", "config", "sparse", "heads"] {
        with_worktree(&sandbox, name);
    }
    let main = sandbox.path("repos/api");
    let at = |name: &str| sandbox.path(format!(".builders/b/{name}"));
    sandbox.git(at("detached"), &["checkout", "-q", "--detach"]);
    sandbox.commit(at("detached"), "lost");
    fs::write(at("staged").join("new"), "x").unwrap();
    sandbox.git(at("staged"), &["add", "new"]);
    sandbox.commit(at("reflog"), "dropped");
    sandbox.git(at("reflog"), &["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.git(at("bisecting"), &["bisect", "start"]);
    fs::write(main.join(".git/worktrees/config/config.worktree"), "[core]\n\tx = 1\n").unwrap();
    sandbox.git(at("sparse"), &["sparse-checkout", "set", "--cone", "--sparse-index", "nothing"]);
    fs::remove_file(main.join(".git/worktrees/sparse/config.worktree")).unwrap();
    let lost = sandbox.git(at("heads"), &["commit-tree", "-m", "lost", "HEAD^{tree}"]);
    fs::write(main.join(".git/worktrees/heads/REBASE_HEAD"), format!("{lost}\n")).unwrap();
    fs::remove_dir_all(sandbox.path(".builders/b")).unwrap();
    let remains = |name: &str| registration(&main, name).remains;
    assert_eq!(remains("clean"), [""; 0]);
    assert_eq!(remains("sparse"), [""; 0]);
    assert!(remains("detached")[0].contains("that no branch or tag holds"), "{:?}", remains("detached"));
    assert_eq!(remains("staged"), ["staged changes"]);
    assert!(remains("reflog")[0].contains("only its reflog"), "{:?}", remains("reflog"));
    assert!(remains("bisecting").contains(&"a bisect in progress".to_owned()));
    assert_eq!(remains("heads"), [format!("commit {} that only REBASE_HEAD names", &lost[..10])]);
    assert_eq!(remains("config"), ["configuration of its own"]);
    fs::write(main.join(".git/worktrees/clean/index"), "broken").unwrap();
    assert!(remains("clean")[0].contains("cannot be read"), "unreadable counts as something");
}

#[test]
fn what_remains_in_a_reftable() {
    let sandbox = Sandbox::new();
    let main = sandbox.path("table");
    if !sandbox.try_git(sandbox.root(), &["init", "-q", "--ref-format=reftable", "-b", "main", "table"]).status.success() {
        skip("this git knows no reftable");
        return;
    }
    sandbox.commit(&main, "first");
    let lost = sandbox.git(&main, &["commit-tree", "-m", "lost", "HEAD^{tree}"]);
    sandbox.commit(&main, "amended");
    sandbox.git(&main, &["commit", "-q", "--amend", "--allow-empty", "-m", "second"]);
    for name in ["clean", "head", "log", "unborn", "orphan"] {
        let path = sandbox.path(name);
        sandbox.git(&main, &["worktree", "add", "-q", path.to_str().unwrap()]);
    }
    sandbox.git("head", &["update-ref", "REBASE_HEAD", &lost]);
    sandbox.git("log", &["switch", "-q", "--detach", &lost]);
    sandbox.git("log", &["switch", "-q", "log"]);
    let entries = sandbox.git("log", &["reflog", "show", "--format=%gd", "HEAD"]).lines().count();
    for number in (1..entries).rev() {
        sandbox.git("log", &["reflog", "delete", &format!("HEAD@{{{number}}}")]);
    }
    sandbox.git("orphan", &["switch", "-q", "--detach", &lost]);
    for name in ["orphan", "unborn"] {
        sandbox.git(name, &["switch", "-q", "--orphan", &format!("{name}-new")]);
    }
    let remains = |name: &str| {
        let _ = fs::remove_dir_all(sandbox.path(name));
        registration(&main, name).remains
    };
    assert_eq!(remains("clean"), [""; 0]);
    assert_eq!(remains("head"), [format!("commit {} that only REBASE_HEAD names", &lost[..10])]);
    assert_eq!(remains("log"), [format!("commit {} that only its reflog names", &lost[..10])]);
    assert_eq!(remains("unborn"), [""; 0], "what the log of a branch names is no worktree's own");
    sandbox.git(&main, &["reflog", "expire", "--expire=all", "--single-worktree", "--all"]);
    assert_eq!(remains("orphan"), [format!("commit {} that only its reflog names", &lost[..10])]);
    fs::write(main.join(".git/worktrees/head/reftable/tables.list"), "broken\n").unwrap();
    assert!(remains("head")[0].contains("cannot be read"), "unreadable counts as something");
}
