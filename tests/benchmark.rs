//! The benchmark itself, so small that it measures nothing: every row is still done, and does what it says.

use std::path::Path;

use clap::Parser as _;

use crate::scale::{Args, Row, run};

fn table(arguments: &[&str]) -> String {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().to_str().unwrap();
    let fixed = ["scale", "--dir", place, "--memory", place, "--scale", "0.01", "--repeats", "1"];
    let args = Args::try_parse_from(fixed.iter().chain(arguments)).unwrap();
    let mut out = Vec::new();
    run(&args, &mut out, |_| ()).unwrap();
    String::from_utf8(out).unwrap()
}

/// The lines of a row, by the name in the first column; of each, what the last one says.
fn said(table: &str, row: Row) -> Vec<&str> {
    let cells = table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells.get(1) == Some(&row.name().as_str())).map(|cells| cells[cells.len() - 2]).collect()
}

#[test]
fn every_row_of_the_benchmark_is_measured_and_held_to_its_mark() {
    let table = table(&[]);
    for &row in Row::ALL {
        let said = said(&table, row);
        let expected = match row {
            Row::Create | Row::CreateDisk | Row::OneMore => 2,
            Row::Memory => usize::from(Path::new("/proc/self/status").exists()),
            Row::Plan | Row::PlanMany | Row::Status | Row::CreateMany | Row::Remove | Row::Large | Row::Version | Row::Size => 1,
        };
        assert_eq!(said.len(), expected, "{} in\n{table}", row.name());
        let held = said.iter().all(|said| ["reached", "not reached"].contains(said));
        assert_eq!(held, !matches!(row, Row::Size | Row::CreateMany), "{} in\n{table}", row.name());
    }
}

#[test]
fn rows_are_chosen_by_name() {
    let table = table(&["version", "size"]);
    for &row in Row::ALL {
        assert_eq!(said(&table, row).len(), usize::from(matches!(row, Row::Version | Row::Size)), "{table}");
    }
    assert!(Args::try_parse_from(["scale", "speed"]).is_err());
}
