//! What reads: `plan`, `status`, and the program itself.

use std::fs;

use super::args::Row;
use super::corpus::{self, USUAL};
use super::git;
use super::table::{Figure, interleave};
use super::workspace::Workspace;
use super::world::{World, cores, seconds};

/// `--version`, and the size of the binary.
pub fn program(world: &World) -> Vec<Figure> {
    let mut figures = Vec::new();
    if world.wants(Row::Version) {
        let here = world.memory("version");
        let times = interleave(
            world.args.repeats() * 20,
            [&mut |_| seconds(|| world.wsctl(&here, &["--version"])), &mut |_| seconds(|| world.git(&here, &["--version"]))],
        );
        figures.push(Figure::ratio(Row::Version, "--version", &times[0], "git --version", &times[1]).mark(2.0).told(world));
    }
    if world.wants(Row::Size) {
        let size = fs::metadata(&world.program).unwrap().len() as f64 / 1e6;
        figures.push(Figure::megabytes(Row::Size, "size of the binary", size).told(world));
    }
    figures
}

/// A hundred checkouts of each of ten repositories, in the state that people leave them in.
pub fn hundreds(world: &World) -> Vec<Figure> {
    let mut figures = Vec::new();
    if !world.wants(Row::Plan) && !world.wants(Row::Status) {
        return figures;
    }
    let builders = world.scaled(100);
    let repositories = builders.clamp(2, 10);
    let number = repositories * builders;
    world.say(&format!("making {repositories} repositories × {builders} checkouts of {} files", USUAL.files));
    let origins = corpus::origins(world, &world.memory("hundreds"), repositories, &USUAL);
    let mut workspace = Workspace::new(world, world.memory("hundreds/ws"), &origins);
    workspace.make(world, builders);
    workspace.work(world);
    let checkouts = workspace.checkouts();
    if world.wants(Row::Plan) {
        let what = format!("plan, nothing to do, {repositories} repositories × {builders} checkouts");
        let times = interleave(
            world.args.repeats() + 1,
            [&mut |_| seconds(|| world.wsctl(&workspace.root, &["plan"])), &mut |_| seconds(|| git::list(world, &workspace))],
        );
        let [ours, list] = times.map(warm);
        figures.push(Figure::ratio(Row::Plan, &what, &ours, "git worktree list in each", &list).mark(0.7).told(world));
    }
    if world.wants(Row::Status) {
        let times = interleave(
            world.args.repeats() + 1,
            [&mut |_| seconds(|| world.wsctl(&workspace.root, &["status"])), &mut |_| seconds(|| git::status(world, &checkouts))],
        );
        let [ours, status] = times.map(warm);
        let (what, other) = (format!("status with files, {number} checkouts"), format!("git status, {} at a time", cores()));
        figures.push(Figure::ratio(Row::Status, &what, &ours, &other, &status).mark(0.35).told(world));
    }
    world.clear("hundreds");
    figures
}

/// The times without the first, which read what was on no page yet.
pub fn warm(mut times: Vec<f64>) -> Vec<f64> {
    times.remove(0);
    times
}
