//! Repositories with `submodules = true`: their checkouts come with them, whatever the submodules are or become.

use std::fs;
use std::path::PathBuf;

use crate::support::{KILLER, KILLER_OF_GIT, arm, killer};
use crate::support::{Sandbox, text};

const TOML: &str = "[repos.web]\n[repos.api]\nsubmodules = true\n[builders.b]\nrepos = [\"api\"]\n";
const WITHOUT: &str = "[repos.web]\n[repos.api]\n[builders.b]\nrepos = [\"api\"]\n";

/// The clone of api has a submodule `lib/one`, which has a submodule `inner`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace();
    let inner = sandbox.origin("inner");
    let library = sandbox.origin("library");
    let seed = sandbox.top().join("seed/library");
    sandbox.git(&seed, &["submodule", "--quiet", "add", inner.to_str().unwrap(), "inner"]);
    sandbox.commit(&seed, "with a submodule");
    sandbox.git(&seed, &["push", "-q", library.to_str().unwrap(), "main"]);
    sandbox.git("repos/api", &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib/one"]);
    sandbox.commit("repos/api", "with a submodule");
    sandbox.git("repos/api", &["push", "-q"]);
    sandbox
}

fn api(sandbox: &Sandbox) -> PathBuf {
    sandbox.builder("b/api")
}

fn lib(sandbox: &Sandbox) -> PathBuf {
    api(sandbox).join("lib/one")
}

/// A commit of the library that its origin has.
fn newer_library(sandbox: &Sandbox) -> String {
    let seed = sandbox.top().join("seed/library");
    fs::write(seed.join("new"), "new\n").unwrap();
    sandbox.commit(&seed, "new");
    sandbox.git(&seed, &["push", "-q", sandbox.top().join("origin/library.git").to_str().unwrap(), "main"]);
    sandbox.git(&seed, &["rev-parse", "HEAD"])
}

#[track_caller]
fn is_whole(sandbox: &Sandbox) {
    assert_eq!(text(lib(sandbox).join("README.md")), "# library\n");
    assert_eq!(text(lib(sandbox).join("inner/README.md")), "# inner\n");
    assert_eq!(sandbox.git(api(sandbox), &["status", "--porcelain"]), "");
    sandbox.converged();
}

#[test]
fn a_checkout_comes_with_its_submodules_and_goes_with_them() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    sandbox.plan().ok().says("with its submodules, if it has any");
    sandbox.apply().ok();
    is_whole(&sandbox);
    // They are the checkout's own: those of the clone are others.
    let git_dir = sandbox.git(lib(&sandbox), &["rev-parse", "--absolute-git-dir"]);
    assert!(git_dir.contains("/worktrees/"), "{git_dir}");
    sandbox.toml("[repos.web]\n[repos.api]\nsubmodules = true\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!api(&sandbox).exists());
    sandbox.toml(TOML);
    sandbox.wsctl(&["restore", "--auto-approve", "builders.b"]).ok();
    is_whole(&sandbox);
    sandbox.fsck(&["repos/api"]);
}

#[test]
fn they_are_brought_where_they_are_declared_later_or_taken_away() {
    let sandbox = sandbox();
    sandbox.toml(WITHOUT);
    sandbox.apply().ok();
    assert!(!lib(&sandbox).join("README.md").exists());
    sandbox.toml(TOML);
    sandbox.plan().ok().says("~ builders.b.api").says("submodule lib/one is not there");
    sandbox.apply().ok();
    is_whole(&sandbox);
    sandbox.git(lib(&sandbox), &["submodule", "--quiet", "deinit", "--all"]);
    sandbox.plan().ok().says("submodule lib/one/inner is not there");
    sandbox.apply().ok();
    is_whole(&sandbox);
    // A clone that was cut short before its files came.
    let git_dir = PathBuf::from(sandbox.git(lib(&sandbox), &["rev-parse", "--absolute-git-dir"]));
    for file in [".gitignore", ".gitmodules", "README.md"] {
        fs::remove_file(lib(&sandbox).join(file)).unwrap();
    }
    fs::remove_dir_all(lib(&sandbox).join("inner")).unwrap();
    fs::remove_file(git_dir.join("index")).unwrap();
    sandbox.plan().ok().says("submodule lib/one is not there");
    sandbox.apply().ok();
    is_whole(&sandbox);
    // Nothing is taken away where they are not declared any more.
    sandbox.toml(WITHOUT);
    sandbox.converged();
    assert!(lib(&sandbox).join("inner/README.md").exists());
}

#[test]
fn they_follow_a_switch_and_no_ignored_file_is_lost() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    sandbox.apply().ok();
    let newer = newer_library(&sandbox);
    let main = sandbox.path("repos/api");
    sandbox.git(&main, &["switch", "-q", "-c", "next"]);
    sandbox.git(&main, &["submodule", "--quiet", "update", "--init", "--remote"]);
    let inner = sandbox.top().join("origin/inner.git");
    sandbox.git(&main, &["submodule", "--quiet", "add", inner.to_str().unwrap(), "other"]);
    sandbox.commit(&main, "newer");
    sandbox.git(&main, &["switch", "-q", "main"]);
    fs::write(lib(&sandbox).join("kept.log"), "kept\n").unwrap();
    sandbox.toml(&TOML.replace("repos = [", "branch = \"next\"\nrepos = ["));
    sandbox.apply().ok();
    assert_eq!(sandbox.git(lib(&sandbox), &["rev-parse", "HEAD"]), newer);
    assert_eq!(text(api(&sandbox).join("other/README.md")), "# inner\n");
    assert_eq!(text(lib(&sandbox).join("kept.log")), "kept\n");
    is_whole(&sandbox);
    // What somebody has there is not switched away.
    fs::write(lib(&sandbox).join("README.md"), "edited\n").unwrap();
    sandbox.toml(TOML);
    sandbox.plan().says("1 submodule with work of its own: lib/one");
}

#[test]
fn work_in_a_submodule_stays_and_is_told() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    sandbox.apply().ok();
    sandbox.git(lib(&sandbox), &["commit", "-q", "--allow-empty", "-m", "only here"]);
    let at = sandbox.git(lib(&sandbox), &["rev-parse", "HEAD"]);
    let plan = sandbox.plan().ok().says("submodule lib/one is at ").says("switch --detach ");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(lib(&sandbox), &["rev-parse", "HEAD"]), at);
    sandbox.git(lib(&sandbox), &["branch", "mine"]);
    sandbox.type_next(&plan, "switch --detach ").ok();
    sandbox.converged();
    // On a branch it is being worked in, which is nobody's drift.
    sandbox.git(lib(&sandbox), &["switch", "-q", "mine"]);
    sandbox.plan().ok().never_says("lib/one is at");
}

#[test]
fn one_that_fails_is_told_and_the_next_apply_goes_on() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    let (here, away) = (sandbox.top().join("origin/inner.git"), sandbox.top().join("origin/away.git"));
    fs::rename(&here, &away).unwrap();
    sandbox.apply().fails().says("submodule lib/one/inner");
    assert_eq!(text(lib(&sandbox).join("README.md")), "# library\n");
    sandbox.plan().ok().says("~ builders.b.api").says("submodule lib/one/inner is not there");
    fs::rename(&away, &here).unwrap();
    sandbox.apply().ok();
    is_whole(&sandbox);
}

#[test]
fn nothing_is_written_over_and_nothing_through_a_link() {
    let sandbox = sandbox();
    sandbox.toml(WITHOUT);
    sandbox.apply().ok();
    fs::write(lib(&sandbox).join("notes"), "mine\n").unwrap();
    sandbox.toml(TOML);
    sandbox.plan().says("something is where a submodule shall be").says("SOMEWHERE");
    sandbox.apply().fails();
    assert_eq!(text(lib(&sandbox).join("notes")), "mine\n");
    let elsewhere = sandbox.top().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::remove_dir_all(api(&sandbox).join("lib")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, api(&sandbox).join("lib")).unwrap();
    sandbox.plan().says("something is where a submodule shall be");
    sandbox.apply().fails();
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn no_command_is_run_and_no_path_of_this_machine_is_cloned_for_a_remote() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    let ran = sandbox.top().join("ran");
    let command = format!("!touch {}", ran.display());
    sandbox.git("repos/api", &["config", "submodule.lib/one.update", &command]);
    sandbox.apply().ok();
    is_whole(&sandbox);
    assert!(!ran.exists());
    sandbox.git("repos/api", &["remote", "set-url", "origin", "https://example.invalid/api.git"]);
    sandbox.toml(&format!("{TOML}[builders.c]\nrepos = [\"api\"]\n"));
    sandbox.apply().fails().says("transport 'file' not allowed");
    assert!(sandbox.builder("c/api/README.md").exists());
}

/// What is typed shows the work; what is pushed is no work, and goes back to what is recorded.
#[test]
fn the_way_out_of_a_submodule_that_holds_up_a_removal() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    sandbox.apply().ok();
    let inner = lib(&sandbox).join("inner");
    for at in [lib(&sandbox), inner.clone()] {
        sandbox.git(&at, &["commit", "-q", "--allow-empty", "-m", "only here"]);
    }
    sandbox.toml("[repos.web]\n[repos.api]\nsubmodules = true\n");
    let removal = ["plan", "--allow-removals"];
    let plan = sandbox.wsctl(&removal).says("2 submodules with work of their own: lib/one, lib/one/inner");
    sandbox.type_next(&plan, "lib/one/inner log ").ok().says("only here");
    sandbox.type_next(&plan, "lib/one status").ok();
    for at in [lib(&sandbox), inner] {
        sandbox.git(&at, &["push", "-q", "origin", "HEAD:refs/heads/pushed"]);
    }
    let plan = sandbox.wsctl(&removal).never_says("work of their own").says("2 submodules on other commits than are recorded");
    sandbox.type_next(&plan, "checkout -- inner").ok();
    sandbox.type_next(&plan, "checkout -- one").ok();
    sandbox.wsctl(&["apply", "--allow-removals", "--auto-approve"]).ok();
    assert!(!api(&sandbox).exists());
}

#[test]
fn one_that_has_no_files_any_more_is_looked_at_by_its_repository() {
    let sandbox = sandbox();
    sandbox.toml(TOML);
    sandbox.apply().ok();
    sandbox.git(lib(&sandbox), &["switch", "-q", "-c", "mine"]);
    sandbox.git(lib(&sandbox), &["commit", "-q", "--allow-empty", "-m", "only here"]);
    sandbox.git(api(&sandbox), &["submodule", "--quiet", "update"]);
    sandbox.git(api(&sandbox), &["submodule", "--quiet", "deinit", "--force", "lib/one"]);
    sandbox.toml("[repos.web]\n[repos.api]\nsubmodules = true\n");
    let plan = sandbox.wsctl(&["plan", "--allow-removals"]).says("1 submodule with work of its own: ");
    sandbox.type_next(&plan, "--git-dir=").ok().says("only here");
}

/// A checkout that shall go to `next`, where the library is newer; the commits of the library before and then.
fn switching(sandbox: &Sandbox) -> (String, String) {
    sandbox.toml(TOML);
    sandbox.apply().ok();
    let older = sandbox.git(lib(sandbox), &["rev-parse", "HEAD"]);
    let newer = newer_library(sandbox);
    let main = sandbox.path("repos/api");
    sandbox.git(&main, &["switch", "-q", "-c", "next"]);
    sandbox.git(&main, &["submodule", "--quiet", "update", "--init", "--remote"]);
    sandbox.commit(&main, "newer");
    sandbox.git(&main, &["switch", "-q", "main"]);
    sandbox.toml(&TOML.replace("repos = [", "branch = \"next\"\nrepos = ["));
    (older, newer)
}

#[test]
fn they_follow_a_switch_that_is_killed_before_they_could() {
    for moved in [false, true] {
        let sandbox = sandbox();
        let (older, newer) = switching(&sandbox);
        // Runs when the files of the checkout have been switched.
        killer(&sandbox, "killer", KILLER, "exit 0");
        std::fs::copy(sandbox.top().join("bin/killer"), sandbox.path("repos/api/.git/hooks/post-checkout")).unwrap();
        let armed = arm(&sandbox);
        assert_eq!(sandbox.apply().code, None);
        assert!(!armed.exists());
        assert_eq!(sandbox.git(lib(&sandbox), &["rev-parse", "HEAD"]), older);
        if moved {
            sandbox.git(lib(&sandbox), &["commit", "-q", "--allow-empty", "-m", "mine"]);
        }
        let at = sandbox.git(lib(&sandbox), &["rev-parse", "HEAD"]);
        sandbox.apply().ok();
        assert_eq!(sandbox.git(lib(&sandbox), &["rev-parse", "HEAD"]), if moved { at } else { newer });
        assert_eq!(sandbox.git(api(&sandbox), &["branch", "--show-current"]), "next");
        if !moved {
            is_whole(&sandbox);
        }
    }
}

/// Of a checkout that is being made, and of submodules that come to one.
#[test]
fn a_git_that_is_killed_while_files_come_leaves_no_lock() {
    for before in [None, Some(WITHOUT)] {
        let sandbox = sandbox();
        if let Some(before) = before {
            sandbox.toml(before);
            sandbox.apply().ok();
        }
        let program = killer(&sandbox, "smudge", KILLER_OF_GIT, "cat");
        let attributes = sandbox.top().join("attributes");
        fs::write(&attributes, "README.md filter=kill\n").unwrap();
        for (key, value) in [("filter.kill.smudge", program.as_path()), ("core.attributesFile", attributes.as_path())] {
            sandbox.git("repos/api", &["config", "--global", key, value.to_str().unwrap()]);
        }
        sandbox.toml(TOML);
        let armed = arm(&sandbox);
        fs::write(&armed, "all").unwrap();
        assert_eq!(sandbox.apply().code, None);
        assert!(!armed.exists());
        if before.is_some() {
            // What has come of its files already could be somebody's.
            sandbox.apply().fails().says("something is where a submodule shall be").says("lib/one SOMEWHERE");
            fs::rename(lib(&sandbox), sandbox.top().join("somewhere")).unwrap();
        }
        sandbox.apply().ok();
        is_whole(&sandbox);
        assert!(!sandbox.journal().exists());
    }
}
