//! What the next run does about one that was cut short: by its journal, and by nothing else.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use wsctl::actual::boot;
use wsctl::model::clock::Boot;
use wsctl::model::journal::{Header, Intent, Journal, Leaving};
use wsctl::model::mark::{Deed, OurLock};
use wsctl::model::name::{BranchName, BuilderName, RepoName};
use wsctl::model::path::{AbsPath, RelPath};

use crate::support::{Sandbox, TOKEN, hash, snapshot, text};

const STAYS: &str = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n";
const WORK: &str = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n[builders.work]\nrepos = [\"api\"]\n";

fn made(toml: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(toml);
    sandbox.apply().ok();
    sandbox
}

fn abs(path: impl Into<PathBuf>) -> AbsPath {
    AbsPath::new(path).unwrap()
}

fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

impl Sandbox {
    fn adding(&self, name: &str, makes: bool) -> Intent {
        Intent::Checkout {
            builder: BuilderName::new(name).unwrap(),
            repository: RepoName::new("api").unwrap(),
            main: abs(self.path("repos/api")),
            path: abs(self.builder(name).join("api")),
            stem: format!("{name}.api-1600000000"),
            branch: Some(branch(&format!("builder/{name}"))),
            makes,
            start: Some(self.rev("repos/api", "main")),
        }
    }

    fn mark_of(&self, checkout: &str) -> serde_json::Value {
        let admin = self.git(self.builder(checkout), &["rev-parse", "--absolute-git-dir"]);
        serde_json::from_str(&text(Path::new(&admin).join("wsctl.json"))).unwrap()
    }

    /// Nothing of a cut-short run is left.
    #[track_caller]
    fn swept(&self) {
        assert!(!self.journal().exists());
        self.converged();
        self.fsck(&["", "repos/api"]);
    }
}

#[test]
fn a_branch_that_nothing_came_to_use_is_made_again_as_ours() {
    let sandbox = made(STAYS);
    sandbox.toml(WORK);
    sandbox.apply().ok();
    let mark = sandbox.mark_of("work/api");
    let id = sandbox.workspace_id();
    sandbox.toml(STAYS);
    sandbox.apply().ok();
    let origin = format!("branch: Created from origin/main (wsctl {id})");
    sandbox.git("repos/api", &["update-ref", "--create-reflog", "-m", &origin, "refs/heads/builder/work", "main"]);
    sandbox.toml(WORK);
    sandbox.cut_short(&[sandbox.adding("work", true)]);
    sandbox.plan().ok().says("new branch builder/work").says("was cut short");
    sandbox.apply().ok().says("Cleaned up after an apply that was cut short");
    let again = sandbox.mark_of("work/api");
    assert_eq!((&again["made_branch"], &again["base"]), (&mark["made_branch"], &mark["base"]));
    sandbox.swept();
}

/// Cut short when the branch of `work/api` was made, and nothing that uses it.
fn left_with_a_branch() -> Sandbox {
    let sandbox = made(STAYS);
    let origin = format!("branch: Created from origin/main (wsctl {})", sandbox.workspace_id());
    sandbox.git("repos/api", &["update-ref", "--create-reflog", "-m", &origin, "refs/heads/builder/work", "main"]);
    sandbox.cut_short(&[sandbox.adding("work", true)]);
    sandbox
}

#[test]
fn a_branch_that_nobody_wants_any_more_goes() {
    for declared in [STAYS, "[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n"] {
        let sandbox = left_with_a_branch();
        sandbox.toml(declared);
        sandbox.apply().ok();
        assert!(!sandbox.branches("repos/api").contains(&"builder/work".to_owned()), "{declared}");
        assert!(!sandbox.journal().exists());
    }
}

#[test]
fn what_is_left_where_a_repository_was_and_where_it_is_declared_now_goes() {
    let sandbox = made(STAYS);
    sandbox.git(sandbox.root(), &["clone", "-q", "repos/api", "moved/api"]);
    let origin = format!("branch: Created from origin/main (wsctl {})", sandbox.workspace_id());
    let places = ["repos/api", "moved/api"];
    let intents = places.map(|place| {
        sandbox.git(place, &["update-ref", "--create-reflog", "-m", &origin, "refs/heads/builder/work", "main"]);
        sandbox.git(place, &["branch", "-q", "theirs"]);
        let Intent::Checkout { builder, repository, path, stem, branch, makes, start, .. } = sandbox.adding("work", true) else {
            unreachable!()
        };
        let main = abs(sandbox.path(place));
        Intent::Checkout { builder, repository, main, path, stem, branch, makes, start }
    });
    sandbox.cut_short(&intents);
    sandbox.toml("[repos.api]\npath = \"moved/api\"\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n");
    sandbox.apply().ok().says("Cleaned up");
    for place in places {
        assert_eq!(sandbox.branches(place), ["main", "theirs"], "{place}");
        assert!(sandbox.path(place).join(".git/wsctl.lock").exists(), "{place} was written to under its lock");
    }
    assert!(!sandbox.journal().exists());
}

#[test]
fn what_is_left_in_a_repository_that_cannot_be_read_waits_for_it() {
    for declared in [STAYS, "[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n"] {
        let sandbox = left_with_a_branch();
        sandbox.toml(declared);
        let (api, away) = (sandbox.path("repos/api"), sandbox.top().join("away"));
        // What is mounted there is not.
        fs::rename(&api, &away).unwrap();
        fs::create_dir(&api).unwrap();
        let answer = sandbox.apply();
        assert!(answer.stderr.contains("repos/api cannot be read"), "{answer}");
        assert!(sandbox.journal().exists(), "it is looked at again");
        fs::remove_dir(&api).unwrap();
        fs::rename(&away, &api).unwrap();
        sandbox.apply().ok().says("Cleaned up");
        assert!(!sandbox.branches("repos/api").contains(&"builder/work".to_owned()), "{declared}");
        assert!(!sandbox.journal().exists());
        sandbox.cut_short(&[sandbox.adding("work", true)]);
        fs::rename(&api, &away).unwrap();
        let answer = sandbox.apply();
        assert!(!sandbox.journal().exists(), "what is gone leaves nothing to clean up: {answer}");
    }
}

#[test]
fn a_repository_that_the_journal_speaks_of_only_when_its_lock_is_had_is_locked_too() {
    let sandbox = made(STAYS);
    sandbox.git(sandbox.root(), &["clone", "-q", "repos/api", "other"]);
    sandbox.cut_short(&[]);
    let lock = fs::File::open(sandbox.builder(".wsctl/lock")).unwrap();
    lock.lock().unwrap();
    let mut wsctl = sandbox.program();
    wsctl.args(["apply", "--auto-approve", "--lock-timeout", "60s"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut wsctl = wsctl.spawn().unwrap();
    let mut said = BufReader::new(wsctl.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().starts_with("waiting: "));
    let Intent::Checkout { builder, path, stem, branch, makes, start, .. } = sandbox.adding("work", true) else { unreachable!() };
    let (repository, main) = (RepoName::new("other").unwrap(), abs(sandbox.path("other")));
    sandbox.cut_short(&[Intent::Checkout { builder, repository, main, path, stem, branch, makes, start }]);
    lock.unlock().unwrap();
    assert!(said.any(|line| line.unwrap().contains("Cleaned up")));
    assert!(wsctl.wait().unwrap().success());
    assert!(sandbox.path("other/.git/wsctl.lock").exists());
}

#[test]
fn a_branch_of_that_name_that_is_somebody_elses_stays() {
    let sandbox = made(STAYS);
    sandbox.git("repos/api", &["branch", "builder/work", "main"]);
    sandbox.cut_short(&[sandbox.adding("work", true)]);
    sandbox.apply().ok();
    assert!(sandbox.branches("repos/api").contains(&"builder/work".to_owned()));
    sandbox.swept();
}

#[test]
fn a_branch_with_commits_since_then_stays() {
    let sandbox = made(STAYS);
    let origin = format!("branch: Created from origin/main (wsctl {})", sandbox.workspace_id());
    sandbox.git("repos/api", &["update-ref", "--create-reflog", "-m", &origin, "refs/heads/builder/work", "main"]);
    let moved = sandbox.git("repos/api", &["commit-tree", "-p", "main", "-m", "more", "main^{tree}"]);
    sandbox.git("repos/api", &["update-ref", "refs/heads/builder/work", &moved]);
    sandbox.cut_short(&[sandbox.adding("work", true)]);
    sandbox.apply().ok();
    assert_eq!(sandbox.rev("repos/api", "builder/work").as_str(), moved);
    sandbox.swept();
}

#[test]
fn lock_files_of_a_killed_git_go_and_those_from_before_stay() {
    let sandbox = made(STAYS);
    sandbox.toml(WORK);
    let own = sandbox.path("repos/api/.git/refs/heads/builder/work.lock");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, "").unwrap();
    let other = sandbox.path("repos/api/.git/refs/heads/other.lock");
    fs::write(&other, "").unwrap();
    sandbox.apply().fails().says("work.lock");
    assert!(own.exists(), "without a journal nobody knows whose it is");
    sandbox.cut_short(&[sandbox.adding("work", true)]);
    sandbox.apply().ok();
    assert!(!own.exists() && other.exists());
    fs::remove_file(other).unwrap();
    sandbox.swept();
}

/// A git that has prepared to make a branch: it holds the lock file, which it has closed.
fn preparing(sandbox: &Sandbox, directory: &Path, branch: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut git = sandbox.command("git");
    git.arg("-C").arg(directory).args(["update-ref", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut git = git.spawn().unwrap();
    let create = format!("start\ncreate refs/heads/{branch} {}\nprepare\n", sandbox.rev("repos/api", "main"));
    git.stdin.as_mut().unwrap().write_all(create.as_bytes()).unwrap();
    let mut said = BufReader::new(git.stdout.take().unwrap()).lines();
    assert_eq!([said.next().unwrap().unwrap(), said.next().unwrap().unwrap()], ["start: ok", "prepare: ok"]);
    (git, said)
}

#[test]
fn lock_files_of_a_git_that_lives_stay_until_it_ends() {
    if !Path::new("/proc/self/fd").exists() {
        return crate::support::skip("there is no /proc here");
    }
    let sandbox = made(STAYS);
    let mine = sandbox.top().join("mine");
    sandbox.git("repos/api", &["worktree", "add", "-q", "-b", "mine", mine.to_str().unwrap()]);
    let lock = sandbox.path("repos/api/.git/refs/heads/builder/work.lock");
    for directory in [&mine, &sandbox.path("repos/api")] {
        let (mut git, mut said) = preparing(&sandbox, directory, "builder/work");
        assert!(lock.exists());
        sandbox.cut_short(&[sandbox.adding("work", true)]);
        let answer = sandbox.apply();
        assert!(answer.stderr.contains(&format!("work.lock is in use by git ({})", git.id())), "{answer}");
        assert!(sandbox.journal().exists(), "it is looked at again");
        git.stdin.as_mut().unwrap().write_all(b"commit\n").unwrap();
        drop(git.stdin.take());
        assert_eq!(said.next().unwrap().unwrap(), "commit: ok");
        assert!(git.wait().unwrap().success());
        assert!(sandbox.branches("repos/api").contains(&"builder/work".to_owned()));
        sandbox.git("repos/api", &["branch", "-q", "-D", "builder/work"]);
        sandbox.apply().ok().says("Cleaned up");
        sandbox.swept();
    }
}

#[test]
fn lock_files_of_a_killed_git_go_though_a_shell_sits_in_a_worktree() {
    let sandbox = made(WORK);
    let mut shell = sandbox.command("tail");
    let mut shell =
        shell.args(["-f", "/dev/null"]).current_dir(sandbox.builder("work/api")).stdout(Stdio::null()).spawn().unwrap();
    let locks = ["config.lock".to_owned(), format!("refs/wsctl/{}/work.api-1/api.lock", sandbox.workspace_id())];
    let locks = locks.map(|lock| sandbox.path(format!("repos/api/.git/{lock}")));
    for lock in &locks {
        fs::create_dir_all(lock.parent().unwrap()).unwrap();
        fs::write(lock, "").unwrap();
    }
    sandbox.cut_short(&[sandbox.adding("more", true)]);
    sandbox.apply().ok();
    shell.kill().unwrap();
    shell.wait().unwrap();
    assert_eq!(locks.map(|lock| lock.exists()), [false, false]);
    sandbox.swept();
}

#[test]
fn a_journal_that_was_cut_short_before_it_was_one_leaves_nothing() {
    let sandbox = made(STAYS);
    let (left, other) = (format!(".builders/.wsctl/.wsctl-{TOKEN}-aBcDeF"), ".builders/.wsctl/.wsctl-notes");
    sandbox.write(&left, "{\"version\":1");
    sandbox.write(other, "somebody's\n");
    sandbox.toml(WORK);
    sandbox.apply().ok();
    assert!(!sandbox.path(&left).exists());
    assert_eq!(text(sandbox.path(other)), "somebody's\n");
}

#[test]
fn registrations_that_git_had_only_begun_go() {
    let sandbox = made(WORK);
    let worktrees = sandbox.path("repos/api/.git/worktrees");
    let lock = OurLock {
        workspace: sandbox.workspace_id(),
        deed: Deed::Creating { made_branch: true, start: sandbox.rev("repos/api", "main") },
    };
    fs::create_dir(worktrees.join("begun")).unwrap();
    fs::write(worktrees.join("begun/locked"), format!("{lock}\n")).unwrap();
    fs::create_dir(worktrees.join("empty")).unwrap();
    fs::create_dir(worktrees.join("theirs")).unwrap();
    fs::write(worktrees.join("theirs/locked"), "mine\n").unwrap();
    sandbox.cut_short(&[sandbox.adding("other", true)]);
    sandbox.apply().ok();
    let left = |name: &str| worktrees.join(name).exists();
    assert_eq!([left("begun"), left("empty"), left("theirs"), left("api")], [false, false, true, true]);
    fs::remove_dir_all(worktrees.join("theirs")).unwrap();
    sandbox.swept();
}

#[test]
fn temporaries_with_the_token_go_and_others_stay() {
    let sandbox = made(WORK);
    let admin = PathBuf::from(sandbox.git(sandbox.builder("work/api"), &["rev-parse", "--absolute-git-dir"]));
    let places = [
        sandbox.builder(""),
        sandbox.builder(".wsctl"),
        sandbox.path("repos/api/.git"),
        admin,
        sandbox.builder("work/.git"),
        sandbox.builder("work/api"),
    ];
    for place in &places {
        fs::write(place.join(format!(".wsctl-{TOKEN}-abc")), "half").unwrap();
    }
    let gone = sandbox.path(format!("repos/api/.git/.wsctl-{TOKEN}-gone"));
    fs::create_dir_all(gone.join("logs")).unwrap();
    let other = sandbox.path("repos/api/.git/.wsctl-fedcba9876543210-abc");
    fs::write(&other, "somebody's").unwrap();
    let clone = sandbox.path(format!("repos/.wsctl-{TOKEN}-clone-new"));
    sandbox.git(sandbox.root(), &["init", "-q", clone.to_str().unwrap()]);
    sandbox.cut_short(&[Intent::Clone { path: abs(sandbox.path("repos/new")) }]);
    sandbox.apply().ok();
    for place in &places {
        assert!(!place.join(format!(".wsctl-{TOKEN}-abc")).exists(), "{}", place.display());
    }
    assert!(!gone.exists() && !clone.exists() && other.exists());
    fs::remove_file(other).unwrap();
    sandbox.swept();
}

/// A managed file whose exchange was cut short, with `aside` under the temporary's name.
fn exchanged(aside: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.write("shared.md", "one\n");
    sandbox.toml(&format!("{WORK}[[files]]\nfrom = \"shared.md\"\nto = \"docs/shared.md\"\n"));
    sandbox.apply().ok();
    sandbox.write("shared.md", "two\n");
    sandbox.write(".builders/work/docs/shared.md", "two\n");
    sandbox.write(format!(".builders/work/docs/.wsctl-{TOKEN}-file-{:.16}-1", hash("shared.md")), aside);
    sandbox.cut_short(&[Intent::File {
        builder: abs(sandbox.builder("work")),
        to: RelPath::new("docs/shared.md").unwrap(),
        old: Some(hash("one\n")),
        new: Some(hash("two\n")),
    }]);
    sandbox
}

#[test]
fn what_a_managed_file_was_before_goes_and_what_somebody_saved_meanwhile_stays() {
    let sandbox = exchanged("one\n");
    sandbox.apply().ok().never_says("was edited");
    assert_eq!(fs::read_dir(sandbox.builder("work/docs")).unwrap().count(), 1);
    sandbox.swept();
    let sandbox = exchanged("saved by an editor\n");
    sandbox.apply().ok().says("was edited while it was written");
    assert_eq!(text(sandbox.builder(".wsctl/replaced/shared.md-1")), "saved by an editor\n");
    assert_eq!(text(sandbox.builder("work/docs/shared.md")), "two\n");
    sandbox.swept();
}

#[test]
fn what_was_begun_of_a_file_is_never_taken_for_another_beside_it() {
    let sandbox = made(WORK);
    let begun = |name: &str, old: Option<&str>, new: Option<&str>| Intent::File {
        builder: abs(sandbox.builder("work")),
        to: RelPath::new(&format!("skills/{name}")).unwrap(),
        old: old.map(hash),
        new: new.map(hash),
    };
    sandbox.write("skills/stays", "stays\n");
    sandbox.write("skills/gone", "gone\n");
    sandbox.toml(&format!("{WORK}[[files]]\nfrom = \"skills\"\nto = \"skills\"\n"));
    sandbox.apply().ok();
    // Killed when one was deleted and another written beside it, not yet under its name.
    std::fs::remove_file(sandbox.path("skills/gone")).unwrap();
    std::fs::remove_file(sandbox.builder("work/skills/gone")).unwrap();
    sandbox.write("skills/new", "new\n");
    sandbox.write(format!(".builders/work/skills/.wsctl-{TOKEN}-file-{:.16}-1", hash("new")), "new\n");
    sandbox.cut_short(&[begun("gone", Some("gone\n"), None), begun("new", None, Some("new\n"))]);
    sandbox.apply().ok();
    assert!(!sandbox.builder("work/skills/gone").exists());
    assert_eq!(text(sandbox.builder("work/skills/new")), "new\n");
    sandbox.swept();
}

#[test]
fn a_file_that_was_there_before_is_never_deleted_and_one_of_ours_is() {
    let files = "[[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n";
    for ours in [false, true] {
        let sandbox = made(WORK);
        sandbox.write("shared.md", "one\n");
        sandbox.write(".builders/work/shared.md", "one\n");
        sandbox.toml(&format!("{WORK}{files}"));
        if ours {
            // Killed between the file and its mark.
            sandbox.cut_short(&[Intent::File {
                builder: abs(sandbox.builder("work")),
                to: RelPath::new("shared.md").unwrap(),
                old: None,
                new: Some(hash("one\n")),
            }]);
        }
        sandbox.apply().ok().says(if ours { "copy of shared.md" } else { "adopt: already as declared" });
        sandbox.write("shared.md", "two\n");
        sandbox.apply().ok();
        assert_eq!(text(sandbox.builder("work/shared.md")), "two\n");
        let aside = sandbox.builder(".wsctl/replaced/shared.md-1");
        // What no repository keeps goes nowhere else, whoever made it.
        assert_eq!(text(aside), "one\n");
        sandbox.toml(WORK);
        sandbox.apply().ok();
        assert!(!sandbox.builder("work/shared.md").exists());
        sandbox.wsctl(&["plan"]).says("No changes");
    }
    let sandbox = made(WORK);
    sandbox.write("shared.md", "one\n");
    sandbox.write(".builders/work/shared.md", "one\n");
    sandbox.toml(&format!("{WORK}{files}"));
    sandbox.apply().ok();
    sandbox.toml(WORK);
    sandbox.apply().ok().says("it stays, it was there before");
    assert_eq!(text(sandbox.builder("work/shared.md")), "one\n");
    sandbox.wsctl(&["plan"]).says("No changes");
}

/// `work/api` half-way between two branches, and what the journal says of it.
fn half_switched() -> (Sandbox, Intent) {
    let sandbox = Sandbox::workspace();
    let toml = |branch: &str| {
        format!("[repos.api]\n[repos.web]\n[builders.work]\nrepos = [\"api\"]\nbranch = \"{branch}\"\ninclude_root = false\n")
    };
    sandbox.two_branches();
    sandbox.toml(&toml("one"));
    sandbox.apply().ok();
    sandbox.toml(&toml("two"));
    let intent = sandbox.half_switched("work/api");
    (sandbox, intent)
}

#[test]
fn a_switch_that_was_cut_short_is_taken_back_and_made_again() {
    let (sandbox, intent) = half_switched();
    sandbox.cut_short(&[intent]);
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("work/api"), &["branch", "--show-current"]), "two");
    assert_eq!(sandbox.git(sandbox.builder("work/api"), &["status", "--porcelain"]), "");
    sandbox.swept();
}

#[test]
fn a_switch_of_a_sparse_checkout_that_was_cut_short_is_taken_back_also_a_second_time() {
    let (sandbox, intent) = half_switched();
    let api = sandbox.builder("work/api");
    let admin = sandbox.git(&api, &["rev-parse", "--absolute-git-dir"]);
    let lock = Path::new(&admin).join("index.lock");
    fs::remove_file(&lock).unwrap();
    sandbox.git(&api, &["read-tree", "--reset", "-u", "HEAD"]);
    sandbox.git(&api, &["sparse-checkout", "set", "--no-cone", "/*", "!/c.txt", "!/only"]);
    assert!(!api.join("c.txt").exists());
    fs::write(api.join("a.txt"), "a line of").unwrap();
    // An undoing that was cut short itself leaves a part of what was there before.
    fs::write(api.join("b.txt"), "ol").unwrap();
    fs::write(lock, "half").unwrap();
    sandbox.cut_short(&[intent]);
    sandbox.apply().ok();
    assert_eq!(sandbox.git(&api, &["branch", "--show-current"]), "two");
    assert_eq!(sandbox.git(&api, &["status", "--porcelain"]), "");
    assert!(!api.join("c.txt").exists() && !api.join("only").exists());
    sandbox.swept();
}

#[test]
fn what_is_written_while_a_switch_is_taken_back_stays() {
    let (sandbox, intent) = half_switched();
    sandbox.cut_short(&[intent]);
    let file = sandbox.builder("work/api/a.txt");
    let seen = sandbox.top().join("seen");
    // When every file was looked at, somebody writes to one.
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' ls-files -t '*) [ -e '{0}' ] && echo more >>'{1}'; touch '{0}';; esac\n\
         PATH=\"${{PATH#*:}}\" exec git \"$@\"\n",
        seen.display(),
        file.display()
    );
    let path = sandbox.path_with_git(&script);
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
    assert!(answer.stderr.contains("was changed since the switch was cut short"), "{answer}");
    assert!(text(&file).ends_with("more\n"));
}

#[test]
fn a_switch_that_was_cut_short_is_left_where_somebody_worked_on() {
    for staged in [false, true] {
        let (sandbox, intent) = half_switched();
        let file = if staged { "new.txt" } else { "c.txt" };
        sandbox.write(format!(".builders/work/api/{file}"), "somebody's work\n");
        if staged {
            let admin = sandbox.git(sandbox.builder("work/api"), &["rev-parse", "--absolute-git-dir"]);
            fs::remove_file(Path::new(&admin).join("index.lock")).unwrap();
            sandbox.git(sandbox.builder("work/api"), &["add", "new.txt"]);
            fs::remove_file(sandbox.builder("work/api/new.txt")).unwrap();
        }
        let before = snapshot(sandbox.builder("work/api"));
        sandbox.cut_short(&[intent]);
        sandbox.apply().fails().says("was changed since the switch was cut short");
        before.assert_same(&snapshot(sandbox.builder("work/api")));
        assert!(sandbox.journal().exists(), "it is still to be settled");
    }
}

/// The branch of a removal is there again; what the journal says of the removal.
fn removed() -> (Sandbox, Intent) {
    let sandbox = made(WORK);
    let id = sandbox.rev("repos/api", "builder/work");
    sandbox.toml(STAYS);
    let admin_dir = sandbox.git(sandbox.builder("work/api"), &["rev-parse", "--absolute-git-dir"]);
    sandbox.apply().ok();
    sandbox.git("repos/api", &["update-ref", "--create-reflog", "refs/heads/builder/work", id.as_str()]);
    let entry = sandbox.trashed().file_name().unwrap().to_str().unwrap().to_owned();
    let leaving = Leaving {
        repository: RepoName::new("api").unwrap(),
        main: abs(sandbox.path("repos/api")),
        common_dir: abs(sandbox.path("repos/api/.git")),
        admin_dir: abs(admin_dir),
        lock: None,
        branch: Some((branch("builder/work"), id)),
    };
    let path = abs(sandbox.builder("work"));
    let own_files = vec![abs(sandbox.builder(".ignore"))];
    (sandbox, Intent::Remove { stem: entry, path, checkouts: vec![leaving], own_files })
}

#[test]
fn what_was_made_again_since_a_removal_was_cut_short_stays() {
    let (sandbox, intent) = removed();
    sandbox.write(".builders/.ignore", "!/*/repos/\nmine\n");
    sandbox.cut_short(&[intent]);
    let answer = sandbox.apply().ok();
    assert!(answer.stderr.contains("branch builder/work was made again meanwhile"), "{answer}");
    assert!(sandbox.branches("repos/api").contains(&"builder/work".to_owned()));
    assert_eq!(text(sandbox.builder(".ignore")), "!/*/repos/\nmine\n");
    sandbox.swept();
}

#[test]
fn a_removal_whose_branch_was_still_to_go_is_finished() {
    let (sandbox, intent) = removed();
    fs::remove_dir_all(sandbox.trashed().join("branch")).unwrap();
    sandbox.write(".builders/.ignore", "!/*/repos/\n");
    sandbox.cut_short(&[intent]);
    sandbox.apply().ok();
    assert!(!sandbox.builder(".ignore").exists());
    assert!(!sandbox.branches("repos/api").contains(&"builder/work".to_owned()));
    assert!(sandbox.trashed().join("branch/api/config").exists());
    sandbox.swept();
}

#[test]
fn a_removal_that_had_not_moved_anything_is_called_off() {
    let sandbox = made(WORK);
    let api = sandbox.builder("work/api");
    let admin_dir = sandbox.git(&api, &["rev-parse", "--absolute-git-dir"]);
    let entry = "work-1600000000-2";
    fs::create_dir_all(sandbox.builder(".wsctl/trash").join(entry)).unwrap();
    let keeper = format!("refs/wsctl/{}/{entry}/api", sandbox.workspace_id());
    sandbox.git("repos/api", &["update-ref", &keeper, "main"]);
    let lock = OurLock { workspace: sandbox.workspace_id(), deed: Deed::Removing { entry: entry.into() } };
    fs::write(Path::new(&admin_dir).join("locked"), format!("{lock}\n")).unwrap();
    let path = abs(sandbox.builder("work"));
    sandbox.cut_short(&[Intent::Remove { stem: "work-1600000000".into(), path, checkouts: vec![], own_files: vec![] }]);
    sandbox.apply().ok();
    assert!(!Path::new(&admin_dir).join("locked").exists());
    assert_eq!(sandbox.git("repos/api", &["for-each-ref", "refs/wsctl"]), "");
    assert_eq!(sandbox.trash(), Vec::<PathBuf>::new());
    sandbox.swept();
}

#[test]
fn what_had_not_begun_in_this_boot_is_left_alone() {
    let sandbox = made(STAYS);
    let origin = format!("branch: Created from origin/main (wsctl {})", sandbox.workspace_id());
    sandbox.git("repos/api", &["update-ref", "--create-reflog", "-m", &origin, "refs/heads/builder/work", "main"]);
    let Some(now) = boot() else { return crate::support::skip("the system does not tell its boot") };
    let mut bytes = Journal::begin(&sandbox.header(Some(now), 1), &[sandbox.adding("work", true)]).unwrap();
    fs::write(sandbox.journal(), &bytes).unwrap();
    sandbox.apply().ok();
    assert!(sandbox.branches("repos/api").contains(&"builder/work".to_owned()));
    bytes.extend(Journal::begun(0).bytes());
    fs::write(sandbox.journal(), &bytes).unwrap();
    sandbox.toml(WORK);
    sandbox.apply().ok();
    sandbox.swept();
}

#[test]
fn a_journal_that_cannot_be_read_or_is_a_copys_is_set_aside() {
    for copied in [false, true] {
        let sandbox = made(WORK);
        if copied {
            let mut header = sandbox.header(None, 0);
            header.builders_dir = abs(sandbox.top().join("elsewhere/.builders"));
            fs::write(sandbox.journal(), Journal::begin(&header, &[]).unwrap()).unwrap();
        } else {
            fs::write(sandbox.journal(), "{\"version\":1,").unwrap();
        }
        sandbox.plan().ok().says("sets it aside");
        sandbox.apply().ok().says("is set aside");
        assert!(sandbox.builder(".wsctl/replaced/journal-1").exists());
        sandbox.swept();
    }
}

#[test]
fn a_journal_cut_at_any_byte_is_read_as_far_as_it_goes() {
    let sandbox = made(WORK);
    let intents = [sandbox.adding("a", true), Intent::Clone { path: abs(sandbox.path("repos/new")) }];
    let boot = Boot { id: "this one".into(), uptime: 1 };
    let mut bytes = Journal::begin(&sandbox.header(Some(boot.clone()), 2), &intents).unwrap();
    let whole = bytes.len();
    for note in [Journal::begun(0), Journal::begun(1), Journal::done(0), Journal::done(1)] {
        bytes.extend(note.bytes());
    }
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    for end in 0..=bytes.len() {
        let read = Journal::parse(&bytes[..end], Some(&boot));
        assert_eq!(read.is_some(), end > header, "{end}");
        let Some(journal) = read else { continue };
        assert_eq!(journal.damaged, end < whole, "{end}");
        assert!(journal.open.iter().all(|intent| intents.contains(intent)));
        if end >= whole {
            let done = bytes[whole..end].split_inclusive(|byte| *byte == b'\n');
            let done = done.filter(|line| line.starts_with(b"-") && line.ends_with(b"\n")).count();
            // What has not begun has not, in the same boot.
            let begun = bytes[whole..end].split_inclusive(|byte| *byte == b'\n');
            let begun = begun.filter(|line| line.starts_with(b"+") && line.ends_with(b"\n")).count();
            assert_eq!(journal.open.len(), begun - done, "{end}");
            let later = Journal::parse(&bytes[..end], Some(&Boot { id: "a later one".into(), uptime: 1 })).unwrap();
            assert_eq!(later.open, intents, "{end}: nothing is certain");
        }
    }
}

#[test]
fn a_git_that_outlives_its_wsctl_keeps_the_lock_and_is_waited_for() {
    let sandbox = made(STAYS);
    let (gate, reached) = (sandbox.top().join("gate"), sandbox.top().join("reached"));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *'worktree add'*) : > '{}'; read -r line < '{}';; esac\nPATH=\"${{PATH#*:}}\" exec git \"$@\"\n",
        reached.display(),
        gate.display()
    );
    let path = sandbox.path_with_git(&script);
    sandbox.toml(WORK);
    assert!(sandbox.command("mkfifo").arg(&gate).status().unwrap().success());
    let mut child: Command = sandbox.program();
    child.args(["apply", "--auto-approve"]).env("PATH", &path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !reached.exists() {
        assert!(std::time::Instant::now() < until, "git was never called");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "0s"]).fails();
    assert!(answer.stderr.contains("a git that it started still works"), "{answer}");
    sandbox.plan().ok().says("was cut short");
    fs::write(&gate, "go on\n").unwrap();
    sandbox.wsctl(&["apply", "--auto-approve", "--lock-timeout", "60s"]).ok();
    sandbox.swept();
}

/// Killed when git has cloned `new`, and before that is renamed to its place.
fn cloned() -> (Sandbox, PathBuf) {
    let sandbox = made(STAYS);
    let script = "#!/bin/sh\nPATH=\"${PATH#*:}\" git \"$@\"; code=$?\n\
        case \" $* \" in *' clone '*) kill -KILL $PPID;; esac\nexit $code\n";
    let path = sandbox.path_with_git(script);
    sandbox.toml(&format!("{STAYS}[repos.new]\nurl = \"{}\"\n", sandbox.path("repos/api").display()));
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
    assert_eq!(answer.code, None, "{answer}");
    let mut repos = fs::read_dir(sandbox.path("repos")).unwrap().map(|entry| entry.unwrap().path());
    let draft = repos.find(|path| path.to_string_lossy().contains("-clone-new")).unwrap();
    sandbox.plan().never_says("clone-new");
    (sandbox, draft)
}

#[test]
fn a_clone_that_was_cut_short_goes_unless_somebody_worked_in_it() {
    let (sandbox, draft) = cloned();
    fs::remove_file(draft.join("README.md")).unwrap();
    sandbox.apply().ok().says("Cleaned up").never_says("somebody worked");
    assert!(!draft.exists() && sandbox.path("repos/new/README.md").exists());
    let deeds: [fn(&Sandbox, &Path); 5] = [
        |_, draft| fs::write(draft.join("README.md"), "edited\n").unwrap(),
        |_, draft| fs::write(draft.join("untracked"), "mine\n").unwrap(),
        |sandbox, draft| drop(sandbox.git(draft, &["commit", "-q", "--allow-empty", "-m", "mine"])),
        |sandbox, draft| drop(sandbox.git(draft, &["rm", "-q", "--cached", "README.md"])),
        |sandbox, draft| {
            fs::write(draft.join("README.md"), "edited\n").unwrap();
            sandbox.git(draft, &["stash", "-q"]);
        },
    ];
    for deed in deeds {
        let (sandbox, draft) = cloned();
        deed(&sandbox, &draft);
        let told = |place: &Path| {
            let asked: [&[&str]; 3] = [&["status", "--porcelain"], &["log", "--format=%s %H"], &["stash", "show", "-p"]];
            asked.map(|arguments| String::from_utf8(sandbox.try_git(place, arguments).stdout).unwrap())
        };
        let before = told(&draft);
        let answer = sandbox.apply().ok();
        assert!(answer.stderr.contains("somebody worked in a clone"), "{answer}");
        assert_eq!(told(&sandbox.path("repos/new.cut-short-1")), before);
        assert!(sandbox.path("repos/new/README.md").exists());
    }
}

/// What lies beside a clone under any other name is somebody's.
#[test]
fn a_clone_deletes_nothing_beside_it() {
    let sandbox = made(STAYS);
    sandbox.write("repos/.new.wsctl-clone/mine", "mine\n");
    sandbox.toml(&format!("{STAYS}[repos.new]\nurl = \"{}\"\n", sandbox.path("repos/api").display()));
    sandbox.apply().ok();
    assert_eq!(text(sandbox.path("repos/.new.wsctl-clone/mine")), "mine\n");
}

#[test]
fn a_journal_of_another_file_waits_for_that_file() {
    let sandbox = made(STAYS);
    let clone = sandbox.path(format!("repos/.wsctl-{TOKEN}-clone-new"));
    sandbox.git(sandbox.root(), &["init", "-q", clone.to_str().unwrap()]);
    sandbox.cut_short(&[Intent::Clone { path: abs(sandbox.path("repos/new")) }]);
    sandbox.write("other.toml", &format!("version = 1\n{WORK}"));
    sandbox.wsctl(&["-f", "other.toml", "apply", "--auto-approve"]).says("`wsctl -f").says("cleans up after it");
    assert!(clone.exists());
    sandbox.apply().says("Cleaned up");
    assert!(!clone.exists() && !sandbox.journal().exists());
}

#[test]
fn a_newer_journal_is_not_written_over_by_a_run_that_carries_an_older_one() {
    let sandbox = made(STAYS);
    sandbox.write("other.toml", &format!("version = 1\n{WORK}"));
    let clone = |name: &str| Intent::Clone { path: abs(sandbox.path(format!("repos/{name}"))) };
    let left = sandbox.path("repos/.wsctl-fedcba9876543210-clone-newer");
    sandbox.git(sandbox.root(), &["init", "-q", left.to_str().unwrap()]);
    let before = Boot { id: "an earlier one".into(), uptime: 1 };
    let newer = Header { tokens: vec!["fedcba9876543210".into()], ..sandbox.header(Some(before), 1) };
    let newer = Journal::begin(&newer, &[clone("newer")]).unwrap();
    fs::write(sandbox.path("newer"), &newer).unwrap();
    sandbox.cut_short(&[clone("older")]);
    // When git is asked whether it can do what was planned, the older journal was looked at.
    let (root, real) = (sandbox.root().display().to_string(), std::env::var("PATH").unwrap());
    let path = sandbox.path_with_git(&format!(
        "#!/bin/sh\nif [ \"$*\" = --version ]; then\ncp '{root}/newer' '{root}/.builders/.wsctl/journal'\nfi\n\
         PATH='{real}'\nexec git \"$@\"\n"
    ));
    let arguments = ["-f", "other.toml", "apply", "--auto-approve"];
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", path.as_os_str())], &arguments).fails();
    answer.says("an apply was cut short meanwhile, nothing was begun");
    assert_eq!(fs::read(sandbox.journal()).unwrap(), newer);
    sandbox.apply().says("Cleaned up");
    assert!(!left.exists() && !sandbox.journal().exists());
}

/// A checkout on `one`, declared on `two`, which tracks a file that `one` ignores.
fn to_switch() -> Sandbox {
    let sandbox = Sandbox::workspace();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["switch", "-q", "-c", "one", "main"]);
    sandbox.write("repos/api/.gitignore", "kept.txt\n");
    sandbox.commit(&api, "one");
    sandbox.git(&api, &["switch", "-q", "-c", "two"]);
    sandbox.write("repos/api/kept.txt", "what the branch has\n");
    sandbox.git(&api, &["add", "-f", "kept.txt"]);
    sandbox.git(&api, &["commit", "-q", "-m", "two"]);
    sandbox.git(&api, &["switch", "-q", "main"]);
    sandbox.toml(&on("one"));
    sandbox.apply().ok();
    sandbox.toml(&on("two"));
    sandbox
}

fn on(branch: &str) -> String {
    format!("{STAYS}[builders.work]\nrepos = [\"api\"]\nbranch = \"{branch}\"\ninclude_root = false\n")
}

#[test]
fn a_switch_that_git_refuses_leaves_the_file_that_it_refused_over() {
    for content in ["what the branch has\n", "what", "", "something else\n"] {
        let sandbox = to_switch();
        sandbox.write(".builders/work/api/kept.txt", content);
        let before = snapshot(sandbox.builder("work/api"));
        let answer = sandbox.apply();
        if answer.code == Some(1) {
            before.assert_same(&snapshot(sandbox.builder("work/api")));
        }
        assert_eq!(text(sandbox.builder("work/api/kept.txt")), content, "{answer}");
        assert!(!sandbox.journal().exists(), "there is nothing to settle: {answer}");
    }
}

#[test]
fn a_switch_that_is_refused_at_the_second_look_takes_nothing_back() {
    let sandbox = to_switch();
    sandbox.git("repos/web", &["branch", "left"]);
    let more = "[builders.zoo]\nrepos = [\"web\"]\nbranch = \"BRANCH\"\ninclude_root = false\n";
    sandbox.toml(&format!("{}{}", on("one"), more.replace("BRANCH", "left")));
    sandbox.apply().ok();
    sandbox.git("repos/web", &["branch", "right"]);
    // When the first checkout is switched, somebody deletes a file in the other, whose second look is still to come.
    let file = sandbox.builder("zoo/web/README.md");
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' switch '*' two '*) rm -f '{}';; esac\nPATH=\"${{PATH#*:}}\" exec git \"$@\"\n",
        file.display()
    );
    let path = sandbox.path_with_git(&script);
    sandbox.toml(&format!("{}{}", on("two"), more.replace("BRANCH", "right")));
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve", "-j", "1"]);
    assert!(answer.stderr.contains("changed since the plan was made"), "{answer}");
    assert!(!file.exists(), "it was deleted by its owner");
    assert!(!sandbox.journal().exists());
}

/// Dies when git has made the checkout of `api` and before its mark is written.
fn unmarked() -> Sandbox {
    let sandbox = made(STAYS);
    let script = "#!/bin/sh\nPATH=\"${PATH#*:}\" git \"$@\"; code=$?\n\
        case \" $* \" in *' worktree add '*/work/api*) kill -KILL $PPID;; esac\nexit $code\n";
    let path = sandbox.path_with_git(script);
    sandbox.toml(WORK);
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
    assert_eq!(answer.code, None, "{answer}");
    assert!(!text(sandbox.path("repos/api/.git/worktrees/api/locked")).is_empty());
    sandbox
}

#[test]
fn a_checkout_that_lacks_only_its_mark_keeps_the_work_that_was_done_in_it() {
    let deeds: [fn(&Sandbox, &Path); 4] = [
        |_, api| fs::write(api.join("README.md"), "edited\n").unwrap(),
        |sandbox, api| {
            let exclude = sandbox.path("repos/api/.git/info/exclude");
            fs::write(exclude, "ignored\n").unwrap();
            fs::write(api.join("ignored"), "mine\n").unwrap();
        },
        |sandbox, api| drop(sandbox.git(api, &["commit", "-q", "--allow-empty", "-m", "mine"])),
        |sandbox, api| drop(sandbox.git(api, &["switch", "-q", "-c", "mine"])),
    ];
    for deed in deeds {
        let sandbox = unmarked();
        let api = sandbox.builder("work/api");
        deed(&sandbox, &api);
        let (before, head) = (snapshot(&api), text(sandbox.path("repos/api/.git/worktrees/api/HEAD")));
        sandbox.wsctl(&["plan"]).says("finish: an earlier run was cut short, and what was done there since then stays");
        sandbox.apply().ok();
        before.assert_same(&snapshot(&api));
        assert_eq!(text(sandbox.path("repos/api/.git/worktrees/api/HEAD")), head);
        let mark = text(sandbox.path("repos/api/.git/worktrees/api/wsctl.json"));
        let mark: serde_json::Value = serde_json::from_str(&mark).unwrap();
        let start = sandbox.rev("repos/api", "origin/main").to_string();
        assert_eq!((&mark["branch"], &mark["made_branch"]), (&"builder/work".into(), &true.into()));
        assert_eq!(mark["start"], start);
        // A branch that was left goes again, and what it was made from with it.
        let left = head.contains("refs/heads/mine");
        assert_eq!(mark["base"].as_str(), (!left).then_some("origin/main"));
        // Another checkout of that run may have gone there.
        assert!(sandbox.trash().iter().all(|entry| !entry.to_string_lossy().contains("work.api")));
        sandbox.wsctl(&["plan"]).says("No changes");
    }
}

/// git was killed as well: before it wrote HEAD, or when HEAD did not name anything yet.
#[test]
fn a_checkout_that_git_had_only_begun_is_made_again() {
    for head in ["", "0000000000000000000000000000000000000000\n"] {
        let sandbox = unmarked();
        let (api, admin) = (sandbox.builder("work/api"), sandbox.path("repos/api/.git/worktrees/api"));
        fs::remove_file(api.join("README.md")).unwrap();
        for name in ["HEAD", "index", "ORIG_HEAD", "commondir"] {
            let _ = fs::remove_file(admin.join(name));
        }
        let _ = fs::remove_dir_all(admin.join("logs"));
        if !head.is_empty() {
            fs::write(admin.join("HEAD"), head).unwrap();
            fs::write(admin.join("commondir"), "../..\n").unwrap();
        }
        sandbox.apply().ok().says("resume: an earlier run was cut short");
        sandbox.wsctl(&["plan"]).says("No changes");
    }
}

/// wsctl was killed when it had made the directory, and nothing in it.
#[test]
fn a_checkout_of_which_only_the_directory_is_there_is_made_again() {
    let sandbox = unmarked();
    let (api, admin) = (sandbox.builder("work/api"), sandbox.path("repos/api/.git/worktrees/api"));
    fs::remove_dir_all(&api).unwrap();
    fs::create_dir(&api).unwrap();
    fs::remove_file(admin.join("index")).unwrap();
    sandbox.apply().ok();
    assert!(api.join("README.md").exists());
    sandbox.wsctl(&["plan"]).says("No changes");
    // Somebody's own directory that is empty by now may be what another file system was mounted on.
    fs::remove_file(api.join(".git")).unwrap();
    fs::remove_file(api.join("README.md")).unwrap();
    for left in fs::read_dir(&api).unwrap() {
        fs::remove_file(left.unwrap().path()).unwrap();
    }
    sandbox.apply().fails().says("its .git file is gone");
}

#[test]
fn a_checkout_that_lacks_only_its_mark_and_was_not_touched_is_made_again() {
    let sandbox = unmarked();
    sandbox.apply().ok().says("resume: an earlier run was cut short");
    sandbox.wsctl(&["plan"]).says("No changes");
}

#[test]
fn a_switch_that_was_cut_short_before_its_mark_still_knows_who_made_the_branch() {
    let sandbox = to_switch();
    sandbox.toml(&on("three"));
    // wsctl dies when git has switched and before it can note it.
    let script = "#!/bin/sh\nPATH=\"${PATH#*:}\" git \"$@\"; code=$?\n\
        case \" $* \" in *' switch '*) kill -KILL $PPID;; esac\nexit $code\n";
    let path = sandbox.path_with_git(script);
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
    assert_eq!(answer.code, None, "{answer}");
    sandbox.apply().ok();
    let mark = text(sandbox.path("repos/api/.git/worktrees/api/wsctl.json"));
    let mark: serde_json::Value = serde_json::from_str(&mark).unwrap();
    assert_eq!((&mark["branch"], &mark["made_branch"], &mark["base"]), (&"three".into(), &true.into(), &"origin/main".into()));
    sandbox.wsctl(&["plan"]).says("No changes");
}
