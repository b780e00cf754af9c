//! `wsctl destroy`

use anyhow::Result;

use super::apply::{Question, apply};
use super::globals::Globals;
use super::options::PlanOptions;
use super::workspace::load;
use crate::view;

/// Move every builder of this workspace to the trash. Repositories and protected builders stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
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

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let mut desired = load(globals)?;
    let builders = desired.builders.len();
    let protected = desired.builders.values().filter(|builder| builder.protect).map(|builder| builder.name.clone()).collect();
    desired.builders.clear();
    // Whoever types the workspace's name needs no other brake.
    let mut options = args.options.options(globals);
    options.destroy = true;
    options.protected = protected;
    options.allow_removals = true;
    let name = desired.root.as_path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = view::prompt::destroy(builders, &name);
    let question = Question {
        command: "destroy",
        approved: args.auto_approve,
        text: &text,
        yes: &name,
        nothing: Some(view::prompt::NOTHING_TO_DESTROY),
    };
    Ok(apply(globals, &desired, &options, &question)?.code)
}
