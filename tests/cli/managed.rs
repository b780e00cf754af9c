//! Managed files through the program: directories and patterns, files of the main worktrees, templates, texts of wsctl's own, ports.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Sandbox, text};

const TWO: &str = "[repos.api]\n[repos.web]\n[builders.one]\nrepos = [\"api\", \"web\"]\n";

/// A workspace with these files declared.
fn declaring(more: &str) -> Sandbox {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&format!("{TWO}{more}"));
    sandbox
}

#[test]
fn a_directory_comes_whole_and_follows_its_source() {
    let sandbox = declaring("[[files]]\nfrom = \"skills\"\nto = \".agent/skills\"\n");
    sandbox.write("skills/review/SKILL.md", "how to review\n");
    sandbox.write("skills/run.sh", "echo run\n");
    sandbox.write("skills/.hidden", "kept\n");
    std::fs::set_permissions(sandbox.path("skills/run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.plan().ok().says("+ builders.one.files.\".agent/skills/review/SKILL.md\"   copy of skills/review/SKILL.md");
    sandbox.apply().ok();
    let at = |tail: &str| sandbox.builder(format!("one/.agent/skills/{tail}"));
    assert_eq!(text(at("review/SKILL.md")), "how to review\n");
    assert_eq!(text(at(".hidden")), "kept\n");
    assert_eq!(std::fs::metadata(at("run.sh")).unwrap().permissions().mode() & 0o100, 0o100);
    sandbox.converged();

    sandbox.write("skills/review/SKILL.md", "how to review well\n");
    sandbox.write("skills/new.md", "new\n");
    std::fs::remove_file(sandbox.path("skills/run.sh")).unwrap();
    let plan = sandbox.plan().ok().says("~ builders.one.files.\".agent/skills/review/SKILL.md\"");
    plan.says("+ builders.one.files.\".agent/skills/new.md\"").says("- builders.one.files.\".agent/skills/run.sh\"");
    sandbox.apply().ok();
    assert!(!at("run.sh").exists());
    sandbox.converged();

    // Without its source nothing is known, and nothing goes.
    std::fs::rename(sandbox.path("skills"), sandbox.path("elsewhere")).unwrap();
    sandbox.apply().fails().says("! builders.one.files.\".agent/skills\"").says("its source is missing").never_says("SKILL.md");
    assert_eq!(text(at("new.md")), "new\n");
    std::fs::rename(sandbox.path("elsewhere"), sandbox.path("skills")).unwrap();
    sandbox.converged();
}

#[test]
fn many_files_are_remembered_at_once_and_what_is_staged_at_one_stays_staged() {
    let sandbox = declaring("");
    sandbox.apply().ok();
    let commits = || {
        let all = sandbox.git(sandbox.builder("one"), &["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]);
        all.lines().filter(|kind| *kind == "commit").count()
    };
    let before = commits();
    for number in 0..40 {
        sandbox.write(format!("skills/{}/{number}.md", number % 7), &format!("{number}\n"));
    }
    sandbox.toml(&format!("{TWO}[[files]]\nfrom = \"skills\"\nto = \"skills\"\n"));
    // Somebody staged another text at one of the paths, and it stays staged.
    sandbox.write(sandbox.builder("one/skills/3/3.md"), "3\n");
    sandbox.write("staged", "staged\n");
    let blob = sandbox.git(sandbox.builder("one"), &["hash-object", "-w", sandbox.path("staged").to_str().unwrap()]);
    sandbox.git(sandbox.builder("one"), &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},skills/3/3.md")]);
    sandbox.wsctl(&["apply", "--auto-approve", "--jobs", "1"]).ok().says("39 created");
    assert_eq!(commits(), before + 1, "one record for all of them");
    assert_eq!(sandbox.git(sandbox.builder("one"), &["status", "--short"]), "MM skills/3/3.md");
    sandbox.git(sandbox.builder("one"), &["reset", "-q", "--", "skills"]);
    assert_eq!(sandbox.git(sandbox.builder("one"), &["status", "--short"]), "");
    sandbox.converged();
}

#[test]
fn a_template_that_lacks_something_says_what_to_write() {
    let sandbox = declaring("[[files]]\nfrom = \"t\"\nto = \"t\"\nmode = \"template\"\n");
    for (template, next) in [
        (
            "{label.ticket}\n",
            "→ set `labels = { ticket = \"…\" }` in [builders.one] or [defaults] of builders.toml, then wsctl apply",
        ),
        ("{port}\n", "→ set `ports` in [workspace] of builders.toml, then wsctl apply"),
        ("{for repo}\n", "→ ls -la "),
    ] {
        sandbox.write("t", template);
        sandbox.plan().says(next);
    }
    let ports = "[workspace]\nports = \"41001-41001\"\n[builders.two]\nrepos = [\"api\"]\n";
    sandbox.toml(&format!("{TWO}{ports}[[files]]\nfrom = \"t\"\nto = \"t\"\nmode = \"template\"\n"));
    sandbox.write("t", "{port}\n");
    sandbox.plan().says("→ widen `ports` in [workspace] of builders.toml, then wsctl apply");
}

#[test]
fn names_that_only_windows_refuses_are_as_good_as_others() {
    let sandbox = declaring("[[files]]\nfrom = \"skills\"\nto = \"skills\"\n");
    for name in ["aux.c", "a*b", "con", "a:b", "trailing.", "a\\b"] {
        sandbox.write(format!("skills/{name}"), "x\n");
    }
    sandbox.apply().ok();
    assert_eq!(sandbox.git(sandbox.builder("one"), &["status", "--short"]), "");
    sandbox.converged();
}

#[test]
fn a_file_becomes_a_directory_and_a_directory_a_file_or_a_link_at_once() {
    let declared = |mode: &str| format!("[[files]]\nfrom = \"skills\"\nto = \"skills\"\nmode = \"{mode}\"\n");
    let sandbox = declaring(&declared("copy"));
    let at = |tail: &str| sandbox.builder(format!("one/skills/{tail}"));
    sandbox.write("skills/down/deep/a", "a\n");
    sandbox.write("skills/down/b", "b\n");
    sandbox.write("skills/up", "up\n");
    sandbox.apply().ok();
    std::fs::remove_dir_all(sandbox.path("skills/down")).unwrap();
    std::fs::remove_file(sandbox.path("skills/up")).unwrap();
    sandbox.write("skills/down", "a file\n");
    sandbox.write("skills/up/c/d", "deep\n");
    sandbox.apply().ok().says("2 created, 3 removed");
    assert_eq!((text(at("down")), text(at("up/c/d"))), ("a file\n".to_owned(), "deep\n".to_owned()));
    sandbox.converged();
    for mode in ["symlink", "copy"] {
        sandbox.toml(&format!("{TWO}{}", declared(mode)));
        sandbox.apply().ok();
        assert_eq!(sandbox.builder("one/skills").is_symlink(), mode == "symlink");
        assert_eq!(text(at("up/c/d")), "deep\n");
        assert_eq!(sandbox.git(sandbox.builder("one"), &["status", "--short"]), "");
        sandbox.converged();
    }
    // What somebody edited, or put beside it, is in the way as ever.
    for (name, says) in [("up/c/d", "was edited since wsctl wrote it"), ("up/mine", "a directory is in the way")] {
        let before = std::fs::read_to_string(at(name)).ok();
        std::fs::write(at(name), "mine\n").unwrap();
        std::fs::remove_dir_all(sandbox.path("skills/up")).unwrap();
        sandbox.write("skills/up", "a file\n");
        sandbox.apply().fails().says(says);
        assert_eq!(text(at(name)), "mine\n");
        before.map_or_else(|| std::fs::remove_file(at(name)), |text| std::fs::write(at(name), text)).unwrap();
        std::fs::remove_file(sandbox.path("skills/up")).unwrap();
        sandbox.write("skills/up/c/d", "deep\n");
        sandbox.apply().ok();
    }
    sandbox.converged();
}

#[test]
fn a_directory_may_be_a_link_and_links_in_it_lead_nowhere_else() {
    let sandbox = declaring("[[files]]\nfrom = \"skills\"\nto = \"skills\"\n");
    let real = sandbox.top().join("dotfiles");
    std::fs::create_dir_all(real.join("deep")).unwrap();
    std::fs::write(real.join("deep/a.md"), "a\n").unwrap();
    std::os::unix::fs::symlink("a.md", real.join("deep/b.md")).unwrap();
    std::os::unix::fs::symlink("..", real.join("deep/loop")).unwrap();
    std::os::unix::fs::symlink(&real, sandbox.path("skills")).unwrap();
    sandbox.apply().fails().says("! builders.one.files.\"skills/deep/loop\"").says("its source is a directory");
    assert_eq!(text(sandbox.builder("one/skills/deep/a.md")), "a\n");
    assert_eq!(text(sandbox.builder("one/skills/deep/b.md")), "a\n");
    assert!(!sandbox.builder("one/skills/deep/loop").exists());
}

#[test]
fn a_pattern_takes_what_fits_and_keeps_the_paths_below_its_fixed_part() {
    let sandbox = declaring("[[files]]\nfrom = \"agents/**/*.md\"\nto = \".opencode\"\n");
    sandbox.write("agents/a.md", "a\n");
    sandbox.write("agents/deep/b.md", "b\n");
    sandbox.write("agents/deep/b.txt", "no\n");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("one/.opencode/a.md")), "a\n");
    assert_eq!(text(sandbox.builder("one/.opencode/deep/b.md")), "b\n");
    assert!(!sandbox.builder("one/.opencode/deep/b.txt").exists());
    sandbox.converged();
    sandbox.toml(&format!(
        "{TWO}[[files]]\nfrom = \"agents/**/*.md\"\nto = \"x\"\n[[files]]\nfrom = \"notes.md\"\nto = \"x/a.md\"\n"
    ));
    sandbox.plan().fails().says("two files go to `x/a.md`");
}

#[test]
fn what_git_ignores_in_a_main_worktree_comes_along() {
    let sandbox = declaring(
        "[[files]]\nfrom = \"{repo}/.env.*\"\nto = \"{repo}\"\n[[files]]\nfrom = \"{repo}/.env\"\nto = \"{repo}/.env\"\n",
    );
    for name in ["api", "web"] {
        sandbox.write(format!("repos/{name}/.git/info/exclude"), ".env*\n");
    }
    sandbox.write("repos/api/.env", "SECRET=1\n");
    sandbox.write("repos/api/.env.local", "LOCAL=1\n");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("one/api/.env")), "SECRET=1\n");
    assert_eq!(text(sandbox.builder("one/api/.env.local")), "LOCAL=1\n");
    assert!(!sandbox.builder("one/web/.env").exists(), "web has none, which is no fault");
    assert_eq!(sandbox.git(sandbox.builder("one/api"), &["status", "--porcelain"]), "");
    sandbox.converged();

    // An edit is shown with what would be lost, and stays.
    sandbox.write(".builders/one/api/.env", "SECRET=mine\n");
    sandbox.write("repos/api/.env", "SECRET=2\n");
    let refused =
        sandbox.apply().fails().says("it was edited since wsctl wrote it").says("what differs is not shown").never_says("SECRET");
    assert_eq!(text(sandbox.builder("one/api/.env")), "SECRET=mine\n");
    sandbox.type_next(&refused, "--replace").ok();
    assert_eq!(text(sandbox.builder("one/api/.env")), "SECRET=2\n");
    let kept: Vec<_> =
        std::fs::read_dir(sandbox.builder(".wsctl/replaced")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.iter().map(text).collect::<Vec<_>>(), ["SECRET=mine\n"], "{kept:?}");

    // The source goes, and with it perhaps the only other copy: this one stays, also when nobody declares it any more.
    std::fs::remove_file(sandbox.path("repos/api/.env")).unwrap();
    std::fs::remove_file(sandbox.path("repos/api/.env.local")).unwrap();
    sandbox.apply().ok().says("it stays, it may be the last copy of a file that git does not keep");
    assert_eq!(text(sandbox.builder("one/api/.env")), "SECRET=2\n");
    assert_eq!(text(sandbox.builder("one/api/.env.local")), "LOCAL=1\n");
    sandbox.converged();
    sandbox.toml(TWO);
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("one/api/.env")), "SECRET=2\n");
    sandbox.converged();
}

#[test]
fn a_repository_has_files_of_its_own_and_a_link_may_lead_to_a_directory() {
    let more = "[[repos.api.files]]\nfrom = \".env\"\nto = \".env\"\nmode = \"symlink\"\n[[repos.api.files]]\nfrom = \"data\"\nto = \"data\"\n\
                mode = \"symlink\"\n";
    let sandbox = Sandbox::workspace();
    sandbox.toml(&TWO.replacen("[repos.api]\n", &format!("[repos.api]\n{more}"), 1));
    sandbox.write("repos/api/.git/info/exclude", ".env\ndata\n");
    sandbox.write("repos/api/.env", "SECRET=1\n");
    sandbox.write("repos/api/data/big.bin", "big\n");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("one/api/.env")), "SECRET=1\n");
    assert_eq!(text(sandbox.builder("one/api/data/big.bin")), "big\n");
    assert!(sandbox.builder("one/api/data").symlink_metadata().unwrap().is_symlink());
    assert!(!sandbox.builder("one/web/.env").exists());
    sandbox.converged();
    sandbox
        .toml("[repos.api]\n[[repos.api.files]]\nfrom = \"{repo}/x\"\nto = \"x\"\n[[files]]\nfrom = \"{repo}/y\"\nto = \"y\"\n");
    let refused = sandbox.plan().fails();
    refused.says("`from` is relative to the main worktree of this repository already").says("`to` is one place for all");
}

#[test]
fn templates_know_labels_repositories_and_a_port() {
    let more = "labels = { ticket = \"TEC-25\" }\n[defaults]\nlabels = { team = \"gateway\", ticket = \"none\" }\n[workspace]\nports = \
                \"41000-41099\"\n[[files]]\nfrom = \"t.md\"\nto = \"t.md\"\nmode = \"template\"\n";
    let sandbox = declaring(more);
    let template = "{builder} {label.ticket} {label.team} {port} { {x} }\n{for repo}\n{repo}|{repo.path}|{repo.branch}|{repo.base}\n{end}\nlast\n";
    sandbox.write("t.md", template);
    sandbox.apply().ok();
    let found = text(sandbox.builder("one/t.md"));
    let lines: Vec<&str> = found.lines().collect();
    let port = lines[0].split(' ').nth(3).unwrap().to_owned();
    assert!((41000..41100).contains(&port.parse().unwrap()), "{found}");
    assert_eq!(lines[0], format!("one TEC-25 gateway {port} {{ {{x}} }}"));
    let rest =
        [".|workspace-root|builder/one|main", "api|api|builder/one|origin/HEAD", "web|web|builder/one|origin/HEAD", "last"];
    assert_eq!(lines[1..], rest);
    sandbox.converged();
    let said = sandbox.wsctl(&["exec", "-q", "--target", "builders.one.api", "--", "sh", "-c", "echo $WSCTL_PORT"]).ok();
    assert_eq!(said.stdout.trim(), port);

    // Another builder gets another one, and this one keeps its own.
    sandbox.toml(&format!("{TWO}{more}[builders.two]\nrepos = []\n"));
    sandbox.apply().ok();
    let other = text(sandbox.builder("two/t.md"));
    assert_ne!(other.split(' ').nth(3).unwrap(), port);
    assert_eq!(text(sandbox.builder("one/t.md")), found);
    sandbox.converged();

    sandbox.write("t.md", "{label.nobody}\n");
    sandbox.plan().says("its source names `{label.nobody}`, a label that this builder has not");
    sandbox.write("t.md", "{for repo}\n");
    sandbox.plan().says("its source has a `{for repo}` without `{end}`");
}

#[test]
fn a_port_on_which_somebody_listens_is_not_given() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port();
    // The range has this port and the next one.
    let (first, last) = if taken == u16::MAX { (taken - 1, taken) } else { (taken, taken + 1) };
    let sandbox = declaring(&format!(
        "[workspace]\nports = \"{first}-{last}\"\n[[files]]\nfrom = \"t\"\nto = \"t\"\nmode = \"template\"\n"
    ));
    sandbox.write("t", "{port}");
    if !std::path::Path::new("/proc/net/tcp").exists() {
        return crate::support::skip("no /proc/net/tcp here: nobody tells which ports are taken");
    }
    sandbox.apply().ok();
    assert_ne!(text(sandbox.builder("one/t")), taken.to_string());
    drop(listener);
    sandbox.converged();
}

#[test]
fn agents_and_editors_are_told_what_is_here() {
    let more = "labels = { ticket = \"TEC-25\" }\n[[files]]\nto = \"AGENTS.md\"\nmode = \"agents\"\n[[files]]\nto = \"one.code-workspace\"\nmode = \
                \"code-workspace\"\n";
    let sandbox = declaring(more);
    sandbox.apply().ok();
    let told = text(sandbox.builder("one/AGENTS.md"));
    for line in ["# Builder one", "| `api` | api | builder/one | origin/HEAD |", "- ticket: TEC-25", "`git -C api commit`"] {
        assert!(told.contains(line), "no {line:?} in\n{told}");
    }
    let workspace: serde_json::Value = serde_json::from_str(&text(sandbox.builder("one/one.code-workspace"))).unwrap();
    let paths: Vec<&str> =
        workspace["folders"].as_array().unwrap().iter().map(|folder| folder["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["workspace-root", "api", "web"]);
    sandbox.converged();

    // It follows the declaration.
    sandbox.toml(&format!("{}{more}", TWO.replace("[\"api\", \"web\"]", "[\"api\"]")));
    sandbox.apply().ok();
    assert!(!text(sandbox.builder("one/AGENTS.md")).contains("web"));
    sandbox.converged();
    sandbox.toml(&format!("{TWO}[[files]]\nfrom = \"x\"\nto = \"AGENTS.md\"\nmode = \"agents\"\n"));
    sandbox.plan().fails().says("`from` does not go with mode `agents`");
}

#[test]
fn the_text_for_agents_comes_in_every_layout_and_before_a_clone() {
    for layout in ["\"split\"", "\"nested\"", "{ root = \"ws\", repo = \"src/{repo}\" }"] {
        let sandbox = Sandbox::workspace();
        let origin = sandbox.origin("late");
        sandbox.toml(&format!(
            "[workspace]\nlayout = {layout}\n{TWO}[repos.late]\nurl = \"{}\"\n[builders.three]\nrepos = [\"late\"]\n[[files]]\nto = \
             \"AGENTS.md\"\nmode = \"agents\"\n",
            origin.display()
        ));
        sandbox.apply().ok();
        assert!(text(sandbox.builder("three/AGENTS.md")).contains("| late | builder/three | origin/HEAD |"), "{layout}");
        sandbox.converged();
    }
}

#[test]
fn a_cache_is_seeded_where_blocks_can_be_shared_and_told_where_not() {
    let sandbox = Sandbox::workspace();
    sandbox.toml(&TWO.replacen("[repos.api]\n", "[repos.api]\nseed = [\"target\", \"none\"]\n", 1));
    sandbox.write("repos/api/.git/info/exclude", "target\n");
    sandbox.write("repos/api/target/debug/built", "built\n");
    std::os::unix::fs::symlink("built", sandbox.path("repos/api/target/debug/link")).unwrap();
    let said = sandbox.apply().ok();
    let built = sandbox.builder("one/api/target/debug/built");
    if built.exists() {
        assert_eq!(text(&built), "built\n");
        let modified = |path| std::fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(modified(built), modified(sandbox.path("repos/api/target/debug/built")));
        assert_eq!(std::fs::read_link(sandbox.builder("one/api/target/debug/link")).unwrap().to_str(), Some("built"));
    } else {
        said.says("target is not copied from").says("this file system cannot share blocks of files");
        assert!(!sandbox.builder("one/api/target").exists());
    }
    assert!(
        !sandbox.builder(".wsctl/new").exists() || std::fs::read_dir(sandbox.builder(".wsctl/new")).unwrap().next().is_none()
    );
    sandbox.converged();
    sandbox.toml("[repos.api]\nseed = [\"target\", \"target/debug\", \"*.o\", \".\"]\n");
    let refused = sandbox.plan().fails().says("`seed` names something that is in what it names already");
    refused.says("`seed` names a pattern").says("`seed` is the whole repository");
}

#[test]
fn a_copy_is_read_by_nobody_who_may_not_read_its_source() {
    let sandbox = declaring("[[files]]\nfrom = \"{repo}/.env\"\nto = \"{repo}/.env\"\n");
    sandbox.write("repos/api/.git/info/exclude", ".env\n");
    sandbox.write("repos/api/.env", "SECRET=1\n");
    let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set = |mode: u32| {
        std::fs::set_permissions(sandbox.path("repos/api/.env"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    sandbox.apply().ok();
    assert_eq!(mode(sandbox.builder("one/api/.env")) & 0o044, 0o044);
    // Fewer may read it by now; what a group is, is not the same for a copy.
    for closed in [0o640, 0o600, 0o604] {
        set(0o644);
        std::fs::remove_file(sandbox.builder("one/api/.env")).unwrap();
        sandbox.apply().ok();
        set(closed);
        sandbox.plan().says("~ builders.one.files.\"api/.env\"");
        sandbox.apply().ok();
        assert_eq!(mode(sandbox.builder("one/api/.env")), 0o600, "{closed:o}");
        sandbox.converged();
    }
    sandbox.write(".builders/one/api/.env", "SECRET=mine\n");
    sandbox.wsctl(&["apply", "--auto-approve", "--replace", "builders.one"]).ok();
    let kept: Vec<_> =
        std::fs::read_dir(sandbox.builder(".wsctl/replaced")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(mode(kept[0].clone()), 0o600);
}

/// Everything that lies in `replaced/`.
fn replaced(sandbox: &Sandbox) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(sandbox.builder(".wsctl/replaced")) else { return vec![] };
    let mut texts: Vec<String> = entries.map(|entry| text(entry.unwrap().path())).collect();
    texts.sort();
    texts
}

#[test]
fn what_git_does_not_keep_is_never_gone_for_good() {
    let more = "[[files]]\nfrom = \"{repo}/.env\"\nto = \"{repo}/.env\"\n[[files]]\nfrom = \".local*\"\nto = \"local\"\n[[files]]\nfrom = \"notes.md\"\nto = \"notes.md\"\n";
    let sandbox = declaring(more);
    sandbox.write("repos/api/.git/info/exclude", ".env\n");
    sandbox.write("repos/api/.env", "SECRET=1\n");
    sandbox.write(".local.env", "only copy\n");
    sandbox.apply().ok();
    // Emptied by mistake, and deleted: cron copies the one, and takes the other away.
    sandbox.write("repos/api/.env", "");
    std::fs::remove_file(sandbox.path(".local.env")).unwrap();
    sandbox.write("notes.md", "new notes\n");
    sandbox.wsctl(&["apply", "--auto-approve", "-q"]).ok();
    assert_eq!(text(sandbox.builder("one/api/.env")), "");
    assert!(!sandbox.builder("one/local/.local.env").exists());
    // What git keeps is not kept twice.
    assert_eq!(replaced(&sandbox), ["SECRET=1\n", "only copy\n"]);
    sandbox.converged();
}

#[test]
fn what_many_builders_lose_at_a_time_is_kept_of_each_and_what_is_alike_once() {
    use std::fmt::Write as _;
    let names: Vec<String> = (0..24).map(|number| format!("b{number}")).collect();
    let sandbox = Sandbox::workspace();
    let mut toml = String::from("[[files]]\nfrom = \"{repo}/.env\"\nto = \"{repo}/.env\"\n[repos.api]\n[repos.web]\n");
    for name in &names {
        writeln!(toml, "[builders.{name}]\nrepos = [\"api\"]").unwrap();
    }
    sandbox.toml(&toml);
    sandbox.write("repos/api/.git/info/exclude", ".env\n");
    sandbox.write("repos/api/.env", "SECRET=1\n");
    sandbox.apply().ok();
    // Every third as another one, the rest alike.
    let edited = |number: usize| if number.is_multiple_of(3) { format!("mine {number:02}\n") } else { "alike\n".into() };
    let mut arguments = vec!["apply", "--auto-approve", "--jobs", "8"];
    let addresses: Vec<String> = names.iter().map(|name| format!("builders.{name}")).collect();
    for (number, (name, address)) in names.iter().zip(&addresses).enumerate() {
        sandbox.write(format!(".builders/{name}/api/.env"), &edited(number));
        arguments.extend(["--replace", address]);
    }
    sandbox.wsctl(&arguments).ok();
    let kept: std::collections::BTreeSet<String> = (0..names.len()).map(edited).collect();
    assert_eq!(replaced(&sandbox), kept.into_iter().collect::<Vec<_>>());
    sandbox.converged();
}

#[test]
fn what_a_pattern_names_and_the_checkout_tracks_is_no_managed_file() {
    let sandbox = declaring("[[files]]\nfrom = \"{repo}/.env*\"\nto = \"{repo}\"\n");
    sandbox.write("repos/api/.gitignore", ".env\n");
    sandbox.write("repos/api/.env.example", "A=\n");
    sandbox.commit("repos/api", "example");
    sandbox.git("repos/api", &["push", "-q", "origin", "main"]);
    sandbox.write("repos/api/.env", "A=1\n");
    sandbox.apply().ok();
    assert_eq!(text(sandbox.builder("one/api/.env")), "A=1\n");
    sandbox.converged();
}

#[test]
fn a_link_that_a_repository_brings_leads_nowhere_outside_of_it() {
    let more = "[[repos.api.files]]\nfrom = \"skills\"\nto = \"skills\"\n";
    let sandbox = Sandbox::workspace();
    sandbox.toml(&TWO.replacen("[repos.api]\n", &format!("[repos.api]\n{more}"), 1));
    sandbox.write("repos/api/.git/info/exclude", "skills\n");
    sandbox.write("repos/api/skills/a.md", "a\n");
    std::fs::write(sandbox.home().join("id"), "PRIVATE\n").unwrap();
    std::os::unix::fs::symlink(sandbox.home().join("id"), sandbox.path("repos/api/skills/b.md")).unwrap();
    std::os::unix::fs::symlink("a.md", sandbox.path("repos/api/skills/c.md")).unwrap();
    sandbox.apply().fails().says("its source is a symbolic link that leads out of where it lies").never_says("PRIVATE");
    assert!(!sandbox.builder("one/api/skills/b.md").exists());
    assert_eq!(text(sandbox.builder("one/api/skills/c.md")), "a\n");
}

#[test]
fn a_file_that_cannot_be_reached_leaves_no_journal_behind() {
    let sandbox = declaring("[[files]]\nfrom = \"notes.md\"\nto = \"{repo}/cfg/deep/notes.md\"\n");
    let out = sandbox.top().join("out");
    std::fs::create_dir_all(&out).unwrap();
    std::os::unix::fs::symlink(&out, sandbox.path("repos/api/cfg")).unwrap();
    sandbox.commit("repos/api", "a link");
    sandbox.git("repos/api", &["push", "-q", "origin", "main"]);
    sandbox.apply().fails();
    sandbox.apply().fails().never_says("cut short");
    assert!(std::fs::read_dir(out).unwrap().next().is_none());
    assert!(!sandbox.builder(".wsctl/journal").exists());
}

#[test]
fn where_every_port_is_taken_it_is_said_so() {
    let sandbox = declaring(
        "[workspace]\nports = \"41000-41000\"\n[builders.two]\nrepos = []\n[[files]]\nfrom = \"t\"\nto = \"t\"\nmode = \"template\"\n",
    );
    sandbox.write("t", "{port}");
    sandbox.plan().says("its source names `{port}`, and every one of the `ports` of [workspace] is taken");
}
