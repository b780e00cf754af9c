//! What must hold after every apply, whatever happened to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wsctl::model::path::AbsPath;
use wsctl::plan::{Action, Change, Plan, Removal};

use super::end::list;
use super::tokens::{self, Known};
use crate::support::Sandbox;

/// What a workspace holds: its tokens, and its files outside of git's and wsctl's own directories.
pub(super) struct Picture {
    tokens: BTreeSet<String>,
    files: BTreeMap<PathBuf, u64>,
    trash: BTreeSet<PathBuf>,
}

impl Picture {
    pub(super) fn take(sandbox: &Sandbox, known: &mut Known) -> Self {
        let mut files = BTreeMap::new();
        walk(&sandbox.root(), &sandbox.builder(".wsctl"), &mut files);
        Picture { tokens: tokens::find_again(sandbox, known), files, trash: sandbox.trash().into_iter().collect() }
    }

    fn below(&self, path: &Path) -> BTreeMap<PathBuf, u64> {
        let inside = self.files.iter().filter_map(|(file, hash)| Some((file.strip_prefix(path).ok()?.to_path_buf(), *hash)));
        // What may be deleted at once.
        inside.filter(|(file, _)| !file.iter().any(|part| part == "cache")).collect()
    }
}

fn walk(directory: &Path, own: &Path, files: &mut BTreeMap<PathBuf, u64>) {
    for path in list(directory) {
        if path == own || path.file_name().is_some_and(|name| name == ".git") {
            continue;
        }
        let found = path.symlink_metadata().unwrap();
        let mut hasher = DefaultHasher::new();
        if found.is_symlink() {
            fs::read_link(&path).unwrap().hash(&mut hasher);
        } else if found.is_dir() {
            walk(&path, own, files);
            continue;
        } else {
            fs::read(&path).unwrap().hash(&mut hasher);
        }
        (found.mode() & 0o111).hash(&mut hasher);
        files.insert(path, hasher.finish());
    }
}

/// The places whose files a plan may change.
pub(super) fn named(plan: &Plan) -> Vec<PathBuf> {
    let mut places = vec![plan.builders_dir.join(".gitignore"), plan.builders_dir.join(".ignore")];
    for change in plan.pending() {
        match &change.action {
            Action::Clone { path, .. } => {
                places.push(path.clone());
            }
            Action::CreateCheckout(write) | Action::ReplaceCheckout { write, .. } | Action::ResumeCheckout { write, .. } => {
                places.push(write.desired.path.under(&write.builder_path));
            }
            Action::Switch { touch, .. } => places.push(touch.path.clone()),
            Action::WriteFile(write) => places.push(write.to.under(&write.builder)),
            Action::RemoveFile { builder, to, .. } => places.push(to.under(builder)),
            Action::RunHook(run) => places.push(run.directory().clone()),
            Action::RemoveBuilder(removal) | Action::RemoveCheckout(removal) => places.push(target(removal)),
            Action::MoveBuildersDir(_)
            | Action::RenameBranch { .. }
            | Action::UpdateRepository(_)
            | Action::CreateBuilder(_)
            | Action::UpdateBuilder(_)
            | Action::AdoptBuilder(_)
            | Action::AdoptCheckout(_)
            | Action::MarkCheckout(_)
            | Action::Repair { .. }
            | Action::AdoptFile(_)
            | Action::OpenSession(_)
            | Action::FinishRemoval { .. }
            | Action::Prune(_)
            | Action::Nothing(_) => {}
        }
    }
    places.into_iter().map(|path| path.as_path().to_path_buf()).collect()
}

fn target(removal: &Removal) -> AbsPath {
    removal.checkout.as_ref().map_or_else(|| removal.builder_path.clone(), |path| path.under(&removal.builder_path))
}

/// The tokens that are gone.
pub(super) fn lost(before: &Picture, after: &Picture) -> Vec<String> {
    before.tokens.difference(&after.tokens).map(|token| format!("lost: {token}")).collect()
}

fn is_draft(part: &str) -> bool {
    part.starts_with(".wsctl-") && part.contains("-clone-")
}

/// Nothing is gone, and nothing changed that the plan did not name.
pub(super) fn unharmed(before: &Picture, after: &Picture, named: &[PathBuf]) -> Vec<String> {
    let mut wrong = lost(before, after);
    let paths: BTreeSet<_> = before.files.keys().chain(after.files.keys()).collect();
    // What a killed clone left is taken away by the next run: the journal has it, no plan.
    let draft = |path: &Path| path.iter().any(|part| is_draft(&part.to_string_lossy()));
    let others = paths.into_iter().filter(|path| !named.iter().any(|place| path.starts_with(place)) && !draft(path));
    let changed = others.filter(|path| before.files.get(*path) != after.files.get(*path));
    wrong.extend(changed.map(|path| format!("changed without a word in the plan: {}", path.display())));
    wrong
}

/// Every change of an undisturbed apply is what the disk now shows.
pub(super) fn as_told(plan: &Plan, before: &Picture, after: &Picture) -> Vec<String> {
    plan.pending().filter_map(|change| shown(plan, change, before, after).err()).collect()
}

fn shown(plan: &Plan, change: &Change, before: &Picture, after: &Picture) -> Result<(), String> {
    let told = |fact: &str| Err(format!("{}: the plan said {}, but {fact}", change.address, change.action.word()));
    match &change.action {
        Action::Clone { path, .. } if !path.join(".git").as_path().is_dir() => told("there is no repository"),
        Action::CreateBuilder(write) if !write.path.as_path().is_dir() => told("there is no directory"),
        Action::CreateCheckout(write) | Action::ReplaceCheckout { write, .. } | Action::ResumeCheckout { write, .. } => {
            let path = write.desired.path.under(&write.builder_path);
            match branch(path.as_path()) {
                now if now == write.desired.goal.branch().map(wsctl::model::name::BranchName::full) => Ok(()),
                other => told(&format!("it is on {other:?}")),
            }
        }
        Action::RenameBranch { touch, .. } | Action::Switch { touch, .. }
            if branch(touch.path.as_path()) != touch.desired.goal.branch().map(wsctl::model::name::BranchName::full) =>
        {
            told("it is on another branch")
        }
        Action::WriteFile(write) if write.to.under(&write.builder).as_path().symlink_metadata().is_err() => {
            told("it is not there")
        }
        Action::RemoveBuilder(removal) | Action::RemoveCheckout(removal) => {
            let was = target(removal);
            let again = plan.pending().any(|other| other.action.creates().is_some_and(|write| write.builder == removal.builder));
            if was.as_path().exists() && !again {
                return told("it is still there");
            }
            match after.trash.difference(&before.trash).find(|entry| origin(entry).as_deref() == Some(was.as_path())) {
                None => told("the trash has no entry of it"),
                Some(entry) if below_tree(entry) != before.below(was.as_path()) => told("its files are others in the trash"),
                Some(_) => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn below_tree(entry: &Path) -> BTreeMap<PathBuf, u64> {
    let mut files = BTreeMap::new();
    let tree = entry.join("tree");
    walk(&tree, Path::new("/nowhere"), &mut files);
    Picture { tokens: BTreeSet::new(), files, trash: BTreeSet::new() }.below(&tree)
}

/// Where the tree of a trash entry was.
fn origin(entry: &Path) -> Option<PathBuf> {
    let manifest: Value = serde_json::from_slice(&fs::read(entry.join("manifest.json")).ok()?).ok()?;
    Some(PathBuf::from(manifest["path"].as_str()?))
}

/// The branch that a linked worktree is on, by its full name.
fn branch(checkout: &Path) -> Option<String> {
    let link = fs::read_to_string(checkout.join(".git")).ok()?;
    let head = fs::read_to_string(Path::new(link.trim_end().strip_prefix("gitdir: ")?).join("HEAD")).ok()?;
    Some(head.trim_end().strip_prefix("ref: ")?.to_owned())
}
