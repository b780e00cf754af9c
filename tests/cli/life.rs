//! The life of a builder, as people lived it by hand: two side by side, one grows, one goes.

use crate::support::{Sandbox, snapshot, text};

const TWO: &str = "
[repos.api]
[repos.web]
[builders.slack]
repos = [\"api\"]
branch = \"feature/slack\"
[builders.backend]
repos = [\"api\", \"web\"]
";

const ONLY_BACKEND: &str = "
[repos.api]
[repos.web]
[builders.backend]
repos = [\"api\", \"web\"]
";

/// Both builders on disk.
fn two() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(TWO);
    sandbox.apply().ok().says("Apply complete: 7 created.");
    sandbox
}

#[test]
fn two_builders_live_side_by_side_on_branches_of_their_own() {
    let sandbox = two();
    let branch = |path: &str| sandbox.git(sandbox.builder(path), &["branch", "--show-current"]);
    assert_eq!(branch("slack/workspace-root"), "feature/slack");
    assert_eq!(branch("slack/api"), "feature/slack");
    assert_eq!(branch("backend/api"), "builder/backend");
    assert_eq!(branch("backend/web"), "builder/backend");
    assert_eq!(sandbox.git(sandbox.path("repos/api"), &["branch", "--show-current"]), "main");
    sandbox.converged();
    sandbox.fsck(&["", "repos/api", "repos/web", ".builders/slack", ".builders/backend"]);
}

#[test]
fn a_change_in_one_is_invisible_in_the_other() {
    let sandbox = two();
    let others = || [snapshot(sandbox.builder("backend")), snapshot(sandbox.path("repos/api")).without(&[".git"])];
    let before = others();
    sandbox.write(".builders/slack/api/new.rs", "fn main() {}\n");
    sandbox.commit(sandbox.builder("slack/api"), "work");
    sandbox.write(".builders/slack/api/README.md", "edited\n");
    assert_eq!(others(), before);
    assert_eq!(sandbox.git(sandbox.builder("backend"), &["status", "--porcelain"]), "");
}

#[test]
fn a_repository_joins_a_builder_later_and_leaves_its_work_alone() {
    let sandbox = two();
    sandbox.write(".builders/slack/api/README.md", "edited\n");
    let before = snapshot(sandbox.builder("slack/api"));
    sandbox.toml(&TWO.replacen("[\"api\"]", "[\"api\", \"web\"]", 1));
    sandbox.plan().says("+ builders.slack.web");
    sandbox.apply().ok();
    before.assert_same(&snapshot(sandbox.builder("slack/api")));
    assert_eq!(sandbox.git(sandbox.builder("slack/web"), &["branch", "--show-current"]), "feature/slack");
    assert_eq!(sandbox.git(sandbox.builder("slack"), &["status", "--short"]), " m api");
    sandbox.converged();
}

#[test]
fn removing_one_leaves_the_other_and_the_main_worktrees_as_they_were() {
    let sandbox = two();
    let rest = || {
        let main = |path: &str| snapshot(sandbox.path(path)).without(&[".git", ".builders", "builders.toml", "repos", ""]);
        [snapshot(sandbox.builder("backend")), main("repos/api"), main("repos/web")]
    };
    let before = rest();
    sandbox.toml(ONLY_BACKEND);
    sandbox.apply().ok().says("Apply complete: 1 removed.");
    assert_eq!(rest(), before);
    assert!(!sandbox.builder("slack").exists());
    assert_eq!(sandbox.branches("repos/api"), ["builder/backend", "main"]);
    assert!(!sandbox.git(sandbox.path("repos/api"), &["worktree", "list"]).contains("slack"));
    sandbox.converged();
    sandbox.fsck(&["", "repos/api", "repos/web"]);
}

#[test]
fn a_dirty_builder_stays_with_the_reason_and_goes_once_its_work_is_committed() {
    let sandbox = two();
    sandbox.write(".builders/slack/api/README.md", "edited\n");
    sandbox.write(".builders/slack/api/build.log", "ignored, and kept\n");
    let before = snapshot(sandbox.builder(""));
    sandbox.toml(ONLY_BACKEND);
    let refused = sandbox.apply().fails().says("! builders.slack").says("1 changed file: README.md");
    refused.says("at .builders/slack/api").says("slack/api status").says("wsctl apply --unsaved=trash");
    before.assert_same(&snapshot(sandbox.builder("")));

    sandbox.git(sandbox.builder("slack/api"), &["commit", "-qam", "work"]);
    let original = snapshot(sandbox.builder("slack"));
    sandbox.apply().ok().says("branch feature/slack stays; 1 of its commits is");
    original.assert_same(&snapshot(sandbox.trashed().join("tree")));
    assert_eq!(text(sandbox.trashed().join("tree/api/build.log")), "ignored, and kept\n");
    assert_eq!(sandbox.branches("repos/api"), ["builder/backend", "feature/slack", "main"]);
    assert_eq!(sandbox.branches(""), ["builder/backend", "main"], "merged, and made by wsctl");
    sandbox.converged();
}

#[test]
fn a_branch_that_was_there_before_is_never_deleted() {
    let sandbox = Sandbox::workspace();
    sandbox.git(sandbox.path("repos/api"), &["branch", "feature/slack"]);
    sandbox.toml(TWO);
    sandbox.apply().ok();
    sandbox.toml(ONLY_BACKEND);
    sandbox.apply().ok();
    assert_eq!(sandbox.branches("repos/api"), ["builder/backend", "feature/slack", "main"]);
}

#[test]
fn a_checkout_leaves_a_builder_and_the_others_stay() {
    let sandbox = two();
    let before = snapshot(sandbox.builder("backend/api"));
    let original = snapshot(sandbox.builder("backend/web"));
    sandbox.toml(&TWO.replace("[\"api\", \"web\"]", "[\"api\"]"));
    sandbox.apply().ok().says("- builders.backend.web");
    before.assert_same(&snapshot(sandbox.builder("backend/api")));
    original.assert_same(&snapshot(sandbox.trashed().join("tree")));
    assert_eq!(sandbox.git(sandbox.builder("backend"), &["status", "--porcelain"]), "");
    sandbox.converged();
}
