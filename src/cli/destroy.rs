//! `wsctl destroy`

use anyhow::Result;

use super::agree::Question;
use super::apply::apply;
use super::globals::Globals;
use super::options::PlanOptions;
use super::stream::{End, told};
use super::workspace::{fetch, load};
use crate::apply::event::Listener;
use crate::model::desired::Desired;
use crate::plan::Options;
use crate::view;

/// Move every builder of this workspace to the trash. Repositories and protected builders stay.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl destroy
  wsctl destroy --auto-approve --unsaved=trash")]
pub(super) struct Args {
    /// Do not ask for the workspace's name
    #[arg(long)]
    auto_approve: bool,
    #[command(flatten)]
    options: PlanOptions,
}

/// What shows what it would do.
pub(super) const PLAN: &str = "plan --destroy";

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    told(globals, PLAN, |listener| destroy(globals, args.auto_approve, &args.options, listener))
}

/// Asks for the workspace's name, and moves every builder to the trash.
pub(super) fn destroy(globals: &Globals, approved: bool, given: &PlanOptions, listener: &dyn Listener) -> Result<End> {
    let mut desired = load(globals)?;
    if given.fetch || desired.fetch {
        fetch(globals, &desired)?;
    }
    let mut options = given.options(globals);
    everything(&mut desired, &mut options);
    let name = desired.root.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = view::prompt::destroy(&name);
    let question = Question {
        command: "destroy",
        approved,
        text: &text,
        yes: &name,
        nothing: Some(view::prompt::NOTHING_TO_DESTROY),
        shown: None,
        saved: None,
    };
    Ok(apply(globals, &desired, &options, &question, listener)?.0)
}

/// The wish that destroy has: no builder.
pub(super) fn everything(desired: &mut Desired, options: &mut Options) {
    let protected = desired.builders.values().filter(|builder| builder.protect).map(|builder| builder.name.clone());
    options.protected = protected.collect();
    desired.builders.clear();
    options.destroy = true;
    // Whoever types the workspace's name needs no other brake.
    options.allow_removals = true;
}
