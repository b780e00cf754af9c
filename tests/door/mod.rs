//! Tests of the door: every write, its refusal, and git's own opinion afterwards.

mod anchors;
mod branches;
mod engines;
mod files;
mod keeping;
mod registrations;
mod worktrees;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wsctl::git::{Added, NewWorktree, On};
use wsctl::git::{Door, GitDoor};
use wsctl::model::mark::{Deed, OurLock};
use wsctl::model::name::{BranchName, ObjectId, WorkspaceId};
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::plan::{BranchPlan, FileContent, Stale};

use crate::support::Sandbox;

fn abs(path: impl Into<PathBuf>) -> AbsPath {
    AbsPath::new(path).unwrap()
}

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new("0123456789abcdef").unwrap()
}

fn text(content: &str) -> FileContent {
    FileContent::Bytes { bytes: content.into(), executable: false, private: false }
}

fn hash(bytes: &[u8]) -> String {
    gix::objs::compute_hash(gix::hash::Kind::Sha256, gix::objs::Kind::Blob, bytes).unwrap().to_string()
}

/// What a person sees of an error.
fn why<T: std::fmt::Debug>(result: anyhow::Result<T>) -> String {
    format!("{:#}", result.unwrap_err())
}

impl Sandbox {
    fn builders(&self) -> AbsPath {
        let path = self.path(".builders");
        std::fs::create_dir_all(&path).unwrap();
        abs(path)
    }

    /// The door of a caller whose environment has a leaked `GIT_DIR` as well.
    fn door(&self) -> GitDoor {
        let command = self.command("git");
        let environment = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let leaked =
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"].map(|name| (OsString::from(name), OsString::from("/nowhere")));
        GitDoor::with_environment(&self.builders(), false, environment.chain(leaked)).unwrap()
    }

    fn id(&self, directory: impl AsRef<Path>, revision: &str) -> ObjectId {
        ObjectId::new(&self.git(directory, &["rev-parse", "--verify", revision])).unwrap()
    }

    fn lock(&self, repository: &Path) -> OurLock {
        let start = self.id(repository, "HEAD");
        OurLock { workspace: workspace(), deed: Deed::Creating { made_branch: true, start } }
    }

    /// A worktree of `repository` on a new branch, made by the door. Returns path and admin directory.
    fn checkout(&self, repository: &Path, name: &str, on: &str) -> (AbsPath, AbsPath) {
        let door = self.door();
        let path = self.builders().join(name);
        std::fs::create_dir_all(path.parent()).unwrap();
        let plan = BranchPlan::New { base: "HEAD".into(), commit: self.id(repository, "HEAD") };
        door.create_branch(&abs(repository), &branch(on), &plan, &workspace()).unwrap();
        let added = self.add(&abs(repository), &path, &branch(on), &self.lock(repository)).unwrap();
        (path, added.admin_dir)
    }

    /// Adds a worktree on a branch.
    fn add(&self, repository: &AbsPath, path: &AbsPath, on: &BranchName, lock: &OurLock) -> anyhow::Result<Added> {
        self.door().add_worktree(&NewWorktree { repository, path, on: On::Branch(on), sparse: None, lock })
    }
}

/// Runs a test with a repository of each object format.
fn formats() -> [&'static str; 2] {
    ["sha1", "sha256"]
}

impl Sandbox {
    fn repository_of(&self, path: &str, format: &str) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(&path).unwrap();
        self.git(&path, &["init", "-q", "-b", "main", "--object-format", format]);
        std::fs::write(path.join("README.md"), "hello\n").unwrap();
        std::fs::write(path.join(".gitignore"), "*.log\n").unwrap();
        self.commit(&path, "first");
        path
    }

    /// A reftable repository, or `None`, said aloud, where this git has none.
    fn reftable(&self, path: &str) -> Option<PathBuf> {
        let path = self.path(path);
        std::fs::create_dir_all(&path).unwrap();
        if !self.try_git(&path, &["init", "-q", "-b", "main", "--ref-format=reftable"]).status.success() {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "skipped: this git has no reftable");
            return None;
        }
        self.commit(&path, "first");
        Some(path)
    }
}

/// Makes a file that may be executed.
fn script(path: impl AsRef<Path>, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn stale(repository: &Path, worktree: &AbsPath, admin_dir: &AbsPath) -> Stale {
    Stale {
        repository: abs(repository),
        common_dir: abs(repository.join(".git")),
        admin_dir: admin_dir.clone(),
        admin_name: admin_dir.as_path().file_name().unwrap().to_owned(),
        worktree: Some(worktree.clone()),
    }
}
