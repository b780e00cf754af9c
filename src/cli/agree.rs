//! What is to be applied: planned, shown, asked for, and planned again under the locks where that may tell more.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::ask::ask;
use super::globals::Globals;
use super::saved::Approved;
use super::stream::End;
use super::workspace::{plan_locked, refresh, unheld};
use crate::apply::event::{Event, Listener};
use crate::git::Locks;
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::plan::{Deletion, Options, Plan};
use crate::view;

/// How long somebody may look at a plan before what it was made of is read again.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How it ended, and what was approved to be deleted for good after it; `None`: nothing at all was approved.
pub(super) type Applied = (End, Option<Vec<Deletion>>);

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
    /// The plan that was saved and approved before, and nothing else is to be applied.
    pub(super) saved: Option<&'a Approved>,
}

impl Question<'_> {
    /// Whether this is what was shown.
    fn was_shown(&self, plan: &Plan) -> bool {
        self.shown.is_some_and(|shown| shown.changes == plan.changes && shown.deletions == plan.deletions)
    }
}

/// What comes of planning and asking.
pub(super) enum Agreed {
    /// The locks, what was seen, and the plan that is to be carried out.
    Plan(Box<(Locks, Actual, Plan)>),
    /// There is nothing to be done, or it was refused.
    Ended(Applied),
    /// `builders_dir` was moved meanwhile.
    Moved,
}

/// Plans and asks; then plans again under the locks, unless nobody had them since and nobody took time over the question.
pub(super) fn agree(
    globals: &Globals,
    desired: &Desired,
    options: &Options,
    question: &Question<'_>,
    listener: &dyn Listener,
) -> Result<Agreed> {
    let unheld = unheld(desired);
    let (seen, mut plan) = refresh(desired, options)?;
    question.saved.map_or(Ok(()), |saved| saved.check(desired, options, &seen, &mut plan))?;
    if !plan.has_work() {
        return nothing(globals, &plan, question, listener).map(Agreed::Ended);
    }
    let mut waited = Duration::ZERO;
    if !question.was_shown(&plan) {
        let begun = Instant::now();
        show(globals, &plan)?;
        if !approve(globals, question)? {
            return Ok(Agreed::Ended(refused()));
        }
        waited = begun.elapsed();
    }
    let unheld = Some(&unheld).filter(|_| waited < AT_ONCE);
    let Some((locks, again)) = plan_locked(globals, desired, options, (&seen, &plan), unheld)? else {
        return Ok(Agreed::Moved);
    };
    let Some((now, mut locked)) = again else { return Ok(Agreed::Plan(Box::new((locks, seen, plan)))) };
    question.saved.map_or(Ok(()), |saved| saved.check(desired, options, &now, &mut locked))?;
    if !locked.has_work() {
        return nothing(globals, &locked, question, listener).map(Agreed::Ended);
    }
    if locked.changes != plan.changes || locked.deletions != plan.deletions {
        view::narrate("The disk changed since the plan was shown. The plan is now:\n");
        show(globals, &locked)?;
        if !approve(globals, question)? {
            return Ok(Agreed::Ended(refused()));
        }
    }
    Ok(Agreed::Plan(Box::new((locks, now, locked))))
}

fn refused() -> Applied {
    (End::nothing(1, 0), None)
}

/// There is nothing to do, or only what is refused.
pub(super) fn without_work(plan: &Plan) -> End {
    let blocked = plan.blocked().count();
    End::nothing(u8::from(blocked > 0), blocked)
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
        listener.event(&Event::Planned(plan));
    } else if question.was_shown(plan) {
        // It was said that there is nothing to do, or why nothing can be done.
    } else if let Some(text) = question.nothing.filter(|_| plan.changes.is_empty() && !globals.quiet()) {
        view::print(text)?;
    } else {
        show(globals, plan)?;
    }
    Ok((without_work(plan), Some(vec![])))
}

pub(super) fn show(globals: &Globals, plan: &Plan) -> Result<()> {
    if !globals.json {
        view::print(&view::plan_text(plan, globals.verbosity(), &globals.out_style()))?;
    }
    Ok(())
}
