//! Repositories of every kind.

use std::collections::BTreeSet;
use std::fs;

use wsctl::model::actual::{Base, Head, ObjectFormat, RefFormat, RepositoryState};
use wsctl::model::name::ObjectId;

use super::{abs, branch, desired_repository, look};
use crate::support::{Sandbox, skip};

fn state(path: &std::path::Path) -> RepositoryState {
    wsctl::actual::repository(&desired_repository("r", path), &BTreeSet::new())
}

fn refusal(path: &std::path::Path) -> (String, String) {
    match state(path) {
        RepositoryState::Unusable { fact, next } => (fact, next),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_an_empty_directory_and_something_else() {
    let sandbox = Sandbox::new();
    assert_eq!(state(&sandbox.path("none")), RepositoryState::Missing);
    fs::create_dir(sandbox.path("empty")).unwrap();
    assert_eq!(state(&sandbox.path("empty")), RepositoryState::Missing);
    sandbox.write("file", "x");
    assert_eq!(state(&sandbox.path("file")), RepositoryState::Occupied("is a file".into()));
    sandbox.write("full/x", "x");
    assert_eq!(state(&sandbox.path("full")), RepositoryState::Occupied("is a directory that is no git repository".into()));
}

#[test]
fn a_clone_with_its_remote() {
    let sandbox = Sandbox::new();
    let path = sandbox.cloned("api");
    sandbox.git(&path, &["branch", "builder/a"]);
    let read = look(&path, &[]);
    assert_eq!((read.format, read.refs, read.bare), (ObjectFormat::Sha1, RefFormat::Files, false));
    assert_eq!(read.common_dir, abs(path.join(".git")));
    let id = ObjectId::new(&sandbox.git(&path, &["rev-parse", "HEAD"])).unwrap();
    assert_eq!(read.head, Head::Branch(branch("main"), id.clone()));
    assert_eq!(read.branches.keys().cloned().collect::<Vec<_>>(), [branch("builder/a"), branch("main")]);
    assert_eq!(read.remotes["origin"].as_ref().unwrap().expose(), sandbox.top().join("origin/api.git").to_str().unwrap());
    assert_eq!(read.remote_heads["origin"], "origin/main");
    assert_eq!(read.remote_branches.keys().collect::<Vec<_>>(), ["origin/main"]);
    assert_eq!((read.remote_branches["origin/main"].branch.as_str(), &read.remote_branches["origin/main"].id), ("main", &id));
    assert!(read.mirror_refspecs.is_empty());
    sandbox.git(&path, &["config", "--add", "remote.origin.fetch", "+refs/*:refs/*"]);
    sandbox.git(&path, &["remote", "set-head", "origin", "-d"]);
    let read = look(&path, &[]);
    assert_eq!(read.mirror_refspecs, [("origin".to_owned(), "+refs/*:refs/*".to_owned())]);
    assert!(read.remote_heads.is_empty());
}

#[test]
fn bases_are_looked_up_without_guessing() {
    let sandbox = Sandbox::new();
    let path = sandbox.cloned("api");
    let first = sandbox.git(&path, &["rev-parse", "HEAD"]);
    sandbox.git(&path, &["tag", "-a", "-m", "one", "v1"]);
    sandbox.git(&path, &["branch", "same"]);
    sandbox.git(&path, &["tag", "same"]);
    sandbox.git(&path, &["branch", "two"]);
    sandbox.commit(&path, "second");
    sandbox.git(&path, &["tag", "two"]);
    let second = sandbox.git(&path, &["rev-parse", "HEAD"]);
    let short = &first[..8];
    let bases = ["origin/main", "v1", "same", "two", "refs/heads/main", "origin/mian", short, "0123456", "-x", ""];
    let read = look(&path, &bases);
    let commit = |hex: &str| Base::Commit(ObjectId::new(hex).unwrap());
    assert_eq!(read.bases["origin/main"], commit(&first));
    assert_eq!(read.bases["v1"], commit(&first));
    assert_eq!(read.bases["same"], commit(&first));
    assert_eq!(read.bases["two"], Base::Ambiguous(vec!["refs/heads/two".into(), "refs/tags/two".into()]));
    assert_eq!(read.bases["refs/heads/main"], commit(&second));
    assert_eq!(read.bases["origin/mian"], Base::Missing(vec!["origin/main".into()]));
    assert_eq!(read.bases[short], commit(&first));
    assert_eq!(read.bases["0123456"], Base::Missing(vec![]));
    assert_eq!(read.bases["-x"], Base::Missing(vec![]));
    assert_eq!(read.bases[""], Base::Missing(vec![]));
}

#[test]
fn sha256_bare_unborn_detached_and_without_remote() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("wide");
    sandbox.git(sandbox.root(), &["init", "-q", "--object-format=sha256", "wide"]);
    let read = look(&path, &[]);
    assert_eq!((read.format, &read.head), (ObjectFormat::Sha256, &Head::Unborn(branch("main"))));
    sandbox.commit(&path, "first");
    sandbox.git(&path, &["checkout", "-q", "--detach"]);
    let id = ObjectId::new(&sandbox.git(&path, &["rev-parse", "HEAD"])).unwrap();
    assert_eq!(look(&path, &[]).head, Head::Detached(id));
    let bare = sandbox.origin("bare");
    let read = look(&bare, &["main"]);
    assert!(read.bare && read.remotes.contains_key("origin"));
    assert!(matches!(read.bases["main"], Base::Commit(_)));
}

#[test]
fn what_git_refuses_is_refused_with_its_reason() {
    let sandbox = Sandbox::new();
    let path = sandbox.repository("api");
    sandbox.git(&path, &["config", "core.bare", "true"]);
    assert_eq!(refusal(&path).1, format!("git -C {} config core.bare false", path.display()));
    sandbox.git(&path, &["config", "core.bare", "false"]);
    sandbox.git(&path, &["config", "extensions.tomorrow", "true"]);
    assert!(matches!(state(&path), RepositoryState::Present(_)), "version 0 ignores what it does not know");
    sandbox.git(&path, &["config", "core.repositoryFormatVersion", "1"]);
    assert!(refusal(&path).0.contains("tomorrow"));
    assert!(!sandbox.try_git(&path, &["status"]).status.success(), "git refuses it too");
    fs::write(path.join(".git/config"), "[core\n").unwrap();
    assert!(refusal(&path).0.contains("configuration"));
}

#[test]
fn a_linked_worktree_or_submodule_is_no_base_clone() {
    let sandbox = Sandbox::new();
    let path = sandbox.repository("api");
    sandbox.git(&path, &["worktree", "add", "-q", "../linked"]);
    assert_eq!(refusal(&sandbox.path("linked")).0, format!("is a linked worktree of {}", path.display()));
    let outer = sandbox.repository("outer");
    sandbox.git(&outer, &["submodule", "--quiet", "add", path.to_str().unwrap(), "sub"]);
    assert_eq!(refusal(&outer.join("sub")).0, "is a submodule");
}

#[test]
fn reftable_is_read_by_git() {
    let sandbox = Sandbox::new();
    let made = sandbox.try_git(sandbox.root(), &["init", "-q", "--ref-format=reftable", "table"]);
    if !made.status.success() {
        skip("this git knows no reftable");
        return;
    }
    let path = sandbox.path("table");
    assert_eq!(look(&path, &[]).head, Head::Unborn(branch("main")));
    sandbox.commit(&path, "first");
    sandbox.git(&path, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    sandbox.git(&path, &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    sandbox.git(&path, &["worktree", "add", "-q", "-b", "one", "../one"]);
    sandbox.git(&path, &["worktree", "add", "-q", "--detach", "../two"]);
    let id = ObjectId::new(&sandbox.git(&path, &["rev-parse", "HEAD"])).unwrap();
    let read = look(&path, &["main", "nope"]);
    assert_eq!(read.refs, RefFormat::Reftable);
    assert_eq!(read.head, Head::Branch(branch("main"), id.clone()));
    assert_eq!(read.remote_heads["origin"], "origin/main");
    assert_eq!(read.bases["main"], Base::Commit(id.clone()));
    assert_eq!(read.registrations[std::ffi::OsStr::new("one")].head, Head::Branch(branch("one"), id.clone()));
    assert_eq!(read.registrations[std::ffi::OsStr::new("two")].head, Head::Detached(id));
}

#[test]
fn the_callers_git_variables_do_not_reach_the_child() {
    let command = wsctl::actual::git::command(std::path::Path::new("/"));
    let set = |name: &str| command.get_envs().any(|(key, value)| key == name && value.is_some());
    assert!(set("GIT_OPTIONAL_LOCKS") && set("GIT_TERMINAL_PROMPT") && !set("GIT_DIR"));
    assert!(wsctl::actual::git::version().unwrap() >= (2, 38, 0));
}
