//! Checkouts with `ref`: detached at the commit of a tag, a branch or a commit, to be read.

use std::fs;

use crate::support::{Sandbox, text};

fn toml(reference: &str) -> String {
    format!("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\", \"web\"]\ncheckout.web.ref = \"{reference}\"\n")
}

/// The clone of web has tag `v1.2` at its first commit, and a second one on main.
fn tagged() -> (Sandbox, String, String) {
    let sandbox = Sandbox::workspace();
    let web = sandbox.path("repos/web");
    sandbox.git(&web, &["tag", "v1.2"]);
    fs::write(web.join("second.txt"), "second\n").unwrap();
    sandbox.commit(&web, "second");
    let id = |revision: &str| sandbox.git(&web, &["rev-parse", revision]);
    let (first, second) = (id("v1.2"), id("main"));
    (sandbox, first, second)
}

fn head(sandbox: &Sandbox) -> (String, String) {
    let web = sandbox.builder("b/web");
    (sandbox.git(&web, &["rev-parse", "HEAD"]), sandbox.git(&web, &["branch", "--show-current"]))
}

fn short(id: &str) -> &str {
    &id[..10]
}

#[test]
fn it_is_made_detached_and_no_branch_is_made_or_claimed() {
    let (sandbox, first, _) = tagged();
    sandbox.toml(&toml("v1.2"));
    sandbox.plan().ok().says("+ builders.b.web").says(&format!("detached at v1.2 ({})", short(&first)));
    let plan = sandbox.wsctl(&["plan", "--json"]).ok();
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let change = plan["changes"].as_array().unwrap().iter().find(|change| change["address"] == "builders.b.web").unwrap();
    assert_eq!((&change["ref"], &change["commit"]), (&"v1.2".into(), &first.clone().into()));
    assert!(change.get("branch").is_none(), "{change}");
    sandbox.apply().ok();
    assert_eq!(head(&sandbox), (first.clone(), String::new()));
    assert_eq!(sandbox.branches("repos/web"), ["main"]);
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["branch", "--show-current"]), "builder/b");
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "");
    sandbox.converged();
    sandbox.wsctl(&["status"]).ok().says(&format!("v1.2 ({})", short(&first)));
    let mark: serde_json::Value = serde_json::from_str(&text(sandbox.path("repos/web/.git/worktrees/web/wsctl.json"))).unwrap();
    assert_eq!((&mark["ref"], mark.get("branch")), (&"v1.2".into(), None));
    // Two builders read the same commit.
    sandbox.toml(&format!("{}[builders.c]\nrepos = [\"web\"]\ncheckout.web.ref = \"v1.2\"\n", toml("v1.2")));
    sandbox.apply().ok();
    sandbox.converged();
    sandbox.fsck(&["repos/web", ".builders/b", ".builders/c"]);
}

#[test]
fn a_moved_tag_takes_a_clean_checkout_along() {
    let (sandbox, first, second) = tagged();
    sandbox.toml(&toml("v1.2"));
    sandbox.apply().ok();
    sandbox.git(sandbox.path("repos/web"), &["tag", "-f", "v1.2", "main"]);
    let wanted = format!("switch from v1.2 ({}) to detached at v1.2 ({})", short(&first), short(&second));
    // Neither over an edit nor over an ignored file.
    let edited = sandbox.builder("b/web/README.md");
    let clean = text(&edited);
    fs::write(&edited, "edited\n").unwrap();
    sandbox.apply().fails().says("! builders.b.web").says("README.md");
    fs::write(&edited, clean).unwrap();
    fs::write(sandbox.builder("b/web/second.txt"), "mine\n").unwrap();
    fs::write(sandbox.path("repos/web/.git/info/exclude"), "second.txt\n").unwrap();
    sandbox.apply().fails();
    assert_eq!(text(sandbox.builder("b/web/second.txt")), "mine\n");
    fs::remove_file(sandbox.builder("b/web/second.txt")).unwrap();
    sandbox.plan().ok().says("~ builders.b.web").says(&wanted);
    sandbox.apply().ok();
    assert_eq!(head(&sandbox), (second, String::new()));
    // The anchor goes along: nothing shows as changed.
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "");
    sandbox.converged();
}

#[test]
fn a_fetched_remote_branch_takes_it_along() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&toml("origin/main"));
    sandbox.apply().ok();
    let seed = sandbox.top().join("seed/web");
    fs::write(seed.join("new.txt"), "new\n").unwrap();
    sandbox.commit(&seed, "new");
    sandbox.git(&seed, &["push", "-q", sandbox.top().join("origin/web.git").to_str().unwrap(), "main"]);
    sandbox.converged();
    sandbox.wsctl(&["apply", "--fetch", "--auto-approve"]).ok().says("detached at origin/main");
    assert!(sandbox.builder("b/web/new.txt").exists());
    sandbox.converged();
}

#[test]
fn from_a_branch_to_a_ref_and_back() {
    let (sandbox, first, _) = tagged();
    let plain = toml("").replace("checkout.web.ref = \"\"\n", "");
    sandbox.toml(&plain);
    sandbox.apply().ok();
    sandbox.toml(&toml("v1.2"));
    sandbox.plan().ok().says("switch from builder/b to detached at v1.2");
    sandbox.apply().ok();
    assert_eq!(head(&sandbox), (first, String::new()));
    sandbox.converged();
    sandbox.toml(&plain);
    sandbox.plan().ok().says("switch from v1.2 (").says(" to branch builder/b");
    sandbox.apply().ok();
    assert_eq!(head(&sandbox).1, "builder/b");
    sandbox.converged();
    assert!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]).is_empty());
}

#[test]
fn what_somebody_does_there_is_drift_and_their_commits_block_a_removal() {
    let (sandbox, first, second) = tagged();
    sandbox.toml(&toml("v1.2"));
    sandbox.apply().ok();
    let web = sandbox.builder("b/web");
    sandbox.git(&web, &["switch", "-q", "-c", "mine"]);
    let drift = sandbox.plan().ok().says("on branch mine, declared is detached at v1.2");
    sandbox.type_next(&drift, "--replace builders.b.web").ok().says("switch back from branch mine to detached at v1.2");
    sandbox.converged();
    sandbox.git(&web, &["switch", "-q", "--detach", "main"]);
    sandbox.plan().ok().says(&format!("HEAD is at {}, declared is detached at v1.2", short(&second)));
    sandbox.git(&web, &["switch", "-q", "--detach", "v1.2"]);
    fs::write(web.join("work.txt"), "work\n").unwrap();
    sandbox.commit(&web, "work");
    let work = head(&sandbox).0;
    sandbox.plan().ok().says("HEAD is detached at commits on no branch or tag").says(short(&work));
    // Neither a moved tag nor a removal takes them.
    sandbox.git(sandbox.path("repos/web"), &["tag", "-f", "v1.2", "main"]);
    sandbox.apply().ok();
    assert_eq!(head(&sandbox).0, work);
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n");
    sandbox.apply().fails().says("! builders.b.web").says(short(&work));
    assert!(web.join("work.txt").exists());
    sandbox.git(&web, &["switch", "-q", "--detach", &first]);
    sandbox.git(&web, &["branch", "kept", &work]);
    sandbox.apply().ok();
    assert!(!web.exists());
    sandbox.converged();
}

#[test]
fn a_ref_that_is_not_there_is_blocked_with_near_names() {
    let (sandbox, first, _) = tagged();
    sandbox.toml(&toml("v1.3"));
    sandbox.apply().fails().says("! builders.b.web").says("ref v1.3 does not exist; near: v1.2").says("fetch --all --tags");
    assert!(sandbox.builder("b/api").exists() && !sandbox.builder("b/web").exists());
    sandbox.toml(&toml("v1.2"));
    sandbox.apply().ok();
    // Gone later: it stays, and the plan says so.
    sandbox.git(sandbox.path("repos/web"), &["tag", "-d", "v1.2"]);
    sandbox.plan().ok().says("stays where it is: ref v1.2 does not exist").says("No changes.");
    assert_eq!(head(&sandbox).0, first);
    // Two refs of that name.
    sandbox.git(sandbox.path("repos/web"), &["tag", "both"]);
    sandbox.git(sandbox.path("repos/web"), &["branch", "both", "main~1"]);
    sandbox.toml(&toml("both"));
    sandbox.apply().fails().says("ref both is ambiguous: refs/heads/both, refs/tags/both");
    sandbox.toml(&toml("refs/tags/both"));
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn it_is_adopted_removed_and_restored() {
    let (sandbox, first, _) = tagged();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n");
    sandbox.apply().ok();
    let place = sandbox.builder("b/web");
    sandbox.git(sandbox.path("repos/web"), &["worktree", "add", "-q", "--detach", place.to_str().unwrap(), "v1.2"]);
    sandbox.toml(&toml("v1.2"));
    sandbox.plan().ok().says("> builders.b.web").says("adopt: already detached at v1.2");
    sandbox.apply().ok();
    sandbox.converged();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n");
    sandbox.apply().ok().says("- builders.b.web");
    let back = sandbox.wsctl(&["restore", "b/web", "--auto-approve"]).ok();
    back.says("ref = \"v1.2\"");
    assert_eq!(head(&sandbox), (first, String::new()));
    sandbox.toml(&toml("v1.2"));
    sandbox.converged();
}

#[test]
fn a_repository_that_is_cloned_first() {
    let sandbox = Sandbox::new();
    sandbox.make_root("repos/\n");
    let origin = sandbox.origin("web");
    sandbox.toml(&format!(
        "[repos.web]\nurl = \"{}\"\n[builders.b]\nrepos = [\"web\"]\ncheckout.web.ref = \"origin/main\"\n",
        origin.display()
    ));
    sandbox.plan().ok().says("detached at origin/main, once it is cloned");
    sandbox.apply().ok();
    assert_eq!(head(&sandbox).1, "");
    assert_eq!(sandbox.branches("repos/web"), ["main"]);
    sandbox.converged();
}
