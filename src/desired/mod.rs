//! `Config` → `Desired`: every default filled in, everything checked that one table alone cannot say. Pure.

mod branches;
mod builder;
mod files;
mod layout;
mod members;
mod moved;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, Facts};
use crate::diagnostic::{Fault, Faults};
use crate::model::desired::{Desired, DesiredBuilder, DesiredRepository};
use crate::model::name::{BuilderName, RepoName};
use crate::model::path::AbsPath;
use crate::model::policy::{BuilderPolicy, MaxRemovals};

/// How many removals one run may do where the file does not say.
const MAX_REMOVALS: MaxRemovals = MaxRemovals::Count(5);

/// What the file asks for.
///
/// # Errors
/// Every fault of the file: those that the config brought along, and those that show only when its parts are put
/// together.
pub fn desired(config: &Config, facts: &Facts) -> Result<Desired, Faults> {
    if config.broken {
        return Err(config.refusal());
    }
    let mut faults = Vec::new();
    let (repos_dir, builders_dir) = places::directories(config, facts, &mut faults);
    let repositories = places::repositories(config, facts, &repos_dir, &mut faults);
    places::check_builders_dir(config, facts, &repos_dir, &builders_dir, &repositories, &mut faults);
    let layout = layout::Layout::of(config, facts, &repos_dir, &mut faults);
    let mut scene = Scene { config, facts, builders_dir: &builders_dir, layout, faults, collisions: BTreeSet::new() };
    let policy = config.policy.over(&BuilderPolicy::default());
    let usual = config.defaults.policy.over(&policy);
    members::check_defaults(&mut scene);
    let mut builders: BTreeMap<BuilderName, DesiredBuilder> = BTreeMap::new();
    let mut wanted = branches::Wanted::default();
    for (name, declared) in &config.builders {
        builders.extend(builder::builder(&mut scene, declared, &usual, &mut wanted).map(|builder| (name.clone(), builder)));
    }
    let mut faults = scene.faults;
    wanted.check(&mut faults);
    let moved = moved::moved(config, &builders, &mut faults);
    if !faults.is_empty() || !config.faults.is_empty() {
        let mut refused = config.clone();
        refused.faults.append(&mut faults);
        return Err(refused.refusal());
    }
    Ok(Desired {
        file: config.file().clone(),
        sources: config.sources.clone(),
        root: facts.root.clone(),
        repos_dir,
        builders_dir,
        goes_to: None,
        repositories,
        builders,
        moved,
        max_removals: config.max_removals.unwrap_or(MAX_REMOVALS),
        policy,
        fetch: config.workspace.fetch.unwrap_or(false),
        ports: config.workspace.ports,
        opencode: config.opencode.as_ref().map(|url| url.value.clone()),
        open: config.open.clone().unwrap_or_default(),
    })
}

/// What every builder is made from.
struct Scene<'a> {
    config: &'a Config,
    facts: &'a Facts,
    builders_dir: &'a AbsPath,
    layout: layout::Layout,
    faults: Vec<Fault>,
    /// Pairs of repositories already reported as taking the same place.
    collisions: BTreeSet<(RepoName, RepoName)>,
}

/// Repositories by name.
type Repositories = BTreeMap<RepoName, DesiredRepository>;
