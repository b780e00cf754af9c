//! The journal itself cut short: at every line's end and around it, and in between. What it still says is made good; what
//! it no longer says loses nothing.

use std::fs;

use super::copy::{bring_back, copy_tree};
use super::faults::Case;
use super::scenarios::SCENARIOS;
use super::{figures, number};
use crate::support::{Fault, Mode};

/// How many bytes before and after the end of a line.
const AROUND: usize = 2;

/// Where to cut: around the ends of lines and at every so many bytes; in the reduced run a few of these.
fn places(bytes: &[u8], full: bool) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let around = ends.flat_map(|end| end.saturating_sub(AROUND)..=(end + AROUND).min(bytes.len()));
    let mut all: Vec<usize> = around.chain((0..bytes.len()).step_by(37)).chain([bytes.len()]).collect();
    all.sort_unstable();
    all.dedup();
    if full { all } else { all.into_iter().step_by(23).collect() }
}

#[test]
fn a_journal_that_is_cut_anywhere_loses_nothing() {
    let full = number("WSCTL_PROOF_FULL", 0) != 0;
    let mut cuts = 0;
    for (name, method) in
        [("create sibling", "add_worktree"), ("remove builder", "rename"), ("switch", "park"), ("files", "write_managed")]
    {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).unwrap();
        let case = Case::new(scenario);
        let call = case.calls.iter().position(|called| *called == method).unwrap();
        case.breaks(Fault { call, mode: Mode::DieAfter });
        let (root, half) = (case.sandbox.root(), case.sandbox.top().join("half"));
        copy_tree(&root, &half);
        let journal = case.sandbox.builder(".wsctl/journal");
        let mut bytes = fs::read(&journal).unwrap();
        // Only with the machine can a note go that was written: the journal is of an earlier boot then.
        let id = bytes.windows(6).position(|six| six == b"\"id\":\"").unwrap() + 6;
        bytes[id] = if bytes[id] == b'0' { b'1' } else { b'0' };
        for at in places(&bytes, full) {
            bring_back(&half, &root);
            fs::write(&journal, &bytes[..at]).unwrap();
            let wrong = case.judged();
            // With all its intents the end is that of an undisturbed run; without some of them nothing is lost.
            let notes = bytes.windows(2).rposition(|pair| pair == b"}\n").unwrap() + 2;
            let wrong: Vec<_> = if at >= notes {
                wrong.iter().filter(|line| !super::faults::is_known(line)).collect()
            } else {
                wrong
                    .iter()
                    .filter(|line| line.starts_with("lost") || line.starts_with("still to do") || line.contains("fsck"))
                    .collect()
            };
            assert!(wrong.is_empty(), "{name}: the journal of {} bytes cut at {at}: {wrong:#?}", bytes.len());
            cuts += 1;
        }
    }
    figures(&format!("cuts: the journal cut at {cuts} places"));
    assert!(cuts > 20);
}
