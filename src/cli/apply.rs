//! `wsctl apply`

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::Result;

use super::agree::{Agreed, Applied, Question, agree, without_work};
use super::globals::Globals;
use super::options::ChangeOptions;
use super::recover::recover;
use super::stream::{End, failure, told};
use super::workspace::{fetch, load};
use super::{destroy, prune, saved, signals};
use crate::apply::event::{Event, Listener, Outcome};
use crate::apply::{Run, Spot, claim, prepare, run as walk};
use crate::git::{GitDoor, Locks};
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::model::journal::Journal;
use crate::model::path::AbsPath;
use crate::plan::{Deletion, Options, Plan};
use crate::{actual, view};

/// What a saved plan was told already.
const GIVEN: [&str; 12] = [
    "fetch",
    "target",
    "exclude",
    "unsaved",
    "keep_branch",
    "delete_branch",
    "allow_removals",
    "skip_hooks",
    "take_over",
    "replace",
    "refresh_only",
    "destroy",
];

/// Make the disk match the file: clone, create, repair, remove.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl apply
  wsctl apply --auto-approve -q            for cron: silent when there is nothing to do
  wsctl apply --target 'builders.slack*'   these builders, and the clones that they need
  wsctl apply --replace builders.slack     what was changed on the disk, back as declared
  wsctl apply --unsaved=trash              builders with unsaved work go to the trash too
  wsctl apply next.plan                    what `wsctl plan --out next.plan` showed, or nothing
  wsctl apply --json --auto-approve        one event per line")]
pub(super) struct Args {
    /// A plan that `wsctl plan --out FILE` saved, and nothing else; `-` reads standard input
    #[arg(value_name = "FILE", conflicts_with_all = GIVEN)]
    plan: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
    #[command(flatten)]
    options: ChangeOptions,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    told(globals, if args.options.destroy { destroy::PLAN } else { "plan" }, |listener| {
        if let Some(file) = &args.plan {
            return saved::run(globals, file, listener);
        }
        if args.options.destroy {
            return destroy::destroy(globals, args.auto_approve, &args.options.common, listener);
        }
        let desired = load(globals)?;
        if args.options.common.fetch || desired.fetch {
            fetch(globals, &desired)?;
        }
        let text = view::prompt::APPLY;
        let question = Question {
            command: "apply",
            approved: args.auto_approve,
            text,
            yes: view::prompt::YES,
            nothing: None,
            shown: None,
            saved: None,
        };
        let options = args.options.options(globals);
        let applied = apply(globals, &desired, &options, &question, listener)?;
        Ok(finish(globals, &desired, &options, applied, listener))
    })
}

/// Deletes for good what was approved with the plan.
pub(super) fn finish(globals: &Globals, desired: &Desired, options: &Options, applied: Applied, listener: &dyn Listener) -> End {
    let (end, deletions) = applied;
    // Whoever refuses or interrupts wants nothing more to be done.
    let Some(deletions) = deletions.filter(|_| end.code < 128) else { return end };
    if deletions.is_empty() && !(desired.policy.auto_prune && options.is_whole()) {
        return end;
    }
    let Some(arrived) = actual::moved_meanwhile(desired) else {
        return prune::automatic(globals, desired, &deletions, listener, end);
    };
    let was = &desired.builders_dir;
    let now = |path: AbsPath| if was.contains(&path) { arrived.builders_dir.join(path.relative_to(was)) } else { path };
    let trash = deletions.into_iter().map(|deletion| Deletion { path: now(deletion.path), ..deletion });
    prune::automatic(globals, &arrived, &trash.collect::<Vec<_>>(), listener, end)
}

/// Plans, asks and applies.
pub(super) fn apply(
    globals: &Globals,
    desired: &Desired,
    options: &Options,
    question: &Question<'_>,
    listener: &dyn Listener,
) -> Result<Applied> {
    // Where nothing is to be changed, not even what was cut short is.
    let carried = if options.refresh_only { None } else { recover(globals, desired)? };
    if let Some(desired) = actual::moved_meanwhile(desired) {
        return apply(globals, &desired, options, question, listener);
    }
    match agree(globals, desired, options, question, listener)? {
        Agreed::Moved => apply(globals, desired, options, question, listener),
        Agreed::Ended(applied) => Ok(applied),
        Agreed::Plan(agreed) => carry_out((globals, desired, options), question, *agreed, carried.as_ref(), listener),
    }
}

/// Applies what was agreed on.
fn carry_out(
    (globals, desired, options): (&Globals, &Desired, &Options),
    question: &Question<'_>,
    (mut locks, now, locked): (Locks, Actual, Plan),
    carried: Option<&Journal>,
    listener: &dyn Listener,
) -> Result<Applied> {
    let interrupt = signals::listen()?;
    let door = GitDoor::of(desired, !globals.no_input && std::io::stdin().is_terminal())?.holding(&locks)?;
    if locked.pending().next().is_none() {
        question.saved.map_or(Ok(()), |saved| saved.begin(&door, desired, options))?;
        listener.event(&Event::Planned(&locked));
        return Ok((without_work(&locked), Some(locked.deletions)));
    }
    let known = now.workspace.mark();
    let workspace = prepare(&door, desired, &locked, known, &|| spot(desired))?;
    question.saved.map_or(Ok(()), |saved| saved.begin(&door, desired, options))?;
    let outcome = walk(&Run {
        plan: &locked,
        desired,
        door: &door,
        listener,
        workspace: &workspace,
        now: options.now,
        jobs: globals.jobs(),
        carried,
        interrupt,
    })?;
    if outcome.interrupted.is_none()
        && !outcome.moved
        && let Err(error) = prune::finish(desired, &now, &mut locks)
    {
        listener.event(&Event::Warning { address: None, message: &format!("{error:#}") });
    }
    let arrived = if outcome.moved { desired.clone().arrived() } else { desired.clone() };
    let mut end = End { code: code(&outcome), outcome, told: false };
    if end.outcome.failed + end.outcome.skipped == 0
        && let Err(error) = claim(&door, &arrived, &locked, known, &|| spot(&arrived))
    {
        failure(listener, &error);
        end.code = end.code.max(1);
    }
    Ok((end, Some(locked.deletions)))
}

/// Where `builders_dir` is.
fn spot(desired: &Desired) -> Spot {
    Spot {
        inner_path: actual::place::inner_path(&desired.builders_dir),
        identity: actual::place::identity(desired.builders_dir.as_path()),
    }
}

fn code(outcome: &Outcome) -> u8 {
    match outcome.interrupted {
        Some(signal) => u8::try_from(128 + signal).unwrap_or(1),
        None => u8::from(outcome.failed + outcome.skipped + outcome.blocked > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeOptions, GIVEN};

    #[test]
    fn whatever_plan_can_be_told_a_saved_plan_was_told_already() {
        let command = <ChangeOptions as clap::Args>::augment_args(clap::Command::new("plan"));
        let all: Vec<&str> = command.get_arguments().map(|argument| argument.get_id().as_str()).collect();
        assert_eq!(all, GIVEN);
    }
}
