//! Emptying the trash: what is due, what is kept, and that a kill in the middle leaves nothing half deleted to restore.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::brakes::{YEAR, declare, declared, plain, rewrite, shift};
use crate::support::{Answer, Sandbox, skip, snapshot, text};

const ALL: [&str; 4] = ["prune", "--older-than", "0s", "--auto-approve"];

const AUTO: &str = "[policy]\nauto_prune = true\n";

/// One entry in the trash: builder `b`, with a detached commit that only its keeper holds.
fn removed() -> (Sandbox, String) {
    removed_under("", "")
}

/// The same under these settings, and these of `b` itself.
fn removed_under(settings: &str, own: &str) -> (Sandbox, String) {
    let sandbox = plain();
    sandbox.toml(&format!("{}{own}", declared(settings, &["a", "b"])));
    sandbox.apply().ok();
    let api = sandbox.builder("b/api");
    sandbox.git(&api, &["switch", "-q", "--detach"]);
    sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", "only here"]);
    let id = sandbox.git(&api, &["rev-parse", "HEAD"]);
    sandbox.write(".builders/b/api/build.log", "ignored\n");
    declare(&sandbox, settings, &["a"]);
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    (sandbox, id)
}

fn keepers(sandbox: &Sandbox) -> String {
    sandbox.git(sandbox.path("repos/api"), &["for-each-ref", "--format=%(refname)", "refs/wsctl"])
}

/// Nothing is left to restore, nothing half deleted, no ref, and the rest of the workspace works.
#[track_caller]
fn emptied(sandbox: &Sandbox) {
    assert!(sandbox.trash().is_empty());
    assert_eq!(keepers(sandbox), "");
    for entry in fs::read_dir(sandbox.builder(".wsctl/gone")).unwrap() {
        let left: Vec<_> = fs::read_dir(entry.unwrap().path()).unwrap().map(|found| found.unwrap().file_name()).collect();
        assert_eq!(left, ["emptied.json"], "it only remembers that there was a removal");
    }
    sandbox.fsck(&["repos/api"]);
    sandbox.converged();
}

fn document(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.stdout).unwrap()
}

#[test]
fn it_shows_what_is_kept_until_when_and_what_goes() {
    let (sandbox, _) = removed();
    sandbox.wsctl(&["prune"]).ok().says("kept until 2").says("d)").says("Nothing to prune. The trash keeps 1 entry");
    let kept = document(&sandbox.wsctl(&["prune", "--json"]).ok());
    let entry = &kept["entries"][0];
    let left = entry["kept_until"].as_i64().unwrap() - entry["removed"].as_i64().unwrap();
    assert!((left - 14 * 24 * 3600).abs() <= 2, "{kept}");
    assert_eq!((entry["due"].as_bool(), kept["due_bytes"].as_u64()), (Some(false), Some(0)));
    let all = document(&sandbox.wsctl(&["prune", "--older-than", "0s", "--json"]).ok());
    assert_eq!(all["due_bytes"], all["entries"][0]["bytes"]);
    assert_eq!(sandbox.trash().len(), 1, "--json alone only answers");
    shift(&sandbox, -15 * 24 * 3600, false);
    let answer = sandbox.wsctl(&["prune"]).fails().says("1 of 1 entry to delete for good").says("--auto-approve");
    sandbox.type_next(&answer, "wsctl prune --auto-approve").ok().says("Pruned 1 entry of the trash");
    emptied(&sandbox);
    assert!(fs::read_dir(sandbox.builder(".wsctl/gone")).unwrap().next().is_none(), "a removal of long ago is not remembered");
}

#[test]
fn a_keeper_goes_with_its_entry_and_not_before() {
    let (sandbox, id) = removed();
    let has = || sandbox.try_git(sandbox.path("repos/api"), &["cat-file", "-e", &id]).status.success();
    sandbox.git(sandbox.path("repos/api"), &["gc", "-q", "--prune=now"]);
    assert!(has());
    sandbox.wsctl(&ALL).ok();
    sandbox.git(sandbox.path("repos/api"), &["gc", "-q", "--prune=now"]);
    assert!(!has());
    emptied(&sandbox);
}

#[test]
fn auto_prune_empties_what_is_due_and_says_so_before() {
    let (sandbox, _) = removed_under(AUTO, "");
    sandbox.apply().ok();
    assert_eq!(sandbox.trash().len(), 1);
    shift(&sandbox, -15 * 24 * 3600, false);
    let name = sandbox.trashed().file_name().unwrap().to_string_lossy().into_owned();
    let line = format!("  - trash {name}   builders.b, past the 14d that the trash keeps it: delete for good\n");
    sandbox.plan().ok().says(&line).says("Plan: 1 to delete for good.");
    sandbox.wsctl(&["plan", "-q"]).ok().says(&line);
    sandbox.wsctl(&["plan", "--detailed-exitcode"]).exits(2);
    let plan: serde_json::Value = serde_json::from_str(&sandbox.wsctl(&["plan", "--json"]).ok().stdout).unwrap();
    assert_eq!(plan["deletions"][0]["entry"], name.as_str());
    assert_eq!(plan["deletions"][0]["address"], "builders.b");
    assert_eq!(plan["summary"]["delete"], 1);
    // Nobody said yes.
    let before = snapshot(sandbox.trashed());
    sandbox.wsctl(&["apply"]).fails().says(&line).says("--auto-approve");
    before.assert_same(&snapshot(sandbox.trashed()));
    sandbox.wsctl(&["destroy"]).fails().never_says("trash b-");
    sandbox.apply().ok().says(&line).says("Pruned 1 entry");
    emptied(&sandbox);
    sandbox.plan().says("No changes.");
}

#[test]
fn auto_prune_tells_programs_what_goes() {
    let (sandbox, _) = removed_under(AUTO, "");
    shift(&sandbox, -15 * 24 * 3600, false);
    let answer = sandbox.wsctl(&["apply", "--auto-approve", "--json"]).ok().says("\"type\":\"planned_deletion\"");
    assert!(answer.stdout.lines().last().unwrap().contains("change_summary"), "{answer}");
    emptied(&sandbox);
}

#[test]
fn auto_prune_asks_the_mark_and_the_file_of_today() {
    let spared = [("", "", AUTO), (AUTO, "auto_prune = false\n", AUTO), (AUTO, "", ""), (AUTO, "", "again")];
    for (settings, own, today) in spared {
        let (sandbox, _) = removed_under(settings, own);
        match today {
            // Declared anew, and by now it says no.
            "again" => sandbox.toml(&format!("{}auto_prune = false\n", declared(AUTO, &["a", "b"]))),
            _ => declare(&sandbox, today, &["a"]),
        }
        sandbox.apply().ok();
        shift(&sandbox, -15 * 24 * 3600, false);
        sandbox.plan().ok().never_says("delete for good");
        sandbox.apply().ok();
        assert_eq!(sandbox.trash().len(), 1, "{settings:?} {own:?} {today:?}");
        sandbox.wsctl(&["prune", "--auto-approve"]).ok().says("Pruned 1 entry");
    }
    let (sandbox, _) = removed_under("", "auto_prune = true\n");
    sandbox.toml(&format!("{}auto_prune = true\n", declared("", &["a", "b"])));
    sandbox.apply().ok();
    shift(&sandbox, -15 * 24 * 3600, false);
    sandbox.plan().ok().says("Plan: 1 to delete for good.");
    sandbox.apply().ok().says("Pruned 1 entry");
    emptied(&sandbox);
}

#[test]
fn what_becomes_due_during_an_apply_waits_for_the_next() {
    let (sandbox, _) = removed_under(AUTO, "");
    shift(&sandbox, 0, false);
    let manifest = sandbox.trashed().join("manifest.json");
    let hook = format!("#!/bin/sh\nsed -i 's/\"removed\": *[0-9]*/\"removed\": 1/' '{}'\n", manifest.display());
    sandbox.script(sandbox.path("repos/api/.git/hooks/post-checkout"), &hook);
    declare(&sandbox, AUTO, &["a", "new"]);
    sandbox.plan().ok().never_says("delete for good");
    sandbox.apply().ok().never_says("Pruned");
    assert!(text(&manifest).contains("\"removed\": 1,"), "it is due since");
    sandbox.apply().ok().says("Plan: 1 to delete for good.").says("Pruned 1 entry");
    emptied(&sandbox);
}

#[test]
fn a_clock_that_jumped_makes_nothing_due() {
    let (sandbox, _) = removed_under(AUTO, "");
    if wsctl::actual::boot().is_none() {
        return skip("the system tells no uptime");
    }
    // Removed a moment ago by the uptime; by the clock a year ago, then a year ahead.
    for seconds in [-YEAR, 2 * YEAR] {
        shift(&sandbox, seconds, true);
        sandbox.apply().ok();
        sandbox.wsctl(&["prune", "--auto-approve"]).ok().says("Nothing to prune");
        sandbox.wsctl(&["prune", "--older-than", "1h", "--auto-approve"]).ok().says("Nothing to prune");
        assert_eq!(sandbox.trash().len(), 1);
    }
    // Removed before a reboot, a year from now: nobody knows how old it is.
    shift(&sandbox, 0, false);
    sandbox.wsctl(&ALL).ok().says("removed in the future by this clock");
    assert_eq!(sandbox.trash().len(), 1);
}

#[test]
fn an_uptime_of_another_time_namespace_makes_nothing_due() {
    let (sandbox, _) = removed();
    let apart = |arguments: &[&str]| sandbox.command("unshare").args(["-T", "--boottime", "99999999"]).args(arguments).output();
    if !apart(&["true"]).is_ok_and(|output| output.status.success()) {
        return skip("no time namespace can be made here");
    }
    let program = sandbox.program().get_program().to_str().unwrap().to_owned();
    Answer::of(&apart(&[&program, "prune", "--auto-approve"]).unwrap()).ok().says("Nothing to prune");
    assert_eq!(sandbox.trash().len(), 1);
    Answer::of(&apart(&[&program, "prune", "--older-than", "0s", "--auto-approve"]).unwrap()).ok();
    assert!(sandbox.trash().is_empty());
}

/// Moves the entry where a deletion that was cut short has it.
fn cut_short(sandbox: &Sandbox) -> PathBuf {
    let entry = sandbox.trashed();
    let gone = sandbox.builder(".wsctl/gone").join(entry.file_name().unwrap());
    fs::rename(&entry, &gone).unwrap();
    gone
}

/// What a kill made of an entry that was being deleted.
type State<'a> = &'a dyn Fn(&Sandbox, &PathBuf);

#[test]
fn a_deletion_that_was_cut_short_is_no_entry_any_more_and_is_finished() {
    let states: [State<'_>; 5] = [
        &|_, _| {},
        &|_, gone| fs::remove_dir_all(gone.join("tree")).unwrap(),
        &|_, gone| fs::remove_file(gone.join("tree/api/build.log")).unwrap(),
        &|sandbox, gone| {
            fs::remove_dir_all(gone.join("admin")).unwrap();
            sandbox.git(sandbox.path("repos/api"), &["update-ref", "-d", &keepers(sandbox)]);
        },
        &|sandbox, gone| {
            fs::remove_dir_all(gone.join("tree")).unwrap();
            sandbox.git(sandbox.path("repos/api"), &["update-ref", "-d", &keepers(sandbox)]);
            fs::remove_dir_all(gone.join("admin")).unwrap();
            fs::remove_file(gone.join("manifest.json")).unwrap();
        },
    ];
    for state in states {
        let (sandbox, _) = removed();
        let gone = cut_short(&sandbox);
        state(&sandbox, &gone);
        sandbox.wsctl(&["prune"]).fails().says("deleting it was cut short").says("1 of 1 entry to delete");
        sandbox.wsctl(&["prune", "--auto-approve"]).ok();
        emptied(&sandbox);
    }
}

#[test]
fn killed_at_any_unlink_it_leaves_the_whole_entry_or_none() {
    let traced = |sandbox: &Sandbox, when: u32| {
        let mut command = sandbox.command("strace");
        let inject = format!("inject=unlink,unlinkat,rmdir,renameat2,rename:signal=KILL:when={when}");
        command.args(["-f", "-o", "/dev/null", "-e", &inject]).arg(sandbox.program().get_program()).args(ALL);
        command.output()
    };
    for when in [1, 2, 3, 5, 8, 13] {
        let (sandbox, _) = removed();
        let before = snapshot(sandbox.trashed());
        match traced(&sandbox, when) {
            Ok(output) if output.status.success() || output.status.code() == Some(1) => {
                return skip("there is no strace that may trace");
            }
            Ok(_) => {}
            Err(_) => return skip("there is no strace here"),
        }
        if let [entry] = sandbox.trash().as_slice() {
            before.assert_same(&snapshot(entry));
        }
        sandbox.wsctl(&ALL).ok();
        emptied(&sandbox);
    }
}

#[test]
fn a_repository_that_is_gone_or_keepers_that_are_gone_are_no_obstacle() {
    let (sandbox, _) = removed();
    sandbox.git(sandbox.path("repos/api"), &["update-ref", "-d", &keepers(&sandbox)]);
    sandbox.wsctl(&ALL).ok();
    emptied(&sandbox);
    let (sandbox, _) = removed();
    fs::rename(sandbox.path("repos/api"), sandbox.top().join("api")).unwrap();
    sandbox.wsctl(&ALL).ok();
    assert!(sandbox.trash().is_empty());
    let (sandbox, _) = removed();
    fs::remove_dir_all(sandbox.path("repos/api/.git")).unwrap();
    fs::create_dir(sandbox.path("repos/api/.git")).unwrap();
    sandbox.wsctl(&ALL).ok();
    assert!(sandbox.trash().is_empty());
}

#[test]
fn an_entry_without_a_manifest_is_kept_and_named() {
    for state in ["gone", "torn", "empty"] {
        let (sandbox, _) = removed();
        let entry = sandbox.trashed();
        match state {
            "gone" => fs::remove_file(entry.join("manifest.json")).unwrap(),
            "torn" => fs::write(entry.join("manifest.json"), "{\"version\": 1, \"work").unwrap(),
            _ => fs::write(entry.join("manifest.json"), "").unwrap(),
        }
        let before = snapshot(&entry);
        sandbox
            .wsctl(&ALL)
            .ok()
            .says("its manifest cannot be read; look into it")
            .says(entry.file_name().unwrap().to_str().unwrap());
        before.assert_same(&snapshot(&entry));
    }
}

#[test]
fn one_entry_that_cannot_be_emptied_does_not_stop_the_others() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b", "c"]);
    sandbox.apply().ok();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    let stuck = sandbox.trash().remove(0);
    fs::create_dir_all(sandbox.builder(".wsctl/gone").join(stuck.file_name().unwrap()).join("in the way")).unwrap();
    fs::write(sandbox.builder(".wsctl/gone").join(stuck.file_name().unwrap()).join("emptied.json"), "{}").unwrap();
    sandbox.wsctl(&ALL).fails().says("is no entry of the trash: it is left alone");
    assert_eq!(sandbox.trash().len(), 1);
    fs::remove_dir_all(sandbox.builder(".wsctl/gone").join(stuck.file_name().unwrap())).unwrap();
    sandbox.wsctl(&ALL).ok();
    emptied(&sandbox);
}

#[test]
fn what_is_no_entry_is_left_alone_where_entries_are_deleted() {
    let (sandbox, _) = removed();
    let gone = sandbox.builder(".wsctl/gone");
    fs::create_dir_all(gone.join("mine-12/deep")).unwrap();
    fs::write(gone.join("mine-12/deep/file"), "mine\n").unwrap();
    fs::write(gone.join("file-34"), "mine\n").unwrap();
    std::os::unix::fs::symlink(sandbox.path("repos"), gone.join("link-56")).unwrap();
    // Nor is what has the manifest of another entry, or of another workspace.
    let manifest = text(sandbox.trashed().join("manifest.json"));
    let theirs = manifest.replace("\"workspace\": \"", "\"workspace\": \"0");
    for (name, manifest) in [("c-78".into(), &manifest), (sandbox.trashed().file_name().unwrap().to_owned(), &theirs)] {
        let name: std::ffi::OsString = name;
        fs::create_dir(gone.join(&name)).unwrap();
        fs::write(gone.join(&name).join("manifest.json"), manifest).unwrap();
    }
    let before = snapshot(&gone);
    sandbox.wsctl(&["prune", "--auto-approve"]).ok().says("is no entry of the trash, nor are 4 more beside it: it is left alone");
    sandbox.wsctl(&["prune", "-q"]).ok().never_says("warning");
    sandbox.wsctl(&ALL).fails();
    sandbox.apply().ok().never_says("warning");
    before.assert_same(&snapshot(&gone));
    fs::remove_dir_all(gone.join(sandbox.trashed().file_name().unwrap())).unwrap();
    sandbox.wsctl(&ALL).ok();
    assert!(sandbox.trash().is_empty() && gone.join("mine-12/deep/file").exists() && gone.join("link-56").is_symlink());
}

#[test]
fn read_only_directories_and_odd_names_go_too() {
    let (sandbox, _) = removed();
    let tree = sandbox.trashed().join("tree/api");
    let odd = tree.join(std::ffi::OsStr::from_bytes(b"-rf \xff\n\x1b[31m"));
    fs::create_dir_all(odd.join("deep/er")).unwrap();
    fs::write(odd.join("deep/er/file"), "x").unwrap();
    std::os::unix::fs::symlink(sandbox.path("repos"), odd.join("link")).unwrap();
    for path in [odd.join("deep/er"), odd.join("deep"), odd] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o500)).unwrap();
    }
    sandbox.wsctl(&ALL).ok();
    assert_eq!(text(sandbox.path("repos/api/README.md")), "# api\n");
    emptied(&sandbox);
}

#[test]
fn a_manifest_that_names_keepers_of_something_else_takes_none() {
    let (sandbox, id) = removed();
    let foreign = "refs/wsctl/0123456789abcdef/other-1/api";
    sandbox.git(sandbox.path("repos/api"), &["update-ref", foreign, &id]);
    rewrite(&sandbox, |manifest| manifest["checkouts"][0]["keeper"] = foreign.into());
    sandbox.wsctl(&ALL).ok();
    assert!(keepers(&sandbox).contains(foreign));
}

#[test]
fn on_a_full_disk() {
    let (sandbox, _) = removed();
    let full = sandbox.top().join("full");
    fs::create_dir(&full).unwrap();
    let script = "mount -t tmpfs -o size=8m none \"$1\" || exit 77; cp -a \"$2\" \"$1/ws\" && cd \"$1/ws\" || exit 78; \
                  \"$3\" apply --auto-approve || exit 79; rm -f repos/api/.git/wsctl.lock; \
                  dd if=/dev/zero of=\"$1/ballast\" bs=4k 2>/dev/null; \"$3\" prune --older-than 0s --auto-approve || exit 80; \
                  test -z \"$(ls .builders/.wsctl/trash)\" && git -C repos/api fsck && \
                  test -z \"$(git -C repos/api for-each-ref refs/wsctl)\"";
    fs::rename(sandbox.root(), sandbox.top().join("moved")).unwrap();
    let mut apart = sandbox.command("unshare");
    apart.current_dir(sandbox.top()).args(["-m", "sh", "-c", script, "sh"]).arg(&full).arg(sandbox.top().join("moved"));
    let output = apart.arg(sandbox.program().get_program()).output();
    match output.as_ref().map(|output| output.status.code()) {
        Ok(Some(0)) => {}
        Ok(Some(1 | 77)) | Err(_) => skip("no mounts can be made here"),
        _ => panic!("{}", Answer::of(&output.unwrap())),
    }
}

#[test]
fn beside_an_apply_it_waits_for_the_lock() {
    let (sandbox, _) = removed();
    let lock = fs::File::options().write(true).open(sandbox.builder(".wsctl/lock")).unwrap();
    lock.lock().unwrap();
    let before = snapshot(sandbox.trashed());
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve", "--lock-timeout", "0s"]).fails().says("holds the lock");
    before.assert_same(&snapshot(sandbox.trashed()));
    sandbox.wsctl(&["prune", "--older-than", "0s"]).fails().says("--auto-approve");
    drop(lock);
    sandbox.wsctl(&ALL).ok();
    assert!(text(sandbox.builder("a/api/README.md")).starts_with("# api"));
    emptied(&sandbox);
}
