//! `wsctl status`

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::globals::{Globals, time};
use super::options::near;
use super::workspace::{load, refresh};
use super::{complete, signals};
use crate::diagnostic::Diagnostic;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::pattern::Pattern;
use crate::model::status::Status;
use crate::model::status_query::{Order, Query};
use crate::plan::{Change, Options, Plan, Symbol, unmanaged};
use crate::{actual, view};

/// How often `--watch` asks whether it is to end.
const TICK: Duration = Duration::from_millis(50);

/// Show every checkout: branch, commits ahead, behind and not pushed, changed and untracked files, last activity, age, state.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl status
  wsctl status --short --sort activity         one line for each builder, the busiest first
  wsctl status --target builders.slack --diff  what changed in it, in all its repositories
  wsctl status --changed --files               which files, wherever something changed
  wsctl status --merged --idle 7d --short      what could go
  wsctl status --watch                         the same again every two seconds
  wsctl status --json | jq '.builders[] | select(.state != \"ok\") | .name'

± counts against the upstream, else the base. UNPUSHED are commits that no remote is known to have. ACTIVE is
when HEAD last moved, or the newest of the files that changed was written. MERGED is `-` without commits of its own.")]
pub(super) struct Args {
    /// One line for each builder
    #[arg(long, short = 's', conflicts_with_all = ["files", "diff"])]
    short: bool,
    /// The files that differ, below the table
    #[arg(long)]
    files: bool,
    /// The files, and what differs in them
    #[arg(long)]
    diff: bool,
    /// What each builder takes on the disk; with --short
    #[arg(long, requires = "short")]
    disk: bool,
    /// Only these: an address, or a glob such as 'builders.slack*' or 'builders.*.api'
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse, add = complete::addresses())]
    target: Vec<Pattern>,
    /// Only where files differ, or commits are ahead
    #[arg(long)]
    changed: bool,
    /// Only where commits are not pushed
    #[arg(long)]
    unpushed: bool,
    /// Only builders whose commits are all in their bases
    #[arg(long, conflicts_with = "unmerged")]
    merged: bool,
    /// Only builders with commits that are not in their bases
    #[arg(long)]
    unmerged: bool,
    /// Only builders in which nobody worked for so long, e.g. 7d
    #[arg(long, value_name = "TIME", value_parser = time)]
    idle: Option<Duration>,
    /// Only builders with this label
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// Only what is not as declared
    #[arg(long)]
    amiss: bool,
    /// The order of builders
    #[arg(long, value_enum, value_name = "KEY", default_value = "name")]
    sort: Sort,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// Again and again, every so many seconds, until Ctrl-C
    #[arg(long, short = 'w', value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = clap::value_parser!(u16).range(1..))]
    watch: Option<u16>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    Name,
    /// The oldest first
    Age,
    /// Where somebody worked last, first
    Activity,
    /// Most files first
    Changed,
    /// Most commits first
    Ahead,
    /// Largest first
    Disk,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.into(), value.into()))
}

impl Args {
    fn query(&self) -> Query {
        Query {
            targets: self.target.clone(),
            changed: self.changed,
            unpushed: self.unpushed,
            merged: if self.merged { Some(true) } else { self.unmerged.then_some(false) },
            idle: self.idle.map(|time| time.as_secs()),
            labels: self.label.clone(),
            amiss: self.amiss,
            sort: match self.sort {
                Sort::Name => Order::Name,
                Sort::Age => Order::Age,
                Sort::Activity => Order::Activity,
                Sort::Changed => Order::Changed,
                Sort::Ahead => Order::Ahead,
                Sort::Disk => Order::Disk,
            },
            reverse: self.reverse,
        }
    }
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let Some(seconds) = args.watch else {
        let text = answer(globals, args)?;
        view::print(&text)?;
        return Ok(0);
    };
    let interrupt = signals::listen()?;
    let clears = std::io::stdout().is_terminal() && !globals.json;
    loop {
        // An answer that fails once may come the next time: a file is being written.
        let text = answer(globals, args).unwrap_or_else(|error| view::error(&error, &globals.out_style()));
        view::print(&view::screen(&text, clears))?;
        if ended(interrupt, Duration::from_secs(seconds.into())) {
            return Ok(signals::code(interrupt, 0));
        }
    }
}

/// Waits; whether it is to end: by a signal, or because nobody reads any more.
fn ended(interrupt: &AtomicUsize, wait: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < wait {
        if interrupt.load(Ordering::SeqCst) != 0 || is_unread(TICK) {
            return true;
        }
    }
    interrupt.load(Ordering::SeqCst) != 0
}

/// Waits a moment; whether the other end of standard output was closed.
fn is_unread(wait: Duration) -> bool {
    let output = std::io::stdout();
    let mut ends = [PollFd::new(&output, PollFlags::empty())];
    let wait = Timespec::try_from(wait).ok();
    rustix::event::poll(&mut ends, wait.as_ref()).is_ok_and(|ready| ready > 0)
}

fn answer(globals: &Globals, args: &Args) -> Result<String> {
    let desired = load(globals)?;
    let now = Globals::now();
    let status = look(&desired, now)?;
    check(&status, &args.target)?;
    let query = args.query();
    let mut status = query.select(status, now);
    if args.files || args.diff {
        actual::differing(&mut status, args.diff);
    }
    if args.disk || query.sort == Order::Disk {
        weigh(&mut status);
        status = query.select(status, now);
    }
    let style = globals.out_style();
    Ok(match (globals.json, args.short) {
        (true, _) => view::json::status(&status),
        (false, true) => view::short_text(&status, now, &style),
        (false, false) => view::status_text(&status, now, &style),
    })
}

/// What every builder is like.
pub(super) fn look(desired: &Desired, now: i64) -> Result<Status> {
    let options = Options { now, boot: actual::boot(), ..Options::default() };
    let (actual, plan) = refresh(desired, &options)?;
    Ok(actual::status(&actual, desired, &states(&plan), unmanaged(desired, &actual, &options)))
}

/// Adds what each builder takes on the disk.
pub(super) fn weigh(status: &mut Status) {
    let paths: Vec<_> = status.builders.iter().map(|builder| builder.path.clone()).collect();
    let sizes = actual::usage(&paths.iter().collect::<Vec<_>>());
    for (builder, size) in status.builders.iter_mut().zip(sizes) {
        builder.disk = Some(size);
    }
}

/// Whether every target means something.
fn check(status: &Status, targets: &[Pattern]) -> Result<()> {
    let inside = |builder: &crate::model::status::BuilderStatus| {
        let name = builder.name.clone();
        let checkouts: Vec<Address> =
            builder.checkouts.iter().map(|checkout| Address::Checkout(name.clone(), checkout.repository.clone())).collect();
        [Address::Builder(name)].into_iter().chain(checkouts)
    };
    let known = status.builders.iter().flat_map(inside).collect();
    for target in targets {
        let any = |known: &std::collections::BTreeSet<Address>| known.iter().any(|address| target.covers(address));
        if !any(&known) {
            let fact = format!("--target {target}: there is no builder or checkout of that address");
            return Err(Diagnostic::new(fact, near(&target.to_string(), &known)).into());
        }
    }
    Ok(())
}

/// What plan says of each address, in a word or two.
fn states(plan: &Plan) -> BTreeMap<Address, String> {
    let change = |change: &Change| {
        let word = match (change.blockers.first(), change.action.symbol()) {
            (Some(blocker), _) => format!("blocked: {}", blocker.fact),
            (None, Symbol::Create) => "missing".into(),
            (None, Symbol::Update) => format!("{} pending", change.action.word()),
            (None, Symbol::Adopt) => "not ours yet".into(),
            (None, Symbol::Replace) => "gone".into(),
            (None, Symbol::Remove) => "undeclared".into(),
        };
        (change.address.clone(), word)
    };
    let mut states: BTreeMap<Address, String> = plan.changes.iter().map(change).collect();
    for note in &plan.drift {
        if let Some(address) = &note.address {
            states.entry(address.clone()).or_insert_with(|| note.fact.clone());
        }
    }
    states
}
