//! What nobody declared: reported, never touched.

use wsctl::model::builder::Occupant;
use wsctl::model::mark::Marked;

use super::values::abs;
use super::{World, expect};

#[test]
fn a_directory_that_is_not_ours_is_told() {
    let world = World::new().occupied("notes", "", Occupant::Directory).occupied("-odd name", "", Occupant::File);
    expect(&world, &["unmanaged /ws/.builders/-odd name | not ours", "unmanaged /ws/.builders/notes | not ours"]);
}

#[test]
fn a_mark_that_cannot_be_read_is_not_ours() {
    let world = World::new()
        .occupied("slack", "", Occupant::Directory)
        .directory("slack", |directory| directory.mark = Marked::Unreadable("no json".into()));
    expect(&world, &["unmanaged /ws/.builders/slack | its mark cannot be read: no json"]);
}

#[test]
fn a_git_work_tree_beside_the_checkouts_is_told() {
    let world = World::new().repo("api").builder("slack", &["api"]).created();
    let world = world
        .occupied("slack", "mine", Occupant::Repository)
        .occupied("slack", "copy", Occupant::Worktree(abs("/ws/repos/api/.git/worktrees/slack-api")))
        .occupied("slack", "plain", Occupant::Directory);
    expect(
        &world,
        &[
            "unmanaged /ws/.builders/slack/copy | a git work tree that the file does not declare",
            "unmanaged /ws/.builders/slack/mine | a git work tree that the file does not declare",
        ],
    );
}
