//! `builders.B`: the directory, its anchor or helper file, its mark.

use crate::model::address::Address;
use crate::model::builder::{AnchorState, BuilderDirectory, Occupant};
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::hook::HookMark;
use crate::model::mark::BuilderMark;
use crate::model::name::RepoName;
use crate::model::path::RelPath;
use crate::model::trash::Manifest;

use super::blockers::{blocked_root, shell};
use super::draft::Drafts;
use super::input::Input;
use super::members::present;
use super::obstacle::obstacle;
use super::removals::last_nested;
use super::{Action, BuilderWrite, MarkWrite, anchor, restore};

/// What `<builders_dir>/.gitignore` holds: `builders_dir` ignores itself.
pub const GITIGNORE: &str = "*\n";

pub(super) fn plan(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    let address = Address::Builder(builder.name.clone());
    let previous = input.builder_mark(&builder.name);
    let mut write = BuilderWrite {
        builder: builder.name.clone(),
        path: builder.path.clone(),
        shape: builder.shape,
        anchor: None,
        mark: MarkWrite {
            branch: builder.branch.clone(),
            protect: builder.protect,
            policy: builder.policy.clone(),
            labels: builder.labels.clone(),
            port: input.port(&builder.name),
            hooks: previous
                .map_or_else(|| HookMark::new(&builder.hooks), |mark| HookMark::kept(Some(&mark.hooks), &builder.hooks)),
            previous: previous.cloned(),
        },
        gitignore: input.actual.gitignore.as_deref() != Some(GITIGNORE.as_bytes()),
        ignore: wanted_ignore(input, builder),
        drop_ignore: last_nested(input),
        relocation: None,
    };
    if let Some(held) = input.moves().and_then(|moves| moves.held(&builder.name)) {
        write.relocation = Some(held.relocation.clone());
        let draft = drafts.add(address, Action::UpdateBuilder(Box::new(write)), held.reason.clone());
        draft.change.details.clone_from(&held.details);
        draft.change.blockers.clone_from(&held.blockers);
        return;
    }
    if let Some(blocker) = obstacle(input, builder) {
        drafts.refuse(address, Action::CreateBuilder(Box::new(write)), "create", vec![blocker]);
        return;
    }
    let moving = input.moves().and_then(|moves| moves.of(&builder.name));
    write.relocation = moving.map(|moving| moving.relocation.clone());
    // An empty directory with a mark is a plain builder, none of whose checkouts could be made so far.
    let made = |found: &&BuilderDirectory| {
        !matches!(found.occupant, Occupant::Nothing) && (!matches!(found.occupant, Occupant::Empty) || previous.is_some())
    };
    let directory = input.directory(&builder.name).filter(made);
    let rewritable = builder.shape == Shape::Anchored && !anchor::is_left_alone(input, builder);
    write.anchor = rewritable.then(|| anchor::write(input, builder, drafts));
    let Some(directory) = directory else {
        let root_fails = builder.shape == Shape::Nested && !anchor::will_exist(drafts, builder, &RepoName::root());
        let reason = format!("new builder with {}", counted(input, builder));
        let draft = drafts.add(address, Action::CreateBuilder(Box::new(write)), reason);
        if root_fails {
            draft.change.blockers.push(blocked_root(builder));
        }
        draft.change.details.extend(moving.iter().flat_map(|moving| &moving.details).cloned());
        if in_trash(input, builder) {
            draft.change.details.push(restore::instead(&builder.name, None));
        }
        return;
    };
    existing(input, builder, directory, previous, write, drafts);
}

fn counted(input: &Input<'_>, builder: &DesiredBuilder) -> String {
    let asked = |name: &&RepoName| input.selects(&Address::Checkout(builder.name.clone(), (*name).clone()));
    match (builder.checkouts.keys().filter(asked).count(), builder.checkouts.len()) {
        (1, 1) => "1 checkout".into(),
        (asked, all) if asked == all => format!("{all} checkouts"),
        (asked, all) => format!("{asked} of its {all} checkouts"),
    }
}

fn in_trash(input: &Input<'_>, builder: &DesiredBuilder) -> bool {
    let of_it = |manifest: &Manifest| manifest.builder == builder.name && manifest.checkout.is_none();
    restore::offered(input.actual).any(|(_, manifest)| of_it(manifest))
}

/// A directory that is there: ours, or about to be.
fn existing(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    directory: &BuilderDirectory,
    previous: Option<&BuilderMark>,
    write: BuilderWrite,
    drafts: &mut Drafts,
) {
    let address = Address::Builder(builder.name.clone());
    let moving = input.moves().and_then(|moves| moves.of(&builder.name));
    let Some(mark) = previous else {
        let ours = !present(input, &builder.name).is_empty();
        let nested_half = builder.shape == Shape::Nested && !anchor::will_exist(drafts, builder, &RepoName::root());
        if nested_half && !ours {
            return;
        }
        let (action, reason): (Action, &str) = match moving {
            // What was taken over elsewhere never had one.
            Some(moving) if ours => (Action::UpdateBuilder(Box::new(write)), &moving.reason),
            None if ours => (Action::UpdateBuilder(Box::new(write)), "it has no mark: write it"),
            Some(_) | None => {
                // It was there before any hook.
                let mark = MarkWrite { hooks: HookMark::kept(None, &builder.hooks), ..write.mark };
                let write = BuilderWrite { mark, ..write };
                (Action::AdoptBuilder(Box::new(write)), "adopt: its checkouts are in their places")
            }
        };
        let draft = drafts.add(address, action, reason);
        draft.change.details.extend(moving.iter().flat_map(|moving| &moving.details).cloned());
        return;
    };
    let mut reasons: Vec<String> = moving.iter().map(|moving| moving.reason.clone()).collect();
    reasons.extend(mark_reasons(input, builder, mark));
    if write.gitignore && is_first(input, builder, |_| true) {
        reasons.push("builders_dir no longer ignores itself (.gitignore)".into());
    }
    if write.ignore.is_some() && is_first(input, builder, |other| wanted_ignore(input, other).is_some()) {
        reasons.push("the helper file .ignore is missing or different".into());
    }
    if write.drop_ignore && !nested_left(input) && is_first(input, builder, |_| true) {
        reasons.push("no nested builder needs the helper file .ignore any more".into());
    }
    match &directory.anchor {
        AnchorState::Ours(found) if builder.shape == Shape::Anchored => {
            reasons.extend(anchor::differences(input, builder, found, drafts));
            // Where checkouts get other paths it goes without saying.
            if moving.is_none_or(|moving| moving.details.is_empty()) {
                reasons.extend(anchor::records(input, builder, found));
            }
        }
        AnchorState::Ours(_) if builder.shape == Shape::Plain => {
            let next = Some(format!("mv {0}/.git {0}/.git.away", shell(&directory.path)));
            drafts.drift(&address, "has an anchor, though `anchor = false`", next);
        }
        AnchorState::Missing if builder.shape == Shape::Anchored => reasons.push("its anchor is missing".into()),
        AnchorState::Damaged(why) => reasons.push(format!("its anchor is damaged: {why}")),
        AnchorState::Ours(_) | AnchorState::Missing | AnchorState::Foreign(_) => {}
    }
    if !reasons.is_empty() {
        let draft = drafts.add(address, Action::UpdateBuilder(Box::new(write)), reasons.join("; "));
        draft.change.details.extend(moving.iter().flat_map(|moving| &moving.details).cloned());
    }
}

/// What the declaration says of the builder itself, against its mark.
fn mark_reasons(input: &Input<'_>, builder: &DesiredBuilder, mark: &BuilderMark) -> Vec<String> {
    let mut reasons = Vec::new();
    if mark.protect != builder.protect {
        reasons.push(format!("protect {} → {}", mark.protect, builder.protect));
    }
    if mark.branch != builder.branch {
        reasons.push(format!("branch {} → {}", mark.branch, builder.branch));
    }
    match (mark.port, input.port(&builder.name)) {
        (was, port) if was == port => {}
        (_, None) => reasons.push("it needs no port any more".into()),
        (None, Some(port)) => reasons.push(format!("its port is {port}")),
        (Some(was), Some(port)) => reasons.push(format!("port {was} → {port}")),
    }
    if mark.hooks.pre_remove != builder.hooks.pre_remove {
        reasons.push("its pre_remove hook changed".into());
    }
    if mark.policy != builder.policy {
        reasons.push("its policy changed".into());
    }
    if mark.labels != builder.labels {
        reasons.push("its labels changed".into());
    }
    if input.remarks() {
        reasons.push("the workspace's mark is gone: make it again".into());
    }
    if mark.file != input.desired.file {
        if input.moved() {
            reasons.push(format!("the workspace was moved; declared by {}", mark.file));
        } else if input.options.take_over {
            reasons.push(format!("take over from {}", mark.file));
        }
    }
    reasons
}

/// Whether a builder is the first of its kind that can be changed: one of them speaks of what all share.
fn is_first(input: &Input<'_>, builder: &DesiredBuilder, kind: impl Fn(&DesiredBuilder) -> bool) -> bool {
    let able = |other: &&DesiredBuilder| kind(other) && obstacle(input, other).is_none();
    input.desired.builders.values().find(able).is_some_and(|first| first.name == builder.name)
}

/// Whether a nested builder is there, declared as one or not.
fn nested_left(input: &Input<'_>) -> bool {
    input.actual.builders.values().any(|directory| matches!(directory.occupant, Occupant::Worktree(_)))
}

/// The text of `<builders_dir>/.ignore`, where a nested builder needs it and it is not there.
fn wanted_ignore(input: &Input<'_>, builder: &DesiredBuilder) -> Option<String> {
    if builder.shape != Shape::Nested {
        return None;
    }
    let text = ignore_text(builder.checkouts.values().map(|checkout| &checkout.path))?;
    (input.actual.ignore.as_deref() != Some(text.as_bytes())).then_some(text)
}

/// `!/*/repos/` and `!/*/repos/*`, from the directories that hold the inner checkouts.
pub(super) fn ignore_text<'a>(checkouts: impl Iterator<Item = &'a RelPath>) -> Option<String> {
    let inner = checkouts.filter(|path| !path.is_here());
    let parent = |path: &RelPath| path.as_str().rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let mut parents: Vec<String> = inner.filter_map(parent).collect();
    parents.sort();
    parents.dedup();
    let lines = |dir: &String| {
        let mut text = String::new();
        let mut above = String::new();
        for part in dir.split('/') {
            above = format!("{above}/{part}");
            text.extend(["!/*", &above, "/\n"]);
        }
        text + &format!("!/*/{dir}/*\n")
    };
    Some(parents.iter().map(lines).collect::<String>()).filter(|text| !text.is_empty())
}
