//! Places where nothing can be made, and registrations that stand there already.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::words::{TWO, declared, made};
use crate::support::{Sandbox, skip, snapshot, text};

type Put = fn(&Sandbox, &Path);

/// What may lie where a directory shall be made: its name, the words, and how it gets there.
const OCCUPANTS: [(&str, &str, Put); 6] = [
    ("file", "a file is in the way", |_, at| std::fs::write(at, "mine\n").unwrap()),
    ("full directory", "a directory that is not ours is in the way", |_, at| {
        std::fs::create_dir(at).unwrap();
        std::fs::write(at.join("mine.txt"), "mine\n").unwrap();
    }),
    ("clone", "", |sandbox, at| {
        sandbox.git(sandbox.root(), &["clone", "-q", "repos/api", at.to_str().unwrap()]);
    }),
    ("symlink", "symbolic link; nothing is written through it", |sandbox, at| {
        std::fs::create_dir_all(sandbox.top().join("outside")).unwrap();
        symlink(sandbox.top().join("outside"), at).unwrap();
    }),
    ("dangling symlink", "symbolic link; nothing is written through it", |sandbox, at| {
        symlink(sandbox.top().join("outside"), at).unwrap();
    }),
    ("worktree of somebody else", "", |sandbox, at| {
        let stranger = sandbox.repository(sandbox.top().join("stranger"));
        sandbox.git(&stranger, &["worktree", "add", "-q", "-b", "theirs", at.to_str().unwrap()]);
    }),
];

/// A file, a full directory, a clone, a symbolic link or somebody's worktree lies where a builder or a checkout shall
/// be. An empty directory is free.
#[test]
fn an_occupied_destination_is_blocked_and_never_written_through() {
    for whole in [true, false] {
        for (name, words, put) in OCCUPANTS {
            let sandbox = declared();
            let (place, address) = if whole { ("b", "builders.b") } else { ("b/api", "builders.b.api") };
            let place = sandbox.builder(place);
            if whole {
                std::fs::create_dir_all(sandbox.builder("")).unwrap();
            } else {
                sandbox.toml(&TWO.replacen("repos = [\"api\"]", "repos = []", 1));
                sandbox.apply().ok();
                sandbox.toml(TWO);
            }
            put(&sandbox, &place);
            let at = format!("at .builders/{}", if whole { "b" } else { "b/api" });
            let words = [words, at.as_str()];
            let all = ["builders.b", "builders.b.\".\"", "builders.b.api"];
            let planned = sandbox.plan().stdout;
            let refused: Vec<_> = all.into_iter().filter(|one| planned.contains(&format!("! {one} "))).collect();
            assert!(refused.contains(&address), "{name}: {planned}");
            let mut refused = refused;
            refused.sort_by_key(|one| *one != address);
            let outside = sandbox.top().join("outside");
            let next = sandbox.refuses(&refused, &words, &[place, sandbox.path("repos/api"), outside]);
            sandbox.types(&next[0]);
            sandbox.settles();
        }
    }
    let sandbox = declared();
    std::fs::create_dir_all(sandbox.builder("b")).unwrap();
    sandbox.settles();
    let sandbox = made();
    sandbox.git(sandbox.path("repos/api"), &["worktree", "remove", sandbox.builder("b/api").to_str().unwrap()]);
    std::fs::create_dir(sandbox.builder("b/api")).unwrap();
    sandbox.settles();
}

/// A name, branch, layout or path of the file leads out of the builders; or a directory on the way there is a link.
#[test]
fn what_leaves_the_builders_directory_is_a_fault_or_blocked() {
    let faults = [
        TWO.replace("[builders.b]", "[builders.\"..\"]"),
        TWO.replace("[builders.b]", "[builders.\"../b\"]"),
        TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"../b\"\n"),
        TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"a/../b\"\n"),
        format!("[workspace]\nlayout = {{ root = \"ws\", repo = \"../{{repo}}\" }}\n{TWO}"),
        format!("[workspace]\nlayout = {{ root = \"../ws\", repo = \"{{repo}}\" }}\n{TWO}"),
        format!("[workspace]\nlayout = {{ root = \"ws\", repo = \"/tmp/{{repo}}\" }}\n{TWO}"),
        TWO.replace("[repos.api]", "[repos.\"..\"]").replace("[\"api\"]", "[\"..\"]"),
    ];
    for file in faults {
        let sandbox = Sandbox::workspace();
        sandbox.toml(&file);
        let before = snapshot(sandbox.top());
        let answer = sandbox.apply().fails().says("builders.toml:");
        assert_eq!(answer.stdout, "", "{file}");
        before.assert_same(&snapshot(sandbox.top()));
    }

    let split = format!("[workspace]\nlayout = \"split\"\n{TWO}");
    let sandbox = Sandbox::workspace();
    sandbox.toml(&split.replacen("repos = [\"api\"]", "repos = []", 1));
    sandbox.apply().ok();
    let outside = sandbox.top().join("outside");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, sandbox.builder("b/repos")).unwrap();
    sandbox.toml(&split);
    let before = snapshot(&outside);
    let answer = sandbox.apply().fails().says("! builders.b.api").says("symbolic link; nothing is written through it");
    assert!(answer.stdout.contains("at .builders/b/repos/api"), "{answer}");
    before.assert_same(&snapshot(&outside));
    assert_eq!(sandbox.branches("repos/api"), ["main"]);
    std::fs::remove_file(sandbox.builder("b/repos")).unwrap();
    sandbox.apply().ok();
    sandbox.converged();
    sandbox.sound();
}

type Leave = fn(&Sandbox, &Path);

/// A worktree is registered where a checkout shall be, and its directory is gone: ours, or made by hand; clean, or with a
/// detached commit, staged content, or a commit that only its reflog names.
#[test]
fn a_registration_without_its_directory_is_replaced_only_where_it_holds_nothing() {
    for by_hand in [false, true] {
        let sandbox = if by_hand { declared() } else { made() };
        let checkout = sandbox.builder("b/api");
        if by_hand {
            let path = checkout.to_str().unwrap();
            sandbox.git(sandbox.path("repos/api"), &["worktree", "add", "-q", "-b", "builder/b", path]);
        }
        let before = sandbox.git(&checkout, &["rev-parse", "HEAD"]);
        std::fs::remove_dir_all(if by_hand { sandbox.builder("b") } else { checkout.clone() }).unwrap();
        sandbox.plan().says("-/+ builders.b.api");
        sandbox.settles();
        assert_eq!(sandbox.git(&checkout, &["rev-parse", "HEAD"]), before);
        assert_eq!(sandbox.git(&checkout, &["status", "--porcelain"]), "");
    }
    let states: [(&str, Leave); 4] = [
        ("commit", |sandbox, checkout| {
            sandbox.git(checkout, &["switch", "-q", "--detach"]);
            sandbox.git(checkout, &["commit", "-q", "--allow-empty", "-m", "only here"]);
        }),
        ("staged changes", |sandbox, checkout| {
            std::fs::write(checkout.join("new.txt"), "new\n").unwrap();
            sandbox.git(checkout, &["add", "new.txt"]);
        }),
        ("that only its reflog names", |sandbox, checkout| {
            sandbox.git(checkout, &["commit", "-q", "--allow-empty", "-m", "dropped"]);
            sandbox.git(checkout, &["reset", "-q", "--hard", "HEAD~1"]);
        }),
        ("a bisect in progress", |sandbox, checkout| {
            sandbox.git(checkout, &["bisect", "start"]);
        }),
    ];
    for (held, leave) in states {
        let sandbox = made();
        let checkout = sandbox.builder("b/api");
        leave(&sandbox, &checkout);
        let admin = PathBuf::from(sandbox.git(&checkout, &["rev-parse", "--absolute-git-dir"]));
        let objects = sandbox.path("repos/api/.git/objects");
        std::fs::remove_dir_all(&checkout).unwrap();
        let words = ["its directory is gone, its registration still holds", held, "at .builders/b/api"];
        let next = sandbox.refuses(&["builders.b.api"], &words, &[admin, objects]);
        assert!(next[0].starts_with("mkdir -p "), "{held}: {next:?}");
        sandbox.types(&next[0]);
        assert!(checkout.join("README.md").exists() && sandbox.git(&checkout, &["diff"]).is_empty(), "{held}");
        sandbox.plan().never_says("its directory is gone");
    }
}

/// The same, and somebody locked the worktree, with a reason or without.
#[test]
fn a_locked_registration_without_its_directory_is_blocked_with_the_reason() {
    for reason in ["on a stick", ""] {
        let sandbox = made();
        let checkout = sandbox.builder("b/api");
        let lock = ["worktree", "lock", "--reason", reason, checkout.to_str().unwrap()];
        sandbox.git(sandbox.path("repos/api"), &lock);
        std::fs::remove_dir_all(&checkout).unwrap();
        let words = ["it is registered, gone, and locked", reason, "at .builders/b/api"];
        let next = sandbox.refuses(&["builders.b.api"], &words, &[sandbox.path("repos/api")]);
        sandbox.types(&next[0]);
        sandbox.settles();
    }
}

/// Everything in a workspace is fine, but its path, or that of files in it, has a newline, a leading dash, quotes, or
/// bytes that are no UTF-8.
#[test]
fn odd_bytes_in_paths_are_taken_as_they_are() {
    let sandbox = declared();
    let api = sandbox.path("repos/api");
    for name in [&b"with space"[..], b"quote'\"s", b"line\nbreak", b"-dash", b"bytes\xff\xfe", "ümläut".as_bytes()] {
        std::fs::write(api.join(std::ffi::OsStr::from_bytes(name)), "x\n").unwrap();
    }
    sandbox.commit(&api, "odd names");
    sandbox.git(&api, &["push", "-q"]);
    sandbox.settles();
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "");
    std::fs::write(sandbox.builder("b/api").join(std::ffi::OsStr::from_bytes(b"new\n\xff")), "x\n").unwrap();
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.other]\nrepos = [\"web\"]\n");
    sandbox.apply().fails().says("1 untracked file");
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    sandbox.sound();

    for name in [&b"with space"[..], b"quote'\"s", b"line\nbreak", b"-dash", b"bytes\xff\xfe", b"back\\slash", b"$HOME", b"#hash"]
    {
        let sandbox = Sandbox::new();
        let root: PathBuf = sandbox.top().join(std::ffi::OsStr::from_bytes(name));
        sandbox.repository(&root);
        sandbox.repository(root.join("repos/api"));
        let declared = "version = 1\n[repos.api]\n[builders.b]\nrepos = [\"api\"]\n";
        std::fs::write(root.join("builders.toml"), declared).unwrap();
        let shown = String::from_utf8_lossy(name).into_owned();
        let apply = || sandbox.wsctl_in(&root, &["apply", "--auto-approve", "--unsaved=trash", "--allow-removals"]);
        let answer = apply();
        assert_eq!(answer.code, Some(0), "{shown}: {answer}");
        assert_eq!(sandbox.git(root.join(".builders/b"), &["status", "--porcelain"]), "", "{shown}");
        assert_eq!(sandbox.git(root.join(".builders/b/api"), &["branch", "--show-current"]), "builder/b", "{shown}");
        let before = snapshot(&root);
        let answer = apply();
        assert!(answer.stdout.starts_with("No changes."), "{shown}: {answer}");
        let inside = sandbox.wsctl_in(root.join(".builders/b/api"), &["plan", "--detailed-exitcode"]);
        assert_eq!(inside.code, Some(0), "{shown}: {inside}");
        before.assert_same(&snapshot(&root));
        std::fs::write(root.join("builders.toml"), "version = 1\n[repos.api]\n").unwrap();
        let answer = apply();
        assert_eq!(answer.code, Some(0), "{shown}: {answer}");
        assert!(!root.join(".builders/b").exists(), "{shown}");
    }
}

/// The workspace is entered through a symbolic link, its builders lie behind one, or it was moved as a whole.
#[test]
fn a_workspace_behind_a_symlink_or_moved_is_the_same_workspace() {
    let sandbox = made();
    let alias = sandbox.top().join("alias");
    symlink(sandbox.root(), &alias).unwrap();
    let before = snapshot(sandbox.root());
    for place in [alias.clone(), alias.join(".builders/b"), alias.join(".builders/b/api")] {
        let answer = sandbox.wsctl_in(place, &["apply", "--auto-approve"]).ok();
        assert!(answer.stdout.starts_with("No changes."), "{answer}");
    }
    before.assert_same(&snapshot(sandbox.root()));

    let sandbox = declared();
    std::fs::create_dir(sandbox.top().join("roomy")).unwrap();
    symlink(sandbox.top().join("roomy"), sandbox.path(".builders")).unwrap();
    sandbox.settles();
    assert!(sandbox.top().join("roomy/b/api/README.md").exists());

    for layout in ["sibling", "split", "nested"] {
        let sandbox = Sandbox::workspace();
        sandbox.toml(&format!("[workspace]\nlayout = \"{layout}\"\n{TWO}"));
        sandbox.apply().ok();
        let api = if layout == "sibling" { "api" } else { "repos/api" };
        sandbox.write(sandbox.builder("b").join(api).join("README.md"), "edited\n");
        let moved = sandbox.top().join("moved");
        std::fs::rename(sandbox.root(), &moved).unwrap();
        let wsctl = |arguments: &[&str]| sandbox.wsctl_in(&moved, arguments);
        wsctl(&["plan"]).ok().says("~ builders.b.api");
        wsctl(&["apply", "--auto-approve"]).ok();
        let b = moved.join(".builders/b");
        assert_eq!(sandbox.git(b.join(api), &["status", "--short"]), " M README.md", "{layout}");
        assert_eq!(text(b.join(api).join("README.md")), "edited\n");
        let before = snapshot(&moved);
        wsctl(&["apply", "--auto-approve"]).ok().says("No changes.");
        before.assert_same(&snapshot(&moved));
    }
}

/// The repository's files belong to another user: git does not trust it.
#[test]
fn a_repository_of_another_user_is_blocked_and_safe_directory_never_edited() {
    let sandbox = declared();
    let git = sandbox.path("repos/api/.git");
    if std::os::unix::fs::lchown(&git, Some(12345), None).is_err() {
        return skip("only root can give a directory away");
    }
    let words = ["is owned by another user", "at repos/api"];
    let untouched = [sandbox.path("repos/api"), sandbox.home()];
    let next = sandbox.refuses(&["repos.api", "builders.b.api"], &words, &untouched);
    sandbox.types(&next[0]);
    sandbox.settles();
}
