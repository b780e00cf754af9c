//! Repositories with `lfs`: their checkouts have the content of what git-lfs keeps, or pointers to it.

use std::fs;
use std::path::PathBuf;

use crate::support::{KILLER, KILLER_OF_GIT, Sandbox, arm, killer, text};

const REPOS: &str = "[repos.web]\n[repos.api]\n";
const BUILDER: &str = "[builders.b]\nrepos = [\"api\"]\n";
const FILES: [&str; 3] = ["a.bin", "deep/a.bin", "deep/we,ird [x]*.bin"];

fn toml(lfs: &str) -> String {
    format!("{REPOS}{lfs}{BUILDER}")
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.with_lfs("repos/api", &FILES);
    sandbox
}

fn api(sandbox: &Sandbox) -> PathBuf {
    sandbox.builder("b/api")
}

fn is_pointer(path: PathBuf) -> bool {
    text(path).starts_with("version https://git-lfs")
}

#[track_caller]
fn has_content(sandbox: &Sandbox) {
    for file in FILES {
        assert_eq!(text(api(sandbox).join(file)), format!("content of {file}\n"));
    }
    assert_eq!(sandbox.git(api(sandbox), &["status", "--porcelain"]), "");
    sandbox.converged();
}

#[track_caller]
fn has_pointers(sandbox: &Sandbox) {
    for file in FILES {
        assert!(is_pointer(api(sandbox).join(file)), "{file}");
    }
    assert_eq!(sandbox.git(api(sandbox), &["status", "--porcelain"]), "");
    sandbox.converged();
}

#[test]
fn a_checkout_comes_with_content_or_with_pointers() {
    let sandbox = sandbox();
    sandbox.toml(&toml("lfs = true\n"));
    sandbox.plan().ok().says("with the content of its files of git-lfs, if it has any");
    sandbox.apply().ok();
    has_content(&sandbox);
    let sandbox = self::sandbox();
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.plan().ok().says("its files of git-lfs are pointers, if it has any");
    sandbox.apply().ok();
    has_pointers(&sandbox);
    // Without the key it is what git makes of its configuration.
    let sandbox = self::sandbox();
    sandbox.toml(&toml(""));
    sandbox.apply().ok();
    has_content(&sandbox);
}

#[test]
fn content_is_brought_where_it_is_declared_later() {
    let sandbox = sandbox();
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.apply().ok();
    sandbox.toml(&toml("lfs = true\n"));
    sandbox.plan().ok().says("~ builders.b.api").says("the content of a.bin and of 2 more files of git-lfs is not there");
    sandbox.apply().ok();
    has_content(&sandbox);
    // Nothing is taken away again.
    sandbox.toml(&toml("lfs = false\n"));
    has_content(&sandbox);
}

#[test]
fn what_somebody_did_to_such_files_stays() {
    let sandbox = sandbox();
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.apply().ok();
    fs::remove_file(api(&sandbox).join("deep/a.bin")).unwrap();
    let own = text(api(&sandbox).join(FILES[2])).replace("size ", "size 1");
    fs::write(api(&sandbox).join(FILES[2]), &own).unwrap();
    sandbox.toml(&toml("lfs = true\n"));
    sandbox.plan().ok().says("the content of a.bin is not there");
    sandbox.apply().ok();
    assert_eq!(text(api(&sandbox).join("a.bin")), "content of a.bin\n");
    assert!(!api(&sandbox).join("deep/a.bin").exists());
    assert_eq!(text(api(&sandbox).join(FILES[2])), own);
    sandbox.converged();
}

#[test]
fn a_switch_and_a_clone_leave_pointers_too() {
    let sandbox = sandbox();
    let main = sandbox.path("repos/api");
    sandbox.git(&main, &["switch", "-q", "-c", "next"]);
    fs::write(main.join("next.bin"), "content of next\n").unwrap();
    sandbox.commit(&main, "next");
    sandbox.git(&main, &["push", "-q", "origin", "next"]);
    sandbox.git(&main, &["switch", "-q", "main"]);
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.apply().ok();
    sandbox.toml(&toml("lfs = false\n").replace("repos = [", "branch = \"next\"\nrepos = ["));
    sandbox.apply().ok().says("switched");
    assert!(is_pointer(api(&sandbox).join("next.bin")));
    has_pointers(&sandbox);
    // A clone has the configuration of whoever makes it.
    let path = sandbox.path_with_lfs();
    sandbox.command("git").env("PATH", &path).args(["lfs", "install"]).status().unwrap();
    let origin = sandbox.top().join("origin/api.git");
    let clone = |lfs: &str| format!("{REPOS}[repos.copy]\nurl = \"{}\"\n{lfs}", origin.display());
    for (lfs, pointers) in [("lfs = false\n", true), ("lfs = true\n", false), ("", false)] {
        sandbox.toml(&clone(lfs));
        let apply = ["apply", "--auto-approve", "--allow-removals"];
        sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], &apply).ok();
        assert_eq!(is_pointer(sandbox.path("repos/copy/a.bin")), pointers, "{lfs}");
        fs::remove_dir_all(sandbox.path("repos/copy")).unwrap();
    }
}

#[test]
fn without_git_lfs_what_needs_it_is_blocked_and_the_hint_helps() {
    let sandbox = sandbox();
    for setting in ["alias.lfs", "filter.lfs.clean", "filter.lfs.smudge", "filter.lfs.required"] {
        sandbox.git("repos/api", &["config", "--unset", setting]);
    }
    let origin = sandbox.top().join("origin/api.git");
    sandbox.toml(&format!("{}[repos.copy]\nurl = \"{}\"\nlfs = true\n", toml("lfs = true\n"), origin.display()));
    let plan = sandbox.plan().ok().says("repository api has `lfs = true`, and git-lfs is not installed");
    plan.says("repository copy has `lfs = true`, and git-lfs is not installed").says("then git lfs install");
    sandbox.apply().fails();
    assert!(!api(&sandbox).exists());
    let path = sandbox.path_with_lfs();
    let wsctl = |arguments: &[&str]| sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], arguments);
    let plan = wsctl(&["plan"]).ok().says("repository api has `lfs = true`, and git-lfs is not set up");
    assert!(plan.stdout.contains("git lfs install\n"), "{plan}");
    sandbox.command("git").env("PATH", &path).args(["lfs", "install"]).status().unwrap();
    wsctl(&["apply", "--auto-approve"]).ok();
    assert_eq!(text(api(&sandbox).join("a.bin")), "content of a.bin\n");
    // What needs nothing of it is not held up.
    fs::remove_file(sandbox.home().join(".gitconfig")).unwrap();
    wsctl(&["plan", "--detailed-exitcode"]).ok();
}

#[test]
fn a_filter_that_leaves_content_out_brings_it_where_it_is_declared() {
    let sandbox = sandbox();
    let smudge = sandbox.git("repos/api", &["config", "filter.lfs.smudge"]);
    sandbox.git("repos/api", &["config", "filter.lfs.smudge", &format!("{smudge} --skip")]);
    sandbox.toml(&toml(""));
    sandbox.apply().ok();
    has_pointers(&sandbox);
    sandbox.toml(&toml("lfs = true\n"));
    sandbox.apply().ok();
    has_content(&sandbox);
}

#[test]
fn nothing_is_written_through_a_link_or_a_second_name() {
    let sandbox = sandbox();
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.apply().ok();
    let elsewhere = sandbox.top().join("elsewhere");
    fs::rename(api(&sandbox).join("deep"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, api(&sandbox).join("deep")).unwrap();
    let second = sandbox.top().join("second");
    fs::hard_link(api(&sandbox).join("a.bin"), &second).unwrap();
    sandbox.toml(&toml("lfs = true\n"));
    sandbox.plan().ok().says("the content of a.bin is not there");
    sandbox.apply().ok();
    assert_eq!(text(api(&sandbox).join("a.bin")), "content of a.bin\n");
    assert!(is_pointer(elsewhere.join("a.bin")) && is_pointer(second));
}

#[test]
fn content_of_which_the_index_was_not_told_is_no_edit_to_the_next_apply() {
    let sandbox = sandbox();
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.apply().ok();
    let clean = sandbox.git("repos/api", &["config", "filter.lfs.clean"]);
    let killer = killer(&sandbox, "clean", KILLER, &format!("exec {clean}"));
    sandbox.git("repos/api", &["config", "filter.lfs.clean", &format!("'{}'", killer.display())]);
    sandbox.toml(&toml("lfs = true\n"));
    let armed = arm(&sandbox);
    assert_eq!(sandbox.apply().code, None);
    assert!(!armed.exists());
    assert_eq!(text(api(&sandbox).join("a.bin")), "content of a.bin\n");
    fs::write(api(&sandbox).join("deep/a.bin"), "edited\n").unwrap();
    sandbox.apply().ok();
    assert_eq!(sandbox.git(api(&sandbox), &["status", "--porcelain"]), " M deep/a.bin");
    sandbox.converged();
}

#[test]
fn a_git_that_is_killed_while_content_comes_leaves_no_lock() {
    for filter in ["clean", "smudge"] {
        let sandbox = sandbox();
        sandbox.toml(&toml("lfs = false\n"));
        sandbox.apply().ok();
        let key = format!("filter.lfs.{filter}");
        let command = sandbox.git("repos/api", &["config", &key]);
        let killer = killer(&sandbox, filter, KILLER_OF_GIT, &format!("exec {command}"));
        sandbox.git("repos/api", &["config", &key, &format!("'{}'", killer.display())]);
        sandbox.toml(&toml("lfs = true\n"));
        let armed = arm(&sandbox);
        fs::write(&armed, "all").unwrap();
        assert_eq!(sandbox.apply().code, None, "{filter}");
        assert!(!armed.exists());
        sandbox.apply().ok();
        has_content(&sandbox);
        assert!(!sandbox.journal().exists());
    }
}

#[test]
fn content_that_does_not_come_is_told_and_the_next_apply_goes_on() {
    let sandbox = sandbox();
    sandbox.toml(&toml("lfs = false\n"));
    sandbox.apply().ok();
    sandbox.toml(&toml("lfs = true\n"));
    fs::write(sandbox.lfs_store().join("down"), "").unwrap();
    sandbox.apply().fails().says("builders.b.api").says("batch response: the server is down");
    fs::remove_file(sandbox.lfs_store().join("down")).unwrap();
    sandbox.apply().ok();
    has_content(&sandbox);
}

#[test]
fn adopted_sparse_and_reference_checkouts_have_what_is_declared_for_them() {
    let sandbox = sandbox();
    let adopted = api(&sandbox);
    let mut add = sandbox.command("git");
    add.env("GIT_LFS_SKIP_SMUDGE", "1").args(["-C", "repos/api", "worktree", "add", "-q", "-b", "builder/b"]);
    assert!(add.arg(&adopted).status().unwrap().success());
    let others = "[builders.c]\nrepos = [\"api\"]\n[builders.c.checkout.api]\nsparse = [\"deep\"]\n\
        [builders.d]\nrepos = [\"api\"]\n[builders.d.checkout.api]\nref = \"origin/main\"\n";
    sandbox.toml(&format!("{}{others}", toml("lfs = true\n")));
    sandbox.plan().ok().says("adopt: already on branch builder/b; the content of a.bin and of 2 more");
    sandbox.apply().ok();
    has_content(&sandbox);
    for builder in ["c", "d"] {
        assert_eq!(text(sandbox.builder(builder).join("api/deep/a.bin")), "content of deep/a.bin\n");
    }
    // While something is in progress nothing is written.
    let pointer = sandbox.git(&adopted, &["cat-file", "blob", ":a.bin"]) + "\n";
    fs::write(adopted.join("a.bin"), &pointer).unwrap();
    sandbox.plan().ok().says("the content of a.bin is not there");
    sandbox.git(&adopted, &["bisect", "start"]);
    sandbox.plan().ok().never_says("is not there");
}
