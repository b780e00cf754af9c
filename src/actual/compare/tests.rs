//! Held against git itself, on one corpus: file by file, by times and by content.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use super::corpus::{CASES, PREPARE, Told};
use super::*;
use crate::actual::content::{self, Changes};
use crate::actual::held;
use crate::actual::repository::repository;
use crate::model::actual::ObjectFormat;
use crate::model::desired::{Cloning, DesiredRepository};
use crate::model::lfs::Lfs;
use crate::model::name::RepoName;
use crate::model::path::AbsPath;

struct Corpus {
    directory: tempfile::TempDir,
}

impl Corpus {
    fn new(script: &str) -> Self {
        let corpus = Corpus { directory: tempfile::Builder::new().prefix("wsctl-test-").tempdir().unwrap() };
        corpus.run(&format!("set -e; {PREPARE} set +e; {script}"));
        corpus
    }

    fn path(&self, path: &str) -> AbsPath {
        AbsPath::new(self.directory.path().canonicalize().unwrap().join(path)).unwrap()
    }

    fn run(&self, script: &str) {
        let mut command = Command::new("sh");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        for (name, value) in [("NAME", "T"), ("EMAIL", "t@example.com")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "protocol.file.allow").env("GIT_CONFIG_VALUE_0", "always");
        let output = command.args(["-c", script]).current_dir(self.directory.path()).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn ours(&self, sight: Sight) -> Result<Changes> {
        let (worktree, admin_dir) = (self.path("one"), self.path("main/.git/worktrees/one"));
        let desired = DesiredRepository {
            name: RepoName::new("main").unwrap(),
            url: None,
            path: self.path("main"),
            cloning: Cloning::default(),
            lfs: Lfs::default(),
        };
        let state = repository(&desired, &BTreeSet::new());
        let opened = Opened::new(state.repository().unwrap()).unwrap();
        let head = content::git_head(admin_dir.as_path());
        compare(&opened, Place { worktree: &worktree, admin_dir: &admin_dir, head: &head }, sight)
    }

    fn theirs(&self, sight: Sight) -> Changes {
        let (worktree, admin_dir) = (self.path("one"), self.path("main/.git/worktrees/one"));
        match sight {
            Sight::Times => content::git_status(worktree.as_path()),
            Sight::Content => content::changes(worktree.as_path(), admin_dir.as_path(), ObjectFormat::Sha1).unwrap(),
        }
    }
}

/// What they tell differently.
fn differ(sight: Sight, ours: &Changes, theirs: &Changes) -> Option<String> {
    let sorted = |paths: &[PathBuf]| {
        let mut paths = paths.to_vec();
        paths.sort();
        paths
    };
    let told = |changes: &Changes| {
        let always = [&changes.edited, &changes.staged, &changes.conflicts, &changes.untracked].map(|list| sorted(list));
        let content =
            (sight == Sight::Content).then(|| (sorted(&changes.ignored), changes.hidden.clone(), changes.gitlinks.clone()));
        (always, changes.moved.clone(), content)
    };
    (told(ours) != told(theirs)).then(|| format!("{sight:?}: {:?}\nand git: {:?}", told(ours), told(theirs)))
}

#[test]
fn git_says_the_same_of_everything() {
    let mut wrong = Vec::new();
    for (name, script, told) in CASES {
        let corpus = Corpus::new(script);
        let ours = [Sight::Times, Sight::Content].map(|sight| {
            let ours = corpus.ours(sight);
            let differ = ours.as_ref().ok().and_then(|ours| differ(sight, ours, &corpus.theirs(sight)));
            wrong.extend(differ.map(|differ| format!("{name}, {differ}")));
            if let Some(ours) = ours.as_ref().ok().filter(|ours| ours.alone) {
                let whole = held::repositories(&corpus.path("one"), &[]).unwrap();
                assert_eq!(held::repositories_in(&corpus.path("one"), &ours.ignored, &[]).unwrap(), whole, "{name}");
            }
            ours
        });
        let found = match ours.each_ref().map(Result::is_ok) {
            [true, true] => Told::Both,
            [true, false] => Told::Times,
            [false, true] => Told::Content,
            [false, false] => Told::Neither,
        };
        if found != *told {
            let why = ours.map(|ours| ours.err().map(|error| format!("{error:#}")));
            wrong.push(format!("{name}: {found:?} instead of {told:?}: {why:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
