//! `wsctl plan`

use anyhow::Result;

use super::globals::Globals;
use super::options::PlanOptions;
use super::workspace::{fetch, load, refresh};
use crate::view;

/// Show what apply would do, and why. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wsctl plan
  wsctl plan --fetch
  wsctl plan --target builders.slack --exclude 'builders.*.k8s-lab'
  wsctl plan --json | jq '.changes[].address'
  wsctl plan --detailed-exitcode   exits 2 when there is something to apply, 1 when something is blocked")]
pub(super) struct Args {
    /// Exit 2 if apply would change something, else 1 if anything is blocked, else 0
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    options: PlanOptions,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    if args.options.fetch || desired.fetch {
        fetch(globals, &desired)?;
    }
    let (_, plan) = refresh(&desired, &args.options.options(globals))?;
    let text =
        if globals.json { view::json::plan(&plan) } else { view::plan_text(&plan, globals.verbosity(), &globals.out_style()) };
    view::print(&text)?;
    Ok(match (args.detailed_exitcode, plan.has_work(), plan.blocked().next()) {
        (true, true, _) => 2,
        (true, false, Some(_)) => 1,
        (true, false, None) | (false, _, _) => 0,
    })
}
