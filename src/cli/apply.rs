//! `wsctl apply`

use std::io::IsTerminal as _;

use anyhow::Result;

use super::ask::ask;
use super::globals::Globals;
use super::options::ChangeOptions;
use super::recover::recover;
use super::workspace::{fetch, load, plan_locked, refresh};
use super::{destroy, prune, signals};
use crate::apply::event::{Event, Listener, Outcome};
use crate::apply::{Run, Spot, claim, prepare, run as walk};
use crate::git::GitDoor;
use crate::model::desired::Desired;
use crate::plan::{Deletion, Options, Plan};
use crate::{actual, view};

/// Make the disk match the file: clone, create, repair, remove.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wsctl apply
  wsctl apply --auto-approve -q            for cron: silent when there is nothing to do
  wsctl apply --target 'builders.slack*'   these builders, and the clones that they need
  wsctl apply --replace builders.slack     checkouts back to their branches, managed files as declared
  wsctl apply --unsaved=trash              builders with unsaved work go to the trash too
  wsctl apply --json --auto-approve        one event per line")]
pub(super) struct Args {
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
    #[command(flatten)]
    options: ChangeOptions,
}

/// What stands between the plan and its application.
pub(super) struct Question<'a> {
    /// The command, for hints.
    pub(super) command: &'static str,
    /// Nothing is asked.
    pub(super) approved: bool,
    /// What is asked.
    pub(super) text: &'a str,
    /// The answer that is a yes.
    pub(super) yes: &'a str,
    /// What is said where there is nothing to do; else the plan itself.
    pub(super) nothing: Option<&'static str>,
    /// The plan that was shown and approved already.
    pub(super) shown: Option<&'a Plan>,
    /// Who listens instead of the terminal or the stream of events.
    pub(super) listener: Option<&'a dyn Listener>,
}

impl Question<'_> {
    /// Whether this is what was shown.
    fn was_shown(&self, plan: &Plan) -> bool {
        self.shown.is_some_and(|shown| shown.changes == plan.changes && shown.deletions == plan.deletions)
    }
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    if args.options.destroy {
        return destroy::destroy(globals, args.auto_approve, &args.options.common);
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
        listener: None,
    };
    let options = args.options.options(globals);
    let applied = apply(globals, &desired, &options, &question)?;
    finish(globals, &desired, &options, applied)
}

/// Deletes for good what was approved with the plan. Returns the exit code.
pub(super) fn finish(globals: &Globals, desired: &Desired, options: &Options, applied: Applied) -> Result<u8> {
    let Applied { code, deletions } = applied;
    // Whoever refuses or interrupts wants nothing more to be done.
    let Some(deletions) = deletions.filter(|_| code < 128) else { return Ok(code) };
    if deletions.is_empty() && !(desired.policy.auto_prune && options.is_whole()) {
        return Ok(code);
    }
    let pruned = prune::automatic(globals, desired, &deletions)?;
    Ok(if code == 0 { pruned } else { code })
}

/// What came of it.
pub(super) struct Applied {
    /// The exit code.
    pub(super) code: u8,
    /// What was approved to be deleted for good at the end; `None`: nothing at all was approved.
    pub(super) deletions: Option<Vec<Deletion>>,
}

/// Plans, asks, plans again under the lock, and applies.
pub(super) fn apply(globals: &Globals, desired: &Desired, options: &Options, question: &Question<'_>) -> Result<Applied> {
    // Where nothing is to be changed, not even what was cut short is.
    let carried = if options.refresh_only { None } else { recover(globals, desired)? };
    let (seen, plan) = refresh(desired, options)?;
    let own: Box<dyn Listener>;
    let listener = if let Some(listener) = question.listener {
        listener
    } else {
        own = listener(globals);
        own.as_ref()
    };
    if !plan.has_work() {
        return nothing(globals, &plan, question, listener);
    }
    if !question.was_shown(&plan) {
        show(globals, &plan)?;
        if !approve(globals, question)? {
            return Ok(refused());
        }
    }
    let (mut locks, now, locked) = plan_locked(globals, desired, options, &seen, &plan)?;
    if !locked.has_work() {
        return nothing(globals, &locked, question, listener);
    }
    if locked.changes != plan.changes || locked.deletions != plan.deletions {
        view::narrate("The disk changed since the plan was shown. The plan is now:\n");
        show(globals, &locked)?;
        if !approve(globals, question)? {
            return Ok(refused());
        }
    }
    if locked.pending().next().is_none() {
        return Ok(only_deletions(globals, locked, listener));
    }
    let door = GitDoor::new(&desired.builders_dir, !globals.no_input && std::io::stdin().is_terminal())?.holding(&locks)?;
    let spot = || Spot {
        inner_path: actual::place::inner_path(&desired.builders_dir),
        identity: actual::place::identity(desired.builders_dir.as_path()),
    };
    let known = now.workspace.mark();
    let workspace = prepare(&door, desired, &locked, known, &spot)?;
    let outcome = walk(&Run {
        plan: &locked,
        desired,
        door: &door,
        listener,
        workspace: &workspace,
        now: options.now,
        jobs: globals.jobs(),
        carried: carried.as_ref(),
        interrupt: signals::listen()?.as_ref(),
    })?;
    if outcome.interrupted.is_none()
        && let Err(error) = prune::finish(desired, &now, &mut locks)
    {
        view::narrate(&format!("warning: {error:#}\n"));
    }
    if outcome.failed + outcome.skipped == 0 {
        claim(&door, desired, &locked, known, &spot)?;
    }
    Ok(Applied { code: code(&outcome), deletions: Some(locked.deletions) })
}

fn refused() -> Applied {
    Applied { code: 1, deletions: None }
}

/// Nothing is left to be made: what was shown of the trash goes.
fn only_deletions(globals: &Globals, plan: Plan, listener: &dyn Listener) -> Applied {
    if globals.json {
        tell_nothing(&plan, listener);
    }
    let blocked = plan.blocked().next().is_some();
    Applied { code: u8::from(blocked), deletions: Some(plan.deletions) }
}

fn tell_nothing(plan: &Plan, listener: &dyn Listener) {
    listener.event(&Event::Planned(plan));
    listener.event(&Event::Summary(&Outcome { blocked: plan.blocked().count(), ..Outcome::default() }));
}

pub(super) fn approve(globals: &Globals, question: &Question<'_>) -> Result<bool> {
    let approved = question.approved || ask(globals, question.command, question.text, question.yes)?;
    if !approved {
        view::narrate("Nothing was changed.\n");
    }
    Ok(approved)
}

fn nothing(globals: &Globals, plan: &Plan, question: &Question<'_>, listener: &dyn Listener) -> Result<Applied> {
    if globals.json {
        tell_nothing(plan, listener);
    } else if question.was_shown(plan) {
        // It was said that there is nothing to do, or why nothing can be done.
    } else if let Some(text) = question.nothing.filter(|_| plan.changes.is_empty() && !globals.quiet()) {
        view::print(text)?;
    } else {
        show(globals, plan)?;
    }
    Ok(Applied { code: u8::from(plan.blocked().next().is_some()), deletions: Some(vec![]) })
}

pub(super) fn show(globals: &Globals, plan: &Plan) -> Result<()> {
    if !globals.json {
        view::print(&view::plan_text(plan, globals.verbosity(), &globals.out_style()))?;
    }
    Ok(())
}

fn listener(globals: &Globals) -> Box<dyn Listener> {
    let (out, err, verbosity) = (globals.out_style(), globals.err_style(), globals.verbosity());
    if globals.json {
        Box::new(view::JsonLines::new())
    } else if std::io::stderr().is_terminal() && !globals.quiet() {
        Box::new(view::Bars::new(out, err, verbosity))
    } else {
        Box::new(view::Lines::new(out, err, verbosity))
    }
}

fn code(outcome: &Outcome) -> u8 {
    match outcome.interrupted {
        Some(signal) => u8::try_from(128 + signal).unwrap_or(1),
        None => u8::from(outcome.failed + outcome.skipped + outcome.blocked > 0),
    }
}
