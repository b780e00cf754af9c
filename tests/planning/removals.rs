//! What is no longer declared, what holds it back, and the brakes.

use wsctl::model::actual::{Link, Lock, Place};
use wsctl::model::mark::{Deed, Marked, OurLock};
use wsctl::model::name::BuilderName;
use wsctl::model::policy::{DeleteBranch, MaxRemovals, OnUnsaved};
use wsctl::model::work::{Evidence, Finding, Ignored, Work};
use wsctl::plan::Action;

use super::values::{NOW, abs, immovable_findings, other_id, our_id, trashed, work_findings};
use super::{World, expect, planned};

const DAY: i64 = 24 * 3600;
const REMOVED: &str = "- builders.slack | no longer declared: move to the trash";

/// `slack` is taken out of the file; `keep` stays, so that it is not the last one.
fn undeclared() -> World {
    World::new().repo("api").builder("slack", &["api"]).builder("keep", &[]).created().undeclared("slack")
}

/// `ui` is taken out of `slack`.
fn without_ui() -> World {
    World::new().repo("api").repo("ui").builder("slack", &["api", "ui"]).created().without("slack", "ui")
}

#[track_caller]
fn blocked(world: &World, kinds: &[&str]) {
    let made = planned(world);
    let found: Vec<_> = made.changes[0].blockers.iter().map(|blocker| blocker.kind).collect();
    assert_eq!(found, kinds, "{:?}", super::text::lines(&made));
}

#[test]
fn a_builder_moves_to_the_trash_as_one() {
    let made = expect(&undeclared(), &[REMOVED]);
    let Action::RemoveBuilder(removal) = &made.changes[0].action else { panic!("{:?}", made.changes[0].action) };
    assert_eq!(removal.checkouts.len(), 1);
    assert!(removal.counts && !removal.unsaved && removal.checkout.is_none());
}

#[test]
fn a_checkout_that_left_its_builder_moves_to_the_trash_alone() {
    expect(&without_ui(), &["- builders.slack.ui | no longer in the builder: move to the trash"]);
}

#[test]
fn unsaved_work_blocks_unless_the_trash_may_hold_it() {
    for found in work_findings() {
        let work = undeclared().found("slack", "api", vec![found.clone()]);
        assert_eq!(planned(&work).blocked().count(), 1, "{found:?}");
        assert!(planned(&work).changes[0].blockers[0].next.ends_with("wsctl apply --unsaved=trash"), "{found:?}");
        expect(&work.clone().mark("slack", |mark| mark.policy.on_unsaved = OnUnsaved::Trash), &[REMOVED]);
        expect(&work.options(|options| options.unsaved = Some(OnUnsaved::Trash)), &[REMOVED]);
        let stray = undeclared().directory("slack", |directory| directory.strays = Some(vec![found.clone()]));
        assert_eq!(planned(&stray).blocked().count(), 1, "{found:?}");
        let inner = without_ui().found("slack", "ui", vec![found]);
        assert_eq!(planned(&inner).blocked().count(), 1);
        assert_eq!(planned(&inner.options(|options| options.unsaved = Some(OnUnsaved::Trash))).blocked().count(), 0);
    }
}

#[test]
fn what_no_rename_may_move_blocks_always() {
    for found in immovable_findings() {
        let world = undeclared().found("slack", "api", vec![found.clone()]).options(|options| {
            options.unsaved = Some(OnUnsaved::Trash);
            options.allow_removals = true;
            options.take_over = true;
        });
        assert_eq!(planned(&world).blocked().count(), 1, "{found:?}");
        let blocker = &planned(&world).changes[0].blockers[0];
        assert!(!blocker.next.contains("--unsaved"), "{found:?} does not go that way: {}", blocker.next);
        let stray = undeclared()
            .directory("slack", |directory| directory.strays = Some(vec![found]))
            .options(|options| options.unsaved = Some(OnUnsaved::Trash));
        assert_eq!(planned(&stray).blocked().count(), 1);
    }
}

#[test]
fn the_mark_decides_for_a_builder_that_is_declared_no_more() {
    let world = undeclared().found("slack", "api", work_findings()).mark("slack", |mark| {
        mark.policy.on_unsaved = OnUnsaved::Trash;
        mark.policy.trash_keep = 42;
    });
    let made = planned(&world);
    assert_eq!(made.blocked().count(), 0);
    let keeps = made.changes.iter().filter_map(|change| match &change.action {
        Action::RemoveBuilder(removal) => Some(removal.keep),
        _ => None,
    });
    assert_eq!(keeps.collect::<Vec<_>>(), [42]);
}

#[test]
fn the_command_line_overrides_the_mark_both_ways() {
    let world = undeclared()
        .found("slack", "api", work_findings())
        .mark("slack", |mark| mark.policy.on_unsaved = OnUnsaved::Trash)
        .options(|options| options.unsaved = Some(OnUnsaved::Block));
    assert_eq!(planned(&world).changes[0].blockers.len(), work_findings().len());
}

#[test]
fn what_was_not_looked_at_blocks() {
    blocked(&undeclared().registration("slack", "api", |found| found.work = None), &["unknown"]);
    blocked(&undeclared().directory("slack", |directory| directory.strays = None), &["unknown"]);
    blocked(&without_ui().registration("slack", "ui", |found| found.work = None), &["unknown"]);
}

#[test]
fn ignored_files_move_along_and_are_counted() {
    let world = undeclared().registration("slack", "api", |found| {
        found.work = Some(Work { ignored: Ignored { files: 12, bytes: 99 }, unmerged: Some(0), ..Work::default() });
    });
    let made = expect(&world, &[REMOVED]);
    assert_eq!(
        made.changes[0].details,
        ["api: branch builder/slack is merged and goes too", "api: 12 ignored files to the trash too"]
    );
}

#[test]
fn a_branch_goes_only_when_we_made_it_and_it_is_merged() {
    let unmerged = |count| {
        move |world: World| {
            world.registration("slack", "api", |found| {
                found.work = Some(Work { unmerged: count, ..Work::default() });
            })
        }
    };
    let fate = |world: World| {
        let made = expect(&world, &[REMOVED]);
        let Action::RemoveBuilder(removal) = &made.changes[0].action else { panic!("no removal") };
        (removal.checkouts[0].delete_branch, made.changes[0].details[0].clone())
    };
    assert_eq!(fate(undeclared()), (true, "api: branch builder/slack is merged and goes too".into()));
    assert_eq!(
        fate(unmerged(Some(2))(undeclared())).1,
        "api: branch builder/slack stays; 2 of its commits are not in its base or upstream"
    );
    assert_eq!(
        fate(unmerged(Some(1))(undeclared())).1,
        "api: branch builder/slack stays; 1 of its commits is not in its base or upstream"
    );
    assert!(!fate(unmerged(Some(2))(undeclared())).0);
    assert!(!fate(unmerged(None)(undeclared())).0);
    let theirs = undeclared().checkout_mark("slack", "api", |mark| mark.made_branch = false);
    assert_eq!(fate(theirs), (false, "api: branch builder/slack stays; wsctl did not make it".into()));
    let policy = undeclared().mark("slack", |mark| mark.policy.delete_branch = DeleteBranch::Never);
    assert_eq!(fate(policy), (false, "api: branch builder/slack stays, by policy".into()));
    let switched = undeclared().head("slack", "api", "mine");
    assert_eq!(fate(switched), (false, "api: branch mine stays; wsctl did not make it".into()));
}

#[test]
fn what_is_unsaved_and_goes_to_the_trash_is_named() {
    let world = undeclared().head("slack", "api", "mine");
    let untracked = Finding::Untracked(Evidence { paths: vec!["notes.md".into()], total: 1 });
    let world = world.found("slack", "api", vec![untracked]).options(|options| options.unsaved = Some(OnUnsaved::Trash));
    assert_eq!(
        expect(&world, &[REMOVED]).changes[0].details,
        [
            "api: branch mine stays; wsctl did not make it",
            "api: branch builder/slack stays; the checkout is not on it now",
            "api: unsaved, to the trash too: 1 untracked file: notes.md",
        ]
    );
}

#[test]
fn the_next_command_is_the_one_that_was_typed_once_more() {
    let untracked = Finding::Untracked(Evidence { paths: vec!["notes.md".into()], total: 1 });
    let world = undeclared().found("slack", "api", vec![untracked]).options(|options| {
        options.destroy = true;
        options.place = vec!["-C".into(), "/my ws".into()];
    });
    let made = planned(&world);
    assert!(made.changes[0].blockers[0].next.ends_with("\nwsctl -C '/my ws' destroy --unsaved=trash"));
    assert_eq!(made.changes[0].reason, "destroy: move to the trash");
}

#[test]
fn a_protected_builder_stays_whatever_the_command_line_says() {
    let world = undeclared().mark("slack", |mark| mark.protect = true).options(|options| {
        options.allow_removals = true;
        options.take_over = true;
        options.unsaved = Some(OnUnsaved::Trash);
    });
    blocked(&world, &["protected"]);
    let inner = without_ui().mark("slack", |mark| mark.protect = true).declared("slack", |builder| builder.protect = true);
    blocked(&inner, &["protected"]);
}

#[test]
fn protection_ends_in_the_mark_before_it_ends_at_all() {
    let world = without_ui().mark("slack", |mark| mark.protect = true);
    expect(
        &world,
        &[
            "~ builders.slack | protect true → false",
            "- builders.slack.ui | no longer in the builder: move to the trash | blocked: protected",
        ],
    );
    let declared = without_ui().declared("slack", |builder| builder.protect = true);
    assert_eq!(planned(&declared).blocked().count(), 1);
}

#[test]
fn another_files_builder_stays_without_take_over() {
    let other = undeclared().mark("slack", |mark| mark.file = abs("/ws/other.toml"));
    blocked(&other, &["another-file"]);
    expect(&other.options(|options| options.take_over = true), &[REMOVED]);
    let inner = without_ui().mark("slack", |mark| mark.file = abs("/ws/other.toml"));
    assert_eq!(planned(&inner).blocked().count(), 2);
}

#[test]
fn another_files_builder_is_not_taken_over_by_an_update() {
    let world = World::new()
        .repo("api")
        .builder("slack", &["api"])
        .created()
        .mark("slack", |mark| mark.file = abs("/ws/other.toml"))
        .declared("slack", |builder| builder.protect = true)
        .with(|world| world.actual.place = Place::AnotherFile(abs("/ws/other.toml")));
    expect(
        &world,
        &[
            "+ builders.slack | create | blocked: another-file",
            "warning /ws/other.toml declares builders in the same builders_dir; `--take-over` makes them this file's",
        ],
    );
    let taken = world.options(|options| options.take_over = true);
    assert_eq!(planned(&taken).blocked().count(), 0);
}

#[test]
fn without_its_mark_nobody_knows_what_a_builder_may_lose() {
    blocked(&undeclared().directory("slack", |directory| directory.mark = Marked::No), &["no-mark"]);
}

#[test]
fn a_worktree_of_somebody_else_inside_blocks() {
    let world = undeclared().registration("slack", "api", |found| found.mark = Marked::No);
    blocked(&world, &["not-ours"]);
}

#[test]
fn a_link_that_does_not_hold_blocks() {
    for link in [Link::GitFileGone, Link::NamesAnother(abs("/else")), Link::NotALink("x".into())] {
        blocked(&undeclared().registration("slack", "api", |found| found.link = link.clone()), &["broken-link"]);
        let made = planned(&without_ui().registration("slack", "ui", |found| found.link = link));
        assert_eq!(made.changes.last().unwrap().blockers[0].kind, "broken-link");
    }
}

#[test]
fn a_stale_registration_of_ours_is_pruned() {
    let world = without_ui().gone("slack", "ui");
    expect(
        &world,
        &[
            "~ builders.slack | the anchor still records ui",
            "- builders.slack.ui | prune: its directory is gone, its registration holds nothing",
        ],
    );
    let kinds = |world: &World| {
        let made = planned(world);
        made.changes.last().unwrap().blockers.iter().map(|blocker| blocker.kind).collect::<Vec<_>>()
    };
    let locked = world.clone().registration("slack", "ui", |found| found.lock = Some(Lock::Foreign("usb".into())));
    assert_eq!(kinds(&locked), ["locked"]);
    let value = world.clone().registration("slack", "ui", |found| found.remains = vec!["a stash".into()]);
    assert_eq!(kinds(&value), ["registration-of-value"]);
    let moved = world.clone().with(|world| world.actual.place = Place::Elsewhere(abs("/host/builders.toml")));
    assert_eq!(kinds(&moved), ["mounted-elsewhere"]);
    let admin = abs("/ws/repos/ui/.git/worktrees/slack-ui");
    let stray = world.occupied("slack", "away", wsctl::model::builder::Occupant::Worktree(admin));
    assert_eq!(kinds(&stray), ["moved-by-hand"]);
}

#[test]
fn a_stale_registration_of_somebody_else_is_left() {
    let world = without_ui().gone("slack", "ui").registration("slack", "ui", |found| found.mark = Marked::No);
    expect(&world, &["~ builders.slack | the anchor still records ui"]);
}

#[test]
fn a_removal_that_was_cut_short_is_finished() {
    let cut = |workspace| {
        undeclared()
            .gone("slack", "api")
            .with(|world| drop(world.actual.builders.remove(std::ffi::OsStr::new("slack"))))
            .registration("slack", "api", |found| {
                found.lock = Some(Lock::Ours(OurLock { workspace, deed: Deed::Removing { entry: "slack".into() } }));
                found.remains = vec!["staged files".into()];
            })
            .with(|world| world.actual.trash = vec![trashed("slack", None, NOW)])
    };
    let made = expect(&cut(our_id()), &["- builders.slack.api | finish a removal that was cut short"]);
    assert!(matches!(&made.changes[0].action, Action::FinishRemoval { entry, .. } if entry == "slack"));
    let theirs = planned(&cut(other_id()));
    assert_eq!(theirs.changes[0].blockers[0].kind, "locked");
    let declared_again = expect(
        &cut(our_id()).builder("slack", &["api"]),
        &[
            "+ builders.slack | new builder with 1 checkout",
            "- builders.slack.api | finish a removal that was cut short; the next apply makes it again",
        ],
    );
    assert_eq!(declared_again.pending().count(), 2);
    let emptied = planned(&cut(our_id()).with(|world| world.actual.trash.clear()));
    assert_eq!(emptied.changes[0].blockers[0].kind, "registration-of-value");
}

#[test]
fn a_gone_checkout_of_another_workspace_is_not_replaced_unasked() {
    let theirs = World::new().repo("api").builder("slack", &["api"]).builder("keep", &["api"]).created().gone("slack", "api");
    let theirs = theirs.registration("slack", "api", |found| {
        if let Marked::Yes(mark) = &mut found.mark {
            mark.workspace = other_id();
        }
    });
    let kinds = |world: &World| -> Vec<&'static str> {
        planned(world).changes.iter().flat_map(|change| &change.blockers).map(|blocker| blocker.kind).collect()
    };
    assert_eq!(kinds(&theirs), ["another-workspace"]);
    assert!(kinds(&theirs.clone().options(|options| options.take_over = true)).is_empty());
    let alone = theirs.with(|world| {
        world.actual.workspace = Marked::No;
    });
    let held = planned(&alone);
    assert!(held.pending().next().is_none(), "{:?}", super::text::lines(&held));
    assert!(kinds(&alone).iter().all(|kind| *kind == "builders-dir-replaced"), "{:?}", kinds(&alone));
}

/// `count` builders; the first `removed` of them are no longer declared.
fn many(count: usize, removed: usize) -> World {
    let names: Vec<String> = (0..count).map(|index| format!("b{index}")).collect();
    let world = names.iter().fold(World::new().repo("api"), |world, name| world.builder(name, &["api"])).created();
    names[..removed].iter().fold(world, |world, name| world.undeclared(name))
}

#[track_caller]
fn held(world: &World, expected: bool) {
    let made = planned(world);
    let removals = made.changes.iter().filter(|change| change.action.word() == "remove");
    let held = removals.clone().filter(|change| change.blockers.iter().any(|blocker| blocker.kind == "max-removals")).count();
    assert_eq!(held, if expected { removals.count() } else { 0 }, "{:?}", super::text::lines(&made));
}

#[test]
fn too_many_removals_block_all_of_them_and_nothing_else() {
    held(&many(8, 5), false);
    let six = many(8, 6).builder("new", &["api"]);
    held(&six, true);
    assert_eq!(planned(&six).pending().count(), 2, "the creation goes on");
    held(&six.options(|options| options.allow_removals = true), false);
}

#[test]
fn checkouts_of_builders_that_stay_count_and_blocked_ones_do_not() {
    let limited = |count| without_ui().with(|world| world.desired.max_removals = MaxRemovals::Count(count));
    held(&limited(1), false);
    held(&limited(0), true);
    let one_is_blocked = many(8, 6).registration("b0", "api", |found| found.work = None);
    held(&one_is_blocked, false);
}

#[test]
fn a_percentage_is_of_what_we_own_rounded_down_and_at_least_one() {
    let limited =
        |count, removed, percent| many(count, removed).with(|world| world.desired.max_removals = MaxRemovals::Percent(percent));
    held(&limited(8, 2, 25), false);
    held(&limited(8, 3, 25), true);
    held(&limited(7, 2, 25), true);
    held(&limited(3, 1, 1), false);
}

#[test]
fn what_the_last_day_removed_counts_along() {
    let limited = |entries: Vec<wsctl::model::trash::TrashEntry>| {
        many(8, 2).with(|world| {
            world.desired.max_removals = MaxRemovals::Count(2);
            world.actual.trash = entries;
        })
    };
    held(&limited(vec![trashed("x", None, NOW - DAY + 1)]), true);
    held(&limited(vec![trashed("x", None, NOW - DAY)]), false);
    held(&limited(vec![trashed("x", Some("api"), NOW)]), true);
    let mut half_made = trashed("x", None, NOW);
    half_made.manifest.as_mut().unwrap().counts = false;
    let mut theirs = trashed("y", None, NOW);
    theirs.manifest.as_mut().unwrap().workspace = other_id();
    let mut torn = trashed("z", None, NOW);
    torn.manifest = None;
    held(&limited(vec![half_made, theirs, torn]), false);
}

#[test]
fn the_last_builder_needs_the_word() {
    let last = many(2, 2);
    let made = planned(&last);
    assert!(made.changes.iter().all(|change| change.blockers[0].kind == "last-builder"));
    assert_eq!(planned(&last.options(|options| options.allow_removals = true)).blocked().count(), 0);
    let another = many(1, 1).builder("new", &["api"]);
    assert_eq!(planned(&another).blocked().count(), 0, "the file declares another one");
}

#[test]
fn questions_are_asked_only_where_an_action_depends_on_the_answer() {
    let ask = |world: &World| wsctl::plan::questions(&world.desired, &world.actual, &world.options);
    let work = |name: &str, repository: &str| {
        wsctl::plan::Question::Work(super::values::repo(repository), super::world::admin_name(name, repository))
    };
    assert!(ask(&many(3, 0)).is_empty());
    assert_eq!(
        ask(&undeclared()).into_iter().collect::<Vec<_>>(),
        [work("slack", "api"), wsctl::plan::Question::Strays("slack".into())]
    );
    assert_eq!(ask(&without_ui()).into_iter().collect::<Vec<_>>(), [work("slack", "ui")]);
    let switch = World::new().repo("api").builder("slack", &["api"]).created().wants("slack", "api", "fix");
    assert_eq!(ask(&switch).into_iter().collect::<Vec<_>>(), [work("slack", "api")]);
    assert!(BuilderName::new("slack").is_ok());
}
