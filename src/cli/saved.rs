//! Plans in files: `plan --out FILE`, `apply FILE`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::agree::Question;
use super::globals::Globals;
use super::stream::End;
use super::workspace::{declared, load};
use super::{apply, destroy};
use crate::apply::event::Listener;
use crate::diagnostic::{Diagnostic, Difference, Outrun};
use crate::git::Door;
use crate::model::actual::Actual;
use crate::model::desired::Desired;
use crate::model::path::AbsPath;
use crate::plan::{Options, Plan, again, depended_on, once_more, shell_word};
use crate::saved::{KEPT, PlanId, Saved, Told, Wish, applied, outrun, remember};
use crate::{config, regular, view};

/// What stands for standard input.
const STDIN: &str = "-";

/// A plan's file is a place, not standard output.
pub(super) fn place(out: &Path) -> Result<AbsPath> {
    if out.as_os_str() == STDIN {
        let fact = "--out takes the name of a file: a plan is kept for its owner alone";
        return Err(Diagnostic::new(fact, "wsctl plan --out FILE").into());
    }
    Ok(Globals::cwd()?.join(out))
}

/// Writes the plan that was shown to a file.
pub(super) fn write(
    globals: &Globals,
    file: &AbsPath,
    desired: &Desired,
    options: &Options,
    (actual, plan): (&Actual, Plan),
) -> Result<()> {
    let whole = whole(desired, options)?;
    let saved = Saved {
        id: PlanId::random()?,
        made: options.now,
        told: Told::of(options),
        wish: wish(&whole)?,
        facts: depended_on(desired, actual, options, &plan),
        plan,
    };
    saved.write(file)?;
    if !globals.quiet() {
        let command = again(&format!("wsctl apply {}", shell_word(&file.to_string())), &Options::at(globals.place()));
        view::narrate(&format!("Saved the plan. This does exactly what it says, or nothing:\n  {command}\n"));
    }
    Ok(())
}

/// The declaration itself, of which `destroy` plans only the end.
fn whole(desired: &Desired, options: &Options) -> Result<Desired> {
    if options.destroy { declared(&desired.file) } else { Ok(desired.clone()) }
}

fn wish(desired: &Desired) -> Result<Wish> {
    Wish::of(desired, &desired.sources.map(config::redact))
}

/// Reads a plan from a file, or from standard input.
pub(super) fn read(file: &Path) -> Result<Saved> {
    let name = file.display().to_string();
    if name == STDIN {
        return Saved::read(&name, &mut std::io::stdin().lock());
    }
    let open = |path: &Path| -> Result<File> {
        let failed =
            |error| anyhow::Error::from(Diagnostic::new(format!("{name} cannot be read: {error}"), "wsctl plan --out FILE"));
        regular::open(path).map_err(failed)
    };
    let file: &mut dyn Read = &mut open(file)?;
    Saved::read(&name, file)
}

/// A saved plan on its way: where it came from, and what has to be typed where it is of no use.
pub(super) struct Approved {
    pub(super) saved: Saved,
    name: String,
}

/// Applies a saved plan.
pub(super) fn run(globals: &Globals, file: &Path, listener: &dyn Listener) -> Result<End> {
    let saved = read(file)?;
    let mut desired = load(globals)?;
    let name = file.display().to_string();
    let approved = Approved { saved, name };
    let saved = &approved.saved;
    let mut options =
        saved.told.again(Options { boot: crate::actual::boot(), now: Globals::now(), ..Options::at(globals.place()) });
    if desired.file != saved.plan.file {
        let fact = format!("{} is a plan of {}, and this is the workspace of {}", approved.name, saved.plan.file, desired.file);
        let own = shell_word(&saved.plan.file.to_string());
        return Err(Diagnostic::new(fact, format!("wsctl -f {own} apply {}", shell_word(&approved.name))).into());
    }
    approved.is_due(&desired, &options)?;
    let differences = outrun(saved, &wish(&desired)?, &saved.facts, &saved.plan);
    approved.refuse(differences, &options)?;
    if options.destroy {
        destroy::everything(&mut desired, &mut options);
    }
    let question = Question {
        command: "apply",
        approved: true,
        text: view::prompt::APPLY,
        yes: view::prompt::YES,
        nothing: None,
        shown: None,
        saved: Some(&approved),
    };
    let applied = apply::apply(globals, &desired, &options, &question, listener)?;
    Ok(apply::finish(globals, &desired, &options, applied, listener))
}

impl Approved {
    /// Whether it was not applied yet, and is not too old to tell.
    pub(super) fn is_due(&self, desired: &Desired, options: &Options) -> Result<()> {
        let again = self.again(options);
        if let Some(at) = applied(&desired.builders_dir, &self.saved.id)? {
            let at = jiff::Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string());
            let fact = format!("{} was applied already, at {at}; a plan is applied once", self.name);
            return Err(Diagnostic::new(fact, again).into());
        }
        let age = options.now - self.saved.made;
        if age > KEPT {
            return Err(Diagnostic::new(format!("{} is {} days old", self.name, age / 86_400), again).into());
        }
        Ok(())
    }

    /// Whether everything is as it was when the plan was saved. What is due in the trash only by now is left out of `plan`.
    pub(super) fn check(&self, desired: &Desired, options: &Options, actual: &Actual, plan: &mut Plan) -> Result<()> {
        let facts = once_more(desired, actual, options, &self.saved.facts);
        let whole = declared(&desired.file)?;
        let differences = outrun(&self.saved, &wish(&whole)?, &facts, plan);
        self.refuse(differences, options)?;
        plan.deletions.retain(|deletion| self.saved.plan.deletions.iter().any(|old| old.path == deletion.path));
        Ok(())
    }

    /// Right before the first step, under the lock: whoever came first has it.
    pub(super) fn begin(&self, door: &dyn Door, desired: &Desired, options: &Options) -> Result<()> {
        self.is_due(desired, options)?;
        remember(door, &desired.builders_dir, &self.saved, options.now)
    }

    fn refuse(&self, differences: Vec<Difference>, options: &Options) -> Result<()> {
        if differences.is_empty() {
            return Ok(());
        }
        let message = format!("{} is outrun: not everything is as it was when it was saved; nothing was changed", self.name);
        Err(Outrun { message, differences, next: self.again(options) }.into())
    }

    /// The command that makes such a plan once more.
    fn again(&self, options: &Options) -> String {
        let file = if self.name == STDIN { "FILE".into() } else { shell_word(&self.name) };
        again(&format!("wsctl plan --out {file}"), options)
    }
}

/// What a plan in a file says of itself.
pub(super) fn heading(saved: &Saved) -> Result<view::SavedPlan<'_>> {
    let made = jiff::Timestamp::from_second(saved.made).context("the time of the plan")?;
    let told = again("wsctl plan", &saved.told.again(Options::default()));
    Ok(view::SavedPlan {
        id: saved.id.to_string(),
        made: made.to_string(),
        command: told,
        facts: &saved.facts,
        plan: &saved.plan,
    })
}
