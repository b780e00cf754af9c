//! One workspace in which an apply has everything to do at once: a clone, creations, removals with unsaved work, a
//! switch, files. It is brought back to the same path as often as needed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::copy::{bring_back, copy_tree};
use super::drive::{self, Command, Order};
use super::end::list;
use super::faults::is_known;
use super::leftovers::leftovers;
use super::program;
use super::scenarios::{applied, base, work};
use super::tokens::{self, text};
use crate::support::Sandbox;

const REPOS: &str = "[repos.api]\n[repos.web]\n[policy]\nmax_removals = 50\ndisposable = [\"cache/\"]\n";
const BEFORE: &str = "[builders.one]\nrepos = [\"api\", \"web\"]\n[builders.two]\nrepos = [\"api\", \"web\"]\n\
    [builders.three]\nrepos = [\"api\"]\nbranch = \"task/before\"\n";
const AFTER: &str = "[repos.lib]\nurl = \"../origin/lib.git\"\n[builders.two]\nrepos = [\"api\"]\n\
    [builders.three]\nrepos = [\"api\", \"lib\"]\nbranch = \"task/after\"\n[builders.four]\nrepos = [\"api\", \"web\", \"lib\"]\n";
const FILES: &str =
    "[[files]]\nfrom = \"shared.md\"\nto = \"shared.md\"\n[[files]]\nfrom = \"shared.md\"\nto = \"{repo}/.env\"\n";

/// What is given.
pub(super) const ORDER: Order = Order { command: Command::Apply, unsaved: true, allow_removals: true, now: 0 };

pub(super) struct Mixed {
    pub(super) sandbox: Sandbox,
    pub(super) tokens: BTreeSet<String>,
    names: BTreeSet<(PathBuf, u64)>,
}

impl Mixed {
    pub(super) fn new() -> Self {
        let sandbox = base();
        let seed = sandbox.repository(sandbox.top().join("seed/lib"));
        let origin = sandbox.top().join("origin/lib.git");
        sandbox.git(sandbox.root(), &["clone", "-q", "--bare", seed.to_str().unwrap(), origin.to_str().unwrap()]);
        applied(&sandbox, &format!("{REPOS}{BEFORE}{FILES}"));
        work(&sandbox, "one/api", "one");
        work(&sandbox, "two/web", "two");
        fs::write(sandbox.builder("two/api/untracked.txt"), text("stays")).unwrap();
        fs::write(sandbox.builder("one/stray.txt"), text("stray")).unwrap();
        sandbox.write("shared.md", "a new version\n");
        sandbox.toml(&format!("{REPOS}{AFTER}{FILES}"));
        let tokens = tokens::find(&sandbox);
        assert!(tokens.len() > 15, "{tokens:?}");
        copy_tree(&sandbox.root(), &sandbox.top().join("kept"));
        let names = names(&sandbox.root());
        Mixed { sandbox, tokens, names }
    }

    pub(super) fn kept(&self) -> PathBuf {
        self.sandbox.top().join("kept")
    }

    pub(super) fn bring_back(&self) {
        bring_back(&self.kept(), &self.sandbox.root());
    }

    /// How long the program takes undisturbed: the middle one of three times.
    pub(super) fn length(&self) -> Duration {
        let mut times: Vec<_> = (0..3)
            .map(|_| {
                self.bring_back();
                let begun = Instant::now();
                let ended = program::wait(program::start(&self.sandbox, &program::arguments(ORDER)));
                assert_eq!(ended.code, Some(0), "{ended:?}");
                begun.elapsed()
            })
            .collect();
        times.sort();
        times[1]
    }

    /// Whether anything was written since it was brought back, locks apart.
    pub(super) fn is_touched(&self) -> bool {
        names(&self.sandbox.root()) != self.names
    }

    /// Everything that is wrong now, or after at most two further applies.
    pub(super) fn aftermath(&self, more: &BTreeSet<String>) -> Vec<String> {
        let sandbox = &self.sandbox;
        let mut wrong = Vec::new();
        let missing = |when: &str, wrong: &mut Vec<String>| {
            let found = tokens::find(sandbox);
            let lost = self.tokens.union(more).filter(|token| !found.contains(*token));
            wrong.extend(lost.map(|token| format!("lost {when}: {token}")));
        };
        missing("at once", &mut wrong);
        wrong.extend(converge(sandbox).err());
        missing("in the end", &mut wrong);
        wrong.extend(leftovers(sandbox).into_iter().filter(|line| !is_known(line)));
        wrong.extend(tokens::fsck(sandbox));
        wrong
    }
}

/// Every path with its size, without the locks of the operating system.
fn names(root: &Path) -> BTreeSet<(PathBuf, u64)> {
    let mut found = BTreeSet::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for path in list(&directory) {
            let seen = path.symlink_metadata().unwrap();
            if seen.is_dir() {
                found.insert((path.clone(), 0));
                directories.push(path);
            } else if !path.ends_with(".wsctl/lock") && !path.ends_with("wsctl.lock") {
                found.insert((path, seen.len()));
            }
        }
    }
    found
}

fn converge(sandbox: &Sandbox) -> Result<(), String> {
    let broken = |error: anyhow::Error| format!("no apply: {error:#}");
    let mut errors = Vec::new();
    for further in 0..=2 {
        let order = Order { now: 1_900_000_000 + 7 * further, ..ORDER };
        let desired = drive::load(&sandbox.root(), order).map_err(broken)?;
        let door = drive::door(sandbox, &desired).map_err(broken)?;
        let carried = drive::recover(&desired, &door).map_err(broken)?;
        let seen = drive::refresh(&desired, order).map_err(broken)?;
        let left: Vec<_> = seen.1.pending().map(|change| format!("{}: {}", change.address, change.reason)).collect();
        let blocked: Vec<_> = seen.1.blocked().map(|change| format!("{}: {:?}", change.address, change.blockers)).collect();
        if left.is_empty() {
            return if blocked.is_empty() { Ok(()) } else { Err(format!("blocked in the end: {blocked:?}")) };
        }
        if further == 2 {
            return Err(format!("after two further applies still to do: {left:?}; went wrong: {errors:?}"));
        }
        errors = drive::execute_seen(&desired, order, 2, &door, seen, carried.as_ref()).map_err(broken)?.errors;
    }
    Ok(())
}
