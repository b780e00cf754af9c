//! Status and prune.

use wsctl::model::status::{BuilderStatus, CheckoutStatus, Status};
use wsctl::view::prune::RowState;
use wsctl::view::style::Style;
use wsctl::view::{PruneRow, prompt, prune_text, status_text, text};

use super::values::{abs, branch, builder, colored, repo, stripped};

const NOW: i64 = 1_000_000;

fn checkout(name: &str, on: &str, state: &str) -> CheckoutStatus {
    CheckoutStatus {
        reference: None,
        repository: repo(name),
        path: abs("/ws/.builders/x").join(name),
        branch: Some(branch(on)),
        commit: Some("1a2b3c4".into()),
        against: Some("origin/main".into()),
        ahead_behind: Some((2, 1)),
        changed: Some(0),
        untracked: Some(12),
        unpushed: Some(2),
        merged: Some(false),
        author: Some("Ada".into()),
        active: Some(NOW - 300),
        base: None,
        files: None,
        committed: None,
        diff: None,
        created: Some(NOW - 3 * 86_400),
        state: state.into(),
    }
}

pub fn sample() -> Status {
    let missing = CheckoutStatus {
        branch: None,
        commit: None,
        against: None,
        ahead_behind: None,
        changed: None,
        untracked: None,
        unpushed: None,
        merged: None,
        author: None,
        active: None,
        created: None,
        ..checkout("k8s-lab", "x", "missing")
    };
    let detached =
        CheckoutStatus { branch: None, changed: None, ahead_behind: Some((0, 0)), ..checkout("日本", "x", "detached") };
    let of = |name: &str, state: &str, checkouts| BuilderStatus {
        name: builder(name),
        path: abs("/ws/.builders").join(name),
        created: Some(NOW - 7200),
        branch: Some(branch(&format!("builder/{name}"))),
        labels: std::collections::BTreeMap::new(),
        port: None,
        session: None,
        active: Some(NOW - 300),
        disk: None,
        state: state.into(),
        checkouts,
    };
    Status {
        root: abs("/ws"),
        file: abs("/ws/builders.toml"),
        builders: vec![
            of("slack", "ok", vec![checkout("ai-dev", "feature/TEC-25-slack", "ok"), detached, missing]),
            of("構築", "undeclared", vec![checkout("api", "日本語", "ok")]),
            of("empty", "missing", vec![]),
        ],
        narrowed: false,
        unmanaged: vec![abs("/ws/.builders/foo")],
    }
}

#[test]
fn wide_characters_line_up() {
    insta::assert_snapshot!(status_text(&sample(), NOW, &Style::plain()), @r"
    BUILDER  REPOSITORY  BRANCH                ±      CHANGED  UNTRACKED  UNPUSHED  ACTIVE  AGE  STATE
    slack    ai-dev      feature/TEC-25-slack  +2 -1        0         12         2      5m   3d  ok
             日本        (1a2b3c4)             =            ?         12         2      5m   3d  detached
             k8s-lab     -                     -            -          -         -       -    -  missing
    構築                                                                                5m   2h  undeclared
             api         日本語                +2 -1        0         12         2      5m   3d  ok
    empty                                                                               5m   2h  missing

    Unmanaged (left alone):
      .builders/foo
    ");
    assert_eq!(stripped(&status_text(&sample(), NOW, &colored())), status_text(&sample(), NOW, &Style::plain()));
}

#[test]
fn no_builders() {
    let status = Status { builders: vec![], unmanaged: vec![], ..sample() };
    let text = "No builders. Declare one in builders.toml, then look at the plan.\n  → wsctl plan\n";
    assert_eq!(status_text(&status, NOW, &Style::plain()), text);
}

#[test]
fn prune_lists_what_it_would_free() {
    let row = |name: &str, bytes, removed: Option<i64>, state| PruneRow {
        name: name.into(),
        path: abs("/ws/.builders/.wsctl/trash").join(name),
        bytes,
        removed,
        age: removed.map(|removed| NOW - removed),
        state,
    };
    let rows = [
        row("slack-1", 3 << 20, Some(NOW - 15 * 86_400), RowState::Due),
        row("web-2", 1536, Some(NOW - 60), RowState::Kept(13 * 86_400)),
        row("odd", 10, None, RowState::Unknown),
        row("late", 10, Some(NOW + 60), RowState::Future),
        row("half-3", 512, Some(NOW - 60), RowState::CutShort),
    ];
    insta::assert_snapshot!(prune_text(&rows, NOW, &Style::plain()), @r"
      -  slack-1  15d  3.0 MiB  /ws/.builders/.wsctl/trash/slack-1
         web-2     1m  1.5 KiB  /ws/.builders/.wsctl/trash/web-2    kept until 1970-01-25 13:46 UTC (13d)
         odd        ?     10 B  /ws/.builders/.wsctl/trash/odd      kept: its manifest cannot be read; look into it, and `rm -r` it by hand
         late       ?     10 B  /ws/.builders/.wsctl/trash/late     kept: removed in the future by this clock; see `date`
      -  half-3    1m    512 B  /ws/.builders/.wsctl/trash/half-3   deleting it was cut short

    Prune: 2 of 5 entries to delete for good, which frees 3.0 MiB.
    ");
    assert_eq!(prune_text(&[], NOW, &Style::plain()), "Nothing to prune. The trash is empty.\n");
    let kept = prune_text(&rows[1..2], NOW, &Style::plain());
    assert!(kept.ends_with("\nNothing to prune. The trash keeps 1 entry (1.5 KiB).\n"), "{kept}");
    assert_eq!(stripped(&prune_text(&rows, NOW, &colored())), prune_text(&rows, NOW, &Style::plain()));
}

#[test]
fn sizes_ages_and_durations() {
    let sizes = [0, 1023, 1024, 1536, 10 * 1024, 1 << 20, 5 << 30, u64::MAX].map(text::size);
    assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10 KiB", "1.0 MiB", "5.0 GiB", "16383 PiB"]);
    let left = [-5, 0, 1, 60, 61, 3600, 3601, 86_400, 14 * 86_400 - 1, 14 * 86_400].map(text::left);
    assert_eq!(left, ["0s", "0s", "1s", "60s", "2m", "60m", "2h", "24h", "14d", "14d"]);
    let ages = [-5, 0, 59, 60, 3600, 86_400, 400 * 86_400].map(|seconds| text::age(NOW - seconds, NOW));
    assert_eq!(ages, ["0s", "0s", "59s", "1m", "1h", "1d", "400d"]);
    let took = [40, 950, 12_000, 185_000].map(|millis| text::took(std::time::Duration::from_millis(millis)));
    assert_eq!(took, ["0.0s", "0.9s", "12s", "3m 5s"]);
}

#[test]
fn questions_say_what_they_want() {
    assert_eq!(prompt::destroy("ws"), "Do you want to move all that to the trash? Type the workspace's name, 'ws', to do so: ");
    assert_eq!(prompt::prune(2, 2048), "Do you want to delete 2 entries (2.0 KiB) for good? Only 'yes' will be accepted: ");
    assert!(prompt::APPLY.ends_with("Only 'yes' will be accepted: "));
}
