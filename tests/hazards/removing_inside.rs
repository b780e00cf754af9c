//! Removing: what lies or works inside and is not the checkout's own: repositories, mounts, processes, links.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::removing::{
    admin, api, blocked, blocked_for_good, commit, git, made, made_of, refused, still_refused, told, trash, works, write,
};
use crate::support::{Sandbox, skip, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("a submodule, clean", "a_clean_submodule"),
    ("a submodule with changes", "an_edit_in_a_submodule"),
    ("a submodule with unpushed commits", "an_unpushed_commit_in_a_submodule"),
    ("a submodule with a stash", "a_stash_in_a_submodule"),
    ("a submodule that was deinitialised", "a_submodule_that_is_not_populated_any_more"),
    ("a submodule's repository inside its worktree", "a_submodule_with_its_own_git_directory"),
    ("a nested worktree", "a_worktree_inside"),
    ("a nested clone", "a_clone_inside"),
    ("a nested clone that is ignored", "a_clone_inside_that_is_ignored"),
    ("a nested bare repository", "a_bare_repository_inside"),
    ("a clone beside the checkouts", "a_clone_beside_the_checkouts"),
    ("a mount point, of another file system", "a_mount_inside"),
    ("a mount point, of the same file system", "a_bind_mount_inside"),
    ("a mount point beside the checkouts", "a_bind_mount_beside_the_checkouts"),
    ("a process with its working directory inside", "a_process_that_works_inside"),
    ("a process with an open file inside", "a_process_with_an_open_file_inside"),
    ("our own shell inside", "the_shell_that_called_us"),
    ("a symlink out of the builder", "a_symlink_out_of_the_builder"),
];

/// A workspace whose `work/api` has a populated submodule `lib`.
fn with_submodule() -> Sandbox {
    let sandbox = Sandbox::workspace();
    let library = sandbox.origin("library");
    sandbox.git("repos/api", &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    sandbox.commit("repos/api", "with a submodule");
    sandbox.git("repos/api", &["push", "-q"]);
    let sandbox = made_of(sandbox);
    git(&sandbox, &["submodule", "--quiet", "update", "--init"]);
    sandbox
}

fn lib(sandbox: &Sandbox) -> PathBuf {
    api(sandbox).join("lib")
}

fn commit_in_lib(sandbox: &Sandbox) -> String {
    sandbox.git(lib(sandbox), &["commit", "-q", "--allow-empty", "-m", "only in the submodule"]);
    sandbox.git(lib(sandbox), &["rev-parse", "HEAD"])
}

/// Refused because of the submodule; told, its repository lies in the trash as it was.
#[track_caller]
fn submodule_blocks(sandbox: &Sandbox) {
    refused(sandbox, &["1 submodule with work of its own: lib", "work/api/lib status"]);
    let modules = admin(sandbox).join("modules");
    let before = snapshot(&modules);
    told(sandbox);
    before.assert_same(&snapshot(trash(sandbox).join("admin/api/modules")));
}

/// Nothing in it that its remote does not have: it goes with the builder, its repository too.
#[test]
fn a_clean_submodule() {
    let sandbox = with_submodule();
    let before = snapshot(admin(&sandbox).join("modules"));
    sandbox.apply().ok();
    before.assert_same(&snapshot(trash(&sandbox).join("admin/api/modules")));
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// An edit that the outer `git status` is told not to show.
#[test]
fn an_edit_in_a_submodule() {
    let sandbox = with_submodule();
    git(&sandbox, &["config", "submodule.lib.ignore", "all"]);
    write(&sandbox, "lib/README.md", "edited\n");
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
    submodule_blocks(&sandbox);
}

/// A commit that the outer repository records and pushed, and the submodule never did.
#[test]
fn an_unpushed_commit_in_a_submodule() {
    let sandbox = with_submodule();
    let id = commit_in_lib(&sandbox);
    git(&sandbox, &["commit", "-qam", "a newer submodule"]);
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
    submodule_blocks(&sandbox);
    let modules = trash(&sandbox).join("admin/api/modules/lib");
    let found = sandbox.try_git("", &["--git-dir", modules.to_str().unwrap(), "--work-tree=/", "cat-file", "-e", &id]);
    assert!(found.status.success());
}

/// A stash in the submodule: everything else of it is as its remote has it.
#[test]
fn a_stash_in_a_submodule() {
    let sandbox = with_submodule();
    write(&sandbox, "lib/README.md", "stashed\n");
    sandbox.git(lib(&sandbox), &["stash", "-q"]);
    assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
    submodule_blocks(&sandbox);
}

/// `git submodule deinit` emptied its directory: the outer repository records what its remote has, and its own repository
/// waits in the admin directory with a commit or a stash that its remote does not have. Submodules below it count too.
#[test]
fn a_submodule_that_is_not_populated_any_more() {
    type Leave = fn(&Sandbox);
    let states: [(&[&str], Leave); 4] = [
        (&[], |_| {}),
        (&["1 submodule with work of its own: ", "/modules/lib"], |sandbox| {
            sandbox.git(lib(sandbox), &["switch", "-q", "-c", "mine"]);
            commit_in_lib(sandbox);
            git(sandbox, &["submodule", "--quiet", "update"]);
        }),
        (&["1 submodule with work of its own: ", "/modules/lib"], |sandbox| {
            write(sandbox, "lib/README.md", "stashed\n");
            sandbox.git(lib(sandbox), &["stash", "-q"]);
        }),
        (&["1 submodule with work of its own: ", "/modules/lib/modules/deep/inner"], |sandbox| {
            let inner = sandbox.origin("inner");
            let lib = lib(sandbox);
            sandbox.git(&lib, &["submodule", "--quiet", "add", "--name", "deep/inner", inner.to_str().unwrap(), "inner"]);
            sandbox.git(lib.join("inner"), &["commit", "-q", "--allow-empty", "-m", "only in the inner one"]);
            sandbox.git(&lib, &["reset", "-q", "--hard"]);
            fs::remove_dir_all(lib.join("inner")).unwrap();
        }),
    ];
    for (words, leave) in states {
        let sandbox = with_submodule();
        leave(&sandbox);
        git(&sandbox, &["submodule", "--quiet", "deinit", "lib"]);
        assert_eq!(git(&sandbox, &["status", "--porcelain"]), "");
        let before = snapshot(admin(&sandbox).join("modules"));
        if words.is_empty() {
            sandbox.apply().ok();
        } else {
            refused(&sandbox, words);
            told(&sandbox);
        }
        before.assert_same(&snapshot(trash(&sandbox).join("admin/api/modules")));
        sandbox.converged();
    }
}

/// A submodule as it was in old days: its repository lies in its own directory, and with it its commits.
#[test]
fn a_submodule_with_its_own_git_directory() {
    let sandbox = made();
    let library = sandbox.origin("library");
    git(&sandbox, &["clone", "-q", library.to_str().unwrap(), "lib"]);
    git(&sandbox, &["-c", "advice.addEmbeddedRepo=false", "add", "lib"]);
    git(&sandbox, &["commit", "-qm", "a gitlink"]);
    let id = commit_in_lib(&sandbox);
    git(&sandbox, &["commit", "-qam", "a newer one"]);
    refused(&sandbox, &["1 submodule with work of its own: lib"]);
    told(&sandbox);
    assert_eq!(sandbox.git(trash(&sandbox).join("tree/api/lib"), &["rev-parse", "HEAD"]), id);
}

/// A worktree of the same repository inside the checkout, made by hand.
#[test]
fn a_worktree_inside() {
    let sandbox = blocked_for_good(&["a worktree in it is not ours", "worktree move", "inside: inner"], |sandbox| {
        let inner = api(sandbox).join("inner");
        sandbox.git("repos/api", &["worktree", "add", "-q", "-b", "inner", inner.to_str().unwrap()]);
        write(sandbox, "inner/new.txt", "new\n");
    });
    assert_eq!(sandbox.git(api(&sandbox).join("inner"), &["status", "--porcelain"]), "?? new.txt");
}

/// A repository inside the checkout.
#[test]
fn a_clone_inside() {
    let words = ["1 repository or worktree of its own inside: deep/inner", "work/api/deep/inner SOMEWHERE"];
    let sandbox = blocked_for_good(&words, |sandbox| {
        sandbox.repository(".builders/work/api/deep/inner");
    });
    let answer = sandbox.apply().fails();
    let typed = answer.stdout.lines().find_map(|line| line.trim().strip_prefix("→ mv "));
    sandbox.types(&format!("mv {}", typed.unwrap()));
    sandbox.apply().ok();
    assert!(sandbox.top().join("aside/inner/README.md").exists());
}

/// The same where git ignores the directory, and so shows and asks nothing.
#[test]
fn a_clone_inside_that_is_ignored() {
    blocked_for_good(&["1 repository or worktree of its own inside: cache/inner", "cache/inner SOMEWHERE"], |sandbox| {
        sandbox.write("repos/api/.git/info/exclude", "cache/\n");
        sandbox.repository(".builders/work/api/cache/inner");
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// A repository without a work tree: no `.git` shows it.
#[test]
fn a_bare_repository_inside() {
    blocked_for_good(&["1 repository or worktree of its own inside: cache/inner.git"], |sandbox| {
        sandbox.write("repos/api/.git/info/exclude", "cache/\n");
        git(sandbox, &["clone", "-q", "--bare", ".", "cache/inner.git"]);
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "");
    });
}

/// A repository in the builder that lies in none of its checkouts.
#[test]
fn a_clone_beside_the_checkouts() {
    blocked_for_good(&["1 repository or worktree of its own inside: inner", "work/inner SOMEWHERE"], |sandbox| {
        sandbox.repository(".builders/work/inner");
    });
}

/// Runs apply while `what` is mounted at a point in the builder, in mounts of its own; the mount has to block.
#[track_caller]
fn mounted(what: &[&str], point: &str, words: &[&str]) {
    let sandbox = made();
    if !works(&sandbox, "unshare", &["-m", "true"]) {
        return skip("no mounts can be made here");
    }
    sandbox.write("repos/api/.git/info/exclude", "cache/\n");
    let (point, elsewhere) = (sandbox.builder(point), sandbox.path("elsewhere"));
    fs::create_dir_all(&point).unwrap();
    sandbox.write("elsewhere/file", "mine\n");
    let what: Vec<_> = what.iter().map(|word| word.replace("ELSEWHERE", elsewhere.to_str().unwrap())).collect();
    for unsaved in ["--unsaved=block", "--unsaved=trash"] {
        let script = "point=$1; shift; mount \"$@\" \"$point\" || exit 77; \"$WSCTL\" apply --auto-approve \"$UNSAVED\"; exit $?";
        let mut apart = sandbox.command("unshare");
        apart.env("WSCTL", sandbox.program().get_program()).env("UNSAVED", unsaved);
        let output = apart.args(["-m", "sh", "-c", script, "sh"]).arg(&point).args(&what).output().unwrap();
        if output.status.code() == Some(77) {
            return skip("nothing may be mounted here");
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        for word in ["! builders.work"].iter().chain(words) {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
        assert_eq!(text(elsewhere.join("file")), "mine\n");
        assert!(point.is_dir(), "the builder stays");
    }
    assert!(!sandbox.builder("idle").exists(), "the others go on");
}

/// Another file system in an ignored directory.
#[test]
fn a_mount_inside() {
    mounted(&["-t", "tmpfs", "none"], "work/api/cache", &["mount point inside: cache", "findmnt -R"]);
}

/// A directory that is shown twice: its device is that of the checkout.
#[test]
fn a_bind_mount_inside() {
    mounted(&["--bind", "ELSEWHERE"], "work/api/cache", &["mount point inside: cache", "findmnt -R"]);
}

/// The same beside the checkouts.
#[test]
fn a_bind_mount_beside_the_checkouts() {
    mounted(&["--bind", "ELSEWHERE"], "work/shared", &["mount point inside: shared", "findmnt -R"]);
}

/// A child that ends with the test.
struct Inside(Child);

impl Inside {
    fn start(command: &mut Command) -> Self {
        Inside(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sees_processes() -> bool {
    let sees = Path::new("/proc/self/fd").exists();
    if !sees {
        skip("there is no /proc here");
    }
    sees
}

/// While this process lives, the removal is refused with its id and name; then it goes.
#[track_caller]
fn process_blocks(start: impl FnOnce(&Sandbox) -> Inside) {
    if !sees_processes() {
        return;
    }
    let mut child = None;
    let sandbox = made();
    child.replace(start(&sandbox));
    let pid = child.as_ref().unwrap().0.id();
    refused(&sandbox, &[&format!("process {pid} (tail) works inside"), &format!("ps -fp {pid}")]);
    still_refused(&sandbox);
    drop(child);
    sandbox.apply().ok();
    sandbox.converged();
}

/// A process whose working directory is a directory of the checkout.
#[test]
fn a_process_that_works_inside() {
    process_blocks(|sandbox| {
        fs::create_dir(api(sandbox).join("deep")).unwrap();
        Inside::start(sandbox.command("tail").args(["-f", "/dev/null"]).current_dir(api(sandbox).join("deep")))
    });
}

/// A process that works elsewhere and has a file of the checkout open.
#[test]
fn a_process_with_an_open_file_inside() {
    process_blocks(|sandbox| {
        let file = File::open(api(sandbox).join("README.md")).unwrap();
        Inside::start(sandbox.command("tail").args(["-f", "/dev/null"]).stdin(file))
    });
}

/// wsctl was called from within the builder that shall go.
#[test]
fn the_shell_that_called_us() {
    if !sees_processes() {
        return;
    }
    let sandbox = made();
    let before = snapshot(sandbox.builder("work"));
    let mut shell = sandbox.command("sh");
    shell.arg("-c").arg("cd \"$1\" && \"$2\" apply --auto-approve --unsaved=trash; exit $?").arg("sh");
    let output = shell.arg(api(&sandbox)).arg(sandbox.program().get_program()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("! builders.work") && said.contains("(sh) works inside, from which this wsctl was started"), "{said}");
    assert!(said.contains(&format!("→ cd {}\n", sandbox.builder("work").display())), "{said}");
    before.assert_same(&snapshot(sandbox.builder("work")));
    assert!(!sandbox.builder("idle").exists(), "the others go on");
    sandbox.apply().ok();
    sandbox.converged();
}

/// Links to a directory outside, ignored and committed: the trash takes the links, emptying it takes nothing more.
#[test]
fn a_symlink_out_of_the_builder() {
    let sandbox = made();
    let outside = sandbox.top().join("outside");
    fs::create_dir_all(outside.join("deep")).unwrap();
    fs::write(outside.join("deep/file"), "mine\n").unwrap();
    std::os::unix::fs::symlink(&outside, api(&sandbox).join("out.log")).unwrap();
    std::os::unix::fs::symlink(&outside, api(&sandbox).join("out")).unwrap();
    git(&sandbox, &["add", "out"]);
    commit(&sandbox, "a link");
    let before = snapshot(&outside);
    sandbox.plan().ok().says("api: 1 ignored file to the trash too");
    sandbox.apply().ok();
    before.assert_same(&snapshot(&outside));
    assert!(trash(&sandbox).join("tree/api/out.log").is_symlink() && trash(&sandbox).join("tree/api/out").is_symlink());
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok();
    assert!(sandbox.trash().is_empty());
    before.assert_same(&snapshot(&outside));
    blocked(&["1 untracked file: out"], |sandbox| {
        std::os::unix::fs::symlink(&outside, api(sandbox).join("out")).unwrap();
    });
}
