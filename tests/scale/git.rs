//! The other side: what somebody would type, or put into a script, without wsctl.

use std::path::{Path, PathBuf};

use super::workspace::Workspace;
use super::world::{World, at_a_time};

/// `git worktree list --porcelain` in each repository.
pub fn list(world: &World, workspace: &Workspace) {
    for repository in workspace.repositories() {
        world.git(&repository, &["worktree", "list", "--porcelain"]);
    }
}

/// `git status` with branch and files in each checkout, one process per core at a time.
pub fn status(world: &World, checkouts: &[PathBuf]) {
    at_a_time(checkouts, |checkout| world.git(checkout, &["status", "--porcelain=v2", "--branch"]));
}

/// A loop of `git worktree add`.
pub fn add(world: &World, workspace: &Workspace) {
    for (builder, repository, path) in workspace.declared() {
        add_one(world, &repository, &builder, &path);
    }
}

/// A loop of `git worktree add` for each repository, one per core at a time: no two in the same repository.
pub fn add_by_repository(world: &World, workspace: &Workspace) {
    at_a_time(&workspace.repositories(), |repository| {
        for (builder, _, path) in workspace.declared().iter().filter(|(_, of, _)| of == repository) {
            add_one(world, repository, builder, path);
        }
    });
}

/// One worktree on a new branch, as wsctl would make it: without upstream.
pub fn add_one(world: &World, repository: &Path, builder: &str, path: &Path) {
    let branch = format!("builder/{builder}");
    world.git(repository, &["worktree", "add", "-q", "--no-track", "-b", &branch, path.to_str().unwrap(), "origin/main"]);
}

/// A loop of `git worktree remove`.
pub fn remove(world: &World, workspace: &Workspace) {
    for (_, repository, path) in workspace.declared() {
        world.git(&repository, &["worktree", "remove", path.to_str().unwrap()]);
    }
}
