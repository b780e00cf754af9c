//! What a reader must not believe: an answer of git, a time, a number or a text that says all is well.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::processes::real_git;
use super::removing::{STAYS, admin, api, blocked_for_good, blocked_until_told, commit, git, made, nothing_lost, objects, write};
use crate::support::{Sandbox, skip, snapshot, text};

pub const ROWS: &[(&str, &str)] = &[
    ("git status clean", "a_clean_git_status"),
    ("rows that git status prints for people", "a_status_that_tells_of_stashes"),
    ("a look that stops at the first error", "a_look_that_stops_at_its_first_error"),
    ("a lock older than a day", "a_lock_older_than_a_day"),
    ("a lock file without a lock", "a_lock_file_that_nobody_holds"),
    ("a PID that was reused", "the_pid_in_a_lock_file"),
    ("the text of a message", "the_text_of_a_message"),
    ("the exit code alone: 0 and nothing done", "an_exit_code_of_success"),
    ("the exit code alone: 1 and all done", "an_exit_code_of_failure"),
    ("modification times", "a_modification_time"),
    ("an index as new as the files", "an_index_as_new_as_its_files"),
    ("an index newer than the files by nanoseconds", "an_index_newer_by_nanoseconds"),
];

/// A file system monitor that says for ever that nothing changed, and an index that believes it.
#[test]
fn a_clean_git_status() {
    blocked_until_told(&["1 changed file: README.md", "1 untracked file: new.txt"], |sandbox| {
        let monitor = sandbox.script(sandbox.top().join("monitor"), "#!/bin/sh\nprintf 'token\\0'\n");
        git(sandbox, &["config", "core.fsmonitor", monitor.to_str().unwrap()]);
        git(sandbox, &["config", "core.untrackedCache", "true"]);
        git(sandbox, &["update-index", "--fsmonitor", "--untracked-cache"]);
        git(sandbox, &["status"]);
        write(sandbox, "README.md", "edited\n");
        write(sandbox, "new.txt", "new\n");
        assert_eq!(git(sandbox, &["status", "--porcelain"]), "", "git believes it");
    });
}

/// Rows of `git status` that the user asked for in the configuration: nothing of them is work in the checkout.
#[test]
fn a_status_that_tells_of_stashes() {
    let sandbox = made();
    for setting in ["status.showStash", "status.branch", "status.aheadBehind"] {
        git(&sandbox, &["config", "--global", setting, "true"]);
    }
    sandbox.write("repos/api/README.md", "stashed on main\n");
    sandbox.git("repos/api", &["stash", "-q"]);
    assert!(git(&sandbox, &["status", "--porcelain=v2"]).contains("# stash 1"), "git prints it");
    let kept = objects(&sandbox);
    sandbox.apply().ok();
    assert!(!sandbox.builder("work").exists());
    assert!(kept.is_subset(&objects(&sandbox)));
    sandbox.converged();
}

/// The tree of HEAD is damaged: what differs from it cannot be told. Unknown is not clean.
#[test]
fn a_look_that_stops_at_its_first_error() {
    let sandbox = made();
    write(&sandbox, "deep/file", "committed\n");
    git(&sandbox, &["add", "-A"]);
    commit(&sandbox, "a tree of its own");
    let tree = git(&sandbox, &["rev-parse", "HEAD^{tree}"]);
    let object = sandbox.path(format!("repos/api/.git/objects/{}/{}", &tree[..2], &tree[2..]));
    fs::rename(&object, sandbox.path("tree")).unwrap();
    let before = snapshot(sandbox.builder("work"));
    for unsaved in ["--unsaved=block", "--unsaved=trash"] {
        let answer = sandbox.wsctl(&["apply", "--auto-approve", unsaved]).fails();
        answer.says("! builders.work").says("could not be checked: git says: ").says("work/api status");
        before.assert_same(&snapshot(sandbox.builder("work")));
    }
    assert!(!sandbox.builder("idle").exists(), "the others go on");
    fs::rename(sandbox.path("tree"), &object).unwrap();
    let kept = objects(&sandbox);
    sandbox.apply().ok();
    nothing_lost(&sandbox, &kept);
    sandbox.converged();
}

fn date(path: impl AsRef<Path>, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(time)).unwrap();
}

/// Three days old, and respected all the same: age is no proof that its process is dead.
#[test]
fn a_lock_older_than_a_day() {
    let old = SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
    let sandbox = blocked_for_good(&["index.lock is held"], |sandbox| {
        fs::write(admin(sandbox).join("index.lock"), "").unwrap();
        date(admin(sandbox).join("index.lock"), old);
    });
    assert!(admin(&sandbox).join("index.lock").exists());
    blocked_for_good(&["locked: on a stick in the drawer"], |sandbox| {
        let path = api(sandbox);
        git(sandbox, &["worktree", "lock", "--reason", "on a stick in the drawer", path.to_str().unwrap()]);
        date(admin(sandbox).join("locked"), old);
    });
}

/// The files that a killed wsctl leaves behind: no process holds them, so they are no locks.
#[test]
fn a_lock_file_that_nobody_holds() {
    let sandbox = made();
    for path in [".builders/.wsctl/lock", "repos/api/.git/wsctl.lock"] {
        assert!(sandbox.path(path).exists(), "{path}");
        sandbox.write(path, "99999999 2020-01-01T00:00:00Z wsctl\n");
    }
    sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).ok().says("2 removed").never_says("waiting");
    sandbox.converged();
}

/// A number in a lock file that is another process by now, and one that is none though the lock is held.
#[test]
fn the_pid_in_a_lock_file() {
    let sandbox = made();
    let lock = sandbox.path(".builders/.wsctl/lock");
    fs::write(&lock, format!("{} 2020-01-01T00:00:00Z wsctl\n", std::process::id())).unwrap();
    sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).ok().says("2 removed").never_says("waiting");
    sandbox.toml(&format!("{STAYS}[builders.new]\nrepos = [\"api\"]\n"));
    let held = File::options().write(true).open(&lock).unwrap();
    held.lock().unwrap();
    fs::write(&lock, "99999999 2020-01-01T00:00:00Z wsctl\n").unwrap();
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).fails();
    answer.says("another wsctl (pid 99999999, since 2020-01-01T00:00:00Z) holds the lock").says("--lock-timeout 60s");
    assert!(!sandbox.builder("new").exists());
    drop(held);
    sandbox.apply().ok();
    sandbox.converged();
}

/// A git that speaks another language, to a caller who wants it so: nothing is decided by its words.
#[test]
fn the_text_of_a_message() {
    let sandbox = Sandbox::workspace();
    let calls = sandbox.top().join("languages");
    let script = format!(
        "#!/bin/sh\necho \"$LC_ALL\" >>{}\n{{ {} \"$@\" 3>&1 1>&4 2>&3 | tr a-zA-Z n-za-mN-ZA-M >&2; }} 4>&1\n",
        calls.display(),
        real_git().display()
    );
    // The exit code of a pipe's first member is not in POSIX sh.
    let path = sandbox.path_with_git(&script.replace("#!/bin/sh\n", "#!/bin/bash\nset -o pipefail\n"));
    let german = [("PATH", path.as_os_str()), ("LC_ALL", "de_DE.UTF-8".as_ref()), ("LANGUAGE", "de".as_ref())];
    let run = |arguments: &[&str]| sandbox.wsctl_with(sandbox.root(), &german, arguments);
    sandbox.toml(&format!("{STAYS}[builders.work]\nrepos = [\"api\"]\n"));
    if !Path::new("/bin/bash").exists() {
        return skip("there is no bash here");
    }
    run(&["apply", "--auto-approve"]).ok().says("created");
    run(&["plan", "--detailed-exitcode"]).ok().says("No changes.");
    git(&sandbox, &["switch", "-q", "--detach"]);
    let id = commit(&sandbox, "only here");
    sandbox.toml(STAYS);
    run(&["apply", "--auto-approve"]).fails().says("! builders.work").says(&id[..7]);
    run(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    assert_eq!(sandbox.trash().len(), 1);
    let languages = text(calls);
    assert!(languages.lines().count() > 20 && languages.lines().all(|language| language == "C"), "{languages}");
    sandbox.converged();
}

/// A PATH whose git ends `worktree add` with this instead.
fn with_add(sandbox: &Sandbox, instead: &str) -> std::ffi::OsString {
    let git = real_git().display().to_string();
    let instead = instead.replace("GIT", &git);
    sandbox.path_with_git(&format!("#!/bin/sh\ncase \"$*\" in *'worktree add'*) {instead};; esac\nexec {git} \"$@\"\n"))
}

/// A git that ends with 0 and has done nothing.
#[test]
fn an_exit_code_of_success() {
    let sandbox = made();
    sandbox.apply().ok();
    sandbox.toml(&format!("{STAYS}[builders.new]\nrepos = [\"api\"]\n"));
    let before = sandbox.branches("repos/api");
    let path = with_add(&sandbox, "exit 0");
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], &["apply", "--auto-approve"]).fails();
    answer.says("builders.new.api").never_says("builders.new.api: created");
    assert_eq!(sandbox.branches("repos/api"), before, "nothing half-made is left");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("new/api/README.md")), "# api\n");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// A git that ends with 1 and has done all it should: a hook of the user failed.
#[test]
fn an_exit_code_of_failure() {
    let sandbox = made();
    sandbox.apply().ok();
    sandbox.toml(&format!("{STAYS}[builders.new]\nrepos = [\"api\"]\n"));
    let path = with_add(&sandbox, "GIT \"$@\"; exit 1");
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], &["apply", "--auto-approve"]).ok();
    answer.says("post-checkout hook failed").says("created");
    assert_eq!(text(sandbox.builder("new/api/README.md")), "# api\n");
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

/// Newer than everything, and the same as ever: no edit.
#[test]
fn a_modification_time() {
    let sandbox = made();
    date(api(&sandbox).join("README.md"), SystemTime::now() + Duration::from_secs(24 * 3600));
    date(sandbox.builder("stays/web/README.md"), SystemTime::now() + Duration::from_secs(24 * 3600));
    assert_eq!(changed(&sandbox, "stays"), 0);
    sandbox.apply().ok().says("2 removed");
    sandbox.converged();
}

/// What `wsctl status` counts as changed in the only repository of a builder beside the root.
#[track_caller]
fn changed(sandbox: &Sandbox, builder: &str) -> u64 {
    let status: serde_json::Value = serde_json::from_str(&sandbox.wsctl(&["status", "--json"]).ok().stdout).unwrap();
    let named = |list: &serde_json::Value, key: &str, name: &str| {
        list.as_array().unwrap().iter().find(|entry| entry[key] == name).unwrap_or_else(|| panic!("{name} in {list}")).clone()
    };
    let builder = named(&status["builders"], "name", builder);
    named(&builder["checkouts"], "repository", "web")["changed"].as_u64().unwrap()
}

/// A moment long ago, and so many nanoseconds.
fn moment(nanoseconds: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(1_600_000_000, nanoseconds)
}

/// A write of the same size into `stays/web`, dated `file`, after the index was written at `index`.
fn racy(file: u32, index: u32) -> (Sandbox, PathBuf) {
    let sandbox = made();
    sandbox.apply().ok();
    let web = sandbox.builder("stays/web");
    let readme = web.join("README.md");
    sandbox.git(&web, &["config", "core.trustctime", "false"]);
    date(&readme, moment(100));
    sandbox.git(&web, &["update-index", "--refresh"]);
    let directory = PathBuf::from(sandbox.git(&web, &["rev-parse", "--absolute-git-dir"]));
    date(directory.join("index"), moment(index));
    assert_eq!(changed(&sandbox, "stays"), 0);
    fs::write(&readme, text(&readme).to_uppercase()).unwrap();
    date(&readme, moment(file));
    (sandbox, web)
}

/// Counted as changed, and no removal takes it.
#[track_caller]
fn seen(sandbox: &Sandbox, web: &Path) {
    assert_eq!(changed(sandbox, "stays"), 1);
    sandbox.toml("[repos.api]\n[repos.web]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).fails().says("1 changed file: README.md");
    assert_eq!(text(web.join("README.md")), "# WEB\n");
}

/// Size and time are those of the index, which is no newer than the file: it may have been written before the file was.
#[test]
fn an_index_as_new_as_its_files() {
    let (sandbox, web) = racy(100, 100);
    seen(&sandbox, &web);
}

/// All in one second: only nanoseconds tell that the file is not the one that the index saw.
#[test]
fn an_index_newer_by_nanoseconds() {
    let (sandbox, web) = racy(500, 900);
    seen(&sandbox, &web);
}
