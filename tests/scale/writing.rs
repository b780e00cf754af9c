//! What writes: `apply` that creates and removes. Each round has directories of its own, and nothing is deleted on a disk
//! before the end: there, creating files right after deleting many is slow for everyone.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use super::args::Row;
use super::corpus::{self, Shape, USUAL};
use super::git;
use super::table::{Figure, interleave};
use super::workspace::{Workspace, builder};
use super::world::{World, cores, file_system, seconds, settle};

const APPLY: &[&str] = &["apply", "--auto-approve"];

/// Ten builders of five repositories, made and removed.
pub fn batches(world: &World) -> Vec<Figure> {
    let mut figures = Vec::new();
    if world.wants(Row::Create) {
        figures.extend(create(world, Row::Create, &world.memory("create"), [0.45, 0.6]));
        world.clear("create");
    }
    if world.wants(Row::CreateDisk) {
        figures.extend(create(world, Row::CreateDisk, &world.disk("create"), [0.65, 0.95]));
    }
    if world.wants(Row::Remove) {
        figures.push(remove(world, &world.memory("remove")));
        world.clear("remove");
    }
    figures
}

/// A workspace for one contender in one round, on whose disk nothing is left to be written.
fn fresh(world: &World, directory: &Path, origins: &[PathBuf], contender: &str, round: usize) -> Workspace {
    let root = directory.join(format!("{contender}{round}"));
    fs::create_dir_all(&root).unwrap();
    let mut workspace = Workspace::new(world, root, origins);
    workspace.declare(world.scaled(10));
    settle(directory);
    workspace
}

fn create(world: &World, row: Row, directory: &Path, marks: [f64; 2]) -> [Figure; 2] {
    let origins = corpus::origins(world, directory, 5, &USUAL);
    let make = |contender: &str, round| fresh(world, directory, &origins, contender, round);
    let times = interleave(
        world.args.repeats(),
        [
            &mut |round| {
                let workspace = make("wsctl", round);
                let time = seconds(|| world.wsctl(&workspace.root, APPLY));
                workspace.converged(world);
                time
            },
            &mut |round| {
                let workspace = make("loop", round);
                seconds(|| git::add(world, &workspace))
            },
            &mut |round| {
                let workspace = make("chains", round);
                seconds(|| git::add_by_repository(world, &workspace))
            },
        ],
    );
    let what = format!("apply creating {} checkouts on {}", 5 * world.scaled(10), file_system(directory));
    let chains = format!("the same, {} repositories at a time", cores());
    [
        Figure::ratio(row, &what, &times[0], "loop of git worktree add", &times[1]).mark(marks[0]).told(world),
        Figure::ratio(row, &what, &times[0], &chains, &times[2]).mark(marks[1]).told(world),
    ]
}

fn remove(world: &World, directory: &Path) -> Figure {
    let origins = corpus::origins(world, directory, 5, &USUAL);
    let times = interleave(
        world.args.repeats(),
        [
            &mut |round| {
                let mut workspace = fresh(world, directory, &origins, "wsctl", round);
                world.wsctl(&workspace.root, APPLY);
                let builders = workspace.builders;
                workspace.declare(0);
                let time = seconds(|| world.wsctl(&workspace.root, &["apply", "--auto-approve", "--allow-removals"]));
                workspace.gone(builders);
                time
            },
            &mut |round| {
                let workspace = fresh(world, directory, &origins, "loop", round);
                git::add(world, &workspace);
                seconds(|| git::remove(world, &workspace))
            },
        ],
    );
    let what = format!("apply removing {} checkouts, to the trash", 5 * world.scaled(10));
    Figure::ratio(Row::Remove, &what, &times[0], "loop of git worktree remove", &times[1]).mark(0.35).told(world)
}

/// More checkouts in a repository that has hundreds, and the first ones of a repository: the whole command, which reads
/// all that are there, and the creation alone as it tells it.
pub fn one_more(world: &World) -> Vec<Figure> {
    if !world.wants(Row::OneMore) {
        return vec![];
    }
    let there = world.scaled(300);
    world.say(&format!("making {there} checkouts of one repository"));
    let origins = corpus::origins(world, &world.memory("one-more"), 1, &USUAL);
    let mut full = Workspace::new(world, world.memory("one-more/full"), &origins);
    full.make(world, there);
    let full = RefCell::new(full);
    let empty = |name, round| Workspace::new(world, world.memory(&format!("one-more/{name}{round}")), &origins);
    let times = interleave(
        world.args.repeats(),
        [
            &mut |_| seconds_of(world, &mut full.borrow_mut(), 1),
            &mut |round| seconds_of(world, &mut empty("one", round), 1),
            &mut |_| told_seconds(world, &mut full.borrow_mut(), 10),
            &mut |round| told_seconds(world, &mut empty("ten", round), 10),
        ],
    );
    world.clear("one-more");
    let figure = |what: &str, full: &[f64], empty: &[f64]| {
        let figure = Figure::ratio(Row::OneMore, &format!("{what} where {there} are"), full, "where none is", empty);
        figure.mark(1.3).told(world)
    };
    vec![
        figure("apply creating one", &times[0], &times[1]),
        figure("of an apply creating ten, the creation alone,", &times[2], &times[3]),
    ]
}

/// The whole apply that makes so many more.
fn seconds_of(world: &World, workspace: &mut Workspace, more: usize) -> f64 {
    workspace.declare(workspace.builders + more);
    let time = seconds(|| world.wsctl(&workspace.root, APPLY));
    workspace.converged(world);
    time
}

/// What the apply that makes so many more says it took once it was planned.
fn told_seconds(world: &World, workspace: &mut Workspace, more: usize) -> f64 {
    workspace.declare(workspace.builders + more);
    let events = world.answer(&workspace.root, &["apply", "--auto-approve", "--json"]);
    workspace.converged(world);
    let last: serde_json::Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    last["elapsed_ms"].as_f64().unwrap() / 1e3
}

/// One checkout of a large repository. Both sides keep those of earlier rounds.
pub fn large(world: &World) -> Vec<Figure> {
    if !world.wants(Row::Large) {
        return vec![];
    }
    let shape = Shape { files: world.scaled(20_000), commits: 20, lines: 80 };
    world.say(&format!("making a repository of {} files", shape.files));
    let origins = corpus::origins(world, &world.memory("large"), 1, &shape);
    let mut ours = Workspace::new(world, world.memory("large/wsctl"), &origins);
    let theirs = Workspace::new(world, world.memory("large/git"), &origins);
    let repository = theirs.repositories().remove(0);
    let times = interleave(
        world.args.repeats(),
        [
            &mut |round| {
                ours.declare(round + 1);
                let time = seconds(|| world.wsctl(&ours.root, APPLY));
                ours.converged(world);
                time
            },
            &mut |round| {
                let path = theirs.root.join(builder(round));
                seconds(|| git::add_one(world, &repository, &builder(round), &path))
            },
        ],
    );
    let what = format!("apply creating one checkout of {} files", shape.files);
    world.clear("large");
    vec![Figure::ratio(Row::Large, &what, &times[0], "git worktree add", &times[1]).mark(0.6).told(world)]
}
