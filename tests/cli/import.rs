//! What was made by hand is taken over: marks, the file, nothing else.

use std::fs;

use serde_json::Value;

use crate::support::{Sandbox, snapshot, text};

const FILE: &str = "# ours\n[repos.api]\n[repos.web]\n";

/// A workspace with builders by hand in every layout, none of them declared.
fn by_hand(head: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.make_root("repos/\n.builders/\n");
    for name in ["api", "web"] {
        sandbox.cloned(name);
    }
    sandbox.toml(&format!("{head}{FILE}"));
    sandbox
}

fn add(sandbox: &Sandbox, repository: &str, place: &str, branch: &str) {
    let path = sandbox.builder(place);
    sandbox.git(repository, &["worktree", "add", "-q", "-b", branch, path.to_str().unwrap()]);
}

fn sibling(sandbox: &Sandbox, name: &str, branch: &str) {
    add(sandbox, "", &format!("{name}/workspace-root"), branch);
    add(sandbox, "repos/api", &format!("{name}/api"), branch);
    add(sandbox, "repos/web", &format!("{name}/web"), branch);
}

fn split(sandbox: &Sandbox, name: &str, branch: &str) {
    add(sandbox, "", &format!("{name}/workspace"), branch);
    add(sandbox, "repos/api", &format!("{name}/repos/api"), branch);
}

fn nested(sandbox: &Sandbox, name: &str, branch: &str) {
    add(sandbox, "", name, branch);
    add(sandbox, "repos/api", &format!("{name}/repos/api"), branch);
}

/// What git and the files say of a checkout.
fn seen(sandbox: &Sandbox, checkout: &str) -> Vec<String> {
    let git = |arguments: &[&str]| sandbox.git(sandbox.builder(checkout), arguments);
    vec![git(&["status", "--porcelain=v2", "--branch"]), git(&["diff"]), git(&["reflog"]), git(&["ls-files", "-s"])]
}

fn import(sandbox: &Sandbox, words: &[&str]) {
    let words: Vec<&str> = ["import", "--generate", "--auto-approve"].iter().chain(words).copied().collect();
    sandbox.wsctl(&words).ok();
}

/// How a builder is made by hand: its name, its branch.
type Made = fn(&Sandbox, &str, &str);

#[test]
fn each_layout_is_taken_over_where_it_is_declared() {
    let cases: [(&str, Made); 3] = [("sibling", sibling), ("split", split), ("nested", nested)];
    for (layout, made) in cases {
        let sandbox = by_hand(&format!("[workspace]\nlayout = \"{layout}\"\n"));
        made(&sandbox, "old", "fix/old");
        let api = if layout == "sibling" { "old/api" } else { "old/repos/api" };
        sandbox.write(format!(".builders/{api}/README.md"), "dirty\n");
        let files = snapshot(sandbox.builder("old")).without(&[".git"]);
        let before = seen(&sandbox, api);
        import(&sandbox, &["old"]);
        let file = text(sandbox.path("builders.toml"));
        let repos = if layout == "sibling" { "\"api\", \"web\"" } else { "\"api\"" };
        assert!(file.starts_with("version = 1\n") && file.contains(FILE), "{file}");
        assert!(file.ends_with(&format!("\n[builders.old]\nrepos = [{repos}]\nbranch = \"fix/old\"\n")), "{file}");
        assert_eq!(seen(&sandbox, api), before);
        let touched = files.differences(&snapshot(sandbox.builder("old")).without(&[".git"]));
        assert!(touched.iter().all(|path| path.as_os_str().is_empty()), "{layout}: {touched:?}");
        sandbox.converged();
        // Again is nothing.
        let again = sandbox.wsctl(&["import"]).ok().says("Nothing to take over.");
        again.never_says("builders.old");
        sandbox.fsck(&["", "repos/api"]);
    }
}

#[test]
fn another_layout_is_taken_over_as_moves() {
    let cases: [(&str, Made, &str, &str); 4] = [
        ("sibling", split, "repos/api", "api"),
        ("sibling", nested, "repos/api", "api"),
        ("nested", sibling, "api", "repos/api"),
        ("split", nested, "repos/api", "repos/api"),
    ];
    for (layout, made, was, now) in cases {
        let sandbox = by_hand(&format!("[workspace]\nlayout = \"{layout}\"\n"));
        made(&sandbox, "old", "fix/old");
        let was = format!("old/{was}");
        sandbox.write(format!(".builders/{was}/README.md"), "dirty\n");
        sandbox.write(format!(".builders/{was}/debug.log"), "ignored\n");
        let before = seen(&sandbox, &was);
        let tree = snapshot(sandbox.builder("old"));
        import(&sandbox, &["old"]);
        tree.assert_same(&snapshot(sandbox.builder("old")));
        let plan = sandbox
            .plan()
            .ok()
            .says("~ builders.old")
            .says("was taken over at")
            .says(" → ")
            .never_says("mark is missing")
            .never_says("  - ")
            .never_says("-/+")
            .never_says("  ! ");
        plan.never_says("+ builders.old");
        sandbox.apply().ok();
        assert_eq!(seen(&sandbox, &format!("old/{now}")), before, "{layout}");
        assert_eq!(text(sandbox.builder(format!("old/{now}/debug.log"))), "ignored\n");
        sandbox.converged();
        sandbox.fsck(&["", "repos/api"]);
    }
}

#[test]
fn alone_it_lists_and_writes_nothing() {
    let sandbox = by_hand("");
    sibling(&sandbox, "one", "builder/one");
    split(&sandbox, "two", "fix/two");
    sandbox.cloned("stray");
    add(&sandbox, "repos/stray", "two/repos/stray", "fix/two");
    add(&sandbox, "repos/api", "one/second", "fix/second");
    sandbox.git(sandbox.root(), &["clone", "-q", "repos/api", ".builders/clone"]);
    let before = snapshot(sandbox.root());
    let list = sandbox.wsctl(&["import"]).ok();
    let list = list.says("> builders.one   take over 3 checkouts, not declared yet").says("> builders.two");
    let list = list.says("declared at .builders/two/api: a later apply moves it").says("2 builders to take over.");
    let list = list.says("! .builders/clone: left as it is").says("! .builders/one/second: left as it is");
    list.says("→ wsctl import --all --generate");
    let generated = sandbox.wsctl(&["import", "--generate"]).ok().stdout;
    let origin = sandbox.top().join("origin/stray.git");
    assert_eq!(
        generated,
        format!(
            "[repos.stray]\nurl = \"{}\"\n\n[builders.one]\nrepos = [\"api\", \"web\"]\n\n\
             [builders.two]\nrepos = [\"api\", \"stray\"]\nbranch = \"fix/two\"\n",
            origin.display()
        )
    );
    let document: Value = serde_json::from_str(&sandbox.wsctl(&["import", "--json"]).ok().stdout).unwrap();
    assert_eq!((document["builders"].as_array().unwrap().len(), document["left"].as_array().unwrap().len()), (2, 2));
    sandbox.wsctl(&["import", "one"]).fails().says("builder `one` is not declared").says("wsctl import one --generate");
    sandbox.wsctl(&["import", "onee", "--generate"]).fails().says("did you mean `one`?");
    sandbox.wsctl(&["import", "one", "--generate"]).fails().says("+[builders.one]").says("has to ask");
    sandbox.wsctl(&["import", "one", "--generate", "--json"]).fails().says("has to ask");
    before.assert_same(&snapshot(sandbox.root()));
}

#[test]
fn all_of_it_at_once_with_a_repository_that_nobody_declared() {
    let sandbox = by_hand("");
    sibling(&sandbox, "one", "builder/one");
    split(&sandbox, "two", "fix/two");
    sandbox.cloned("stray");
    add(&sandbox, "repos/stray", "two/repos/stray", "fix/stray");
    add(&sandbox, "repos/api", "one/second", "fix/second");
    let elsewhere = sandbox.top().join("elsewhere");
    sandbox.git("repos/web", &["worktree", "add", "-q", "-b", "mine", elsewhere.to_str().unwrap()]);
    let words = ["import", "--all", "--generate", "--auto-approve", "--json"];
    let document: Value = serde_json::from_str(&sandbox.wsctl(&words).ok().stdout).unwrap();
    assert_eq!(document["files"][0], "builders.toml");
    let file = text(sandbox.path("builders.toml"));
    assert!(file.contains("[builders.two.checkout.stray]\nbranch = \"fix/stray\"\n"), "{file}");
    assert!(!file.contains("mine"), "what lies elsewhere is not meant by --all: {file}");
    // What was the second stays it.
    sandbox.wsctl(&["import"]).ok().says("one/second: left as it is").says("> builders.elsewhere");
    sandbox.wsctl(&["import", "--all"]).ok();
    sandbox.plan().ok().never_says("  - ").never_says("  ! ").never_says("+ builders");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("two/stray"), &["branch", "--show-current"]), "fix/stray");
    sandbox.wsctl(&["import", "elsewhere", "--generate", "--auto-approve"]).ok();
    assert!(elsewhere.join("README.md").exists());
    sandbox.apply().ok();
    assert!(!elsewhere.exists() && sandbox.builder("elsewhere/web/README.md").exists());
    sandbox.apply().ok().says("one/second").says("No changes.");
}

#[test]
fn operations_and_detached_heads_are_taken_over_as_they_are() {
    let sandbox = by_hand("");
    sibling(&sandbox, "old", "builder/old");
    let api = sandbox.builder("old/api");
    sandbox.write(".builders/old/api/README.md", "mine\n");
    sandbox.commit(&api, "mine");
    sandbox.write("repos/api/README.md", "theirs\n");
    sandbox.commit("repos/api", "theirs");
    assert!(!sandbox.try_git(&api, &["rebase", "main"]).status.success());
    sandbox.git(sandbox.builder("old/web"), &["switch", "-q", "--detach"]);
    let before = [seen(&sandbox, "old/api"), seen(&sandbox, "old/web")];
    let answer = sandbox.wsctl(&["import", "old", "--generate", "--auto-approve"]).ok();
    answer.says("of branch builder/old, HEAD detached").says("rebase in progress");
    assert_eq!([seen(&sandbox, "old/api"), seen(&sandbox, "old/web")], before);
    let plan = sandbox.plan().ok().says("No changes.").says("rebase in progress");
    plan.says("HEAD is detached, declared is branch builder/old");
    sandbox.apply().ok();
    assert_eq!([seen(&sandbox, "old/api"), seen(&sandbox, "old/web")], before);
}

#[test]
fn cut_short_anywhere_it_is_finished_by_the_same_words() {
    let sandbox = by_hand("");
    nested(&sandbox, "old", "fix/old");
    let declared = format!("version = 1\n{FILE}\n[builders.old]\nrepos = [\"api\"]\nbranch = \"fix/old\"\n");
    import(&sandbox, &["old"]);
    assert_eq!(text(sandbox.path("builders.toml")), declared);
    let marks: Vec<_> = ["", "repos/api"]
        .iter()
        .map(|repository| {
            let common = sandbox.path(repository).join(".git/worktrees");
            let admin = fs::read_dir(common).unwrap().next().unwrap().unwrap().path();
            admin.join("wsctl.json")
        })
        .collect();
    // The file was written, and some of the marks; nothing is made or removed then.
    for left in [0, 1] {
        fs::remove_file(&marks[left]).unwrap();
        sandbox.plan().ok().never_says("  - ").never_says("-/+");
        sandbox.wsctl(&["import", "old", "--generate", "--auto-approve"]).ok();
        assert!(marks.iter().all(|mark| mark.exists()));
        assert_eq!(text(sandbox.path("builders.toml")), declared);
    }
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn what_the_file_cannot_declare_is_said() {
    let sandbox = by_hand("[workspace]\nlayout = \"nested\"\n");
    add(&sandbox, "repos/api", "rootless/api", "fix/rootless");
    sibling(&sandbox, "old", "builder/old");
    sandbox.wsctl(&["import"]).ok().says("! builders.rootless   cannot be declared").says("1 builder to take over");
    sandbox.wsctl(&["import", "rootless", "--generate"]).fails().says("cannot be declared as it was found");
    sandbox.wsctl(&["import", "--all", "--generate", "--auto-approve"]).fails();
    assert!(!text(sandbox.path("builders.toml")).contains("rootless"));
    sandbox.apply().ok();
    assert!(sandbox.builder("old/repos/web/README.md").exists());
}

#[test]
fn what_belongs_to_another_workspace_is_left_alone() {
    let sandbox = by_hand("");
    sibling(&sandbox, "old", "builder/old");
    import(&sandbox, &["old"]);
    let other = sandbox.top().join("other");
    fs::create_dir_all(&other).unwrap();
    fs::write(
        other.join("builders.toml"),
        format!("version = 1\n[repos.api]\npath = \"{}\"\n", sandbox.path("repos/api").display()),
    )
    .unwrap();
    sandbox.wsctl_in(&other, &["import"]).ok().says("it belongs to another workspace").says("Nothing to take over.");
}

#[test]
fn what_is_counted_is_what_the_command_below_takes() {
    let sandbox = by_hand("");
    sibling(&sandbox, "one", "builder/one");
    let outside = sandbox.top().join("outside");
    sandbox.git("repos/api", &["worktree", "add", "-q", "-b", "outside", outside.to_str().unwrap()]);
    let list = sandbox.wsctl(&["import"]).ok().says("2 builders to take over, 1 of them by name alone.");
    let words = |listed: &str| listed.lines().filter_map(|line| Some(line.split_once("→ wsctl ")?.1.to_owned())).collect();
    let commands: Vec<String> = words(&list.stdout);
    assert_eq!(commands, ["import --all --generate", "import outside --generate"], "{list}");
    for (command, left) in commands.iter().zip(["1 builder to take over, by name alone.", "Nothing to take over."]) {
        let typed: Vec<&str> = command.split(' ').chain(["--auto-approve"]).collect();
        sandbox.wsctl(&typed).ok();
        sandbox.wsctl(&["import"]).ok().says(left);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_is_left_and_declared_as_nothing_else() {
    use std::os::unix::ffi::OsStrExt as _;

    let sandbox = by_hand("");
    sibling(&sandbox, "one", "builder/one");
    let odd = sandbox.builder(std::ffi::OsStr::from_bytes(b"h7\xff/api"));
    let mut git = sandbox.command("git");
    git.arg("-C").arg(sandbox.path("repos/api")).args(["worktree", "add", "-q", "-b", "odd"]).arg(&odd);
    assert!(git.status().unwrap().success());
    let said = sandbox.wsctl(&["import", "--all", "--generate", "--auto-approve"]).ok();
    said.says("h7\\xff").says("a name of a builder is UTF-8, and this is not").says("Took over 1 builder.");
    assert!(!text(sandbox.path("builders.toml")).contains("h7") && odd.join("README.md").exists());
}

#[test]
fn status_tells_of_all_that_plan_calls_unmanaged() {
    let sandbox = by_hand("");
    sandbox.cloned("stray");
    sandbox.toml("[repos.api]\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n");
    sandbox.apply().ok();
    add(&sandbox, "repos/web", "b/mine", "mine");
    fs::create_dir(sandbox.builder("foreign")).unwrap();
    let part = |text: &str| text.split_once("Unmanaged (left alone):\n").unwrap().1.to_owned();
    let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let listed = |text: &str| part(text).lines().take_while(|line| !line.is_empty()).map(first).collect::<Vec<_>>();
    let planned = listed(&sandbox.plan().ok().stdout);
    assert_eq!(planned.len(), 3, "{planned:?}");
    let mut told = listed(&sandbox.wsctl(&["status"]).ok().stdout);
    told.sort_by_key(|path| planned.iter().position(|planned| planned == path));
    assert_eq!(told, planned);
}
