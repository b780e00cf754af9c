//! The small values that tests name: paths, names, commits, findings.

use std::collections::BTreeMap;

use wsctl::model::actual::{Head, ObjectFormat, Operation, RefFormat, RemoteBranch, Repository};
use wsctl::model::desired::Url;
use wsctl::model::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::model::trash::{Manifest, TrashEntry};
use wsctl::model::work::{Evidence, Finding, HiddenBy};

/// The time of every plan here.
pub const NOW: i64 = 1_000_000;

pub fn abs(path: &str) -> AbsPath {
    AbsPath::new(path).unwrap()
}

pub fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

pub fn builder(name: &str) -> BuilderName {
    BuilderName::new(name).unwrap()
}

pub fn repo(name: &str) -> RepoName {
    if name == "." { RepoName::root() } else { RepoName::new(name).unwrap() }
}

pub fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

pub fn id(digit: &str) -> ObjectId {
    ObjectId::new(&digit.repeat(40)).unwrap()
}

pub fn our_id() -> WorkspaceId {
    WorkspaceId::new("0123456789abcdef").unwrap()
}

pub fn other_id() -> WorkspaceId {
    WorkspaceId::new("fedcba9876543210").unwrap()
}

pub fn on(name: &str) -> Head {
    Head::Branch(branch(name), id("a"))
}

pub fn rebase(holds: &str) -> Operation {
    Operation { name: "rebase", holds: [branch(holds)].into(), abort: "git rebase --abort" }
}

pub fn remote_branch(remote: &str, name: &str) -> (String, RemoteBranch) {
    (format!("{remote}/{name}"), RemoteBranch { branch: branch(name), id: id("a") })
}

/// Where a repository is declared: the root, or below `repos`.
pub fn repository_path(name: &str) -> AbsPath {
    if name == "." { abs("/ws") } else { abs("/ws/repos").join(name) }
}

/// A clone on `main`, with a remote whose HEAD is `main`.
pub fn repository(name: &str) -> Repository {
    let path = repository_path(name);
    Repository {
        filter: None,
        worktree_config: false,
        common_dir: path.join(".git"),
        format: ObjectFormat::Sha1,
        refs: RefFormat::Files,
        bare: false,
        head: on("main"),
        operation: None,
        remotes: BTreeMap::from([("origin".into(), Some(url(name)))]),
        remote_heads: BTreeMap::from([("origin".into(), "origin/main".into())]),
        branches: BTreeMap::from([(branch("main"), id("a"))]),
        made: BTreeMap::new(),
        was: None,
        obstacle: None,
        held: Some(vec![]),
        remote_branches: BTreeMap::from([remote_branch("origin", "main")]),
        bases: BTreeMap::new(),
        mirror_refspecs: vec![],
        registrations: BTreeMap::new(),
        path,
    }
}

pub fn url(name: &str) -> Url {
    Url::new(format!("https://example.com/{name}.git"))
}

pub fn evidence(path: &str) -> Evidence {
    Evidence::of(vec![path.into()])
}

/// Every finding that is work, which the trash may hold.
pub fn work_findings() -> Vec<Finding> {
    vec![
        Finding::Edited(evidence("a")),
        Finding::Hidden(HiddenBy::AssumeUnchanged, evidence("a")),
        Finding::Staged(evidence("b")),
        Finding::Conflicts(evidence("c")),
        Finding::Untracked(evidence("d")),
        Finding::Unreferenced(vec![id("e")]),
        Finding::Stashed(evidence("stash@{0}")),
        Finding::InProgress(rebase("x")),
        Finding::Submodule(evidence("f")),
        Finding::MovedSubmodule(evidence("f")),
        Finding::Stray(evidence("g")),
        Finding::EditedManaged(evidence("h")),
    ]
}

/// Every finding that no rename may move.
pub fn immovable_findings() -> Vec<Finding> {
    vec![
        Finding::Locked("mine".into()),
        Finding::IndexLock("/x/index.lock".into()),
        Finding::Nested(evidence("i")),
        Finding::Mount(evidence("j")),
        Finding::Process { pid: 7, name: "sh".into(), caller: false },
        Finding::Unknown("no permission".into()),
    ]
}

/// A removal that lies in the trash.
pub fn trashed(name: &str, checkout: Option<&str>, removed: i64) -> TrashEntry {
    let path = abs("/ws/.builders/.wsctl/trash").join(name);
    let manifest = Manifest {
        version: 1,
        workspace: our_id(),
        builder: builder(name),
        checkout: checkout.map(rel),
        path: abs("/ws/.builders").join(name),
        removed,
        boot: None,
        keep: 3600,
        counts: true,
        mark: None,
        checkouts: vec![],
    };
    TrashEntry { name: name.into(), path, manifest: Some(manifest), own: true }
}
