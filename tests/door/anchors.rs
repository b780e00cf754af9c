//! The anchor: what git says in it, what it protects, how it changes.

use wsctl::diagnostic::Diagnostic;
use wsctl::git::AnchorContent;
use wsctl::model::actual::ObjectFormat;

use super::*;

/// A builder with two real worktrees, a managed file and an anchor.
struct Builder {
    sandbox: Sandbox,
    path: AbsPath,
    gitlinks: Vec<(RelPath, ObjectId)>,
    files: Vec<(RelPath, FileContent)>,
    checkouts: Vec<RelPath>,
    excluded: Vec<RelPath>,
    format: ObjectFormat,
    branch: BranchName,
    head: ObjectId,
}

impl Builder {
    fn new(format: &str) -> Self {
        let sandbox = Sandbox::new();
        let path = sandbox.builders().join("b");
        let checkouts = vec![rel("ai-dev"), rel("repos/it's")];
        let gitlinks = checkouts.iter().enumerate().map(|(number, at)| {
            let repository = sandbox.repository_of(&format!("base{number}"), format);
            sandbox.checkout(&repository, &format!("b/{at}"), "task/x");
            (at.clone(), sandbox.id(at.under(&path), "HEAD"))
        });
        let gitlinks = gitlinks.collect();
        let files = vec![
            (rel("Taskfile.yaml"), text("a: 1\n")),
            (rel("bin/run"), FileContent::Bytes { bytes: b"#!/bin/sh\n".to_vec(), executable: true, private: false }),
            (rel("link"), FileContent::Link("Taskfile.yaml".into())),
        ];
        for (to, content) in &files {
            sandbox.door().write_managed(&path, to, content, None).unwrap();
        }
        let format = if format == "sha1" { ObjectFormat::Sha1 } else { ObjectFormat::Sha256 };
        let head = ObjectId::new(&"0".repeat(40)).unwrap();
        let branch = branch("task/x");
        let mut builder = Builder { sandbox, path, gitlinks, files, checkouts, excluded: Vec::new(), format, branch, head };
        builder.head = builder.sandbox.door().create_anchor(&builder.path, &builder.content()).unwrap();
        builder
    }

    fn content(&self) -> AnchorContent<'_> {
        AnchorContent {
            format: self.format,
            branch: &self.branch,
            unique: "0123456789abcdef b",
            gitlinks: &self.gitlinks,
            files: &self.files,
            excluded: &self.excluded,
            checkouts: &self.checkouts,
        }
    }

    fn update(&self, expect: Option<&ObjectId>) -> anyhow::Result<ObjectId> {
        self.sandbox.door().update_anchor(&self.path, &self.content(), expect)
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.path, arguments)
    }

    fn status(&self) -> String {
        self.git(&["status", "--short", "--untracked-files=all"])
    }

    fn root(&self) -> String {
        self.git(&["rev-list", "--max-parents=0", "HEAD"])
    }
}

/// What is damaged, and how.
type Damage = (&'static str, fn(&AbsPath));

/// Every file below a directory with its bytes and modification time.
fn snapshot(path: impl AsRef<Path>) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(snapshot(entry.path()));
        } else {
            let modified = entry.metadata().unwrap().modified().unwrap();
            found.push((entry.path(), std::fs::read(entry.path()).unwrap(), modified));
        }
    }
    found.sort();
    found
}

#[test]
fn a_new_anchor_is_clean_and_shows_what_changes_in_its_checkouts() {
    for format in formats() {
        let builder = Builder::new(format);
        assert_eq!(builder.status(), "");
        assert_eq!(builder.git(&["symbolic-ref", "HEAD"]), "refs/heads/task/x");
        assert_eq!(builder.git(&["rev-parse", "HEAD"]), builder.head.as_str());
        assert_eq!(builder.git(&["rev-list", "--count", "HEAD"]), "2");
        assert_eq!(builder.git(&["ls-tree", "--name-only", &builder.root()]), "");
        assert_eq!(builder.git(&["remote"]), "");
        assert!(!builder.path.join(".gitmodules").as_path().exists());
        let fsck = builder.sandbox.try_git(&builder.path, &["fsck", "--full", "--strict"]);
        assert!(fsck.status.success() && fsck.stderr.is_empty(), "{}", String::from_utf8_lossy(&fsck.stderr));
        std::fs::write(builder.path.join("ai-dev/README.md"), "edited\n").unwrap();
        assert_eq!(builder.status(), " m ai-dev");
        assert!(builder.git(&["diff"]).contains("+edited"));
        std::fs::write(builder.path.join("Taskfile.yaml"), "a: 2\n").unwrap();
        assert_eq!(builder.status(), " M Taskfile.yaml\n m ai-dev");
    }
}

#[test]
fn an_anchor_has_exactly_its_keys_and_no_template() {
    let builder = Builder::new("sha1");
    let template = builder.sandbox.home().join("template/hooks");
    script(template.join("pre-commit"), "#!/bin/sh\nexit 0\n");
    let template = template.parent().unwrap().to_str().unwrap().to_owned();
    builder.git(&["config", "--global", "init.templateDir", &template]);
    let keys = builder.git(&["config", "--local", "--list"]);
    let wanted = "core.repositoryformatversion=0\ncore.bare=false\ncore.filemode=true\ncore.logallrefupdates=true\n\
                  core.hookspath=.git/hooks\ncore.fsmonitor=false\nsubmodule.recurse=false\ncommit.gpgsign=false\n\
                  gc.auto=0\ndiff.submodule=diff";
    assert_eq!(keys, wanted);
    assert_eq!(std::fs::read_dir(builder.path.join(".git/hooks")).unwrap().count(), 1);
}

#[test]
fn the_hook_refuses_a_commit_and_names_the_checkouts() {
    let builder = Builder::new("sha1");
    builder.git(&["config", "--global", "core.hooksPath", "/nowhere"]);
    std::fs::write(builder.path.join("Taskfile.yaml"), "a: 2\n").unwrap();
    let commit = builder.sandbox.try_git(&builder.path, &["commit", "-am", "mistake"]);
    let said = String::from_utf8_lossy(&commit.stderr);
    assert!(!commit.status.success());
    assert!(said.contains("git -C ai-dev commit") && said.contains("git -C repos/it's commit"), "{said}");
    assert_eq!(builder.git(&["rev-parse", "HEAD"]), builder.head.as_str());
    let hook = std::fs::read_to_string(builder.path.join(".git/hooks/pre-commit")).unwrap();
    assert!(hook.lines().nth(1).unwrap().contains("wsctl"));
}

#[test]
fn harmless_commands_leave_unsaved_work_alone() {
    for recurse in ["false", "true"] {
        let builder = Builder::new("sha1");
        let checkout = builder.path.join("ai-dev");
        builder.git(&["config", "--global", "submodule.recurse", recurse]);
        builder.sandbox.commit(&checkout, "not yet in the anchor");
        let head = builder.sandbox.id(&checkout, "HEAD");
        std::fs::write(checkout.join("README.md"), "unsaved\n").unwrap();
        std::fs::write(checkout.join("new"), "untracked\n").unwrap();
        std::fs::write(checkout.join("x.log"), "ignored\n").unwrap();
        std::fs::write(checkout.join("staged"), "staged\n").unwrap();
        builder.sandbox.git(&checkout, &["add", "staged"]);
        let before = snapshot(&checkout);
        let commands: [&[&str]; 6] = [
            &["reset", "--hard"],
            &["checkout", "-f", "."],
            &["clean", "-ffdx"],
            &["stash", "-u"],
            &["submodule", "update"],
            &["checkout", "-f", "HEAD~0"],
        ];
        for command in commands {
            let _ = builder.sandbox.try_git(&builder.path, command);
            assert_eq!(snapshot(&checkout), before, "git {command:?}");
        }
        assert_eq!(builder.sandbox.id(&checkout, "HEAD"), head);
        assert_eq!(builder.sandbox.git(&checkout, &["branch", "--show-current"]), "task/x");
        let status = builder.sandbox.git(&checkout, &["status", "--porcelain"]);
        assert_eq!(status, " M README.md\nA  staged\n?? new");
    }
}

#[test]
fn an_anchor_is_never_made_over_something() {
    let builder = Builder::new("sha1");
    assert!(why(builder.sandbox.door().create_anchor(&builder.path, &builder.content())).contains("in the way"));
    let checkout = builder.path.join("ai-dev");
    assert!(builder.sandbox.door().create_anchor(&checkout, &builder.content()).is_err());
    assert!(builder.sandbox.door().update_anchor(&checkout, &builder.content(), None).is_err(), "`.git` is a file");
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let builder = Builder::new("sha1");
    builder.status();
    let before = snapshot(builder.path.join(".git"));
    assert_eq!(builder.update(Some(&builder.head)).unwrap(), builder.head);
    assert_eq!(builder.update(None).unwrap(), builder.head);
    assert_eq!(snapshot(builder.path.join(".git")), before);
}

#[test]
fn an_update_replaces_the_second_commit_and_keeps_the_root() {
    let mut builder = Builder::new("sha1");
    let root = builder.root();
    std::fs::write(builder.path.join(".git/opencode"), "id").unwrap();
    std::fs::write(builder.path.join("Taskfile.yaml"), "a: 2\n").unwrap();
    builder.files[0].1 = text("a: 2\n");
    builder.gitlinks.pop();
    let again = builder.path.join("repos");
    std::fs::rename(&again, builder.sandbox.path("gone")).unwrap();
    let head = builder.update(Some(&builder.head)).unwrap();
    assert_ne!(head, builder.head);
    assert_eq!(builder.status(), "");
    assert_eq!((builder.root(), builder.git(&["rev-list", "--count", "HEAD"])), (root, "2".into()));
    assert_eq!(std::fs::read_to_string(builder.path.join(".git/opencode")).unwrap(), "id");
    let error = builder.update(Some(&builder.head)).unwrap_err();
    assert!(error.downcast_ref::<Diagnostic>().unwrap().message.contains("no longer at"));
}

#[test]
fn a_commit_made_by_hand_is_kept() {
    let mut builder = Builder::new("sha1");
    std::fs::write(builder.path.join("Taskfile.yaml"), "by hand\n").unwrap();
    builder.git(&["commit", "-q", "--no-verify", "-am", "mistake"]);
    let head = builder.sandbox.id(&builder.path, "HEAD");
    builder.files[0].1 = text("a: 2\n");
    assert!(why(builder.update(Some(&builder.head))).contains("no longer at"));
    assert!(why(builder.update(Some(&head))).contains("did not make"));
    assert!(builder.update(None).is_err());
    assert_eq!(builder.sandbox.id(&builder.path, "HEAD"), head);
}

#[test]
fn what_is_staged_in_the_builder_stays_staged() {
    let mut builder = Builder::new("sha1");
    std::fs::write(builder.path.join("notes"), "x").unwrap();
    builder.git(&["add", "notes"]);
    builder.files[0].1 = text("a: 2\n");
    std::fs::write(builder.path.join("Taskfile.yaml"), "a: 2\n").unwrap();
    builder.update(Some(&builder.head)).unwrap();
    assert_eq!(builder.status(), "A  notes");
}

#[test]
fn damage_is_repaired_with_the_same_ids() {
    let damages: [Damage; 6] = [
        ("HEAD", |git| std::fs::remove_file(git.join("HEAD")).unwrap()),
        ("config", |git| std::fs::write(git.join("config"), "[core\n").unwrap()),
        ("objects", |git| std::fs::remove_dir_all(git.join("objects")).unwrap()),
        ("refs", |git| std::fs::remove_dir_all(git.join("refs")).unwrap()),
        ("index", |git| std::fs::write(git.join("index"), "junk").unwrap()),
        ("hooks", |git| std::fs::remove_dir_all(git.join("hooks")).unwrap()),
    ];
    for (what, damage) in damages {
        let builder = Builder::new("sha1");
        let root = builder.root();
        damage(&builder.path.join(".git"));
        assert_eq!(builder.update(None).unwrap(), builder.head, "{what}");
        assert_eq!(builder.status(), "", "{what}");
        assert_eq!(builder.root(), root, "{what}");
        assert!(builder.sandbox.try_git(&builder.path, &["fsck", "--strict"]).status.success(), "{what}");
        assert!(builder.path.join(".git/hooks/pre-commit").as_path().exists(), "{what}");
    }
}

#[test]
fn wrong_keys_remotes_and_excludes_are_brought_back_and_others_kept() {
    let mut builder = Builder::new("sha1");
    builder.git(&["config", "gc.auto", "1"]);
    builder.git(&["config", "--add", "gc.auto", "2"]);
    builder.git(&["config", "user.name", "agent"]);
    builder.git(&["remote", "add", "origin", "/nowhere"]);
    std::fs::write(builder.path.join(".git/info/exclude"), "mine").unwrap();
    let other = builder.sandbox.repository_of("other", "sha256");
    builder.sandbox.checkout(&other, "b/other one", "task/x");
    assert!(builder.status().contains("other one"));
    builder.excluded = vec![rel("other one")];
    assert_eq!(builder.update(Some(&builder.head)).unwrap(), builder.head);
    assert_eq!(builder.status(), "");
    assert_eq!(builder.git(&["config", "--local", "--get-all", "gc.auto"]), "0");
    assert_eq!(builder.git(&["config", "--local", "user.name"]), "agent");
    assert_eq!(builder.git(&["remote"]), "");
    builder.excluded.clear();
    builder.update(Some(&builder.head)).unwrap();
    assert_eq!(std::fs::read_to_string(builder.path.join(".git/info/exclude")).unwrap(), "mine\n");
}

#[test]
fn the_branch_may_change_even_to_one_that_the_old_name_hides() {
    let mut builder = Builder::new("sha1");
    for name in ["other", "other/deep", "other"] {
        builder.branch = branch(name);
        assert_eq!(builder.update(Some(&builder.head)).unwrap(), builder.head);
        assert_eq!(builder.git(&["for-each-ref", "--format=%(refname)"]), format!("refs/heads/{name}"));
        assert_eq!(builder.git(&["symbolic-ref", "--short", "HEAD"]), name);
        assert_eq!(builder.status(), "");
    }
}

#[test]
fn an_anchor_of_another_format_is_made_again_and_the_old_one_set_aside() {
    let mut builder = Builder::new("sha1");
    let old = builder.head.clone();
    builder.format = ObjectFormat::Sha256;
    builder.excluded = builder.gitlinks.drain(..).map(|(path, _)| path).collect();
    let head = builder.update(Some(&old)).unwrap();
    assert_eq!(head.as_str().len(), 64);
    assert_eq!(builder.status(), "");
    let aside = builder.path.join(".git/before-sha1-1");
    assert_eq!(
        builder.sandbox.git(builder.sandbox.root(), &["--git-dir", aside.as_path().to_str().unwrap(), "rev-parse", "HEAD"]),
        old.as_str()
    );
}
