//! Tests of `actual`: real git in a sandbox, read as values.

mod builders;
mod compared;
mod readonly;
mod registrations;
mod repositories;
mod status;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wsctl::model::actual::{Registration, Repository, RepositoryState};
use wsctl::model::desired::{Cloning, Contents, Goal};
use wsctl::model::desired::{Desired, DesiredBuilder, DesiredCheckout, DesiredRepository, Shape};
use wsctl::model::hook::{HookMark, Hooks};
use wsctl::model::lfs::Lfs;
use wsctl::model::mark::{BuilderMark, CheckoutMark, WorkspaceMark};
use wsctl::model::name::{BranchName, BuilderName, ObjectId, RepoName, WorkspaceId};
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::model::policy::{BuilderPolicy, MaxRemovals};
use wsctl::model::source::Sources;

use crate::support::Sandbox;

const ID: &str = "0123456789abcdef";

fn abs(path: impl Into<PathBuf>) -> AbsPath {
    AbsPath::new(path).unwrap()
}

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

fn repo(name: &str) -> RepoName {
    RepoName::new(name).unwrap()
}

fn desired_repository(name: &str, path: impl Into<PathBuf>) -> DesiredRepository {
    let name = if name == "." { RepoName::root() } else { repo(name) };
    DesiredRepository { name, url: None, path: abs(path), cloning: Cloning::default(), lfs: Lfs::default() }
}

/// A file that declares repositories and no builder.
fn desired(sandbox: &Sandbox, repositories: &[(&str, &Path)]) -> Desired {
    let root = abs(sandbox.root());
    let repositories = repositories.iter().map(|(name, path)| desired_repository(name, *path));
    Desired {
        file: root.join("builders.toml"),
        sources: Sources::new(root.join("builders.toml"), ""),
        repos_dir: root.join("repos"),
        builders_dir: root.join(".builders"),
        repositories: repositories.map(|repository| (repository.name.clone(), repository)).collect(),
        goes_to: None,
        moved: wsctl::model::moved::Moved::default(),
        builders: BTreeMap::new(),
        max_removals: MaxRemovals::Count(5),
        policy: BuilderPolicy::default(),
        fetch: false,
        ports: None,
        opencode: None,
        open: wsctl::model::session::Opener::default(),
        root,
    }
}

/// Declares a builder with checkouts at these paths.
fn declare(desired: &mut Desired, name: &str, checkouts: &[(&str, &str, Option<&str>)]) {
    let checkouts = checkouts.iter().map(|(repository, path, base)| {
        let repository = if *repository == "." { RepoName::root() } else { repo(repository) };
        let base = base.map(str::to_owned);
        DesiredCheckout {
            repository,
            path: rel(path),
            goal: Goal::Branch(branch(&format!("builder/{name}"))),
            base,
            sparse: None,
            contents: Contents::default(),
            seed: vec![],
            hooks: Hooks::default(),
        }
    });
    let builder = DesiredBuilder {
        name: BuilderName::new(name).unwrap(),
        path: desired.builders_dir.join(name),
        shape: Shape::Plain,
        branch: branch(&format!("builder/{name}")),
        protect: false,
        policy: BuilderPolicy::default(),
        labels: BTreeMap::new(),
        hooks: Hooks::default(),
        checkouts: checkouts.map(|checkout| (checkout.repository.clone(), checkout)).collect(),
        files: BTreeMap::new(),
    };
    desired.builders.insert(builder.name.clone(), builder);
}

fn checkout_mark(desired: &Desired, builder: &str, repository: &str, path: &str, start: &str) -> CheckoutMark {
    CheckoutMark {
        version: 1,
        workspace: WorkspaceId::new(ID).unwrap(),
        file: desired.file.clone(),
        builder: BuilderName::new(builder).unwrap(),
        repository: if repository == "." { RepoName::root() } else { repo(repository) },
        path: rel(path),
        goal: Goal::Branch(branch(&format!("builder/{builder}"))),
        made_branch: true,
        base: Some("main".into()),
        start: ObjectId::new(start).unwrap(),
        sparse: None,
        parked: None,
        at: None,
        hooks: HookMark::default(),
        created: 1_700_000_000,
    }
}

fn builder_mark(desired: &Desired, builder: &str) -> BuilderMark {
    BuilderMark {
        moved_from: None,
        version: 1,
        workspace: WorkspaceId::new(ID).unwrap(),
        file: desired.file.clone(),
        builder: BuilderName::new(builder).unwrap(),
        branch: branch(&format!("builder/{builder}")),
        protect: false,
        policy: BuilderPolicy::default(),
        labels: BTreeMap::new(),
        files: BTreeMap::new(),
        identity: None,
        port: None,
        hooks: HookMark::default(),
        session: None,
        created: 1_700_000_000,
    }
}

fn workspace_mark(desired: &Desired) -> WorkspaceMark {
    WorkspaceMark {
        version: 1,
        id: WorkspaceId::new(ID).unwrap(),
        file: desired.file.clone(),
        inner_path: wsctl::actual::place::inner_path(&desired.builders_dir),
        identity: wsctl::actual::place::identity(desired.builders_dir.as_path()),
        root_branch: None,
        builders_dir: None,
        repositories: BTreeMap::new(),
    }
}

fn save(path: impl AsRef<Path>, value: &impl serde::Serialize) {
    std::fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_vec(value).unwrap()).unwrap();
}

/// Reads one repository; it must be there.
fn look(path: &Path, bases: &[&str]) -> Repository {
    let bases: BTreeSet<String> = bases.iter().map(|base| (*base).to_owned()).collect();
    match wsctl::actual::repository(&desired_repository("r", path), &bases) {
        RepositoryState::Present(repository) => *repository,
        other => panic!("{other:?}"),
    }
}

/// The registration of a repository whose admin directory has this name.
fn registration(path: &Path, name: &str) -> Registration {
    look(path, &[]).registrations.remove(std::ffi::OsStr::new(name)).unwrap()
}

/// A repository `repos/api` and a worktree of it on a branch of the same name.
fn with_worktree(sandbox: &Sandbox, name: &str) -> (PathBuf, PathBuf) {
    let main = sandbox.path("repos/api");
    if !main.exists() {
        sandbox.repository("repos/api");
    }
    let worktree = sandbox.path(format!(".builders/b/{name}"));
    sandbox.git(&main, &["worktree", "add", "-q", "-b", name, worktree.to_str().unwrap()]);
    (main, worktree)
}
