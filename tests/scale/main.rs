//! The benchmark of scale: whole `wsctl` commands against git, in the same run, on a corpus that it builds itself.
//!
//! `cargo bench --bench scale`, and `-- --help` for what it can be told. What it prints are ratios of medians of interleaved
//! repeats (A B C A B C …), each beside the mark that it is held to. What it builds goes away with it.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::must_use_candidate,
    clippy::missing_errors_doc,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark says what it measures, and stops where something fails; its numbers are small"
)]

use std::io::{self, Write};

use clap::Parser as _;

mod args;
mod corpus;
mod git;
mod reading;
mod table;
mod thousands;
mod workspace;
mod world;
mod writing;

pub use args::{Args, Row};

#[allow(dead_code, reason = "the tests, of which this is a module, call `run`")]
fn main() -> io::Result<()> {
    let args = Args::parse();
    let mut out = io::stdout().lock();
    if args.list {
        return Row::ALL.iter().try_for_each(|row| writeln!(out, "{}: benchmark", row.name()));
    }
    run(&args, &mut out, |line| _ = writeln!(io::stderr(), "{line}"))
}

/// Measures the rows that were asked for and prints the table; `narrate` hears what goes on meanwhile.
pub fn run(args: &Args, out: &mut dyn Write, narrate: fn(&str)) -> io::Result<()> {
    let world = world::World::new(args, narrate)?;
    write!(out, "{}", world.heading())?;
    let mut figures = Vec::new();
    figures.extend(reading::program(&world));
    figures.extend(reading::hundreds(&world));
    figures.extend(thousands::thousands(&world));
    figures.extend(writing::batches(&world));
    figures.extend(writing::one_more(&world));
    figures.extend(writing::large(&world));
    figures.sort_by_key(|figure| figure.row);
    write!(out, "{}", table::table(&figures))
}
