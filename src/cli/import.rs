//! `wsctl import`

use std::path::PathBuf;

use anyhow::Result;

use super::agree::Question;
use super::apply::{apply, finish};
use super::ask::{ask, unasked};
use super::editing::Editing;
use super::globals::Globals;
use super::recover::recover;
use super::stream;
use super::taking::{declare, declare_repository, marks, repository, row};
use super::typed;
use super::workspace::{refresh, take};
use crate::apply::event::Listener;
use crate::apply::{Spot, prepare, take_over};
use crate::config::fault::suggestion;
use crate::diagnostic::{Diagnostic, Faults};
use crate::git::GitDoor;
use crate::model::actual::Place;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::name::BuilderName;
use crate::model::path::AbsPath;
use crate::plan::import::{Find, Finds, Left, finds, strangers};
use crate::plan::{Options, Selection};
use crate::view::import::Row;
use crate::view::json::edit::Tally;
use crate::{actual, view};

/// Take over worktrees, and whole builders, that were made by hand or by a Taskfile. Nothing of them is moved or changed:
/// they get wsctl's marks. Without a name, list what there is and what would be done.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl import                       what was found, and what cannot be taken over
  wsctl import --generate            print the blocks that would declare it
  wsctl import old --generate        declare it in the file, and take it over
  wsctl import --all --generate --auto-approve
  wsctl import old                   take over what the file declares already

What lies elsewhere than the file's layout says is not moved; `wsctl plan` shows the moves, `wsctl apply` makes them.")]
pub(super) struct Args {
    /// Builders to take over
    names: Vec<String>,
    /// All that was found below `builders_dir`; what lies elsewhere is taken over by its name alone
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Declare what the file does not declare; without a name, only print that
    #[arg(long)]
    generate: bool,
    /// An included file to declare it in
    #[arg(long, value_name = "FILE", requires = "generate")]
    into: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    auto_approve: bool,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let names: Vec<BuilderName> = args.names.iter().map(|name| typed::builder(name)).collect::<Result<_>>()?;
    let editing = Editing::open(globals)?;
    if args.all || !names.is_empty() {
        recover(globals, &editing.desired)?;
    }
    let file = editing.addition(args.into.as_deref())?;
    let (scratch, mut found) = look(&editing, &file)?;
    let asked = chosen(&found, &names, args.all)?;
    let of = |path: &AbsPath| names.iter().any(|name| editing.desired.builders_dir.join(name.as_str()).contains(path));
    found.left.retain(|left| names.is_empty() || of(&left.path));
    // What of it the file has to say.
    let listed = if asked.is_empty() { &found.builders } else { &asked };
    let (edited, rows) = declared(&editing, &scratch, &file, listed);
    if asked.is_empty() {
        return list(globals, args, &editing, &edited, (&rows, &found.left));
    }
    let edited = if args.generate { edited } else { editing.clone() };
    if let Some((row, why)) = rows.iter().find_map(|row| row.refused.as_ref().filter(|_| !args.all).map(|why| (row, why))) {
        let fact = format!("builder `{}` cannot be declared as it was found: {why}", row.find.builder);
        return Err(Diagnostic::new(fact, "see to that first, or declare it by hand").into());
    }
    if let Some(undeclared) = rows.iter().find(|row| !row.declared && !args.generate) {
        let fact = format!("builder `{}` is not declared, or not with all that was found", undeclared.find.builder);
        return Err(Diagnostic::new(fact, format!("{} --generate", globals.again())).into());
    }
    let after = edited.after()?;
    show(globals, &edited, (&rows, &found.left))?;
    if !approved(globals, args)? {
        view::narrate("Nothing was changed.\n");
        return Ok(1);
    }
    edited.write(globals)?;
    let able: Vec<Find> = rows.iter().filter(|row| row.refused.is_none()).map(|row| row.find.clone()).collect();
    let (code, tally) = over(globals, &after, &able)?;
    let code = if rows.iter().any(|row| row.refused.is_some()) { code.max(1) } else { code };
    tell(globals, &edited, (&rows, &found.left), Some((&tally, code)))?;
    Ok(code)
}

/// What there is to take over, with the repositories in the file that it takes.
fn look(editing: &Editing, file: &AbsPath) -> Result<(Editing, Finds)> {
    let seen = actual::read(&editing.desired)?;
    if let Place::Moved(other) | Place::Elsewhere(other) | Place::AnotherFile(other) | Place::Copied(other) = &seen.place {
        let fact = format!("the mark of {} names {other}", editing.desired.builders_dir);
        return Err(Diagnostic::new(fact, "wsctl plan").into());
    }
    let (mut scratch, mut left) = (editing.clone(), Vec::new());
    for common_dir in strangers(&seen) {
        let before = scratch.clone();
        let new = repository(&editing.desired, &common_dir);
        let declared = new.and_then(|new| declare_repository(&mut scratch, file, &new)).and_then(|()| scratch.after());
        if let Err(error) = declared {
            let next = error.downcast_ref::<Diagnostic>().map(|found| found.next.clone()).unwrap_or_default();
            left.push(Left { path: common_dir, why: format!("it cannot be declared: {}", reason(&error)), next });
            scratch = before;
        }
    }
    let desired = scratch.after()?;
    let mut found = if scratch.is_changed() { finds(&desired, &actual::read(&desired)?) } else { finds(&desired, &seen) };
    found.left.append(&mut left);
    scratch.desired = desired;
    Ok((scratch, found))
}

/// The finds that are asked for.
fn chosen(found: &Finds, names: &[BuilderName], all: bool) -> Result<Vec<Find>> {
    if all {
        return Ok(found.builders.iter().filter(|find| find.inside).cloned().collect());
    }
    let one = |name: &BuilderName| {
        let find = found.builders.iter().find(|find| find.builder == *name).cloned();
        find.ok_or_else(|| {
            let known = found.builders.iter().map(|find| find.builder.as_str());
            let near = suggestion(name.as_str(), "builders to take over", known);
            let near = if found.builders.is_empty() { String::new() } else { near + "\n" };
            Diagnostic::new(format!("nothing of `{name}` is to be taken over"), format!("{near}wsctl import")).into()
        })
    };
    names.iter().map(one).collect()
}

/// The file as it would declare these finds, and what each is then.
fn declared(editing: &Editing, scratch: &Editing, file: &AbsPath, finds: &[Find]) -> (Editing, Vec<Row>) {
    let mut edited = editing.clone();
    let needed = |edited: &mut Editing, find: &Find| -> Result<()> {
        for found in &find.checkouts {
            if !editing.desired.repositories.contains_key(&found.repository) {
                declare_repository(edited, file, &repository(&editing.desired, &found.common_dir)?)?;
            }
        }
        declare(edited, file, &scratch.desired, find)
    };
    let mut failed = Vec::new();
    for find in finds {
        let before = edited.clone();
        // One that the file refuses keeps the others from nothing.
        if let Err(error) = needed(&mut edited, find).and_then(|()| edited.after().map(drop)) {
            failed.push((find.builder.clone(), reason(&error)));
            edited = before;
        }
    }
    let after = edited.after().ok();
    let rows = finds.iter().map(|find| {
        let mut row = row(&editing.desired, after.as_ref(), find);
        row.refused = failed.iter().find(|(name, _)| *name == find.builder).map(|(_, why)| why.clone());
        row
    });
    let rows = rows.collect();
    (edited, rows)
}

/// Why in one line: of faults of the file the first.
fn reason(error: &anyhow::Error) -> String {
    let fault = error.downcast_ref::<Faults>().and_then(|faults| faults.faults.first());
    fault.map_or_else(|| format!("{error:#}"), |fault| fault.message.clone())
}

fn approved(globals: &Globals, args: &Args) -> Result<bool> {
    if args.auto_approve {
        return Ok(true);
    }
    if globals.json {
        return Err(unasked(globals, "import has to ask, and --json leaves no place for it"));
    }
    ask(globals, "import", view::prompt::IMPORT, view::prompt::YES)
}

/// Marks what lies elsewhere, and adopts what is at its place.
fn over(globals: &Globals, after: &Desired, finds: &[Find]) -> Result<(u8, Tally)> {
    let addresses: Vec<Address> = finds.iter().map(|find| Address::Builder(find.builder.clone())).collect();
    let options = |addresses: &[Address]| Options {
        now: Globals::now(),
        boot: actual::boot(),
        selection: Selection::of(addresses),
        place: globals.place(),
        ..Options::default()
    };
    let common_dirs: Vec<AbsPath> = finds.iter().flat_map(|find| &find.checkouts).map(|found| found.common_dir.clone()).collect();
    let mut home = Vec::new();
    {
        let locks = take(globals, after, &common_dirs)?;
        let door = GitDoor::of(after, false)?.holding(&locks)?;
        let (now, plan) = refresh(after, &options(&addresses))?;
        let spot = || Spot {
            inner_path: actual::place::inner_path(&after.builders_dir),
            identity: actual::place::identity(after.builders_dir.as_path()),
        };
        let workspace = prepare(&door, after, &plan, now.workspace.mark(), &spot)?;
        for (find, address) in finds.iter().zip(addresses) {
            let marks = marks(after, find, &workspace, Globals::now());
            if marks.iter().all(|(_, mark)| mark.at.is_none()) {
                home.push(address);
            }
            for (found, mark) in marks {
                take_over(&door, &found.worktree, &found.admin_dir, &mark)?;
            }
        }
    }
    let tally = Tally::new();
    if home.is_empty() {
        return Ok((0, tally));
    }
    let people = stream::terminal(globals);
    let listener = if globals.json { &tally as &dyn Listener } else { people.as_ref() };
    let (text, yes) = (view::prompt::IMPORT, view::prompt::YES);
    let question = Question { command: "import", approved: true, text, yes, nothing: None, shown: None, saved: None };
    let options = options(&home);
    let code = stream::heard(globals, listener, |listener| {
        let applied = apply(globals, after, &options, &question, listener)?;
        Ok(finish(globals, after, &options, applied, listener))
    })?;
    Ok((code, tally))
}

fn list(globals: &Globals, args: &Args, editing: &Editing, edited: &Editing, found: (&[Row], &[Left])) -> Result<u8> {
    if args.generate && !globals.json {
        for change in edited.changes() {
            view::print(&view::import::text(&change))?;
        }
        return Ok(0);
    }
    if globals.json {
        view::print(&view::json::import::import(editing.config.file(), &[], found.0, found.1, None))?;
    } else if !globals.quiet() || !found.0.is_empty() {
        view::print(&view::import::list(found.0, found.1, true, &globals.out_style()))?;
    }
    Ok(0)
}

fn show(globals: &Globals, edited: &Editing, found: (&[Row], &[Left])) -> Result<()> {
    if globals.json {
        return Ok(());
    }
    for change in edited.changes() {
        view::print(&view::edit::change(&change, &globals.out_style()))?;
    }
    view::print(&view::import::list(found.0, found.1, false, &globals.out_style()))?;
    Ok(())
}

fn tell(globals: &Globals, edited: &Editing, found: (&[Row], &[Left]), applied: Option<(&Tally, u8)>) -> Result<()> {
    if globals.json {
        let applied = applied.map(|(tally, code)| (tally, code == 0));
        view::print(&view::json::import::import(edited.config.file(), &edited.names(), found.0, found.1, applied))?;
    } else if !globals.quiet() {
        view::print(&view::import::taken(found.0, &globals.out_style()))?;
    }
    Ok(())
}
