//! One builder: on which branch each of its checkouts is, and at which place.

use std::collections::BTreeMap;
use std::ops::Range;

use super::branches::{self, Wanted};
use super::layout::as_taken;
use super::{Scene, files, members};
use crate::config::Builder;
use crate::config::fault::fault;
use crate::model::desired::{DesiredBuilder, DesiredCheckout, Goal};
use crate::model::hook::Hooks;
use crate::model::name::RepoName;
use crate::model::path::RelPath;
use crate::model::policy::BuilderPolicy;

/// Puts a builder together; `None` where a fault leaves it without its own branch.
pub(super) fn builder(
    scene: &mut Scene<'_>,
    declared: &Builder,
    policy: &BuilderPolicy,
    wanted: &mut Wanted,
) -> Option<DesiredBuilder> {
    let name = &declared.name.value;
    let members = members::members(scene, declared);
    members::check_overrides(scene, declared, &members);
    let mut checkouts = BTreeMap::new();
    let mut refused = false;
    for repository in members.keys() {
        let config = scene.config;
        let own = declared.checkouts.iter().find(|checkout| checkout.repository.value == repository.as_str());
        let before = scene.faults.len();
        let goal = if let Some(reference) = own.and_then(|own| own.reference.as_ref()) {
            Goal::Ref(reference.value.clone())
        } else {
            let branch = branches::branch(config, declared, repository, own, &mut scene.faults);
            refused |= scene.faults.len() > before;
            let Some((branch, span)) = branch else { continue };
            wanted.add(repository, &branch, name, span);
            Goal::Branch(branch)
        };
        let base = own
            .and_then(|checkout| checkout.base.as_ref())
            .or(declared.base.as_ref())
            .or(config.defaults.base.as_ref())
            .or_else(|| config.repos.get(repository)?.base.as_ref())
            .or(config.workspace.base.as_ref())
            .filter(|_| goal.branch().is_some())
            .map(|base| base.value.clone());
        let sparse = own.and_then(|own| own.sparse.clone());
        let contents = config.repos.get(repository).map(|repo| repo.contents).unwrap_or_default();
        let seed = config.repos.get(repository).map(|repo| repo.seed.clone()).unwrap_or_default();
        let hooks = config.repos.get(repository).map(|repo| repo.hooks.clone()).unwrap_or_default();
        let Some(path) = place(scene, repository) else { continue };
        let checkout = DesiredCheckout { repository: repository.clone(), path, goal, base, sparse, contents, seed, hooks };
        checkouts.insert(repository.clone(), checkout);
    }
    check_places(scene, &checkouts);
    let files = files::files(scene, declared, &checkouts);
    // A bad template was reported with the checkouts already.
    let mut again = Vec::new();
    let branch = branches::own(scene.config, declared, &mut again);
    if !refused {
        scene.faults.append(&mut again);
    }
    Some(DesiredBuilder {
        name: name.clone(),
        path: scene.builders_dir.join(name.as_str()),
        shape: scene.layout.shape,
        branch: branch?,
        protect: declared.protect.or(scene.config.defaults.protect).unwrap_or(false),
        policy: declared.policy.over(policy),
        hooks: over(&declared.hooks, &scene.config.hooks),
        labels: scene.config.defaults.labels.clone().into_iter().chain(declared.labels.clone()).collect(),
        checkouts,
        files,
    })
}

/// Hooks where they are set, else those that every builder has.
fn over(own: &Hooks, usual: &Hooks) -> Hooks {
    Hooks {
        post_create: own.post_create.clone().or_else(|| usual.post_create.clone()),
        pre_remove: own.pre_remove.clone().or_else(|| usual.pre_remove.clone()),
    }
}

/// Where a checkout lies; a path that cannot be is reported once for each repository.
fn place(scene: &mut Scene<'_>, repository: &RepoName) -> Option<RelPath> {
    let why = match scene.layout.path(repository) {
        Ok(path) => return Some(path),
        Err(why) => why,
    };
    if scene.collisions.insert((repository.clone(), repository.clone())) {
        let message = format!("in this layout, the path of repository `{repository}` {why}");
        scene.faults.push(fault(&layout_span(scene, repository), message, "", "choose another name, or another layout"));
    }
    None
}

/// What to point at when a layout does not go with a repository.
fn layout_span(scene: &Scene<'_>, repository: &RepoName) -> Range<usize> {
    let named = || scene.config.repos.get(repository).map_or(0..0, |repo| repo.name.span.clone());
    scene.layout.custom.clone().unwrap_or_else(named)
}

/// Reports checkouts that take each other's place; each pair of repositories once.
fn check_places(scene: &mut Scene<'_>, checkouts: &BTreeMap<RepoName, DesiredCheckout>) {
    let places = checkouts.values().filter(|checkout| !checkout.path.is_here());
    let places: Vec<_> = places.map(|checkout| (checkout, as_taken(&checkout.path))).collect();
    for (at, (first, its)) in places.iter().enumerate() {
        for (second, other) in &places[at + 1..] {
            if !its.starts_with(other) && !other.starts_with(its) {
                continue;
            }
            if !scene.collisions.insert((first.repository.clone(), second.repository.clone())) {
                continue;
            }
            let span = layout_span(scene, &second.repository);
            let message = format!(
                "in a builder, repositories `{}` and `{}` take each other's place: `{}` and `{}`",
                first.repository, second.repository, first.path, second.path
            );
            scene.faults.push(fault(&span, message, "", "choose another name, or another layout"));
        }
    }
}
