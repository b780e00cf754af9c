//! What is read from the disk: the file, the facts, which file it is, the first file.

use std::path::{Path, PathBuf};

use wsctl::config::{self, Facts, facts, find, gather, starter};
use wsctl::desired::desired;
use wsctl::diagnostic::{Diagnostic, Faults};
use wsctl::model::path::AbsPath;

use crate::support::Sandbox;

fn abs(path: impl Into<PathBuf>) -> AbsPath {
    AbsPath::new(path).unwrap()
}

fn facts_of(sandbox: &Sandbox, text: &str) -> Facts {
    facts(&gather(&abs(sandbox.path("builders.toml")), text)).unwrap()
}

#[test]
fn load_says_what_is_wrong_and_what_to_type() {
    let sandbox = Sandbox::new();
    let refused = |path: PathBuf| config::load(&abs(path)).unwrap_err().downcast::<Diagnostic>().unwrap();
    let missing = refused(sandbox.path("builders.toml"));
    assert!(missing.message.contains("there is no") && missing.next.ends_with("builders.toml init"), "{missing:?}");
    let directory = refused(sandbox.root());
    assert!(directory.message.contains("is a directory") && directory.next.contains("builders.toml"), "{directory:?}");
    std::fs::write(sandbox.path("builders.toml"), b"version = 1\nx = \"\xff\"\n").unwrap();
    let refused = config::load(&abs(sandbox.path("builders.toml"))).unwrap_err().downcast::<Faults>().unwrap();
    assert_eq!(refused.faults[0].message, "the file is not UTF-8");
    assert_eq!(&refused.sources.main().text[refused.faults[0].span.clone()], "\u{fffd}");
}

#[test]
fn facts_of_a_workspace() {
    let sandbox = Sandbox::new();
    let text = "version = 1\n[repos.a]\n[repos.m]\n[repos.p]\npath = \"repos/p\"";
    let found = facts_of(&sandbox, text);
    assert_eq!(found.root, abs(sandbox.root()));
    assert!(!found.root_is_repository && found.main_clones.is_empty() && found.inside_repository.is_none());
    for path in ["", "repos/a", "repos/a/main", "repos/m/main", "repos/p/main"] {
        sandbox.repository(path);
    }
    let found = facts_of(&sandbox, text);
    assert!(found.root_is_repository);
    assert_eq!(found.main_clones.iter().map(ToString::to_string).collect::<Vec<_>>(), ["m"]);
    assert_eq!(found.inside_repository, None, "the root may be around it");
    sandbox.repository("other");
    let found = facts_of(&sandbox, "version = 1\n[workspace]\nbuilders_dir = \"other/deep/builders\"");
    assert_eq!(found.inside_repository, Some(abs(sandbox.path("other"))));
}

#[test]
fn builders_dir_is_a_real_path() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.top().join("disk")).unwrap();
    std::os::unix::fs::symlink(sandbox.top().join("disk"), sandbox.path(".builders")).unwrap();
    let config = gather(&abs(sandbox.path("builders.toml")), "version = 1");
    let wish = desired(&config, &facts(&config).unwrap()).unwrap();
    assert_eq!(wish.builders_dir, abs(sandbox.top().join("disk")));
    // A link is no way around the checks.
    std::fs::remove_file(sandbox.path(".builders")).unwrap();
    std::os::unix::fs::symlink(sandbox.root(), sandbox.path(".builders")).unwrap();
    let refused = desired(&config, &facts(&config).unwrap()).unwrap_err();
    assert!(refused.faults[0].message.contains("is the workspace root itself"), "{refused:?}");
}

#[test]
fn a_root_that_is_not_there_comes_with_the_other_faults() {
    let sandbox = Sandbox::new();
    let config = gather(&abs(sandbox.path("builders.toml")), "version = 2\n[workspace]\nroot = \"nowhere\"");
    let refused = facts(&config).unwrap_err().downcast::<Faults>().unwrap();
    assert_eq!(refused.faults.len(), 2);
    assert!(refused.faults[1].message.contains("is no directory"));
}

fn refusal(cwd: &Path) -> Diagnostic {
    find(&abs(cwd), None).unwrap_err().downcast::<Diagnostic>().unwrap()
}

#[test]
fn the_file_is_the_nearest_upwards_or_the_named_one() {
    let sandbox = Sandbox::new();
    let nothing = refusal(&sandbox.root());
    assert!(nothing.message.contains("no builders.toml in") && nothing.next.contains("-f FILE"), "{nothing:?}");
    sandbox.write("builders.toml", "version = 1");
    sandbox.write("deep/er/other.toml", "version = 1");
    let found = find(&abs(sandbox.path("deep/er")), None).unwrap();
    assert_eq!((found.file, found.note), (abs(sandbox.path("builders.toml")), None));
    let named = find(&abs(sandbox.path("deep")), Some(Path::new("er/other.toml"))).unwrap();
    assert_eq!(named.file, abs(sandbox.path("deep/er/other.toml")));
    assert!(find(&abs(sandbox.root()), Some(Path::new("none.toml"))).is_err());
}

#[test]
fn a_mark_leads_back_and_a_foreign_worktree_is_refused() {
    let sandbox = Sandbox::new();
    let root = sandbox.repository("");
    sandbox.write("builders.toml", "version = 1");
    let tree = root.join(".builders/b/workspace-root");
    sandbox.git(&root, &["worktree", "add", "-q", "-b", "x", tree.to_str().unwrap()]);
    std::fs::write(tree.join("builders.toml"), "version = 1").unwrap();
    let foreign = refusal(&tree);
    assert!(foreign.message.contains("a linked worktree that wsctl did not make"), "{foreign:?}");
    assert_eq!(foreign.next, format!("wsctl -f {} plan", sandbox.path("builders.toml").display()));

    let file = abs(sandbox.path("builders.toml"));
    let mark = |builder: &str| format!("{{\"file\": {:?}{builder}}}", file.to_string());
    std::fs::write(root.join(".git/worktrees/workspace-root/wsctl.json"), mark(", \"builder\": \"b\"")).unwrap();
    std::fs::create_dir_all(tree.join("deep")).unwrap();
    let note = Some(format!("using {file}, the workspace of builder b"));
    for cwd in [tree.clone(), tree.join("deep")] {
        let found = find(&abs(cwd), None).unwrap();
        assert_eq!((found.file, found.note), (file.clone(), note.clone()));
    }
    // The anchor of the builder, and builders_dir.
    let anchor = root.join(".builders/b/.git");
    std::fs::create_dir(&anchor).unwrap();
    std::fs::write(anchor.join("wsctl-builder.json"), mark(", \"builder\": \"b\"")).unwrap();
    let found = find(&abs(root.join(".builders/b")), None).unwrap();
    assert_eq!((found.file, found.note), (file.clone(), note));
    sandbox.write(".builders/.wsctl/workspace.json", &mark(""));
    let found = find(&abs(root.join(".builders")), None).unwrap();
    assert_eq!(found.note, Some(format!("using {file}, the workspace of {}", root.join(".builders").display())));
    // A mark of another directory proves nothing.
    sandbox.write(".builders/.wsctl/workspace.json", &mark(", \"identity\": [1, 1]"));
    assert_eq!(find(&abs(root.join(".builders")), None).unwrap().note, None);
    // The file is gone, or the mark is damaged.
    std::fs::remove_file(&file).unwrap();
    let gone = refusal(&tree);
    assert!(gone.message.contains("builder b belongs to") && gone.next.contains("-f FILE"), "{gone:?}");
    std::fs::write(anchor.join("wsctl-builder.json"), "{").unwrap();
    assert!(refusal(&root.join(".builders/b")).message.contains("cannot read the mark"));
}

#[test]
fn a_nested_and_a_plain_builder_lead_back_too() {
    let sandbox = Sandbox::new();
    let root = sandbox.repository("");
    sandbox.write("builders.toml", "version = 1");
    let file = abs(sandbox.path("builders.toml"));
    let tree = root.join(".builders/n");
    sandbox.git(&root, &["worktree", "add", "-q", "-b", "x", tree.to_str().unwrap()]);
    let mark = format!("{{\"file\": {:?}, \"builder\": \"n\"}}", file.to_string());
    std::fs::write(root.join(".git/worktrees/n/wsctl-builder.json"), mark).unwrap();
    assert!(find(&abs(tree), None).unwrap().note.unwrap().ends_with("builder n"));
    sandbox.write(".builders/p/builders.toml", "version = 1");
    sandbox.write(".builders/.wsctl/workspace.json", &format!("{{\"file\": {:?}}}", file.to_string()));
    sandbox.write(".builders/.wsctl/builders/p", "{}");
    assert_eq!(find(&abs(root.join(".builders/p")), None).unwrap().file, file);
}

#[test]
fn the_first_file_has_no_fault() {
    let sandbox = Sandbox::new();
    let check = |text: &str| {
        let config = config::parse(&abs(sandbox.path("builders.toml")), text).unwrap();
        desired(&config, &facts(&config).unwrap()).unwrap()
    };
    let (text, _) = starter(&abs(sandbox.root())).unwrap();
    assert!(check(&text).repositories.is_empty(), "{text}");

    sandbox.repository("");
    sandbox.cloned("api");
    let web = sandbox.repository("repos/web/main");
    sandbox.git(&web, &["remote", "add", "origin", "https://me:geheim@example.com/web.git?token=geheim"]);
    let odd = sandbox.repository("repos/odd \"name\"");
    sandbox.git(&odd, &["remote", "add", "origin", "ext::sh -c true"]);
    sandbox.repository("repos/files");
    let run = sandbox.repository("repos/run");
    sandbox.git(&run, &["remote", "add", "origin", "ext::sh -c true"]);
    let (text, _) = starter(&abs(sandbox.root())).unwrap();
    let wish = check(&text);
    assert_eq!(wish.repositories.keys().map(ToString::to_string).collect::<Vec<_>>(), [".", "api", "run", "web"]);
    assert_eq!(wish.repositories["api"].url.as_ref().unwrap().expose(), sandbox.top().join("origin/api.git").to_str().unwrap());
    assert_eq!(wish.repositories["web"].url.as_ref().unwrap().expose(), "https://example.com/web.git");
    assert_eq!(wish.repositories["web"].path, abs(web));
    assert!(!text.contains("geheim") && !text.contains("ext::"), "{text}");
    // The example in it works once its marks are taken away.
    let uncommented = text.replace("# [builders", "[builders").replace("# repos = [", "repos = [");
    assert_eq!(check(&uncommented).builders["first-task"].checkouts.len(), 4, "{uncommented}");
}
