//! What plan, apply and destroy can be told beside the file.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::ValueEnum;

use super::complete;
use super::globals::Globals;
use crate::actual;
use crate::diagnostic::Diagnostic;
use crate::model::actual::Actual;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::pattern::{Pattern, SHAPES};
use crate::model::policy::{DeleteBranch, OnUnsaved};
use crate::plan::{Options, Selection, addresses};

/// How many near addresses are named.
const NEAR: usize = 3;

/// Options of plan, apply and destroy.
#[derive(Debug, clap::Args)]
pub(super) struct PlanOptions {
    /// Fetch every repository first
    #[arg(long)]
    pub(super) fetch: bool,
    /// Only this, and what it depends on: an address, or a glob such as 'builders.slack*' or 'builders.*.api'
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse, add = complete::addresses())]
    target: Vec<Pattern>,
    /// All but this, and what depends on it
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse, add = complete::addresses())]
    exclude: Vec<Pattern>,
    #[command(flatten)]
    removals: RemovalOptions,
}

/// What a removal may do.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, clap::Args)]
pub(super) struct RemovalOptions {
    /// What a removal does with unsaved work, whatever builders.toml says
    #[arg(long, value_enum, value_name = "WHAT")]
    unsaved: Option<Unsaved>,
    /// A removal keeps the branches that wsctl made, whatever builders.toml says
    #[arg(long, conflicts_with = "delete_branch")]
    keep_branch: bool,
    /// A removal deletes the branches that wsctl made and whose commits are all merged, whatever builders.toml says
    #[arg(long)]
    delete_branch: bool,
    /// Let go of the brakes: more removals than the policy allows, the last builder
    #[arg(long)]
    allow_removals: bool,
    /// Run no hook, and wait for none: a creation leaves its hook to the next apply, a removal goes without one
    #[arg(long)]
    skip_hooks: bool,
    /// Treat builders that another builders.toml declared as this file's, and what is gone from `builders_dir` as lost for good
    #[arg(long)]
    take_over: bool,
}

/// Options of plan and apply.
#[derive(Debug, clap::Args)]
pub(super) struct ChangeOptions {
    #[command(flatten)]
    pub(super) common: PlanOptions,
    /// Bring back what somebody changed on the disk: a checkout to its branch, a managed file to its text (what was edited is kept); or run a hook once more
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse, add = complete::checkouts())]
    #[arg(conflicts_with_all = ["refresh_only", "destroy"])]
    replace: Vec<Pattern>,
    /// Show the drift alone; nothing is changed
    #[arg(long, conflicts_with = "destroy")]
    refresh_only: bool,
    /// What `wsctl destroy` does: every builder to the trash
    #[arg(long)]
    pub(super) destroy: bool,
}

impl ChangeOptions {
    pub(super) fn options(&self, globals: &Globals) -> Options {
        Options { replace: self.replace.clone(), refresh_only: self.refresh_only, ..self.common.options(globals) }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unsaved {
    /// Refuse the removal
    Block,
    /// Move it to the trash with the work in it
    Trash,
}

impl PlanOptions {
    pub(super) fn options(&self, globals: &Globals) -> Options {
        let selection = Selection { targets: self.target.clone(), excludes: self.exclude.clone() };
        self.removals.options(globals, selection)
    }
}

impl RemovalOptions {
    /// The same for what is selected.
    pub(super) fn options(&self, globals: &Globals, selection: Selection) -> Options {
        let delete_branch = match (self.keep_branch, self.delete_branch) {
            (true, _) => Some(DeleteBranch::Never),
            (false, true) => Some(DeleteBranch::Merged),
            (false, false) => None,
        };
        Options {
            now: Globals::now(),
            boot: actual::boot(),
            delete_branch,
            unsaved: self.unsaved.map(|unsaved| match unsaved {
                Unsaved::Block => OnUnsaved::Block,
                Unsaved::Trash => OnUnsaved::Trash,
            }),
            allow_removals: self.allow_removals,
            take_over: self.take_over,
            skip_hooks: self.skip_hooks,
            destroy: false,
            protected: BTreeSet::new(),
            replace: vec![],
            refresh_only: false,
            selection,
            place: globals.place(),
        }
    }
}

/// Whether every address that the command line names means something.
///
/// # Errors
/// A [`Diagnostic`] with the near ones.
pub(super) fn known(desired: &Desired, actual: &Actual, options: &Options) -> Result<()> {
    let Selection { targets, excludes } = &options.selection;
    let replaced = &options.replace;
    if targets.is_empty() && excludes.is_empty() && replaced.is_empty() {
        return Ok(());
    }
    let all = addresses(desired, actual, options);
    let narrowing = targets.iter().map(|it| ("--target", it)).chain(excludes.iter().map(|it| ("--exclude", it)));
    for (option, pattern) in narrowing.chain(replaced.iter().map(|it| ("--replace", it))) {
        if !all.iter().any(|address| pattern.covers(address)) {
            let fact = format!("{option} {pattern}: nothing of that address is declared, or ours on the disk");
            return Err(Diagnostic::new(fact, near(&pattern.to_string(), &all)).into());
        }
    }
    for pattern in replaced {
        if !all.iter().any(|address| pattern.covers(address) && is_replaceable(desired, address)) {
            let fact = format!(
                "--replace {pattern}: it switches a declared checkout back to its branch, writes a declared managed file again, \
                 or runs a declared post_create once more; this is none of them"
            );
            return Err(Diagnostic::new(fact, "`wsctl plan` says what is to be done about it").into());
        }
    }
    Ok(())
}

fn is_replaceable(desired: &Desired, address: &Address) -> bool {
    let declared = address.builder().and_then(|name| desired.builders.get(name));
    declared.is_some_and(|builder| match address {
        Address::BuildersDir | Address::Repository(_) | Address::Builder(_) | Address::Session(_) => false,
        Address::Hook(_, None) => builder.hooks.post_create.is_some(),
        Address::Hook(_, Some(repository)) => {
            builder.checkouts.get(repository).is_some_and(|checkout| checkout.hooks.post_create.is_some())
        }
        Address::Checkout(_, repository) => builder.checkouts.contains_key(repository),
        Address::File(_, to) => builder.files.contains_key(to),
    })
}

/// The addresses that may have been meant.
pub(super) fn near(text: &str, all: &BTreeSet<Address>) -> String {
    let texts = all.iter().map(ToString::to_string);
    let mut scored: Vec<(f64, String)> = texts.map(|address| (strsim::jaro_winkler(text, &address), address)).collect();
    scored.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    let near = scored.into_iter().filter(|(score, _)| *score > 0.8 && *score > best - 0.04).take(NEAR);
    let near: Vec<String> = near.map(|(_, address)| format!("`{address}`")).collect();
    if near.is_empty() { format!("{SHAPES}; `wsctl plan` shows them") } else { format!("did you mean {}?", near.join(" or ")) }
}
