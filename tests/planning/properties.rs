//! What holds for any workspace: [`super::text::check`] is made for every plan here.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wsctl::model::actual::{Head, Link, Lock, Place, RepositoryState};
use wsctl::model::address::Address;
use wsctl::model::builder::{AnchorState, Occupant};
use wsctl::model::desired::Shape;
use wsctl::model::mark::{Deed, Marked, OurLock};
use wsctl::model::pattern::Pattern;
use wsctl::model::policy::OnUnsaved;
use wsctl::model::work::Finding;
use wsctl::plan::{Change, Plan, Selection, explained};

use super::text::lines;
use super::values::{abs, branch, evidence, id, on, other_id, our_id, rebase, rel, repo};
use super::world::on_disk;
use super::{World, planned};

const REPOSITORIES: [&str; 3] = [".", "api", "ui"];
const BUILDERS: [&str; 4] = ["a", "b", "c", "d"];

/// A builder of a random shape with some of the repositories and files.
fn declare(world: World, name: &str, (shape, mask, files): (u8, u8, bool)) -> World {
    let chosen = |index: usize| mask & (1 << index) != 0;
    let mut repos: Vec<&str> =
        REPOSITORIES.iter().enumerate().filter(|(index, _)| chosen(*index)).map(|(_, name)| *name).collect();
    if shape == 2 && !repos.contains(&".") {
        repos.insert(0, ".");
    }
    let world = match shape {
        0 => world.builder(name, &repos),
        1 => world.plain(name, &repos),
        _ => world.nested(name, &repos),
    };
    if files { world.file(name, "Taskfile.yaml", "text\n") } else { world }
}

prop_compose! {
    /// Some builders, as applied.
    fn applied()(specs in proptest::collection::vec((0..3_u8, 0..8_u8, any::<bool>()), 1..4)) -> World {
        let world = REPOSITORIES.iter().fold(World::new(), |world, name| world.repo(name));
        let world = specs.into_iter().zip(BUILDERS).fold(world, |world, (spec, name)| declare(world, name, spec));
        world.created()
    }
}

fn is_nested(world: &World, name: &str) -> bool {
    world.desired.builders.get(name).is_some_and(|builder| builder.shape == Shape::Nested)
}

/// Something happens to one checkout of one builder, if there is such a one.
fn disturb(world: World, (builder, repository, what): (usize, usize, u8)) -> World {
    let (name, repository) = (BUILDERS[builder], REPOSITORIES[repository]);
    let other = BUILDERS[(builder + 1) % BUILDERS.len()];
    let registered =
        world.actual.repositories.get(repository).and_then(RepositoryState::repository).is_some_and(|repository_state| {
            repository_state.registrations.contains_key(&super::world::admin_name(name, repository))
        });
    let declared = world.desired.builders.get(name).is_some_and(|builder| builder.checkouts.contains_key(repository));
    let created = world.actual.builders.contains_key(std::ffi::OsStr::new(name));
    let wanted = format!("builder/{other}");
    match what {
        0 if declared => world.wants(name, repository, &wanted),
        // A nested builder is its root: one without is a fault of the file.
        1 if declared && !(repository == "." && is_nested(&world, name)) => world.without(name, repository),
        2 => world.undeclared(name),
        3 if registered => world.head(name, repository, &wanted),
        4 if registered => world.gone(name, repository),
        5 if registered => world.registration(name, repository, |found| found.link = Link::GitFileGone),
        6 if registered => world.registration(name, repository, |found| found.mark = Marked::No),
        7 if registered => world.checkout_mark(name, repository, |mark| mark.workspace = other_id()),
        8 if registered => world.found(name, repository, vec![Finding::Edited(evidence("x"))]),
        9 if registered => world.registration(name, repository, |found| {
            let deed = Deed::Creating { made_branch: true, start: id("a") };
            (found.mark, found.lock) = (Marked::No, Some(Lock::Ours(OurLock { workspace: our_id(), deed })));
        }),
        10 if registered => world.registration(name, repository, |found| {
            (found.head, found.operation) = (Head::Detached(id("b")), Some(rebase(&wanted)));
        }),
        11 if registered => world.registration(name, repository, |found| found.worktree = Some(abs("/else"))),
        12 if registered => world.registration(name, repository, |found| found.work = None),
        13 if created => world.directory(name, |directory| directory.mark = Marked::No),
        14 if created => world.directory(name, |directory| directory.anchor = AnchorState::Missing),
        15 if created => world.occupied(name, "", Occupant::Symlink),
        16 if created => world.mark(name, |mark| mark.protect = true),
        17 if created => world.directory(name, |directory| drop(directory.files.insert(rel("Taskfile.yaml"), on_disk(b"mine")))),
        18 => world.repository(repository, |found| found.head = on(&wanted)),
        19 => world.repository(repository, |found| drop(found.branches.insert(branch("builder"), id("a")))),
        20 => world.with(|world| drop(world.actual.repositories.insert(repo(repository), RepositoryState::Missing))),
        21 => world.with(|world| world.actual.place = Place::Elsewhere(abs("/host/builders.toml"))),
        22 => world.with(|world| world.actual.place = Place::Moved(abs("/old/builders.toml"))),
        23 => world.options(|options| options.unsaved = Some(OnUnsaved::Trash)),
        24 => world.options(|options| options.allow_removals = true),
        25 => declare(world, name, (0, 7, true)),
        26 => declare(world, name, (2, 7, false)),
        _ => world,
    }
}

/// Some targets and exclusions.
fn selection((targets, excludes): (u16, u16)) -> Selection {
    let texts = ["builders.a", "builders.b.api", "builders.*.ui", "builders.c..", "repos.api", "builders.a.files", "builders.d*"];
    let chosen = |mask: u16| {
        let chosen = texts.iter().enumerate().filter(move |(index, _)| mask & (1 << index) != 0);
        chosen.map(|(_, text)| Pattern::parse(text).unwrap()).collect()
    };
    Selection { targets: chosen(targets), excludes: chosen(excludes) }
}

/// Whatever `plan -v` calls as declared is, in a world that was applied and then disturbed.
fn what_is_said_to_be_as_declared_is(world: &World, made: &Plan) {
    let explained = explained(&world.desired, &world.actual, &world.options, made);
    for address in explained.same.iter().filter_map(|compared| compared.address.as_ref()) {
        let directory = address.builder().and_then(|name| world.actual.builders.get(std::ffi::OsStr::new(name.as_str())));
        let is = match address {
            Address::BuildersDir => true,
            Address::Repository(name) => world.actual.repositories[name].repository().is_some(),
            Address::Builder(_) => directory.is_some_and(|directory| directory.mark.mark().is_some()),
            Address::Checkout(name, repository) => {
                let declared = &world.desired.builders[name].checkouts[repository];
                let found = world.actual.repositories[repository].repository().unwrap();
                let found = &found.registrations[&super::world::admin_name(name.as_str(), repository.as_str())];
                found.mark.mark().is_some() && found.link == Link::Whole && found.head.branch() == declared.goal.branch()
            }
            // No world has a hook or a server.
            Address::Hook(..) | Address::Session(_) => false,
            Address::File(_, to) => directory.unwrap().files.get(to) == Some(&on_disk(b"text\n")),
        };
        assert!(is, "{address} is not as declared:\n{}", lines(made).join("\n"));
    }
    let told: BTreeSet<_> = explained.differs.iter().filter_map(|compared| compared.address.clone()).collect();
    assert!(made.changes.iter().all(|change| told.contains(&change.address)));
    assert!(explained.differs.iter().all(|compared| !compared.facts.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_applied_there_is_never_anything_to_do(world in applied()) {
        prop_assert_eq!(lines(&planned(&world)), Vec::<String>::new());
    }

    #[test]
    fn a_plan_of_any_disturbed_world_holds_what_every_plan_holds(
        world in applied(),
        blows in proptest::collection::vec((0..4_usize, 0..3_usize, 0..27_u8), 1..8),
    ) {
        let world = blows.into_iter().fold(world, disturb);
        let made = planned(&world);
        what_is_said_to_be_as_declared_is(&world, &made);
        let asked = wsctl::plan::questions(&world.desired, &world.actual, &world.options);
        prop_assert!(asked.len() <= BUILDERS.len() * (REPOSITORIES.len() + 1));
    }

    #[test]
    fn a_part_of_a_plan_and_what_it_leaves_out_are_the_plan(
        world in applied(),
        blows in proptest::collection::vec((0..4_usize, 0..3_usize, 0..27_u8), 1..8),
        masks in (0..128_u16, 0..128_u16),
    ) {
        let world = blows.into_iter().fold(world, disturb);
        let whole = planned(&world);
        let asked_for = world.options(|options| options.selection = selection(masks));
        let part = planned(&asked_for);
        let addresses = |changes: &[Change]| changes.iter().map(|change| change.address.clone()).collect::<BTreeSet<_>>();
        let asked = addresses(&part.changes);
        let left_out: BTreeSet<_> = part.narrowed.iter().flat_map(|narrowed| narrowed.left_out.clone()).collect();
        prop_assert!(asked.is_disjoint(&left_out));
        prop_assert!(addresses(&whole.changes).is_subset(&asked.union(&left_out).cloned().collect()));
        what_is_said_to_be_as_declared_is(&asked_for, &part);
        let covered = |address: &Address| selection(masks).excludes.iter().any(|pattern| pattern.covers(address));
        prop_assert_eq!(asked.iter().find(|address| covered(address)), None);
    }
}
