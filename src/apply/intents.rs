//! What the journal says of each change before it begins.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::git::content_hash;
use crate::model::address::Address;
use crate::model::journal::{Intent, Leaving, Relocating};
use crate::model::mark::OWN_DIRECTORY;
use crate::model::name::{BranchName, BuilderName};
use crate::model::path::AbsPath;
use crate::plan::{Action, BranchPlan, CheckoutTouch, CheckoutWrite, Removal, RemovedCheckout};

use super::Run;
use super::relocate::relocating;
use super::removal::{our_lock, stem};

/// The intents of a run, and the numbers of those of each change, by its index in the plan.
pub(super) struct Intents {
    pub(super) list: Vec<Intent>,
    pub(super) of: BTreeMap<usize, Vec<usize>>,
}

impl Intents {
    /// What of a builder goes to another place.
    pub(super) fn relocating(&self, builder: &BuilderName) -> Option<&Relocating> {
        let moving = |intent: &'_ Intent| matches!(intent, Intent::Relocate(it) if it.builder.as_ref() == Some(builder));
        let found = self.list.iter().find(|intent| moving(intent))?;
        if let Intent::Relocate(relocating) = found { Some(relocating) } else { None }
    }
}

pub(super) fn intents(run: &Run<'_>) -> Result<Intents> {
    let mut intents = Intents { list: Vec::new(), of: BTreeMap::new() };
    for step in &run.plan.steps {
        if intents.of.contains_key(&step.change) {
            continue;
        }
        let change = &run.plan.changes[step.change];
        let first = intents.list.len();
        of_action(run, &change.address, &change.action, &mut intents.list)?;
        intents.of.insert(step.change, (first..intents.list.len()).collect());
    }
    Ok(intents)
}

fn of_action(run: &Run<'_>, address: &Address, action: &Action, list: &mut Vec<Intent>) -> Result<()> {
    match action {
        Action::UpdateRepository(write) => {
            list.extend(write.relocation.as_ref().map(|it| Intent::Relocate(relocating(None, it))));
            let named = address.repository().filter(|_| write.remote.is_some());
            list.extend(named.map(|name| Intent::Touch { repository: name.clone(), main: write.path.clone(), checkout: None }));
        }
        Action::Clone { path, .. } => list.push(Intent::Clone { path: path.clone() }),
        Action::CreateBuilder(write) | Action::UpdateBuilder(write) | Action::AdoptBuilder(write) => {
            list.push(Intent::Builder { builder: write.builder.clone(), path: write.path.clone() });
            list.extend(write.relocation.as_ref().map(|it| Intent::Relocate(relocating(Some(&write.builder), it))));
        }
        Action::CreateCheckout(write) | Action::ReplaceCheckout { write, .. } => list.push(checkout(run, write)),
        Action::ResumeCheckout { removal, write } => list.extend([remove(run, removal), checkout(run, write)]),
        Action::Switch { touch, branch, .. } => list.push(switch(touch, branch)),
        Action::WriteFile(write) => list.push(Intent::File {
            builder: write.builder.clone(),
            to: write.to.clone(),
            old: write.expect.clone(),
            new: Some(content_hash(&write.content)?),
        }),
        Action::RemoveFile { builder, to, expect } => {
            list.push(Intent::File { builder: builder.clone(), to: to.clone(), old: expect.clone(), new: None });
        }
        Action::RemoveBuilder(removal) | Action::RemoveCheckout(removal) => list.push(remove(run, removal)),
        // A mark or a link file is written whole or not at all; a registration goes by one rename.
        Action::AdoptCheckout(touch)
        | Action::MarkCheckout(touch)
        | Action::RenameBranch { touch, .. }
        | Action::Repair { touch, .. } => {
            list.push(Intent::Builder { builder: touch.builder.clone(), path: touch.builder_path.clone() });
            if let Action::RenameBranch { from, .. } = action {
                list.extend(rename(touch, from));
            }
            list.push(Intent::Touch {
                repository: touch.desired.repository.clone(),
                main: touch.repository.clone(),
                checkout: Some((touch.admin_dir.clone(), touch.path.clone())),
            });
        }
        Action::AdoptFile(write) => {
            if let Some(builder) = address.builder() {
                list.push(Intent::Builder { builder: builder.clone(), path: write.builder.clone() });
            }
        }
        Action::RunHook(hook) => {
            list.push(Intent::Builder { builder: hook.builder.clone(), path: hook.builder_path.clone() });
            list.extend(hook.spot.as_ref().and_then(|spot| {
                let main = run.desired.repositories.get(&spot.repository)?.path.clone();
                let checkout = spot.admin_dir.clone().map(|admin_dir| (admin_dir, spot.path.clone()));
                Some(Intent::Touch { repository: spot.repository.clone(), main, checkout })
            }));
        }
        Action::OpenSession(opening) => {
            list.push(Intent::Builder { builder: opening.builder.clone(), path: opening.path.clone() });
        }
        Action::MoveBuildersDir(_) | Action::FinishRemoval { .. } | Action::Prune(_) | Action::Nothing(_) => {}
    }
    Ok(())
}

fn checkout(run: &Run<'_>, write: &CheckoutWrite) -> Intent {
    let desired = &write.desired;
    Intent::Checkout {
        builder: write.builder.clone(),
        repository: desired.repository.clone(),
        main: write.repository.clone(),
        path: desired.path.under(&write.builder_path),
        stem: stem(&write.builder, Some(&desired.repository), run.now),
        branch: desired.goal.branch().cloned(),
        makes: write.branch.makes() && desired.goal.branch().is_some(),
        start: write.branch.commit().cloned(),
    }
}

fn switch(touch: &CheckoutTouch, branch: &BranchPlan) -> Intent {
    Intent::Switch {
        repository: touch.desired.repository.clone(),
        main: touch.repository.clone(),
        admin_dir: touch.admin_dir.clone(),
        path: touch.path.clone(),
        from: touch.head.clone(),
        branch: touch.desired.goal.branch().cloned(),
        to: branch.commit().cloned(),
        makes: branch.makes(),
        opened: None,
    }
}

fn rename(touch: &CheckoutTouch, from: &BranchName) -> Option<Intent> {
    Some(Intent::Rename {
        repository: touch.desired.repository.clone(),
        main: touch.repository.clone(),
        admin_dir: touch.admin_dir.clone(),
        path: touch.path.clone(),
        from: from.clone(),
        to: touch.desired.goal.branch()?.clone(),
        commit: touch.head.clone(),
    })
}

/// What the journal says of a removal.
pub(super) fn remove(run: &Run<'_>, removal: &Removal) -> Intent {
    let desired = run.desired;
    let repository = removal.checkouts.first().filter(|_| removal.checkout.is_some()).map(|checkout| &checkout.name);
    let leaving = |checkout: &RemovedCheckout| Leaving {
        repository: checkout.name.clone(),
        main: checkout.stale.repository.clone(),
        common_dir: checkout.stale.common_dir.clone(),
        admin_dir: checkout.stale.admin_dir.clone(),
        lock: our_lock(&checkout.stale.admin_dir).map(|lock| lock.to_string()),
        branch: checkout.branch.clone().zip(checkout.head.clone()).filter(|_| checkout.delete_branch),
    };
    let own = desired.builders_dir.join(OWN_DIRECTORY).join("builders").join(format!("{}.json", removal.builder));
    let mut own_files: Vec<AbsPath> = if removal.checkout.is_none() { vec![own] } else { vec![] };
    own_files.extend(removal.drop_ignore.then(|| desired.builders_dir.join(".ignore")));
    Intent::Remove {
        stem: stem(&removal.builder, repository, run.now),
        path: removal.checkout.as_ref().map_or_else(|| removal.builder_path.clone(), |path| path.under(&removal.builder_path)),
        checkouts: removal.checkouts.iter().map(leaving).collect(),
        own_files,
    }
}
