//! A worktree is compared without git as git compares it: the same paths, whatever is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use wsctl::model::work::{Finding, Work};

use super::{declare, desired, look, registration, with_worktree};
use crate::support::{Sandbox, snapshot};

/// Changes a worktree of the files that [`base`] has.
type Change = fn(&Sandbox, &Path);

const CASES: [(&str, Change); 34] = [
    ("nothing", |_, _| {}),
    ("an edit", |_, at| put(at, "src/a.txt", "other\n")),
    ("an edit of the same size in the same moment", |_, at| put(at, "src/a.txt", "AAA\n")),
    ("touched only", |_, at| put(at, "src/a.txt", "aaa\n")),
    ("executable", |_, at| fs::set_permissions(at.join("src/a.txt"), fs::Permissions::from_mode(0o755)).unwrap()),
    ("no longer executable", |_, at| fs::set_permissions(at.join("run"), fs::Permissions::from_mode(0o644)).unwrap()),
    ("a link elsewhere", |_, at| {
        fs::remove_file(at.join("link")).unwrap();
        symlink("src/b.txt", at.join("link")).unwrap();
    }),
    ("a file for a link", |_, at| {
        fs::remove_file(at.join("link")).unwrap();
        put(at, "link", "src/a.txt");
    }),
    ("a link for a file", |_, at| {
        fs::remove_file(at.join("src/a.txt")).unwrap();
        symlink("b.txt", at.join("src/a.txt")).unwrap();
    }),
    ("a file that is gone", |_, at| fs::remove_file(at.join("src/a.txt")).unwrap()),
    ("a directory that is gone", |_, at| fs::remove_dir_all(at.join("src")).unwrap()),
    ("a file for a directory", |_, at| {
        fs::remove_dir_all(at.join("src")).unwrap();
        put(at, "src", "x");
    }),
    ("a link for a directory", |sandbox, at| {
        fs::rename(at.join("src"), sandbox.home().join("src")).unwrap();
        symlink(sandbox.home().join("src"), at.join("src")).unwrap();
    }),
    ("a directory for a file", |_, at| {
        fs::remove_file(at.join("src/a.txt")).unwrap();
        put(at, "src/a.txt/inside", "x");
    }),
    ("staged", |sandbox, at| {
        put(at, "src/a.txt", "other\n");
        sandbox.git(at, &["add", "-A"]);
    }),
    ("staged, and edited after it", |sandbox, at| {
        put(at, "src/a.txt", "other\n");
        sandbox.git(at, &["add", "-A"]);
        put(at, "src/a.txt", "another\n");
    }),
    ("staged removals, additions and modes", |sandbox, at| {
        sandbox.git(at, &["rm", "-q", "src/b.txt"]);
        put(at, "aaa", "first\n");
        put(at, "zzz", "last\n");
        fs::set_permissions(at.join("src/a.txt"), fs::Permissions::from_mode(0o755)).unwrap();
        sandbox.git(at, &["add", "-A"]);
    }),
    ("a rename", |sandbox, at| drop(sandbox.git(at, &["mv", "src/a.txt", "moved.txt"]))),
    ("only in the index", |sandbox, at| drop(sandbox.git(at, &["rm", "-q", "--cached", "src/a.txt"]))),
    ("a commit", |sandbox, at| {
        put(at, "src/a.txt", "other\n");
        sandbox.commit(at, "mine");
        put(at, "src/b.txt", "edited\n");
    }),
    ("untracked at all depths", |_, at| {
        for name in ["new", "src/new", "deep/down/new", "deep/down/newer"] {
            put(at, name, "x");
        }
    }),
    ("untracked beside", |_, at| {
        for name in ["srcs", "sr", "src.d/x", "with space/\"q\"\nü"] {
            put(at, name, "x");
        }
        fs::create_dir_all(at.join("empty/of/all")).unwrap();
        symlink("nowhere", at.join("dangling")).unwrap();
    }),
    ("ignored", |_, at| {
        for name in ["x.log", "src/y.log", "build/a", "build/b/c", "src/build", "deep/z.log", "deep/kept.log", "deep/n"] {
            put(at, name, "x");
        }
    }),
    ("ignored by files of several kinds", |sandbox, at| {
        put(&sandbox.home(), ".config/git/ignore", "*.mine\n");
        put(&sandbox.path("repos/api"), ".git/info/exclude", "local/\n");
        put(at, "sub/.gitignore", "*\n!keep\n!.gitignore\n");
        for name in ["a.mine", "local/x", "sub/gone", "sub/keep", "sub/deep/x", "src/local/x"] {
            put(at, name, "x");
        }
    }),
    ("tracked in what is ignored", |sandbox, at| {
        put(at, "build/known", "x\n");
        sandbox.git(at, &["add", "-f", "build/known"]);
        sandbox.git(at, &["commit", "-q", "-m", "known"]);
        put(at, "build/known", "y\n");
        put(at, "build/unknown", "x\n");
    }),
    ("line endings", |sandbox, at| {
        put(at, ".gitattributes", "*.txt text eol=crlf\n*.bin -text\n");
        put(at, "n.bin", "one\r\ntwo\n");
        sandbox.commit(at, "attributes");
        fs::remove_file(at.join("src/a.txt")).unwrap();
        sandbox.git(at, &["checkout", "-q", "--", "src/a.txt"]);
        put(at, "src/b.txt", "other\r\n");
        put(at, "n.bin", "one\ntwo\n");
    }),
    ("endings by configuration", |sandbox, at| {
        sandbox.git(at, &["config", "core.autocrlf", "true"]);
        put(at, "src/b.txt", "b\r\n");
    }),
    ("untracked attributes", |_, at| {
        put(at, ".gitattributes", "*.txt text\n");
        put(at, "src/a.txt", "other\r\n");
    }),
    ("a filter", |sandbox, at| {
        sandbox.git(at, &["config", "filter.up.clean", "tr a-z A-Z"]);
        put(at, ".gitattributes", "*.up filter=up\n");
        put(at, "x.up", "abc\n");
        sandbox.commit(at, "filtered");
        put(at, "x.up", "ABC\n");
    }),
    ("a conflict", |sandbox, at| {
        put(at, "src/a.txt", "ours\n");
        sandbox.commit(at, "ours");
        let main = sandbox.path("repos/api");
        put(&main, "src/a.txt", "theirs\n");
        sandbox.commit(&main, "theirs");
        sandbox.try_git(at, &["merge", "-q", "main"]);
    }),
    ("to be added", |sandbox, at| {
        put(at, "later", "x");
        sandbox.git(at, &["add", "-N", "later"]);
    }),
    ("a repository inside", |sandbox, at| {
        put(at, "inner/file", "x");
        sandbox.git(at.join("inner"), &["init", "-q"]);
        sandbox.commit(at.join("inner"), "inner");
    }),
    ("an index of another version", |sandbox, at| {
        sandbox.git(at, &["update-index", "--index-version", "4"]);
        put(at, "src/a.txt", "other\n");
    }),
    ("modes that do not count", |sandbox, at| {
        sandbox.git(at, &["config", "core.fileMode", "false"]);
        fs::set_permissions(at.join("src/a.txt"), fs::Permissions::from_mode(0o755)).unwrap();
    }),
];

fn put(at: &Path, name: &str, text: &str) {
    let path = at.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The main worktree and one more, which is what is changed.
fn base(sandbox: &Sandbox) -> (std::path::PathBuf, std::path::PathBuf) {
    let (main, _) = with_worktree(sandbox, "other");
    put(&main, "src/a.txt", "aaa\n");
    put(&main, "src/b.txt", "bbb\n");
    put(&main, "src/deep/c.txt", "ccc\n");
    put(&main, "src-d", "sorts between\n");
    put(&main, "run", "#!/bin/sh\n");
    put(&main, ".gitignore", "*.log\nbuild/\n!kept.log\n");
    fs::set_permissions(main.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("src/a.txt", main.join("link")).unwrap();
    sandbox.commit(&main, "files");
    let path = sandbox.path(".builders/b/main");
    sandbox.git(&main, &["worktree", "add", "-q", "-b", "one", path.to_str().unwrap()]);
    (main, path)
}

/// What git says: changed in the worktree, staged, not known.
fn said(sandbox: &Sandbox, at: &Path) -> [BTreeSet<String>; 3] {
    let text = sandbox.git(at, &["status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"]);
    let [mut edited, mut staged, mut untracked] = <[BTreeSet<String>; 3]>::default();
    for row in text.split('\0').filter(|row| !row.is_empty()) {
        let fields = match &row[..1] {
            "1" => 9,
            "u" => 11,
            _ => 2,
        };
        let path = row.splitn(fields, ' ').last().unwrap().trim_end_matches('/').to_owned();
        if row.starts_with('?') {
            untracked.insert(path);
            continue;
        }
        if row.as_bytes()[2] != b'.' {
            staged.insert(path.clone());
        }
        if row.as_bytes()[3] != b'.' {
            edited.insert(path);
        }
    }
    [edited, staged, untracked]
}

/// The same as `wsctl` finds it by content, before it removes or switches anything.
fn found(work: &Work) -> [BTreeSet<String>; 3] {
    let [mut edited, mut staged, mut untracked] = <[BTreeSet<String>; 3]>::default();
    for finding in &work.findings {
        match finding {
            Finding::Edited(paths) => edited.extend(paths.paths.clone()),
            Finding::Staged(paths) => staged.extend(paths.paths.clone()),
            Finding::Conflicts(paths) => {
                edited.extend(paths.paths.clone());
                staged.extend(paths.paths.clone());
            }
            Finding::Untracked(paths) | Finding::Nested(paths) => untracked.extend(paths.paths.clone()),
            _ => {}
        }
    }
    [edited, staged, untracked]
}

#[test]
fn what_differs_is_what_git_says() {
    for (name, change) in CASES {
        let sandbox = Sandbox::new();
        let (main, at) = base(&sandbox);
        change(&sandbox, &at);
        let mut desired = desired(&sandbox, &[("main", &main)]);
        declare(&mut desired, "b", &[("main", "main", None)]);
        let before = snapshot(sandbox.root());
        let status = wsctl::actual::status(&wsctl::actual::read(&desired).unwrap(), &desired, &BTreeMap::new(), vec![]);
        let registration = registration(&main, "main");
        let work = wsctl::actual::work(&look(&main, &[]), &registration, &BTreeMap::new(), &[], &[]);
        before.assert_same(&snapshot(sandbox.root()));
        let printable = |paths: &BTreeSet<String>| -> BTreeSet<String> {
            paths.iter().map(|path| wsctl::model::path::printable(path.as_ref())).collect()
        };
        // The home of this process is not the sandbox's: its patterns are not ours.
        let said = if name.contains("several kinds") {
            fs::remove_file(sandbox.home().join(".config/git/ignore")).unwrap();
            said(&sandbox, &at)
        } else {
            said(&sandbox, &at)
        };
        let [edited, staged, untracked] = &said;
        let counted = &status.builders[0].checkouts[0];
        let changed = edited.union(staged).count();
        assert_eq!((counted.changed, counted.untracked), (Some(changed), Some(untracked.len())), "{name}: {said:?}");
        let unknown = work.findings.iter().any(|finding| matches!(finding, Finding::Unknown(_)));
        assert!(!unknown, "{name}: {work:?}");
        // What is only to be added is looked at as if it was added empty: one more finding, never one less.
        let said = if name == "to be added" { [edited.clone(), edited.clone(), untracked.clone()] } else { said };
        assert_eq!(found(&work), said.each_ref().map(printable), "{name}: {work:?}");
    }
}
