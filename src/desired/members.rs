//! Who joins a builder: the repositories that it names, else those of `[defaults]`, and the root.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Scene;
use crate::config::decode::printable;
use crate::config::fault::{fault, related, suggestion};
use crate::config::{Builder, Spanned};
use crate::model::desired::Shape;
use crate::model::name::RepoName;

/// Repositories and where each is named.
pub(super) type Members = BTreeMap<RepoName, Range<usize>>;

/// The repositories of a builder; the root joins by itself.
pub(super) fn members(scene: &mut Scene<'_>, declared: &Builder) -> Members {
    let name = &declared.name;
    let include = include(scene, declared);
    let mut members = match &declared.repos {
        Some(written) => named(scene, written, &format!("in builder `{}`", name.value)),
        None => shared(scene),
    };
    if let Some(own) = &declared.include_root
        && !own.value
        && let Some(span) = members.remove(&RepoName::root())
        && declared.repos.is_some()
    {
        scene.faults.push(fault(&span, "`.` is named, and `include_root` is false", "", "keep one of the two"));
    }
    if include && scene.facts.root_is_repository {
        members.entry(RepoName::root()).or_insert_with(|| name.span.clone());
    }
    // What is named and did not join is reported where it is named; the root of `[defaults]` may only have been left out.
    let root_left_out = |repo: &Spanned<String>| repo.value == "." && scene.facts.root_is_repository;
    let nothing_named = match &declared.repos {
        Some(written) => written.is_empty(),
        None => scene.config.defaults.repos.as_ref().is_none_or(|written| written.iter().all(root_left_out)),
    };
    if members.is_empty() && nothing_named && declared.repos_whole {
        let message = format!("builder `{}` has no repository", name.value);
        scene.faults.push(fault(&name.span, message, "", "name some: `repos = [\"…\"]`"));
    }
    members
}

/// Whether the root joins by itself; a flag that cannot be is reported.
fn include(scene: &mut Scene<'_>, declared: &Builder) -> bool {
    let Some(flag) = declared.include_root.as_ref().or(scene.config.defaults.include_root.as_ref()) else { return true };
    if flag.value && !scene.facts.root_is_repository {
        let message = format!("the root {} is no git repository", scene.facts.root);
        scene.faults.push(fault(&flag.span, message, "there is no \".\"", "`git init` there, or take the key out"));
    } else if !flag.value && scene.layout.shape == Shape::Nested {
        let message = "this layout makes the builder of the root's worktree: it cannot do without";
        scene.faults.push(fault(&flag.span, message, "", "take the key out, or take layout = \"sibling\""));
    }
    flag.value
}

/// The repositories of `[defaults]`.
fn shared(scene: &mut Scene<'_>) -> Members {
    let defaults = &scene.config.defaults;
    named(scene, defaults.repos.as_deref().unwrap_or_default(), "in [defaults]")
}

/// The repositories that a list names.
fn named(scene: &mut Scene<'_>, written: &[Spanned<String>], place: &str) -> Members {
    let mut members = Members::new();
    for written in written {
        let found = if written.value == "." {
            scene.facts.root_is_repository.then(RepoName::root)
        } else {
            RepoName::new(&written.value).ok().filter(|name| scene.config.repos.contains_key(name))
        };
        let Some(repository) = found else {
            undeclared(scene, &written.value, &written.span);
            continue;
        };
        if let Some(first) = members.get(&repository) {
            let message = format!("repository `{repository}` is named twice {place}");
            scene.faults.push(related(fault(&written.span, message, "", "keep one of the two"), first, "first named here"));
        } else {
            members.insert(repository, written.span.clone());
        }
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

/// Reports what `[defaults]` says wrongly, also where no builder asks for it.
pub(super) fn check_defaults(scene: &mut Scene<'_>) {
    let members = shared(scene);
    let flag = scene.config.defaults.include_root.as_ref();
    if let Some(span) = members.get(&RepoName::root()).filter(|_| flag.is_some_and(|flag| !flag.value)) {
        scene.faults.push(fault(span, "`.` is named, and `include_root` is false", "", "keep one of the two"));
    }
}

/// Reports `[builders.B.checkout.R]` for an R that does not join.
pub(super) fn check_overrides(scene: &mut Scene<'_>, declared: &Builder, members: &Members) {
    let whole = declared.repos_whole;
    let list = declared.repos.as_ref().or(scene.config.defaults.repos.as_ref());
    for checkout in &declared.checkouts {
        let written = checkout.repository.value.as_str();
        let named = list.is_some_and(|list| list.iter().any(|repo| repo.value == written));
        if members.contains_key(written) || named || !whole {
            continue;
        }
        let message = format!("builder `{}` has no repository `{}`", declared.name.value, printable(written));
        let hint = suggestion(written, "its repositories", members.keys().map(RepoName::as_str));
        scene.faults.push(fault(&checkout.repository.span, message, "not in its `repos`", hint));
    }
}
