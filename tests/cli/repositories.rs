//! Repositories of every kind that people have.

use crate::support::Sandbox;

const ONE: &str = "[repos.api]\n[builders.b]\nrepos = [\"api\"]\n";

/// Applies, and the checkout of `api` is whole, on its branch, clean, and done.
#[track_caller]
fn works(sandbox: &Sandbox) {
    sandbox.apply().ok();
    let api = sandbox.builder("b/api");
    assert_eq!(sandbox.git(&api, &["branch", "--show-current"]), "builder/b");
    assert_eq!(sandbox.git(&api, &["status", "--porcelain"]), "");
    sandbox.converged();
}

/// Takes the builder away again; nothing of git complains.
#[track_caller]
fn goes(sandbox: &Sandbox) {
    sandbox.toml("[repos.api]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("b").exists());
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

fn declared() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.toml(ONE);
    sandbox
}

#[test]
fn without_a_remote() {
    let sandbox = declared();
    sandbox.repository("repos/api");
    sandbox.plan().says("new branch builder/b from main");
    works(&sandbox);
    goes(&sandbox);
}

#[test]
fn with_the_clone_one_level_down() {
    let sandbox = declared();
    sandbox.repository("repos/api/main");
    works(&sandbox);
}

#[test]
fn cloned_from_its_url() {
    let sandbox = Sandbox::new();
    let origin = sandbox.origin("api");
    sandbox.toml(&format!("[repos.api]\nurl = \"{}\"\n[builders.b]\nrepos = [\"api\"]\n", origin.display()));
    sandbox.plan().says("+ repos.api");
    works(&sandbox);
    assert_eq!(sandbox.git(sandbox.path("repos/api"), &["remote", "get-url", "origin"]), origin.to_str().unwrap());
}

#[test]
fn cloned_from_a_relative_url() {
    let sandbox = Sandbox::new();
    sandbox.origin("api");
    sandbox.toml("[repos.api]\nurl = \"../origin/api.git\"\n[builders.b]\nrepos = [\"api\"]\n");
    works(&sandbox);
    sandbox.git(sandbox.path("repos/api"), &["fetch", "-q"]);
    let elsewhere = sandbox.wsctl_in(sandbox.builder("b/api"), &["plan", "--detailed-exitcode"]);
    elsewhere.ok();
}
