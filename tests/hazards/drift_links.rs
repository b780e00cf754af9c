//! Checkouts and repositories that were moved, copied, mounted elsewhere, or whose links are broken.

use std::path::PathBuf;

use super::words::{TWO, declared, made};
use crate::support::{Sandbox, skip, snapshot, text};

/// A directory was moved with `mv`: one checkout, or the whole builder; to where we can see it, or out of sight.
#[test]
fn a_directory_moved_by_hand_is_told_with_its_way_back_and_never_made_again() {
    for (what, to) in [("b", ".builders/moved"), ("b/api", ".builders/b/moved"), ("b/api", ".builders/other/api")] {
        let sandbox = worked_in();
        std::fs::rename(sandbox.builder(what), sandbox.path(to)).unwrap();
        let address = if what == "b" { "builders.b" } else { "builders.b.api" };
        let words = ["it was moved by hand to ", &to[".builders".len()..], &format!("at .builders/{what}")];
        let next = sandbox.refuses(&[address], &words, &[sandbox.path(to), sandbox.path("repos/api")]);
        sandbox.types(&next[0]);
        comes_back(&sandbox);
    }
    // Nobody knows where it is: what its registration holds is not dropped for a new checkout.
    for what in ["b", "b/api"] {
        let sandbox = worked_in();
        let away = sandbox.top().join("away");
        std::fs::rename(sandbox.builder(what), &away).unwrap();
        let words = ["its directory is gone, its registration still holds commit", "at .builders/b/api"];
        let next = sandbox.refuses(&["builders.b.api"], &words, &[away.clone(), sandbox.path("repos/api")]);
        assert!(next[0].contains("checkout-index"), "{next:?}");
        std::fs::rename(if what == "b" { away.join("api") } else { away }, sandbox.builder("b/api")).unwrap();
        comes_back(&sandbox);
    }
}

/// Builders whose `b/api` holds an edit, and a commit that no branch holds.
fn worked_in() -> Sandbox {
    let sandbox = made();
    let checkout = sandbox.builder("b/api");
    sandbox.git(&checkout, &["switch", "-q", "--detach"]);
    sandbox.git(&checkout, &["commit", "-q", "--allow-empty", "-m", "only here"]);
    sandbox.write(".builders/b/api/README.md", "edited\n");
    sandbox
}

/// The work is there as it was; without it there is nothing left to do.
#[track_caller]
fn comes_back(sandbox: &Sandbox) {
    let checkout = sandbox.builder("b/api");
    assert_eq!(text(checkout.join("README.md")), "edited\n");
    assert_eq!(sandbox.git(&checkout, &["log", "-1", "--format=%s"]), "only here");
    sandbox.git(&checkout, &["checkout", "-q", "README.md"]);
    sandbox.git(&checkout, &["switch", "-q", "builder/b"]);
    sandbox.settles();
}

/// The same workspace is mounted at another path, and the path that its links name is empty.
#[test]
fn a_workspace_under_another_mount_is_blocked_and_nothing_dropped() {
    let sandbox = made();
    sandbox.write(".builders/b/api/README.md", "edited\n");
    if !sandbox.command("unshare").args(["-m", "true"]).output().is_ok_and(|output| output.status.success()) {
        return skip("no mounts can be made here");
    }
    let pod = sandbox.top().join("pod");
    std::fs::create_dir(&pod).unwrap();
    // Nothing declared any more, or another branch, must not loosen anything either.
    for file in [
        TWO.to_owned(),
        TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""),
        TWO.replace("[builders.b]\n", "[builders.b]\nbranch = \"two\"\n"),
    ] {
        sandbox.toml(&file);
        let before = snapshot(sandbox.root());
        let script = "mount --bind \"$1\" \"$2\" && mount -t tmpfs none \"$1\" || exit 77
            cd \"$2\"; shift 2; \"$@\"; echo \"code $?\"";
        let mut apart = sandbox.command("unshare");
        apart.args(["-m", "sh", "-c", script, "sh"]).args([&sandbox.root(), &pod]).arg(sandbox.program().get_program());
        let output = apart.args(["apply", "--auto-approve", "--allow-removals", "--unsaved=trash"]).output().unwrap();
        if output.status.code() == Some(77) {
            return skip("no mounts can be made here");
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("code 1\n") && said.contains("! builders.b"), "{said}");
        assert!(said.contains("this workspace is known as that of"), "{said}");
        before.assert_same(&snapshot(sandbox.root()));
    }
    sandbox.toml(TWO);
    sandbox.git(sandbox.builder("b/api"), &["checkout", "-q", "README.md"]);
    sandbox.settles();
}

/// Somebody typed `git mv` or `git rm -r api` where the anchor is the repository.
#[test]
fn git_mv_or_git_rm_in_an_anchored_builder_is_blocked_or_made_again_without_loss() {
    let sandbox = worked_in();
    sandbox.git(sandbox.builder("b"), &["mv", "api", "moved"]);
    let words = ["it was moved by hand to ", "at .builders/b/api"];
    let next = sandbox.refuses(&["builders.b.api"], &words, &[sandbox.builder("b"), sandbox.path("repos/api")]);
    sandbox.types(&next[0]);
    sandbox.git(sandbox.builder("b"), &["reset", "-q"]);
    comes_back(&sandbox);

    // Forced, it deletes the files; the commit that only the registration holds is still there.
    let sandbox = worked_in();
    let id = sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]);
    sandbox.git(sandbox.builder("b"), &["rm", "-q", "-r", "-f", "api"]);
    assert!(!sandbox.builder("b/api").exists());
    let words = ["its directory is gone, its registration still holds commit", "at .builders/b/api"];
    sandbox.refuses(&["builders.b.api"], &words, &[sandbox.path("repos/api")]);
    sandbox.git(sandbox.path("repos/api"), &["cat-file", "-e", &id]);

    let sandbox = made();
    sandbox.git(sandbox.builder("b/api"), &["commit", "-q", "--allow-empty", "-m", "mine"]);
    let id = sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]);
    sandbox.git(sandbox.builder("b"), &["rm", "-q", "-r", "-f", "api"]);
    sandbox.plan().says("-/+ builders.b.api");
    sandbox.settles();
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]), id);

    let sandbox = worked_in();
    sandbox.git(sandbox.builder("b"), &["rm", "-q", "-r", "--cached", "api"]);
    let before = snapshot(sandbox.root());
    sandbox.apply().ok().says("No changes.");
    before.assert_same(&snapshot(sandbox.root()));
    sandbox.git(sandbox.builder("b"), &["reset", "-q"]);
    comes_back(&sandbox);
}

/// The `.git` file of a checkout is gone, or names something else.
#[test]
fn a_git_file_that_is_gone_or_points_elsewhere_is_blocked_and_the_files_stay() {
    for state in ["gone", "elsewhere", "nowhere", "no link", "a directory"] {
        let sandbox = made();
        let checkout = sandbox.builder("b/api");
        let git = checkout.join(".git");
        sandbox.write(".builders/b/api/README.md", "edited\n");
        std::fs::remove_file(&git).unwrap();
        match state {
            "gone" => {}
            "elsewhere" => std::fs::write(&git, format!("gitdir: {}\n", sandbox.path("repos/web/.git").display())).unwrap(),
            "nowhere" => std::fs::write(&git, "gitdir: /nowhere\n").unwrap(),
            "no link" => std::fs::write(&git, "nonsense\n").unwrap(),
            _ => drop(sandbox.git(&checkout, &["init", "-q"])),
        }
        let untouched = [checkout.clone(), sandbox.path("repos/api")];
        let next = sandbox.refuses(&["builders.b.api"], &["its files stay as they are", "at .builders/b/api"], &untouched);
        if state == "a directory" {
            std::fs::remove_dir_all(&git).unwrap();
        }
        sandbox.types(&next[0]);
        assert_eq!(text(checkout.join("README.md")), "edited\n");
        sandbox.git(&checkout, &["checkout", "-q", "README.md"]);
        sandbox.settles();
    }
}

/// A checkout, or a whole builder, was copied with `cp -a`: two directories name one registration.
#[test]
fn a_copy_of_a_worktree_is_unmanaged_and_stays() {
    for (from, to) in [("b/api", "b/api-copy"), ("b/api", "copy"), ("b", "b-copy"), ("b/api", "other/api")] {
        let sandbox = made();
        let (from, to) = (sandbox.builder(from), sandbox.builder(to));
        assert!(sandbox.command("cp").arg("-a").args([&from, &to]).status().unwrap().success());
        std::fs::write(to.join("mine.txt"), "mine\n").unwrap();
        let before = snapshot(sandbox.root());
        sandbox.apply().ok().says("Unmanaged (left alone):").says(to.file_name().unwrap().to_str().unwrap()).says("No changes.");
        before.assert_same(&snapshot(sandbox.root()));
        // Neither is the copy taken for the original when that is to go, nor does it go with it.
        let copy = snapshot(&to);
        sandbox.toml(&TWO.replace("[builders.b]\nrepos = [\"api\"]\n", ""));
        let answer = sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]);
        if to.starts_with(&from) || to.parent() == from.parent() && to.parent().unwrap().ends_with("b") {
            let answer = answer.fails();
            assert!(answer.stdout.contains("! builders.b"), "{answer}");
            assert!(sandbox.builder("b/api").exists());
        } else {
            answer.ok().says("1 removed");
        }
        assert_eq!(copy, snapshot(&to));
    }
}

/// An admin directory has no `gitdir`, or is locked and half-made by somebody's killed git.
#[test]
fn an_admin_directory_that_is_broken_or_half_made_and_not_ours_is_reported_and_left() {
    for (state, words) in [
        ("without gitdir", "leads nowhere: it has no gitdir file"),
        ("empty gitdir", "leads nowhere: its gitdir file is empty"),
        ("half-made", "that git never finished adding"),
    ] {
        let sandbox = declared();
        let api = sandbox.path("repos/api");
        let theirs = sandbox.path("theirs");
        sandbox.git(&api, &["worktree", "add", "-q", "--detach", theirs.to_str().unwrap()]);
        let admin = api.join(".git/worktrees/theirs");
        match state {
            "without gitdir" => std::fs::remove_file(admin.join("gitdir")).unwrap(),
            "empty gitdir" => std::fs::write(admin.join("gitdir"), "").unwrap(),
            _ => {
                std::fs::write(admin.join("locked"), "initializing").unwrap();
                std::fs::rename(admin.join("index"), admin.join("index.lock")).unwrap();
                std::fs::remove_file(theirs.join("README.md")).unwrap();
            }
        }
        let before = [snapshot(&admin), snapshot(&theirs)];
        sandbox.apply().ok().says("Unmanaged (left alone):").says("repos/api/.git/worktrees/theirs").says(words);
        sandbox.goes_on();
        let whole = snapshot(sandbox.root());
        sandbox.apply().ok().says("No changes.").says(words);
        whole.assert_same(&snapshot(sandbox.root()));
        assert_eq!(before, [snapshot(&admin), snapshot(&theirs)], "{state}");
    }

    // Ours: the way out is to write the file again.
    let sandbox = worked_in();
    let gitdir = sandbox.path("repos/api/.git/worktrees/api/gitdir");
    std::fs::remove_file(&gitdir).unwrap();
    let words = ["its registration: it has no gitdir file", "at .builders/b/api"];
    let next = sandbox.refuses(&["builders.b.api"], &words, &[sandbox.builder("b"), sandbox.path("repos/api")]);
    sandbox.types(&next[0]);
    comes_back(&sandbox);
}

/// The repository itself was moved or deleted while builders have worktrees of it; a url is declared for it, or none.
#[test]
fn a_repository_moved_or_deleted_under_its_builders_blocks_them_and_nothing_is_deleted() {
    for url in [true, false] {
        for moved in [true, false] {
            let sandbox = made();
            sandbox.write(".builders/b/api/README.md", "edited\n");
            let (api, away) = (sandbox.path("repos/api"), sandbox.top().join("away"));
            std::fs::rename(&api, &away).unwrap();
            if url {
                let url = format!("[repos.api]\nurl = \"{}\"\n", sandbox.top().join("origin/api.git").display());
                sandbox.toml(&TWO.replace("[repos.api]\n", &url));
            }
            if !moved {
                std::fs::remove_dir_all(&away).unwrap();
            }
            let untouched: Vec<PathBuf> = [sandbox.builder("b"), away.clone(), api.clone()].into();
            let words = ["the repository is gone, and ", "/b/api is still a worktree of it", "at repos/api"];
            let next = sandbox.refuses(&["repos.api", "builders.b.api"], &words, &untouched);
            if moved {
                sandbox.types(&next[0].replace("WHERE-IT-IS-NOW", away.to_str().unwrap()));
                sandbox.git(sandbox.builder("b/api"), &["checkout", "-q", "README.md"]);
                sandbox.settles();
            }
        }
    }
}
