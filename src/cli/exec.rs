//! `wsctl exec`

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;

use super::globals::{Globals, time};
use super::options::near;
use super::workspace::load;
use super::{complete, signals};
use crate::child::{self, Around, Stream, Task};
use crate::diagnostic::Diagnostic;
use crate::model::actual::Actual;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::located::{LocatedBuilder, LocatedCheckout};
use crate::model::pattern::Pattern;
use crate::view::exec::{Board, Layout, Run, nowhere, summary};
use crate::{actual, view};

/// How much of what it says in one place is kept until its turn comes, in bytes of each stream.
const MOST: usize = 32 << 20;

/// Run a command in every checkout, several at a time: its output, a summary, and exit code 1 where it failed in one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl exec -- git status --short
  wsctl exec --target builders.slack -- cargo test
  wsctl exec --target 'builders.*.api' -j 4 -- git fetch
  wsctl exec --changed -- sh -c 'echo $WSCTL_BUILDER/$WSCTL_REPOSITORY on $WSCTL_BRANCH'
  wsctl exec --each builder --output prefixed -- task test
  wsctl exec --json -- git log -1 --format=%s | jq '.results[] | .path, .stdout'

Where it is one checkout and a terminal, the command has the terminal. It knows where it is by WSCTL_WORKSPACE,
WSCTL_BUILDER, WSCTL_BUILDER_DIR, WSCTL_BRANCH, WSCTL_REPOSITORY, WSCTL_CHECKOUT_DIR and WSCTL_PORT.")]
pub(super) struct Args {
    /// Only in these: an address, or a glob such as 'builders.slack*' or 'builders.*.api'
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse, add = complete::addresses())]
    target: Vec<Pattern>,
    /// Not in these
    #[arg(long, value_name = "ADDRESS", value_parser = Pattern::parse, add = complete::addresses())]
    exclude: Vec<Pattern>,
    /// Only where files changed, are untracked, or commits are ahead of the upstream or base
    #[arg(long)]
    changed: bool,
    /// Once in each of what
    #[arg(long, value_enum, value_name = "WHAT", default_value = "checkout")]
    each: Each,
    /// How output is shown
    #[arg(long, value_enum, value_name = "HOW", default_value = "grouped")]
    output: Output,
    /// Begin no more once it has failed somewhere
    #[arg(long)]
    fail_fast: bool,
    /// End it where it takes longer, e.g. 30s, 5m
    #[arg(long, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Each {
    /// In every checkout
    Checkout,
    /// In every builder's own directory
    Builder,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    /// One place after the other, below its address; with -q without it
    Grouped,
    /// Line by line as they come, each behind its address
    Prefixed,
}

/// One place to run it in.
struct Spot<'a> {
    builder: &'a LocatedBuilder,
    checkout: Option<&'a LocatedCheckout>,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let read = actual::read(&desired)?;
    let all = actual::located(&read, &desired);
    check(&desired, &all, args)?;
    let changed = args.changed.then(|| changed(&read, &desired));
    let spots = spots(&all, args, changed.as_ref());
    let places = match args.each {
        Each::Checkout => "checkout",
        Each::Builder => "builder",
    };
    if spots.is_empty() && !globals.json {
        if !globals.quiet() {
            view::narrate(&nowhere(&format!("{places}s"), "wsctl status", &globals.err_style()));
        }
        return Ok(0);
    }
    if let ([spot], false) = (&spots[..], globals.json)
        && std::io::stdin().is_terminal()
    {
        return here(&desired, spot, args);
    }
    let (runs, elapsed, interrupt) = everywhere(globals, args, &desired, &spots)?;
    let good = runs.iter().all(Run::is_good);
    if globals.json {
        let words: Vec<String> = args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        view::print(&view::json::exec(&words, &runs))?;
    } else if !globals.quiet() || !good {
        view::narrate(&summary(&runs, places, elapsed, &globals.err_style()));
    }
    Ok(signals::code(interrupt, u8::from(!good)))
}

/// Runs it in all of them, so many at a time.
fn everywhere(
    globals: &Globals,
    args: &Args,
    desired: &Desired,
    spots: &[Spot<'_>],
) -> Result<(Vec<Run>, Duration, &'static AtomicUsize)> {
    let interrupt = signals::listen()?;
    let layout = match (globals.json, args.output) {
        (true, _) => Layout::Kept,
        (false, Output::Grouped) => Layout::Grouped,
        (false, Output::Prefixed) => Layout::Prefixed,
    };
    let board = Board::new(layout, !globals.quiet(), globals.out_style(), globals.err_style());
    let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let begun = Instant::now();
    let work = || {
        while let Some((number, spot)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, spots.get(n)?))) {
            let stops = enough.load(Ordering::SeqCst) || interrupt.load(Ordering::SeqCst) != 0;
            let run = if stops { spot.unbegun() } else { spot.run(args, desired, number, &board, interrupt) };
            if args.fail_fast && !run.is_good() {
                enough.store(true, Ordering::SeqCst);
            }
            board.ended(number, run);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..globals.jobs().min(spots.len()) {
            scope.spawn(work);
        }
    });
    Ok((board.runs(), begun.elapsed(), interrupt))
}

/// Gives it the terminal.
fn here(desired: &Desired, spot: &Spot<'_>, args: &Args) -> Result<u8> {
    let ended = child::run_here(&args.command, spot.path(), spot.environment(desired)).map_err(|error| no_start(args, &error))?;
    Ok(match ended {
        child::Ended::Code(code) => u8::try_from(code).unwrap_or(1),
        child::Ended::Signal(signal) => u8::try_from(128 + signal).unwrap_or(1),
        child::Ended::Late | child::Ended::Interrupted => 1,
    })
}

fn no_start(args: &Args, error: &std::io::Error) -> anyhow::Error {
    let program = args.command.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    Diagnostic::new(format!("`{program}` cannot be run: {error}"), "name a program that is on PATH").into()
}

impl Spot<'_> {
    fn address(&self) -> Address {
        self.checkout.map_or_else(|| self.builder.address(), |checkout| self.builder.address_of(checkout))
    }

    fn path(&self) -> &crate::model::path::AbsPath {
        self.checkout.map_or(&self.builder.path, |checkout| &checkout.path)
    }

    fn environment(&self, desired: &Desired) -> BTreeMap<OsString, OsString> {
        child::environment(&Around {
            root: &desired.root,
            builder: &self.builder.name,
            directory: &self.builder.path,
            branch: self.checkout.map_or(self.builder.branch.as_ref(), |checkout| checkout.branch.as_ref()),
            checkout: self.checkout.map(|checkout| (&checkout.repository, &checkout.path)),
            port: self.builder.port,
        })
    }

    fn unbegun(&self) -> Run {
        Run {
            builder: self.builder.name.clone(),
            repository: self.checkout.map(|checkout| checkout.repository.clone()),
            path: self.path().clone(),
            end: None,
            elapsed: Duration::ZERO,
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }

    fn run(&self, args: &Args, desired: &Desired, number: usize, board: &Board, interrupt: &AtomicUsize) -> Run {
        let begun = Instant::now();
        let address = self.address();
        let task = Task {
            words: args.command.clone(),
            directory: self.path(),
            environment: self.environment(desired),
            input: Stdio::null(),
            limit: args.timeout,
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let end = child::run(task, interrupt, &mut |stream, bytes| {
            let kept = match stream {
                Stream::Out => &mut stdout,
                Stream::Err => &mut stderr,
            };
            if kept.len() < MOST {
                kept.extend_from_slice(bytes);
                if kept.len() >= MOST {
                    kept.extend_from_slice(b"\n(more is not kept: --output prefixed shows all of it)\n");
                }
            }
            board.said(number, &address, stream, bytes);
        });
        let program = args.command.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let end = end.map_err(|error| format!("`{program}` cannot be run: {error}"));
        Run { end: Some(end), elapsed: begun.elapsed(), stdout, stderr, ..self.unbegun() }
    }
}

/// Where it runs, in the order of the addresses.
fn spots<'a>(all: &'a [LocatedBuilder], args: &Args, changed: Option<&Vec<Address>>) -> Vec<Spot<'a>> {
    let mut spots = Vec::new();
    for builder in all {
        let inside = builder.checkouts.iter().filter(|checkout| {
            let address = builder.address_of(checkout);
            asked(args, &address) && changed.is_none_or(|changed| changed.contains(&address))
        });
        match args.each {
            Each::Checkout => spots.extend(inside.map(|checkout| Spot { builder, checkout: Some(checkout) })),
            Each::Builder => {
                let meant = asked(args, &builder.address()) && changed.is_none();
                spots.extend((meant || inside.count() > 0).then_some(Spot { builder, checkout: None }));
            }
        }
    }
    spots
}

fn asked(args: &Args, address: &Address) -> bool {
    let meant = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.covers(address));
    (args.target.is_empty() || meant(&args.target)) && !meant(&args.exclude)
}

/// Whether every address means something that is there, or is declared.
fn check(desired: &Desired, all: &[LocatedBuilder], args: &Args) -> Result<()> {
    let mut known: std::collections::BTreeSet<Address> = all.iter().map(LocatedBuilder::address).collect();
    known.extend(all.iter().flat_map(|builder| builder.checkouts.iter().map(|checkout| builder.address_of(checkout))));
    for builder in desired.builders.values() {
        known.insert(Address::Builder(builder.name.clone()));
        known.extend(builder.checkouts.keys().map(|name| Address::Checkout(builder.name.clone(), name.clone())));
    }
    for (option, patterns) in [("--target", &args.target), ("--exclude", &args.exclude)] {
        for pattern in patterns {
            if !known.iter().any(|address| pattern.covers(address)) {
                let fact = format!("{option} {pattern}: there is no builder or checkout of that address");
                return Err(Diagnostic::new(fact, near(&pattern.to_string(), &known)).into());
            }
        }
    }
    Ok(())
}

/// The checkouts in which something is to be found that is not in the upstream or base.
fn changed(read: &Actual, desired: &Desired) -> Vec<Address> {
    let status = actual::status(read, desired, &BTreeMap::new(), vec![]);
    let mut found = Vec::new();
    for builder in status.builders {
        for checkout in builder.checkouts {
            let files = checkout.changed.unwrap_or(1) + checkout.untracked.unwrap_or(1);
            let ahead = checkout.ahead_behind.is_some_and(|(ahead, _)| ahead > 0);
            if files > 0 || ahead {
                found.push(Address::Checkout(builder.name.clone(), checkout.repository));
            }
        }
    }
    found
}
