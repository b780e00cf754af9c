//! Losses that attackers found once: a disk that fails at the wrong moment, mounts, copies, names that collide.

use std::fs;
use std::path::Path;

use wsctl::model::mark::{Deed, OurLock};
use wsctl::model::name::WorkspaceId;

use crate::support::{Sandbox, skip, text};

const WORK: &str = "[repos.api]\n[repos.web]\n[builders.work]\nrepos = [\"api\"]\n[builders.stays]\nrepos = [\"web\"]\n";
const NONE: &str = "[repos.api]\n[repos.web]\n[builders.stays]\nrepos = [\"web\"]\n";

fn made() -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(WORK);
    sandbox.apply().ok();
    sandbox
}

fn works(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> bool {
    sandbox.command(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// A commit on no branch in `work/api`.
fn detached(sandbox: &Sandbox, directory: &Path) -> String {
    sandbox.git(directory, &["switch", "-q", "--detach"]);
    sandbox.git(directory, &["commit", "-q", "--allow-empty", "-m", "detached"]);
    sandbox.git(directory, &["rev-parse", "HEAD"])
}

fn clean(sandbox: &Sandbox, repository: &str) {
    sandbox.git(sandbox.path(repository), &["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(sandbox.path(repository), &["gc", "-q", "--prune=now"]);
}

fn has(sandbox: &Sandbox, repository: &str, id: &str) -> bool {
    sandbox.try_git(sandbox.path(repository), &["cat-file", "-e", id]).status.success()
}

#[test]
fn a_rename_that_the_disk_refuses_to_sync_deletes_nothing() {
    let sandbox = made();
    if !works(&sandbox, "strace", &["-f", "-e", "inject=fsync:error=EIO", "true"]) {
        return skip("there is no strace that may trace");
    }
    sandbox.write(".builders/work/api/only.log", "only here\n");
    sandbox.toml(NONE);
    let mut traced = sandbox.command("strace");
    traced.args(["-f", "-o", "/dev/null", "-P"]).arg(sandbox.path(".builders")).args(["-e", "inject=fsync:error=EIO"]);
    let output = traced.arg(sandbox.program().get_program()).args(["apply", "--auto-approve"]).output().unwrap();
    assert!(!output.status.success());
    assert_eq!(text(sandbox.trashed().join("tree/api/only.log")), "only here\n");
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn a_bind_mount_in_the_trash_is_not_emptied() {
    for place in ["tree/api/mounted", "tree", "beside"] {
        let sandbox = made();
        if !works(&sandbox, "unshare", &["-m", "true"]) {
            return skip("no mounts can be made here");
        }
        sandbox.toml(NONE);
        sandbox.apply().ok();
        let (point, elsewhere) = (sandbox.trashed().join(place), sandbox.top().join("elsewhere"));
        fs::create_dir_all(&point).unwrap();
        fs::create_dir_all(elsewhere.join("deep")).unwrap();
        fs::write(elsewhere.join("deep/file"), "mine\n").unwrap();
        let script = "mount --bind \"$1\" \"$2\" || exit 77; shift 2; \"$@\"; exit 3";
        let mut apart = sandbox.command("unshare");
        apart.args(["-m", "sh", "-c", script, "sh"]).args([&elsewhere, &point]).arg(sandbox.program().get_program());
        let output = apart.args(["prune", "--older-than", "0s", "--auto-approve"]).output().unwrap();
        assert!(matches!(output.status.code(), Some(3 | 77)));
        assert_eq!(text(elsewhere.join("deep/file")), "mine\n", "{place}");
    }
}

#[test]
fn pruning_a_copy_of_the_workspace_leaves_the_originals_keepers() {
    let sandbox = made();
    let id = detached(&sandbox, &sandbox.builder("work/api"));
    sandbox.toml(NONE);
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    let copy = sandbox.top().join("copy");
    assert!(sandbox.command("cp").arg("-a").args([&sandbox.root(), &copy]).status().unwrap().success());
    sandbox.wsctl_in(&copy, &["prune", "--older-than", "0s", "--auto-approve"]).ok();
    clean(&sandbox, "repos/api");
    assert!(has(&sandbox, "repos/api", &id), "the trash of the original still has to hold it");
}

#[test]
fn a_branch_that_is_its_own_base_is_never_merged() {
    let sandbox = made();
    let api = sandbox.path("repos/api");
    sandbox.git(&api, &["push", "-q", "origin", "main:feat"]);
    sandbox.git(&api, &["fetch", "-q"]);
    for base in ["feat", "HEAD"] {
        let own = format!("[builders.own]\nrepos = [\"api\"]\nbranch = \"feat\"\nbase = \"{base}\"\ninclude_root = false\n");
        sandbox.toml(&format!("{NONE}{own}"));
        sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
        sandbox.git(sandbox.builder("own/api"), &["commit", "-q", "--allow-empty", "-m", "not pushed"]);
        sandbox.toml(NONE);
        sandbox.apply().ok().says("branch feat stays");
        assert!(sandbox.branches("repos/api").contains(&"feat".to_owned()));
        sandbox.git(&api, &["branch", "-q", "-D", "feat"]);
    }
}

#[test]
fn two_admin_directories_of_one_name_go_to_the_trash_side_by_side() {
    let sandbox = Sandbox::workspace();
    let nested = "[workspace]\nlayout = \"nested\"\n";
    sandbox.toml(&format!("{nested}{NONE}[builders.api]\nrepos = [\"api\"]\n"));
    sandbox.apply().ok();
    sandbox.toml(&format!("{nested}{NONE}"));
    sandbox.apply().ok();
    for part in ["@root", "api"] {
        assert!(sandbox.trashed().join("admin").join(part).join("HEAD").exists(), "{part}");
    }
    sandbox.converged();
}

#[test]
fn what_only_a_reftable_names_is_not_pruned() {
    let sandbox = Sandbox::new();
    let api = sandbox.path("repos/api");
    fs::create_dir_all(&api).unwrap();
    if !sandbox.try_git(&api, &["init", "-q", "-b", "main", "--ref-format=reftable"]).status.success() {
        return skip("this git has no reftable");
    }
    sandbox.commit(&api, "first");
    sandbox.toml("[repos.api]\n[builders.work]\nrepos = [\"api\"]\n");
    sandbox.apply().ok();
    let id = detached(&sandbox, &sandbox.builder("work/api"));
    sandbox.git(sandbox.builder("work/api"), &["switch", "-q", "builder/work"]);
    fs::remove_dir_all(sandbox.builder("work")).unwrap();
    sandbox.toml("[repos.api]\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).fails().says("that only its reflog names");
    assert!(sandbox.git(&api, &["fsck", "--unreachable"]).is_empty() && has(&sandbox, "repos/api", &id));
}

#[test]
fn work_in_the_trash_before_a_removal_is_finished_is_kept() {
    let sandbox = made();
    let api = sandbox.builder("work/api");
    sandbox.git(&api, &["switch", "-q", "--detach"]);
    let admin = sandbox.git(&api, &["rev-parse", "--absolute-git-dir"]);
    let mark: serde_json::Value = serde_json::from_str(&text(sandbox.path(".builders/.wsctl/workspace.json"))).unwrap();
    let workspace = WorkspaceId::new(mark["id"].as_str().unwrap()).unwrap();
    let lock = OurLock { workspace, deed: Deed::Removing { entry: "work-1".into() } };
    fs::write(Path::new(&admin).join("locked"), format!("{lock}\n")).unwrap();
    let entry = sandbox.path(".builders/.wsctl/trash/work-1");
    fs::create_dir_all(&entry).unwrap();
    fs::rename(sandbox.builder("work"), entry.join("tree")).unwrap();
    sandbox.git(entry.join("tree/api"), &["commit", "-q", "--allow-empty", "-m", "late"]);
    let id = sandbox.git(entry.join("tree/api"), &["rev-parse", "HEAD"]);
    sandbox.toml(NONE);
    sandbox.apply();
    assert!(entry.join("admin/api/HEAD").exists());
    clean(&sandbox, "repos/api");
    assert!(has(&sandbox, "repos/api", &id));
}

#[test]
fn helper_files_of_somebody_else_are_set_aside() {
    let sandbox = Sandbox::workspace();
    sandbox.write(".builders/.gitignore", "mine\n");
    sandbox.write(".builders/.ignore", "mine too\n");
    sandbox.toml(&format!("[workspace]\nlayout = \"nested\"\n{NONE}"));
    sandbox.apply().ok();
    assert_eq!(text(sandbox.path(".builders/.wsctl/replaced/.gitignore-1")), "mine\n");
    assert_eq!(text(sandbox.path(".builders/.wsctl/replaced/.ignore-1")), "mine too\n");
    sandbox.converged();
}

#[test]
fn our_own_helper_files_are_not_set_aside_when_two_builders_are_made() {
    let sandbox = made();
    assert!(!sandbox.builder(".wsctl/replaced").exists());
}

#[test]
fn a_pipe_in_place_of_a_file_is_an_error_and_no_wait() {
    let sandbox = made();
    if !works(&sandbox, "timeout", &["1", "true"]) {
        return skip("there is no timeout");
    }
    sandbox.toml(NONE);
    sandbox.apply().ok();
    let entry = sandbox.trashed();
    let admin = sandbox.path("repos/web/.git/worktrees/web");
    let mut files =
        [".wsctl/journal", ".wsctl/workspace.json", ".wsctl/lock", "stays/.git/wsctl-builder.json", "stays/.git/HEAD"]
            .map(|file| sandbox.builder(file))
            .to_vec();
    files.extend(["wsctl.json", "locked"].map(|file| admin.join(file)));
    files.extend([entry.join("manifest.json"), sandbox.builder("stays/web/.git"), sandbox.builder(".gitignore")]);
    for file in files {
        let kept = fs::read(&file).ok();
        let _ = fs::remove_file(&file);
        assert!(works(&sandbox, "mkfifo", &[file.to_str().unwrap()]));
        let commands: [&[&str]; 5] = [&["plan"], &["status"], &["restore"], &["prune"], &["apply", "--auto-approve"]];
        for arguments in commands {
            let mut command = sandbox.command("timeout");
            command.args(["-s", "KILL", "20"]).arg(sandbox.program().get_program()).args(arguments);
            let output = command.output().unwrap();
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 1)), "{arguments:?} with {}: {code:?}", file.display());
        }
        // An apply may have put a right one in its place.
        let _ = fs::remove_file(&file);
        if let Some(bytes) = kept {
            fs::write(&file, bytes).unwrap();
        }
    }
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn a_managed_file_that_was_committed_stays_when_it_is_no_longer_declared() {
    let sandbox = Sandbox::workspace();
    sandbox.write("env", "A=1\n");
    let builder = "[repos.api]\n[repos.web]\n[builders.work]\nrepos = [\"api\"]\n";
    sandbox.toml(&format!("{builder}[[files]]\nfrom = \"env\"\nto = \"{{repo}}/.env\"\n"));
    sandbox.apply().ok();
    let api = sandbox.builder("work/api");
    sandbox.git(&api, &["add", "-f", ".env"]);
    sandbox.git(&api, &["commit", "-q", "-m", "env"]);
    sandbox.toml(builder);
    sandbox.apply().ok().says("it stays, the checkout tracks it");
    assert_eq!(sandbox.git(&api, &["status", "--porcelain"]), "");
    assert_eq!(text(api.join(".env")), "A=1\n");
    sandbox.converged();
}
