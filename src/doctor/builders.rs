//! Repositories and builders: are they what they should be, and does an agent see it?

use crate::model::actual::{Head, Link, Registration, RepositoryState};
use crate::model::address::Address;
use crate::model::checkup::{Finding, Level};
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::located::{LocatedBuilder, LocatedCheckout};
use crate::model::name::RepoName;

use super::{Case, finding, planned};

/// Each repository: is it there, and usable?
pub(super) fn repositories(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, declared) in &case.desired.repositories {
        let address = Address::Repository(name.clone());
        let told = planned(case, "repository", |other| *other == address);
        if told.is_empty() && matches!(case.actual.repositories.get(name), Some(RepositoryState::Present(_))) {
            let subject = if name.is_root() { "the workspace root".to_owned() } else { address.to_string() };
            let fact = format!("a repository, at {}", declared.path);
            found.push(finding("repository", Level::Good, subject, fact, ""));
        }
        found.extend(told);
    }
    found
}

/// Each builder with its checkouts.
pub(super) fn builders(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for builder in case.builders {
        let inside = |address: &Address| address.builder() == Some(&builder.name);
        found.extend(planned(case, "plan", inside));
        for checkout in &builder.checkouts {
            found.push(worktree(case, builder, checkout));
            found.extend(seen(case, builder, checkout));
        }
        found.push(project(case, builder));
    }
    let there = |name| case.builders.iter().any(|builder| builder.name == name);
    for builder in case.desired.builders.values().filter(|builder| !there(builder.name.clone())) {
        found.extend(planned(case, "plan", |address| address.builder() == Some(&builder.name)));
    }
    found
}

/// Is it a worktree, of which clone, on which branch?
fn worktree(case: &Case<'_>, builder: &LocatedBuilder, checkout: &LocatedCheckout) -> Finding {
    let address = builder.address_of(checkout);
    let repository = case.actual.repositories.get(&checkout.repository).and_then(RepositoryState::repository);
    let of = repository.map(|repository| repository.path.to_string()).unwrap_or_default();
    let registrations = repository.into_iter().flat_map(|repository| repository.registrations.values());
    let here = |found: &&Registration| found.worktree.as_ref() == Some(&checkout.path);
    let on = match registrations.into_iter().find(here) {
        Some(Registration { head: Head::Branch(branch, _) | Head::Unborn(branch), link: Link::Whole, .. }) => {
            format!("on {branch}")
        }
        Some(Registration { head: Head::Detached(commit), link: Link::Whole, .. }) => format!("detached at {}", commit.short()),
        Some(_) | None => "whose HEAD cannot be read".into(),
    };
    finding("worktree", Level::Good, address.to_string(), format!("a worktree of {of}, {on}"), "")
}

/// Does an agent that is started in the builder see its files?
fn seen(case: &Case<'_>, builder: &LocatedBuilder, checkout: &LocatedCheckout) -> Option<Finding> {
    let key = (builder.name.clone(), checkout.repository.clone());
    if *case.vitals.seen.get(&key)? {
        return None;
    }
    let fact = "an agent in the builder does not see its files: an ignore rule hides them";
    Some(finding("seen", Level::Bad, builder.address_of(checkout).to_string(), fact, "wsctl apply"))
}

/// Is the builder a project of its own?
fn project(case: &Case<'_>, builder: &LocatedBuilder) -> Finding {
    let declared: Option<&DesiredBuilder> = case.desired.builders.get(&builder.name);
    let subject = builder.address().to_string();
    let hidden: Vec<&RepoName> = builder
        .checkouts
        .iter()
        .map(|checkout| &checkout.repository)
        .filter(|name| case.vitals.seen.get(&(builder.name.clone(), (*name).clone())) == Some(&false))
        .collect();
    let all = builder.checkouts.len() - hidden.len();
    let sees = format!("sees {all} of its {} repositories", builder.checkouts.len());
    if let Some(declared) = declared.filter(|declared| builder.checkouts.len() < declared.checkouts.len()) {
        let fact = format!("has {} of its {} checkouts", builder.checkouts.len(), declared.checkouts.len());
        return finding("project", Level::Notice, subject, fact, "wsctl plan");
    }
    match declared.map(|builder| builder.shape) {
        Some(Shape::Plain) => {
            let fact = format!("an agent in it takes the workspace for its project; it {sees}");
            finding(
                "project",
                Level::Notice,
                subject,
                fact,
                "set `anchor = true` in [workspace] of builders.toml, then wsctl apply",
            )
        }
        Some(Shape::Anchored | Shape::Nested) | None => {
            let level = if hidden.is_empty() { Level::Good } else { Level::Bad };
            let next = if hidden.is_empty() { "" } else { "wsctl apply" };
            finding("project", level, subject, format!("a project of its own: an agent in it {sees}"), next)
        }
    }
}
