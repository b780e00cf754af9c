//! Repositories and `builders_dir` that stay where they are, since a move would break something.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use crate::support::{Sandbox, skip, text};

/// `api` with its clone at this place, in builder `b`.
fn api_at(place: &str) -> String {
    format!("[repos.api]\npath = \"{place}\"\n[repos.web]\n[builders.b]\nrepos = [\"api\", \"web\"]\n")
}

fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&api_at("repos/api"));
    sandbox.apply().ok();
    sandbox
}

/// Nothing moves and plan says why; once the reason is gone, everything moves.
#[track_caller]
fn waits_for(sandbox: &Sandbox, why: &str, end: impl FnOnce()) {
    sandbox.toml(&api_at("clones/api"));
    let plan = sandbox.plan();
    let answer = sandbox.apply();
    assert!(sandbox.path("repos/api").exists() && !sandbox.path("clones").exists(), "{answer}");
    end();
    plan.says("! repos.api").says(why).says("Plan: 1 blocked.");
    answer.fails().says(why);
    sandbox.apply().ok();
    sandbox.converged();
    sandbox.fsck(&["clones/api"]);
}

#[test]
fn a_repository_stays_while_a_process_works_in_it_or_in_a_worktree_of_it() {
    for place in ["repos/api", ".builders/b/api"] {
        let sandbox = made();
        let mut busy = sandbox.command("sleep").arg("600").current_dir(sandbox.path(place)).spawn().unwrap();
        waits_for(&sandbox, "(sleep) works inside", || {
            busy.kill().unwrap();
            busy.wait().unwrap();
        });
    }
}

#[test]
fn a_repository_stays_while_a_git_holds_an_index() {
    for place in ["repos/api", ".builders/b/api"] {
        let sandbox = made();
        let lock = sandbox.git(place, &["rev-parse", "--path-format=absolute", "--git-path", "index.lock"]);
        std::fs::write(&lock, "").unwrap();
        waits_for(&sandbox, "index.lock is held", || std::fs::remove_file(&lock).unwrap());
    }
}

#[test]
fn what_is_asked_of_a_repository_is_asked_again_when_it_moves() {
    let sandbox = made();
    let url = sandbox.origin("a-first");
    sandbox.toml(&format!("[repos.a-first]\nurl = \"{}\"\n{}", url.display(), api_at("clones/api")));
    sandbox.plan().says("+ repos.a-first").says("~ repos.api");
    // While the other one is cloned, somebody begins to commit.
    let lock = sandbox.path(".builders/b/api/.git");
    let lock = text(lock).trim_start_matches("gitdir: ").trim_end().to_owned() + "/index.lock";
    let git = std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|path| path.join("git")).find(|path| path.exists());
    let git = git.unwrap();
    let script = format!("#!/bin/sh\ncase \"$*\" in *' clone '*) : > '{lock}';; esac\nexec {} \"$@\"\n", git.display());
    let path = sandbox.path_with_git(&script);
    let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve", "-j", "1"]);
    answer.fails().says("changed since the plan was made: ").says("index.lock is held");
    std::fs::remove_file(&lock).unwrap();
    assert!(sandbox.path("repos/api").exists() && !sandbox.path("clones").exists());
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn a_repository_stays_while_a_worktree_of_it_is_not_where_it_is_registered() {
    let sandbox = made();
    let (theirs, moved) = (sandbox.top().join("theirs"), sandbox.top().join("moved"));
    sandbox.git("repos/api", &["worktree", "add", "-q", "-b", "theirs", theirs.to_str().unwrap()]);
    std::fs::rename(&theirs, &moved).unwrap();
    assert_eq!(sandbox.git(&moved, &["branch", "--show-current"]), "theirs");
    waits_for(&sandbox, "is not there", || std::fs::rename(&moved, &theirs).unwrap());
    assert_eq!(sandbox.git(&theirs, &["branch", "--show-current"]), "theirs");
}

#[test]
fn a_repository_stays_while_a_checkout_of_ours_was_moved_by_hand() {
    let sandbox = made();
    std::fs::rename(sandbox.builder("b/api"), sandbox.builder("b/other")).unwrap();
    sandbox.toml(&api_at("clones/api"));
    let plan = sandbox.apply().fails().says("! repos.api").says("it is ");
    assert!(sandbox.path("repos/api").exists());
    sandbox.type_next(&plan, "mv ").ok();
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn a_registration_that_is_dropped_keeps_no_repository() {
    let sandbox = made();
    let theirs = sandbox.top().join("theirs");
    sandbox.git("repos/api", &["worktree", "add", "-q", "-b", "theirs", theirs.to_str().unwrap()]);
    std::fs::remove_dir_all(&theirs).unwrap();
    waits_for(&sandbox, "is not there", || {
        std::fs::rename(sandbox.path("repos/api/.git/worktrees/theirs"), sandbox.path("SOMEWHERE")).unwrap();
    });
}

#[test]
fn a_repository_that_could_not_move_is_not_cloned_again() {
    let sandbox = made();
    let lock = sandbox.path("repos/api/.git/index.lock");
    std::fs::write(&lock, "").unwrap();
    let url = sandbox.git("repos/api", &["remote", "get-url", "origin"]);
    let text = |tail: &str| api_at("clones/api").replace("[repos.web]", &format!("url = \"{url}\"\n[repos.web]")) + tail;
    sandbox.toml(&text("[builders.other]\nrepos = [\"web\"]\n"));
    sandbox.apply().fails().says("! repos.api").says("created");
    sandbox.plan().says("! repos.api").never_says("clone from");
    std::fs::remove_file(&lock).unwrap();
    sandbox.plan().says("~ repos.api").says("move from repos/api");
    sandbox.apply().ok();
    sandbox.converged();
}

/// `api` and `web` at these places, both with urls.
fn both_at(sandbox: &Sandbox, api: &str, web: &str) -> String {
    let url = |name: &str| sandbox.top().join(format!("origin/{name}.git")).display().to_string();
    let one = |name: &str, path: &str| format!("[repos.{name}]\npath = \"{path}\"\nurl = \"{}\"\n", url(name));
    format!("{}{}[builders.b]\nrepos = [\"api\", \"web\"]\n", one("api", api), one("web", web))
}

#[test]
fn a_repository_waits_for_another_to_leave_its_place() {
    let sandbox = made();
    sandbox.toml(&both_at(&sandbox, "repos/web", "repos/q"));
    let plan = sandbox.plan().says("! repos.api").says("its place is taken by repos.web").says("~ repos.web").never_says("+ ");
    sandbox.type_next(&plan, "--target repos.web").ok();
    assert!(sandbox.path("repos/q/.git").exists() && sandbox.path("repos/api/.git").exists());
    sandbox.apply().ok().says("1 updated");
    let origin = sandbox.git("repos/web", &["remote", "get-url", "origin"]);
    assert!(origin.ends_with("/api.git"), "{origin}");
    sandbox.converged();
    // In one go as well: the one that can goes, the other goes after it.
    sandbox.toml(&both_at(&sandbox, "repos/q", "repos/z"));
    sandbox.apply().fails().says("~ repos.web").never_says("+ ");
    sandbox.apply().ok().says("~ repos.api").never_says("+ ");
    sandbox.converged();
}

#[test]
fn repositories_do_not_exchange_their_places() {
    let sandbox = made();
    sandbox.toml(&both_at(&sandbox, "repos/web", "repos/api"));
    let answer = sandbox.apply().fails().says("! repos.api").says("! repos.web").never_says("+ ");
    answer.says("give one a third path first").says("Plan: 2 blocked.");
    for (api, web) in [("repos/third", "repos/web"), ("repos/third", "repos/api"), ("repos/web", "repos/api")] {
        sandbox.toml(&both_at(&sandbox, api, web));
        sandbox.apply().ok();
        sandbox.converged();
    }
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "");
}

/// A directory of its own on another file system than the sandbox.
fn elsewhere(sandbox: &Sandbox) -> Option<tempfile::TempDir> {
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    let here = device(&sandbox.root());
    let mut places = ["/dev/shm", "/tmp", "/var/tmp"].map(Path::new).into_iter();
    let other = places.find(|path| device(path).is_some_and(|other| Some(other) != here));
    if other.is_none() {
        skip("there is no second file system");
    }
    Some(tempfile::Builder::new().prefix("wsctl-other-").tempdir_in(other?).unwrap())
}

#[test]
fn a_place_that_a_repository_cannot_go_to_is_told_at_once() {
    let sandbox = made();
    sandbox.write("taken", "mine\n");
    std::fs::create_dir(sandbox.path("real")).unwrap();
    symlink(sandbox.path("real"), sandbox.path("link")).unwrap();
    for (place, why, next) in [
        ("taken", "something is there already", "ls -la"),
        ("taken/deeper/api", "taken is no directory", "ls -la"),
        ("link/api", "link is a symbolic link", "readlink -f"),
    ] {
        sandbox.toml(&api_at(place));
        let plan = sandbox.plan().says("! repos.api").says(why).says("Plan: 1 blocked.");
        sandbox.type_next(&plan, next).ok();
        sandbox.apply().fails().says(why);
        assert_eq!(text(sandbox.path("taken")), "mine\n");
    }
    sandbox.toml(&api_at("real/api"));
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn a_repository_goes_into_its_own_directory_and_back() {
    let sandbox = made();
    for place in ["repos/api/main", "repos/api/main/x/y", "repos/api/main", "repos/api/x/y", "repos/api"] {
        sandbox.toml(&api_at(place));
        sandbox.apply().ok();
        sandbox.converged();
        sandbox.fsck(&[place]);
        assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "");
    }
    assert!(!sandbox.path("repos/.wsctl-moving-api").exists());
}

#[test]
fn what_is_in_the_way_around_a_repository_does_not_take_it_along() {
    let sandbox = made();
    for at in ["repos/z/main", "clones/z/main"] {
        sandbox.toml(&api_at(at));
        sandbox.apply().ok();
        let place = Path::new(at).parent().unwrap();
        sandbox.write(place.join("notes.txt"), "mine\n");
        sandbox.toml(&api_at(place.to_str().unwrap()));
        let plan = sandbox.apply().fails().says("! repos.api").says("the repository itself lies in it");
        let away = format!("move what is not {} away", sandbox.path(at).display());
        sandbox.type_next(&plan.says(&away).never_says("SOMEWHERE"), "ls -la").ok();
        std::fs::rename(sandbox.path(place).join("notes.txt"), sandbox.path("notes.txt")).unwrap();
        sandbox.apply().ok();
        sandbox.converged();
        let more = format!("{}[repos.more]\npath = \"{}\"\n", api_at(place.to_str().unwrap()), place.parent().unwrap().display());
        sandbox.toml(&more);
        let plan = sandbox.plan().says("! repos.more").never_says("SOMEWHERE");
        plan.says("lies in it").says("let builders.toml give [repos.more] another path");
    }
}

#[test]
fn a_repository_goes_to_another_file_system_as_told() {
    let sandbox = made();
    let Some(other) = elsewhere(&sandbox) else { return };
    let place = other.path().join("clones/api");
    sandbox.toml(&api_at(place.to_str().unwrap()));
    let plan = sandbox.plan().says("! repos.api").says("on another file system");
    sandbox.type_next(&plan, "mkdir -p").ok();
    sandbox.apply().ok().says("1 updated");
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "");
    sandbox.converged();
}

fn builders_at(place: &str, anchor: bool) -> String {
    format!("[workspace]\nbuilders_dir = \"{place}\"\nanchor = {anchor}\n{}", api_at("repos/api"))
}

#[test]
fn builders_dir_goes_to_another_file_system_as_told() {
    for anchor in [true, false] {
        for empty in [true, false] {
            let sandbox = Sandbox::workspace();
            let Some(other) = elsewhere(&sandbox) else { return };
            sandbox.toml(&builders_at(".builders", anchor));
            sandbox.apply().ok();
            sandbox.write(".builders/b/api/untracked.txt", "mine\n");
            let place = other.path().join("deep/agents");
            if empty {
                std::fs::create_dir_all(&place).unwrap();
            }
            sandbox.toml(&builders_at(place.to_str().unwrap(), anchor));
            let plan = sandbox.apply().fails().says("! workspace.builders_dir").says("on another file system");
            sandbox.type_next(&plan, " && mv ").ok();
            sandbox.plan().says("builders_dir was moved here from").says("repair its links").never_says("! ");
            sandbox.apply().ok();
            assert_eq!(sandbox.git(place.join("b/api"), &["status", "--porcelain"]), "?? untracked.txt");
            sandbox.converged();
            assert!(!sandbox.git(sandbox.path("repos/api"), &["worktree", "list"]).contains("prunable"));
        }
    }
}

#[test]
fn a_place_that_builders_dir_cannot_go_to_is_told_at_once() {
    let sandbox = made();
    sandbox.write("taken", "mine\n");
    for (place, why, next) in [
        ("taken", "something is there already", "ls -la"),
        ("taken/deeper", "taken is no directory", "ls -la"),
        (".builders/inside", "lies in the directory that shall move there", "mkdir -p"),
    ] {
        sandbox.toml(&builders_at(place, true));
        let plan = sandbox.apply().fails().says("! workspace.builders_dir").says(why);
        sandbox.type_next(&plan, next).ok();
        assert_eq!(text(sandbox.path("taken")), "mine\n");
    }
    // The last command has moved it.
    sandbox.apply().ok();
    sandbox.converged();
    sandbox.toml(&builders_at(".builders", true));
    let plan = sandbox.apply().fails().says("the directory that shall move there lies in it");
    sandbox.type_next(&plan, "-delete && mv").ok();
    sandbox.apply().ok();
    sandbox.converged();
}
