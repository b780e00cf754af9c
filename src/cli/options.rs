//! What plan, apply and destroy can be told beside the file.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::ValueEnum;

use super::globals::Globals;
use crate::actual;
use crate::diagnostic::Diagnostic;
use crate::model::actual::Actual;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::pattern::{Pattern, SHAPES};
use crate::model::policy::OnUnsaved;
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
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse)]
    target: Vec<Pattern>,
    /// All but this, and what depends on it
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse)]
    exclude: Vec<Pattern>,
    /// What a removal does with unsaved work, whatever builders.toml says
    #[arg(long, value_enum, value_name = "WHAT")]
    unsaved: Option<Unsaved>,
    /// Let go of the brakes: more removals than the policy allows, the last builder
    #[arg(long)]
    allow_removals: bool,
    /// Treat builders that another builders.toml declared as this file's, and what is gone from `builders_dir` as lost for good
    #[arg(long)]
    take_over: bool,
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
        Options {
            now: Globals::now(),
            boot: actual::boot(),
            unsaved: self.unsaved.map(|unsaved| match unsaved {
                Unsaved::Block => OnUnsaved::Block,
                Unsaved::Trash => OnUnsaved::Trash,
            }),
            allow_removals: self.allow_removals,
            take_over: self.take_over,
            destroy: false,
            protected: BTreeSet::new(),
            selection: Selection { targets: self.target.clone(), excludes: self.exclude.clone() },
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
    if targets.is_empty() && excludes.is_empty() {
        return Ok(());
    }
    let all = addresses(desired, actual, options);
    let named = targets.iter().map(|it| ("--target", it)).chain(excludes.iter().map(|it| ("--exclude", it)));
    for (option, pattern) in named {
        if !all.iter().any(|address| pattern.covers(address)) {
            let fact = format!("{option} {pattern}: nothing of that address is declared, or ours on the disk");
            return Err(Diagnostic::new(fact, near(&pattern.to_string(), &all)).into());
        }
    }
    Ok(())
}

/// The addresses that may have been meant.
fn near(text: &str, all: &BTreeSet<Address>) -> String {
    let texts = all.iter().map(ToString::to_string);
    let mut scored: Vec<(f64, String)> = texts.map(|address| (strsim::jaro_winkler(text, &address), address)).collect();
    scored.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    let near = scored.into_iter().filter(|(score, _)| *score > 0.8 && *score > best - 0.04).take(NEAR);
    let near: Vec<String> = near.map(|(_, address)| format!("`{address}`")).collect();
    if near.is_empty() { format!("{SHAPES}; `wsctl plan` shows them") } else { format!("did you mean {}?", near.join(" or ")) }
}
