//! Registrations: taken to the trash, or dropped.

use super::*;
use crate::support::skip;

#[test]
fn a_registration_is_taken_only_as_seen() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, admin_dir) = sandbox.checkout(&repository, "b", "x");
    let (door, stale) = (sandbox.door(), super::stale(&repository, &path, &admin_dir));
    let into = sandbox.builders().join(".wsctl/trash/e/admin/api");
    let other = Stale { worktree: Some(abs("/nowhere")), ..stale.clone() };
    assert!(why(door.take_registration(&other, &into)).contains("by now"));
    assert!(door.take_registration(&Stale { worktree: None, ..stale.clone() }, &into).is_err());
    assert!(door.take_registration(&Stale { admin_dir: abs(repository.join(".git/refs")), ..stale.clone() }, &into).is_err());
    door.make_directory(&into).unwrap();
    assert!(door.take_registration(&stale, &into).is_err(), "into exists");
    door.remove_empty(&into).unwrap();
    std::fs::write(admin_dir.join("locked"), "usb stick").unwrap();
    assert!(why(door.take_registration(&stale, &into)).contains("usb stick"));
    std::fs::remove_file(admin_dir.join("locked")).unwrap();
    door.take_registration(&stale, &into).unwrap();
    assert!(into.join("HEAD").as_path().exists());
    assert!(!repository.join(".git/worktrees").exists(), "git keeps no empty worktrees/");
    assert_eq!(sandbox.git(&repository, &["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
}

#[test]
fn a_registration_is_taken_across_file_systems() {
    let Some(elsewhere) = tempfile::tempdir_in("/dev/shm").ok() else { return };
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, admin_dir) = sandbox.checkout(&repository, "b", "x");
    let stale = super::stale(&repository, &path, &admin_dir);
    let into = abs(elsewhere.path().join("admin"));
    let head = std::fs::read(admin_dir.join("HEAD")).unwrap();
    sandbox.door().take_registration(&stale, &into).unwrap();
    assert_eq!(std::fs::read(into.join("HEAD")).unwrap(), head);
    assert!(!admin_dir.as_path().exists());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    let left = std::fs::read_dir(repository.join(".git")).unwrap();
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().contains("wsctl-")));
}

/// A directory on another file system than a repository in a sandbox.
fn two_file_systems() -> Option<(tempfile::TempDir, Sandbox, PathBuf)> {
    use std::os::unix::fs::MetadataExt as _;
    let elsewhere = tempfile::tempdir_in("/dev/shm").ok()?;
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    if elsewhere.path().metadata().unwrap().dev() == repository.metadata().unwrap().dev() {
        skip("there is one file system only");
        return None;
    }
    Some((elsewhere, sandbox, repository))
}

#[test]
fn what_is_written_while_a_registration_is_taken_across_file_systems_is_not_lost() {
    let Some((elsewhere, sandbox, repository)) = two_file_systems() else { return };
    for round in 0..20 {
        let name = format!("b{round}");
        let (path, admin_dir) = sandbox.checkout(&repository, &name, &name);
        let stale = super::stale(&repository, &path, &admin_dir);
        let into = abs(elsewhere.path().join(&name));
        let (late, door) = (admin_dir.join("late"), sandbox.door());
        let (written, taken) = std::thread::scope(|scope| {
            // The copy is there, the original still too.
            let write = || {
                let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
                while !into.as_path().exists() && std::time::Instant::now() < until {
                    std::hint::spin_loop();
                }
                std::fs::write(&late, "late").is_ok()
            };
            let writer = scope.spawn(write);
            let taken = door.take_registration(&stale, &into);
            (writer.join().unwrap(), taken)
        });
        let place = if taken.is_ok() { &into } else { &admin_dir };
        assert!(place.join("HEAD").as_path().exists(), "{taken:?}");
        assert!(!written || place.join("late").as_path().exists(), "{taken:?}");
        assert_eq!(into.as_path().exists(), taken.is_ok());
    }
}

#[test]
fn an_original_that_cannot_go_back_is_named_and_is_no_temporary() {
    let Some((elsewhere, sandbox, repository)) = two_file_systems() else { return };
    for round in 0..20 {
        let name = format!("b{round}");
        let (path, admin_dir) = sandbox.checkout(&repository, &name, &name);
        // Long to compare, and the last comes last.
        std::fs::write(admin_dir.join("big"), vec![b'x'; 32 << 20]).unwrap();
        std::fs::write(admin_dir.join("zz"), "before").unwrap();
        let stale = super::stale(&repository, &path, &admin_dir);
        let into = abs(elsewhere.path().join(&name));
        let door = sandbox.door();
        let refused = std::thread::scope(|scope| {
            // The original is set apart: it differs from its copy, and its place is taken.
            scope.spawn(|| {
                let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
                while admin_dir.as_path().exists() && std::time::Instant::now() < until {
                    std::hint::spin_loop();
                }
                std::fs::write(into.join("zz"), "other").unwrap();
                std::fs::create_dir_all(&admin_dir).unwrap();
            });
            door.take_registration(&stale, &into)
        });
        // Whoever was not quick enough tries again.
        let Err(refused) = refused else { continue };
        let common = abs(repository.join(".git"));
        let apart: Vec<_> = std::fs::read_dir(&common).unwrap().map(|entry| abs(entry.unwrap().path())).collect();
        let apart: Vec<_> = apart.iter().filter(|path| path.join("zz").as_path().exists()).collect();
        assert_eq!(apart.len(), 1);
        assert!(format!("{refused:#}").contains(&format!("it is {} now", apart[0])), "{refused:#}");
        door.sweep(&common, &[wsctl::git::token().unwrap().to_owned()]).unwrap();
        assert_eq!(std::fs::read(apart[0].join("zz")).unwrap(), b"before");
        return;
    }
    panic!("the original was never set apart for long enough");
}

#[test]
fn a_registration_is_dropped_only_while_its_worktree_is_gone() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, admin_dir) = sandbox.checkout(&repository, "b", "x");
    let (door, stale) = (sandbox.door(), super::stale(&repository, &path, &admin_dir));
    assert!(why(door.drop_registration(&stale)).contains("is there again"));
    assert!(admin_dir.as_path().exists());
    std::fs::remove_dir_all(&path).unwrap();
    door.drop_registration(&stale).unwrap();
    assert!(!admin_dir.as_path().exists());
    assert!(door.drop_registration(&stale).is_err());
    assert!(sandbox.try_git(&repository, &["fsck"]).status.success());
}

#[test]
fn a_registration_that_holds_work_by_now_is_not_dropped() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    for what in ["commits that no branch holds", "staged changes"] {
        let name = &what[..4];
        let (path, admin_dir) = sandbox.checkout(&repository, name, name);
        if what.starts_with("commits") {
            sandbox.git(&path, &["switch", "-q", "--detach"]);
            sandbox.commit(&path, "detached");
        } else {
            std::fs::write(path.join("new"), "x").unwrap();
            sandbox.git(&path, &["add", "new"]);
        }
        std::fs::remove_dir_all(&path).unwrap();
        assert!(why(sandbox.door().drop_registration(&stale(&repository, &path, &admin_dir))).contains(what));
        assert!(admin_dir.join("HEAD").as_path().exists());
    }
}

/// What is done to an admin directory.
type Spoil<'a> = &'a dyn Fn(&AbsPath);

#[test]
fn a_registration_that_git_cannot_look_into_is_not_dropped() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let id = sandbox.git(&repository, &["rev-parse", "HEAD"]);
    let object = repository.join(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let cases: [(&str, Spoil<'_>); 4] = [
        ("commit", &|_| std::fs::rename(&object, sandbox.path("object")).unwrap()),
        ("index", &|admin| std::fs::write(admin.join("index"), "broken").unwrap()),
        ("head", &|admin| std::fs::write(admin.join("HEAD"), "broken").unwrap()),
        ("begun", &|admin| std::fs::remove_file(admin.join("HEAD")).unwrap()),
    ];
    for (name, spoil) in cases {
        let (path, admin_dir) = sandbox.checkout(&repository, name, name);
        sandbox.git(&path, &["switch", "-q", "--detach"]);
        std::fs::remove_dir_all(&path).unwrap();
        spoil(&admin_dir);
        let refusal = why(sandbox.door().drop_registration(&stale(&repository, &path, &admin_dir)));
        assert!(refusal.contains("cannot be looked into: "), "{name}: {refusal}");
        assert!(admin_dir.as_path().exists(), "{name}");
        if !object.exists() {
            std::fs::rename(sandbox.path("object"), &object).unwrap();
        }
    }
}

#[test]
fn a_registration_without_a_commit_is_dropped_unless_something_is_staged() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    for (name, head) in [("unborn", "ref: refs/heads/nothing\n"), ("staged", "ref: refs/heads/nothing\n"), ("zeros", "0000\n")] {
        let (path, admin_dir) = sandbox.checkout(&repository, name, name);
        std::fs::write(admin_dir.join("HEAD"), head).unwrap();
        if name != "staged" {
            std::fs::remove_file(admin_dir.join("index")).unwrap();
        }
        if name == "zeros" {
            std::fs::remove_dir_all(admin_dir.join("logs")).unwrap();
        }
        std::fs::remove_dir_all(&path).unwrap();
        let dropped = sandbox.door().drop_registration(&stale(&repository, &path, &admin_dir));
        assert_eq!(dropped.is_ok(), name != "staged", "{name}: {dropped:?}");
        assert_eq!(admin_dir.as_path().exists(), name == "staged");
    }
}

#[test]
fn a_registration_reached_through_a_link_is_the_same_when_its_worktree_is_gone() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, admin_dir) = sandbox.checkout(&repository, "b/api", "x");
    std::os::unix::fs::symlink(sandbox.builders(), sandbox.path("way")).unwrap();
    std::fs::remove_dir_all(path.parent()).unwrap();
    let seen = stale(&repository, &abs(sandbox.path("way/b/api")), &admin_dir);
    sandbox.door().drop_registration(&seen).unwrap();
}
