//! What an agent sees in a builder, by ripgrep's own walker, and what keeps it so.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Sandbox, text};

const BUILDER: &str = "
[repos.api]
[repos.web]
[builders.b]
repos = [\"api\", \"web\"]
";

/// Every file that ripgrep would search, started in this directory; hidden ones are off.
fn seen(directory: &Path) -> BTreeSet<String> {
    let walk = ignore::WalkBuilder::new(directory).standard_filters(true).sort_by_file_path(Ord::cmp).build();
    let files = walk.map(Result::unwrap).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    files.map(|entry| entry.path().strip_prefix(directory).unwrap().to_string_lossy().into_owned()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A workspace with these settings and this `.gitignore`, applied; an ignored file lies in a checkout.
fn made(settings: &str, gitignore: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.make_root(gitignore);
    sandbox.cloned("api");
    sandbox.cloned("web");
    sandbox.toml(&format!("[workspace]\n{settings}\n{BUILDER}"));
    sandbox.apply().ok();
    sandbox
}

const IGNORES: [&str; 3] = ["repos/\n", "/repos/*\n", ""];
const SIBLING: &str = "layout = \"sibling\"";
const SPLIT: &str = "layout = \"split\"";
const NESTED: &str = "layout = \"nested\"";
const CUSTOM: &str = "layout = { root = \"ws\", repo = \"src/{repo}\" }";

fn expected(settings: &str) -> BTreeSet<String> {
    match settings {
        SIBLING => names(&["api/README.md", "web/README.md", "workspace-root/notes.md"]),
        SPLIT => names(&["repos/api/README.md", "repos/web/README.md", "workspace/notes.md"]),
        NESTED => names(&["notes.md", "repos/api/README.md", "repos/web/README.md"]),
        CUSTOM => names(&["src/api/README.md", "src/web/README.md", "ws/notes.md"]),
        other => panic!("{other}"),
    }
}

#[test]
fn every_layout_shows_every_repository_under_every_ignore_rule() {
    for settings in [SIBLING, SPLIT, NESTED, CUSTOM] {
        for gitignore in IGNORES {
            let sandbox = made(settings, gitignore);
            sandbox.write(sandbox.builder("b").join("junk.log"), "");
            assert_eq!(
                seen(&sandbox.builder("b")).difference(&names(&["junk.log"])).cloned().collect::<BTreeSet<_>>(),
                expected(settings),
                "{settings} {gitignore:?}"
            );
        }
    }
}

#[test]
fn a_repositorys_own_ignore_rules_hold_in_a_builder() {
    for settings in [SIBLING, SPLIT, NESTED, CUSTOM] {
        let sandbox = made(settings, "repos/\n");
        let api = sandbox.git(sandbox.path("repos/api"), &["worktree", "list", "--porcelain"]);
        let api = api.lines().filter_map(|line| line.strip_prefix("worktree ")).next_back().unwrap().to_owned();
        sandbox.write(Path::new(&api).join("build.log"), "");
        assert_eq!(seen(&sandbox.builder("b")), expected(settings), "{settings}");
    }
}

#[test]
fn without_an_anchor_the_rule_of_builders_dir_reaches_into_a_builder() {
    for settings in [SIBLING, SPLIT, CUSTOM] {
        for gitignore in IGNORES {
            let sandbox = made(&format!("{settings}\nanchor = false"), gitignore);
            assert_eq!(seen(&sandbox.builder("b")), names(&[]), "{settings} {gitignore:?}");
        }
    }
}

#[test]
fn without_an_anchor_but_outside_the_workspace_a_builder_is_seen() {
    for settings in [SIBLING, SPLIT, CUSTOM] {
        let sandbox = made(&format!("{settings}\nanchor = false\nbuilders_dir = \"../outside\""), "repos/\n");
        assert_eq!(seen(&sandbox.top().join("outside/b")), expected(settings), "{settings}");
        sandbox.converged();
    }
}

#[test]
fn the_anchor_and_the_helper_are_what_makes_them_visible() {
    let sandbox = made(SPLIT, "repos/\n");
    assert_eq!(seen(&sandbox.builder("b")), expected(SPLIT));
    std::fs::rename(sandbox.builder("b/.git"), sandbox.path("away")).unwrap();
    assert_ne!(seen(&sandbox.builder("b")), expected(SPLIT), "the anchor does it");

    let sandbox = made(NESTED, "repos/\n");
    assert_eq!(seen(&sandbox.builder("b")), expected(NESTED));
    std::fs::remove_file(sandbox.builder(".ignore")).unwrap();
    assert_eq!(seen(&sandbox.builder("b")), names(&["notes.md"]), "the helper does it");
}

#[test]
fn the_workspace_sees_nothing_of_its_builders() {
    for settings in [SIBLING, SPLIT, NESTED, CUSTOM, "anchor = false"] {
        let sandbox = made(settings, "repos/\n");
        assert_eq!(sandbox.git(sandbox.root(), &["status", "--porcelain"]), "?? builders.toml", "{settings}");
        assert!(!seen(&sandbox.root()).iter().any(|name| name.contains("b/")), "{settings}");
    }
}

#[test]
fn the_anchor_shows_which_repositories_changed_and_how() {
    for (settings, api) in [(SIBLING, "api"), (SPLIT, "repos/api"), (CUSTOM, "src/api")] {
        let sandbox = made(settings, "repos/\n");
        let b = sandbox.builder("b");
        assert_eq!(sandbox.git(&b, &["status", "--porcelain"]), "");
        assert_eq!(sandbox.git(&b, &["branch", "--show-current"]), "builder/b");
        assert_eq!(sandbox.git(&b, &["remote"]), "");
        sandbox.write(b.join(api).join("README.md"), "edited by an agent\n");
        assert_eq!(sandbox.git(&b, &["status", "--short"]), format!(" m {api}"));
        let diff = sandbox.git(&b, &["diff"]);
        assert!(diff.contains("+edited by an agent") && diff.contains(&format!("b/{api}/README.md")), "{diff}");
        sandbox.converged();
    }
}

#[test]
fn no_harmless_command_in_the_anchor_takes_unsaved_work() {
    let sandbox = made(SIBLING, "repos/\n");
    let b = sandbox.builder("b");
    sandbox.write(b.join("api/README.md"), "edited\n");
    sandbox.write(b.join("api/untracked.txt"), "untracked\n");
    sandbox.write(b.join("api/ignored.log"), "ignored\n");
    sandbox.write(b.join("web/staged.txt"), "staged\n");
    sandbox.git(b.join("web"), &["add", "staged.txt"]);
    sandbox.git(b.join("web"), &["commit", "-q", "-m", "ahead of the gitlink"]);
    let work = || ["api", "web", "workspace-root"].map(|name| crate::support::snapshot(b.join(name)));
    let before = work();
    for recurse in ["false", "true"] {
        sandbox.git(sandbox.root(), &["config", "--global", "submodule.recurse", recurse]);
        for arguments in [
            &["reset", "-q", "--hard"] as &[&str],
            &["checkout", "-q", "-f", "."],
            &["clean", "-q", "-ffdx"],
            &["stash", "-q", "-u"],
            &["submodule", "update"],
            &["submodule", "update", "--init", "--recursive"],
        ] {
            sandbox.try_git(&b, arguments);
            assert_eq!(work(), before, "{arguments:?} with submodule.recurse={recurse}");
        }
    }
}

#[test]
fn a_commit_in_the_anchor_is_refused_with_the_directories_to_commit_in() {
    let sandbox = made(SIBLING, "repos/\n");
    let b = sandbox.builder("b");
    let output = sandbox.try_git(&b, &["commit", "--allow-empty", "-m", "by mistake"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("api") && said.contains("web") && said.contains("workspace-root"), "{said}");
}

#[test]
fn a_lost_helper_file_is_written_again() {
    let sandbox = made(NESTED, "repos/\n");
    std::fs::remove_file(sandbox.builder(".ignore")).unwrap();
    sandbox.plan().says("~ builders.b");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder(".ignore")), "!/*/repos/\n!/*/repos/*\n");
    sandbox.converged();

    std::fs::write(sandbox.builder(".gitignore"), "other\n").unwrap();
    sandbox.plan().says("~ builders.b");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder(".gitignore")), "*\n");
    sandbox.converged();
}

#[test]
fn the_helper_file_goes_with_the_last_nested_builder() {
    for builders_dir in [".builders", "all/builders"] {
        let sandbox = made(NESTED, ".builders/\nall/\nrepos/\n");
        let two = |layout: &str, builders_dir: &str| {
            let head = format!("[workspace]\n{layout}\nbuilders_dir = \"{builders_dir}\"\n");
            sandbox.toml(&format!("{head}{BUILDER}[builders.c]\nrepos = [\"api\"]\n"));
        };
        two(NESTED, ".builders");
        sandbox.apply().ok();
        let helper = text(sandbox.builder(".ignore"));
        let mut busy = sandbox.command("sleep").arg("600").current_dir(sandbox.builder("c")).spawn().unwrap();
        two(SIBLING, ".builders");
        sandbox.apply().fails();
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(sandbox.builder("b/api").exists());
        assert_eq!(text(sandbox.builder(".ignore")), helper, "c is still nested");
        two(SIBLING, builders_dir);
        sandbox.plan().says("no nested builder needs the helper file .ignore any more");
        sandbox.apply().ok();
        let ignore = sandbox.path(builders_dir).join(".ignore");
        assert!(!ignore.exists());
        sandbox.converged();
        // Left by an older run.
        sandbox.write(&ignore, &helper);
        sandbox.apply().ok().says("1 updated");
        assert!(!ignore.exists());
        sandbox.converged();
        sandbox.write(&ignore, &format!("{helper}mine\n"));
        sandbox.converged();
    }
}

#[test]
fn a_plain_builder_that_kept_its_anchor_changes_and_moves_like_any_other() {
    let sandbox = Sandbox::workspace();
    let file = |workspace: &str, name: &str, tail: &str| {
        let head = format!("[workspace]\n{workspace}\n[repos.api]\n");
        sandbox.toml(&format!("{head}[builders.{name}]\nrepos = [\"api\"]\nbranch = \"fix/b\"\n{tail}"));
    };
    let done = || {
        sandbox.apply().ok();
        sandbox.wsctl(&["plan", "--detailed-exitcode"]).ok().says("has an anchor, though").says("No changes.");
    };
    file("", "b", "");
    sandbox.apply().ok();
    file("anchor = false", "b", "");
    done();
    file("anchor = false", "b", "protect = true\n");
    done();
    file("anchor = false", "c", "protect = true\n[[moved]]\nfrom = \"builders.b\"\nto = \"builders.c\"\n");
    done();
    file("anchor = false", "d", "");
    sandbox.wsctl(&["plan", "--allow-removals"]).ok().says("! builders.c").says("protect");
}
