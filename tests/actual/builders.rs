//! Directories below `builders_dir`: occupants, anchors, marks, managed files, strays.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use wsctl::actual::place;
use wsctl::model::actual::{Actual, Directory, Place, Source};
use wsctl::model::builder::{AnchorEntry, AnchorState, DiskFile, Occupant};
use wsctl::model::desired::{DesiredFile, FileMode, Origin};
use wsctl::model::mark::{BUILDER_MARK, CHECKOUT_MARK, Marked, WrittenFile};
use wsctl::model::name::{ObjectId, RepoName};
use wsctl::model::path::RelPath;
use wsctl::model::work::{Evidence, Finding};

use super::{abs, branch, builder_mark, checkout_mark, declare, desired, rel, save, with_worktree, workspace_mark};
use crate::support::Sandbox;

fn read(desired: &wsctl::model::desired::Desired) -> Actual {
    wsctl::actual::read(desired).unwrap()
}

fn written(text: &[u8]) -> WrittenFile {
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha256, gix::objs::Kind::Blob, text).unwrap();
    WrittenFile { mode: FileMode::Copy, hash: id.to_string(), executable: false, adopted: false, sole: false }
}

#[test]
fn what_lies_where_builders_should_be() {
    let sandbox = Sandbox::new();
    let mut desired = desired(&sandbox, &[]);
    assert_eq!(read(&desired).builders_dir, Directory::Missing);
    for name in ["none", "link"] {
        declare(&mut desired, name, &[]);
    }
    sandbox.write(".builders/.wsctl/x", "");
    sandbox.write(".builders/.gitignore", "*\n");
    sandbox.write(".builders/file", "");
    sandbox.write(".builders/full/deep/x", "");
    fs::create_dir(sandbox.path(".builders/empty")).unwrap();
    sandbox.git(sandbox.root(), &["init", "-q", ".builders/clone"]);
    sandbox.git(sandbox.root(), &["init", "-q", ".builders/full/a/b/clone"]);
    symlink(sandbox.path(".builders/full"), sandbox.path(".builders/link")).unwrap();
    let actual = read(&desired);
    assert_eq!(actual.gitignore.as_deref(), Some(&b"*\n"[..]));
    assert_eq!((actual.ignore.clone(), actual.builders_dir.clone()), (None, Directory::Present));
    let occupant = |name: &str| actual.builders[OsStr::new(name)].occupant.clone();
    let names: Vec<_> = actual.builders.keys().map(|name| name.to_str().unwrap()).collect();
    assert_eq!(names, ["clone", "empty", "file", "full", "link", "none"]);
    assert_eq!(occupant("clone"), Occupant::Repository);
    assert_eq!(occupant("empty"), Occupant::Empty);
    assert_eq!(occupant("file"), Occupant::File);
    assert_eq!(occupant("full"), Occupant::Directory);
    assert_eq!(occupant("link"), Occupant::Symlink);
    assert_eq!(occupant("none"), Occupant::Nothing);
    assert_eq!(actual.builders[OsStr::new("full")].places, [(rel("a/b/clone"), Occupant::Repository)].into());
    assert!(actual.builders[OsStr::new("link")].places.is_empty(), "nothing is read through a symbolic link");
    assert!(matches!(actual.builders[OsStr::new("clone")].anchor, AnchorState::Foreign(_)));
    assert_eq!(actual.builders[OsStr::new("none")].identity, (0, 0));
}

#[test]
fn places_of_declared_and_marked_checkouts() {
    let sandbox = Sandbox::new();
    let (main, _) = with_worktree(&sandbox, "one");
    let mut desired = desired(&sandbox, &[("api", &main)]);
    declare(&mut desired, "b", &[("api", "x/y", None)]);
    let head = sandbox.git(&main, &["rev-parse", "HEAD"]);
    save(main.join(".git/worktrees/one").join(CHECKOUT_MARK), &checkout_mark(&desired, "b", "api", "old/place", &head));
    symlink("one", sandbox.path(".builders/b/x")).unwrap();
    let places = read(&desired).builders.remove(OsStr::new("b")).unwrap().places;
    let git_dir = abs(main.join(".git/worktrees/one"));
    let expected =
        [(rel("old/place"), Occupant::Nothing), (rel("one"), Occupant::Worktree(git_dir)), (rel("x/y"), Occupant::Symlink)];
    assert_eq!(places, expected.into());
}

/// An anchor as git alone would make it.
fn anchor(sandbox: &Sandbox, name: &str) -> ObjectId {
    let path = sandbox.path(format!(".builders/{name}"));
    sandbox.git(sandbox.root(), &["init", "-q", "-b", &format!("builder/{name}"), path.to_str().unwrap()]);
    for (key, value) in [
        ("core.hooksPath", ".git/hooks"),
        ("submodule.recurse", "false"),
        ("commit.gpgSign", "no"),
        ("gc.auto", "0"),
        ("core.fsmonitor", "false"),
        ("diff.submodule", "diff"),
    ] {
        sandbox.git(&path, &["config", key, value]);
    }
    sandbox.git(&path, &["commit", "-q", "--allow-empty", "-m", "root"]);
    let root = sandbox.git(&path, &["rev-parse", "HEAD"]);
    sandbox.git(&path, &["update-index", "--add", "--cacheinfo", &format!("160000,{root},src/api")]);
    fs::write(path.join("Taskfile.yaml"), "x").unwrap();
    sandbox.git(&path, &["add", "Taskfile.yaml"]);
    sandbox.git(&path, &["commit", "-q", "-m", "record"]);
    fs::write(path.join(".git/hooks/pre-commit"), "#!/bin/sh\n# wsctl\nexit 1\n").unwrap();
    fs::set_permissions(path.join(".git/hooks/pre-commit"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(path.join(".git/info/exclude"), "/odd/\n").unwrap();
    ObjectId::new(&root).unwrap()
}

#[test]
fn an_anchor_is_read_whole() {
    let sandbox = Sandbox::new();
    let desired = desired(&sandbox, &[]);
    let root = anchor(&sandbox, "b");
    let path = sandbox.path(".builders/b");
    let state = || read(&desired).builders.remove(OsStr::new("b")).unwrap();
    assert!(matches!(state().anchor, AnchorState::Foreign(_)), "without our mark it is somebody's repository");
    save(path.join(".git").join(BUILDER_MARK), &builder_mark(&desired, "b"));
    let AnchorState::Ours(found) = state().anchor else { panic!("{:?}", state().anchor) };
    assert_eq!(found.head.branch(), Some(&branch("builder/b")));
    assert_eq!(found.entries[&rel("src/api")], AnchorEntry::Gitlink(root));
    assert!(matches!(found.entries[&rel("Taskfile.yaml")], AnchorEntry::Blob { mode: 0o100_644, .. }));
    assert_eq!((found.wrong_keys.len(), found.hook), (0, true));
    assert_eq!(state().mark, Marked::Yes(builder_mark(&desired, "b")));
    sandbox.git(&path, &["config", "--unset", "gc.auto"]);
    sandbox.git(&path, &["config", "core.hooksPath", "/elsewhere"]);
    sandbox.git(&path, &["remote", "add", "origin", "x"]);
    fs::set_permissions(path.join(".git/hooks/pre-commit"), fs::Permissions::from_mode(0o644)).unwrap();
    let AnchorState::Ours(found) = state().anchor else { panic!("{:?}", state().anchor) };
    assert_eq!(found.wrong_keys, ["core.hookspath", "gc.auto"]);
    assert_eq!((found.hook, found.remotes.as_slice()), (false, &["origin".to_owned()][..]));
    fs::remove_dir_all(path.join(".git/objects")).unwrap();
    assert!(matches!(state().anchor, AnchorState::Damaged(_)), "{:?}", state().anchor);
}

#[test]
fn marks_of_plain_and_nested_builders() {
    let sandbox = Sandbox::new();
    let root = sandbox.repository(".");
    let mut desired = desired(&sandbox, &[(".", &root)]);
    declare(&mut desired, "nested", &[(".", ".", None)]);
    let nested = sandbox.path(".builders/nested");
    sandbox.git(&root, &["worktree", "add", "-q", nested.to_str().unwrap()]);
    save(root.join(".git/worktrees/nested").join(BUILDER_MARK), &builder_mark(&desired, "nested"));
    fs::create_dir(sandbox.path(".builders/plain")).unwrap();
    let mut mark = builder_mark(&desired, "plain");
    mark.identity = place::identity(&sandbox.path(".builders/plain"));
    let file = sandbox.path(".builders/.wsctl/builders/plain.json");
    save(&file, &mark);
    let actual = read(&desired);
    let found = &actual.builders[OsStr::new("nested")];
    assert_eq!(found.mark, Marked::Yes(builder_mark(&desired, "nested")));
    assert!(matches!(found.places[&RelPath::here()], Occupant::Worktree(_)));
    assert!(actual.repositories.contains_key(&RepoName::root()));
    assert_eq!(actual.builders[OsStr::new("plain")].mark, Marked::Yes(mark.clone()));
    mark.identity = Some((1, 1));
    save(&file, &mark);
    assert_eq!(read(&desired).builders[OsStr::new("plain")].mark, Marked::No, "a copy's mark proves nothing");
}

#[test]
fn managed_files_and_their_sources() {
    let sandbox = Sandbox::new();
    let (main, _) = with_worktree(&sandbox, "one");
    let mut desired = desired(&sandbox, &[("api", &main)]);
    declare(&mut desired, "b", &[("api", "one", None)]);
    let builder = desired.builders.values_mut().next().unwrap();
    for to in ["Taskfile.yaml", "one/README.md", "one/.env", "missing", "linked/x", "dir", "link"] {
        let file = DesiredFile {
            to: rel(to),
            from: Some(Origin { path: abs(sandbox.path("source")), repository: None, member: false, within: None }),
            mode: FileMode::Copy,
            checkout: None,
        };
        builder.files.insert(rel(to), file);
    }
    sandbox.write(".builders/b/Taskfile.yaml", "hello\n");
    sandbox.write(".builders/b/one/.env", "");
    fs::create_dir(sandbox.path(".builders/b/dir")).unwrap();
    symlink(sandbox.root(), sandbox.path(".builders/b/linked")).unwrap();
    symlink("target", sandbox.path(".builders/b/link")).unwrap();
    let actual = read(&desired);
    assert!(matches!(&actual.sources[&abs(sandbox.path("source"))], Source::Missing));
    let files = &actual.builders[OsStr::new("b")].files;
    let DiskFile::File { bytes, hash, executable, private: false, tracked } = &files[&rel("Taskfile.yaml")] else {
        panic!("{files:?}")
    };
    assert_eq!((bytes.as_slice(), *executable, *tracked), (&b"hello\n"[..], false, false));
    assert_eq!(hash, "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4");
    assert!(matches!(files[&rel("one/README.md")], DiskFile::File { tracked: true, .. }));
    assert!(matches!(files[&rel("one/.env")], DiskFile::File { tracked: false, .. }));
    assert_eq!(files[&rel("missing")], DiskFile::Missing);
    assert!(matches!(&files[&rel("linked/x")], DiskFile::Unusable { at, .. } if *at == rel("linked")));
    assert!(matches!(files[&rel("dir")], DiskFile::Unusable { .. }));
    assert!(matches!(&files[&rel("link")], DiskFile::Symlink { target, .. } if target.as_os_str() == "target"));
}

#[test]
fn strays_lie_beside_the_checkouts() {
    let sandbox = Sandbox::new();
    let (main, worktree) = with_worktree(&sandbox, "one");
    let desired = desired(&sandbox, &[("api", &main)]);
    let head = sandbox.git(&main, &["rev-parse", "HEAD"]);
    let mut mark = builder_mark(&desired, "b");
    mark.files = [(rel("same"), written(b"same")), (rel("edited"), written(b"old")), (rel("gone"), written(b"gone"))].into();
    mark.identity = place::identity(&sandbox.path(".builders/b"));
    save(sandbox.path(".builders/.wsctl/builders/b.json"), &mark);
    sandbox.write(".builders/b/same", "same");
    sandbox.write(".builders/b/edited", "new");
    fs::create_dir_all(sandbox.path(".builders/b/empty/dirs")).unwrap();
    let strays = || wsctl::actual::strays(&read(&desired).builders[&OsString::from("b")]);
    let evidence = |path: &str| Evidence::of(vec![path.into()]);
    assert_eq!(strays(), [Finding::EditedManaged(evidence("edited")), Finding::Nested(evidence("one"))], "nobody marked it");
    save(main.join(".git/worktrees/one").join(CHECKOUT_MARK), &checkout_mark(&desired, "b", "api", "one", &head));
    fs::remove_file(sandbox.path(".builders/b/edited")).unwrap();
    assert_eq!(strays(), []);
    sandbox.write(".builders/b/dir/notes", "");
    assert_eq!(strays(), [Finding::Stray(evidence("dir/notes"))]);
    let copied = sandbox.command("cp").arg("-a").arg(&worktree).arg(sandbox.path(".builders/b/copy")).status().unwrap();
    assert!(copied.success());
    assert_eq!(
        strays(),
        [Finding::Stray(evidence("dir/notes")), Finding::Nested(evidence("copy"))],
        "a copied link proves nothing"
    );
}

#[test]
fn the_workspace_and_where_it_was() {
    let sandbox = Sandbox::new();
    let desired = desired(&sandbox, &[]);
    assert_eq!(read(&desired).workspace, Marked::No);
    sandbox.write("builders.toml", "");
    fs::create_dir(sandbox.path(".builders")).unwrap();
    let file = sandbox.path(".builders/.wsctl/workspace.json");
    let mut mark = workspace_mark(&desired);
    save(&file, &mark);
    assert_eq!((read(&desired).place, read(&desired).workspace), (Place::Same, Marked::Yes(mark.clone())));
    mark.file = abs(sandbox.path("gone/builders.toml"));
    save(&file, &mark);
    assert_eq!(read(&desired).place, Place::Elsewhere(mark.file.clone()), "the same inner path: another mount");
    mark.inner_path = Some(abs("/before"));
    save(&file, &mark);
    let moved = if place::inner_path(&desired.builders_dir).is_some() {
        Place::Moved(mark.file.clone())
    } else {
        Place::Elsewhere(mark.file.clone())
    };
    assert_eq!(read(&desired).place, moved);
    sandbox.write("gone/builders.toml", "");
    assert_eq!(read(&desired).place, Place::AnotherFile(mark.file.clone()));
    fs::write(&file, "{").unwrap();
    assert!(matches!(read(&desired).workspace, Marked::Unreadable(_)));
}

#[test]
fn repositories_that_nobody_declared_and_the_trash() {
    let sandbox = Sandbox::new();
    let api = sandbox.repository("repos/api");
    sandbox.repository("repos/other");
    sandbox.repository("repos/deep/main");
    sandbox.write("repos/plain/x", "");
    sandbox.write(".builders/.wsctl/trash/1-b/manifest.json", "{");
    let actual = read(&desired(&sandbox, &[("api", &api)]));
    assert_eq!(actual.unmanaged_repositories, [abs(sandbox.path("repos/deep/main")), abs(sandbox.path("repos/other"))]);
    assert_eq!((actual.trash.len(), actual.trash[0].name.as_str(), &actual.trash[0].manifest), (1, "1-b", &None));
}
