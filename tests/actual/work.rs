//! Work is found by content, whatever hides it from `git status`.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use wsctl::model::actual::{ObjectFormat, Repository};
use wsctl::model::desired::FileMode;
use wsctl::model::mark::WrittenFile;
use wsctl::model::path::RelPath;
use wsctl::model::work::{Evidence, Finding, HiddenBy, Ignored, Work};

use super::{look, registration, rel, with_worktree};
use crate::support::{Sandbox, skip};

fn work_of(main: &Path, name: &str, managed: &BTreeMap<RelPath, WrittenFile>, inner: &[RelPath]) -> Work {
    let repository: Repository = look(main, &[]);
    wsctl::actual::work(&repository, &registration(main, name), managed, inner, &[])
}

fn findings(main: &Path) -> Vec<Finding> {
    work_of(main, "one", &BTreeMap::new(), &[]).findings
}

fn evidence(paths: &[&str]) -> Evidence {
    Evidence::of(paths.iter().map(|path| (*path).to_owned()).collect())
}

fn one(sandbox: &Sandbox) -> (PathBuf, PathBuf) {
    with_worktree(sandbox, "one")
}

#[test]
fn a_clean_checkout_has_none() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    assert_eq!(work_of(&main, "one", &BTreeMap::new(), &[]), Work { indexed: true, ..Work::default() });
    fs::create_dir(worktree.join("empty")).unwrap();
    fs::write(worktree.join("a.log"), "12345").unwrap();
    let work = work_of(&main, "one", &BTreeMap::new(), &[]);
    assert_eq!((work.findings, work.ignored), (vec![], Ignored { files: 1, bytes: 5 }));
}

#[test]
fn edited_staged_untracked_and_unmerged() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    fs::write(worktree.join("README.md"), "edited").unwrap();
    assert_eq!(findings(&main), [Finding::Edited(evidence(&["README.md"]))]);
    sandbox.git(&worktree, &["add", "README.md"]);
    assert_eq!(findings(&main), [Finding::Staged(evidence(&["README.md"]))]);
    sandbox.git(&worktree, &["reset", "-q", "--hard"]);
    fs::create_dir(worktree.join("new\nline")).unwrap();
    fs::write(worktree.join("new\nline/\"q\""), "x").unwrap();
    assert_eq!(findings(&main), [Finding::Untracked(evidence(&["\"new\\nline/\\\"q\\\"\""]))]);
    fs::remove_dir_all(worktree.join("new\nline")).unwrap();
    fs::write(worktree.join("README.md"), "mine").unwrap();
    sandbox.commit(&worktree, "mine");
    fs::write(main.join("README.md"), "theirs").unwrap();
    sandbox.commit(&main, "theirs");
    sandbox.try_git(&worktree, &["merge", "main"]);
    let found = findings(&main);
    assert!(found.contains(&Finding::Conflicts(evidence(&["README.md"]))), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::InProgress(operation) if operation.name == "merge")));
}

#[test]
fn nothing_hides_an_edit() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let file = worktree.join("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let edited = [Finding::Edited(evidence(&["README.md"]))];
    for (bit, by) in [("--assume-unchanged", HiddenBy::AssumeUnchanged), ("--skip-worktree", HiddenBy::SkipWorktree)] {
        sandbox.git(&worktree, &["update-index", bit, "README.md"]);
        fs::write(&file, "hidden").unwrap();
        assert_eq!(sandbox.git(&worktree, &["status", "--porcelain"]), "", "git does not see it");
        assert_eq!(findings(&main), [Finding::Hidden(by, evidence(&["README.md"]))], "{bit}");
        fs::write(&file, &text).unwrap();
        assert_eq!(findings(&main), []);
        sandbox.git(&worktree, &["update-index", &bit.replace("--", "--no-"), "README.md"]);
    }
    // The same size at the same time: neither time nor size tells.
    let times = fs::metadata(&file).unwrap();
    fs::write(&file, text.to_uppercase()).unwrap();
    File::options().write(true).open(&file).unwrap().set_times(FileTimes::new().set_modified(times.modified().unwrap())).unwrap();
    sandbox.git(&worktree, &["config", "core.trustctime", "false"]);
    sandbox.git(&worktree, &["config", "core.checkStat", "minimal"]);
    assert_eq!(findings(&main), edited);
    fs::write(&file, &text).unwrap();
    sandbox.git(&worktree, &["config", "status.showUntrackedFiles", "no"]);
    sandbox.git(&worktree, &["config", "core.untrackedCache", "true"]);
    sandbox.git(&worktree, &["config", "core.fsmonitor", "/bin/true"]);
    fs::write(worktree.join("new"), "x").unwrap();
    assert_eq!(findings(&main), [Finding::Untracked(evidence(&["new"]))]);
}

#[test]
fn a_sparse_checkout_lacks_files_and_is_clean() {
    for index in ["--sparse-index", "--no-sparse-index"] {
        let sandbox = Sandbox::new();
        let main = sandbox.repository("repos/api");
        fs::create_dir_all(main.join("services/a")).unwrap();
        fs::create_dir_all(main.join("other/deep")).unwrap();
        fs::write(main.join("services/a/x"), "x").unwrap();
        fs::write(main.join("other/deep/y"), "y").unwrap();
        sandbox.commit(&main, "more");
        let (main, worktree) = one(&sandbox);
        sandbox.git(&worktree, &["sparse-checkout", "set", "--cone", index, "services"]);
        assert!(!worktree.join("other").exists());
        assert_eq!(findings(&main), [], "{index}");
        fs::create_dir_all(worktree.join("other/deep")).unwrap();
        fs::write(worktree.join("other/deep/y"), "edited").unwrap();
        assert_eq!(findings(&main), [Finding::Edited(evidence(&["other/deep/y"]))], "{index}");
    }
}

#[test]
fn a_split_index_is_read_without_touching_it() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    sandbox.git(&worktree, &["update-index", "--split-index"]);
    fs::write(worktree.join("new"), "x").unwrap();
    sandbox.git(&worktree, &["add", "new"]);
    assert_eq!(findings(&main), [Finding::Staged(evidence(&["new"]))]);
}

#[test]
fn no_hook_of_the_user_runs() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let witness = sandbox.path("witness");
    let hook = main.join(".git/hooks/post-index-change");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", witness.display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.git(&worktree, &["update-index", "--assume-unchanged", "README.md"]);
    assert!(witness.exists(), "git itself runs it");
    fs::remove_file(&witness).unwrap();
    assert_eq!(findings(&main), []);
    assert!(!witness.exists());
}

#[test]
fn a_mount_point_inside_counts_even_of_the_same_file_system() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let (source, point) = (sandbox.path("source"), worktree.join("x.log"));
    fs::create_dir_all(&source).unwrap();
    fs::create_dir_all(&point).unwrap();
    let mounted = sandbox.command("mount").arg("--bind").arg(&source).arg(&point).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        skip("nothing may be mounted here");
        return;
    }
    let found = findings(&main);
    assert!(sandbox.command("umount").arg(&point).status().unwrap().success());
    assert_eq!(found, [Finding::Mount(evidence(&["x.log"]))]);
}

#[test]
fn states_of_the_registration() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let admin = main.join(".git/worktrees/one");
    sandbox.git(&worktree, &["checkout", "-q", "--detach"]);
    assert_eq!(findings(&main), [], "its commit is on a branch");
    sandbox.commit(&worktree, "lost");
    assert!(matches!(findings(&main).as_slice(), [Finding::Unreferenced(commits)] if commits.len() == 1));
    sandbox.git(&worktree, &["tag", "kept"]);
    assert_eq!(findings(&main), []);
    sandbox.git(&main, &["worktree", "lock", "--reason", "mine", worktree.to_str().unwrap()]);
    assert_eq!(findings(&main), [Finding::Locked("mine".into())]);
    fs::write(admin.join("locked"), "wsctl 0123456789abcdef: holds other checkouts; x\n").unwrap();
    fs::write(admin.join("index.lock"), "").unwrap();
    assert_eq!(findings(&main), [Finding::IndexLock(admin.join("index.lock").display().to_string())]);
    fs::remove_file(admin.join("index.lock")).unwrap();
    fs::write(admin.join("index"), "broken").unwrap();
    assert!(matches!(findings(&main).as_slice(), [Finding::Unknown(_)]));
}

#[test]
fn repositories_inside_also_where_git_ignores_them() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let inside = |path: &str| worktree.join(path).to_str().unwrap().to_owned();
    sandbox.git(&main, &["worktree", "add", "-q", "-b", "two", &inside("x.log/two")]);
    sandbox.git(&worktree, &["init", "-q", &inside("deep/down/clone")]);
    assert_eq!(findings(&main), [Finding::Nested(evidence(&["deep/down/clone", "x.log/two"]))]);
    let work = work_of(&main, "one", &BTreeMap::new(), &[rel("deep/down/clone"), rel("x.log/two")]);
    assert_eq!(work.findings, []);
    assert_eq!(work.ignored, Ignored::default(), "what is declared inside is not the outer one's");
}

#[test]
fn submodules_are_looked_into() {
    let sandbox = Sandbox::new();
    let library = sandbox.origin("library");
    let main = sandbox.repository("repos/api");
    sandbox.git(&main, &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    sandbox.commit(&main, "with a submodule");
    let (main, worktree) = one(&sandbox);
    assert_eq!(findings(&main), [], "not populated");
    sandbox.git(&worktree, &["submodule", "--quiet", "update", "--init"]);
    assert_eq!(findings(&main), []);
    let found = [Finding::Submodule(evidence(&["lib"]))];
    fs::write(worktree.join("lib/new"), "x").unwrap();
    assert_eq!(findings(&main), found);
    fs::remove_file(worktree.join("lib/new")).unwrap();
    sandbox.git(worktree.join("lib"), &["update-index", "--assume-unchanged", "README.md"]);
    fs::write(worktree.join("lib/README.md"), "hidden").unwrap();
    assert_eq!(findings(&main), found);
    sandbox.git(worktree.join("lib"), &["update-index", "--no-assume-unchanged", "README.md"]);
    sandbox.git(worktree.join("lib"), &["checkout", "-q", "README.md"]);
    sandbox.git(worktree.join("lib"), &["commit", "-q", "--allow-empty", "-m", "unpushed"]);
    assert_eq!(findings(&main), found);
    sandbox.git(worktree.join("lib"), &["branch", "-q", "unpushed"]);
    sandbox.git(&worktree, &["submodule", "--quiet", "update"]);
    assert_eq!(findings(&main), found, "a commit on a branch of the submodule counts too");
}

#[test]
fn managed_files_count_only_when_edited() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let written = |text: &[u8], mode| {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha256, gix::objs::Kind::Blob, text).unwrap();
        WrittenFile { mode, hash: id.to_string(), executable: false, adopted: false, sole: false }
    };
    let files = [("env", &b"a"[..], FileMode::Copy), ("x.log", b"b", FileMode::Copy), ("link", b"/else", FileMode::Symlink)];
    let managed = files.iter().map(|(path, text, mode)| (rel(path), written(text, *mode))).collect();
    fs::write(worktree.join("env"), "a").unwrap();
    fs::write(worktree.join("x.log"), "b").unwrap();
    std::os::unix::fs::symlink("/else", worktree.join("link")).unwrap();
    let work = work_of(&main, "one", &managed, &[]);
    assert_eq!((work.findings, work.ignored), (vec![], Ignored::default()));
    fs::write(worktree.join("env"), "mine").unwrap();
    fs::write(worktree.join("x.log"), "mine").unwrap();
    assert_eq!(work_of(&main, "one", &managed, &[]).findings, [Finding::EditedManaged(evidence(&["env", "x.log"]))]);
}

#[test]
fn a_process_inside_counts_and_our_own_children_do_not() {
    let sandbox = Sandbox::new();
    let (main, worktree) = one(&sandbox);
    let mut own = sandbox.command("cat").current_dir(&worktree).stdin(Stdio::piped()).spawn().unwrap();
    assert_eq!(findings(&main), []);
    drop(own.stdin.take());
    own.wait().unwrap();
    if !Path::new("/proc/self/cwd").exists() {
        skip("no /proc");
        return;
    }
    // A shell that ends at once leaves its child to somebody else.
    let script = "cd \"$1\" && { tail -f /dev/null >/dev/null 2>&1 & echo $!; }";
    let output = sandbox.command("sh").args(["-c", script, "sh", worktree.to_str().unwrap()]).output().unwrap();
    let pid: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    let found = findings(&main);
    assert!(sandbox.command("kill").arg(pid.to_string()).status().unwrap().success());
    assert!(matches!(found.as_slice(), [Finding::Process { pid: seen, .. }] if *seen == pid), "{found:?}");
}

#[test]
fn other_object_formats_and_backends() {
    let sandbox = Sandbox::new();
    for (name, option) in [("wide", "--object-format=sha256"), ("table", "--ref-format=reftable")] {
        if !sandbox.try_git(sandbox.root(), &["init", "-q", option, name]).status.success() {
            skip(&format!("this git knows no {option}"));
            continue;
        }
        let main = sandbox.path(name);
        fs::write(main.join("README.md"), "x").unwrap();
        sandbox.commit(&main, "first");
        sandbox.git(&main, &["worktree", "add", "-q", "--detach", &format!("../{name}-one/one")]);
        let worktree = sandbox.path(format!("{name}-one/one"));
        assert_eq!(findings(&main), [], "{name}");
        fs::write(worktree.join("README.md"), "y").unwrap();
        sandbox.git(&worktree, &["commit", "-q", "--allow-empty", "-m", "lost"]);
        let found = findings(&main);
        assert_eq!(found[0], Finding::Edited(evidence(&["README.md"])), "{name}");
        assert!(matches!(found[1], Finding::Unreferenced(_)), "{name}");
        assert_eq!(look(&main, &[]).format == ObjectFormat::Sha256, name == "wide");
    }
}
