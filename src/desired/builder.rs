//! One builder: who joins it, on which branch, at which place.

use std::collections::BTreeMap;
use std::ops::Range;

use super::branches::{self, Wanted};
use super::layout::overlap;
use super::{Scene, files};
use crate::config::Builder;
use crate::config::decode::printable;
use crate::config::fault::{fault, related, suggestion};
use crate::model::desired::{DesiredBuilder, DesiredCheckout, Shape};
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
    let members = members(scene, declared);
    check_overrides(scene, declared, &members);
    let mut checkouts = BTreeMap::new();
    let mut refused = false;
    for repository in members.keys() {
        let config = scene.config;
        let own = declared.checkouts.iter().find(|checkout| checkout.repository.value == repository.as_str());
        let before = scene.faults.len();
        let branch = branches::branch(config, declared, repository, own, &mut scene.faults);
        refused |= scene.faults.len() > before;
        let Some((branch, span)) = branch else { continue };
        wanted.add(repository, &branch, name, span);
        let base = own
            .and_then(|checkout| checkout.base.as_ref())
            .or(declared.base.as_ref())
            .or_else(|| config.repos.get(repository)?.base.as_ref())
            .or(config.workspace.base.as_ref())
            .map(|base| base.value.clone());
        let Some(path) = place(scene, repository) else { continue };
        checkouts.insert(repository.clone(), DesiredCheckout { repository: repository.clone(), path, branch, base });
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
        protect: declared.protect,
        policy: declared.policy.over(policy),
        checkouts,
        files,
    })
}

/// The repositories of a builder and where each is named; the root joins by itself.
fn members(scene: &mut Scene<'_>, declared: &Builder) -> BTreeMap<RepoName, Range<usize>> {
    let (config, facts) = (scene.config, scene.facts);
    let name = &declared.name;
    let include = declared.include_root.as_ref().is_none_or(|flag| flag.value);
    let mut members: BTreeMap<RepoName, Range<usize>> = BTreeMap::new();
    if let Some(flag) = &declared.include_root {
        if flag.value && !facts.root_is_repository {
            let hint = "`git init` there, or take the key out";
            scene.faults.push(fault(
                &flag.span,
                format!("the root {} is no git repository", facts.root),
                "there is no \".\"",
                hint,
            ));
        } else if !flag.value && scene.layout.shape == Shape::Nested {
            let message = "this layout makes the builder of the root's worktree: it cannot do without";
            scene.faults.push(fault(&flag.span, message, "", "take the key out, or take layout = \"sibling\""));
        }
    }
    for written in &declared.repos {
        let found = if written.value == "." {
            facts.root_is_repository.then(RepoName::root)
        } else {
            RepoName::new(&written.value).ok().filter(|name| config.repos.contains_key(name))
        };
        let Some(repository) = found else {
            undeclared(scene, &written.value, &written.span);
            continue;
        };
        if repository.is_root() && !include {
            let message = "`.` is named, and `include_root` is false";
            scene.faults.push(fault(&written.span, message, "", "keep one of the two"));
        }
        if let Some(first) = members.get(&repository) {
            let message = format!("repository `{repository}` is named twice in builder `{}`", name.value);
            scene.faults.push(related(fault(&written.span, message, "", "keep one of the two"), first, "first named here"));
        } else {
            members.insert(repository, written.span.clone());
        }
    }
    if include && facts.root_is_repository {
        members.entry(RepoName::root()).or_insert_with(|| name.span.clone());
    }
    if members.is_empty() && declared.repos.is_empty() && declared.repos_whole {
        let message = format!("builder `{}` has no repository", name.value);
        scene.faults.push(fault(&name.span, message, "", "name some: `repos = [\"…\"]`"));
    }
    members
}

fn undeclared(scene: &mut Scene<'_>, written: &str, span: &Range<usize>) {
    // What has a fault where it is declared is declared all the same.
    if written != "." && scene.config.repo_keys.as_ref().is_none_or(|keys| keys.contains(written)) {
        return;
    }
    let (message, hint) = if written == "." {
        (
            format!("`.` is named, and the root {} is no git repository", scene.facts.root),
            "`git init` there, or take it out".into(),
        )
    } else {
        let known = scene.config.repos.keys().map(RepoName::as_str);
        (format!("repository `{}` is not declared", printable(written)), suggestion(written, "declared repositories", known))
    };
    scene.faults.push(fault(span, message, "", hint));
}

/// Reports `[builders.B.checkout.R]` for an R that does not join.
fn check_overrides(scene: &mut Scene<'_>, declared: &Builder, members: &BTreeMap<RepoName, Range<usize>>) {
    for checkout in &declared.checkouts {
        let written = checkout.repository.value.as_str();
        let named = declared.repos.iter().any(|repo| repo.value == written);
        if members.contains_key(written) || named || !declared.repos_whole {
            continue;
        }
        let message = format!("builder `{}` has no repository `{}`", declared.name.value, printable(written));
        let hint = suggestion(written, "its repositories", members.keys().map(RepoName::as_str));
        scene.faults.push(fault(&checkout.repository.span, message, "not in its `repos`", hint));
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
    let places: Vec<&DesiredCheckout> = checkouts.values().filter(|checkout| !checkout.path.is_here()).collect();
    for (at, first) in places.iter().enumerate() {
        for second in &places[at + 1..] {
            let pair = (first.repository.clone(), second.repository.clone());
            if !overlap(&first.path, &second.path) || !scene.collisions.insert(pair) {
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
