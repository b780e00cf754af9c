//! Thousands of small checkouts: ten groups of five repositories, 200 builders in each group. What is left to read of such
//! are registrations, refs, marks and anchors.

use std::cell::RefCell;

use super::args::Row;
use super::corpus::{self, SMALL};
use super::git;
use super::reading::warm;
use super::table::{Figure, interleave};
use super::workspace::Workspace;
use super::world::{World, seconds};

const GROUP: usize = 5;
const APPLY: &[&str] = &["apply", "--auto-approve"];

/// One workspace that grows, from row to row.
pub fn thousands(world: &World) -> Vec<Figure> {
    let mut figures = Vec::new();
    if ![Row::Memory, Row::PlanMany, Row::CreateMany].into_iter().any(|row| world.wants(row)) {
        return figures;
    }
    let builders = world.scaled(200);
    let groups = builders.clamp(2, 10);
    let mut many = make(world, "many", groups);
    if world.wants(Row::Memory) {
        figures.extend(memory(world, &mut many, groups / 2 * builders));
    }
    if world.wants(Row::PlanMany) || world.wants(Row::CreateMany) {
        grow(world, &mut many, groups * builders);
    }
    if world.wants(Row::PlanMany) {
        let mut few = make(world, "few", 1);
        grow(world, &mut few, builders);
        figures.push(plan(world, &many, &few));
    }
    if world.wants(Row::CreateMany) {
        figures.push(create(world, &mut many));
    }
    world.clear("thousands");
    figures
}

fn make(world: &World, name: &str, groups: usize) -> Workspace {
    let origins = corpus::origins(world, &world.memory(&format!("thousands/{name}-origins")), groups * GROUP, &SMALL);
    Workspace::new(world, world.memory(&format!("thousands/{name}")), &origins).in_groups_of(GROUP)
}

fn grow(world: &World, workspace: &mut Workspace, builders: usize) {
    world.say(&format!("making {} small checkouts", builders * GROUP));
    workspace.make(world, builders);
}

fn memory(world: &World, workspace: &mut Workspace, builders: usize) -> Option<Figure> {
    grow(world, workspace, builders);
    let what = format!("apply, nothing to do, {} checkouts: peak memory", builders * GROUP);
    let peak = world.peak(&workspace.root, APPLY)?;
    Some(Figure::megabytes(Row::Memory, &what, peak).mark(100.0).told(world))
}

fn plan(world: &World, many: &Workspace, few: &Workspace) -> Figure {
    let times = interleave(
        world.args.repeats() + 1,
        [&mut |_| seconds(|| world.wsctl(&many.root, &["plan"])), &mut |_| seconds(|| world.wsctl(&few.root, &["plan"]))],
    );
    let [ours, tenth] = times.map(warm);
    let what = format!("plan, nothing to do, {} checkouts", many.builders * GROUP);
    let against = format!("of {} checkouts", few.builders * GROUP);
    Figure::ratio(Row::PlanMany, &what, &ours, &against, &tenth).mark(11.0).told(world)
}

/// A twentieth more. git makes as many in the same repositories, elsewhere.
fn create(world: &World, workspace: &mut Workspace) -> Figure {
    let there = workspace.builders;
    let more = (there / 20).max(1);
    let by_hand = workspace.root.join("by-hand");
    let workspace = RefCell::new(workspace);
    let times = interleave(
        world.args.repeats().min(3),
        [
            &mut |round| {
                let mut workspace = workspace.borrow_mut();
                workspace.declare(there + (round + 1) * more);
                let time = seconds(|| world.wsctl(&workspace.root, APPLY));
                workspace.converged(world);
                time
            },
            &mut |round| {
                let declared = workspace.borrow().declared();
                let new = &declared[(there + round * more) * GROUP..];
                seconds(|| {
                    for (builder, repository, path) in new {
                        let path = by_hand.join(builder).join(path.file_name().unwrap());
                        git::add_one(world, repository, &format!("by-hand-{builder}"), &path);
                    }
                })
            },
        ],
    );
    let what = format!("apply creating {} more where {} are", more * GROUP, there * GROUP);
    Figure::ratio(Row::CreateMany, &what, &times[0], "loop of git worktree add", &times[1]).told(world)
}
