//! The plan as text.

use wsctl::plan::TextChange;
use wsctl::view::style::{ColorChoice, Style, Surroundings, Verbosity};
use wsctl::view::{diff, plan_text};

use super::values::{
    abs, blocker, clone, colored, create_builder, create_checkout, file, mixed, note, plan, rel, remove_builder,
    remove_checkout_blocked, stripped,
};

fn normal(plan: &wsctl::plan::Plan) -> String {
    plan_text(plan, Verbosity::Normal, &Style::plain())
}

#[test]
fn first_apply_of_two_builders() {
    let plan = plan(
        2,
        vec![
            clone("ai-dev"),
            create_builder("slack"),
            create_checkout("slack", "ai-dev"),
            create_checkout("slack", "domain-apis"),
            create_builder("web"),
            create_checkout("web", "ai-dev"),
        ],
    );
    insta::assert_snapshot!(normal(&plan), @r"
      + repos.ai-dev                 clone from https://***@example.com/ai-dev.git

      + builders.slack               new builder
      + builders.slack.ai-dev        new branch builder/slack from origin/main
      + builders.slack.domain-apis   new branch builder/slack from origin/main

      + builders.web                 new builder
      + builders.web.ai-dev          new branch builder/web from origin/main

    Plan: 6 to create.
    ");
}

#[test]
fn drift_blocked_and_a_diff() {
    insta::assert_snapshot!(normal(&mixed()), @r#"
    Drift (left alone):
      builders.web.ui   on branch fix/x, declared builder/web
          → git -C .builders/web/ui switch builder/web
      repos.api         its url is another one

    Changes:
      + repos.ai-dev                           clone from https://***@example.com/ai-dev.git
      ! repos.k8s-lab                          missing, and it has no url
          → add a url to repos.k8s-lab in builders.toml

      - builders.done                          no longer declared
          branch builder/done goes: merged into origin/main
          12 ignored files (3 KiB)

      ! builders.slack.api                     remove: 3 untracked files: a, b, c
          at .builders/slack/api
          → git -C .builders/slack/api stash -u
      ~ builders.slack.files."Taskfile.yaml"   source changed
          --- Taskfile.yaml
          +++ Taskfile.yaml
          @@ -1,3 +1,3 @@
           a
          -b
          +B
           c

      ~ builders.web.api                       declared branch changed

    Unmanaged (left alone):
      .builders/foo   not made by wsctl

    warning: the base of builders.web.ui moved

    Plan: 1 to create, 2 to update, 1 to remove, 2 blocked.
    "#);
}

#[test]
fn verbose_says_what_was_wanted_of_a_refused_change() {
    let text = plan_text(&mixed(), Verbosity::Verbose, &Style::plain());
    assert!(text.contains("      wanted: no longer in the builder\n"), "{text}");
}

#[test]
fn quiet_shows_changes_and_refusals_and_what_goes_with_a_removal() {
    insta::assert_snapshot!(plan_text(&mixed(), Verbosity::Quiet, &Style::plain()), @r#"
      + repos.ai-dev                           clone from https://***@example.com/ai-dev.git
      ! repos.k8s-lab                          missing, and it has no url
          → add a url to repos.k8s-lab in builders.toml

      - builders.done                          no longer declared
          branch builder/done goes: merged into origin/main
          12 ignored files (3 KiB)

      ! builders.slack.api                     remove: 3 untracked files: a, b, c
          at .builders/slack/api
          → git -C .builders/slack/api stash -u
      ~ builders.slack.files."Taskfile.yaml"   source changed

      ~ builders.web.api                       declared branch changed

    Plan: 1 to create, 2 to update, 1 to remove, 2 blocked.
    "#);
}

#[test]
fn nothing_to_do() {
    let mut nothing = plan(12, vec![]);
    assert_eq!(normal(&nothing), "No changes. 12 builders match builders.toml.\n");
    nothing.declared = 1;
    assert_eq!(normal(&nothing), "No changes. 1 builder matches builders.toml.\n");
    nothing.declared = 0;
    assert_eq!(normal(&nothing), "No changes. builders.toml declares no builders.\n");
    nothing.declared = 2;
    nothing.file = abs("/ws/gateway.toml");
    assert_eq!(normal(&nothing), "No changes. 2 builders match gateway.toml.\n");
    nothing.drift = vec![note("builders.a.api", "on branch x, declared y", None)];
    let text = "Drift (left alone):\n  builders.a.api   on branch x, declared y\n\n\
                No changes. 2 builders match gateway.toml, apart from the drift above.\n";
    assert_eq!(normal(&nothing), text);
    assert_eq!(plan_text(&nothing, Verbosity::Quiet, &Style::plain()), "");
}

#[test]
fn only_blocked() {
    let plan = plan(1, vec![remove_checkout_blocked("slack", "api")]);
    assert_eq!(
        normal(&plan),
        "  ! builders.slack.api   remove: 3 untracked files: a, b, c\n      \
               at .builders/slack/api\n      \
               → git -C .builders/slack/api stash -u\n\n\
         Plan: 1 blocked.\n"
    );
}

#[test]
fn several_blockers_say_a_shared_path_and_way_out_once() {
    let mut change = remove_builder("old");
    change.blockers = vec![
        blocker("edited", "1 edited file: x", Some("/ws/.builders/old/api"), "git stash -u"),
        blocker("untracked", "1 untracked file: y", Some("/ws/.builders/old/api"), "git stash -u"),
        blocker("lock", "locked: on a stick", Some("/elsewhere"), "git worktree unlock /elsewhere"),
    ];
    insta::assert_snapshot!(normal(&plan(0, vec![change])), @r"
      ! builders.old   remove: 1 edited file: x
          at .builders/old/api
          also: 1 untracked file: y
          → git stash -u
          also: locked: on a stick
          at /elsewhere
          → git worktree unlock /elsewhere

    Plan: 1 blocked.
    ");
}

#[test]
fn twenty_repositories_in_ten_builders() {
    let repositories: Vec<_> = (0..20).map(|n| format!("repo-{n:02}")).collect();
    let mut changes: Vec<_> = repositories.iter().map(|name| clone(name)).collect();
    for n in 0..10 {
        let name = format!("task-{n}");
        changes.push(create_builder(&name));
        changes.extend(repositories.iter().map(|repository| create_checkout(&name, repository)));
    }
    let text = normal(&plan(10, changes));
    // 20 clones, 10 blocks of 21 lines with a blank line before each, a blank line and the summary.
    assert_eq!(text.lines().count(), 20 + 10 * 22 + 2);
    assert!(text.ends_with("\nPlan: 230 to create.\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  + ")).count(), 230);
    let reasons: Vec<_> = text.lines().filter_map(|line| line.find("   new b").or(line.find("   clone"))).collect();
    assert_eq!(reasons.len(), 230);
    let width = "  + builders.task-0.repo-00".len();
    assert!(text.lines().any(|line| line.find("   new branch") == Some(width)), "{text}");
}

#[test]
fn removals_alone_are_not_torn_apart_by_blank_lines() {
    let text = normal(&plan(0, vec![remove_builder("a"), remove_builder("b"), remove_builder("c")]));
    assert_eq!(text.lines().filter(|line| line.is_empty()).count(), 1, "{text}");
}

#[test]
fn long_diffs_are_cut_and_whole_with_v() {
    let new = (0..50).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
    let plan = plan(1, vec![file("a", "f", b"", new.as_bytes())]);
    let text = normal(&plan);
    // 53 lines: two of header, one of hunk, fifty of text.
    assert!(text.contains("\n      … 33 more lines, shown with -v\n"), "{text}");
    assert!(!text.contains("line 17\n"), "{text}");
    let whole = plan_text(&plan, Verbosity::Verbose, &Style::plain());
    assert!(whole.contains("      +line 49\n") && !whole.contains("more lines"), "{whole}");
}

#[test]
fn what_is_not_text_is_not_drawn() {
    let lines = |old: &[u8], new: &[u8]| {
        diff::lines(&TextChange { path: rel("f"), old: old.into(), new: new.into(), private: false }, 0, None, &Style::plain())
    };
    assert_eq!(lines(b"\xff\xfe12345678\n9", &[0; 40]), "binary files differ (12 B → 40 B)\n");
    assert_eq!(lines(b"a", b"a"), "");
    assert_eq!(lines(b"a", b"a\n"), "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    assert_eq!(lines(b"\ta\r\n", b"\ta\n"), "--- f\n+++ f\n@@ -1 +1 @@\n-\ta\\r\n+\ta\n");
    let large = vec![b'a'; (1 << 20) + 1];
    assert_eq!(lines(b"", &large), "large files differ (0 B → 1.0 MiB)\n");
}

#[test]
fn colour_adds_escapes_and_nothing_else() {
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let plain = plan_text(&mixed(), verbosity, &Style::plain());
        let colour = plan_text(&mixed(), verbosity, &colored());
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert_ne!(plain, colour);
        assert_eq!(plain, stripped(&colour));
    }
    let colour = plan_text(&mixed(), Verbosity::Normal, &colored());
    assert!(colour.contains("  \u{1b}[32m+\u{1b}[0m repos.ai-dev"), "{colour:?}");
    assert!(colour.contains("  \u{1b}[1m\u{1b}[31m!\u{1b}[0m repos.k8s-lab"), "{colour:?}");
}

#[test]
fn who_decides_about_colour() {
    let around = |no_color: &str, force: &str, term: &str| Surroundings {
        no_color: Some(no_color.into()),
        force: Some(force.into()),
        term: Some(term.into()),
        ..Surroundings::default()
    };
    let auto = |terminal, around: &Surroundings| Style::decide(ColorChoice::Auto, terminal, around).color();
    assert!(auto(true, &Surroundings::default()));
    assert!(!auto(false, &Surroundings::default()));
    assert!(auto(true, &around("", "", "xterm")));
    assert!(!auto(true, &around("1", "1", "xterm")));
    assert!(auto(false, &around("", "1", "xterm")));
    assert!(!auto(false, &around("", "0", "xterm")));
    assert!(!auto(true, &around("", "", "dumb")));
    assert!(Style::decide(ColorChoice::Always, false, &around("1", "", "dumb")).color());
    assert!(!Style::decide(ColorChoice::Never, true, &around("", "1", "xterm")).color());
}
