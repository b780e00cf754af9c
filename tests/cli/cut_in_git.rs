//! What a kill leaves that reaches into git: the next apply goes on from there.

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
