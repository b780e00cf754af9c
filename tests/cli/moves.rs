//! Renames that the file declares, and layouts that change: everything moves, nothing is removed or made again.

use crate::support::{Sandbox, snapshot, text};

const REPOS: &str = "[repos.api]\n[repos.web]\n";

/// Builders of both repositories on branches of their own names, `b` and what else is named.
fn file(head: &str, builders: &[&str], tail: &str) -> String {
    let block = |name: &&str| format!("[builders.{name}]\nrepos = [\"api\", \"web\"]\nbranch = \"of/{}\"\n", &name[..1]);
    format!("{head}{REPOS}{}{tail}", builders.iter().map(block).collect::<String>())
}

fn moved(entries: &[(&str, &str)]) -> String {
    let entry = |text: String, (from, to): &(&str, &str)| text + "[[moved]]\nfrom = \"" + from + "\"\nto = \"" + to + "\"\n";
    entries.iter().fold(String::new(), entry)
}

fn made(head: &str, builders: &[&str]) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&file(head, builders, ""));
    sandbox.apply().ok();
    sandbox
}

/// Work of every kind in a checkout: what `git status` and the files say of it.
fn work_in(sandbox: &Sandbox, checkout: &str) -> Work {
    let path = sandbox.builder(checkout);
    sandbox.git(&path, &["commit", "-q", "--allow-empty", "-m", "mine"]);
    sandbox.write(path.join("README.md"), "edited\n");
    sandbox.write(path.join("staged.txt"), "staged\n");
    sandbox.git(&path, &["add", "staged.txt"]);
    sandbox.write(path.join("untracked.txt"), "untracked\n");
    seen(sandbox, checkout)
}

#[derive(Debug, PartialEq)]
struct Work {
    status: String,
    diff: String,
    reflog: String,
}

fn seen(sandbox: &Sandbox, checkout: &str) -> Work {
    let path = sandbox.builder(checkout);
    let git = |arguments: &[&str]| sandbox.git(&path, arguments);
    Work { status: git(&["status", "--porcelain=v2", "--branch"]), diff: git(&["diff", "HEAD"]), reflog: git(&["reflog"]) }
}

#[test]
fn a_renamed_builder_moves_with_the_work_in_it() {
    let sandbox = made("", &["before"]);
    let work = work_in(&sandbox, "before/api");
    sandbox.toml(&file("", &["bafter"], &moved(&[("builders.before", "builders.bafter")])));
    let plan = sandbox.plan().says("~ builders.bafter").says("move from builders.before").never_says("+ ").never_says("- ");
    plan.says("~ builders.bafter.api").says("was builders.before.api").says("Plan: 4 to update.");
    sandbox.apply().ok().says("4 updated");
    assert_eq!(seen(&sandbox, "bafter/api"), work);
    assert!(!sandbox.builder("before").exists());
    sandbox.converged();
    sandbox.fsck(&["", "repos/api", "repos/web", ".builders/bafter"]);
    // The entry may stay for those who have not applied it yet.
    sandbox.toml(&file("", &["bafter"], ""));
    sandbox.converged();
}

#[test]
fn an_entry_whose_source_is_absent_is_none() {
    let sandbox = made("", &["b"]);
    sandbox.toml(&file("", &["b"], &moved(&[("builders.x", "builders.b"), ("builders.z", "builders.x")])));
    sandbox.converged();
}

#[test]
fn a_chain_of_renames_ends_at_the_name_that_is_declared() {
    let sandbox = made("", &["b1"]);
    let work = work_in(&sandbox, "b1/web");
    let chain = moved(&[("builders.b1", "builders.b2"), ("builders.b2", "builders.b3")]);
    sandbox.toml(&file("", &["b3"], &chain));
    sandbox.apply().ok();
    assert_eq!(seen(&sandbox, "b3/web"), work);
    sandbox.converged();
}

#[test]
fn builders_move_up_one_after_the_other() {
    let sandbox = made("", &["a1", "b1"]);
    let work = [work_in(&sandbox, "a1/api"), work_in(&sandbox, "b1/api")];
    // a1 takes the name of b1, which becomes b2. Each keeps its branch.
    let text = format!(
        "{REPOS}[builders.b1]\nrepos = [\"api\", \"web\"]\nbranch = \"of/a\"\n\
         [builders.b2]\nrepos = [\"api\", \"web\"]\nbranch = \"of/b\"\n{}",
        moved(&[("builders.a1", "builders.b1"), ("builders.b1", "builders.b2")])
    );
    sandbox.toml(&text);
    sandbox.apply().ok();
    assert_eq!([seen(&sandbox, "b1/api"), seen(&sandbox, "b2/api")], work);
    sandbox.converged();
}

#[test]
fn builders_exchange_their_names_once() {
    let sandbox = made("", &["a1", "b1"]);
    let work = [work_in(&sandbox, "a1/api"), work_in(&sandbox, "b1/api")];
    let text = format!(
        "{REPOS}[builders.b1]\nrepos = [\"api\", \"web\"]\nbranch = \"of/a\"\n\
         [builders.a1]\nrepos = [\"api\", \"web\"]\nbranch = \"of/b\"\n{}",
        moved(&[("builders.a1", "builders.b1"), ("builders.b1", "builders.a1")])
    );
    sandbox.toml(&text);
    sandbox.apply().ok();
    assert_eq!([seen(&sandbox, "b1/api"), seen(&sandbox, "a1/api")], work);
    sandbox.converged();
    assert!(!sandbox.path(".builders/.wsctl/moving").exists());
}

#[test]
fn a_builder_does_not_move_onto_another() {
    let sandbox = made("", &["a1", "b1"]);
    let before = snapshot(sandbox.builder("a1"));
    sandbox.toml(&file("", &["b1"], &moved(&[("builders.a1", "builders.b1")])));
    sandbox.apply().fails().says("! builders.a1").says("builders.b1, and that is there already");
    before.assert_same(&snapshot(sandbox.builder("a1")));
}

#[test]
fn what_a_process_works_in_is_not_moved() {
    let sandbox = made("", &["before"]);
    let mut busy = sandbox.command("sleep").arg("600").current_dir(sandbox.builder("before/api")).spawn().unwrap();
    sandbox.toml(&file("", &["bafter"], &moved(&[("builders.before", "builders.bafter")])));
    let answer = sandbox.apply();
    busy.kill().unwrap();
    busy.wait().unwrap();
    answer.fails().says("! builders.bafter").says("works inside");
    assert!(sandbox.builder("before/api").exists() && !sandbox.builder("bafter").exists());
    sandbox.apply().ok();
    sandbox.converged();
}

#[test]
fn checkouts_follow_the_layout() {
    let layouts = ["sibling", "split", "nested", "sibling", "nested", "split"];
    let custom = "{ root = \"ws\", repo = \"src/{repo}/main\" }";
    let sandbox = made("", &["b"]);
    sandbox.write(".gitignore", "repos/\n.builders/\n");
    let work = [work_in(&sandbox, "b/workspace-root"), work_in(&sandbox, "b/api")];
    let places = |layout: &str| match layout {
        "sibling" => ["b/workspace-root", "b/api"],
        "split" => ["b/workspace", "b/repos/api"],
        "nested" => ["b", "b/repos/api"],
        _ => ["b/ws", "b/src/api/main"],
    };
    for layout in layouts.into_iter().skip(1).chain([custom, "sibling"]) {
        let value = if layout == custom { custom.to_owned() } else { format!("\"{layout}\"") };
        sandbox.toml(&file(&format!("[workspace]\nlayout = {value}\n"), &["b"], ""));
        let plan = sandbox.plan().says("~ builders.b ").says("move its checkouts to where they are declared");
        plan.never_says("+ builders").never_says("- builders");
        sandbox.apply().ok();
        let [root, api] = places(layout);
        let now = seen(&sandbox, api);
        assert_eq!(now, work[1], "{layout}");
        let now = seen(&sandbox, root);
        assert_eq!((now.diff, now.reflog), (work[0].diff.clone(), work[0].reflog.clone()), "{layout}");
        sandbox.converged();
        sandbox.fsck(&["", "repos/api", "repos/web", &format!(".builders/{root}")]);
    }
    assert_eq!(text(sandbox.builder("b/api/untracked.txt")), "untracked\n");
}

#[test]
fn a_plan_of_another_layout_is_short_and_names_what_is_put_aside() {
    let tail = "[[files]]\nfrom = \"notes.md\"\nto = \"own.md\"\n";
    let sandbox = made("", &["b"]);
    sandbox.write(".gitignore", "repos/\n.builders/\n");
    sandbox.write("notes.md", "for everybody\n");
    sandbox.toml(&file("", &["b"], tail));
    sandbox.apply().ok();
    sandbox.toml(&file("[workspace]\nlayout = \"nested\"\n", &["b"], tail));
    let plan = sandbox.plan().ok().says("api → repos/api").says("its anchor, own.md → .wsctl/replaced").says("move to repos/api");
    let plan = plan.says("become the builder itself; lock: it holds other checkouts");
    plan.never_says("the anchor does not record").never_says("the anchor still records").never_says("declared at ");
    sandbox.apply().ok();
    let aside = std::fs::read_dir(sandbox.builder(".wsctl/replaced")).unwrap().next().unwrap().unwrap().path();
    assert!(aside.join(".git/HEAD").exists() && aside.join("own.md").exists(), "{}", aside.display());
    sandbox.converged();
}

/// `api` with its clone elsewhere, or called otherwise, in builder `b`.
fn repository(name: &str, path: &str, tail: &str) -> String {
    let path = if path.is_empty() { String::new() } else { format!("path = \"{path}\"\n") };
    format!("[repos.{name}]\n{path}[repos.web]\n[builders.b]\nrepos = [\"{name}\", \"web\"]\nbranch = \"of/b\"\n{tail}")
}

#[test]
fn a_repository_moves_and_its_worktrees_follow() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    // A worktree of somebody else follows too.
    let theirs = sandbox.top().join("theirs");
    sandbox.git(sandbox.path("repos/api"), &["worktree", "add", "-q", "-b", "theirs", theirs.to_str().unwrap()]);
    for place in ["clones/api", "repos/api/main", "repos/api"] {
        sandbox.toml(&repository("api", place, ""));
        let plan = sandbox.plan().says("~ repos.api ").says("move from ").says("the links of 2 worktrees");
        plan.says("Plan: 1 to update.").never_says("not declare");
        sandbox.apply().ok().says("1 updated");
        assert_eq!(seen(&sandbox, "b/api"), work, "{place}");
        assert_eq!(sandbox.git(&theirs, &["branch", "--show-current"]), "theirs");
        sandbox.converged();
        sandbox.fsck(&["", place, "repos/web", ".builders/b"]);
        assert!(!sandbox.git(sandbox.path(place), &["worktree", "list"]).contains("prunable"));
    }
}

#[test]
fn a_renamed_repository_moves_with_its_checkouts() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    sandbox.toml(&repository("backend", "", &moved(&[("repos.api", "repos.backend")])));
    let plan = sandbox.plan().says("~ repos.backend").says("move from repos/api").says("~ builders.b.backend");
    plan.says("was builders.b.api").never_says("+ ").never_says("- ");
    sandbox.apply().ok();
    assert_eq!(seen(&sandbox, "b/backend"), work);
    assert!(!sandbox.builder("b/api").exists() && !sandbox.path("repos/api").exists());
    sandbox.converged();
    sandbox.fsck(&["", "repos/backend", "repos/web", ".builders/b"]);
}

#[test]
fn what_is_in_the_trash_comes_back_after_its_repository_moved() {
    let sandbox = made("", &["b", "c"]);
    let work = work_in(&sandbox, "b/api");
    sandbox.toml(&file("", &["c"], ""));
    sandbox.wsctl(&["apply", "--auto-approve", "--unsaved=trash"]).ok();
    let away = |tail: &str| file("", &["c"], tail).replace("[repos.api]\n", "[repos.api]\npath = \"clones/api\"\n");
    sandbox.toml(&away(""));
    sandbox.apply().ok();
    sandbox.toml(&away("[builders.b]\nrepos = [\"api\", \"web\"]\nbranch = \"of/b\"\n"));
    sandbox.wsctl(&["restore", "b", "--auto-approve"]).ok();
    assert_eq!(seen(&sandbox, "b/api"), work);
    sandbox.converged();
}

#[test]
fn a_url_that_changed_in_the_file_is_set_and_one_that_somebody_set_is_drift() {
    let sandbox = Sandbox::workspace();
    let toml = |url: &str| format!("[repos.api]\nurl = \"{url}\"\n[repos.web]\n[builders.b]\nrepos = [\"api\"]\n");
    let old = sandbox.git(sandbox.path("repos/api"), &["remote", "get-url", "origin"]);
    sandbox.toml(&toml(&old));
    sandbox.apply().ok();
    let new = format!("{old}-new.git");
    sandbox.toml(&toml(&new));
    sandbox.plan().says("~ repos.api").says("url of origin: ").says("-new.git").says("Plan: 1 to update.");
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.path("repos/api"), &["remote", "get-url", "origin"]), new);
    sandbox.converged();
    sandbox.git(sandbox.path("repos/api"), &["remote", "set-url", "origin", "https://me:geheim@example.com/x"]);
    let drift = sandbox.plan().says("No changes.").says("origin is https://***@example.com/x").never_says("geheim");
    sandbox.type_next(&drift, "remote set-url origin").ok();
    sandbox.converged();
}

#[test]
fn plain_builders_do_not_exchange_their_names() {
    let plain = "[workspace]\nanchor = false\n";
    let sandbox = made(plain, &["a1", "b1"]);
    let before = snapshot(sandbox.path(".builders"));
    let text = format!(
        "{plain}{REPOS}[builders.b1]\nrepos = [\"api\", \"web\"]\nbranch = \"of/a\"\n\
         [builders.a1]\nrepos = [\"api\", \"web\"]\nbranch = \"of/b\"\n{}",
        moved(&[("builders.a1", "builders.b1"), ("builders.b1", "builders.a1")])
    );
    sandbox.toml(&text);
    sandbox.apply().fails().says("! builders.a1 ").says("! builders.b1 ").says("a third name");
    before.assert_same(&snapshot(sandbox.path(".builders")));
}

#[test]
fn builders_dir_moves_with_everything_in_it() {
    for layout in ["sibling", "nested"] {
        let head = |place: &str| format!("[workspace]\nlayout = \"{layout}\"\nbuilders_dir = \"{place}\"\n");
        let sandbox = made(&head(".builders"), &["b", "c"]);
        let api = if layout == "nested" { "repos/api" } else { "api" };
        let work = work_in(&sandbox, &format!("b/{api}"));
        // One in the trash, which moves too.
        sandbox.toml(&file(&head(".builders"), &["b"], ""));
        sandbox.apply().ok();
        sandbox.toml(&file(&head("agents"), &["b", "new"], ""));
        let plan = sandbox.plan().says("~ workspace.builders_dir ").says("move from .builders").says("+ builders.new");
        plan.never_says("- builders");
        sandbox.apply().ok().says("1 updated");
        assert!(!sandbox.path(".builders").exists());
        let there = sandbox.path("agents").join("b").join(api);
        assert_eq!(sandbox.git(&there, &["status", "--porcelain=v2", "--branch"]), work.status, "{layout}");
        assert_eq!(sandbox.git(&there, &["reflog"]), work.reflog);
        sandbox.converged();
        sandbox.fsck(&["", "repos/api", "repos/web"]);
        sandbox.wsctl(&["restore"]).ok().says("c");
        assert!(!sandbox.git(sandbox.path("repos/api"), &["worktree", "list"]).contains("prunable"));
    }
}

#[test]
fn links_and_templates_are_right_where_builders_dir_went() {
    let text = |place: &str| {
        let files = "[[files]]\nfrom = \"notes.md\"\nto = \"link\"\nmode = \"symlink\"\n\
                     [[files]]\nfrom = \"dir.in\"\nto = \"dir\"\nmode = \"template\"\n";
        file(&format!("[workspace]\nbuilders_dir = \"{place}\"\n"), &["b"], files)
    };
    let sandbox = Sandbox::workspace();
    sandbox.write("dir.in", "{dir}\n");
    sandbox.toml(&text(".builders"));
    sandbox.apply().ok();
    for place in ["x/y/agents", ".builders"] {
        sandbox.toml(&text(place));
        sandbox.plan().says("its place changes: link to notes.md").says("its place changes: from template").never_says("source");
        sandbox.apply().ok();
        let builder = sandbox.path(place).join("b");
        assert_eq!(crate::support::text(builder.join("link")), "notes\n");
        assert_eq!(crate::support::text(builder.join("dir")), format!("{}\n", builder.display()));
        sandbox.converged();
    }
}

#[test]
fn edits_work_where_the_builders_are_until_they_are_moved() {
    let sandbox = made("[workspace]\nbuilders_dir = \"agents\"\n", &["b", "c"]);
    sandbox.toml(&file("[workspace]\nbuilders_dir = \"builders\"\n", &["b", "c"], ""));
    sandbox.wsctl(&["add", "d", "--repo", "api", "--apply", "--auto-approve"]).ok();
    assert!(sandbox.path("agents/d/api").exists());
    sandbox.wsctl_in(sandbox.path("agents/d"), &["add-repo", "web"]).ok().says("builders.d");
    sandbox.wsctl(&["remove", "c", "--apply", "--auto-approve"]).ok();
    assert!(!sandbox.path("agents/c").exists());
    sandbox.wsctl(&["add", "e", "--repo", "api"]).ok();
    sandbox.wsctl(&["fmt"]).ok();
    assert!(!sandbox.path("builders").exists(), "the workspace is one");
    sandbox.apply().ok().says("move from agents");
    assert!(sandbox.path("builders/d/web").exists() && !sandbox.path("agents").exists());
    sandbox.converged();
}

#[test]
fn builders_dir_that_was_moved_by_hand_is_repaired() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    std::fs::rename(sandbox.path(".builders"), sandbox.path("agents")).unwrap();
    sandbox.toml(&file("[workspace]\nbuilders_dir = \"agents\"\n", &["b"], ""));
    sandbox.plan().says("builders_dir was moved here from").says("~ builders.b.api").says("repair its links").never_says("- ");
    sandbox.apply().ok();
    let there = sandbox.path("agents/b/api");
    assert_eq!(sandbox.git(&there, &["status", "--porcelain=v2", "--branch"]), work.status);
    sandbox.converged();
}

#[test]
fn builders_dir_does_not_move_onto_something() {
    let sandbox = made("", &["b"]);
    sandbox.write("agents/notes.txt", "mine\n");
    sandbox.toml(&file("[workspace]\nbuilders_dir = \"agents\"\n", &["b"], ""));
    sandbox.apply().fails().says("! workspace.builders_dir").says("something is there already");
    assert!(sandbox.builder("b/api").exists());
    sandbox.toml(&file("", &["b"], ""));
    sandbox.converged();
}

#[test]
fn a_renamed_branch_keeps_the_work_on_it() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    let branch =
        |name: &str, tail: &str| file("", &["b"], tail).replace("\nbranch = \"of/b\"", &format!("\nbranch = \"{name}\""));
    let entry = "[[moved]]\nfrom_branch = \"of/b\"\nto_branch = \"feature/b\"\n";
    sandbox.toml(&branch("feature/b", entry));
    sandbox.plan().says("~ builders.b.api").says("rename branch of/b to feature/b").never_says("switch");
    sandbox.apply().ok();
    let now = seen(&sandbox, "b/api");
    assert_eq!((now.status, now.diff), (work.status.replace("of/b", "feature/b"), work.diff));
    assert!(!sandbox.branches("repos/api").contains(&"of/b".to_owned()));
    sandbox.converged();
    // What wsctl made is still its own to delete when it is merged.
    sandbox.git(sandbox.builder("b/api"), &["reset", "-q", "--hard", "origin/main"]);
    std::fs::remove_file(sandbox.builder("b/api/untracked.txt")).unwrap();
    sandbox.toml(&format!("{REPOS}[builders.c]\nrepos = [\"web\"]\n"));
    sandbox.apply().ok();
    assert!(!sandbox.branches("repos/api").contains(&"feature/b".to_owned()));
}

#[test]
fn a_branch_is_not_renamed_onto_another() {
    let sandbox = made("", &["b"]);
    sandbox.git(sandbox.path("repos/api"), &["branch", "feature/b"]);
    let entry = "[[moved]]\nfrom_branch = \"of/b\"\nto_branch = \"feature/b\"\n";
    sandbox.toml(&file("", &["b"], entry).replace("\nbranch = \"of/b\"", "\nbranch = \"feature/b\""));
    sandbox.apply().fails().says("! builders.b.api").says("branch feature/b is there already");
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["branch", "--show-current"]), "of/b");
    assert_eq!(sandbox.git(sandbox.builder("b/web"), &["branch", "--show-current"]), "feature/b");
}

#[test]
fn a_branch_that_was_left_is_not_replaced_by_a_new_one_of_its_next_name() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    sandbox.git(sandbox.builder("b/api"), &["stash", "-q", "-u"]);
    sandbox.git(sandbox.builder("b/api"), &["checkout", "-q", "--detach"]);
    let entry = "[[moved]]\nfrom_branch = \"of/b\"\nto_branch = \"feature/b\"\n";
    sandbox.toml(&file("", &["b"], entry).replace("\nbranch = \"of/b\"", "\nbranch = \"feature/b\""));
    let fact = "so that [[moved]] cannot rename branch of/b";
    sandbox.apply().fails().says("! builders.b.api").says(fact);
    let held = sandbox.wsctl(&["apply", "--auto-approve", "--replace", "builders.b.api"]).fails();
    sandbox.type_next(&held.says(fact), "switch of/b").ok();
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("b/api"), &["branch", "--show-current"]), "feature/b");
    sandbox.git(sandbox.builder("b/api"), &["stash", "pop", "-q", "--index"]);
    assert_eq!(seen(&sandbox, "b/api").diff, work.diff);
    sandbox.converged();
}

#[test]
fn a_repository_that_was_moved_by_hand_has_its_links_repaired() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    std::fs::create_dir(sandbox.path("clones")).unwrap();
    std::fs::rename(sandbox.path("repos/api"), sandbox.path("clones/api")).unwrap();
    sandbox.toml(&repository("api", "clones/api", ""));
    sandbox.plan().says("~ builders.b.api").says("repair its links: the repository was moved from").says("Plan: 1 to update.");
    sandbox.apply().ok();
    assert_eq!(seen(&sandbox, "b/api"), work);
    sandbox.converged();
}

#[test]
fn a_copy_of_a_repository_takes_nothing_from_the_original() {
    let sandbox = made("", &["b"]);
    std::fs::create_dir(sandbox.path("clones")).unwrap();
    let copied = sandbox.command("cp").args(["-a", "repos/api", "clones/api"]).current_dir(sandbox.root()).status().unwrap();
    assert!(copied.success());
    sandbox.toml(&repository("api", "clones/api", ""));
    let before = snapshot(sandbox.builder("b/api"));
    sandbox.apply().fails().says("! builders.b.api");
    before.assert_same(&snapshot(sandbox.builder("b/api")));
    assert!(!sandbox.git(sandbox.path("repos/api"), &["worktree", "list"]).contains("prunable"));
}

#[test]
fn what_waits_and_what_lies_deeper_moves_too() {
    let sandbox = Sandbox::workspace();
    // A submodule, a rebase in the middle, ignored files, a managed file in the checkout, links that are relative.
    let lib = sandbox.repository(sandbox.top().join("lib"));
    let api = sandbox.path("repos/api");
    let allow = ["-c", "protocol.file.allow=always"];
    let module = [&allow[..], &["submodule", "add", "-q", lib.to_str().unwrap(), "lib"]].concat();
    sandbox.git(&api, &module);
    sandbox.commit(&api, "with a submodule");
    sandbox.write("env", "KEY=1\n");
    let files = "[[files]]\nfrom = \"env\"\nto = \"{repo}/.env\"\n[[files]]\nfrom = \"env\"\nto = \"env\"\n";
    let base = "[builders.b]\nrepos = [\"api\", \"web\"]\nbranch = \"of/b\"\nbase = \"main\"\n";
    sandbox.toml(&format!("{REPOS}{base}{files}"));
    sandbox.apply().ok();
    let path = sandbox.builder("b/api");
    sandbox.git(&path, &[&allow[..], &["submodule", "update", "-q", "--init"]].concat());
    sandbox.write(path.join("lib/untracked.txt"), "in the submodule\n");
    for (branch, text) in [("theirs", "theirs\n"), ("of/b", "ours\n")] {
        sandbox.git(&path, &["switch", "-q", if branch == "theirs" { "-c" } else { "--no-guess" }, branch]);
        sandbox.write(path.join("README.md"), text);
        sandbox.git(&path, &["commit", "-qam", branch]);
    }
    assert!(!sandbox.try_git(&path, &["rebase", "theirs"]).status.success(), "a conflict");
    let work = [seen(&sandbox, "b/api"), seen(&sandbox, "b/api/lib")];
    for (layout, place) in [("split", "new/repos/api"), ("nested", "new/repos/api"), ("sibling", "new/api")] {
        let head = format!("[workspace]\nlayout = \"{layout}\"\n");
        let renamed = base.replace("builders.b", "builders.new");
        sandbox.toml(&format!("{head}{REPOS}{renamed}{files}{}", moved(&[("builders.b", "builders.new")])));
        sandbox.apply().ok();
        assert_eq!([seen(&sandbox, place), seen(&sandbox, &format!("{place}/lib"))], work, "{layout}");
        assert_eq!(text(sandbox.builder(place).join(".env")), "KEY=1\n");
        assert_eq!(text(sandbox.builder("new/env")), "KEY=1\n");
        sandbox.apply().ok().says("No changes.");
    }
    sandbox.write(sandbox.builder("new/api/README.md"), "both\n");
    sandbox.git(sandbox.builder("new/api"), &["add", "README.md"]);
    sandbox.git(sandbox.builder("new/api"), &["-c", "core.editor=true", "rebase", "--continue"]);
}

#[test]
fn a_checkout_with_a_broken_link_stays_recorded_when_it_is_declared_elsewhere() {
    let sandbox = made("", &["b"]);
    let api = sandbox.builder("b/api");
    sandbox.write(api.join("untracked.txt"), "mine\n");
    let link = text(api.join(".git"));
    std::fs::remove_file(api.join(".git")).unwrap();
    sandbox.toml(&file("[workspace]\nlayout = \"split\"\n", &["b"], ""));
    let words = "its .git file is gone; its files stay as they are";
    sandbox.plan().says(words).never_says("still records api").never_says("is not there");
    let answer = sandbox.apply().fails().says("! builders.b.api").says(words);
    let would = sandbox.git(sandbox.builder("b"), &["clean", "-ffdxn"]);
    assert!(!would.contains("api"), "{would}");
    sandbox.type_next(&answer, "echo").ok();
    assert_eq!(text(api.join(".git")), link);
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("b/repos/api/untracked.txt")), "mine\n");
    sandbox.converged();
}

#[test]
fn a_renamed_repository_that_was_moved_by_hand_is_told_with_the_link_that_comes_first() {
    let sandbox = made("", &["b"]);
    let work = work_in(&sandbox, "b/api");
    std::fs::rename(sandbox.path("repos/api"), sandbox.path("repos/core")).unwrap();
    sandbox.toml(&repository("core", "", &moved(&[("repos.api", "repos.core")])));
    let plan = sandbox.plan().says("! builders.b.core").says("its repository was moved by hand from").says("at .builders/b/api");
    plan.never_says("+ ").never_says("- ").never_says("still records api");
    let answer = sandbox.apply().fails();
    let would = sandbox.git(sandbox.builder("b"), &["clean", "-ffdxn"]);
    assert!(!would.contains("api"), "{would}");
    sandbox.type_next(&answer, "echo").ok();
    sandbox.apply().ok();
    assert_eq!(seen(&sandbox, "b/core"), work);
    sandbox.converged();
    sandbox.fsck(&["", "repos/core", "repos/web", ".builders/b"]);
}

/// Moves the workspace itself, and writes its file anew there.
fn workspace_moved(sandbox: &Sandbox, text: &str) -> std::path::PathBuf {
    let there = sandbox.top().join("elsewhere");
    std::fs::rename(sandbox.root(), &there).unwrap();
    sandbox.write(there.join("builders.toml"), &format!("version = 1\n{text}"));
    there
}

#[test]
fn what_is_taken_out_of_the_file_of_a_moved_workspace_has_its_links_repaired_and_is_never_pruned() {
    let sandbox = made("", &["k", "x"]);
    work_in(&sandbox, "x/api");
    let there = workspace_moved(&sandbox, &file("", &["k"], ""));
    let apply = |options: &[&str]| sandbox.wsctl_in(&there, &[&["apply", "--auto-approve"], options].concat());
    let answer = apply(&[]).fails().says("~ builders.x.api").says("repair its links: the workspace was moved");
    answer.never_says("prune").says("! builders.x ").says("they are repaired first");
    let status = sandbox.git(there.join(".builders/x/api"), &["status", "--porcelain"]);
    assert!(status.contains("untracked.txt") && status.contains("staged.txt"), "{status}");
    apply(&[]).fails().says("! builders.x ").says("wsctl apply --take-over").never_says("prune");
    apply(&["--take-over"]).fails().says("wsctl apply --take-over --unsaved=trash");
    apply(&["--take-over", "--unsaved=trash"]).ok().says("- builders.x ");
    apply(&[]).ok().says("No changes.");
    sandbox.wsctl_in(&there, &["restore", "x", "--auto-approve"]).ok();
    assert_eq!(sandbox.git(there.join(".builders/x/api"), &["status", "--porcelain"]), status);
}

#[test]
fn a_builder_of_a_moved_workspace_is_renamed_once_its_links_are_repaired() {
    let sandbox = made("", &["k", "x"]);
    let work = work_in(&sandbox, "x/api");
    let renamed = file("", &["k", "z"], &moved(&[("builders.x", "builders.z")])).replace("of/z", "of/x");
    let there = workspace_moved(&sandbox, &renamed);
    let apply = || sandbox.wsctl_in(&there, &["apply", "--auto-approve"]);
    let answer = apply().fails().says("! builders.z ").says("its links are repaired first").says("~ builders.x.api");
    answer.never_says("+ ").never_says("- ");
    assert!(!there.join(".builders/z").exists());
    apply().ok().says("~ builders.z ").says("move from builders.x");
    let status = sandbox.git(there.join(".builders/z/api"), &["status", "--porcelain=v2", "--branch"]);
    assert_eq!(status, work.status);
    apply().ok().says("No changes.");
}

#[test]
fn a_builder_is_renamed_after_builders_dir_moved_without_it() {
    let head = "[workspace]\nbuilders_dir = \"agents\"\n";
    let renamed = || file(head, &["k", "z"], &moved(&[("builders.x", "builders.z")])).replace("of/z", "of/x");
    let by_hand = |sandbox: &Sandbox| {
        std::fs::rename(sandbox.path(".builders"), sandbox.path("agents")).unwrap();
        let answer = sandbox.apply().fails().says("! builders.z ").says("its links are repaired first");
        answer.says("~ builders.x.api").never_says("+ ").never_says("- ");
    };
    let targeted =
        |sandbox: &Sandbox| drop(sandbox.wsctl(&["apply", "--auto-approve", "--target", "workspace.builders_dir"]).ok());
    let excluded = |sandbox: &Sandbox| drop(sandbox.wsctl(&["apply", "--auto-approve", "--exclude", "builders.z"]).ok());
    let ways: [&dyn Fn(&Sandbox); 3] = [&by_hand, &targeted, &excluded];
    for way in ways {
        let sandbox = made("", &["k", "x"]);
        let work = work_in(&sandbox, "x/api");
        sandbox.toml(&renamed());
        way(&sandbox);
        sandbox.apply().ok().says("~ builders.z ").says("move from builders.x").never_says("+ ").never_says("- ");
        let status = sandbox.git(sandbox.path("agents/z/api"), &["status", "--porcelain=v2", "--branch"]);
        assert_eq!(status, work.status);
        sandbox.converged();
    }
}

#[test]
fn checkouts_follow_the_layout_after_builders_dir_moved_without_them() {
    let sandbox = made("", &["k", "x"]);
    let work = work_in(&sandbox, "x/api");
    sandbox.toml(&file("[workspace]\nbuilders_dir = \"agents\"\nlayout = \"split\"\n", &["k", "x"], ""));
    sandbox.wsctl(&["apply", "--auto-approve", "--exclude", "builders.x"]).ok();
    sandbox.apply().ok().says("~ builders.x ").says("move its checkouts to where they are declared");
    let status = sandbox.git(sandbox.path("agents/x/repos/api"), &["status", "--porcelain=v2", "--branch"]);
    assert_eq!(status, work.status);
    sandbox.converged();
}

/// The mark names the new place before any link does, as where another version applied in between.
#[test]
fn what_came_along_is_not_pruned_where_the_move_is_no_longer_known() {
    let sandbox = made("", &["k", "x"]);
    work_in(&sandbox, "x/api");
    let there = workspace_moved(&sandbox, &file("", &["k"], ""));
    let mark = there.join(".builders/.wsctl/workspace.json");
    let known = text(&mark).replace(sandbox.root().to_str().unwrap(), there.to_str().unwrap());
    std::fs::write(&mark, known).unwrap();
    let before = snapshot(there.join(".builders/x"));
    let run = |arguments: &[&str]| sandbox.wsctl_in(&there, arguments);
    let plan = run(&["plan"]).says("! builders.x.api ").says("both name where the other was").never_says("prune");
    run(&["apply", "--auto-approve"]).fails().never_says("prune").never_says("- builders.x");
    before.assert_same(&snapshot(there.join(".builders/x")));
    for line in plan.stdout.lines().map(|line| line.trim().trim_start_matches("→ ")).filter(|line| line.starts_with("echo ")) {
        assert!(sandbox.command("sh").args(["-c", line]).current_dir(&there).status().unwrap().success(), "{line}");
    }
    let status = sandbox.git(there.join(".builders/x/api"), &["status", "--porcelain"]);
    assert!(status.contains("untracked.txt") && status.contains("staged.txt"), "{status}");
    run(&["plan"]).never_says("both name").never_says("prune");
}
