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

#[test]
fn a_clone_leaves_out_what_is_declared_also_from_a_path() {
    let sandbox = Sandbox::new();
    sandbox.make_root("repos/\n");
    let origin = sandbox.origin("web");
    let seed = sandbox.top().join("seed/web");
    sandbox.commit(&seed, "second");
    sandbox.git(&seed, &["push", "-q", origin.to_str().unwrap(), "main", "main~1:refs/heads/other"]);
    sandbox.git(&origin, &["config", "uploadpack.allowFilter", "true"]);
    let toml = |url: &str| {
        let builder = "[builders.b]\nrepos = [\"web\"]\n";
        sandbox.toml(&format!("[repos.web]\nurl = \"{url}\"\ndepth = 1\nfilter = \"blob:none\"\n{builder}"));
    };
    toml(origin.to_str().unwrap());
    sandbox.plan().ok().says("depth 1, filter blob:none").says("its history is cut off");
    sandbox.apply().ok();
    let web = sandbox.path("repos/web");
    assert_eq!(sandbox.git(&web, &["rev-list", "--count", "origin/main"]), "1");
    assert_eq!(sandbox.git(&web, &["config", "remote.origin.partialclonefilter"]), "blob:none");
    // Builders start from any branch.
    sandbox.git(&web, &["rev-parse", "--verify", "origin/other"]);
    assert!(sandbox.builder("b/web/README.md").exists());
    sandbox.converged();
    sandbox.wsctl(&["status"]).ok();
    // It is removed and comes back like any other.
    sandbox.toml(&format!("[repos.web]\nurl = \"{}\"\n[policy]\nmax_removals = 9\n", origin.display()));
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    sandbox.wsctl(&["restore", "b", "--auto-approve"]).ok();
    toml(origin.to_str().unwrap());
    sandbox.plan().ok().says("No changes.");
}

#[test]
fn a_clone_with_another_filter_is_drift() {
    let sandbox = Sandbox::new();
    let web = sandbox.cloned("web");
    sandbox.git(sandbox.top().join("origin/web.git"), &["config", "uploadpack.allowFilter", "true"]);
    sandbox.toml("[repos.web]\nfilter = \"blob:none\"\n");
    let drift = sandbox.plan().ok().says("it was cloned whole, declared is blob:none").says("No changes.");
    sandbox.type_next(&drift, "--refetch").ok();
    assert_eq!(sandbox.git(&web, &["config", "remote.origin.partialclonefilter"]), "blob:none");
    sandbox.converged();
    sandbox.toml("[repos.web]\nfilter = \"tree:0\"\n");
    sandbox.plan().ok().says("its filter is blob:none, declared is tree:0");
}

/// As the example file has it when its lines are uncommented, for a root that somebody only made with `git init`.
#[test]
fn a_base_on_a_remote_that_is_none_says_so_and_where_to_name_another() {
    let sandbox = Sandbox::workspace();
    let file = "[workspace]\nbase = \"origin/main\"\n[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n";
    sandbox.toml(file);
    let plan = sandbox.plan().ok().says("base origin/main does not exist, and the repository has no remote");
    assert!(plan.stdout.contains("in [builders.NAME.checkout.\".\"]\n"), "{plan}");
    sandbox.toml(&format!("{file}[builders.b.checkout.\".\"]\nbase = \"main\"\n"));
    sandbox.apply().ok();
    sandbox.converged();
}
