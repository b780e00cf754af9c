//! The brakes: how many removals a day, what a broken file may do, what is protected, what destroy asks.

use std::fs;

use crate::support::{Answer, Sandbox, skip, snapshot};

/// A workspace that is no repository itself, with one repository.
pub(super) fn plain() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("repos/api");
    sandbox
}

/// Declares these builders, each with `api`.
pub(super) fn declare(sandbox: &Sandbox, settings: &str, builders: &[&str]) {
    sandbox.toml(&declared(settings, builders));
}

pub(super) fn declared(settings: &str, builders: &[&str]) -> String {
    let builder = |name: &&str| format!("[builders.{name}]\nrepos = [\"api\"]\n");
    format!("{settings}[repos.api]\n{}", builders.iter().map(builder).collect::<String>())
}

const TWO_A_DAY: &str = "[policy]\nmax_removals = 2\n";

/// Two removals of today in the trash, one builder too many on the disk.
fn spent() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, TWO_A_DAY, &["a", "b", "c", "d"]);
    sandbox.apply().ok();
    declare(&sandbox, TWO_A_DAY, &["b", "c", "d"]);
    sandbox.apply().ok();
    declare(&sandbox, TWO_A_DAY, &["c", "d"]);
    sandbox.apply().ok();
    declare(&sandbox, TWO_A_DAY, &["d"]);
    sandbox
}

const SPENT: &str = "1 removal and 2 in the last 24 hours, max_removals allows 2";

/// Changes the manifests in the trash.
pub(super) fn rewrite(sandbox: &Sandbox, change: impl Fn(&mut serde_json::Value)) {
    for entry in sandbox.trash() {
        let path = entry.join("manifest.json");
        let mut manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut manifest);
        fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
    }
}

pub(super) const YEAR: i64 = 365 * 24 * 3600;

/// Shifts the time of removal by so many seconds; without the uptime the clock is all there is.
pub(super) fn shift(sandbox: &Sandbox, seconds: i64, uptime: bool) {
    rewrite(sandbox, |manifest| {
        let removed = manifest["removed"].as_i64().unwrap();
        manifest["removed"] = (removed + seconds).into();
        if !uptime {
            manifest.as_object_mut().unwrap().remove("boot");
        }
    });
}

#[test]
fn the_removals_of_a_day_count_together() {
    let sandbox = spent();
    let answer = sandbox.apply().fails().says(SPENT);
    assert!(sandbox.builder("c/api/README.md").exists());
    sandbox.type_next(&answer, "--allow-removals").ok();
    assert!(!sandbox.builder("c").exists());
    sandbox.converged();
}

#[test]
fn emptying_the_trash_does_not_give_new_removals() {
    let sandbox = spent();
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok().says("Pruned 2 entries");
    assert!(sandbox.trash().is_empty());
    sandbox.apply().fails().says(SPENT);
    sandbox.wsctl(&["prune", "--older-than", "0s", "--auto-approve"]).ok().says("The trash is empty");
    sandbox.apply().fails().says(SPENT);
}

#[test]
fn an_entry_that_left_the_trash_for_another_reason_no_longer_counts() {
    let sandbox = spent();
    fs::rename(sandbox.trash().remove(0), sandbox.top().join("brought back")).unwrap();
    sandbox.apply().ok();
    assert!(!sandbox.builder("c").exists());
}

#[test]
fn yesterdays_removals_do_not_count() {
    let sandbox = spent();
    shift(&sandbox, -24 * 3600 + 60, false);
    sandbox.apply().fails().says(SPENT);
    shift(&sandbox, -120, false);
    sandbox.apply().ok();
    assert!(!sandbox.builder("c").exists());
}

#[test]
fn a_clock_that_jumped_gives_no_new_removals() {
    let sandbox = spent();
    if wsctl::actual::boot().is_none() {
        return skip("the system tells no uptime");
    }
    for seconds in [-YEAR, 2 * YEAR] {
        shift(&sandbox, seconds, true);
        sandbox.apply().fails().says(SPENT);
    }
    shift(&sandbox, 0, false);
    sandbox.apply().fails().says(SPENT);
}

#[test]
fn a_percentage_is_of_the_builders_of_the_morning() {
    let sandbox = plain();
    let quarter = "[policy]\nmax_removals = \"50%\"\n";
    declare(&sandbox, quarter, &["a", "b", "c", "d"]);
    sandbox.apply().ok();
    for left in [&["b", "c", "d"] as &[&str], &["c", "d"]] {
        declare(&sandbox, quarter, left);
        sandbox.apply().ok();
    }
    declare(&sandbox, quarter, &["d"]);
    sandbox.apply().fails().says("max_removals allows 2");
}

#[test]
fn a_file_that_an_editor_or_a_full_disk_left_moves_no_builder() {
    let sandbox = plain();
    let one_a_day = "[policy]\nmax_removals = 1\n";
    let whole = format!("version = 1\n{}", declared(one_a_day, &["a", "b", "c"]));
    sandbox.write("builders.toml", &whole);
    sandbox.apply().ok();
    let before = snapshot(sandbox.path(".builders"));
    let cut = |end: &str| whole[..whole.find(end).unwrap() + end.len()].to_owned();
    let nul = format!("{}{}", cut("[builders.a]\n"), "\0".repeat(200));
    let files: [(&str, &str); 9] = [
        ("", "version"),
        ("\n\n", "version"),
        (&cut("vers"), "builders.toml:1"),
        (&cut("version = 1\n"), ""),
        (&cut("[repos.api]\n"), "3 removals, max_removals allows 1"),
        (&cut("[builders.b"), "builders.toml:7"),
        (&cut("[builders.a]\nrepos = [\"a"), "builders.toml:6"),
        (&cut("[builders.a]\nrepos = [\"api\"]\n"), "2 removals, max_removals allows 1"),
        (&nul, "builders.toml"),
    ];
    for (text, words) in files {
        sandbox.write("builders.toml", text);
        let answer = sandbox.apply().fails();
        assert!(answer.stdout.contains(words) || answer.stderr.contains(words), "{text:?}: no {words:?} in {answer}");
        sandbox.plan();
        before.assert_same(&snapshot(sandbox.path(".builders")));
    }
    fs::remove_file(sandbox.path("builders.toml")).unwrap();
    fs::create_dir(sandbox.path("builders.toml")).unwrap();
    sandbox.apply().fails();
    fs::remove_dir(sandbox.path("builders.toml")).unwrap();
    sandbox.write("builders.toml", &whole);
    sandbox.converged();
}

#[test]
fn a_file_without_any_repository_takes_no_checkout_with_it() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    let before = snapshot(sandbox.builder("a"));
    sandbox.toml("");
    for arguments in
        [&["apply", "--auto-approve"] as &[&str], &["apply", "--auto-approve", "--allow-removals", "--unsaved=trash"]]
    {
        sandbox.wsctl(arguments).fails().says("repos/api, which the file does not declare").says("declare it: [repos.");
        before.assert_same(&snapshot(sandbox.builder("a")));
    }
    declare(&sandbox, "", &["a", "b"]);
    sandbox.converged();
    declare(&sandbox, "", &[]);
    sandbox.wsctl(&["apply", "--auto-approve", "--allow-removals"]).ok();
    assert!(!sandbox.builder("a").exists());
}

#[test]
fn an_unreadable_file_moves_no_builder() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = plain();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    let file = sandbox.path("builders.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        return skip("whoever runs this may read everything");
    }
    let before = snapshot(sandbox.path(".builders"));
    sandbox.apply().fails().says("builders.toml");
    before.assert_same(&snapshot(sandbox.path(".builders")));
}

#[test]
fn the_last_builders_stay_also_when_some_of_them_are_blocked_for_another_reason() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    sandbox.write(".builders/a/api/new.txt", "new\n");
    declare(&sandbox, "", &[]);
    let answer = sandbox.apply().fails().says("these are the last builders");
    assert!(sandbox.builder("b/api/README.md").exists());
    sandbox.type_next(&answer, "--allow-removals").fails().says("new.txt");
    assert!(!sandbox.builder("b").exists() && sandbox.builder("a/api/new.txt").exists());
}

#[test]
fn another_file_over_the_same_builders_dir_removes_nothing_unasked() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    let before = snapshot(sandbox.path(".builders"));
    sandbox.write("other.toml", &format!("version = 1\n{}", declared("", &["b"])));
    let answer = sandbox.wsctl(&["-f", "other.toml", "apply", "--auto-approve"]).fails();
    let answer = answer.says("it was declared by another file").says(sandbox.path("builders.toml").to_str().unwrap());
    before.assert_same(&snapshot(sandbox.path(".builders")));
    sandbox.wsctl(&["-f", "other.toml", "destroy", "--auto-approve"]).fails();
    before.assert_same(&snapshot(sandbox.path(".builders")));
    sandbox.type_next(&answer, "-f other.toml apply --take-over").ok();
    assert!(!sandbox.builder("a").exists() && sandbox.builder("b/api/README.md").exists());
    sandbox.wsctl(&["-f", "other.toml", "apply"]).ok().says("No changes.");
}

fn on_main() -> Sandbox {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.make_root("repos/\n");
    sandbox.apply().ok();
    declare(&sandbox, "", &["a"]);
    sandbox
}

#[test]
fn no_builder_goes_while_the_root_is_on_another_branch() {
    for (switch, words) in
        [(&["switch", "-q", "-c", "other"] as &[&str], "on branch other"), (&["switch", "-q", "--detach"], "a detached HEAD")]
    {
        let sandbox = on_main();
        sandbox.git(sandbox.root(), switch);
        let answer = sandbox.apply().fails().says(words).says("it was on main");
        assert!(sandbox.builder("b/api/README.md").exists());
        sandbox.apply().fails().says(words);
        sandbox.type_next(&answer, "--allow-removals").ok();
        assert!(!sandbox.builder("b").exists());
        sandbox.converged();
    }
}

#[test]
fn the_branch_of_the_last_apply_is_the_one_that_counts() {
    let sandbox = on_main();
    sandbox.git(sandbox.root(), &["switch", "-q", "-c", "other"]);
    declare(&sandbox, "", &["a", "b", "c"]);
    sandbox.apply().ok();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    sandbox.git(sandbox.root(), &["switch", "-q", "main"]);
    declare(&sandbox, "", &["a"]);
    sandbox.apply().fails().says("it was on other");
}

#[test]
fn a_protected_builder_stays_whatever_is_typed() {
    let sandbox = plain();
    sandbox.toml(&format!("{}protect = true\n", declared("", &["a", "b"])));
    sandbox.apply().ok();
    let before = snapshot(sandbox.builder("b"));
    declare(&sandbox, "", &["a"]);
    let all = ["--auto-approve", "--unsaved=trash", "--allow-removals", "--take-over"];
    for command in ["apply", "destroy"] {
        let arguments: Vec<&str> = [command].into_iter().chain(all).collect();
        sandbox.wsctl(&arguments).fails().says("! builders.b").says("protect = false");
        before.assert_same(&snapshot(sandbox.builder("b")));
    }
    sandbox.toml(&format!("{}protect = false\n", declared("", &["a", "b"])));
    sandbox.apply().ok();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    assert!(!sandbox.builder("b").exists());
}

#[test]
fn destroy_spares_what_the_file_protects_since_a_moment_ago() {
    let sandbox = plain();
    declare(&sandbox, "", &["a", "b"]);
    sandbox.apply().ok();
    sandbox.toml(&format!("{}protect = true\n", declared("", &["a", "b"])));
    sandbox.wsctl(&["destroy", "--auto-approve"]).fails().says("! builders.b");
    assert!(sandbox.builder("b/api/README.md").exists() && !sandbox.builder("a").exists());
}

/// Answers a question on a terminal of its own.
fn typed(sandbox: &Sandbox, arguments: &str, answer: &str) -> Option<Answer> {
    sandbox.command("script").arg("--version").output().ok()?;
    let program = sandbox.program();
    let line = format!("printf '%s\\n' '{answer}' | script -qec '{} {arguments}' /dev/null", program.get_program().display());
    let output = sandbox.command("sh").args(["-c", &line]).output().unwrap();
    Some(Answer::of(&output))
}

#[test]
fn destroy_takes_the_name_of_the_workspace_and_nothing_else_for_a_yes() {
    let sandbox = plain();
    declare(&sandbox, "", &["a"]);
    sandbox.apply().ok();
    let before = snapshot(sandbox.path(".builders"));
    for answer in ["yes", "", "WS", "ws2"] {
        let Some(said) = typed(&sandbox, "destroy", answer) else { return skip("there is no `script` here") };
        said.exits(1).says("Type the workspace's name, 'ws'").says("Nothing was changed");
        before.assert_same(&snapshot(sandbox.path(".builders")));
    }
    typed(&sandbox, "destroy", "ws").unwrap().ok();
    assert!(!sandbox.builder("a").exists() && sandbox.path("repos/api/README.md").exists());
    sandbox.fsck(&["repos/api"]);
}
