//! A restore that is killed before or after any of its writes: the next one goes on, and nothing is lost.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wsctl::apply::restore::Bringing;
use wsctl::git::GitDoor;
use wsctl::model::path::AbsPath;
use wsctl::model::stored::Home;
use wsctl::plan::Options;
use wsctl::plan::restore::{asked, find, restore};
use wsctl::{actual, config, desired};

use crate::support::{Fault, Faulty, Mode, Sandbox, snapshot, text};

/// Far more than any restore has.
const MOST: usize = 100;

/// Every call in the long run of the proofs, every third otherwise: the next test begins at another.
fn calls(first: usize) -> impl Iterator<Item = usize> {
    let full = std::env::var_os("WSCTL_PROOF_FULL").is_some();
    (if full { 0 } else { first }..MOST).step_by(if full { 1 } else { 3 })
}

struct Stage {
    sandbox: Sandbox,
    workspace: &'static str,
    file: &'static str,
    without: &'static str,
}

impl Stage {
    /// A builder with staged, untracked and committed work, and a branch that its removal deletes.
    fn new(workspace: &'static str) -> Self {
        let file = "[builders.slack]\nrepos = [\"api\", \"web\"]\n[builders.stays]\nrepos = [\"web\"]\n";
        let stage = Stage { sandbox: Sandbox::workspace(), workspace, file, without: "[builders.stays]\nrepos = [\"web\"]\n" };
        stage.declare(file);
        stage.sandbox.apply().ok();
        stage
    }

    fn declare(&self, builders: &str) {
        self.sandbox.toml(&format!(
            "[workspace]\n{}\n[repos.api]\n[repos.web]\n{builders}[policy]\nmax_removals = 1000\n",
            self.workspace
        ));
    }

    fn api(&self) -> PathBuf {
        let split = self.sandbox.builder("slack/repos/api");
        if split.exists() { split } else { self.sandbox.builder("slack/api") }
    }

    fn work(&self) {
        let api = self.api();
        std::fs::write(api.join("new.txt"), "new\n").unwrap();
        std::fs::write(api.join("staged.txt"), "staged\n").unwrap();
        self.sandbox.git(&api, &["add", "staged.txt"]);
        self.sandbox.git(&api, &["switch", "-q", "--detach"]);
        self.sandbox.git(&api, &["commit", "-q", "-m", "on no branch"]);
    }

    /// Takes what is not wanted any more to the trash.
    fn remove(&self, builders: &str) {
        self.declare(builders);
        self.sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    }

    /// A restore that dies at this call; whether it came to its end before.
    fn dies(&self, name: &str, at: usize) -> bool {
        let file = AbsPath::new(self.sandbox.path("builders.toml")).unwrap();
        let config = config::load(&file).unwrap();
        let desired = desired::desired(&config, &config::facts(&config).unwrap()).unwrap();
        let actual = actual::read(&desired).unwrap();
        let (entry, only) = find(&actual, &asked(name).unwrap()).unwrap();
        let home = Home { builder: entry.manifest.as_ref().unwrap().builder.clone(), only };
        let stored = actual::stored(&desired, &actual, entry, Some(&home));
        let planned = restore(&desired, &actual, &Options::default(), entry, stored.as_ref(), &home).unwrap();
        assert_eq!(planned.blockers, []);
        let command = self.sandbox.command("git");
        let environment = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), OsString::from(value?))));
        let real = GitDoor::with_environment(&desired.builders_dir, false, environment).unwrap();
        let door = Faulty::new(&real, Some(Fault { call: at, mode: Mode::DieBefore }));
        let workspace = &actual.workspace.mark().unwrap().id;
        let result =
            Bringing { desired: &desired, door: &door, workspace, now: 1_000_000_000, carried: None }.bring_back(&planned);
        let survived = door.calls().len() <= at;
        assert_eq!(result.is_ok(), survived, "{result:?}");
        survived
    }

    /// What git can tell of the builder.
    fn picture(&self, checkouts: &[PathBuf]) -> Vec<String> {
        let look = |path: &PathBuf| {
            [
                &["status", "--porcelain=v2", "--branch", "--ignored"] as &[&str],
                &["reflog"],
                &["diff", "--cached"],
                &["for-each-ref", "refs/heads"],
                &["worktree", "list", "--porcelain"],
            ]
            .map(|arguments| {
                let mut command = self.sandbox.command("git");
                let output = command.env("GIT_OPTIONAL_LOCKS", "0").current_dir(path).args(arguments).output().unwrap();
                assert!(output.status.success(), "{}: {output:?}", path.display());
                String::from_utf8(output.stdout).unwrap()
            })
            .join("\n")
        };
        checkouts.iter().map(look).collect()
    }

    /// Nothing of ours is left beside what there was.
    fn is_tidy(&self) {
        assert_eq!(self.sandbox.trash(), Vec::<PathBuf>::new());
        for repository in ["", "repos/api", "repos/web"] {
            assert_eq!(self.sandbox.git(self.sandbox.path(repository), &["for-each-ref", "refs/wsctl"]), "");
        }
    }
}

/// Kills the restore of `name` at every call; after each the next restore brings everything to where it was.
fn goes_on(stage: &Stage, name: &str, rest: &str, checkouts: &[PathBuf]) {
    stage.work();
    let (builder, picture) = (snapshot(stage.sandbox.builder("slack")), stage.picture(checkouts));
    let mut reached = BTreeSet::new();
    for at in calls(1) {
        stage.remove(rest);
        let survived = stage.dies(name, at);
        let mut over = false;
        if !survived {
            // Until the entry is gone there is something to go on with.
            let again = stage.sandbox.wsctl(&["restore", name, "--auto-approve"]);
            over = again.stderr.contains("the trash holds nothing");
            assert!(again.code == Some(0) || over, "{name}, call {at}\n{again}");
            reached.insert(over);
        }
        assert_eq!(stage.picture(checkouts), picture, "{name}, call {at}");
        let differences = builder.differences(&snapshot(stage.sandbox.builder("slack")));
        let outside_anchor = |path: &&PathBuf| !path.starts_with(".git") && !path.as_os_str().is_empty();
        assert_eq!(differences.iter().find(outside_anchor), None, "{name}, call {at}");
        stage.declare(stage.file);
        stage.sandbox.plan().ok().says("No changes.");
        stage.is_tidy();
        assert!(over || !stage.sandbox.builder(".wsctl/journal").exists());
        if survived {
            assert!(at > 10, "only {at} calls");
            break;
        }
    }
    assert!(reached.contains(&false));
    stage.sandbox.fsck(&["", "repos/api", "repos/web"]);
}

#[test]
fn of_a_whole_builder() {
    let stage = Stage::new("");
    let checkouts = ["slack/workspace-root", "slack/api", "slack/web"].map(|path| stage.sandbox.builder(path));
    goes_on(&stage, "slack", stage.without, &checkouts);
}

#[test]
fn of_a_nested_builder() {
    let stage = Stage::new("layout = \"nested\"");
    let checkouts = ["slack", "slack/repos/api", "slack/repos/web"].map(|path| stage.sandbox.builder(path));
    goes_on(&stage, "slack", stage.without, &checkouts);
}

#[test]
fn of_one_checkout() {
    let stage = Stage::new("");
    let checkouts = ["slack/workspace-root", "slack/api", "slack/web"].map(|path| stage.sandbox.builder(path));
    let rest = "[builders.slack]\nrepos = [\"web\"]\n[builders.stays]\nrepos = [\"web\"]\n";
    goes_on(&stage, "slack/api", rest, &checkouts);
}

#[test]
fn of_one_checkout_out_of_a_whole_builder() {
    let stage = Stage::new("");
    let checkouts = [stage.sandbox.builder("slack/api")];
    let web = "[builders.slack]\nrepos = [\"web\"]\n[builders.stays]\nrepos = [\"web\"]\n";
    stage.work();
    let picture = |stage: &Stage| (stage.picture(&checkouts).join(""), snapshot(&checkouts[0]));
    let before = picture(&stage);
    for at in calls(2) {
        stage.remove(stage.without);
        stage.declare(web);
        stage.sandbox.apply().ok();
        let survived = stage.dies("slack/api", at);
        let again = stage.sandbox.wsctl(&["restore", "slack/api", "--auto-approve"]);
        assert!(again.code == Some(0) || again.stderr.contains("the trash holds nothing"), "call {at}\n{again}");
        let after = picture(&stage);
        assert_eq!(before.0, after.0, "call {at}");
        before.1.assert_same(&after.1);
        stage.declare(stage.file);
        stage.sandbox.plan().ok().says("No changes.");
        if survived {
            stage.sandbox.fsck(&["", "repos/api", "repos/web"]);
            return;
        }
    }
    panic!("it never came to its end");
}

/// The files of the work, wherever they are by now.
fn holders(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            holders(&path, found);
        } else if path.file_name().is_some_and(|name| name == "new.txt") {
            found.push(path);
        }
    }
}

#[test]
fn an_apply_after_it_loses_nothing() {
    let stage = Stage::new("anchor = false");
    stage.work();
    let staged = stage.sandbox.git(stage.api(), &["rev-parse", ":staged.txt"]);
    let commit = stage.sandbox.git(stage.api(), &["rev-parse", "HEAD"]);
    stage.remove(stage.without);
    for at in calls(0) {
        let survived = stage.dies("slack", at);
        stage.sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
        let mut found = Vec::new();
        holders(&stage.sandbox.builder(""), &mut found);
        assert_eq!(found.len(), 1, "call {at}: {found:?}");
        assert_eq!(text(&found[0]), "new\n");
        let api = stage.sandbox.path("repos/api");
        stage.sandbox.git(&api, &["gc", "-q", "--prune=now"]);
        for id in [&staged, &commit] {
            stage.sandbox.git(&api, &["cat-file", "-e", id]);
        }
        let _ = std::fs::remove_file(stage.sandbox.builder(".wsctl/journal"));
        if survived {
            return;
        }
    }
    panic!("it never came to its end");
}
