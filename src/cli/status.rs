//! `wsctl status`

use std::collections::BTreeMap;

use anyhow::Result;

use super::globals::Globals;
use super::workspace::{load, refresh};
use crate::model::address::Address;
use crate::plan::{Change, Options, Plan, Symbol, unmanaged};
use crate::{actual, view};

/// Show every checkout: branch, commits ahead and behind, changed and untracked files, age, state.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl status
  wsctl status --json | jq '.builders[] | select(.state != \"ok\") | .name'")]
pub(super) struct Args {}

pub(super) fn run(globals: &Globals, _: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let now = Globals::now();
    let options = Options { now, boot: actual::boot(), ..Options::default() };
    let (actual, plan) = refresh(&desired, &options)?;
    let status = actual::status(&actual, &desired, &states(&plan), unmanaged(&desired, &actual, &options));
    let text = if globals.json { view::json::status(&status) } else { view::status_text(&status, now, &globals.out_style()) };
    view::print(&text)?;
    Ok(0)
}

/// What plan says of each address, in a word or two.
fn states(plan: &Plan) -> BTreeMap<Address, String> {
    let change = |change: &Change| {
        let word = match (change.blockers.first(), change.action.symbol()) {
            (Some(blocker), _) => format!("blocked: {}", blocker.fact),
            (None, Symbol::Create) => "missing".into(),
            (None, Symbol::Update) => format!("{} pending", change.action.word()),
            (None, Symbol::Adopt) => "not ours yet".into(),
            (None, Symbol::Replace) => "gone".into(),
            (None, Symbol::Remove) => "undeclared".into(),
        };
        (change.address.clone(), word)
    };
    let mut states: BTreeMap<Address, String> = plan.changes.iter().map(change).collect();
    for note in &plan.drift {
        if let Some(address) = &note.address {
            states.entry(address.clone()).or_insert_with(|| note.fact.clone());
        }
    }
    states
}
