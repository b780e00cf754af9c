//! Repositories of every kind that people have: those that work, and those that cannot be used.

use std::path::Path;

use super::words::{TWO, declared};
use crate::support::{Sandbox, skip, text};

/// The checkout is made whole, and taken away again without a complaint of git.
#[track_caller]
fn lives(sandbox: &Sandbox, look: impl FnOnce(&Path)) {
    sandbox.settles();
    let checkout = sandbox.builder("b/api");
    assert_eq!(sandbox.git(&checkout, &["status", "--porcelain"]), "");
    look(&checkout);
    sandbox.converged();
    sandbox.toml(&TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""));
    sandbox.apply().ok().says("1 removed");
    assert!(!sandbox.builder("b").exists());
    sandbox.goes_on();
    sandbox.sound();
    sandbox.converged();
}

/// Puts a repository made by this in the place of `api`; whether this git can, said aloud where not.
fn instead(sandbox: &Sandbox, init: &[&str]) -> bool {
    let api = sandbox.path("repos/api");
    std::fs::remove_dir_all(&api).unwrap();
    std::fs::create_dir_all(&api).unwrap();
    let init = [&["init", "-q", "-b", "main"], init].concat();
    let made = sandbox.try_git(&api, &init).status.success();
    if made {
        sandbox.repository("repos/api");
    } else {
        skip(&format!("this git knows no {init:?}"));
    }
    made
}

fn clone_as(sandbox: &Sandbox, options: &[&str], path: &str) {
    std::fs::remove_dir_all(sandbox.path("repos/api")).unwrap();
    let url = format!("file://{}", sandbox.top().join("origin/api.git").display());
    sandbox.git(sandbox.root(), &[&["clone", "-q"], options, &[&url, path]].concat());
}

type Kind = (&'static str, fn(&Sandbox) -> bool, fn(&Sandbox, &Path));

fn nothing(_: &Sandbox, _: &Path) {}

const KINDS: [Kind; 8] = [
    ("reftable", |sandbox| instead(sandbox, &["--ref-format=reftable"]), nothing),
    (
        "sha256",
        |sandbox| instead(sandbox, &["--object-format=sha256"]),
        |sandbox, checkout| {
            assert_eq!(sandbox.git(checkout, &["rev-parse", "HEAD"]).len(), 64);
            // The root's ids are shorter: a tie, which the anchor settles for those.
            sandbox.wsctl(&["status"]).ok().says("not in the anchor: another object format");
        },
    ),
    (
        "shallow",
        |sandbox| {
            let seed = sandbox.top().join("seed/api");
            sandbox.commit(&seed, "second");
            sandbox.git(&seed, &["push", "-q", sandbox.top().join("origin/api.git").to_str().unwrap(), "main"]);
            clone_as(sandbox, &["--depth=1"], "repos/api");
            true
        },
        |sandbox, checkout| assert_eq!(sandbox.git(checkout, &["rev-list", "--count", "HEAD"]), "1"),
    ),
    (
        "partial",
        |sandbox| {
            sandbox.git(sandbox.top().join("origin/api.git"), &["config", "uploadpack.allowFilter", "true"]);
            clone_as(sandbox, &["--filter=blob:none"], "repos/api");
            true
        },
        |sandbox, checkout| assert_eq!(sandbox.git(checkout, &["config", "remote.origin.promisor"]), "true"),
    ),
    (
        "sparse",
        |sandbox| {
            let api = sandbox.path("repos/api");
            sandbox.write("repos/api/in/file", "in\n");
            sandbox.write("repos/api/out/file", "out\n");
            sandbox.commit(&api, "two directories");
            sandbox.git(&api, &["push", "-q"]);
            sandbox.git(&api, &["sparse-checkout", "set", "in"]);
            true
        },
        |_, checkout| assert!(checkout.join("in/file").exists()),
    ),
    (
        "bare",
        |sandbox| {
            clone_as(sandbox, &["--bare"], "repos/api/main");
            sandbox.git(sandbox.path("repos/api/main"), &["remote", "remove", "origin"]);
            true
        },
        nothing,
    ),
    (
        "submodules",
        |sandbox| {
            let library = sandbox.origin("library");
            let api = sandbox.path("repos/api");
            sandbox.git(&api, &["submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
            sandbox.commit(&api, "with a submodule");
            sandbox.git(&api, &["push", "-q"]);
            true
        },
        |sandbox, checkout| {
            sandbox.git(checkout, &["submodule", "--quiet", "update", "--init"]);
            assert!(checkout.join("lib/README.md").exists());
        },
    ),
    (
        "LFS",
        |sandbox| {
            let api = sandbox.path("repos/api");
            sandbox.git(&api, &["config", "filter.lfs.clean", "tr a-z n-za-m"]);
            sandbox.git(&api, &["config", "filter.lfs.smudge", "tr a-z n-za-m"]);
            sandbox.git(&api, &["config", "filter.lfs.required", "true"]);
            sandbox.write("repos/api/.gitattributes", "*.bin filter=lfs\n");
            sandbox.write("repos/api/large.bin", "hello\n");
            sandbox.commit(&api, "filtered");
            sandbox.git(&api, &["push", "-q"]);
            true
        },
        |_, checkout| assert_eq!(text(checkout.join("large.bin")), "hello\n"),
    ),
];

/// The repository keeps its refs in a reftable, has ids of 64 digits, is shallow, partial, sparse or bare, has submodules,
/// or files behind a filter as LFS has them.
#[test]
fn every_kind_of_repository_works() {
    for (kind, make, look) in KINDS {
        let sandbox = declared();
        if make(&sandbox) {
            // Names the kind where one fails.
            sandbox.plan().ok().says(if kind.is_empty() { "no kind" } else { "+ builders.b.api" });
            lives(&sandbox, |checkout| look(&sandbox, checkout));
        }
    }
}

/// Somebody's git wrote `core.bare = true` into a repository that has a work tree.
#[test]
fn a_core_bare_that_was_flipped_is_told_with_the_command_that_repairs_it() {
    for place in ["repos/api", "repos/an 'api'"] {
        let sandbox = declared();
        let api = sandbox.path(place);
        if place != "repos/api" {
            std::fs::rename(sandbox.path("repos/api"), &api).unwrap();
        }
        sandbox.toml(&TWO.replace("[repos.api]\n", &format!("[repos.api]\npath = \"{place}\"\n")));
        sandbox.git(&api, &["config", "core.bare", "true"]);
        let words = ["is marked as bare, though it has a work tree", &format!("at {place}")];
        let next = sandbox.refuses(&["repos.api", "builders.b.api"], &words, &[api]);
        sandbox.types(&next[0]);
        sandbox.settles();
    }
}

/// A builder has checkouts with ids of both lengths; its anchor can record only one kind.
#[test]
fn the_minority_of_object_formats_is_left_out_of_the_anchor_and_told() {
    let sandbox = Sandbox::workspace();
    std::fs::create_dir_all(sandbox.path("repos/new")).unwrap();
    sandbox.git(sandbox.path("repos/new"), &["init", "-q", "--object-format=sha256"]);
    sandbox.repository("repos/new");
    sandbox.toml("[repos.api]\n[repos.web]\n[repos.new]\n[builders.b]\nrepos = [\"api\", \"new\"]\n");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(sandbox.builder("b"), &["ls-files"]), "api\nworkspace-root");
    sandbox.wsctl(&["status"]).ok().says("not in the anchor: another object format");
    assert_eq!(sandbox.wsctl(&["apply", "-q", "--auto-approve"]).ok().stdout, "", "silent for cron");
    sandbox.converged();
    sandbox.fsck(&["", "repos/api", "repos/new", ".builders/b"]);
}

/// The repository says that it needs what this git does not know.
#[test]
fn an_unknown_extension_is_blocked_with_gits_reason() {
    for (extension, words) in
        [("tomorrow", "unknown repository extension found: tomorrow"), ("relativeWorktrees", "relativeworktrees")]
    {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        sandbox.git(&api, &["config", &format!("extensions.{extension}"), "true"]);
        sandbox.git(&api, &["config", "core.repositoryFormatVersion", "1"]);
        if sandbox.try_git(&api, &["status"]).status.success() {
            skip(&format!("this git knows {extension}"));
            continue;
        }
        let words = [words, "at repos/api"];
        let next = sandbox.refuses(&["repos.api", "builders.b.api"], &words, std::slice::from_ref(&api));
        let said = sandbox.try_types(&next[0]);
        assert!(String::from_utf8_lossy(&said.stderr).to_lowercase().contains(&extension.to_lowercase()), "{said:?}");
        let config = text(api.join(".git/config"));
        std::fs::write(api.join(".git/config"), config.replace(&format!("{extension} = true"), "")).unwrap();
        sandbox.settles();
    }
}
