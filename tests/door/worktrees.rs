//! Worktrees: added, locked, switched, parked, linked again.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use wsctl::git::On;
use wsctl::git::Relink;

use super::*;

#[test]
fn a_worktree_is_on_its_branch_and_locked_with_our_reason() {
    for format in formats() {
        let sandbox = Sandbox::new();
        let repository = sandbox.repository_of("api", format);
        // A tag of the branch's name must not be taken instead.
        sandbox.git(&repository, &["tag", "b/x"]);
        let (path, admin_dir) = sandbox.checkout(&repository, "b/a b", "b/x");
        assert_eq!(sandbox.git(&path, &["symbolic-ref", "HEAD"]), "refs/heads/b/x");
        assert_eq!(sandbox.git(&path, &["status", "--porcelain"]), "");
        assert_eq!(admin_dir, abs(repository.join(".git/worktrees/a b")).parent().join(admin_dir.as_path().file_name().unwrap()));
        let reason = std::fs::read_to_string(admin_dir.join("locked")).unwrap();
        assert_eq!(OurLock::parse(&reason), Some(sandbox.lock(&repository)));
        assert!(sandbox.git(&repository, &["worktree", "list", "--porcelain"]).contains("locked wsctl"));
    }
}

#[test]
fn a_worktree_may_have_any_path() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let names: [&[u8]; 4] = [b"-dash", b"new\nline", b"not \xff utf8", b"quote'\""];
    for (number, name) in names.into_iter().enumerate() {
        let on = branch(&format!("x{number}"));
        let plan = BranchPlan::New { base: "HEAD".into(), commit: sandbox.id(&repository, "HEAD") };
        sandbox.door().create_branch(&abs(&repository), &on, &plan, &workspace()).unwrap();
        let path = sandbox.builders().join(OsStr::from_bytes(name));
        let added = sandbox.add(&abs(&repository), &path, &on, &sandbox.lock(&repository)).unwrap();
        assert_eq!(added.warning, None);
        assert!(path.join("README.md").as_path().exists());
    }
}

#[test]
fn a_reftable_worktree_is_added_and_switched() {
    let sandbox = Sandbox::new();
    let Some(repository) = sandbox.reftable("api") else { return };
    let (path, _) = sandbox.checkout(&repository, "b/api", "x");
    sandbox.git(&repository, &["branch", "y"]);
    sandbox.door().switch(&path, On::Branch(&branch("y"))).unwrap();
    sandbox.door().park(&path, &sandbox.id(&repository, "HEAD")).unwrap();
    assert_eq!(sandbox.git(&path, &["branch", "--show-current"]), "");
}

#[test]
fn an_occupied_path_or_a_missing_branch_is_refused() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    sandbox.git(&repository, &["branch", "x"]);
    sandbox.git(&repository, &["tag", "only-a-tag"]);
    let (at, lock) = (abs(&repository), sandbox.lock(&repository));
    let place = sandbox.builders().join("b");
    assert!(why(sandbox.add(&at, &place, &branch("only-a-tag"), &lock)).contains("there is no branch"));
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("file"), "x").unwrap();
    assert!(why(sandbox.add(&at, &place, &branch("x"), &lock)).contains("in the way"));
    std::os::unix::fs::symlink(sandbox.home(), sandbox.builders().join("link")).unwrap();
    assert!(sandbox.add(&at, &sandbox.builders().join("link"), &branch("x"), &lock).is_err());
    assert!(sandbox.add(&at, &sandbox.builders().join("link/in"), &branch("x"), &lock).is_err());
    assert!(!sandbox.home().join("in").exists());
    assert!(why(sandbox.add(&at, &sandbox.builders().join("m"), &branch("main"), &lock)).contains("use"));
    let empty = sandbox.builders().join("empty");
    std::fs::create_dir(&empty).unwrap();
    sandbox.add(&at, &empty, &branch("x"), &lock).unwrap();
}

#[test]
fn a_failing_hook_is_a_warning_and_the_users_hooks_run() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let hooks = sandbox.home().join("hooks");
    script(hooks.join("post-checkout"), "#!/bin/sh\ntouch hooked\nexit 3\n");
    sandbox.git(&repository, &["config", "--global", "core.hooksPath", hooks.to_str().unwrap()]);
    for key in ["core.autocrlf", "core.fsmonitor", "submodule.recurse", "checkout.guess"] {
        sandbox.git(&repository, &["config", "--global", key, "true"]);
    }
    sandbox.git(&repository, &["branch", "x"]);
    let path = sandbox.builders().join("b");
    let added = sandbox.add(&abs(&repository), &path, &branch("x"), &sandbox.lock(&repository)).unwrap();
    assert!(added.warning.unwrap().contains("post-checkout hook"));
    assert!(path.join("hooked").as_path().exists());
    sandbox.git(&repository, &["branch", "y"]);
    sandbox.door().switch(&path, On::Branch(&branch("y"))).unwrap();
    assert_eq!(sandbox.git(&path, &["branch", "--show-current"]), "y");
}

#[test]
fn a_failing_filter_is_an_error_in_one_line() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    std::fs::write(repository.join(".gitattributes"), "*.bin filter=broken\n").unwrap();
    std::fs::write(repository.join("x.bin"), "x").unwrap();
    sandbox.commit(&repository, "filtered");
    sandbox.git(&repository, &["config", "filter.broken.smudge", "false"]);
    sandbox.git(&repository, &["config", "filter.broken.required", "true"]);
    sandbox.git(&repository, &["branch", "x"]);
    let path = sandbox.builders().join("b");
    let reason = why(sandbox.add(&abs(&repository), &path, &branch("x"), &sandbox.lock(&repository)));
    assert!(reason.contains("smudge filter") && !reason.contains('\n'), "{reason}");
}

#[test]
fn a_foreign_lock_is_respected() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, admin_dir) = sandbox.checkout(&repository, "b", "x");
    let (door, ours) = (sandbox.door(), sandbox.lock(&repository));
    let removing = OurLock { deed: Deed::Removing { entry: "e".into() }, ..ours.clone() };
    door.lock_worktree(&admin_dir, &removing).unwrap();
    assert!(sandbox.git(&repository, &["worktree", "list", "--porcelain"]).contains("removing to trash as e"));
    let other = OurLock { workspace: WorkspaceId::new("fedcba9876543210").unwrap(), ..ours.clone() };
    assert!(why(door.lock_worktree(&admin_dir, &other)).contains("somebody else"));
    door.unlock_worktree(&admin_dir).unwrap();
    door.unlock_worktree(&admin_dir).unwrap();
    door.lock_worktree(&admin_dir, &ours).unwrap();
    door.unlock_worktree(&admin_dir).unwrap();
    sandbox.git(&repository, &["worktree", "lock", "--reason", "usb stick", path.as_path().to_str().unwrap()]);
    assert!(why(door.lock_worktree(&admin_dir, &ours)).contains("usb stick"));
    assert!(why(door.unlock_worktree(&admin_dir)).contains("usb stick"));
    assert!(admin_dir.join("locked").as_path().exists());
}

#[test]
fn switch_never_overwrites_an_ignored_or_untracked_file() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, _) = sandbox.checkout(&repository, "b", "x");
    std::fs::write(repository.join("secret.log"), "theirs").unwrap();
    sandbox.git(&repository, &["add", "-f", "secret.log"]);
    sandbox.commit(&repository, "tracks a log");
    sandbox.git(&repository, &["branch", "y"]);
    std::fs::write(path.join("secret.log"), "mine").unwrap();
    assert!(why(sandbox.door().switch(&path, On::Branch(&branch("y")))).contains("overwritten"));
    assert_eq!(std::fs::read_to_string(path.join("secret.log")).unwrap(), "mine");
    assert_eq!(sandbox.git(&path, &["branch", "--show-current"]), "x");
    assert!(why(sandbox.door().switch(&path, On::Branch(&branch("nothing")))).contains("there is no branch"));
}

#[test]
fn park_detaches_only_where_head_was_seen() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, _) = sandbox.checkout(&repository, "b", "x");
    let seen = sandbox.id(&path, "HEAD");
    std::fs::write(path.join("README.md"), "edited").unwrap();
    sandbox.door().park(&path, &seen).unwrap();
    assert_eq!(sandbox.git(&path, &["branch", "--show-current"]), "");
    assert_eq!(std::fs::read_to_string(path.join("README.md")).unwrap(), "edited");
    sandbox.commit(&path, "moved on");
    assert!(why(sandbox.door().park(&path, &seen)).contains("no longer at"));
}

#[test]
fn links_are_written_again_after_a_move_each_only_as_seen() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("ws/api");
    std::fs::create_dir_all(sandbox.path("ws/b")).unwrap();
    sandbox.git(&repository, &["branch", "x"]);
    let old_worktree = abs(sandbox.path("ws/b/api"));
    sandbox.git(&repository, &["worktree", "add", "-q", old_worktree.as_path().to_str().unwrap(), "x"]);
    let old_admin_dir = abs(repository.join(".git/worktrees/api1"));
    let old_admin_dir = if old_admin_dir.as_path().exists() { old_admin_dir } else { abs(repository.join(".git/worktrees/api")) };
    std::fs::rename(sandbox.path("ws"), sandbox.path("moved")).unwrap();
    let worktree = abs(sandbox.path("moved/b/api"));
    let admin_dir = abs(sandbox.path("moved/api/.git/worktrees").join(old_admin_dir.as_path().file_name().unwrap()));
    let nowhere = abs("/nowhere");
    let door = sandbox.door();
    let common_dir = admin_dir.parent().parent();
    let link = Relink {
        admin_dir: &admin_dir,
        common_dir: &common_dir,
        worktree: &worktree,
        old_worktree: &old_worktree,
        old_admin_dir: &old_admin_dir,
    };
    let before = std::fs::read(admin_dir.join("gitdir")).unwrap();
    assert!(door.relink(&Relink { old_worktree: &nowhere, ..link }).is_err());
    assert!(door.relink(&Relink { old_admin_dir: &nowhere, ..link }).is_err());
    assert_eq!(std::fs::read(admin_dir.join("gitdir")).unwrap(), before, "neither is written when one is not as seen");
    door.relink(&link).unwrap();
    door.relink(&link).unwrap();
    assert_eq!(sandbox.git(&worktree, &["status", "--porcelain"]), "");
    let listed = sandbox.git(sandbox.path("moved/api"), &["worktree", "list", "--porcelain"]);
    assert!(listed.contains(worktree.as_path().to_str().unwrap()) && !listed.contains("prunable"));
}

#[test]
fn relative_links_stay_relative() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("api");
    let (path, admin_dir) = sandbox.checkout(&repository, "b", "x");
    let name = admin_dir.as_path().file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::write(path.join(".git"), format!("gitdir: ../../api/.git/worktrees/{name}\n")).unwrap();
    std::fs::write(admin_dir.join("gitdir"), "../../../../.builders/b/.git\n").unwrap();
    let moved = abs(sandbox.path("elsewhere/deep/b"));
    std::fs::create_dir_all(moved.parent()).unwrap();
    std::fs::rename(&path, &moved).unwrap();
    let seen = moved.join(format!("../../api/.git/worktrees/{name}"));
    let common_dir = admin_dir.parent().parent();
    let link =
        Relink { admin_dir: &admin_dir, common_dir: &common_dir, worktree: &moved, old_worktree: &path, old_admin_dir: &seen };
    sandbox.door().relink(&link).unwrap();
    assert_eq!(std::fs::read_to_string(admin_dir.join("gitdir")).unwrap(), "../../../../elsewhere/deep/b/.git\n");
    assert_eq!(std::fs::read_to_string(moved.join(".git")).unwrap(), format!("gitdir: ../../../api/.git/worktrees/{name}\n"));
    assert_eq!(sandbox.git(&moved, &["status", "--porcelain"]), "");
}
