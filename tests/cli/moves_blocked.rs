//! Repositories and `builders_dir` that stay where they are, since a move would break something.

use crate::support::{Sandbox, text};

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
