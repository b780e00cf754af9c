//! What reads: `plan`, `status`, an `apply` with nothing to do, and the program itself.

use std::fs;

use super::args::Row;
use super::corpus::{self, SMALL, USUAL};
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

/// Thousands of small checkouts: 50 repositories in ten groups of five, each with 200 builders.
pub fn thousands(world: &World) -> Vec<Figure> {
    let mut figures = Vec::new();
    let (group, builders) = (5, world.scaled(200));
    let groups = builders.clamp(2, 10);
    let make = |name: &str, groups: usize| {
        let origins = corpus::origins(world, &world.memory(&format!("thousands/{name}-origins")), groups * group, &SMALL);
        Workspace::new(world, world.memory(&format!("thousands/{name}")), &origins).in_groups_of(group)
    };
    if !world.wants(Row::Memory) && !world.wants(Row::PlanMany) {
        return figures;
    }
    let mut many = make("many", groups);
    if world.wants(Row::Memory) {
        let number = groups / 2 * builders * group;
        world.say(&format!("making {number} checkouts"));
        many.make(world, groups / 2 * builders);
        let figure = world.peak(&many.root, &["apply", "--auto-approve"]).map(|peak| {
            let what = format!("apply, nothing to do, {number} checkouts: peak memory");
            Figure::megabytes(Row::Memory, &what, peak).mark(100.0).told(world)
        });
        figures.extend(figure);
    }
    if world.wants(Row::PlanMany) {
        let number = builders * group;
        world.say(&format!("making {} checkouts, and {number}", groups * number));
        many.make(world, groups * builders);
        let mut few = make("few", 1);
        few.make(world, builders);
        let times = interleave(
            world.args.repeats() + 1,
            [&mut |_| seconds(|| world.wsctl(&many.root, &["plan"])), &mut |_| seconds(|| world.wsctl(&few.root, &["plan"]))],
        );
        let [ours, tenth] = times.map(warm);
        let what = format!("plan, nothing to do, {} checkouts", groups * number);
        let figure = Figure::ratio(Row::PlanMany, &what, &ours, &format!("of {number} checkouts"), &tenth);
        figures.push(figure.mark(11.0).told(world));
    }
    world.clear("thousands");
    figures
}

/// The times without the first, which read what was on no page yet.
fn warm(mut times: Vec<f64>) -> Vec<f64> {
    times.remove(0);
    times
}
