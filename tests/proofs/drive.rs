//! The commands in this process, step for step as the program does them, so that a test can stand at the door.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::Result;
use wsctl::apply::event::{Event, Listener, Outcome};
use wsctl::apply::restore::Bringing;
use wsctl::apply::{Run, Spot, claim, prepare, run};
use wsctl::git::{Door, GitDoor, Locks};
use wsctl::model::actual::{Actual, RepositoryState};
use wsctl::model::clock::Boot;
use wsctl::model::clock::Moment;
use wsctl::model::desired::Desired;
use wsctl::model::journal::{JOURNAL, Journal, Unfinished};
use wsctl::model::mark::OWN_DIRECTORY;
use wsctl::model::name::BuilderName;
use wsctl::model::path::AbsPath;
use wsctl::model::policy::OnUnsaved;
use wsctl::model::stored::Home;
use wsctl::model::trust::Command as Trusted;
use wsctl::plan::{self, Options, Plan, plan, plan_unless_asked};
use wsctl::{actual, agent, apply, config, desired, trash};

use super::scenarios::HOOKS;
use crate::support::Sandbox;

/// Which command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Command {
    #[default]
    Apply,
    Destroy,
    /// `prune --older-than 0s`
    Empty,
    /// `restore one`
    Restore,
    /// `apply --fetch`
    FetchAndApply,
}

/// A command with its options, at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Order {
    pub(super) command: Command,
    pub(super) unsaved: bool,
    pub(super) allow_removals: bool,
    pub(super) now: i64,
}

/// What came of a command.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) plan: Plan,
    /// `None`: there was nothing to do.
    pub(super) outcome: Option<Outcome>,
    /// What went wrong, in words.
    pub(super) errors: Vec<String>,
}

impl Order {
    fn options(self) -> Options {
        let destroy = self.command == Command::Destroy;
        Options {
            now: self.now,
            unsaved: self.unsaved.then_some(OnUnsaved::Trash),
            allow_removals: self.allow_removals || destroy,
            destroy,
            ..Options::default()
        }
    }
}

/// Reads and checks the file.
pub(super) fn load(root: &Path, order: Order) -> Result<Desired> {
    let config = config::load(&AbsPath::new(root.join("builders.toml"))?)?;
    let facts = config::facts(&config)?;
    let mut desired = actual::at_home(desired::desired(&config, &facts)?);
    if order.command == Command::Destroy {
        desired.builders.clear();
    }
    Ok(desired)
}

/// Reads the disk and plans.
pub(super) fn refresh(desired: &Desired, order: Order) -> Result<(Actual, Plan)> {
    let options = order.options();
    let mut actual = actual::read(desired)?;
    actual::without_leftovers(&mut actual);
    agent::look(&mut actual, desired);
    actual.trusted.extend(HOOKS.iter().map(|text| Trusted::Script((*text).into())));
    let plan = plan_unless_asked(desired, &actual, &options).unwrap_or_else(|questions| {
        actual::examine(&mut actual, desired, &questions.into_iter().collect::<Vec<_>>());
        plan(desired, &actual, &options)
    });
    Ok((actual, plan))
}

/// The real door, in the sandbox's environment.
pub(super) fn door(sandbox: &Sandbox, desired: &Desired) -> Result<GitDoor> {
    let command = sandbox.command("git");
    let environment: Vec<(OsString, OsString)> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    GitDoor::with_environment(&desired.builders_dir, false, environment).map(|door| door.leaving_pointers(desired))
}

/// Does the command through a door.
pub(super) fn execute(desired: &Desired, order: Order, jobs: usize, door: &dyn Door) -> Result<Applied> {
    let carried = match recover(desired, door) {
        Ok(carried) => carried,
        Err(error) => {
            let (_, plan) = refresh(desired, order)?;
            return Ok(Applied { plan, outcome: None, errors: vec![format!("{error:#}")] });
        }
    };
    execute_seen(desired, order, jobs, door, refresh(desired, order)?, carried.as_ref())
}

/// The same, for who has looked and planned already.
pub(super) fn execute_seen(
    desired: &Desired,
    order: Order,
    jobs: usize,
    door: &dyn Door,
    (seen, first): (Actual, Plan),
    carried: Option<&Journal>,
) -> Result<Applied> {
    if order.command == Command::Restore {
        return Ok(Applied { plan: first, outcome: None, errors: restore(desired, order, door, carried)? });
    }
    if order.command == Command::Empty {
        return empty(desired, &seen, first, door);
    }
    let mut errors = Vec::new();
    if order.command == Command::FetchAndApply {
        let _locks = lock(desired, &seen)?;
        errors.extend(fetch(&seen, door));
    }
    let nothing = |plan: &Plan| plan.pending().next().is_none();
    if order.command != Command::FetchAndApply && nothing(&first) {
        return Ok(Applied { plan: first, outcome: None, errors });
    }
    let _locks = lock(desired, &seen)?;
    let (now, plan) = refresh(desired, order)?;
    if nothing(&plan) {
        return Ok(Applied { plan, outcome: None, errors });
    }
    let spot = |desired: &Desired| Spot {
        inner_path: actual::place::inner_path(&desired.builders_dir),
        identity: actual::place::identity(desired.builders_dir.as_path()),
    };
    let workspace = match prepare(door, desired, &plan, now.workspace.mark(), &|| spot(desired)) {
        Ok(workspace) => workspace,
        Err(error) => {
            errors.push(format!("{error:#}"));
            return Ok(Applied { plan, outcome: None, errors });
        }
    };
    let heard = Heard::default();
    let interrupt = AtomicUsize::new(0);
    let outcome = run(&Run {
        plan: &plan,
        desired,
        door,
        listener: &heard,
        workspace: &workspace,
        now: order.now,
        jobs,
        carried,
        interrupt: &interrupt,
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            errors.push(format!("{error:#}"));
            return Ok(Applied { plan, outcome: None, errors });
        }
    };
    errors.extend(heard.0.into_inner().unwrap());
    let arrived = if outcome.moved { desired.clone().arrived() } else { desired.clone() };
    if outcome.failed + outcome.skipped == 0
        && let Err(error) = claim(door, &arrived, &plan, now.workspace.mark(), &|| spot(&arrived))
    {
        errors.push(format!("{error:#}"));
    }
    Ok(Applied { plan, outcome: Some(outcome), errors })
}

/// What every command does first about a run that was cut short.
pub(super) fn recover(desired: &Desired, door: &dyn Door) -> Result<Option<Journal>> {
    if actual::journal(desired).is_none() {
        return Ok(None);
    }
    let _locks = lock(desired, &actual::read(desired)?)?;
    let journal = match actual::journal(desired) {
        None | Some(Unfinished::Running(_)) => return Ok(None),
        Some(Unfinished::Unreadable(_)) => {
            apply::put_aside(door, desired, &desired.builders_dir.join(OWN_DIRECTORY).join(JOURNAL))?;
            return Ok(None);
        }
        Some(Unfinished::CutShort(journal)) => journal,
    };
    // After another boot, that of a machine which was started just now.
    let boot = actual::boot().filter(|boot| journal.header.is_of(Some(boot)));
    let boot = boot.unwrap_or_else(|| Boot { id: "just now".into(), uptime: 0 });
    let left = apply::recover(door, desired, &journal, Some(&boot), &|_| {})?;
    if !left.is_empty() {
        return Ok(Some(Journal { open: left, ..journal }));
    }
    door.remove_own(&desired.builders_dir.join(OWN_DIRECTORY).join(JOURNAL))?;
    Ok(None)
}

fn lock(desired: &Desired, actual: &Actual) -> Result<Locks> {
    let present = actual.repositories.values().filter_map(RepositoryState::repository);
    let common: Vec<AbsPath> = present.map(|repository| repository.common_dir.clone()).collect();
    let locks = Locks::take(&desired.builders_dir, &common, Duration::from_secs(60), &|_| {})?;
    locks.ok_or_else(|| anyhow::anyhow!("a repository was moved"))
}

fn fetch(seen: &Actual, door: &dyn Door) -> Vec<String> {
    let present = seen.repositories.values().filter_map(RepositoryState::repository);
    let fetched = present.filter(|repository| !repository.remotes.is_empty());
    fetched.filter_map(|repository| Some(format!("{:#}", door.fetch(&repository.path, &|_, _| {}).err()?))).collect()
}

fn empty(desired: &Desired, seen: &Actual, plan: Plan, door: &dyn Door) -> Result<Applied> {
    let _locks = lock(desired, seen)?;
    let mut errors = Vec::new();
    let now = Moment { seconds: i64::MAX, boot: None };
    let actual = actual::read(desired)?;
    let present = actual.repositories.iter().filter_map(|(name, state)| Some((name, RepositoryState::repository(state)?)));
    let common_dirs = present.map(|(name, repository)| (name.clone(), repository.common_dir.clone())).collect();
    let finished = trash::finish_emptying(door, &actual.gone, &common_dirs, &now);
    let due = actual.trash.iter().filter(|entry| trash::is_due(entry, &now, Some(0)));
    let emptied = due.map(|entry| trash::empty(door, entry, &common_dirs, &now));
    errors.extend(std::iter::once(finished).chain(emptied).filter_map(Result::err).map(|error| format!("{error:#}")));
    Ok(Applied { plan, outcome: None, errors })
}

/// Brings builder `one` back, if the trash holds it still.
fn restore(desired: &Desired, order: Order, door: &dyn Door, carried: Option<&Journal>) -> Result<Vec<String>> {
    let _locks = lock(desired, &actual::read(desired)?)?;
    let actual = actual::read(desired)?;
    let found = plan::restore::asked("one").and_then(|asked| plan::restore::find(&actual, &asked));
    let Some((entry, only)) = found else { return Ok(vec![]) };
    let home = Home { builder: BuilderName::new("one")?, only };
    let stored = actual::stored(desired, &actual, entry, Some(&home));
    let planned = plan::restore::restore(desired, &actual, &order.options(), entry, stored.as_ref(), &home);
    let (Some(planned), Some(mark)) = (planned, actual.workspace.mark()) else { return Ok(vec!["no plan".into()]) };
    if planned.is_blocked() {
        return Ok(vec![format!("{:?}", planned.blockers)]);
    }
    let bringing = Bringing { desired, door, workspace: &mark.id, now: order.now, carried };
    Ok(bringing.bring_back(&planned).err().map(|error| format!("{error:#}")).into_iter().collect())
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Listener for Heard {
    fn event(&self, event: &Event<'_>) {
        if let Event::Errored { change, error, .. } = event {
            self.0.lock().unwrap().push(format!("{}: {error}", change.address));
        }
    }
}
