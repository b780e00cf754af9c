//! What status counts, held against git itself.

use std::collections::BTreeMap;
use std::fs;

use wsctl::model::address::Address;
use wsctl::model::mark::CHECKOUT_MARK;
use wsctl::model::name::BuilderName;

use super::{branch, checkout_mark, declare, desired, repo, save};
use crate::support::Sandbox;

#[test]
fn counts_agree_with_git() {
    let sandbox = Sandbox::new();
    let api = sandbox.cloned("api");
    let mut desired = desired(&sandbox, &[("api", &api)]);
    declare(&mut desired, "b", &[("api", "api", Some("origin/main"))]);
    declare(&mut desired, "gone", &[("api", "api", None)]);
    let path = sandbox.path(".builders/b/api");
    sandbox.git(&api, &["worktree", "add", "-q", "-b", "builder/b", path.to_str().unwrap(), "origin/main"]);
    sandbox.git(&path, &["branch", "-q", "--unset-upstream"]);
    let start = sandbox.git(&path, &["rev-parse", "HEAD"]);
    let mut mark = checkout_mark(&desired, "b", "api", "api", &start);
    mark.base = Some("origin/main".into());
    save(api.join(".git/worktrees/api").join(CHECKOUT_MARK), &mark);
    fs::write(path.join("second"), "x").unwrap();
    sandbox.commit(&path, "second");
    sandbox.commit(&path, "third");
    sandbox.git(&api, &["commit", "-q", "--allow-empty", "-m", "upstream"]);
    sandbox.git(&api, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    fs::write(path.join("README.md"), "edited").unwrap();
    fs::write(path.join("second"), "staged").unwrap();
    sandbox.git(&path, &["add", "second"]);
    fs::write(path.join("second"), "and edited").unwrap();
    fs::remove_file(path.join(".gitignore")).unwrap();
    fs::create_dir_all(path.join("new/dir")).unwrap();
    fs::write(path.join("new/a"), "x").unwrap();
    fs::write(path.join("new/dir/b"), "x").unwrap();
    let actual = wsctl::actual::read(&desired).unwrap();
    let said = BTreeMap::from([(Address::Checkout(BuilderName::new("b").unwrap(), repo("api")), "on fire".to_owned())]);
    let status = wsctl::actual::status(&actual, &desired, &said, vec![]);
    let [b, gone] = status.builders.as_slice() else { panic!("{status:?}") };
    let found = &b.checkouts[0];
    assert_eq!((b.state.as_str(), found.state.as_str()), ("ok", "on fire"));
    assert_eq!((found.branch.clone(), found.against.as_deref()), (Some(branch("builder/b")), Some("origin/main")));
    assert_eq!(found.ahead_behind, Some((2, 1)));
    assert_eq!((found.changed, found.untracked), (Some(3), Some(2)));
    assert_eq!(found.created, Some(1_700_000_000));
    assert_eq!((gone.state.as_str(), gone.checkouts[0].state.as_str(), gone.checkouts[0].changed), ("missing", "missing", None));
    sandbox.git(&path, &["branch", "-q", "--set-upstream-to", "main"]);
    let status = wsctl::actual::status(&wsctl::actual::read(&desired).unwrap(), &desired, &said, vec![]);
    assert_eq!(status.builders[0].checkouts[0].against.as_deref(), Some("main"));
}
