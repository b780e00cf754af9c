//! The rows of Removing, Two processes and What a reader must not believe: each has its test, each test its row.

use super::{processes, processes_waiting, reading, removing, removing_inside, removing_keeper, removing_paused, removing_work};

/// A state in short words, and the name of its test.
type Row = (&'static str, &'static str);

/// Section, the source that holds its tests, and the rows.
pub const ROWS: [(&str, &str, &[Row]); 8] = [
    ("Removing", include_str!("removing.rs"), removing::ROWS),
    ("Removing", include_str!("removing_work.rs"), removing_work::ROWS),
    ("Removing", include_str!("removing_paused.rs"), removing_paused::ROWS),
    ("Removing", include_str!("removing_inside.rs"), removing_inside::ROWS),
    ("Removing", include_str!("removing_keeper.rs"), removing_keeper::ROWS),
    ("Two processes", include_str!("processes.rs"), processes::ROWS),
    ("Two processes", include_str!("processes_waiting.rs"), processes_waiting::ROWS),
    ("What a reader must not believe", include_str!("reading.rs"), reading::ROWS),
];

#[test]
fn every_row_of_removing_processes_and_reading_has_its_test() {
    for (section, source, rows) in ROWS {
        for (state, test) in rows {
            let head = format!("\n#[test]\nfn {test}() {{");
            let at = source.find(&head).unwrap_or_else(|| panic!("{section}, {state}: no test {test}"));
            let said = source[..at].lines().next_back().unwrap();
            assert!(said.starts_with("/// "), "{test} does not say its state");
        }
        assert_eq!(source.matches("\n#[test]\n").count(), rows.len(), "{section}: a test without a row");
    }
}
