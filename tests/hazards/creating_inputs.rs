//! Files, urls, variables and configurations that want something else than what is declared.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::words::{TWO, declared};
use crate::support::{Sandbox, snapshot, text};

/// Every text below a directory that git or wsctl wrote.
fn texts(directory: &Path, found: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            texts(&path, found);
        } else if path.is_file() {
            found.push_str(&text(&path));
        }
    }
}

/// A url that runs a command, or is an option; a branch that is one; a managed file that leads out of its builder, by
/// its name or through a link.
#[test]
fn a_url_branch_or_file_that_runs_or_leads_elsewhere_is_a_fault_or_never_followed() {
    let url = |url: &str| TWO.replace("[repos.api]\n", &format!("[repos.api]\nurl = \"{url}\"\n"));
    let file = |to: &str| format!("{TWO}[[files]]\nfrom = \"notes.md\"\nto = \"{to}\"\n");
    let faults = [
        url("ext::sh -c touch% ran"),
        url("--upload-pack=touch ran"),
        TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"--force\"\n"),
        file("../stolen"),
        file("/tmp/stolen"),
        file("a/../../stolen"),
        file("{repo}/../../stolen"),
        file(".git/hooks/post-checkout"),
        file("{repo}/.git/config"),
    ];
    for declared in faults {
        let sandbox = Sandbox::workspace();
        sandbox.toml(&declared);
        let before = snapshot(sandbox.top());
        let answer = sandbox.apply().fails().says("builders.toml:");
        assert_eq!(answer.stdout, "", "{declared}");
        before.assert_same(&snapshot(sandbox.top()));
    }

    // What the user's own configuration makes of a harmless url.
    let sandbox = declared();
    std::fs::remove_dir_all(sandbox.path("repos/api")).unwrap();
    sandbox.toml(&url("harmless:api"));
    let ran = sandbox.top().join("ran");
    let instead = format!("url.ext::sh -c touch% {}% .insteadOf", ran.display());
    sandbox.git(sandbox.root(), &["config", "--global", &instead, "harmless:"]);
    sandbox.git(sandbox.root(), &["config", "--global", "protocol.ext.allow", "always"]);
    sandbox.apply().fails().says("! repos.api").says("not allowed");
    assert!(!ran.exists());
    sandbox.goes_on();
    assert!(!sandbox.try_git(sandbox.root(), &["clone", "-q", "harmless:api", "repos/theirs"]).status.success());
    assert!(ran.exists(), "git alone runs it");

    // A link on the way to a managed file.
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    let outside = sandbox.top().join("outside");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, sandbox.builder("b/deep")).unwrap();
    symlink(outside.join("target"), sandbox.builder("b/link")).unwrap();
    let both = "[[builders.b.files]]\nfrom = \"notes.md\"\nto = \"deep/stolen\"\n[[builders.b.files]]\nfrom = \"notes.md\"\nto = \"link\"\n";
    sandbox.toml(&format!("{TWO}{both}"));
    let addresses = ["builders.b.files.\"deep/stolen\"", "builders.b.files.\"link\""];
    let places = [outside.clone(), sandbox.builder("b/deep"), sandbox.builder("b/link")];
    let next = sandbox.refuses(&addresses, &["a symbolic link above it is in the way", "at .builders/b/deep\n"], &places);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    sandbox.types(&next[0]);
    std::fs::remove_file(sandbox.builder("b/link")).unwrap();
    sandbox.settles();
    assert_eq!(text(sandbox.builder("b/deep/stolen")), "notes\n");
}

/// The url holds a password.
#[test]
fn credentials_in_a_url_are_never_printed_or_written_down() {
    let sandbox = declared();
    std::fs::remove_dir_all(sandbox.path("repos/api")).unwrap();
    sandbox.git(sandbox.path("repos/web"), &["remote", "set-url", "origin", "https://user:s3cret@127.0.0.1:1/web.git"]);
    let url = |name: &str| format!("[repos.{name}]\nurl = \"https://user:s3cret@127.0.0.1:1/{name}-new.git\"\n");
    sandbox.toml(&TWO.replace("[repos.api]\n", &url("api")).replace("[repos.web]\n", &url("web")));
    for arguments in [
        &["plan"] as &[&str],
        &["plan", "-v"],
        &["plan", "--fetch"],
        &["plan", "--json"],
        &["apply", "--auto-approve"],
        &["apply", "--auto-approve", "-v"],
        &["apply", "--auto-approve", "--json"],
        &["status"],
        &["status", "--json"],
        &["validate"],
        &["destroy"],
        &["prune"],
        &["init", "-"],
    ] {
        sandbox.wsctl(arguments).never_says("s3cret");
    }
    sandbox.plan().says("127.0.0.1");
    sandbox.goes_on();
    let mut written = String::new();
    texts(&sandbox.builder(""), &mut written);
    assert!(written.contains("builders.toml") && !written.contains("s3cret"), "{written}");
    sandbox.sound();
}

/// The caller's environment speaks of another repository.
#[test]
fn leaked_git_variables_are_harmless() {
    let sandbox = declared();
    let other = sandbox.repository(sandbox.top().join("other"));
    let before = snapshot(&other);
    let (git, index) = (other.join(".git"), other.join(".git/index"));
    let objects = other.join(".git/objects");
    let variables = [
        ("GIT_DIR", git.as_os_str()),
        ("GIT_WORK_TREE", other.as_os_str()),
        ("GIT_INDEX_FILE", index.as_os_str()),
        ("GIT_OBJECT_DIRECTORY", objects.as_os_str()),
        ("GIT_COMMON_DIR", git.as_os_str()),
        ("GIT_NAMESPACE", OsStr::new("x")),
        ("GIT_CEILING_DIRECTORIES", OsStr::new("/")),
        ("GIT_CONFIG_COUNT", OsStr::new("1")),
        ("GIT_CONFIG_KEY_0", OsStr::new("core.bare")),
        ("GIT_CONFIG_VALUE_0", OsStr::new("true")),
    ];
    let wsctl = |arguments: &[&str]| sandbox.wsctl_with(sandbox.root(), &variables, arguments);
    wsctl(&["apply", "--auto-approve"]).ok();
    sandbox.settles();
    sandbox.toml(&TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""));
    wsctl(&["apply", "--auto-approve"]).ok().says("1 removed");
    before.assert_same(&snapshot(&other));
    sandbox.sound();
    sandbox.converged();
}

/// The user's configuration has aliases, hooks, a monitor, a pager, templates, and settings that change what git does.
#[test]
fn a_hostile_configuration_of_the_user_is_harmless() {
    let sandbox = declared();
    let own = text(sandbox.home().join(".gitconfig"));
    let hook = sandbox.script(sandbox.top().join("hooks/pre-commit"), "#!/bin/sh\nexit 1\n");
    let monitor = sandbox.script(sandbox.top().join("monitor"), "#!/bin/sh\ntouch \"$HOME/monitored\"\nprintf '/\\0'\n");
    sandbox.script(sandbox.top().join("template/hooks/pre-commit"), "#!/bin/sh\nexit 1\n");
    let config = format!(
        "{own}[core]\n\thooksPath = {}\n\tautocrlf = true\n\tpager = false\n\tfsmonitor = {}\n[commit]\n\tgpgSign = true\n\
         [alias]\n\tworktree = !false\n\tbranch = !false\n[color]\n\tui = always\n[status]\n\tshowUntrackedFiles = no\n\
         [submodule]\n\trecurse = true\n[diff]\n\tnoprefix = true\n[init]\n\ttemplateDir = {}\n\
         [checkout]\n\tguess = true\n[branch]\n\tautoSetupMerge = always\n[push]\n\tdefault = nothing\n\
         [worktree]\n\tguessRemote = true\n[gc]\n\tworktreePruneExpire = now\n",
        hook.parent().unwrap().display(),
        monitor.display(),
        sandbox.top().join("template").display()
    );
    std::fs::write(sandbox.home().join(".gitconfig"), config).unwrap();
    let monitored = sandbox.home().join("monitored");
    sandbox.apply().ok();
    sandbox.toml(&TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""));
    sandbox.plan().ok().says("- builders.b");
    assert!(!monitored.exists(), "no monitor is asked, by a writer or a reader");
    sandbox.toml(TWO);
    sandbox.settles();
    assert!(monitored.exists(), "git alone asks it");
    assert!(!text(sandbox.builder("b/.git/hooks/pre-commit")).contains("exit 1\n#"), "no template");
    let upstream = ["config", "branch.builder/b.merge"];
    assert!(!sandbox.try_git(sandbox.path("repos/api"), &upstream).status.success(), "no upstream that nobody declared");
    // What status is told not to show blocks a removal all the same.
    sandbox.write(".builders/b/api/untracked.txt", "mine\n");
    sandbox.toml(&TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""));
    sandbox.apply().fails().says("1 untracked file: untracked.txt");
    assert_eq!(text(sandbox.builder("b/api/untracked.txt")), "mine\n");
}
