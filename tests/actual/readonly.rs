//! Reading writes nothing: the whole sandbox is the same before and after, modification times included.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use wsctl::model::mark::CHECKOUT_MARK;
use wsctl::plan::Question;

use super::{checkout_mark, declare, desired, repo, save};
use crate::support::Sandbox;

type Tree = BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)>;

fn snapshot(directory: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let found = fs::symlink_metadata(&path).unwrap();
        let bytes = match () {
            () if found.is_file() => fs::read(&path).unwrap(),
            () if found.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            () => Vec::new(),
        };
        tree.insert(path.clone(), (found.mode(), found.mtime(), found.mtime_nsec(), bytes));
        if found.is_dir() {
            snapshot(&path, tree);
        }
    }
}

#[test]
fn read_examine_and_status_write_nothing() {
    let sandbox = Sandbox::new();
    let api = sandbox.cloned("api");
    let kinds: [&[&str]; 4] = [
        &["plain"],
        &["split", "update-index", "--split-index"],
        &["cached", "update-index", "--untracked-cache"],
        &["sparse", "sparse-checkout", "set", "--sparse-index", "nothing"],
    ];
    let mut desired = desired(&sandbox, &[("api", &api)]);
    let head = sandbox.git(&api, &["rev-parse", "HEAD"]);
    for kind in kinds {
        let (name, arguments) = kind.split_first().unwrap();
        let path = sandbox.path(format!(".builders/{name}/api"));
        sandbox.git(&api, &["worktree", "add", "-q", "-b", &format!("builder/{name}"), path.to_str().unwrap()]);
        if !arguments.is_empty() {
            sandbox.git(&path, arguments);
        }
        let admin = sandbox.git(&path, &["rev-parse", "--git-dir"]);
        save(Path::new(&admin).join(CHECKOUT_MARK), &checkout_mark(&desired, name, "api", "api", &head));
        // Racy: the index is as young as the file, and a refresh would write it again.
        fs::write(path.join("README.md"), "edited\n").unwrap();
        sandbox.git(&path, &["checkout", "-q", "README.md"]);
        fs::write(path.join("stray"), "x").unwrap();
        fs::write(sandbox.path(format!(".builders/{name}/beside")), "x").unwrap();
        declare(&mut desired, name, &[("api", "api", Some("origin/main"))]);
    }
    let mut before = Tree::new();
    snapshot(&sandbox.top(), &mut before);
    let mut actual = wsctl::actual::read(&desired).unwrap();
    let works = actual.repositories[&repo("api")].repository().unwrap().registrations.keys();
    let mut questions: Vec<Question> = works.map(|name| Question::Work(repo("api"), name.clone())).collect();
    questions.extend(actual.builders.keys().map(|name| Question::Strays(name.clone())));
    wsctl::actual::examine(&mut actual, &desired, &questions);
    let status = wsctl::actual::status(&actual, &desired, &BTreeMap::new(), vec![]);
    let mut after = Tree::new();
    snapshot(&sandbox.top(), &mut after);
    let counts = status.builders.iter().map(|builder| (builder.checkouts[0].changed, builder.checkouts[0].untracked));
    assert_eq!(counts.collect::<Vec<_>>(), [(Some(0), Some(1)); 4]);
    let registrations = &actual.repositories[&repo("api")].repository().unwrap().registrations;
    assert!(
        registrations.values().all(|found| found.work.as_ref().is_some_and(|work| work.findings.len() == 1)),
        "{registrations:?}"
    );
    assert!(actual.builders.values().all(|builder| builder.strays.as_ref().is_some_and(|strays| strays.len() == 1)));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, seen) in &before {
        assert_eq!(seen, &after[path], "{}", path.display());
    }
}
