//! `wsctl plan`

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use anyhow::Result;

use super::destroy;
use super::globals::Globals;
use super::options::ChangeOptions;
use super::saved;
use super::workspace::{fetch, load, refresh};
use crate::plan::{Plan, explained};
use crate::view::{self, Verbosity};

/// Show what apply would do, and why. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl plan
  wsctl plan --fetch
  wsctl plan --target builders.slack --exclude 'builders.*.k8s-lab'
  wsctl plan --out next.plan       then `wsctl show next.plan`, `wsctl apply next.plan`
  wsctl plan --refresh-only        what somebody changed on the disk
  wsctl plan --replace builders.slack.ai-dev
  wsctl plan -v                    also what is as declared, and what everything was compared by
  wsctl plan --json | jq '.changes[].address'
  wsctl plan --detailed-exitcode   exits 2 with something to apply, 1 with something blocked")]
pub(super) struct Args {
    /// Exit 2 if apply would change something, else 1 if anything is blocked, else 0
    #[arg(long)]
    detailed_exitcode: bool,
    /// Save the plan to FILE for `wsctl apply FILE`, which does exactly this or nothing
    #[arg(long, value_name = "FILE", conflicts_with = "refresh_only")]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: ChangeOptions,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let out = args.out.as_deref().map(saved::place).transpose()?;
    let mut desired = load(globals)?;
    let mut options = args.options.options(globals);
    let fetches = args.options.common.fetch || desired.fetch;
    let unfetched = if fetches { fetch(globals, &desired)? } else { Vec::new() };
    if args.options.destroy {
        destroy::everything(&mut desired, &mut options);
    }
    let (actual, plan) = refresh(&desired, &options)?;
    // The system takes all of it back at once.
    let actual = ManuallyDrop::new(actual);
    let nothing = options.destroy && plan.changes.is_empty() && !globals.quiet();
    let save = |plan| out.as_ref().map_or(Ok(()), |file| saved::write(globals, file, &desired, &options, (&actual, plan)));
    if globals.json {
        // One document, also where the plan cannot be saved.
        save(plan.clone())?;
        let warnings = unfetched.into_iter().chain(plan.warnings.clone()).collect();
        view::print(&view::json::plan(&Plan { warnings, ..plan.clone() }))?;
    } else if nothing {
        view::print(view::prompt::NOTHING_TO_DESTROY)?;
    } else {
        let style = globals.out_style();
        view::print(&match globals.verbosity() {
            Verbosity::Verbose => view::explained_text(&plan, &explained(&desired, &actual, &options, &plan), &style),
            quieter => view::plan_text(&plan, quieter, &style),
        })?;
    }
    let code = match (args.detailed_exitcode, plan.has_work(), plan.blocked().next()) {
        (true, true, _) => 2,
        (true, false, Some(_)) => 1,
        (true, false, None) | (false, _, _) => 0,
    };
    if !globals.json {
        save(plan)?;
    }
    Ok(code)
}
