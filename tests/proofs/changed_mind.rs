//! Somebody changes the file once more after a run that was killed half-way to what it said before.

use super::drive::{self, Command, Order};
use super::scenarios::{NOW, REPOS, TWO, applied, base, broken_off, work};
use super::{figures, number, spread, tokens};
use crate::support::{Fault, Mode, Sandbox};

/// What is said on the way, and what is said last: a section of the file, a key of `[repos.api]`, and what follows.
type Wish = [&'static str; 3];

const STORIES: [(&str, [Wish; 2]); 3] = [
    ("a repository's path", [["", "path = \"clones/api\"\n", ""], ["", "path = \"deep/down/api\"\n", ""]]),
    (
        "the layout",
        [
            ["[workspace]\nlayout = \"split\"\n", "", ""],
            ["[workspace]\nlayout = { root = \"ws\", repo = \"src/{repo}\" }\n", "", ""],
        ],
    ),
    (
        "a builder's name",
        [
            ["", "", "[[moved]]\nfrom = \"builders.one\"\nto = \"builders.mid\"\n"],
            [
                "",
                "",
                "[[moved]]\nfrom = \"builders.one\"\nto = \"builders.mid\"\n\
                 [[moved]]\nfrom = \"builders.mid\"\nto = \"builders.last\"\n",
            ],
        ],
    ),
];

fn file(sandbox: &Sandbox, [section, key, moved]: Wish) -> String {
    let url = sandbox.top().join("origin/api.git");
    let repos = REPOS.replace("[repos.api]\n", &format!("[repos.api]\nurl = \"{}\"\n{key}", url.display()));
    let name = moved.rsplit("to = \"builders.").next().and_then(|tail| tail.split('"').next()).filter(|name| !name.is_empty());
    let one = format!("[builders.{}]\nbranch = \"builder/one\"\n", name.unwrap_or("one"));
    format!("{section}{repos}{}{moved}", TWO.replace("[builders.one]\n", &one))
}

fn order(later: i64) -> Order {
    Order { command: Command::Apply, now: NOW + 7 * later, ..Order::default() }
}

/// What is wrong at the end; `None`: the run on the way had ended before this write.
fn told(on_the_way: Wish, last: Wish, call: usize) -> Option<Vec<String>> {
    let sandbox = base();
    applied(&sandbox, &file(&sandbox, ["", "", ""]));
    work(&sandbox, "one/api", "one");
    let before = (tokens::find(&sandbox), tokens::git_dirs(&sandbox.root()).len());
    let calls = broken_off(&sandbox, &file(&sandbox, on_the_way), Some(Fault { call, mode: Mode::DieAfter }));
    if calls.len() <= call {
        return None;
    }
    sandbox.toml(&file(&sandbox, last));
    let mut wrong = Vec::new();
    for later in 1..=3 {
        let desired = drive::load(&sandbox.root(), order(later)).unwrap();
        let door = drive::door(&sandbox, &desired).unwrap();
        wrong = drive::execute(&desired, order(later), 1, &door).unwrap().errors;
    }
    let desired = drive::load(&sandbox.root(), order(4)).unwrap();
    let (_, plan) = drive::refresh(&desired, order(4)).unwrap();
    wrong.extend(plan.changes.iter().map(|change| format!("{}: {}, {:?}", change.address, change.reason, change.blockers)));
    let after = (tokens::find(&sandbox), tokens::git_dirs(&sandbox.root()).len());
    wrong.extend(before.0.difference(&after.0).map(|token| format!("lost: {token}")));
    wrong.extend((before.1 != after.1).then(|| format!("{} repositories became {}", before.1, after.1)));
    wrong.extend(tokens::fsck(&sandbox));
    Some(wrong)
}

#[test]
fn a_file_that_changes_after_a_kill_is_what_the_disk_becomes() {
    // Few of the writes in a plain run, but always the last ones, where what was done is noted.
    let full = number("WSCTL_PROOF_FULL", 0) > 0;
    for (name, [on_the_way, last]) in STORIES {
        let sandbox = base();
        applied(&sandbox, &file(&sandbox, ["", "", ""]));
        let writes = broken_off(&sandbox, &file(&sandbox, on_the_way), None).len();
        let calls: Vec<usize> = (0..writes).filter(|call| full || call + 4 >= writes || call % 9 == 0).collect();
        let all = spread(&calls, |call| (*call, told(on_the_way, last, *call)));
        let wrong: Vec<_> = all.iter().filter(|(_, wrong)| wrong.as_ref().is_some_and(|wrong| !wrong.is_empty())).collect();
        figures(&format!("changed mind: {name}: killed at {} of {writes} writes, {} of them wrong", calls.len(), wrong.len()));
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

/// Managed files of every kind, in a builder and in its checkouts.
const SOURCES: &str = "[[files]]\nfrom = \"skills\"\nto = \"skills\"\n[[files]]\nfrom = \"shared.md\"\nto = \"{repo}/.env\"\n\
    [[files]]\nfrom = \"template.md\"\nto = \"template.md\"\nmode = \"template\"\n";

/// What the sources say, and one more file than the last time.
fn sources(sandbox: &Sandbox, version: u32) {
    for name in ["skills/one.md", "skills/deep/two.md", "shared.md", "template.md"] {
        sandbox.write(name, &format!("{name} {version} {{builder}}\n"));
    }
    sandbox.write(format!("skills/{version}.md"), "new\n");
}

#[test]
fn sources_that_change_after_a_kill_are_what_managed_files_become() {
    let full = number("WSCTL_PROOF_FULL", 0) > 0;
    let toml = format!("{REPOS}{TWO}{SOURCES}");
    let broken = |fault: Option<Fault>| {
        let sandbox = base();
        sources(&sandbox, 1);
        applied(&sandbox, &toml);
        sources(&sandbox, 2);
        let calls = broken_off(&sandbox, &toml, fault).len();
        (sandbox, calls)
    };
    let writes = broken(None).1;
    let calls: Vec<usize> = (0..writes).filter(|call| full || call % 5 == 2).collect();
    let all = spread(&calls, |&call| {
        let (sandbox, _) = broken(Some(Fault { call, mode: Mode::DieAfter }));
        sources(&sandbox, 3);
        let run = |order: Order| {
            let desired = drive::load(&sandbox.root(), order).unwrap();
            let door = drive::door(&sandbox, &desired).unwrap();
            drive::execute(&desired, order, 1, &door).unwrap()
        };
        let (first, second) = (run(order(1)), run(order(2)));
        let mut wrong = [first.errors, second.errors].concat();
        let blocked = first.plan.blocked().chain(second.plan.pending());
        wrong.extend(blocked.map(|change| format!("{}: {}, {:?}", change.address, change.reason, change.blockers)));
        (call, wrong)
    });
    let wrong: Vec<_> = all.iter().filter(|(_, wrong)| !wrong.is_empty()).collect();
    figures(&format!("changed sources: killed at {} of {writes} writes, {} of them wrong", calls.len(), wrong.len()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
