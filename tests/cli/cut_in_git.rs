//! What a kill leaves that reaches into git: the next apply goes on from there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, text};

/// Kills wsctl behind the call of git in a repository that `calls` counts down to.
const COUNTING: &str = "#!/bin/sh
PATH=\"${PATH#*:}\"
left=$(cat \"$HOME/calls\" 2>/dev/null)
case \"$left $PWD $*\" in
    [0-9]*repos/api*) ;;
    *) exec git \"$@\" ;;
esac
echo $((left - 1)) > \"$HOME/calls\"
case $left in
    1) rm \"$HOME/calls\"; git \"$@\"; kill -KILL $PPID; exit 1 ;;
    *) exec git \"$@\" ;;
esac
";

/// A hook of transactions of references that kills git and wsctl, when `moments` has counted down to it.
const HOOK: &str = "#!/bin/sh
left=$(cat \"$HOME/moments\" 2>/dev/null)
[ -n \"$left\" ] || exit 0
echo $((left - 1)) > \"$HOME/moments\"
[ \"$left\" = 1 ] || exit 0
rm \"$HOME/moments\"
pid=$PPID
pids=
while [ \"$pid\" -gt 1 ]; do
    case $(cat /proc/$pid/comm) in
        wsctl) kill -9 $pid $pids; exit 1 ;;
        git) pids=\"$pid $pids\" ;;
    esac
    pid=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
done
";

fn on(branch: &str, more: &str) -> String {
    format!("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\nbranch = \"{branch}\"\ninclude_root = false\n{more}")
}

/// A checkout on `from`, with a commit, an edit and configuration; declared by its new name.
fn renamed(from: &str, to: &str, pack: bool) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&on(from, ""));
    sandbox.apply().ok();
    let api = sandbox.builder("b/api");
    sandbox.commit(&api, "mine");
    sandbox.write(api.join("README.md"), "edited\n");
    for (key, value) in [("description", "what it is for"), ("merge", "refs/heads/x"), ("merge", "refs/heads/y")] {
        sandbox.git("repos/api", &["config", "--add", &format!("branch.{from}.{key}"), value]);
    }
    if pack {
        sandbox.git("repos/api", &["pack-refs", "--all"]);
    }
    sandbox.toml(&on(to, &format!("[[moved]]\nfrom_branch = \"{from}\"\nto_branch = \"{to}\"\n")));
    sandbox
}

fn locks(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| {
        let lock = path.extension().is_some_and(|extension| extension == "lock") && !path.ends_with("wsctl.lock");
        if path.is_dir() { locks(&path) } else { Vec::from_iter(Some(path).filter(|_| lock)) }
    };
    entries.flat_map(of).collect()
}

/// What belongs to the branch is there under its new name only.
#[track_caller]
fn went_over(sandbox: &Sandbox, to: &str, commit: &str, reflog: &str, when: &str) {
    let api = sandbox.builder("b/api");
    assert_eq!(sandbox.git(&api, &["symbolic-ref", "HEAD"]), format!("refs/heads/{to}"), "{when}");
    assert_eq!(sandbox.git(&api, &["rev-parse", "HEAD"]), commit, "{when}");
    assert_eq!(sandbox.git(&api, &["status", "--porcelain"]), " M README.md", "{when}");
    let branches = sandbox.branches("repos/api");
    assert!(branches.iter().all(|name| name == "main" || name == to), "{when}: {branches:?}");
    assert_eq!(text(sandbox.path("repos/api/.git/logs/refs/heads").join(to)), reflog, "{when}");
    let values = sandbox.git("repos/api", &["config", "--get-regexp", "^branch\\..*(merge|description)"]);
    let [a, b, c] = [("description", "what it is for"), ("merge", "refs/heads/x"), ("merge", "refs/heads/y")]
        .map(|(key, value)| format!("branch.{to}.{key} {value}"));
    let mine: Vec<&str> = values.lines().filter(|line| !line.starts_with("branch.main.")).collect();
    assert_eq!(mine, [a, b, c], "{when}");
    assert_eq!(locks(&sandbox.path("repos/api/.git")), Vec::<PathBuf>::new(), "{when}");
    assert!(!sandbox.journal().exists(), "{when}");
    sandbox.converged();
}

fn cut_at_every(counter: &str, names: (&str, &str), pack: bool) -> usize {
    for moment in 1.. {
        let sandbox = renamed(names.0, names.1, pack);
        let commit = sandbox.git(sandbox.builder("b/api"), &["rev-parse", "HEAD"]);
        let reflog = text(sandbox.path("repos/api/.git/logs/refs/heads").join(names.0));
        sandbox.script("repos/api/.git/hooks/reference-transaction", HOOK);
        let path = sandbox.path_with_git(COUNTING);
        std::fs::write(sandbox.home().join(counter), moment.to_string()).unwrap();
        let answer = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
        let cut = !sandbox.home().join(counter).exists();
        let _ = std::fs::remove_file(sandbox.home().join(counter));
        assert_eq!(answer.code, if cut { None } else { Some(0) }, "{counter} {moment}: {answer}");
        let again = sandbox.apply();
        assert_eq!(again.code, Some(0), "{counter} {moment}: {again}");
        went_over(&sandbox, names.1, &commit, &reflog, &format!("{counter} {moment} {names:?}"));
        if !cut {
            return moment - 1;
        }
    }
    0
}

#[test]
fn a_rename_that_is_cut_short_inside_git_goes_on() {
    assert!(cut_at_every("moments", ("old", "new"), false) > 2);
    assert!(cut_at_every("moments", ("old", "old/one"), true) > 4);
}

#[test]
fn a_rename_that_is_cut_short_between_two_calls_of_git_goes_on() {
    assert!(cut_at_every("calls", ("some/old", "some"), false) > 10);
}

#[test]
fn a_rename_to_what_cannot_be_beside_another_branch_is_blocked() {
    let sandbox = renamed("old", "new", false);
    sandbox.git("repos/api", &["branch", "new/sub", "main"]);
    sandbox.plan().says("branch new cannot exist beside branch new/sub");
    sandbox.git("repos/api", &["branch", "-D", "new/sub"]);
    sandbox.apply().ok();
    sandbox.converged();
}

/// The repository has directories `a` and `b`; the checkout is limited to `a`.
fn limited() -> Sandbox {
    let sandbox = Sandbox::workspace();
    for path in ["repos/api/a/code", "repos/api/b/code", "repos/api/b/more"] {
        sandbox.write(path, "content\n");
    }
    sandbox.commit("repos/api", "directories");
    sandbox.git("repos/api", &["push", "-q", "origin", "main"]);
    sandbox.toml(&on("x", "checkout.api.sparse = [\"a\"]\n"));
    sandbox.apply().ok();
    sandbox
}

/// Kills git and wsctl when the hook or the filter that this text is written for runs.
fn killing(sandbox: &Sandbox, path: &str, then: &str, moment: usize) {
    sandbox.script(path, &HOOK.replace("|| exit 0", &format!("|| {{ {then}; exit 0; }}")));
    std::fs::write(sandbox.home().join("moments"), moment.to_string()).unwrap();
}

#[test]
fn directories_that_change_when_git_is_killed_change_at_the_next_apply() {
    for declared in ["checkout.api.sparse = [\"a\", \"b\"]\n"] {
        let mut left = Vec::new();
        for moment in 0..4 {
            let sandbox = limited();
            if moment == 0 {
                let program = sandbox.path("kill");
                killing(&sandbox, "kill", "cat", 1);
                sandbox.git("repos/api", &["config", "filter.kill.smudge", program.to_str().unwrap()]);
                std::fs::write(sandbox.path("repos/api/.git/info/attributes"), "more filter=kill\n").unwrap();
            } else {
                killing(&sandbox, "repos/api/.git/hooks/post-index-change", "true", moment);
            }
            sandbox.toml(&on("x", declared));
            let cut = sandbox.apply();
            assert!(cut.code.is_none() || moment > 1 && cut.code == Some(0), "{declared} {moment}: {cut}");
            left.extend(locks(&sandbox.path("repos/api/.git")).iter().map(|lock| lock.file_name().unwrap().to_owned()));
            let again = sandbox.apply();
            assert_eq!(again.code, Some(0), "{declared} {moment}: {again}");
            assert_eq!(locks(&sandbox.path("repos/api/.git")), Vec::<PathBuf>::new(), "{declared} {moment}");
            assert!(sandbox.builder("b/api/b/more").is_file() && sandbox.builder("b/api/b/code").is_file());
            assert_eq!(sandbox.builder("b/api/a/code").exists(), declared.contains("\"a\""));
            assert_eq!(sandbox.git(sandbox.builder("b/api"), &["status", "--porcelain"]), "", "{declared} {moment}");
            sandbox.converged();
        }
        assert!(left.iter().any(|name| name == "index.lock"), "{left:?}");
        assert!(left.iter().any(|name| name == "sparse-checkout.lock"), "{left:?}");
    }
}

/// Kills wsctl, and this git, when it has locked the configuration to write a url.
const LOCKING: &str = "#!/bin/sh
PATH=\"${PATH#*:}\"
case \"$PWD $*\" in
    *repos/api*--replace-all*.url*) touch \"$LOCK\"; kill -KILL $PPID; exit 1 ;;
    *) exec git \"$@\" ;;
esac
";

#[test]
fn a_url_that_changes_when_git_is_killed_changes_at_the_next_apply() {
    let sandbox = Sandbox::workspace();
    let url = |name: &str| sandbox.top().join("origin").join(name).display().to_string();
    let declared = |name: &str| on("x", "").replace("[repos.api]\n", &format!("[repos.api]\nurl = \"{}\"\n", url(name)));
    sandbox.git("repos/api", &["remote", "set-url", "origin", &url("api.git")]);
    sandbox.toml(&declared("api.git"));
    sandbox.apply().ok();
    sandbox.toml(&declared("web.git"));
    let lock = sandbox.path("repos/api/.git/config.lock").display().to_string();
    let path = sandbox.path_with_git(&LOCKING.replace("$LOCK", &lock));
    let cut = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
    assert_eq!(cut.code, None, "{cut}");
    assert!(sandbox.path("repos/api/.git/config.lock").exists());
    sandbox.apply().ok();
    assert_eq!(sandbox.git("repos/api", &["remote", "get-url", "origin"]), url("web.git"));
    assert_eq!(locks(&sandbox.path("repos/api/.git")), Vec::<PathBuf>::new());
    sandbox.converged();
}

/// Kills wsctl before or behind a call of git in an anchor.
const IN_ANCHOR: &str = "#!/bin/sh
PATH=\"${PATH#*:}\"
case \"$PWD $*\" in
    *.builders/b*WHICH*) WHEN ;;
    *) exec git \"$@\" ;;
esac
";

#[test]
fn managed_files_are_recorded_in_the_anchor_also_where_git_was_cut_short() {
    let before = "kill -KILL $PPID; exit 1";
    let after = "git \"$@\"; kill -KILL $PPID; exit 1";
    let locked = "touch \"$PWD/index.lock\"; kill -KILL $PPID; exit 1";
    for (which, when) in
        [("read-tree", before), ("read-tree", after), ("read-tree", locked), ("update-ref", before), ("update-ref", after)]
    {
        let sandbox = Sandbox::workspace();
        sandbox.toml(&on("x", "[[files]]\nfrom = \"skills\"\nto = \"skills\"\n"));
        for name in ["gone", "changed", "run.sh"] {
            sandbox.write(format!("skills/{name}"), "one\n");
        }
        sandbox.apply().ok();
        std::fs::remove_file(sandbox.path("skills/gone")).unwrap();
        sandbox.write("skills/changed", "two\n");
        sandbox.write("skills/new", "new\n");
        std::fs::set_permissions(sandbox.path("skills/run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = sandbox.path_with_git(&IN_ANCHOR.replace("WHICH", which).replace("WHEN", when));
        let cut = sandbox.wsctl_with(sandbox.root(), &[("PATH", &path)], &["apply", "--auto-approve"]);
        assert_eq!(cut.code, None, "{which} {when}: {cut}");
        let again = sandbox.apply();
        assert_eq!(again.code, Some(0), "{which} {when}: {again}");
        assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "", "{which} {when}: {again}");
        assert_eq!(locks(&sandbox.builder("b/.git")), Vec::<PathBuf>::new(), "{which} {when}");
        sandbox.converged();
    }
}

#[test]
fn an_anchor_that_another_git_holds_is_named_and_recorded_later() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&on("x", "[[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n"));
    sandbox.write("shared.md", "one\n");
    sandbox.apply().ok();
    for (number, lock) in ["index.lock", "refs/heads/x.lock"].into_iter().enumerate() {
        sandbox.write("shared.md", &format!("{number}\n"));
        let lock = sandbox.builder("b/.git").join(lock);
        std::fs::write(&lock, "").unwrap();
        let held = sandbox.apply().fails().says("shared.md\"   update failed: ");
        let held = held.says(&format!("another git holds {}, or died with it", lock.display()));
        drop(held.says(&format!("→ ls -l {}\n", lock.display())));
        std::fs::remove_file(lock).unwrap();
        sandbox.apply().ok();
        assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "");
        assert_eq!(text(sandbox.builder("b/shared.md")), format!("{number}\n"));
        sandbox.converged();
    }
}

#[test]
fn an_index_of_an_anchor_that_is_gone_or_no_index_is_made_again() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&on("x", "[[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n"));
    sandbox.write("shared.md", "one\n");
    sandbox.apply().ok();
    let index = sandbox.builder("b/.git/index");
    for damage in [None, Some("nonsense")] {
        match damage {
            None => std::fs::remove_file(&index).unwrap(),
            Some(text) => std::fs::write(&index, text).unwrap(),
        }
        sandbox.plan().ok().says("~ builders.b   the anchor has no index");
        sandbox.apply().ok();
        assert_eq!(sandbox.git(sandbox.builder("b"), &["status", "--porcelain"]), "");
        sandbox.converged();
    }
    // With a commit of somebody's it is left alone as ever.
    sandbox.git(sandbox.builder("b"), &["commit", "-q", "--no-verify", "--allow-empty", "-m", "by hand"]);
    let commit = sandbox.rev(sandbox.builder("b"), "HEAD");
    std::fs::remove_file(&index).unwrap();
    sandbox.plan().ok().says("a commit was made by hand in the anchor; it is kept").says("No changes.");
    sandbox.apply().ok();
    assert_eq!(sandbox.rev(sandbox.builder("b"), "HEAD"), commit);
}
