//! What taking worktrees over does to the file: repositories and builders that it has to declare.

use std::collections::BTreeMap;

use anyhow::Result;

use super::editing::Editing;
use super::typed;
use crate::config::declarable_url;
use crate::config::value::expand;
use crate::diagnostic::Diagnostic;
use crate::edit::{Added, Member, NewBuilder, NewRepository, add_builder, add_repository, join};
use crate::model::desired::Desired;
use crate::model::hook::HookMark;
use crate::model::mark::CheckoutMark;
use crate::model::name::{BranchName, RepoName, WorkspaceId};
use crate::model::path::AbsPath;
use crate::plan::import::{Find, FoundCheckout};
use crate::view::import::Row;

/// What branches are called where the file does not say.
const TEMPLATE: &str = "builder/{builder}";

/// How a repository that nobody declared would be declared, by its common directory.
///
/// # Errors
/// Its directory's name is no name of a repository.
pub(super) fn repository(desired: &Desired, common_dir: &AbsPath) -> Result<NewRepository> {
    let bare = !common_dir.as_path().ends_with(".git");
    let path = if bare { common_dir.clone() } else { common_dir.parent() };
    let home = |path: &AbsPath| path.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let inner = path.as_path().ends_with("main") && path.parent().parent() == desired.repos_dir;
    let written = home(&if inner { path.parent() } else { path.clone() });
    let name = typed::repository(written.strip_suffix(".git").filter(|_| bare).unwrap_or(&written))?;
    if let Some(other) = desired.repositories.get(&name) {
        let fact = format!("{path} has worktrees here, and repository `{name}` is declared at {}", other.path);
        return Err(Diagnostic::new(fact, format!("declare {path} under another name")).into());
    }
    let usual = desired.repos_dir.join(name.as_str());
    let is_usual = path == usual || (path == usual.join("main") && !usual.join(".git").as_path().exists());
    let seen = path.relative_to(&desired.root);
    let seen = seen.to_str().filter(|seen| !seen.chars().any(char::is_control)).map(str::to_owned);
    Ok(NewRepository { url: declarable_url(&path), path: seen.filter(|_| !is_usual), name })
}

/// Declares a repository; one that is declared stays as it is.
pub(super) fn declare_repository(editing: &mut Editing, file: &AbsPath, repository: &NewRepository) -> Result<()> {
    match add_repository(&editing.text(file), repository) {
        Ok(Added::New(text)) => editing.put(file, Ok(text)),
        Ok(Added::Same | Added::Other(_)) => Ok(()),
        Err(fault) => editing.put(file, Err(fault)),
    }
}

/// Declares a builder that was found, or what of it the file does not have yet. `desired`: with its repositories.
pub(super) fn declare(editing: &mut Editing, file: &AbsPath, desired: &Desired, find: &Find) -> Result<()> {
    if let Some(declared) = desired.builders.get(&find.builder) {
        let new = find.checkouts.iter().filter(|found| !declared.checkouts.contains_key(&found.repository));
        let members: Vec<Member> = new.map(|found| member(found, Some(&declared.branch))).collect();
        if members.is_empty() {
            return Ok(());
        }
        let file = editing.config.file_of_builder(&find.builder).cloned().unwrap_or_else(|| file.clone());
        let text = join(&editing.text(&file), &find.builder, &members, &[]);
        return editing.put(&file, text);
    }
    match add_builder(&editing.text(file), &block(editing, desired, find)) {
        Ok(Added::New(text)) => editing.put(file, Ok(text)),
        Ok(Added::Same | Added::Other(_)) => Ok(()),
        Err(fault) => editing.put(file, Err(fault)),
    }
}

/// The block of a builder as it was found.
fn block(editing: &Editing, desired: &Desired, find: &Find) -> NewBuilder {
    let shared = editing.config.defaults.branch.as_ref().or(editing.config.workspace.branch.as_ref());
    let template = shared.map_or(TEMPLATE, |text| &text.value);
    let usual = |found: &FoundCheckout| {
        let repo = if found.repository.is_root() { "root" } else { found.repository.as_str() };
        expand(template, find.builder.as_str(), repo)
    };
    let is_usual = |found: &FoundCheckout| found.branch.as_ref().is_none_or(|branch| branch.as_str() == usual(found));
    let branch = if find.checkouts.iter().all(is_usual) { None } else { common(&find.checkouts) };
    let members = find.checkouts.iter().map(|found| match &branch {
        Some(branch) => member(found, Some(branch)),
        None => Member { repository: found.repository.clone(), branch: None, base: None },
    });
    // The root joins by itself, unless it needs a branch of its own.
    let members = members.filter(|member| !member.repository.is_root() || member.branch.is_some()).collect();
    let root = find.checkouts.iter().any(|found| found.repository.is_root());
    let without_root = desired.repositories.contains_key(&RepoName::root()) && !root;
    NewBuilder {
        name: find.builder.clone(),
        members,
        branch: branch.map(|branch| branch.to_string()),
        base: None,
        protect: false,
        include_root: without_root.then_some(false),
    }
}

fn member(found: &FoundCheckout, of_builder: Option<&BranchName>) -> Member {
    let own = found.branch.as_ref().filter(|branch| Some(*branch) != of_builder);
    Member { repository: found.repository.clone(), branch: own.map(ToString::to_string), base: None }
}

/// The branch that most checkouts are on; of equals that of the root, or the first.
fn common(found: &[FoundCheckout]) -> Option<BranchName> {
    let mut counted: BTreeMap<&BranchName, (usize, bool)> = BTreeMap::new();
    for found in found {
        if let Some(branch) = &found.branch {
            let entry = counted.entry(branch).or_default();
            *entry = (entry.0 + 1, entry.1 || found.repository.is_root());
        }
    }
    let best = counted.iter().rev().max_by_key(|(_, count)| **count);
    best.map(|(branch, _)| (*branch).clone())
}

/// What one find is against the file as it will be.
pub(super) fn row(before: &Desired, after: Option<&Desired>, find: &Find) -> Row {
    let declared = before.builders.get(&find.builder);
    let known = |found: &FoundCheckout| declared.is_some_and(|builder| builder.checkouts.contains_key(&found.repository));
    let builder = after.and_then(|after| after.builders.get(&find.builder));
    let to = |found: &FoundCheckout| {
        let checkout = builder?.checkouts.get(&found.repository)?;
        Some(checkout.path.under(&builder?.path))
    };
    Row {
        find: find.clone(),
        declared: find.checkouts.iter().all(known),
        to: find.checkouts.iter().map(to).collect(),
        path: before.builders_dir.join(find.builder.as_str()),
        refused: None,
    }
}

/// The marks of what lies elsewhere than declared, or is not on its branch; anything else is adopted by an apply.
pub(super) fn marks<'a>(
    after: &Desired,
    find: &'a Find,
    workspace: &WorkspaceId,
    now: i64,
) -> Vec<(&'a FoundCheckout, CheckoutMark)> {
    let Some(builder) = after.builders.get(&find.builder) else { return vec![] };
    let all = find.checkouts.iter().filter_map(|found| Some((found, builder.checkouts.get(&found.repository)?)));
    let marks = all.map(|(found, checkout)| {
        let home = checkout.path.under(&builder.path);
        let mark = CheckoutMark {
            sparse: None,
            version: 1,
            workspace: workspace.clone(),
            file: after.file.clone(),
            builder: find.builder.clone(),
            repository: found.repository.clone(),
            path: checkout.path.clone(),
            at: (home != found.worktree).then(|| found.worktree.clone()),
            goal: checkout.goal.clone(),
            made_branch: false,
            base: checkout.base.clone(),
            start: found.head.clone(),
            parked: None,
            hooks: HookMark::kept(None, &checkout.hooks),
            created: now,
        };
        (found, mark)
    });
    let adopted = |(found, mark): &(&FoundCheckout, CheckoutMark)| {
        mark.at.is_none() && found.attached && found.branch.as_ref() == mark.goal.branch()
    };
    let moves = find.checkouts.iter().any(|found| {
        let home = builder.checkouts.get(&found.repository).map(|checkout| checkout.path.under(&builder.path));
        home.as_ref() != Some(&found.worktree)
    });
    marks.filter(|one| moves || !adopted(one)).collect()
}
