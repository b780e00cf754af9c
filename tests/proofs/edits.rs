//! The file is edited: killed at any time, it is the old text or the new one; where an editor saves all the while, no save
//! is lost.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{figures, number, program};
use crate::support::{Sandbox, text};

const COMMANDS: [&[&str]; 4] = [
    &["add", "slack", "--repo", "api", "--branch", "fix/slack"],
    &["add-repo", "web", "--builder", "one"],
    &["remove", "two"],
    &["fmt"],
];

fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::workspace();
    let before =
        "version = 1\n[repos.api]\n[repos.web]\n[builders.one]\nrepos = ['api',] # of one\n[builders.two]\nrepos = ['api']\n";
    sandbox.write("builders.toml", before);
    // The lock and its directory are there.
    sandbox.wsctl(&["add", "three", "--repo", "api"]).ok();
    sandbox.write("builders.toml", before);
    (sandbox, before.to_owned())
}

/// The temporaries of edits.
fn left(sandbox: &Sandbox) -> Vec<String> {
    let names = fs::read_dir(sandbox.root()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".wsctl-")).collect()
}

#[test]
fn a_kill_at_any_time_leaves_the_old_text_or_the_new_one() {
    let kills = u32::try_from(number("WSCTL_PROOF_KILLS", 6)).unwrap();
    let (sandbox, before) = sandbox();
    let (mut killed, mut written) = (0, 0);
    for command in COMMANDS {
        let begun = Instant::now();
        sandbox.wsctl(command).ok();
        let length = begun.elapsed();
        let after = text(sandbox.path("builders.toml"));
        assert_ne!(after, before, "{command:?}");
        for kill in 0..kills {
            sandbox.write("builders.toml", &before);
            // Writing is the last that it does.
            let time = length * (2 * kill + kills) / (3 * kills);
            killed += u32::from(program::kill_after(program::start(&sandbox, command), time, kill % 2 == 0));
            let found = text(sandbox.path("builders.toml"));
            assert!(found == before || found == after, "{command:?} killed after {time:?}: {found}");
            written += u32::from(found == after);
            // The next edit finishes, and takes away what was left.
            sandbox.write("builders.toml", &before);
            sandbox.wsctl(command).ok().never_says("cut short");
            assert_eq!(text(sandbox.path("builders.toml")), after);
            assert_eq!(left(&sandbox), [""; 0], "{command:?} killed after {time:?}");
        }
        sandbox.write("builders.toml", &before);
    }
    figures(&format!("edits: {killed} of {} killed, {written} of them had written", 4 * kills));
    assert!(killed > 0);
}

#[test]
fn no_save_of_an_editor_is_lost() {
    let rounds = number("WSCTL_PROOF_RACES", 4);
    let (sandbox, before) = sandbox();
    let file = sandbox.path("builders.toml");
    let (mut refused, mut edited) = (0, 0);
    // The file, or what was left beside it. The two are exchanged between a look at one and at the other: it looks again.
    let holds = |save: &str| {
        let beside = || left(&sandbox).into_iter().filter_map(|name| fs::read_to_string(sandbox.path(name)).ok());
        (0..10_000).any(|_| text(&file).contains(save) || beside().any(|found| found.contains(save)))
    };
    for round in 0..rounds {
        let done = AtomicBool::new(false);
        let line = |save: usize| format!("# save {round}.{save}\n");
        let saves = std::thread::scope(|scope| {
            // As editors save: whole, by a rename over the file, each time with one more line than is there.
            let editor = scope.spawn(|| {
                let mut saves = 0;
                while !done.load(Ordering::Relaxed) {
                    let seen = text(&file);
                    let draft = sandbox.path("builders.toml.saved");
                    fs::write(&draft, before.clone() + &"# line\n".repeat(saves % 50) + &line(saves)).unwrap();
                    // Only over what it has seen, as an editor that asks before it overwrites.
                    if text(&file) == seen {
                        fs::rename(&draft, &file).unwrap();
                        saves += 1;
                        assert!(holds(&line(saves - 1)), "save {saves} is lost");
                    }
                }
                saves
            });
            for _ in 0..4 {
                let answer = sandbox.wsctl(COMMANDS[0]);
                if answer.code == Some(0) {
                    edited += 1;
                } else {
                    answer.fails().says("changed while it was being edited").says("→ wsctl add slack");
                    refused += 1;
                }
            }
            done.store(true, Ordering::Relaxed);
            editor.join().unwrap()
        });
        // What the file holds is a save, or an edit of one; what is left beside it can only be a save too.
        let beside = left(&sandbox).into_iter().map(|name| text(sandbox.path(name)));
        for found in beside.chain([text(&file)]) {
            assert!(found.starts_with(&before) && saves > 0, "{found}");
        }
        assert!(holds(&line(saves - 1)), "the last save is lost");
    }
    figures(&format!("edits beside an editor: {refused} refused, {edited} written"));
    assert!(refused > 0);
}
