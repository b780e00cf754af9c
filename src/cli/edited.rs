//! How an edit of the file ends: shown, written, applied where that was asked for, answered.

use anyhow::Result;

use super::agree::{Question, approve, show};
use super::apply::finish;
use super::editing::Editing;
use super::globals::Globals;
use super::options::RemovalOptions;
use super::workspace::{fetch, look};
use super::{apply, ask, stream};
use crate::apply::event::Listener;
use crate::model::address::Address;
use crate::model::desired::{Desired, DesiredBuilder};
use crate::model::name::BuilderName;
use crate::plan::{Options, Plan, Selection, addresses, again};
use crate::view::edit::{Answer, Verb};
use crate::view::json::edit::Tally;
use crate::{actual, view};

/// Whether an edit is applied at once.
#[derive(Debug, clap::Args)]
pub(super) struct ApplyOptions {
    /// Make the disk match too, of this builder alone
    #[arg(long)]
    apply: bool,
    /// Do not ask
    #[arg(long, requires = "apply")]
    auto_approve: bool,
    /// Fetch every repository first
    #[arg(long, requires = "apply")]
    fetch: bool,
}

impl ApplyOptions {
    pub(super) fn is_asked(&self) -> bool {
        self.apply
    }

    /// Whether all is approved beforehand, as by a program.
    pub(super) fn is_unasked(&self) -> bool {
        self.auto_approve
    }
}

/// An edit that was made in memory.
pub(super) struct Edit<'a> {
    pub(super) editing: &'a Editing,
    pub(super) verb: Verb,
    /// The builder that it is about; else it is about repositories alone.
    pub(super) builder: Option<&'a BuilderName>,
    /// What it is about, for people: `builders.slack`.
    pub(super) subject: String,
    pub(super) apply: &'a ApplyOptions,
    pub(super) removals: Option<&'a RemovalOptions>,
}

/// Shows an edit, writes it, applies it where that was asked for, and answers.
pub(super) fn end(globals: &Globals, edit: &Edit<'_>) -> Result<u8> {
    let after = edit.editing.after().inspect_err(|_| refused(globals))?;
    show_changes(globals, edit.editing)?;
    let Some(builder) = edit.builder.filter(|_| edit.apply.apply) else {
        edit.editing.write(globals)?;
        answer(globals, edit, &after, None)?;
        return Ok(0);
    };
    if edit.apply.fetch || after.fetch {
        fetch(globals, &after)?;
    }
    let selection = Selection::of([&Address::Builder(builder.clone())]);
    let options = options(globals, edit, selection);
    let plan = planned(&after, &options)?;
    let text = if edit.editing.is_changed() { view::prompt::EDIT } else { view::prompt::APPLY };
    let question = |shown| Question {
        command: edit.verb.command(),
        approved: edit.apply.auto_approve,
        text,
        yes: view::prompt::YES,
        nothing: None,
        shown,
        saved: None,
    };
    if let Some(plan) = &plan {
        show(globals, plan)?;
    }
    let idle = !edit.editing.is_changed() && !plan.as_ref().is_some_and(Plan::has_work);
    if !idle && globals.json && !edit.apply.auto_approve {
        return Err(ask::unasked(globals, format!("{} has to ask, and --json leaves no place for it", edit.verb.command())));
    }
    if !idle && !approve(globals, &question(None))? {
        return Ok(1);
    }
    edit.editing.write(globals)?;
    let tally = Tally::new();
    let mut code = 0;
    if let Some(plan) = &plan {
        let people = stream::terminal(globals);
        let listener = if globals.json { &tally as &dyn Listener } else { people.as_ref() };
        let applied = stream::heard(globals, listener, |listener| {
            let applied = apply::apply(globals, &after, &options, &question(Some(plan)), listener)?;
            Ok(finish(globals, &after, &options, applied, listener))
        });
        code = applied.inspect_err(|_| kept(globals, edit))?;
    }
    answer(globals, edit, &after, Some((&tally, code)))?;
    Ok(code)
}

/// What the edit was told, for what is selected.
fn options(globals: &Globals, edit: &Edit<'_>, selection: Selection) -> Options {
    match edit.removals {
        Some(given) => given.options(globals, selection),
        None => Options { now: Globals::now(), boot: actual::boot(), selection, place: globals.place(), ..Options::default() },
    }
}

/// The plan of what was selected; `None` where nothing of it is declared, nor ours on the disk.
fn planned(after: &Desired, options: &Options) -> Result<Option<Plan>> {
    let (actual, plan) = look(after, options)?;
    let all = addresses(after, &actual, options);
    if !options.selection.targets.iter().all(|target| all.iter().any(|address| target.covers(address))) {
        return Ok(None);
    }
    Ok(Some(plan))
}

fn refused(globals: &Globals) {
    if !globals.json {
        view::narrate("The file would have faults after this; nothing was written:\n\n");
    }
}

/// What was written stays, also where the disk could not follow.
fn kept(globals: &Globals, edit: &Edit<'_>) {
    if edit.editing.is_changed() && !globals.json {
        view::narrate(&format!("{} keeps the change.\n", edit.editing.names().join(", ")));
    }
}

fn show_changes(globals: &Globals, editing: &Editing) -> Result<()> {
    if globals.json {
        return Ok(());
    }
    for change in editing.changes() {
        view::print(&view::edit::change(&change, &globals.out_style()))?;
    }
    Ok(())
}

fn answer(globals: &Globals, edit: &Edit<'_>, after: &Desired, applied: Option<(&Tally, u8)>) -> Result<()> {
    let of = |desired: &'_ Desired| edit.builder.and_then(|name| desired.builders.get(name)).cloned();
    let builder: Option<DesiredBuilder> = of(after).or_else(|| of(&edit.editing.desired));
    let pending = applied.is_none_or(|(_, code)| code != 0);
    let next = edit.builder.filter(|_| pending).map(|name| {
        let target = crate::plan::shell_word(&Address::Builder(name.clone()).to_string());
        let whole = options(globals, edit, Selection::default());
        again(&format!("wsctl apply --target {target}"), &whole)
    });
    let answer = Answer {
        verb: edit.verb,
        file: edit.editing.main(),
        files: edit.editing.names(),
        subject: edit.subject.clone(),
        name: edit.builder.cloned(),
        path: edit.builder.map(|name| after.builders_dir.join(name.as_str())),
        builder,
        trash: edit.builder.map(|name| actual::trashed(after, name)).unwrap_or_default(),
        next,
    };
    if globals.json {
        view::print(&view::json::edit::edit(&answer, applied.map(|(tally, code)| (tally, code == 0))))?;
        return Ok(());
    }
    if !globals.quiet() {
        view::print(&view::edit::answer(&answer, applied.map(|(_, code)| code), &globals.out_style()))?;
    }
    Ok(())
}
